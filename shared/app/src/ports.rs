//! What lies outside and has two real implementations: one on AWS, one on a single machine.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use quita_core::ids::MerchantId;
use quita_core::merchant::Merchant;
use quita_notify::{Email, LetterMessage, SmsMessage, WhatsAppMessage};

use crate::bus::BusEvent;
use crate::error::Unknown;

/// Sends e-mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a message to the provider; answers with the provider's id for it.
    async fn send(&self, email: &Email) -> Result<String, SendError>;

    /// What the provider knows of a message by its ledger tag.
    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown>;

    /// Whether the provider tells nothing of a message after it took it.
    fn is_silent(&self) -> bool;
}

/// Sends WhatsApp messages, in a merchant's name.
#[async_trait]
pub trait WhatsApp: Send + Sync {
    /// Hands a message to the provider; answers with the provider's id for it.
    async fn send(
        &self,
        merchant: &Merchant,
        message: &WhatsAppMessage,
    ) -> Result<String, SendError>;

    /// What the provider knows of a message by its ledger tag.
    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown>;

    /// Whether the provider tells nothing of a message after it took it.
    fn is_silent(&self) -> bool;
}

/// Sends text messages to phones, in a merchant's name.
#[async_trait]
pub trait Sms: Send + Sync {
    /// Hands a message to the provider; answers with the provider's id for it.
    async fn send(&self, merchant: &Merchant, message: &SmsMessage) -> Result<String, SendError>;

    /// What the provider knows of a message by its ledger tag.
    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown>;
}

/// Keeps letters for whoever prints and posts them.
#[async_trait]
pub trait Letters: Send + Sync {
    /// Puts a letter where it is fetched from; answers where that is. One that lies there under the
    /// same tag stays as it is, so that putting it again is the same.
    async fn send(&self, merchant: &Merchant, message: &LetterMessage)
    -> Result<String, SendError>;

    /// What is known of a letter by its ledger tag. [`Evidence::NotSent`] also means that nobody
    /// looked, since sending it again does no harm.
    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown>;
}

/// Where a merchant's letter lies in the object storage, by its ledger tag.
pub fn letter_key(merchant: &MerchantId, tag: &str) -> String {
    format!("letters/{merchant}/{tag}.pdf")
}

/// Why a message was not accepted for sure.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Final: the provider read it and said no.
    #[error("the provider refused the message: {0}")]
    Refused(String),
    /// Nothing was sent, and another time may do: throttled, over the quota, not permitted yet.
    #[error("the provider does not take messages now: {0}")]
    NotNow(NotNow),
    /// It may have gone out.
    #[error("the provider did not answer")]
    Unknown(#[source] Unknown),
}

impl SendError {
    /// Nothing was sent, and nobody says for how long.
    pub fn not_now(reason: impl Into<String>) -> Self {
        Self::NotNow(NotNow { reason: reason.into(), retry_after: None })
    }

    /// Nothing was sent, and before `retry_after` nothing will be.
    pub fn later(reason: impl Into<String>, retry_after: Duration) -> Self {
        Self::NotNow(NotNow { reason: reason.into(), retry_after: Some(retry_after) })
    }
}

/// Why a message has to wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotNow {
    /// What a person can do about it, where that is anything but waiting.
    pub reason: String,
    /// How long to wait; `None` where nobody says.
    pub retry_after: Option<Duration>,
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

/// Keeps secrets.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret of a name, or `None` when there is none.
    async fn get(&self, name: &str) -> Result<Option<String>, Unknown>;

    /// Sets the secret of a name, new or not. Setting it again to the same is the same.
    async fn put(&self, name: &str, value: &str) -> Result<(), Unknown>;
}

/// Domains that e-mail is sent from, at the mail provider. A domain belongs to one merchant of the
/// installation: verified once, it would let any other write in that one's name.
#[async_trait]
pub trait SenderDomains: Send + Sync {
    /// Makes a domain known as the merchant's and has its records looked for. Repeating it begins
    /// the looking anew where it was given up.
    async fn claim(&self, merchant: &MerchantId, domain: &str) -> Result<Claim, Unknown>;

    /// What is known of a domain; `None` when it was never made known.
    async fn look(&self, domain: &str) -> Result<Option<DomainState>, Unknown>;
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    Own(DomainState),
    /// It is another merchant's.
    Taken,
}

/// What the mail provider says of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainState {
    /// Whether messages from it are accepted.
    pub can_send: bool,
    /// What has to stand in DNS for the provider.
    pub records: Vec<DnsRecord>,
}

/// A record to publish in DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    pub purpose: Purpose,
    pub name: String,
    /// `CNAME`, `MX` or `TXT`.
    pub kind: &'static str,
    pub value: String,
    pub state: RecordState,
}

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signs messages, and proves that the domain is the merchant's.
    Dkim,
    /// Brings bounces back.
    MailFrom,
    /// Says which servers may send.
    Spf,
    /// Says what receivers do with messages that fail both.
    Dmarc,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dkim => "dkim",
            Self::MailFrom => "mail_from",
            Self::Spf => "spf",
            Self::Dmarc => "dmarc",
        }
    }
}

/// Whether a record was seen in DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordState {
    Verified,
    Pending,
    /// It was looked for too long.
    Failed,
    /// The provider does not look it up.
    NotChecked,
}

impl RecordState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::NotChecked => "not_checked",
        }
    }
}

impl DnsRecord {
    /// The record that has receivers judge messages by the other two. Source: RFC 7489, section 6.3;
    /// `p=none` is where one begins, since it changes no delivery.
    pub fn dmarc(domain: &str) -> Self {
        Self {
            purpose: Purpose::Dmarc,
            name: format!("_dmarc.{domain}"),
            kind: "TXT",
            value: "v=DMARC1; p=none".to_owned(),
            state: RecordState::NotChecked,
        }
    }
}

/// Of a function that has nothing to do with sender's domains.
pub struct NoSenderDomains;

#[async_trait]
impl SenderDomains for NoSenderDomains {
    async fn claim(&self, _: &MerchantId, _: &str) -> Result<Claim, Unknown> {
        Err(Unknown::new("claiming a sender's domain", "this function has no mail provider"))
    }

    async fn look(&self, _: &str) -> Result<Option<DomainState>, Unknown> {
        Err(Unknown::new("looking at a sender's domain", "this function has no mail provider"))
    }
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
