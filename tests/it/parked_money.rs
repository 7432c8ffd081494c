//! Money that finds no home must be kept, listed with its reason, and ask nobody to pay again.

use quita_core::ids::{MerchantId, PaymentId, Txid};
use quita_core::money::Money;
use quita_core::payment::{Attention, Method, ParkReason, Payment, PaymentState};
use quita_core::pix_key::PixKey;
use quita_psp_sandbox::{ForgedPix, PayOptions, PixView};
use quita_table::{Commit, Expected};
use serde_json::{Value, json};

use crate::callbacks::{pay_unheard, post, receipts, status_of, told};
use crate::chasing::{change_merchant, walk};
use crate::payments::done;
use crate::world::{MERCHANT, World, text, txid};

/// Whatever cannot be credited is kept and listed with its reason, and the bank gets its 200.
async fn assert_parked(world: &World, e2eid: &str, reason: &str) -> Value {
    let list = world.get("/v1/payments?status=parked").await;
    let items = list["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["end_to_end_id"] == e2eid);
    let item = item.unwrap_or_else(|| panic!("{e2eid} is not listed: {list}")).clone();
    assert_eq!(text(&item["attention"], "reason"), reason, "{item}");
    let status = if reason == "not_confirmed" { "unknown" } else { "parked" };
    assert_eq!(text(&item, "status"), status);
    item
}

#[tokio::test]
async fn money_without_a_home_is_parked_with_its_reason() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let key = world.bank.config().keys[0].clone();
    let strange = [
        (Some("ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"), "unknown_txid"),
        (Some("INV01ARZ3NDEKTSV4RRFFQ69G5FAV0100"), "unknown_txid"),
        (Some("static1"), "unknown_txid"),
        (None, "no_txid"),
    ];
    for (txid, reason) in strange {
        let paid = world.bank.pay_key(&key, "1000.00", txid).unwrap();
        let pix = world.bank.pix(&paid.e2eid).unwrap();
        assert_eq!(post(&world, &[told(&pix)]).await.status, 200, "{txid:?}");
        assert_parked(&world, &paid.e2eid, reason).await;
    }
    world.settle().await;
    assert_eq!(status_of(&world, &invoice).await, "open");
    assert_eq!(world.parked().await.len(), 4);
    assert_eq!(receipts(&world), 0);
}

#[tokio::test]
async fn trap_18_a_pix_the_bank_does_not_confirm_pays_nothing() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let key = world.bank.config().keys[0].clone();
    let claim = ForgedPix {
        e2eid: None,
        txid: Some(txid(&invoice, 1)),
        chave: key.clone(),
        valor: "1000.00".to_owned(),
    };
    assert!(world.bank.send_forged_callback(&key, claim.clone()).await);
    let foreign = ForgedPix { chave: "nobody@bank.example".to_owned(), ..claim };
    assert!(world.bank.send_forged_callback(&key, foreign).await);
    world.settle().await;
    assert_eq!(world.parked().await, ["not_confirmed", "not_confirmed"]);
    assert_eq!(status_of(&world, &invoice).await, "open");
    assert_eq!(world.steps(), ["issue"]);
    // The payer can still pay.
    world.pay(&txid(&invoice, 1)).await;
    assert_eq!(status_of(&world, &invoice).await, "paid");
}

#[tokio::test]
async fn a_pix_to_a_key_that_is_not_ours_is_parked() {
    let world = World::new().await;
    let invoice = world.issued().await;
    change_merchant(&world, |merchant| {
        merchant.pix_key = Some(PixKey::parse("outra@acme.example").unwrap());
    })
    .await;
    let e2eid = world.pay(&txid(&invoice, 1)).await;
    assert_parked(&world, &e2eid, "foreign_key").await;
    // The bank says that the charge was paid: nobody is asked for it again.
    walk(&world, "2026-12-12 12:00").await;
    let held = world.reload(&invoice).await;
    assert_eq!(text(&held, "status"), "overdue");
    assert_eq!(text(&held["next_action"], "why"), "on_hold");
    assert_eq!(world.steps(), ["issue"]);
}

/// Records a Pix as one that waits for a person.
async fn keep(
    world: &World,
    pix: &PixView,
    txid: Option<&str>,
    state: PaymentState,
    reason: ParkReason,
) {
    let payment = Payment {
        merchant: MerchantId::parse(MERCHANT).unwrap(),
        id: PaymentId::parse(&pix.e2eid).unwrap(),
        version: 1,
        method: Method::Pix,
        txid: txid.map(|txid| Txid::parse(txid).unwrap()),
        amount: Money::parse("1000.00").unwrap(),
        paid_at: pix.horario,
        seen_at: world.now(),
        payer: None,
        memo: None,
        state,
        allocations: Vec::new(),
        on_account: None,
        refunds: Vec::new(),
        attention: Some(Attention { reason, since: world.now(), assignee: None }),
        settled_on: None,
        bank_lines: Vec::new(),
    };
    let commit = Commit::new(&payment.merchant).payment(&payment, Expected::New, None);
    world.machine.deps().store.commit(commit).await.unwrap();
}

#[tokio::test]
async fn a_pix_the_bank_comes_to_know_later_is_credited() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    // A bank may call back before its own lists know the Pix: it was parked then.
    keep(&world, &pix, pix.txid.as_deref(), PaymentState::Unknown, ParkReason::NotConfirmed).await;
    assert_eq!(world.parked().await, ["not_confirmed"]);
    assert_eq!(post(&world, &[told(&pix)]).await.status, 200);
    world.settle().await;
    assert_eq!(status_of(&world, &invoice).await, "paid");
    assert_eq!(world.parked().await, Vec::<String>::new());
    assert_eq!(receipts(&world), 1);
}

#[tokio::test]
async fn a_debt_whose_charge_was_paid_with_money_given_elsewhere_is_never_asked_for_again() {
    for what in ["refunds", "account"] {
        let world = World::new().await;
        let invoice = world.issued().await;
        let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
        // A statement showed the money without a name, and a person decided about it.
        keep(&world, &pix, None, PaymentState::Received, ParkReason::NoTxid).await;
        let decision = match what {
            "refunds" => json!({ "amount": "1000.00", "reason": "nobody knows it" }),
            _ => {
                let other = json!({ "document": "11.222.333/0001-81" });
                json!({ "customer_id": world.customer_with(other).await })
            }
        };
        done(&world, &pix.e2eid, what, decision).await;
        walk(&world, "2026-12-11 12:00").await;
        let owed = world.reload(&invoice).await;
        assert_ne!(txid(&owed, 1), txid(&invoice, 1), "{what}: {owed}");
        assert_eq!(world.steps(), ["issue", "due_minus_5", "due_today", "due_plus_1"], "{what}");
        world.pay(&txid(&owed, 1)).await;
        assert_eq!(status_of(&world, &invoice).await, "paid", "{what}");
    }
}

#[tokio::test]
async fn a_debt_is_asked_for_while_the_money_that_paid_its_charge_waits_for_a_person() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    keep(&world, &pix, None, PaymentState::Received, ParkReason::Released).await;
    walk(&world, "2026-12-12 12:00").await;
    let held = world.reload(&invoice).await;
    assert_eq!(text(&held["next_action"], "why"), "on_hold", "{held}");
    assert_eq!(world.steps(), ["issue"]);
}

#[tokio::test]
async fn money_for_what_is_settled_or_canceled_waits_for_a_person() {
    let world = World::new().await;
    let customer = world.customer().await;
    let twice = world.invoice(&customer, json!({ "number": "twice" })).await;
    let force = || PayOptions { force: true, ..PayOptions::default() };
    world.pay(&txid(&twice, 1)).await;
    world.pay_with(&txid(&twice, 1), force()).await;
    let gone = world.invoice(&customer, json!({ "number": "gone" })).await;
    let path = format!("/v1/invoices/{}/cancel", text(&gone, "id"));
    world.post(&path, &json!({ "reason": "typed twice" })).await;
    world.settle().await;
    world.pay_with(&txid(&gone, 1), force()).await;
    let mut reasons = world.parked().await;
    reasons.sort();
    assert_eq!(reasons, ["already_paid", "invoice_canceled"]);
    assert_eq!(receipts(&world), 1);
    assert_eq!(status_of(&world, &gone).await, "canceled");
}
