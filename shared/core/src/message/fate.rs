//! The word that says what became of a message, everywhere it is shown.
//!
//! Invariant: every message gets a word that is final by itself: at a provider that tells nothing
//! more it is `sent`, and at one that does it is `unconfirmed` after [`EVIDENCE_WAIT`] of silence.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Message, MessageState};

/// How long what became of a message that was sent may take to be told: a mail server tries for up
/// to three days (SES gives up after 14 hours to 3 days).
pub const EVIDENCE_WAIT: TimeDelta = TimeDelta::hours(72);
/// How long after its lease a claim may turn out to have been sent, before it is given up for lost.
/// Providers tell that they took a message within seconds; the bus tries for an hour.
pub const LOST_AFTER: TimeDelta = TimeDelta::hours(1);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    pub word: Word,
    /// Nothing more is waited for. More may be told all the same: a complaint comes days later.
    pub is_final: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// It is being sent, or will be tried again.
    Queued,
    Sent,
    /// It was sent, and nobody told whether it arrived.
    Unconfirmed,
    Delivered,
    Read,
    Bounced,
    Complained,
    Failed,
}

impl Word {
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Sent,
        Self::Unconfirmed,
        Self::Delivered,
        Self::Read,
        Self::Bounced,
        Self::Complained,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Unconfirmed => "unconfirmed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Failed => "failed",
        }
    }
}

impl Message {
    /// What became of it, as of `now`.
    pub fn fate(&self, now: DateTime<Utc>) -> Fate {
        let (word, is_final) = match &self.state {
            MessageState::Claimed { .. } if self.is_lost(now) => (Word::Failed, true),
            MessageState::Released { at, .. } if now - *at > EVIDENCE_WAIT => (Word::Failed, true),
            MessageState::Claimed { .. } | MessageState::Released { .. } => (Word::Queued, false),
            MessageState::Sent { .. } if self.silent => (Word::Sent, true),
            MessageState::Sent { at, .. } if now - *at > EVIDENCE_WAIT => (Word::Unconfirmed, true),
            MessageState::Sent { .. } => (Word::Sent, false),
            MessageState::Delivered { .. } => (Word::Delivered, true),
            MessageState::Read { .. } => (Word::Read, true),
            MessageState::Bounced { .. } => (Word::Bounced, true),
            MessageState::Complained { .. } => (Word::Complained, true),
            MessageState::Failed { .. } => (Word::Failed, true),
        };
        Fate { word, is_final }
    }

    /// Whether its sender died and nothing was told of it for so long that it is not known to have
    /// been sent, and is not sent again.
    pub fn is_lost(&self, now: DateTime<Utc>) -> bool {
        matches!(&self.state, MessageState::Claimed { until } if now - *until >= LOST_AFTER)
    }
}
