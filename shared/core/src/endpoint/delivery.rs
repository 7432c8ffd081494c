//! An event on its way to one endpoint: when it is tried, and what an answer means.
//!
//! Owns the schedule of tries and the log of them. Does not own how a post is made or signed.
//!
//! ```text
//!   claimed ──> pending ──answer──> delivered
//!                 ^  │ └──────────> failed        all tries used, gone, or switched off
//!                 │  └─ next try ─┐    │
//!                 ├───────────────┘    │
//!                 └──── replay ────────┘          the same id and the same bytes
//! ```
//!
//! Invariants: id and body never change; a try is counted when it is begun, so one that dies with
//! its process is counted as well; a delivery is pending only while a next try has an instant.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{DeliveryId, EndpointId, MerchantId};

/// Waits after the first, second, ... try. Source: Standard Webhooks specification, "Deliverability
/// and reliability": ten tries within 75 h 35 min.
pub const BACKOFF: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    BACKOFF_MAX,
];
/// Longest wait between two tries, whatever a receiver asks for.
pub const BACKOFF_MAX: TimeDelta = TimeDelta::hours(24);
/// Tries of one round: the first, and one after each wait.
pub const TRIES_MAX: u32 = BACKOFF.len() as u32 + 1;
/// A wait is longer by up to one part in so many, so that what failed together is not tried again
/// together.
pub const JITTER_PARTS: i32 = 10;
/// How long a try that was begun keeps others away: longer than any sender lives.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Most attempts of the log, the latest: one round and the end of the one before.
pub const ATTEMPTS_KEPT: usize = 20;
/// How long a delivery is kept after its round began.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// An event on its way to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub merchant: MerchantId,
    pub endpoint: EndpointId,
    /// The same for every attempt, and for the event at every endpoint.
    pub id: DeliveryId,
    pub version: u64,
    /// Name of the event, such as `invoice.paid`.
    pub event: String,
    /// When the event happened.
    pub at: DateTime<Utc>,
    /// Exactly what is posted, each time.
    pub body: String,
    pub state: DeliveryState,
    /// Tries begun in this round.
    pub tries: u32,
    /// When this round began: the event was heard, or a replay was asked for.
    pub round_began_at: DateTime<Utc>,
    /// Times it was asked for again.
    pub replays: u32,
    /// The latest [`ATTEMPTS_KEPT`], oldest first.
    pub attempts: Vec<Attempt>,
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Pending { next_at: DateTime<Utc> },
    Delivered { at: DateTime<Utc> },
    Failed { at: DateTime<Utc>, reason: FailReason },
}

/// Why a delivery is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    /// Every try of the round was used.
    TriesUsed,
    /// The receiver answered 410.
    Gone,
    /// The endpoint was disabled or deleted meanwhile.
    EndpointOff,
}

impl FailReason {
    /// Its name outside.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TriesUsed => "tries_used",
            Self::Gone => "gone",
            Self::EndpointOff => "endpoint_off",
        }
    }
}

/// One post and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at: DateTime<Utc>,
    pub outcome: Outcome,
    pub duration_ms: u32,
}

/// What came of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// HTTP status.
    Answered(u16),
    NoAnswer(Fault),
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Not within the time a receiver has.
    Timeout,
    /// No connection: name not found, refused, or no trusted certificate.
    NotConnected,
    /// The name leads to an address that events are not posted to.
    AddressRefused,
    /// The connection broke.
    Broken,
}

impl Fault {
    /// Its name outside.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::NotConnected => "not_connected",
            Self::AddressRefused => "address_refused",
            Self::Broken => "broken",
        }
    }
}

/// What an outcome means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Any 2xx.
    Taken,
    /// 410: the receiver wants no more events.
    Gone,
    /// Everything else, a redirect too.
    Failed,
}

impl Outcome {
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Answered(200..=299) => Verdict::Taken,
            Self::Answered(410) => Verdict::Gone,
            Self::Answered(_) | Self::NoAnswer(_) => Verdict::Failed,
        }
    }

    /// Whether a `Retry-After` beside it counts: too many requests, or not available.
    #[must_use]
    pub fn may_ask_to_wait(self) -> bool {
        matches!(self, Self::Answered(429 | 503))
    }
}

/// Why a delivery is not sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the delivery is on its way already")]
pub struct StillPending;

/// What is sent to an endpoint, as the event gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: DeliveryId,
    pub event: String,
    pub at: DateTime<Utc>,
    pub body: String,
}

impl Delivery {
    /// The claim of an event for an endpoint, with its first try begun.
    #[must_use]
    pub fn claimed(
        merchant: MerchantId,
        endpoint: EndpointId,
        message: Message,
        now: DateTime<Utc>,
    ) -> Self {
        let Message { id, event, at, body } = message;
        Self {
            merchant,
            endpoint,
            id,
            version: 1,
            event,
            at,
            body,
            state: DeliveryState::Pending { next_at: now + LEASE },
            tries: 1,
            round_began_at: now,
            replays: 0,
            attempts: Vec::new(),
        }
    }

    /// When it is tried next; `None` when it is settled.
    #[must_use]
    pub fn due(&self) -> Option<DateTime<Utc>> {
        match self.state {
            DeliveryState::Pending { next_at } => Some(next_at),
            DeliveryState::Delivered { .. } | DeliveryState::Failed { .. } => None,
        }
    }

    /// From when it need not be kept any more.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.round_began_at + KEPT
    }

    /// With the next try begun, or given up when the last one was begun and never settled. `None`
    /// when nothing is due at `now`.
    #[must_use]
    pub fn begun(&self, now: DateTime<Utc>) -> Option<Self> {
        self.due().filter(|due| *due <= now)?;
        if self.tries >= TRIES_MAX {
            return Some(self.given_up(FailReason::TriesUsed, now));
        }
        let state = DeliveryState::Pending { next_at: now + LEASE };
        Some(Self { state, tries: self.tries + 1, version: self.version + 1, ..self.clone() })
    }

    /// After an attempt; `retry_after` is what the receiver asked for.
    #[must_use]
    pub fn settled(&self, attempt: Attempt, retry_after: Option<TimeDelta>) -> Self {
        let now = attempt.at + TimeDelta::milliseconds(attempt.duration_ms.into());
        let failed = |reason| DeliveryState::Failed { at: now, reason };
        let state = match attempt.outcome.verdict() {
            Verdict::Taken => DeliveryState::Delivered { at: now },
            Verdict::Gone => failed(FailReason::Gone),
            Verdict::Failed => match wait(self.tries, self.spread()) {
                Some(wait) => {
                    let asked = retry_after.filter(|_| attempt.outcome.may_ask_to_wait());
                    let wait = asked.map_or(wait, |asked| wait.max(asked.min(BACKOFF_MAX)));
                    DeliveryState::Pending { next_at: now + wait }
                }
                None => failed(FailReason::TriesUsed),
            },
        };
        let mut attempts = self.attempts.clone();
        attempts.push(attempt);
        let past = attempts.len().saturating_sub(ATTEMPTS_KEPT);
        attempts.drain(..past);
        Self { state, attempts, version: self.version + 1, ..self.clone() }
    }

    /// Given up without another try.
    #[must_use]
    pub fn given_up(&self, reason: FailReason, now: DateTime<Utc>) -> Self {
        let state = DeliveryState::Failed { at: now, reason };
        Self { state, version: self.version + 1, ..self.clone() }
    }

    /// To be sent again, from the first try on.
    pub fn replayed(&self, now: DateTime<Utc>) -> Result<Self, StillPending> {
        if self.due().is_some() {
            return Err(StillPending);
        }
        Ok(Self {
            state: DeliveryState::Pending { next_at: now },
            tries: 0,
            round_began_at: now,
            replays: self.replays.saturating_add(1),
            version: self.version + 1,
            ..self.clone()
        })
    }

    /// A number of its own, the same each time: the last characters of the id are random bits.
    fn spread(&self) -> u32 {
        self.id.ulid().bytes().rev().take(4).fold(0, |sum, byte| sum * 31 + u32::from(byte))
    }
}

/// How long to wait after the nth try, counted from 1; `None` after the last. `spread` makes it
/// longer by up to one part in [`JITTER_PARTS`], but never longer than [`BACKOFF_MAX`].
#[must_use]
pub fn wait(tries: u32, spread: u32) -> Option<TimeDelta> {
    let nth = usize::try_from(tries.checked_sub(1)?).ok()?;
    let base = BACKOFF.get(nth)?;
    let jitter = *base / JITTER_PARTS * i32::try_from(spread % 101).unwrap_or(0) / 100;
    Some((*base + jitter).min(BACKOFF_MAX))
}

#[cfg(test)]
mod tests;
