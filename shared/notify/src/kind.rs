//! Which message is meant.
//!
//! Owns the stable names of the messages, as stored in the message ledger. Does not own when one
//! is sent.

use quita_core::chase::Template;
use serde::{Deserialize, Serialize};

/// Every message there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// The charge can be paid: the first message about it.
    ChargeIssued,
    /// Friendly reminder some days before the due date.
    #[serde(rename = "due_in_5_days")]
    DueInFiveDays,
    /// Neutral reminder on the due date.
    DueToday,
    /// Light reminder right after the due date.
    OneDayLate,
    /// First firm reminder.
    ThreeDaysLate,
    /// Firm reminder that asks for a date.
    SevenDaysLate,
    /// Last reminder, which names the consequences.
    FifteenDaysLate,
    /// A payment was received.
    Receipt,
}

/// What a message assumes about the due date, checked against the facts before it is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assumes {
    Nothing,
    NotLate,
    Late,
}

impl MessageKind {
    pub const ALL: [Self; 8] = [
        Self::ChargeIssued,
        Self::DueInFiveDays,
        Self::DueToday,
        Self::OneDayLate,
        Self::ThreeDaysLate,
        Self::SevenDaysLate,
        Self::FifteenDaysLate,
        Self::Receipt,
    ];

    /// The stored name, which is also the folder of its templates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChargeIssued => "charge_issued",
            Self::DueInFiveDays => "due_in_5_days",
            Self::DueToday => "due_today",
            Self::OneDayLate => "one_day_late",
            Self::ThreeDaysLate => "three_days_late",
            Self::SevenDaysLate => "seven_days_late",
            Self::FifteenDaysLate => "fifteen_days_late",
            Self::Receipt => "receipt",
        }
    }

    /// The message of a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it asks for money, and so takes [`crate::PayableFacts`].
    pub fn is_payable(self) -> bool {
        self != Self::Receipt
    }

    pub(crate) fn assumes(self) -> Assumes {
        match self {
            Self::ChargeIssued | Self::Receipt => Assumes::Nothing,
            Self::DueInFiveDays | Self::DueToday => Assumes::NotLate,
            Self::OneDayLate
            | Self::ThreeDaysLate
            | Self::SevenDaysLate
            | Self::FifteenDaysLate => Assumes::Late,
        }
    }
}

impl std::fmt::Display for MessageKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Template> for MessageKind {
    fn from(template: Template) -> Self {
        match template {
            Template::ChargeIssued => Self::ChargeIssued,
            Template::DueInFiveDays => Self::DueInFiveDays,
            Template::DueToday => Self::DueToday,
            Template::OneDayLate => Self::OneDayLate,
            Template::ThreeDaysLate => Self::ThreeDaysLate,
            Template::SevenDaysLate => Self::SevenDaysLate,
            Template::FifteenDaysLate => Self::FifteenDaysLate,
        }
    }
}
