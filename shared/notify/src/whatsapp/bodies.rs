//! The fixed words of the WhatsApp templates, with Meta's numbered places in them.
//!
//! Owns the embedded texts and the filling of their places. They do not pass through the template
//! engine: what Meta approved is the text itself.

use crate::Locale;
use crate::kind::MessageKind;

/// The body of one message in one language.
macro_rules! body {
    ($message:literal, $locale:ident) => {
        match $locale {
            Locale::PtBr => {
                include_str!(concat!("../../templates/", $message, "/pt-BR/whatsapp.txt"))
            }
            Locale::En => include_str!(concat!("../../templates/", $message, "/en/whatsapp.txt")),
        }
    };
}

/// The body of `kind` with its places still open.
pub(crate) fn body(kind: MessageKind, locale: Locale) -> &'static str {
    let body = match kind {
        MessageKind::ChargeIssued => body!("charge_issued", locale),
        MessageKind::DueInFiveDays => body!("due_in_5_days", locale),
        MessageKind::DueToday => body!("due_today", locale),
        MessageKind::OneDayLate => body!("one_day_late", locale),
        MessageKind::ThreeDaysLate => body!("three_days_late", locale),
        MessageKind::SevenDaysLate => body!("seven_days_late", locale),
        MessageKind::FifteenDaysLate => body!("fifteen_days_late", locale),
        MessageKind::ReminderFriendly => body!("reminder_friendly", locale),
        MessageKind::ReminderFirm => body!("reminder_firm", locale),
        MessageKind::Demand => body!("demand", locale),
        MessageKind::Receipt => body!("receipt", locale),
    };
    body.trim_end()
}

/// The body of a message about several invoices.
pub(crate) fn group_body(locale: Locale) -> &'static str {
    body!("group", locale).trim_end()
}

/// Puts the parameters into their places. One pass: a name that reads `{{2}}` stays a name.
pub(crate) fn fill(body: &str, parameters: &[String]) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let (place, after) = after.split_once("}}").unwrap_or((after, ""));
        let index = place.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
        text.push_str(index.and_then(|at| parameters.get(at)).map_or("", String::as_str));
        rest = after;
    }
    text.push_str(rest);
    text
}
