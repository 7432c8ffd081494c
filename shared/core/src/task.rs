//! Something a person is to do about an invoice: a call, a contact to mend, a promise that was
//! broken.
//!
//! Owns what a task is and when it is over. Does not own who may do it ([`crate::access`]) nor what
//! asks for one ([`crate::invoice`]). A task is opened in the transaction of what asks for it, and
//! its invoice remembers it while it is open, so a payment finds it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::contact::Email;
use crate::ids::{CustomerId, InvoiceId, MerchantId, TaskId};

/// Longest text of a task or of how it ended.
pub const TASK_CHARS_MAX: usize = 1_000;

/// A task of a merchant's people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub merchant: MerchantId,
    pub id: TaskId,
    pub version: u64,
    pub kind: TaskKind,
    /// What is to be done, in a line or two; of a question, the payer's words.
    pub about: String,
    pub customer: CustomerId,
    pub invoice: InvoiceId,
    /// Step of the rule that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    pub opened_at: DateTime<Utc>,
    pub due: NaiveDate,
    /// Who is to do it; `None` for whoever takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Email>,
    pub state: TaskState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A step of the rule is a call.
    Call,
    /// The account was flagged for its owner.
    FlaggedAccount,
    /// No message could go out: an address is missing, bounced or was opted out.
    FixContact,
    BrokenPromise,
    Dispute,
    /// The payer asks something.
    Question,
    /// The rule ran out; a person decides how to go on.
    RuleEnded,
    /// Opened by hand.
    Other,
}

impl TaskKind {
    pub const ALL: [Self; 8] = [
        Self::Call,
        Self::FlaggedAccount,
        Self::FixContact,
        Self::BrokenPromise,
        Self::Dispute,
        Self::Question,
        Self::RuleEnded,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::FlaggedAccount => "flagged_account",
            Self::FixContact => "fix_contact",
            Self::BrokenPromise => "broken_promise",
            Self::Dispute => "dispute",
            Self::Question => "question",
            Self::RuleEnded => "rule_ended",
            Self::Other => "other",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// Whether there is nothing left to do once the invoice is paid.
    pub fn is_cleared_by_payment(self) -> bool {
        match self {
            Self::Call
            | Self::FlaggedAccount
            | Self::BrokenPromise
            | Self::Dispute
            | Self::RuleEnded => true,
            Self::FixContact | Self::Question | Self::Other => false,
        }
    }

    /// What a task says that no person worded.
    pub fn words(self) -> &'static str {
        match self {
            Self::Call => "Call the payer.",
            Self::FlaggedAccount => "The account was flagged: nothing came in after the due date.",
            Self::FixContact => "A message could not go out: mend the contact.",
            Self::BrokenPromise => "What was promised did not come by its day.",
            Self::Dispute => "The payer says it is not owed like this.",
            Self::Question => "The payer asks something.",
            Self::RuleEnded => "The rule has run out: decide how to go on.",
            Self::Other => "To do.",
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    Reached,
    NoAnswer,
    Promised,
    Refused,
    WrongNumber,
}

impl CallOutcome {
    pub const ALL: [Self; 5] =
        [Self::Reached, Self::NoAnswer, Self::Promised, Self::Refused, Self::WrongNumber];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::NoAnswer => "no_answer",
            Self::Promised => "promised",
            Self::Refused => "refused",
            Self::WrongNumber => "wrong_number",
        }
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TaskState {
    Open,
    /// By a person, with what came of it: of a call, a [`CallOutcome`].
    Done {
        at: DateTime<Utc>,
        by: String,
        outcome: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// What it was for is over: the invoice was paid or canceled, the dispute settled.
    Cleared {
        at: DateTime<Utc>,
    },
}

impl Task {
    pub fn is_open(&self) -> bool {
        self.state == TaskState::Open
    }

    /// The one word for its state.
    pub fn status(&self) -> &'static str {
        match self.state {
            TaskState::Open => "open",
            TaskState::Done { .. } => "done",
            TaskState::Cleared { .. } => "cleared",
        }
    }

    /// The next version of it, in another state.
    #[must_use]
    pub fn moved_to(&self, state: TaskState) -> Self {
        Self { version: self.version + 1, state, ..self.clone() }
    }

    /// The next version of it with a text added, in a line of its own. `None` where it would be longer
    /// than [`TASK_CHARS_MAX`].
    pub fn with_more(&self, text: &str) -> Option<Self> {
        let about = format!("{}\n{text}", self.about);
        let fits = about.chars().count() <= TASK_CHARS_MAX;
        fits.then(|| Self { version: self.version + 1, about, ..self.clone() })
    }

    /// The next version of it without the words somebody typed. `None` where there are none.
    pub fn forgotten(&self) -> Option<Self> {
        let state = match &self.state {
            TaskState::Done { at, by, outcome, note } if !note.is_empty() => {
                let (by, outcome) = (by.clone(), outcome.clone());
                TaskState::Done { at: *at, by, outcome, note: String::new() }
            }
            other => other.clone(),
        };
        let about = self.kind.words().to_owned();
        let after = Self { about, state, version: self.version + 1, ..self.clone() };
        let same = after.about == self.about && after.state == self.state;
        (!same).then_some(after)
    }
}
