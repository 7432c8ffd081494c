//! The record of who a customer was before its personal data was erased.

use chrono::{DateTime, NaiveTime, Utc};
use quita_core::erasure::SealedIdentity;
use quita_core::ids::MerchantId;
use quita_core::zone::{SAO_PAULO, instant_at};

use super::Record;
use crate::keys::RecordKey;

pub(super) const SEALED_IDENTITY: &str = "sealed_identity";

impl Record for SealedIdentity {
    const KIND: &'static str = SEALED_IDENTITY;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::SealedIdentity(self.customer.clone())
    }

    /// From the day after the last one the law wants it kept.
    fn expires_at(&self) -> Option<DateTime<Utc>> {
        let after = self.retained_until.succ_opt()?;
        Some(instant_at(after, NaiveTime::MIN, SAO_PAULO))
    }
}
