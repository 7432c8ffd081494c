//! Two merchants in one table: neither sees, changes or even learns of what is the other's.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use quita_app::ports::Secrets as _;
use quita_core::access::Permission;
use quita_core::ids::MerchantId;
use quita_psp_sandbox::PayOptions;
use quita_table::{Commit, Expected};
use serde_json::{Value, json};

use crate::bad_invoices::assert_wrote_nothing;
use crate::callbacks::told;
use crate::files::openapi;
use crate::openapi::operations;
use crate::world::{Answer, MERCHANT, World, merchant_settings, text, txid};

const OTHER: &str = "mer_other";

/// A second merchant at the same bank, with a key of its own.
pub struct Other<'a> {
    world: &'a World,
    key: String,
    headers_made: std::cell::Cell<u32>,
}

impl<'a> Other<'a> {
    pub async fn of(world: &'a World) -> Self {
        let other = MerchantId::parse(OTHER).unwrap();
        let settings = merchant_settings(&other, &world.bank);
        let commit = Commit::new(&other).merchant(&settings, Expected::New);
        world.machine.deps().store.commit(commit).await.unwrap();
        let bank = world.secrets.get(&format!("bank/{MERCHANT}")).await.unwrap().unwrap();
        world.secrets.set(format!("bank/{OTHER}"), bank);
        let key = world.key_of(&other, Permission::ALL.into()).await;
        Self { world, key, headers_made: std::cell::Cell::new(0) }
    }

    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let nth = self.headers_made.replace(self.headers_made.get() + 1);
        let (bearer, key) = (format!("Bearer {}", self.key), format!("other-{nth}"));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.world.call_with(method, path, &headers, &body).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, &Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    async fn customer(&self, document: &str) -> String {
        let body = json!({
            "name": "Padaria Aurora Ltda",
            "document": document,
            "emails": ["financeiro@aurora.example"],
        });
        let answer = self.call("POST", "/v1/customers", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        text(&answer.json(), "id").to_owned()
    }

    async fn invoice(&self, customer: &str) -> Value {
        let answer = self.call("POST", "/v1/invoices", &World::invoice_body(customer)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        self.world.settle().await;
        answer.json()
    }
}

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| text(item, "id").to_owned()).collect()
}

#[tokio::test]
async fn no_route_opens_what_belongs_to_another() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let other = Other::of(&world).await;
    let (id, customer) = (text(&invoice, "id"), text(&invoice, "customer_id"));
    let base = format!("/v1/invoices/{id}");
    let reason = json!({ "reason": "not mine" });
    let routes = [
        ("GET", format!("/v1/customers/{customer}"), Value::Null),
        ("GET", format!("/v1/customers/{customer}/account"), Value::Null),
        ("GET", format!("/v1/customers/{customer}/pix_code"), Value::Null),
        ("GET", format!("/v1/customers/{customer}/pix_code/qr.svg"), Value::Null),
        ("GET", format!("/v1/customers/{customer}/pix_code/qr.png"), Value::Null),
        ("POST", format!("/v1/customers/{customer}/flag/clear"), reason.clone()),
        ("GET", base.clone(), Value::Null),
        ("GET", format!("{base}/timeline"), Value::Null),
        ("GET", format!("{base}/instalments/1/qr.svg"), Value::Null),
        ("GET", format!("{base}/instalments/1/qr.png"), Value::Null),
        ("POST", format!("{base}/cancel"), reason.clone()),
        ("POST", format!("{base}/instalments/1/charges"), reason),
        ("POST", "/v1/quotes".to_owned(), json!({ "invoice_id": id, "on": "2026-12-10" })),
    ];
    world.usage();
    for (method, path, body) in &routes {
        let answer = other.call(method, path, body).await;
        assert_eq!(answer.outcome(), "404 not-found", "{method} {path}");
        assert_wrote_nothing(&world, path);
        // What exists elsewhere looks like what exists nowhere.
        let nowhere = path.replace(id, "inv_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        let nowhere = nowhere.replace(customer, "cus_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        if nowhere != *path {
            assert_eq!(other.call(method, &nowhere, body).await.body, answer.body, "{path}");
        }
    }
    world.usage();
    let answer = other.call("POST", "/v1/invoices", &World::invoice_body(customer)).await;
    assert_eq!(answer.properties(), ["customer_id"]);
    assert_wrote_nothing(&world, "an invoice for another's customer");
    for list in ["/v1/customers", "/v1/invoices", "/v1/invoices?status=open", "/v1/payments"] {
        assert_eq!(other.get(list).await["items"], json!([]), "{list}");
    }
    let theirs = other.get(&format!("/v1/invoices?customer_id={customer}")).await;
    assert_eq!(theirs["items"], json!([]));
    world.settle().await;
    assert_eq!(world.reload(&invoice).await["version"], invoice["version"]);
}

#[tokio::test]
async fn lists_and_cursors_stay_at_home() {
    let world = World::new().await;
    let customer = world.customer().await;
    for nth in 0..5 {
        world.invoice(&customer, json!({ "number": format!("own-{nth}") })).await;
    }
    let own = ids(&world.get("/v1/invoices").await);
    let other = Other::of(&world).await;
    // The same document is another customer with another merchant.
    let theirs = other.customer("12.ABC.345/01DE-35").await;
    assert_ne!(theirs, customer);
    let invoice = other.invoice(&theirs).await;
    assert_eq!(ids(&other.get("/v1/invoices").await), [text(&invoice, "id")]);
    assert_eq!(ids(&other.get("/v1/customers").await), [theirs.as_str()]);
    assert_eq!(ids(&world.get("/v1/invoices").await), own);
    // A cursor says where to go on, never whose list it is.
    let page = world.get("/v1/invoices?limit=2").await;
    let cursor = text(&page, "next_cursor");
    let followed = other.get(&format!("/v1/invoices?limit=2&cursor={cursor}")).await;
    assert!(ids(&followed).iter().all(|id| id == text(&invoice, "id")), "{followed}");
    let followed = world.get(&format!("/v1/invoices?limit=2&cursor={cursor}")).await;
    assert_eq!(ids(&followed), own[2..4]);
}

#[tokio::test]
async fn a_page_token_of_one_never_opens_anothers() {
    let world = World::new().await;
    let own = world.issued().await;
    let other = Other::of(&world).await;
    let theirs = other.invoice(&other.customer("11222333000181").await).await;
    let token =
        |invoice: &Value| text(invoice, "portal_url").rsplit_once("/p/").unwrap().1.to_owned();
    let (own, theirs) = (token(&own), token(&theirs));
    let (own_claims, own_signature) = own.rsplit_once('.').unwrap();
    let (their_claims, their_signature) = theirs.rsplit_once('.').unwrap();
    let mixed = [
        format!("{own_claims}.{their_signature}"),
        format!("{their_claims}.{own_signature}"),
        own.replace(MERCHANT, OTHER),
        theirs.replace(OTHER, MERCHANT),
        own.to_lowercase(),
        own_claims.to_owned(),
    ];
    for token in mixed {
        let pages = ["", "/status", "/part", "/promise", "/question"];
        for rest in pages.into_iter().chain(["/instalments/1/qr.svg", "/instalments/1/receipt"]) {
            let answer = world.call_with("GET", &format!("/p/{token}{rest}"), &[], "").await;
            assert_eq!(answer.status, 404, "{token}{rest}");
        }
    }
    for token in [own, theirs] {
        let answer = world.call_with("GET", &format!("/p/{token}"), &[], "").await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn money_reported_to_one_never_pays_the_invoice_of_another() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let other = Other::of(&world).await;
    let paid = world.bank.pay(&txid(&invoice, 1), PayOptions::default()).unwrap();
    let pix = told(&world.bank.pix(&paid.e2eid).unwrap());
    let merchant = MerchantId::parse(OTHER).unwrap();
    let hook = world.machine.deps().config.signing_key.hook_path(&merchant);
    let body = json!({ "pix": [pix] }).to_string();
    let answer = world.call_with("POST", &format!("{hook}/pix"), &[], &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(text(&world.reload(&invoice).await, "status"), "open");
    let parked = other.get("/v1/payments").await;
    assert_eq!(text(&parked["items"][0]["attention"], "reason"), "unknown_txid");
    // The own callback still credits it, and nothing of it is listed with the other.
    world.settle().await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
    assert_eq!(world.parked().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_same_idempotency_key_of_two_merchants_is_two_keys() {
    let world = World::new().await;
    let other = Other::of(&world).await;
    let body = json!({
        "name": "Padaria Aurora Ltda",
        "document": "12ABC34501DE35",
        "emails": ["financeiro@aurora.example"],
    })
    .to_string();
    let bearers = [world.bearer(), format!("Bearer {}", other.key)];
    let mut customers = Vec::new();
    for bearer in &bearers {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "same")];
        let answer = world.call_with("POST", "/v1/customers", &headers, &body).await;
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (201, None));
        customers.push(text(&answer.json(), "id").to_owned());
    }
    assert_ne!(customers[0], customers[1]);
    assert_eq!(ids(&other.get("/v1/customers").await), [customers[1].as_str()]);
}

#[tokio::test]
async fn a_merchant_without_a_bank_loses_nothing_and_disturbs_nobody() {
    let world = World::new().await;
    let other = Other::of(&world).await;
    world.secrets.set(format!("bank/{OTHER}"), "{}");
    let theirs = other.invoice(&other.customer("11222333000181").await).await;
    let own = world.issued().await;
    assert_eq!(text(&own["instalments"][0]["charge"], "status"), "active");
    let theirs = other.get(&format!("/v1/invoices/{}", text(&theirs, "id"))).await;
    let charge = &theirs["instalments"][0]["charge"];
    assert_eq!(text(charge, "status"), "pending");
    let bank = world.secrets.get(&format!("bank/{MERCHANT}")).await.unwrap().unwrap();
    world.secrets.set(format!("bank/{OTHER}"), bank);
    world.clock.advance(TimeDelta::hours(2)).unwrap();
    world.sweep().await;
    let theirs = other.get(&format!("/v1/invoices/{}", text(&theirs, "id"))).await;
    assert_eq!(text(&theirs["instalments"][0]["charge"], "status"), "active");
}

#[tokio::test]
async fn no_payment_of_another_is_seen_moved_or_given_back() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let other = Other::of(&world).await;
    let customer = other.customer("11222333000181").await;
    let theirs = other.invoice(&customer).await;
    let key = world.bank.config().keys[0].clone();
    let stray = world.bank.pay_key(&key, "10.00", Some("STRAY")).unwrap();
    world.settle().await;
    let (payment, exception) =
        (format!("/v1/payments/{}", stray.e2eid), format!("/v1/exceptions/{}", stray.e2eid));
    let part = json!({ "allocations": [{ "invoice_id": theirs["id"], "amount": "1.00" }] });
    let amount = json!({ "amount": "1.00", "reason": "not mine" });
    let routes = [
        ("GET", payment.clone(), Value::Null),
        ("GET", format!("{payment}/timeline"), Value::Null),
        ("POST", format!("{payment}/allocations"), part.clone()),
        ("POST", format!("{payment}/account"), json!({ "customer_id": customer })),
        ("POST", format!("{payment}/account/withdrawals"), amount.clone()),
        ("POST", format!("{payment}/refunds"), amount),
        ("GET", exception.clone(), Value::Null),
        ("POST", format!("{exception}/assign"), json!({ "to": "me" })),
        ("POST", format!("{exception}/dismiss"), json!({ "reason": "not mine" })),
    ];
    world.usage();
    for (method, path, body) in &routes {
        let answer = other.call(method, path, body).await;
        assert_eq!(answer.outcome(), "404 not-found", "{method} {path}: {}", answer.body);
        assert_wrote_nothing(&world, path);
    }
    // One's own money does not go to another's invoice, nor onto another's account.
    let foreign = world.post(&format!("{payment}/allocations"), &part).await;
    assert_eq!(foreign.properties(), ["allocations[0].invoice_id"]);
    let onto = json!({ "customer_id": customer });
    assert_eq!(
        world.post(&format!("{payment}/account"), &onto).await.properties(),
        ["customer_id"]
    );
    let recorded = json!({
        "method": "cash", "amount": "1.00", "paid_at": "2026-11-23",
        "customer_id": invoice["customer_id"],
    });
    let answer = other.call("POST", "/v1/payments", &recorded).await;
    assert_eq!(answer.properties(), ["customer_id"]);
    assert_wrote_nothing(&world, "money across merchants");
    for list in ["/v1/exceptions", "/v1/payments"] {
        assert_eq!(other.get(list).await["items"], json!([]), "{list}");
    }
    let report = other.get("/v1/reports/cash?from=2026-11-23&to=2026-11-23").await;
    assert_eq!(report["received"]["count"], 0);
}

/// One of everything a merchant can have, by the name a path gives it.
async fn belongings(world: &World) -> BTreeMap<&'static str, String> {
    let made = async |path: &str, body: Value| {
        let answer = world.post(path, &body).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.body);
        answer.json()
    };
    let id = |value: &Value| text(value, "id").to_owned();
    let invoice = world.issued().await;
    let payment = world.pay(&txid(&invoice, 1)).await;
    let customer = text(&invoice, "customer_id").to_owned();
    let account = json!({ "bank": "001", "number": "12345-6" });
    let file = json!({ "name": "extrato.ofx", "format": "ofx", "account": account });
    let person = json!({ "name": "Ana", "email": "ana@acme.example", "role": "viewer" });
    let endpoint = made(
        "/v1/webhook_endpoints",
        json!({ "url": "https://erp.acme.example/quita", "events": ["invoice.paid"] }),
    )
    .await;
    let tested = format!("/v1/webhook_endpoints/{}/test", id(&endpoint));
    let delivery = made(&tested, json!({})).await;
    let erasure = format!("/v1/customers/{customer}/erasure");
    let approval = made(&erasure, json!({ "reason": "pedido do titular" })).await;
    let key = json!({ "name": "ERP", "permissions": ["read"] });
    let task = json!({ "invoice_id": id(&invoice), "kind": "other", "about": "x" });
    world.settle().await;
    BTreeMap::from([
        ("invoice_id", id(&invoice)),
        ("customer_id", customer),
        ("payment_id", payment),
        ("bank_file_id", id(&made("/v1/bank_files", file).await)),
        ("api_key_id", id(&made("/v1/api_keys", key).await)),
        ("person_id", id(&made("/v1/people", person).await)),
        ("endpoint_id", id(&endpoint)),
        ("delivery_id", text(&delivery, "delivery_id").to_owned()),
        ("approval_id", id(&approval)),
        ("task_id", id(&made("/v1/tasks", task).await)),
        ("number", "1".to_owned()),
        ("part", "1".to_owned()),
    ])
}

/// The body that the documentation shows for an operation.
fn shown_body(operation: &Value) -> Value {
    let media = &operation["requestBody"]["content"]["application/json"];
    let named = media["examples"].as_object().and_then(|all| all.values().next());
    match (media.get("example"), named) {
        (Some(example), _) => example.clone(),
        (None, Some(named)) => named["value"].clone(),
        (None, None) => Value::Null,
    }
}

#[tokio::test]
async fn no_documented_route_opens_what_belongs_to_another() {
    let world = World::new().await;
    let ids = belongings(&world).await;
    let other = Other::of(&world).await;
    let mut tried = 0;
    for (path, method, operation) in operations(&openapi()) {
        let names: Vec<&str> = path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let is_owned = names.iter().any(|name| name.ends_with("_id"));
        if !path.starts_with("/v1/") || !is_owned {
            continue;
        }
        let mut filled = path.clone();
        for name in names {
            let id =
                ids.get(name).unwrap_or_else(|| panic!("nothing to take for {name} of {path}"));
            filled = filled.replace(&format!("{{{name}}}"), id);
        }
        let body = shown_body(&operation);
        world.usage();
        let answer = other.call(&method.to_uppercase(), &filled, &body).await;
        assert_eq!(answer.outcome(), "404 not-found", "{method} {path}: {}", answer.body);
        assert_wrote_nothing(&world, &path);
        tried += 1;
    }
    assert!(tried > 40, "only {tried} routes were tried");
}
