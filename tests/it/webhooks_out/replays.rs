//! Fears: a replay that is another event, that forgets some, or that never ends.

use chrono::TimeDelta;
use quita_app::bus::instant;
use quita_core::endpoint::delivery::Delivery;
use quita_core::ids::{DeliveryId, EndpointId, MerchantId};
use quita_table::keys::RecordKey;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{ENDPOINTS, deliveries, endpoint, fact, later, publish};
use crate::world::{MERCHANT, World, text};

async fn one_endpoint() -> (World, Receiver, String) {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, json!(["receipt.sent"])).await;
    (world, receiver, endpoint)
}

#[tokio::test]
async fn an_event_that_is_asked_for_again_is_another_one() {
    let (world, receiver, endpoint) = one_endpoint().await;
    publish(&world, &[fact(&world, 1)]).await;
    let first = receiver.got()[0].clone();
    later(&world, TimeDelta::days(10)).await;
    let path = format!("{ENDPOINTS}/{endpoint}/deliveries/{}/replay", first.id());
    receiver.answer([Reply::Status(500)]);
    let answer = world.call("POST", &path, "").await;
    assert_eq!((answer.status, &answer.json()["status"]), (202, &json!("pending")));
    let pending = world.call("POST", &path, "").await;
    assert_eq!(pending.status, 409, "{}", pending.body);
    // The row of the request wakes the sender; a failure is tried again like any other.
    world.settle().await;
    later(&world, TimeDelta::minutes(1)).await;
    let got = receiver.got();
    assert_eq!(got.len(), 3);
    for again in &got[1..] {
        assert_eq!((again.id(), &again.body), (first.id(), &first.body));
    }
    let list = deliveries(&world, &endpoint).await;
    assert_eq!((list.len(), &list[0]["replays"]), (1, &json!(1)));
    assert_eq!(list[0]["attempts"].as_array().unwrap().len(), 3, "the log goes on");
    let unknown =
        format!("{ENDPOINTS}/{endpoint}/deliveries/msg_01JE6X7Q5M8Y2N4C9R0T3V6W8Z/replay");
    assert_eq!(world.call("POST", &unknown, "").await.status, 404);
}

#[tokio::test]
async fn a_replay_whose_wake_up_is_lost_is_forgotten() {
    let (world, receiver, endpoint) = one_endpoint().await;
    publish(&world, &[fact(&world, 1)]).await;
    let first = receiver.got()[0].clone();
    // What the request writes, without the row that wakes the sender.
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let id = DeliveryId::parse(first.id()).unwrap();
    let key = RecordKey::Delivery(EndpointId::parse(&endpoint).unwrap(), id);
    let store = &world.machine.deps().store;
    let mut found = store.read(&merchant, &[ItemRef::Record(key.clone())]).await.unwrap();
    let known: Delivery = found.take_record(&key).unwrap().unwrap();
    let again = known.replayed(world.now()).unwrap();
    let commit = Commit::new(&merchant).record(&again, Expected::Version(known.version));
    store.commit(commit).await.unwrap();
    world.settle().await;
    assert_eq!(receiver.got().len(), 1);
    world.sweep().await;
    let got = receiver.got();
    assert_eq!((got.len(), got[1].id(), &got[1].body), (2, first.id(), &first.body));
}

#[tokio::test]
async fn a_replay_of_a_time_leaves_some_out_or_takes_others_in() {
    let (world, receiver, endpoint) = one_endpoint().await;
    let began = world.now();
    // Two a minute; those of the second minute fail for good.
    publish(&world, &[fact(&world, 1), fact(&world, 2)]).await;
    later(&world, TimeDelta::minutes(1)).await;
    receiver.answer_always(Reply::Status(500));
    publish(&world, &[fact(&world, 3), fact(&world, 4)]).await;
    for _ in 0..10 {
        later(&world, TimeDelta::hours(27)).await;
    }
    receiver.answer_always(Reply::Status(200));
    let enabled = json!({ "url": receiver.url, "events": ["receipt.sent"] }).to_string();
    let path = format!("{ENDPOINTS}/{endpoint}");
    assert_eq!(world.call("PUT", &path, &enabled).await.status, 200);
    let before = receiver.got().len();

    let ask = async |from: TimeDelta, to: TimeDelta, only_failed: bool| {
        let (from, to) = (instant(began + from), instant(began + to));
        let body = json!({ "from": from, "to": to, "only_failed": only_failed });
        let answer = world.post(&format!("{path}/replays"), &body).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        world.settle().await;
        answer.json()["delivery_ids"].as_array().unwrap().len()
    };
    let (zero, minute) = (TimeDelta::zero(), TimeDelta::minutes(1));
    assert_eq!(ask(zero, minute - TimeDelta::seconds(1), true).await, 0);
    assert_eq!(ask(zero, zero, false).await, 2, "both ends count");
    assert_eq!(ask(zero, TimeDelta::days(1), true).await, 2);
    assert_eq!(ask(zero, TimeDelta::days(1), true).await, 0, "they are delivered now");
    assert_eq!(receiver.got().len(), before + 4);
    assert_eq!(ask(zero, TimeDelta::days(1), false).await, 4);
}

#[tokio::test]
async fn a_long_time_is_replayed_in_part_and_taken_for_whole() {
    let (world, receiver, endpoint) = one_endpoint().await;
    let facts: Vec<_> = (1..=60).map(|sequence| fact(&world, sequence)).collect();
    publish(&world, &facts).await;
    assert_eq!(receiver.got().len(), 60);
    let path = format!("{ENDPOINTS}/{endpoint}/replays");
    let at = instant(world.now());
    let mut body = json!({ "from": at, "to": at });
    let mut asked = Vec::new();
    loop {
        let answer = world.post(&path, &body).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        let answer = answer.json();
        asked.push(answer["delivery_ids"].as_array().unwrap().len());
        let Value::String(next) = &answer["next_cursor"] else { break };
        body["cursor"] = json!(next);
    }
    assert_eq!(asked, [50, 10]);
    world.settle().await;
    assert_eq!(receiver.got().len(), 120);
    later(&world, TimeDelta::minutes(1)).await;
    assert_eq!(receiver.got().len(), 120);
}

#[tokio::test]
async fn a_replay_is_asked_for_in_nonsense_or_of_an_endpoint_that_is_off() {
    let (world, receiver, endpoint) = one_endpoint().await;
    publish(&world, &[fact(&world, 1)]).await;
    let path = format!("{ENDPOINTS}/{endpoint}/replays");
    let check = async |body: Value, properties: &[&str]| {
        let answer = world.post(&path, &body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        assert_eq!(answer.properties(), properties, "{body}");
    };
    let (early, late) = ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z");
    check(json!({ "from": "yesterday", "to": "" }), &["from", "to"]).await;
    check(json!({ "from": late, "to": early }), &["to"]).await;
    check(json!({ "from": early, "to": late, "cursor": "???" }), &["cursor"]).await;
    // A cursor of another list.
    check(json!({ "from": early, "to": late, "cursor": "RSMwMDAwMDAwMQ" }), &["cursor"]).await;
    let off = json!({ "url": receiver.url, "enabled": false }).to_string();
    let own = format!("{ENDPOINTS}/{endpoint}");
    assert_eq!(world.call("PUT", &own, &off).await.status, 200);
    let answer = world.post(&path, &json!({ "from": early, "to": late })).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    let id = text(&deliveries(&world, &endpoint).await[0], "id").to_owned();
    let answer = world.call("POST", &format!("{own}/deliveries/{id}/replay"), "").await;
    assert_eq!(answer.status, 409, "{}", answer.body);
}
