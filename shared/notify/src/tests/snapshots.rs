//! The messages themselves, as a reader gets them. Read a changed snapshot as a native reader would.

use super::fixtures::{LOCALES, each_email, instalment, receipt, typical};
use crate::*;

#[test]
fn every_subject() {
    let mut subjects = String::new();
    each_email(|kind, locale, email| {
        subjects.push_str(&format!("{kind} {}: {}\n", locale.as_str(), email.subject));
    });
    insta::assert_snapshot!("subjects", subjects);
}

#[test]
fn every_text_body() {
    each_email(|kind, locale, email| {
        insta::assert_snapshot!(format!("{kind}.{}.text", locale.as_str()), email.text);
    });
}

#[test]
fn every_html_body() {
    each_email(|kind, locale, email| {
        insta::assert_snapshot!(format!("{kind}.{}.html", locale.as_str()), email.html);
    });
}

#[test]
fn every_chat_text() {
    for kind in MessageKind::ALL {
        for locale in LOCALES {
            let chat = if kind.is_payable() {
                render_chat(kind, locale, &typical(kind)).unwrap()
            } else {
                render_chat(kind, locale, &receipt()).unwrap()
            };
            insta::assert_snapshot!(format!("{kind}.{}.chat", locale.as_str()), chat.text);
        }
    }
}

#[test]
fn slack_payload_of_a_late_instalment() {
    let facts = instalment("2026-12-15");
    let message = render_chat(MessageKind::OneDayLate, Locale::PtBr, &facts).unwrap();
    insta::assert_json_snapshot!("slack_payload", chat::slack_payload(&message));
}

#[test]
fn receipt_of_an_instalment_tells_what_is_still_open() {
    let mut facts = receipt();
    facts.invoice.instalment = Instalment { number: 1, count: 2 };
    facts.invoice_outstanding = quita_core::money::Money::from_centavos(624_000);
    facts.paid = facts.amount.total + quita_core::money::Money::from_centavos(1_000);
    let email = render_email(MessageKind::Receipt, Locale::PtBr, &facts).unwrap();
    insta::assert_snapshot!("receipt_of_an_instalment", email.text);
}
