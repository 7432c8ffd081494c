//! Fears about a merchant's own words: a preview that shows something else than is sent, a version
//! that changes under a message, a template nobody can pay from, words of somebody else.

use quita_app::bus::BusEvent;
use quita_app::templates::{self, CACHED, Wording};
use quita_core::access::Permission;
use quita_core::customer::Locale;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::message::{Channel, LedgerKey, SentText, Source};
use quita_core::template::{TemplateDraft, TemplateName, Templates};
use quita_local::mailbox::Content;
use quita_table::keys::{Aggregate, RecordKey};
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde_json::{Value, json};

use crate::bad_invoices::assert_wrote_nothing;
use crate::files::{event_schema, openapi};
use crate::schema::faults;
use crate::tenants::Other;
use crate::world::{Answer, MERCHANT, World, text};

const TEXT: &str =
    "{{ salutation }}\n{{ amount.total }}, {{ amount.due_date }}\n{{ payable.code }}\n";
const HTML: &str = "<p>{{ salutation }} {{ amount.total }}, {{ amount.due_date }}</p>\
    <img src=\"cid:{{ payable.qr_content_id }}\" alt=\"QR\"><p>{{ payable.code }}</p>";

fn email() -> Value {
    json!({
        "channel": "email",
        "locale": "pt-BR",
        "tone": "friendly",
        "subject": "Sobre a {{ invoice.reference }}",
        "text": TEXT,
        "html": HTML,
    })
}

fn sms(words: &str) -> Value {
    let text = format!("{words} {{{{ amount.total }}}} {{{{ amount.due_date }}}} {{{{ page }}}}");
    json!({ "channel": "sms", "locale": "pt-BR", "text": text })
}

async fn put(world: &World, name: &str, body: &Value) -> Answer {
    world.call("PUT", &format!("/v1/templates/{name}"), &body.to_string()).await
}

async fn published(world: &World, name: &str, body: &Value) -> Value {
    let answer = put(world, name, body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn previewed(world: &World, body: Value) -> Value {
    let answer = world.post("/v1/templates/preview", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn merchant() -> MerchantId {
    MerchantId::parse(MERCHANT).unwrap()
}

/// Subject, text and HTML of the e-mails so far.
fn emails(world: &World) -> Vec<[String; 3]> {
    let parts = |content: &Content| match content {
        Content::Email { subject, text, html, .. } => {
            Some([subject, text, html].map(String::clone))
        }
        _ => None,
    };
    world.mailbox.messages().iter().filter_map(|message| parts(&message.content)).collect()
}

/// What is shown of the first message about an invoice.
async fn preview_of(world: &World, invoice: &Value) -> [String; 3] {
    let shown = previewed(
        world,
        json!({
            "name": "charge_issued",
            "channel": "email",
            "locale": "pt-BR",
            "invoice_id": text(invoice, "id"),
            "step": "issue",
        }),
    )
    .await;
    ["subject", "text", "html"].map(|part| text(&shown, part).to_owned())
}

#[tokio::test]
async fn something_else_is_sent_than_the_preview_shows() {
    let world = World::new().await;
    let shipped = world.issued().await;
    assert_eq!(emails(&world), [preview_of(&world, &shipped).await]);
    published(&world, "charge_issued", &email()).await;
    let customer = text(&shipped, "customer_id");
    let own = world.invoice(customer, json!({ "number": "2026-002 <b>&\"{{ page }}" })).await;
    let shown = preview_of(&world, &own).await;
    assert_eq!(emails(&world)[1], shown);
    assert!(shown[0].starts_with("Sobre a fatura 2026-002"), "{}", shown[0]);
    assert!(shown[2].contains("R$ 1.000,00") && !shown[2].contains("<b>"), "{}", shown[2]);
}

#[tokio::test]
async fn nobody_knows_afterwards_by_which_version_a_message_was_made() {
    let world = World::new().await;
    published(&world, "charge_issued", &email()).await;
    let mut second = email();
    second["subject"] = json!("Outra vez: {{ invoice.title }}");
    published(&world, "charge_issued", &second).await;
    let invoice = world.issued().await;
    assert!(emails(&world)[0][0].starts_with("Outra vez: "));
    let id = InvoiceId::parse(text(&invoice, "id")).unwrap();
    let (step, channel) = ("issue".to_owned(), Channel::Email);
    let key = RecordKey::SentText(id, LedgerKey { instalment: 1, step, channel, revision: 0 }, 1);
    let store = &world.machine.deps().store;
    let mut found = store.read(&merchant(), &[ItemRef::Record(key.clone())]).await.unwrap();
    let sent: SentText = found.take_record(&key).unwrap().unwrap();
    assert_eq!(sent.template, Source { name: "charge_issued".to_owned(), version: 2 });
}

#[tokio::test]
async fn a_version_changes_or_is_counted_twice() {
    let world = World::new().await;
    let first = published(&world, "nudge", &sms("Oi")).await;
    let again = published(&world, "nudge", &sms("Oi")).await;
    assert_eq!(first, again, "what says the same is no new version");
    let second = published(&world, "nudge", &sms("Bom dia")).await;
    assert_eq!((first["version"].clone(), second["version"].clone()), (json!(1), json!(2)));
    let versions = "/v1/templates/nudge/versions?channel=sms&locale=pt-BR";
    assert_eq!(world.get(versions).await["items"], json!([second, first]));
    let one = world.get(&format!("{versions}&version=1")).await;
    assert_eq!(one["items"], json!([first]));
    let shown = world.get("/v1/templates/nudge").await;
    assert_eq!(shown["templates"], json!([second]));
    assert_eq!((&shown["shipped"], &shown["payable"]), (&json!(false), &json!(true)));
    let list = world.get("/v1/templates").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["version"], json!(2));
    for (path, status) in [
        ("/v1/templates/other", 404),
        ("/v1/templates/NUDGE", 404),
        ("/v1/templates/nudge/versions?channel=email&locale=pt-BR", 404),
        ("/v1/templates/nudge/versions?channel=fax", 422),
        ("/v1/templates/nudge/versions?channel=sms&locale=pt-BR&version=3", 404),
        ("/v1/templates/nudge/versions?channel=sms&locale=pt-BR&version=x", 422),
    ] {
        assert_eq!(world.call("GET", path, "").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_repeated_request_publishes_twice() {
    let world = World::new().await;
    let bearer = world.bearer();
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "one")];
    let body = sms("Oi").to_string();
    let path = "/v1/templates/nudge";
    let first = world.call_with("PUT", path, &headers, &body).await;
    let again = world.call_with("PUT", path, &headers, &body).await;
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = world.call_with("PUT", path, &headers, &sms("Outra").to_string()).await;
    assert_eq!(other.outcome(), "422 idempotency-key-reused");
}

#[tokio::test]
async fn a_template_with_faults_is_saved_or_tells_one_of_them() {
    let world = World::new().await;
    let check = async |name: &str, body: Value, properties: &[&str]| {
        world.usage();
        let answer = put(&world, name, &body).await;
        assert_eq!(answer.outcome(), "422 validation-failed", "{body}: {}", answer.body);
        assert_eq!(answer.properties(), properties, "{body}: {}", answer.body);
        assert_wrote_nothing(&world, name);
        answer
    };
    let mut wrong = email();
    wrong["subject"] = json!("{{ custmer }}");
    wrong["text"] = json!("{{ amout }}\n{{ page|shout }}\n{% include 'x' %}");
    let told = check("nudge", wrong, &["subject", "text", "text", "text"]).await;
    assert!(told.body.contains("line 1: unknown variable amout; did you mean amount.total"));
    assert!(told.body.contains("line 2: unknown filter shout"));
    check("nudge", json!({ "channel": "fax", "locale": "fr" }), &["channel", "locale"]).await;
    check("preview", sms("Oi"), &["name"]).await;
    let mut mute = email();
    mute["html"] = json!("<p>Oi</p>");
    check("nudge", mute, &["html"; 4]).await;
    let mut telling = email();
    telling["subject"] = json!("Cobrança: {{ invoice.title }}");
    check("nudge", telling, &["subject"]).await;
    let mut endless = email();
    let (open, close) = ("{% for row in amount.rows %}", "{% endfor %}");
    endless["text"] = json!(format!("{TEXT}{}x{}", open.repeat(19), close.repeat(19)));
    check("nudge", endless, &["text"]).await;
    let odd = put(&world, "nudge", &json!({ "channel": "sms", "locale": "en", "body": "x" })).await;
    assert_eq!(odd.status, 400, "{}", odd.body);
    assert_eq!(world.get("/v1/templates").await["items"], json!([]));
}

#[tokio::test]
async fn a_preview_saves_something_or_shows_what_may_not_be_saved() {
    let world = World::new().await;
    world.usage();
    let draft = json!({ "name": "nudge", "draft": email(), "sample": "late" });
    let shown = previewed(&world, draft).await;
    assert_eq!((&shown["version"], &shown["parts"]), (&Value::Null, &Value::Null));
    assert!(text(&shown, "html").contains("cid:qr."), "{shown}");
    assert_wrote_nothing(&world, "a preview");
    let faulty = json!({ "name": "nudge", "draft": sms("{{ custmer }}") });
    let answer = world.post("/v1/templates/preview", &faulty).await;
    assert_eq!((answer.status, answer.properties()), (422, vec!["text".to_owned()]));
    let unknown = json!({ "name": "nudge", "draft": email(), "sample": "nope" });
    let answer = world.post("/v1/templates/preview", &unknown).await;
    assert_eq!((answer.status, answer.properties()), (422, vec!["sample".to_owned()]));
    let nobody = json!({ "name": "nudge", "channel": "sms", "locale": "en" });
    assert_eq!(world.post("/v1/templates/preview", &nobody).await.status, 404);
    let late = json!({ "name": "three_days_late", "channel": "letter", "locale": "en" });
    assert_eq!(previewed(&world, late).await["version"], json!(0));
    let invoice = world.issued().await;
    for (name, instalment, status) in
        [("receipt", 1, 409), ("one_day_late", 1, 409), ("due_today", 2, 422)]
    {
        let body = json!({
            "name": name,
            "channel": "email",
            "locale": "pt-BR",
            "invoice_id": text(&invoice, "id"),
            "instalment": instalment,
        });
        let answer = world.post("/v1/templates/preview", &body).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn somebody_elses_words_or_invoices_are_shown() {
    let world = World::new().await;
    published(&world, "charge_issued", &email()).await;
    let invoice = world.issued().await;
    let other = Other::of(&world).await;
    assert_eq!(other.get("/v1/templates").await["items"], json!([]));
    assert_eq!(other.get("/v1/templates/charge_issued").await["templates"], json!([]));
    let body = json!({
        "name": "charge_issued",
        "channel": "email",
        "locale": "pt-BR",
        "invoice_id": text(&invoice, "id"),
    });
    assert_eq!(other.call("POST", "/v1/templates/preview", &body).await.status, 404);
    let reader = world.key_of(&merchant(), [Permission::Read].into()).await;
    let bearer = format!("Bearer {reader}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
    let body = sms("Oi").to_string();
    let answer = world.call_with("PUT", "/v1/templates/nudge", &headers, &body).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
}

#[tokio::test]
async fn a_process_goes_on_with_an_old_version_for_longer_than_a_minute() {
    let world = World::new().await;
    let deps = world.machine.deps();
    let owner = merchant();
    let step = || templates::for_step(deps, &owner, "nudge", Channel::Sms, Locale::PtBr);
    let source = async || step().await.unwrap().source().version;
    let missing = step().await.unwrap();
    assert!(matches!(missing, Wording::Missing { .. }), "{missing:?}");
    published(&world, "nudge", &sms("Oi")).await;
    assert_eq!(source().await, 1, "who publishes goes on at once");
    // Another process publishes the second.
    let draft = TemplateDraft {
        channel: "sms".to_owned(),
        locale: "pt-BR".to_owned(),
        text: Some("x".to_owned()),
        ..TemplateDraft::default()
    };
    let (key, checked) = draft.parse(&TemplateName::parse("nudge").unwrap()).unwrap();
    let all = RecordKey::Templates;
    let mut found = deps.store.read(&merchant(), &[ItemRef::Record(all.clone())]).await.unwrap();
    let before: Templates = found.take_record(&all).unwrap().unwrap();
    let (after, version) = before.published(key, checked, "usr_1", world.now()).unwrap();
    let commit = Commit::new(&merchant())
        .record(&after, Expected::Version(before.version))
        .record(&version, Expected::New);
    deps.store.commit(commit).await.unwrap();
    assert_eq!(source().await, 1);
    world.clock.set(world.now() + CACHED).unwrap();
    assert_eq!(source().await, 2);
}

#[tokio::test]
async fn a_publication_leaves_no_trace() {
    let world = World::new().await;
    published(&world, "nudge", &sms("Oi")).await;
    let store = &world.machine.deps().store;
    let page = store.timeline(&merchant(), &Aggregate::Merchant, 100, None).await.unwrap();
    let row = page.items.iter().find(|row| row.name == templates::PUBLISHED).unwrap();
    let event = BusEvent::of_row(&merchant(), row);
    let schema = event_schema(&event.detail_type);
    assert_eq!(faults(&schema, &schema, &event.detail), [""; 0]);
    let changed: Vec<_> = row.changes.iter().collect();
    assert_eq!(changed, [("templates.nudge.sms.pt-BR", None, Some("1"))]);
}

#[tokio::test]
async fn an_answer_is_not_what_is_documented() {
    let world = World::new().await;
    published(&world, "charge_issued", &email()).await;
    let whatsapp = json!({
        "channel": "whatsapp",
        "locale": "pt-BR",
        "text": "Olá, {{1}}",
        "approved_name": "ola_1",
        "category": "utility",
        "parameters": ["{{ customer }}: {{ amount.total }} até {{ amount.due_date }}"],
        "order_button": true,
    });
    let template = published(&world, "charge_issued", &whatsapp).await;
    let preview = json!({ "name": "charge_issued", "channel": "whatsapp", "locale": "pt-BR" });
    let preview = previewed(&world, preview).await;
    let document = openapi();
    let check = |name: &str, answer: &Value| {
        let schema = &document["components"]["schemas"][name];
        assert_eq!(faults(&document, schema, answer), [""; 0], "{name}: {answer}");
    };
    check("Template", &template);
    check("TemplatePreview", &preview);
    check("TemplateList", &world.get("/v1/templates").await);
    check("TemplateOfName", &world.get("/v1/templates/charge_issued").await);
    check("TemplateVariableList", &world.get("/v1/templates/variables").await);
    let versions = "/v1/templates/charge_issued/versions?channel=whatsapp&locale=pt-BR";
    check("TemplateVersionList", &world.get(versions).await);
    let brand = json!({ "brand_colour": "#0F766E", "signature": "Acme" }).to_string();
    check("Merchant", &world.call("PUT", "/v1/merchant", &brand).await.json());
}

#[tokio::test]
async fn a_brand_is_not_shown_or_takes_anything() {
    let world = World::new().await;
    let brand = json!({
        "logo_url": "https://cdn.example.com/logo.png",
        "sender_name": "Contas Acme",
        "signature": "Acme Ltda\nRua A, 1 <b>",
    });
    let answer = world.call("PUT", "/v1/merchant", &brand.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.issued().await;
    let messages = world.mailbox.messages();
    let Content::Email { from, html, text, .. } = &messages[0].content else { panic!("no e-mail") };
    assert!(from.contains("Contas Acme"), "{from}");
    assert!(
        html.contains("logo.png") && html.contains("Acme Ltda<br>Rua A, 1 &lt;b&gt;"),
        "{html}"
    );
    assert!(text.ends_with("Acme Ltda\nRua A, 1 <b>"), "{text}");
    let bad = json!({ "logo_url": "http://x", "sender_name": "a@b", "signature": "x".repeat(501) });
    let answer = world.call("PUT", "/v1/merchant", &bad.to_string()).await;
    assert_eq!(answer.properties(), ["logo_url", "sender_name", "signature"]);
    let none = json!({ "logo_url": null, "sender_name": null, "signature": null });
    let answer = world.call("PUT", "/v1/merchant", &none.to_string()).await;
    assert_eq!(answer.json()["signature"], Value::Null);
}
