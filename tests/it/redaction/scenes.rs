//! What goes on while the ear listens: the main job, and everything that may be written about.

use quita_local::mailbox::MailFault;
use quita_psp_sandbox::{CallbackFault, HttpFault, PayOptions, Payer};
use quita_testkit::fault::Fault;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::forbidden::Forbidden;
use crate::bad_invoices::with;
use crate::bank_files::{announced, begun, credit, imported, ofx, put};
use crate::callbacks::{pay_unheard, post, told};
use crate::chasing::{change_merchant, walk};
use crate::world::{World, text, txid};

/// A person who buys, with all that is known of one.
pub const PERSON: &str = "529.982.247-25";
/// Whoever is only written about: in memos, requests and callbacks.
pub const STRANGER: &str = "39053344705";
pub const STRANGERS_EMAIL: &str = "fulano.de.tal@secret.example";
/// A key nobody ever made.
pub const FORGED_KEY: &str =
    "qk_live_mer_acme.01JD5X2B9QKZ3V7M8N4P6R0STW.c2VjcmV0c2VjcmV0.Zm9yZ2VkbWFj";

/// An invoice that is due after all that goes on here.
fn later(number: &str) -> Value {
    json!({ "number": number, "due_date": "2027-01-15" })
}

/// A person's details, and a chat at an address that nobody listens at.
pub async fn customers(world: &World) -> [String; 2] {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}/services/T0A1/B2C3/hush4you");
    change_merchant(world, |merchant| merchant.chat_webhook = Some(url.into())).await;
    let person = world.customer_with(json!({
        "name": "Maria Conceição",
        "document": PERSON,
        "emails": ["maria@conceicao.example", "contas@conceicao.example"],
        "phone": "+5511987654321",
        "account_owner": "ana@acme.example",
    }));
    [person.await, world.customer().await]
}

/// Invoice, charge, messages, pages, payment and receipt; one is left to be chased.
pub async fn main_job(world: &World, customers: &[String; 2]) -> Vec<Value> {
    let mut invoices = Vec::new();
    for (customer, number) in customers.iter().zip(["A-1", "A-2"]) {
        let body = json!({ "number": number, "description": "Serviços de novembro" });
        invoices.push(world.invoice(customer, body).await);
    }
    for invoice in &invoices {
        let page = text(invoice, "portal_url").rsplit_once("/p/").unwrap().1.to_owned();
        for path in ["", "/status", "/instalments/1/qr.svg", "/instalments/1/receipt", "/x"] {
            world.call_with("GET", &format!("/p/{page}{path}"), &[], "").await;
        }
        world.call_with("GET", &format!("/p/{page}x"), &[], "").await;
        world.faults.fail_next(Fault::BeforeCommit);
        world.call_with("GET", &format!("/p/{page}/status"), &[], "").await;
    }
    world.mailbox.fail_next(MailFault::Refuse);
    world.mailbox.fail_next(MailFault::UnknownBefore);
    walk(world, "2026-12-16 12:00").await;
    let payer = Payer { nome: "Maria Conceição".into(), document: STRANGER.into() };
    let options = PayOptions { payer: Some(payer), ..PayOptions::default() };
    world.pay_with(&txid(&invoices[0], 1), options).await;
    invoices
}

/// Requests that are wrong, with something in them that is nobody's business.
pub async fn bad_requests(world: &World, customer: &str) {
    let forged = format!("Bearer {FORGED_KEY}");
    for header in [forged.as_str(), "Bearer", "Basic dXNlcjpwYXNz", "Bearer qk_live_x"] {
        world.call_with("GET", "/v1/invoices", &[("authorization", header)], "").await;
    }
    let quoted = json!({ "emails": STRANGERS_EMAIL, "document": [STRANGER] }).to_string();
    let unknown = format!("{{\"{STRANGERS_EMAIL}\": \"{STRANGER}\"}}");
    let deep = format!("{{\"name\":{}", "[".repeat(50_000));
    for body in [quoted.as_str(), &unknown, &deep, STRANGERS_EMAIL, "{"] {
        for path in ["/v1/customers", "/v1/invoices", "/v1/payments", "/v1/quotes"] {
            world.call("POST", path, body).await;
        }
    }
    for path in [
        format!("/v1/customers/{STRANGER}"),
        format!("/v1/invoices/{STRANGERS_EMAIL}"),
        format!("/v1/payments?cursor={STRANGERS_EMAIL}"),
        format!("/p/mer_acme.{STRANGER}.c2VjcmV0"),
    ] {
        world.call("GET", &path, "").await;
    }
    let body = with(World::invoice_body(customer), &json!({ "amount": STRANGER }));
    world.post("/v1/invoices", &body).await;
}

/// Callbacks of others, unreadable ones, and ones the bank takes back.
pub async fn callbacks(world: &World, customer: &str) {
    let invoice = world.invoice(customer, later("B-1")).await;
    let pix = pay_unheard(world, &txid(&invoice, 1)).await;
    let hook = world.hook().to_owned();
    let body = json!({ "pix": [told(&pix)] }).to_string();
    world.call_with("POST", &format!("{hook}x/pix"), &[], &body).await;
    let about = format!("CPF {STRANGER} {STRANGERS_EMAIL}");
    let garbled = [
        json!({ "endToEndId": STRANGERS_EMAIL, "infoPagador": about }),
        with(told(&pix), &json!({ "valor": about })),
        with(told(&pix), &json!({ "horario": about, "txid": about })),
        json!(about),
    ];
    post(world, &garbled).await;
    world.call_with("POST", &format!("{hook}/pix"), &[], &about).await;
    // The bank does not answer, then it does not know it, then it does.
    world.bank.faults().next_call(HttpFault::TimeoutBeforeCommit);
    post(world, &[told(&pix)]).await;
    world.settle().await;
    let denied = with(
        told(&pix),
        &json!({
            "endToEndId": "E00000000202611231300abcdefghijk", "infoPagador": about,
        }),
    );
    post(world, &[denied]).await;
    world.settle().await;
    walk(world, "2026-12-16 14:00").await;
    for fault in [CallbackFault::Duplicate, CallbackFault::WrongAmount("0.01".into())] {
        let other = world.invoice(customer, later("B-2")).await;
        world.bank.faults().next_callback(fault);
        world.pay(&txid(&other, 1)).await;
    }
}

/// Money that is nobody's, and money that goes back.
pub async fn refunds(world: &World, invoice: &Value) {
    let key = world.bank.config().keys[0].clone();
    world.bank.pay_key(&key, "10.00", Some("STRAY")).unwrap();
    world.settle().await;
    let shown = world.reload(invoice).await;
    let paid = text(&shown["instalments"][0]["payments"][0], "payment_id").to_owned();
    world.bank.faults().next_call(HttpFault::InternalError);
    let body = json!({ "amount": "5.00", "reason": format!("devolver a {STRANGERS_EMAIL}") });
    world.post(&format!("/v1/payments/{paid}/refunds"), &body).await;
    world.settle().await;
    world.bank.return_pix(&paid, "1.00").unwrap();
    world.settle().await;
    walk(world, "2026-12-16 18:00").await;
}

/// A bank that fails in each way it can.
pub async fn bank_failures(world: &World, customer: &str) {
    for fault in [
        HttpFault::TooManyRequests { retry_after_s: 1 },
        HttpFault::InternalError,
        HttpFault::Unavailable,
        HttpFault::TimeoutBeforeCommit,
        HttpFault::TimeoutAfterCommit,
    ] {
        world.bank.faults().next_calls(2, fault);
        world.invoice(customer, later("C-1")).await;
    }
    walk(world, "2026-12-17 10:00").await;
}

/// Statements that name people, one that is read and one that is not.
pub async fn bank_files(world: &World) {
    let about = format!("TED DE FULANO DE TAL {STRANGER} {STRANGERS_EMAIL}");
    let lines = [
        credit("f1", "77.00", &about),
        credit("f2", "88.00", "PIX RECEBIDO E00000000202612011300abcdefghijk"),
    ];
    imported(world, "ofx", &ofx(&lines)).await;
    let id = begun(world, &announced("ofx")).await;
    let bad = ofx(&[credit("f3", &about, &about)]);
    put(world, &id, "1", &bad).await;
    world.post(&format!("/v1/bank_files/{id}/import"), &json!({})).await;
    world.settle().await;
}

/// The bank's lists, with the bank up and down.
pub async fn reconciliation(world: &World) {
    world.reconcile().await;
    world.bank.faults().next_calls(3, HttpFault::Unavailable);
    world.reconcile().await;
    world.bank.faults().clear();
}

/// What the scenes brought up themselves.
pub fn said_by_strangers(all: &mut Forbidden) {
    all.add_document(STRANGER);
    all.add_document(PERSON);
    all.add("e-mail address", STRANGERS_EMAIL);
    all.add("api key", FORGED_KEY);
}
