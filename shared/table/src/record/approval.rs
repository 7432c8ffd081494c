//! The record of a request that waits for a second person.

use chrono::{DateTime, Utc};
use quita_core::approval::{Approval, KEPT};
use quita_core::ids::MerchantId;

use super::Record;
use crate::keys::{List, RecordKey};

pub(super) const APPROVAL: &str = "approval";

impl Record for Approval {
    const KIND: &'static str = APPROVAL;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::Approval(self.id.clone())
    }

    fn list(&self) -> Option<(List, &str)> {
        self.is_waiting().then_some((List::Approvals, self.id.as_str()))
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.requested_at + KEPT)
    }
}
