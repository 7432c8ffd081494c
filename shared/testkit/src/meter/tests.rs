use std::sync::Arc;

use chrono::DateTime;
use quita_core::audit::Changes;
use quita_core::bank_import::CHUNK_BYTES;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::Invoice;
use quita_core::message::{Channel, LedgerKey, Message, MessageState};
use quita_core::reconciliation::Reconciliation;
use quita_core::work::{WorkDue, WorkKind};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::schema::LOCAL_TABLE;
use quita_table::store::{Commit, Expected, ItemRef, Store};

use super::Metered;
use crate::contract::store::sample;
use crate::embedded::Embedded;

/// Exact figures: a change of what a use case costs has to be a visible diff.
#[tokio::test]
async fn every_request_is_counted_with_its_cost() {
    let meter = Metered::new(Embedded::memory().unwrap());
    let store = Store::new(Arc::new(meter.clone()), LOCAL_TABLE);
    let merchant = MerchantId::parse("mer_a").unwrap();
    let invoice = InvoiceId::parse(&format!("inv_{:026}", 1)).unwrap();
    let aggregate = Aggregate::Invoice(invoice.clone());
    let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let event = EventRow {
        aggregate: aggregate.clone(),
        seq: 1,
        at: now,
        actor: "api".to_owned(),
        name: "invoice.opened".to_owned(),
        data: serde_json::json!({}),
        postings: Vec::new(),
        changes: Changes::default(),
    };
    let second = EventRow { seq: 2, ..event.clone() };
    let third = EventRow { seq: 3, ..event.clone() };
    let message = Message {
        merchant: merchant.clone(),
        invoice: invoice.clone(),
        key: LedgerKey {
            instalment: 1,
            step: "issued".to_owned(),
            channel: Channel::Email,
            revision: 0,
        },
        version: 1,
        attempts: 1,
        state: MessageState::Claimed { until: now },
        silent: false,
        lead: None,
        heard: Vec::new(),
    };
    let mut log = Vec::new();
    let mut note = |what: &str| log.push(format!("{what}: {}", meter.take()));

    let new = || Commit::new(&merchant);
    store.commit(new().event(&event)).await.unwrap();
    note("commit of one small row");
    store.commit(new().event(&second).event(&third)).await.unwrap();
    note("commit of two small rows");
    store.commit(new().message(&message, Expected::New)).await.unwrap();
    note("claim of a message");
    drop(store.commit(new().message(&message, Expected::New)).await);
    note("claim that meets a conflict");
    store.read(&merchant, &[ItemRef::Merchant]).await.unwrap();
    note("read of one");
    store.read(&merchant, &[ItemRef::Merchant, ItemRef::Invoice(invoice)]).await.unwrap();
    note("read of two");
    store.due_work(0, now, 10, None).await.unwrap();
    note("an idle shard");
    store.timeline(&merchant, &aggregate, 10, None).await.unwrap();
    note("a short timeline");
    store.customers(&merchant, 10, None).await.unwrap();
    note("an empty list");
    assert_eq!(
        log,
        [
            "commit of one small row: 1 put | 0 RCU 1 WCU",
            "commit of two small rows: 1 transaction(2 items) | 0 RCU 4 WCU",
            "claim of a message: 1 put | 0 RCU 1 WCU",
            "claim that meets a conflict: 1 put | 0 RCU 0 WCU",
            "read of one: 1 read(1 keys) | 1 RCU 0 WCU",
            "read of two: 1 read(2 keys) | 2 RCU 0 WCU",
            "an idle shard: 1 query | 0.5 RCU 0 WCU",
            "a short timeline: 1 query | 1 RCU 0 WCU",
            "an empty list: 4 query | 2 RCU 0 WCU",
        ]
    );
    assert_eq!(meter.usage().requests(), 0, "taken");
}

/// One life of an invoice, write by write: the figures infra/table.md reckons with.
#[tokio::test]
async fn what_the_life_of_an_invoice_costs() {
    let meter = Metered::new(Embedded::memory().unwrap());
    let store = Store::new(Arc::new(meter.clone()), LOCAL_TABLE);
    let opened = sample::invoice("a", 1);
    let issued = sample::changed(&opened, "Serviço");
    let mut paid = sample::changed(&issued, "Serviço");
    paid.instalments[0].debt = paid.instalments[0].debt.closed();
    let due = |minutes| {
        Some(WorkDue { at: sample::now() + sample::minutes(minutes), kind: WorkKind::Reminder })
    };
    let write = |invoice: &Invoice, expected, work: Option<WorkDue>| {
        Commit::new(&invoice.merchant).invoice(invoice, expected, work.as_ref())
    };
    let booked = |invoice: &Invoice, seq| {
        sample::booked(&Aggregate::Invoice(invoice.id.clone()), seq, sample::now())
    };
    let mut log = Vec::new();
    let mut note = |what: &str| log.push(format!("{what}: {}", meter.take()));

    let open = write(&opened, Expected::New, due(0)).event(&booked(&opened, 1));
    store.commit(open.idempotency(&sample::answer("k", "{}"))).await.unwrap();
    note("opened: indexed three times, booked");
    let change = write(&issued, Expected::Version(1), due(60)).event(&sample::event(&issued, 2));
    store.commit(change).await.unwrap();
    note("changed: the work entry moves");
    let payment = sample::settled(&sample::payment("a", 1), &opened);
    let last = write(&paid, Expected::Version(2), None)
        .payment(&payment, Expected::New, None)
        .event(&booked(&paid, 3))
        .event(&sample::event(&paid, 4));
    store.commit(last).await.unwrap();
    note("settled: booked, to another list, no work");
    let refs = [ItemRef::Merchant, ItemRef::Invoice(opened.id.clone())];
    store.read(&opened.merchant, &refs).await.unwrap();
    note("read with its merchant");
    assert_eq!(
        log,
        [
            "opened: indexed three times, booked: 1 transaction(3 items) | 0 RCU 12 WCU",
            "changed: the work entry moves: 1 transaction(2 items) | 0 RCU 8 WCU",
            "settled: booked, to another list, no work: 1 transaction(4 items) | 0 RCU 14 WCU",
            "read with its merchant: 1 read(2 keys) | 2 RCU 0 WCU",
        ]
    );
}

/// The figures of bank files and of the journal in infra/table.md.
#[tokio::test]
async fn what_bank_files_and_the_journal_cost() {
    let meter = Metered::new(Embedded::memory().unwrap());
    let store = Store::new(Arc::new(meter.clone()), LOCAL_TABLE);
    let (file, a) = (sample::import("a", 1), sample::merchant_id("a"));
    let new = || Commit::new(&a);
    let mut log = Vec::new();
    let mut note = |what: &str| log.push(format!("{what}: {}", meter.take()));

    store.commit(new().import_chunk(&sample::chunk(&file, 0, CHUNK_BYTES))).await.unwrap();
    note("a piece of 350 kB");
    store.read(&a, &[ItemRef::ImportChunk(file.id.clone(), 0)]).await.unwrap();
    note("the piece read");
    let next = WorkDue { at: sample::now(), kind: WorkKind::Import };
    store.commit(new().import(&file, Expected::New, Some(&next))).await.unwrap();
    note("an import with work");
    let known = [ItemRef::BankLine(sample::bank_line(&file, 1).fingerprint)];
    store.read(&a, &known).await.unwrap();
    note("is a line known");
    let payment = sample::payment("a", 1);
    let row = sample::booked(&Aggregate::Payment(payment.id.clone()), 1, sample::now());
    let line = new()
        .bank_line(&sample::bank_line(&file, 1), Expected::New)
        .payment(&payment, Expected::New, None)
        .event(&row);
    store.commit(line).await.unwrap();
    note("a line that nothing identifies");
    let checkpoint = sample::reconciliation("a");
    store.commit(new().reconciliation(&checkpoint, Expected::New)).await.unwrap();
    note("a first checkpoint");
    let next_at = checkpoint.next_at + sample::minutes(15);
    let later = Reconciliation { version: 2, next_at, ..checkpoint };
    store.commit(new().reconciliation(&later, Expected::Version(1))).await.unwrap();
    note("a later one");
    for n in 2..=100 {
        let of = Aggregate::Invoice(sample::invoice("a", n).id);
        store.commit(new().event(&sample::booked(&of, 1, sample::now()))).await.unwrap();
    }
    meter.take();
    let page = store.journal(&a, sample::now(), sample::now(), 100, None).await.unwrap();
    assert_eq!(page.items.len(), 100);
    note("a page of the journal");
    assert_eq!(
        log,
        [
            "a piece of 350 kB: 1 put | 0 RCU 342 WCU",
            "the piece read: 1 read(1 keys) | 86 RCU 0 WCU",
            "an import with work: 1 put | 0 RCU 3 WCU",
            "is a line known: 1 read(1 keys) | 1 RCU 0 WCU",
            "a line that nothing identifies: 1 transaction(3 items) | 0 RCU 8 WCU",
            "a first checkpoint: 1 put | 0 RCU 2 WCU",
            "a later one: 1 put | 0 RCU 3 WCU",
            "a page of the journal: 1 read(100 keys) 4 query | 102 RCU 0 WCU",
        ]
    );
}
