//! Fears about what time alone brings: a customer that became late overnight and is treated as if
//! it were not, a digest that says another sum than the books, one that comes twice or thirty times,
//! and one that is lost in silence.

mod digests;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quita_app::bus::BusEvent;
use quita_app::daily::{Ended, TIME_BUDGET, carry_out, ensure};
use quita_core::daily::{Daily, Recipient};
use quita_core::ids::{CustomerId, MerchantId};
use quita_local::mailbox::Received;
use quita_table::keys::{Aggregate, RecordKey};
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use quita_testkit::contract::store::sample;
use serde_json::{Value, json};

use crate::world::{MERCHANT, World, at, text, txid};

/// Calls of the table in which a digest of two is claimed, sent and settled, at least.
const SENDING: u64 = 14;
/// What ledger tags of a digest begin with.
pub const TAG: &str = "digest-";

fn merchant() -> MerchantId {
    MerchantId::parse(MERCHANT).unwrap()
}

/// Gives the merchant daily work that is due at an instant and begins its days on the hour.
pub async fn begin(world: &World, next_at: DateTime<Utc>) {
    let daily = Daily { next_at, ..Daily::starting(merchant(), 0, world.now()) };
    let commit = Commit::new(&merchant()).record(&daily, Expected::New);
    world.machine.deps().store.commit(commit).await.unwrap();
}

/// The merchant's daily work as it is stored.
pub async fn stored(world: &World) -> Daily {
    let refs = [ItemRef::Record(RecordKey::Daily)];
    let mut found = world.machine.deps().store.read(&merchant(), &refs).await.unwrap();
    found.take_record(&RecordKey::Daily).unwrap().unwrap()
}

pub async fn set_segments(world: &World, segments: Value) {
    let answer = world.call("PUT", "/v1/segments", &segments.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

pub async fn add_person(world: &World, name: &str, role: &str) -> String {
    let email = format!("{}@acme.example", name.to_lowercase());
    let person = json!({ "name": name, "email": email, "role": role });
    let answer = world.post("/v1/people", &person).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    text(&answer.json(), "id").to_owned()
}

/// A world whose days begin at once, with somebody who gets the digest.
async fn with_ana() -> World {
    let world = World::new().await;
    add_person(&world, "Ana", "finance").await;
    begin(&world, world.now()).await;
    world
}

/// The digests that were mailed, oldest first.
fn digests(world: &World) -> Vec<Received> {
    let messages = world.mailbox.messages().into_iter();
    messages.filter(|it| it.tag().is_some_and(|tag| tag.starts_with(TAG))).collect()
}

/// The days they are of.
fn days(world: &World) -> Vec<String> {
    let of = |mail: &Received| mail.content.title().split(" de ").last().unwrap().to_owned();
    digests(world).iter().map(of).collect()
}

async fn segment(world: &World, customer: &str) -> Value {
    world.get(&format!("/v1/customers/{customer}")).await["care"]["segment"].clone()
}

fn late() -> Value {
    json!({ "name": "late", "by_hand": false })
}

fn segments() -> Value {
    json!({ "segments": [
        { "segment": "partners" },
        { "segment": "late", "when": { "overdue_from": 1 } },
    ] })
}

#[tokio::test]
async fn a_customer_that_is_late_by_a_night_stays_in_its_segment() {
    let world = World::new().await;
    set_segments(&world, segments()).await;
    begin(&world, world.now()).await;
    let customer = world.customer().await;
    let by_hand = world
        .customer_with(json!({ "document": "11222333000181", "name": "Livraria Boreal" }))
        .await;
    let invoice = world.invoice(&customer, json!({})).await;
    world.invoice(&by_hand, json!({ "number": "2" })).await;
    let path = format!("/v1/customers/{by_hand}/segment");
    let answer = world.call("PUT", &path, r#"{ "segment": "partners" }"#).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // Due on the 10th: on that day nobody is late, whatever the hour.
    world.live_until("2026-12-10 23:00").await;
    assert_eq!(segment(&world, &customer).await, Value::Null);
    world.live_until("2026-12-11 04:00").await;
    assert_eq!(segment(&world, &customer).await, Value::Null, "before the day began");
    world.live_until("2026-12-11 05:00").await;
    assert_eq!(segment(&world, &customer).await, late());
    assert_eq!(segment(&world, &by_hand).await["name"], "partners", "a person put it there");

    let aggregate = Aggregate::Customer(CustomerId::parse(&customer).unwrap());
    let store = &world.machine.deps().store;
    let rows = store.timeline(&merchant(), &aggregate, 100, None).await.unwrap().items;
    let moved: Vec<_> = rows.iter().filter(|row| row.name == "customer.segment_changed").collect();
    let [moved] = &moved[..] else { panic!("{moved:?}") };
    assert_eq!((moved.actor.as_str(), moved.at), ("sweep_reminders", at("2026-12-11 05:00")));
    assert_eq!(moved.data, json!({ "segment": "late", "before": null, "by_hand": false }));
    assert!(!moved.changes.is_empty(), "what was before and after is not told");

    // Nothing of it is done again, and a payment still moves it at once.
    world.usage();
    world.at("2026-12-11 05:20").await;
    let usage = world.usage();
    assert_eq!((usage.puts, usage.transactions), (0, 0), "{usage}");
    let charge = world.reload(&invoice).await;
    world.pay(&txid(&charge, 1)).await;
    assert_eq!(segment(&world, &customer).await, Value::Null);
}

#[tokio::test]
async fn a_segment_whose_condition_is_gone_keeps_its_customers() {
    let world = World::new().await;
    set_segments(&world, segments()).await;
    begin(&world, world.now()).await;
    let customer = world.customer().await;
    world.invoice(&customer, json!({})).await;
    world.live_until("2026-12-11 06:00").await;
    assert_eq!(segment(&world, &customer).await, late());
    set_segments(&world, json!({ "segments": [{ "segment": "late" }] })).await;
    world.live_until("2026-12-12 06:00").await;
    assert_eq!(segment(&world, &customer).await, Value::Null);
}

#[tokio::test]
async fn customers_behind_the_first_page_or_the_time_are_never_reached() {
    let world = World::new().await;
    set_segments(&world, segments()).await;
    let mut customers = Vec::new();
    for nth in 0..60 {
        let document = sample::cnpj(nth);
        let customer = world.customer_with(json!({ "document": document })).await;
        if nth % 20 == 0 {
            world.invoice(&customer, json!({ "number": format!("{nth}") })).await;
            customers.push(customer);
        }
    }
    begin(&world, at("2026-12-11 13:00")).await;
    world.clock.set(at("2026-12-11 13:00")).unwrap();
    let deps = world.machine.deps();
    let id = merchant();
    let go = || carry_out(deps, &id, Duration::ZERO);
    assert_eq!(go().await.unwrap(), Ended::Rests);
    let walk = stored(&world).await.walk.unwrap();
    assert_eq!((walk.looked_at, walk.after.is_some()), (50, true), "one page and its checkpoint");
    assert_eq!(stored(&world).await.next_at, world.now(), "the rest is due at once");
    assert_eq!(go().await.unwrap(), Ended::Rests);
    assert_eq!(go().await.unwrap(), Ended::NotDue);
    for customer in &customers {
        assert_eq!(segment(&world, customer).await, late(), "{customer}");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_a_month_brings_thirty_digests() {
    let world = with_ana().await;
    set_segments(&world, segments()).await;
    world.sweep().await;
    world.at("2026-12-22 09:00").await;
    world.sweep().await;
    assert_eq!(days(&world), ["23/11/2026", "22/12/2026"]);
    // Behind noon it is too late for that day.
    world.at("2027-01-25 12:00").await;
    world.at("2027-01-26 08:00").await;
    assert_eq!(days(&world)[2..], ["26/01/2027"]);
}

#[tokio::test]
async fn two_at_once_or_an_event_that_comes_again_send_it_twice() {
    let world = with_ana().await;
    set_segments(&world, segments()).await;
    let machine = &world.machine;
    drop(tokio::join!(machine.sweep(), machine.sweep()));
    world.settle().await;
    let event = BusEvent::daily_due(&merchant(), world.now());
    for result in machine.deps().bus.publish(&[event.clone(), event]).await {
        result.unwrap();
    }
    world.settle().await;
    assert_eq!(days(&world), ["23/11/2026"]);
    let deps = machine.deps();
    let id = merchant();
    let go = || carry_out(deps, &id, TIME_BUDGET);
    world.clock.set(at("2026-11-24 09:00")).unwrap();
    drop(tokio::join!(go(), go(), go()));
    assert_eq!(days(&world), ["23/11/2026", "24/11/2026"]);
}

/// A world at nine in the morning, with a customer that became late and two people who look after
/// money; its day has begun.
async fn morning() -> (World, String) {
    let world = World::new().await;
    set_segments(&world, segments()).await;
    for (name, role) in [("Ana", "finance"), ("Bia", "admin")] {
        add_person(&world, name, role).await;
    }
    let customer = world.customer().await;
    world.invoice(&customer, json!({})).await;
    world.clock.set(at("2026-12-11 09:00")).unwrap();
    begin(&world, world.now()).await;
    (world, customer)
}

/// The process dies between calls of the table, and in the middle of one.
#[tokio::test]
async fn a_death_anywhere_sends_it_twice_loses_it_in_silence_or_leaves_the_day_undone() {
    let (world, _) = morning().await;
    let before = world.faults.calls();
    carry_out(world.machine.deps(), &merchant(), TIME_BUDGET).await.unwrap();
    let all = world.faults.calls() - before;
    // Most calls read figures; what is claimed and sent is at the end.
    let points = (0..all).filter(|calls| calls % 5 == 0 || calls + SENDING > all);
    let mut lost = 0;
    for (calls, during) in points.flat_map(|calls| [(calls, false), (calls, true)]) {
        let (world, customer) = morning().await;
        if during {
            world.faults.crash_during(calls);
        } else {
            world.faults.crash_after(calls);
        }
        let deps = world.machine.deps();
        let _died = carry_out(deps, &merchant(), TIME_BUDGET).await;
        world.faults.revive();
        let dead = stored(&world).await.digest.is_some_and(|digest| digest.sending.is_some());
        for _ in 0..3 {
            world.clock.advance(TimeDelta::minutes(6)).unwrap();
            world.sweep().await;
        }
        let tags: Vec<String> =
            digests(&world).iter().filter_map(|it| it.tag().map(str::to_owned)).collect();
        let once: BTreeSet<&String> = tags.iter().collect();
        assert_eq!(once.len(), tags.len(), "{calls} {during}: {tags:?}");
        assert!(tags.len() + usize::from(dead) >= 2, "{calls} {during}: {tags:?}");
        lost += usize::from(tags.len() < 2);
        let daily = stored(&world).await;
        let digest = daily.digest.unwrap();
        assert_eq!((digest.left, digest.sending), (Vec::<Recipient>::new(), None), "{calls}");
        assert_eq!(daily.segments_on, Some("2026-12-11".parse().unwrap()), "{calls} {during}");
        assert_eq!(segment(&world, &customer).await, late(), "{calls} {during}");
    }
    // A death between a claim and its message is among them, or this would test nothing.
    assert!(lost > 0, "nobody died where it matters");
}

#[tokio::test]
async fn a_table_that_is_away_for_some_minutes_costs_the_day() {
    let world = with_ana().await;
    set_segments(&world, segments()).await;
    let customer = world.customer().await;
    world.invoice(&customer, json!({})).await;
    world.clock.set(at("2026-12-11 09:00")).unwrap();
    world.faults.set_rates(quita_testkit::fault::FaultRates {
        before_commit: 300,
        after_commit: 100,
        throttle: 100,
        conflict: 100,
    });
    for _ in 0..10 {
        world.clock.advance(TimeDelta::minutes(3)).unwrap();
        drop(world.machine.sweep().await);
    }
    world.faults.set_rates(Default::default());
    for _ in 0..15 {
        world.clock.advance(TimeDelta::minutes(6)).unwrap();
        world.sweep().await;
    }
    assert_eq!(segment(&world, &customer).await, late());
    assert!(digests(&world).len() <= 1, "{:?}", days(&world));
    assert_eq!(stored(&world).await.next_at, at("2026-12-12 05:00"));
}

#[tokio::test]
async fn a_merchant_from_before_has_no_days() {
    let world = World::new().await;
    add_person(&world, "Ana", "admin").await;
    world.sweep().await;
    assert_eq!(digests(&world).len(), 0);
    world.clock.set(at("2026-11-23 11:00")).unwrap();
    // The daily part of its reconciliation gives it some; again it changes nothing.
    world.reconcile().await;
    world.at("2026-11-23 11:01").await;
    assert_eq!(days(&world), ["23/11/2026"]);
    let before = stored(&world).await;
    ensure(world.machine.deps(), &merchant()).await.unwrap();
    assert_eq!(stored(&world).await, before);
}
