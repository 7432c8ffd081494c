//! The message ledger: one row per (invoice, instalment, step, channel, charge revision).
//!
//! Owns the claim that comes before a send and the evidence after it, so that a message goes out
//! once however often a sweep runs or dies. Does not own what the message says.
//!
//! ```text
//!   claim ──> send ──> Sent
//!     │         ├────> Failed      (refused for good, or tried too often)
//!     │         └────> Released    (not now: claimed again by the next sweep)
//!     └─ crash ─> lease ends ─> evidence says sent? ──> Sent, else claimed again
//! ```

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{InvoiceId, MerchantId};

/// The road a message takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Chat,
}

impl Channel {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Chat => "chat",
        }
    }
}

/// What makes a message the same message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LedgerKey {
    pub instalment: u16,
    /// Step of the rule, or `receipt`.
    pub step: String,
    pub channel: Channel,
    /// Revision of the charge the message shows.
    pub revision: u16,
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub merchant: MerchantId,
    pub invoice: InvoiceId,
    pub key: LedgerKey,
    pub version: u64,
    pub attempts: u32,
    pub state: MessageState,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum MessageState {
    /// Someone is sending it, until the lease ends.
    Claimed {
        until: DateTime<Utc>,
    },
    /// Given back unsent, for sure.
    Released {
        at: DateTime<Utc>,
        reason: String,
    },
    Sent {
        at: DateTime<Utc>,
        evidence: String,
    },
    Failed {
        at: DateTime<Utc>,
        reason: String,
    },
}

impl Message {
    /// Stable text that names the message at every provider: the tag the evidence is found by.
    pub fn tag(&self) -> String {
        message_tag(&self.invoice, &self.key)
    }
}

/// The provider tag of a ledger row: letters, digits, `_` and `-` only, as SES tags demand.
pub fn message_tag(invoice: &InvoiceId, key: &LedgerKey) -> String {
    let LedgerKey { instalment, step, channel, revision } = key;
    format!("{invoice}-{instalment}-{step}-{}-{revision}", channel.as_str())
}
