//! The messages themselves, as a reader gets them. Read a changed snapshot as a native reader would.

use quita_core::debt::Settling;
use quita_core::ids::PaymentId;
use quita_core::money::Money;

use super::fixtures::{
    LOCALES, counted, each_email, each_kind, full_terms, group, instalment, payable, phone,
    pix_key, postal_address, receipt, typical,
};
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
    each_kind(|kind, locale, facts| {
        let chat = render_chat(kind, locale, facts).unwrap();
        insta::assert_snapshot!(format!("{kind}.{}.chat", locale.as_str()), chat.text);
    });
}

#[test]
fn every_sms() {
    let mut texts = String::new();
    each_kind(|kind, locale, facts| {
        let sms = render_sms(kind, locale, facts, &phone()).unwrap();
        let (locale, parts) = (locale.as_str(), sms.parts);
        texts.push_str(&format!("{kind} {locale} in {parts}:\n{}\n\n", sms.text));
    });
    insta::assert_snapshot!("sms", texts);
}

#[test]
fn every_whatsapp_text() {
    for wanted in LOCALES {
        let mut texts = String::new();
        each_kind(|kind, locale, facts| {
            if locale == wanted {
                let message = render_whatsapp(kind, locale, facts, &phone(), &pix_key()).unwrap();
                texts.push_str(&format!("== {kind}\n{}\n\n", message.text));
            }
        });
        insta::assert_snapshot!(format!("whatsapp.{}", wanted.as_str()), texts);
    }
}

#[test]
fn whatsapp_payload_of_what_can_be_paid_and_of_a_receipt() {
    let facts = typical(MessageKind::DueToday);
    let kind = MessageKind::DueToday;
    let message = render_whatsapp(kind, Locale::PtBr, &facts, &phone(), &pix_key()).unwrap();
    let mut payload = whatsapp::cloud_api_payload(&message, "mer_1.inv_1");
    assert!(whatsapp::set_header_media(&mut payload, "1037543291543636"));
    insta::assert_json_snapshot!("whatsapp_payload", payload);
    let kind = MessageKind::Receipt;
    let message = render_whatsapp(kind, Locale::En, &receipt(), &phone(), &pix_key()).unwrap();
    let mut payload = whatsapp::cloud_api_payload(&message, "mer_1.inv_1");
    assert!(!whatsapp::set_header_media(&mut payload, "1"));
    insta::assert_json_snapshot!("whatsapp_payload.receipt", payload);
}

#[test]
fn every_template_that_a_merchant_submits() {
    for locale in LOCALES {
        let kinds = MessageKind::ALL.into_iter();
        let mut all: Vec<_> =
            kinds.map(|kind| whatsapp::template_definition(kind, locale)).collect();
        all.push(whatsapp::group_template_definition(locale));
        let name = format!("whatsapp_definitions.{}", locale.as_str());
        insta::assert_json_snapshot!(name, all);
    }
}

#[test]
fn every_letter() {
    each_kind(|kind, locale, facts| {
        let letter = render_letter(kind, locale, facts, &postal_address()).unwrap();
        insta::assert_snapshot!(format!("{kind}.{}.letter", locale.as_str()), letter.text);
    });
}

#[test]
fn every_form_of_a_group() {
    for locale in LOCALES {
        let (kind, group) = (MessageKind::ThreeDaysLate, group());
        let email = render_group_email(kind, locale, &group).unwrap();
        let chat = render_group_chat(kind, locale, &group).unwrap();
        let sms = render_group_sms(kind, locale, &group, &phone()).unwrap();
        let whatsapp = render_group_whatsapp(kind, locale, &group, &phone(), &pix_key()).unwrap();
        let lang = locale.as_str();
        let short = format!("{}\n\n{}\n\n{}", email.subject, sms.text, whatsapp.text);
        insta::assert_snapshot!(format!("group.{lang}.text"), email.text);
        insta::assert_snapshot!(format!("group.{lang}.html"), email.html);
        insta::assert_snapshot!(format!("group.{lang}.chat"), chat.text);
        insta::assert_snapshot!(format!("group.{lang}.short"), short);
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
    facts.invoice_outstanding = Money::from_centavos(624_000);
    facts.counted.paid += Money::CENTAVO;
    let email = render_email(MessageKind::Receipt, Locale::PtBr, &facts).unwrap();
    insta::assert_snapshot!("receipt_of_an_instalment", email.text);
}

/// R$ 5.000,00 of R$ 12.746,24, four days late.
fn part(count: u16) -> ReceiptFacts {
    let mut facts = receipt();
    let paid = Money::from_centavos(500_000);
    facts.counted = counted(paid, facts.counted.due, &Settling::default());
    facts.invoice.instalment = Instalment { number: 1, count };
    facts.instalment_outstanding = Money::from_centavos(774_624);
    facts.invoice_outstanding = Money::from_centavos(774_624 + i64::from(count - 1) * 100_000);
    facts
}

#[test]
fn receipt_of_a_part_says_what_it_paid_and_what_is_left() {
    for locale in LOCALES {
        for (count, name) in [(1, "only"), (3, "of_three")] {
            let email = render_email(MessageKind::Receipt, locale, &part(count)).unwrap();
            let lang = locale.as_str();
            insta::assert_snapshot!(format!("receipt_of_a_part.{name}.{lang}.text"), email.text);
        }
        let chat = render_chat(MessageKind::Receipt, locale, &part(1)).unwrap();
        insta::assert_snapshot!(format!("receipt_of_a_part.{}.chat", locale.as_str()), chat.text);
    }
    let html = render_email(MessageKind::Receipt, Locale::PtBr, &part(3)).unwrap().html;
    insta::assert_snapshot!("receipt_of_a_part.of_three.pt-BR.html", html);
}

#[test]
fn receipt_of_what_was_not_a_pix_does_not_say_so() {
    let mut facts = receipt();
    facts.payment = PaymentId::parse("pay_01KAB3C4D5E6F7G8H9J0K1M2N3").unwrap();
    for locale in LOCALES {
        let email = render_email(MessageKind::Receipt, locale, &facts).unwrap();
        assert!(!email.text.contains("Pix"), "{}", email.text);
    }
}

#[test]
fn a_rest_is_explained_from_the_amount_that_was_agreed() {
    let mut facts = payable(full_terms(), "2026-12-14");
    let agreed = Money::from_centavos(2_000_000);
    facts.principal.agreed = agreed;
    facts.principal.carried_in = Money::from_centavos(2_000);
    facts.principal.received = Money::from_centavos(700_000);
    facts.principal.credited = agreed - facts.principal.left - facts.principal.received;
    let email = render_email(MessageKind::ThreeDaysLate, Locale::PtBr, &facts).unwrap();
    insta::assert_snapshot!("three_days_late.rest", email.text);
}
