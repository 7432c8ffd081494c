//! What needs a person: it is listed with what one needs to decide, nothing is decided for one, and
//! what was decided stays visible.

use quita_core::pix_key::PixKey;
use quita_psp_sandbox::{PayOptions, Payer};
use serde_json::{Value, json};

use crate::bad_invoices::assert_wrote_nothing;
use crate::callbacks::status_of;
use crate::chasing::{change_merchant, walk};
use crate::payments::{ask, done, payment, recorded, transfer};
use crate::world::{World, text, txid};

async fn queue(world: &World) -> Vec<Value> {
    world.get("/v1/exceptions").await["items"].as_array().unwrap().clone()
}

async fn act(world: &World, id: &str, what: &str, body: Value) -> Value {
    let answer = world.post(&format!("/v1/exceptions/{id}/{what}"), &body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.body);
    world.settle().await;
    answer.json()
}

#[tokio::test]
async fn money_paid_twice_shows_what_was_expected_and_is_given_back() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.pay(&txid(&invoice, 1)).await;
    let payer = Payer { nome: "Padaria Aurora".into(), document: "12ABC34501DE35".into() };
    let twice = PayOptions { force: true, payer: Some(payer), ..PayOptions::default() };
    let id = world.pay_with(&txid(&invoice, 1), twice).await;
    world.clock.advance(chrono::TimeDelta::hours(49)).unwrap();
    let queue = queue(&world).await;
    let [item] = queue.as_slice() else { panic!("one waits: {queue:?}") };
    assert_eq!((text(item, "reason"), &item["age_days"]), ("already_paid", &json!(2)));
    assert_eq!(text(&item["expected"], "amount"), "1000.00");
    assert_eq!(text(&item["expected"], "status"), "paid");
    assert_eq!(text(&item["payment"]["payer"], "document"), "**.ABC.345/****-**");
    let assigned = act(&world, &id, "assign", json!({ "to": "Ana" })).await;
    assert_eq!(text(&assigned["attention"], "assignee"), "Ana");
    act(&world, &id, "assign", json!({ "to": "Ana" })).await;
    done(&world, &id, "refunds", json!({ "amount": "1000.00", "reason": "paid twice" })).await;
    assert_eq!(text(&payment(&world, &id).await, "status"), "returned");
    assert_eq!(self::queue(&world).await, Vec::<Value>::new());
    assert_eq!(status_of(&world, &invoice).await, "paid");
    let told = world.get(&format!("/v1/payments/{id}/timeline")).await;
    let told: Vec<&str> =
        told["items"].as_array().unwrap().iter().map(|it| text(it, "event")).collect();
    let expected = [
        "payment.received",
        "payment.parked",
        "payment.assigned",
        "refund.asked",
        "payment.resolved",
        "refund.taken",
        "refund.returned",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_stray_pix_is_suggested_to_the_payers_debt_and_a_tie_is_never_chosen() {
    let world = World::new().await;
    let customer = world.customer().await;
    let one = world.invoice(&customer, json!({ "number": "NF-1", "amount": "700.00" })).await;
    let key = world.bank.config().keys[0].clone();
    let payer = Payer { nome: "Padaria Aurora".into(), document: "12ABC34501DE35".into() };
    let options = || PayOptions { payer: Some(payer.clone()), ..PayOptions::default() };
    let stray = world.bank.pay_key_with(&key, "700.00", Some("STRAY"), options()).unwrap();
    world.settle().await;
    let path = format!("/v1/exceptions/{}", stray.e2eid);
    let shown = world.get(&path).await;
    assert_eq!(shown["searched"], json!({ "scope": "customer", "invoices": 1, "complete": true }));
    let best = &shown["candidates"][0];
    assert_eq!(best["allocations"][0]["invoice_id"], one["id"]);
    assert_eq!((&best["preselected"], &best["is_tie"]), (&json!(true), &json!(false)), "{best}");
    assert_eq!(text(&best["allocations"][0], "amount_due"), "700.00");
    let reasons = best["reasons"].as_array().unwrap();
    assert!(reasons.contains(&json!("payer_document")), "{best}");
    // The same debt once more: nothing tells which of both is meant.
    world.invoice(&customer, json!({ "number": "NF-2", "amount": "700.00" })).await;
    let shown = world.get(&path).await;
    let candidates = shown["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 2, "{shown}");
    for candidate in candidates {
        assert_eq!(
            (&candidate["is_tie"], &candidate["preselected"]),
            (&json!(true), &json!(false))
        );
    }
    assert_eq!(status_of(&world, &one).await, "open");
    // Split by hand.
    let parts = json!({ "allocations": [
        { "invoice_id": one["id"], "amount": "600.00" },
        { "invoice_id": one["id"], "instalment": 1, "amount": "100.00" },
    ] });
    done(&world, &stray.e2eid, "allocations", parts).await;
    assert_eq!(status_of(&world, &one).await, "paid");
    assert_eq!(queue(&world).await, Vec::<Value>::new());
    assert_eq!(world.call("GET", &path, "").await.outcome(), "404 not-found");
}

#[tokio::test]
async fn money_of_nobody_known_is_looked_for_among_all_debts() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "amount": "123.45" })).await;
    let key = world.bank.config().keys[0].clone();
    let stray = world.bank.pay_key(&key, "123.45", Some("STATIC1")).unwrap();
    world.settle().await;
    let shown = world.get(&format!("/v1/exceptions/{}", stray.e2eid)).await;
    assert_eq!(text(&shown["searched"], "scope"), "merchant");
    let best = &shown["candidates"][0];
    assert_eq!(best["allocations"][0]["invoice_id"], invoice["id"]);
    assert_eq!(best["preselected"], false, "an amount alone is no key: {best}");
    assert_eq!(shown["exception"]["expected"], Value::Null);
}

#[tokio::test]
async fn dismissed_money_is_set_aside_and_not_forgotten() {
    let world = World::new().await;
    let key = world.bank.config().keys[0].clone();
    let stray = world.bank.pay_key(&key, "80.00", Some("STRAY")).unwrap();
    world.settle().await;
    let path = format!("/v1/exceptions/{}/dismiss", stray.e2eid);
    world.usage();
    for body in [json!({}), json!({ "reason": 1 })] {
        let answer = world.post(&path, &body).await;
        assert_eq!(answer.outcome(), "400 malformed-request", "{body}");
    }
    let answer = world.post(&path, &json!({ "reason": "" })).await;
    assert_eq!(answer.properties(), ["reason"]);
    assert_wrote_nothing(&world, "a dismissal without a reason");
    let aside = act(&world, &stray.e2eid, "dismiss", json!({ "reason": "a gift" })).await;
    assert_eq!((text(&aside, "status"), text(&aside, "unidentified")), ("set_aside", "80.00"));
    assert_eq!(queue(&world).await, Vec::<Value>::new());
    for what in ["dismiss", "assign"] {
        let path = format!("/v1/exceptions/{}/{what}", stray.e2eid);
        let body =
            if what == "assign" { json!({ "to": "Ana" }) } else { json!({ "reason": "again" }) };
        let answer = world.post(&path, &body).await;
        assert_eq!(answer.outcome(), "409 conflict", "{what}: {}", answer.body);
    }
    let report = world.get("/v1/reports/cash?from=2026-11-23&to=2026-11-23").await;
    assert_eq!(text(&report["unidentified"], "amount"), "80.00", "{report}");
    assert_eq!(text(&report["unidentified_now"], "amount"), "0.00");
    // It can still find its place.
    let customer = world.customer().await;
    done(&world, &stray.e2eid, "account", json!({ "customer_id": customer })).await;
    assert_eq!(text(&payment(&world, &stray.e2eid).await, "status"), "on_account");
}

/// An invoice whose charge was paid to a key that is not ours any more.
async fn doubted(world: &World) -> (Value, String) {
    let invoice = world.issued().await;
    change_merchant(world, |merchant| {
        merchant.pix_key = Some(PixKey::parse("outra@acme.example").unwrap());
    })
    .await;
    let id = world.pay(&txid(&invoice, 1)).await;
    let key = world.bank.config().keys[0].clone();
    change_merchant(world, move |merchant| merchant.pix_key = Some(PixKey::parse(&key).unwrap()))
        .await;
    let held = world.reload(&invoice).await;
    assert_eq!(text(&held["next_action"], "why"), "on_hold");
    (invoice, id)
}

#[tokio::test]
async fn a_doubt_ends_with_the_decision_and_what_is_owed_can_be_paid_again() {
    for what in ["dismiss", "refund", "elsewhere"] {
        let world = World::new().await;
        let (invoice, id) = doubted(&world).await;
        let customer = text(&invoice, "customer_id").to_owned();
        match what {
            "dismiss" => {
                act(&world, &id, "dismiss", json!({ "reason": "not ours" })).await;
            }
            "refund" => {
                let all = json!({ "amount": "1000.00", "reason": "wrong key" });
                done(&world, &id, "refunds", all).await;
            }
            _ => {
                done(&world, &id, "account", json!({ "customer_id": customer })).await;
            }
        }
        let names = world.timeline(&invoice).await;
        assert!(names.iter().any(|name| name == "invoice.doubt_settled"), "{what}: {names:?}");
        let free = world.reload(&invoice).await;
        assert_ne!(text(&free["next_action"], "why"), "on_hold", "{what}: {free}");
        assert_ne!(txid(&free, 1), txid(&invoice, 1), "{what}: the paid charge takes no money");
        world.pay(&txid(&free, 1)).await;
        assert_eq!(status_of(&world, &invoice).await, "paid", "{what}");
    }
}

#[tokio::test]
async fn a_pix_in_doubt_is_applied_to_the_very_debt_it_named() {
    let world = World::new().await;
    let (invoice, id) = doubted(&world).await;
    let part = json!({ "allocations": [{ "invoice_id": invoice["id"], "amount": "1000.00" }] });
    let applied = done(&world, &id, "allocations", part).await;
    assert_eq!((text(&applied, "status"), &applied["attention"]), ("matched", &Value::Null));
    assert_eq!(status_of(&world, &invoice).await, "paid");
    walk(&world, "2026-12-12 12:00").await;
    assert_eq!(world.steps(), ["issue", "receipt"]);
    assert!(world.machine.dead_letters().is_empty());
}

#[tokio::test]
async fn the_report_tells_what_came_by_itself_from_what_took_a_person() {
    let world = World::new().await;
    let customer = world.customer().await;
    let number = |number: &str| json!({ "number": number, "amount": "100.00" });
    let one = world.invoice(&customer, number("1")).await;
    let two = world.invoice(&customer, number("2")).await;
    world.pay(&txid(&one, 1)).await;
    let key = world.bank.config().keys[0].clone();
    let stray = world.bank.pay_key(&key, "150.00", Some("STRAY")).unwrap();
    world.settle().await;
    world.clock.advance(chrono::TimeDelta::hours(1)).unwrap();
    let part = json!({ "allocations": [{ "invoice_id": two["id"], "amount": "100.00" }] });
    done(&world, &stray.e2eid, "allocations", part).await;
    recorded(&world, &transfer(&customer, "50.00")).await;
    let report = world.get("/v1/reports/cash?from=2026-11-01&to=2026-11-30").await;
    let sum = |name: &str| (report[name]["count"].clone(), text(&report[name], "amount"));
    assert_eq!(report["complete"], true);
    assert_eq!(sum("received"), (json!(3), "300.00"));
    assert_eq!(sum("matched_by_itself"), (json!(1), "100.00"));
    assert_eq!(report["matched_by_itself"]["amount_share"], 3_333);
    assert_eq!(sum("matched_by_a_person"), (json!(1), "100.00"));
    assert_eq!(sum("on_account"), (json!(1), "50.00"));
    assert_eq!(sum("unidentified"), (json!(1), "50.00"));
    assert_eq!(sum("unidentified_now"), (json!(1), "50.00"));
    assert_eq!(sum("given_back"), (json!(0), "0.00"));
    assert_eq!(report["time_to_post"], json!({ "count": 2, "p50_s": 0, "p95_s": 3_600 }));
    for query in ["", "?from=2026-11-01", "?from=2026-11-02&to=2026-11-01", "?from=x&to=y"] {
        let answer = world.call("GET", &format!("/v1/reports/cash{query}"), "").await;
        assert_eq!(answer.outcome(), "422 validation-failed", "{query}");
    }
    let long = world.call("GET", "/v1/reports/cash?from=2026-01-01&to=2026-12-31", "").await;
    assert_eq!(long.properties(), ["to"]);
    let none = world.get("/v1/reports/cash?from=2026-10-01&to=2026-10-31").await;
    assert_eq!(none["matched_by_itself"]["count_share"], 0);
    assert_eq!(none["time_to_post"]["p50_s"], Value::Null);
}

#[tokio::test]
async fn what_another_decides_first_is_seen_before_it_is_decided_again() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "amount": "100.00" })).await;
    let key = world.bank.config().keys[0].clone();
    let stray = world.bank.pay_key(&key, "100.00", Some("STRAY")).unwrap();
    world.settle().await;
    let part = json!({ "allocations": [{ "invoice_id": invoice["id"], "amount": "100.00" }] });
    let both = tokio::join!(
        ask(&world, &stray.e2eid, "allocations", part.clone()),
        ask(&world, &stray.e2eid, "refunds", json!({ "amount": "100.00", "reason": "unknown" })),
    );
    world.settle().await;
    let end = payment(&world, &stray.e2eid).await;
    // A refund may follow an allocation and takes it back; the other way round nothing is left.
    let outcomes = (both.0.status, both.1.status);
    assert!(matches!(outcomes, (200, 202) | (422, 202)), "{outcomes:?} {}", both.0.body);
    assert_eq!(text(&end, "refundable"), "0.00");
    assert_eq!(text(&world.reload(&invoice).await, "outstanding"), "100.00");
}
