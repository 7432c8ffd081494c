//! The outside form of a reconciliation: what the API shows of it, and the data of its events.

use chrono::{DateTime, Utc};
use quita_core::reconciliation::{
    Callback, CallbackFault, CallbackState, Event, Failing, Passed, Reconciliation, Report, Run,
    Skew, Tally,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::bus::instant;

/// How far a merchant's payments agree with its bank.
#[derive(Debug, Serialize)]
pub struct ReconciliationView {
    complete_until: String,
    next_at: String,
    running: Option<RunView>,
    last_run: Option<ReportView>,
    failing: Option<FailingView>,
    callback: Option<CallbackView>,
    clock: Option<SkewView>,
}

#[derive(Debug, Serialize)]
struct RunView {
    started_at: String,
    stage: &'static str,
    #[serde(flatten)]
    tally: TallyView,
}

#[derive(Debug, Serialize)]
struct ReportView {
    started_at: String,
    finished_at: String,
    /// Whether refunds, charges and the callback were looked after.
    daily: bool,
    #[serde(flatten)]
    tally: TallyView,
}

#[derive(Debug, Serialize)]
struct TallyView {
    found: u64,
    healed: u64,
    charges_checked: u64,
    charges_reissued: u64,
    passed_over: u64,
}

#[derive(Debug, Serialize)]
struct FailingView {
    attempts: u32,
    since: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct CallbackView {
    status: &'static str,
    checked_at: String,
    /// What was wrong before it was registered again.
    was: Option<CallbackFault>,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct SkewView {
    end_to_end_id: String,
    kind: &'static str,
    settled_at: String,
    initiated_at: Option<String>,
    noticed_at: String,
}

impl ReconciliationView {
    pub fn of(known: &Reconciliation) -> Self {
        Self {
            complete_until: instant(known.complete_until),
            next_at: instant(known.next_at),
            running: known.run.as_ref().map(RunView::of),
            last_run: known.last.as_ref().map(ReportView::of),
            failing: known.failing.as_ref().map(FailingView::of),
            callback: known.callback.as_ref().map(CallbackView::of),
            clock: known.skew.as_ref().map(SkewView::of),
        }
    }
}

impl RunView {
    fn of(run: &Run) -> Self {
        Self {
            started_at: instant(run.started_at),
            stage: run.stage.name(),
            tally: TallyView::of(run.tally),
        }
    }
}

impl ReportView {
    fn of(report: &Report) -> Self {
        Self {
            started_at: instant(report.started_at),
            finished_at: instant(report.finished_at),
            daily: report.daily,
            tally: TallyView::of(report.tally),
        }
    }
}

impl TallyView {
    fn of(tally: Tally) -> Self {
        Self {
            found: tally.found,
            healed: tally.healed,
            charges_checked: tally.charges,
            charges_reissued: tally.reissued,
            passed_over: tally.passed_over,
        }
    }
}

impl FailingView {
    fn of(failing: &Failing) -> Self {
        Self {
            attempts: failing.attempts,
            since: instant(failing.since),
            reason: failing.reason.clone(),
        }
    }
}

impl CallbackView {
    fn of(callback: &Callback) -> Self {
        let (was, reason) = match &callback.state {
            CallbackState::Ours => (None, None),
            CallbackState::Repaired { was } => (Some(*was), None),
            CallbackState::Unclear { reason } => (None, Some(reason.clone())),
        };
        let (status, checked_at) = (callback.state.code(), instant(callback.at));
        Self { status, checked_at, was, reason }
    }
}

impl SkewView {
    fn of(skew: &Skew) -> Self {
        Self {
            end_to_end_id: skew.payment.to_string(),
            kind: skew.kind.code(),
            settled_at: instant(skew.settled_at),
            initiated_at: skew.initiated_at.map(instant),
            noticed_at: instant(skew.noticed_at),
        }
    }
}

/// The data of an event. Its fields are the contract of `infra/events/`.
pub fn event_data(event: &Event) -> Value {
    let optional = |at: Option<DateTime<Utc>>| at.map(instant);
    match event {
        Event::PassedOver { stage, page, items } => {
            let item = |Passed { index, id, reason }: &Passed| json!({ "index": index, "id": id, "reason": reason });
            let items: Vec<Value> = items.iter().map(item).collect();
            json!({ "stage": stage, "page": page, "items": items })
        }
        Event::ClockSkewed(skew) => json!({
            "end_to_end_id": skew.payment,
            "kind": skew.kind.code(),
            "settled_at": instant(skew.settled_at),
            "initiated_at": optional(skew.initiated_at),
            "noticed_at": instant(skew.noticed_at),
        }),
        Event::CallbackRepaired { was } => json!({ "was": was }),
    }
}
