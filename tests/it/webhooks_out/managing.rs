//! Fears: an endpoint that leads inside, a secret that changes under a receiver, a change that
//! nobody can see afterwards.

use chrono::TimeDelta;
use quita_core::access::Permission;
use quita_core::ids::MerchantId;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{ENDPOINTS, deliveries, endpoint, fact, later, publish, secret};
use crate::world::{MERCHANT, World, text};

#[tokio::test]
async fn an_endpoint_is_made_of_anything() {
    let world = World::new().await;
    let check = async |body: Value, properties: &[&str]| {
        let answer = world.post(ENDPOINTS, &body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        assert_eq!(answer.properties(), properties, "{body}");
    };
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "http://10.0.0.1/",
        "https://[fd00:ec2::254]/",
        "http://example.com/",
        "https://metadata.google.internal/",
        "https://hooks.example.com:22/",
        "nonsense",
    ] {
        check(json!({ "url": url }), &["url"]).await;
    }
    let fine = "https://hooks.example.com/";
    check(json!({ "url": fine, "events": [] }), &["events"]).await;
    let unknown = json!(["invoice.paid", "invoice.paid.v1", "delivery.due"]);
    check(json!({ "url": fine, "events": unknown }), &["events[1]", "events[2]"]).await;
    let everything = json!({ "url": "x", "description": "a\nb", "events": ["x"] });
    check(everything, &["url", "description", "events[0]"]).await;
    check(json!({ "url": fine, "description": "d".repeat(201) }), &["description"]).await;
    let odd = world.post(ENDPOINTS, &json!({ "url": fine, "secret": "mine" })).await;
    assert_eq!(odd.status, 400, "{}", odd.body);
    assert_eq!(world.get(ENDPOINTS).await["items"], json!([]));
}

#[tokio::test]
async fn an_endpoint_is_made_twice_or_once_too_often() {
    let world = World::new().await;
    let bearer = world.bearer();
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "one")];
    let body = json!({ "url": "https://hooks.example.com/1" }).to_string();
    let first = world.call_with("POST", ENDPOINTS, &headers, &body).await;
    let again = world.call_with("POST", ENDPOINTS, &headers, &body).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let body = json!({ "url": "https://hooks.example.com/2" });
    let other = world.call_with("POST", ENDPOINTS, &headers, &body.to_string()).await;
    assert_eq!(other.status, 422, "{}", other.body);
    for _ in 1..10 {
        assert_eq!(world.post(ENDPOINTS, &body).await.status, 201);
    }
    let past = world.post(ENDPOINTS, &body).await;
    assert_eq!(past.status, 409, "{}", past.body);
    assert_eq!(world.get(ENDPOINTS).await["items"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_receiver_refuses_posts_after_its_secret_was_exchanged() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, json!(["receipt.sent"])).await;
    let old = secret(&world, &endpoint).await;
    assert_eq!(old, secret(&world, &endpoint).await);
    let path = format!("{ENDPOINTS}/{endpoint}/secret/rotate");
    assert_eq!(world.call("POST", &path, "").await.status, 200);
    let new = secret(&world, &endpoint).await;
    assert_ne!(old, new);
    publish(&world, &[fact(&world, 1)]).await;
    later(&world, TimeDelta::hours(24)).await;
    publish(&world, &[fact(&world, 2)]).await;
    let got = receiver.got();
    let verifies = |nth: usize| (got[nth].verifies(&old), got[nth].verifies(&new));
    assert_eq!((verifies(0), verifies(1)), ((1, 1), (0, 1)));
    let shown = world.get(&format!("{ENDPOINTS}/{endpoint}/secret")).await;
    assert_eq!(shown["previous_secret_until"], Value::Null);
}

#[tokio::test]
async fn somebody_who_may_only_look_reads_the_secret_or_changes_something() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, Value::Null).await;
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let key = world.key_of(&merchant, [Permission::Read].into()).await;
    let bearer = format!("Bearer {key}");
    let of = |rest: &str| format!("{ENDPOINTS}/{endpoint}{rest}");
    for (method, path, status) in [
        ("GET", ENDPOINTS.to_owned(), 200),
        ("GET", of(""), 200),
        ("GET", of("/deliveries"), 200),
        ("GET", "/v1/event_types".to_owned(), 200),
        ("GET", "/v1/event_types/invoice.paid".to_owned(), 200),
        ("GET", "/v1/event_types/invoice.lost".to_owned(), 404),
        ("GET", of("/secret"), 403),
        ("POST", of("/secret/rotate"), 403),
        ("POST", of("/test"), 403),
        ("POST", of("/close"), 403),
        ("POST", of("/replays"), 403),
        ("PUT", of(""), 403),
        ("POST", ENDPOINTS.to_owned(), 403),
    ] {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
        let answer = world.call_with(method, &path, &headers, "{}").await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_test_goes_to_everybody_or_to_nobody() {
    let world = World::new().await;
    let (one, two) = (Receiver::start().await, Receiver::start().await);
    let off = json!({ "url": one.url, "events": ["receipt.sent"], "enabled": false });
    let tested = world.post(ENDPOINTS, &off).await.json();
    let tested = text(&tested, "id");
    endpoint(&world, &two, json!(["endpoint.tested"])).await;
    let answer = world.call("POST", &format!("{ENDPOINTS}/{tested}/test"), "").await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    assert_eq!(one.events(), ["endpoint.tested"]);
    assert_eq!(one.got()[0].id(), text(&answer.json(), "delivery_id"));
    assert_eq!(one.got()[0].verifies(&secret(&world, tested).await), 1);
    assert_eq!(two.got().len(), 0);
    let path = format!("{ENDPOINTS}/{tested}/deliveries/{}", one.got()[0].id());
    assert_eq!(world.get(&path).await["status"], "delivered");
}

#[tokio::test]
async fn a_deleted_endpoint_is_posted_to() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, json!(["receipt.sent"])).await;
    receiver.answer([Reply::Status(500)]);
    publish(&world, &[fact(&world, 1)]).await;
    let path = format!("{ENDPOINTS}/{endpoint}");
    assert_eq!(world.call("POST", &format!("{path}/close"), "").await.status, 200);
    assert_eq!(world.call("GET", &path, "").await.status, 404);
    assert_eq!(world.call("POST", &format!("{path}/close"), "").await.status, 404);
    later(&world, TimeDelta::minutes(1)).await;
    publish(&world, &[fact(&world, 2)]).await;
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_told() {
    let world = World::new().await;
    let (receiver, listener) = (Receiver::start().await, Receiver::start().await);
    let changed = endpoint(&world, &receiver, json!(["receipt.sent"])).await;
    endpoint(&world, &listener, json!(["endpoint.changed"])).await;
    let path = format!("{ENDPOINTS}/{changed}");
    let put = async |body: Value| {
        let answer = world.call("PUT", &path, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        world.settle().await;
        answer.json()
    };
    let same = json!({ "url": receiver.url, "description": "ERP", "events": ["receipt.sent"] });
    put(same).await;
    assert_eq!(listener.got().len(), 0);
    let off = put(json!({ "url": receiver.url, "description": "CRM", "enabled": false })).await;
    assert_eq!((&off["events"], text(&off, "disabled_reason")), (&Value::Null, "asked"));
    let data = listener.got()[0].json()["data"]["data"].clone();
    assert_eq!(text(&data, "endpoint_id"), changed);
    assert_eq!(
        (text(&data["before"], "description"), &data["before"]["enabled"]),
        ("ERP", &json!(true))
    );
    assert_eq!(
        (text(&data["after"], "description"), &data["after"]["enabled"]),
        ("CRM", &json!(false))
    );
    publish(&world, &[fact(&world, 1)]).await;
    assert_eq!(receiver.got().len(), 0);
    assert_eq!(deliveries(&world, &changed).await.len(), 0);
}

#[tokio::test]
async fn the_catalogue_offers_what_is_told_to_nobody() {
    let world = World::new().await;
    let list = world.get("/v1/event_types").await;
    let items = list["items"].as_array().unwrap();
    let names: Vec<&str> = items.iter().map(|item| text(item, "name")).collect();
    assert!(names.is_sorted() && names.len() > 40, "{names:?}");
    for name in ["invoice.paid", "payment.matched", "refund.returned", "endpoint.disabled"] {
        assert!(names.contains(&name), "{name}");
    }
    for name in names {
        assert!(!name.ends_with("due") && name != "endpoint.replay_asked", "{name}");
        let one = world.get(&format!("/v1/event_types/{name}")).await;
        assert_eq!(text(&one["schema"], "type"), "object", "{name}");
    }
}
