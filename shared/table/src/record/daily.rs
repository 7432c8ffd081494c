//! The record of a merchant's daily work: always due at some time.

use quita_core::daily::Daily;
use quita_core::ids::MerchantId;
use quita_core::work::WorkKind;

use super::Record;
use crate::keys::{RecordKey, WorkKey, WorkSubject};

pub(super) const DAILY: &str = "daily";

impl Record for Daily {
    const KIND: &'static str = DAILY;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::Daily
    }

    fn work(&self) -> Option<WorkKey> {
        Some(WorkKey {
            due_at: self.next_at,
            kind: WorkKind::Daily,
            merchant: self.merchant.clone(),
            subject: WorkSubject::Daily,
        })
    }
}

#[cfg(test)]
mod tests {
    use quita_core::daily::{Digest, Recipient, Walk};
    use quita_core::ids::PersonId;

    use super::super::tests::{check_golden, check_golden_named};
    use super::*;
    use crate::sample::{at, day, merchant_id};

    #[test]
    fn golden_files_of_daily_work_read_for_good() {
        let fresh = Daily::starting(merchant_id(), 7, at("2026-12-10T11:07:00Z"));
        check_golden(&fresh);
        let person = PersonId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W91").unwrap();
        let walk = Walk {
            day: day("2026-12-10"),
            after: Some("cus_01JE6X7Q5M8Y2N4C9R0T3V6W8Z".to_owned()),
            settings: 4,
            looked_at: 50,
            changed: 3,
        };
        let digest = Digest {
            day: day("2026-12-10"),
            left: vec![Recipient::Person(person)],
            sending: Some(Recipient::Chat),
            sent: 1,
        };
        check_golden_named(
            "daily_under_way",
            &Daily {
                version: 12,
                segments_on: Some(day("2026-12-09")),
                settings_seen: Some(4),
                walk: Some(walk),
                digest: Some(digest),
                failures: 2,
                ..fresh
            },
        );
    }

    #[test]
    fn the_daily_work_of_a_merchant_is_never_due_again() {
        let daily = Daily::starting(merchant_id(), 0, at("2026-12-10T11:00:00Z"));
        let entry = daily.work().unwrap();
        assert_eq!(WorkKey::parse(&entry.index_key().sk), Some(entry));
    }
}
