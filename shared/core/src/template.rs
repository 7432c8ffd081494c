//! A merchant's own wording of a message: its name, what it says on one channel in one language, and
//! the versions it went through.
//!
//! Owns the values and the check of their shape. Does not own the language of the sources, nor
//! whether they say what a message must say: that needs the engine, which lives where messages are
//! rendered.
//!
//! Invariants: a version is never changed, so a message that names one can be shown again for good;
//! the catalogue names the latest version of each and is the condition of every new one.

mod draft;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::chase::Tone;
use crate::customer::Locale;
use crate::ids::MerchantId;
use crate::message::Channel;
use crate::text::text_value;

pub use draft::{Checked, TemplateDraft};

/// Longest name.
pub const NAME_CHARS_MAX: usize = 32;
/// Names that addresses of the API have for themselves.
pub const RESERVED_NAMES: [&str; 2] = ["preview", "variables"];
/// Most wordings of a merchant, all names, channels and languages: the catalogue is one item.
pub const WORDINGS_MAX: usize = 200;
/// Most versions of a wording: what its key can hold.
pub const VERSIONS_MAX: u32 = 999_999;
/// Longest source of a body, in bytes. The longest shipped one, with its layout, has 10 KiB.
pub const SOURCE_BYTES_MAX: usize = 32 * 1024;
/// Longest source of a subject or of a parameter, in bytes.
pub const LINE_BYTES_MAX: usize = 512;
/// Most variables of an approved WhatsApp template that a version fills.
pub const PARAMETERS_MAX: usize = 20;
/// Longest name of an approved WhatsApp template (Cloud API, message templates).
pub const APPROVED_NAME_CHARS_MAX: usize = 512;
/// Longest body of an approved WhatsApp template (Cloud API, message templates).
pub const APPROVED_BODY_CHARS_MAX: usize = 1024;

/// Why a text is not the name of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("use 1 to {NAME_CHARS_MAX} lower-case letters, digits or _")]
    Shape,
    #[error("use another name: \"preview\" and \"variables\" are addresses of the API")]
    Reserved,
}

/// What steps call a message by, such as `due_today`: that of a shipped message, or one of the
/// merchant's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateName(String);

text_value!(TemplateName, NameError);

impl TemplateName {
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=NAME_CHARS_MAX).contains(&text.len()) || !text.bytes().all(plain) {
            return Err(NameError::Shape);
        }
        if RESERVED_NAMES.contains(&text) {
            return Err(NameError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TemplateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which wording is meant: a message on one channel in one language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TemplateKey {
    pub name: TemplateName,
    pub channel: Channel,
    pub locale: Locale,
}

/// As logs and rows show it: `due_today.email.pt-BR`.
impl fmt::Display for TemplateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.name, self.channel.as_str(), self.locale.as_str())
    }
}

/// What WhatsApp charges an approved template as. The same text in another category costs several
/// times as much, so it is kept with the template and told with each send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Utility,
    Marketing,
    Authentication,
}

impl Category {
    pub const ALL: [Self; 3] = [Self::Utility, Self::Marketing, Self::Authentication];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utility => "utility",
            Self::Marketing => "marketing",
            Self::Authentication => "authentication",
        }
    }

    /// The category of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// The sources of a wording. `Debug` is derived: a merchant's words name no payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum Content {
    Email {
        subject: String,
        text: String,
        html: String,
    },
    Chat {
        text: String,
    },
    #[serde(rename = "whatsapp")]
    WhatsApp {
        /// Name of the template that was approved for the merchant.
        approved_name: String,
        category: Category,
        /// The approved body, with its placeholders `{{1}}`, `{{2}}` ..; it is no source.
        text: String,
        /// What fills the placeholders, in their order.
        parameters: Vec<String>,
        /// Whether the approved template has the button that copies the Pix code.
        order_button: bool,
        /// Whether it begins with a picture, which is then the QR Code.
        qr_header: bool,
    },
    Sms {
        text: String,
    },
    Letter {
        text: String,
    },
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
}

/// A wording in one version. It is never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateVersion {
    pub merchant: MerchantId,
    pub key: TemplateKey,
    /// Counted from 1, at most [`VERSIONS_MAX`].
    pub number: u32,
    /// How firmly it speaks, for a tone cap; `None` says what the step says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<Tone>,
    pub content: Content,
    pub published_at: DateTime<Utc>,
    /// The principal who did.
    pub published_by: String,
}

/// The latest version of a wording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    pub key: TemplateKey,
    pub number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<Tone>,
    pub published_at: DateTime<Utc>,
}

/// All wordings of a merchant's own, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Templates {
    pub merchant: MerchantId,
    /// Grows by one at each change; the condition of every write.
    pub version: u64,
    pub latest: Vec<Latest>,
}

/// Why a version was not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    #[error("a merchant has at most {WORDINGS_MAX} templates; use one that is there")]
    Wordings,
    #[error("a template has at most {VERSIONS_MAX} versions; go on under another name")]
    Versions,
}

impl Templates {
    /// The catalogue of a merchant that has written none.
    pub fn none(merchant: MerchantId) -> Self {
        Self { merchant, version: 0, latest: Vec::new() }
    }

    pub fn latest(&self, key: &TemplateKey) -> Option<&Latest> {
        self.latest.iter().find(|known| known.key == *key)
    }

    /// The wordings of a name.
    pub fn of_name(&self, name: &TemplateName) -> impl Iterator<Item = &Latest> {
        self.latest.iter().filter(move |known| known.key.name == *name)
    }

    /// Whether there is a wording of that name on that channel, in whatever language.
    pub fn has(&self, name: &str, channel: Channel) -> bool {
        self.latest
            .iter()
            .any(|known| known.key.name.as_str() == name && known.key.channel == channel)
    }

    /// The next version of a wording, and the catalogue that names it.
    pub fn published(
        &self,
        key: TemplateKey,
        checked: Checked,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<(Self, TemplateVersion), Full> {
        let number = self.latest(&key).map_or(1, |known| known.number + 1);
        if number > VERSIONS_MAX {
            return Err(Full::Versions);
        }
        let Checked { tone, content } = checked;
        let latest = Latest { key: key.clone(), number, tone, published_at: now };
        let mut after = Self { version: self.version + 1, ..self.clone() };
        after.latest.retain(|known| known.key != key);
        if after.latest.len() >= WORDINGS_MAX {
            return Err(Full::Wordings);
        }
        after.latest.push(latest);
        after.latest.sort_by_cached_key(|known| known.key.to_string());
        let merchant = self.merchant.clone();
        let published_by = by.to_owned();
        let version = TemplateVersion {
            merchant,
            key,
            number,
            tone,
            content,
            published_at: now,
            published_by,
        };
        Ok((after, version))
    }
}

#[cfg(test)]
mod tests;
