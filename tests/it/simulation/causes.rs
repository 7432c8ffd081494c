//! What seeds found, each cause by itself.

use quita_testkit::fault::FaultRates;
use serde_json::json;

use crate::world::{World, text, txid};

/// Every call of the table is lost.
const BLACKOUT: FaultRates =
    FaultRates { before_commit: 1000, after_commit: 0, throttle: 0, conflict: 0 };

#[tokio::test]
async fn a_callback_that_was_not_recorded_is_not_answered_200() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.bank.pay(&txid(&invoice, 1), Default::default()).unwrap();
    world.faults.set_rates(BLACKOUT);
    let report = world.bank.deliver_callbacks().await;
    assert_eq!((report.delivered, report.failed), (0, 1), "the bank believes that it was taken");
    world.faults.set_rates(FaultRates::default());
    world.settle().await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
}

#[tokio::test]
async fn a_step_whose_hour_passed_is_not_looked_at_by_every_sweep_of_the_night() {
    let world = World::new().await;
    let customer = world.customer().await;
    world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    // The step of 28 November, 09:00, was missed; it is Saturday evening, and nothing goes out.
    world.at("2026-11-28 21:00").await;
    assert_eq!(world.steps(), ["issue"]);
    world.usage();
    world.sweep().await;
    let usage = world.usage();
    assert_eq!((usage.reads, usage.queries), (0, 16), "{usage}");
    world.at("2026-11-30 08:00").await;
    assert_eq!(world.steps(), ["issue", "due_minus_5"]);
}

#[tokio::test]
async fn a_payment_that_comes_between_cancel_and_removal_is_credited() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let cancel = format!("/v1/invoices/{}/cancel", text(&invoice, "id"));
    assert_eq!(world.post(&cancel, &json!({ "reason": "mistake" })).await.status, 202);
    world.bank.pay(&txid(&invoice, 1), Default::default()).unwrap();
    world.bank.deliver_callbacks().await;
    world.settle().await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
    assert_eq!(world.parked().await, Vec::<String>::new());
}
