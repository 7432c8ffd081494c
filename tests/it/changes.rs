//! What a person changes about a debt: the payer is asked for exactly what is left, by one charge,
//! at the same address; what is not allowed changes nothing. And late charges carried onto the next
//! invoice: once.

use std::sync::{Arc, Barrier};

use quita_psp_sandbox::{ChargeStatus, PayOptions};
use quita_testkit::fault::Fault;
use serde_json::{Value, json};

use crate::bad_invoices::assert_wrote_nothing;
use crate::callbacks::status_of;
use crate::world::{Answer, World, api_request, text, txid};

const REMOVED: ChargeStatus = ChargeStatus::RemovidaPeloUsuarioRecebedor;

fn path(invoice: &Value, change: &str) -> String {
    format!("/v1/invoices/{}/instalments/1/{change}", text(invoice, "id"))
}

/// Carries a change out and lets everything that follows happen.
pub async fn change(world: &World, invoice: &Value, what: &str, body: Value) -> Value {
    let answer = world.post(&path(invoice, what), &body).await;
    assert_eq!(answer.status, 202, "{what}: {}", answer.body);
    world.settle().await;
    world.reload(invoice).await
}

pub async fn settings(world: &World, tolerance: &str, late_shortfall: &str) -> Answer {
    let body = json!({ "payment_tolerance": tolerance, "late_shortfall": late_shortfall });
    world.call("PUT", "/v1/settings", &body.to_string()).await
}

/// A payer who pays another amount than the bank asks for.
pub fn amount(amount: &str) -> PayOptions {
    PayOptions { amount: Some(amount.to_owned()), force: true, ..PayOptions::default() }
}

fn at_bank(world: &World, txid: &str) -> (ChargeStatus, String) {
    let charge = world.bank.charge(txid).unwrap();
    (charge.status, charge.original.to_string())
}

/// `a - b == c` of decimal texts.
fn less(a: &str, b: &str) -> String {
    let money = |text: &str| quita_core::money::Money::parse(text).unwrap();
    (money(a) - money(b)).to_string()
}

#[tokio::test]
async fn a_change_leaves_no_old_code_that_asks_for_the_old_amount() {
    let reason = "agreed by phone";
    let cases = [
        ("rebate", json!({ "amount": "100.00", "reason": reason }), "900.00"),
        ("credit_note", json!({ "amount": "0.01", "number": "NC-1", "reason": reason }), "999.99"),
        ("due_date", json!({ "due_date": "2027-01-11", "reason": reason }), "1000.00"),
    ];
    for (what, body, left) in cases {
        let world = World::new().await;
        let invoice = world.issued().await;
        let old = txid(&invoice, 1);
        let changed = change(&world, &invoice, what, body).await;
        let new = txid(&changed, 1);
        assert_ne!(old, new, "{what}");
        assert_eq!(at_bank(&world, &old).0, REMOVED, "{what}");
        assert_eq!(at_bank(&world, &new), (ChargeStatus::Ativa, left.to_owned()), "{what}");
        assert_eq!(text(&changed, "portal_url"), text(&invoice, "portal_url"), "{what}");
        let instalment = &changed["instalments"][0];
        assert_eq!(text(&instalment["charge"], "status"), "active", "{what}");
        assert_eq!(text(&instalment["amount_due"], "original"), left, "{what}");
        assert_eq!(text(&changed, "outstanding"), left, "{what}");
        let off = less(text(&instalment["principal"], "agreed"), left);
        assert_eq!(text(&instalment["principal"], "credited"), off, "{what}");
        // What is left can be paid, and nothing stays behind.
        world.pay(&new).await;
        assert_eq!(status_of(&world, &invoice).await, "paid", "{what}");
        assert_eq!(world.parked().await, [""; 0], "{what}");
    }
}

#[tokio::test]
async fn what_was_credited_or_written_off_in_full_asks_for_nothing() {
    let cases = [
        ("credit_note", json!({ "amount": "1000.00", "number": "NC-1", "reason": "sold back" })),
        ("rebate", json!({ "amount": "1000.00", "reason": "goodwill" })),
        ("write_off", json!({ "reason": "insolvent" })),
    ];
    for (what, body) in cases {
        let world = World::new().await;
        let invoice = world.issued().await;
        let old = txid(&invoice, 1);
        let closed = change(&world, &invoice, what, body).await;
        let status = if what == "write_off" { "written_off" } else { "credited" };
        assert_eq!(text(&closed, "status"), status);
        assert_eq!(text(&closed, "outstanding"), "0.00", "{what}");
        assert_eq!(at_bank(&world, &old).0, REMOVED, "{what}");
        assert!(!world.timeline(&invoice).await.contains(&"invoice.paid".to_owned()), "{what}");
        // Money that comes all the same has a home.
        let e2eid = world.pay_with(&old, amount("1000.00")).await;
        let waits = if what == "write_off" { "written_off" } else { "already_paid" };
        assert_eq!(world.parked().await, [waits], "{what}");
        assert_eq!(status_of(&world, &invoice).await, status, "{e2eid}");
        world.live_until("2026-12-20 12:00").await;
        assert_eq!(world.steps(), ["issue"], "{what}");
    }
}

#[tokio::test]
async fn a_later_due_date_takes_back_what_came_together_for_being_late() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.at("2026-12-15 12:00").await;
    assert_eq!(text(&world.reload(&invoice).await, "outstanding"), "1021.67");
    let body = json!({ "due_date": "2027-01-11", "reason": "agreed" });
    let later = change(&world, &invoice, "due_date", body).await;
    assert_eq!((text(&later, "status"), text(&later, "outstanding")), ("open", "1000.00"));
    assert_eq!(text(&later["instalments"][0], "due_date"), "2027-01-11");
    world.at("2027-01-12 12:00").await;
    assert_eq!(text(&world.reload(&invoice).await, "outstanding"), "1020.33");
}

#[tokio::test]
async fn what_a_change_may_not_be_is_told_with_its_place_and_changes_nothing() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let ok = "why";
    let rebate = |amount: &str| json!({ "amount": amount, "reason": ok });
    let cases = [
        ("rebate", rebate("1000.01"), "422 validation-failed", vec!["amount"]),
        ("rebate", rebate("0.00"), "422 validation-failed", vec!["amount"]),
        ("rebate", rebate("1"), "422 validation-failed", vec!["amount"]),
        (
            "credit_note",
            json!({ "amount": "x", "number": "", "reason": "\n" }),
            "422 validation-failed",
            vec!["amount", "number", "reason"],
        ),
        (
            "due_date",
            json!({ "due_date": "tomorrow", "reason": "" }),
            "422 validation-failed",
            vec!["due_date", "reason"],
        ),
        (
            "due_date",
            json!({ "due_date": "2026-12-09", "reason": ok }),
            "422 validation-failed",
            vec!["due_date"],
        ),
        (
            "due_date",
            json!({ "due_date": "2046-12-09", "reason": ok }),
            "422 validation-failed",
            vec!["due_date"],
        ),
        ("write_off", json!({ "reason": " " }), "422 validation-failed", vec!["reason"]),
        ("write_off", json!({ "amount": "1.00", "reason": ok }), "400 malformed-request", vec![]),
        ("rebate", json!({ "reason": ok }), "400 malformed-request", vec![]),
    ];
    world.usage();
    for (what, body, outcome, properties) in cases {
        let answer = world.post(&path(&invoice, what), &body).await;
        assert_eq!(answer.outcome(), outcome, "{what} {body}: {}", answer.body);
        assert_eq!(answer.properties(), properties, "{what} {body}");
        assert_wrote_nothing(&world, &body.to_string());
    }
    let over = world.post(&path(&invoice, "rebate"), &rebate("1000.01")).await;
    assert!(over.body.contains("at most 1000.00"), "{}", over.body);
    for missing in [
        format!("/v1/invoices/{}/instalments/2/rebate", text(&invoice, "id")),
        format!("/v1/invoices/{}/instalments/x/rebate", text(&invoice, "id")),
        "/v1/invoices/inv_01JE6X7Q5M8Y2N4C9R0T3V6W8Z/instalments/1/rebate".to_owned(),
    ] {
        assert_eq!(world.post(&missing, &rebate("1.00")).await.outcome(), "404 not-found");
    }
    assert_eq!(world.call("GET", &path(&invoice, "rebate"), "").await.status, 405);
}

#[tokio::test]
async fn what_is_over_cannot_be_changed() {
    let world = World::new().await;
    let customer = world.customer().await;
    let paid = world.invoice(&customer, json!({ "number": "paid" })).await;
    world.pay(&txid(&paid, 1)).await;
    let gone = world.invoice(&customer, json!({ "number": "gone" })).await;
    let cancel = format!("/v1/invoices/{}/cancel", text(&gone, "id"));
    world.post(&cancel, &json!({ "reason": "typed twice" })).await;
    world.settle().await;
    world.usage();
    for invoice in [&paid, &gone] {
        for (what, body) in [
            ("rebate", json!({ "amount": "1.00", "reason": "x" })),
            ("credit_note", json!({ "amount": "1.00", "number": "1", "reason": "x" })),
            ("write_off", json!({ "reason": "x" })),
            ("due_date", json!({ "due_date": "2027-01-11", "reason": "x" })),
        ] {
            let answer = world.post(&path(invoice, what), &body).await;
            assert_eq!(answer.outcome(), "409 conflict", "{what}");
            assert_wrote_nothing(&world, what);
        }
    }
}

#[tokio::test]
async fn a_change_sent_twice_takes_the_amount_off_once() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let body = json!({ "amount": "100.00", "reason": "goodwill" }).to_string();
    let bearer = world.bearer();
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "rebate-1")];
    let target = path(&invoice, "rebate");
    let first = world.call_with("POST", &target, &headers, &body).await;
    world.settle().await;
    let again = world.call_with("POST", &target, &headers, &body).await;
    assert_eq!((first.status, again.status, &first.body), (202, 202, &again.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(text(&world.reload(&invoice).await, "outstanding"), "900.00");
    let other = body.replace("100.00", "200.00");
    let reused = world.call_with("POST", &target, &headers, &other).await;
    assert_eq!(reused.outcome(), "422 idempotency-key-reused");
}

#[tokio::test]
async fn a_part_of_a_late_debt_is_told_to_the_centavo() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.at("2026-12-15 12:00").await;
    world.pay_with(&txid(&invoice, 1), amount("521.67")).await;
    let part = world.reload(&invoice).await;
    let instalment = &part["instalments"][0];
    let counted = &instalment["payments"][0]["counted"];
    assert_eq!(
        ["late_fee", "interest", "principal"].map(|name| text(counted, name)),
        ["20.00", "1.67", "500.00"]
    );
    let principal = &instalment["principal"];
    assert_eq!(
        ["agreed", "received", "left"].map(|name| text(principal, name)),
        ["1000.00", "500.00", "500.00"]
    );
    assert_eq!(text(&instalment["amount_due"], "original"), "500.00");
    assert_eq!((text(&part, "status"), text(&part, "outstanding")), ("overdue", "500.00"));
    let quote = json!({ "invoice_id": text(&invoice, "id"), "on": "2026-12-24" });
    let quote = world.post("/v1/quotes", &quote).await.json();
    // Nine more days at R$ 0.17, 1 % a month of what is left, and no second late fee.
    assert_eq!(text(&quote["items"][0]["amount_due"], "total"), "501.53");
    world.settle().await;
    let messages = format!("{:?}", world.mailbox.messages());
    assert!(messages.contains("Confirmamos o recebimento de uma parte do valor"), "{messages}");
    assert!(messages.contains("Já pago do valor original: - R$ 500,00"), "{messages}");
}

#[tokio::test]
async fn settings_hold_for_invoices_issued_afterwards() {
    let world = World::new().await;
    let start = world.get("/v1/settings").await;
    assert_eq!(start, json!({ "payment_tolerance": "0.00", "late_shortfall": "keep" }));
    let customer = world.customer().await;
    let before = world.invoice(&customer, json!({ "number": "before" })).await;
    let answer = settings(&world, "5.00", "waive").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let now = json!({ "payment_tolerance": "5.00", "late_shortfall": "waive" });
    assert_eq!((answer.json(), world.get("/v1/settings").await), (now.clone(), now));
    let after = world.invoice(&customer, json!({ "number": "after" })).await;
    for invoice in [&before, &after] {
        world.pay_with(&txid(invoice, 1), amount("995.00")).await;
    }
    assert_eq!(text(&world.reload(&before).await, "outstanding"), "5.00");
    let closed = world.reload(&after).await;
    assert_eq!((text(&closed, "status"), text(&closed, "outstanding")), ("paid", "0.00"));
    let counted = &closed["instalments"][0]["payments"][0]["counted"];
    assert_eq!(text(counted, "forgiven"), "5.00");
}

#[tokio::test]
async fn settings_that_would_give_money_away_are_refused() {
    let world = World::new().await;
    world.usage();
    for (tolerance, shortfall, properties) in [
        ("100.01", "keep", vec!["payment_tolerance"]),
        ("1", "keep", vec!["payment_tolerance"]),
        ("-1.00", "forget", vec!["payment_tolerance", "late_shortfall"]),
        ("0.00", "Keep", vec!["late_shortfall"]),
    ] {
        let answer = settings(&world, tolerance, shortfall).await;
        assert_eq!(answer.outcome(), "422 validation-failed");
        assert_eq!(answer.properties(), properties);
        assert_wrote_nothing(&world, tolerance);
    }
    assert_eq!(settings(&world, "100.00", "carry").await.status, 200);
    let half = world.call("PUT", "/v1/settings", "{\"late_shortfall\":\"keep\"}").await;
    assert_eq!(half.outcome(), "400 malformed-request");
    assert_eq!(world.call("POST", "/v1/settings", "{}").await.status, 405);
}

/// A customer whose late payment left R$ 21.67 to carry.
async fn carrying(world: &World) -> String {
    assert_eq!(settings(world, "0.00", "carry").await.status, 200);
    let customer = world.customer().await;
    let late = world.invoice(&customer, json!({ "number": "late" })).await;
    world.at("2026-12-15 12:00").await;
    world.pay_with(&txid(&late, 1), amount("1000.00")).await;
    assert_eq!(status_of(world, &late).await, "paid");
    let known = world.get(&format!("/v1/customers/{customer}")).await;
    assert_eq!(text(&known, "carried_late_charges"), "21.67");
    customer
}

fn next(customer: &str) -> Value {
    let mut body = World::invoice_body(customer);
    body["number"] = json!("next");
    body["due_date"] = json!("2027-01-11");
    body
}

#[tokio::test]
async fn late_charges_that_are_carried_are_asked_for_once_and_shown_apart() {
    let world = World::new().await;
    let customer = carrying(&world).await;
    let first = world.invoice(&customer, next(&customer)).await;
    let instalment = &first["instalments"][0];
    assert_eq!((text(&first, "amount"), text(&first, "outstanding")), ("1021.67", "1021.67"));
    assert_eq!(text(instalment, "carried_late_charges"), "21.67");
    assert_eq!(at_bank(&world, &txid(&first, 1)).1, "1021.67");
    let page = text(&first, "portal_url");
    let page = page.split_once("/p/").map(|(_, token)| format!("/p/{token}")).unwrap();
    let page = world.call("GET", &page, "").await.body;
    assert!(page.contains("Encargos de fatura anterior") && page.contains("R$ 21,67"), "{page}");
    let second = world.invoice(&customer, next(&customer)).await;
    assert_eq!(text(&second, "amount"), "1000.00");
    let known = world.get(&format!("/v1/customers/{customer}")).await;
    assert_eq!(text(&known, "carried_late_charges"), "0.00");
    world.pay(&txid(&first, 1)).await;
    assert_eq!(status_of(&world, &first).await, "paid");
}

/// Creates the same invoice twice, each on a thread of its own.
fn two_at_once(world: &World, body: &Value) -> Vec<Answer> {
    let bearer = world.bearer();
    let start = Arc::new(Barrier::new(2));
    let calls: Vec<_> = ["one", "two"]
        .into_iter()
        .map(|key| {
            let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
            let request = api_request("POST", "/v1/invoices", &headers, &body.to_string());
            let (machine, start) = (world.machine.clone(), start.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                start.wait();
                Answer::of(runtime.block_on(machine.http(request)))
            })
        })
        .collect();
    calls.into_iter().map(|call| call.join().unwrap()).collect()
}

#[tokio::test]
async fn two_invoices_at_once_do_not_both_ask_for_what_was_carried() {
    let world = World::new().await;
    let customer = carrying(&world).await;
    let answers = two_at_once(&world, &next(&customer));
    let mut amounts: Vec<String> = Vec::new();
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.body);
        amounts.push(text(&answer.json(), "amount").to_owned());
    }
    amounts.sort();
    assert_eq!(amounts, ["1000.00", "1021.67"]);
}

#[tokio::test]
async fn an_invoice_whose_customer_moved_meanwhile_is_made_all_the_same() {
    let world = World::new().await;
    let customer = carrying(&world).await;
    // The read passes, then another transaction holds what this one wants to write.
    world.faults.pass_next(1);
    world.faults.fail_next(Fault::Conflict);
    let answer = world.post("/v1/invoices", &next(&customer)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(text(&answer.json(), "amount"), "1021.67");
}

#[tokio::test]
async fn a_payment_for_a_canceled_invoice_has_a_home_and_asks_nobody_again() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let cancel = format!("/v1/invoices/{}/cancel", text(&invoice, "id"));
    let answer = world.post(&cancel, &json!({ "reason": "typed twice" })).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    assert_eq!(at_bank(&world, &txid(&invoice, 1)).0, REMOVED, "before it counts as canceled");
    assert_eq!(status_of(&world, &invoice).await, "canceled");
    let e2eid = world.pay_with(&txid(&invoice, 1), amount("1000.00")).await;
    assert_eq!(world.parked().await, ["invoice_canceled"]);
    let waits = world.get("/v1/exceptions").await;
    assert!(waits.to_string().contains(&e2eid), "{waits}");
    assert_eq!(status_of(&world, &invoice).await, "canceled");
}
