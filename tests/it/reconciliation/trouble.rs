//! A bank that moves the callback, keeps another time, does not answer, garbles what it lists, or lists
//! other people's money.

use chrono::TimeDelta;
use quita_app::bus::BusEvent;
use quita_core::reconciliation::INTERVAL;
use quita_pix::client::{WebhookAuth, WebhookUrl};
use quita_psp_sandbox::{FaultRates, PayOptions};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use serde_json::{Value, json};

use super::{
    check_books, issue, last, lose_callbacks, merchant, next_at, own_key, pay_unheard, payment,
    status,
};
use crate::world::{OTHER_PIX_KEY, World, at, text, txid};
use crate::{files, schema};

fn take_down(world: &World) {
    world.bank.faults().set_rates(FaultRates { unavailable: 1.0, ..FaultRates::default() });
}

/// The history of the reconciliation; each of its events is what its schema promises.
async fn events(world: &World) -> Vec<EventRow> {
    let store = &world.machine.deps().store;
    let page = store.timeline(&merchant(), &Aggregate::Reconciliation, 100, None).await.unwrap();
    for (place, row) in (1..).zip(&page.items) {
        assert_eq!(row.seq, place, "the history has a gap");
        let published = BusEvent::of_row(&merchant(), row);
        let promised = files::event_schema(&published.detail_type);
        let faults = schema::faults(&promised, &promised, &published.detail);
        assert_eq!(faults, [""; 0], "{}", published.detail_type);
    }
    page.items
}

async fn event_names(world: &World) -> Vec<String> {
    events(world).await.into_iter().map(|row| row.name).collect()
}

#[tokio::test]
async fn a_callback_that_no_longer_comes_here_is_registered_again() {
    for was in ["missing", "elsewhere"] {
        let world = World::new().await;
        let ours = world.bank.webhooks();
        assert_eq!(text(&world.reconcile().await["callback"], "status"), "ours");
        assert_eq!(event_names(&world).await, [""; 0]);
        let bank = world.bank_client().await;
        let key = own_key(&world);
        if was == "missing" {
            bank.delete_webhook(&key).await.unwrap();
        } else {
            let url = WebhookUrl::parse("https://somebody.example/hook").unwrap();
            bank.put_webhook(&key, &url, WebhookAuth::MutualTls).await.unwrap();
        }
        assert_ne!(world.bank.webhooks(), ours);
        world.clock.advance(TimeDelta::days(1)).unwrap();
        let shown = world.reconcile().await;
        assert_eq!(text(&shown["callback"], "status"), "repaired");
        assert_eq!(text(&shown["callback"], "was"), was);
        assert_eq!(world.bank.webhooks(), ours);
        let rows = events(&world).await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].name.as_str(), text(&rows[0].data, "was")), ("callback.repaired", was));
        world.clock.advance(TimeDelta::days(1)).unwrap();
        assert_eq!(text(&world.reconcile().await["callback"], "status"), "ours");
    }
}

#[tokio::test]
async fn a_bank_that_keeps_another_time_is_told_of_once() {
    let start = at("2026-12-09 07:00");
    let check = async |options: PayOptions, expected: Option<&str>| {
        let world = World::new().await;
        let invoice = issue(&world, 1).await.remove(0);
        world.clock.set(start).unwrap();
        lose_callbacks(&world);
        pay_unheard(&world, &txid(&invoice, 1), options).await;
        world.clock.advance(TimeDelta::minutes(3)).unwrap();
        let shown = world.reconcile().await;
        assert_eq!(shown["clock"]["kind"].as_str(), expected, "{shown}");
        assert_eq!(status(&world, &invoice).await, "paid", "it is credited all the same");
        let told: &[&str] = if expected.is_some() { &["bank.clock_skewed"] } else { &[] };
        assert_eq!(event_names(&world).await, told);
        world.clock.advance(INTERVAL).unwrap();
        world.reconcile().await;
        assert_eq!(event_names(&world).await, told, "told again");
    };
    let hours = TimeDelta::hours;
    check(PayOptions::default(), None).await;
    let late = PayOptions { initiated_at: Some(start - hours(1)), ..PayOptions::default() };
    check(late, None).await;
    let long = PayOptions { initiated_at: Some(start - hours(3)), ..PayOptions::default() };
    check(long, Some("long_after_order")).await;
    // Local time, written as if it were UTC.
    let local =
        PayOptions { on: Some(start - hours(3)), initiated_at: Some(start), ..Default::default() };
    check(local, Some("before_order")).await;
    let ahead = PayOptions { on: Some(start + hours(3)), ..PayOptions::default() };
    check(ahead, Some("future")).await;
}

#[tokio::test]
async fn a_bank_that_is_down_is_asked_ever_more_slowly_and_its_reason_shown() {
    let world = World::new().await;
    let invoice = issue(&world, 1).await.remove(0);
    lose_callbacks(&world);
    pay_unheard(&world, &txid(&invoice, 1), PayOptions::default()).await;
    world.clock.advance(TimeDelta::minutes(3)).unwrap();
    take_down(&world);
    world.reconciliation_due(world.now()).await;
    let mut waits = Vec::new();
    for nth in 1..=8 {
        let due = world.reconciliation().await.next_at;
        world.clock.set((due - TimeDelta::seconds(1)).max(world.now())).unwrap();
        world.bank.reset_calls();
        if world.now() < due {
            world.sweep().await;
            assert_eq!(world.bank.total_calls(), 0, "called before {due}");
        }
        world.clock.set(due).unwrap();
        world.sweep().await;
        assert_eq!(world.bank.total_calls(), 1);
        let shown = world.get("/v1/reconciliation").await;
        assert_eq!(shown["failing"]["attempts"], nth);
        assert!(text(&shown["failing"], "reason").contains("503"), "{shown}");
        waits.push((next_at(&shown) - due).num_minutes());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(status(&world, &invoice).await, "open");

    world.bank.faults().clear();
    world.clock.advance(TimeDelta::hours(1)).unwrap();
    world.sweep().await;
    let shown = world.get("/v1/reconciliation").await;
    assert_eq!(shown["failing"], Value::Null, "{shown}");
    assert_eq!(status(&world, &invoice).await, "paid");
    assert_eq!(event_names(&world).await, [""; 0], "nothing was passed over");
    assert!(world.machine.dead_letters().is_empty());
}

#[tokio::test]
async fn an_item_nobody_can_read_is_named_with_its_place_and_hides_no_other() {
    let world = World::new().await;
    let key = own_key(&world);
    let paid: Vec<String> = ["1.00", "2.00", "3.00"]
        .map(|amount| world.bank.pay_key(key.as_str(), amount, None).unwrap().e2eid)
        .into();
    world.bank.faults().garble(&paid[0], false);
    world.bank.faults().garble(&paid[1], true);
    world.clock.advance(TimeDelta::minutes(3)).unwrap();
    let shown = world.reconcile().await;
    assert_eq!((last(&shown, "found"), last(&shown, "healed")), (3, 2), "{shown}");
    assert_eq!(last(&shown, "passed_over"), 1);
    // One is whole when it is asked for by itself, the other is not.
    assert!(payment(&world, &paid[0]).await.is_some());
    assert!(payment(&world, &paid[1]).await.is_none());
    assert!(payment(&world, &paid[2]).await.is_some());
    let rows = events(&world).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].data["stage"], "payments");
    assert_eq!(rows[0].data["items"][0]["index"], 1);
    assert_eq!(rows[0].data["items"][0]["id"], json!(paid[1]));
    // The next run finds it again, and tells nobody twice.
    world.clock.advance(INTERVAL).unwrap();
    assert_eq!(last(&world.reconcile().await, "passed_over"), 1);
    assert_eq!(event_names(&world).await.len(), 1);
    world.bank.faults().clear();
    world.clock.advance(INTERVAL).unwrap();
    world.reconcile().await;
    check_books(&world).await;
}

#[tokio::test]
async fn money_on_another_key_of_the_account_is_not_mixed_in() {
    let world = World::new().await;
    let invoice = issue(&world, 1).await.remove(0);
    let stranger = world.bank.pay_key(OTHER_PIX_KEY, "50.00", None).unwrap();
    let their_charge = "01JE6X7Q5M8Y2N4C9R0T3V6W8Z0100";
    let other = world.bank.pay_key(OTHER_PIX_KEY, "60.00", Some(their_charge)).unwrap();
    let named = world.bank.pay_key(OTHER_PIX_KEY, "1000.00", Some(&txid(&invoice, 1))).unwrap();
    let own = world.bank.pay_key(own_key(&world).as_str(), "70.00", None).unwrap();
    world.clock.advance(TimeDelta::minutes(3)).unwrap();
    let shown = world.reconcile().await;
    assert_eq!((last(&shown, "found"), last(&shown, "healed")), (4, 2), "{shown}");
    assert!(payment(&world, &stranger.e2eid).await.is_none());
    assert!(payment(&world, &other.e2eid).await.is_none());
    assert!(payment(&world, &own.e2eid).await.is_some());
    // It names our charge, so a person has to look.
    assert!(payment(&world, &named.e2eid).await.is_some());
    assert_eq!(world.parked().await, ["foreign_key", "no_txid"]);
    assert_eq!(status(&world, &invoice).await, "open");
}
