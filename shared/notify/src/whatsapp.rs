//! WhatsApp: approved templates of the Cloud API, with a button that copies the Pix code.
//!
//! Owns what a WhatsApp message says, the definitions that a merchant submits to Meta, and the
//! JSON of a send. Does not upload the picture and does not send.
//!
//! Invariants:
//! - Whoever has not written first gets approved templates only, so the words of a message are
//!   fixed in [`template_definition`] and its facts are parameters. Changing the words of a body
//!   means a new [`TEMPLATE_REVISION`], which has to be approved first.
//! - A parameter is one line: no line break, no tab, no run of spaces.
//! - A payable message carries the QR Code as its header, amount, due day and link in its body and
//!   the copy-and-paste code in its button.
//!
//! Source: Meta, WhatsApp Business Platform: "Templates", "Send order details template message",
//! "Dynamic Pix codes"; read in November 2025.

use quita_core::contact::Phone;
use quita_core::money::Money;
use quita_core::pix_key::PixKey;

use crate::Locale;
use crate::email::{InlineImage, content_id};
use crate::facts::{Facts, PayableFacts};
use crate::kind::MessageKind;
use crate::parts::PixCode;
use crate::text::one_line;
use crate::view::{RenderError, View, check_ledger_key, view};

mod bodies;
mod wire;

pub(crate) use bodies::{fill, group_body};
pub use wire::{HEADER_HANDLE_PLACE, template_definition};
pub use wire::{cloud_api_payload, group_template_definition, set_header_media};

/// Longest body, parameters filled in, in characters.
pub const BODY_CHARS_MAX: usize = 1024;
/// Longest header text, in characters.
pub const HEADER_CHARS_MAX: usize = 60;
/// Longest footer, in characters.
pub const FOOTER_CHARS_MAX: usize = 60;
/// Part of every template's name. Raised when words change, since Meta approves words.
pub const TEMPLATE_REVISION: u32 = 1;
/// Longest `reference_id` of an order; letters, digits, `_`, `-` and `.`.
pub const REFERENCE_CHARS_MAX: usize = 35;
/// Longest name of an item or a payee in an order, in characters.
pub(crate) const ORDER_TEXT_CHARS_MAX: usize = 60;

/// A rendered WhatsApp message.
///
/// Debug is redacted: it carries the payer's link and code and never reaches a log.
#[derive(Clone, PartialEq, Eq)]
pub struct WhatsAppMessage {
    pub to: Phone,
    pub template: ApprovedTemplate,
    /// The QR Code. It is uploaded first; see [`set_header_media`].
    pub header_image: Option<InlineImage>,
    /// `{{1}}`, `{{2}}` .. of the body, in order.
    pub parameters: Vec<String>,
    /// What the button pays; `None` on a receipt and in a group.
    pub order: Option<OrderDetails>,
    pub ledger_key: String,
    /// What the recipient reads, with the code that the button copies.
    pub text: String,
}

impl std::fmt::Debug for WhatsAppMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WhatsAppMessage({}, {} bytes)", self.ledger_key, self.text.len())
    }
}

/// A template that Meta has to have approved under this name, in this language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedTemplate {
    /// `a-z 0-9 _`.
    pub name: String,
    /// Meta's spelling: `pt_BR`, `en`.
    pub language: String,
    pub category: TemplateCategory,
}

/// What Meta reviews and prices a template as. A bill is `Utility`; the same bill approved as
/// `Marketing` costs several times as much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateCategory {
    Utility,
    Marketing,
    Authentication,
}

impl TemplateCategory {
    /// Meta's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utility => "UTILITY",
            Self::Marketing => "MARKETING",
            Self::Authentication => "AUTHENTICATION",
        }
    }
}

/// What the button of a payable message pays (`order_details` with `pix_dynamic_code`).
///
/// Debug is redacted: the code opens the charge, and the key may be a CPF or a phone.
#[derive(Clone, PartialEq, Eq)]
pub struct OrderDetails {
    /// Unique per message, at most [`REFERENCE_CHARS_MAX`].
    pub reference_id: String,
    pub total: Money,
    pub code: PixCode,
    pub merchant_name: String,
    pub key: PixKey,
    /// The one line of the order.
    pub item: String,
}

impl std::fmt::Debug for OrderDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OrderDetails({})", self.reference_id)
    }
}

/// Renders one message for WhatsApp. `facts` as in [`crate::render_email`]; `key` is the Pix key
/// that the charge pays to, which Meta asks for beside the code.
///
/// # Errors
/// As [`crate::render_email`], without its recipients; and when the body, which a long link may
/// do, exceeds [`BODY_CHARS_MAX`].
pub fn render_whatsapp<'a>(
    kind: MessageKind,
    locale: Locale,
    facts: impl Into<Facts<'a>>,
    to: &Phone,
    key: &PixKey,
) -> Result<WhatsAppMessage, RenderError> {
    let facts = facts.into();
    let delivery = facts.delivery();
    check_ledger_key(delivery)?;
    let view = view(kind, locale, facts)?;
    let parameters = one_line_each(parameters(&view));
    let body = bounded(fill(bodies::body(kind, locale), &parameters))?;
    let (header_image, order) = match facts {
        Facts::Payable(facts) => (Some(picture(facts)), Some(order(facts, &view, key))),
        Facts::Receipt(_) => (None, None),
    };
    let code = order.as_ref().map(|order| format!("{}: {}", view.t.code, order.code.as_str()));
    let parts = [header_text(kind, locale).map(str::to_owned), Some(body), code];
    let footer = std::iter::once(footer(locale).to_owned());
    let text: Vec<_> = parts.into_iter().flatten().chain(footer).collect();
    Ok(WhatsAppMessage {
        to: to.clone(),
        template: approved(kind.as_str(), locale),
        header_image,
        parameters,
        order,
        ledger_key: delivery.ledger_key.clone(),
        text: text.join("\n\n"),
    })
}

/// The template of `name` under its current revision.
pub(crate) fn approved(name: &str, locale: Locale) -> ApprovedTemplate {
    ApprovedTemplate {
        name: format!("quita_{name}_v{TEMPLATE_REVISION}"),
        language: language(locale).to_owned(),
        category: TemplateCategory::Utility,
    }
}

/// Meta's spelling of a language.
pub(crate) fn language(locale: Locale) -> &'static str {
    match locale {
        Locale::PtBr => "pt_BR",
        Locale::En => "en",
    }
}

/// Beneath every message. Whoever answers so is sent nothing more on this channel.
pub(crate) fn footer(locale: Locale) -> &'static str {
    match locale {
        Locale::PtBr => "Para não receber mensagens por aqui, responda SAIR.",
        Locale::En => "To get no more messages here, reply STOP.",
    }
}

/// The header of a message about several invoices.
pub(crate) fn group_header(locale: Locale) -> &'static str {
    match locale {
        Locale::PtBr => "Suas faturas",
        Locale::En => "Your invoices",
    }
}

/// The header of a message without a QR Code.
fn header_text(kind: MessageKind, locale: Locale) -> Option<&'static str> {
    match (kind.is_payable(), locale) {
        (true, _) => None,
        (false, Locale::PtBr) => Some("Comprovante de pagamento"),
        (false, Locale::En) => Some("Payment receipt"),
    }
}

fn parameters(view: &View) -> Vec<String> {
    let common = [&view.customer, &view.merchant.name, &view.invoice.reference];
    let mut parameters: Vec<String> = common.into_iter().cloned().collect();
    if let Some(payable) = &view.payable {
        parameters.extend([payable.due_when.clone(), view.amount.total.clone()]);
    }
    if let Some(receipt) = &view.receipt {
        let after = &receipt.after;
        let status = match receipt.settled {
            true => view.t.settled.to_owned(),
            false => format!("{}: {}", after.label, after.value),
        };
        parameters.extend([receipt.paid.clone(), receipt.paid_at.clone(), status]);
    }
    parameters.extend([view.page.clone(), view.reply_to.clone()]);
    parameters
}

/// As Meta takes parameters: error 132000 and the like are for what has line breaks or tabs.
pub(crate) fn one_line_each(parameters: Vec<String>) -> Vec<String> {
    parameters.iter().map(|text| one_line(text, usize::MAX)).collect()
}

pub(crate) fn bounded(body: String) -> Result<String, RenderError> {
    let fits = body.chars().count() <= BODY_CHARS_MAX;
    if fits { Ok(body) } else { Err(RenderError::TooLong("WhatsApp body")) }
}

pub(crate) fn picture(facts: &PayableFacts) -> InlineImage {
    InlineImage {
        content_id: content_id(&facts.delivery),
        media_type: "image/png".to_owned(),
        bytes: facts.payment.qr().bytes().to_vec(),
    }
}

pub(crate) fn order(facts: &PayableFacts, view: &View, key: &PixKey) -> OrderDetails {
    OrderDetails {
        reference_id: reference_id(&facts.delivery.ledger_key),
        total: facts.payment.amount().total,
        code: facts.payment.code().clone(),
        merchant_name: one_line(&view.merchant.name, ORDER_TEXT_CHARS_MAX),
        key: key.clone(),
        item: one_line(&view.invoice.title, ORDER_TEXT_CHARS_MAX),
    }
}

/// The ledger key where it fits, else its hash: the same message has the same reference.
fn reference_id(ledger_key: &str) -> String {
    match ledger_key.len() <= REFERENCE_CHARS_MAX {
        true => ledger_key.to_owned(),
        false => format!("quita-{:016x}", crate::mime::fnv1a(ledger_key.as_bytes())),
    }
}
