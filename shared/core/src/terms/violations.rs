//! What is wrong with terms.
//!
//! Owns: every rule that terms must keep before a charge is issued, all reported at once.
//! Does not own: arithmetic (see `amount_due`), or rules of an invoice as a whole.
//! Invariant: terms without violations cost 0.01 to 9,999,999,999.99 on every day from the issue
//! to the last payable one.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::{Discount, Fine, InterestRate, Policy, Rebate, Terms};
use crate::calendar::{BankCalendar, SUPPORTED_YEARS};
use crate::money::Money;
use crate::percent::Percent;
use crate::violation::Violation;

/// Discount steps that API Pix takes (`descontoDataFixa`).
pub const DISCOUNT_STEPS_MAX: usize = 3;
/// Longest validity after the due date: five years, when a liquid debt lapses (Código Civil,
/// art. 206 par. 5 I).
pub const PAYABLE_DAYS_MAX: u16 = 5 * 366;
/// Highest percentage for being late: a penalty may not exceed the principal (Código Civil,
/// art. 412), and no interest period costs more than the debt itself.
const LATE_PERCENT_MAX: Percent = Percent::WHOLE;

/// Reason for a value that means nothing at zero (and is negative only by a bug).
const NOT_ZERO: &str = "use 0.01 or more, or leave it out";

/// Collects faults; each check adds its own.
struct Check<'a> {
    terms: &'a Terms,
    issued_on: NaiveDate,
    calendar: &'a BankCalendar,
    policy: &'a Policy,
    faults: Vec<Violation>,
}

impl Terms {
    /// Every fault of these terms for an issue on `issued_on`, with property paths as in
    /// requests (`late_fee.value`, `discount.until[0].date`). Empty when there is none.
    #[must_use]
    pub fn violations(
        &self,
        issued_on: NaiveDate,
        calendar: &BankCalendar,
        policy: &Policy,
    ) -> Vec<Violation> {
        let mut check = Check { terms: self, issued_on, calendar, policy, faults: Vec::new() };
        check.amount();
        check.dates();
        check.fine();
        check.interest();
        check.rebate();
        check.discount();
        // Totals say something only once each part makes sense by itself.
        if check.faults.is_empty() {
            check.smallest_total();
            check.largest_total();
        }
        check.faults
    }
}

impl Check<'_> {
    fn fault(&mut self, property: impl Into<String>, reason: impl Into<String>) {
        self.faults.push(Violation::new(property, reason));
    }

    fn amount(&mut self) {
        if !self.terms.original.is_positive() {
            self.fault("amount", "use an amount of 0.01 or more");
        } else if self.terms.original > Money::MAX_API_PIX {
            self.fault("amount", format!("use at most {}", Money::MAX_API_PIX));
        }
    }

    fn dates(&mut self) {
        let (first, last) = (SUPPORTED_YEARS.start(), SUPPORTED_YEARS.end());
        let known = |day: NaiveDate| SUPPORTED_YEARS.contains(&day.year());
        if self.terms.due_date < self.issued_on {
            let reason = format!("use the issue date, {}, or a later one", self.issued_on);
            self.fault("due_date", reason);
        } else if !known(self.terms.due_date) {
            self.fault("due_date", format!("use a date of the years {first} to {last}"));
        } else if self.terms.validity_days > PAYABLE_DAYS_MAX {
            self.fault("payable_days_after_due", format!("use 0 to {PAYABLE_DAYS_MAX} days"));
        } else if !known(self.terms.last_payable_day(self.calendar)) {
            let reason = format!("use fewer days, so that the last one is not past {last}");
            self.fault("payable_days_after_due", reason);
        }
    }

    fn fine(&mut self) {
        match &self.terms.fine {
            Some(Fine::Fixed(amount)) if !amount.is_positive() => {
                self.fault("late_fee.value", NOT_ZERO);
            }
            // Código Civil, art. 412.
            Some(Fine::Fixed(amount)) if *amount > self.terms.original => {
                self.fault("late_fee.value", "use no more than the amount of the invoice");
            }
            Some(Fine::Percent(percent)) => self.late_percent("late_fee.value", *percent),
            Some(Fine::Fixed(_)) | None => {}
        }
    }

    fn interest(&mut self) {
        match self.terms.interest.as_ref().map(|interest| &interest.rate) {
            Some(InterestRate::AmountPerDay(amount)) if !amount.is_positive() => {
                self.fault("interest.value", NOT_ZERO);
            }
            Some(InterestRate::AmountPerDay(amount)) if *amount > self.terms.original => {
                self.fault("interest.value", "use no more a day than the amount of the invoice");
            }
            Some(
                InterestRate::PercentPerDay(percent)
                | InterestRate::PercentPerMonth(percent)
                | InterestRate::PercentPerYear(percent),
            ) => self.late_percent("interest.value", *percent),
            Some(InterestRate::AmountPerDay(_)) | None => {}
        }
    }

    fn late_percent(&mut self, property: &str, percent: Percent) {
        if percent.is_zero() {
            self.fault(property, NOT_ZERO);
        } else if percent > LATE_PERCENT_MAX {
            self.fault(property, format!("use a percentage of 0.01 to {LATE_PERCENT_MAX}"));
        }
    }

    fn rebate(&mut self) {
        match self.terms.rebate {
            Some(Rebate::Fixed(amount)) => self.reduction("rebate.value", amount),
            Some(Rebate::Percent(percent)) => self.reduction_percent("rebate.value", percent),
            None => {}
        }
    }

    fn discount(&mut self) {
        match &self.terms.discount {
            Some(Discount::FixedUntil(steps)) => {
                self.steps(steps);
                for (index, (_, amount)) in steps.iter().enumerate() {
                    self.reduction(&format!("discount.until[{index}].value"), *amount);
                }
            }
            Some(Discount::PercentUntil(steps)) => {
                self.steps(steps);
                for (index, (_, percent)) in steps.iter().enumerate() {
                    self.reduction_percent(&format!("discount.until[{index}].value"), *percent);
                }
            }
            Some(Discount::AmountPerDay { amount, .. }) => {
                self.reduction("discount.value", *amount);
            }
            Some(Discount::PercentPerDay { percent, .. }) => {
                self.reduction_percent("discount.value", *percent);
            }
            None => {}
        }
    }

    /// The dates of discount steps: 1 to 3, all different, none after the due date (equal to it
    /// is allowed since API Pix 2.6.3).
    fn steps<T>(&mut self, steps: &[(NaiveDate, T)]) {
        if steps.is_empty() || steps.len() > DISCOUNT_STEPS_MAX {
            self.fault("discount.until", format!("use 1 to {DISCOUNT_STEPS_MAX} dates"));
        }
        let mut seen = BTreeSet::new();
        for (index, (until, _)) in steps.iter().enumerate() {
            if *until > self.terms.due_date {
                let reason = "use the due date or an earlier one";
                self.fault(format!("discount.until[{index}].date"), reason);
            }
            if !seen.insert(*until) {
                let reason = "use each date once";
                self.fault(format!("discount.until[{index}].date"), reason);
            }
        }
    }

    fn reduction(&mut self, property: &str, amount: Money) {
        if !amount.is_positive() {
            self.fault(property, NOT_ZERO);
        } else if amount >= self.terms.original {
            self.fault(property, "use less than the amount of the invoice");
        }
    }

    fn reduction_percent(&mut self, property: &str, percent: Percent) {
        if percent.is_zero() {
            self.fault(property, NOT_ZERO);
        } else if percent >= Percent::WHOLE {
            self.fault(property, "use a percentage of 0.01 to 99.99");
        }
    }

    /// Whenever it is paid, something must be left to pay.
    ///
    /// A discount by day is largest on the day of issue, the longest anticipation
    /// (bacen/pix-api #408); one by date can be largest on any of its dates.
    fn smallest_total(&mut self) {
        let dates: Vec<NaiveDate> = match &self.terms.discount {
            Some(Discount::FixedUntil(steps)) => steps.iter().map(|step| step.0).collect(),
            Some(Discount::PercentUntil(steps)) => steps.iter().map(|step| step.0).collect(),
            Some(Discount::AmountPerDay { .. } | Discount::PercentPerDay { .. }) | None => vec![],
        };
        let total = |day| self.terms.exact_due(day, self.calendar, self.policy).total();
        let days = dates.into_iter().filter(|day| *day > self.issued_on);
        let Some(day) = days.chain([self.issued_on]).find(|day| total(*day) <= 0) else { return };
        let property = match self.terms.discount {
            None => "rebate.value",
            Some(Discount::FixedUntil(_) | Discount::PercentUntil(_)) => "discount.until",
            Some(Discount::AmountPerDay { .. } | Discount::PercentPerDay { .. }) => {
                "discount.value"
            }
        };
        let reason = format!("use less: paid on {day}, nothing would be left to pay");
        self.fault(property, reason);
    }

    /// Paid as late as it can be, the total must still be one that API Pix can spell.
    fn largest_total(&mut self) {
        let last = self.terms.last_payable_day(self.calendar);
        let due = self.terms.exact_due(last, self.calendar, self.policy);
        if due.total() > i128::from(Money::MAX_API_PIX.centavos()) {
            let most = Money::MAX_API_PIX;
            let reason = format!("use less: paid on {last}, the total would be more than {most}");
            self.fault("amount", reason);
        }
    }
}

#[cfg(test)]
mod tests;
