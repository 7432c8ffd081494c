//! What a use case costs, exactly: a read or a write too many is a bug that nobody sees.
//!
//! Capacity is as DynamoDB would bill it for items of these sizes; each write of a transaction
//! counts twice.

use chrono::{DateTime, Utc};
use quita_app::ports::ulid_of;
use quita_core::chase::{Rule, StepOutcome};
use quita_core::customer::{Customer, CustomerDraft};
use quita_core::ids::{CustomerId, InvoiceId, MerchantId, Txid};
use quita_core::invoice::{ChargeState, Invoice, InvoiceDraft};
use quita_core::terms_draft::TermsDraft;
use quita_psp_sandbox::{CallbackFault, PayOptions, PixView};
use quita_table::keys::WORK_SHARDS;
use quita_table::{Commit, Expected};
use serde_json::{Value, json};

use crate::callbacks;
use crate::world::{MERCHANT, World, at, merchant_settings, text, txid};

/// The table's usage since the last look.
fn check(world: &World, expected: &str) {
    assert_eq!(world.usage().to_string(), expected);
}

/// Lets the gate know the caller, so that no counted call looks for its key.
async fn known(world: &World) {
    world.get("/v1/settings").await;
    world.usage();
}

/// Calls to the bank since the last look, as `GET /pix/{e2eid} x 1`.
fn bank_calls(world: &World) -> String {
    let calls: Vec<String> =
        world.bank.calls().iter().map(|(route, count)| format!("{route} x {count}")).collect();
    world.bank.reset_calls();
    calls.join(", ")
}

/// A token that is in force, so that none of the counted calls has to fetch one.
async fn log_in(world: &World, txid: &str) {
    let txid = Txid::parse(txid).unwrap();
    world.bank_client().await.get_cobv(&txid).await.unwrap();
    world.bank.reset_calls();
    world.usage();
}

/// An issued invoice, and a Pix that pays it of which nobody was told.
async fn paid_unheard(world: &World) -> (Value, PixView) {
    let invoice = world.issued().await;
    world.bank.faults().next_callback(CallbackFault::Drop);
    let paid = world.bank.pay(&txid(&invoice, 1), PayOptions::default()).unwrap();
    world.bank.deliver_callbacks().await;
    log_in(world, &txid(&invoice, 1)).await;
    (invoice, world.bank.pix(&paid.e2eid).unwrap())
}

#[tokio::test]
async fn creating_is_one_read_and_one_transaction() {
    let world = World::new().await;
    known(&world).await;
    let customer = world.customer().await;
    check(&world, "1 transaction(4 items) | 0 RCU 9 WCU");
    let body = World::invoice_body(&customer);
    assert_eq!(world.post("/v1/invoices", &body).await.status, 201);
    check(&world, "1 read(2 keys) 1 transaction(3 items) | 2 RCU 14 WCU");
    let mut body = body;
    body["instalments"] = json!({ "count": 48 });
    assert_eq!(world.post("/v1/invoices", &body).await.status, 201);
    check(&world, "1 read(2 keys) 1 transaction(3 items) | 2 RCU 146 WCU");
}

#[tokio::test]
async fn issuing_and_telling_costs_a_read_and_a_transaction_each() {
    let world = World::new().await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer);
    assert_eq!(world.post("/v1/invoices", &body).await.status, 201);
    world.usage();
    world.settle().await;
    // The charge: 1 read, 1 transaction. The first message: 3 reads (invoice, customer, wording) and a
    // transaction each for its claim and its record. Each of the three batches that leave the table:
    // 1 query, 1 put for the audit chain. Who is told: 1 read.
    check(&world, "5 read(8 keys) 3 query 3 put 3 transaction(8 items) | 11 RCU 30 WCU");
    assert_eq!(bank_calls(&world), "GET /cobv/{txid} x 1, PUT /cobv/{txid} x 1");
}

#[tokio::test]
async fn a_callback_is_one_read_one_transaction_and_one_call() {
    let world = World::new().await;
    let (_, pix) = paid_unheard(&world).await;
    let item = callbacks::told(&pix);
    assert_eq!(callbacks::post(&world, std::slice::from_ref(&item)).await.status, 200);
    check(&world, "1 read(3 keys) 1 transaction(4 items) | 3 RCU 17 WCU");
    assert_eq!(bank_calls(&world), "GET /pix/{e2eid} x 1");
    // Told again: nothing but the look.
    assert_eq!(callbacks::post(&world, &[item]).await.status, 200);
    check(&world, "1 read(3 keys) | 3 RCU 0 WCU");
    assert_eq!(bank_calls(&world), "");
}

#[tokio::test]
async fn a_callback_that_leads_nowhere_costs_no_more() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let key = world.bank.config().keys[0].clone();
    let paid = world.bank.pay_key(&key, "10.00", None).unwrap();
    let pix = world.bank.pix(&paid.e2eid).unwrap();
    log_in(&world, &txid(&invoice, 1)).await;
    assert_eq!(callbacks::post(&world, &[callbacks::told(&pix)]).await.status, 200);
    check(&world, "1 read(2 keys) 1 transaction(3 items) | 2 RCU 8 WCU");
    assert_eq!(bank_calls(&world), "GET /pix/{e2eid} x 1");
}

#[tokio::test]
async fn a_receipt_is_two_reads_and_two_transactions() {
    let world = World::new().await;
    let (_, pix) = paid_unheard(&world).await;
    assert_eq!(callbacks::post(&world, &[callbacks::told(&pix)]).await.status, 200);
    world.usage();
    bank_calls(&world);
    world.settle().await;
    assert_eq!(world.steps(), ["issue", "receipt"]);
    // Two batches leave the table, and are chained.
    check(&world, "2 read(3 keys) 2 query 2 put 2 transaction(5 items) | 5 RCU 19 WCU");
    assert_eq!(bank_calls(&world), "");
}

#[tokio::test]
async fn a_due_reminder_is_four_looks_two_transactions_and_one_call() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.clock.set(at("2026-12-05 09:00")).unwrap();
    log_in(&world, &txid(&invoice, 1)).await;
    world.sweep().await;
    assert_eq!(world.steps(), ["issue", "due_minus_5"]);
    // Invoice; customer and row; the customer's other invoices; the wording. Beside the reminder, one
    // query a shard, a block of the audit chain, and who is told.
    check(&world, "4 read(6 keys) 18 query 1 put 2 transaction(6 items) | 15.5 RCU 20 WCU");
    assert_eq!(bank_calls(&world), "GET /cobv/{txid} x 1");
    world.sweep().await;
    check(&world, "16 query | 8 RCU 0 WCU");
    assert_eq!(bank_calls(&world), "");
}

#[tokio::test]
async fn commands_are_one_read_and_one_transaction() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.usage();
    let base = format!("/v1/invoices/{}", text(&invoice, "id"));
    let reason = json!({ "reason": "a new code" });
    let path = format!("{base}/instalments/1/charges");
    assert_eq!(world.post(&path, &reason).await.status, 202);
    check(&world, "1 read(2 keys) 1 transaction(3 items) | 2 RCU 12 WCU");
    assert_eq!(world.post(&format!("{base}/cancel"), &reason).await.status, 202);
    check(&world, "1 read(2 keys) 1 transaction(3 items) | 2 RCU 12 WCU");
}

#[tokio::test]
async fn looking_costs_a_read_for_each_thing_that_is_shown() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.usage();
    let (id, customer) = (text(&invoice, "id"), text(&invoice, "customer_id"));
    let base = format!("/v1/invoices/{id}");
    // What comes next depends on the customer as well.
    world.get(&base).await;
    check(&world, "2 read(2 keys) | 2 RCU 0 WCU");
    world.get(&format!("/v1/customers/{customer}")).await;
    check(&world, "1 read(1 keys) | 1 RCU 0 WCU");
    world.get(&format!("{base}/timeline")).await;
    check(&world, "1 query | 1 RCU 0 WCU");
    assert_eq!(world.call("GET", &format!("{base}/instalments/1/qr.png"), "").await.status, 200);
    check(&world, "1 read(1 keys) | 1 RCU 0 WCU");
    let quote = json!({ "invoice_id": id, "on": "2026-12-20" });
    assert_eq!(world.post("/v1/quotes", &quote).await.status, 200);
    check(&world, "1 read(1 keys) | 1 RCU 0 WCU");
    let terms = json!({ "amount": "100.00", "due_date": "2026-12-10" });
    let quote = json!({ "terms": terms, "on": "2026-12-20" });
    assert_eq!(world.post("/v1/quotes", &quote).await.status, 200);
    check(&world, "1 read(1 keys) | 1 RCU 0 WCU");
    let url = text(&invoice, "portal_url");
    let page = &url[url.find("/p/").unwrap()..];
    assert_eq!(world.call_with("GET", page, &[], "").await.status, 200);
    check(&world, "1 read(2 keys) | 2 RCU 0 WCU");
    for rest in ["/status", "/instalments/1/qr.svg"] {
        let answer = world.call_with("GET", &format!("{page}{rest}"), &[], "").await;
        assert_eq!(answer.status, 200, "{rest}");
        check(&world, "1 read(1 keys) | 1 RCU 0 WCU");
    }
    assert_eq!(world.bank.calls().len(), 2, "looking asks the bank nothing");
}

// ---- Many ----------------------------------------------------------------------------------------

/// Open invoices in the table. The figures of 100,000 are the bench's: here the engine is a debug
/// build. What a sweep asks for does not depend on the number.
const MANY: usize = 10_000;
/// Invoices of one transaction.
const CHUNK: usize = 100;

fn a_customer(merchant: &MerchantId, now: DateTime<Utc>) -> Customer {
    let draft = CustomerDraft {
        name: "Padaria Aurora Ltda".into(),
        document: "12ABC34501DE35".into(),
        emails: vec!["financeiro@aurora.example".into()],
        ..CustomerDraft::default()
    };
    let id = CustomerId::from_ulid(&ulid_of(now, 7)).unwrap();
    Customer::new(merchant, id, draft.parse().unwrap(), now)
}

/// An invoice whose charge is active and whose payer was told: nothing is due for days.
fn an_open_invoice(world: &World, now: DateTime<Utc>) -> Invoice {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let settings = merchant_settings(&merchant, &world.bank);
    let draft = InvoiceDraft {
        number: "2026-001".into(),
        description: "Serviços de novembro".into(),
        amount: "1000.00".into(),
        due_date: "2026-12-10".into(),
        terms: TermsDraft::default(),
        ..InvoiceDraft::default()
    };
    let id = InvoiceId::from_ulid(&ulid_of(now, 0)).unwrap();
    let checked = draft.check(&settings, now).unwrap();
    let (mut invoice, _) = checked.open(id, &settings, &a_customer(&merchant, now), now);
    let instalment = &mut invoice.instalments[0];
    instalment.charges[0].state = ChargeState::Active {
        location: "pix.example.com/qr/v2/cobv/1".into(),
        br_code: "000201".into(),
        at: now,
    };
    instalment.chase.done.insert("issue".to_owned(), StepOutcome::Sent);
    instalment.chase.last_touch_at = Some(now);
    invoice
}

async fn fill(world: &World, count: usize) {
    let now = world.now();
    let template = an_open_invoice(world, now);
    let work = template.next_work(&Rule::shipped(), now).unwrap();
    assert!(work.at > now);
    let store = &world.machine.deps().store;
    let mut commit = Commit::new(&template.merchant);
    for nth in 1..=count {
        let mut invoice = template.clone();
        invoice.id = InvoiceId::from_ulid(&ulid_of(now, nth as u128)).unwrap();
        invoice.instalments[0].charges[0].txid = Txid::for_charge(&invoice.id, 1, 0).unwrap();
        commit = commit.invoice(&invoice, Expected::New, Some(&work));
        if nth % CHUNK == 0 || nth == count {
            let full = std::mem::replace(&mut commit, Commit::new(&template.merchant));
            store.commit(full).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_sweep_with_nothing_due_asks_each_shard_once_however_many_are_open() {
    let world = World::new().await;
    fill(&world, MANY).await;
    world.settle().await;
    world.usage();
    world.machine.sweep().await.unwrap();
    assert_eq!(WORK_SHARDS, 16);
    check(&world, "16 query | 8 RCU 0 WCU");
    assert_eq!(world.bank.total_calls(), 0);
    assert!(world.mailbox.messages().is_empty());
}

#[tokio::test]
async fn a_list_is_a_query_a_shard_and_a_read_of_each_kind() {
    let world = World::new().await;
    fill(&world, 60).await;
    known(&world).await;
    let page = world.get("/v1/invoices?status=open").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 50);
    // Four shards of one state, then the items, then their customer.
    check(&world, "2 read(51 keys) 4 query | 53 RCU 0 WCU");
    let cursor = text(&page, "next_cursor");
    let rest = world.get(&format!("/v1/invoices?status=open&cursor={cursor}")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 10);
    check(&world, "2 read(11 keys) 4 query | 13 RCU 0 WCU");
    // Without a filter: four shards of four states.
    world.get("/v1/invoices").await;
    check(&world, "2 read(51 keys) 16 query | 59 RCU 0 WCU");
    world.get("/v1/payments").await;
    check(&world, "4 query | 2 RCU 0 WCU");
    let customer = page["items"][0]["customer_id"].as_str().unwrap().to_owned();
    world.get(&format!("/v1/invoices?customer_id={customer}")).await;
    check(&world, "2 read(51 keys) 1 query | 52 RCU 0 WCU");
}
