//! What a message must show, and what it must not, whoever wrote its words.
//!
//! Owns both checks. They look at what was rendered, with the facts it was rendered from: a variable
//! that stands in a branch never taken shows nothing.

use quita_core::customer::Locale;
use quita_core::violation::Violation;

use super::Rendered;
use super::html::{Piece, name, pieces, shows_picture, unquoted, visible};
use super::samples::UNQUOTED;
use crate::email::Email;
use crate::facts::{Facts, PayableFacts};
use crate::format::{date, money};

/// What a subject must not say, since others see the screen it shows up on: beginnings of words in
/// both languages, whatever the message is in.
const TELLING: [&str; 30] = [
    "dívida",
    "divida",
    "débito",
    "debito",
    "cobranç",
    "cobranc",
    "atras",
    "inadimpl",
    "vencid",
    "venceu",
    "pendên",
    "pendent",
    "penden",
    "em aberto",
    "devedor",
    "protest",
    "negativa",
    "mora ",
    "overdue",
    "debt",
    "past due",
    "unpaid",
    "outstanding",
    "delinquen",
    "arrears",
    "collection",
    "late ",
    "owe",
    "owing",
    "in default",
];
/// Elements that have no place in a mail.
const ELEMENTS: [&str; 9] =
    ["script", "iframe", "object", "embed", "form", "base", "frame", "applet", "link"];

/// What a payer would miss, with the property to mend; empty for a receipt.
pub(super) fn lacks(rendered: &Rendered, facts: Facts<'_>, locale: Locale) -> Vec<Violation> {
    let Facts::Payable(facts) = facts else { return Vec::new() };
    match rendered {
        Rendered::Email(email) => of_email(email, facts, locale),
        Rendered::Chat(chat) => {
            let all = [AMOUNT, DUE_DATE, CODE];
            missing("text", &chat.text, &all, facts, locale)
        }
        Rendered::Sms(sms) => missing("text", &sms.text, &[AMOUNT, DUE_DATE, LINK], facts, locale),
        Rendered::WhatsApp(message) => {
            missing("parameters", &message.text, &[AMOUNT, DUE_DATE, CODE], facts, locale)
        }
        Rendered::Letter(letter) => {
            missing("text", &letter.text, &[AMOUNT, DUE_DATE, CODE], facts, locale)
        }
    }
}

/// A part of a payable message.
#[derive(Clone, Copy)]
struct Part {
    what: &'static str,
    of: fn(&PayableFacts, Locale) -> String,
}

const AMOUNT: Part = Part {
    what: "the amount due: {{ amount.total }}",
    of: |facts, locale| money(facts.payment.amount().total, locale),
};
const DUE_DATE: Part = Part {
    what: "the due date: {{ amount.due_date }}",
    of: |facts, locale| date(facts.payment.amount().adjusted_due, locale),
};
const CODE: Part = Part {
    what: "the copy-and-paste code: {{ payable.code }}",
    of: |facts, _| facts.payment.code().as_str().to_owned(),
};
const LINK: Part = Part {
    what: "the link to the payer's page: {{ page }}",
    of: |facts, _| facts.payment.page().as_str().to_owned(),
};

fn missing(
    property: &str,
    shown: &str,
    parts: &[Part],
    facts: &PayableFacts,
    locale: Locale,
) -> Vec<Violation> {
    let absent = parts.iter().filter(|part| !shown.contains(&(part.of)(facts, locale)));
    absent.map(|part| Violation::new(property, part.what)).collect()
}

fn of_email(email: &Email, facts: &PayableFacts, locale: Locale) -> Vec<Violation> {
    let all = [AMOUNT, DUE_DATE, CODE];
    let mut lacks = missing("text", &email.text, &all, facts, locale);
    lacks.extend(missing("html", &visible(&email.html), &all, facts, locale));
    let qr = email.inline.first().map(|image| format!("cid:{}", image.content_id));
    if !qr.is_some_and(|qr| shows_picture(&email.html, &qr)) {
        let what = "the QR Code: <img src=\"cid:{{ payable.qr_content_id }}\">";
        lacks.push(Violation::new("html", what));
    }
    lacks
}

/// What a message of a sample tells or does that none may.
pub(super) fn indiscretions(
    rendered: &Rendered,
    facts: Facts<'_>,
    locale: Locale,
) -> Vec<Violation> {
    let Rendered::Email(email) = rendered else { return Vec::new() };
    let mut found = Vec::new();
    if email.subject.is_empty() {
        found.push(Violation::new("subject", "it renders to nothing"));
    }
    let words: Vec<String> =
        email.subject.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    // A space on each side, so that a beginning of a word is one, and an end too where it is asked.
    let words = format!(" {} ", words.join(" "));
    if let Some(telling) = TELLING.iter().find(|telling| words.contains(&format!(" {telling}"))) {
        let reason = format!("do not tell of a debt (\"{}\"): others may see it", telling.trim());
        found.push(Violation::new("subject", reason));
    }
    let total = match facts {
        Facts::Payable(facts) => facts.payment.amount().total,
        Facts::Receipt(facts) => facts.counted.paid,
    };
    let figures = money(total, locale);
    let figures = figures.trim_start_matches(|c: char| !c.is_ascii_digit());
    if email.subject.contains("R$") || email.subject.contains(figures) {
        found.push(Violation::new("subject", "leave the amount out: others may see it"));
    }
    found.extend(of_markup(&email.html));
    found
}

fn of_markup(html: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    for piece in pieces(html) {
        let Piece::Tag(tag) = piece else { continue };
        let name = name(tag);
        if ELEMENTS.contains(&name.as_str()) {
            found.push(Violation::new(
                "html",
                format!("leave out <{name}>: no mail reader takes it"),
            ));
        }
        if unquoted(tag).contains(UNQUOTED) {
            let reason = format!("put quotes around what stands in an attribute of <{name}>");
            found.push(Violation::new("html", reason));
        }
    }
    found.dedup();
    found
}
