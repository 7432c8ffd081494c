//! The words of one message: shipped ones or a merchant's own, rendered the same way.

use std::sync::Arc;

use quita_core::contact::Phone;
use quita_core::customer::{Address, Locale};
use quita_core::message::{Channel, Source};
use quita_core::pix_key::PixKey;
use quita_core::template::TemplateVersion;
use quita_notify::custom::{self, CustomError, Recipient, Rendered};
use quita_notify::{
    ChatMessage, Email, Facts, LetterMessage, MessageKind, RenderError, SmsMessage,
    WhatsAppMessage, render_chat, render_email, render_letter, render_sms, render_whatsapp,
};

/// Version of the words that come with the product, as histories show it.
pub const SHIPPED_VERSION: u32 = 0;

/// What a step says on one channel in one language.
#[derive(Debug, Clone)]
pub enum Wording {
    Shipped(MessageKind, Locale),
    Own(Arc<TemplateVersion>),
    /// Nobody has written it: rendering says so, since a person has to.
    Missing {
        name: String,
        channel: Channel,
        locale: Locale,
    },
}

/// Why it does not become a message. Asking again changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum WordingError {
    #[error(transparent)]
    Shipped(#[from] RenderError),
    #[error("template {1} version {2}: {0}")]
    Own(CustomError, String, u32),
    #[error("there is no template {name} for {} in {}", .channel.as_str(), .locale.as_str())]
    Missing { name: String, channel: Channel, locale: Locale },
    #[error("template {0} is for another channel")]
    OtherChannel(String),
}

impl Wording {
    /// What a history names beside the text that was sent.
    pub fn source(&self) -> Source {
        match self {
            Self::Shipped(kind, _) => {
                Source { name: kind.as_str().to_owned(), version: SHIPPED_VERSION }
            }
            Self::Own(own) => {
                Source { name: own.key.name.as_str().to_owned(), version: own.number }
            }
            Self::Missing { name, .. } => Source { name: name.clone(), version: SHIPPED_VERSION },
        }
    }

    /// The shipped message whose assumptions it shares. A message about several invoices takes its
    /// words from there: a merchant's own are about one.
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Shipped(kind, _) => *kind,
            Self::Own(own) => custom::kind_of(own.key.name.as_str()),
            Self::Missing { name, .. } => custom::kind_of(name),
        }
    }

    pub fn email<'a>(&self, facts: impl Into<Facts<'a>>) -> Result<Email, WordingError> {
        match self.render(Channel::Email, facts.into(), &Recipient::default())? {
            Rendered::Email(email) => Ok(*email),
            _ => Err(self.other_channel()),
        }
    }

    pub fn chat<'a>(&self, facts: impl Into<Facts<'a>>) -> Result<ChatMessage, WordingError> {
        match self.render(Channel::Chat, facts.into(), &Recipient::default())? {
            Rendered::Chat(chat) => Ok(*chat),
            _ => Err(self.other_channel()),
        }
    }

    pub fn sms<'a>(
        &self,
        facts: impl Into<Facts<'a>>,
        to: &Phone,
    ) -> Result<SmsMessage, WordingError> {
        let to = Recipient { phone: Some(to), ..Recipient::default() };
        match self.render(Channel::Sms, facts.into(), &to)? {
            Rendered::Sms(sms) => Ok(*sms),
            _ => Err(self.other_channel()),
        }
    }

    pub fn whatsapp<'a>(
        &self,
        facts: impl Into<Facts<'a>>,
        to: &Phone,
        key: &PixKey,
    ) -> Result<WhatsAppMessage, WordingError> {
        let to = Recipient { phone: Some(to), pix_key: Some(key), address: None };
        match self.render(Channel::WhatsApp, facts.into(), &to)? {
            Rendered::WhatsApp(message) => Ok(*message),
            _ => Err(self.other_channel()),
        }
    }

    pub fn letter<'a>(
        &self,
        facts: impl Into<Facts<'a>>,
        to: &Address,
    ) -> Result<LetterMessage, WordingError> {
        let to = Recipient { address: Some(to), ..Recipient::default() };
        match self.render(Channel::Letter, facts.into(), &to)? {
            Rendered::Letter(letter) => Ok(*letter),
            _ => Err(self.other_channel()),
        }
    }

    /// Renders it on a channel; a merchant's own knows its channel itself.
    pub(super) fn render(
        &self,
        channel: Channel,
        facts: Facts<'_>,
        to: &Recipient<'_>,
    ) -> Result<Rendered, WordingError> {
        match self {
            Self::Own(own) => custom::render(own, facts, to).map_err(|error| {
                WordingError::Own(error, own.key.name.as_str().to_owned(), own.number)
            }),
            Self::Shipped(kind, locale) => Ok(shipped(*kind, *locale, channel, facts, to)?),
            Self::Missing { name, channel, locale } => Err(WordingError::Missing {
                name: name.clone(),
                channel: *channel,
                locale: *locale,
            }),
        }
    }

    fn other_channel(&self) -> WordingError {
        WordingError::OtherChannel(self.source().name)
    }
}

fn shipped(
    kind: MessageKind,
    locale: Locale,
    channel: Channel,
    facts: Facts<'_>,
    to: &Recipient<'_>,
) -> Result<Rendered, RenderError> {
    let phone = || to.phone.ok_or(RenderError::Blank("phone"));
    Ok(match channel {
        Channel::Email => Rendered::Email(Box::new(render_email(kind, locale, facts)?)),
        Channel::Chat => Rendered::Chat(Box::new(render_chat(kind, locale, facts)?)),
        Channel::Sms => Rendered::Sms(Box::new(render_sms(kind, locale, facts, phone()?)?)),
        Channel::WhatsApp => {
            let key = to.pix_key.ok_or(RenderError::Blank("Pix key"))?;
            let message = render_whatsapp(kind, locale, facts, phone()?, key)?;
            Rendered::WhatsApp(Box::new(message))
        }
        Channel::Letter => {
            let address = to.address.ok_or(RenderError::Blank("address"))?;
            Rendered::Letter(Box::new(render_letter(kind, locale, facts, address)?))
        }
    })
}
