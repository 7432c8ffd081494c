//! The days that an invoice bills for: what accounts payable files a recurring invoice by.
//!
//! Owns its bounds. Does not own the due date, which may lie before, in or after it. Invariant: the
//! last day is not before the first, and the period is no longer than [`PERIOD_DAYS_MAX`].

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::draft::DUE_DAYS_AHEAD_MAX;
use crate::terms_draft::parse_date;
use crate::violation::Violation;

/// Longest period, both of its days counted: a year that has 29 February.
pub const PERIOD_DAYS_MAX: u64 = 366;

/// The period an invoice bills, both of its days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct BillingPeriod {
    from: NaiveDate,
    to: NaiveDate,
}

/// As it was stored, before it is believed.
#[derive(Deserialize)]
struct Stored {
    from: NaiveDate,
    to: NaiveDate,
}

/// Why two days are no billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("use a day that is not before the first one")]
    Reversed,
    #[error("use a period of at most {PERIOD_DAYS_MAX} days")]
    TooLong,
}

impl BillingPeriod {
    /// # Errors
    /// When `to` is before `from`, or the period is longer than [`PERIOD_DAYS_MAX`].
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, PeriodError> {
        if to < from {
            return Err(PeriodError::Reversed);
        }
        let last = from.checked_add_days(Days::new(PERIOD_DAYS_MAX - 1));
        if last.is_some_and(|last| to > last) {
            return Err(PeriodError::TooLong);
        }
        Ok(Self { from, to })
    }

    /// Its first day.
    pub fn from(&self) -> NaiveDate {
        self.from
    }

    /// Its last day.
    pub fn to(&self) -> NaiveDate {
        self.to
    }
}

impl TryFrom<Stored> for BillingPeriod {
    type Error = PeriodError;

    fn try_from(stored: Stored) -> Result<Self, PeriodError> {
        Self::new(stored.from, stored.to)
    }
}

/// A billing period as someone typed it.
#[derive(Debug, Clone, Default)]
pub struct PeriodDraft {
    pub from: String,
    pub to: String,
}

impl PeriodDraft {
    /// The period, or what is wrong with it under `billing_period`. A day that is further from
    /// `today` than a due date can be is taken for a slip of the pen.
    pub(super) fn parse(
        &self,
        today: NaiveDate,
        faults: &mut Vec<Violation>,
    ) -> Option<BillingPeriod> {
        const FROM: &str = "billing_period.from";
        const TO: &str = "billing_period.to";
        let from = near(FROM, parse_date(FROM, &self.from, faults), today, faults);
        let to = near(TO, parse_date(TO, &self.to, faults), today, faults);
        let period = BillingPeriod::new(from?, to?);
        period.map_err(|why| faults.push(Violation::new(TO, why.to_string()))).ok()
    }
}

fn near(
    property: &str,
    day: Option<NaiveDate>,
    today: NaiveDate,
    faults: &mut Vec<Violation>,
) -> Option<NaiveDate> {
    let away = day?.signed_duration_since(today).num_days().unsigned_abs();
    if away > DUE_DAYS_AHEAD_MAX {
        let reason = format!("use a date within {DUE_DAYS_AHEAD_MAX} days");
        faults.push(Violation::new(property, reason));
        return None;
    }
    day
}
