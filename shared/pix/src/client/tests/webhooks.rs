use std::collections::BTreeSet;

use quita_core::pix_key::PixKey;
use serde_json::json;

use super::bank::{ScriptedBank, credentials, hasty, reply};
use crate::client::{ClientOptions, PspClient, WebhookAuth, WebhookUrl, WebhookUrlError};
use crate::error::PixError;
use crate::profile::{Bank, BankProfile, Environment, Quirk};

fn url() -> WebhookUrl {
    WebhookUrl::parse("https://quita.example/hooks/7f3c").unwrap()
}

#[test]
fn trap_17_an_address_that_would_become_pix_pix_is_refused() {
    for wrong in [
        "https://quita.example/pix",
        "https://quita.example/pix/",
        "https://quita.example/hooks/7f3c/PIX",
    ] {
        assert_eq!(WebhookUrl::parse(wrong), Err(WebhookUrlError::EndsInPix), "{wrong}");
    }
    for (wrong, why) in [
        ("http://quita.example/hooks", WebhookUrlError::NotHttps),
        ("quita.example/hooks", WebhookUrlError::NotAUrl),
        ("https://quita.example/hooks?hmac=x", WebhookUrlError::HasQuery),
        ("https://quita.example/hooks#x", WebhookUrlError::HasQuery),
    ] {
        assert_eq!(WebhookUrl::parse(wrong), Err(why), "{wrong}");
    }
    for fine in
        ["https://quita.example/pix/7f3c", "https://quita.example", "http://127.0.0.1:8080/h"]
    {
        assert_eq!(WebhookUrl::parse(fine).unwrap().as_str(), fine);
    }
    assert_eq!(WebhookUrl::parse("https://a.example/h/").unwrap().as_str(), "https://a.example/h");
    assert!(!format!("{:?}", url()).contains("7f3c"), "the path may be a secret");
}

#[tokio::test]
async fn registers_reads_and_deletes() {
    let registered = json!({"webhookUrl": "https://quita.example/hooks/7f3c", "chave": "k"});
    let bank =
        ScriptedBank::new([reply(200, ""), reply(200, registered), reply(204, ""), reply(404, "")])
            .await;
    let client = bank.client();
    let phone = PixKey::parse("+5511987654321").unwrap();
    client.put_webhook(&phone, &url(), WebhookAuth::MutualTls).await.unwrap();
    assert_eq!(client.get_webhook(&phone).await.unwrap().webhook_url, url().as_str());
    client.delete_webhook(&phone).await.unwrap();
    client.delete_webhook(&phone).await.unwrap();
    let seen = bank.seen();
    assert_eq!(seen[0].line, "PUT /v2/webhook/+5511987654321");
    assert_eq!(seen[0].body, r#"{"webhookUrl":"https://quita.example/hooks/7f3c"}"#);
    assert_eq!(seen[0].header("x-skip-mtls-checking"), "");
}

#[tokio::test]
async fn a_webhook_without_mutual_tls_needs_an_explicit_opt_in() {
    let chave = PixKey::parse("7d9f0335-8dcc-4054-9bf9-0dbd61d36906").unwrap();
    let accepted = || ClientOptions {
        accepted_quirks: BTreeSet::from([Quirk::WebhookWithoutMtls]),
        ..hasty()
    };
    for (bank_kind, options, allowed) in [
        (Bank::Efi, hasty(), false),
        (Bank::Efi, accepted(), true),
        (Bank::Sicredi, accepted(), false),
    ] {
        let bank = ScriptedBank::new([reply(201, "")]).await;
        let profile =
            BankProfile::of(bank_kind, Environment::Production).at(&bank.url(), &bank.token_url());
        let client = PspClient::new(profile, credentials(), options).unwrap();
        let outcome = client.put_webhook(&chave, &url(), WebhookAuth::WithoutMtls).await;
        if allowed {
            outcome.unwrap();
            assert_eq!(bank.seen()[0].header("x-skip-mtls-checking"), "true");
        } else {
            let error = outcome.unwrap_err();
            assert!(matches!(error, PixError::QuirkNotAccepted(Quirk::WebhookWithoutMtls)));
            assert!(error.to_string().contains("accepted_quirks"), "says how to allow it");
            assert_eq!((client.calls(), client.token_calls()), (0, 0), "nothing was sent");
        }
    }
}
