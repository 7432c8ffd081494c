use std::path::PathBuf;

use quita_core::bank_import::{BankLine, BoletoRef, CHUNK_BYTES};
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
    match decode(&sample::merchant_id(), golden.clone()) {
        Ok((_, read)) => assert_eq!(&read, expected, "{name}: the file reads differently now"),
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
    let document = customer.bill_to.document.clone();
    let guard = Stored::Document { document, customer: customer.id.clone() };
    let check = |name: &str, item: Result<Item, ItemError>, stored| {
        check_golden(name, &item.unwrap(), &stored)
    };
    let merchant = Stored::Merchant(Box::new(sample::merchant()));
    check(kind::MERCHANT, super::merchant(&sample::merchant()), merchant);
    check(kind::DOCUMENT, super::document(&customer), guard);
    check(kind::CUSTOMER, super::customer(&customer), Stored::Customer(Box::new(customer)));
    let invoice = Stored::Invoice(Box::new(sample::invoice()));
    check(kind::INVOICE, super::invoice(&sample::invoice(), Some(&work)), invoice);
    let billed = Stored::Invoice(Box::new(sample::billed_invoice()));
    check(BILLED, super::invoice(&sample::billed_invoice(), Some(&work)), billed);
    for (name, payment) in [(kind::PAYMENT, sample::payment()), (REPORTED, sample::reported())] {
        let item = super::payment(&payment, Some(&confirm));
        check(name, item, Stored::Payment(Box::new(payment)));
    }
    let reconciliation = Stored::Reconciliation(Box::new(sample::reconciliation()));
    let item = super::reconciliation(&sample::reconciliation());
    check(kind::RECONCILIATION, item, reconciliation);
    for (name, file) in [(kind::IMPORT, sample::import()), (REFUSED, sample::refused_import())] {
        let item = super::import(&file, file.work().as_ref());
        check(name, item, Stored::Import(Box::new(file)));
    }
    let chunk = Stored::ImportChunk(Box::new(sample::chunk()));
    check(kind::IMPORT_CHUNK, import_chunk(&id, &sample::chunk()), chunk);
    let line = Stored::BankLine(Box::new(sample::bank_line()));
    check(kind::BANK_LINE, bank_line(&sample::bank_line()), line);
    check(kind::BOLETO, boleto(&id, &sample::boleto()), Stored::Boleto(sample::boleto()));
    for (name, row) in [
        (kind::EVENT, sample::event()),
        (UNBOOKED, sample::event_without_postings()),
        (CHANGED, sample::event_with_changes()),
    ] {
        check(name, event(&id, &row), Stored::Event(Box::new(row)));
    }
    for (name, said) in [
        (kind::MESSAGE, sample::message()),
        (BOUNCED, sample::bounced()),
        (CLAIMED, sample::claimed()),
    ] {
        check(name, message(&said), Stored::Message(Box::new(said)));
    }
    let answer = Stored::Idempotency(Box::new(sample::answer()));
    check(kind::IDEMPOTENCY, idempotency(&id, &sample::answer()), answer);
}

/// A second shape of a kind has a file of its own.
const BOUNCED: &str = "message_bounced";
const CLAIMED: &str = "message_claimed";
const BILLED: &str = "invoice_billed";
const REPORTED: &str = "payment_reported";
const REFUSED: &str = "import_refused";
const UNBOOKED: &str = "event_unbooked";
/// A row that says what became of its aggregate.
const CHANGED: &str = "event_changed";

fn with(mut item: Item, name: &str, value: AttributeValue) -> Item {
    item.insert(name.to_owned(), value);
    item
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: &str) -> AttributeValue {
    AttributeValue::N(value.to_owned())
}

#[test]
fn an_item_of_a_newer_release_is_an_error_and_not_a_guess() {
    let id = sample::merchant_id();
    let item = event(&id, &sample::event()).unwrap();
    let decode = |item: Item| decode(&id, item).unwrap_err();
    for unknown in [
        with(item.clone(), "v", number("2")),
        with(item.clone(), "v", text("1")),
        with(item.clone(), "kind", text("contract")),
        with(item.clone(), "kind", AttributeValue::Null(true)),
        Item::new(),
    ] {
        let error = decode(unknown);
        assert!(matches!(error, ItemError::UnknownKind { .. }), "{error}");
    }
    let said = decode(with(item.clone(), "v", number("2"))).to_string();
    assert_eq!(said, "item E#00000001 is of unknown kind `event` version 2");
    let mut without = item;
    without.remove("actor");
    let said = decode(without).to_string();
    assert!(said.contains("`event`") && said.contains("actor"), "{said}");
}

#[test]
fn a_value_under_another_key_is_never_handed_out() {
    let id = sample::merchant_id();
    let other = MerchantId::parse("mer_other").unwrap();
    let invoice = super::invoice(&sample::invoice(), None).unwrap();
    let foreign_pk = format!("M#mer_other#I#{}", sample::invoice().id);
    let event = event(&id, &sample::event()).unwrap();
    let chunk = import_chunk(&id, &sample::chunk()).unwrap();
    let line = bank_line(&sample::bank_line()).unwrap();
    let boleto = boleto(&id, &sample::boleto()).unwrap();
    let reconciliation = reconciliation(&sample::reconciliation()).unwrap();
    let import = super::import(&sample::import(), None).unwrap();
    let cases = [
        // Asked for by another tenant.
        (&other, invoice.clone()),
        (&other, document(&sample::customer()).unwrap()),
        (&other, event.clone()),
        (&other, idempotency(&id, &sample::answer()).unwrap()),
        (&other, payment(&sample::payment(), None).unwrap()),
        (&other, reconciliation.clone()),
        (&other, import.clone()),
        (&other, chunk.clone()),
        (&other, line.clone()),
        (&other, boleto.clone()),
        // Under another tenant's key, with the value of the first.
        (&other, with(invoice.clone(), "pk", text(&foreign_pk))),
        (&id, with(invoice.clone(), "pk", text(&foreign_pk))),
        // Under another item's key.
        (&id, with(invoice, "sk", text("CUSTOMER"))),
        (&id, with(event.clone(), "sk", text("E#00000002"))),
        (&id, with(event, "seq", number("2"))),
        (&id, with(chunk.clone(), "sk", text("B#000002"))),
        (&id, with(chunk, "nth", number("0"))),
        (&id, with(line, "pk", text("M#mer_acme#B#ffffffffffffffffffffffffffffffff"))),
        (&id, with(boleto, "our_number", text("109000124"))),
        (&id, with(reconciliation, "pk", text("M#mer_other#R#reconciliation"))),
        (&id, with(import, "pk", text("M#mer_acme#F#imp_00000000000000000000000001"))),
    ];
    for (n, (asked, item)) in cases.into_iter().enumerate() {
        let error = decode(asked, item).unwrap_err();
        assert!(matches!(error, ItemError::Misplaced { .. }), "case {n}: {error}");
    }
}

/// Rule: open means indexed. What is not due, not parked, not listed and not booked has no index
/// attribute.
#[test]
fn indexes_are_sparse() {
    let id = sample::merchant_id();
    let work = WorkDue { at: sample::at("2026-12-09T12:00:00Z"), kind: WorkKind::Reminder };
    let matched = Payment { attention: None, ..sample::payment() };
    let (invoice, parked) = (sample::invoice(), sample::payment());
    let unbooked = event(&id, &sample::event_without_postings());
    for (name, item, indexes) in [
        ("due", super::invoice(&invoice, Some(&work)), "by_customer by_state work"),
        ("idle", super::invoice(&invoice, None), "by_customer by_state"),
        ("parked", payment(&parked, None), "by_state"),
        ("parked and due", payment(&parked, Some(&work)), "by_state work"),
        ("matched", payment(&matched, None), ""),
        ("reported", payment(&sample::reported(), Some(&work)), "work"),
        ("customer", customer(&sample::customer()), "by_state"),
        ("merchant", merchant(&sample::merchant()), ""),
        ("reconciliation", reconciliation(&sample::reconciliation()), "work"),
        ("import under way", import(&sample::import(), Some(&work)), "by_state work"),
        ("import that is done", import(&sample::import(), None), "by_state"),
        ("chunk", import_chunk(&id, &sample::chunk()), ""),
        ("bank line", bank_line(&sample::bank_line()), ""),
        ("boleto", boleto(&id, &sample::boleto()), ""),
        ("message", message(&sample::message()), ""),
        ("event that books something", event(&id, &sample::event()), "by_state"),
        ("event that books nothing", unbooked, ""),
    ] {
        let item = item.unwrap();
        let mut found: Vec<&str> = schema::INDEXES
            .iter()
            .filter(|index| item.contains_key(index.pk) || item.contains_key(index.sk))
            .map(|index| index.name)
            .collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), indexes, "{name}");
    }
}

/// Rule: only answers and pieces of files expire. A line that comes again years later is known.
#[test]
fn nothing_else_expires() {
    let id = sample::merchant_id();
    for (name, item, expires) in [
        ("answer", idempotency(&id, &sample::answer()), Some("1795266000")),
        ("chunk", import_chunk(&id, &sample::chunk()), Some("1797667200")),
        ("bank line", bank_line(&sample::bank_line()), None),
        ("boleto", boleto(&id, &sample::boleto()), None),
        ("import", import(&sample::import(), None), None),
        ("event", event(&id, &sample::event()), None),
        ("payment", payment(&sample::payment(), None), None),
    ] {
        let found = item.unwrap().get(schema::TTL).cloned();
        assert_eq!(found, expires.map(number), "{name}");
    }
}

/// The fear: a piece of a file comes back changed, as text or as a list of numbers.
#[test]
fn a_chunk_keeps_its_bytes() {
    let id = sample::merchant_id();
    let every_byte: Vec<u8> = (0..=255).collect();
    for bytes in [every_byte, Vec::new(), "R$ 1,00 ção".as_bytes().to_vec()] {
        let chunk = ImportChunk { bytes, ..sample::chunk() };
        let item = import_chunk(&id, &chunk).unwrap();
        assert!(matches!(item.get("bytes"), Some(AttributeValue::B(_))));
        let wire = serde_json::to_string(&item).unwrap();
        let item: Item = serde_json::from_str(&wire).unwrap();
        assert_eq!(decode(&id, item).unwrap().1, Stored::ImportChunk(Box::new(chunk)));
    }
    let item = import_chunk(&id, &sample::chunk()).unwrap();
    let mut without = item.clone();
    without.remove("bytes");
    for broken in [without, with(item, "bytes", text("QUFB"))] {
        let error = decode(&id, broken).unwrap_err();
        assert!(error.to_string().contains("no bytes"), "{error}");
    }
}

#[test]
fn a_full_piece_of_a_file_fits_an_item() {
    let chunk = ImportChunk { bytes: vec![0xe7; CHUNK_BYTES], ..sample::chunk() };
    let item = import_chunk(&sample::merchant_id(), &chunk).unwrap();
    let bytes = dynamo::item_bytes(&item);
    assert!((CHUNK_BYTES..CHUNK_BYTES + 500).contains(&bytes), "{bytes} bytes");
    assert!(bytes < dynamo::ITEM_BYTES_MAX);
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
    let newer = with(row, "v", number("2"));
    assert!(event_from_image(&newer).is_err());
}

#[test]
fn what_cannot_be_a_key_is_refused() {
    let mut said = sample::message();
    said.key.step = "a#b".to_owned();
    let id = sample::merchant_id();
    let numbered = |seq| EventRow { seq, ..sample::event() };
    let scoped = |scope: &str| IdempotencyRecord { scope: scope.to_owned(), ..sample::answer() };
    let line = |fingerprint: &str| {
        let fingerprint = fingerprint.to_owned();
        bank_line(&BankLine { fingerprint, ..sample::bank_line() })
    };
    let numbered_boleto = |our_number: &str| {
        boleto(&id, &BoletoRef { our_number: our_number.to_owned(), ..sample::boleto() })
    };
    let chunk = ImportChunk { nth: keys::IMPORT_CHUNK_NTH_MAX + 1, ..sample::chunk() };
    for item in [
        import_chunk(&id, &chunk),
        line(""),
        line("0123456789ABCDEF0123456789ABCDEF"),
        line("0123456789abcdef0123456789abcde"),
        line("0123456789abcdef0123456789abcde#"),
        numbered_boleto(""),
        numbered_boleto("1#2"),
        numbered_boleto("1-2"),
        numbered_boleto("ç"),
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

/// An invoice with as many credits and charges as the rules let it have.
#[test]
fn an_invoice_at_its_limits_fits_an_item() {
    let mut invoice = sample::invoice();
    let (credit, charge) = {
        let first = &invoice.instalments[0];
        (first.payments[0].clone(), first.charges[0].clone())
    };
    let first = &mut invoice.instalments[0];
    first.payments = vec![credit; quita_core::invoice::CREDITS_MAX];
    first.charges = vec![charge; quita_core::invoice::CHARGES_MAX];
    let bytes = dynamo::item_bytes(&super::invoice(&invoice, None).unwrap());
    assert!(bytes < dynamo::ITEM_BYTES_MAX * 9 / 10, "{bytes} bytes");
}
