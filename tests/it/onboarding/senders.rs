//! A sender's domain that is another's, not verified, or not looked up: no message leaves for it.

use quita_local::sender_domains::Dns;
use serde_json::{Value, json};

use super::{NEW, bank_body, call, create, did, next, seen, sender_body};
use crate::world::{World, text};

#[tokio::test]
async fn a_merchant_writes_before_its_domain_is_verified() {
    let world = World::new().await;
    world.senders.set(Dns::Empty);
    let token = create(&world, NEW).await;
    did(&world, &token, "PUT /v1/bank_connection", &bank_body(&world).await).await;
    let set = did(&world, &token, "PUT /v1/sender_domain", &sender_body("aurora.example")).await;
    assert_eq!((text(&set, "status"), &set["verified_at"]), ("pending", &Value::Null));
    let purposes: Vec<&str> =
        set["records"].as_array().unwrap().iter().map(|record| text(record, "purpose")).collect();
    assert_eq!(purposes, ["dkim", "mail_from", "spf", "dmarc"]);
    assert_eq!(next(&world, &token).await, "sender_verified");
    let customer = json!({
        "name": "Padaria", "document": "12.ABC.345/01DE-35", "emails": ["a@padaria.example"],
    });
    let customer = did(&world, &token, "POST /v1/customers", &customer).await;
    let invoice = World::invoice_body(text(&customer, "id"));
    let answer = call(&world, &token, "POST /v1/invoices", &invoice).await;
    assert_eq!(answer.outcome(), "409 conflict", "{}", answer.body);
    assert!(answer.body.contains("DNS records"), "{}", answer.body);

    let check = "POST /v1/sender_domain/check";
    let still = did(&world, &token, check, &Value::Null).await;
    assert_eq!(text(&still, "status"), "pending");
    world.senders.set(Dns::GivenUp);
    assert_eq!(text(&seen(&world, &token, "/v1/sender_domain").await, "status"), "failed");
    world.senders.set(Dns::Published);
    // It is verified at the provider; from here on it is known.
    let known = did(&world, &token, check, &Value::Null).await;
    assert_eq!(text(&known, "status"), "verified");
    did(&world, &token, "POST /v1/invoices", &invoice).await;
    // Records that vanish later are seen, and the chase goes on.
    world.senders.set(Dns::Empty);
    assert_eq!(text(&seen(&world, &token, "/v1/sender_domain").await, "status"), "pending");
}

#[tokio::test]
async fn a_merchant_writes_in_the_name_of_another() {
    let world = World::new().await;
    let first = create(&world, NEW).await;
    did(&world, &first, "PUT /v1/sender_domain", &sender_body("aurora.example")).await;
    let second = create(&world, "mer_thief").await;
    let answer =
        call(&world, &second, "PUT /v1/sender_domain", &sender_body("aurora.example")).await;
    assert_eq!(answer.outcome(), "422 validation-failed", "{}", answer.body);
    assert_eq!(answer.properties(), ["domain"]);
    let mut body = sender_body("thief.example");
    body["from"] = json!("cobranca@aurora.example");
    let answer = call(&world, &second, "PUT /v1/sender_domain", &body).await;
    assert_eq!(answer.properties(), ["from"]);
    assert_eq!(text(&seen(&world, &second, "/v1/sender_domain").await, "status"), "not_set");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_leaves_half_a_sender() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    world.senders.set(Dns::Silent);
    let put = "PUT /v1/sender_domain";
    let answer = call(&world, &token, put, &sender_body("aurora.example")).await;
    assert_eq!(answer.outcome(), "503 temporarily-unavailable", "{}", answer.body);
    assert_eq!(seen(&world, &token, "/v1/merchant").await["from"], Value::Null);
    let answer = call(&world, &token, "POST /v1/sender_domain/check", &Value::Null).await;
    assert_eq!(answer.outcome(), "409 conflict", "nothing is set: {}", answer.body);
    world.senders.set(Dns::Published);
    did(&world, &token, put, &sender_body("aurora.example")).await;
    world.senders.set(Dns::Silent);
    let answer = call(&world, &token, "GET /v1/sender_domain", &Value::Null).await;
    assert_eq!(answer.outcome(), "503 temporarily-unavailable", "{}", answer.body);
}
