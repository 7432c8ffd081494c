//! Money, dates and rates as people read them, in both languages.
//!
//! Owns presentation only; amounts on wires use `Money`'s own `Display`. Pages and messages share
//! these functions, so that one amount never appears in two spellings.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use quita_core::customer::Locale;
use quita_core::money::Money;
use quita_core::percent::Percent;
use quita_core::zone::SAO_PAULO;

const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `R$ 1.234,56` or `R$ 1,234.56`.
pub fn money(amount: Money, locale: Locale) -> String {
    match locale {
        Locale::PtBr => amount.brl(),
        Locale::En => amount.in_english(),
    }
}

/// `10/12/2026` or `10 Dec 2026`.
pub fn date(day: NaiveDate, locale: Locale) -> String {
    match locale {
        Locale::PtBr => format!("{:02}/{:02}/{}", day.day(), day.month(), day.year()),
        Locale::En => {
            let month = MONTHS_EN[day.month0() as usize % MONTHS_EN.len()];
            format!("{} {month} {}", day.day(), day.year())
        }
    }
}

/// An instant in Brasília time, to the second as bank receipts show it:
/// `10/12/2026 às 14:32:07` or `10 Dec 2026 at 14:32:07`.
pub fn date_time(at: DateTime<Utc>, locale: Locale) -> String {
    let local = at.with_timezone(&SAO_PAULO);
    let day = date(local.date_naive(), locale);
    let clock = format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second());
    match locale {
        Locale::PtBr => format!("{day} às {clock}"),
        Locale::En => format!("{day} at {clock}"),
    }
}

/// `2%`, `0,33%` or `0.33%`: no trailing zeros.
pub fn percent(rate: Percent, locale: Locale) -> String {
    let plain = rate.to_string();
    let short = match plain.split_once('.') {
        Some((whole, decimals)) => match decimals.trim_end_matches('0') {
            "" => whole.to_owned(),
            kept => format!("{whole}.{kept}"),
        },
        None => plain,
    };
    match locale {
        Locale::PtBr => format!("{}%", short.replace('.', ",")),
        Locale::En => format!("{short}%"),
    }
}

/// `1 dia`, `3 dias`; `1 day`, `3 days`.
pub fn days(count: u64, locale: Locale) -> String {
    let unit = match (locale, count) {
        (Locale::PtBr, 1) => "dia",
        (Locale::PtBr, _) => "dias",
        (Locale::En, 1) => "day",
        (Locale::En, _) => "days",
    };
    format!("{count} {unit}")
}
