//! What people agreed or decided about an invoice that the chase has to respect.
//!
//! Owns the facts: promise, dispute, pause, exclusion, escalation, owner, open tasks, and when one of
//! them is over by itself. Does not own what people may ask ([`super::handle`]), what the chase makes
//! of it ([`crate::chase::decide`]) nor the tasks themselves ([`crate::task`]).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::handled::{DisputeOutcome, Handled};
use super::{Event, Instalment, Invoice, Lifecycle, evolve};
use crate::care::{Exclusion, Pause};
use crate::contact::Email;
use crate::ids::TaskId;
use crate::money::Money;
use crate::task::TaskKind;

/// Most tasks that are open for one invoice at the same time.
pub const OPEN_TASKS_MAX: usize = 20;

/// How an invoice is handled beside its rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Handling {
    /// The last promise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
    /// The dispute that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Dispute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded: Option<Exclusion>,
    /// Who goes on with it instead of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// Who looks after it at the merchant's; `None` for the owner of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Email>,
    /// Tasks about it that are open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<OpenTask>,
    /// The message that a person asked for ahead of its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<AskedStep>,
    /// When it was moved to the rule it is under now: steps whose time had passed by then are not
    /// caught up on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_since: Option<DateTime<Utc>>,
}

/// A task that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTask {
    pub id: TaskId,
    pub kind: TaskKind,
}

/// A step of the rule that is due now, because a person said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedStep {
    pub instalment: u16,
    pub step: String,
}

/// A payer's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// What is to come, beyond what had come when it was given.
    pub amount: Money,
    /// Last day on which it is to come.
    pub day: NaiveDate,
    /// Who gave it, as typed.
    pub by: String,
    pub made_at: DateTime<Utc>,
    /// What had come when it was given.
    pub received_before: Money,
    /// When it is looked at: after its day and the grace the rule gave.
    pub checked_at: DateTime<Utc>,
    pub state: PromiseState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseState {
    Open,
    Kept,
    Broken,
    Withdrawn,
}

/// The payer says it is not owed like this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// The invoice was handed on; the rule rests until it comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    pub to: EscalatedTo,
    pub reason: String,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalatedTo {
    Agency,
    Legal,
}

impl EscalatedTo {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Legal => "legal",
        }
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Agency, Self::Legal].into_iter().find(|known| known.as_str() == name)
    }
}

impl Handling {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The promise that is still to be kept.
    pub fn open_promise(&self) -> Option<&Promise> {
        self.promise.as_ref().filter(|promise| promise.state == PromiseState::Open)
    }

    /// The open task of that kind.
    pub fn open_task(&self, kind: TaskKind) -> Option<&TaskId> {
        self.tasks.iter().find(|task| task.kind == kind).map(|task| &task.id)
    }

    /// Leaves out who and what was typed of people; the dates and amounts stay.
    pub(super) fn forget_people(&mut self) {
        self.owner = None;
        if let Some(promise) = &mut self.promise {
            promise.by.clear();
        }
        if let Some(dispute) = &mut self.dispute {
            dispute.reason.clear();
        }
    }
}

impl Invoice {
    /// Money of all instalments that is still here.
    pub(super) fn received(&self) -> Money {
        self.instalments.iter().map(Instalment::received).sum()
    }

    /// What is over by itself at `now`: a promise that was kept or broken, a dispute about nothing,
    /// tasks whose reason is gone. Applied, nothing more is over.
    pub fn follow_ups(&self, now: DateTime<Utc>) -> Vec<Event> {
        let handling = &self.handling;
        if handling.tasks.is_empty() && handling.open_promise().is_none() {
            let disputed = handling.dispute.is_some() && self.is_over();
            if !disputed {
                return Vec::new();
            }
        }
        let promise = self.check_promise(now).into_iter();
        let mut events: Vec<Event> =
            promise.chain(self.moot_dispute()).map(Event::Handled).collect();
        let after = events.iter().fold(self.clone(), |invoice, event| evolve(invoice, event, now));
        let over = after.handling.tasks.iter().filter(|task| after.outlived(task.kind));
        let tasks: Vec<TaskId> = over.map(|task| task.id.clone()).collect();
        if !tasks.is_empty() {
            events.push(Event::Handled(Handled::TasksCleared { tasks }));
        }
        events
    }

    /// When something is over by itself: at once, or on the day a promise is looked at.
    pub(super) fn follows_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at_once = (!self.follow_ups(now).is_empty()).then_some(now);
        at_once.or_else(|| self.handling.open_promise().map(|promise| promise.checked_at))
    }

    /// What became of the open promise, if that is known at `now`. It is kept as soon as the amount
    /// has come since it was given, and never by a centavo less.
    fn check_promise(&self, now: DateTime<Utc>) -> Option<Handled> {
        let promise = self.handling.open_promise()?;
        let (amount, day) = (promise.amount, promise.day);
        let received = self.received() - promise.received_before;
        if self.is_settled() || received >= amount {
            Some(Handled::PromiseKept { amount, day, received })
        } else if self.is_over() {
            let reason = "the invoice was canceled".to_owned();
            Some(Handled::PromiseWithdrawn { reason })
        } else if now >= promise.checked_at {
            Some(Handled::PromiseBroken { amount, day, received })
        } else {
            None
        }
    }

    fn moot_dispute(&self) -> Option<Handled> {
        let moot = self.handling.dispute.is_some() && self.is_over();
        let reason = if self.is_settled() { "nothing is owed any more" } else { "it was canceled" };
        let reason = reason.to_owned();
        moot.then_some(Handled::DisputeClosed { outcome: DisputeOutcome::Moot, reason })
    }

    /// Nothing is owed on it any more, or ever again.
    fn is_over(&self) -> bool {
        self.is_settled() || matches!(self.lifecycle, Lifecycle::Canceled { .. })
    }

    /// Whether what an open task of that kind was for is gone.
    fn outlived(&self, kind: TaskKind) -> bool {
        let handling = &self.handling;
        let of_any = |is: fn(&Instalment) -> bool| self.instalments.iter().any(is);
        let gone = match kind {
            TaskKind::FlaggedAccount => !of_any(|instalment| instalment.chase.flagged),
            TaskKind::RuleEnded => !of_any(|instalment| instalment.chase.ended),
            TaskKind::Dispute => handling.dispute.is_none(),
            TaskKind::BrokenPromise => {
                let state = handling.promise.as_ref().map(|promise| promise.state);
                state != Some(PromiseState::Broken)
            }
            TaskKind::Call | TaskKind::FixContact | TaskKind::Question | TaskKind::Other => false,
        };
        gone || (self.is_over() && kind.is_cleared_by_payment())
    }
}
