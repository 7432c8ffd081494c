//! The mailbox as every channel but e-mail: WhatsApp, SMS and letters end in it as well.
//!
//! Owns what each recipient would see of them. Does not own a limit of a provider, nor which
//! merchant has set a channel up: on one machine each has all of them.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quita_app::Unknown;
use quita_app::channels::{Channels, RateLimit};
use quita_app::ports::{Evidence, Letters, SendError, Sms, WhatsApp};
use quita_core::merchant::Merchant;
use quita_core::message::Channel;
use quita_notify::{LetterMessage, SmsMessage, WhatsAppMessage};

use super::{Content, LocalMailbox, Picture};

impl LocalMailbox {
    /// The mailbox as all channels.
    pub fn channels(self: &Arc<Self>) -> Channels {
        Channels {
            whatsapp: self.clone(),
            sms: self.clone(),
            letters: self.clone(),
            chat: Arc::new(RateLimit::unlimited()),
        }
    }
}

#[async_trait]
impl WhatsApp for LocalMailbox {
    async fn send(&self, _: &Merchant, message: &WhatsAppMessage) -> Result<String, SendError> {
        let picture = message.header_image.as_ref().map(Picture::of);
        let content = Content::WhatsApp {
            tag: message.ledger_key.clone(),
            to: message.to.as_str().to_owned(),
            template: message.template.name.clone(),
            text: message.text.clone(),
            picture,
        };
        self.take(Channel::WhatsApp, content, None)
    }

    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown> {
        Ok(self.known(tag))
    }

    fn is_silent(&self) -> bool {
        self.is_silent
    }
}

#[async_trait]
impl Sms for LocalMailbox {
    async fn send(&self, _: &Merchant, message: &SmsMessage) -> Result<String, SendError> {
        let content = Content::Sms {
            tag: message.ledger_key.clone(),
            to: message.to.as_str().to_owned(),
            text: message.text.clone(),
            parts: message.parts,
        };
        self.take(Channel::Sms, content, None)
    }

    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown> {
        Ok(self.known(tag))
    }
}

#[async_trait]
impl Letters for LocalMailbox {
    async fn send(&self, _: &Merchant, message: &LetterMessage) -> Result<String, SendError> {
        // As the object storage does: what lies there stays.
        if let Evidence::Sent(there) = self.known(&message.ledger_key) {
            return Ok(there);
        }
        let address = &message.to_address;
        let content = Content::Letter {
            tag: message.ledger_key.clone(),
            to: vec![
                message.to_name.clone(),
                address.street.clone(),
                format!("{} - {}", address.city, address.state),
                address.postal_code.formatted(),
            ],
            text: message.text.clone(),
            pdf: STANDARD.encode(&message.pdf),
        };
        self.take(Channel::Letter, content, None)
    }

    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown> {
        Ok(self.known(tag))
    }
}
