//! The national bank calendar, as this bank reads it.
//!
//! Owns which days are business days and the civil date of an instant in São Paulo. Municipal and
//! state holidays are out of scope: `codMun` is accepted and ignored. Invariant: a date in, an
//! answer out; no clock.
//!
//! Sources: Res. CMN 4.880/2020 and the FEBRABAN list; Lei 14.759/2023 for November 20, a holiday
//! only since 2024. December 31 is a business day, as API Pix 2.9.0 counts it
//! (`CobDataDeVencimento`, example D).

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use chrono_tz::America::Sao_Paulo;

/// Fixed national holidays as (month, day).
const FIXED_HOLIDAYS: [(u32, u32); 8] =
    [(1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (12, 25)];

/// Movable holidays as days from Easter: Carnaval Monday and Tuesday, Good Friday, Corpus Christi.
const MOVABLE_HOLIDAYS: [i64; 4] = [-48, -47, -2, 60];

/// The first year November 20 is a national holiday.
const BLACK_AWARENESS_DAY_SINCE: i32 = 2024;

/// The civil date in São Paulo at `instant`.
pub(crate) fn civil_date(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&Sao_Paulo).date_naive()
}

pub(crate) fn is_business_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(day)
}

/// `day` itself, or the first business day after it.
pub(crate) fn on_or_after(day: NaiveDate) -> NaiveDate {
    let mut candidate = day;
    while !is_business_day(candidate) {
        candidate = candidate + Days::new(1);
    }
    candidate
}

/// Business days in (`after`, `until`]. Zero when `until` is not later.
pub(crate) fn business_days(after: NaiveDate, until: NaiveDate) -> i64 {
    let days = (until - after).num_days().max(0);
    let count = after.iter_days().skip(1).take(usize::try_from(days).unwrap_or(0));
    i64::try_from(count.filter(|day| is_business_day(*day)).count()).unwrap_or(i64::MAX)
}

fn is_holiday(day: NaiveDate) -> bool {
    let from_easter = (day - easter(day.year())).num_days();
    FIXED_HOLIDAYS.contains(&(day.month(), day.day()))
        || MOVABLE_HOLIDAYS.contains(&from_easter)
        || (day.year() >= BLACK_AWARENESS_DAY_SINCE && (day.month(), day.day()) == (11, 20))
}

/// Easter Sunday in the Gregorian calendar (the anonymous computus, Meeus 1991).
fn easter(year: i32) -> NaiveDate {
    let golden = year % 19;
    let (century, rest) = (year / 100, year % 100);
    let solar = (8 * century + 13) / 25;
    let epact = (19 * golden + century - century / 4 - solar + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let correction = (golden + 11 * epact + 22 * weekday) / 451;
    let position = epact + weekday - 7 * correction + 114;
    let month = u32::try_from(position / 31).unwrap_or(4);
    let day = u32::try_from(position % 31 + 1).unwrap_or(1);
    NaiveDate::from_ymd_opt(year, month, day).expect("the computus yields a March or April day")
}
