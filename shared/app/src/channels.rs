//! The channels beside e-mail: which there are in a process, and how fast each may go.
//!
//! Owns the adapters that need nothing but HTTP ([`whatsapp`], [`chat`]) and the rate each channel
//! of a process is held to ([`rate`]). Does not own a word of a message, nor when one is due.
//!
//! Invariant: a message is answered as refused or as not sent only where nobody can have seen it;
//! whatever else goes wrong is unknown, and is never sent again by itself.

use std::sync::Arc;

use async_trait::async_trait;
use quita_core::merchant::Merchant;
use quita_notify::{LetterMessage, SmsMessage, WhatsAppMessage};

use crate::error::Unknown;
use crate::ports::{Evidence, Letters, SendError, Sms, WhatsApp};

pub(crate) mod chat;
mod http;
pub mod rate;
#[cfg(test)]
mod test_parts;
pub mod whatsapp;

pub use rate::{Limited, RateLimit};
pub use whatsapp::CloudApi;

/// What a process sends by.
#[derive(Clone)]
pub struct Channels {
    pub whatsapp: Arc<dyn WhatsApp>,
    pub sms: Arc<dyn Sms>,
    pub letters: Arc<dyn Letters>,
    /// How fast the chat is posted to.
    pub chat: Arc<RateLimit>,
}

impl Channels {
    /// Of a function that sends nothing.
    pub fn none() -> Self {
        let nobody = Arc::new(NoChannel);
        Self {
            whatsapp: nobody.clone(),
            sms: nobody.clone(),
            letters: nobody,
            chat: Arc::new(RateLimit::unlimited()),
        }
    }
}

/// Stands in for the channels of a function that has none.
struct NoChannel;

const NOT_A_SENDER: &str = "this function was started without the channel";

fn cannot_send() -> SendError {
    SendError::Unknown(Unknown::new("sending a message", NOT_A_SENDER))
}

fn cannot_tell() -> Unknown {
    Unknown::new("asking for a message", NOT_A_SENDER)
}

#[async_trait]
impl WhatsApp for NoChannel {
    async fn send(&self, _: &Merchant, _: &WhatsAppMessage) -> Result<String, SendError> {
        Err(cannot_send())
    }

    async fn evidence(&self, _: &str) -> Result<Evidence, Unknown> {
        Err(cannot_tell())
    }

    fn is_silent(&self) -> bool {
        true
    }
}

#[async_trait]
impl Sms for NoChannel {
    async fn send(&self, _: &Merchant, _: &SmsMessage) -> Result<String, SendError> {
        Err(cannot_send())
    }

    async fn evidence(&self, _: &str) -> Result<Evidence, Unknown> {
        Err(cannot_tell())
    }
}

#[async_trait]
impl Letters for NoChannel {
    async fn send(&self, _: &Merchant, _: &LetterMessage) -> Result<String, SendError> {
        Err(cannot_send())
    }

    async fn evidence(&self, _: &str) -> Result<Evidence, Unknown> {
        Err(cannot_tell())
    }
}
