//! Fears: an event that is given up too early, too late, or as another one; an endpoint that is
//! switched off for nothing, or never.

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::endpoint::delivery::TRIES_MAX;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{ENDPOINTS, deliveries, endpoint, fact, later, publish};
use crate::world::{World, text};

/// A world with one endpoint for paid invoices.
async fn one_endpoint() -> (World, Receiver, String) {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, json!(["receipt.sent"])).await;
    (world, receiver, endpoint)
}

async fn shown(world: &World, endpoint: &str) -> Value {
    world.get(&format!("{ENDPOINTS}/{endpoint}")).await
}

#[tokio::test]
async fn a_try_after_a_failure_has_another_id_or_other_bytes() {
    let (world, receiver, endpoint) = one_endpoint().await;
    receiver.answer([Reply::Status(500), Reply::Hang, Reply::Status(200)]);
    publish(&world, &[fact(&world, 1)]).await;
    // Five seconds: at the next minute's sweep.
    later(&world, TimeDelta::minutes(1)).await;
    later(&world, TimeDelta::minutes(1)).await;
    assert_eq!(receiver.got().len(), 2, "five minutes have not passed");
    later(&world, TimeDelta::minutes(5)).await;
    let got = receiver.got();
    assert_eq!(got.len(), 3);
    for again in &got[1..] {
        assert_eq!((again.id(), &again.body), (got[0].id(), &got[0].body));
    }
    let stamp = |nth: usize| got[nth].header("webhook-timestamp").parse::<i64>().unwrap();
    assert_eq!(stamp(2), world.now().timestamp(), "each try is signed at its own time");
    assert!(stamp(0) < stamp(1));

    let list = deliveries(&world, &endpoint).await;
    assert_eq!(list[0]["status"], "delivered", "{list:?}");
    let tries: Vec<(&Value, &Value)> = list[0]["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| (&attempt["status"], &attempt["fault"]))
        .collect();
    let none = &Value::Null;
    let (failed, hung, taken) = (json!(500), json!("timeout"), json!(200));
    assert_eq!(tries, [(&failed, none), (none, &hung), (&taken, none)]);
    let path = format!("{ENDPOINTS}/{endpoint}/deliveries/{}", got[0].id());
    assert_eq!(world.get(&path).await["body"], json!(got[0].body));
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_tried_for_ever() {
    let (world, receiver, endpoint) = one_endpoint().await;
    receiver.answer_always(Reply::Status(500));
    let began = world.now();
    publish(&world, &[fact(&world, 1)]).await;
    loop {
        let list = deliveries(&world, &endpoint).await;
        let Some(next) = list[0]["next_attempt_at"].as_str() else { break };
        let next = next.parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(1);
        world.clock.set(next).unwrap();
        world.sweep().await;
    }
    let tries = usize::try_from(TRIES_MAX).unwrap();
    assert_eq!(receiver.got().len(), tries);
    let took = world.now() - began;
    assert!(took > TimeDelta::hours(75) && took < TimeDelta::hours(84), "{took}");
    let list = deliveries(&world, &endpoint).await;
    let known = (text(&list[0], "status"), text(&list[0], "failure"));
    assert_eq!(known, ("failed", "tries_used"), "{list:?}");
    later(&world, TimeDelta::hours(24)).await;
    assert_eq!(receiver.got().len(), tries);
    assert_eq!(shown(&world, &endpoint).await["enabled"], true, "not yet five days");
}

#[tokio::test]
async fn a_receiver_that_is_busy_is_asked_again_at_once() {
    let (world, receiver, endpoint) = one_endpoint().await;
    receiver.answer([Reply::Busy("600")]);
    publish(&world, &[fact(&world, 1)]).await;
    later(&world, TimeDelta::minutes(9)).await;
    assert_eq!(receiver.got().len(), 1);
    later(&world, TimeDelta::minutes(2)).await;
    assert_eq!(receiver.got().len(), 2);
    assert_eq!(deliveries(&world, &endpoint).await[0]["status"], "delivered");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_posted_to_again() {
    let (world, receiver, endpoint) = one_endpoint().await;
    // Another of the same merchant hears of it, without the path that may be a key.
    let other = Receiver::start().await;
    super::endpoint(&world, &other, json!(["endpoint.disabled"])).await;
    receiver.answer([Reply::Status(500), Reply::Status(410)]);
    publish(&world, &[fact(&world, 1), fact(&world, 2)]).await;
    let now = shown(&world, &endpoint).await;
    assert_eq!((&now["enabled"], text(&now, "disabled_reason")), (&json!(false), "gone"));
    let failed: Vec<Value> = deliveries(&world, &endpoint).await;
    assert!(failed.iter().any(|one| one["failure"] == "gone"), "{failed:?}");
    // What was waiting is given up when it falls due, and what happens now is not even claimed.
    later(&world, TimeDelta::minutes(1)).await;
    publish(&world, &[fact(&world, 3)]).await;
    assert_eq!(receiver.got().len(), 2);
    let list = deliveries(&world, &endpoint).await;
    let mut failures: Vec<&str> = list.iter().map(|one| text(one, "failure")).collect();
    failures.sort_unstable();
    assert_eq!(failures, ["endpoint_off", "gone"]);
    let told = other.got();
    assert_eq!(other.events(), ["endpoint.disabled"]);
    assert!(!told[0].body.contains("/hooks"), "{}", told[0].body);
    assert_eq!(told[0].json()["data"]["actor"], "deliver_webhooks");

    // Enabled again, it gets what happens from then on.
    let body = json!({ "url": receiver.url, "events": ["receipt.sent"] });
    let path = format!("{ENDPOINTS}/{endpoint}");
    assert_eq!(world.call("PUT", &path, &body.to_string()).await.status, 200);
    publish(&world, &[fact(&world, 4)]).await;
    assert_eq!(receiver.got().len(), 3);
}

#[tokio::test]
async fn a_receiver_that_was_down_for_days_is_posted_to_for_ever() {
    let (world, receiver, endpoint) = one_endpoint().await;
    receiver.answer_always(Reply::Status(503));
    publish(&world, &[fact(&world, 1)]).await;
    let since = shown(&world, &endpoint).await["failing_since"].clone();
    assert!(since.is_string(), "{since}");
    later(&world, TimeDelta::days(5) - TimeDelta::minutes(1)).await;
    assert_eq!(shown(&world, &endpoint).await["failing_since"], since);
    assert_eq!(shown(&world, &endpoint).await["enabled"], true);
    publish(&world, &[fact(&world, 2)]).await;
    later(&world, TimeDelta::minutes(1)).await;
    let now = shown(&world, &endpoint).await;
    assert_eq!((&now["enabled"], text(&now, "disabled_reason")), (&json!(false), "failing"));
}

#[tokio::test]
async fn a_receiver_that_came_back_is_switched_off_for_what_was() {
    let (world, receiver, endpoint) = one_endpoint().await;
    receiver.answer([Reply::Status(500)]);
    publish(&world, &[fact(&world, 1)]).await;
    later(&world, TimeDelta::minutes(1)).await;
    assert_eq!(shown(&world, &endpoint).await["failing_since"], Value::Null);
    receiver.answer([Reply::Status(500)]);
    later(&world, TimeDelta::days(6)).await;
    publish(&world, &[fact(&world, 2)]).await;
    assert_eq!(shown(&world, &endpoint).await["enabled"], true);
}
