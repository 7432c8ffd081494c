//! The merchant's choice where the Pix rules are silent or read differently by banks.
//!
//! Owns: the choices and their defaults. Does not own: what they do (see `amount_due`).
//! Invariant: an invoice keeps the policy it was issued under.

use serde::{Deserialize, Serialize};

use crate::money::Rounding;

/// How amounts are computed where banks differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Policy {
    /// How each component becomes whole centavos. API Pix does not say (bacen/pix-api #404).
    pub rounding: Rounding,
    /// What makes the late fee due.
    pub fine_trigger: FineTrigger,
    /// From which day interest is counted.
    pub interest_from: InterestFrom,
}

/// Half up, a business day late, from the adjusted due date: the reading of the central bank.
impl Default for Policy {
    fn default() -> Self {
        Self {
            rounding: Rounding::HalfUp,
            fine_trigger: FineTrigger::BusinessDay,
            interest_from: InterestFrom::AdjustedDue,
        }
    }
}

/// What makes the late fee due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FineTrigger {
    /// At least one business day late: a Friday's debt paid on Saturday has interest but no
    /// late fee (answer of the central bank, bacen/pix-api #297).
    BusinessDay,
    /// At least one calendar day late.
    CalendarDay,
}

/// From which day interest is counted once a payment is late (bacen/pix-api #347, #109).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterestFrom {
    /// The adjusted due date, as API Pix has it.
    AdjustedDue,
    /// The agreed due date, as boletos have it. Paying by the adjusted date is still on time.
    OriginalDue,
}
