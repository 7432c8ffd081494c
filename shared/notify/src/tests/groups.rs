//! Several invoices in one message: none may be lost, mixed up or paid by another's code.

use super::fixtures::*;
use crate::*;

const KIND: MessageKind = MessageKind::ThreeDaysLate;

fn all(group: &GroupFacts) -> Vec<&PayableFacts> {
    std::iter::once(&group.lead).chain(&group.others).collect()
}

#[test]
fn an_invoice_of_a_group_lacks_amount_due_date_code_picture_or_link() {
    let group = group();
    for locale in LOCALES {
        let email = render_group_email(KIND, locale, &group).unwrap();
        let chat = render_group_chat(KIND, locale, &group).unwrap();
        let sms = render_group_sms(KIND, locale, &group, &phone()).unwrap();
        let whatsapp = render_group_whatsapp(KIND, locale, &group, &phone(), &pix_key()).unwrap();
        assert_eq!(email.inline.len(), 3);
        for facts in all(&group) {
            let amount = facts.payment.amount();
            let total = format::money(amount.total, locale);
            let due = format::date(amount.adjusted_due, locale);
            let page = facts.payment.page().as_str();
            let short = [total.as_str(), &due, page, &facts.invoice.number];
            for part in short {
                for text in [&email.text, &chat.text, &sms.text, &whatsapp.text] {
                    assert!(text.contains(part), "{part}: {text}");
                }
            }
            let code = facts.payment.code().as_str();
            for text in [&email.text, &email.html, &chat.text] {
                assert!(text.contains(&code.replace('/', "&#x2f;")) || text.contains(code));
            }
        }
    }
}

#[test]
fn two_invoices_share_a_picture() {
    let email = render_group_email(KIND, Locale::PtBr, &group()).unwrap();
    let ids: std::collections::BTreeSet<_> =
        email.inline.iter().map(|image| image.content_id.as_str()).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    for id in ids {
        assert_eq!(email.html.matches(&format!("\"cid:{id}\"")).count(), 1, "{id}");
    }
    let bytes = mime::build(&email, sent_at()).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.attachments.len(), 3);
}

#[test]
fn the_total_is_not_the_sum_of_the_parts() {
    let group = group();
    let sum: i64 = all(&group).iter().map(|it| it.payment.amount().total.centavos()).sum();
    let total = format::money(quita_core::money::Money::from_centavos(sum), Locale::PtBr);
    let email = render_group_email(KIND, Locale::PtBr, &group).unwrap();
    let total_line = format!("Total desta mensagem: {total} (para pagamento em 14/12/2026)");
    assert!(email.text.contains(&total_line), "{}", email.text);
    let sms = render_group_sms(KIND, Locale::PtBr, &group, &phone()).unwrap();
    assert!(sms.text.contains(&total), "{}", sms.text);
}

#[test]
fn a_message_tells_one_customer_of_anothers_invoices() {
    type Spoil = fn(&mut PayableFacts);
    let spoils: [Spoil; 4] = [
        |facts| facts.customer_name = "Outra Padaria".to_owned(),
        |facts| facts.merchant.name = "Outra Fábrica".to_owned(),
        |facts| facts.delivery.to.clear(),
        |facts| *facts = payable(full_terms(), "2026-12-13"),
    ];
    for (i, spoil) in spoils.into_iter().enumerate() {
        let mut group = group();
        spoil(&mut group.others[1]);
        let email = render_group_email(KIND, Locale::PtBr, &group);
        assert!(matches!(email, Err(RenderError::GroupMixed)), "spoil {i}: {email:?}");
        assert!(render_group_sms(KIND, Locale::PtBr, &group, &phone()).is_err(), "spoil {i}");
    }
}

#[test]
fn a_group_grows_past_its_limit() {
    let mut group = group();
    let one = group.others[0].clone();
    group.others = vec![one.clone(); GROUP_MAX - 1];
    let email = render_group_email(KIND, Locale::PtBr, &group).unwrap();
    assert_eq!(email.inline.len(), GROUP_MAX);
    assert!(mime::build(&email, sent_at()).is_ok());
    let chat = render_group_chat(KIND, Locale::PtBr, &group).unwrap();
    let payload = chat::slack_payload(&chat).to_string();
    assert_eq!(payload.matches(one.payment.code().as_str()).count(), 2 * (GROUP_MAX - 1));
    let sms = render_group_sms(KIND, Locale::PtBr, &group, &phone()).unwrap();
    assert!(sms.parts <= group::GROUP_SMS_PARTS_MAX, "{} parts", sms.parts);
    // Too much for a body with amounts: the links alone still fit.
    let whatsapp = render_group_whatsapp(KIND, Locale::PtBr, &group, &phone(), &pix_key());
    let links = whatsapp.unwrap().text.matches(one.payment.page().as_str()).count();
    assert_eq!(links, GROUP_MAX - 1);
    group.others.push(one);
    let email = render_group_email(KIND, Locale::PtBr, &group);
    assert!(matches!(email, Err(RenderError::GroupSize)));
}

#[test]
fn a_group_of_one_is_the_ordinary_message() {
    let mut group = group();
    group.others.clear();
    let one = &group.lead;
    let email = render_group_email(KIND, Locale::PtBr, &group).unwrap();
    assert_eq!(email.html, render_email(KIND, Locale::PtBr, one).unwrap().html);
    let sms = render_group_sms(KIND, Locale::PtBr, &group, &phone()).unwrap();
    assert_eq!(sms, render_sms(KIND, Locale::PtBr, one, &phone()).unwrap());
    let whatsapp = render_group_whatsapp(KIND, Locale::PtBr, &group, &phone(), &pix_key()).unwrap();
    assert!(whatsapp.order.is_some());
    let chat = render_group_chat(KIND, Locale::PtBr, &group).unwrap();
    assert_eq!(chat, render_chat(KIND, Locale::PtBr, one).unwrap());
}

#[test]
fn the_tone_of_the_first_invoice_is_held_against_its_own_due_date_only() {
    let group = group();
    assert!(matches!(
        render_group_email(MessageKind::DueToday, Locale::PtBr, &group),
        Err(RenderError::AlreadyLate(_))
    ));
    for kind in payable_kinds() {
        let email = render_group_email(kind, Locale::En, &group);
        assert_eq!(email.is_ok(), kind.assumes() != crate::kind::Assumes::NotLate, "{kind}");
    }
    let receipt = render_group_chat(MessageKind::Receipt, Locale::PtBr, &group);
    assert!(matches!(receipt, Err(RenderError::WrongFacts(_))));
}

#[test]
fn a_subject_of_a_group_discloses_a_debt() {
    for locale in LOCALES {
        let subject = render_group_email(KIND, locale, &group()).unwrap().subject;
        for word in ["atras", "venc", "aberto", "late", "overdue", "outstanding"] {
            let said = subject.replace("vencimentos", "").contains(word);
            assert!(!said, "{subject}");
        }
    }
}
