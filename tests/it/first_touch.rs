//! Fears about how soon an owner is said to take work up: by somebody else's deed, from the wrong
//! hour, or not at all.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::sign_in::{add, session};
use crate::world::{World, text, txid};

/// What the report tells of an owner: taken up, the middle hours, by others, waiting.
async fn told(world: &World, owner: &str) -> (u64, Option<i64>, u64, u64) {
    told_until(world, owner, "2027-01-20").await
}

async fn told_until(world: &World, owner: &str, to: &str) -> (u64, Option<i64>, u64, u64) {
    let report = world.get(&format!("/v1/reports/chase?from=2026-11-01&to={to}")).await;
    let owners = report["owners"].as_array().unwrap();
    let row = owners.iter().find(|row| row["owner"] == owner);
    let Some(touch) = row.map(|row| &row["first_touch"]) else { return (0, None, 0, 0) };
    let whole = |name: &str| touch[name].as_u64().unwrap();
    (whole("count"), touch["median_hours"].as_i64(), whole("by_others"), whole("waiting"))
}

/// A person of the merchant, with a session.
struct Person<'a> {
    world: &'a World,
    bearer: String,
}

impl<'a> Person<'a> {
    async fn of(world: &'a World, email: &str) -> Self {
        add(world, email, "csm").await;
        Self { world, bearer: format!("Bearer {}", session(world, email).await) }
    }

    async fn does(&self, path: &str, body: Value) {
        let key = format!("{}-{path}", self.world.now().timestamp());
        let headers = [("authorization", self.bearer.as_str()), ("idempotency-key", key.as_str())];
        let answer = self.world.call_with("POST", path, &headers, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}

async fn task(world: &World, invoice: &Value, owner: &str) -> String {
    let body = json!({
        "invoice_id": text(invoice, "id"), "kind": "call", "about": "Ligar", "owner": owner,
    });
    let answer = world.post("/v1/tasks", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    format!("/v1/tasks/{}", text(&answer.json(), "id"))
}

fn later(world: &World, hours: i64) {
    world.clock.advance(TimeDelta::hours(hours)).unwrap();
}

#[tokio::test]
async fn somebody_elses_deed_counts_as_the_owners() {
    let world = World::new().await;
    let (ana, rui) = ("ana@acme.example", "rui@acme.example");
    let (by_ana, by_rui) = (Person::of(&world, ana).await, Person::of(&world, rui).await);
    let invoice = world.issued().await;
    let note = format!("/v1/invoices/{}/notes", text(&invoice, "id"));
    let first = task(&world, &invoice, ana).await;
    assert_eq!(told(&world, ana).await, (0, None, 0, 1));
    later(&world, 2);
    by_rui.does(&note, json!({ "text": "vi isso" })).await;
    world.post(&note, &json!({ "text": "um programa escreve" })).await;
    assert_eq!(told(&world, ana).await, (0, None, 0, 1), "neither is Ana");
    later(&world, 3);
    by_ana.does(&note, json!({ "text": "ligo amanhã" })).await;
    assert_eq!(told(&world, ana).await, (1, Some(5), 0, 0));
    later(&world, 1);
    by_ana.does(&format!("{first}/done"), json!({ "outcome": "no_answer" })).await;
    assert_eq!(told(&world, ana).await, (1, Some(5), 0, 0), "once");
    let second = task(&world, &invoice, ana).await;
    by_rui.does(&format!("{second}/done"), json!({ "outcome": "reached" })).await;
    assert_eq!(told(&world, ana).await, (1, Some(5), 1, 0));
    assert_eq!(told(&world, rui).await, (0, None, 0, 0));
}

#[tokio::test]
async fn what_was_handed_on_waits_from_the_beginning_and_what_was_paid_goes_on_waiting() {
    let world = World::new().await;
    let (ana, rui) = ("ana@acme.example", "rui@acme.example");
    let by_rui = Person::of(&world, rui).await;
    let invoice = world.issued().await;
    let base = format!("/v1/invoices/{}", text(&invoice, "id"));
    let call = task(&world, &invoice, ana).await;
    let give = async |path: &str| {
        let answer = world.post(path, &json!({ "owner": rui })).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    };
    later(&world, 4);
    give(&format!("{call}/assign")).await;
    give(&format!("{base}/owner")).await;
    assert_eq!(told(&world, ana).await, (0, None, 0, 0));
    assert_eq!(told(&world, rui).await, (0, None, 0, 2));
    later(&world, 1);
    let promise = json!({ "amount": "1000.00", "day": "2026-12-11", "by": "Maria" });
    by_rui.does(&format!("{base}/promise"), promise).await;
    assert_eq!(told(&world, rui).await, (2, Some(1), 0, 0));
    task(&world, &invoice, ana).await;
    assert_eq!(told(&world, ana).await, (0, None, 0, 1));
    world.pay(&txid(&invoice, 1)).await;
    world.sweep().await;
    assert_eq!(told(&world, ana).await, (0, None, 0, 0), "there is nothing left to do");
}

#[tokio::test]
async fn a_flag_of_the_rule_is_no_work_or_the_end_of_the_span_cuts_a_deed_off() {
    let world = World::new().await;
    let ana = "ana@acme.example";
    let by_ana = Person::of(&world, ana).await;
    let customer = world.customer_with(json!({ "account_owner": ana })).await;
    let invoice = world.invoice(&customer, json!({})).await;
    let base = format!("/v1/invoices/{}", text(&invoice, "id"));
    let flag = world.post(&format!("{base}/flag"), &json!({ "reason": "ligar" })).await;
    assert_eq!(flag.status, 200, "{}", flag.body);
    assert_eq!(told(&world, ana).await, (0, None, 0, 1));
    later(&world, 7);
    by_ana.does(&format!("{base}/notes"), json!({ "text": "falei com eles" })).await;
    assert_eq!(told(&world, ana).await, (1, Some(7), 0, 0));
    // Given on the evening of the 23rd, and taken up on the 24th.
    later(&world, 4);
    task(&world, &invoice, ana).await;
    later(&world, 3);
    let by_ana = Person { world: &world, bearer: format!("Bearer {}", session(&world, ana).await) };
    by_ana.does(&format!("{base}/notes"), json!({ "text": "de novo" })).await;
    assert_eq!(told_until(&world, ana, "2026-11-23").await, (2, Some(3), 0, 0));
    assert_eq!(told_until(&world, ana, "2026-11-22").await, (0, None, 0, 0));
}
