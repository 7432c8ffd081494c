//! The day of an OFX date.
//!
//! Owns: the forms of `DTPOSTED` and the day they mean in Brazil. Does not own which years are
//! plausible.
//! Invariant: a date without a time is the day it says, whatever zone stands behind it.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

/// Brasília is three hours behind UTC, and has had no summer time since 2019 (Decreto 9.772/2019).
/// Banks book by it in all states.
const BRASILIA_MINUTES: i64 = -3 * 60;
/// Offsets of zones that exist, in minutes.
const OFFSET_MINUTES: std::ops::RangeInclusive<i64> = -12 * 60..=14 * 60;

/// The day in Brasília of `YYYYMMDD[HHMM[SS[.XXX]]][ [offset[:name]] ]`; `None` for anything else.
///
/// A time without a zone is Brasília's, as banks mean it, although OFX 1.6 says GMT. So is midnight
/// in any zone: it is how software writes a day without a time.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let (stamp, zone) = match text.trim().split_once('[') {
        Some((stamp, zone)) => (stamp.trim(), Some(zone.trim_end_matches(']'))),
        None => (text.trim(), None),
    };
    let (digits, thousandths) = stamp.split_once('.').unwrap_or((stamp, ""));
    let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits_only(digits) || !digits_only(thousandths) || digits.len() < 8 {
        return None;
    }
    let number = |from: usize| digits.get(from..from + 2).map_or(Some(0), |part| part.parse().ok());
    let year = digits[..4].parse().ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(4)?, number(6)?)?;
    if ![8, 10, 12, 14].contains(&digits.len()) {
        return None;
    }
    let time = NaiveTime::from_hms_opt(number(8)?, number(10)?, number(12)?)?;
    let offset = zone.map_or(Some(BRASILIA_MINUTES), offset_minutes)?;
    if time == NaiveTime::MIN {
        return Some(day);
    }
    let local =
        day.and_time(time) - TimeDelta::minutes(offset) + TimeDelta::minutes(BRASILIA_MINUTES);
    Some(local.date())
}

/// Minutes east of Greenwich of `-3`, `-03:BRT`, `-3.50:X`, `-0330`; a name alone is Brasília.
fn offset_minutes(zone: &str) -> Option<i64> {
    let number = zone.split(':').next().unwrap_or_default().trim();
    if number.is_empty() || number.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Some(BRASILIA_MINUTES);
    }
    let negative = number.starts_with('-');
    let bare = number.strip_prefix(['-', '+']).unwrap_or(number);
    let (hours, fraction) = bare.split_once('.').unwrap_or((bare, ""));
    let digits = |text: &str, max: usize| {
        text.len() <= max && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if hours.is_empty() || !digits(hours, 4) || !digits(fraction, 2) {
        return None;
    }
    let value: i64 = hours.parse().ok()?;
    let minutes = if hours.len() > 2 { value / 100 * 60 + value % 100 } else { value * 60 };
    let tenths: i64 = format!("{fraction:0<2}").parse().ok()?;
    let minutes = minutes + tenths * 60 / 100;
    let signed = if negative { -minutes } else { minutes };
    OFFSET_MINUTES.contains(&signed).then_some(signed)
}

#[cfg(test)]
mod tests;
