//! Money that comes in any amount, from anybody, by any way: it is never lost, never counted twice,
//! and where it lies can be told and changed.

use quita_psp_sandbox::{PayOptions, Payer};
use serde_json::{Value, json};

use crate::bad_invoices::with;
use crate::callbacks::{receipts, status_of};
use crate::chasing::walk;
use crate::world::{Answer, World, text, txid};

pub async fn payment(world: &World, id: &str) -> Value {
    let payment = world.get(&format!("/v1/payments/{id}")).await;
    assert_adds_up(&payment);
    payment
}

/// What every view of a payment has to satisfy: each centavo is in one place.
fn assert_adds_up(payment: &Value) {
    let cents = |raw: &Value| raw.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let list = |name: &str| payment[name].as_array().unwrap().clone();
    let placed: i64 = list("allocations").iter().map(|it| cents(&it["amount"])).sum();
    let back = list("refunds");
    let back = back.iter().filter(|it| it["status"] != "failed");
    let back: i64 = back.map(|it| cents(&it["amount"])).sum();
    let account = &payment["on_account"]["amount"];
    let account = if account.is_null() { 0 } else { cents(account) };
    let sum = placed + back + account + cents(&payment["unidentified"]);
    assert_eq!(sum, cents(&payment["amount"]), "{payment}");
}

pub async fn ask(world: &World, id: &str, what: &str, body: Value) -> Answer {
    world.post(&format!("/v1/payments/{id}/{what}"), &body).await
}

/// As [`ask`], where it is expected to be done.
pub async fn done(world: &World, id: &str, what: &str, body: Value) -> Value {
    let answer = ask(world, id, what, body).await;
    assert!(matches!(answer.status, 200..=202), "{what}: {} {}", answer.status, answer.body);
    world.settle().await;
    let payment = answer.json();
    assert_adds_up(&payment);
    payment
}

pub async fn balance(world: &World, customer: &str) -> String {
    let account = world.get(&format!("/v1/customers/{customer}/account")).await;
    let shown = world.get(&format!("/v1/customers/{customer}")).await;
    assert_eq!(account["balance"], shown["balance"]);
    text(&account, "balance").to_owned()
}

/// A transfer of an amount, as a person records it.
pub fn transfer(customer: &str, amount: &str) -> Value {
    json!({
        "method": "transfer",
        "amount": amount,
        "paid_at": "2026-11-23",
        "customer_id": customer,
    })
}

pub async fn recorded(world: &World, body: &Value) -> Value {
    let answer = world.post("/v1/payments", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    world.settle().await;
    assert_adds_up(&answer.json());
    answer.json()
}

pub async fn numbered(
    world: &World,
    customer: &str,
    number: &str,
    amount: &str,
    due: &str,
) -> Value {
    let fields = json!({ "number": number, "amount": amount, "due_date": due });
    world.invoice(customer, fields).await
}

fn places(payment: &Value) -> Vec<(String, String)> {
    let parts = payment["allocations"].as_array().unwrap().iter();
    parts.map(|it| (text(it, "invoice_id").into(), text(it, "amount").into())).collect()
}

#[tokio::test]
async fn a_transfer_pays_the_oldest_debt_first_and_the_rest_is_not_lost() {
    let world = World::new().await;
    let customer = world.customer().await;
    let later = numbered(&world, &customer, "b", "300.00", "2026-12-20").await;
    let sooner = numbered(&world, &customer, "a", "200.00", "2026-12-05").await;
    let paid = recorded(&world, &transfer(&customer, "600.00")).await;
    assert_eq!((text(&paid, "method"), text(&paid, "status")), ("transfer", "matched"));
    let expected = [(&sooner, "200.00"), (&later, "300.00")];
    let expected = expected.map(|(it, amount)| (text(it, "id").to_owned(), amount.to_owned()));
    assert_eq!(places(&paid), expected);
    assert_eq!(text(&paid["on_account"], "amount"), "100.00");
    assert_eq!(balance(&world, &customer).await, "100.00");
    assert_eq!(status_of(&world, &sooner).await, "paid");
    assert_eq!(status_of(&world, &later).await, "paid");
    assert_eq!(receipts(&world), 2);
    // The bank must not take money for what is paid.
    assert!(world.bank.pay(&txid(&sooner, 1), PayOptions::default()).is_err());
    let path = format!("/v1/payments/{}/timeline", text(&paid, "id"));
    let names = world.get(&path).await;
    let names: Vec<&str> =
        names["items"].as_array().unwrap().iter().map(|it| text(it, "event")).collect();
    assert_eq!(names, ["payment.received", "payment.put_on_account"]);
}

#[tokio::test]
async fn a_part_paid_in_cash_leaves_a_charge_for_the_rest_alone() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let customer = text(&invoice, "customer_id").to_owned();
    let allocations = json!([{ "invoice_id": invoice["id"], "instalment": 1, "amount": "400.00" }]);
    let mut body = with(transfer(&customer, "400.00"), &json!({ "allocations": allocations }));
    body["method"] = json!("cash");
    recorded(&world, &body).await;
    let rest = world.reload(&invoice).await;
    assert_eq!((text(&rest, "status"), text(&rest, "outstanding")), ("partially_paid", "600.00"));
    assert_ne!(txid(&rest, 1), txid(&invoice, 1));
    let e2eid = world.pay(&txid(&rest, 1)).await;
    assert_eq!(text(&payment(&world, &e2eid).await, "amount"), "600.00");
    assert_eq!(status_of(&world, &invoice).await, "paid");
    assert_eq!(balance(&world, &customer).await, "0.00");
    assert_eq!(receipts(&world), 2);
}

#[tokio::test]
async fn more_than_was_owed_can_be_applied_moved_and_given_back() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let customer = text(&invoice, "customer_id").to_owned();
    let over = PayOptions { amount: Some("1500.00".into()), ..PayOptions::default() };
    let id = world.pay_with(&txid(&invoice, 1), over).await;
    assert_eq!(status_of(&world, &invoice).await, "paid");
    assert_eq!(balance(&world, &customer).await, "500.00");
    let next = numbered(&world, &customer, "next", "300.00", "2026-12-15").await;
    let part = json!({ "allocations": [{ "invoice_id": next["id"], "amount": "300.00" }] });
    done(&world, &id, "allocations", part).await;
    assert_eq!(status_of(&world, &next).await, "paid");
    assert_eq!(balance(&world, &customer).await, "200.00");
    // Onto the account of another, by way of nowhere.
    let other = json!({ "document": "11222333000181", "name": "Outra Ltda" });
    let other = world.customer_with(other).await;
    let reason = json!({ "amount": "50.00", "reason": "it was theirs" });
    let free = done(&world, &id, "account/withdrawals", reason).await;
    assert_eq!(text(&free["attention"], "reason"), "released");
    let answer = ask(&world, &id, "account", json!({ "customer_id": other })).await;
    assert_eq!(answer.outcome(), "409 conflict", "one payment, one account: {}", answer.body);
    let rest = json!({ "amount": "150.00", "reason": "all of it is theirs" });
    done(&world, &id, "account/withdrawals", rest).await;
    let moved = done(&world, &id, "account", json!({ "customer_id": other })).await;
    assert_eq!(moved["attention"], Value::Null);
    assert_eq!(balance(&world, &customer).await, "0.00");
    assert_eq!(balance(&world, &other).await, "200.00");
    let refund = json!({ "amount": "200.00", "reason": "overpaid" });
    done(&world, &id, "refunds", refund).await;
    assert_eq!(balance(&world, &other).await, "0.00");
    let end = payment(&world, &id).await;
    assert_eq!(text(&end["refunds"][0], "status"), "returned");
    assert_eq!(text(&end, "refundable"), "1300.00");
    assert_eq!(world.bank.total_returned().to_string(), "200.00");
    assert_eq!(status_of(&world, &next).await, "paid");
}

#[tokio::test]
async fn money_given_to_the_wrong_invoice_is_moved_to_the_right_one() {
    let world = World::new().await;
    let wrong = world.issued().await;
    let customer = text(&wrong, "customer_id").to_owned();
    let right = numbered(&world, &customer, "right", "1000.00", "2026-12-20").await;
    let id = world.pay(&txid(&wrong, 1)).await;
    let release = json!({
        "invoice_id": wrong["id"], "instalment": 1, "amount": "1000.00", "reason": "wrong invoice",
    });
    let free = done(&world, &id, "releases", release.clone()).await;
    assert_eq!((text(&free, "status"), text(&free, "unidentified")), ("parked", "1000.00"));
    let reopened = world.reload(&wrong).await;
    assert_eq!(text(&reopened, "outstanding"), "1000.00");
    assert_eq!(text(&reopened["next_action"], "why"), "on_hold");
    let again = ask(&world, &id, "releases", release).await;
    assert_eq!(again.properties(), ["amount"], "nothing is left to release: {}", again.body);
    let oldest = json!({ "allocations": [{ "invoice_id": right["id"], "amount": "1000.00" }] });
    let moved = done(&world, &id, "allocations", oldest).await;
    assert_eq!((text(&moved, "status"), &moved["attention"]), ("matched", &Value::Null));
    assert_eq!(status_of(&world, &right).await, "paid");
    let names = world.timeline(&wrong).await;
    assert!(names.iter().any(|name| name == "payment.released"), "{names:?}");
}

#[tokio::test]
async fn a_customers_own_code_pays_three_debts_in_order_and_keeps_the_rest() {
    let world = World::new().await;
    let customer = world.customer().await;
    let mut invoices = Vec::new();
    for (number, due) in [("3", "2026-12-30"), ("1", "2026-12-10"), ("2", "2026-12-20")] {
        invoices.push(numbered(&world, &customer, number, "100.00", due).await);
    }
    let code = world.get(&format!("/v1/customers/{customer}/pix_code")).await;
    assert_eq!(code["amount"], Value::Null);
    let explained = quita_pix::brcode::parse_strict(text(&code, "pix_copia_e_cola")).unwrap();
    assert_eq!(explained.txid, Some(text(&code, "txid")));
    assert_eq!(explained.amount, None);
    let key = world.bank.config().keys[0].clone();
    let paid = world.bank.pay_key(&key, "250.00", Some(text(&code, "txid"))).unwrap();
    world.settle().await;
    let credited = payment(&world, &paid.e2eid).await;
    let amounts: Vec<String> = places(&credited).into_iter().map(|(_, amount)| amount).collect();
    assert_eq!(amounts, ["100.00", "100.00", "50.00"]);
    for (nth, status) in [(1, "paid"), (2, "paid"), (0, "partially_paid")] {
        assert_eq!(status_of(&world, &invoices[nth]).await, status, "{nth}");
    }
    // The same code again: a code of its own is paid as often as one likes.
    world.bank.pay_key(&key, "80.00", Some(text(&code, "txid"))).unwrap();
    world.settle().await;
    assert_eq!(status_of(&world, &invoices[0]).await, "paid");
    assert_eq!(balance(&world, &customer).await, "30.00");
    assert_eq!(world.parked().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_code_with_an_amount_says_it_and_a_strange_amount_is_refused() {
    let world = World::new().await;
    let customer = world.customer().await;
    let base = format!("/v1/customers/{customer}/pix_code");
    let code = world.get(&format!("{base}?amount=12.30")).await;
    let parsed = quita_pix::brcode::parse_strict(text(&code, "pix_copia_e_cola")).unwrap();
    assert_eq!(parsed.amount.map(|it| it.to_string()).as_deref(), Some("12.30"));
    for picture in ["qr_svg", "qr_png"] {
        let url = text(&code, picture);
        let path = &url[url.find("/v1/").unwrap()..];
        assert!(path.ends_with("?amount=12.30"), "{path}");
        assert_eq!(world.call("GET", path, "").await.status, 200, "{path}");
    }
    for amount in ["0.00", "1", "-1.00", "1e3", "12345678901.00", "abc"] {
        let answer = world.call("GET", &format!("{base}?amount={amount}"), "").await;
        assert_eq!(answer.properties(), ["amount"], "{amount}");
    }
}

#[tokio::test]
async fn the_balance_pays_what_the_customer_owes_next() {
    let world = World::new().await;
    let customer = world.customer().await;
    let paid = recorded(&world, &transfer(&customer, "500.00")).await;
    let id = text(&paid, "id").to_owned();
    assert_eq!(text(&paid, "status"), "on_account");
    let invoice = numbered(&world, &customer, "next", "300.00", "2026-12-15").await;
    let applied = done(&world, &id, "allocations", json!({ "customer_id": customer })).await;
    assert_eq!(text(&applied["on_account"], "amount"), "200.00");
    assert_eq!(status_of(&world, &invoice).await, "paid");
    assert_eq!(balance(&world, &customer).await, "200.00");
    // Nothing more is owed: it stays where it is.
    let again = done(&world, &id, "allocations", json!({ "customer_id": customer })).await;
    assert_eq!(text(&again["on_account"], "amount"), "200.00");
    let other = world.customer_with(json!({ "document": "11222333000181" })).await;
    let answer = ask(&world, &id, "allocations", json!({ "customer_id": other })).await;
    assert_eq!(answer.outcome(), "409 conflict");
}

#[tokio::test]
async fn a_late_part_is_counted_to_the_late_charges_as_of_the_day_it_was_paid() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let customer = text(&invoice, "customer_id").to_owned();
    walk(&world, "2026-12-20 10:00").await;
    // Recorded ten days late, but paid in time: nothing is late about it.
    let body = with(transfer(&customer, "1000.00"), &json!({ "paid_at": "2026-12-10" }));
    recorded(&world, &body).await;
    let paid = world.reload(&invoice).await;
    assert_eq!(text(&paid, "status"), "paid");
    let counted = &paid["instalments"][0]["payments"][0]["counted"];
    assert_eq!((text(counted, "late_fee"), text(counted, "principal")), ("0.00", "1000.00"));
    assert_eq!(balance(&world, &customer).await, "0.00");
}

#[tokio::test]
async fn money_of_somebody_else_is_credited_and_shown() {
    let world = World::new().await;
    let customer = world.customer().await;
    let payer = |document: &str| Payer { nome: "Quem pagou".into(), document: document.into() };
    // A branch of the company, the company itself, somebody else.
    let cases = [
        ("12ABC34501DE35", false),
        ("12ABC345000269", false),
        ("11222333000181", true),
        ("52998224725", true),
    ];
    let mut others = Vec::new();
    for (nth, (document, differs)) in cases.into_iter().enumerate() {
        let invoice = numbered(&world, &customer, &nth.to_string(), "10.00", "2026-12-10").await;
        let options = PayOptions { payer: Some(payer(document)), ..PayOptions::default() };
        let e2eid = world.pay_with(&txid(&invoice, 1), options).await;
        assert_eq!(status_of(&world, &invoice).await, "paid", "{document}");
        let shown = payment(&world, &e2eid).await;
        assert_eq!(shown["payer_differs"], json!(differs), "{document}: {shown}");
        if differs {
            others.push(e2eid);
        }
    }
    others.sort();
    let report = world.get("/v1/reports/cash?from=2026-11-23&to=2026-11-23").await;
    assert_eq!(report["by_another_payer"]["payment_ids"], json!(others));
    assert_eq!(text(&report["by_another_payer"], "amount"), "20.00");
}

#[tokio::test]
async fn applying_money_is_one_read_and_one_transaction() {
    let world = World::new().await;
    let customer = world.customer().await;
    let key = world.bank.config().keys[0].clone();
    let stray = world.bank.pay_key(&key, "100.00", Some("STRAY")).unwrap();
    world.settle().await;
    let invoice = numbered(&world, &customer, "one", "100.00", "2026-12-10").await;
    world.usage();
    let part = json!({ "allocations": [{ "invoice_id": invoice["id"], "amount": "100.00" }] });
    let answer = ask(&world, &stray.e2eid, "allocations", part).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // Payment, invoice, two events of the invoice, one of the payment, and the answer.
    let usage = world.usage().to_string();
    assert_eq!(usage, "1 read(3 keys) 1 transaction(6 items) | 3 RCU 20 WCU");
    let body = transfer(&customer, "10.00");
    assert_eq!(world.post("/v1/payments", &body).await.status, 201);
    let usage = world.usage().to_string();
    assert_eq!(usage, "2 read(4 keys) 1 query 1 transaction(5 items) | 4.5 RCU 12 WCU");
}
