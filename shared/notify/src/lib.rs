//! Facts in, rendered messages out: what a payer reads by e-mail and in chat.
//!
//! Owns the words, in Brazilian Portuguese and in English, the shape of a message, and its encoding
//! as MIME or as a Slack-compatible payload. Does not decide when a message goes out, does not
//! compute what is owed and does not send: those are `quita_core::chase`, `quita_core::terms` and
//! the mailer.
//!
//! Invariants:
//! - A message that asks for money shows amount, due date, QR Code, copy-and-paste code and link:
//!   [`PayableFacts`] cannot be built without a [`PaymentBlock`], nor that without all five.
//! - A message never says what its facts deny: a "late" reminder of an invoice that is not late is
//!   an error, and every relative day ("yesterday", "3 days ago") is computed.
//! - A subject line never discloses a debt to whoever else sees the screen.
//! - Text from outside is one clean line of bounded length before it reaches a template, and is
//!   escaped by the template engine in HTML.
//! - The same facts render the same bytes. There is no clock and no randomness here.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

pub mod chat;
mod email;
mod facts;
pub mod format;
mod kind;
mod labels;
pub mod mime;
mod parts;
pub mod sign_in;
mod templates;
mod text;
mod view;
pub mod wording;

pub use chat::{ChatMessage, render_chat};
pub use email::{Email, InlineImage, LEDGER_HEADER, Mailbox, render_email};
pub use facts::{
    Delivery, Facts, Instalment, InvoiceFacts, MerchantFacts, PayableFacts, PaymentBlock,
    PaymentBlockError, ReceiptFacts,
};
pub use kind::MessageKind;
pub use parts::{BrandColour, PartError, PixCode, QrPicture, WebLink};
pub use quita_core::customer::Locale;
pub use view::RenderError;

#[cfg(test)]
mod tests;
