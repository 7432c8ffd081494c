//! Moments and amounts as the pages show them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use quita_core::money::Money;
use quita_core::zone::SAO_PAULO;

/// `Mon 2 Mar 2026, 09:00`, in São Paulo.
pub fn moment(at: DateTime<Utc>) -> String {
    at.with_timezone(&SAO_PAULO).format("%a %-d %b %Y, %H:%M").to_string()
}

/// `Mon 2 Mar 2026`.
pub fn day(day: NaiveDate) -> String {
    day.format("%a %-d %b %Y").to_string()
}

/// How far the clock is ahead, in words; `None` when it is not.
pub fn ahead(by: TimeDelta) -> Option<String> {
    let minutes = by.num_minutes();
    (minutes > 0).then(|| {
        let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let parts = [(days, "day"), (hours, "hour"), (rest, "minute")];
        let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| {
            let plural = if *count == 1 { "" } else { "s" };
            format!("{count} {unit}{plural}")
        });
        parts.take(2).collect::<Vec<_>>().join(" ")
    })
}

/// `R$ 1,234.56`.
pub fn amount(centavos: i64) -> String {
    Money::from_centavos(centavos).in_english()
}
