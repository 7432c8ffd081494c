//! The outside form of an invoice's event: what its row stores, and timeline and bus show.
//!
//! Amounts are decimal strings. Locations and codes of charges are left out: whoever has one can
//! read the charge, so they stay in the invoice.

use quita_core::debt::Split;
use quita_core::invoice::Event;
use quita_core::payment::{self, Payment};
use serde_json::{Value, json};

use crate::bus::instant;
use crate::handled_data::handled_data;
use crate::views::Breakdown;

/// The data of an event. Its fields are the contract of `infra/events/`.
pub fn event_data(event: &Event) -> Value {
    match event {
        Event::Opened { number, customer, amount, instalments, carried_in } => {
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
                "carried_late_charges": carried_in.total().to_string(),
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
        | Event::DoubtSettled { .. }
        | Event::Paid { .. }
        | Event::ReceiptSent { .. }
        | Event::PaymentReleased { .. } => money_data(event),
        Event::Adjusted { .. } | Event::DueDateExtended { .. } | Event::BoletoNamed { .. } => {
            change_data(event)
        }
        Event::LinksRevoked { generation, reason } => {
            json!({ "generation": generation, "reason": reason })
        }
        Event::Handled(handled) => handled_data(handled),
        Event::RuleMoved { rule, version, resumes } => {
            json!({ "rule": rule, "rule_version": version, "resumes": resumes })
        }
        Event::PartyErased => json!({}),
        Event::CancelRequested { reason } | Event::CancelRefused { reason } => {
            json!({ "reason": reason })
        }
        Event::Canceled { principal } => json!({ "principal": principal.to_string() }),
    }
}

fn chase_data(event: &Event) -> Value {
    match event {
        Event::StepDone {
            instalment,
            step,
            outcome,
            channels,
            covered,
            amount,
            rule,
            rule_version,
        } => json!({
            "rule": rule,
            "rule_version": rule_version,
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

fn money_data(event: &Event) -> Value {
    match event {
        Event::PaymentMatched {
            instalment, payment, amount, paid_at, due, split, debt, ..
        } => {
            json!({
                "instalment": instalment,
                "payment_id": payment,
                "end_to_end_id": payment.end_to_end(),
                "amount": amount.to_string(),
                "paid_at": instant(*paid_at),
                "breakdown": Breakdown::of(due),
                "counted": counted(split),
                "principal_left": debt.principal.to_string(),
                "settled": debt.is_settled(),
            })
        }
        Event::PaymentInDoubt { instalment, revision, payment, amount, reason } => json!({
            "instalment": instalment,
            "revision": revision,
            "payment_id": payment,
            "amount": amount.to_string(),
            "reason": reason.code(),
        }),
        Event::DoubtSettled { instalment, payment } => {
            json!({ "instalment": instalment, "payment_id": payment })
        }
        Event::Paid { amount } => json!({ "amount": amount.to_string() }),
        Event::ReceiptSent { instalment, payment, outcome, .. } => {
            json!({ "instalment": instalment, "payment_id": payment, "outcome": outcome })
        }
        Event::PaymentReleased { instalment, payment, amount, reason, back, debt, .. } => json!({
            "instalment": instalment,
            "payment_id": payment,
            "amount": amount.to_string(),
            "reason": reason,
            "counted": counted(back),
            "principal_left": debt.principal.to_string(),
        }),
        _ => json!({}),
    }
}

/// How money was counted, part by part.
fn counted(split: &Split) -> Value {
    json!({
        "late_fee": split.fine.to_string(),
        "interest": split.interest.to_string(),
        "principal": split.principal.to_string(),
        "discount": split.discount.to_string(),
        "rebate": split.rebate.to_string(),
        "forgiven": split.forgiven.to_string(),
        "waived": split.waived.total().to_string(),
        "carried": split.carried.total().to_string(),
    })
}

fn change_data(event: &Event) -> Value {
    match event {
        Event::Adjusted { instalment, amount, rebate, reason, document, debt, .. } => json!({
            "instalment": instalment,
            "amount": amount.to_string(),
            "agreed_rebate": rebate.to_string(),
            "reason": reason,
            "document": document,
            "principal_left": debt.principal.to_string(),
        }),
        Event::DueDateExtended { instalment, due_date, reason, .. } => {
            json!({ "instalment": instalment, "due_date": due_date, "reason": reason })
        }
        Event::BoletoNamed { instalment, our_number } => {
            json!({ "instalment": instalment, "our_number": our_number })
        }
        _ => json!({}),
    }
}

/// The data of an event of a payment, with the payment as it is after it.
pub fn payment_data(event: &payment::Event, payment: &Payment) -> Value {
    use payment::Event;
    let mut data = json!({
        "amount": payment.amount.to_string(),
        "method": payment.method.as_str(),
        "paid_at": instant(payment.paid_at),
        "txid": payment.txid,
    });
    let more = match event {
        Event::Reported { next_try_at, .. } => json!({ "next_try_at": instant(*next_try_at) }),
        Event::Parked { reason } => json!({ "reason": reason.code() }),
        Event::PutOnAccount { customer, amount } | Event::TakenFromAccount { customer, amount } => {
            json!({ "customer_id": customer, "moved": amount.to_string() })
        }
        Event::Assigned { to } => json!({ "to": to }),
        Event::Dismissed { reason } => json!({ "reason": reason }),
        Event::RefundAsked { id, amount, reason } => {
            json!({ "refund_id": id, "refunded": amount.to_string(), "reason": reason })
        }
        Event::RefundTaken { id, .. } | Event::RefundReturned { id } => {
            let amount = payment.refund(id).map(|refund| refund.amount.to_string());
            json!({ "refund_id": id, "refunded": amount })
        }
        Event::RefundFailed { id, why } => {
            let amount = payment.refund(id).map(|refund| refund.amount.to_string());
            json!({ "refund_id": id, "refunded": amount, "why": why })
        }
        Event::TakenBack { id, amount, origin } => {
            json!({ "refund_id": id, "refunded": amount.to_string(), "origin": origin })
        }
        Event::Settled { on } => json!({ "settled_on": on }),
        Event::NotConfirmed
        | Event::Received
        | Event::ReceivedInFull { .. }
        | Event::Allocated { .. }
        | Event::Released { .. }
        | Event::Resolved
        | Event::RefundDelayed { .. }
        | Event::PayerErased => json!({}),
    };
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    data
}
