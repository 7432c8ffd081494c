//! What a channel's provider refuses, and what must not slip through to it.

use serde_json::Value;

use super::fixtures::*;
use crate::whatsapp::{
    BODY_CHARS_MAX, FOOTER_CHARS_MAX, HEADER_CHARS_MAX, REFERENCE_CHARS_MAX, cloud_api_payload,
    group_template_definition, template_definition,
};
use crate::*;

const HOSTILE: &str = "Zé {{2}} {{ 7 * 7 }} {% raw %}\r\nValor: R$ 1,00\t    *b*\u{0}\u{202E}\u{7}";

fn hostile() -> PayableFacts {
    let mut facts = payable(bare_terms(), "2026-12-10");
    facts.customer_name = HOSTILE.to_owned();
    facts.merchant.name = HOSTILE.to_owned();
    facts.invoice.number = HOSTILE.to_owned();
    facts.invoice.description = Some(HOSTILE.to_owned());
    facts
}

/// Every definition that a merchant submits.
fn definitions() -> Vec<Value> {
    let of = |locale| {
        let kinds = MessageKind::ALL.into_iter().map(move |kind| template_definition(kind, locale));
        kinds.chain([group_template_definition(locale)])
    };
    LOCALES.into_iter().flat_map(of).collect()
}

fn component<'a>(definition: &'a Value, kind: &str) -> &'a Value {
    let components = definition["components"].as_array().unwrap();
    components.iter().find(|it| it["type"] == kind).unwrap_or(&Value::Null)
}

#[test]
fn a_definition_is_one_that_meta_accepts() {
    for definition in definitions() {
        let name = definition["name"].as_str().unwrap();
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        assert_eq!(definition["category"], "UTILITY", "{name}");
        let body = component(&definition, "BODY");
        let text = body["text"].as_str().unwrap();
        assert!(text.chars().count() <= BODY_CHARS_MAX, "{name}");
        assert!(!text.starts_with("{{") && !text.ends_with("}}"), "{name}: {text}");
        assert!(!text.contains("}} {{") && !text.contains("\n\n\n"), "{name}: {text}");
        let examples = body["example"]["body_text"][0].as_array().unwrap().len();
        for place in 1..=examples {
            assert_eq!(text.matches(&format!("{{{{{place}}}}}")).count(), 1, "{name} {place}");
        }
        assert_eq!(text.matches("{{").count(), examples, "{name}");
        let footer = component(&definition, "FOOTER")["text"].as_str().unwrap();
        assert!(footer.chars().count() <= FOOTER_CHARS_MAX, "{footer}");
        if let Some(header) = component(&definition, "HEADER")["text"].as_str() {
            assert!(header.chars().count() <= HEADER_CHARS_MAX, "{header}");
        }
    }
}

#[test]
fn lesson_64_a_bill_is_never_sent_as_what_costs_four_times_as_much() {
    each_kind(|kind, locale, facts| {
        let message = render_whatsapp(kind, locale, facts, &phone(), &pix_key()).unwrap();
        assert_eq!(message.template.category, whatsapp::TemplateCategory::Utility, "{kind}");
    });
}

#[test]
fn a_send_fits_the_template_that_was_approved() {
    each_kind(|kind, locale, facts| {
        let message = render_whatsapp(kind, locale, facts, &phone(), &pix_key()).unwrap();
        let definition = template_definition(kind, locale);
        let payload = cloud_api_payload(&message, "opaque");
        let sent = &payload["template"];
        assert_eq!(sent["name"], definition["name"], "{kind}");
        assert_eq!(sent["language"]["code"], definition["language"], "{kind}");
        let places = component(&definition, "BODY")["example"]["body_text"][0].as_array().unwrap();
        assert_eq!(places.len(), message.parameters.len(), "{kind}");
        let components = sent["components"].as_array().unwrap();
        let has = |name: &str| components.iter().any(|it| it["type"] == name);
        let image = component(&definition, "HEADER")["format"] == "IMAGE";
        assert_eq!(has("header"), image, "{kind}");
        assert_eq!(has("button"), !component(&definition, "BUTTONS").is_null(), "{kind}");
    });
}

#[test]
fn a_parameter_is_one_line_whatever_a_name_holds() {
    for locale in LOCALES {
        let kind = MessageKind::DueToday;
        let message = render_whatsapp(kind, locale, &hostile(), &phone(), &pix_key()).unwrap();
        for parameter in &message.parameters {
            assert!(!parameter.contains(char::is_control), "{parameter:?}");
            assert!(!parameter.contains("  ") && !parameter.is_empty(), "{parameter:?}");
        }
        let payload = cloud_api_payload(&message, "x").to_string();
        assert!(!payload.contains("\\n") && !payload.contains("\\t"), "{payload}");
    }
}

#[test]
fn a_name_that_looks_like_a_place_is_not_filled() {
    let facts = hostile();
    let kind = MessageKind::DueToday;
    let message = render_whatsapp(kind, Locale::PtBr, &facts, &phone(), &pix_key()).unwrap();
    assert!(message.text.contains("Olá, Zé {{2}} {{ 7 * 7 }} {% raw %} Valor: R$ 1,00 *b*,"));
    let sms = render_sms(kind, Locale::PtBr, &facts, &phone()).unwrap();
    assert!(!sms.text.contains("49") && !sms.text.contains('\n'), "{}", sms.text);
    let letter = render_letter(kind, Locale::PtBr, &facts, &postal_address()).unwrap();
    assert!(letter.text.contains("{{ 7 * 7 }}"), "{}", letter.text);
    assert!(!letter.text.lines().any(|line| line.starts_with("Valor: R$ 1,00")));
}

#[test]
fn a_body_that_a_long_link_makes_too_long_is_not_sent_cut() {
    let mut facts = typical(MessageKind::DueToday);
    let long = format!("https://pague.papeisdonorte.com.br/p/{}", "a".repeat(900));
    facts.payment = PaymentBlock::new(
        facts.payment.amount().clone(),
        facts.payment.last_payable_day(),
        facts.payment.code().clone(),
        facts.payment.qr().clone(),
        WebLink::parse(&long).unwrap(),
    )
    .unwrap();
    let kind = MessageKind::DueToday;
    let message = render_whatsapp(kind, Locale::PtBr, &facts, &phone(), &pix_key());
    assert!(matches!(message, Err(RenderError::TooLong(_))), "{message:?}");
}

#[test]
fn every_order_has_a_reference_of_its_own_that_meta_accepts() {
    let reference = |key: &str| {
        let mut facts = typical(MessageKind::DueToday);
        facts.delivery.ledger_key = key.to_owned();
        let kind = MessageKind::DueToday;
        let message = render_whatsapp(kind, Locale::PtBr, &facts, &phone(), &pix_key());
        message.unwrap().order.unwrap().reference_id
    };
    let short = reference("inv_1-1-issue");
    assert_eq!(short, "inv_1-1-issue");
    let long = "inv_01KAB3C4D5E6F7G8H9J0K1M2N3-1-due_today-whatsapp-0";
    let (first, again, other) = (reference(long), reference(long), reference(&long[1..]));
    assert!(first == again && first != other);
    assert!(first.len() <= REFERENCE_CHARS_MAX && first.is_ascii(), "{first}");
}

#[test]
fn a_key_is_named_by_its_kind() {
    let check = |key: &str, kind: &str| {
        let key = quita_core::pix_key::PixKey::parse(key).unwrap();
        let facts = typical(MessageKind::DueToday);
        let message =
            render_whatsapp(MessageKind::DueToday, Locale::PtBr, &facts, &phone(), &key).unwrap();
        let payload = cloud_api_payload(&message, "x");
        let order = &payload["template"]["components"][2]["parameters"][0]["action"];
        let pix = &order["order_details"]["payment_settings"][0]["pix_dynamic_code"];
        assert_eq!((&pix["key_type"], &pix["key"]), (&kind.into(), &key.as_str().into()));
    };
    check("11222333000181", "CNPJ");
    check("52998224725", "CPF");
    check("+5511987654321", "PHONE");
    check("pix@exemplo.com.br", "EMAIL");
    check("123e4567-e89b-12d3-a456-426655440000", "EVP");
}

#[test]
fn debug_shows_no_code_no_link_no_address_and_no_phone() {
    let facts = typical(MessageKind::DueToday);
    let kind = MessageKind::DueToday;
    let sms = render_sms(kind, Locale::PtBr, &facts, &phone()).unwrap();
    let whatsapp = render_whatsapp(kind, Locale::PtBr, &facts, &phone(), &pix_key()).unwrap();
    let letter = render_letter(kind, Locale::PtBr, &facts, &postal_address()).unwrap();
    let order = whatsapp.order.clone();
    let shown = format!("{sms:?} {whatsapp:?} {letter:?} {order:?} {:?}", group());
    for secret in ["00020126", "/p/", "98765", "Consolação", "11222333", "%PDF"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn a_name_that_a_ledger_cannot_hold_is_refused_on_every_channel() {
    let mut facts = typical(MessageKind::DueToday);
    facts.delivery.ledger_key = "a\r\nb".to_owned();
    let kind = MessageKind::DueToday;
    let refused = |error: RenderError| matches!(error, RenderError::LedgerKey);
    assert!(refused(render_sms(kind, Locale::PtBr, &facts, &phone()).unwrap_err()));
    let whatsapp = render_whatsapp(kind, Locale::PtBr, &facts, &phone(), &pix_key());
    assert!(refused(whatsapp.unwrap_err()));
    assert!(refused(render_letter(kind, Locale::PtBr, &facts, &postal_address()).unwrap_err()));
}
