//! Fears that only a function's own binary can show: a table that is busy behind the SDK, a process
//! that dies, a variable the template forgets.
//!
//! Like every scenario they hold in process as well; `cargo xtask e2e` runs them on the binaries.

use quita_testkit::fault::Fault;
use serde_json::json;

use crate::world::{World, text, txid};

#[tokio::test]
async fn a_busy_table_is_told_as_busy_and_nothing_is_half_done() {
    let world = World::new().await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer);
    for fault in [Fault::Throttle, Fault::BeforeCommit] {
        // Merchant and customer are read; the write meets the fault.
        world.faults.pass_next(1);
        world.faults.fail_next(fault);
        let answer = world.post("/v1/invoices", &body).await;
        assert_eq!(answer.status, 503, "{fault:?}: {}", answer.body);
    }
    let list = world.get("/v1/invoices?status=open").await;
    assert_eq!(list["items"], json!([]));
    assert_eq!(world.post("/v1/invoices", &body).await.status, 201);
}

#[tokio::test]
async fn a_charge_whose_write_meets_another_transaction_is_issued_all_the_same() {
    let world = World::new().await;
    let customer = world.customer().await;
    let answer = world.post("/v1/invoices", &World::invoice_body(&customer)).await;
    world.faults.pass_next(2);
    world.faults.fail_next(Fault::Conflict);
    world.settle().await;
    let path = format!("/v1/invoices/{}", text(&answer.json(), "id"));
    let invoice = world.get(&path).await;
    assert_eq!(text(&invoice["instalments"][0]["charge"], "status"), "active", "{invoice}");
    assert!(world.bank.charge(&txid(&invoice, 1)).is_some());
}

#[tokio::test]
async fn a_process_that_is_replaced_goes_on_where_the_table_stands() {
    let mut world = World::new().await;
    let invoice = world.issued().await;
    world.restart();
    world.pay(&txid(&invoice, 1)).await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
    assert_eq!(world.steps().last().map(String::as_str), Some("receipt"));
}
