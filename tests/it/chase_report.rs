//! A step that is praised for a payment it did not bring, and a report that keeps quiet about what it
//! did not look at.

use serde_json::{Value, json};

use crate::chasing::walk;
use crate::world::{World, txid};

async fn report(world: &World) -> Value {
    world.get("/v1/reports/chase?from=2026-11-01&to=2027-01-20").await
}

/// Cases and payments of each step that was sent.
fn sent(report: &Value) -> Vec<(&str, u64, u64, u64)> {
    let of = |row: &Value, name: &str| row["sent"][name].as_u64().unwrap();
    let steps = report["steps"].as_array().unwrap().iter();
    steps
        .map(|row| {
            let step = row["step"].as_str().unwrap();
            (step, of(row, "cases"), of(row, "paid"), of(row, "too_soon"))
        })
        .collect()
}

#[tokio::test]
async fn a_step_is_praised_for_a_payment_that_came_before_it_or_long_after() {
    let world = World::new().await;
    let customer = world.customer_with(json!({ "account_owner": "ana@acme.example" })).await;
    let prompt = world.invoice(&customer, json!({ "number": "1" })).await;
    world.settle().await;
    walk(&world, "2026-12-05 12:00").await;
    world.pay(&txid(&world.reload(&prompt).await, 1)).await;
    let told = report(&world).await;
    assert_eq!(sent(&told), [("due_minus_5", 1, 1, 0), ("issue", 1, 0, 0)], "{told}");

    let late = world.invoice(&customer, json!({ "number": "2" })).await;
    world.settle().await;
    walk(&world, "2026-12-12 12:00").await;
    let told = report(&world).await;
    assert!(sent(&told).contains(&("due_today", 0, 0, 1)), "{told}");
    world.pay(&txid(&world.reload(&late).await, 1)).await;
    let told = report(&world).await;
    assert!(sent(&told).contains(&("due_today", 1, 1, 0)), "{told}");
    let version = &told["versions"][0];
    assert_eq!((&version["rule"], &version["version"]), (&json!("shipped"), &json!(1)));
    assert_eq!(version["closed"], 2);
    let owner = &told["owners"][0];
    assert_eq!(owner["owner"], "ana@acme.example");
    assert_eq!((&told["complete"], &told["steps"][0]["brought"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn a_span_that_makes_no_sense_is_reported_on() {
    let world = World::new().await;
    for (span, property) in [
        ("", "from"),
        ("from=2026-12-01", "to"),
        ("from=2026-12-01&to=2026-11-30", "to"),
        ("from=2026-01-01&to=2026-12-31", "to"),
    ] {
        let answer = world.call("GET", &format!("/v1/reports/chase?{span}"), "").await;
        assert_eq!(answer.status, 422, "{span}");
        assert!(answer.properties().iter().any(|it| it == property), "{span}");
    }
}
