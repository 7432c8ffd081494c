//! What a bank, or someone who poses as one, may post to the callback address.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use quita_app::links::SigningKey;
use quita_core::ids::MerchantId;
use quita_psp_sandbox::{CallbackFault, HttpFault, PayOptions, PixView};
use serde_json::{Value, json};

use crate::chasing::walk;
use crate::world::{Answer, MERCHANT, World, api_request, text, txid};

/// A Pix as the bank's callback tells it.
pub fn told(pix: &PixView) -> Value {
    let mut item = json!({
        "endToEndId": pix.e2eid,
        "valor": pix.valor.to_string(),
        "chave": pix.chave,
        "horario": pix.horario,
    });
    if let Some(txid) = &pix.txid {
        item["txid"] = json!(txid);
    }
    item
}

/// Posts items to the callback address.
pub async fn post(world: &World, items: &[Value]) -> Answer {
    post_to(world, &format!("{}/pix", world.hook()), &json!({ "pix": items }).to_string()).await
}

async fn post_to(world: &World, path: &str, body: &str) -> Answer {
    world.call_with("POST", path, &[], body).await
}

/// The payer pays; the bank tells nobody.
pub async fn pay_unheard(world: &World, txid: &str) -> PixView {
    world.bank.faults().next_callback(CallbackFault::Drop);
    let paid = world.bank.pay(txid, PayOptions::default()).unwrap();
    world.bank.deliver_callbacks().await;
    world.bank.pix(&paid.e2eid).unwrap()
}

/// An invented Pix that says it pays `txid`.
fn forged(world: &World, txid: &str) -> Value {
    json!({
        "endToEndId": "E00000000202611231300abcdefghijk",
        "txid": txid,
        "valor": "1000.00",
        "chave": world.bank.config().keys[0],
        "horario": "2026-11-23T13:00:00Z",
    })
}

pub async fn status_of(world: &World, invoice: &Value) -> String {
    text(&world.reload(invoice).await, "status").to_owned()
}

pub fn receipts(world: &World) -> usize {
    world.steps().iter().filter(|step| *step == "receipt").count()
}

#[tokio::test]
async fn a_wrong_secret_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    world.usage();
    world.bank.reset_calls();
    let hook = world.hook();
    let (claims, signature) = hook.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let other_key = SigningKey::new(&"x".repeat(32)).unwrap();
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let page = text(&invoice, "portal_url").rsplit_once("/p/").unwrap().1.to_owned();
    let hooks = [
        "/pix/x".to_owned(),
        claims.to_owned(),
        format!("{claims}."),
        format!("{claims}.{first}{}", &signature[1..]),
        format!("{claims}.{}", &signature[1..]),
        format!("/pix/mer_other.{signature}"),
        format!("/pix/{page}"),
        other_key.hook_path(&merchant),
        format!("/pix/{}", "a.".repeat(5_000)),
    ];
    let body = json!({ "pix": [told(&pix)] }).to_string();
    for hook in hooks {
        for path in [hook.clone(), format!("{hook}/pix")] {
            let answer = post_to(&world, &path, &body).await;
            assert_eq!(answer.outcome(), "401 unauthorized", "{path}");
        }
    }
    let answer = world.call_with("GET", &format!("{}/pix", world.hook()), &[], "").await;
    assert_eq!(answer.outcome(), "405 method-not-allowed");
    assert_eq!(world.usage().requests(), 0);
    assert_eq!(world.bank.total_calls(), 0);
    assert_eq!(status_of(&world, &invoice).await, "open");
}

#[tokio::test]
async fn bodies_that_are_no_callback() {
    let world = World::new().await;
    let path = format!("{}/pix", world.hook());
    let limit = quita_pix::callback::BYTES_MAX;
    let item = forged(&world, "a").to_string();
    let many = format!("[{}]", vec![item.as_str(); quita_pix::callback::ITEMS_MAX + 1].join(","));
    let deep = format!("{{\"pix\":{}", "[".repeat(100_000));
    let cases = [
        (" ".repeat(limit + 1), "413 body-too-large"),
        ("{".to_owned(), "400 malformed-request"),
        ("pix".to_owned(), "400 malformed-request"),
        ("{}".to_owned(), "400 malformed-request"),
        ("{\"pix\":1}".to_owned(), "400 malformed-request"),
        ("{\"cobsr\":[]}".to_owned(), "400 malformed-request"),
        (many, "400 malformed-request"),
        (deep, "400 malformed-request"),
        // Probes a bank makes when the address is registered.
        (String::new(), "200"),
        ("{\"evento\":\"teste_webhook\"}".to_owned(), "200"),
        ("{\"pix\":[]}".to_owned(), "200"),
    ];
    for (body, expected) in cases {
        let start: String = body.chars().take(60).collect();
        assert_eq!(post_to(&world, &path, &body).await.outcome(), expected, "{start}");
    }
    assert_eq!(world.usage().requests(), 0);
    assert_eq!(world.bank.total_calls(), 0);
}

#[tokio::test]
async fn trap_19_one_bad_item_does_not_take_the_batch_down() {
    let world = World::new().await;
    let customer = world.customer().await;
    let first = world.invoice(&customer, json!({ "number": "1" })).await;
    let second = world.invoice(&customer, json!({ "number": "2" })).await;
    let one = told(&pay_unheard(&world, &txid(&first, 1)).await);
    let two = told(&pay_unheard(&world, &txid(&second, 1)).await);
    let mut unreadable = two.clone();
    unreadable["valor"] = json!("1,000.00");
    unreadable["endToEndId"] = json!("E00000000202611231300abcdefghij9");
    let batch = [
        json!(null),
        forged(&world, &txid(&first, 1)),
        one.clone(),
        unreadable,
        json!({ "endToEndId": "short" }),
        one,
        two,
    ];
    assert_eq!(post(&world, &batch).await.status, 200);
    world.settle().await;
    assert_eq!(status_of(&world, &first).await, "paid");
    assert_eq!(status_of(&world, &second).await, "paid");
    assert_eq!(world.parked().await, ["not_confirmed"]);
    assert_eq!(receipts(&world), 2);
}

#[tokio::test]
async fn trap_17_the_shapes_and_addresses_of_every_bank() {
    let world = World::new().await;
    let customer = world.customer().await;
    type Shape = fn(Value) -> Value;
    let shapes: [(&str, Shape); 4] = [
        ("/pix", |pix| json!({ "pix": [pix] })),
        // The bare address; the root array of Banco Inter; a lone object.
        ("", |pix| json!({ "pix": [pix] })),
        ("/pix", |pix| json!([pix])),
        ("/pix", |pix| json!({ "pix": pix })),
    ];
    for (suffix, shape) in shapes {
        let invoice = world.invoice(&customer, json!({})).await;
        let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
        let path = format!("{}{suffix}", world.hook());
        let body = shape(told(&pix)).to_string();
        assert_eq!(post_to(&world, &path, &body).await.status, 200, "{body}");
        world.settle().await;
        assert_eq!(status_of(&world, &invoice).await, "paid", "{body}");
    }
    let path = format!("{}/pix/pix", world.hook());
    assert_eq!(post_to(&world, &path, "{\"pix\":[]}").await.status, 404);
}

#[tokio::test]
async fn trap_20_ten_deliveries_are_one_payment() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    for _ in 0..10 {
        assert_eq!(post(&world, &[told(&pix)]).await.status, 200);
        world.settle().await;
    }
    let paid = world.reload(&invoice).await;
    assert_eq!(text(&paid, "status"), "paid");
    assert_eq!(paid["instalments"][0]["payments"].as_array().unwrap().len(), 1);
    assert_eq!(world.parked().await, Vec::<String>::new());
    assert_eq!(receipts(&world), 1);
}

#[tokio::test]
async fn two_callbacks_at_once_credit_once() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    let path = format!("{}/pix", world.hook());
    let body = json!({ "pix": [told(&pix), told(&pix)] }).to_string();
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let (machine, request) =
                (world.machine.clone(), api_request("POST", &path, &[], &body));
            tokio::spawn(async move { machine.http(request).await.status_code })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
    world.settle().await;
    let names = world.timeline(&invoice).await;
    assert_eq!(names.iter().filter(|name| *name == "payment.matched").count(), 1, "{names:?}");
    assert_eq!(receipts(&world), 1);
}

#[tokio::test]
async fn trap_21_the_second_callback_brings_the_refund() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let e2eid = world.pay(&txid(&invoice, 1)).await;
    assert_eq!(status_of(&world, &invoice).await, "paid");
    world.bank.return_pix(&e2eid, "100.00").unwrap();
    world.settle().await;
    let reopened = world.reload(&invoice).await;
    assert_eq!(text(&reopened, "status"), "partially_paid");
    assert_eq!(text(&reopened, "outstanding"), "100.00");
    assert_eq!(text(&reopened["instalments"][0]["payments"][0], "released"), "100.00");
    assert_eq!(text(&reopened["next_action"], "why"), "on_hold");
    world.bank.return_pix(&e2eid, "900.00").unwrap();
    world.settle().await;
    assert_eq!(text(&world.reload(&invoice).await, "outstanding"), "1000.00");
    // A person decides how to go on: nothing is asked for meanwhile.
    walk(&world, "2026-12-20 12:00").await;
    assert_eq!(world.steps(), ["issue", "receipt"]);
    assert_eq!(world.bank.total_returned().to_string(), "1000.00");
}

#[tokio::test]
async fn trap_21_a_payment_first_heard_of_by_its_refund() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    world.bank.return_pix(&pix.e2eid, "1000.00").unwrap();
    world.settle().await;
    let back = world.reload(&invoice).await;
    assert_eq!((text(&back, "status"), text(&back, "outstanding")), ("open", "1000.00"));
    assert_eq!(text(&back["instalments"][0]["payments"][0], "released"), "1000.00");
    let names = world.timeline(&invoice).await;
    assert!(names.iter().any(|name| name == "payment.released"), "{names:?}");
}

#[tokio::test]
async fn trap_22_a_payment_overtakes_the_answer_to_its_charge() {
    let world = World::new().await;
    let customer = world.customer().await;
    world.bank.faults().next_call(HttpFault::TimeoutAfterCommit);
    world.bank.faults().next_call(HttpFault::InternalError);
    let invoice = world.invoice(&customer, json!({})).await;
    let charge = &invoice["instalments"][0]["charge"];
    assert_eq!(text(charge, "status"), "pending", "{charge}");
    world.pay(&txid(&invoice, 1)).await;
    assert_eq!(status_of(&world, &invoice).await, "paid");
    walk(&world, "2026-11-24 12:00").await;
    assert_eq!(world.bank.charges().len(), 1);
    assert_eq!(world.steps(), ["receipt"]);
}

#[tokio::test]
async fn a_slow_bank_delays_no_answer() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    world.bank.faults().set_stall(Some(Duration::from_secs(30)));
    world.bank.faults().next_call(HttpFault::TimeoutBeforeCommit);
    let started = Instant::now();
    assert_eq!(post(&world, &[told(&pix)]).await.status, 200);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(status_of(&world, &invoice).await, "open");
    world.settle().await;
    assert_eq!(status_of(&world, &invoice).await, "paid");
    assert_eq!(receipts(&world), 1);
}

#[tokio::test]
async fn a_bank_that_is_down_at_the_callback_is_asked_again_and_not_in_a_rush() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    world.bank.faults().next_calls(1_000, HttpFault::Unavailable);
    world.bank.reset_calls();
    assert_eq!(post(&world, &[told(&pix)]).await.status, 200);
    world.settle().await;
    assert_eq!(world.parked().await, Vec::<String>::new());
    assert!(world.bank.total_calls() <= 2, "{:?}", world.bank.calls());
    // Told again meanwhile: still one payment, still reported.
    assert_eq!(post(&world, &[told(&pix)]).await.status, 200);
    world.settle().await;
    world.bank.reset_calls();
    for _ in 0..60 {
        world.clock.advance(chrono::TimeDelta::minutes(1)).unwrap();
        world.sweep().await;
    }
    // 15 s, doubling, and never more than an hour apart.
    let calls = world.bank.total_calls();
    assert!((3..=12).contains(&calls), "{calls} calls in an hour");
    assert_eq!(status_of(&world, &invoice).await, "open");
    world.bank.faults().clear();
    world.clock.advance(chrono::TimeDelta::hours(1)).unwrap();
    world.sweep().await;
    assert_eq!(status_of(&world, &invoice).await, "paid");
    assert_eq!(receipts(&world), 1);
    assert!(world.machine.dead_letters().is_empty());
}

#[tokio::test]
async fn the_amount_told_is_not_the_amount_credited() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.bank.faults().next_callback(CallbackFault::WrongAmount("0.01".to_owned()));
    world.pay(&txid(&invoice, 1)).await;
    let paid = world.reload(&invoice).await;
    assert_eq!(text(&paid["instalments"][0]["payments"][0], "amount"), "1000.00");
}

#[tokio::test]
async fn trap_25_a_pix_late_in_the_evening_is_on_time() {
    let world = World::new().await;
    let invoice = world.issued().await;
    // 10 December, 22:30 in São Paulo; the 11th in Greenwich.
    let on: DateTime<Utc> = "2026-12-11T01:30:00Z".parse().unwrap();
    world.clock.set(on).unwrap();
    world.pay_with(&txid(&invoice, 1), PayOptions { on: Some(on), ..PayOptions::default() }).await;
    let paid = world.reload(&invoice).await;
    assert_eq!(text(&paid, "status"), "paid");
    assert_eq!(text(&paid["instalments"][0]["payments"][0], "amount"), "1000.00");
    assert_eq!(world.parked().await, Vec::<String>::new());
}
