//! What goes out on the bus is what `infra/events/` promises.

use chrono::{DateTime, Utc};
use quita_app::bus::BusEvent;
use quita_app::event_data::event_data;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;

use crate::sample_events::every_event;
use crate::{files, schema};

#[test]
fn no_event_leaves_in_a_shape_its_schema_does_not_have() {
    let merchant = MerchantId::parse("mer_acme").unwrap();
    let invoice = InvoiceId::from_ulid("01JD5X2B9QKZ3V7M8N4P6R0STW").unwrap();
    for (seq, event) in (1..).zip(every_event()) {
        let row = EventRow {
            aggregate: Aggregate::Invoice(invoice.clone()),
            seq,
            at: DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap(),
            actor: "api".to_owned(),
            name: event.name().to_owned(),
            data: event_data(&event),
        };
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
