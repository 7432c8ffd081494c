//! The records of access: keys, people, sessions.

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::access::{ApiKey, LastUse, Person, Session};
use quita_core::ids::{MerchantId, PersonId};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::keys::{List, RecordKey};

pub(super) const API_KEY: &str = "api_key";
pub(super) const PERSON: &str = "person";
pub(super) const PERSON_EMAIL: &str = "person_email";
pub(super) const SESSION: &str = "session";
pub(super) const LAST_USE: &str = "last_use";

/// How long a session that has ended is kept: its one-time link stays used.
const ENDED_SESSION_KEPT: TimeDelta = TimeDelta::days(30);

/// Guard that makes a person's address unique within the merchant, and says whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonEmail {
    pub merchant: MerchantId,
    /// SHA-256 of the address in lower case, lower-case hex.
    pub sha256: String,
    pub version: u64,
    pub person: PersonId,
    /// When a one-time link was last sent there.
    pub link_sent_at: Option<DateTime<Utc>>,
}

impl Record for ApiKey {
    const KIND: &'static str = API_KEY;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::ApiKey(self.id.clone())
    }

    fn list(&self) -> Option<(List, &str)> {
        Some((List::ApiKeys, self.id.as_str()))
    }
}

impl Record for Person {
    const KIND: &'static str = PERSON;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::Person(self.id.clone())
    }

    fn list(&self) -> Option<(List, &str)> {
        Some((List::People, self.id.as_str()))
    }
}

impl Record for PersonEmail {
    const KIND: &'static str = PERSON_EMAIL;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::PersonEmail(self.sha256.clone())
    }
}

impl Record for Session {
    const KIND: &'static str = SESSION;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::Session(self.id.clone())
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at + ENDED_SESSION_KEPT)
    }
}

impl Record for LastUse {
    const KIND: &'static str = LAST_USE;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::LastUse(self.of.clone())
    }
}
