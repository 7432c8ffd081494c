//! What goes out on the bus is what `infra/events/` promises.

use chrono::{DateTime, Utc};
use quita_app::bus::BusEvent;
use quita_app::event_data::{event_data, payment_data};
use quita_core::audit::Changes;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::payment::{ParkReason, evolve};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use serde_json::{Value, json};

use crate::sample_events::{every_event, every_payment_event, payment};
use crate::{files, schema};

/// The rows of every event of an invoice and of a payment that leaves the table.
fn rows() -> Vec<EventRow> {
    let invoice = InvoiceId::from_ulid("01JD5X2B9QKZ3V7M8N4P6R0STW").unwrap();
    let row = |aggregate: Aggregate, name: &str, data: Value| EventRow {
        aggregate,
        seq: 1,
        at: DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap(),
        actor: "api".to_owned(),
        name: name.to_owned(),
        data,
        postings: Vec::new(),
        changes: Changes::default(),
    };
    let of_invoices = every_event()
        .into_iter()
        .map(|event| row(Aggregate::Invoice(invoice.clone()), event.name(), event_data(&event)));
    let of_payments = every_payment_event().into_iter().filter_map(|event| {
        let payment = evolve(payment(), &event, DateTime::UNIX_EPOCH);
        let data = payment_data(&event, &payment);
        Some(row(Aggregate::Payment(payment.id), event.name()?, data))
    });
    of_invoices.chain(of_payments).collect()
}

#[test]
fn no_event_leaves_in_a_shape_its_schema_does_not_have() {
    let merchant = MerchantId::parse("mer_acme").unwrap();
    for row in rows() {
        let published = BusEvent::of_row(&merchant, &row);
        let promised = files::event_schema(&published.detail_type);
        let faults = schema::faults(&promised, &promised, &published.detail);
        assert_eq!(faults, Vec::<String>::new(), "{}", published.detail_type);
        let known = files::object(&promised["properties"]["data"]["properties"]);
        for name in row.data.as_object().unwrap().keys() {
            assert!(known.contains_key(name), "{}: `{name}` is unsaid", published.detail_type);
        }
    }
}

#[test]
fn no_reason_to_park_is_missing_in_a_schema() {
    let codes: Vec<Value> = ParkReason::ALL.iter().map(|reason| json!(reason.code())).collect();
    for name in ["payment.parked.v1", "invoice.payment_in_doubt.v1"] {
        let promised = files::event_schema(name);
        let reason = &promised["properties"]["data"]["properties"]["reason"];
        assert_eq!(files::array(&reason["enum"]), codes, "{name}");
    }
}
