use std::sync::Arc;

use chrono::DateTime;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::Invoice;
use quita_core::message::{Channel, LedgerKey, Message, MessageState};
use quita_core::payment::PaymentState;
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
    };
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
    };
    let mut log = Vec::new();
    let mut note = |what: &str| log.push(format!("{what}: {}", meter.take()));

    store.commit(Commit::new(&merchant).event(&event)).await.unwrap();
    note("commit of one small row");
    store.put_message(&message, Expected::New).await.unwrap();
    note("put of one small row");
    drop(store.put_message(&message, Expected::New).await);
    note("put that meets a conflict");
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
            "commit of one small row: 1 transaction(1 items) | 0 RCU 2 WCU",
            "put of one small row: 1 put | 0 RCU 1 WCU",
            "put that meets a conflict: 1 put | 0 RCU 0 WCU",
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
    let paid = sample::changed(&issued, "Serviço");
    let due = |minutes| {
        Some(WorkDue { at: sample::now() + sample::minutes(minutes), kind: WorkKind::Reminder })
    };
    let step = |invoice: &Invoice, expected, work: Option<WorkDue>| {
        Commit::new(&invoice.merchant)
            .invoice(invoice, expected, work.as_ref())
            .event(&sample::event(invoice, invoice.version))
    };
    let mut log = Vec::new();
    let mut note = |what: &str| log.push(format!("{what}: {}", meter.take()));

    let open = step(&opened, Expected::New, due(0)).idempotency(&sample::answer("k", "{}"));
    store.commit(open).await.unwrap();
    note("opened, indexed three times");
    store.commit(step(&issued, Expected::Version(1), due(60))).await.unwrap();
    note("changed, the work entry moves");
    let mut payment = sample::payment("a", 1);
    payment.state = PaymentState::Matched { invoice: opened.id.clone(), instalment: 1 };
    let last = step(&paid, Expected::Version(2), None);
    store.commit(last.payment(&payment, Expected::New, None)).await.unwrap();
    note("settled, the work entry goes");
    let refs = [ItemRef::Merchant, ItemRef::Invoice(opened.id.clone())];
    store.read(&opened.merchant, &refs).await.unwrap();
    note("read with its merchant");
    assert_eq!(
        log,
        [
            "opened, indexed three times: 1 transaction(3 items) | 0 RCU 11 WCU",
            "changed, the work entry moves: 1 transaction(2 items) | 0 RCU 8 WCU",
            "settled, the work entry goes: 1 transaction(3 items) | 0 RCU 9 WCU",
            "read with its merchant: 1 read(2 keys) | 2 RCU 0 WCU",
        ]
    );
}
