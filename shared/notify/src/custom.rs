//! A merchant's own templates: checked when they are saved, rendered under limits.
//!
//! Owns the language a template may be written in ([`scan`]), the variables it may use
//! ([`variables`]), how much it may do ([`engine`]), and what a message must show whoever wrote it
//! ([`complete`]). Does not own where templates are kept nor which one a step takes.
//!
//! ```text
//!   source ─> scan: known tags, variables, filters ─> render on each sample ─> is it complete?
//!                 every fault, with source and line        │ fuel, depth and size are limited
//! ```
//!
//! Invariants:
//! - What was not scanned is not compiled: the scan refuses whatever could make a text grow, reach
//!   another template, or switch escaping off.
//! - [`render`] is the one way from a version to a message, for a preview and for a payer.
//! - A message that asks for money and does not show how to pay is an error, on the samples when the
//!   template is saved and on the payer's own facts when it is sent.

mod complete;
mod engine;
mod html;
mod read;
mod samples;
mod scan;
mod variables;

use quita_core::contact::Phone;
use quita_core::customer::{Address, Locale};
use quita_core::pix_key::PixKey;
use quita_core::template::{Category, Content, TemplateVersion};
use quita_core::violation::Violation;
use thiserror::Error;

use crate::chat::{self, ChatMessage};
use crate::email::{self, Email, SUBJECT_CHARS_MAX};
use crate::facts::Facts;
use crate::kind::MessageKind;
use crate::letter::{self, LetterMessage};
use crate::sms::{self, SmsMessage};
use crate::text::one_line;
use crate::view::{RenderError, View, check_delivery, check_ledger_key, view};
use crate::whatsapp::{self, ApprovedTemplate, TemplateCategory, WhatsAppMessage};

pub use engine::{DEPTH_MAX, FUEL, OUTPUT_BYTES_MAX};
pub use samples::{Sample, samples};
pub use variables::{Of, Shape, VARIABLES, Variable};

use engine::{Kind, Source};

/// Most faults that are told of one template; the rest come when these are mended.
pub const FAULTS_MAX: usize = 100;

/// Where a message goes beside e-mail and chat, whose addresses stand in the facts or with the chat.
/// A channel that misses its own is an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recipient<'a> {
    /// Of WhatsApp and SMS.
    pub phone: Option<&'a Phone>,
    /// The Pix key that the charge pays to: WhatsApp asks for it beside the code.
    pub pix_key: Option<&'a PixKey>,
    /// Of a letter.
    pub address: Option<&'a Address>,
}

/// A message as a merchant's own words say it.
#[derive(Debug, Clone)]
pub enum Rendered {
    Email(Box<Email>),
    Chat(Box<ChatMessage>),
    WhatsApp(Box<WhatsAppMessage>),
    Sms(Box<SmsMessage>),
    Letter(Box<LetterMessage>),
}

/// Why a version does not become a message. The facts, or whoever wrote it, need a person.
#[derive(Debug, Error)]
pub enum CustomError {
    #[error(transparent)]
    Facts(#[from] RenderError),
    /// A fault of a source, as it is told to whoever wrote it.
    #[error("{}: {}", .0.property, .0.reason)]
    Source(Violation),
    /// It would go out without something that a payer needs.
    #[error("the message lacks {0}")]
    Incomplete(String),
}

/// The shipped message whose assumptions a name shares; one of the merchant's own names asks for
/// money and assumes nothing else.
pub fn kind_of(name: &str) -> MessageKind {
    MessageKind::parse(name).unwrap_or(MessageKind::ChargeIssued)
}

/// Renders a version. What a preview shows and what is sent come from here.
///
/// # Errors
/// When the facts are of another kind or contradict what the name says, when a limit is passed, when
/// there is nowhere to send to, and when the message would lack something a payer needs.
pub fn render<'a>(
    version: &TemplateVersion,
    facts: impl Into<Facts<'a>>,
    to: &Recipient<'_>,
) -> Result<Rendered, CustomError> {
    let facts = facts.into();
    let rendered = words(version, facts, to)?;
    match complete::lacks(&rendered, facts, version.key.locale).first() {
        None => Ok(rendered),
        Some(first) => Err(CustomError::Incomplete(first.reason.clone())),
    }
}

/// Everything that keeps a version from being saved: what its sources use, what happens when they
/// are rendered, and what a payer would miss. Empty when nothing does.
pub fn faults(version: &TemplateVersion) -> Vec<Violation> {
    let kind = kind_of(version.key.name.as_str());
    let each = sources(&version.content);
    let mut faults: Vec<Violation> = each
        .iter()
        .flat_map(|source| scan::faults(&source.borrowed(), kind.is_payable()))
        .collect();
    if faults.is_empty() {
        faults = faults_of_samples(kind, version);
    }
    faults.truncate(FAULTS_MAX);
    faults
}

/// Renders the sources, whether the message is complete or not.
fn words(
    version: &TemplateVersion,
    facts: Facts<'_>,
    to: &Recipient<'_>,
) -> Result<Rendered, CustomError> {
    let (kind, locale) = (kind_of(version.key.name.as_str()), version.key.locale);
    let seen = view(kind, locale, facts)?;
    let said = |property: &str, kind: Kind, text: &str| {
        engine::render(&Source { property, kind, text }, &seen).map_err(CustomError::Source)
    };
    check_ledger_key(facts.delivery())?;
    let phone = || to.phone.ok_or(RenderError::Blank("phone"));
    Ok(match &version.content {
        Content::Email { subject, text, html } => {
            check_delivery(facts.delivery())?;
            let subject = one_line(&said("subject", Kind::Line, subject)?, SUBJECT_CHARS_MAX);
            let (text, html) = (said("text", Kind::Text, text)?, said("html", Kind::Html, html)?);
            Rendered::Email(Box::new(email::assemble(&seen, facts, subject, text, html)))
        }
        Content::Chat { text } => {
            let lead = said("text", Kind::Line, text)?.trim().to_owned();
            Rendered::Chat(Box::new(chat::assemble(&seen, lead)))
        }
        Content::Sms { text } => {
            let text = said("text", Kind::Line, text)?;
            let sms = sms::message(&text, sms::PARTS_MAX, phone()?, facts.delivery())?;
            Rendered::Sms(Box::new(sms))
        }
        Content::Letter { text } => {
            let body = said("text", Kind::Line, text)?;
            let address = to.address.ok_or(RenderError::Blank("address"))?;
            let letter = letter::assemble(&seen, locale, facts, &body, address)?;
            Rendered::Letter(Box::new(letter))
        }
        Content::WhatsApp { parameters, .. } => {
            let each = parameters.iter().enumerate();
            let each = each.map(|(nth, text)| said(&parameter(nth), Kind::Line, text));
            let parameters = each.collect::<Result<_, _>>()?;
            let key = to.pix_key.ok_or(RenderError::Blank("Pix key"))?;
            let message = approved(version, &seen, facts, parameters, (phone()?, key))?;
            Rendered::WhatsApp(Box::new(message))
        }
    })
}

/// An approved template with its placeholders filled.
fn approved(
    version: &TemplateVersion,
    view: &View,
    facts: Facts<'_>,
    parameters: Vec<String>,
    (to, key): (&Phone, &PixKey),
) -> Result<WhatsAppMessage, RenderError> {
    let Content::WhatsApp { approved_name, category, text, order_button, qr_header, .. } =
        &version.content
    else {
        return Err(RenderError::Blank("approved template"));
    };
    let parameters = whatsapp::one_line_each(parameters);
    let body = whatsapp::bounded(whatsapp::fill(text, &parameters))?;
    let payable = match facts {
        Facts::Payable(facts) => Some(facts),
        Facts::Receipt(_) => None,
    };
    let order = payable.filter(|_| *order_button).map(|facts| whatsapp::order(facts, view, key));
    let header_image = payable.filter(|_| *qr_header).map(whatsapp::picture);
    let code = order.as_ref().map(|order| format!("{}: {}", view.t.code, order.code.as_str()));
    let text: Vec<String> = std::iter::once(body).chain(code).collect();
    Ok(WhatsAppMessage {
        to: to.clone(),
        template: ApprovedTemplate {
            name: approved_name.clone(),
            language: whatsapp::language(version.key.locale).to_owned(),
            category: match category {
                Category::Utility => TemplateCategory::Utility,
                Category::Marketing => TemplateCategory::Marketing,
                Category::Authentication => TemplateCategory::Authentication,
            },
        },
        header_image,
        parameters,
        order,
        ledger_key: facts.delivery().ledger_key.clone(),
        text: text.join("\n\n"),
    })
}

/// What goes wrong on the samples; those of a source once, with the first sample that shows them.
fn faults_of_samples(kind: MessageKind, version: &TemplateVersion) -> Vec<Violation> {
    let locale = version.key.locale;
    let mut faults: Vec<Violation> = Vec::new();
    let mut tell = |mut found: Vec<Violation>| {
        found.retain(|fault| !faults.iter().any(|known| known.property == fault.property));
        faults.append(&mut found);
    };
    for sample in samples(kind) {
        let of_sample = |fault: Violation| Violation {
            reason: format!("{} (sample \"{}\")", fault.reason, sample.name),
            ..fault
        };
        let failed = failures(kind, locale, &version.content, sample.facts());
        if !failed.is_empty() {
            tell(failed.into_iter().map(of_sample).collect());
            continue;
        }
        match words(version, sample.facts(), &sample.recipient()) {
            Ok(rendered) => {
                let mut found = complete::lacks(&rendered, sample.facts(), locale);
                for fault in &mut found {
                    fault.reason = format!("it lacks {}", fault.reason);
                }
                found.extend(complete::indiscretions(&rendered, sample.facts(), locale));
                tell(found.into_iter().map(of_sample).collect());
            }
            Err(CustomError::Source(fault)) => tell(vec![of_sample(fault)]),
            Err(error) => tell(vec![of_sample(Violation::new("text", error.to_string()))]),
        }
    }
    faults
}

/// Which sources do not render at all, every one of them.
fn failures(
    kind: MessageKind,
    locale: Locale,
    content: &Content,
    facts: Facts<'_>,
) -> Vec<Violation> {
    match view(kind, locale, facts) {
        Ok(seen) => {
            let each = sources(content).into_iter();
            each.filter_map(|source| engine::render(&source.borrowed(), &seen).err()).collect()
        }
        Err(error) => vec![Violation::new("text", error.to_string())],
    }
}

/// A source of a content with the property it stands in.
struct Owned<'a> {
    property: String,
    kind: Kind,
    text: &'a str,
}

impl Owned<'_> {
    fn borrowed(&self) -> Source<'_> {
        Source { property: &self.property, kind: self.kind, text: self.text }
    }
}

/// The sources of a content. The approved body of a WhatsApp template is none.
fn sources(content: &Content) -> Vec<Owned<'_>> {
    let of = |property: &str, kind, text| Owned { property: property.to_owned(), kind, text };
    match content {
        Content::Email { subject, text, html } => vec![
            of("subject", Kind::Line, subject.as_str()),
            of("text", Kind::Text, text),
            of("html", Kind::Html, html),
        ],
        Content::Chat { text } | Content::Sms { text } | Content::Letter { text } => {
            vec![of("text", Kind::Line, text)]
        }
        Content::WhatsApp { parameters, .. } => {
            let each = parameters.iter().enumerate();
            each.map(|(nth, text)| of(&parameter(nth), Kind::Line, text)).collect()
        }
    }
}

fn parameter(nth: usize) -> String {
    format!("parameters[{nth}]")
}

#[cfg(test)]
mod tests;
