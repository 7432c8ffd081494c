//! Which message is meant.
//!
//! Owns the stable names of the messages, as stored in the message ledger. Does not own when one
//! is sent.

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
    /// Friendly reminder at any distance before the due date.
    ReminderFriendly,
    /// Firm reminder at any distance after it, which asks for a date or for what is not right.
    ReminderFirm,
    /// Formal demand before somebody else is asked to collect. It offers three ways out: pay in
    /// full, pay a part, propose another arrangement.
    Demand,
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
    pub const ALL: [Self; 11] = [
        Self::ChargeIssued,
        Self::DueInFiveDays,
        Self::DueToday,
        Self::OneDayLate,
        Self::ThreeDaysLate,
        Self::SevenDaysLate,
        Self::FifteenDaysLate,
        Self::ReminderFriendly,
        Self::ReminderFirm,
        Self::Demand,
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
            Self::ReminderFriendly => "reminder_friendly",
            Self::ReminderFirm => "reminder_firm",
            Self::Demand => "demand",
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
            Self::DueInFiveDays | Self::DueToday | Self::ReminderFriendly => Assumes::NotLate,
            Self::OneDayLate
            | Self::ThreeDaysLate
            | Self::SevenDaysLate
            | Self::FifteenDaysLate
            | Self::ReminderFirm
            | Self::Demand => Assumes::Late,
        }
    }
}

impl std::fmt::Display for MessageKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
