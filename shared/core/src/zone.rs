//! From instants to civil dates and back.
//!
//! Owns: the two conversions and the default zone. Does not own: the clock (`now` is always an
//! argument) or which zone a merchant has.
//! Invariant: total; summer time gaps, repeated hours and the ends of time give an answer.

use chrono::{
    DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc,
};
use chrono_tz::Tz;

/// The zone in which API Pix due dates are cut: UTC-3, with summer time up to 2019-02-17
/// (abolished by Decreto 9.772/2019).
pub const SAO_PAULO: Tz = chrono_tz::America::Sao_Paulo;

/// Longest gap that is searched for its end: a zone may skip a whole day, plus an hour.
const GAP_MINUTES_MAX: i64 = 25 * 60;

/// The calendar date at `instant` in `zone`.
///
/// A Pix at 2026-03-11T01:30:00Z belongs to 2026-03-10 in São Paulo.
#[must_use]
pub fn civil_date(instant: DateTime<Utc>, zone: Tz) -> NaiveDate {
    let utc = instant.naive_utc();
    let offset = zone.offset_from_utc_datetime(&utc).fix();
    utc.checked_add_offset(offset).unwrap_or(utc).date()
}

/// The instant at which clocks in `zone` show `time` on `date`.
///
/// In a gap (clocks went forward over it) it is the first valid instant after the gap; when
/// clocks show it twice, it is the first of the two.
#[must_use]
pub fn instant_at(date: NaiveDate, time: NaiveTime, zone: Tz) -> DateTime<Utc> {
    let wanted = date.and_time(time);
    valid_instant(wanted, zone)
        .or_else(|| {
            let whole_minute = wanted - Duration::seconds(seconds_past_the_minute(time));
            (1..=GAP_MINUTES_MAX)
                .map_while(|minutes| whole_minute.checked_add_signed(Duration::minutes(minutes)))
                .find_map(|later| valid_instant(later, zone))
        })
        .unwrap_or_else(|| wanted.and_utc())
}

fn valid_instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.offset_from_local_datetime(&local) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => {
            local.checked_sub_offset(offset.fix()).map(|utc| utc.and_utc())
        }
        LocalResult::None => None,
    }
}

fn seconds_past_the_minute(time: NaiveTime) -> i64 {
    i64::from(chrono::Timelike::second(&time))
}

#[cfg(test)]
mod tests;
