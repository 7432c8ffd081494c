//! A bank that does not answer, answers no, or forgets: nothing is lost and nothing is charged twice.

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::pix_key::PixKey;
use quita_psp_sandbox::{ChargeStatus, FaultRates, HttpFault};
use serde_json::{Value, json};

use crate::chasing::{change_merchant, walk};
use crate::world::{World, at, text, txid};

/// Every call fails, until the faults are cleared.
fn take_down(world: &World) {
    world.bank.faults().set_rates(FaultRates { unavailable: 1.0, ..FaultRates::default() });
}

fn charge(invoice: &Value) -> &Value {
    &invoice["instalments"][0]["charge"]
}

fn next_try(invoice: &Value) -> DateTime<Utc> {
    text(charge(invoice), "next_try_at").parse().unwrap()
}

async fn cancel(world: &World, invoice: &Value) -> Value {
    let path = format!("/v1/invoices/{}/cancel", text(invoice, "id"));
    let answer = world.post(&path, &json!({ "reason": "typed twice" })).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    world.reload(invoice).await
}

async fn reissue(world: &World, invoice: &Value) -> Value {
    let path = format!("/v1/invoices/{}/instalments/1/charges", text(invoice, "id"));
    let answer = world.post(&path, &json!({ "reason": "a new code, please" })).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    world.reload(invoice).await
}

#[tokio::test]
async fn an_invoice_made_while_the_bank_is_down_is_charged_later() {
    let world = World::new().await;
    let customer = world.customer().await;
    take_down(&world);
    let invoice = world.invoice(&customer, json!({})).await;
    assert_eq!(text(&invoice, "status"), "open");
    assert_eq!(text(charge(&invoice), "status"), "pending");
    let reason = text(charge(&invoice), "reason");
    assert!(reason.contains("503"), "{reason}");
    assert_eq!(next_try(&invoice), world.now() + TimeDelta::seconds(30));
    assert_eq!(charge(&invoice)["pix_copia_e_cola"], Value::Null);
    assert_eq!(text(&invoice["next_action"], "why"), "no_charge_yet");

    // Not before its time; then each wait is twice the last, up to an hour.
    let mut waits = Vec::new();
    for _ in 0..9 {
        let due = next_try(&world.reload(&invoice).await);
        world.clock.set(due - TimeDelta::seconds(1)).unwrap();
        world.bank.reset_calls();
        world.sweep().await;
        assert_eq!(world.bank.total_calls(), 0, "called before {due}");
        world.clock.set(due).unwrap();
        world.sweep().await;
        assert!(world.bank.total_calls() > 0, "not called at {due}");
        waits.push((next_try(&world.reload(&invoice).await) - due).num_seconds());
    }
    assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);

    world.bank.faults().clear();
    world.clock.advance(TimeDelta::hours(1)).unwrap();
    world.sweep().await;
    let invoice = world.reload(&invoice).await;
    assert_eq!(text(charge(&invoice), "status"), "active");
    assert_eq!(charge(&invoice)["reason"], Value::Null);
    assert_eq!(world.bank.charges().len(), 1);
    assert_eq!(world.steps(), ["issue"]);
    assert!(world.machine.dead_letters().is_empty());
}

#[tokio::test]
async fn trap_40_a_timeout_never_makes_two_charges() {
    use HttpFault::{InternalError, TimeoutAfterCommit, TimeoutBeforeCommit};
    let storms: [&[HttpFault]; 5] = [
        &[TimeoutBeforeCommit],
        &[TimeoutAfterCommit],
        &[TimeoutAfterCommit, TimeoutBeforeCommit],
        &[TimeoutBeforeCommit, TimeoutBeforeCommit, TimeoutAfterCommit, InternalError],
        &[InternalError, TimeoutAfterCommit, TimeoutAfterCommit, TimeoutAfterCommit],
    ];
    for storm in storms {
        let world = World::new().await;
        let customer = world.customer().await;
        storm.iter().for_each(|fault| world.bank.faults().next_call(*fault));
        let invoice = world.invoice(&customer, json!({})).await;
        world.live_until("2026-11-23 13:00").await;
        let invoice = world.reload(&invoice).await;
        assert_eq!(text(charge(&invoice), "status"), "active", "{storm:?}");
        let charges = world.bank.charges();
        assert_eq!(charges.len(), 1, "{storm:?}");
        assert_eq!((charges[0].revisao, &charges[0].txid), (0, &txid(&invoice, 1)), "{storm:?}");
        assert_eq!(world.steps(), ["issue"], "{storm:?}");
        world.pay(&txid(&invoice, 1)).await;
        assert_eq!(text(&world.reload(&invoice).await, "status"), "paid", "{storm:?}");
    }
}

#[tokio::test]
async fn a_charge_the_bank_refuses_for_good_says_why_and_can_be_issued_anew() {
    let world = World::new().await;
    let customer = world.customer().await;
    let own = PixKey::parse(&world.bank.config().keys[0]).unwrap();
    change_merchant(&world, |merchant| {
        merchant.pix_key = Some(PixKey::parse("errada@acme.example").unwrap());
    })
    .await;
    let invoice = world.invoice(&customer, json!({})).await;
    assert_eq!(text(charge(&invoice), "status"), "rejected", "{invoice}");
    assert!(!text(charge(&invoice), "reason").is_empty());
    world.bank.reset_calls();
    walk(&world, "2026-11-24 12:00").await;
    assert_eq!(world.bank.total_calls(), 0, "a refusal is final");
    assert_eq!(world.steps(), Vec::<String>::new());

    change_merchant(&world, |merchant| merchant.pix_key = Some(own.clone())).await;
    let invoice = reissue(&world, &invoice).await;
    assert_eq!(text(charge(&invoice), "status"), "active");
    assert_eq!(charge(&invoice)["revision"], 1);
    assert_eq!(world.bank.charges().len(), 1);
    assert_eq!(world.steps(), ["issue"]);
    world.pay(&txid(&invoice, 1)).await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
}

#[tokio::test]
async fn a_charge_on_its_way_is_not_issued_anew() {
    let world = World::new().await;
    let customer = world.customer().await;
    take_down(&world);
    let invoice = world.invoice(&customer, json!({})).await;
    let path = format!("/v1/invoices/{}/instalments/1/charges", text(&invoice, "id"));
    let answer = world.post(&path, &json!({ "reason": "hurry" })).await;
    assert_eq!(answer.outcome(), "409 conflict", "{}", answer.body);
    let missing = path.replace("/1/", "/2/");
    assert_eq!(world.post(&missing, &json!({ "reason": "hurry" })).await.status, 404);
}

#[tokio::test]
async fn trap_43_a_cancellation_while_the_bank_is_down_ends_when_it_is_back() {
    let world = World::new().await;
    let invoice = world.issued().await;
    take_down(&world);
    let canceling = cancel(&world, &invoice).await;
    assert_eq!(text(&canceling, "status"), "canceling");
    assert_eq!(text(&canceling, "outstanding"), "0.00");
    // The chase stops at once, although the charge still stands.
    walk(&world, "2026-12-05 12:00").await;
    assert_eq!(world.steps(), ["issue"]);
    assert_eq!(world.bank.charges()[0].status, ChargeStatus::Ativa);
    world.bank.faults().clear();
    world.clock.advance(TimeDelta::hours(1)).unwrap();
    world.sweep().await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "canceled");
    assert_eq!(world.bank.charges()[0].status, ChargeStatus::RemovidaPeloUsuarioRecebedor);
}

#[tokio::test]
async fn a_cancellation_that_meets_a_payment_lets_the_invoice_stand() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.bank.faults().next_callback(quita_psp_sandbox::CallbackFault::Drop);
    world.pay(&txid(&invoice, 1)).await;
    let kept = cancel(&world, &invoice).await;
    assert_eq!(text(&kept, "status"), "paid");
    let names = world.timeline(&invoice).await;
    assert!(names.iter().any(|name| name == "invoice.cancel_refused"), "{names:?}");
    assert_eq!(world.steps(), ["issue", "receipt"]);
}

#[tokio::test]
async fn a_charge_that_was_never_issued_is_canceled_without_a_trace() {
    let world = World::new().await;
    let customer = world.customer().await;
    take_down(&world);
    let invoice = world.invoice(&customer, json!({})).await;
    assert_eq!(text(&cancel(&world, &invoice).await, "status"), "canceling");
    world.bank.faults().clear();
    world.live_until("2026-11-23 13:00").await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "canceled");
    assert!(world.bank.charges().is_empty());
}

#[tokio::test]
async fn a_charge_the_bank_removed_is_replaced_and_the_payer_told() {
    let world = World::new().await;
    let invoice = world.issued().await;
    assert!(world.bank.remove_charge(&txid(&invoice, 1)).unwrap());
    world.at("2026-12-05 09:05").await;
    let replaced = world.reload(&invoice).await;
    assert_eq!(text(charge(&replaced), "status"), "active", "{replaced}");
    assert_eq!(charge(&replaced)["revision"], 1);
    assert_ne!(txid(&replaced, 1), txid(&invoice, 1));
    assert_eq!(world.steps(), ["issue", "issue"]);
    let shown = format!("{:?}", world.mailbox.messages()[1].content);
    assert!(shown.contains(text(charge(&replaced), "pix_copia_e_cola")));
    assert_eq!(world.bank.charges().len(), 2);
    world.pay(&txid(&replaced, 1)).await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
    // The chase goes on under the new code.
    assert!(world.machine.dead_letters().is_empty());
}

#[tokio::test]
async fn a_bank_that_asks_for_patience_gets_it() {
    let world = World::new().await;
    let customer = world.customer().await;
    world.bank.faults().next_call(HttpFault::TooManyRequests { retry_after_s: 600 });
    let invoice = world.invoice(&customer, json!({})).await;
    assert_eq!(text(charge(&invoice), "status"), "pending");
    let wait = next_try(&invoice) - world.now();
    assert!(wait >= TimeDelta::minutes(10), "{wait}");
    world.clock.set(at("2026-11-23 10:09")).unwrap();
    world.bank.reset_calls();
    world.sweep().await;
    assert_eq!(world.bank.total_calls(), 0);
    world.at("2026-11-23 10:12").await;
    assert_eq!(text(charge(&world.reload(&invoice).await), "status"), "active");
}

#[tokio::test]
async fn no_reminder_goes_out_unasked_while_the_bank_is_down() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.clock.set(at("2026-12-05 09:00")).unwrap();
    take_down(&world);
    world.sweep().await;
    assert_eq!(world.steps(), ["issue"]);
    world.bank.faults().clear();
    world.sweep().await;
    assert_eq!(world.steps(), ["issue", "due_minus_5"]);
    assert_eq!(text(&world.reload(&invoice).await, "status"), "open");
}

#[tokio::test]
async fn one_instalment_the_bank_refuses_does_not_hold_the_others() {
    let world = World::new().await;
    let customer = world.customer().await;
    // The first of three calls is lost; the others pass.
    world.bank.faults().next_call(HttpFault::TimeoutBeforeCommit);
    world.bank.faults().next_call(HttpFault::InternalError);
    let fields = json!({ "amount": "100.00", "instalments": { "count": 3 } });
    let invoice = world.invoice(&customer, fields).await;
    let status = |invoice: &Value, number: usize| {
        text(&invoice["instalments"][number - 1]["charge"], "status").to_owned()
    };
    assert_eq!([1, 2, 3].map(|number| status(&invoice, number)), ["pending", "active", "active"],);
    world.live_until("2026-11-23 11:00").await;
    let invoice = world.reload(&invoice).await;
    assert_eq!([1, 2, 3].map(|number| status(&invoice, number)), ["active"; 3]);
    assert_eq!(world.bank.charges().len(), 3);
}
