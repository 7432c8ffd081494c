//! Fears about what one person may not do alone: that he does it by another key, that it happens
//! twice, and that it happens after somebody said no.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use quita_app::access::api_keys;
use quita_core::access::Permission;
use quita_core::ids::MerchantId;
use quita_core::merchant::Mode;
use quita_table::Commit;
use serde_json::{Value, json};

use crate::payments::payment;
use crate::tenants::Other;
use crate::world::{Answer, MERCHANT, World, text, txid};

/// Somebody with a key of their own.
pub struct Caller<'a> {
    world: &'a World,
    bearer: String,
    sent: AtomicU64,
    name: String,
}

impl<'a> Caller<'a> {
    /// A key that `maker` made, with these permissions.
    pub async fn made_by(
        world: &'a World,
        maker: &str,
        may: impl Into<BTreeSet<Permission>>,
    ) -> Self {
        let merchant = MerchantId::parse(MERCHANT).unwrap();
        let deps = world.machine.deps();
        let made = api_keys::made(deps, (&merchant, Mode::Live), maker, may.into(), None, maker);
        let (key, minted) = made.unwrap();
        let commit = api_keys::with_new_key(Commit::new(&merchant), &key, maker);
        deps.store.commit(commit).await.unwrap();
        let (bearer, sent) = (format!("Bearer {}", minted.token), AtomicU64::new(0));
        Self { world, bearer, sent, name: key.id.to_string() }
    }

    /// Somebody with every permission.
    pub async fn second(world: &'a World) -> Self {
        Self::made_by(world, "usr_01JE6X7Q5M8Y2N4C9R0T3V6W91", Permission::ALL).await
    }

    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let nth = self.sent.fetch_add(1, Ordering::Relaxed);
        let key = format!("{}-{nth}", self.name);
        let headers = [("authorization", self.bearer.as_str()), ("idempotency-key", key.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.world.call_with(method, path, &headers, &body).await
    }

    pub async fn decide(&self, approval: &Value, how: &str) -> Answer {
        let body = if how == "reject" { json!({ "reason": "not now" }) } else { Value::Null };
        let path = format!("/v1/approvals/{}/{how}", text(approval, "id"));
        self.call("POST", &path, &body).await
    }
}

async fn policy(world: &World, rules: Value) {
    let body = json!({ "rules": rules }).to_string();
    let answer = world.call("PUT", "/v1/approval_policy", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// A Pix that paid an invoice, where refunds of R$ 100.00 and more need a second person.
async fn paid(world: &World) -> String {
    policy(world, json!([{ "operation": "refund", "from_amount": "100.00" }])).await;
    let invoice = world.issued().await;
    world.pay(&txid(&invoice, 1)).await
}

fn refund(amount: &str) -> Value {
    json!({ "amount": amount, "reason": "paid twice" })
}

async fn asked(world: &World, id: &str, amount: &str) -> Value {
    let answer = world.post(&format!("/v1/payments/{id}/refunds"), &refund(amount)).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let approval = answer.json();
    assert_eq!(text(&approval, "status"), "pending", "{approval}");
    approval
}

fn refunds(payment: &Value) -> usize {
    payment["refunds"].as_array().unwrap().len()
}

#[tokio::test]
async fn money_goes_back_once_and_only_when_two_people_want_it() {
    let world = World::new().await;
    let id = paid(&world).await;
    let approval = asked(&world, &id, "1000.00").await;
    assert_eq!(text(&approval, "amount"), "1000.00");
    world.settle().await;
    assert_eq!(refunds(&payment(&world, &id).await), 0, "nothing is done yet");
    let waiting = world.get("/v1/approvals").await;
    assert_eq!(waiting["items"][0]["id"], approval["id"]);

    let path = format!("/v1/approvals/{}/approve", text(&approval, "id"));
    let own = world.post(&path, &json!({})).await;
    assert_eq!(own.outcome(), "409 conflict", "whoever asked");
    let own = Caller::made_by(&world, text(&approval, "requested_by"), Permission::ALL).await;
    assert_eq!(own.decide(&approval, "approve").await.outcome(), "409 conflict", "a key of his");
    let sibling = Caller::made_by(&world, "test", Permission::ALL).await;
    assert_eq!(sibling.decide(&approval, "approve").await.outcome(), "409 conflict", "same maker");
    let reader = "usr_01JE6X7Q5M8Y2N4C9R0T3V6W92";
    let reader = Caller::made_by(&world, reader, [Permission::Read]).await;
    assert_eq!(reader.decide(&approval, "approve").await.outcome(), "403 forbidden");
    assert_eq!(reader.decide(&approval, "reject").await.outcome(), "403 forbidden");
    assert_eq!(refunds(&payment(&world, &id).await), 0);

    let second = Caller::second(&world).await;
    for round in 0..2 {
        let answer = second.decide(&approval, "approve").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let done = answer.json();
        assert_eq!((text(&done, "status"), &done["outcome"]), ("carried_out", &json!(202)));
        assert_eq!(text(&done, "decided_by"), second.name, "round {round}");
        world.settle().await;
        assert_eq!(refunds(&payment(&world, &id).await), 1, "round {round}");
    }
    let history = world.get(&format!("/v1/payments/{id}/timeline")).await;
    let rows = history["items"].as_array().unwrap();
    let row = rows.iter().find(|row| row["event"] == "refund.asked").unwrap();
    assert_eq!(row["actor"], approval["requested_by"], "it is done in the name of who asked");
    assert_eq!(world.get("/v1/approvals").await["items"], json!([]));
    assert_eq!(second.decide(&approval, "reject").await.outcome(), "409 conflict");
}

#[tokio::test]
async fn a_request_that_is_repeated_is_kept_once_whatever_the_policy_says_by_then() {
    let world = World::new().await;
    let id = paid(&world).await;
    let (path, body) = (format!("/v1/payments/{id}/refunds"), refund("1000.00").to_string());
    let bearer = world.bearer();
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
    let first = world.call_with("POST", &path, &headers, &body).await;
    policy(&world, json!([])).await;
    let repeat = world.call_with("POST", &path, &headers, &body).await;
    assert_eq!((repeat.status, &repeat.body), (202, &first.body));
    assert_eq!(repeat.header("idempotency-replayed"), Some("true"));
    assert_eq!(world.get("/v1/approvals").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(refunds(&payment(&world, &id).await), 0);
    let other = world.call_with("POST", &path, &headers, &refund("900.00").to_string()).await;
    assert_eq!(other.outcome(), "422 idempotency-key-reused");
}

#[tokio::test]
async fn what_is_small_or_unreadable_waits_for_nobody() {
    let world = World::new().await;
    let id = paid(&world).await;
    let path = format!("/v1/payments/{id}/refunds");
    for (body, outcome) in [
        (refund("0.00"), "422 validation-failed"),
        (json!({ "amount": "1000.00" }), "400 malformed-request"),
    ] {
        assert_eq!(world.post(&path, &body).await.outcome(), outcome, "{body}");
    }
    let small = world.post(&path, &refund("99.99")).await;
    assert_eq!(small.status, 202);
    assert_eq!(text(&small.json(), "id"), id, "the payment, not a request that waits");
    let nowhere = "/v1/payments/E00000000202611231300abcdefghijk/refunds";
    assert_eq!(world.post(nowhere, &refund("1000.00")).await.outcome(), "404 not-found");
    assert_eq!(world.get("/v1/approvals").await["items"], json!([]));
}

#[tokio::test]
async fn what_was_rejected_or_left_lying_is_never_carried_out() {
    let world = World::new().await;
    let id = paid(&world).await;
    let second = Caller::second(&world).await;
    let rejected = asked(&world, &id, "1000.00").await;
    let path = format!("/v1/approvals/{}/reject", text(&rejected, "id"));
    let taken_back = world.post(&path, &json!({ "reason": "a mistake" })).await;
    assert_eq!(text(&taken_back.json(), "status"), "rejected", "by whoever asked");
    assert_eq!(second.decide(&rejected, "approve").await.outcome(), "409 conflict");
    let left = asked(&world, &id, "500.00").await;
    world.at("2026-11-30 10:00").await;
    assert_eq!(second.decide(&left, "approve").await.outcome(), "409 conflict");
    let shown = world.get(&format!("/v1/approvals/{}", text(&left, "id"))).await;
    assert_eq!(text(&shown, "status"), "lapsed");
    assert_eq!(refunds(&payment(&world, &id).await), 0);
}

#[tokio::test]
async fn an_approval_meets_the_state_of_its_own_time() {
    let world = World::new().await;
    policy(&world, json!([{ "operation": "write_off", "from_amount": "1000.00" }])).await;
    let invoice = world.issued().await;
    let path = format!("/v1/invoices/{}/instalments/1/write_off", text(&invoice, "id"));
    let answer = world.post(&path, &json!({ "reason": "lost" })).await;
    assert_eq!((answer.status, text(&answer.json(), "amount")), (202, "1000.00"));
    world.pay(&txid(&invoice, 1)).await;
    let done = Caller::second(&world).await.decide(&answer.json(), "approve").await.json();
    assert_eq!((text(&done, "status"), &done["outcome"]), ("carried_out", &json!(409)));
    assert!(text(&done["result"], "type").ends_with("/conflict"), "{done}");
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
}

#[tokio::test]
async fn a_crash_in_the_middle_is_finished_by_approving_again() {
    for calls in 1..=8 {
        let mut world = World::new().await;
        let id = paid(&world).await;
        let approval = asked(&world, &id, "1000.00").await;
        let second = Caller::second(&world).await;
        let (bearer, name) = (second.bearer, second.name);
        world.faults.crash_after(calls);
        let path = format!("/v1/approvals/{}/approve", text(&approval, "id"));
        let headers = [("authorization", bearer.as_str())];
        world.call_with("POST", &path, &headers, "").await;
        world.restart();
        let answer = world.call_with("POST", &path, &headers, "").await;
        assert_eq!(answer.status, 200, "after {calls} calls: {}", answer.body);
        assert_eq!(text(&answer.json(), "decided_by"), name, "after {calls} calls");
        world.settle().await;
        assert_eq!(refunds(&payment(&world, &id).await), 1, "after {calls} calls");
    }
}

#[tokio::test]
async fn two_who_approve_at_once_do_it_once() {
    let world = World::new().await;
    let id = paid(&world).await;
    let approval = asked(&world, &id, "1000.00").await;
    let one = Caller::second(&world).await;
    let other = "usr_01JE6X7Q5M8Y2N4C9R0T3V6W93";
    let other = Caller::made_by(&world, other, Permission::ALL).await;
    let (first, second) =
        tokio::join!(one.decide(&approval, "approve"), other.decide(&approval, "approve"));
    assert_eq!((first.status, second.status), (200, 200), "{} {}", first.body, second.body);
    assert_eq!(first.json()["decided_by"], second.json()["decided_by"]);
    world.settle().await;
    assert_eq!(refunds(&payment(&world, &id).await), 1);
}

#[tokio::test]
async fn a_policy_that_cannot_be_is_refused_with_every_reason() {
    let world = World::new().await;
    let rules = json!([
        { "operation": "refund", "from_amount": "-1.00" },
        { "operation": "refund" },
        { "operation": "erase_person" },
    ]);
    let body = json!({ "rules": rules }).to_string();
    let answer = world.call("PUT", "/v1/approval_policy", &body).await;
    let expected = ["rules[0].from_amount", "rules[1].operation", "rules[2].operation"];
    assert_eq!((answer.status, answer.properties()), (422, expected.map(str::to_owned).to_vec()));
    let shown = world.get("/v1/approval_policy").await;
    assert_eq!(shown, json!({ "rules": [], "always": ["erase_person", "escalate"] }));
    let csm = Caller::made_by(&world, "usr_x", [Permission::Read, Permission::MoveMoney]).await;
    let answer = csm.call("PUT", "/v1/approval_policy", &json!({ "rules": [] })).await;
    assert_eq!(answer.outcome(), "403 forbidden");
}

#[tokio::test]
async fn nobody_sees_or_decides_what_waits_with_another() {
    let world = World::new().await;
    let id = paid(&world).await;
    let approval = asked(&world, &id, "1000.00").await;
    let other = Other::of(&world).await;
    let path = format!("/v1/approvals/{}", text(&approval, "id"));
    for (method, path, body) in [
        ("GET", path.clone(), Value::Null),
        ("POST", format!("{path}/approve"), Value::Null),
        ("POST", format!("{path}/reject"), json!({ "reason": "not mine" })),
    ] {
        let answer = other.call(method, &path, &body).await;
        assert_eq!(answer.outcome(), "404 not-found", "{method} {path}");
    }
    assert_eq!(other.get("/v1/approvals").await["items"], json!([]));
    assert_eq!(other.get("/v1/approval_policy").await["rules"], json!([]));
}
