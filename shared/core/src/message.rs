//! The message ledger: one row per (invoice, instalment, step, channel, charge revision).
//!
//! Owns the claim that comes before a send and the evidence after it, so that a message goes out
//! once however often a sweep runs or dies, and ends in a word that says what became of it. Does not
//! own what the message says.
//!
//! ```text
//!   claim ──> send ──> Sent ──────────────────────────┐ what the provider tells of it:
//!     │         ├────> Failed    (refused for good)   ├──> Delivered, Bounced, Read, Complained
//!     │         └────> Released  (not now: again)     │
//!     └─ crash ─> lease ends ─> anything told of it ──┘ nothing: not sent again, Failed
//! ```
//!
//! Invariant: evidence is a set. What is told late, twice or in another order leaves the same row,
//! and no telling moves a message backwards ([`Message::hear`]).

mod correspondent;
mod evidence;
mod fate;
mod sent_text;
mod tag;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{InvoiceId, MerchantId};

pub use correspondent::{About, CUSTOMERS_MAX, Correspondent, KEPT_FOR};
pub use evidence::{Noted, RECIPIENTS_MAX, Sign};
pub use fate::{EVIDENCE_WAIT, Fate, LOST_AFTER, Word};
pub use sent_text::{SentText, Source, TEXT_BYTES_MAX};
pub use tag::{ProviderTag, TAG_BYTES_MAX};

/// The road a message takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Chat,
    #[serde(rename = "whatsapp")]
    WhatsApp,
    Sms,
    /// A letter on paper, kept as a PDF for whoever prints and posts it.
    Letter,
}

impl Channel {
    pub const ALL: [Self; 5] = [Self::Email, Self::Chat, Self::WhatsApp, Self::Sms, Self::Letter];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Chat => "chat",
            Self::WhatsApp => "whatsapp",
            Self::Sms => "sms",
            Self::Letter => "letter",
        }
    }

    /// The channel of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
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
    /// The provider says nothing after it took the message, so `sent` is the end of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// The message this one went out with; `None` for one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Lead>,
    /// What the provider told, each sign of each recipient once; ascending by time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<Noted>,
}

/// Several debts of a customer are told of in one message. The row of the first of them carries it,
/// the others name that row: what becomes of the one becomes of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Tag of the row that carries the message.
    pub tag: String,
    /// `attempts` of that row: another attempt of it may tell of other debts.
    pub attempt: u32,
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
    /// It arrived at one recipient at least.
    Delivered {
        at: DateTime<Utc>,
    },
    /// Somebody opened it.
    Read {
        at: DateTime<Utc>,
    },
    /// It came back from every recipient. `hard` when none of the addresses exists.
    Bounced {
        at: DateTime<Utc>,
        hard: bool,
        reason: String,
    },
    /// A recipient called it spam, whatever else became of it.
    Complained {
        at: DateTime<Utc>,
    },
    Failed {
        at: DateTime<Utc>,
        reason: String,
    },
}

impl MessageState {
    /// Whether the message left for sure, whatever became of it.
    pub fn went_out(&self) -> bool {
        match self {
            Self::Sent { .. }
            | Self::Delivered { .. }
            | Self::Read { .. }
            | Self::Bounced { .. }
            | Self::Complained { .. } => true,
            Self::Claimed { .. } | Self::Released { .. } | Self::Failed { .. } => false,
        }
    }

    /// Since when a message stands where it does; `None` of one that is being sent.
    pub fn at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Claimed { .. } => None,
            Self::Released { at, .. }
            | Self::Sent { at, .. }
            | Self::Delivered { at }
            | Self::Read { at }
            | Self::Bounced { at, .. }
            | Self::Complained { at }
            | Self::Failed { at, .. } => Some(*at),
        }
    }

    /// Why it came back, failed or waits.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Released { reason, .. }
            | Self::Bounced { reason, .. }
            | Self::Failed { reason, .. } => Some(reason),
            Self::Claimed { .. }
            | Self::Sent { .. }
            | Self::Delivered { .. }
            | Self::Read { .. }
            | Self::Complained { .. } => None,
        }
    }

    /// Since when the payer is known not to have it, or not to want it.
    pub fn undelivered_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Bounced { .. } | Self::Complained { .. } | Self::Failed { .. } => self.at(),
            Self::Claimed { .. }
            | Self::Released { .. }
            | Self::Sent { .. }
            | Self::Delivered { .. }
            | Self::Read { .. } => None,
        }
    }
}

impl Message {
    /// The claim of a message nobody has tried yet.
    pub fn claimed(
        merchant: MerchantId,
        invoice: InvoiceId,
        key: LedgerKey,
        until: DateTime<Utc>,
    ) -> Self {
        Self {
            merchant,
            invoice,
            key,
            version: 1,
            attempts: 1,
            state: MessageState::Claimed { until },
            silent: false,
            lead: None,
            heard: Vec::new(),
        }
    }

    /// Stable text that names the message at every provider: the tag the evidence is found by.
    pub fn tag(&self) -> String {
        message_tag(&self.merchant, &self.invoice, &self.key)
    }
}

/// The provider tag of a ledger row, as [`ProviderTag`] spells it.
pub fn message_tag(merchant: &MerchantId, invoice: &InvoiceId, key: &LedgerKey) -> String {
    ProviderTag::new(merchant, invoice, key).to_string()
}

#[cfg(test)]
mod tests;
