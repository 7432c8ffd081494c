//! An e-mail as the bytes a mail provider takes.
//!
//! Owns structure and headers: `multipart/alternative` of plain text and `multipart/related`, which
//! holds the HTML and its pictures. Does not sign (DKIM) and does not send.
//!
//! Invariants: no text becomes a header line of its own; the same e-mail and date give the same
//! bytes. There is no `List-Unsubscribe`, since a bill is not an optional message.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::message::header::{
    ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MessageId,
};
use lettre::message::{Attachment, Body, Message, MultiPart, SinglePart};
use thiserror::Error;

use crate::email::{Email, InlineImage, LEDGER_HEADER, Mailbox};
use crate::facts::Delivery;
use crate::view::is_ledger_key;

/// Largest encoded message: below the 10 MB that SES takes by default, with room to spare.
pub const MESSAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Years an RFC 5322 date can name here, as seconds of the epoch: 1970 to 9999.
const EPOCH_SECONDS: std::ops::Range<i64> = 0..253_402_300_800;

/// Why a message cannot be encoded.
#[derive(Debug, Error)]
pub enum MimeError {
    #[error("{0} holds a control character")]
    ControlCharacter(&'static str),
    #[error("{0} is not an address that mail accepts")]
    Address(&'static str),
    #[error(
        "ledger key must be 1 to {} letters, digits, `_` or `-`",
        Delivery::LEDGER_KEY_BYTES_MAX
    )]
    LedgerKey,
    #[error("media type of an inline image is not valid")]
    MediaType,
    #[error("date is outside the years 1970 to 9999")]
    Date,
    #[error("message is larger than {MESSAGE_BYTES_MAX} bytes")]
    TooLarge,
    #[error("message could not be assembled")]
    Assemble(#[from] lettre::error::Error),
}

/// Encodes `email` as sent at `date`.
pub fn build(email: &Email, date: DateTime<Utc>) -> Result<Vec<u8>, MimeError> {
    if !is_ledger_key(&email.ledger_key) {
        return Err(MimeError::LedgerKey);
    }
    if email.subject.chars().any(char::is_control) {
        return Err(MimeError::ControlCharacter("subject"));
    }
    let from = mailbox("from", &email.from)?;
    let message_id = format!("<{}@{}>", email.ledger_key, from.email.domain());
    let mut builder = Message::builder()
        .header(MessageId::from(message_id))
        .date(system_time(date)?)
        .from(from)
        .reply_to(mailbox("reply_to", &email.reply_to)?)
        .subject(email.subject.as_str());
    for to in &email.to {
        builder = builder.to(mailbox("to", to)?);
    }
    for (name, value) in [(LEDGER_HEADER, email.ledger_key.as_str()), AUTO_SUBMITTED] {
        let name = HeaderName::new_from_ascii_str(name);
        builder = builder.raw_header(HeaderValue::new(name, value.to_owned()));
    }
    let bytes = builder.multipart(body(email)?)?.formatted();
    if bytes.len() > MESSAGE_BYTES_MAX { Err(MimeError::TooLarge) } else { Ok(bytes) }
}

/// Tells autoresponders not to answer (RFC 3834 section 5).
const AUTO_SUBMITTED: (&str, &str) = ("Auto-Submitted", "auto-generated");

fn system_time(date: DateTime<Utc>) -> Result<SystemTime, MimeError> {
    if EPOCH_SECONDS.contains(&date.timestamp()) { Ok(date.into()) } else { Err(MimeError::Date) }
}

fn mailbox(field: &'static str, from: &Mailbox) -> Result<lettre::message::Mailbox, MimeError> {
    if from.name.iter().any(|name| name.chars().any(char::is_control)) {
        return Err(MimeError::ControlCharacter(field));
    }
    let address = from.address.as_str().parse().map_err(|_| MimeError::Address(field))?;
    Ok(lettre::message::Mailbox::new(from.name.clone(), address))
}

fn body(email: &Email) -> Result<MultiPart, MimeError> {
    let html = text_part(ContentType::TEXT_HTML, &email.html);
    let mut related =
        MultiPart::related().boundary(boundary("related", &email.ledger_key)).singlepart(html);
    for image in &email.inline {
        related = related.singlepart(inline_part(image)?);
    }
    Ok(MultiPart::alternative()
        .boundary(boundary("alternative", &email.ledger_key))
        .singlepart(text_part(ContentType::TEXT_PLAIN, &email.text))
        .multipart(related))
}

/// Always quoted-printable or base64, never 7bit: an encoded body cannot hold a boundary.
fn text_part(content_type: ContentType, text: &str) -> SinglePart {
    let encoding = ContentTransferEncoding::QuotedPrintable;
    let body = Body::new_with_encoding(text.to_owned(), encoding).unwrap_or_else(Body::new);
    SinglePart::builder().header(content_type).body(body)
}

fn inline_part(image: &InlineImage) -> Result<SinglePart, MimeError> {
    if image.content_id.chars().any(|c| c.is_control() || c.is_whitespace() || "<>".contains(c)) {
        return Err(MimeError::ControlCharacter("content id"));
    }
    let media_type = ContentType::parse(&image.media_type).map_err(|_| MimeError::MediaType)?;
    Ok(Attachment::new_inline(image.content_id.clone()).body(image.bytes.clone(), media_type))
}

/// A boundary that depends on the message alone. `=_` occurs in neither quoted-printable nor base64
/// text (RFC 2045 section 6.7), so no content can close a part.
fn boundary(part: &str, ledger_key: &str) -> String {
    format!("=_quita_{part}_{:016x}", fnv1a(ledger_key.as_bytes()))
}

/// FNV-1a, 64 bits: short, stable across releases; nothing here rests on it being hard to invert.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
