//! Due dates of instalments.
//!
//! Owns: the monthly series. Does not own: amounts (see [`crate::money::Money::split`]) or
//! bank business days (see `calendar`).
//! Invariant: a series keeps the day of its first date and never drifts to a shorter month's.

use chrono::{Months, NaiveDate};

/// `count` due dates, one a month, starting at `first`.
///
/// Each is reckoned from `first`, so a series from 31 January is 28 or 29 February, 31 March, 30
/// April. The series stops early only at the end of the calendar's range (year 262142).
#[must_use]
pub fn monthly_series(first: NaiveDate, count: u16) -> Vec<NaiveDate> {
    (0..u32::from(count)).map_while(|month| first.checked_add_months(Months::new(month))).collect()
}

#[cfg(test)]
mod tests;
