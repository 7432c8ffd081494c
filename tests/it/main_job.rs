//! The main job, end to end: invoice, charge, message, reminders, payment, receipt.

use quita_psp_sandbox::PayOptions;
use serde_json::json;

use crate::world::{World, at, text, txid};

#[tokio::test]
async fn an_invoice_becomes_a_charge_a_message_a_payment_and_a_receipt() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let charge = &invoice["instalments"][0]["charge"];
    assert_eq!(text(charge, "status"), "active");
    assert!(text(charge, "pix_copia_e_cola").starts_with("000201"));
    assert_eq!(world.steps(), ["issue"]);

    world.pay(&txid(&invoice, 1)).await;
    let invoice = world.reload(&invoice).await;
    assert_eq!(text(&invoice, "status"), "paid");
    assert_eq!(text(&invoice, "outstanding"), "0.00");
    assert_eq!(world.steps(), ["issue", "receipt"]);
    let expected = [
        "invoice.opened",
        "charge.issued",
        "reminder.done",
        "payment.matched",
        "invoice.paid",
        "receipt.sent",
    ];
    assert_eq!(world.timeline(&invoice).await, expected);
}

#[tokio::test]
async fn the_whole_rule_is_walked_to_a_person_and_no_further() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    world.live_until("2027-01-10 12:00").await;
    let expected = [
        "issue",
        "due_minus_5",
        "due_today",
        "due_plus_1",
        "due_plus_3",
        "due_plus_7",
        "due_plus_15",
    ];
    assert_eq!(world.steps(), expected);
    let events = world.timeline(&invoice).await;
    assert_eq!(events.iter().filter(|name| *name == "account.flagged").count(), 1);
    assert_eq!(events[events.len() - 2..], ["chase.ended", "task.opened"]);
    let invoice = world.reload(&invoice).await;
    assert_eq!(text(&invoice["next_action"], "why"), "rule_ended");
}

#[tokio::test]
async fn early_on_time_and_late_payments_match_to_the_cent() {
    let world = World::new().await;
    let customer = world.customer().await;
    let discount = json!({ "discount": {
        "type": "amount_until", "until": [{ "date": "2026-12-01", "value": "50.00" }],
    }});
    for (paid, amount) in [
        ("2026-12-01 15:00", "950.00"),
        ("2026-12-10 23:00", "1000.00"),
        ("2026-12-20 09:00", "1023.33"),
    ] {
        let invoice = world.invoice(&customer, discount.clone()).await;
        let on = Some(at(paid));
        world.pay_with(&txid(&invoice, 1), PayOptions { on, ..PayOptions::default() }).await;
        let invoice = world.reload(&invoice).await;
        assert_eq!(text(&invoice, "status"), "paid", "{paid}");
        assert_eq!(text(&invoice["instalments"][0]["payments"][0], "amount"), amount);
    }
    assert_eq!(world.parked().await, Vec::<String>::new());
}

#[tokio::test]
async fn instalments_are_charged_paid_and_receipted_one_by_one() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world
        .invoice(&customer, json!({ "amount": "100.00", "instalments": { "count": 3 } }))
        .await;
    for (number, status) in [(1, "partially_paid"), (2, "partially_paid"), (3, "paid")] {
        world.pay(&txid(&invoice, number)).await;
        assert_eq!(text(&world.reload(&invoice).await, "status"), status);
    }
    assert_eq!(world.steps().iter().filter(|step| *step == "receipt").count(), 3);
    let total: String = world.bank.total_received().to_string();
    assert_eq!(total, "100.00");
}
