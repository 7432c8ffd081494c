use std::time::Duration;

use super::bank::{ScriptedBank, cobv, payment, reply, token, txid};
use crate::error::PixError;
use crate::profile::{Bank, BankProfile, Environment};

#[tokio::test]
async fn one_token_serves_many_calls() {
    let bank = ScriptedBank::new(vec![reply(200, cobv()); 3]).await;
    let client = bank.client();
    for _ in 0..3 {
        client.get_cobv(&txid()).await.unwrap();
    }
    assert_eq!((client.calls(), client.token_calls()), (3, 1));
    assert!(bank.seen().iter().all(|seen| seen.header("authorization") == "Bearer token-1"));
}

#[tokio::test]
async fn callers_at_once_share_one_token_call() {
    let slow = token(1, 3600).late(Duration::from_millis(50));
    let bank = ScriptedBank::with_tokens(vec![reply(200, cobv()); 8], [slow]).await;
    let client = bank.client();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get_cobv(&txid()).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!((client.calls(), client.token_calls()), (8, 1));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let bank = ScriptedBank::with_tokens(vec![reply(200, cobv()); 2], [token(1, 1)]).await;
    let client = bank.client();
    client.get_cobv(&txid()).await.unwrap();
    // One second of life, renewed at four fifths of it.
    tokio::time::sleep(Duration::from_millis(850)).await;
    client.get_cobv(&txid()).await.unwrap();
    assert_eq!(client.token_calls(), 2);
    assert_eq!(bank.seen()[1].header("authorization"), "Bearer token-2");
}

#[tokio::test]
async fn a_401_renews_the_token_once_and_repeats_even_a_post() {
    let bank = ScriptedBank::new([reply(401, ""), reply(201, cobv())]).await;
    let client = bank.client();
    let cob = serde_json::from_str(r#"{"calendario":{},"valor":{"original":"1.00"},"chave":"k"}"#);
    drop(client.post_cob(&cob.unwrap()).await);
    assert_eq!((client.calls(), client.token_calls()), (2, 2));
    assert_eq!(bank.seen()[1].header("authorization"), "Bearer token-2");
}

#[tokio::test]
async fn a_second_401_is_the_answer() {
    let bank = ScriptedBank::new(vec![reply(401, r#"{"title":"no"}"#); 5]).await;
    let client = bank.client();
    let error = client.get_pix(&payment()).await.unwrap_err();
    assert!(
        matches!(&error, PixError::Unauthorized(problem) if problem.title == "no"),
        "{error:?}"
    );
    assert_eq!((client.calls(), client.token_calls()), (2, 2));
}

#[tokio::test]
async fn a_401_renewed_by_another_caller_costs_no_second_token_call() {
    let mut script = vec![reply(401, "").late(Duration::from_millis(150)); 4];
    script.extend(vec![reply(200, cobv()); 4]);
    let bank = ScriptedBank::new(script).await;
    let client = bank.client();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get_cobv(&txid()).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!((client.calls(), client.token_calls()), (8, 2));
}

#[tokio::test]
async fn wrong_credentials_are_not_tried_again() {
    let body = include_str!("../../../fixtures/banks/problem_oauth.json");
    let bank = ScriptedBank::with_tokens([], vec![reply(401, body); 5]).await;
    let client = bank.client();
    let error = client.get_pix(&payment()).await.unwrap_err();
    assert!(matches!(&error, PixError::Unauthorized(problem) if problem.kind == "invalid_client"));
    assert_eq!((client.calls(), client.token_calls()), (0, 1));
}

#[tokio::test]
async fn a_token_service_that_falters_is_asked_again() {
    let bank =
        ScriptedBank::with_tokens([reply(200, cobv())], [reply(503, ""), reply(502, "")]).await;
    let client = bank.client();
    client.get_cobv(&txid()).await.unwrap();
    assert_eq!((client.calls(), client.token_calls()), (1, 3));
}

#[tokio::test]
async fn each_bank_is_asked_for_its_token_in_its_own_way() {
    use Environment::{Production, Test};
    let basic = "Basic dGhlLWlkOnRoZS1zZWNyZXQ=";
    let scope = "scope=cob.read+cob.write+cobv.read+cobv.write+payloadlocation.read\
                 +payloadlocation.write+pix.read+pix.write+webhook.read+webhook.write";
    let grant = "grant_type=client_credentials";
    let secret = "client_id=the-id&client_secret=the-secret";
    for (bank, environment, line, authorization, body) in [
        (
            Bank::Efi,
            Production,
            "POST /oauth/token",
            basic,
            "{\"grant_type\":\"client_credentials\"}".to_owned(),
        ),
        (Bank::BancoDoBrasil, Production, "POST /oauth/token", basic, format!("{grant}&{scope}")),
        (Bank::Bradesco, Production, "POST /oauth/token", basic, format!("{grant}&{scope}")),
        (Bank::Sicredi, Production, "POST /oauth/token", basic, format!("{grant}&{scope}")),
        (Bank::Itau, Production, "POST /oauth/token", "", format!("{grant}&{secret}")),
        (
            Bank::Itau,
            Test,
            "POST /oauth/token",
            "",
            "{\"client_id\":\"the-id\",\"client_secret\":\"the-secret\"}".to_owned(),
        ),
        (Bank::Inter, Production, "POST /oauth/token", "", format!("{grant}&{secret}&{scope}")),
        (
            Bank::Santander,
            Production,
            "POST /oauth/token?grant_type=client_credentials",
            "",
            secret.to_owned(),
        ),
        (
            Bank::Sicoob,
            Production,
            "POST /oauth/token",
            "",
            format!("{grant}&client_id=the-id&{scope}"),
        ),
    ] {
        let scripted = ScriptedBank::new([reply(200, cobv())]).await;
        let profile = BankProfile::of(bank, environment).at(&scripted.url(), &scripted.token_url());
        scripted.client_as(profile).get_cobv(&txid()).await.unwrap();
        let asked = &scripted.seen_tokens()[0];
        assert_eq!(asked.line, line, "{bank:?}");
        assert_eq!(asked.header("authorization"), authorization, "{bank:?}");
        assert_eq!(asked.body, body, "{bank:?}");
    }
}

#[tokio::test]
async fn each_bank_gets_the_extra_parts_it_wants() {
    use Environment::{Production, Test};
    for (bank, environment, name, value) in [
        (Bank::Itau, Test, "x-sandbox-token", "token-1"),
        (Bank::Sicoob, Production, "client_id", "the-id"),
        (Bank::Sicoob, Test, "authorization", "Bearer fixed-token"),
    ] {
        let scripted = ScriptedBank::new([reply(200, cobv())]).await;
        let profile = BankProfile::of(bank, environment).at(&scripted.url(), &scripted.token_url());
        scripted.client_as(profile).get_cobv(&txid()).await.unwrap();
        assert_eq!(scripted.seen()[0].header(name), value, "{bank:?}");
    }
    let scripted = ScriptedBank::new(vec![reply(200, cobv()); 2]).await;
    let profile = BankProfile::of(Bank::BancoDoBrasil, Test);
    let client = scripted.client_as(profile.at(&scripted.url(), &scripted.token_url()));
    client.get_cobv(&txid()).await.unwrap();
    assert!(scripted.lines()[0].ends_with("?gw-dev-app-key=app-key"), "{:?}", scripted.lines());

    let scripted = ScriptedBank::new(vec![reply(200, cobv()); 2]).await;
    let profile = BankProfile::of(Bank::Itau, Production);
    let client = scripted.client_as(profile.at(&scripted.url(), &scripted.token_url()));
    client.get_cobv(&txid()).await.unwrap();
    client.get_cobv(&txid()).await.unwrap();
    let ids: Vec<_> =
        scripted.seen().iter().map(|s| s.header("x-correlationid").to_owned()).collect();
    assert!(ids[0].len() == 36 && ids[0] != ids[1], "{ids:?}");
}
