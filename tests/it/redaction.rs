//! A log that tells a secret, or who somebody is; and a figure that alarms wait for and nobody says.

mod ear;
mod echo;
mod forbidden;
mod scenes;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use quita_app::metrics::{self, ALL, Metric};
use quita_psp_sandbox::{CallbackFault, HttpFault};
use serde_json::json;

use crate::callbacks::{pay_unheard, post, told};
use crate::world::{MERCHANT, World, text, txid};
use ear::{Ear, Said};
use forbidden::Forbidden;

/// What must have been looked for: each is in the world, or the test would look for nothing.
const KINDS: [&str; 14] = [
    "api key",
    "bank credential",
    "chat webhook",
    "document",
    "e-mail address",
    "hook token",
    "location",
    "memo",
    "message body",
    "phone",
    "pix code",
    "pix key",
    "portal token",
    "secret",
];

/// The functions that work here. Their log lines are all on this thread, unless they run as
/// binaries.
const FUNCTIONS: [&str; 10] = [
    "authorize",
    "create_invoice",
    "import_bank_file",
    "issue_charge",
    "payment_webhook",
    "portal",
    "receivables_api",
    "reconcile_payments",
    "relay_events",
    "sweep_reminders",
];

/// Whether the functions run as binaries, out of this test's hearing.
fn out_of_hearing() -> bool {
    let elsewhere = std::env::var_os("QUITA_LAMBDAS").is_some();
    if elsewhere {
        println!("skipped: the functions run in processes of their own");
    }
    elsewhere
}

fn assert_tells_nothing(heard: &[Said], forbidden: &Forbidden) {
    let kinds = forbidden.kinds();
    for kind in KINDS {
        assert!(kinds.get(kind).is_some_and(|texts| *texts > 0), "no {kind} to look for");
    }
    let in_one = |said: &Said| -> Vec<String> {
        let found = forbidden.found_in(&said.text);
        found.map(|(what, text)| format!("{what} `{text}` in {said:?}")).collect()
    };
    let told: Vec<String> = heard.iter().flat_map(in_one).collect();
    assert!(told.is_empty(), "{} told:\n{}", told.len(), told.join("\n"));
}

#[tokio::test]
async fn a_log_that_hears_everything_tells_no_secret_and_nobody() {
    if out_of_hearing() {
        return;
    }
    let (ear, _listening) = Ear::listening();
    let world = World::new().await;
    let customers = scenes::customers(&world).await;
    let invoices = scenes::main_job(&world, &customers).await;
    scenes::bad_requests(&world, &customers[0]).await;
    scenes::callbacks(&world, &customers[0]).await;
    scenes::refunds(&world, &invoices[0]).await;
    scenes::bank_failures(&world, &customers[1]).await;
    scenes::bank_files(&world).await;
    scenes::reconciliation(&world).await;

    let heard = ear.heard();
    let mut forbidden = Forbidden::of(&world).await;
    scenes::said_by_strangers(&mut forbidden);
    assert_tells_nothing(&heard, &forbidden);
    let invoked: BTreeSet<&str> =
        heard.iter().filter_map(|said| said.texts.get("function")).map(String::as_str).collect();
    for function in FUNCTIONS {
        assert!(invoked.contains(function), "{function} is not among {invoked:?}");
    }
    for (target, least) in [
        ("quita_app::take_payment", 5),
        ("quita_app::chase_invoice", 5),
        ("quita_app::issue_charge", 5),
        ("quita_pix::client::request", 20),
        ("quita_payment_webhook", 5),
        ("quita_edge", 1),
        (metrics::TARGET, 50),
    ] {
        let count = heard.iter().filter(|said| said.target.starts_with(target)).count();
        assert!(count >= least, "{target} said {count} things");
    }
}

#[tokio::test]
async fn a_secret_that_is_said_is_heard() {
    let (ear, _listening) = Ear::listening();
    let mut forbidden = Forbidden::default();
    forbidden.add("secret", "hush-hush");
    forbidden.add_document(scenes::PERSON);
    let cause = std::io::Error::other("it was hush-hush");
    tracing::trace!(document = "529.982.247-25", "said");
    tracing::error!(error = &cause as &dyn std::error::Error, "failed");
    let span =
        tracing::trace_span!("span", token = ?Some("hush-hush"), later = tracing::field::Empty);
    span.record("later", "52998224725");
    let found: Vec<usize> =
        ear.heard().iter().map(|said| forbidden.found_in(&said.text).count()).collect();
    assert_eq!(found, [1, 1, 1, 1]);
}

#[tokio::test]
async fn a_bank_that_quotes_what_it_was_sent_is_not_quoted() {
    if out_of_hearing() {
        return;
    }
    let (ear, _listening) = Ear::listening();
    let mut world = World::new().await;
    let customers = scenes::customers(&world).await;
    let invoice = world.invoice(&customers[0], json!({})).await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    let mut forbidden = Forbidden::of(&world).await;
    forbidden.add("bank credential", echo::TOKEN);
    forbidden.add_document(scenes::PERSON);
    forbidden.add("memo", "nothing of the kind");

    let (url, refused) = echo::open().await;
    let secret = json!({
        "bank": "custom", "base_url": url, "token_url": format!("{url}/oauth/token"),
        "credentials": { "client_id": "echo-client-id", "client_secret": "echo-client-secret" },
    });
    world.secrets.set(format!("bank/{MERCHANT}"), secret.to_string());
    world.restart();
    let rejected = world.invoice(&customers[0], json!({ "number": "E-1" })).await;
    post(&world, &[told(&pix)]).await;
    world.settle().await;
    world.reconcile().await;
    assert!(refused.load(Ordering::Relaxed) >= 3, "the bank was asked");
    let shown = rejected["instalments"][0]["charge"].to_string();
    assert!(shown.contains("RequisicaoInvalida") || shown.contains("HTTP 4"), "{shown}");
    assert_eq!(forbidden.found_in(&shown).next(), None, "what the merchant is shown: {shown}");
    forbidden.add("bank credential", "echo-client-id");
    forbidden.add("bank credential", "echo-client-secret");
    assert_tells_nothing(&ear.heard(), &forbidden);
}

/// Whether something measured is what the metric says of itself.
fn check(said: &Said) {
    let figures: Vec<Metric> =
        said.figures.keys().map(|name| metrics::metric(name).expect("a known metric")).collect();
    assert!(!figures.is_empty(), "{said:?}");
    for metric in figures {
        let dimensions: Vec<&str> = said.texts.keys().copied().collect();
        assert_eq!(dimensions, Vec::from_iter(metric.dimension), "{said:?}");
        assert!(said.texts.values().all(|value| is_word(value)), "{said:?}");
    }
}

/// A value of a dimension is one of a few words, never a part of something.
fn is_word(value: &str) -> bool {
    (1..=40).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_lowercase() || b"_2".contains(&byte))
}

#[tokio::test]
async fn every_figure_an_alarm_waits_for_is_told() {
    if out_of_hearing() {
        return;
    }
    let (ear, _listening) = Ear::listening();
    let world = World::new().await;
    let customers = scenes::customers(&world).await;
    let invoices = scenes::main_job(&world, &customers).await;
    scenes::bad_requests(&world, &customers[0]).await;
    scenes::refunds(&world, &invoices[0]).await;
    scenes::bank_failures(&world, &customers[1]).await;
    let measured = ear.measured();
    measured.iter().for_each(check);
    let missing: Vec<&str> = ALL
        .iter()
        .filter(|metric| !TOLD_ELSEWHERE.contains(metric))
        .filter(|metric| !measured.iter().any(|said| said.figures.contains_key(metric.name)))
        .map(|metric| metric.name)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let outcomes: BTreeSet<&str> = measured
        .iter()
        .filter(|said| said.figures.contains_key(metrics::MESSAGES_SETTLED.name))
        .filter_map(|said| said.texts.get(metrics::OUTCOME).map(String::as_str))
        .collect();
    assert_eq!(outcomes, BTreeSet::from(["failed", "sent"]));
}

/// What the scenes here do not come to.
const TOLD_ELSEWHERE: [Metric; 3] =
    [metrics::WEBHOOKS_DELIVERED, metrics::AUDIT_BLOCKS, metrics::EVIDENCE_HEARD];

#[tokio::test]
async fn a_payment_is_counted_once_however_often_it_is_told() {
    if out_of_hearing() {
        return;
    }
    let (ear, _listening) = Ear::listening();
    let world = World::new().await;
    let invoice = world.issued().await;
    world.bank.faults().next_callback(CallbackFault::Duplicate);
    world.pay(&txid(&invoice, 1)).await;
    world.reconcile().await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
    let counts = [metrics::PAYMENTS_MATCHED, metrics::PAYMENTS_UNMATCHED].map(|it| ear.sum(it));
    assert_eq!(counts, [1, 0]);
    let sent = ear
        .measured()
        .into_iter()
        .filter(|said| said.texts.get(metrics::OUTCOME).is_some_and(|outcome| outcome == "sent"));
    assert_eq!(sent.count(), world.mailbox.messages().len());

    let key = world.bank.config().keys[0].clone();
    world.bank.pay_key(&key, "10.00", Some("STRAY")).unwrap();
    world.settle().await;
    let counts = [metrics::PAYMENTS_MATCHED, metrics::PAYMENTS_UNMATCHED].map(|it| ear.sum(it));
    assert_eq!(counts, [1, 1]);
}

#[tokio::test]
async fn the_time_from_callback_to_paid_begins_when_the_callback_came() {
    if out_of_hearing() {
        return;
    }
    let (ear, _listening) = Ear::listening();
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    // The payer paid an hour ago, and the bank does not answer for a minute.
    world.clock.advance(chrono::TimeDelta::hours(1)).unwrap();
    world.bank.faults().next_calls(2, HttpFault::Unavailable);
    post(&world, &[told(&pix)]).await;
    world.settle().await;
    assert_eq!(ear.sum(metrics::CALLBACK_TO_PAID), 0);
    world.clock.advance(chrono::TimeDelta::seconds(60)).unwrap();
    world.sweep().await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
    assert_eq!(ear.sum(metrics::CALLBACK_TO_PAID), 60_000);
    assert!(ear.sum(metrics::BANK_ERRORS) >= 1);
    assert!((1..=3_600).contains(&ear.sum(metrics::SWEEP_LAG)));
}
