//! Where messages end on one machine: a mailbox that keeps all of them.
//!
//! Owns what was sent by any channel and posted to the chat, and the evidence of it by ledger tag.
//! Each message is one JSON file, an e-mail an `.eml` beside it. Invariants: what `send` accepted is on
//! disk; nothing is merged, so a message sent twice is there twice.

mod channels;

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use quita_app::Unknown;
use quita_app::ports::{Clock, Evidence, Mailer, SendError};
use quita_core::message::Channel;
use quita_notify::{Email, InlineImage, mime};
use serde::{Deserialize, Serialize};

use crate::files;

/// One message, as it reached the customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// From 1, in order of arrival.
    pub number: u64,
    pub at: DateTime<Utc>,
    pub content: Content,
}

/// What a message holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum Content {
    Email {
        /// Ledger tag: which invoice, instalment, step, channel and revision.
        tag: String,
        from: String,
        to: Vec<String>,
        reply_to: String,
        subject: String,
        text: String,
        html: String,
        inline: Vec<Picture>,
    },
    Chat {
        text: String,
    },
    #[serde(rename = "whatsapp")]
    WhatsApp {
        tag: String,
        to: String,
        /// Name of the template as it would have to be approved.
        template: String,
        /// What the recipient reads, with the code the button copies.
        text: String,
        picture: Option<Picture>,
    },
    Sms {
        tag: String,
        to: String,
        text: String,
        /// Parts it is paid as.
        parts: u8,
    },
    Letter {
        tag: String,
        /// What stands in the envelope's window, line by line.
        to: Vec<String>,
        text: String,
        /// The PDF, in base64.
        pdf: String,
    },
}

/// A picture the HTML shows as `cid:<content_id>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    pub content_id: String,
    pub media_type: String,
    pub base64: String,
}

impl Picture {
    fn of(image: &InlineImage) -> Self {
        Self {
            content_id: image.content_id.clone(),
            media_type: image.media_type.clone(),
            base64: STANDARD.encode(&image.bytes),
        }
    }
}

impl Received {
    /// Ledger tag; a post to the chat has none.
    pub fn tag(&self) -> Option<&str> {
        self.content.tag()
    }
}

impl Content {
    pub fn channel(&self) -> Channel {
        match self {
            Self::Email { .. } => Channel::Email,
            Self::Chat { .. } => Channel::Chat,
            Self::WhatsApp { .. } => Channel::WhatsApp,
            Self::Sms { .. } => Channel::Sms,
            Self::Letter { .. } => Channel::Letter,
        }
    }

    /// Ledger tag; a post to the chat has none.
    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::Email { tag, .. }
            | Self::WhatsApp { tag, .. }
            | Self::Sms { tag, .. }
            | Self::Letter { tag, .. } => Some(tag),
            Self::Chat { .. } => None,
        }
    }

    /// What it says, without layout.
    pub fn text(&self) -> &str {
        match self {
            Self::Email { text, .. }
            | Self::Chat { text }
            | Self::WhatsApp { text, .. }
            | Self::Sms { text, .. }
            | Self::Letter { text, .. } => text,
        }
    }

    /// Who it is to, for people.
    pub fn recipient(&self) -> String {
        match self {
            Self::Email { to, .. } => to.join(", "),
            Self::Chat { .. } => "chat channel".to_owned(),
            Self::WhatsApp { to, .. } | Self::Sms { to, .. } => to.clone(),
            Self::Letter { to, .. } => to.first().cloned().unwrap_or_default(),
        }
    }

    /// Its subject, or how it begins.
    pub fn title(&self) -> &str {
        match self {
            Self::Email { subject, .. } => subject,
            other => other.text().lines().find(|line| !line.is_empty()).unwrap_or_default(),
        }
    }
}

/// What goes wrong with the next message of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailFault {
    /// Not taken for now, such as when too many come at once.
    NotNow,
    /// Read and refused, for good.
    Refuse,
    /// Lost on the way there.
    UnknownBefore,
    /// Accepted, but the answer is lost.
    UnknownAfter,
}

/// The mailbox could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    #[error("the mailbox cannot be read")]
    Read(#[from] io::Error),
    #[error("`{0}` in the mailbox is not a message")]
    Malformed(String),
}

/// The mailbox.
pub struct LocalMailbox {
    clock: Arc<dyn Clock>,
    folder: Option<PathBuf>,
    /// Nobody tells what became of a message.
    is_silent: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Received>,
    /// As many are kept at most; all without it.
    newest: Option<usize>,
    faults: BTreeMap<Channel, VecDeque<MailFault>>,
}

impl LocalMailbox {
    /// A mailbox that ends with the process.
    pub fn memory(clock: Arc<dyn Clock>) -> Self {
        Self { clock, folder: None, is_silent: true, state: Mutex::default() }
    }

    /// In place of a provider that tells what became of a message; the caller tells it.
    pub fn told_of(self) -> Self {
        Self { is_silent: false, ..self }
    }

    /// A mailbox in a folder, created when it is not there.
    pub fn in_folder(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, MailboxError> {
        fs::create_dir_all(folder)?;
        let mut messages = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path)?;
                let message: Received = serde_json::from_str(&text)
                    .map_err(|_| MailboxError::Malformed(path.display().to_string()))?;
                messages.push(message);
            }
        }
        messages.sort_by_key(|message: &Received| message.number);
        let state = Mutex::new(State { messages: messages.into(), ..State::default() });
        Ok(Self { clock, folder: Some(folder.to_owned()), is_silent: true, state })
    }

    /// The next e-mail that has no fault planned yet meets `fault`.
    pub fn fail_next(&self, fault: MailFault) {
        self.fail_next_on(Channel::Email, fault);
    }

    /// The next message of a channel that has no fault planned yet meets `fault`. The chat has none:
    /// it is posted to over HTTP.
    pub fn fail_next_on(&self, channel: Channel, fault: MailFault) {
        self.lock().faults.entry(channel).or_default().push_back(fault);
    }

    /// From here on remembers the newest messages alone, for measuring with more than fit in memory.
    pub fn remember_only(&self, newest: usize) {
        self.lock().newest = Some(newest);
    }

    /// Every message, oldest first.
    pub fn messages(&self) -> Vec<Received> {
        self.lock().messages.iter().cloned().collect()
    }

    /// Messages after a number, oldest first.
    pub fn after(&self, number: u64) -> Vec<Received> {
        self.lock().messages.iter().filter(|message| message.number > number).cloned().collect()
    }

    /// One message.
    pub fn message(&self, number: u64) -> Option<Received> {
        self.lock().messages.iter().find(|message| message.number == number).cloned()
    }

    /// Number of the last message, 0 in an empty mailbox.
    pub fn last_number(&self) -> u64 {
        self.lock().messages.back().map_or(0, |message| message.number)
    }

    /// Keeps a message posted to the chat.
    pub fn post_chat(&self, text: String) -> io::Result<u64> {
        self.keep(Content::Chat { text }, None)
    }

    fn keep(&self, content: Content, eml: Option<&[u8]>) -> io::Result<u64> {
        let at = self.clock.now();
        let mut state = self.lock();
        let number = state.messages.back().map_or(1, |message| message.number + 1);
        let message = Received { number, at, content };
        if let Some(folder) = &self.folder {
            if let Some(bytes) = eml {
                files::replace(&folder.join(format!("{number:06}.eml")), bytes)?;
            }
            let json = serde_json::to_vec_pretty(&message)?;
            files::replace(&folder.join(format!("{number:06}.json")), &json)?;
        }
        if state.newest.is_some_and(|newest| state.messages.len() >= newest) {
            state.messages.pop_front();
        }
        state.messages.push_back(message);
        Ok(number)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalMailbox {
    /// Takes a message, unless a fault is planned for its channel.
    fn take(
        &self,
        channel: Channel,
        content: Content,
        eml: Option<&[u8]>,
    ) -> Result<String, SendError> {
        let lost = || SendError::Unknown(Unknown::new("sending a message", "no answer"));
        let fault = self.lock().faults.get_mut(&channel).and_then(VecDeque::pop_front);
        match fault {
            Some(MailFault::Refuse) => {
                return Err(SendError::Refused("the address is suppressed".to_owned()));
            }
            Some(MailFault::NotNow) => {
                return Err(SendError::not_now("too many messages at once"));
            }
            Some(MailFault::UnknownBefore) => return Err(lost()),
            Some(MailFault::UnknownAfter) | None => {}
        }
        let number = self
            .keep(content, eml)
            .map_err(|error| SendError::Unknown(Unknown::new("keeping a message", error)))?;
        match fault {
            Some(_) => Err(lost()),
            None => Ok(provider_id(number)),
        }
    }

    /// What is known of a message by its ledger tag.
    fn known(&self, tag: &str) -> Evidence {
        let state = self.lock();
        let sent = state.messages.iter().find(|message| message.tag() == Some(tag));
        sent.map_or(Evidence::NotSent, |message| Evidence::Sent(provider_id(message.number)))
    }
}

#[async_trait]
impl Mailer for LocalMailbox {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        let eml = mime::build(email, self.clock.now())
            .map_err(|error| SendError::Refused(error.to_string()))?;
        self.take(Channel::Email, content_of(email), Some(&eml))
    }

    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown> {
        Ok(self.known(tag))
    }

    fn is_silent(&self) -> bool {
        self.is_silent
    }
}

fn provider_id(number: u64) -> String {
    format!("local-{number}")
}

fn content_of(email: &Email) -> Content {
    let shown = |mailbox: &quita_notify::Mailbox| match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address.as_str()),
        None => mailbox.address.as_str().to_owned(),
    };
    Content::Email {
        tag: email.ledger_key.clone(),
        from: shown(&email.from),
        to: email.to.iter().map(shown).collect(),
        reply_to: shown(&email.reply_to),
        subject: email.subject.clone(),
        text: email.text.clone(),
        html: email.html.clone(),
        inline: email.inline.iter().map(Picture::of).collect(),
    }
}

#[cfg(test)]
mod tests;
