//! The records of events out: the endpoints of a merchant, and what is on its way to one.

use chrono::{DateTime, Utc};
use quita_core::endpoint::Endpoints;
use quita_core::endpoint::delivery::Delivery;
use quita_core::ids::MerchantId;
use quita_core::work::WorkKind;

use super::Record;
use crate::keys::{RecordKey, WorkKey, WorkSubject};

pub(super) const ENDPOINTS: &str = "endpoints";
pub(super) const DELIVERY: &str = "delivery";

impl Record for Endpoints {
    const KIND: &'static str = ENDPOINTS;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::Endpoints
    }
}

impl Record for Delivery {
    const KIND: &'static str = DELIVERY;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::Delivery(self.endpoint.clone(), self.id.clone())
    }

    fn work(&self) -> Option<WorkKey> {
        Some(WorkKey {
            due_at: self.due()?,
            kind: WorkKind::Deliver,
            merchant: self.merchant.clone(),
            subject: WorkSubject::Delivery(self.endpoint.clone(), self.id.clone()),
        })
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(Delivery::expires_at(self))
    }
}

#[cfg(test)]
mod tests {
    use quita_core::endpoint::delivery::{
        Attempt, DeliveryState, FailReason, Fault, LEASE, Message, Outcome,
    };
    use quita_core::endpoint::{DisabledReason, Endpoint, EndpointState, EventFilter};
    use quita_core::ids::{DeliveryId, EndpointId};

    use super::super::tests::{check_golden, check_golden_named};
    use super::*;
    use crate::sample::{at, merchant_id};

    fn endpoint(ulid: &str) -> Endpoint {
        Endpoint {
            id: EndpointId::from_ulid(ulid).unwrap(),
            url: "https://hooks.example.com/quita".into(),
            description: "ERP".to_owned(),
            events: EventFilter::All,
            created_at: at("2026-11-23T12:00:00Z"),
            state: EndpointState::Enabled,
            secret: 1,
            previous_secret_until: None,
            failing_since: None,
        }
    }

    fn endpoints() -> Endpoints {
        let off = EndpointState::Disabled {
            at: at("2026-12-01T12:00:00Z"),
            reason: DisabledReason::Failing,
        };
        let second = Endpoint {
            events: EventFilter::Only(["invoice.paid".to_owned()].into()),
            state: off,
            secret: 2,
            previous_secret_until: Some(at("2026-11-24T12:00:00Z")),
            failing_since: Some(at("2026-11-26T12:00:00Z")),
            ..endpoint("01JE6X7Q5M8Y2N4C9R0T3V6W91")
        };
        Endpoints {
            merchant: merchant_id(),
            version: 4,
            endpoints: vec![endpoint("01JE6X7Q5M8Y2N4C9R0T3V6W90"), second],
        }
    }

    fn delivery() -> Delivery {
        let message = Message {
            id: DeliveryId::from_ulid("01M847VV40FZZ62HC24GXJZDWA").unwrap(),
            event: "invoice.paid".to_owned(),
            at: at("2026-11-23T13:00:00Z"),
            body: r#"{"type":"invoice.paid"}"#.to_owned(),
        };
        let endpoint = EndpointId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W90").unwrap();
        Delivery::claimed(merchant_id(), endpoint, message, at("2026-11-23T13:00:01Z"))
    }

    fn settled() -> Delivery {
        let attempt = |second: &str, outcome| Attempt { at: at(second), outcome, duration_ms: 84 };
        let state =
            DeliveryState::Failed { at: at("2026-11-26T13:00:01Z"), reason: FailReason::TriesUsed };
        Delivery {
            version: 21,
            state,
            tries: 10,
            replays: 1,
            attempts: vec![
                attempt("2026-11-23T13:00:01Z", Outcome::Answered(500)),
                attempt("2026-11-23T13:00:06Z", Outcome::NoAnswer(Fault::Timeout)),
            ],
            ..delivery()
        }
    }

    #[test]
    fn golden_files_of_events_out_read_for_good() {
        check_golden(&endpoints());
        check_golden(&delivery());
        check_golden_named("delivery_failed", &settled());
    }

    #[test]
    fn a_delivery_is_swept_after_it_was_settled_or_not_while_it_waits() {
        let due = Record::work(&delivery()).unwrap();
        assert_eq!(due.due_at, at("2026-11-23T13:00:01Z") + LEASE);
        assert_eq!(Record::work(&settled()), None);
    }
}
