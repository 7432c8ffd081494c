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

/// What a person typed as an amount in the bank's form, `1234.56`: Brazilian or English marks, with
/// or without cents. What is no amount stays as it is, for the bank to refuse.
pub fn typed_amount(text: &str) -> String {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bare = bare.trim_start_matches("R$");
    // The last mark parts the cents when at most two digits follow it; all others group digits.
    let cents = bare.rfind(['.', ',']).filter(|at| bare.len() - at <= 3);
    let (whole, cents) = match cents {
        Some(at) => (&bare[..at], &bare[at + 1..]),
        None => (bare, ""),
    };
    format!("{}.{cents:0<2}", whole.replace(['.', ','], ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_the_way_it_was_meant() {
        #[track_caller]
        fn check(typed: &str, expected: &str) {
            assert_eq!(typed_amount(typed), expected);
        }
        check("3000.00", "3000.00");
        check("3000", "3000.00");
        check("R$ 1.234,56", "1234.56");
        check("1,234.56", "1234.56");
        check("1.234", "1234.00");
        check("12,5", "12.50");
        check("0,07", "0.07");
        check("-5.00", "-5.00");
        check("ten", "ten.00");
    }
}
