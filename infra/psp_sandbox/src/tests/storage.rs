//! Fears forgetting: a charge, a payment, or that a callback is still owed.

use serde_json::json;

use super::{Inbox, KEY, MORNING, TXID, Town, stored};
use crate::{Bank, BankConfig, OpenError, PayOptions};

#[tokio::test]
async fn a_restart_shows_the_same_bank() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.sqlite");
    let inbox = Inbox::open().await;
    let town = Town::with(MORNING, |config| stored(config, &file)).await;
    town.register(&inbox).await;
    town.cobv(TXID, "10.00", "2026-03-31").await;
    town.cobv(TXID, "12.00", "2026-03-31").await;
    let other = TXID.replace('7', "8");
    town.cobv(&other, "5.00", "2026-03-31").await;
    let paid = town.bank.pay(TXID, PayOptions::default()).unwrap();
    town.bank.deliver_callbacks().await;
    town.call("PUT", &format!("/pix/{}/devolucao/R1", paid.e2eid), json!({"valor": "1.00"})).await;
    let (charges, pixs) = (town.bank.charges(), town.bank.pixs());
    let (_, wire) = town.get(&format!("/cobv/{TXID}")).await;

    let again = Town::with(MORNING, |config| stored(config, &file)).await;
    assert_eq!((again.bank.charges(), again.bank.pixs()), (charges, pixs));
    assert_eq!(again.get(&format!("/cobv/{TXID}")).await.1, wire);
    assert_eq!(again.get(&format!("/cobv/{TXID}?revisao=0")).await.1["valor"]["original"], "10.00");
    assert_eq!(again.bank.webhooks(), town.bank.webhooks());
    assert!(again.bank.pending_callbacks().is_empty());
    assert_eq!(again.bank.settle_refunds().unwrap(), 1, "the refund under way is remembered");
    let second = again.bank.pay(&other, PayOptions::default()).unwrap();
    assert_ne!(second.e2eid, paid.e2eid, "a restart never repeats an id");
}

#[tokio::test]
async fn a_bank_killed_between_commit_and_delivery_still_calls_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.sqlite");
    let inbox = Inbox::open().await;
    let town = Town::with(MORNING, |config| stored(config, &file)).await;
    town.register(&inbox).await;
    town.cobv(TXID, "10.00", "2026-03-31").await;
    let paid = town.bank.pay(TXID, PayOptions::default()).unwrap();
    // What kill -9 leaves behind: no destructor runs, so no connection closes and no log is folded.
    std::mem::forget(town);

    let again = Town::with(MORNING, |config| stored(config, &file)).await;
    assert_eq!(again.bank.pending_callbacks().len(), 1);
    assert_eq!(again.bank.deliver_callbacks().await.delivered, 1);
    assert_eq!(inbox.pixs()[0]["endToEndId"], paid.e2eid);
    assert_eq!(again.bank.known_paid_at(TXID), Some(super::instant(MORNING)));
}

#[tokio::test]
async fn a_charge_whose_answer_was_lost_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.sqlite");
    let town = Town::with(MORNING, |config| stored(config, &file)).await;
    town.bank.faults().next_call(crate::HttpFault::TimeoutAfterCommit);
    let body = super::cobv_body("10.00", "2026-03-31");
    assert!(town.try_call("PUT", &format!("/cobv/{TXID}"), Some(body)).await.is_err());
    let again = Town::with(MORNING, |config| stored(config, &file)).await;
    assert_eq!(again.bank.charge(TXID).unwrap().chave, KEY);
}

#[test]
fn a_bank_that_could_not_serve_does_not_open() {
    let config = || BankConfig::new(std::sync::Arc::new(|| super::instant(MORNING)));
    let long = BankConfig { public_host: "h".repeat(34), ..config() };
    assert!(matches!(Bank::open(long), Err(OpenError::PublicHostTooLong)));
    let fits = BankConfig { public_host: "h".repeat(33), ..config() };
    assert!(Bank::open(fits).is_ok());
    let scheme = BankConfig { public_host: "https://x".to_owned(), ..config() };
    assert!(matches!(Bank::open(scheme), Err(OpenError::PublicHostHasScheme)));
    let ispb = BankConfig { ispb: "1234".to_owned(), ..config() };
    assert!(matches!(Bank::open(ispb), Err(OpenError::BadIspb)));
}
