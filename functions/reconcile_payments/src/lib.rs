//! `reconciliation.due` (EventBridge) -> the bank's lists compared with ours, page by page.
//!
//! The merchant's minute is found by the sweep in the work index. Delivery is at-least-once and a run
//! may die anywhere: each page has its checkpoint, and of two runs at once one stops.

use quita_app::bus::{BusEvent, MerchantRef};
use quita_app::reconcile_payments::{TIME_BUDGET, reconcile_payments};
use quita_app::{Deps, Unknown};

pub async fn handle(deps: &Deps, event: BusEvent) -> Result<(), Unknown> {
    let MerchantRef { merchant_id } = serde_json::from_value(event.detail)
        .map_err(|error| Unknown::new("reading the event", error))?;
    let ended = reconcile_payments(deps, &merchant_id, TIME_BUDGET).await?;
    tracing::info!(merchant.id = %merchant_id, ?ended, "Reconciled merchant `{merchant_id}`");
    Ok(())
}
