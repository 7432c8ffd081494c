//! How far the merchant's payments agree with its bank's lists.

use quita_app::Deps;
use quita_app::reconcile_payments::ReconciliationView;
use quita_core::ids::MerchantId;
use quita_edge::http::json;
use quita_edge::{ApiResponse, Problem};
use quita_table::store::ItemRef;

pub async fn show(deps: &Deps, merchant: &MerchantId) -> Result<ApiResponse, Problem> {
    let found = deps.store.read(merchant, &[ItemRef::Reconciliation]).await;
    let mut found = found.map_err(quita_app::Unknown::from)?;
    match found.take_reconciliation() {
        Some(known) => Ok(json(200, &ReconciliationView::of(&known))),
        None => Err(Problem::NotFound),
    }
}
