//! Rules of a merchant's own: channels that are missing or refused, tones, hold-out, tasks.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::care::{Consent, SuppressReason, Suppressed, Tier};
use quita_core::chase::{Caps, Rule, RuleName, RuleVersion, Tone, Way};
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::merchant::{Channels, SmsSender, WhatsAppSender};
use quita_core::message::Channel;
use quita_local::mailbox::Content;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde_json::{Value, json};

use super::{change_merchant, steps_done, sweep_until_quiet, walk};
use crate::world::{MERCHANT, World, text};

/// New invoices are under the shipped rule with these changes; every channel is set up.
async fn own_rule(world: &World, change: impl FnOnce(&mut Rule)) {
    let mut rule = Rule::shipped();
    change(&mut rule);
    let name = RuleName::parse("own").unwrap();
    let version = RuleVersion {
        merchant: MerchantId::parse(MERCHANT).unwrap(),
        name: name.clone(),
        version: 1,
        rule,
        published_at: world.now(),
        by: "test".to_owned(),
        note: String::new(),
    };
    let commit = Commit::new(&version.merchant).record(&version, Expected::New);
    world.machine.deps().store.commit(commit).await.unwrap();
    change_merchant(world, |merchant| {
        merchant.issuing.rule = Some(name);
        let whatsapp =
            WhatsAppSender { phone_number_id: "1".to_owned(), templates: BTreeMap::new() };
        let sms = SmsSender { origination: "ACME".to_owned() };
        merchant.channels = Channels { whatsapp: Some(whatsapp), sms: Some(sms) };
    })
    .await;
}

/// Adds ways to the step five days before.
async fn also_by(world: &World, ways: &[Way]) {
    own_rule(world, |rule| {
        let step = rule.steps.iter_mut().find(|step| step.id == "due_minus_5").unwrap();
        step.ways.extend(ways);
    })
    .await;
}

async fn change_customer(world: &World, id: &str, change: impl FnOnce(&mut Customer)) {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let id = CustomerId::parse(id).unwrap();
    let store = &world.machine.deps().store;
    let mut found = store.read(&merchant, &[ItemRef::Customer(id.clone())]).await.unwrap();
    let mut customer = found.take_customer(&id).unwrap();
    let before = customer.version;
    customer.version += 1;
    change(&mut customer);
    let commit = Commit::new(&merchant).customer(&customer, Expected::Version(before));
    store.commit(commit).await.unwrap();
}

/// A customer that every channel could reach.
async fn reachable(world: &World) -> String {
    let fields = json!({
        "phone": "+55 11 98765-4321",
        "address": {
            "street": "Rua A, 1", "city": "São Paulo", "state": "SP", "postal_code": "01310-100",
        },
    });
    world.customer_with(fields).await
}

fn suppressed(channel: Channel, address: &str, at: DateTime<Utc>) -> Suppressed {
    Suppressed { channel, address: address.into(), reason: SuppressReason::OptOut, at }
}

/// The reminder five days before the due date, and how it went out.
async fn channels_of(world: &World, invoice: &Value) -> (Value, Value) {
    walk(world, "2026-12-05 12:00").await;
    sweep_until_quiet(world).await;
    let done = steps_done(world, invoice).await;
    let row = done.iter().find(|row| row["data"]["step"] == "due_minus_5").unwrap();
    (row["data"]["outcome"].clone(), row["data"]["channels"].clone())
}

#[tokio::test]
async fn a_step_on_every_channel_goes_out_on_all_or_none() {
    let world = World::new().await;
    also_by(&world, &[Way::WhatsApp, Way::Sms, Way::Letter]).await;
    let customer = reachable(&world).await;
    let agreed = Consent { given: true, at: world.now() };
    change_customer(&world, &customer, |it| it.care.whatsapp = Some(agreed)).await;
    let invoice = world.invoice(&customer, json!({})).await;
    let all = json!(["email", "whatsapp", "sms", "letter"]);
    assert_eq!(channels_of(&world, &invoice).await, (json!("sent"), all));
    let kinds: Vec<Channel> =
        world.mailbox.messages().iter().map(|it| it.content.channel()).collect();
    use Channel::{Email, Letter, Sms, WhatsApp};
    assert_eq!(kinds, [Email, Email, WhatsApp, Sms, Letter]);
    let texts = world.mailbox.messages();
    let short = texts.iter().find(|it| matches!(it.content, Content::Sms { .. })).unwrap();
    assert!(short.content.text().contains("http"), "{:?}", short.content);
}

#[tokio::test]
async fn who_did_not_agree_or_opted_out_is_written_to_by_whatsapp() {
    for opted_out in [false, true] {
        let world = World::new().await;
        also_by(&world, &[Way::WhatsApp]).await;
        let customer = reachable(&world).await;
        let (now, given) = (world.now(), opted_out);
        change_customer(&world, &customer, |it| {
            it.care.whatsapp = Some(Consent { given, at: now });
            if opted_out {
                it.care.suppress(suppressed(Channel::WhatsApp, "+5511987654321", now));
            }
        })
        .await;
        let invoice = world.invoice(&customer, json!({})).await;
        let told = channels_of(&world, &invoice).await;
        assert_eq!(told, (json!("sent"), json!(["email"])), "{opted_out}");
    }
}

#[tokio::test]
async fn nobody_to_write_to_stops_the_sweep_or_tells_nobody() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({})).await;
    let other = world.customer_with(json!({ "document": "11.444.777/0001-61" })).await;
    let other = world.invoice(&other, json!({ "number": "2026-002" })).await;
    let now = world.now();
    change_customer(&world, &customer, |it| {
        it.care.suppress(suppressed(Channel::Email, "financeiro@aurora.example", now));
    })
    .await;
    let (outcome, channels) = channels_of(&world, &invoice).await;
    assert_eq!((outcome, channels), (json!("failed"), json!([])));
    let names = world.timeline(&invoice).await;
    assert!(names.contains(&"task.opened".to_owned()), "{names:?}");
    assert_eq!(steps_done(&world, &other).await[1]["data"]["outcome"], "sent");
    assert!(world.machine.dead_letters().is_empty());
}

#[tokio::test]
async fn a_valued_customer_is_spoken_to_firmly() {
    let world = World::new().await;
    own_rule(&world, |rule| {
        rule.tone_caps.insert(Tier::Vip, Tone::Neutral);
    })
    .await;
    let customer = world.customer().await;
    change_customer(&world, &customer, |it| it.care.tier = Tier::Vip).await;
    let invoice = world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    walk(&world, "2026-12-24 12:00").await;
    assert_eq!(world.steps(), ["issue", "due_minus_5", "due_today"]);
    let done = steps_done(&world, &invoice).await;
    let outcomes: Vec<&str> = done.iter().map(|row| text(&row["data"], "outcome")).collect();
    let firm = ["too_firm"; 4];
    assert_eq!(outcomes[..3], ["sent"; 3]);
    assert_eq!(outcomes[3..7], firm);
    // What is no message is done all the same.
    assert_eq!(world.reload(&invoice).await["instalments"][0]["flagged"], true);
}

#[tokio::test]
async fn who_is_held_out_is_reminded_or_the_share_is_not_seen() {
    let world = World::new().await;
    own_rule(&world, |rule| rule.hold_out_percent = 100).await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({})).await;
    walk(&world, "2026-12-12 12:00").await;
    assert_eq!(world.steps(), ["issue"]);
    let done = steps_done(&world, &invoice).await;
    let outcomes: Vec<&str> = done.iter().map(|row| text(&row["data"], "outcome")).collect();
    assert_eq!(outcomes, ["sent", "held_out", "held_out", "held_out"]);
}

#[tokio::test]
async fn a_call_goes_out_as_a_message_or_to_nobody() {
    let world = World::new().await;
    own_rule(&world, |rule| {
        let step = rule.steps.iter_mut().find(|step| step.id == "due_minus_5").unwrap();
        (step.how, step.ways) = (None, vec![Way::CallTask]);
    })
    .await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({})).await;
    let (outcome, channels) = channels_of(&world, &invoice).await;
    assert_eq!((outcome, channels), (json!("done"), json!([])));
    assert_eq!(world.steps(), ["issue"]);
    let path = format!("/v1/invoices/{}/timeline?limit=100", text(&invoice, "id"));
    let timeline = world.get(&path).await;
    let rows = timeline["items"].as_array().unwrap();
    let task = rows.iter().find(|row| row["event"] == "task.opened").unwrap();
    assert_eq!(task["data"]["kind"], "call");
}

#[tokio::test]
async fn a_promise_is_reminded_of_before_its_day_or_never_again() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let path = format!("/v1/invoices/{}/promise", text(&invoice, "id"));
    let promise = json!({ "amount": "1000.00", "day": "2026-12-14", "by": "Ana" });
    assert_eq!(world.post(&path, &promise).await.status, 200);
    walk(&world, "2026-12-15 20:00").await;
    assert_eq!(world.steps(), ["issue"]);
    walk(&world, "2026-12-17 12:00").await;
    let names = world.timeline(&invoice).await;
    assert!(names.contains(&"promise.broken".to_owned()), "{names:?}");
    assert!(world.steps().len() > 1, "nobody asks after a broken promise");
}

#[tokio::test]
async fn debts_due_one_after_the_other_are_more_messages_a_week_than_the_rule_allows() {
    let world = World::new().await;
    own_rule(&world, |rule| rule.caps = Caps { per_day: 1, per_week: 2 }).await;
    let customer = world.customer().await;
    let mut invoices = Vec::new();
    for day in ["2026-12-08", "2026-12-09", "2026-12-10", "2026-12-11"] {
        let fields = json!({ "number": day, "due_date": day });
        invoices.push(world.invoice(&customer, fields).await);
    }
    walk(&world, "2026-12-31 12:00").await;
    let all = world.mailbox.messages();
    let reminders: Vec<DateTime<Utc>> = all[invoices.len()..].iter().map(|it| it.at).collect();
    for (nth, at) in reminders.iter().enumerate() {
        let lately = reminders[..nth].iter().filter(|before| **before + TimeDelta::days(7) > *at);
        assert!(lately.count() < 2, "message {nth} of {reminders:?}");
    }
    for invoice in &invoices {
        let done = steps_done(&world, invoice).await;
        let late = |row: &&Value| text(&row["data"], "step").starts_with("due_plus_");
        let outcomes = done.iter().filter(late).map(|row| &row["data"]["outcome"]);
        assert!(outcomes.into_iter().any(|outcome| outcome == "sent"), "{done:?}");
    }
}
