//! The amount due on a day, with its breakdown.
//!
//! Owns: the arithmetic of API Pix 2.9.0 CobV (spec text and the equations of the *Manual de
//! Padrões para Iniciação do Pix*). Does not own: whether terms make sense (see `violations`).
//! Invariant: each component is rounded once, after multiplying and a single division; the
//! total is their sum, is never negative, and no input panics.
//!
//! ```text
//!   issued        discount dates     due   adjusted due            last payable day
//!     |-------------|-----|-----------|-------|-----------------------|
//!     |<--------- on time: rebate, discount ->|<-- late: interest, fee ->
//! ```

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    DayBasis, Discount, Fine, FineTrigger, Interest, InterestFrom, InterestRate, Policy, Rebate,
    Terms,
};
use crate::calendar::BankCalendar;
use crate::money::{Money, Rounding};
use crate::percent::Percent;

/// Hundredths of a percent in the whole: `Percent::hundredths` over this is a fraction.
const WHOLE: i128 = 10_000;
/// Calendar days of the month of modalidade 3.
const MONTH_CALENDAR_DAYS: i128 = 30;
/// Business days of the month of modalidade 7.
const MONTH_BUSINESS_DAYS: i128 = 21;
/// Calendar days of the year of modalidade 4, leap years included.
const YEAR_CALENDAR_DAYS: i128 = 365;
/// Business days of the year of modalidade 8.
const YEAR_BUSINESS_DAYS: i128 = 252;

/// What is owed on a day, and why.
///
/// `total = original - rebate - discount + interest + fine`, as API Pix 2.9.0
/// `componentesValor` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountDue {
    /// The day of payment.
    pub on: NaiveDate,
    /// The agreed due date.
    pub due_date: NaiveDate,
    /// The last day on time.
    pub adjusted_due: NaiveDate,
    /// The amount before anything is added or taken off.
    pub original: Money,
    /// Taken off whenever it is paid.
    pub rebate: Money,
    /// Taken off for paying early.
    pub discount: Money,
    /// Added for each day late.
    pub interest: Money,
    /// Added once for being late.
    pub fine: Money,
    /// What is to be paid.
    pub total: Money,
    /// Calendar days after the adjusted due date.
    pub calendar_days_late: u32,
    /// Bank business days after the adjusted due date.
    pub business_days_late: u32,
    /// Whether a Pix charge can take it on that day: not after the last payable day, and an
    /// amount that API Pix can spell (0.01 to 9,999,999,999.99).
    pub payable: bool,
}

/// The components in centavos before they are fitted into [`Money`].
///
/// 128 bits hold every product exactly for any amount that `Money` and `Percent` can express
/// and any day up to the year 9999. Past that a product saturates at 128 bits, whose quotient
/// is still far above the range of `Money`, so it cannot pass for a real amount.
pub(super) struct Exact {
    original: i128,
    rebate: i128,
    discount: i128,
    interest: i128,
    fine: i128,
}

impl Exact {
    /// What is to be paid, in centavos; never negative.
    pub(super) fn total(&self) -> i128 {
        let added = self.interest.saturating_add(self.fine);
        (self.original - self.rebate - self.discount).max(0).saturating_add(added)
    }
}

/// How late a payment is.
struct Lateness {
    adjusted_due: NaiveDate,
    calendar_days: u32,
    business_days: u32,
}

impl Terms {
    /// What is owed if it is paid on `on`, on or off the books: a day before the issue and a day
    /// after the last payable one have an amount too.
    ///
    /// For terms without violations every amount up to the year 9999 is exact. For others it
    /// does not panic: reductions stop at the original, and a component that [`Money`] cannot
    /// hold is cut to its limit and the result is not `payable`.
    #[must_use]
    pub fn amount_due(&self, on: NaiveDate, calendar: &BankCalendar, policy: &Policy) -> AmountDue {
        let late = self.lateness(on, calendar);
        let exact = self.exact(on, calendar, policy, &late);
        let total = fitted(exact.total());
        let in_time = on <= self.last_payable_day(calendar);
        AmountDue {
            on,
            due_date: self.due_date,
            adjusted_due: late.adjusted_due,
            original: self.original,
            rebate: fitted(exact.rebate),
            discount: fitted(exact.discount),
            interest: fitted(exact.interest),
            fine: fitted(exact.fine),
            total,
            calendar_days_late: late.calendar_days,
            business_days_late: late.business_days,
            payable: in_time && total.is_positive() && total <= Money::MAX_API_PIX,
        }
    }

    /// The amount less the agreed rebate, which does not depend on the day.
    pub(crate) fn net(&self, policy: &Policy) -> Money {
        let original = i128::from(self.original.centavos()).max(0);
        let rebate = self.rebate.as_ref().map_or(0, |r| r.on(original, policy.rounding));
        fitted(original - rebate.clamp(0, original))
    }

    /// The components without the limit of [`Money`], to judge terms by.
    pub(super) fn exact_due(&self, on: NaiveDate, cal: &BankCalendar, policy: &Policy) -> Exact {
        self.exact(on, cal, policy, &self.lateness(on, cal))
    }

    fn lateness(&self, on: NaiveDate, calendar: &BankCalendar) -> Lateness {
        let adjusted_due = self.adjusted_due(calendar);
        Lateness {
            adjusted_due,
            calendar_days: days_between(adjusted_due, on),
            business_days: calendar.business_days_between(adjusted_due, on),
        }
    }

    fn exact(
        &self,
        on: NaiveDate,
        calendar: &BankCalendar,
        policy: &Policy,
        late: &Lateness,
    ) -> Exact {
        let original = i128::from(self.original.centavos()).max(0);
        let rebate = self.rebate.as_ref().map_or(0, |r| r.on(original, policy.rounding));
        let rebate = rebate.clamp(0, original);
        let base = original - rebate;
        let mut exact = Exact { original, rebate, discount: 0, interest: 0, fine: 0 };
        if late.calendar_days == 0 {
            let discount = self.discount.as_ref().map_or(0, |discount| {
                discount.on(base, on, late.adjusted_due, calendar, policy.rounding)
            });
            exact.discount = discount.clamp(0, base);
            return exact;
        }
        if let Some(interest) = &self.interest {
            let from = match policy.interest_from {
                InterestFrom::AdjustedDue => late.adjusted_due,
                InterestFrom::OriginalDue => self.due_date,
            };
            let days = interest.basis.days(from, on, calendar);
            exact.interest = interest.on(base, days, policy.rounding).max(0);
        }
        let fined = match policy.fine_trigger {
            FineTrigger::BusinessDay => late.business_days > 0,
            FineTrigger::CalendarDay => true,
        };
        if let (Some(fine), true) = (&self.fine, fined) {
            exact.fine = fine.on(base, policy.rounding).max(0);
        }
        exact
    }
}

impl Fine {
    fn on(&self, base: i128, rounding: Rounding) -> i128 {
        match self {
            Self::Fixed(amount) => i128::from(amount.centavos()),
            Self::Percent(percent) => share(base, *percent, 1, 1, rounding),
        }
    }
}

impl Rebate {
    fn on(&self, original: i128, rounding: Rounding) -> i128 {
        match self {
            Self::Fixed(amount) => i128::from(amount.centavos()),
            Self::Percent(percent) => share(original, *percent, 1, 1, rounding),
        }
    }
}

impl Interest {
    /// What one counted day costs, rounded: for a charge that carries interest as an amount a day.
    pub(super) fn amount_of_one_day(&self, base: Money, rounding: Rounding) -> Money {
        let base = i128::from(base.centavos()).max(0);
        fitted(self.on(base, 1, rounding))
    }

    /// `base x (rate / 100 / period) x days`, with the division last.
    fn on(&self, base: i128, days: u32, rounding: Rounding) -> i128 {
        let days = i128::from(days);
        let (month, year) = match self.basis {
            DayBasis::Calendar => (MONTH_CALENDAR_DAYS, YEAR_CALENDAR_DAYS),
            DayBasis::Business => (MONTH_BUSINESS_DAYS, YEAR_BUSINESS_DAYS),
        };
        match &self.rate {
            InterestRate::AmountPerDay(amount) => i128::from(amount.centavos()) * days,
            InterestRate::PercentPerDay(percent) => share(base, *percent, days, 1, rounding),
            InterestRate::PercentPerMonth(percent) => share(base, *percent, days, month, rounding),
            InterestRate::PercentPerYear(percent) => share(base, *percent, days, year, rounding),
        }
    }
}

impl Discount {
    /// Days of anticipation count to the adjusted due date: every field that refers to the due
    /// date takes the extension (API Pix 2.9.0, `CobDataDeVencimento`).
    fn on(
        &self,
        base: i128,
        on: NaiveDate,
        adjusted_due: NaiveDate,
        calendar: &BankCalendar,
        rounding: Rounding,
    ) -> i128 {
        match self {
            Self::FixedUntil(steps) => {
                current_step(steps, on).map_or(0, |amount| i128::from(amount.centavos()))
            }
            Self::PercentUntil(steps) => {
                current_step(steps, on).map_or(0, |percent| share(base, percent, 1, 1, rounding))
            }
            Self::AmountPerDay { basis, amount } => {
                let days = basis.days(on, adjusted_due, calendar);
                i128::from(amount.centavos()) * i128::from(days)
            }
            Self::PercentPerDay { basis, percent } => {
                let days = basis.days(on, adjusted_due, calendar);
                share(base, *percent, i128::from(days), 1, rounding)
            }
        }
    }
}

impl DayBasis {
    /// Days of this kind later than `after` and no later than `until`.
    fn days(self, after: NaiveDate, until: NaiveDate, calendar: &BankCalendar) -> u32 {
        match self {
            Self::Calendar => days_between(after, until),
            Self::Business => calendar.business_days_between(after, until),
        }
    }
}

/// The step with the earliest date that is not before `on`, in whatever order they are given.
fn current_step<T: Copy>(steps: &[(NaiveDate, T)], on: NaiveDate) -> Option<T> {
    let open = steps.iter().filter(|(until, _)| *until >= on);
    open.min_by_key(|(until, _)| *until).map(|(_, value)| *value)
}

/// `base x percent x days / period`, rounded once at the end.
fn share(base: i128, percent: Percent, days: i128, period: i128, rounding: Rounding) -> i128 {
    let product = base.saturating_mul(i128::from(percent.hundredths())).saturating_mul(days);
    rounding.divide(product, WHOLE * period)
}

/// Calendar days later than `after` and no later than `until`.
fn days_between(after: NaiveDate, until: NaiveDate) -> u32 {
    u32::try_from((until - after).num_days()).unwrap_or(0)
}

fn fitted(centavos: i128) -> Money {
    Money::from_centavos(i64::try_from(centavos).unwrap_or(i64::MAX))
}
