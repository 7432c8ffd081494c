//! Fears: two events under one id, one event under two.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn event(name: &str, detail: Value) -> BusEvent {
    BusEvent { detail_type: name.to_owned(), at: DateTime::UNIX_EPOCH, detail }
}

fn paid() -> Value {
    json!({
        "merchant_id": "mer_acme",
        "invoice_id": "inv_01JE6X7Q5M8Y2N4C9R0T3V6W8Z",
        "sequence": 7,
        "at": "2026-11-23T13:00:00Z",
        "actor": "bank",
        "data": { "amount": "10.00" },
    })
}

fn id(name: &str, detail: Value) -> DeliveryId {
    message_of(&event(name, detail)).unwrap().1.id
}

#[test]
fn what_is_posted_is_not_what_happened() {
    let (merchant, message) = message_of(&event("invoice.paid.v1", paid())).unwrap();
    assert_eq!((merchant.as_str(), message.event.as_str()), ("mer_acme", "invoice.paid"));
    assert_eq!(message.at.to_rfc3339(), "2026-11-23T13:00:00+00:00");
    let body: Value = serde_json::from_str(&message.body).unwrap();
    let expected =
        json!({ "type": "invoice.paid", "timestamp": "2026-11-23T13:00:00Z", "data": paid() });
    assert_eq!(body, expected);
}

#[test]
fn an_event_that_comes_again_has_another_id() {
    let first = event("invoice.paid.v1", paid());
    // The bus tells another time each time; the row's own is what counts.
    let again = BusEvent { at: DateTime::<Utc>::MAX_UTC, ..first.clone() };
    assert_eq!(message_of(&first).unwrap(), message_of(&again).unwrap());
    // Made once and kept: an id that changes with a release is delivered twice.
    assert_eq!(id("invoice.paid.v1", paid()).as_str(), "msg_01M847VV40FZZ62HC24GXJZDWA");
}

#[test]
fn two_events_share_an_id() {
    let with = |field: &str, value: Value| {
        let mut detail = paid();
        detail[field] = value;
        detail
    };
    let ids: BTreeSet<DeliveryId> = [
        id("invoice.paid.v1", paid()),
        id("invoice.paid.v2", paid()),
        id("charge.issued.v1", paid()),
        id("invoice.paid.v1", with("sequence", json!(8))),
        id("invoice.paid.v1", with("merchant_id", json!("mer_other"))),
        id("invoice.paid.v1", with("invoice_id", json!("inv_01JE6X7Q5M8Y2N4C9R0T3V6W90"))),
        id("invoice.paid.v1", with("at", json!("2026-11-23T13:00:01Z"))),
    ]
    .into();
    assert_eq!(ids.len(), 7);
}

#[test]
fn work_is_told_as_a_fact() {
    let due = event("import.due.v1", json!({ "merchant_id": "mer_acme", "import_id": "x" }));
    assert!(message_of(&due).is_err());
}

proptest! {
    #[test]
    fn ids_do_not_sort_by_time(first in 0_i64..4_000_000_000, later in 1_i64..1_000_000) {
        let of = |seconds| {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            let merchant = MerchantId::parse("mer_acme").unwrap();
            delivery_id(&merchant, "a", "b", 1, at).unwrap()
        };
        prop_assert!(of(first) < of(first + later));
    }
}
