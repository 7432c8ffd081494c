//! Several debts of one customer: one message, once, whoever finds them first and wherever it dies.

use chrono::TimeDelta;
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::message::Lead;
use quita_local::mailbox::MailFault;
use quita_psp_sandbox::CallbackFault;
use quita_table::store::ItemRef;
use serde_json::{Value, json};

use super::{chase, steps_done, sweep_until_quiet, walk};
use crate::world::{MERCHANT, World, at, text, txid};

/// Invoices of one customer, due on the same day.
async fn invoices(world: &World, count: usize) -> (String, Vec<Value>) {
    let customer = world.customer().await;
    let mut invoices = Vec::new();
    for nth in 1..=count {
        invoices.push(world.invoice(&customer, json!({ "number": format!("N-{nth}") })).await);
    }
    (customer, invoices)
}

/// Texts of the messages that came after the first ones.
fn reminders(world: &World, first: usize) -> Vec<String> {
    let messages = world.mailbox.messages();
    messages[first..].iter().map(|message| message.content.text().to_owned()).collect()
}

async fn touches(world: &World, customer: &str) -> usize {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let id = CustomerId::parse(customer).unwrap();
    let store = &world.machine.deps().store;
    let mut found = store.read(&merchant, &[ItemRef::Customer(id.clone())]).await.unwrap();
    found.take_customer(&id).unwrap().care.touches.len()
}

#[tokio::test]
async fn five_invoices_due_the_same_morning_are_five_messages() {
    let world = World::new().await;
    let (customer, invoices) = invoices(&world, 5).await;
    world.at("2026-12-05 09:00").await;
    let told = reminders(&world, 5);
    assert_eq!(told.len(), 1, "{told:?}");
    for invoice in &invoices {
        assert!(told[0].contains(text(invoice, "number")), "{}", told[0]);
        let done = steps_done(&world, invoice).await;
        assert_eq!(done[1]["data"]["step"], "due_minus_5");
        assert_eq!(done[1]["data"]["outcome"], "sent");
        assert_eq!(done[1]["data"]["channels"], json!(["email"]));
        assert_eq!(done[1]["data"]["amount"], "1000.00");
    }
    assert_eq!(touches(&world, &customer).await, 1);
    walk(&world, "2026-12-10 12:00").await;
    assert_eq!(reminders(&world, 5).len(), 2, "on the day they are told together again");
}

#[tokio::test]
async fn more_than_one_message_holds_are_forgotten_or_told_the_same_day() {
    let world = World::new().await;
    let (_, invoices) = invoices(&world, 12).await;
    world.at("2026-12-05 09:00").await;
    assert_eq!(reminders(&world, 12).len(), 1);
    walk(&world, "2026-12-07 12:00").await;
    // Two are left over; their next message keeps its distance.
    assert_eq!(reminders(&world, 12).len(), 2);
    for invoice in &invoices {
        assert_eq!(steps_done(&world, invoice).await.len(), 2);
    }
}

#[tokio::test]
async fn two_sweeps_at_two_invoices_of_a_customer_write_twice() {
    let world = World::new().await;
    let (customer, invoices) = invoices(&world, 3).await;
    world.clock.set(at("2026-12-05 09:00")).unwrap();
    let (a, b, c, d) = tokio::join!(
        chase(&world, &invoices[0]),
        chase(&world, &invoices[1]),
        chase(&world, &invoices[2]),
        world.machine.sweep(),
    );
    assert!([a.is_ok(), b.is_ok(), c.is_ok(), d.is_ok()].into_iter().all(|ok| ok));
    sweep_until_quiet(&world).await;
    assert_eq!(reminders(&world, 3).len(), 1);
    assert_eq!(touches(&world, &customer).await, 1);
    for invoice in &invoices {
        assert_eq!(steps_done(&world, invoice).await.len(), 2);
    }
}

#[tokio::test]
async fn a_sweep_of_several_that_dies_anywhere_tells_some_twice_or_never() {
    // The reads, the claim, the record.
    for calls in 0..8 {
        for lands in [false, true] {
            let world = World::new().await;
            let (customer, invoices) = invoices(&world, 3).await;
            world.clock.set(at("2026-12-05 09:00")).unwrap();
            if lands {
                world.faults.crash_during(calls);
            } else {
                world.faults.crash_after(calls);
            }
            drop(chase(&world, &invoices[1]).await);
            world.faults.revive();
            sweep_until_quiet(&world).await;
            let told = reminders(&world, 3);
            for invoice in &invoices {
                let number = text(invoice, "number");
                let times = told.iter().filter(|told| told.contains(number)).count();
                assert_eq!(times, 1, "{number} {calls} {lands}: {told:?}");
                let done = steps_done(&world, invoice).await;
                assert_eq!(done.len(), 2, "{calls} {lands}: {done:?}");
                assert_eq!(done[1]["data"]["outcome"], "sent", "{calls} {lands}");
            }
            assert_eq!(told.len(), 1, "{calls} {lands}");
            assert_eq!(touches(&world, &customer).await, 1, "{calls} {lands}");
        }
    }
}

#[tokio::test]
async fn a_message_about_several_is_resolved_otherwise_than_by_what_became_of_it() {
    let faults = [MailFault::UnknownBefore, MailFault::UnknownAfter, MailFault::NotNow];
    for fault in faults {
        let world = World::new().await;
        let (customer, invoices) = invoices(&world, 3).await;
        world.mailbox.fail_next(fault);
        world.at("2026-12-05 09:00").await;
        sweep_until_quiet(&world).await;
        let told = reminders(&world, 3);
        assert_eq!(told.len(), 1, "{fault:?}: {told:?}");
        for invoice in &invoices {
            assert!(told[0].contains(text(invoice, "number")), "{fault:?}");
            assert_eq!(steps_done(&world, invoice).await.len(), 2, "{fault:?}");
        }
        assert_eq!(touches(&world, &customer).await, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn one_of_several_that_was_paid_unheard_is_asked_for_all_the_same() {
    let world = World::new().await;
    let (_, invoices) = invoices(&world, 3).await;
    world.bank.faults().next_callback(CallbackFault::Drop);
    world.pay(&txid(&invoices[1], 1)).await;
    world.at("2026-12-05 09:00").await;
    sweep_until_quiet(&world).await;
    assert_eq!(text(&world.reload(&invoices[1]).await, "status"), "paid");
    let reminders: Vec<String> = reminders(&world, 3);
    let about = |number: &str| reminders.iter().filter(|told| told.contains(number)).count();
    // Its receipt alone.
    assert_eq!(about("N-2"), 1, "{reminders:?}");
    assert_eq!((about("N-1"), about("N-3")), (1, 1));
}

#[tokio::test]
async fn the_firmest_leads_and_the_others_name_it() {
    let world = World::new().await;
    let customer = world.customer().await;
    let late = json!({ "number": "N-1", "due_date": "2026-12-03" });
    let late = world.invoice(&customer, late).await;
    let early =
        world.invoice(&customer, json!({ "number": "N-2", "due_date": "2026-12-09" })).await;
    // The first is a day late, the second due in five days.
    world.at("2026-12-04 09:00").await;
    assert_eq!(world.steps(), ["issue", "issue", "due_plus_1"]);
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let id = quita_core::ids::InvoiceId::parse(text(&early, "id")).unwrap();
    let rows = world.machine.deps().store.messages(&merchant, &id).await.unwrap();
    let row = rows.iter().find(|row| row.key.step == "due_minus_5").unwrap();
    let Some(Lead { tag, attempt: 1 }) = &row.lead else { panic!("{row:?}") };
    assert!(tag.contains(text(&late, "id")) && tag.contains("due_plus_1"), "{tag}");
}

#[tokio::test]
async fn a_claim_is_sent_although_it_was_disputed_meanwhile() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.mailbox.fail_next(MailFault::UnknownBefore);
    world.at("2026-12-05 09:00").await;
    let base = format!("/v1/invoices/{}", text(&invoice, "id"));
    let reason = json!({ "reason": "we never ordered this" });
    assert_eq!(world.post(&format!("{base}/dispute"), &reason).await.status, 200);
    sweep_until_quiet(&world).await;
    assert_eq!(world.steps(), ["issue"]);
    let closed = json!({ "outcome": "rejected", "reason": "it was ordered" });
    assert_eq!(world.post(&format!("{base}/dispute/close"), &closed).await.status, 200);
    world.clock.advance(TimeDelta::minutes(10)).unwrap();
    sweep_until_quiet(&world).await;
    assert_eq!(world.steps(), ["issue", "due_minus_5"]);
}

/// What the dry run says of each debt, as `number step`.
async fn dry_run(world: &World) -> Vec<String> {
    let answer = world.post("/v1/sweeps/dry_run", &json!({ "limit": 50 })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let sends = |item: &&Value| item["does"] == "send";
    let items = answer.json()["items"].as_array().unwrap().clone();
    let mut told: Vec<String> = items
        .iter()
        .filter(sends)
        .map(|item| format!("{} {}", text(item, "invoice_id"), text(item, "step")))
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn the_dry_run_tells_of_something_else_than_the_sweep_does() {
    for seed in 1..=4 {
        let world = World::seeded(seed).await;
        let mut rng = fastrand::Rng::with_seed(seed);
        let documents = ["12.ABC.345/01DE-35", "11.444.777/0001-61", "529.982.247-25"];
        let mut invoices = Vec::new();
        for document in documents {
            let customer = world.customer_with(json!({ "document": document })).await;
            for _ in 0..3 {
                let due = format!("2026-12-{:02}", rng.u8(1..28));
                invoices.push(world.invoice(&customer, json!({ "due_date": due })).await);
            }
        }
        for day in 1..20 {
            world.clock.set(at(&format!("2026-12-{day:02} 09:00"))).unwrap();
            let foretold = dry_run(&world).await;
            let before = done(&world, &invoices).await;
            world.sweep().await;
            let mut did = done(&world, &invoices).await;
            did.retain(|step| !before.contains(step));
            assert_eq!(foretold, did, "seed {seed}, day {day}");
            if rng.bool() {
                let base = format!("/v1/invoices/{}", text(&invoices[rng.usize(..9)], "id"));
                let reason = json!({ "reason": "it is being talked about" });
                world.post(&format!("{base}/dispute"), &reason).await;
            }
        }
    }
}

/// The messages that were recorded, as [`dry_run`] tells of them.
async fn done(world: &World, invoices: &[Value]) -> Vec<String> {
    let mut all = Vec::new();
    for invoice in invoices {
        let sent = steps_done(world, invoice).await.into_iter();
        let sent = sent.filter(|row| row["data"]["outcome"] == "sent");
        let id = text(invoice, "id");
        all.extend(sent.map(|row| format!("{id} {}", text(&row["data"], "step"))));
    }
    all.sort();
    all
}
