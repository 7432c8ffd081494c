//! The terms of one instalment: what is owed, until when, and what time does to it.
//!
//! Owns: late fee (*multa*), interest (*juros de mora*), rebate (*abatimento*) and discount
//! (*desconto*) in every modality of API Pix 2.9.0 CobV, the amount due on any day with its
//! breakdown, the last payable day, and the faults of terms. Does not own: what was paid, or
//! what the bank charged in the end (its `final` always wins).
//! Invariant: `amount_due` is a pure function of terms, day, calendar and policy.
//!
//! # Time has distinct meanings
//! The *due date* is what the parties agreed. The *adjusted due date* is the first bank business
//! day on or after it; a payment up to and including it is on time (Lei 7.089/1983). The *last
//! payable day* is when the bank stops taking the charge. None stands in for another.

mod amount_due;
mod policy;
mod renewal;
mod violations;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

pub use amount_due::AmountDue;
pub use policy::{FineTrigger, InterestFrom, Policy};
pub use violations::{DISCOUNT_STEPS_MAX, PAYABLE_DAYS_MAX};

use crate::calendar::BankCalendar;
use crate::money::Money;
use crate::percent::Percent;

/// Days after the due date on which a charge can still be paid, unless stated
/// (API Pix 2.9.0 `validadeAposVencimento`).
pub const DEFAULT_VALIDITY_DAYS: u16 = 30;

/// What is owed and how time changes it. Any value can be computed with; [`Terms::violations`]
/// says whether it makes sense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The amount before anything is added or taken off (`valor.original`).
    pub original: Money,
    /// The agreed due date (`calendario.dataDeVencimento`).
    pub due_date: NaiveDate,
    /// Calendar days after the adjusted due date on which it can still be paid
    /// (`calendario.validadeAposVencimento`).
    pub validity_days: u16,
    /// Late fee, charged once.
    pub fine: Option<Fine>,
    /// Interest for each day late.
    pub interest: Option<Interest>,
    /// Taken off whenever it is paid.
    pub rebate: Option<Rebate>,
    /// Taken off when it is paid early or by given dates.
    pub discount: Option<Discount>,
}

/// Late fee (`valor.multa`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fine {
    /// An amount: modalidade 1.
    Fixed(Money),
    /// A percentage of the original less the rebate: modalidade 2.
    Percent(Percent),
}

/// Which days are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayBasis {
    /// Every day (*dias corridos*).
    Calendar,
    /// Bank business days (*dias úteis*).
    Business,
}

/// Interest for late payment (`valor.juros`), simple, never compound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Which days late are counted: modalidades 1 to 4 calendar, 5 to 8 business.
    pub basis: DayBasis,
    /// How much a counted day costs.
    pub rate: InterestRate,
}

/// How much interest a counted day costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterestRate {
    /// An amount a day: modalidades 1 and 5.
    AmountPerDay(Money),
    /// A percentage a day: modalidades 2 and 6.
    PercentPerDay(Percent),
    /// A percentage a month of 30 calendar or 21 business days: modalidades 3 and 7.
    PercentPerMonth(Percent),
    /// A percentage a year of 365 calendar or 252 business days: modalidades 4 and 8.
    PercentPerYear(Percent),
}

/// Rebate (`valor.abatimento`), whenever it is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rebate {
    /// An amount: modalidade 1.
    Fixed(Money),
    /// A percentage of the original: modalidade 2.
    Percent(Percent),
}

/// Discount (`valor.desconto`), for payment on time only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discount {
    /// Amounts, each up to and including a date: modalidade 1.
    FixedUntil(Vec<(NaiveDate, Money)>),
    /// Percentages of the original less the rebate, each up to a date: modalidade 2.
    PercentUntil(Vec<(NaiveDate, Percent)>),
    /// An amount for each day before the due date: modalidades 3 and 4.
    AmountPerDay {
        /// Which days are counted.
        basis: DayBasis,
        /// Taken off for each.
        amount: Money,
    },
    /// A percentage of the original less the rebate for each day before the due date:
    /// modalidades 5 and 6.
    PercentPerDay {
        /// Which days are counted.
        basis: DayBasis,
        /// Taken off for each.
        percent: Percent,
    },
}

impl Terms {
    /// The first business day on or after the due date; paying on it is on time
    /// (Lei 7.089/1983).
    #[must_use]
    pub fn adjusted_due(&self, calendar: &BankCalendar) -> NaiveDate {
        calendar.on_or_after(self.due_date)
    }

    /// The last day on which the charge can be paid: the validity counts calendar days from the
    /// adjusted due date, and its end moves to a business day as well.
    ///
    /// Source: API Pix 2.9.0, `validadeAposVencimento`, examples A to G.
    #[must_use]
    pub fn last_payable_day(&self, calendar: &BankCalendar) -> NaiveDate {
        let validity = Days::new(u64::from(self.validity_days));
        let end = self.adjusted_due(calendar).checked_add_days(validity);
        calendar.on_or_after(end.unwrap_or(NaiveDate::MAX))
    }
}

#[cfg(test)]
pub(crate) mod tests;
