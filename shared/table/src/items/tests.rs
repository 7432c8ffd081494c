use std::path::PathBuf;

use quita_core::work::WorkKind;
use serde_dynamo::AttributeValue;
use serde_json::Value;

use super::*;
use crate::{dynamo, sample};

/// Set to write golden files that do not exist. One that exists is never written over.
const BLESS: &str = "QUITA_BLESS";

fn golden_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/{name}.v1.json"))
}

/// Reads a golden file; it must decode to `expected` for good, and today's writer must still write
/// it. When the writer changes on purpose, the version goes up and a new file is added.
fn check_golden(name: &str, written: &Item, expected: &Stored) {
    let path = golden_path(name);
    if !path.exists() && std::env::var_os(BLESS).is_some() {
        // Through `Value`, whose maps are sorted: the file is the same at each writing.
        let sorted: Value = serde_json::to_value(written).unwrap();
        let text = serde_json::to_string_pretty(&sorted).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
    }
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|why| panic!("{}: {why}; make it with {BLESS}=1", path.display()));
    let golden: Item = serde_json::from_str(&text).unwrap();
    match decode(&sample::merchant_id(), &golden) {
        Ok(read) => assert_eq!(&read, expected, "{name}: the file reads differently now"),
        Err(why) => panic!("{name}: the file no longer reads: {why}"),
    }
    let differs: Vec<&String> =
        golden.keys().chain(written.keys()).filter(|k| golden.get(*k) != written.get(*k)).collect();
    assert!(
        differs.is_empty(),
        "{name}: the writer no longer writes {differs:?} as the file has it"
    );
}

#[test]
fn golden_files_of_version_1_read_for_good() {
    let work = WorkDue { at: sample::at("2026-12-09T12:00:00Z"), kind: WorkKind::Reminder };
    let confirm = WorkDue { at: sample::at("2026-12-10T15:01:00Z"), kind: WorkKind::Confirm };
    let id = sample::merchant_id();
    let customer = sample::customer();
    let guard = Stored::Document {
        document: customer.bill_to.document.clone(),
        customer: customer.id.clone(),
    };
    let invoice = sample::invoice();
    let payment = sample::payment();
    let of = |stored| (id.clone(), stored);
    for (name, item, (_, stored)) in [
        (
            kind::MERCHANT,
            merchant(&sample::merchant()),
            of(Stored::Merchant(Box::new(sample::merchant()))),
        ),
        (
            kind::CUSTOMER,
            super::customer(&customer),
            of(Stored::Customer(Box::new(customer.clone()))),
        ),
        (kind::DOCUMENT, document(&customer), of(guard)),
        (
            kind::INVOICE,
            super::invoice(&invoice, Some(&work)),
            of(Stored::Invoice(Box::new(invoice.clone()))),
        ),
        (
            kind::PAYMENT,
            super::payment(&payment, Some(&confirm)),
            of(Stored::Payment(Box::new(payment.clone()))),
        ),
        (kind::EVENT, event(&id, &sample::event()), of(Stored::Event(Box::new(sample::event())))),
        (
            kind::MESSAGE,
            message(&sample::message()),
            of(Stored::Message(Box::new(sample::message()))),
        ),
        (
            kind::IDEMPOTENCY,
            idempotency(&id, &sample::answer()),
            of(Stored::Idempotency(Box::new(sample::answer()))),
        ),
    ] {
        check_golden(name, &item.unwrap(), &stored);
    }
}

fn with(mut item: Item, name: &str, value: AttributeValue) -> Item {
    item.insert(name.to_owned(), value);
    item
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

#[test]
fn an_item_of_a_newer_release_is_an_error_and_not_a_guess() {
    let id = sample::merchant_id();
    let item = event(&id, &sample::event()).unwrap();
    let decode = |item: &Item| decode(&id, item).unwrap_err();
    for unknown in [
        with(item.clone(), "v", AttributeValue::N("2".to_owned())),
        with(item.clone(), "v", text("1")),
        with(item.clone(), "kind", text("contract")),
        with(item.clone(), "kind", AttributeValue::Null(true)),
        Item::new(),
    ] {
        let error = decode(&unknown);
        assert!(matches!(error, ItemError::UnknownKind { .. }), "{error}");
    }
    let said = decode(&with(item.clone(), "v", AttributeValue::N("2".to_owned()))).to_string();
    assert_eq!(said, "item E#00000001 is of unknown kind `event` version 2");
    let mut without = item;
    without.remove("actor");
    let said = decode(&without).to_string();
    assert!(said.contains("`event`") && said.contains("actor"), "{said}");
}

#[test]
fn a_value_under_another_key_is_never_handed_out() {
    let id = sample::merchant_id();
    let other = MerchantId::parse("mer_other").unwrap();
    let invoice = super::invoice(&sample::invoice(), None).unwrap();
    let foreign_pk = format!("M#mer_other#I#{}", sample::invoice().id);
    let event = event(&id, &sample::event()).unwrap();
    let cases = [
        // Asked for by another tenant.
        (&other, invoice.clone()),
        (&other, document(&sample::customer()).unwrap()),
        (&other, event.clone()),
        (&other, idempotency(&id, &sample::answer()).unwrap()),
        // Under another tenant's key, with the value of the first.
        (&other, with(invoice.clone(), "pk", text(&foreign_pk))),
        (&id, with(invoice.clone(), "pk", text(&foreign_pk))),
        // Under another item's key.
        (&id, with(invoice, "sk", text("CUSTOMER"))),
        (&id, with(event.clone(), "sk", text("E#00000002"))),
        (&id, with(event, "seq", AttributeValue::N("2".to_owned()))),
    ];
    for (n, (asked, item)) in cases.into_iter().enumerate() {
        let error = decode(asked, &item).unwrap_err();
        assert!(matches!(error, ItemError::Misplaced { .. }), "case {n}: {error}");
    }
}

/// Rule: open means indexed. What is not due, not parked or not listed has no index attribute.
#[test]
fn indexes_are_sparse() {
    let work = WorkDue { at: sample::at("2026-12-09T12:00:00Z"), kind: WorkKind::Reminder };
    let mut matched = sample::payment();
    matched.state = PaymentState::Matched { invoice: sample::invoice().id, instalment: 1 };
    let (invoice, parked) = (sample::invoice(), sample::payment());
    for (name, item, indexes) in [
        ("due", super::invoice(&invoice, Some(&work)), "by_customer by_state work"),
        ("idle", super::invoice(&invoice, None), "by_customer by_state"),
        ("parked", payment(&parked, None), "by_state"),
        ("parked and due", payment(&parked, Some(&work)), "by_state work"),
        ("matched", payment(&matched, None), ""),
        ("customer", customer(&sample::customer()), "by_state"),
        ("merchant", merchant(&sample::merchant()), ""),
        ("message", message(&sample::message()), ""),
        ("event", event(&sample::merchant_id(), &sample::event()), ""),
    ] {
        let item = item.unwrap();
        let mut found: Vec<&str> = schema::INDEXES
            .iter()
            .filter(|index| item.contains_key(index.pk) && item.contains_key(index.sk))
            .map(|index| index.name)
            .collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), indexes, "{name}");
    }
}

#[test]
fn only_event_rows_of_the_stream_are_events() {
    let id = sample::merchant_id();
    let row = event(&id, &sample::event()).unwrap();
    assert_eq!(event_from_image(&row).unwrap(), Some((id, sample::event())));
    let invoice = super::invoice(&sample::invoice(), None).unwrap();
    assert_eq!(event_from_image(&invoice).unwrap(), None);
    // A kind that only a newer release knows does not hold up the stream; a newer event does.
    let newer = with(invoice, "kind", text("contract"));
    assert_eq!(event_from_image(&newer).unwrap(), None);
    let newer = with(row, "v", AttributeValue::N("2".to_owned()));
    assert!(event_from_image(&newer).is_err());
}

#[test]
fn what_cannot_be_a_key_is_refused() {
    let mut said = sample::message();
    said.key.step = "a#b".to_owned();
    let id = sample::merchant_id();
    let numbered = |seq| EventRow { seq, ..sample::event() };
    let scoped = |scope: &str| IdempotencyRecord { scope: scope.to_owned(), ..sample::answer() };
    for item in [
        message(&said),
        event(&id, &numbered(0)),
        event(&id, &numbered(keys::EVENT_SEQ_MAX + 1)),
        idempotency(&id, &scoped("")),
        idempotency(&id, &scoped("a#b")),
    ] {
        assert!(matches!(item, Err(ItemError::Unstorable(_))));
    }
}

/// The load figures of infra/table.md stand on these sizes: below 8 KB with three instalments.
#[test]
fn an_invoice_stays_small() {
    let item = super::invoice(&sample::invoice(), None).unwrap();
    let bytes = dynamo::item_bytes(&item);
    assert!((2_000..8 * 1024).contains(&bytes), "{bytes} bytes");
}
