//! What no callback told, a day without any, a run that is killed.

mod trouble;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quita_app::bus::BusEvent;
use quita_app::reconcile_payments::{Ended, reconcile_payments};
use quita_core::ids::{EndToEndId, MerchantId, PaymentId};
use quita_core::payment::Payment;
use quita_core::pix_key::PixKey;
use quita_core::reconciliation::{INTERVAL, LEASE, OVERLAP};
use quita_psp_sandbox::{FaultRates, PayOptions};
use quita_table::store::ItemRef;
use serde_json::{Value, json};

use crate::callbacks;
use crate::world::{LIST_PAGE, MERCHANT, World, at, text, txid};

/// Every callback is lost until the faults are cleared.
fn lose_callbacks(world: &World) {
    world.bank.faults().set_rates(FaultRates { callback_drop: 1.0, ..FaultRates::default() });
}

fn merchant() -> MerchantId {
    MerchantId::parse(MERCHANT).unwrap()
}

fn own_key(world: &World) -> PixKey {
    PixKey::parse(&world.bank.config().keys[0]).unwrap()
}

/// A customer's invoices whose charges the bank holds.
async fn issue(world: &World, count: usize) -> Vec<Value> {
    let customer = world.customer().await;
    let mut invoices = Vec::new();
    for nth in 0..count {
        invoices.push(world.invoice(&customer, json!({ "number": format!("F-{nth}") })).await);
    }
    invoices
}

async fn pay_unheard(world: &World, txid: &str, options: PayOptions) -> String {
    let paid = world.bank.pay(txid, options).unwrap();
    world.bank.deliver_callbacks().await;
    paid.e2eid
}

async fn payment(world: &World, e2eid: &str) -> Option<Payment> {
    let id = PaymentId::from(EndToEndId::parse(e2eid).unwrap());
    let refs = [ItemRef::Payment(id.clone())];
    let mut found = world.machine.deps().store.read(&merchant(), &refs).await.unwrap();
    found.take_payment(&id)
}

async fn status(world: &World, invoice: &Value) -> String {
    text(&world.reload(invoice).await, "status").to_owned()
}

/// The bank's payments by how they stand here, and that nothing was credited twice.
async fn check_books(world: &World) {
    let mut credited = quita_core::money::Money::ZERO;
    let pixs = world.bank.pixs();
    for pix in &pixs {
        let known = payment(world, &pix.e2eid).await;
        let known = known.unwrap_or_else(|| panic!("{} is not known here", pix.e2eid));
        assert!(known.state.is_received(), "{known:?}");
        credited += known.allocated() + known.account_amount() + known.unidentified();
    }
    assert_eq!(credited.centavos(), world.bank.total_received().0);
}

fn last(shown: &Value, count: &str) -> u64 {
    shown["last_run"][count].as_u64().unwrap_or_else(|| panic!("no `{count}` in {shown}"))
}

fn next_at(shown: &Value) -> DateTime<Utc> {
    text(shown, "next_at").parse().unwrap()
}

#[tokio::test]
async fn a_day_with_every_callback_lost_ends_with_every_payment_at_its_place() {
    let world = World::new().await;
    let invoices = issue(&world, 23).await;
    let key = own_key(&world);
    lose_callbacks(&world);
    let times = ["2026-11-23 10:30", "2026-11-23 15:00", "2026-11-23 23:59", "2026-11-24 09:58"];
    for (nth, invoice) in invoices.iter().enumerate() {
        world.clock.set(at(times[nth * times.len() / invoices.len()])).unwrap();
        pay_unheard(&world, &txid(invoice, 1), PayOptions::default()).await;
    }
    let twice = PayOptions { force: true, ..PayOptions::default() };
    pay_unheard(&world, &txid(&invoices[0], 1), twice).await;
    world.bank.pay_key(key.as_str(), "12.34", None).unwrap();
    world.bank.pay_key(key.as_str(), "5.00", Some("nobodysTxid")).unwrap();
    world.clock.set(at("2026-11-24 10:01")).unwrap();
    assert_eq!(world.bank.deliver_callbacks().await.delivered, 0);

    let shown = world.reconcile().await;
    assert_eq!(shown["failing"], Value::Null, "{shown}");
    assert!(last(&shown, "found") > u64::from(2 * LIST_PAGE), "several pages: {shown}");
    for invoice in &invoices {
        assert_eq!(status(&world, invoice).await, "paid", "{invoice}");
    }
    assert_eq!(last(&shown, "healed"), world.bank.pixs().len() as u64);
    check_books(&world).await;
    assert_eq!(text(&shown, "complete_until"), "2026-11-24T12:59:00Z");
    assert_eq!(next_at(&shown), world.now() + INTERVAL);

    // Again, with the callbacks late after all: nothing moves any more.
    let before = world.mailbox.messages().len();
    world.clock.advance(INTERVAL).unwrap();
    let shown = world.reconcile().await;
    assert_eq!(last(&shown, "healed"), 0, "{shown}");
    assert_eq!(world.mailbox.messages().len(), before);
    check_books(&world).await;
    assert!(world.machine.dead_letters().is_empty());
}

#[tokio::test]
async fn a_run_killed_anywhere_goes_on_from_its_checkpoint_and_credits_each_once() {
    let whole = kill(u64::MAX, false).await.unwrap_err();
    assert!(whole > 20, "a run makes {whole} calls to the table");
    for lands in [false, true] {
        for calls in (0..whole).step_by(if lands { 3 } else { 2 }) {
            kill(calls, lands).await.unwrap_or_else(|_| panic!("not killed at call {calls}"));
        }
    }
}

/// A run that is killed at a call to the table, and the next one. `Err` holds the calls of a run that
/// came to its end.
async fn kill(calls: u64, lands: bool) -> Result<(), u64> {
    let mut world = World::new().await;
    let invoices = issue(&world, 3).await;
    let key = own_key(&world);
    lose_callbacks(&world);
    pay_unheard(&world, &txid(&invoices[0], 1), PayOptions::default()).await;
    for _ in 0..LIST_PAGE {
        world.bank.pay_key(key.as_str(), "1.00", None).unwrap();
    }
    pay_unheard(&world, &txid(&invoices[1], 1), PayOptions::default()).await;
    world.clock.advance(TimeDelta::minutes(5)).unwrap();
    world.reconciliation_due(world.now()).await;
    world.bank.reset_calls();

    let before = world.faults.calls();
    match lands {
        _ if calls == u64::MAX => {}
        true => world.faults.crash_during(calls),
        false => world.faults.crash_after(calls),
    }
    let first = reconcile_payments(world.machine.deps(), &merchant(), Duration::MAX).await;
    if !world.faults.is_down() {
        assert!(matches!(first, Ok(Ended::Finished(_))), "{first:?}");
        let made = world.faults.calls() - before;
        check_books(&world).await;
        return Err(made);
    }
    world.restart();
    world.clock.advance(LEASE).unwrap();
    world.sweep().await;
    check_books(&world).await;
    for (invoice, expected) in invoices.iter().zip(["paid", "paid", "open"]) {
        assert_eq!(status(&world, invoice).await, expected, "killed at {calls}");
    }
    assert!(world.reconciliation().await.last.is_some(), "killed at {calls}: the run did not end");
    // Two pages of Pix, ten of refunds, and the one that was under way once more.
    let listed = world.bank.calls()["GET /pix"];
    assert!(listed <= 13, "killed at {calls}: {listed} pages were asked for");
    Ok(())
}

#[tokio::test]
async fn a_callback_and_a_reconciliation_at_once_credit_once() {
    for seed in 1..=8 {
        let world = World::seeded(seed).await;
        let invoices = issue(&world, 4).await;
        for invoice in &invoices {
            world.bank.pay(&txid(invoice, 1), PayOptions::default()).unwrap();
        }
        world.clock.advance(TimeDelta::minutes(3)).unwrap();
        world.reconciliation_due(world.now()).await;
        let (deps, merchant) = (world.machine.deps(), merchant());
        let (ended, other, _) = tokio::join!(
            reconcile_payments(deps, &merchant, Duration::MAX),
            reconcile_payments(deps, &merchant, Duration::MAX),
            world.bank.deliver_callbacks(),
        );
        let ended = [ended.unwrap(), other.unwrap()];
        let finished = ended.iter().filter(|it| matches!(it, Ended::Finished(_))).count();
        let stopped =
            ended.iter().filter(|it| matches!(it, Ended::NotDue | Ended::Overtaken)).count();
        assert_eq!((finished, stopped), (1, 1), "{ended:?}");
        world.settle().await;
        check_books(&world).await;
        for invoice in &invoices {
            let known = world.reload(invoice).await;
            assert_eq!(text(&known, "status"), "paid");
            assert_eq!(known["instalments"][0]["payments"].as_array().unwrap().len(), 1);
        }
        assert_eq!(callbacks::receipts(&world), invoices.len());
    }
}

#[tokio::test]
async fn money_taken_back_weeks_later_and_untold_reopens_the_invoice() {
    let world = World::new().await;
    let invoices = issue(&world, 1).await;
    let e2eid = world.pay(&txid(&invoices[0], 1)).await;
    assert_eq!(status(&world, &invoices[0]).await, "paid");
    world.clock.set(at("2026-11-26 10:00")).unwrap();
    world.reconcile().await;

    world.clock.set(at("2026-12-30 10:00")).unwrap();
    lose_callbacks(&world);
    world.bank.return_pix(&e2eid, "400.00").unwrap();
    world.bank.deliver_callbacks().await;
    let shown = world.reconcile().await;
    assert_eq!(last(&shown, "healed"), 1, "{shown}");
    let known = payment(&world, &e2eid).await.unwrap();
    assert_eq!(known.returned().to_string(), "400.00");
    assert_ne!(status(&world, &invoices[0]).await, "paid");
    world.clock.advance(TimeDelta::days(1)).unwrap();
    assert_eq!(last(&world.reconcile().await, "healed"), 0, "told once");
}

#[tokio::test]
async fn a_code_that_leads_nowhere_any_more_is_replaced_when_the_charge_falls_due() {
    let world = World::new().await;
    let invoice = issue(&world, 1).await.remove(0);
    assert!(world.bank.remove_charge(&txid(&invoice, 1)).unwrap());
    let shown = world.reconcile().await;
    assert_eq!(last(&shown, "charges_checked"), 0, "it is due in two weeks: {shown}");
    world.clock.set(at("2026-12-09 07:00")).unwrap();
    let shown = world.reconcile().await;
    assert_eq!(last(&shown, "charges_checked"), 1, "{shown}");
    assert_eq!(last(&shown, "charges_reissued"), 1);
    let replaced = world.reload(&invoice).await;
    let charge = &replaced["instalments"][0]["charge"];
    assert_eq!((text(charge, "status"), charge["revision"].as_u64()), ("active", Some(1)));
    assert_eq!(world.bank.charges().len(), 2);
    let rows = world.timeline(&invoice).await;
    assert_eq!(rows.iter().filter(|name| *name == "charge.reissued").count(), 1);
    world.pay(&txid(&replaced, 1)).await;
    assert_eq!(status(&world, &invoice).await, "paid");
    world.clock.advance(TimeDelta::days(1)).unwrap();
    assert_eq!(last(&world.reconcile().await, "charges_checked"), 0, "it is paid");
}

#[tokio::test]
async fn every_charge_near_its_due_date_is_asked_for_over_several_pages() {
    let world = World::new().await;
    let invoices = issue(&world, 23).await;
    world.clock.set(at("2026-12-09 07:00")).unwrap();
    let removed: BTreeSet<String> =
        [0, 9, 10, 22].map(|nth| txid(&invoices[nth], 1)).into_iter().collect();
    removed.iter().for_each(|txid| assert!(world.bank.remove_charge(txid).unwrap()));
    let shown = world.reconcile().await;
    assert_eq!(last(&shown, "charges_checked"), 23, "{shown}");
    assert_eq!(last(&shown, "charges_reissued"), 4);
    for invoice in &invoices {
        let charge = &world.reload(invoice).await["instalments"][0]["charge"];
        let revision = u64::from(removed.contains(&txid(invoice, 1)));
        assert_eq!(charge["revision"].as_u64(), Some(revision));
    }
}

#[tokio::test]
async fn one_invocation_that_has_no_time_left_leaves_the_rest_to_the_next() {
    let world = World::new().await;
    let key = own_key(&world);
    for _ in 0..25 {
        world.bank.pay_key(key.as_str(), "1.00", None).unwrap();
    }
    world.clock.advance(TimeDelta::minutes(3)).unwrap();
    world.reconciliation_due(world.now()).await;
    let mut known = Vec::new();
    loop {
        let ended = reconcile_payments(world.machine.deps(), &merchant(), Duration::ZERO).await;
        known.push(world.reconciliation().await);
        match ended.unwrap() {
            Ended::Finished(_) => break,
            Ended::Paused => assert_eq!(known.last().unwrap().next_at, world.now()),
            other => panic!("{other:?}"),
        }
        assert!(known.len() < 100, "it does not come to an end");
    }
    // Three pages of Pix, ten of refunds, one of charges, the callback.
    assert_eq!(known.len(), 15);
    let complete: BTreeSet<DateTime<Utc>> = known.iter().map(|it| it.complete_until).collect();
    assert_eq!(known[0].complete_until, known[1].complete_until);
    assert!(known[2].complete_until > known[1].complete_until, "{complete:?}");
    check_books(&world).await;
}

#[tokio::test]
async fn what_is_known_costs_one_read_a_page_and_nothing_else() {
    let world = World::new().await;
    let invoices = issue(&world, 3).await;
    for invoice in &invoices {
        world.pay(&txid(invoice, 1)).await;
    }
    let key = own_key(&world);
    for _ in 0..u64::from(3 * LIST_PAGE) - invoices.len() as u64 {
        world.bank.pay_key(key.as_str(), "1.00", None).unwrap();
    }
    world.clock.advance(TimeDelta::minutes(3)).unwrap();
    world.reconcile().await;
    world.clock.advance(INTERVAL).unwrap();
    assert!(INTERVAL < OVERLAP, "the second run lists them again");
    world.reconciliation_due(world.now()).await;
    world.usage();
    world.bank.reset_calls();
    let ended = reconcile_payments(world.machine.deps(), &merchant(), Duration::MAX).await;
    let Ok(Ended::Finished(report)) = ended else { panic!("{ended:?}") };
    assert_eq!((report.tally.found, report.tally.healed), (u64::from(3 * LIST_PAGE), 0));
    // The merchant and the checkpoint; then for each of three pages the payments, and the checkpoint.
    assert_eq!(world.usage().to_string(), "4 read(32 keys) 4 put | 32 RCU 8 WCU");
    let calls: Vec<(String, u64)> = world.bank.calls().into_iter().collect();
    assert_eq!(calls, [("GET /pix".to_owned(), 3)]);
}

#[tokio::test]
async fn a_run_that_is_not_due_asks_nobody() {
    let world = World::new().await;
    world.bank.reset_calls();
    let event = BusEvent::reconcile_due(&merchant(), world.now());
    world.machine.deps().bus.publish(&[event]).await.into_iter().for_each(Result::unwrap);
    world.settle().await;
    assert_eq!(world.bank.total_calls(), 0);
    assert!(world.reconciliation().await.last.is_none());
}
