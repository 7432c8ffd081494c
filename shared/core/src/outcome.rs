//! What a step of a rule brought: paid within a week of it, against invoices that were left alone.
//!
//! Owns when a step counts as followed by payment, and the sums. Does not own which steps are looked
//! at. No share is rounded here: counts are handed out.

mod first_touch;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::chase::{RuleName, StepOutcome};
use crate::invoice::{Instalment, Invoice};
use crate::money::{Money, Rounding};

pub use first_touch::{Touched, Work, WorkFact, first_touches};

/// Days in which a payment counts as following a step.
pub const FOLLOWS_WITHIN_DAYS: i64 = 7;
/// Fewer cases than this say nothing about a step; whoever shows them says so.
pub const CASES_MIN: u32 = 30;

/// A step that was done, or left out on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    pub instalment: u16,
    pub rule: Option<RuleName>,
    pub rule_version: u32,
    pub step: String,
    pub arm: Arm,
    pub at: DateTime<Utc>,
}

/// Whether the payer was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arm {
    Sent,
    HeldOut,
}

impl Arm {
    /// The arm of an outcome; `None` for what is no part of the comparison.
    pub fn of(outcome: StepOutcome) -> Option<Self> {
        match outcome {
            StepOutcome::Sent => Some(Self::Sent),
            StepOutcome::HeldOut => Some(Self::HeldOut),
            StepOutcome::Covered
            | StepOutcome::Failed
            | StepOutcome::Done
            | StepOutcome::TooFirm => None,
        }
    }
}

/// What followed a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// The instalment was closed by money within the days.
    Paid {
        amount: Money,
    },
    NotPaid,
    /// The days are not over and it is not paid.
    TooSoon,
}

/// What followed a touch of the invoice, as it is known at `now`.
pub fn followed(touch: &Touch, invoice: &Invoice, now: DateTime<Utc>) -> Followed {
    let until = touch.at + TimeDelta::days(FOLLOWS_WITHIN_DAYS);
    let Some(instalment) = invoice.instalment(touch.instalment) else { return Followed::NotPaid };
    let closed = paid_at(instalment).is_some_and(|at| at > touch.at && at <= until);
    if closed {
        let since = instalment.payments.iter().filter(|it| it.paid_at > touch.at);
        Followed::Paid { amount: since.map(crate::invoice::Matched::kept).sum() }
    } else if now < until && !instalment.is_settled() {
        Followed::TooSoon
    } else {
        Followed::NotPaid
    }
}

/// When money closed the instalment; `None` while it is owed, or where no money closed it.
pub(crate) fn paid_at(instalment: &Instalment) -> Option<DateTime<Utc>> {
    let kept = instalment.payments.iter().filter(|it| it.kept().is_positive());
    kept.map(|it| it.paid_at).max().filter(|_| instalment.is_settled())
}

/// Days from the adjusted due date to the payment that closed an instalment; negative when early.
pub fn days_beyond_terms(instalment: &Instalment, invoice: &Invoice) -> Option<i64> {
    let paid = invoice.civil_date(paid_at(instalment)?);
    Some((paid - instalment.terms.adjusted_due(&invoice.calendar())).num_days())
}

/// `sum / count` in whole days, a half away from zero; `None` of nothing.
pub(crate) fn average_days(sum: i64, count: u32) -> Option<i64> {
    let average = Rounding::HalfUp.divide(sum.into(), count.into());
    i64::try_from(average).ok().filter(|_| count > 0)
}

/// Touches of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Touches whose days are over, or that were paid.
    pub cases: u32,
    pub paid: u32,
    pub amount: Money,
    pub too_soon: u32,
}

impl Tally {
    pub fn count(&mut self, followed: Followed) {
        match followed {
            Followed::Paid { amount } => {
                self.cases += 1;
                self.paid += 1;
                self.amount += amount;
            }
            Followed::NotPaid => self.cases += 1,
            Followed::TooSoon => self.too_soon += 1,
        }
    }

    /// Share of the cases that were paid, in hundredths of a percent, rounded down.
    pub fn paid_share(&self) -> Option<u32> {
        (self.cases > 0).then(|| (u64::from(self.paid) * 10_000 / u64::from(self.cases)) as u32)
    }

    pub fn says_something(&self) -> bool {
        self.cases >= CASES_MIN
    }
}

/// A step beside those that were held out of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Comparison {
    pub sent: Tally,
    pub held_out: Tally,
}

impl Comparison {
    pub fn count(&mut self, arm: Arm, followed: Followed) {
        match arm {
            Arm::Sent => self.sent.count(followed),
            Arm::HeldOut => self.held_out.count(followed),
        }
    }

    /// What the step brought beyond no step, in hundredths of a percent of the cases; `None` while
    /// either side says nothing.
    pub fn brought(&self) -> Option<i64> {
        let both = self.sent.says_something() && self.held_out.says_something();
        let share = |tally: &Tally| tally.paid_share().map(i64::from);
        Some(share(&self.sent)? - share(&self.held_out)?).filter(|_| both)
    }
}

/// Comparisons by what they are of.
pub type Comparisons<K> = BTreeMap<K, Comparison>;

#[cfg(test)]
mod tests;
