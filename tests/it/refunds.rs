//! Money that goes back: never more than came, never too late, never twice, and always known where
//! it is; and money the bank takes back by itself.

use std::sync::{Arc, Barrier};

use quita_psp_sandbox::{HttpFault, PayOptions};
use serde_json::{Value, json};

use crate::bad_invoices::assert_wrote_nothing;
use crate::callbacks::status_of;
use crate::chasing::walk;
use crate::payments::{ask, balance, done, payment, recorded, transfer};
use crate::world::{World, api_request, text, txid};

fn refund(amount: &str) -> Value {
    json!({ "amount": amount, "reason": "paid twice" })
}

/// A Pix that paid an invoice.
async fn paid(world: &World) -> (Value, String) {
    let invoice = world.issued().await;
    let e2eid = world.pay(&txid(&invoice, 1)).await;
    (invoice, e2eid)
}

#[tokio::test]
async fn what_must_not_be_refunded_is_refused_before_the_bank_is_called() {
    let world = World::new().await;
    let (invoice, id) = paid(&world).await;
    let customer = text(&invoice, "customer_id").to_owned();
    let cash = recorded(&world, &transfer(&customer, "50.00")).await;
    let used = json!({ "id": "abc", "amount": "100.00", "reason": "a part" });
    done(&world, &id, "refunds", used).await;
    let claim =
        world.bank.pay_key(&world.bank.config().keys[0].clone(), "10.00", Some("STRAY")).unwrap();
    world.settle().await;
    world.bank.reset_calls();
    world.usage();
    let other = |id: &str| json!({ "id": id, "amount": "1.00", "reason": "x" });
    let cases = [
        (id.as_str(), refund("900.01"), "422 validation-failed"),
        (id.as_str(), refund("0.00"), "422 validation-failed"),
        (id.as_str(), refund("900"), "422 validation-failed"),
        (id.as_str(), json!({ "amount": "1.00", "reason": "" }), "422 validation-failed"),
        (id.as_str(), other("abc"), "409 conflict"),
        (id.as_str(), other(""), "422 validation-failed"),
        (id.as_str(), other("a b"), "422 validation-failed"),
        (id.as_str(), other(&"a".repeat(36)), "422 validation-failed"),
        (id.as_str(), json!({ "amount": "1.00" }), "400 malformed-request"),
        (text(&cash, "id"), refund("1.00"), "422 validation-failed"),
        (claim.e2eid.as_str(), refund("10.01"), "422 validation-failed"),
        ("E00000000202611231300abcdefghijk", refund("1.00"), "404 not-found"),
    ];
    for (id, body, outcome) in cases {
        let answer = ask(&world, id, "refunds", body.clone()).await;
        assert_eq!(answer.outcome(), outcome, "{id} {body}: {}", answer.body);
        assert_wrote_nothing(&world, &body.to_string());
    }
    world.settle().await;
    assert_eq!(world.bank.total_calls(), 0, "{:?}", world.bank.calls());
}

#[tokio::test]
async fn after_ninety_days_nothing_is_asked_of_the_bank() {
    let world = World::new().await;
    let (_, id) = paid(&world).await;
    world.clock.advance(chrono::TimeDelta::days(90)).unwrap();
    world.bank.reset_calls();
    let last = ask(&world, &id, "refunds", refund("1.00")).await;
    assert_eq!(last.status, 202, "{}", last.body);
    world.settle().await;
    assert_eq!(world.bank.total_returned().to_string(), "1.00");
    world.clock.advance(chrono::TimeDelta::seconds(1)).unwrap();
    world.bank.reset_calls();
    let late = ask(&world, &id, "refunds", refund("1.00")).await;
    assert_eq!(late.properties(), ["payment_id"], "{}", late.body);
    world.settle().await;
    assert_eq!(world.bank.total_calls(), 0);
}

#[tokio::test]
async fn a_payment_the_bank_never_confirmed_is_not_given_back() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let claim = quita_psp_sandbox::ForgedPix {
        e2eid: None,
        txid: Some(txid(&invoice, 1)),
        chave: world.bank.config().keys[0].clone(),
        valor: "1000.00".to_owned(),
    };
    assert!(world.bank.send_forged_callback(&claim.chave.clone(), claim).await);
    world.settle().await;
    let list = world.get("/v1/payments?status=parked").await;
    let id = text(&list["items"][0], "id").to_owned();
    world.bank.reset_calls();
    let customer = text(&invoice, "customer_id");
    let part = json!({ "allocations": [{ "invoice_id": invoice["id"], "amount": "1000.00" }] });
    for (what, body) in [
        ("refunds", refund("1.00")),
        ("allocations", part),
        ("allocations", json!({ "customer_id": customer })),
        ("account", json!({ "customer_id": customer, "amount": "1.00" })),
    ] {
        let answer = ask(&world, &id, what, body).await;
        assert_eq!(answer.outcome(), "409 conflict", "{what}: {}", answer.body);
    }
    assert_eq!(world.bank.total_calls(), 0);
    assert_eq!(status_of(&world, &invoice).await, "open");
}

/// Each refund on a thread of its own; the statuses of their answers.
fn refund_at_once(world: &World, id: &str, amount: &str, times: usize) -> Vec<i64> {
    let (bearer, path) = (world.bearer(), format!("/v1/payments/{id}/refunds"));
    let start = Arc::new(Barrier::new(times));
    let call = |nth| {
        let key = format!("refund-{nth}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        let request = api_request("POST", &path, &headers, &refund(amount).to_string());
        let (machine, start) = (world.machine.clone(), start.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            start.wait();
            runtime.block_on(machine.http(request)).status_code
        })
    };
    let calls: Vec<_> = (0..times).map(call).collect();
    calls.into_iter().map(|call| call.join().unwrap()).collect()
}

#[tokio::test]
async fn refunds_at_once_never_give_back_more_than_came() {
    let world = World::new().await;
    let (_, id) = paid(&world).await;
    let statuses = refund_at_once(&world, &id, "400.00", 6);
    assert!(statuses.iter().all(|it| [202, 422, 503].contains(it)), "{statuses:?}");
    let accepted = statuses.iter().filter(|status| **status == 202).count();
    assert!((1..=2).contains(&accepted), "{statuses:?}");
    world.settle().await;
    let end = payment(&world, &id).await;
    assert_eq!(end["refunds"].as_array().unwrap().len(), accepted);
    let back = accepted * 400;
    assert_eq!(world.bank.total_returned().to_string(), format!("{back}.00"));
}

#[tokio::test]
async fn a_repeat_of_a_refund_gives_back_once() {
    let world = World::new().await;
    let (_, id) = paid(&world).await;
    let bearer = world.bearer();
    let path = format!("/v1/payments/{id}/refunds");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "same")];
    let body = refund("300.00").to_string();
    let first = world.call_with("POST", &path, &headers, &body).await;
    assert_eq!(first.status, 202, "{}", first.body);
    // The bank takes it, and its answer is lost.
    world.bank.faults().next_call(HttpFault::TimeoutAfterCommit);
    world.settle().await;
    // The record of the key is gone after a week; the refund's id still is the same.
    world.clock.advance(chrono::TimeDelta::days(8)).unwrap();
    world.sweep().await;
    let again = world.call_with("POST", &path, &headers, &body).await;
    assert_eq!(again.status, 202, "{}", again.body);
    world.sweep().await;
    let end = payment(&world, &id).await;
    assert_eq!(end["refunds"].as_array().unwrap().len(), 1, "{end}");
    assert_eq!(text(&end["refunds"][0], "status"), "returned");
    assert_eq!(world.bank.total_returned().to_string(), "300.00");
}

#[tokio::test]
async fn a_refund_of_what_an_invoice_has_reopens_it_and_asks_nobody() {
    let world = World::new().await;
    let (invoice, id) = paid(&world).await;
    let answer = ask(&world, &id, "refunds", refund("1000.00")).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(text(&answer.json(), "status"), "going_back");
    assert_eq!(text(&answer.json()["refunds"][0], "status"), "asked");
    let reopened = world.reload(&invoice).await;
    assert_eq!((text(&reopened, "status"), text(&reopened, "outstanding")), ("open", "1000.00"));
    assert_eq!(text(&reopened["next_action"], "why"), "on_hold");
    world.settle().await;
    let end = payment(&world, &id).await;
    assert_eq!((text(&end, "status"), text(&end, "refundable")), ("returned", "0.00"));
    walk(&world, "2026-12-20 12:00").await;
    assert_eq!(world.steps(), ["issue", "receipt"]);
    // A new charge ends the hold, and can be paid.
    let path = format!("/v1/invoices/{}/instalments/1/charges", text(&invoice, "id"));
    assert_eq!(world.post(&path, &json!({ "reason": "they want it after all" })).await.status, 202);
    world.settle().await;
    world.pay(&txid(&world.reload(&invoice).await, 1)).await;
    assert_eq!(status_of(&world, &invoice).await, "paid");
}

#[tokio::test]
async fn a_refund_that_fails_is_here_again_and_somebody_is_told() {
    let world = World::new().await;
    let (invoice, id) = paid(&world).await;
    world.bank.faults().refuse_next_refunds(1);
    done(&world, &id, "refunds", refund("200.00")).await;
    let failed = payment(&world, &id).await;
    assert_eq!(text(&failed["refunds"][0], "status"), "failed");
    assert_eq!(text(&failed["attention"], "reason"), "refund_failed");
    assert_eq!(text(&failed, "unidentified"), "200.00");
    let part = json!({ "allocations": [{ "invoice_id": invoice["id"], "amount": "200.00" }] });
    let back = done(&world, &id, "allocations", part).await;
    assert_eq!((text(&back, "status"), &back["attention"]), ("matched", &Value::Null));
    assert_eq!(status_of(&world, &invoice).await, "paid");
    // Another id: the failed one was used.
    done(&world, &id, "refunds", refund("200.00")).await;
    let end = payment(&world, &id).await;
    assert_eq!(text(&end["refunds"][1], "status"), "returned");
}

#[tokio::test]
async fn money_the_bank_takes_back_is_owed_again_and_its_owner_is_looked_at() {
    let world = World::new().await;
    let (invoice, id) = paid(&world).await;
    let customer = text(&invoice, "customer_id").to_owned();
    world.bank.return_pix(&id, "1000.00").unwrap();
    world.settle().await;
    let reopened = world.reload(&invoice).await;
    assert_eq!(text(&reopened, "outstanding"), "1000.00");
    assert_eq!(text(&reopened["next_action"], "why"), "on_hold");
    let queue = world.get("/v1/exceptions").await;
    assert_eq!(text(&queue["items"][0], "reason"), "taken_back");
    assert_eq!(queue["items"][0]["expected"]["invoice_id"], invoice["id"]);
    let account = world.get(&format!("/v1/customers/{customer}/account")).await;
    assert_eq!(text(&account["flag"], "reason"), "taken_back");
    assert_eq!(text(&account["flag"], "payment_id"), id);
    let origin = &payment(&world, &id).await["refunds"][0]["origin"];
    assert_eq!(*origin, json!("bank_error"));
    // A person clears both.
    let path = format!("/v1/exceptions/{id}/dismiss");
    assert_eq!(world.post(&path, &json!({ "reason": "the bank explained" })).await.status, 200);
    let path = format!("/v1/customers/{customer}/flag/clear");
    let cleared = world.post(&path, &json!({ "reason": "the bank explained" })).await;
    assert_eq!((cleared.status, &cleared.json()["flag"]), (200, &Value::Null), "{}", cleared.body);
    let again = world.post(&path, &json!({ "reason": "the bank explained" })).await;
    assert_eq!(again.outcome(), "409 conflict");
    let told = world.get(&format!("/v1/payments/{id}/timeline")).await;
    let told = told["items"].as_array().unwrap();
    let last = told.last().unwrap();
    assert_eq!(text(last, "event"), "customer.flag_cleared");
    assert_eq!(text(&last["data"], "reason"), "the bank explained");
    assert_eq!(world.parked().await, Vec::<String>::new());
    walk(&world, "2026-12-20 12:00").await;
    assert_eq!(world.steps(), ["issue", "receipt"], "it is held until it is re-issued");
}

#[tokio::test]
async fn a_refund_takes_the_balance_before_it_takes_what_invoices_have() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let customer = text(&invoice, "customer_id").to_owned();
    let over = PayOptions { amount: Some("1100.00".into()), ..PayOptions::default() };
    let id = world.pay_with(&txid(&invoice, 1), over).await;
    done(&world, &id, "refunds", refund("100.00")).await;
    assert_eq!(balance(&world, &customer).await, "0.00");
    assert_eq!(status_of(&world, &invoice).await, "paid");
    done(&world, &id, "refunds", refund("1.00")).await;
    assert_eq!(text(&world.reload(&invoice).await, "outstanding"), "1.00");
}
