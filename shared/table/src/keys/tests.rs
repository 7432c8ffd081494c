use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::customer::Customer;
use quita_core::invoice::Invoice;
use quita_core::message::Channel;
use quita_core::work::WorkKind;

use super::*;
use crate::sample;

const FINGERPRINT: &str = "0123456789abcdef0123456789abcdef";

fn merchant() -> MerchantId {
    MerchantId::parse("mer_acme").unwrap()
}

/// One of each kind.
fn aggregates() -> [(&'static str, Aggregate); 6] {
    [
        ("an invoice", Aggregate::Invoice(sample::invoice_id())),
        ("a Pix", Aggregate::Payment(sample::payment_id())),
        ("a transfer", Aggregate::Payment(sample::transfer_id())),
        ("a reconciliation", Aggregate::Reconciliation),
        ("an import", Aggregate::Import(sample::import_id())),
        ("a bank line", Aggregate::BankLine(FINGERPRINT.to_owned())),
    ]
}

fn at() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-12-10T12:00:00Z").unwrap().to_utc()
}

/// Every key of the table. A change here is a change of stored data: it needs a migration.
#[test]
fn every_key() {
    let mut page = String::new();
    for (name, key) in table_keys(&Parts::sample()) {
        let PrimaryKey { pk, sk } = key.of(&merchant());
        writeln!(page, "{name:<27} {pk} / {sk}").unwrap();
    }
    for (nth, (name, aggregate)) in (1..).zip(aggregates()) {
        let PrimaryKey { pk, sk } = Key::Event(&aggregate, nth).of(&merchant());
        writeln!(page, "event of {name:<18} {pk} / {sk}").unwrap();
        let IndexKey { pk, sk } = row_entry(&merchant(), List::Journal, &aggregate, nth, at());
        writeln!(page, "journal of {name:<16} {pk} / {sk}").unwrap();
    }
    for (name, key) in index_entries(&sample::customer(), &sample::invoice()) {
        writeln!(page, "{name:<27} {} / {}", key.pk, key.sk).unwrap();
    }
    let invoices = InvoiceState::ALL.map(List::Invoices);
    let others = [List::Customers, List::ParkedPayments, List::Journal, List::Imports];
    for list in invoices.into_iter().chain(others) {
        writeln!(page, "list of {list:?}: {}", list.pk(&merchant(), 3)).unwrap();
    }
    insta::assert_snapshot!("keys", page);
}

/// What keys are made of.
struct Parts {
    customer: Customer,
    invoice: InvoiceId,
    pix: PaymentId,
    transfer: PaymentId,
    import: ImportId,
    ledger: LedgerKey,
}

impl Parts {
    fn sample() -> Self {
        Self {
            customer: sample::customer(),
            invoice: sample::invoice_id(),
            pix: sample::payment_id(),
            transfer: sample::transfer_id(),
            import: sample::import_id(),
            ledger: LedgerKey {
                instalment: 2,
                step: "overdue_3".to_owned(),
                channel: Channel::Email,
                revision: 1,
            },
        }
    }
}

fn table_keys(parts: &Parts) -> Vec<(&'static str, Key<'_>)> {
    let Parts { customer, invoice, pix, transfer, import, ledger } = parts;
    vec![
        ("merchant", Key::Merchant),
        ("customer", Key::Customer(&customer.id)),
        ("document", Key::Document(&customer.bill_to.document)),
        ("invoice", Key::Invoice(invoice)),
        ("payment, a Pix", Key::Payment(pix)),
        ("payment, a transfer", Key::Payment(transfer)),
        ("reconciliation", Key::Reconciliation),
        ("import", Key::Import(import)),
        ("piece of a file", Key::ImportChunk(import, 7)),
        ("bank line", Key::BankLine(FINGERPRINT)),
        ("boleto", Key::Boleto("109000123")),
        ("message", Key::Message(invoice, ledger)),
        ("daily work", Key::Record(&RecordKey::Daily)),
        ("idempotency", Key::Idempotency { scope: "create_invoice", key: "a#b c" }),
    ]
}

/// What work can fall due for, beside deliveries.
fn subjects() -> [WorkSubject; 5] {
    [
        WorkSubject::Invoice(sample::invoice_id()),
        WorkSubject::Payment(sample::payment_id()),
        WorkSubject::Reconciliation,
        WorkSubject::Import(sample::import_id()),
        WorkSubject::Daily,
    ]
}

fn index_entries(customer: &Customer, invoice: &Invoice) -> Vec<(&'static str, IndexKey)> {
    let work =
        |kind, subject| WorkKey { due_at: at(), kind, merchant: merchant(), subject }.index_key();
    let [an_invoice, pix, reconciliation, import, day] = subjects();
    vec![
        ("work of an invoice", work(WorkKind::Reminder, an_invoice)),
        ("work of a payment", work(WorkKind::Confirm, pix)),
        ("work, reconciliation", work(WorkKind::Reconcile, reconciliation)),
        ("work of an import", work(WorkKind::Import, import)),
        ("work of a day", work(WorkKind::Daily, day)),
        ("by_customer", by_customer(invoice)),
        ("by_state invoice", by_state(invoice, InvoiceState::Open)),
        ("by_state customer", customer_entry(customer)),
        ("by_state parked", parked_entry(&merchant(), &sample::payment_id(), at())),
        ("by_state undelivered", undelivered_entry(&sample::bounced(), at())),
        ("by_state import", import_entry(&merchant(), &sample::import_id())),
    ]
}

/// The fear: two tenants meet because a key was spelled without its merchant.
#[test]
fn every_key_begins_with_its_merchant() {
    let mut pks: Vec<(String, String)> = Vec::new();
    for (name, key) in table_keys(&Parts::sample()) {
        pks.push((name.to_owned(), key.of(&merchant()).pk));
    }
    for (name, aggregate) in aggregates() {
        pks.push((format!("event of {name}"), Key::Event(&aggregate, 1).of(&merchant()).pk));
        let entry = row_entry(&merchant(), List::Journal, &aggregate, 1, at());
        pks.push((format!("journal of {name}"), entry.pk));
    }
    for (name, entry) in index_entries(&sample::customer(), &sample::invoice()) {
        // The work index is the machine's own; its sort key names the merchant.
        if name.starts_with("work") {
            assert!(entry.sk.contains("#mer_acme#"), "{name}: {}", entry.sk);
        } else {
            pks.push((name.to_owned(), entry.pk));
        }
    }
    for (name, pk) in pks {
        assert!(pk == "M#mer_acme" || pk.starts_with("M#mer_acme#"), "{name}: {pk}");
    }
}

#[test]
fn an_aggregate_reads_back_from_its_partition() {
    for (_, aggregate) in aggregates() {
        let pk = aggregate_pk(&merchant(), &aggregate);
        assert_eq!(parse_aggregate(&pk), Some((merchant(), aggregate)));
    }
    for pk in [
        "M#mer_acme#C#cus_1",
        "M#mer_acme#I#inv_1",
        "X#mer_acme#I#inv_01K5A2B3C4D5E6F7G8H9J0KMNP",
        "M#acme#I#inv_01K5A2B3C4D5E6F7G8H9J0KMNP",
        "M#mer_acme#I#inv_01K5A2B3C4D5E6F7G8H9J0KMNP#",
        "M#mer_acme#P#pay_1",
        "M#mer_acme#P#imp_01K5A2B3C4D5E6F7G8H9J0KMNP",
        "M#mer_acme#R#",
        "M#mer_acme#R#Reconciliation",
        "M#mer_acme#F#inv_01K5A2B3C4D5E6F7G8H9J0KMNP",
        "M#mer_acme#F#imp_01K5A2B3C4D5E6F7G8H9J0KMN",
        "M#mer_acme#B#0123456789ABCDEF0123456789ABCDEF",
        "M#mer_acme#B#0123456789abcdef0123456789abcdeg",
        "M#mer_acme#B#0123456789abcdef0123456789abcdef0",
        "M#mer_acme#N#109000123",
    ] {
        assert_eq!(parse_aggregate(pk), None, "{pk}");
    }
}

/// The audit chain names an aggregate by its id alone.
#[test]
fn two_aggregates_share_an_id() {
    let customer = Aggregate::Customer(sample::customer_id());
    let more = [customer, Aggregate::Merchant, Aggregate::Endpoints];
    let all: Vec<Aggregate> = aggregates().into_iter().map(|(_, it)| it).chain(more).collect();
    for aggregate in &all {
        assert_eq!(Aggregate::parse(aggregate.as_str()).as_ref(), Some(aggregate));
        let key = aggregate_key(&merchant(), aggregate);
        assert_eq!(key.pk, aggregate_pk(&merchant(), aggregate));
        assert_eq!(parse_aggregate(&key.pk), Some((merchant(), aggregate.clone())));
    }
    for id in ["", "mer_acme", "inv_1", "Merchant", "0123456789ABCDEF0123456789ABCDEF0"] {
        assert_eq!(Aggregate::parse(id), None, "{id}");
    }
}

#[test]
fn a_work_entry_reads_back_and_never_early() {
    for subject in subjects() {
        for kind in WorkKind::ALL {
            let subject = subject.clone();
            let entry = WorkKey { due_at: at(), kind, merchant: merchant(), subject };
            assert_eq!(WorkKey::parse(&entry.index_key().sk), Some(entry));
        }
    }
    let subject = WorkSubject::Payment(sample::payment_id());
    let due_at = at() + TimeDelta::nanoseconds(1);
    let fraction = WorkKey { due_at, kind: WorkKind::Confirm, merchant: merchant(), subject };
    let read = WorkKey::parse(&fraction.index_key().sk).unwrap();
    assert_eq!(read.due_at, at() + TimeDelta::seconds(1));
    for sk in [
        "2026-12-10T12:00:00Z#dance#mer_acme#inv_1",
        "2026-12-10T12:00:00Z#dance#mer_acme#inv_01K5A2B3C4D5E6F7G8H9J0KMNP",
        "2026-12-10T12:00:00Z#import#mer_acme#imp_1",
        "2026-12-10T12:00:00Z#reconcile#mer_acme#reconciliation#",
        "2026-12-10T12:00:00Z#reconcile#acme#reconciliation",
        "2026-12-10#reconcile#mer_acme#reconciliation",
    ] {
        assert_eq!(WorkKey::parse(sk), None, "{sk}");
    }
}

/// The fear: the reconciliations of all merchants, which share one id, wait in one partition; and so
/// do their days.
#[test]
fn what_there_is_one_of_a_merchant_spreads_over_the_work_shards() {
    for subject in [WorkSubject::Reconciliation, WorkSubject::Daily] {
        let mut counts = [0_u32; WORK_SHARDS as usize];
        for n in 0..1600 {
            let merchant = MerchantId::parse(&format!("mer_{n}")).unwrap();
            let subject = subject.clone();
            let entry = WorkKey { due_at: at(), kind: WorkKind::Reconcile, merchant, subject };
            let pk = entry.index_key().pk;
            let shard: usize = pk.strip_prefix("W#").unwrap().parse().unwrap();
            counts[shard] += 1;
        }
        assert!(counts.iter().all(|count| (60..150).contains(count)), "{counts:?}");
    }
}

/// The bound of the journal: whole seconds, both ends included.
#[test]
fn the_journal_is_cut_by_the_second() {
    let sk = |at| row_entry(&merchant(), List::Journal, &Aggregate::Reconciliation, 1, at).sk;
    let half = TimeDelta::milliseconds(500);
    for (seconds, within) in [(-86_400, false), (-1, false), (0, true), (60, true), (61, false)] {
        let sk = sk(at() + TimeDelta::seconds(seconds) + half);
        let until = rows_until(at() + TimeDelta::seconds(60));
        assert_eq!(rows_from(at() + half) <= sk && sk <= until, within, "{sk}");
    }
    let in_order = [1, 2, 10, 99_999_999]
        .map(|seq| row_entry(&merchant(), List::Journal, &Aggregate::Reconciliation, seq, at()).sk);
    assert!(in_order.is_sorted(), "{in_order:?}");
}

#[test]
fn the_pieces_of_a_file_sort_by_their_place() {
    let import = sample::import_id();
    let places = [0, 1, 9, 10, 285, 100_000, IMPORT_CHUNK_NTH_MAX];
    let keys = places.map(|nth| Key::ImportChunk(&import, nth).of(&merchant()));
    assert!(keys.is_sorted(), "{keys:?}");
}

/// The bound of a sweep: everything due at or before the second, nothing after.
#[test]
fn due_means_at_or_before_now() {
    let sk = |due_at| {
        let subject = WorkSubject::Invoice(sample::invoice_id());
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
