//! Facts in, rendered messages out: what a payer reads by e-mail, in chat, on WhatsApp, as SMS and
//! on paper, and what a merchant's own people do.
//!
//! Owns the words, in Brazilian Portuguese and in English, the shape of a message, and its encoding
//! as MIME, as a Slack-compatible payload, as the Cloud API's JSON, in the GSM alphabet and as PDF.
//! Does not decide when a message goes out, does not compute what is owed and does not send: those
//! are `quita_core::chase`, `quita_core::terms` and the senders.
//!
//! Invariants:
//! - A message that asks for money shows amount, due date, QR Code, copy-and-paste code and link:
//!   [`PayableFacts`] cannot be built without a [`PaymentBlock`], nor that without all five. An SMS
//!   has room for amount, due date and link; picture and code are a tap away on the page.
//! - What does not fit a channel is an error, never a link or a code that was cut.
//! - A message never says what its facts deny: a "late" reminder of an invoice that is not late is
//!   an error, and every relative day ("yesterday", "3 days ago") is computed.
//! - A subject line or an SMS never discloses a debt to whoever else sees the screen, nor does the
//!   window of an envelope.
//! - Every message says how to ask: where to write, and the page.
//! - Text from outside is one clean line of bounded length before it reaches a template, and is
//!   escaped by the template engine in HTML.
//! - The same facts render the same bytes. There is no clock and no randomness here.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

pub mod chat;
pub mod custom;
pub mod digest;
mod email;
mod facts;
pub mod format;
pub mod group;
mod kind;
mod labels;
pub mod letter;
pub mod mime;
mod parts;
pub mod sign_in;
pub mod sms;
mod templates;
mod text;
mod view;
pub mod whatsapp;
pub mod wording;

pub use chat::{ChatMessage, render_chat};
pub use email::{Email, InlineImage, LEDGER_HEADER, Mailbox, render_email};
pub use facts::{
    Delivery, Facts, Instalment, InvoiceFacts, MerchantFacts, PayableFacts, PaymentBlock,
    PaymentBlockError, ReceiptFacts,
};
pub use group::{
    GROUP_MAX, GroupFacts, render_group_chat, render_group_email, render_group_sms,
    render_group_whatsapp,
};
pub use kind::MessageKind;
pub use letter::{LetterMessage, render_letter};
pub use parts::{BrandColour, PartError, PixCode, QrPicture, WebLink};
pub use quita_core::customer::Locale;
pub use sms::{SmsMessage, render_sms};
pub use view::RenderError;
pub use whatsapp::{WhatsAppMessage, render_whatsapp};

#[cfg(test)]
mod tests;
