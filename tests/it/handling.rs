//! Fears about what people agree with a payer: that it is forgotten, that it is believed a centavo
//! too early, that it outlives its reason, and that one person alone sends a customer to lawyers.

use quita_core::access::Permission;
use serde_json::{Value, json};

use crate::approvals::Caller;
use crate::bad_invoices::assert_wrote_nothing;
use crate::changes::amount;
use crate::world::{Answer, World, text, txid};

fn path(invoice: &Value, what: &str) -> String {
    format!("/v1/invoices/{}/{what}", text(invoice, "id"))
}

async fn asked(world: &World, invoice: &Value, what: &str, body: Value) -> Answer {
    world.post(&path(invoice, what), &body).await
}

/// Carries it out; answers with the invoice.
async fn handled(world: &World, invoice: &Value, what: &str, body: Value) -> Value {
    let answer = asked(world, invoice, what, body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.body);
    answer.json()
}

fn reason() -> Value {
    json!({ "reason": "porque sim" })
}

fn promise(amount: &str, day: &str) -> Value {
    json!({ "amount": amount, "day": day, "by": "Maria do financeiro" })
}

pub async fn open_tasks(world: &World) -> Vec<String> {
    let list = world.get("/v1/tasks").await;
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| text(item, "kind").to_owned()).collect()
}

fn status_of(invoice: &Value) -> &str {
    text(&invoice["handling"]["promise"], "status")
}

#[tokio::test]
async fn a_promise_that_is_a_centavo_short_is_kept() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let told = handled(&world, &invoice, "promise", promise("1000.00", "2026-12-14")).await;
    assert_eq!(told["next_action"]["why"], "promised", "{told}");
    world.live_until("2026-12-11 12:00").await;
    world.pay_with(&txid(&invoice, 1), amount("999.99")).await;
    world.settle().await;
    assert_eq!(status_of(&world.reload(&invoice).await), "open");
    world.live_until("2026-12-17 08:30").await;
    let invoice = world.reload(&invoice).await;
    assert_eq!(status_of(&invoice), "broken", "{invoice}");
    assert!(open_tasks(&world).await.contains(&"broken_promise".to_owned()));
    assert!(world.timeline(&invoice).await.contains(&"promise.broken".to_owned()));
}

#[tokio::test]
async fn a_promise_that_was_kept_is_looked_at_as_broken() {
    let world = World::new().await;
    let invoice = world.issued().await;
    handled(&world, &invoice, "promise", promise("600.00", "2026-12-14")).await;
    world.pay_with(&txid(&invoice, 1), amount("600.00")).await;
    world.settle().await;
    world.sweep().await;
    assert_eq!(status_of(&world.reload(&invoice).await), "kept", "at once");
    world.live_until("2026-12-17 12:00").await;
    assert_eq!(status_of(&world.reload(&invoice).await), "kept");
    assert!(!open_tasks(&world).await.contains(&"broken_promise".to_owned()));
}

#[tokio::test]
async fn two_promises_are_waited_for_at_once() {
    let world = World::new().await;
    let invoice = world.issued().await;
    handled(&world, &invoice, "promise", promise("1.00", "2026-11-25")).await;
    let told = handled(&world, &invoice, "promise", promise("2.00", "2026-12-14")).await;
    assert_eq!(told["handling"]["promise"]["day"], "2026-12-14");
    world.live_until("2026-12-01 12:00").await;
    assert_eq!(status_of(&world.reload(&invoice).await), "open");
    let events = world.timeline(&invoice).await;
    assert!(!events.contains(&"promise.broken".to_owned()), "{events:?}");
    handled(&world, &invoice, "promise/withdraw", reason()).await;
    handled(&world, &invoice, "promise/withdraw", reason()).await;
    assert_eq!(status_of(&world.reload(&invoice).await), "withdrawn");
}

#[tokio::test]
async fn what_cannot_be_meant_is_kept() {
    let world = World::new().await;
    let invoice = world.issued().await;
    for (what, body, wrong) in [
        ("promise", promise("1000000.00", "2026-12-01"), vec!["amount"]),
        ("promise", promise("x", "soon"), vec!["amount", "day"]),
        ("promise", promise("1.00", "2026-11-22"), vec!["day"]),
        ("promise", promise("1.00", "2027-11-22"), vec!["day"]),
        ("pause", json!({ "reason": "x", "until": "2026-11-23" }), vec!["until"]),
        ("pause", json!({ "reason": "\n" }), vec!["reason"]),
        ("owner", json!({ "owner": "ana" }), vec!["owner"]),
        ("notes", json!({ "text": "", "mentions": ["ana"] }), vec!["text", "mentions[0]"]),
        (
            "notes",
            json!({ "text": "x", "mentions": ["usr_01JE6X7Q5M8Y2N4C9R0T3V6W99"] }),
            vec!["mentions[0]"],
        ),
        ("escalation", json!({ "to": "police", "reason": "x" }), vec!["to"]),
        ("dispute/close", json!({ "outcome": "moot", "reason": "x" }), vec!["outcome"]),
        ("send_now", json!({ "step": "nothing" }), vec!["step"]),
        ("flag", json!({ "instalment": 7, "reason": "x" }), vec!["instalment"]),
    ] {
        world.usage();
        let answer = asked(&world, &invoice, what, body).await;
        assert_eq!(answer.outcome(), "422 validation-failed", "{what}: {}", answer.body);
        assert_eq!(answer.properties(), wrong, "{what}");
        assert_wrote_nothing(&world, what);
    }
    for what in ["dispute/close", "escalation/reverse", "promise/withdraw"] {
        let body = match what {
            "dispute/close" => json!({ "outcome": "rejected", "reason": "x" }),
            _ => reason(),
        };
        let answer = asked(&world, &invoice, what, body).await;
        assert_eq!(answer.outcome(), "409 conflict", "{what}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_dispute_and_its_task_stay_after_payment() {
    let world = World::new().await;
    let invoice = world.issued().await;
    handled(&world, &invoice, "dispute", reason()).await;
    let tasks = world.get("/v1/tasks?kind=dispute").await;
    assert_eq!(tasks["items"][0]["about"], "porque sim");
    world.live_until("2026-12-20 12:00").await;
    assert_eq!(world.steps(), ["issue"], "nobody who disputes is reminded");
    world.pay(&txid(&invoice, 1)).await;
    world.settle().await;
    world.sweep().await;
    let paid = world.reload(&invoice).await;
    assert_eq!(paid["handling"]["dispute"], Value::Null, "{paid}");
    assert_eq!(open_tasks(&world).await, [""; 0]);
    let task = format!("/v1/tasks/{}", text(&tasks["items"][0], "id"));
    assert_eq!(world.get(&task).await["status"], "cleared");
}

#[tokio::test]
async fn the_flag_of_three_days_stays_with_its_task_after_payment() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.live_until("2026-12-15 12:00").await;
    assert_eq!(world.reload(&invoice).await["instalments"][0]["flagged"], true);
    assert_eq!(open_tasks(&world).await, ["flagged_account"]);
    world.pay(&txid(&world.reload(&invoice).await, 1)).await;
    world.settle().await;
    world.sweep().await;
    assert_eq!(world.reload(&invoice).await["instalments"][0]["flagged"], false);
    assert_eq!(open_tasks(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_flag_cleared_by_hand_leaves_its_task() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let flag = json!({ "reason": "não atende" });
    let told = handled(&world, &invoice, "flag", flag.clone()).await;
    assert_eq!(told["handling"]["open_tasks"][0]["kind"], "flagged_account");
    handled(&world, &invoice, "flag", flag).await;
    assert_eq!(open_tasks(&world).await, ["flagged_account"], "one, however often");
    handled(&world, &invoice, "flag/clear", json!({})).await;
    assert_eq!(open_tasks(&world).await, [""; 0]);
    let tasks = world.reload(&invoice).await;
    assert_eq!(tasks["handling"]["open_tasks"], json!([]));
}

#[tokio::test]
async fn what_fell_due_in_a_pause_is_all_sent_after_it() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pause = json!({ "reason": "conversas", "until": "2026-12-18" });
    let told = handled(&world, &invoice, "pause", pause).await;
    assert_eq!(told["next_action"]["why"], "paused");
    world.live_until("2026-12-18 10:00").await;
    assert_eq!(world.steps(), ["issue", "due_plus_7"], "the highest alone");
}

#[tokio::test]
async fn an_excluded_invoice_is_reminded_and_never_comes_back() {
    let world = World::new().await;
    let invoice = world.issued().await;
    handled(&world, &invoice, "exclude", reason()).await;
    world.live_until("2026-12-11 12:00").await;
    assert_eq!(world.steps(), ["issue"]);
    handled(&world, &invoice, "include", json!({})).await;
    world.sweep().await;
    assert_eq!(world.steps(), ["issue", "due_plus_1"]);
}

#[tokio::test]
async fn one_person_alone_sends_a_customer_to_an_agency() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let body = json!({ "to": "agency", "reason": "três promessas quebradas" });
    let answer = asked(&world, &invoice, "escalation", body.clone()).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let approval = answer.json();
    assert_eq!(text(&approval, "operation"), "escalate");
    assert_eq!(world.reload(&invoice).await["handling"]["escalation"], Value::Null);
    let approve = format!("/v1/approvals/{}/approve", text(&approval, "id"));
    let own = world.post(&approve, &json!({})).await;
    assert_eq!(own.outcome(), "409 conflict", "whoever asked");
    let csm = "usr_01JE6X7Q5M8Y2N4C9R0T3V6W93";
    let csm = Caller::made_by(&world, csm, [Permission::Read, Permission::Care]).await;
    assert_eq!(csm.decide(&approval, "approve").await.outcome(), "403 forbidden");
    let second = Caller::second(&world).await;
    for _ in 0..2 {
        let done = second.decide(&approval, "approve").await;
        assert_eq!(done.status, 200, "{}", done.body);
    }
    let told = world.reload(&invoice).await;
    assert_eq!(told["handling"]["escalation"]["to"], "agency");
    let events = world.timeline(&invoice).await;
    assert_eq!(events.iter().filter(|name| *name == "invoice.escalated").count(), 1);
    world.live_until("2026-12-18 12:00").await;
    assert_eq!(world.steps(), ["issue"], "the rule rests");
    // Nobody else is needed to take it back, and the rule goes on with its highest step.
    handled(&world, &invoice, "escalation/reverse", reason()).await;
    world.sweep().await;
    assert_eq!(world.steps(), ["issue", "due_plus_7"]);
}

#[tokio::test]
async fn a_message_that_a_person_asked_for_is_sent_twice_or_to_who_paid() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.settle().await;
    world.clock.set(crate::world::at("2026-11-24 10:00")).unwrap();
    let told = handled(&world, &invoice, "send_now", json!({})).await;
    assert_eq!(told["handling"]["send_asked"]["step"], "due_minus_5", "{told}");
    world.sweep().await;
    assert_eq!(world.steps(), ["issue", "due_minus_5"]);
    world.live_until("2026-12-08 12:00").await;
    assert_eq!(world.steps(), ["issue", "due_minus_5"], "not by the rule again");
    let again = asked(&world, &invoice, "send_now", json!({ "step": "due_minus_5" })).await;
    assert_eq!(again.outcome(), "409 conflict");
    // The bank knows of a payment that nobody told of.
    world.bank.faults().next_callback(quita_psp_sandbox::CallbackFault::Drop);
    world.pay(&txid(&invoice, 1)).await;
    handled(&world, &invoice, "send_now", json!({})).await;
    world.sweep().await;
    assert_eq!(world.steps(), ["issue", "due_minus_5", "receipt"]);
    let answer = asked(&world, &invoice, "send_now", json!({})).await;
    assert_eq!(answer.outcome(), "409 conflict", "{}", answer.body);
}

#[tokio::test]
async fn one_key_does_it_twice() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let bearer = world.bearer();
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
    let (at, body) = (path(&invoice, "notes"), json!({ "text": "ligar" }).to_string());
    for replayed in [None, Some("true")] {
        let answer = world.call_with("POST", &at, &headers, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("idempotency-replayed"), replayed);
    }
    let events = world.timeline(&invoice).await;
    assert_eq!(events.iter().filter(|name| *name == "invoice.noted").count(), 1);
}

#[tokio::test]
async fn one_invoice_of_many_keeps_the_others_from_being_done() {
    let world = World::new().await;
    let one = world.issued().await;
    let number = json!({ "number": "2026-777" });
    let two = world.invoice(text(&one, "customer_id"), number).await;
    let absent = "inv_01JE6X7Q5M8Y2N4C9R0T3V6W99";
    world.pay(&txid(&two, 1)).await;
    world.settle().await;
    let ids = json!([text(&one, "id"), absent, text(&two, "id")]);
    let body = json!({ "action": "pause", "reason": "carnaval", "invoice_ids": ids });
    let answer = world.post("/v1/bulk", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json()["results"].as_array().unwrap().clone();
    let statuses: Vec<_> = results.iter().map(|it| it["status"].clone()).collect();
    assert_eq!(statuses, [json!(200), json!(404), json!(409)]);
    assert_eq!(world.reload(&one).await["handling"]["paused"]["reason"], "carnaval");
    for (body, wrong) in [
        (json!({ "action": "burn", "invoice_ids": [] }), vec!["action", "invoice_ids"]),
        (json!({ "action": "resume", "invoice_ids": [absent, absent] }), vec!["invoice_ids"]),
    ] {
        assert_eq!(world.post("/v1/bulk", &body).await.properties(), wrong);
    }
}
