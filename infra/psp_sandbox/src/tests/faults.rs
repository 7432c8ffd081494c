//! Fears a fault that does not happen, happens to the wrong call, or does half of something.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{TXID, Town, cobv_body};
use crate::{FaultRates, HttpFault};

#[tokio::test]
async fn refusals_hit_the_next_calls_and_do_nothing() {
    let town = Town::new().await;
    let path = format!("/cobv/{TXID}");
    town.bank.faults().next_calls(2, HttpFault::TooManyRequests { retry_after_s: 7 });
    town.bank.faults().next_call(HttpFault::InternalError);
    town.bank.faults().next_call(HttpFault::Unavailable);
    let raw = super::client()
        .put(format!("{}{path}", town.base))
        .bearer_auth(&town.token)
        .json(&cobv_body("1.00", "2026-03-31"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (raw.status().as_u16(), &raw.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    for expected in [429, 500, 503] {
        let (status, body) = town.call("PUT", &path, cobv_body("1.00", "2026-03-31")).await;
        assert_eq!((status, &body["status"]), (expected, &json!(expected)));
    }
    assert!(town.bank.charges().is_empty());
    town.cobv(TXID, "1.00", "2026-03-31").await;
    assert_eq!(town.bank.calls()["PUT /cobv/{txid}"], 5);
    assert_eq!(town.bank.total_calls(), 5, "tokens are not counted");
    town.bank.reset_calls();
    assert_eq!(town.bank.total_calls(), 0);
}

#[tokio::test]
async fn a_timeout_before_commit_did_nothing_and_after_commit_did_everything() {
    let town = Town::new().await;
    let path = format!("/cobv/{TXID}");
    let started = Instant::now();
    for (fault, charges) in
        [(HttpFault::TimeoutBeforeCommit, 0), (HttpFault::TimeoutAfterCommit, 1)]
    {
        town.bank.faults().next_call(fault);
        let lost = town.try_call("PUT", &path, Some(cobv_body("1.00", "2026-03-31"))).await;
        assert!(lost.is_err(), "{fault:?} must not answer: {lost:?}");
        assert_eq!(town.bank.charges().len(), charges);
    }
    assert!(started.elapsed() < Duration::from_secs(2), "a lost answer is lost at once");
    assert_eq!(town.get(&path).await.0, 200);
}

#[tokio::test]
async fn a_stall_really_hangs() {
    let town = Town::new().await;
    town.bank.faults().set_stall(Some(Duration::from_millis(300)));
    town.bank.faults().next_call(HttpFault::TimeoutBeforeCommit);
    let started = Instant::now();
    assert!(town.try_call("GET", "/webhook", None).await.is_err());
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn rates_are_chances_and_clear_ends_them() {
    let town = Town::new().await;
    let rates = FaultRates {
        before_commit: 0.2,
        after_commit: 0.2,
        unavailable: 0.2,
        ..FaultRates::default()
    };
    town.bank.faults().set_rates(rates);
    let (mut lost, mut unavailable, mut fine) = (0, 0, 0);
    for _ in 0..100 {
        match town.try_call("GET", "/webhook", None).await {
            Err(_) => lost += 1,
            Ok((503, _)) => unavailable += 1,
            Ok(_) => fine += 1,
        }
    }
    assert!(lost > 20 && unavailable > 8 && fine > 20, "{lost} {unavailable} {fine}");
    town.bank.faults().clear();
    for _ in 0..20 {
        assert_eq!(town.get("/webhook").await.0, 200);
    }
}
