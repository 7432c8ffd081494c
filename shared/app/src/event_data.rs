//! The outside form of an invoice's event: what its row stores, and timeline and bus show.
//!
//! Amounts are decimal strings. Locations and codes of charges are left out: whoever has one can
//! read the charge, so they stay in the invoice.

use quita_core::invoice::Event;
use serde_json::{Value, json};

use crate::bus::instant;
use crate::views::Breakdown;

/// The data of an event. Its fields are the contract of `infra/events/`.
pub fn event_data(event: &Event) -> Value {
    match event {
        Event::Opened { number, customer, amount, instalments } => {
            let parts: Vec<Value> = instalments
                .iter()
                .map(|terms| {
                    json!({ "amount": terms.original.to_string(), "due_date": terms.due_date })
                })
                .collect();
            json!({
                "number": number,
                "customer_id": customer,
                "amount": amount.to_string(),
                "instalments": parts,
            })
        }
        Event::ChargeIssued { instalment, revision, txid, .. } => {
            json!({ "instalment": instalment, "revision": revision, "txid": txid })
        }
        Event::ChargeReissued { instalment, revision, txid, reason, terms, .. } => json!({
            "instalment": instalment,
            "revision": revision,
            "txid": txid,
            "reason": reason,
            "amount": terms.original.to_string(),
            "due_date": terms.due_date,
        }),
        Event::ChargeDelayed { instalment, revision, reason, next_try_at }
        | Event::RemovalDelayed { instalment, revision, reason, next_try_at } => json!({
            "instalment": instalment,
            "revision": revision,
            "reason": reason,
            "next_try_at": instant(*next_try_at),
        }),
        Event::ChargeRejected { instalment, revision, reason } => {
            json!({ "instalment": instalment, "revision": revision, "reason": reason })
        }
        Event::ChargeRemoved { instalment, revision } => {
            json!({ "instalment": instalment, "revision": revision })
        }
        Event::StepDone { .. }
        | Event::AccountFlagged { .. }
        | Event::AccountCleared { .. }
        | Event::ChaseEnded { .. } => chase_data(event),
        Event::PaymentMatched { .. }
        | Event::PaymentInDoubt { .. }
        | Event::Paid { .. }
        | Event::ReceiptSent { .. }
        | Event::PaymentReturned { .. } => payment_data(event),
        Event::CancelRequested { reason } | Event::CancelRefused { reason } => {
            json!({ "reason": reason })
        }
        Event::Canceled => json!({}),
    }
}

fn chase_data(event: &Event) -> Value {
    match event {
        Event::StepDone { instalment, step, outcome, channels, covered, amount } => json!({
            "instalment": instalment,
            "step": step,
            "outcome": outcome,
            "channels": channels,
            "covered": covered,
            "amount": amount.map(|amount| amount.to_string()),
        }),
        Event::AccountFlagged { instalment, step } => {
            json!({ "instalment": instalment, "step": step })
        }
        Event::AccountCleared { instalment } | Event::ChaseEnded { instalment } => {
            json!({ "instalment": instalment })
        }
        _ => json!({}),
    }
}

fn payment_data(event: &Event) -> Value {
    match event {
        Event::PaymentMatched { instalment, revision, e2eid, amount, paid_at, due } => json!({
            "instalment": instalment,
            "revision": revision,
            "end_to_end_id": e2eid,
            "amount": amount.to_string(),
            "paid_at": instant(*paid_at),
            "breakdown": Breakdown::of(due),
        }),
        Event::PaymentInDoubt { instalment, revision, e2eid, amount, reason } => json!({
            "instalment": instalment,
            "revision": revision,
            "end_to_end_id": e2eid,
            "amount": amount.to_string(),
            "reason": reason.code(),
        }),
        Event::Paid { amount } => json!({ "amount": amount.to_string() }),
        Event::ReceiptSent { instalment, e2eid, outcome } => {
            json!({ "instalment": instalment, "end_to_end_id": e2eid, "outcome": outcome })
        }
        Event::PaymentReturned { instalment, e2eid, returned } => json!({
            "instalment": instalment,
            "end_to_end_id": e2eid,
            "returned": returned.to_string(),
        }),
        _ => json!({}),
    }
}
