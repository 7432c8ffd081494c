//! What lies outside and has two real implementations: one on AWS, one on a single machine.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use quita_notify::Email;

use crate::bus::BusEvent;
use crate::error::Unknown;

/// Sends e-mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a message to the provider; answers with the provider's id for it.
    async fn send(&self, email: &Email) -> Result<String, SendError>;

    /// What the provider knows of a message by its ledger tag.
    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown>;
}

/// Why a message was not accepted for sure.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Final: the provider read it and said no.
    #[error("the provider refused the message: {0}")]
    Refused(String),
    /// Nothing was sent, and another time may do: throttled, over the quota, not permitted yet.
    #[error("the provider does not take messages now: {0}")]
    NotNow(String),
    /// It may have gone out.
    #[error("the provider did not answer")]
    Unknown(#[source] Unknown),
}

/// What became of a message whose sender died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// It was accepted, under this id.
    Sent(String),
    /// It never arrived at the provider.
    NotSent,
    /// The provider cannot tell.
    None,
}

/// Publishes to the event bus.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Publishes each event; answers entry by entry, in order. A call that the bus took can still
    /// have failed entries inside.
    async fn publish(&self, events: &[BusEvent]) -> Vec<Result<(), Unknown>>;
}

/// Reads secrets.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret of a name, or `None` when there is none.
    async fn get(&self, name: &str) -> Result<Option<String>, Unknown>;
}

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// Makes identifiers: time-sortable and unique.
pub trait IdSource: Send + Sync {
    /// A ULID, 26 characters of Crockford's base 32.
    fn ulid(&self, now: DateTime<Utc>) -> String;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::<Utc>::from(std::time::SystemTime::now())
    }
}

/// ULIDs from the machine's randomness.
pub struct RandomIds;

impl IdSource for RandomIds {
    fn ulid(&self, now: DateTime<Utc>) -> String {
        ulid_of(now, fastrand::u128(..))
    }
}

/// The ULID of an instant and 80 random bits.
pub fn ulid_of(now: DateTime<Utc>, random: u128) -> String {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    ulid::Ulid::from_parts(millis, random).to_string()
}
