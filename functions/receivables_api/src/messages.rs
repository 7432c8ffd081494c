//! The message ledger: what was sent about an invoice, and what did not arrive.

use chrono::DateTime;
use quita_app::Deps;
use quita_app::evidence::{MessageView, invoice_messages};
use quita_core::ids::{InvoiceId, MerchantId};
use quita_edge::http::json;
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, ListView, Problem};

/// Every message about an invoice, with what each said.
pub async fn of_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
) -> Result<ApiResponse, Problem> {
    let id = InvoiceId::parse(id).map_err(|_| Problem::NotFound)?;
    let items = invoice_messages(deps, merchant, &id).await?.ok_or(Problem::NotFound)?;
    Ok(json(200, &ListView { items, next_cursor: None }))
}

/// Messages that bounced, failed or were called spam, oldest first.
pub async fn undelivered(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let from = match call.query("from").map(DateTime::parse_from_rfc3339) {
        None => DateTime::UNIX_EPOCH,
        Some(Ok(at)) => at.to_utc(),
        Some(Err(_)) => {
            let reason = "use an instant of RFC 3339, such as 2026-12-01T00:00:00-03:00";
            return Err(Problem::invalid("from", reason));
        }
    };
    let page = deps.store.undelivered_messages(merchant, from, limit, cursor.as_ref()).await;
    let now = deps.clock.now();
    let view = |message| MessageView::of(&message, now);
    Ok(json(200, &ListView::of(page.map_err(of_list)?, view)))
}
