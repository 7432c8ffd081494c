//! What falls due and when: the one thing the sparse `work` index holds of an aggregate.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The next thing to do for an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkDue {
    pub at: DateTime<Utc>,
    pub kind: WorkKind,
}

/// What kind of work falls due. Informational: the work is decided anew from facts when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// A charge to create at the bank, or to remove there.
    Charge,
    /// A receipt to send.
    Receipt,
    /// A step of the collection rule.
    Reminder,
    /// A promise to look at, or tasks that are over.
    Handling,
    /// A reported Pix, or a refund, to ask the bank about.
    Confirm,
    /// The bank's lists to compare with.
    Reconcile,
    /// Lines of a bank file to take in.
    Import,
    /// An event to post to a merchant's endpoint again.
    Deliver,
    /// What time alone brings a merchant.
    Daily,
}

impl WorkKind {
    pub const ALL: [Self; 9] = [
        Self::Charge,
        Self::Receipt,
        Self::Reminder,
        Self::Handling,
        Self::Confirm,
        Self::Reconcile,
        Self::Import,
        Self::Deliver,
        Self::Daily,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Receipt => "receipt",
            Self::Reminder => "reminder",
            Self::Handling => "handling",
            Self::Confirm => "confirm",
            Self::Reconcile => "reconcile",
            Self::Import => "import",
            Self::Deliver => "deliver",
            Self::Daily => "daily",
        }
    }

    /// The kind a stored index key names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
