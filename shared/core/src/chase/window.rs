//! The hours in which a payer may be written to.
//!
//! Source: practice under CDC art. 42 and 71 and state laws on quiet hours (SP 15.426/2014): 08-20
//! on weekdays, 08-14 on Saturdays, never on Sundays and holidays.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::calendar::BankCalendar;
use crate::zone;

/// Days looked ahead for an open window. No run of Sundays and holidays is this long.
const DAYS_AHEAD_MAX: usize = 30;

/// Opening hours for messages, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendWindow {
    pub opens: NaiveTime,
    pub closes_weekdays: NaiveTime,
    /// `None` where nothing goes out on a Saturday, as RJ 7.868/2018 and ES 10.626/2017 have it.
    pub closes_saturdays: Option<NaiveTime>,
}

impl Default for SendWindow {
    fn default() -> Self {
        let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a whole hour is a time");
        Self { opens: at(8), closes_weekdays: at(20), closes_saturdays: Some(at(14)) }
    }
}

impl SendWindow {
    /// `at` itself when it lies in the window, else the next opening.
    pub fn next_allowed(&self, at: DateTime<Utc>, cal: &BankCalendar, zone: Tz) -> DateTime<Utc> {
        let first = zone::civil_date(at, zone);
        let openings = first.iter_days().take(DAYS_AHEAD_MAX).filter_map(|day| {
            let closes = self.closes(day, cal)?;
            let opens = zone::instant_at(day, self.opens, zone);
            let closes = zone::instant_at(day, closes, zone);
            (at < closes).then_some(at.max(opens))
        });
        openings.into_iter().next().unwrap_or(at)
    }

    fn closes(&self, day: NaiveDate, cal: &BankCalendar) -> Option<NaiveTime> {
        match day.weekday() {
            Weekday::Sun => None,
            // A Saturday is never a bank day; what counts is whether it is a holiday as well.
            Weekday::Sat => self.closes_saturdays.filter(|_| !cal.is_holiday(day)),
            _ => cal.is_business_day(day).then_some(self.closes_weekdays),
        }
    }
}
