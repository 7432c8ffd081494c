//! `POST /pix/{hook}/pix` (the bank's callback) -> each Pix recorded, then 200;
//! `payment.reported`, `refund.asked`, `payment.confirm_due` (EventBridge) -> the bank asked about a
//! Pix or a refund.
//!
//! Banks deliver at least once, unordered, in batches, and perhaps never. A callback is a hint: the
//! bank is asked before anything is credited. Some banks post to the bare address, so
//! `POST /pix/{hook}` is served alike.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use http::Method;
use quita_app::bus::{BusEvent, PaymentRef};
use quita_app::refund_payment::follow_refunds;
use quita_app::take_payment::{confirm_reported, take_reported};
use quita_app::{Deps, Unknown};
use quita_core::ids::MerchantId;
use quita_edge::http::text;
use quita_edge::trigger::Trigger;
use quita_edge::{ApiRequest, ApiResponse, Call, Problem};
use quita_pix::callback::{self, BYTES_MAX, CallbackError, CallbackItem, CallbackPix};

/// Time one callback may spend asking the bank. What is unconfirmed by then is recorded as
/// reported and finished through the bus, so that a slow bank never delays the 200.
const CONFIRM_BUDGET: Duration = Duration::from_secs(5);
/// Time one event may spend asking the bank: nobody waits for it.
const CONFIRM_AGAIN_BUDGET: Duration = Duration::from_secs(20);
/// Pix of one callback taken at the same time.
const CONCURRENCY: usize = 16;

pub async fn handle(deps: &Deps, trigger: Trigger) -> Result<Option<ApiResponse>, Unknown> {
    match trigger {
        Trigger::Http(request) => Ok(Some(answer(deps, *request).await)),
        Trigger::Bus(event) => confirm(deps, event).await.map(|()| None),
        Trigger::Schedule => Err(Unknown::new("reading the event", "there is no schedule here")),
    }
}

async fn answer(deps: &Deps, request: ApiRequest) -> ApiResponse {
    Call::serve(request, BYTES_MAX, |call| async move { take(deps, &call).await }).await
}

async fn take(deps: &Deps, call: &Call) -> Result<ApiResponse, Problem> {
    let merchant = sender(deps, call)?;
    tracing::Span::current().record("merchant.id", merchant.as_str());
    let batch = batch(call)?;
    let deadline = tokio::time::Instant::now() + CONFIRM_BUDGET;
    let merchant = &merchant;
    let taken = stream::iter(batch)
        .map(|pix| async move {
            let patience = deadline.saturating_duration_since(tokio::time::Instant::now());
            take_reported(deps, merchant, &pix, patience).await
        })
        .buffer_unordered(CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    // Recorded ones stay recorded; an error makes the bank deliver the batch again.
    for outcome in taken {
        // Outside of the log line, which is not evaluated where its level is off.
        let taken = outcome?;
        tracing::info!(?taken, "Took a Pix");
    }
    Ok(text(200, "text/plain; charset=utf-8", String::new()))
}

/// The merchant whose secret address was called.
fn sender(deps: &Deps, call: &Call) -> Result<MerchantId, Problem> {
    if call.method() != Method::POST {
        return Err(Problem::MethodNotAllowed);
    }
    match call.segments().as_slice() {
        ["pix", hook] | ["pix", hook, "pix"] => {
            deps.config.signing_key.open_hook(hook).ok_or(Problem::Unauthorized)
        }
        _ => Err(Problem::NotFound),
    }
}

/// Every Pix of the batch; one that cannot be read does not take the others down.
fn batch(call: &Call) -> Result<Vec<CallbackPix>, Problem> {
    let items = callback::parse(call.body()).map_err(|error| match error {
        CallbackError::TooLong => Problem::BodyTooLarge { bytes_max: BYTES_MAX },
        other => Problem::Malformed { detail: other.to_string() },
    })?;
    let read = |item| match item {
        CallbackItem::Pix(pix) => Some(*pix),
        CallbackItem::Malformed(fault) => {
            tracing::error!(
                item.index = fault.index,
                payment.id = ?fault.end_to_end_id,
                reason = fault.reason,
                "Item {} of a callback cannot be read",
                fault.index
            );
            None
        }
    };
    Ok(items.into_iter().filter_map(read).collect())
}

async fn confirm(deps: &Deps, event: BusEvent) -> Result<(), Unknown> {
    let PaymentRef { merchant_id, payment_id } = serde_json::from_value(event.detail)
        .map_err(|error| Unknown::new("reading the event", error))?;
    let taken = confirm_reported(deps, &merchant_id, &payment_id, CONFIRM_AGAIN_BUDGET).await?;
    let refunds = follow_refunds(deps, &merchant_id, &payment_id).await?;
    tracing::info!(payment.id = %payment_id, ?taken, refunds, "Asked the bank about a payment");
    Ok(())
}
