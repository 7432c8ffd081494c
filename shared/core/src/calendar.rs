//! Bank business days in Brazil.
//!
//! Owns: national bank holidays of [`SUPPORTED_YEARS`], each from the year its law took effect,
//! and the arithmetic of business days. Does not own: time zones, or which municipal and state
//! holidays a payer has (they are given as `extra_holidays`).
//! Invariant: pure and total; past the supported years only weekends and extra days count.
//!
//! Source: Res. CMN 4.880/2020 and the FEBRABAN list. Ash Wednesday is a business day.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{Datelike, Duration, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

/// Years whose bank holidays are known here.
pub const SUPPORTED_YEARS: RangeInclusive<i32> = 1970..=2199;

/// A holiday on the same day each year: month, day, first year it was kept, name.
struct Fixed(u32, u32, i32, &'static str);

/// A year before [`SUPPORTED_YEARS`], for holidays whose law is older.
const OLDER: i32 = 1949;

/// National holidays with a fixed date. Their laws: 662/1949 (with 10.607/2002), 1.266/1950 (21
/// April), 6.802/1980 (12 October), 14.759/2023 (20 November).
const FIXED: [Fixed; 9] = [
    Fixed(1, 1, OLDER, "Confraternização Universal"),
    Fixed(4, 21, 1951, "Tiradentes"),
    Fixed(5, 1, OLDER, "Dia do Trabalho"),
    Fixed(9, 7, OLDER, "Independência do Brasil"),
    Fixed(10, 12, 1980, "Nossa Senhora Aparecida"),
    Fixed(11, 2, OLDER, "Finados"),
    Fixed(11, 15, OLDER, "Proclamação da República"),
    Fixed(11, 20, 2024, "Dia Nacional de Zumbi e da Consciência Negra"),
    Fixed(12, 25, OLDER, "Natal"),
];

/// Bank holidays that move with Easter, in days from it (Res. CMN 4.880/2020).
const MOVABLE: [(i64, &str); 4] =
    [(-48, "Carnaval"), (-47, "Carnaval"), (-2, "Sexta-feira da Paixão"), (60, "Corpus Christi")];

/// Name of 31 December where banks do not open.
const YEAR_END: &str = "Último dia do ano, sem expediente bancário";
/// Name of a day given in `extra_holidays`.
const LOCAL: &str = "Feriado local";

/// Which days are bank business days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankCalendar {
    /// Whether 31 December counts as a business day.
    ///
    /// API Pix 2.9.0 counts 2020-12-31 as one (default); boletos due that day move to the next
    /// business day (FEBRABAN).
    pub dec31_is_business: bool,
    /// Municipal, state or one-off bank holidays besides the national ones.
    pub extra_holidays: BTreeSet<NaiveDate>,
}

/// National holidays only, with 31 December as a business day, as API Pix has it.
impl Default for BankCalendar {
    fn default() -> Self {
        Self { dec31_is_business: true, extra_holidays: BTreeSet::new() }
    }
}

impl BankCalendar {
    /// Whether banks clear on `day`: neither weekend nor holiday.
    #[must_use]
    pub fn is_business_day(&self, day: NaiveDate) -> bool {
        !is_weekend(day) && !self.is_holiday(day)
    }

    /// `day` itself if it is a business day, else the next one (Lei 7.089/1983: what falls due
    /// on another day may be paid then without charge).
    #[must_use]
    pub fn on_or_after(&self, day: NaiveDate) -> NaiveDate {
        let mut candidate = day;
        // Each turn consumes one weekend day or holiday, so the loop ends with the run of them.
        while !self.is_business_day(candidate) {
            let Some(next) = candidate.succ_opt() else { return candidate };
            candidate = next;
        }
        candidate
    }

    /// The `count`-th business day after `day`; for 0, the first one on or after it.
    #[must_use]
    pub fn add_business_days(&self, day: NaiveDate, count: u16) -> NaiveDate {
        if count == 0 {
            return self.on_or_after(day);
        }
        (0..count).fold(day, |last, _| match last.succ_opt() {
            Some(next) => self.on_or_after(next),
            None => last,
        })
    }

    /// The `offset`-th business day after `day`, or before it when negative; for 0, as
    /// [`Self::add_business_days`].
    #[must_use]
    pub fn move_business_days(&self, day: NaiveDate, offset: i16) -> NaiveDate {
        if offset >= 0 {
            return self.add_business_days(day, offset.unsigned_abs());
        }
        let mut candidate = day;
        let mut left = offset.unsigned_abs();
        while left > 0 {
            let Some(earlier) = candidate.pred_opt() else { return candidate };
            candidate = earlier;
            left -= u16::from(self.is_business_day(candidate));
        }
        candidate
    }

    /// Business days later than `after` and no later than `until`; 0 when there are none.
    ///
    /// The cost follows the number of supported years in between, not of days.
    #[must_use]
    pub fn business_days_between(&self, after: NaiveDate, until: NaiveDate) -> u32 {
        if until <= after {
            return 0;
        }
        let inside = |day: &NaiveDate| after < *day && *day <= until && !is_weekend(*day);
        let first_year = after.year().max(*SUPPORTED_YEARS.start());
        let last_year = until.year().min(*SUPPORTED_YEARS.end());
        let known: usize = (first_year..=last_year)
            .map(|year| self.known_holidays(year).keys().filter(|day| inside(day)).count())
            .sum();
        let extra = self
            .extra_holidays
            .range(after..=until)
            .filter(|day| inside(day) && !self.is_known_holiday(**day))
            .count();
        let closed = i64::try_from(known + extra).expect("a count of days fits");
        let open = workdays_until(until) - workdays_until(after) - closed;
        u32::try_from(open).expect("closed days are distinct workdays of the range")
    }

    /// The days of `year` on which banks do not clear for a reason other than the weekend, in
    /// order, with their Portuguese names. Empty outside [`SUPPORTED_YEARS`], save extra days.
    #[must_use]
    pub fn holidays(&self, year: i32) -> Vec<(NaiveDate, &'static str)> {
        let mut days = self.known_holidays(year);
        for day in self.extra_holidays.iter().filter(|day| day.year() == year) {
            days.entry(*day).or_insert(LOCAL);
        }
        days.into_iter().collect()
    }

    /// Whether `day` is closed for a reason other than the weekend.
    #[must_use]
    pub fn is_holiday(&self, day: NaiveDate) -> bool {
        self.is_known_holiday(day) || self.extra_holidays.contains(&day)
    }

    fn is_known_holiday(&self, day: NaiveDate) -> bool {
        let year = day.year();
        if !SUPPORTED_YEARS.contains(&year) {
            return false;
        }
        let fixed = |holiday: &Fixed| {
            (holiday.0, holiday.1) == (day.month(), day.day()) && year >= holiday.2
        };
        let year_end = !self.dec31_is_business && (day.month(), day.day()) == (12, 31);
        let from_easter = easter(year).map(|sunday| (day - sunday).num_days());
        let movable = MOVABLE.iter().any(|(offset, _)| Some(*offset) == from_easter);
        year_end || movable || FIXED.iter().any(fixed)
    }

    /// National holidays of one year; a day with two names keeps the fixed one.
    fn known_holidays(&self, year: i32) -> BTreeMap<NaiveDate, &'static str> {
        let mut days = BTreeMap::new();
        let Some(sunday) = easter(year) else { return days };
        for (offset, name) in MOVABLE {
            days.insert(sunday + Duration::days(offset), name);
        }
        for Fixed(month, day, since, name) in FIXED {
            if let Some(date) = NaiveDate::from_ymd_opt(year, month, day).filter(|_| year >= since)
            {
                days.insert(date, name);
            }
        }
        if let Some(last) = NaiveDate::from_ymd_opt(year, 12, 31)
            && !self.dec31_is_business
        {
            days.insert(last, YEAR_END);
        }
        days
    }
}

/// Easter Sunday of a supported year, by the Gregorian computus; `None` for other years.
#[must_use]
pub fn easter(year: i32) -> Option<NaiveDate> {
    if !SUPPORTED_YEARS.contains(&year) {
        return None;
    }
    // Meeus, Jones and Butcher; the letters of the published algorithm, spelled out.
    let golden = year % 19;
    let (century, in_century) = (year / 100, year % 100);
    let moon_shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    let late_moon = (golden + 11 * epact + 22 * to_sunday) / 451;
    let from_march = epact + to_sunday - 7 * late_moon + 114;
    let month = u32::try_from(from_march / 31).ok()?;
    let day = u32::try_from(from_march % 31 + 1).ok()?;
    NaiveDate::from_ymd_opt(year, month, day)
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Mondays to Fridays from 0001-01-01, a Monday, up to and including `day`.
fn workdays_until(day: NaiveDate) -> i64 {
    let days = i64::from(day.num_days_from_ce());
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}

#[cfg(test)]
mod tests;
