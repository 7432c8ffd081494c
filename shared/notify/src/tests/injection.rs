//! Text from outside stays text.

use super::fixtures::*;
use crate::*;

const HOSTILE: &str = "Zé \"<script>alert('x')</script>&amp; <!channel> {{ 7 * 7 }} *a* \r\nBcc: vitima@exemplo.com\u{202E}";

fn hostile() -> PayableFacts {
    let mut facts = payable(bare_terms(), "2026-12-10");
    facts.customer_name = HOSTILE.to_owned();
    facts.merchant.name = HOSTILE.to_owned();
    facts.invoice.number = HOSTILE.to_owned();
    facts.invoice.description = Some(HOSTILE.to_owned());
    facts.invoice.po_number = Some(HOSTILE.to_owned());
    facts.approver = Some(HOSTILE.to_owned());
    facts
}

#[test]
fn a_name_cannot_become_markup() {
    for locale in LOCALES {
        let html = render_email(MessageKind::DueToday, locale, &hostile()).unwrap().html;
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("<!channel"));
        assert!(html.contains("&lt;script&gt;alert(&#x27;x&#x27;)&lt;&#x2f;script&gt;&amp;amp;"));
        assert!(html.contains("{{ 7 * 7 }}") && !html.contains("49 *a*"));
    }
}

#[test]
fn a_name_cannot_become_a_header_or_a_line() {
    let email = render_email(MessageKind::DueToday, Locale::PtBr, &hostile()).unwrap();
    assert!(!email.subject.contains(['\r', '\n']));
    assert!(!email.text.lines().any(|line| line.starts_with("Bcc:")));
    let bytes = mime::build(&email, sent_at()).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert!(parsed.bcc().is_none());
    assert_eq!(parsed.subject(), Some(email.subject.as_str()));
    assert_eq!(parsed.to().unwrap().iter().count(), 1);
}

#[test]
fn a_hand_made_email_cannot_smuggle_a_header_either() {
    let good = render_email(MessageKind::DueToday, Locale::PtBr, &hostile()).unwrap();
    type Spoil = fn(&mut Email);
    let spoils: [Spoil; 5] = [
        |email| email.subject.push_str("\r\nBcc: vitima@exemplo.com"),
        |email| email.from.name = Some("a\nBcc: vitima@exemplo.com".to_owned()),
        |email| email.to[0].name = Some("a\r\nBcc: vitima@exemplo.com".to_owned()),
        |email| email.ledger_key.push_str("\r\nBcc: vitima@exemplo.com"),
        |email| email.inline[0].content_id.push_str(">\r\nBcc: vitima@exemplo.com"),
    ];
    for (i, spoil) in spoils.into_iter().enumerate() {
        let mut email = good.clone();
        spoil(&mut email);
        assert!(mime::build(&email, sent_at()).is_err(), "spoil {i}");
    }
}

#[test]
fn a_name_cannot_mention_a_channel_or_hide_a_link_in_chat() {
    let message = render_chat(MessageKind::DueToday, Locale::PtBr, &hostile()).unwrap();
    let payload = chat::slack_payload(&message);
    let text = payload["text"].as_str().unwrap();
    assert!(!text.contains(['<', '>']), "{text}");
    assert!(text.contains("&lt;!channel&gt;") && text.contains("&amp;amp;"));
    for block in payload["blocks"].as_array().unwrap() {
        let text = &block["text"];
        if text["type"] == "mrkdwn" {
            let link = text["text"].as_str().unwrap();
            assert_eq!(link, format!("<{}|Ver fatura e pagar>", PAGE.replace('&', "&amp;")));
        } else if let Some(plain) = text["text"].as_str() {
            assert!(!plain.contains(['<', '>']), "{plain}");
        }
    }
}

#[test]
fn the_code_in_chat_is_exact_even_with_backticks() {
    let mut facts = payable(bare_terms(), "2026-12-10");
    let code = format!("{CODE}```&<");
    facts.payment = PaymentBlock::new(
        facts.payment.amount().clone(),
        facts.payment.last_payable_day(),
        PixCode::parse(&code).unwrap(),
        facts.payment.qr().clone(),
        facts.payment.page().clone(),
    )
    .unwrap();
    let message = render_chat(MessageKind::DueToday, Locale::PtBr, &facts).unwrap();
    let payload = chat::slack_payload(&message);
    let blocks = payload["blocks"].as_array().unwrap();
    let rich = blocks.iter().find(|block| block["type"] == "rich_text").unwrap();
    assert_eq!(rich["elements"][0]["elements"][0]["text"], code);
}

#[test]
fn an_address_cannot_add_headers_to_the_mail_a_payer_writes() {
    let mut facts = payable(bare_terms(), "2026-12-10");
    let address = "a?bcc=b&x@exemplo.com.br";
    facts.delivery.reply_to = quita_core::contact::Email::parse(address).unwrap();
    let html = render_email(MessageKind::DueToday, Locale::PtBr, &facts).unwrap().html;
    assert!(html.contains("mailto:a%3Fbcc%3Db%26x@exemplo.com.br"), "{html}");
}

#[test]
fn long_text_is_cut_and_the_message_still_goes_out() {
    let mut facts = payable(bare_terms(), "2026-12-10");
    facts.invoice.description = Some("ã".repeat(50_000));
    facts.customer_name = "N".repeat(50_000);
    let email = render_email(MessageKind::DueToday, Locale::PtBr, &facts).unwrap();
    assert!(email.text.contains(&format!("{}…\n", "ã".repeat(299))));
    assert!(email.text.contains(&format!("{}…\n", "N".repeat(119))));
    assert!(email.subject.chars().count() <= crate::email::SUBJECT_CHARS_MAX);
}
