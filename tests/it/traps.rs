//! Traps of the field that only show from one end to the other.

use quita_core::ids::Txid;
use quita_psp_sandbox::{ChargeStatus, PayOptions};
use serde_json::{Value, json};

use crate::bad_invoices::with;
use crate::chasing::walk;
use crate::world::{World, at, text, txid};

/// The charge as the bank holds it, as JSON of the standard.
async fn at_bank(world: &World, txid: &str) -> Value {
    let txid = Txid::parse(txid).unwrap();
    let charge = world.bank_client().await.get_cobv(&txid).await.unwrap();
    serde_json::to_value(&charge).unwrap()
}

#[tokio::test]
async fn trap_06_every_txid_is_one_a_bank_takes() {
    let world = World::new().await;
    let customer = world.customer().await;
    let fields = json!({ "amount": "480.00", "instalments": { "count": 48 },
                         "late_fee": null, "interest": null });
    let invoice = world.invoice(&customer, fields).await;
    let charges = world.bank.charges();
    assert_eq!(charges.len(), 48);
    for charge in &charges {
        let plain = charge.txid.bytes().all(|byte| byte.is_ascii_alphanumeric());
        assert!(plain && (26..=35).contains(&charge.txid.len()), "{}", charge.txid);
    }
    let txids: std::collections::BTreeSet<_> = charges.iter().map(|charge| &charge.txid).collect();
    assert_eq!(txids.len(), 48);
    assert_eq!(text(&invoice, "amount"), "480.00");
}

#[tokio::test]
async fn trap_13_an_overdue_invoice_is_still_active_at_the_bank_and_can_be_paid() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.at("2026-12-20 10:00").await;
    let overdue = world.reload(&invoice).await;
    assert_eq!(text(&overdue, "status"), "overdue");
    assert_eq!(world.bank.charges()[0].status, ChargeStatus::Ativa);
    // 2 % at once and 1 % a month for ten days.
    assert_eq!(text(&overdue, "outstanding"), "1023.33");
    world.pay(&txid(&invoice, 1)).await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
}

#[tokio::test]
async fn trap_24_part_of_the_amount_is_not_the_amount_and_neither_is_more() {
    // Paid, what is left, what lies on the customer's account.
    let cases = [
        ("999.98", "partially_paid", "0.02", "0.00"),
        ("0.01", "partially_paid", "999.99", "0.00"),
        ("1000.01", "paid", "0.00", "0.01"),
        ("1023.33", "paid", "0.00", "23.33"),
    ];
    for (amount, status, left, balance) in cases {
        let world = World::new().await;
        let invoice = world.issued().await;
        let options = PayOptions { amount: Some(amount.to_owned()), ..PayOptions::default() };
        world.pay_with(&txid(&invoice, 1), options).await;
        let after = world.reload(&invoice).await;
        assert_eq!(text(&after, "status"), status, "{amount}");
        assert_eq!(text(&after, "outstanding"), left, "{amount}");
        let customer = world.get(&format!("/v1/customers/{}", text(&invoice, "customer_id"))).await;
        assert_eq!(text(&customer, "balance"), balance, "{amount}");
        assert_eq!(world.parked().await, Vec::<String>::new(), "{amount}");
        // What is left is asked for by a charge of its own, and by no other.
        let active: Vec<_> = world
            .bank
            .charges()
            .into_iter()
            .filter(|charge| charge.status == ChargeStatus::Ativa)
            .map(|charge| charge.today.unwrap().to_string())
            .collect();
        let expected: Vec<_> = (left != "0.00").then(|| left.to_owned()).into_iter().collect();
        assert_eq!(active, expected, "{amount}");
    }
}

#[tokio::test]
async fn trap_27_due_on_a_saturday_and_paid_on_monday_is_on_time() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "due_date": "2026-12-12" })).await;
    let instalment = &invoice["instalments"][0];
    assert_eq!(text(instalment, "adjusted_due_date"), "2026-12-14");
    // Trap 29: 30 days from the adjusted due date end on 13 January.
    assert_eq!(text(instalment, "last_payable_date"), "2027-01-13");
    world.clock.set(at("2026-12-14 18:00")).unwrap();
    world.pay(&txid(&invoice, 1)).await;
    let paid = world.reload(&invoice).await;
    assert_eq!(text(&paid, "status"), "paid");
    assert_eq!(text(&paid["instalments"][0]["payments"][0], "amount"), "1000.00");
}

#[tokio::test]
async fn trap_33_parts_add_up_and_months_keep_their_end() {
    let world = World::new().await;
    let customer = world.customer().await;
    let fields = json!({ "amount": "100.00", "due_date": "2027-01-31",
                         "instalments": { "count": 3 } });
    let invoice = world.invoice(&customer, fields).await;
    let parts: Vec<(&str, &str)> = invoice["instalments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (text(part, "amount"), text(part, "due_date")))
        .collect();
    let expected = [("33.34", "2027-01-31"), ("33.33", "2027-02-28"), ("33.33", "2027-03-31")];
    assert_eq!(parts, expected);
}

#[tokio::test]
async fn trap_34_and_35_documents_reach_the_bank_letter_by_letter() {
    let cases = [
        ("12.abc.345/01de-35", "12ABC34501DE35", "cnpj"),
        ("00.000.000/0001-91", "00000000000191", "cnpj"),
        ("000.000.001-91", "00000000191", "cpf"),
    ];
    for (typed, stored, field) in cases {
        let world = World::new().await;
        let customer = world.customer_with(json!({ "document": typed })).await;
        let shown = world.get(&format!("/v1/customers/{customer}")).await;
        assert_eq!(text(&shown, "document"), stored);
        let invoice = world.invoice(&customer, json!({})).await;
        let charge = at_bank(&world, &txid(&invoice, 1)).await;
        assert_eq!(charge["devedor"][field], stored, "{charge}");
    }
}

#[tokio::test]
async fn trap_43_a_cancellation_leaves_nothing_to_pay() {
    let world = World::new().await;
    let customer = world.customer().await;
    let invoice = world
        .invoice(&customer, json!({ "amount": "100.00", "instalments": { "count": 3 } }))
        .await;
    world.pay(&txid(&invoice, 1)).await;
    let path = format!("/v1/invoices/{}/cancel", text(&invoice, "id"));
    assert_eq!(world.post(&path, &json!({ "reason": "closed" })).await.status, 202);
    world.settle().await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "canceled");
    for number in [2, 3] {
        assert!(world.bank.pay(&txid(&invoice, number), PayOptions::default()).is_err());
    }
    walk(&world, "2026-12-20 12:00").await;
    assert_eq!(world.steps().iter().filter(|step| step.starts_with("due")).count(), 0);
}

#[tokio::test]
async fn trap_47_no_answer_and_no_event_tells_the_charges_location() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let location = world.bank.charges()[0].location.clone().unwrap();
    let published: Vec<String> =
        world.machine.bus().history().iter().map(|event| event.detail.to_string()).collect();
    assert!(published.len() >= 3);
    for detail in &published {
        assert!(!detail.contains(&location) && !detail.contains("12ABC34501DE35"), "{detail}");
    }
    let path = format!("/v1/invoices/{}/timeline", text(&invoice, "id"));
    let timeline = world.get(&path).await.to_string();
    assert!(!timeline.contains(&location), "{timeline}");
}

#[tokio::test]
async fn trap_46_amounts_are_reais_with_two_decimals_wherever_they_are_told() {
    let world = World::new().await;
    let customer = world.customer().await;
    let fields = json!({ "amount": "1234.56", "late_fee": null, "interest": null });
    let body = with(World::invoice_body(&customer), &fields);
    let answer = world.post("/v1/invoices", &body).await;
    assert_eq!(text(&answer.json(), "amount"), "1234.56");
    world.settle().await;
    let invoice = world.reload(&answer.json()).await;
    assert_eq!(world.bank.charges()[0].original.to_string(), "1234.56");
    world.pay(&txid(&invoice, 1)).await;
    let paid = world.reload(&invoice).await;
    assert_eq!(text(&paid["instalments"][0]["payments"][0], "amount"), "1234.56");
    let mail = format!("{:?}", world.mailbox.messages()[0].content);
    assert!(mail.contains("R$ 1.234,56") || mail.contains("1.234,56"), "{mail}");
    let told = world.machine.bus().history();
    let matched = told.iter().find(|event| event.detail_type == "payment.matched.v1").unwrap();
    assert_eq!(matched.detail["data"]["amount"], "1234.56");
}
