//! Fears about rules a merchant wrote: one that is taken with its faults, one that changes under an
//! invoice, a customer that is chased by the wrong one or although somebody said no.

use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::Invoice;
use quita_table::store::ItemRef;
use serde_json::{Value, json};

use crate::tenants::Other;
use crate::world::{Answer, MERCHANT, World, text};

/// A rule that writes on the day of the charge and `late` days after the due date.
fn rule(late: i64) -> Value {
    json!({
        "preventive": [{
            "id": "issue", "when": { "from": "on_issue" }, "where": ["email"],
            "how": { "template": "charge_issued", "tone": "informative" },
        }],
        "reactive": [
            {
                "id": format!("late_{late}"), "where": ["email"],
                "when": { "from": "due", "offset": late, "unit": "days" },
                "how": { "template": "three_days_late", "tone": "firm" },
            },
            {
                "id": "end", "when": { "from": "due", "offset": 20, "unit": "days" },
                "effects": ["end_chase"],
            },
        ],
    })
}

async fn put(world: &World, path: &str, body: Value) -> Answer {
    world.call("PUT", path, &body.to_string()).await
}

async fn publish(world: &World, name: &str, expected_version: u32, rule: Value) -> Answer {
    let body = json!({
        "label": "Ours", "note": "tried out", "expected_version": expected_version, "rule": rule,
    });
    put(world, &format!("/v1/rules/{name}"), body).await
}

/// Publishes, and new invoices are issued under it.
async fn publish_and_choose(world: &World, name: &str, expected_version: u32, rule: Value) {
    let answer = publish(world, name, expected_version, rule).await;
    assert!([200, 201].contains(&answer.status), "{}", answer.body);
    let answer = put(world, "/v1/default_rule", json!({ "rule": name })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The rule and the version an invoice was issued under.
async fn stored(world: &World, invoice: &Value) -> Invoice {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let id = InvoiceId::parse(text(invoice, "id")).unwrap();
    let store = &world.machine.deps().store;
    let mut found = store.read(&merchant, &[ItemRef::Invoice(id.clone())]).await.unwrap();
    found.take_invoice(&id).unwrap()
}

async fn under(world: &World, invoice: &Value) -> (Option<String>, u32) {
    let issuing = stored(world, invoice).await.issuing;
    (issuing.rule.map(|name| name.as_str().to_owned()), issuing.rule_version)
}

fn places(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let violations = body["violations"].as_array().unwrap().clone();
    violations.iter().map(|fault| text(fault, "property").to_owned()).collect()
}

async fn customer_segment(world: &World, customer: &str) -> Value {
    world.get(&format!("/v1/customers/{customer}")).await["care"]["segment"].clone()
}

#[tokio::test]
async fn a_rule_is_taken_with_its_faults_or_tells_them_one_at_a_time() {
    let world = World::new().await;
    let mut faulty = rule(3);
    faulty["reactive"][0]["how"]["template"] = json!("nobody_wrote_it");
    faulty["reactive"][1]["effects"] = json!([]);
    faulty["min_gap_hours"] = json!(0);
    let expected = [
        "rule.reactive[0].how.template",
        "rule.reactive[1].where",
        "rule.min_gap_hours",
        "rule.reactive",
    ];
    let answer = publish(&world, "ours", 0, faulty.clone()).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(places(&answer), expected);
    let answer = world.post("/v1/rules/ours/check", &json!({ "rule": faulty })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["valid"], false);
    assert_eq!(places(&answer), expected);
    // A window that is closed whenever a step could go out shows only when the rule runs.
    let mut silent = rule(3);
    silent["send_at"] = json!("21:00");
    silent["preventive"].as_array_mut().unwrap().push(json!({
        "id": "today", "when": { "from": "due", "offset": 0, "unit": "days" }, "where": ["email"],
        "how": { "template": "due_today", "tone": "neutral" },
    }));
    let answer = world.post("/v1/rules/ours/check", &json!({ "rule": silent })).await;
    assert_eq!(places(&answer), ["rule.preventive[1].when"], "{}", answer.body);
    let answer = world.post("/v1/rules/ours/check", &json!({ "rule": rule(3) })).await;
    assert_eq!(answer.json(), json!({ "valid": true, "violations": [] }));
    assert_eq!(world.get("/v1/rules").await["items"], json!([]), "a check wrote something");
    let answer = publish(&world, "Ours!", 0, rule(3)).await;
    assert_eq!(places(&answer), ["rule_name"]);
}

#[tokio::test]
async fn a_version_goes_over_one_that_somebody_else_published() {
    let world = World::new().await;
    let first = publish(&world, "ours", 0, rule(2)).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let late = publish(&world, "ours", 0, rule(9)).await;
    assert_eq!(late.status, 409, "{}", late.body);
    assert!(late.body.contains("expected_version 1"), "{}", late.body);
    let unknown = publish(&world, "theirs", 4, rule(9)).await;
    assert_eq!(unknown.status, 409, "{}", unknown.body);
    let second = publish(&world, "ours", 1, rule(5)).await;
    assert_eq!((second.status, second.json()["version"].clone()), (200, json!(2)));
    let versions = world.get("/v1/rules/ours/versions?limit=1").await;
    assert_eq!(versions["items"][0]["version"], 2);
    let next = text(&versions, "next_cursor").to_owned();
    let versions = world.get(&format!("/v1/rules/ours/versions?limit=1&cursor={next}")).await;
    assert_eq!(versions["items"][0]["version"], 1);
    assert_eq!(versions["next_cursor"], Value::Null);
    let old = world.get("/v1/rules/ours/versions/1").await;
    assert_eq!(old["rule"]["reactive"][0]["id"], "late_2");
    // What is shown is what would be typed.
    let shown = world.get("/v1/rules/ours").await;
    let third = publish(&world, "ours", 2, shown["rule"].clone()).await;
    assert_eq!(third.json()["rule"], shown["rule"]);
    assert_eq!(world.get("/v1/rules").await["items"][0]["version"], 3);
    for path in ["/v1/rules/nobodys", "/v1/rules/ours/versions/9", "/v1/rules/ours/versions/x"] {
        assert_eq!(world.call("GET", path, "").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn an_invoice_changes_with_the_rule_it_was_issued_under() {
    let world = World::new().await;
    let customer = world.customer().await;
    let before = world.invoice(&customer, json!({})).await;
    publish_and_choose(&world, "ours", 0, rule(2)).await;
    let first = world.invoice(&customer, json!({ "number": "2" })).await;
    // What follows the rule has the next version at once.
    assert_eq!(publish(&world, "ours", 1, rule(5)).await.status, 200);
    let second = world.invoice(&customer, json!({ "number": "3" })).await;
    let ours = |version| (Some("ours".to_owned()), version);
    assert_eq!(under(&world, &before).await, (None, 1));
    assert_eq!(under(&world, &first).await, ours(1));
    assert_eq!(under(&world, &second).await, ours(2));
    let shown = world.get("/v1/default_rule").await;
    assert_eq!((&shown["rule"], &shown["version"]), (&json!("ours"), &json!(2)));
    assert_eq!(shown["definition"]["reactive"][0]["id"], "late_5");
    let answer = put(&world, "/v1/default_rule", json!({ "rule": null })).await;
    assert_eq!(answer.json(), json!({ "rule": null, "version": 1 }));
    let answer = put(&world, "/v1/default_rule", json!({ "rule": "nobodys" })).await;
    assert_eq!(places(&answer), ["rule"]);
}

#[tokio::test]
async fn the_steps_of_another_rule_go_out() {
    let world = World::new().await;
    publish_and_choose(&world, "ours", 0, rule(2)).await;
    let invoice = world.issued().await;
    assert_eq!(publish(&world, "ours", 1, rule(5)).await.status, 200);
    world.live_until("2026-12-18 12:00").await;
    assert_eq!(world.steps(), ["issue", "late_2"]);
    let stored = stored(&world, &invoice).await;
    assert!(stored.instalments[0].chase.done.contains_key("late_2"));
}

#[tokio::test]
async fn an_invoice_is_moved_by_itself_or_sent_everything_again() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let path = format!("/v1/invoices/{}/rule", text(&invoice, "id"));
    world.live_until("2026-12-11 12:00").await;
    let sent = world.steps().len();
    assert_eq!(publish(&world, "ours", 0, rule(5)).await.status, 201);
    for (body, place) in [
        (json!({ "rule": "nobodys" }), "rule"),
        (json!({ "rule": "ours", "version": 2 }), "version"),
        (json!({ "rule": null, "version": 2 }), "version"),
    ] {
        assert_eq!(places(&world.post(&path, &body).await), [place]);
    }
    let answer = world.post(&path, &json!({ "rule": "ours" })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(under(&world, &invoice).await, (Some("ours".to_owned()), 1));
    assert!(world.timeline(&invoice).await.contains(&"invoice.rule_moved".to_owned()));
    world.live_until("2026-12-14 23:00").await;
    assert_eq!(world.steps().len(), sent, "the old rule goes on, or the new one began anew");
    world.live_until("2026-12-15 12:00").await;
    assert_eq!(world.steps()[sent..], ["late_5"]);
    let stranger = "/v1/invoices/inv_01JE6X7Q5M0A1B2C3D4E5F6G7H/rule";
    assert_eq!(world.post(stranger, &json!({ "rule": null })).await.status, 404);
    let id = text(&invoice, "id");
    world.post(&format!("/v1/invoices/{id}/cancel"), &json!({ "reason": "error" })).await;
    assert_eq!(world.post(&path, &json!({ "rule": null })).await.status, 409);
}

#[tokio::test]
async fn a_customer_is_in_the_wrong_segment_or_its_invoices_under_the_wrong_rule() {
    let world = World::new().await;
    let customer = world.customer().await;
    assert_eq!(publish(&world, "gentle", 0, rule(9)).await.status, 201);
    let segments = json!({ "segments": [
        { "segment": "partners" },
        { "segment": "late", "rule": "gentle", "when": { "overdue_from": 1 } },
    ] });
    let answer = put(&world, "/v1/segments", segments).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["segments"][1]["rule"], json!({ "rule": "gentle", "version": 1 }));
    let answer = put(&world, "/v1/segments", json!({ "segments": [{ "segment": "A b" }] })).await;
    assert_eq!(places(&answer), ["segments[0].segment"]);

    let invoice = world.invoice(&customer, json!({})).await;
    assert_eq!(customer_segment(&world, &customer).await, Value::Null);
    world.live_until("2026-12-11 07:00").await;
    let found = world.call("POST", "/v1/segments/recompute", "").await.json();
    let expected = json!({ "looked_at": 1, "changed": 1, "next_cursor": null });
    assert_eq!(found, expected);
    world.settle().await;
    let late = json!({ "name": "late", "by_hand": false });
    assert_eq!(customer_segment(&world, &customer).await, late);
    // New invoices of the segment follow its rule, and the rule's next version.
    let second = world.invoice(&customer, json!({ "number": "2", "due_date": "2027-01-11" })).await;
    assert_eq!(under(&world, &second).await, (Some("gentle".to_owned()), 1));
    assert_eq!(publish(&world, "gentle", 1, rule(8)).await.status, 200);
    let third = world.invoice(&customer, json!({ "number": "3", "due_date": "2027-01-11" })).await;
    assert_eq!(under(&world, &third).await, (Some("gentle".to_owned()), 2));

    // Paid, it leaves by itself; what a person set stays.
    let charge = &world.reload(&invoice).await["instalments"][0]["charge"];
    world.pay(text(charge, "txid")).await;
    assert_eq!(customer_segment(&world, &customer).await, Value::Null);
    let path = format!("/v1/customers/{customer}/segment");
    assert_eq!(places(&put(&world, &path, json!({ "segment": "gold" })).await), ["segment"]);
    let answer = put(&world, &path, json!({ "segment": "partners" })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.live_until("2027-01-12 10:00").await;
    let found = world.call("POST", "/v1/segments/recompute", "").await.json();
    assert_eq!(found["changed"], 0);
    let answer = put(&world, &path, json!({ "segment": null })).await;
    assert_eq!(answer.json()["care"]["segment"], late);
}

#[tokio::test]
async fn somebody_who_is_to_be_left_alone_is_written_to_or_stays_alone_for_good() {
    let world = World::new().await;
    let customer = world.customer().await;
    world.invoice(&customer, json!({})).await;
    let path = format!("/v1/customers/{customer}/care");
    let body = json!({
        "excluded": { "reason": "they sue" }, "tier": "vip", "whatsapp_consent": true,
        "contacts": [{ "name": "Rita", "audience": "approver", "email": "rita@aurora.example" }],
    });
    let answer = put(&world, &path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let care = &answer.json()["care"];
    assert_eq!((&care["tier"], &care["excluded"]["reason"]), (&json!("vip"), &json!("they sue")));
    world.settle().await;
    world.live_until("2026-12-11 12:00").await;
    assert_eq!(world.steps(), ["issue"]);
    // Lifted, it goes on at once, with the highest step alone; nothing waits for a sweep.
    let answer = put(&world, &path, json!({ "excluded": null })).await;
    assert_eq!(answer.json()["care"]["contacts"][0]["name"], "Rita");
    world.settle().await;
    assert_eq!(world.steps(), ["issue", "due_plus_1"]);
    let pause = json!({ "paused": { "reason": "they move", "until": "2026-12-21" } });
    assert_eq!(put(&world, &path, pause).await.status, 200);
    world.settle().await;
    world.live_until("2026-12-20 12:00").await;
    assert_eq!(world.steps().len(), 2);
    world.live_until("2026-12-21 12:00").await;
    assert_eq!(world.steps()[2..], ["due_plus_7"]);
    let faults = json!({ "tier": "gold", "paused": { "reason": "", "until": "2026-01-01" } });
    let answer = put(&world, &path, faults).await;
    assert_eq!(places(&answer), ["tier", "paused.reason", "paused.until"]);
    // Said again it is no change, and no row.
    let history = format!("/v1/audit?aggregate={customer}");
    let rows = world.get(&history).await["items"].as_array().unwrap().len();
    assert_eq!(put(&world, &path, json!({ "tier": "vip" })).await.status, 200);
    world.settle().await;
    assert_eq!(world.get(&history).await["items"].as_array().unwrap().len(), rows);
}

#[tokio::test]
async fn a_rule_of_another_merchant_is_seen_or_chosen() {
    let world = World::new().await;
    assert_eq!(publish(&world, "ours", 0, rule(2)).await.status, 201);
    let other = Other::of(&world).await;
    assert_eq!(other.get("/v1/rules").await["items"], json!([]));
    for path in ["", "/versions", "/versions/1"] {
        let path = format!("/v1/rules/ours{path}");
        assert_eq!(other.call("GET", &path, &Value::Null).await.status, 404, "{path}");
    }
    let chosen = other.call("PUT", "/v1/default_rule", &json!({ "rule": "ours" })).await;
    assert_eq!(places(&chosen), ["rule"]);
}
