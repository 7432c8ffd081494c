//! The outside form of what happened to the handling of an invoice.
//!
//! Who gave a promise and what a payer asked are left out: they stay with the invoice and the task,
//! where they can be erased.

use quita_core::invoice::Handled;
use serde_json::{Value, json};

use crate::bus::instant;

/// The data of an event of the handling. Its fields are the contract of `infra/events/`.
pub(crate) fn handled_data(event: &Handled) -> Value {
    match event {
        Handled::PromiseMade { amount, day, checked_at, replaces, .. } => json!({
            "amount": amount.to_string(),
            "day": day,
            "checked_at": instant(*checked_at),
            "replaces": replaces,
        }),
        Handled::PromiseKept { amount, day, received }
        | Handled::PromiseBroken { amount, day, received } => json!({
            "amount": amount.to_string(),
            "day": day,
            "received": received.to_string(),
        }),
        Handled::DisputeClosed { outcome, reason } => {
            json!({ "outcome": outcome.as_str(), "reason": reason })
        }
        Handled::Paused { reason, until } => json!({ "reason": reason, "until": until }),
        Handled::PromiseWithdrawn { reason }
        | Handled::DisputeOpened { reason }
        | Handled::Excluded { reason }
        | Handled::EscalationReversed { reason } => json!({ "reason": reason }),
        Handled::Resumed | Handled::Included => json!({}),
        Handled::OwnerAssigned { owner } => json!({ "owner": owner }),
        Handled::Noted { text, mentions } => json!({ "text": text, "mentions": mentions }),
        Handled::Escalated { to, reason } => json!({ "to": to.as_str(), "reason": reason }),
        Handled::SendAsked { instalment, step } => {
            json!({ "instalment": instalment, "step": step })
        }
        Handled::TaskOpened { .. }
        | Handled::QuestionAdded { .. }
        | Handled::TaskAssigned { .. }
        | Handled::TaskDone { .. }
        | Handled::TasksCleared { .. } => task_data(event),
    }
}

fn task_data(event: &Handled) -> Value {
    match event {
        Handled::TaskOpened { task, kind, step, due, owner } => json!({
            "task_id": task,
            "kind": kind.as_str(),
            "step": step,
            "due": due,
            "owner": owner,
        }),
        Handled::QuestionAdded { task } => json!({ "task_id": task }),
        Handled::TaskAssigned { task, owner } => json!({ "task_id": task, "owner": owner }),
        // The note stays with the task.
        Handled::TaskDone { task, kind, outcome, .. } => {
            json!({ "task_id": task, "kind": kind.as_str(), "outcome": outcome })
        }
        Handled::TasksCleared { tasks } => json!({ "task_ids": tasks }),
        _ => json!({}),
    }
}
