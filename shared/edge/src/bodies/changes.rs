//! Bodies of changes to what an instalment owes, and of the merchant's settings.

use quita_app::change_invoice::ChangeDraft;
use quita_app::settings::SettingsDraft;
use serde::Deserialize;

/// `POST …/instalments/{number}/rebate`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebateBody {
    amount: String,
    reason: String,
}

impl RebateBody {
    pub fn draft(self) -> ChangeDraft {
        ChangeDraft::Rebate { amount: self.amount, reason: self.reason }
    }
}

/// `POST …/instalments/{number}/credit_note`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditNoteBody {
    amount: String,
    number: String,
    reason: String,
}

impl CreditNoteBody {
    pub fn draft(self) -> ChangeDraft {
        let Self { amount, number, reason } = self;
        ChangeDraft::CreditNote { amount, number, reason }
    }
}

/// `POST …/instalments/{number}/write_off`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteOffBody {
    reason: String,
}

impl WriteOffBody {
    pub fn draft(self) -> ChangeDraft {
        ChangeDraft::WriteOff { reason: self.reason }
    }
}

/// `POST …/instalments/{number}/due_date`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DueDateBody {
    due_date: String,
    reason: String,
}

impl DueDateBody {
    pub fn draft(self) -> ChangeDraft {
        ChangeDraft::DueDate { due_date: self.due_date, reason: self.reason }
    }
}

/// `PUT /v1/settings`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsBody {
    payment_tolerance: String,
    late_shortfall: String,
}

impl SettingsBody {
    pub fn draft(self) -> SettingsDraft {
        SettingsDraft {
            payment_tolerance: self.payment_tolerance,
            late_shortfall: self.late_shortfall,
        }
    }
}
