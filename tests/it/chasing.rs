//! Reminders that should not have been sent, were sent twice, or not at all.

mod own_rule;
mod together;

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{Datelike as _, NaiveDate, TimeDelta, Timelike as _, Weekday};
use quita_app::Unknown;
use quita_app::chase_invoice::{Done, chase_invoice};
use quita_core::calendar::BankCalendar;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::merchant::Merchant;
use quita_core::zone::{self, SAO_PAULO};
use quita_local::mailbox::MailFault;
use quita_psp_sandbox::CallbackFault;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::{MERCHANT, World, at, text, txid};

/// Changes the merchant's settings, as its owner would.
pub async fn change_merchant(world: &World, change: impl FnOnce(&mut Merchant)) {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let store = &world.machine.deps().store;
    let mut found = store.read(&merchant, &[ItemRef::Merchant]).await.unwrap();
    let mut settings = found.take_merchant().unwrap();
    let before = settings.version;
    settings.version += 1;
    change(&mut settings);
    let commit = Commit::new(&merchant).merchant(&settings, Expected::Version(before));
    store.commit(commit).await.unwrap();
}

/// Does what is due for one invoice, as a sweep that found it would.
async fn chase(world: &World, invoice: &Value) -> Result<Done, Unknown> {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let id = InvoiceId::parse(text(invoice, "id")).unwrap();
    chase_invoice(world.machine.deps(), &merchant, &id).await
}

/// The rows `reminder.done` of an invoice.
async fn steps_done(world: &World, invoice: &Value) -> Vec<Value> {
    let path = format!("/v1/invoices/{}/timeline?limit=100", text(invoice, "id"));
    let rows = world.get(&path).await["items"].as_array().unwrap().clone();
    rows.into_iter().filter(|row| row["event"] == "reminder.done").collect()
}

/// Hours at which a day is swept by [`walk`]: around the window's edges and where steps fall due.
const LOOKS: [&str; 6] = ["00:10", "07:59", "08:00", "09:00", "14:00", "20:00"];

/// Moves day by day to a local time, sweeping at the hours of [`LOOKS`] and at the end.
pub async fn walk(world: &World, local: &str) {
    let end = at(local);
    let days = zone::civil_date(world.now(), SAO_PAULO).iter_days();
    for day in days.take_while(|day| at(&format!("{day} 00:00")) <= end) {
        for hour in LOOKS {
            let look = format!("{day} {hour}");
            if world.now() < at(&look) && at(&look) < end {
                world.at(&look).await;
            }
        }
    }
    world.at(local).await;
}

/// Sweeps at once, after every lease has ended, and once more.
async fn sweep_until_quiet(world: &World) {
    for _ in 0..4 {
        world.sweep().await;
        world.clock.advance(TimeDelta::minutes(3)).unwrap();
    }
}

#[tokio::test]
async fn trap_42_nobody_who_paid_is_reminded_although_the_callback_was_lost() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.bank.faults().next_callback(CallbackFault::Drop);
    world.pay(&txid(&invoice, 1)).await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "open");
    walk(&world, "2026-12-20 12:00").await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
    assert_eq!(world.steps(), ["issue", "receipt"]);
    assert_eq!(steps_done(&world, &invoice).await.len(), 1);
}

#[tokio::test]
async fn who_paid_a_part_is_asked_for_the_whole_because_the_callback_was_lost() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.bank.faults().next_callback(CallbackFault::Drop);
    let part = quita_psp_sandbox::PayOptions { amount: Some("1.00".into()), ..Default::default() };
    world.pay_with(&txid(&invoice, 1), part).await;
    walk(&world, "2026-12-10 12:00").await;
    assert_eq!(world.steps(), ["issue", "receipt", "due_minus_5", "due_today"]);
    let path = format!("/v1/invoices/{}/timeline?limit=100", text(&invoice, "id"));
    let timeline = world.get(&path).await;
    let rows = timeline["items"].as_array().unwrap();
    let asked = rows.iter().filter(|row| row["event"] == "reminder.done");
    let amounts: Vec<&str> = asked.map(|row| text(&row["data"], "amount")).collect();
    assert_eq!(amounts, ["1000.00", "999.00", "999.00"]);
}

#[tokio::test]
async fn messages_go_out_by_day_and_never_on_sundays_and_holidays() {
    let world = World::new().await;
    world.issued().await;
    walk(&world, "2027-01-10 12:00").await;
    let local = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&SAO_PAULO).naive_local();
    let times: Vec<String> = world
        .mailbox
        .messages()
        .iter()
        .map(|message| local(message.at).format("%a %m-%d %H:%M").to_string())
        .collect();
    let expected = [
        "Mon 11-23 10:00",
        "Sat 12-05 09:00",
        "Thu 12-10 09:00",
        "Fri 12-11 09:00",
        // D+3 is a Sunday and D+15 is Christmas: the next morning messages are allowed.
        "Mon 12-14 08:00",
        "Thu 12-17 09:00",
        "Sat 12-26 08:00",
    ];
    assert_eq!(times, expected);
    let calendar = BankCalendar::default();
    for message in world.mailbox.messages() {
        let at = local(message.at);
        assert_ne!(at.weekday(), Weekday::Sun);
        assert!(!calendar.is_holiday(at.date()) && (8..20).contains(&at.hour()), "{at}");
    }
}

#[tokio::test]
async fn a_late_sweep_waits_for_the_morning_too() {
    let world = World::new().await;
    world.issued().await;
    // Nothing swept for weeks; each of these sweeps finds a reminder overdue.
    let quiet = [
        "2026-12-11 20:00",
        "2026-12-11 23:59",
        "2026-12-12 07:59",
        "2026-12-12 14:00",
        "2026-12-13 11:00",
        "2026-12-14 07:59",
    ];
    for time in quiet {
        world.at(time).await;
        assert_eq!(world.steps(), ["issue"], "{time}");
    }
    world.at("2026-12-14 08:00").await;
    assert_eq!(world.steps(), ["issue", "due_plus_3"]);
    let christmas = NaiveDate::from_ymd_opt(2026, 12, 25).unwrap();
    assert!(BankCalendar::default().is_holiday(christmas));
    world.at("2026-12-25 10:00").await;
    assert_eq!(world.steps(), ["issue", "due_plus_3"]);
    world.at("2026-12-26 08:00").await;
    assert_eq!(world.steps(), ["issue", "due_plus_3", "due_plus_15"]);
}

#[tokio::test]
async fn after_an_outage_only_the_highest_step_goes_out() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    world.at("2026-12-11 10:00").await;
    assert_eq!(world.steps(), ["issue", "due_plus_7"]);
    let done = steps_done(&world, &invoice).await;
    assert_eq!(done[1]["data"]["covered"], json!(["due_plus_1", "due_plus_3"]));
    // A step that was covered still does what is no message: the account is flagged.
    assert_eq!(world.reload(&invoice).await["instalments"][0]["flagged"], true);
    for _ in 0..5 {
        world.sweep().await;
    }
    world.at("2026-12-12 10:00").await;
    assert_eq!(world.steps(), ["issue", "due_plus_7"]);
}

#[tokio::test]
async fn an_outage_past_the_due_date_announces_no_past_date() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.at("2026-12-11 08:30").await;
    // "Due in five days" and "due today" are stale, the day after is not there yet.
    assert_eq!(world.steps(), ["issue"]);
    let waiting = world.reload(&invoice).await;
    assert_eq!(text(&waiting["next_action"], "what"), "due_plus_1");
    assert_eq!(text(&waiting["next_action"], "at"), "2026-12-11T12:00:00Z");
}

#[tokio::test]
async fn two_sweeps_at_once_send_once() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.clock.set(at("2026-12-05 09:00")).unwrap();
    let (a, b, c) =
        tokio::join!(chase(&world, &invoice), chase(&world, &invoice), chase(&world, &invoice));
    let sent: usize = [a, b, c].into_iter().map(|done| done.unwrap().messages).sum();
    assert!(sent >= 1);
    sweep_until_quiet(&world).await;
    assert_eq!(world.steps(), ["issue", "due_minus_5"]);
    assert_eq!(steps_done(&world, &invoice).await.len(), 2);
}

#[tokio::test]
async fn a_minute_that_is_swept_ten_times_sends_once() {
    let world = World::new().await;
    world.issued().await;
    world.clock.set(at("2026-12-05 09:00")).unwrap();
    for _ in 0..10 {
        world.sweep().await;
    }
    assert_eq!(world.steps(), ["issue", "due_minus_5"]);
}

#[tokio::test]
async fn a_sweep_that_dies_anywhere_sends_exactly_once() {
    // A reminder asks the table for invoice, customer, the customer's other invoices and the wording;
    // then come the claim and the record.
    for calls in 0..7 {
        for lands in [false, true] {
            let world = World::new().await;
            let invoice = world.issued().await;
            world.clock.set(at("2026-12-05 09:00")).unwrap();
            if lands {
                world.faults.crash_during(calls);
            } else {
                world.faults.crash_after(calls);
            }
            let died = chase(&world, &invoice).await;
            assert_eq!(died.is_err(), calls < 6, "{calls} {lands}: {died:?}");
            world.faults.revive();
            sweep_until_quiet(&world).await;
            assert_eq!(world.steps(), ["issue", "due_minus_5"], "{calls} {lands}");
            let done = steps_done(&world, &invoice).await;
            assert_eq!(done.len(), 2, "{calls} {lands}");
            assert_eq!(done[1]["data"]["outcome"], "sent", "{calls} {lands}");
        }
    }
}

#[tokio::test]
async fn a_mail_whose_answer_is_lost_is_sent_exactly_once() {
    for fault in [MailFault::UnknownBefore, MailFault::UnknownAfter] {
        let world = World::new().await;
        let invoice = world.issued().await;
        world.mailbox.fail_next(fault);
        world.at("2026-12-05 09:00").await;
        sweep_until_quiet(&world).await;
        assert_eq!(world.steps(), ["issue", "due_minus_5"], "{fault:?}");
        assert_eq!(steps_done(&world, &invoice).await.len(), 2, "{fault:?}");
        assert!(world.machine.dead_letters().is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_mail_that_never_gets_an_answer_ends_as_failed() {
    let world = World::new().await;
    let invoice = world.issued().await;
    (0..20).for_each(|_| world.mailbox.fail_next(MailFault::UnknownBefore));
    world.clock.set(at("2026-12-05 09:00")).unwrap();
    for _ in 0..15 {
        world.sweep().await;
        world.clock.advance(TimeDelta::minutes(3)).unwrap();
    }
    let done = steps_done(&world, &invoice).await;
    assert_eq!(done.len(), 2);
    assert_eq!(done[1]["data"]["outcome"], "failed");
    assert_eq!(world.steps(), ["issue"]);
}

#[tokio::test]
async fn a_refused_mail_is_recorded_and_the_chase_goes_on() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.mailbox.fail_next(MailFault::Refuse);
    world.at("2026-12-05 09:00").await;
    sweep_until_quiet(&world).await;
    let done = steps_done(&world, &invoice).await;
    assert_eq!(done[1]["data"]["outcome"], "failed");
    assert_eq!(done[1]["data"]["channels"], json!([]));
    assert_eq!(done[1]["data"]["amount"], Value::Null);
    assert_eq!(world.steps(), ["issue"]);
    walk(&world, "2026-12-10 12:00").await;
    assert_eq!(world.steps(), ["issue", "due_today"]);
}

#[tokio::test]
async fn the_account_is_flagged_on_the_third_day_and_cleared_by_payment() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    let flagged = async || world.reload(&invoice).await["instalments"][0]["flagged"].clone();
    walk(&world, "2026-12-06 23:00").await;
    assert_eq!(flagged().await, false);
    walk(&world, "2026-12-07 09:00").await;
    assert_eq!(flagged().await, true);
    world.pay(&txid(&invoice, 1)).await;
    assert_eq!(flagged().await, false);
    let names = world.timeline(&invoice).await;
    let count = |wanted: &str| names.iter().filter(|name| *name == wanted).count();
    assert_eq!((count("account.flagged"), count("account.cleared")), (1, 1));
    walk(&world, "2026-12-31 12:00").await;
    assert_eq!(world.steps().last().map(String::as_str), Some("receipt"));
}

// ---- Chat --------------------------------------------------------------------------------------

pub type Posts = Arc<Mutex<Vec<Value>>>;

/// A chat that answers every post with `status` and keeps it.
pub async fn open_chat(status: StatusCode) -> (String, Posts) {
    let posts = Posts::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/services/T0/B0/secret", listener.local_addr().unwrap());
    let take = async move |State(posts): State<Posts>, body: String| {
        posts.lock().unwrap().push(serde_json::from_str(&body).unwrap());
        status
    };
    let router = axum::Router::new().fallback(take).with_state(posts.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, posts)
}

/// An invoice chased until the day after it was due, with the merchant's chat.
async fn chased_into_the_chat(status: StatusCode) -> (World, Value, Posts) {
    let world = World::new().await;
    let (url, posts) = open_chat(status).await;
    change_merchant(&world, |merchant| merchant.chat_webhook = Some(url.into())).await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    walk(&world, "2026-12-04 12:00").await;
    (world, invoice, posts)
}

#[tokio::test]
async fn the_day_after_is_told_by_mail_and_in_the_chat() {
    let (world, invoice, posts) = chased_into_the_chat(StatusCode::OK).await;
    sweep_until_quiet(&world).await;
    assert_eq!(world.steps(), ["issue", "due_minus_5", "due_today", "due_plus_1"]);
    let posts = posts.lock().unwrap().clone();
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert!(text(&posts[0], "text").contains("2026-001"), "{}", posts[0]);
    let done = steps_done(&world, &invoice).await;
    assert_eq!(done[3]["data"]["channels"], json!(["email", "chat"]));
}

#[tokio::test]
async fn a_chat_that_refuses_holds_nothing_up() {
    for status in [StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND] {
        let (world, invoice, posts) = chased_into_the_chat(status).await;
        sweep_until_quiet(&world).await;
        assert_eq!(posts.lock().unwrap().len(), 1, "{status}");
        let done = steps_done(&world, &invoice).await;
        assert_eq!(done[3]["data"]["outcome"], "sent", "{status}");
        assert_eq!(done[3]["data"]["channels"], json!(["email"]), "{status}");
    }
}

#[tokio::test]
async fn a_chat_that_cannot_be_reached_is_not_posted_to_again_and_the_mail_goes_once() {
    let world = World::new().await;
    // Nobody listens there any more.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    drop(listener);
    change_merchant(&world, |merchant| merchant.chat_webhook = Some(url.into())).await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    walk(&world, "2026-12-04 09:00").await;
    sweep_until_quiet(&world).await;
    assert_eq!(world.steps(), ["issue", "due_minus_5", "due_today", "due_plus_1"]);
    let done = steps_done(&world, &invoice).await;
    assert_eq!(done.len(), 4, "{done:?}");
    assert_eq!(done[3]["data"]["channels"], json!(["email"]));
}

#[tokio::test]
async fn who_has_no_chat_is_told_by_mail_alone() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    walk(&world, "2026-12-04 12:00").await;
    let done = steps_done(&world, &invoice).await;
    assert_eq!(done[3]["data"]["channels"], json!(["email"]));
    assert_eq!(world.steps(), ["issue", "due_minus_5", "due_today", "due_plus_1"]);
}
