//! A rendered e-mail, before its encoding.
//!
//! Owns subject, both bodies and the inline picture. Does not own MIME: see [`crate::mime`].

use minijinja::value::Serde;
use quita_core::contact::Email as Address;

use crate::Locale;
use crate::facts::{Delivery, Facts};
use crate::kind::MessageKind;
use crate::templates::environment;
use crate::text::one_line;
use crate::view::{RenderError, View, check_delivery, view};

/// Header, and provider tag, by which a message is found again.
pub const LEDGER_HEADER: &str = "X-Quita-Message";

/// Longest subject; longer ones are cut, since most readers show fewer.
pub(crate) const SUBJECT_CHARS_MAX: usize = 150;

/// A message ready to be encoded or shown.
///
/// Debug is redacted: bodies carry the payer's link and never reach a log.
#[derive(Clone)]
pub struct Email {
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
    pub reply_to: Mailbox,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub inline: Vec<InlineImage>,
    /// Goes out as [`LEDGER_HEADER`] and seeds the Message-ID.
    pub ledger_key: String,
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sizes = (self.text.len(), self.html.len());
        write!(f, "Email({}, text and html of {sizes:?} bytes)", self.ledger_key)
    }
}

/// An address with the name shown beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: Address,
}

/// A picture the HTML body shows as `cid:<content_id>`.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineImage {
    pub content_id: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for InlineImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { content_id, media_type, bytes } = self;
        write!(f, "InlineImage({content_id}, {media_type}, {} bytes)", bytes.len())
    }
}

/// Renders one message. `facts` is `&PayableFacts`, or `&ReceiptFacts` for a receipt.
///
/// # Errors
/// When the facts are of the other kind, contradict what the message says, or lack a name.
pub fn render_email<'a>(
    kind: MessageKind,
    locale: Locale,
    facts: impl Into<Facts<'a>>,
) -> Result<Email, RenderError> {
    let facts = facts.into();
    check_delivery(facts.delivery())?;
    let view = view(kind, locale, facts)?;
    let subject = one_line(&render(kind, locale, "subject.txt", &view)?, SUBJECT_CHARS_MAX);
    let text = render(kind, locale, "body.txt", &view)?;
    let html = render(kind, locale, "body.html", &view)?;
    Ok(assemble(&view, facts, subject, text, html))
}

/// The message around words that are rendered: from whom, to whom, and the picture.
pub(crate) fn assemble(
    view: &View,
    facts: Facts<'_>,
    subject: String,
    text: String,
    html: String,
) -> Email {
    let delivery = facts.delivery();
    let inline = match facts {
        Facts::Payable(facts) => vec![InlineImage {
            content_id: content_id(delivery),
            media_type: "image/png".to_owned(),
            bytes: facts.payment.qr().bytes().to_vec(),
        }],
        Facts::Receipt(_) => Vec::new(),
    };
    let merchant = || Some(view.merchant.name.clone());
    let to =
        |address: &Address| Mailbox { name: Some(view.customer.clone()), address: address.clone() };
    Email {
        from: Mailbox { name: Some(view.merchant.sender.clone()), address: delivery.from.clone() },
        to: delivery.to.iter().map(to).collect(),
        reply_to: Mailbox { name: merchant(), address: delivery.reply_to.clone() },
        subject,
        text,
        html,
        inline,
        ledger_key: delivery.ledger_key.clone(),
    }
}

/// Renders one file of a message.
pub(crate) fn render(
    kind: MessageKind,
    locale: Locale,
    file: &str,
    view: &View,
) -> Result<String, RenderError> {
    let name = format!("{kind}/{}/{file}", locale.as_str());
    Ok(environment().get_template(&name)?.render(Serde(view))?)
}

/// Content-ID of the QR picture: world-unique (RFC 2045 section 7), hence made from the ledger key.
pub(crate) fn content_id(delivery: &Delivery) -> String {
    format!("qr.{}@{}", delivery.ledger_key, delivery.from.domain())
}
