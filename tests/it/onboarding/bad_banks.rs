//! A bank connection that is typed wrong, refused, or not answered: nothing of it is kept, and no
//! secret comes back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quita_psp_sandbox::{FaultRates, HttpFault};
use serde_json::{Value, json};

use super::{NEW, bank_body, call, connected, create, did, operator, secret, seen, stored};
use crate::world::{World, text};

const P12: &[u8] = include_bytes!("../../../shared/pix/fixtures/tls/client.p12");
const EXPIRED: &[u8] = include_bytes!("../../../shared/pix/fixtures/tls/expired.p12");
/// Good until 10 December 2026.
pub const ENDING: &[u8] = include_bytes!("../../../shared/pix/fixtures/tls/ending.p12");
const PEM: &str = include_str!("../../../shared/pix/fixtures/tls/client.pem");
const OTHER_PEM: &str = include_str!("../../../shared/pix/fixtures/tls/server.pem");
const PASSWORD: &str = "quita-test";

pub fn pkcs12(file: &[u8]) -> Value {
    json!({ "pkcs12_base64": STANDARD.encode(file), "pkcs12_password": PASSWORD })
}

fn block(pem: &str, label: &str) -> String {
    let begin = pem.find(&format!("-----BEGIN {label}-----")).unwrap();
    let end = format!("-----END {label}-----");
    pem[begin..pem.find(&end).unwrap() + end.len()].to_owned()
}

/// A change of a good body, and what is answered: outcome and properties.
type Case = (&'static str, Value, &'static str, &'static [&'static str]);

fn typed_wrong() -> Vec<Case> {
    let invalid = "422 validation-failed";
    let mut wrong = pkcs12(P12);
    wrong["pkcs12_password"] = json!("hunter22");
    let mixed = json!({
        "certificate_pem": block(PEM, "CERTIFICATE"),
        "private_key_pem": block(OTHER_PEM, "PRIVATE KEY"),
    });
    let both = json!({ "pkcs12_base64": "aa", "certificate_pem": "bb" });
    vec![
        ("certificate", wrong, invalid, &["certificate.pkcs12_password"]),
        ("certificate", pkcs12(EXPIRED), invalid, &["certificate"]),
        ("certificate", mixed, invalid, &["certificate"]),
        ("certificate", both, invalid, &["certificate"]),
        ("bank", json!("nubank"), invalid, &["bank"]),
        ("sandbox", json!(false), invalid, &["sandbox"]),
        ("base_url", json!("http://pix.example.com/v2"), invalid, &["base_url"]),
        ("base_url", json!("https://10.0.0.7/v2"), invalid, &["base_url"]),
        ("token_url", Value::Null, invalid, &["token_url"]),
        ("pix_key", json!("11122233344"), invalid, &["pix_key"]),
        ("client_id", json!(""), invalid, &["client_id"]),
        ("client_secret", json!("of somebody else"), invalid, &["client_secret"]),
        ("client_secret", json!(12345678), "400 malformed-request", &[]),
        ("client_secre", json!("hunter22"), "400 malformed-request", &[]),
        ("certificate", json!({ "password": "hunter22" }), "400 malformed-request", &[]),
    ]
}

#[tokio::test]
async fn a_connection_that_is_typed_wrong_is_kept_or_told_in_riddles() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    for (field, value, outcome, properties) in typed_wrong() {
        let mut body = bank_body(&world).await;
        body[field] = value.clone();
        let answer = call(&world, &token, "PUT /v1/bank_connection", &body).await;
        assert_eq!(answer.outcome(), outcome, "{field} {value}: {}", answer.body);
        if !properties.is_empty() {
            assert_eq!(answer.properties(), properties, "{field}: {}", answer.body);
        }
        for secret in ["hunter22", PASSWORD, "12345678", "BEGIN", "of somebody else"] {
            assert!(!answer.body.contains(secret), "{field}: {}", answer.body);
        }
        assert_eq!(secret(&world).await, None, "{field}");
        assert_eq!(seen(&world, &token, "/v1/bank_connection").await["connected"], false);
    }
}

#[tokio::test]
async fn a_bank_that_says_no_is_connected() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    let mut body = bank_body(&world).await;
    body["client_secret"] = json!("wrong-client-secret");
    let answer = call(&world, &token, "PUT /v1/bank_connection", &body).await;
    assert_eq!(answer.outcome(), "422 validation-failed", "{}", answer.body);
    assert_eq!(answer.properties(), ["client_secret"]);
    assert!(!answer.body.contains("wrong-client-secret"), "{}", answer.body);
    assert_eq!(secret(&world).await, None);

    // A key of somebody else's account shows when a charge is made on it.
    let mut body = bank_body(&world).await;
    body["pix_key"] = json!("alheia@banco.example");
    did(&world, &token, "PUT /v1/bank_connection", &body).await;
    for route in ["POST /v1/bank_connection/callback", "POST /v1/bank_connection/test_charge"] {
        let answer = call(&world, &token, route, &Value::Null).await;
        assert_eq!(answer.outcome(), "409 conflict", "{route}: {}", answer.body);
        assert!(answer.body.contains("Pix key"), "{}", answer.body);
    }
    let shown = seen(&world, &token, "/v1/bank_connection").await;
    assert_eq!(
        (&shown["callback_registered_at"], &shown["test_charge"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_bank_that_is_down_loses_the_connection_that_was_there() {
    let world = World::new().await;
    let token = connected(&world).await;
    let before = (secret(&world).await, seen(&world, &token, "/v1/bank_connection").await);
    let down = FaultRates { unavailable: 1.0, ..FaultRates::default() };
    world.bank.faults().set_rates(down);
    let mut body = bank_body(&world).await;
    body["pix_key"] = json!(world.bank.config().keys[0]);
    for (route, body) in [
        ("PUT /v1/bank_connection", body.clone()),
        ("POST /v1/bank_connection/callback", Value::Null),
        ("POST /v1/bank_connection/test_charge", Value::Null),
    ] {
        let answer = call(&world, &token, route, &body).await;
        assert_eq!(answer.outcome(), "503 temporarily-unavailable", "{route} {}", answer.body);
        assert!(answer.body.contains("repeat the request"), "{}", answer.body);
    }
    let after = (secret(&world).await, seen(&world, &token, "/v1/bank_connection").await);
    assert_eq!(before, after);
    world.bank.faults().clear();
    did(&world, &token, "PUT /v1/bank_connection", &body).await;
}

#[tokio::test]
async fn a_test_charge_that_was_made_without_an_answer_is_made_twice() {
    let world = World::new().await;
    let token = connected(&world).await;
    world.bank.faults().next_calls(2, HttpFault::TimeoutAfterCommit);
    let make = "POST /v1/bank_connection/test_charge";
    let first = super::call_again(&world, &token, make, &Value::Null, "same").await;
    let again = super::call_again(&world, &token, make, &Value::Null, "same").await;
    assert_eq!(again.status, 201, "{} then {}", first.body, again.body);
    assert_eq!(world.bank.charges().len(), 1);
}

#[tokio::test]
async fn a_step_before_the_bank_is_connected_fails_without_a_word() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    for route in ["POST /v1/bank_connection/callback", "POST /v1/bank_connection/test_charge"] {
        let answer = call(&world, &token, route, &Value::Null).await;
        assert_eq!(answer.outcome(), "409 conflict", "{route}: {}", answer.body);
        assert!(answer.body.contains("PUT /v1/bank_connection"), "{}", answer.body);
    }
    let remove = "POST /v1/bank_connection/test_charge/remove";
    let answer = call(&world, &token, remove, &Value::Null).await;
    assert_eq!(answer.outcome(), "409 conflict", "{}", answer.body);
}

#[tokio::test]
async fn a_credential_stands_in_an_answer_a_row_or_a_log() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    let mut body = bank_body(&world).await;
    body["certificate"] = pkcs12(P12);
    did(&world, &token, "PUT /v1/bank_connection", &body).await;
    did(&world, &token, "POST /v1/bank_connection/callback", &Value::Null).await;
    let client_secret = text(&body, "client_secret");
    let seen_anywhere = [
        seen(&world, &token, "/v1/bank_connection").await,
        seen(&world, &token, "/v1/merchant").await,
        seen(&world, &token, "/v1/audit").await,
        json!(stored(&world)),
    ];
    for shown in seen_anywhere.map(|shown| shown.to_string()) {
        for hidden in [client_secret, PASSWORD, &STANDARD.encode(P12)[..40], "BEGIN PRIVATE"] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }
    // The file was opened once; what every process reads needs no password.
    let kept = secret(&world).await.unwrap();
    assert!(kept.contains("BEGIN PRIVATE") && !kept.contains(PASSWORD) && !kept.contains("pkcs12"));
    // A live merchant cannot be talked into a sandbox.
    let mut live = super::merchant_body("mer_live");
    live["mode"] = json!("live");
    let live = did(&world, &operator(&world), "POST /v1/merchants", &live).await;
    let live = text(&live["api_key"], "token").to_owned();
    let answer = call(&world, &live, "PUT /v1/bank_connection", &body).await;
    assert_eq!(answer.properties(), ["sandbox"], "{}", answer.body);
}
