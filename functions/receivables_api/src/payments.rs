//! Received Pix that wait for a person.

use quita_app::Deps;
use quita_app::views::PaymentView;
use quita_core::ids::MerchantId;
use quita_edge::http::json;
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, Problem};

use crate::ListView;

/// Lists parked payments, oldest first. `status` may only be `parked`: matched ones are listed
/// with their invoice.
pub async fn list(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    if call.query("status").is_some_and(|status| status != "parked") {
        return Err(Problem::invalid("status", "use parked"));
    }
    let (limit, cursor) = call.page()?;
    let page = deps.store.parked_payments(merchant, limit, cursor.as_ref()).await;
    let page = page.map_err(of_list)?;
    Ok(json(200, &ListView::of(page, |payment| PaymentView::of(&payment))))
}
