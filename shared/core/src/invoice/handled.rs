//! What happened to the handling of an invoice, and what it is after that.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Invoice;
use super::handling::{
    AskedStep, Dispute, EscalatedTo, Escalation, Handling, OpenTask, Promise, PromiseState,
};
use crate::care::{Exclusion, Pause};
use crate::contact::Email;
use crate::hidden::Hidden;
use crate::ids::{PersonId, TaskId};
use crate::money::Money;
use crate::task::TaskKind;

/// A fact about the handling of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Handled {
    PromiseMade {
        amount: Money,
        day: NaiveDate,
        /// Who gave it; kept with the invoice and in no row.
        by: Hidden,
        /// When it is looked at.
        checked_at: DateTime<Utc>,
        /// Day of the open promise it takes the place of.
        replaces: Option<NaiveDate>,
    },
    PromiseKept {
        amount: Money,
        day: NaiveDate,
        /// What came since it was given.
        received: Money,
    },
    PromiseBroken {
        amount: Money,
        day: NaiveDate,
        received: Money,
    },
    PromiseWithdrawn {
        reason: String,
    },
    DisputeOpened {
        reason: String,
    },
    DisputeClosed {
        outcome: DisputeOutcome,
        reason: String,
    },
    Paused {
        reason: String,
        until: Option<NaiveDate>,
    },
    Resumed,
    Excluded {
        reason: String,
    },
    Included,
    OwnerAssigned {
        owner: Option<Email>,
    },
    /// Somebody wrote something down; nothing else changes.
    Noted {
        text: String,
        /// People it is meant for.
        mentions: Vec<PersonId>,
    },
    Escalated {
        to: EscalatedTo,
        reason: String,
    },
    EscalationReversed {
        reason: String,
    },
    /// A message of the rule is to go out ahead of its time.
    SendAsked {
        instalment: u16,
        step: String,
    },
    TaskOpened {
        task: TaskId,
        kind: TaskKind,
        /// Step of the rule that asked for it.
        step: Option<String>,
        due: NaiveDate,
        owner: Option<Email>,
    },
    /// The payer asked more while a question of theirs was open.
    QuestionAdded {
        task: TaskId,
    },
    TaskAssigned {
        task: TaskId,
        owner: Option<Email>,
    },
    TaskDone {
        task: TaskId,
        kind: TaskKind,
        outcome: String,
        note: String,
    },
    /// What these were for is over.
    TasksCleared {
        tasks: Vec<TaskId>,
    },
}

/// How a dispute ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcome {
    /// The payer was right; a person changes what is owed.
    Accepted,
    /// It is owed as it was.
    Rejected,
    /// The payer took it back.
    Withdrawn,
    /// The invoice was paid or canceled, so there was nothing left to dispute.
    Moot,
}

impl DisputeOutcome {
    /// What a person can say.
    pub const CHOICES: [Self; 3] = [Self::Accepted, Self::Rejected, Self::Withdrawn];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Moot => "moot",
        }
    }

    /// The one of that name that a person can say.
    pub fn parse(name: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|known| known.as_str() == name)
    }
}

impl Handled {
    /// Name on the bus and in the timeline.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PromiseMade { .. } => "promise.made",
            Self::PromiseKept { .. } => "promise.kept",
            Self::PromiseBroken { .. } => "promise.broken",
            Self::PromiseWithdrawn { .. } => "promise.withdrawn",
            Self::DisputeOpened { .. } => "dispute.opened",
            Self::DisputeClosed { .. } => "dispute.closed",
            Self::Paused { .. } => "chase.paused",
            Self::Resumed => "chase.resumed",
            Self::Excluded { .. } => "chase.excluded",
            Self::Included => "chase.included",
            Self::OwnerAssigned { .. } => "invoice.owner_assigned",
            Self::Noted { .. } => "invoice.noted",
            Self::Escalated { .. } => "invoice.escalated",
            Self::EscalationReversed { .. } => "invoice.escalation_reversed",
            Self::SendAsked { .. } => "reminder.asked",
            Self::TaskOpened { .. } => "task.opened",
            Self::QuestionAdded { .. } => "task.question_added",
            Self::TaskAssigned { .. } => "task.assigned",
            Self::TaskDone { .. } => "task.done",
            Self::TasksCleared { .. } => "task.cleared",
        }
    }
}

/// Applies it.
pub(super) fn evolve(invoice: &mut Invoice, event: &Handled, at: DateTime<Utc>) {
    let received_before = invoice.received();
    let handling = &mut invoice.handling;
    match event {
        Handled::PromiseMade { amount, day, by, checked_at, .. } => {
            handling.asked = None;
            handling.promise = Some(Promise {
                amount: *amount,
                day: *day,
                by: by.as_str().to_owned(),
                made_at: at,
                received_before,
                checked_at: *checked_at,
                state: PromiseState::Open,
            });
        }
        Handled::PromiseKept { .. } => became(handling, PromiseState::Kept),
        Handled::PromiseBroken { .. } => became(handling, PromiseState::Broken),
        Handled::PromiseWithdrawn { .. } => became(handling, PromiseState::Withdrawn),
        Handled::DisputeOpened { reason } => {
            handling.asked = None;
            handling.dispute = Some(Dispute { reason: reason.clone(), at });
        }
        Handled::DisputeClosed { .. } => handling.dispute = None,
        Handled::Paused { reason, until } => {
            handling.asked = None;
            handling.paused = Some(Pause { reason: reason.clone(), until: *until });
        }
        Handled::Resumed => handling.paused = None,
        Handled::Excluded { reason } => {
            handling.asked = None;
            handling.excluded = Some(Exclusion { reason: reason.clone(), at });
        }
        Handled::Included => handling.excluded = None,
        Handled::OwnerAssigned { owner } => handling.owner.clone_from(owner),
        Handled::Escalated { to, reason } => {
            handling.asked = None;
            handling.escalation = Some(Escalation { to: *to, reason: reason.clone(), at });
        }
        Handled::EscalationReversed { .. } => handling.escalation = None,
        Handled::SendAsked { instalment, step } => {
            handling.asked = Some(AskedStep { instalment: *instalment, step: step.clone() });
        }
        Handled::TaskOpened { task, kind, .. } => {
            handling.tasks.push(OpenTask { id: task.clone(), kind: *kind });
        }
        Handled::TaskDone { task, .. } => handling.tasks.retain(|open| open.id != *task),
        Handled::TasksCleared { tasks } => handling.tasks.retain(|open| !tasks.contains(&open.id)),
        Handled::Noted { .. } | Handled::QuestionAdded { .. } | Handled::TaskAssigned { .. } => {}
    }
}

fn became(handling: &mut Handling, state: PromiseState) {
    if let Some(promise) = &mut handling.promise {
        promise.state = state;
    }
}
