use std::fmt::Write as _;

use chrono::TimeDelta;
use quita_core::message::Channel;

use super::*;
use crate::sample;

fn merchant() -> MerchantId {
    MerchantId::parse("mer_acme").unwrap()
}

fn invoice_id() -> InvoiceId {
    InvoiceId::parse("inv_01K5A2B3C4D5E6F7G8H9J0KMNP").unwrap()
}

fn e2eid() -> EndToEndId {
    EndToEndId::parse("E12345678202612101200abcdefghijk").unwrap()
}

fn at() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-12-10T12:00:00Z").unwrap().to_utc()
}

/// Every key of the table. A change here is a change of stored data: it needs a migration.
#[test]
fn every_key() {
    let (customer, invoice, payment) = (sample::customer(), sample::invoice(), sample::payment());
    let ledger = LedgerKey {
        instalment: 2,
        step: "overdue_3".to_owned(),
        channel: Channel::Email,
        revision: 1,
    };
    let (of_invoice, of_payment) = (Aggregate::Invoice(invoice_id()), Aggregate::Payment(e2eid()));
    let mut page = String::new();
    for (name, key) in [
        ("merchant", Key::Merchant),
        ("customer", Key::Customer(&customer.id)),
        ("document", Key::Document(&customer.bill_to.document)),
        ("invoice", Key::Invoice(&invoice_id())),
        ("payment", Key::Payment(&e2eid())),
        ("event of an invoice", Key::Event(&of_invoice, 7)),
        ("event of a payment", Key::Event(&of_payment, 1)),
        ("message", Key::Message(&invoice_id(), &ledger)),
        ("idempotency", Key::Idempotency { scope: "create_invoice", key: "a#b c" }),
    ] {
        let PrimaryKey { pk, sk } = key.of(&merchant());
        writeln!(page, "{name:<20} {pk} / {sk}").unwrap();
    }
    let work =
        |subject| WorkKey { due_at: at(), kind: WorkKind::Reminder, merchant: merchant(), subject };
    let open = InvoiceState::Open;
    for (name, key) in [
        ("work of an invoice", work(of_invoice.clone()).index_key()),
        ("work of a payment", work(of_payment.clone()).index_key()),
        ("by_customer", by_customer(&invoice)),
        ("by_state invoice", by_state(&invoice, open)),
        ("by_state customer", customer_entry(&customer)),
        ("by_state parked", parked_entry(&merchant(), &payment.e2eid, at())),
    ] {
        writeln!(page, "{name:<20} {} / {}", key.pk, key.sk).unwrap();
    }
    for state in InvoiceState::ALL {
        writeln!(page, "list of {state:?}: {}", List::Invoices(state).pk(&merchant(), 3)).unwrap();
    }
    insta::assert_snapshot!("keys", page);
}

#[test]
fn an_aggregate_reads_back_from_its_partition() {
    for aggregate in [Aggregate::Invoice(invoice_id()), Aggregate::Payment(e2eid())] {
        let pk = aggregate_pk(&merchant(), &aggregate);
        assert_eq!(parse_aggregate(&pk), Some((merchant(), aggregate)));
    }
    for pk in [
        "M#mer_acme",
        "M#mer_acme#C#cus_00000000000000000000000001",
        "M#mer_acme#I#inv_1",
        "X#mer_acme#I#inv_01K5A2B3C4D5E6F7G8H9J0KMNP",
        "M#acme#I#inv_01K5A2B3C4D5E6F7G8H9J0KMNP",
        "M#mer_acme#I#inv_01K5A2B3C4D5E6F7G8H9J0KMNP#",
    ] {
        assert_eq!(parse_aggregate(pk), None, "{pk}");
    }
}

#[test]
fn a_work_entry_reads_back_and_never_early() {
    let entry = WorkKey {
        due_at: at(),
        kind: WorkKind::Confirm,
        merchant: merchant(),
        subject: Aggregate::Payment(e2eid()),
    };
    assert_eq!(WorkKey::parse(&entry.index_key().sk), Some(entry.clone()));
    let fraction = WorkKey { due_at: at() + TimeDelta::nanoseconds(1), ..entry };
    let read = WorkKey::parse(&fraction.index_key().sk).unwrap();
    assert_eq!(read.due_at, at() + TimeDelta::seconds(1));
    assert_eq!(WorkKey::parse("2026-12-10T12:00:00Z#dance#mer_acme#inv_1"), None);
}

/// The bound of a sweep: everything due at or before the second, nothing after.
#[test]
fn due_means_at_or_before_now() {
    let sk = |due_at| {
        let subject = Aggregate::Invoice(invoice_id());
        WorkKey { due_at, kind: WorkKind::Charge, merchant: merchant(), subject }.index_key().sk
    };
    let until = work_until(at() + TimeDelta::milliseconds(900));
    for (seconds, due) in [(-86_400, true), (-1, true), (0, true), (1, false), (86_400, false)] {
        let sk = sk(at() + TimeDelta::seconds(seconds));
        assert_eq!(sk <= until, due, "{sk} <= {until}");
        assert!(sk.as_str() > WORK_FROM);
        assert!(just_above(&sk) > sk);
    }
    for extreme in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let sk = sk(extreme);
        assert!(WorkKey::parse(&sk).is_some(), "{sk}");
    }
}

#[test]
fn events_sort_by_number() {
    let numbers = [1, 2, 9, 10, 99, 100, 12_345_678, EVENT_SEQ_MAX];
    let keys: Vec<String> = numbers.iter().map(|seq| event_sk(*seq)).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    for (seq, sk) in numbers.into_iter().zip(keys) {
        assert_eq!(parse_event_sk(&sk), Some(seq));
    }
}

/// Pinned: shards are stored in keys.
#[test]
fn shards_are_stable_and_even() {
    assert_eq!(shard_of("inv_01K5A2B3C4D5E6F7G8H9J0KMNP", WORK_SHARDS), 2);
    let mut counts = [0_u32; WORK_SHARDS as usize];
    for n in 0..16_000 {
        // As ids are made in a burst: they differ in their last characters only.
        counts[usize::from(shard_of(&format!("inv_01K5A2B3C4D5E6F7G8H9{n:06}"), WORK_SHARDS))] += 1;
    }
    assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
}

#[test]
fn a_step_with_a_separator_cannot_be_a_key() {
    for (step, fits) in [
        ("receipt", true),
        ("overdue-3_b", true),
        ("", false),
        ("a#b", false),
        ("Receipt", false),
        ("ção", false),
    ] {
        assert_eq!(is_step(step), fits, "{step}");
    }
    assert!(is_step(&"a".repeat(STEP_CHARS_MAX)) && !is_step(&"a".repeat(STEP_CHARS_MAX + 1)));
}
