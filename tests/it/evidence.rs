//! Fears about what became of a message: that nobody hears of a bounce, that a stranger can say what
//! he likes, that evidence is told twice or late and takes a row back, that a crash sends twice.

mod phones;

use chrono::TimeDelta;
use quita_core::care::SuppressReason;
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::message::{Channel, Message, MessageState, ProviderTag, SentText, Source};
use quita_local::mailbox::MailFault;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde_json::{Value, json};

use crate::tenants::Other;
use crate::world::{MERCHANT, World, text};

pub const CUSTOMER_MAIL: &str = "financeiro@aurora.example";

pub fn merchant() -> MerchantId {
    MerchantId::parse(MERCHANT).unwrap()
}

/// The rows of the ledger of an invoice.
pub async fn rows(world: &World, invoice: &Value) -> Vec<Message> {
    let id = InvoiceId::parse(text(invoice, "id")).unwrap();
    world.machine.deps().store.messages(&merchant(), &id).await.unwrap()
}

/// What the API shows of the only message about an invoice.
pub async fn shown(world: &World, invoice: &Value) -> Value {
    let list = world.get(&format!("/v1/invoices/{}/messages", text(invoice, "id"))).await;
    let [only] = list["items"].as_array().unwrap().as_slice() else { panic!("{list}") };
    only.clone()
}

pub async fn customer_of(world: &World, invoice: &Value) -> Customer {
    let id = CustomerId::parse(text(invoice, "customer_id")).unwrap();
    let refs = [ItemRef::Customer(id.clone())];
    let mut found = world.machine.deps().store.read(&merchant(), &refs).await.unwrap();
    found.take_customer(&id).unwrap()
}

/// An event of SES as EventBridge brings it, about the message of a tag.
fn of_ses(world: &World, tag: &str, kind: &str, part: &str, more: Value) -> Value {
    let now = world.now().to_rfc3339();
    let mut detail = json!({
        "eventType": kind,
        "mail": {
            "timestamp": now,
            "messageId": "0101018-ses",
            "destination": [CUSTOMER_MAIL],
            "tags": { "X-Quita-Message": [tag], "ses:configuration-set": ["quita"] },
        },
    });
    detail[part] = more;
    if detail[part].get("timestamp").is_none() {
        detail[part]["timestamp"] = json!(now);
    }
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "Email Event",
        "source": "aws.ses",
        "account": "000000000000",
        "time": now,
        "region": "sa-east-1",
        "resources": [],
        "detail": detail,
    })
}

/// Tells it to the function, with all that follows.
async fn tell(world: &World, event: Value) {
    world.machine.wake("record_evidence", event).await.unwrap();
    world.settle().await;
}

fn delivered(world: &World, tag: &str) -> Value {
    of_ses(world, tag, "Delivery", "delivery", json!({ "recipients": [CUSTOMER_MAIL] }))
}

fn bounced(world: &World, tag: &str, kind: &str) -> Value {
    let to = json!([{ "emailAddress": CUSTOMER_MAIL, "status": "5.1.1" }]);
    let more = json!({ "bounceType": kind, "bounceSubType": "General", "bouncedRecipients": to });
    of_ses(world, tag, "Bounce", "bounce", more)
}

fn complained(world: &World, tag: &str) -> Value {
    let to = json!([{ "emailAddress": "FINANCEIRO@aurora.example" }]);
    let more = json!({ "complainedRecipients": to, "complaintFeedbackType": "abuse" });
    of_ses(world, tag, "Complaint", "complaint", more)
}

/// The tag of the last e-mail, as its provider was given it.
fn last_tag(world: &World) -> String {
    world.mailbox.messages().last().unwrap().tag().unwrap().to_owned()
}

/// Events of one name that went over the bus.
pub fn heard(world: &World, name: &str) -> Vec<Value> {
    let history = world.machine.bus().history().into_iter();
    history.filter(|event| event.detail_type == name).map(|event| event.detail).collect()
}

#[tokio::test]
async fn what_a_provider_tells_never_reaches_the_message() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let tag = last_tag(&world);
    assert_eq!(rows(&world, &invoice).await[0].tag(), tag);
    assert_eq!(shown(&world, &invoice).await["fate"], "sent");
    world.usage();
    tell(&world, delivered(&world, &tag)).await;
    let usage = world.usage();
    assert_eq!((usage.reads, usage.keys_read, usage.puts, usage.transactions), (1, 2, 1, 0));
    let after = shown(&world, &invoice).await;
    assert_eq!((&after["fate"], &after["is_final"]), (&json!("delivered"), &json!(true)));
    assert_eq!(after["history"].as_array().unwrap().len(), 2, "{after}");
    // The invoice is as it was: evidence is no change of the debt.
    assert_eq!(world.reload(&invoice).await, invoice);
    let complaint = complained(&world, &tag);
    tell(&world, complaint).await;
    assert_eq!(shown(&world, &invoice).await["fate"], "complained");
}

#[tokio::test]
async fn evidence_that_is_told_twice_is_written_twice_or_takes_a_row_back() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let tag = last_tag(&world);
    let (sent, arrived, complaint) = (
        of_ses(&world, &tag, "Send", "send", json!({})),
        delivered(&world, &tag),
        complained(&world, &tag),
    );
    for event in [&complaint, &arrived, &sent] {
        tell(&world, event.clone()).await;
    }
    let row = rows(&world, &invoice).await;
    assert!(matches!(row[0].state, MessageState::Complained { .. }), "{row:?}");
    world.usage();
    for event in [&sent, &complaint, &arrived, &complaint] {
        tell(&world, event.clone()).await;
    }
    let usage = world.usage();
    assert_eq!((usage.puts, usage.transactions), (0, 0), "a repeat was written");
    assert_eq!(rows(&world, &invoice).await, row);
    assert_eq!(heard(&world, "customer.address_suppressed.v1").len(), 1);
}

#[tokio::test]
async fn nobody_hears_that_an_address_does_not_exist() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let tag = last_tag(&world);
    world.usage();
    tell(&world, bounced(&world, &tag, "Permanent")).await;
    let row = shown(&world, &invoice).await;
    assert_eq!((&row["fate"], &row["reason"]), (&json!("bounced"), &json!("General 5.1.1")));
    let customer = customer_of(&world, &invoice).await;
    let [bad] = customer.care.suppressed.as_slice() else { panic!("{:?}", customer.care) };
    assert_eq!((bad.channel, bad.reason), (Channel::Email, SuppressReason::HardBounce));
    assert!(customer.care.is_suppressed(Channel::Email, CUSTOMER_MAIL));
    let [told] = &heard(&world, "customer.address_suppressed.v1")[..] else { panic!("one fact") };
    assert_eq!(told["customer_id"], invoice["customer_id"]);
    assert_eq!(told["data"]["addresses"], json!(["***@aurora.example"]));
    // A person is asked to mend the contact, once.
    let open = world.reload(&invoice).await["handling"]["open_tasks"].clone();
    let [task] = open.as_array().unwrap().as_slice() else { panic!("{open}") };
    assert_eq!(task["kind"], "fix_contact");
    let list = world.get("/v1/messages/undelivered").await;
    assert_eq!(list["items"][0]["invoice_id"], invoice["id"]);
    let later = world.get("/v1/messages/undelivered?from=2026-11-24T00:00:00-03:00").await;
    assert_eq!(later["items"], json!([]));
    let wrong = world.call("GET", "/v1/messages/undelivered?from=yesterday", "").await;
    assert_eq!(wrong.properties(), ["from"]);
}

#[tokio::test]
async fn a_full_mailbox_ends_messages_to_a_payer() {
    let world = World::new().await;
    let invoice = world.issued().await;
    tell(&world, bounced(&world, &last_tag(&world), "Transient")).await;
    assert_eq!(shown(&world, &invoice).await["fate"], "bounced");
    assert_eq!(customer_of(&world, &invoice).await.care.suppressed, []);
    assert_eq!(heard(&world, "customer.address_suppressed.v1"), Vec::<Value>::new());
}

#[tokio::test]
async fn evidence_of_nobodys_message_is_written_somewhere() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let before = rows(&world, &invoice).await;
    let tag = last_tag(&world);
    world.usage();
    for strange in [
        tag.replace(MERCHANT, "mer_other"),
        tag.replace("-1-", "-2-"),
        format!("{tag}0"),
        "sign-in-1".to_owned(),
        String::new(),
    ] {
        tell(&world, bounced(&world, &strange, "Permanent")).await;
    }
    let usage = world.usage();
    assert_eq!((usage.puts, usage.transactions), (0, 0));
    assert_eq!(rows(&world, &invoice).await, before);
    // What is not of SES is an error: it lands in the dead letters, and is looked at.
    let strange = json!({ "source": "aws.ses", "detail-type": "x", "detail": { "eventType": 1 } });
    assert!(world.machine.wake("record_evidence", strange).await.is_err());
    let mut foreign = delivered(&world, &tag);
    foreign["source"] = json!("aws.s3");
    assert!(world.machine.wake("record_evidence", foreign).await.is_err());
}

#[tokio::test]
async fn a_crash_between_claim_and_send_sends_twice_although_the_provider_told() {
    let world = World::new().await;
    let customer = world.customer().await;
    world.mailbox.fail_next(MailFault::UnknownBefore);
    let invoice = world.invoice(&customer, json!({})).await;
    let row = rows(&world, &invoice).await.remove(0);
    assert!(matches!(row.state, MessageState::Claimed { .. }), "{row:?}");
    assert_eq!(shown(&world, &invoice).await["fate"], "queued");
    // Its sender never learned it, yet the provider took it.
    tell(&world, of_ses(&world, &row.tag(), "Send", "send", json!({}))).await;
    for _ in 0..4 {
        world.clock.advance(TimeDelta::minutes(3)).unwrap();
        world.sweep().await;
    }
    assert_eq!(world.mailbox.messages().len(), 0, "it was sent again");
    let row = rows(&world, &invoice).await.remove(0);
    assert!(matches!(row.state, MessageState::Sent { .. }), "{row:?}");
    assert!(world.timeline(&invoice).await.contains(&"reminder.done".to_owned()));
    tell(&world, delivered(&world, &row.tag())).await;
    assert_eq!(shown(&world, &invoice).await["fate"], "delivered");
}

#[tokio::test]
async fn a_message_nobody_tells_of_is_waited_for_without_end() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.clock.advance(TimeDelta::hours(72)).unwrap();
    assert_eq!(shown(&world, &invoice).await["fate"], "sent");
    world.clock.advance(TimeDelta::seconds(1)).unwrap();
    let after = shown(&world, &invoice).await;
    assert_eq!((&after["fate"], &after["is_final"]), (&json!("unconfirmed"), &json!(true)));
    // Late is better than never.
    tell(&world, delivered(&world, &last_tag(&world))).await;
    assert_eq!(shown(&world, &invoice).await["fate"], "delivered");
}

#[tokio::test]
async fn two_that_tell_at_once_lose_what_one_of_them_told() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let tag = last_tag(&world);
    let (one, other) = (delivered(&world, &tag), complained(&world, &tag));
    let (one, other) = tokio::join!(
        world.machine.wake("record_evidence", one),
        world.machine.wake("record_evidence", other),
    );
    assert!(one.is_ok() && other.is_ok());
    let row = rows(&world, &invoice).await.remove(0);
    assert_eq!(row.heard.len(), 3, "{row:?}");
    assert!(matches!(row.state, MessageState::Complained { .. }));
}

#[tokio::test]
async fn the_exact_text_is_lost_changed_or_shown_to_another_merchant() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let row = rows(&world, &invoice).await.remove(0);
    let sent = SentText {
        merchant: merchant(),
        invoice: row.invoice.clone(),
        key: row.key.clone(),
        attempt: 9,
        version: 1,
        at: world.now(),
        subject: Some("Fatura 2026-001".into()),
        text: "Valor: R$ 1.000,00".into(),
        sha256: "ab".repeat(32),
        recipients: vec![CUSTOMER_MAIL.into()],
        template: Source { name: "reminder".to_owned(), version: 1 },
        rule: None,
        erased_at: None,
    };
    let store = &world.machine.deps().store;
    store.commit(Commit::new(&merchant()).sent_text(&sent)).await.unwrap();
    let again = SentText { text: "Valor: R$ 1,00".into(), ..sent };
    assert!(store.commit(Commit::new(&merchant()).sent_text(&again)).await.is_err());
    let told = shown(&world, &invoice).await;
    let texts = told["texts"].as_array().unwrap();
    let ninth = texts.iter().find(|text| text["attempt"] == 9).unwrap();
    assert_eq!(ninth["text"], "Valor: R$ 1.000,00");
    assert_eq!(ninth["recipients"], json!([CUSTOMER_MAIL]));
    let path = format!("/v1/invoices/{}/messages", text(&invoice, "id"));
    let other = Other::of(&world).await;
    assert_eq!(other.call("GET", &path, &Value::Null).await.outcome(), "404 not-found");
    assert_eq!(other.get("/v1/messages/undelivered").await["items"], json!([]));
}

#[tokio::test]
async fn the_text_that_was_sent_is_not_the_text_that_is_kept() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let told = shown(&world, &invoice).await;
    let received = world.mailbox.messages().pop().unwrap();
    let [kept] = told["texts"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!(kept["text"], received.content.text());
    assert_eq!(kept["subject"], received.content.title());
    assert_eq!(kept["attempt"], told["attempts"]);
    assert_eq!(kept["recipients"], json!([CUSTOMER_MAIL]));
}

#[tokio::test]
async fn a_suppressed_address_is_written_to_again() {
    let world = World::new().await;
    let invoice = world.issued().await;
    tell(&world, bounced(&world, &last_tag(&world), "Permanent")).await;
    world.at("2026-12-03 09:30").await;
    world.at("2026-12-07 09:30").await;
    world.at("2026-12-10 09:30").await;
    assert_eq!(world.mailbox.messages().len(), 1, "{:?}", world.steps());
    assert_ne!(rows(&world, &invoice).await.len(), 0);
}

/// The row of a message of another channel, as its sender leaves it.
pub async fn sent_by(world: &World, invoice: &Value, channel: Channel) -> ProviderTag {
    let issued = rows(world, invoice).await.remove(0);
    let mut key = issued.key.clone();
    key.channel = channel;
    let claim = Message::claimed(merchant(), issued.invoice, key, world.now());
    let state = MessageState::Sent { at: world.now(), evidence: "wamid.A".to_owned() };
    let row = Message { state, ..claim };
    let commit = Commit::new(&merchant()).message(&row, Expected::New);
    world.machine.deps().store.commit(commit).await.unwrap();
    ProviderTag::new(&row.merchant, &row.invoice, &row.key)
}
