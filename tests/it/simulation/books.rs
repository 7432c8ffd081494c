//! Everything the table holds, read back from its stream: the one way to see all of it.

use std::collections::{BTreeMap, BTreeSet};

use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, InvoiceId};
use quita_core::invoice::Invoice;
use quita_core::message::Message;
use quita_core::payment::Payment;
use quita_table::Item;
use quita_table::items::{EventRow, Stored, decode};
use quita_table::keys::{Aggregate, PrimaryKey, WORK_SHARDS, WorkSubject};
use quita_table::store::{WORK_PAGE_MAX, WorkEntry};
use quita_testkit::embedded::{Embedded, STREAM_RECORDS_MAX};

use super::player::Player;
use crate::world::World;

/// The table at rest.
#[derive(Default)]
pub struct Books {
    pub invoices: BTreeMap<InvoiceId, Invoice>,
    pub payments: BTreeMap<String, Payment>,
    pub customers: BTreeMap<CustomerId, Customer>,
    pub messages: Vec<Message>,
    pub events: BTreeMap<Aggregate, Vec<EventRow>>,
    /// Every entry of the `work` index, whenever it is due.
    pub work: Vec<WorkEntry>,
}

impl Books {
    pub async fn read(world: &World) -> Self {
        let mut books = Self::default();
        let merchant = Player::merchant();
        for item in items(world.machine.engine()).into_values() {
            match decode(&merchant, item).unwrap().1 {
                Stored::Invoice(invoice) => {
                    books.invoices.insert(invoice.id.clone(), *invoice);
                }
                Stored::Payment(payment) => {
                    books.payments.insert(payment.id.to_string(), *payment);
                }
                Stored::Message(message) => books.messages.push(*message),
                Stored::Event(row) => {
                    books.events.entry(row.aggregate.clone()).or_default().push(*row);
                }
                Stored::Customer(customer) => {
                    books.customers.insert(customer.id.clone(), *customer);
                }
                Stored::Merchant(_)
                | Stored::Document { .. }
                | Stored::Reconciliation(_)
                | Stored::Import(_)
                | Stored::ImportChunk(_)
                | Stored::BankLine(_)
                | Stored::Boleto(_)
                | Stored::Record(_)
                | Stored::Idempotency(_) => {}
            }
        }
        books.work = work(world).await;
        books
    }

    /// The history of a payment.
    pub fn rows_of(&self, payment: &Payment) -> impl Iterator<Item = &EventRow> {
        self.events.get(&Aggregate::Payment(payment.id.clone())).into_iter().flatten()
    }

    /// Invoices with something in the `work` index.
    pub fn indexed(&self) -> BTreeSet<&InvoiceId> {
        let invoice = |entry: &'_ WorkEntry| match &entry.subject {
            WorkSubject::Invoice(id) => self.invoices.get_key_value(id).map(|(id, _)| id),
            _ => None,
        };
        self.work.iter().filter_map(invoice).collect()
    }
}

/// The last image of each item.
fn items(engine: &Embedded) -> BTreeMap<PrimaryKey, Item> {
    let mut items = BTreeMap::new();
    let mut position: Option<String> = None;
    loop {
        let records = engine.stream_after(position.as_deref(), STREAM_RECORDS_MAX).unwrap();
        let Some(last) = records.last() else { return items };
        position = Some(last.sequence.clone());
        for mut record in records {
            let change = &mut record.json["dynamodb"];
            let key: Item = serde_json::from_value(change["Keys"].take()).unwrap();
            let key = PrimaryKey::of_item(&key).unwrap();
            match change["NewImage"].take() {
                serde_json::Value::Null => items.remove(&key),
                image => items.insert(key, serde_json::from_value(image).unwrap()),
            };
        }
    }
}

async fn work(world: &World) -> Vec<WorkEntry> {
    let far = world.now() + chrono::TimeDelta::days(10_000);
    let store = &world.machine.deps().store;
    let mut entries = Vec::new();
    for shard in 0..WORK_SHARDS {
        let page = store.due_work(shard, far, WORK_PAGE_MAX, None).await.unwrap();
        assert!(page.next.is_none() && page.unreadable == 0, "a small world has small shards");
        entries.extend(page.entries);
    }
    entries
}
