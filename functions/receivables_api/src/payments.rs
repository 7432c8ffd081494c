//! Payments: record one, list those that wait, show one, move its money, give it back.

use http::StatusCode;
use quita_app::Deps;
use quita_app::idempotency::Answer;
use quita_app::move_money::{Refused, move_money, refuse};
use quita_app::payment_drafts::ActionDraft;
use quita_app::payment_view::PaymentView;
use quita_app::record_payment::record_payment;
use quita_app::show_payment::show_payment;
use quita_app::views::TimelineView;
use quita_core::ids::{MerchantId, PaymentId};
use quita_edge::bodies::payments::PaymentBody;
use quita_edge::http::{answered, json};
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, ListView, Problem};
use quita_table::keys::Aggregate;
use serde::de::DeserializeOwned;

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

pub async fn record(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("record_payment")?;
    let draft = call.json::<PaymentBody>()?.draft();
    answer(record_payment(deps, merchant, &draft, &request).await?)
}

pub async fn show(deps: &Deps, merchant: &MerchantId, id: &str) -> Result<ApiResponse, Problem> {
    let view = show_payment(deps, merchant, &parse(id)?).await?.ok_or(Problem::NotFound)?;
    Ok(json(200, &view))
}

/// What happened to it; what its invoices tell is in theirs.
pub async fn timeline(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let id = parse(id)?;
    let aggregate = Aggregate::Payment(id.clone());
    let page = deps.store.timeline(merchant, &aggregate, limit, cursor.as_ref()).await;
    let page = page.map_err(of_list)?;
    // Of a Pix that paid one instalment in full, the invoice tells everything.
    if page.items.is_empty() && cursor.is_none() {
        show_payment(deps, merchant, &id).await?.ok_or(Problem::NotFound)?;
    }
    Ok(json(200, &ListView::of(page, TimelineView::of)))
}

/// Does what the body asks of a payment. `scope` names the operation for its idempotency key.
pub async fn act<B: DeserializeOwned>(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
    (scope, status): (&'static str, StatusCode),
    draft: fn(B) -> ActionDraft,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency(scope)?;
    let draft = draft(call.json::<B>()?);
    let id = parse(id)?;
    match draft.parse(&request.key) {
        Ok(action) => {
            let status = status.as_u16();
            answer(move_money(deps, merchant, &id, &action, status, &request).await?)
        }
        Err(faults) => answer(refuse(deps, merchant, faults, &request).await?),
    }
}

/// The answer, or what it was refused for.
pub fn answer(outcome: Result<Answer, Refused>) -> Result<ApiResponse, Problem> {
    match outcome {
        Ok(answer) => Ok(answered(answer)),
        Err(Refused::NotFound) => Err(Problem::NotFound),
        Err(Refused::Conflict(detail)) => Err(Problem::Conflict { detail }),
        Err(Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
    }
}

pub fn parse(id: &str) -> Result<PaymentId, Problem> {
    PaymentId::parse(id).map_err(|_| Problem::NotFound)
}
