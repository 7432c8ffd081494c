//! SMS: one short text in the GSM 7-bit alphabet.
//!
//! Owns what an SMS says and how long it may be. Does not own the alphabet: see [`gsm7`].
//!
//! A message that asks for money carries merchant, amount, due date and link. The copy-and-paste
//! code is a tap away on the linked page: a BR Code alone is longer than one part. What it says is
//! as neutral as a subject line, since a locked phone shows it to whoever looks.

use quita_core::contact::Phone;

use crate::Locale;
use crate::email::render;
use crate::facts::{Delivery, Facts};
use crate::kind::MessageKind;
use crate::text::one_line;
use crate::view::{RenderError, check_ledger_key, view};

pub mod gsm7;

/// Most parts of one message; each is paid for.
pub const PARTS_MAX: u8 = 4;
/// Longest merchant name in an SMS, in characters.
pub(crate) const MERCHANT_CHARS_MAX: usize = 40;

/// A rendered SMS.
///
/// Debug is redacted: the text carries the payer's link and never reaches a log.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsMessage {
    pub to: Phone,
    /// In the GSM 7-bit alphabet alone, and not empty.
    pub text: String,
    /// Parts a provider bills, 1 to [`PARTS_MAX`]; a group may take
    /// [`crate::group::GROUP_SMS_PARTS_MAX`].
    pub parts: u8,
    pub ledger_key: String,
}

impl std::fmt::Debug for SmsMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmsMessage({}, {} parts)", self.ledger_key, self.parts)
    }
}

/// Renders one message as SMS. `facts` as in [`crate::render_email`].
///
/// # Errors
/// As [`crate::render_email`], without its recipients; and when the text, which a long link may
/// do, takes more than [`PARTS_MAX`] parts. A link is never cut.
pub fn render_sms<'a>(
    kind: MessageKind,
    locale: Locale,
    facts: impl Into<Facts<'a>>,
    to: &Phone,
) -> Result<SmsMessage, RenderError> {
    let facts = facts.into();
    let mut view = view(kind, locale, facts)?;
    view.merchant.name = one_line(&view.merchant.name, MERCHANT_CHARS_MAX);
    view.reply_to = address_or_page(&view.reply_to, &view.page);
    let text = render(kind, locale, "sms.txt", &view)?;
    message(&text, PARTS_MAX, to, facts.delivery())
}

/// The address as it is or, where the alphabet cannot spell it, the page, which can be asked too.
pub(crate) fn address_or_page(address: &str, page: &str) -> String {
    if gsm7::parts(address).is_some() { address.to_owned() } else { page.to_owned() }
}

/// Makes `text` fit to be sent.
///
/// A link passes through unchanged: [`crate::WebLink`] holds characters of the alphabet alone.
pub(crate) fn message(
    text: &str,
    parts_max: u8,
    to: &Phone,
    delivery: &Delivery,
) -> Result<SmsMessage, RenderError> {
    check_ledger_key(delivery)?;
    let text = gsm7::transliterate(&one_line(text, usize::MAX));
    let parts = gsm7::parts(&text).filter(|parts| *parts <= parts_max);
    match parts.ok_or(RenderError::TooLong("SMS"))? {
        0 => Err(RenderError::Blank("SMS")),
        parts => {
            Ok(SmsMessage { to: to.clone(), text, parts, ledger_key: delivery.ledger_key.clone() })
        }
    }
}
