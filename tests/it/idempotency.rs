//! A request that is made twice must not do anything twice.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};

use chrono::TimeDelta;
use quita_testkit::fault::Fault;
use serde_json::{Value, json};

use crate::bad_invoices::{assert_wrote_nothing, with};
use crate::world::{Answer, World, api_request, text};

const REPLAYED: &str = "idempotency-replayed";

async fn post(world: &World, key: &str, path: &str, body: &Value) -> Answer {
    let bearer = world.bearer();
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    world.call_with("POST", path, &headers, &body.to_string()).await
}

async fn invoices(world: &World) -> usize {
    world.get("/v1/invoices").await["items"].as_array().unwrap().len()
}

fn assert_replays(first: &Answer, again: &Answer) {
    assert_eq!(first.header(REPLAYED), None);
    assert_eq!(again.header(REPLAYED), Some("true"), "{}", again.body);
    assert_eq!((again.status, &again.body), (first.status, &first.body));
}

#[tokio::test]
async fn the_same_request_again_is_answered_as_the_first_time() {
    let world = World::new().await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer);
    let first = post(&world, "a", "/v1/invoices", &body).await;
    assert_eq!(first.status, 201, "{}", first.body);
    world.settle().await;
    world.usage();
    for _ in 0..3 {
        assert_replays(&first, &post(&world, "a", "/v1/invoices", &body).await);
    }
    world.settle().await;
    assert_eq!(invoices(&world).await, 1);
    assert_eq!(world.bank.charges().len(), 1);
    assert_eq!(world.steps(), ["issue"]);
}

#[tokio::test]
async fn a_repeat_is_answered_although_it_would_be_refused_by_now() {
    let world = World::new().await;
    let customer = world.customer().await;
    let body = with(World::invoice_body(&customer), &json!({ "due_date": "2026-11-23" }));
    let first = post(&world, "a", "/v1/invoices", &body).await;
    assert_eq!(first.status, 201, "{}", first.body);
    world.at("2026-11-24 00:10").await;
    assert_replays(&first, &post(&world, "a", "/v1/invoices", &body).await);
    let fresh = post(&world, "b", "/v1/invoices", &body).await;
    assert_eq!(fresh.properties(), ["due_date"]);
    // Wrong by itself, and under a used key: what the caller has to learn is that the key is taken.
    let other = with(body.clone(), &json!({ "amount": "1.0" }));
    let answer = post(&world, "a", "/v1/invoices", &other).await;
    assert_eq!(answer.outcome(), "422 idempotency-key-reused", "{}", answer.body);
    assert_eq!(invoices(&world).await, 1);
}

#[tokio::test]
async fn another_body_under_the_same_key_is_refused() {
    let world = World::new().await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer);
    assert_eq!(post(&world, "a", "/v1/invoices", &body).await.status, 201);
    world.settle().await;
    let other = with(body.clone(), &json!({ "amount": "1000.01" }));
    let answer = post(&world, "a", "/v1/invoices", &other).await;
    assert_eq!(answer.outcome(), "422 idempotency-key-reused", "{}", answer.body);
    assert_eq!(invoices(&world).await, 1);
    // Upper and lower case are two keys.
    assert_eq!(post(&world, "A", "/v1/invoices", &other).await.status, 201);
    assert_eq!(invoices(&world).await, 2);
}

#[tokio::test]
async fn a_key_used_on_another_route_or_target_is_no_repeat() {
    let world = World::new().await;
    let customer = json!({
        "name": "Padaria Aurora Ltda",
        "document": "12ABC34501DE35",
        "emails": ["financeiro@aurora.example"],
    });
    let created = post(&world, "k", "/v1/customers", &customer).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let body = World::invoice_body(text(&created.json(), "id"));
    let first = post(&world, "k", "/v1/invoices", &body).await;
    assert_eq!((first.status, first.header(REPLAYED)), (201, None), "{}", first.body);
    let second = post(&world, "l", "/v1/invoices", &body).await;
    world.settle().await;
    let cancel = |answer: &Answer| format!("/v1/invoices/{}/cancel", text(&answer.json(), "id"));
    let reason = json!({ "reason": "typed twice" });
    assert_eq!(post(&world, "k", &cancel(&first), &reason).await.status, 202);
    let answer = post(&world, "k", &cancel(&second), &reason).await;
    assert_eq!(answer.outcome(), "422 idempotency-key-reused");
    world.settle().await;
    let kept = world.reload(&second.json()).await;
    assert_eq!(text(&kept, "status"), "open");
}

/// The same request, many times at once, each on a thread of its own.
fn at_once(world: &World, path: &str, body: &Value, times: usize) -> Vec<Answer> {
    let bearer = world.bearer();
    let start = Arc::new(Barrier::new(times));
    let calls: Vec<_> = (0..times)
        .map(|_| {
            let headers = [("authorization", bearer.as_str()), ("idempotency-key", "same")];
            let request = api_request("POST", path, &headers, &body.to_string());
            let (machine, start) = (world.machine.clone(), start.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                start.wait();
                Answer::of(runtime.block_on(machine.http(request)))
            })
        })
        .collect();
    calls.into_iter().map(|call| call.join().unwrap()).collect()
}

#[tokio::test]
async fn the_same_request_at_once_makes_one_invoice() {
    let world = World::new().await;
    let customer = world.customer().await;
    let answers = at_once(&world, "/v1/invoices", &World::invoice_body(&customer), 8);
    let fresh = answers.iter().filter(|answer| answer.header(REPLAYED).is_none()).count();
    assert_eq!(fresh, 1);
    let bodies: BTreeSet<&str> = answers.iter().map(|answer| answer.body.as_str()).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(answers.iter().all(|answer| answer.status == 201));
    assert_eq!(invoices(&world).await, 1);
}

#[tokio::test]
async fn the_same_cancellation_at_once_is_one() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let path = format!("/v1/invoices/{}/cancel", text(&invoice, "id"));
    let answers = at_once(&world, &path, &json!({ "reason": "typed twice" }), 6);
    assert!(answers.iter().all(|answer| answer.status == 202));
    world.settle().await;
    let names = world.timeline(&invoice).await;
    assert_eq!(names.iter().filter(|name| *name == "invoice.cancel_requested").count(), 1);
    assert_eq!(names.last().map(String::as_str), Some("invoice.canceled"));
}

/// Loses the answer of the transaction that `path` ends in, then makes the same request again.
async fn check_lost_answer(world: &World, reads: usize, path: &str, body: &Value) -> Answer {
    // The gateway knows the key, so what is counted is the request's own.
    world.get("/v1/session").await;
    world.faults.pass_next(reads);
    world.faults.fail_next(Fault::AfterCommit);
    let lost = post(world, "lost", path, body).await;
    assert_eq!(lost.outcome(), "503 temporarily-unavailable", "{path}: {}", lost.body);
    assert_eq!(lost.header("retry-after"), Some("2"));
    let again = post(world, "lost", path, body).await;
    assert_eq!(again.header(REPLAYED), Some("true"), "{path}: {}", again.body);
    assert!(again.status < 300, "{path}: {}", again.body);
    assert_eq!(post(world, "lost", path, body).await.body, again.body, "{path}");
    again
}

#[tokio::test]
async fn an_answer_lost_after_the_commit_is_found_by_the_repeat() {
    let world = World::new().await;
    let customer = json!({
        "name": "Padaria Aurora Ltda",
        "document": "12ABC34501DE35",
        "emails": ["financeiro@aurora.example"],
    });
    let created = check_lost_answer(&world, 0, "/v1/customers", &customer).await;
    let body = World::invoice_body(text(&created.json(), "id"));
    let invoice = check_lost_answer(&world, 1, "/v1/invoices", &body).await.json();
    world.settle().await;
    let base = format!("/v1/invoices/{}", text(&invoice, "id"));
    let reason = json!({ "reason": "the payer lost the code" });
    check_lost_answer(&world, 1, &format!("{base}/instalments/1/charges"), &reason).await;
    world.settle().await;
    check_lost_answer(&world, 1, &format!("{base}/cancel"), &reason).await;
    world.settle().await;
    assert_eq!(world.get("/v1/customers").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(invoices(&world).await, 1);
    assert_eq!(world.bank.charges().len(), 2);
    assert_eq!(text(&world.reload(&invoice).await, "status"), "canceled");
}

#[tokio::test]
async fn a_request_lost_before_the_commit_is_done_by_the_repeat() {
    let world = World::new().await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer);
    for fault in [Fault::BeforeCommit, Fault::Throttle] {
        let key = format!("{fault:?}");
        world.faults.pass_next(1);
        world.faults.fail_next(fault);
        let lost = post(&world, &key, "/v1/invoices", &body).await;
        assert_eq!(lost.outcome(), "503 temporarily-unavailable", "{key}: {}", lost.body);
        let again = post(&world, &key, "/v1/invoices", &body).await;
        assert_eq!((again.status, again.header(REPLAYED)), (201, None), "{key}");
    }
    assert_eq!(invoices(&world).await, 2);
    // Who only lost a race is served after all.
    world.faults.pass_next(1);
    world.faults.fail_next(Fault::Conflict);
    assert_eq!(post(&world, "raced", "/v1/invoices", &body).await.outcome(), "201");
    assert_eq!(invoices(&world).await, 3);
}

#[tokio::test]
async fn trap_48_an_expired_answer_that_is_still_there_does_no_harm() {
    let world = World::new().await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer);
    let first = post(&world, "a", "/v1/invoices", &body).await;
    world.settle().await;
    world.clock.advance(TimeDelta::days(8)).unwrap();
    // The table deletes in its own time: until it has, a repeat is still a repeat.
    assert_replays(&first, &post(&world, "a", "/v1/invoices", &body).await);
    assert_eq!(world.machine.engine().sweep_ttl(world.now()).unwrap(), 2);
    let anew = post(&world, "a", "/v1/invoices", &body).await;
    assert_eq!((anew.status, anew.header(REPLAYED)), (201, None));
    assert_eq!(invoices(&world).await, 2);
}

#[tokio::test]
async fn commands_are_told_again_and_done_once() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let base = format!("/v1/invoices/{}", text(&invoice, "id"));
    let reason = json!({ "reason": "the payer lost the code" });
    let charges = format!("{base}/instalments/1/charges");
    let first = post(&world, "r", &charges, &reason).await;
    assert_eq!(first.status, 202, "{}", first.body);
    assert_replays(&first, &post(&world, "r", &charges, &reason).await);
    world.settle().await;
    assert_replays(&first, &post(&world, "r", &charges, &reason).await);
    let reissued = world.reload(&invoice).await;
    assert_eq!(reissued["instalments"][0]["charge"]["revision"], 1);
    let other = json!({ "reason": "another" });
    let answer = post(&world, "r", &charges, &other).await;
    assert_eq!(answer.outcome(), "422 idempotency-key-reused");

    let cancel = format!("{base}/cancel");
    let first = post(&world, "c", &cancel, &reason).await;
    world.settle().await;
    assert_replays(&first, &post(&world, "c", &cancel, &reason).await);
    // A second cancellation under its own key changes nothing and is no error.
    assert_eq!(post(&world, "d", &cancel, &other).await.status, 202);
    world.settle().await;
    let names = world.timeline(&invoice).await;
    assert_eq!(names.iter().filter(|name| *name == "charge.reissued").count(), 1);
    assert_eq!(names.iter().filter(|name| *name == "invoice.cancel_requested").count(), 1);
}

#[tokio::test]
async fn a_refused_command_uses_up_no_key() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.pay(&crate::world::txid(&invoice, 1)).await;
    world.usage();
    let base = format!("/v1/invoices/{}", text(&invoice, "id"));
    let reason = json!({ "reason": "typed twice" });
    for path in [format!("{base}/cancel"), format!("{base}/instalments/1/charges")] {
        let answer = post(&world, "c", &path, &reason).await;
        assert_eq!(answer.outcome(), "409 conflict", "{path}");
        assert_wrote_nothing(&world, &path);
    }
    for bad in [json!({}), json!({ "reason": 1 })] {
        let answer = post(&world, "c", &format!("{base}/cancel"), &bad).await;
        assert_eq!(answer.outcome(), "400 malformed-request");
    }
    for bad in ["", "   ", "two\nlines", &"x".repeat(301)] {
        let body = json!({ "reason": bad });
        let answer = post(&world, "c", &format!("{base}/cancel"), &body).await;
        assert_eq!(answer.properties(), ["reason"], "{bad}");
    }
    assert_wrote_nothing(&world, "reasons");
}
