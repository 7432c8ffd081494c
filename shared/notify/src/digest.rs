//! The digest a merchant's team gets on business days: the day's figures, in chat and by e-mail.
//!
//! Owns its words in both languages, and how a figure that is not complete is told. Does not own the
//! figures, nor who gets them.
//!
//! Invariants: a figure of which not everything was looked at is told as "at least"; chat and e-mail
//! say the same; no payer is named, so the digest may be read over somebody's shoulder.

mod words;

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::contact::Email as Address;
use quita_core::money::Money;

use crate::Locale;
use crate::chat::{ChatMessage, plain_text};
use crate::email::{Email, Mailbox, SUBJECT_CHARS_MAX};
use crate::sign_in::escaped;
use crate::text::{MERCHANT_NAME_CHARS_MAX, one_line};
use crate::wording::Row;

/// Longest name of a person shown.
const PERSON_CHARS_MAX: usize = 80;

/// How many of something there are, and how much money they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub count: usize,
    pub amount: Money,
    /// Whether everything was looked at; else there is at least this.
    pub is_whole: bool,
}

/// Tasks that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskFigure {
    pub open: usize,
    /// Of those, to be done by today.
    pub due: usize,
    pub is_whole: bool,
}

/// What the digest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestFacts {
    pub merchant_name: String,
    pub day: NaiveDate,
    /// When the figures were read.
    pub at: DateTime<Utc>,
    /// First and last day of [`Self::received`]; broken promises are those since the first.
    pub since: NaiveDate,
    pub until: NaiveDate,
    pub received: Figure,
    /// Invoices, with fine and interest to the day.
    pub overdue: Figure,
    /// Promises for the day itself.
    pub promised: Figure,
    pub broken: Figure,
    pub tasks: TaskFigure,
    /// Payments that wait for a person.
    pub exceptions: Figure,
}

/// From whom and to whom it goes by e-mail.
#[derive(Debug, Clone)]
pub struct DigestDelivery {
    pub from: Address,
    pub reply_to: Address,
    pub to: Address,
    pub person_name: String,
    /// Ledger tag of the message.
    pub tag: String,
}

/// The digest for a chat.
pub fn render_digest_chat(locale: Locale, facts: &DigestFacts) -> ChatMessage {
    let words = words::of(locale);
    let mut message = ChatMessage {
        text: String::new(),
        heading: heading(locale, facts),
        lead: words.lead.to_owned(),
        rows: rows(locale, facts),
        code: None,
        link: None,
        closing: words::as_of(facts.at, locale),
    };
    message.text = plain_text(&message);
    message
}

/// The digest as an e-mail to one person.
pub fn render_digest_email(
    locale: Locale,
    facts: &DigestFacts,
    delivery: &DigestDelivery,
) -> Email {
    let chat = render_digest_chat(locale, facts);
    let name = Some(one_line(&facts.merchant_name, MERCHANT_NAME_CHARS_MAX));
    let person = Some(one_line(&delivery.person_name, PERSON_CHARS_MAX));
    Email {
        from: Mailbox { name: name.clone(), address: delivery.from.clone() },
        to: vec![Mailbox { name: person, address: delivery.to.clone() }],
        reply_to: Mailbox { name, address: delivery.reply_to.clone() },
        subject: one_line(&chat.heading, SUBJECT_CHARS_MAX),
        html: html(locale, &chat),
        text: format!("{}\n", chat.text),
        inline: Vec::new(),
        ledger_key: delivery.tag.clone(),
    }
}

fn heading(locale: Locale, facts: &DigestFacts) -> String {
    let merchant = one_line(&facts.merchant_name, MERCHANT_NAME_CHARS_MAX);
    words::heading(&merchant, facts.day, locale)
}

fn rows(locale: Locale, facts: &DigestFacts) -> Vec<Row> {
    let words = words::of(locale);
    let row = |label: String, value: String| Row { label, value };
    let figure = |figure: &Figure, units| words::figure(figure, units, locale);
    vec![
        row(
            words::received(facts.since, facts.until, locale),
            figure(&facts.received, words.payments),
        ),
        row(words.overdue.to_owned(), figure(&facts.overdue, words.invoices)),
        row(words.promised.to_owned(), figure(&facts.promised, words.promises)),
        row(words::broken(facts.since, locale), figure(&facts.broken, words.promises)),
        row(words.tasks.to_owned(), words::tasks(&facts.tasks, locale)),
        row(words.exceptions.to_owned(), figure(&facts.exceptions, words.payments)),
    ]
}

/// The same in HTML: a table of labels and figures.
fn html(locale: Locale, message: &ChatMessage) -> String {
    let line = |row: &Row| {
        format!(
            "<tr><th scope=\"row\" align=\"left\">{}</th><td>{}</td></tr>",
            escaped(&row.label),
            escaped(&row.value)
        )
    };
    let rows: String = message.rows.iter().map(line).collect();
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"></head><body>\
         <h1 style=\"font-size:1.25em\">{}</h1><p>{}</p><table cellpadding=\"6\">{rows}</table>\
         <p>{}</p></body></html>",
        locale.as_str(),
        escaped(&message.heading),
        escaped(&message.lead),
        escaped(&message.closing),
    )
}

#[cfg(test)]
mod tests;
