//! The JSON of how an invoice is handled beside its rule.

use chrono::NaiveDate;
use quita_core::invoice::{Handling, PromiseState};
use serde::Serialize;

use crate::bus::instant;

/// How an invoice is handled.
#[derive(Debug, Serialize)]
pub(crate) struct HandlingView {
    promise: Option<PromiseView>,
    dispute: Option<SinceView>,
    paused: Option<PauseView>,
    excluded: Option<SinceView>,
    escalation: Option<EscalationView>,
    owner: Option<String>,
    /// Message that a person asked for ahead of its time.
    send_asked: Option<AskedView>,
    open_tasks: Vec<OpenTaskView>,
}

#[derive(Debug, Serialize)]
struct PromiseView {
    amount: String,
    day: NaiveDate,
    by: String,
    made_at: String,
    checked_at: String,
    status: &'static str,
}

#[derive(Debug, Serialize)]
struct SinceView {
    reason: String,
    at: String,
}

#[derive(Debug, Serialize)]
struct PauseView {
    reason: String,
    /// First day on which the chase goes on.
    until: Option<NaiveDate>,
}

#[derive(Debug, Serialize)]
struct EscalationView {
    to: &'static str,
    reason: String,
    at: String,
}

#[derive(Debug, Serialize)]
struct AskedView {
    instalment: u16,
    step: String,
}

#[derive(Debug, Serialize)]
struct OpenTaskView {
    id: String,
    kind: &'static str,
}

impl HandlingView {
    pub(crate) fn of(handling: &Handling) -> Self {
        let promise = handling.promise.as_ref().map(|promise| PromiseView {
            amount: promise.amount.to_string(),
            day: promise.day,
            by: promise.by.clone(),
            made_at: instant(promise.made_at),
            checked_at: instant(promise.checked_at),
            status: promise_status(promise.state),
        });
        let dispute = handling.dispute.as_ref();
        let excluded = handling.excluded.as_ref();
        Self {
            promise,
            dispute: dispute.map(|it| SinceView { reason: it.reason.clone(), at: instant(it.at) }),
            paused: handling
                .paused
                .as_ref()
                .map(|pause| PauseView { reason: pause.reason.clone(), until: pause.until }),
            excluded: excluded
                .map(|it| SinceView { reason: it.reason.clone(), at: instant(it.at) }),
            escalation: handling.escalation.as_ref().map(|it| EscalationView {
                to: it.to.as_str(),
                reason: it.reason.clone(),
                at: instant(it.at),
            }),
            owner: handling.owner.as_ref().map(|owner| owner.as_str().to_owned()),
            send_asked: handling
                .asked
                .as_ref()
                .map(|it| AskedView { instalment: it.instalment, step: it.step.clone() }),
            open_tasks: handling
                .tasks
                .iter()
                .map(|task| OpenTaskView { id: task.id.to_string(), kind: task.kind.as_str() })
                .collect(),
        }
    }
}

fn promise_status(state: PromiseState) -> &'static str {
    match state {
        PromiseState::Open => "open",
        PromiseState::Kept => "kept",
        PromiseState::Broken => "broken",
        PromiseState::Withdrawn => "withdrawn",
    }
}
