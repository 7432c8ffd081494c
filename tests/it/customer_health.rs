//! Fears about how a customer is judged: that who pays early and who does not pay look alike, that
//! what was promised or disputed is forgotten with its invoice, that a part is taken for the whole.

use quita_core::access::Role;
use quita_core::ids::MerchantId;
use serde_json::{Value, json};

use crate::approvals::Caller;
use crate::files::openapi;
use crate::schema::faults;
use crate::tenants::Other;
use crate::world::{MERCHANT, World, at, text, txid};

/// How a customer stands, as documented.
async fn health(world: &World, customer: &str) -> Value {
    let told = world.get(&format!("/v1/customers/{customer}/health")).await;
    let schema = json!({ "$ref": "#/components/schemas/CustomerHealth" });
    assert_eq!(faults(&openapi(), &schema, &told), [""; 0], "{told}");
    told
}

fn codes(told: &Value) -> Vec<&str> {
    told["reasons"].as_array().unwrap().iter().map(|reason| text(reason, "code")).collect()
}

fn set(world: &World, local: &str) {
    world.clock.set(at(local)).unwrap();
}

/// So many invoices of R$ 1,000.00 due on 10 December.
async fn invoices(world: &World, customer: &str, count: u32) -> Vec<Value> {
    let mut all = Vec::new();
    for nth in 1..=count {
        all.push(world.invoice(customer, json!({ "number": format!("n-{nth}") })).await);
    }
    all
}

#[tokio::test]
async fn who_pays_early_and_who_does_not_pay_look_alike() {
    let world = World::new().await;
    let customer = world.customer().await;
    let told = health(&world, &customer).await;
    assert_eq!((text(&told, "health"), codes(&told)), ("unknown", vec!["few_paid"]));
    assert_eq!((&told["next_step"], &told["average_days"]), (&Value::Null, &Value::Null));
    let all = invoices(&world, &customer, 4).await;
    set(&world, "2026-12-01 10:00");
    for invoice in &all[..3] {
        world.pay(&txid(invoice, 1)).await;
    }
    let told = health(&world, &customer).await;
    assert_eq!((text(&told, "health"), codes(&told)), ("good", vec!["pays_early"]), "{told}");
    assert_eq!(text(&told["advice"], "code"), "offer_longer_terms");
    assert_eq!((&told["invoices"]["paid_early"], &told["average_days"]), (&json!(3), &json!(-9)));
    assert_eq!(text(&told["last_payment"], "amount"), "1000.00");
    let step = &told["next_step"];
    assert_eq!(text(step, "invoice_id"), text(&all[3], "id"));
    assert_eq!(step["what"], world.reload(&all[3]).await["next_action"]["what"]);

    set(&world, "2027-01-10 10:00");
    let told = health(&world, &customer).await;
    assert_eq!((text(&told, "health"), codes(&told)[0]), ("poor", "long_overdue"), "{told}");
    assert_eq!(text(&told["advice"], "code"), "agree_how_to_pay");
    let oldest = &told["oldest_open"];
    assert_eq!((text(oldest, "number"), &oldest["days_late"]), ("n-4", &json!(31)));
    let owed = text(&world.reload(&all[3]).await, "outstanding").to_owned();
    assert_eq!(text(oldest, "outstanding"), owed);
    assert_eq!(text(&told["invoices"], "overdue_amount"), owed);
    // Who stops paying does not look prompt: 31 days late, and three times nine early.
    assert_eq!(told["trend"]["last_quarter"], json!({ "invoices": 4, "average_days": 1 }));
}

#[tokio::test]
async fn what_was_promised_or_disputed_is_forgotten_with_its_invoice() {
    let world = World::new().await;
    let customer = world.customer().await;
    let all = invoices(&world, &customer, 3).await;
    let ask = async |invoice: &Value, what: &str, body: Value| {
        let path = format!("/v1/invoices/{}/{what}", text(invoice, "id"));
        let answer = world.post(&path, &body).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
    };
    let promise = |day: &str| json!({ "amount": "1000.00", "day": day, "by": "Maria" });
    let rejected = json!({ "outcome": "rejected", "reason": "entregue" });
    ask(&all[0], "promise", promise("2026-12-10")).await;
    ask(&all[1], "promise", promise("2026-11-25")).await;
    ask(&all[1], "dispute", json!({ "reason": "faltou um item" })).await;
    ask(&all[1], "dispute/close", rejected).await;
    ask(&all[2], "dispute", json!({ "reason": "em dobro" })).await;
    world.pay(&txid(&all[0], 1)).await;
    world.at("2026-12-02 10:00").await;
    // A new promise takes the place of the broken one on the invoice, not in its history.
    ask(&all[1], "promise", promise("2026-12-09")).await;
    let told = health(&world, &customer).await;
    assert_eq!(told["promises"], json!({ "kept": 1, "broken": 1 }), "{told}");
    assert_eq!(told["disputes"], json!({ "open": 1, "closed": 1 }));
    assert_eq!(codes(&told), ["disputed", "promise_broken", "few_paid"]);
    assert_eq!(text(&told["advice"], "code"), "settle_dispute");
}

#[tokio::test]
async fn who_looks_after_a_customer_is_not_let_in_or_anybody_is() {
    let world = World::new().await;
    let customer = world.customer().await;
    let path = format!("/v1/customers/{customer}/health");
    let owner = Caller::made_by(&world, "usr_01JE6X7Q5M8Y2N4C9R0T3V6W91", Role::Csm.permissions());
    assert_eq!(owner.await.call("GET", &path, &Value::Null).await.status, 200);
    let none = world.key_of(&MerchantId::parse(MERCHANT).unwrap(), [].into()).await;
    let bearer = format!("Bearer {none}");
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(world.call_with("GET", &path, &headers, "").await.outcome(), "403 forbidden");
    let other = Other::of(&world).await;
    let answer = other.call("GET", &path, &Value::Null).await;
    assert_eq!(answer.outcome(), "404 not-found");
    assert_eq!(world.call("GET", "/v1/customers/x/health", "").await.outcome(), "404 not-found");
}

#[tokio::test]
async fn a_part_is_taken_for_the_whole() {
    let world = World::new().await;
    let customer = world.customer().await;
    for nth in 0..=quita_app::customer_health::HISTORIES_MAX {
        let mut body = World::invoice_body(&customer);
        body["number"] = json!(format!("n-{nth}"));
        assert_eq!(world.post("/v1/invoices", &body).await.status, 201);
    }
    world.usage();
    let told = health(&world, &customer).await;
    assert_eq!(told["invoices"]["looked_at"], json!(101));
    assert_eq!((&told["complete"], &told["histories_complete"]), (&json!(true), &json!(false)));
}
