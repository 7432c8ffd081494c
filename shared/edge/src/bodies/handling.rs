//! Bodies of what people decide about an invoice beside its rule, of tasks, and of many at once.

use quita_app::handle_invoice::HandleDraft;
use quita_app::tasks::TaskDraft;
use serde::Deserialize;

/// `POST …/promise`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromiseBody {
    amount: String,
    day: String,
    by: String,
}

impl PromiseBody {
    pub fn draft(self) -> HandleDraft {
        HandleDraft::Promise { amount: self.amount, day: self.day, by: self.by }
    }
}

/// `POST …/dispute/close`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseDisputeBody {
    outcome: String,
    reason: String,
}

impl CloseDisputeBody {
    pub fn draft(self) -> HandleDraft {
        HandleDraft::CloseDispute { outcome: self.outcome, reason: self.reason }
    }
}

/// `POST …/pause`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    reason: String,
    until: Option<String>,
}

impl PauseBody {
    pub fn draft(self) -> HandleDraft {
        HandleDraft::Pause { reason: self.reason, until: self.until }
    }
}

/// `POST …/flag`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagBody {
    instalment: Option<u16>,
    reason: String,
}

impl FlagBody {
    pub fn draft(self) -> HandleDraft {
        HandleDraft::Flag { instalment: self.instalment, reason: self.reason }
    }
}

/// `POST …/owner` of an invoice, `POST …/assign` of a task
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerBody {
    pub owner: Option<String>,
}

/// `POST …/notes`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    text: String,
    #[serde(default)]
    mentions: Vec<String>,
}

impl NoteBody {
    pub fn draft(self) -> HandleDraft {
        HandleDraft::Note { text: self.text, mentions: self.mentions }
    }
}

/// `POST …/escalation`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationBody {
    to: String,
    reason: String,
}

impl EscalationBody {
    pub fn draft(self) -> HandleDraft {
        HandleDraft::Escalate { to: self.to, reason: self.reason }
    }
}

/// `POST …/send_now`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendNowBody {
    instalment: Option<u16>,
    step: Option<String>,
}

impl SendNowBody {
    pub fn draft(self) -> HandleDraft {
        HandleDraft::SendNow { instalment: self.instalment, step: self.step }
    }
}

/// A decision that says no more than its path.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NothingBody {}

/// `POST /v1/tasks`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskBody {
    invoice_id: String,
    kind: String,
    about: String,
    due: Option<String>,
    owner: Option<String>,
}

impl TaskBody {
    pub fn draft(self) -> TaskDraft {
        let Self { invoice_id, kind, about, due, owner } = self;
        TaskDraft { invoice_id, kind, about, due, owner }
    }
}

/// `POST /v1/tasks/{task_id}/done`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoneBody {
    pub outcome: String,
    pub note: Option<String>,
}

/// `POST /v1/bulk`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkBody {
    pub action: String,
    pub invoice_ids: Vec<String>,
    reason: Option<String>,
    until: Option<String>,
    owner: Option<String>,
}

impl BulkBody {
    /// What is done to each; `None` for an action there is none of. A reason that is missing is told
    /// as any that cannot be read.
    pub fn draft(&self) -> Option<HandleDraft> {
        let reason = self.reason.clone().unwrap_or_default();
        Some(match self.action.as_str() {
            "pause" => HandleDraft::Pause { reason, until: self.until.clone() },
            "resume" => HandleDraft::Resume,
            "exclude" => HandleDraft::Exclude { reason },
            "include" => HandleDraft::Include,
            "assign_owner" => HandleDraft::AssignOwner { owner: self.owner.clone() },
            "send_now" => HandleDraft::SendNow { instalment: None, step: None },
            _ => return None,
        })
    }
}
