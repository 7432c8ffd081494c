//! Callbacks of WhatsApp: forged, doubled, out of order, of another merchant; and what payers answer.

use hmac::{Hmac, KeyInit as _, Mac as _};
use quita_app::channels::whatsapp::secret_name;
use quita_core::care::SuppressReason;
use quita_core::ids::MerchantId;
use quita_core::message::{Channel, Message, MessageState, ProviderTag};
use quita_testkit::fault::Fault;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{customer_of, heard, merchant, rows, sent_by};
use crate::bad_invoices::assert_wrote_nothing;
use crate::tenants::Other;
use crate::world::{Answer, World, text};

const APP_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const VERIFY_TOKEN: &str = "verify-me";
const PHONE: &str = "5511987654321";

/// A world whose merchant has WhatsApp, with an invoice and one message about it.
async fn with_whatsapp() -> (World, Value, ProviderTag) {
    let world = World::new().await;
    let secret = json!({
        "access_token": "EAAx", "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN,
    });
    world.secrets.set(secret_name(&merchant()), secret.to_string());
    let customer = world.customer_with(json!({ "phone": "+5511987654321" })).await;
    let invoice = world.invoice(&customer, json!({})).await;
    let tag = sent_by(&world, &invoice, Channel::WhatsApp).await;
    (world, invoice, tag)
}

fn hook(world: &World, merchant: &MerchantId) -> String {
    world.machine.deps().config.signing_key.whatsapp_path(merchant)
}

fn signed(secret: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let tag = mac.chain_update(body.as_bytes()).finalize().into_bytes();
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// A callback as Meta sends it.
async fn call(world: &World, value: Value) -> Answer {
    let body = callback(vec![value]).to_string();
    let signature = signed(APP_SECRET, &body);
    let headers = [("x-hub-signature-256", signature.as_str())];
    let answer = world.call_with("POST", &hook(world, &merchant()), &headers, &body).await;
    world.settle().await;
    answer
}

fn callback(values: Vec<Value>) -> Value {
    let change = |value: Value| json!({ "field": "messages", "value": value });
    let changes: Vec<Value> = values.into_iter().map(change).collect();
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": changes }] })
}

fn status(tag: &ProviderTag, what: &str, second: i64) -> Value {
    json!({
        "id": "wamid.A", "status": what, "timestamp": (1_795_000_000 + second).to_string(),
        "recipient_id": PHONE, "biz_opaque_callback_data": tag.to_string(),
    })
}

fn answer(words: &str, second: i64) -> Value {
    json!({ "messages": [{
        "id": format!("wamid.{second}"), "from": PHONE, "type": "text",
        "timestamp": (1_795_000_000 + second).to_string(), "text": { "body": words },
    }] })
}

async fn row(world: &World, invoice: &Value) -> Message {
    let is_it = |row: &Message| row.key.channel == Channel::WhatsApp;
    rows(world, invoice).await.into_iter().find(is_it).unwrap()
}

#[tokio::test]
async fn anybody_may_say_what_became_of_a_message() {
    let (world, invoice, tag) = with_whatsapp().await;
    let before = rows(&world, &invoice).await;
    let body = callback(vec![json!({ "statuses": [status(&tag, "failed", 1)] })]).to_string();
    let good = signed(APP_SECRET, &body);
    let hook = hook(&world, &merchant());
    let bank = world.hook().replace("/pix/", "/whatsapp/");
    let other = hook.replace("mer_acme", "mer_other");
    world.usage();
    for (path, signature) in [
        (&hook, ""),
        (&hook, "sha256=00"),
        (&hook, &signed("another secret", &body)),
        (&hook, &signed(APP_SECRET, &format!("{body} "))),
        (&hook, &good.replace("sha256=", "sha1=")),
        // The bank's address, and another merchant's name on this one's signature.
        (&bank, &good),
        (&other, &good),
        (&"/whatsapp/mer_acme".to_owned(), &good),
    ] {
        let headers = [("x-hub-signature-256", signature)];
        let answer = world.call_with("POST", path, &headers, &body).await;
        assert_eq!(answer.outcome(), "401 unauthorized", "{path} {signature}");
    }
    let without = world.call_with("POST", &hook, &[], &body).await;
    assert_eq!(without.outcome(), "401 unauthorized");
    assert_wrote_nothing(&world, "a callback");
    assert_eq!(rows(&world, &invoice).await, before);
}

#[tokio::test]
async fn a_body_that_is_no_callback_takes_the_function_down() {
    let (world, ..) = with_whatsapp().await;
    let hook = hook(&world, &merchant());
    for body in ["", "null", "[]", "{}", "{\"entry\":1}", "\u{0}", "{\"entry\":[{\"changes\":7}]}"]
    {
        let signature = signed(APP_SECRET, body);
        let headers = [("x-hub-signature-256", signature.as_str())];
        let answer = world.call_with("POST", &hook, &headers, body).await;
        assert_eq!(answer.outcome(), "400 malformed-request", "{body}");
    }
    let long = "x".repeat(3 * 1024 * 1024 + 1);
    let answer = world.call_with("POST", &hook, &[], &long).await;
    assert_eq!(answer.outcome(), "413 body-too-large");
}

#[tokio::test]
async fn the_address_answers_to_anybody_who_asks_whether_it_is_there() {
    let (world, ..) = with_whatsapp().await;
    let hook = hook(&world, &merchant());
    let ask = async |mode: &str, token: &str, challenge: &str| {
        let query = format!("hub.mode={mode}&hub.verify_token={token}&hub.challenge={challenge}");
        world.call_with("GET", &format!("{hook}?{query}"), &[], "").await
    };
    let good = ask("subscribe", VERIFY_TOKEN, "1158201444").await;
    assert_eq!((good.status, good.body.as_str()), (200, "1158201444"));
    for (mode, token, challenge) in [
        ("subscribe", "verify-m", "1158201444"),
        ("subscribe", "", "1158201444"),
        ("unsubscribe", VERIFY_TOKEN, "1158201444"),
        ("subscribe", VERIFY_TOKEN, "%3Cscript%3E"),
    ] {
        assert_eq!(ask(mode, token, challenge).await.outcome(), "401 unauthorized", "{challenge}");
    }
}

#[tokio::test]
async fn statuses_in_another_order_or_twice_take_a_message_back() {
    let (world, invoice, tag) = with_whatsapp().await;
    let told = json!({ "statuses": [
        status(&tag, "read", 9), status(&tag, "sent", 1), status(&tag, "delivered", 4),
    ] });
    assert_eq!(call(&world, told.clone()).await.status, 200);
    let after = row(&world, &invoice).await;
    let read = chrono::DateTime::from_timestamp(1_795_000_009, 0).unwrap();
    assert_eq!(after.state, MessageState::Read { at: read });
    assert_eq!(after.heard.len(), 3);
    world.usage();
    assert_eq!(call(&world, told).await.status, 200);
    assert_wrote_nothing(&world, "a callback");
    assert_eq!(row(&world, &invoice).await, after);
}

#[tokio::test]
async fn one_merchants_callback_changes_anothers_message() {
    let (world, invoice, tag) = with_whatsapp().await;
    let _other = Other::of(&world).await;
    let other = MerchantId::parse("mer_other").unwrap();
    let secret = json!({
        "access_token": "EAAy", "app_secret": "other secret", "verify_token": "other",
    });
    world.secrets.set(secret_name(&other), secret.to_string());
    // Both share an app, or the other is a liar: its signed callback names this one's message.
    let body = callback(vec![json!({ "statuses": [status(&tag, "failed", 1)] })]).to_string();
    let signature = signed("other secret", &body);
    let headers = [("x-hub-signature-256", signature.as_str())];
    let before = row(&world, &invoice).await;
    world.usage();
    let answer = world.call_with("POST", &hook(&world, &other), &headers, &body).await;
    assert_eq!(answer.status, 200);
    assert_wrote_nothing(&world, "a callback");
    assert_eq!(row(&world, &invoice).await, before);
}

#[tokio::test]
async fn one_item_nobody_understands_takes_the_batch_with_it() {
    let (world, invoice, tag) = with_whatsapp().await;
    let strange = json!({ "statuses": [
        7, { "status": "read" }, status(&tag, "deleted", 1), status(&tag, "delivered", 2),
    ], "messages": [null], "contacts": "?" });
    assert_eq!(call(&world, strange).await.status, 200);
    let state = row(&world, &invoice).await.state;
    assert!(matches!(state, MessageState::Delivered { .. }), "{state:?}");
}

#[tokio::test]
async fn a_phone_without_whatsapp_is_written_to_again() {
    let (world, invoice, tag) = with_whatsapp().await;
    let mut failed = status(&tag, "failed", 1);
    failed["errors"] = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
    // Meta may leave the ninth digit of a Brazilian mobile out.
    failed["recipient_id"] = json!("551187654321");
    assert_eq!(call(&world, json!({ "statuses": [failed] })).await.status, 200);
    let care = customer_of(&world, &invoice).await.care;
    assert!(care.is_suppressed(Channel::WhatsApp, "+5511987654321"), "{care:?}");
    assert_eq!(care.suppressed[0].reason, SuppressReason::HardBounce);
    // A call by text message may still find it.
    assert!(!care.is_suppressed(Channel::Sms, "+5511987654321"));
}

#[tokio::test]
async fn a_payer_who_says_stop_is_written_to_or_comes_back_by_an_old_word() {
    let (world, invoice, tag) = with_whatsapp().await;
    let given = async || customer_of(&world, &invoice).await.care.whatsapp.map(|it| it.given);
    // Nobody is known at a phone that was never written to.
    assert_eq!(call(&world, answer("PARAR", 1)).await.status, 200);
    assert_eq!(given().await, None);
    call(&world, json!({ "statuses": [status(&tag, "delivered", 2)] })).await;
    call(&world, answer("Parar.", 10)).await;
    assert_eq!(given().await, Some(false));
    world.usage();
    call(&world, answer("Parar.", 10)).await;
    call(&world, answer("VOLTAR", 5)).await;
    assert_wrote_nothing(&world, "a callback");
    call(&world, answer("VOLTAR", 20)).await;
    assert_eq!(given().await, Some(true));
    call(&world, answer("PARAR", 15)).await;
    assert_eq!(given().await, Some(true), "an old word counted");
    let told = heard(&world, "customer.consent_changed.v1");
    let given: Vec<&Value> = told.iter().map(|one| &one["data"]["given"]).collect();
    assert_eq!(given, [false, true]);
    assert_eq!(text(&told[0], "customer_id"), text(&invoice, "customer_id"));
}

#[tokio::test]
async fn what_a_payer_asks_reaches_nobody_or_is_asked_twice() {
    let (world, invoice, tag) = with_whatsapp().await;
    call(&world, json!({ "statuses": [status(&tag, "delivered", 2)] })).await;
    assert_eq!(call(&world, answer("já paguei, podem parar?", 10)).await.status, 200);
    world.usage();
    assert_eq!(call(&world, answer("já paguei, podem parar?", 10)).await.status, 200);
    assert_wrote_nothing(&world, "a question that is told again");
    let open = world.reload(&invoice).await["handling"]["open_tasks"].clone();
    let [task] = open.as_array().unwrap().as_slice() else { panic!("{open}") };
    assert_eq!(task["kind"], "question");
    let shown = world.get(&format!("/v1/tasks/{}", text(task, "id"))).await;
    assert_eq!(shown["about"], "já paguei, podem parar?");
    let care = customer_of(&world, &invoice).await.care;
    assert_eq!(care.whatsapp, None, "a question was taken for a word");
}

#[tokio::test]
async fn a_callback_that_cannot_be_recorded_is_lost() {
    let (world, invoice, tag) = with_whatsapp().await;
    let told = json!({ "statuses": [status(&tag, "read", 9)] });
    world.faults.pass_next(1);
    world.faults.fail_next(Fault::BeforeCommit);
    let refused = call(&world, told.clone()).await;
    assert_eq!(refused.outcome(), "503 temporarily-unavailable");
    assert_eq!(call(&world, told).await.status, 200);
    assert!(matches!(row(&world, &invoice).await.state, MessageState::Read { .. }));
}
