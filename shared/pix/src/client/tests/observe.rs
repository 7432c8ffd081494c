use std::cell::RefCell;
use std::time::Duration;

use super::bank::{ScriptedBank, cobv, credentials, hasty, reply, txid};
use crate::client::{BankCall, CallEnd, ClientOptions, PspClient};

thread_local! {
    /// What the observer was told on this thread, which is where a test's client runs.
    static TOLD: RefCell<Vec<BankCall>> = const { RefCell::new(Vec::new()) };
}

fn keep(call: BankCall) {
    TOLD.with_borrow_mut(|told| told.push(call));
}

fn told() -> Vec<(&'static str, CallEnd)> {
    TOLD.with_borrow(|told| told.iter().map(|call| (call.operation, call.end)).collect())
}

fn watched(bank: &ScriptedBank) -> PspClient {
    let options = ClientOptions { observer: keep, ..hasty() };
    PspClient::new(bank.profile(), credentials(), options).unwrap()
}

#[tokio::test]
async fn every_request_is_told_with_how_it_ended() {
    use CallEnd::{Answered, Failed};
    let bank = ScriptedBank::new([
        reply(503, ""),
        reply(200, cobv()),
        reply(404, "{}"),
        reply(400, "{}"),
        reply(403, "{}"),
    ])
    .await;
    let client = watched(&bank);
    client.get_cobv(&txid()).await.unwrap();
    for _ in 0..3 {
        assert!(client.get_cobv(&txid()).await.is_err());
    }
    let get = "get_cobv";
    let expected = [
        ("token", Answered),
        (get, Failed),
        (get, Answered),
        (get, Answered),
        (get, Answered),
        (get, Failed),
    ];
    assert_eq!(told(), expected);
}

#[tokio::test]
async fn a_request_whose_caller_gives_up_is_told_as_well() {
    const PATIENCE: Duration = Duration::from_millis(50);
    let bank = ScriptedBank::new([reply(200, cobv()).late(Duration::from_secs(5))]).await;
    let client = watched(&bank);
    assert!(tokio::time::timeout(PATIENCE, client.get_cobv(&txid())).await.is_err());
    assert_eq!(told(), [("token", CallEnd::Answered), ("get_cobv", CallEnd::Abandoned)]);
    let took = TOLD.with_borrow(|told| told[1].took);
    assert!((Duration::from_millis(1)..Duration::from_secs(5)).contains(&took), "{took:?}");
}
