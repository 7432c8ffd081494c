//! Fears a callback that is lost, doubled or out of order when nobody asked for it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::Duration;

use super::{Inbox, KEY, MORNING, TXID, Town};
use crate::{CallbackFault, FaultRates, ForgedPix, PayOptions};

fn txid(number: usize) -> String {
    format!("{number:032}")
}

/// A town whose charges 0, 1, 2... are paid, with a webhook that saw none of it yet.
async fn paid(count: usize) -> (Town, Inbox, Vec<String>) {
    let (town, inbox) = (Town::new().await, Inbox::open().await);
    town.register(&inbox).await;
    let mut e2eids = Vec::new();
    for number in 0..count {
        town.cobv(&txid(number), "10.00", "2026-03-31").await;
        e2eids.push(town.bank.pay(&txid(number), PayOptions::default()).unwrap().e2eid);
    }
    (town, inbox, e2eids)
}

fn ids(pixs: &[Value]) -> Vec<&str> {
    pixs.iter().map(|pix| pix["endToEndId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn payments_arrive_once_in_order_and_in_batches() {
    let (town, inbox, e2eids) = paid(13).await;
    let report = town.bank.deliver_callbacks().await;
    assert_eq!((report.posts, report.delivered, report.failed), (2, 13, 0));
    assert_eq!(inbox.batches().iter().map(Vec::len).collect::<Vec<_>>(), [10, 3]);
    assert_eq!(ids(&inbox.pixs()), e2eids);
    let (_, pix) = town.get(&format!("/pix/{}", e2eids[0])).await;
    assert_eq!(inbox.pixs()[0], pix, "the callback says what the API says");
    assert_eq!(town.bank.deliver_callbacks().await.posts, 0);
}

#[tokio::test]
async fn a_pix_without_txid_or_without_webhook_calls_nobody() {
    let (town, inbox) = (Town::new().await, Inbox::open().await);
    town.cobv(TXID, "10.00", "2026-03-31").await;
    town.bank.pay(TXID, PayOptions::default()).unwrap();
    town.register(&inbox).await;
    town.bank.pay_key(KEY, "1.00", None).unwrap();
    assert_eq!(town.bank.deliver_callbacks().await.posts, 0);
    town.bank.pay_key(KEY, "1.00", Some("STATIC1")).unwrap();
    assert_eq!(town.bank.deliver_callbacks().await.delivered, 1);
}

#[tokio::test]
async fn a_refused_callback_says_the_same_thing_again() {
    let (town, inbox, _) = paid(1).await;
    inbox.answer(500);
    assert_eq!(town.bank.deliver_callbacks().await.failed, 1);
    assert_eq!(town.bank.pending_callbacks()[0].attempts, 1);
    inbox.answer(200);
    assert_eq!(town.bank.deliver_callbacks().await.delivered, 1);
    let bodies = inbox.batches();
    assert_eq!(bodies[0], bodies[1]);
    assert!(town.bank.pending_callbacks().is_empty());
}

#[tokio::test]
async fn a_callback_is_given_up_in_the_end_and_with_its_webhook() {
    let (town, inbox, _) = paid(1).await;
    inbox.answer(500);
    let mut passes = 0;
    while !town.bank.pending_callbacks().is_empty() {
        passes += 1;
        assert!(passes <= 15, "the outbox must drain");
        town.bank.deliver_callbacks().await;
    }
    assert_eq!(inbox.pixs().len(), 15);
    let (town, inbox, _) = paid(1).await;
    town.try_call("DELETE", &format!("/webhook/{KEY}"), None).await.unwrap();
    assert_eq!(town.bank.deliver_callbacks().await.abandoned, 1);
    assert!(inbox.pixs().is_empty());
}

#[tokio::test]
async fn a_refund_calls_back_with_the_same_pix_and_its_devolucoes() {
    let (town, inbox, e2eids) = paid(1).await;
    town.bank.deliver_callbacks().await;
    let path = format!("/pix/{}/devolucao/R1", e2eids[0]);
    town.call("PUT", &path, json!({"valor": "2.00"})).await;
    assert_eq!(town.bank.deliver_callbacks().await.delivered, 1);
    town.bank.return_pix(&e2eids[0], "8.00").unwrap();
    assert_eq!(town.bank.deliver_callbacks().await.delivered, 1);
    let pixs = inbox.pixs();
    assert_eq!(ids(&pixs), [e2eids[0].as_str(); 3]);
    assert!(pixs[0].get("devolucoes").is_none());
    assert_eq!(pixs[1]["devolucoes"][0]["status"], "DEVOLVIDO");
    assert_eq!(pixs[2]["devolucoes"][1]["natureza"], "MED_OPERACIONAL");
    assert!(town.bank.return_pix(&e2eids[0], "0.01").is_err(), "nothing is left");
}

#[tokio::test]
async fn dropped_duplicated_and_wrong_only_where_asked() {
    let (town, inbox, e2eids) = paid(3).await;
    let faults = town.bank.faults();
    faults.next_callback(CallbackFault::Drop);
    faults.next_callback(CallbackFault::Duplicate);
    faults.next_callback(CallbackFault::WrongAmount("999.00".to_owned()));
    let report = town.bank.deliver_callbacks().await;
    assert_eq!((report.dropped, report.delivered, report.posts), (1, 2, 2));
    let [first, second, third] = [&e2eids[0], &e2eids[1], &e2eids[2]].map(String::as_str);
    assert_eq!(ids(&inbox.pixs()), [second, third, second]);
    assert_eq!(inbox.pixs()[1]["valor"], "999.00");
    let (_, truth) = town.get(&format!("/pix/{third}")).await;
    assert_eq!(truth["valor"], "10.00");
    assert_eq!(town.get(&format!("/pix/{first}")).await.0, 200, "dropped is not unpaid");
}

#[tokio::test]
async fn a_delay_runs_on_the_banks_clock_and_a_reorder_goes_last() {
    let (town, inbox, e2eids) = paid(3).await;
    town.bank.faults().next_callback(CallbackFault::Delay(Duration::from_secs(60)));
    town.bank.faults().next_callback(CallbackFault::Reorder);
    let report = town.bank.deliver_callbacks().await;
    assert_eq!((report.delayed, report.delivered), (1, 2));
    assert_eq!(town.bank.deliver_callbacks().await.posts, 0);
    town.advance(TimeDelta::seconds(60));
    assert_eq!(town.bank.deliver_callbacks().await.delivered, 1);
    assert_eq!(ids(&inbox.pixs()), [&e2eids[2], &e2eids[1], &e2eids[0]].map(String::as_str));
}

#[tokio::test]
async fn a_forgery_is_denied_by_the_bank() {
    let (town, inbox, e2eids) = paid(1).await;
    town.bank.faults().next_callback(CallbackFault::Forged);
    town.bank.deliver_callbacks().await;
    let pixs = inbox.pixs();
    assert_eq!(pixs.len(), 2);
    assert_eq!(
        (&pixs[0]["txid"], pixs[1]["endToEndId"].as_str()),
        (&pixs[1]["txid"], Some(e2eids[0].as_str()))
    );
    let invented = pixs[0]["endToEndId"].as_str().unwrap();
    assert_eq!(invented.len(), 32);
    assert_eq!(town.get(&format!("/pix/{invented}")).await.0, 404);
    let forged = ForgedPix {
        e2eid: None,
        txid: Some(TXID.to_owned()),
        chave: "somebody@example.com".to_owned(),
        valor: "1.00".to_owned(),
    };
    assert!(town.bank.send_forged_callback(KEY, forged).await);
    assert_eq!(inbox.pixs()[2]["chave"], "somebody@example.com");
    assert_eq!(town.bank.pixs().len(), 1);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (town, inbox, _) = paid(20).await;
        let rates =
            FaultRates { callback_drop: 0.3, callback_duplicate: 0.3, ..FaultRates::default() };
        town.bank.faults().reseed(7);
        town.bank.faults().set_rates(rates);
        let report = town.bank.deliver_callbacks().await;
        assert!(report.dropped > 0 && report.delivered < 20 && report.posts > 2);
        runs.push(inbox.pixs());
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn the_background_loop_delivers_and_backs_off() {
    let (town, inbox) = (Town::with(MORNING, |_| {}).await, Inbox::open().await);
    town.register(&inbox).await;
    inbox.answer(503);
    let delivery = town.bank.spawn_delivery();
    town.cobv(TXID, "10.00", "2026-03-31").await;
    town.bank.pay(TXID, PayOptions::default()).unwrap();
    let seen = |count: usize| {
        let inbox = &inbox;
        async move {
            for _ in 0..500 {
                if inbox.pixs().len() == count {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            false
        }
    };
    assert!(seen(1).await);
    inbox.answer(200);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(inbox.pixs().len(), 1, "ten seconds of the bank's clock must pass first");
    town.advance(TimeDelta::seconds(10));
    assert!(seen(2).await);
    delivery.abort();
}
