//! What leaves as bytes is what was rendered.

use chrono::{DateTime, TimeZone, Utc};
use mail_parser::{MessageParser, MimeHeaders};

use super::fixtures::*;
use crate::*;

fn encoded(kind: MessageKind) -> (Email, Vec<u8>) {
    let email = if kind.is_payable() {
        render_email(kind, Locale::PtBr, &typical(kind))
    } else {
        render_email(kind, Locale::PtBr, &receipt())
    };
    let email = email.unwrap();
    let bytes = mime::build(&email, sent_at()).unwrap();
    (email, bytes)
}

#[test]
fn a_mail_reader_gets_both_bodies_and_the_picture_the_html_names() {
    for kind in payable_kinds() {
        let (email, bytes) = encoded(kind);
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        let html = parsed.body_html(0).unwrap().replace("\r\n", "\n");
        let text = parsed.body_text(0).unwrap().replace("\r\n", "\n");
        assert_eq!(
            (html.trim_end(), text.trim_end()),
            (email.html.trim_end(), email.text.trim_end())
        );
        let picture = parsed.parts.iter().find(|part| part.content_id().is_some()).unwrap();
        assert_eq!(picture.content_id(), Some(email.inline[0].content_id.as_str()));
        assert!(email.html.contains(&format!("cid:{}", picture.content_id().unwrap())));
        assert_eq!(picture.contents(), email.inline[0].bytes);
        assert!(picture.content_disposition().unwrap().is_inline(), "{kind}");
    }
}

#[test]
fn the_html_and_its_picture_are_one_alternative_to_the_text() {
    let (_, bytes) = encoded(MessageKind::DueToday);
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    let types: Vec<_> = parsed
        .parts
        .iter()
        .map(|part| part.content_type().map(|t| format!("{}/{}", t.ctype(), t.subtype().unwrap())))
        .map(Option::unwrap)
        .collect();
    let expected =
        ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"];
    assert_eq!(types, expected);
}

#[test]
fn headers_name_sender_ledger_and_question_route_and_offer_no_unsubscribe() {
    for kind in MessageKind::ALL {
        let (email, bytes) = encoded(kind);
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        let address = |a: Option<&mail_parser::Address<'_>>| {
            a.and_then(|a| a.first()).and_then(|a| a.address()).map(str::to_owned)
        };
        assert_eq!(address(parsed.from()).as_deref(), Some("cobranca@papeisdonorte.com.br"));
        assert_eq!(address(parsed.reply_to()).as_deref(), Some(REPLY_TO));
        let name = parsed.from().unwrap().first().unwrap().name();
        assert_eq!(name, Some("Papéis do Norte"));
        assert_eq!(parsed.subject(), Some(email.subject.as_str()));
        let expected = format!("{}@papeisdonorte.com.br", email.ledger_key);
        assert_eq!(parsed.message_id(), Some(expected.as_str()));
        let ledger = parsed.header(LEDGER_HEADER).and_then(|value| value.as_text());
        assert_eq!(ledger, Some(email.ledger_key.as_str()), "{kind}");
        assert!(parsed.header("List-Unsubscribe").is_none());
        assert_eq!(parsed.date().unwrap().to_timestamp(), sent_at().timestamp());
    }
}

#[test]
fn a_retry_sends_the_same_bytes() {
    let (_, first) = encoded(MessageKind::SevenDaysLate);
    let (_, again) = encoded(MessageKind::SevenDaysLate);
    assert_eq!(first, again);
}

#[test]
fn no_line_is_longer_than_mail_allows() {
    for kind in MessageKind::ALL {
        let (_, bytes) = encoded(kind);
        // RFC 5322 section 2.1.1: 998 characters and CRLF.
        assert!(bytes.split(|b| *b == b'\n').all(|line| line.len() <= 999), "{kind}");
        assert!(bytes.is_ascii(), "{kind}");
    }
}

#[test]
fn a_date_no_header_can_name_is_an_error_and_not_a_panic() {
    let (email, _) = encoded(MessageKind::Receipt);
    for date in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(matches!(mime::build(&email, date), Err(mime::MimeError::Date)));
    }
    let first = Utc.timestamp_opt(0, 0).unwrap();
    assert!(mime::build(&email, first).is_ok());
}
