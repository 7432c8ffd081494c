//! What a phone was written to about, so that what it answers finds its invoice.
//!
//! A provider names who writes by the phone alone. Invariant: the phone stands here as a digest, and
//! the whole goes by itself once nothing was sent to it for [`KEPT_FOR`].

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, InvoiceId, MerchantId};

/// How long after the last message an answer still finds its customers.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(365);
/// How old `met_at` grows before it is written anew.
const REFRESH: TimeDelta = TimeDelta::days(30);
/// Most customers of one phone; of more, the latest.
pub const CUSTOMERS_MAX: usize = 20;
/// Answers that are remembered, so that one that is told again is not taken again.
const ANSWERS_MAX: usize = 20;

/// A phone that was written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correspondent {
    pub merchant: MerchantId,
    /// SHA-256 of the digits of the phone, in lower-case hex.
    pub sha256: String,
    pub version: u64,
    /// Each customer once, with the invoice it was written to about last; the latest last.
    pub about: Vec<About>,
    pub met_at: DateTime<Utc>,
    /// Digests of the ids of its last answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
}

/// Whom and what a phone was written to about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub customer: CustomerId,
    pub invoice: InvoiceId,
}

impl Correspondent {
    /// A phone that is written to for the first time.
    pub fn new(merchant: MerchantId, sha256: String, about: About, now: DateTime<Utc>) -> Self {
        let (about, answers) = (vec![about], Vec::new());
        Self { merchant, sha256, version: 1, about, met_at: now, answers }
    }

    /// After a message to it; `None` when that changes nothing worth a write.
    #[must_use]
    pub fn met(&self, about: &About, now: DateTime<Utc>) -> Option<Self> {
        if self.about.last() == Some(about) && now - self.met_at < REFRESH {
            return None;
        }
        let mut all = self.about.clone();
        all.retain(|known| known.customer != about.customer);
        all.push(about.clone());
        let over = all.len().saturating_sub(CUSTOMERS_MAX);
        all.drain(..over);
        let met_at = self.met_at.max(now);
        Some(Self { version: self.version + 1, about: all, met_at, ..self.clone() })
    }

    /// After an answer of it; `None` when that was taken before.
    #[must_use]
    pub fn answered(&self, digest: &str) -> Option<Self> {
        if self.answers.iter().any(|known| known == digest) {
            return None;
        }
        let mut answers = self.answers.clone();
        answers.push(digest.to_owned());
        let over = answers.len().saturating_sub(ANSWERS_MAX);
        answers.drain(..over);
        Some(Self { version: self.version + 1, answers, ..self.clone() })
    }

    /// From when it may go.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.met_at + KEPT_FOR
    }
}
