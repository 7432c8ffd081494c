//! Fears about events that go out: one that is lost, told twice, told to somebody else, or told so
//! that the receiver cannot tell it from a forgery.

mod managing;
mod receiver;
mod replays;
mod retries;

use chrono::TimeDelta;
use quita_app::bus::{BusEvent, instant};
use quita_app::webhooks::message::message_of;
use quita_core::endpoint::delivery::Delivery;
use quita_core::ids::{EndpointId, MerchantId};
use quita_table::{Commit, Expected};
use serde_json::{Value, json};

use crate::schema::faults;
use crate::tenants::Other;
use crate::world::{MERCHANT, World, text};
use receiver::{Receiver, Reply};

const ENDPOINTS: &str = "/v1/webhook_endpoints";

/// An endpoint at a receiver, for some events or for all.
async fn endpoint(world: &World, receiver: &Receiver, events: Value) -> String {
    let body = json!({ "url": receiver.url, "description": "ERP", "events": events });
    let answer = world.post(ENDPOINTS, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    text(&answer.json(), "id").to_owned()
}

async fn secret(world: &World, endpoint: &str) -> String {
    let shown = world.get(&format!("{ENDPOINTS}/{endpoint}/secret")).await;
    text(&shown, "secret").to_owned()
}

/// The deliveries of an endpoint, the latest event first.
async fn deliveries(world: &World, endpoint: &str) -> Vec<Value> {
    let list = world.get(&format!("{ENDPOINTS}/{endpoint}/deliveries?limit=100")).await;
    list["items"].as_array().unwrap().clone()
}

/// A fact of nobody's invoice, as the bus would bring it.
fn fact(world: &World, sequence: u64) -> BusEvent {
    let at = world.now();
    let detail = json!({
        "merchant_id": MERCHANT,
        "invoice_id": "inv_01JE6X7Q5M8Y2N4C9R0T3V6W8Z",
        "sequence": sequence,
        "at": instant(at),
        "actor": "bank",
        "data": { "number": sequence },
    });
    BusEvent { detail_type: "receipt.sent.v1".to_owned(), at, detail }
}

/// Puts events on the bus and lets everything that follows happen.
async fn publish(world: &World, events: &[BusEvent]) {
    let outcomes = world.machine.deps().bus.publish(events).await;
    outcomes.into_iter().for_each(Result::unwrap);
    world.settle().await;
}

/// Moves the clock and sweeps, as the minute's schedule would.
async fn later(world: &World, by: TimeDelta) {
    world.clock.set(world.now() + by).unwrap();
    world.sweep().await;
}

#[tokio::test]
async fn what_is_posted_is_not_what_the_catalogue_promises() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, Value::Null).await;
    let invoice = world.issued().await;
    world.pay(&crate::world::txid(&invoice, 1)).await;
    let secret = secret(&world, &endpoint).await;
    let got = receiver.got();
    for one in &got {
        assert_eq!(one.verifies(&secret), 1, "{}", one.body);
        assert_eq!(one.header("content-type"), "application/json");
        let body = one.json();
        let event = world.get(&format!("/v1/event_types/{}", one.event())).await;
        assert_eq!(faults(&event["schema"], &event["schema"], &body["data"]), [""; 0], "{body}");
        assert_eq!(body["timestamp"], body["data"]["at"]);
        let members: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(members.len(), 3, "{body}");
    }
    for event in ["endpoint.created", "invoice.opened", "charge.issued", "invoice.paid"] {
        assert!(receiver.events().contains(&event.to_owned()), "{:?}", receiver.events());
    }
    let list = deliveries(&world, &endpoint).await;
    assert_eq!(list.len(), got.len());
    assert!(list.iter().all(|one| one["status"] == "delivered"), "{list:?}");
}

#[tokio::test]
async fn a_secret_of_one_endpoint_signs_for_another() {
    let world = World::new().await;
    let (one, two) = (Receiver::start().await, Receiver::start().await);
    let events = json!(["receipt.sent"]);
    let first = endpoint(&world, &one, events.clone()).await;
    let second = endpoint(&world, &two, events).await;
    publish(&world, &[fact(&world, 1)]).await;
    let (first, second) = (secret(&world, &first).await, secret(&world, &second).await);
    assert_eq!((one.got()[0].verifies(&first), one.got()[0].verifies(&second)), (1, 0));
    assert_eq!((two.got()[0].verifies(&first), two.got()[0].verifies(&second)), (0, 1));
    assert_eq!(one.got()[0].id(), two.got()[0].id(), "one event has one id");
}

#[tokio::test]
async fn an_event_that_the_bus_brings_again_is_posted_again() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, json!(["receipt.sent"])).await;
    let (first, second) = (fact(&world, 7), fact(&world, 8));
    // Out of order, and again and again.
    publish(&world, &[second.clone(), first.clone(), second.clone(), first.clone()]).await;
    later(&world, TimeDelta::days(1)).await;
    publish(&world, &[first, second]).await;
    let numbers: Vec<Value> =
        receiver.got().iter().map(|got| got.json()["data"]["sequence"].clone()).collect();
    assert_eq!(numbers, [8, 7]);
    assert_eq!(deliveries(&world, &endpoint).await.len(), 2);
}

#[tokio::test]
async fn an_event_whose_sender_died_before_the_post_is_lost() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, json!(["receipt.sent"])).await;
    let event = fact(&world, 1);
    // What a sender leaves that dies between the claim and the post.
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let (_, message) = message_of(&event).unwrap();
    let id = message.id.clone();
    let endpoint_id = EndpointId::parse(&endpoint).unwrap();
    let claim = Delivery::claimed(merchant.clone(), endpoint_id, message, world.now());
    let commit = Commit::new(&merchant).record(&claim, Expected::New);
    world.machine.deps().store.commit(commit).await.unwrap();
    // The bus brings the event again, while the claim may still be somebody's.
    publish(&world, &[event]).await;
    assert_eq!(receiver.got().len(), 0);
    later(&world, TimeDelta::minutes(1)).await;
    assert_eq!(receiver.got().len(), 0);
    later(&world, TimeDelta::minutes(1)).await;
    let got = receiver.got();
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].id(), &got[0].body), (id.as_str(), &claim.body));
    later(&world, TimeDelta::days(2)).await;
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test]
async fn an_event_whose_sender_died_after_the_post_has_another_id() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, json!(["receipt.sent"])).await;
    publish(&world, &[fact(&world, 1)]).await;
    // The claim goes through, the settlement does not.
    world.faults.pass_next(1);
    world.faults.fail_next(quita_testkit::fault::Fault::BeforeCommit);
    publish(&world, &[fact(&world, 2)]).await;
    let list = deliveries(&world, &endpoint).await;
    let open: Vec<&Value> = list.iter().filter(|one| one["status"] == "pending").collect();
    assert_eq!(open.len(), 1, "{list:?}");
    later(&world, TimeDelta::minutes(2)).await;
    let got = receiver.got();
    let ids: Vec<&str> = got.iter().map(|got| got.id()).collect();
    assert_eq!(ids.len(), 3, "at least once");
    assert_eq!((ids[1], &got[1].body), (ids[2], &got[2].body));
    let list = deliveries(&world, &endpoint).await;
    assert!(list.iter().all(|one| one["status"] == "delivered"), "{list:?}");
}

#[tokio::test]
async fn a_receiver_that_hangs_keeps_the_others_waiting() {
    let world = World::new().await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    let events = json!(["receipt.sent"]);
    let slow_id = endpoint(&world, &slow, events.clone()).await;
    endpoint(&world, &quick, events).await;
    slow.answer([Reply::Hang]);
    publish(&world, &[fact(&world, 1)]).await;
    let apart = quick.got()[0].at.duration_since(slow.got()[0].at);
    assert!(apart < quita_app::webhooks::LOCAL_TIMEOUT / 2, "{apart:?}");
    let list = deliveries(&world, &slow_id).await;
    assert_eq!(list[0]["attempts"][0]["fault"], "timeout", "{list:?}");
    assert_eq!(list[0]["status"], "pending");
}

#[tokio::test]
async fn a_receiver_sends_us_on_to_another() {
    let world = World::new().await;
    let (first, other) = (Receiver::start().await, Receiver::start().await);
    let id = endpoint(&world, &first, json!(["receipt.sent"])).await;
    first.answer([Reply::Elsewhere(other.url.clone())]);
    publish(&world, &[fact(&world, 1)]).await;
    assert_eq!(other.got().len(), 0);
    let list = deliveries(&world, &id).await;
    assert_eq!(list[0]["attempts"][0]["status"], 307, "{list:?}");
    assert_eq!(list[0]["status"], "pending");
}

#[tokio::test]
async fn what_happens_to_one_merchant_is_told_to_another() {
    let world = World::new().await;
    let (mine, theirs) = (Receiver::start().await, Receiver::start().await);
    let endpoint = endpoint(&world, &mine, Value::Null).await;
    world.settle().await;
    let other = Other::of(&world).await;
    let body = json!({ "url": theirs.url });
    let made = other.call("POST", ENDPOINTS, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    world.settle().await;
    let before = mine.got().len();
    assert!(theirs.got().iter().all(|got| got.json()["data"]["merchant_id"] == "mer_other"));
    let told = theirs.got().len();
    publish(&world, &[fact(&world, 1)]).await;
    assert_eq!((mine.got().len(), theirs.got().len()), (before + 1, told));
    assert!(mine.got().iter().all(|got| got.json()["data"]["merchant_id"] == MERCHANT));

    let listed = other.get(ENDPOINTS).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let delivery = deliveries(&world, &endpoint).await;
    let delivery = text(&delivery[0], "id");
    let of = |rest: &str| format!("{ENDPOINTS}/{endpoint}{rest}");
    let range = json!({ "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z" });
    for (method, path, body) in [
        ("GET", of(""), Value::Null),
        ("PUT", of(""), json!({ "url": theirs.url })),
        ("POST", of("/close"), Value::Null),
        ("GET", of("/secret"), Value::Null),
        ("POST", of("/secret/rotate"), Value::Null),
        ("POST", of("/test"), Value::Null),
        ("POST", of("/replays"), range),
        ("GET", of("/deliveries"), Value::Null),
        ("GET", of(&format!("/deliveries/{delivery}")), Value::Null),
        ("POST", of(&format!("/deliveries/{delivery}/replay")), Value::Null),
    ] {
        let answer = other.call(method, &path, &body).await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.body);
    }
}

#[tokio::test]
async fn every_event_costs_a_read_of_a_merchant_without_endpoints() {
    let world = World::new().await;
    publish(&world, &[fact(&world, 1)]).await;
    world.usage();
    publish(&world, &[fact(&world, 2)]).await;
    assert_eq!(world.usage().to_string(), "| 0 RCU 0 WCU");
    let receiver = Receiver::start().await;
    endpoint(&world, &receiver, json!(["receipt.sent"])).await;
    world.settle().await;
    publish(&world, &[fact(&world, 3)]).await;
    world.usage();
    // Claimed, and settled with its entry of the work index gone.
    publish(&world, &[fact(&world, 4)]).await;
    assert_eq!(world.usage().to_string(), "2 put | 0 RCU 4 WCU");
}
