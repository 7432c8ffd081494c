use std::time::{Duration, Instant};

use serde_json::json;

use super::bank::{Reply, ScriptedBank, cobv, credentials, hasty, payment, refusal, reply, txid};
use crate::client::{ClientOptions, PspClient};
use crate::error::{PixError, UnknownCause};
use crate::profile::{Bank, BankProfile, Environment};
use crate::wire::{CobSolicitada, CobVRevisada, CobVSolicitada, TipoCob};

fn cob() -> CobSolicitada {
    serde_json::from_str(r#"{"calendario":{},"valor":{"original":"1.00"},"chave":"k"}"#).unwrap()
}

fn charge() -> CobVSolicitada {
    serde_json::from_str(include_str!("../../../fixtures/spec/cobv.json")).unwrap()
}

/// A name for the decision an error asks for.
fn decision<T: std::fmt::Debug>(outcome: Result<T, PixError>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(PixError::Refused(_)) => "refused",
        Err(PixError::NotFound) => "not found",
        Err(PixError::Unauthorized(_)) => "unauthorized",
        Err(PixError::Throttled { .. }) => "throttled",
        Err(PixError::Unknown { .. }) => "unknown",
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_status_asks_for_one_decision() {
    // Status, decision for a PUT, calls made; decision for a GET, calls made.
    for (status, put, put_calls, get, get_calls) in [
        (200, "ok", 1, "ok", 1),
        (201, "ok", 1, "unknown", 1),
        (202, "unknown", 1, "unknown", 1),
        (204, "unknown", 1, "unknown", 1),
        (302, "unknown", 1, "unknown", 1),
        (400, "refused", 1, "refused", 1),
        (403, "unauthorized", 1, "unauthorized", 1),
        (404, "refused", 1, "not found", 1),
        (408, "unknown", 1, "unknown", 1),
        (409, "refused", 1, "refused", 1),
        (410, "refused", 1, "not found", 1),
        (422, "refused", 1, "refused", 1),
        (429, "throttled", 3, "throttled", 3),
        (500, "unknown", 3, "unknown", 3),
        (502, "unknown", 3, "unknown", 3),
        (503, "unknown", 3, "unknown", 3),
        (504, "unknown", 3, "unknown", 3),
    ] {
        let script = || vec![reply(status, cobv()); 3];
        let bank = ScriptedBank::new(script()).await;
        let client = bank.client();
        assert_eq!(decision(client.put_cobv(&txid(), &charge()).await), put, "PUT {status}");
        assert_eq!(client.calls(), put_calls, "PUT {status}");
        let bank = ScriptedBank::new(script()).await;
        let client = bank.client();
        assert_eq!(decision(client.get_cobv(&txid()).await), get, "GET {status}");
        assert_eq!(client.calls(), get_calls, "GET {status}");
    }
}

#[tokio::test]
async fn a_success_code_the_bank_does_not_use_is_an_unknown_outcome() {
    for (bank_kind, status, expected) in [
        (Bank::Efi, 201, "ok"),
        (Bank::Efi, 200, "unknown"),
        (Bank::Bradesco, 200, "ok"),
        (Bank::Sicredi, 200, "ok"),
        (Bank::BancoDoBrasil, 200, "ok"),
    ] {
        let bank = ScriptedBank::new([reply(status, cobv())]).await;
        let profile = BankProfile::of(bank_kind, Environment::Production);
        let client = bank.client_as(profile.at(&bank.url(), &bank.token_url()));
        let outcome = client.put_cobv(&txid(), &charge()).await;
        assert_eq!(decision(outcome), expected, "{bank_kind:?} answering {status}");
    }
}

#[tokio::test]
async fn trap_40_a_call_that_may_happen_twice_is_made_once() {
    for status in [429, 500, 503] {
        let bank = ScriptedBank::new(vec![reply(status, ""); 3]).await;
        let client = bank.client();
        drop(client.post_cob(&cob()).await);
        assert_eq!(client.calls(), 1, "POST /cob after {status}");
        drop(client.post_loc(TipoCob::CobV).await);
        assert_eq!(client.calls(), 2, "POST /loc after {status}");
        drop(client.revise_cobv(&txid(), &CobVRevisada::default()).await);
        assert_eq!(client.calls(), 3, "PATCH after {status}");
    }
    let bank = ScriptedBank::new([late(), late()]).await;
    let client = bank.client();
    let outcome = client.post_cob(&cob()).await;
    assert!(matches!(outcome, Err(PixError::Unknown { source: UnknownCause::Timeout })));
    assert_eq!(bank.lines(), ["POST /v2/cob"]);
}

fn late() -> Reply {
    reply(201, cobv()).late(Duration::from_secs(5))
}

#[tokio::test]
async fn a_put_survives_a_timeout_and_an_outage() {
    let bank = ScriptedBank::new([late(), reply(503, ""), reply(201, cobv())]).await;
    let client = bank.client();
    let created = client.put_cobv(&txid(), &charge()).await.unwrap();
    assert_eq!(created.txid, txid());
    let line = format!("PUT /v2/cobv/{}", txid().as_str());
    assert_eq!(bank.lines(), [line.clone(), line.clone(), line]);
    let bodies: Vec<_> = bank.seen().into_iter().map(|seen| seen.body).collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "each time the same request");
}

#[tokio::test]
async fn a_bank_that_is_not_there_is_an_unknown_outcome() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let profile = BankProfile::custom(&format!("{origin}/v2"), &format!("{origin}/oauth/token"));
    let client = PspClient::new(profile, credentials(), hasty()).unwrap();
    let error = client.get_pix(&payment()).await.unwrap_err();
    assert!(matches!(&error, PixError::Unknown { source: UnknownCause::Connection(_) }));
    let shown = format!("{error:?}");
    assert!(!shown.contains("oauth/token"), "an address is in {shown}");
    assert_eq!((client.calls(), client.token_calls()), (0, 3));
}

#[tokio::test]
async fn retry_after_is_waited_out_when_short_and_handed_over_when_long() {
    let busy = reply(429, "").header("retry-after", "1");
    let bank = ScriptedBank::new([busy, reply(200, cobv())]).await;
    let begun = Instant::now();
    assert!(bank.client().get_cobv(&txid()).await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1), "came back too early");

    let busy = reply(429, "").header("retry-after", "120");
    let bank = ScriptedBank::new([busy, reply(200, cobv())]).await;
    let client = bank.client();
    let outcome = client.get_cobv(&txid()).await;
    let two_minutes = Some(Duration::from_secs(120));
    assert!(
        matches!(outcome, Err(PixError::Throttled { retry_after }) if retry_after == two_minutes)
    );
    assert_eq!(client.calls(), 1);
}

#[tokio::test]
async fn the_budget_ends_a_call_whatever_it_is_doing() {
    let bank = ScriptedBank::new(vec![reply(503, "").header("retry-after", "1"); 9]).await;
    let options = ClientOptions { call_budget: Duration::from_millis(100), ..hasty() };
    let client = PspClient::new(bank.profile(), credentials(), options).unwrap();
    let begun = Instant::now();
    assert_eq!(decision(client.get_cobv(&txid()).await), "unknown");
    assert!(begun.elapsed() < Duration::from_millis(900));
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit() {
    let big = json!({"x": "y".repeat(5_000)});
    let bank = ScriptedBank::new([reply(200, big)]).await;
    let options = ClientOptions { response_bytes_max: 4_000, ..hasty() };
    let client = PspClient::new(bank.profile(), credentials(), options).unwrap();
    let error = client.get_cobv(&txid()).await.unwrap_err();
    let limit =
        matches!(error, PixError::Unknown { source: UnknownCause::TooLong { limit: 4_000 } });
    assert!(limit, "{error:?}");
    assert_eq!(client.calls(), 1, "it would be as long again");
}

#[tokio::test]
async fn an_unreadable_answer_is_an_unknown_outcome_without_content() {
    for body in ["<html>", "", "{\"txid\":\"12345678909\",\"status\":7}"] {
        let bank = ScriptedBank::new([reply(201, body)]).await;
        let error = bank.client().put_cobv(&txid(), &charge()).await.unwrap_err();
        let PixError::Unknown { source } = &error else { panic!("{error:?}") };
        assert!(matches!(source, UnknownCause::Unreadable { .. }), "{source:?}");
        assert!(!format!("{error:?}").contains("12345678909"));
    }
}

#[tokio::test]
async fn a_refusal_says_why() {
    let body = include_str!("../../../fixtures/spec/problem_cobv.json");
    let bank = ScriptedBank::new([reply(400, body), refusal("again")]).await;
    let error = bank.client().put_cobv(&txid(), &charge()).await.unwrap_err();
    let PixError::Refused(problem) = error else { panic!("{error:?}") };
    assert_eq!(problem.violations[0].property, "cobv.devedor");
    assert_eq!(problem.status, 400);
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let thief = ScriptedBank::new([reply(200, cobv())]).await;
    let elsewhere = format!("{}/v2/stolen", thief.origin);
    let bank = ScriptedBank::new([reply(307, "").header("location", &elsewhere)]).await;
    assert_eq!(decision(bank.client().get_cobv(&txid()).await), "unknown");
    assert_eq!((bank.lines().len(), thief.lines().len()), (1, 0));
}

#[tokio::test]
async fn santander_revises_elsewhere_and_may_answer_a_list_of_one() {
    let bank = ScriptedBank::new([reply(200, json!([cobv()])), reply(200, cobv())]).await;
    let santander = BankProfile::of(Bank::Santander, Environment::Test);
    let mut profile = santander.at(&bank.url(), &bank.token_url());
    profile.patch_base_url = Some(format!("{}/v3", bank.origin));
    let client = bank.client_as(profile);
    assert_eq!(client.get_cobv(&txid()).await.unwrap().txid, txid());
    client.revise_cobv(&txid(), &CobVRevisada::default()).await.unwrap();
    assert!(bank.lines()[1].starts_with("PATCH /v3/cobv/"), "{:?}", bank.lines());
}
