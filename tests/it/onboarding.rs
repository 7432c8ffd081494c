//! Fears about setting up: a merchant that cannot be brought to its first payment, a step that is
//! half done, a secret that comes back, one merchant that speaks in another's name.

mod bad_banks;
mod channels;
mod senders;

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use quita_core::ids::MerchantId;
use quita_psp_sandbox::{ChargeStatus, PayOptions};
use quita_testkit::fault::Fault;
use serde_json::{Value, json};

use crate::bad_invoices::assert_wrote_nothing;
use crate::world::{Answer, OTHER_PIX_KEY, World, at, text, txid};

/// The merchant that is set up.
const NEW: &str = "mer_aurora";

/// A call with a token and a fresh idempotency key.
async fn call(world: &World, token: &str, route: &str, body: &Value) -> Answer {
    static NTH: AtomicU32 = AtomicU32::new(0);
    let key = format!("setup-{}", NTH.fetch_add(1, Ordering::Relaxed));
    call_again(world, token, route, body, &key).await
}

async fn call_again(world: &World, token: &str, route: &str, body: &Value, key: &str) -> Answer {
    let (method, path) = route.split_once(' ').unwrap();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.call_with(method, path, &headers, &body).await
}

/// As [`call`], for a call that is to succeed.
async fn did(world: &World, token: &str, route: &str, body: &Value) -> Value {
    let answer = call(world, token, route, body).await;
    assert!((200..300).contains(&answer.status), "{route}: {}", answer.body);
    answer.json()
}

async fn seen(world: &World, token: &str, path: &str) -> Value {
    did(world, token, &format!("GET {path}"), &Value::Null).await
}

fn operator(world: &World) -> String {
    world.secrets.operator_token().unwrap()
}

fn merchant_body(id: &str) -> Value {
    json!({
        "id": id,
        "name": "Aurora Serviços Ltda",
        "document": "11.444.777/0001-61",
        "city": "Curitiba",
        "mode": "test",
        "admin": { "name": "Ana Lima", "email": "ana@aurora.example" },
    })
}

/// A merchant that was only created: its token.
async fn create(world: &World, id: &str) -> String {
    let created = did(world, &operator(world), "POST /v1/merchants", &merchant_body(id)).await;
    text(&created["api_key"], "token").to_owned()
}

fn sender_body(domain: &str) -> Value {
    json!({
        "domain": domain,
        "from": format!("cobranca@{domain}"),
        "reply_to": format!("financeiro@{domain}"),
    })
}

/// Where the sandbox bank listens.
async fn bank_url(world: &World) -> String {
    let secrets = &world.machine.deps().secrets;
    let secret = secrets.get("bank/mer_acme").await.unwrap().unwrap();
    let access: Value = serde_json::from_str(&secret).unwrap();
    text(&access, "base_url").to_owned()
}

/// The sandbox bank, on another key of its account than the merchant of most tests.
async fn bank_body(world: &World) -> Value {
    let url = bank_url(world).await;
    json!({
        "bank": "custom",
        "sandbox": true,
        "base_url": url,
        "token_url": format!("{url}/oauth/token"),
        "pix_key": OTHER_PIX_KEY,
        "client_id": world.bank.config().client_id,
        "client_secret": world.bank.config().client_secret,
    })
}

/// The bank's secret of the merchant that is set up.
async fn secret(world: &World) -> Option<String> {
    world.machine.deps().secrets.get(&format!("bank/{NEW}")).await.unwrap()
}

/// Everything in the table.
fn stored(world: &World) -> String {
    serde_json::to_string(&world.machine.engine().items().unwrap()).unwrap()
}

/// A merchant with sender and bank: its token.
async fn connected(world: &World) -> String {
    let token = create(world, NEW).await;
    did(world, &token, "PUT /v1/sender_domain", &sender_body("aurora.example")).await;
    did(world, &token, "PUT /v1/bank_connection", &bank_body(world).await).await;
    token
}

async fn next(world: &World, token: &str) -> Value {
    seen(world, token, "/v1/onboarding").await["next"].clone()
}

/// Questions that fail.
async fn failing(world: &World, token: &str) -> Vec<String> {
    let readiness = seen(world, token, "/v1/readiness").await;
    let questions = readiness["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 7);
    let failing: Vec<String> = questions
        .iter()
        .filter(|question| question["status"] == "fail")
        .map(|question| text(question, "id").to_owned())
        .collect();
    assert_eq!(readiness["ready"], failing.is_empty());
    failing
}

async fn first_invoice(world: &World, token: &str) -> Value {
    let customer = json!({
        "name": "Padaria Aurora Ltda",
        "document": "12.ABC.345/01DE-35",
        "emails": ["financeiro@padaria.example"],
    });
    let customer = did(world, token, "POST /v1/customers", &customer).await;
    let invoice = World::invoice_body(text(&customer, "id"));
    let invoice = did(world, token, "POST /v1/invoices", &invoice).await;
    world.settle().await;
    seen(world, token, &format!("/v1/invoices/{}", text(&invoice, "id"))).await
}

#[tokio::test]
async fn a_new_merchant_cannot_be_brought_to_its_first_payment() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    assert_eq!(next(&world, &token).await, "sender");
    did(&world, &token, "PUT /v1/sender_domain", &sender_body("aurora.example")).await;
    assert_eq!(next(&world, &token).await, "bank");
    did(&world, &token, "PUT /v1/bank_connection", &bank_body(&world).await).await;
    assert_eq!(next(&world, &token).await, "callback");
    did(&world, &token, "POST /v1/bank_connection/callback", &Value::Null).await;
    assert_eq!(next(&world, &token).await, "test_charge");
    let tried = did(&world, &token, "POST /v1/bank_connection/test_charge", &Value::Null).await;
    assert!(text(&tried, "qr_svg").starts_with("<svg"), "{tried}");
    assert!(text(&tried, "pix_copia_e_cola").starts_with("000201"));
    did(&world, &token, "POST /v1/bank_connection/test_charge/remove", &Value::Null).await;
    let held = world.bank.charge(text(&tried, "txid")).unwrap();
    assert_eq!(held.status, ChargeStatus::RemovidaPeloUsuarioRecebedor);
    assert_eq!(next(&world, &token).await, "people");
    let person = json!({ "name": "Rui", "email": "rui@aurora.example", "role": "finance" });
    did(&world, &token, "POST /v1/people", &person).await;
    assert_eq!(next(&world, &token).await, "first_invoice");

    // The comparison with the bank is due at once.
    assert_eq!(failing(&world, &token).await, ["books_close"]);
    world.sweep().await;
    assert_eq!(failing(&world, &token).await, [""; 0]);

    let invoice = first_invoice(&world, &token).await;
    assert_eq!(next(&world, &token).await, Value::Null);
    world.pay_with(&txid(&invoice, 1), PayOptions::default()).await;
    let paid = seen(&world, &token, &format!("/v1/invoices/{}", text(&invoice, "id"))).await;
    assert_eq!(text(&paid, "status"), "paid");
    // Its people get the digest of the day from the first one on.
    let to_payers = world.steps().into_iter().filter(|step| !step.starts_with(crate::daily::TAG));
    assert_eq!(to_payers.collect::<Vec<_>>(), ["issue", "receipt"]);
}

#[tokio::test]
async fn an_invoice_is_issued_that_nobody_can_pay_or_be_told_of() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    let customer = json!({
        "name": "Padaria Aurora Ltda",
        "document": "12.ABC.345/01DE-35",
        "emails": ["financeiro@padaria.example"],
    });
    let customer = did(&world, &token, "POST /v1/customers", &customer).await;
    let body = World::invoice_body(text(&customer, "id"));
    let refused = async |told: &[&str]| {
        let answer = call(&world, &token, "POST /v1/invoices", &body).await;
        assert_eq!(answer.outcome(), "409 conflict", "{}", answer.body);
        for told in told {
            assert!(answer.body.contains(told), "{told}: {}", answer.body);
        }
    };
    refused(&["PUT /v1/bank_connection", "PUT /v1/sender_domain"]).await;
    let path = format!("GET /v1/customers/{}/pix_code", text(&customer, "id"));
    let code = call(&world, &token, &path, &Value::Null).await;
    assert_eq!(code.outcome(), "409 conflict", "{}", code.body);
    did(&world, &token, "PUT /v1/bank_connection", &bank_body(&world).await).await;
    refused(&["PUT /v1/sender_domain"]).await;
    did(&world, &token, "PUT /v1/sender_domain", &sender_body("aurora.example")).await;
    did(&world, &token, "POST /v1/invoices", &body).await;
}

#[tokio::test]
async fn somebody_else_than_the_operator_creates_a_merchant() {
    let world = World::new().await;
    let operator = operator(&world);
    let own = world.bearer();
    let own = own.strip_prefix("Bearer ").unwrap();
    let answer = call(&world, own, "POST /v1/merchants", &merchant_body(NEW)).await;
    assert_eq!(answer.outcome(), "403 forbidden", "{}", answer.body);
    let forged = "qo_0000000000000000000000000000000000000000000000000";
    let answer = call(&world, forged, "POST /v1/merchants", &merchant_body(NEW)).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    // The operator of the installation is nobody within a merchant.
    let answer = call(&world, &operator, "GET /v1/merchant", &Value::Null).await;
    assert_eq!(answer.outcome(), "403 forbidden", "{}", answer.body);
}

#[tokio::test]
async fn a_merchant_is_created_twice_or_over_another_one() {
    let world = World::new().await;
    let operator = operator(&world);
    let first =
        call_again(&world, &operator, "POST /v1/merchants", &merchant_body(NEW), "once").await;
    assert_eq!(first.status, 201, "{}", first.body);
    let again =
        call_again(&world, &operator, "POST /v1/merchants", &merchant_body(NEW), "once").await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    let (first, again) = (first.json(), again.json());
    assert_eq!(again["api_key"]["token"], Value::Null, "a token is told once");
    assert_eq!(again["api_key"]["id"], first["api_key"]["id"]);
    let mut other = merchant_body(NEW);
    other["name"] = json!("Somebody else");
    let reused = call_again(&world, &operator, "POST /v1/merchants", &other, "once").await;
    assert_eq!(reused.outcome(), "422 idempotency-key-reused");
    let taken = call(&world, &operator, "POST /v1/merchants", &other).await;
    assert_eq!(taken.outcome(), "409 conflict", "{}", taken.body);
    let shown = seen(&world, text(&first["api_key"], "token"), "/v1/merchant").await;
    assert_eq!(text(&shown, "name"), "Aurora Serviços Ltda");

    let mut bad = merchant_body("Aurora");
    bad["document"] = json!("1");
    bad["admin"]["email"] = json!("ana");
    let answer = call(&world, &operator, "POST /v1/merchants", &bad).await;
    assert_eq!(answer.properties(), ["id", "document", "admin.email"]);
}

#[tokio::test]
async fn a_change_of_the_profile_is_lost_or_changes_more() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    let change = json!({
        "name": "Aurora",
        "brand_colour": "#0f766e",
        "chat_webhook_url": "https://hooks.slack.com/services/T0/B0/secret",
        "daily_digest": false,
        "extra_holidays": ["2026-12-08"],
    });
    let changed = did(&world, &token, "PUT /v1/merchant", &change).await;
    assert_eq!(text(&changed, "brand_colour"), "#0F766E");
    assert_eq!((&changed["chat_webhook_set"], text(&changed, "city")), (&json!(true), "Curitiba"));
    assert_eq!(changed["daily_digest"], false);
    assert!(!changed.to_string().contains("secret"), "{changed}");
    let changed =
        did(&world, &token, "PUT /v1/merchant", &json!({ "chat_webhook_url": null })).await;
    assert_eq!((&changed["chat_webhook_set"], text(&changed, "name")), (&json!(false), "Aurora"));
    let bad = json!({ "name": "", "brand_colour": "green", "extra_holidays": ["x"] });
    let answer = call(&world, &token, "PUT /v1/merchant", &bad).await;
    assert_eq!(answer.properties(), ["name", "brand_colour", "extra_holidays[0]"]);
    assert_eq!(seen(&world, &token, "/v1/merchant").await, changed);
}

#[tokio::test]
async fn a_test_charge_becomes_an_invoice_or_stays_for_good() {
    let world = World::new().await;
    let token = connected(&world).await;
    did(&world, &token, "POST /v1/bank_connection/callback", &Value::Null).await;
    let make = "POST /v1/bank_connection/test_charge";
    let first = call_again(&world, &token, make, &Value::Null, "one").await;
    assert_eq!(first.status, 201, "{}", first.body);
    let again = call_again(&world, &token, make, &Value::Null, "one").await;
    assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, Some("true")));
    assert_eq!(world.bank.charges().len(), 1);
    let second = did(&world, &token, make, &Value::Null).await;
    let status = |txid: &str| world.bank.charge(txid).unwrap().status;
    assert_eq!(status(text(&first.json(), "txid")), ChargeStatus::RemovidaPeloUsuarioRecebedor);
    assert_eq!(status(text(&second, "txid")), ChargeStatus::Ativa);
    assert_eq!((text(&second, "amount"), text(&second, "due_date")), ("0.01", "2026-11-24"));

    // Somebody pays it all the same: it is money that waits for a person.
    world.pay(text(&second, "txid")).await;
    let waiting = seen(&world, &token, "/v1/payments?status=parked").await;
    assert_eq!(text(&waiting["items"][0], "amount"), "0.01");
    assert_eq!(text(&waiting["items"][0]["attention"], "reason"), "unknown_txid");
    assert_eq!(seen(&world, &token, "/v1/invoices").await["items"], json!([]));
    // What was paid needs no removal.
    let removed =
        did(&world, &token, "POST /v1/bank_connection/test_charge/remove", &Value::Null).await;
    assert_eq!(removed["txid"], second["txid"]);
}

#[tokio::test]
async fn a_changed_connection_does_not_take_effect() {
    let world = World::new().await;
    let token = connected(&world).await;
    did(&world, &token, "POST /v1/bank_connection/callback", &Value::Null).await;
    let invoice = first_invoice(&world, &token).await;
    assert_eq!(world.bank.charge(&txid(&invoice, 1)).unwrap().chave, OTHER_PIX_KEY);
    // The same account with renewed credentials: what was tried out stands.
    let same = did(&world, &token, "PUT /v1/bank_connection", &bank_body(&world).await).await;
    assert!(same["callback_registered_at"].is_string(), "{same}");
    // Another key of it.
    let mut body = bank_body(&world).await;
    let key = world.bank.config().keys[0].clone();
    body["pix_key"] = json!(key);
    let moved = did(&world, &token, "PUT /v1/bank_connection", &body).await;
    assert_eq!(moved["callback_registered_at"], Value::Null, "{moved}");
    assert_eq!(failing(&world, &token).await.first().unwrap(), "bank_reaches_us");
    let again = did(&world, &token, "POST /v1/bank_connection/test_charge", &Value::Null).await;
    assert_eq!(world.bank.charge(text(&again, "txid")).unwrap().chave, key);
}

#[tokio::test]
async fn a_warm_function_goes_on_with_credentials_that_were_replaced() {
    let world = World::new().await;
    let deps = world.machine.deps();
    let merchant = MerchantId::parse("mer_acme").unwrap();
    let calls = async || {
        let bank = deps.banks.of(&merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
        let key = quita_core::pix_key::PixKey::parse(&world.bank.config().keys[0]).unwrap();
        bank.get_webhook(&key).await.map(drop).map_err(quita_app::Unknown::from)
    };
    calls().await.unwrap();
    let known = deps.secrets.get("bank/mer_acme").await.unwrap().unwrap();
    let mut access: Value = serde_json::from_str(&known).unwrap();
    access["credentials"]["client_secret"] = json!("of somebody else");
    // Another process changed it.
    deps.secrets.put("bank/mer_acme", &access.to_string()).await.unwrap();
    let changed_at = world.now();
    world.clock.set(changed_at + quita_app::SECRET_AGE_MAX - TimeDelta::seconds(1)).unwrap();
    calls().await.unwrap();
    world.clock.set(changed_at + quita_app::SECRET_AGE_MAX).unwrap();
    calls().await.unwrap_err();
    deps.secrets.put("bank/mer_acme", &known).await.unwrap();
    world.clock.set(changed_at + quita_app::SECRET_AGE_MAX * 2).unwrap();
    calls().await.unwrap();
}

#[tokio::test]
async fn a_crash_between_secret_and_row_leaves_a_connection_that_cannot_be_mended() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    let body = bank_body(&world).await;
    let put = "PUT /v1/bank_connection";
    for fault in [Fault::Conflict, Fault::BeforeCommit, Fault::AfterCommit] {
        // The gateway remembers the key; then come the answer of a repeat, the merchant, and both
        // again for the write.
        seen(&world, &token, "/v1/merchant").await;
        world.faults.pass_next(3);
        world.faults.fail_next(fault);
        let first = call_again(&world, &token, put, &body, &format!("{fault:?}")).await;
        let again = call_again(&world, &token, put, &body, &format!("{fault:?}")).await;
        assert_eq!(again.status, 200, "{fault:?} {} {}", first.body, again.body);
        assert_eq!(seen(&world, &token, "/v1/bank_connection").await["connected"], true);
    }
    assert!(secret(&world).await.is_some());
}

#[tokio::test]
async fn a_certificate_ends_without_anybody_having_been_told() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    let mut body = bank_body(&world).await;
    body["certificate"] = bad_banks::pkcs12(bad_banks::ENDING);
    let shown = did(&world, &token, "PUT /v1/bank_connection", &body).await;
    assert_eq!(text(&shown, "certificate_expires_at"), "2026-12-10T00:00:00Z");
    assert_eq!(shown["certificate_days_left"], 16);
    assert!(text(&shown, "what_to_do").contains("certificate"), "{shown}");
    let failing_now = failing(&world, &token).await;
    assert!(!failing_now.contains(&"can_charge".to_owned()), "{failing_now:?}");
    assert!(failing_now.contains(&"books_close".to_owned()), "{failing_now:?}");
    world.clock.set(at("2026-12-10 09:00")).unwrap();
    assert!(failing(&world, &token).await.contains(&"can_charge".to_owned()));
}

#[tokio::test]
async fn looking_at_the_set_up_costs_more_than_it_should_or_writes() {
    let world = World::new().await;
    let token = connected(&world).await;
    for path in ["/v1/merchant", "/v1/bank_connection", "/v1/sender_domain", "/v1/readiness"] {
        seen(&world, &token, path).await;
        world.usage();
        world.bank.reset_calls();
        seen(&world, &token, path).await;
        assert_wrote_nothing(&world, path);
        assert_eq!(world.bank.total_calls(), 0, "{path}");
    }
}
