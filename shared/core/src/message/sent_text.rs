//! The exact text of a message, kept beside its row.
//!
//! Owns what is kept: enough to show a court what a payer was told, by which template and rule.
//! Written with the claim, before the send, and never changed but by an erasure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::LedgerKey;
use crate::hidden::Hidden;
use crate::ids::{InvoiceId, MerchantId};

/// Longest text that is kept whole, in bytes; of a longer one its beginning, and the digest of all.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What one attempt was to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentText {
    pub merchant: MerchantId,
    pub invoice: InvoiceId,
    /// Of the message's row.
    pub key: LedgerKey,
    /// `attempts` of the claim it was written with: a later attempt may say another amount.
    pub attempt: u32,
    pub version: u64,
    pub at: DateTime<Utc>,
    /// Of an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Hidden>,
    pub text: Hidden,
    /// SHA-256 of the whole payload as it is handed to the provider, in lower-case hex.
    pub sha256: String,
    /// Addresses, in their canonical text.
    pub recipients: Vec<Hidden>,
    pub template: Source,
    /// Of a step; a receipt follows no rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Source>,
    /// When what was personal was taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
}

/// A template or a rule, as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub name: String,
    pub version: u32,
}

impl SentText {
    /// What is left when personal data is erased: that it was sent, when, by what, and the digest.
    /// `None` when that was done before.
    #[must_use]
    pub fn erased(&self, now: DateTime<Utc>) -> Option<Self> {
        self.erased_at.is_none().then(|| Self {
            version: self.version + 1,
            subject: self.subject.as_ref().map(|_| Hidden::default()),
            text: Hidden::default(),
            recipients: Vec::new(),
            erased_at: Some(now),
            ..self.clone()
        })
    }

    /// A text cut to what is kept, at a character.
    pub fn cut(text: &str) -> Hidden {
        let end = (0..=text.len().min(TEXT_BYTES_MAX)).rfind(|at| text.is_char_boundary(*at));
        Hidden::new(&text[..end.unwrap_or_default()])
    }
}
