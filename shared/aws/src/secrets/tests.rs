use serde_json::json;

use super::*;
use crate::replay::{Answer, Replay, refusal};

async fn get(service: &Replay) -> Result<Option<String>, Unknown> {
    let secrets = SecretsManager::new(&service.clients().await, "quita/".to_owned());
    secrets.get("bank/mer_a").await
}

#[tokio::test]
async fn a_secret_is_asked_for_under_the_prefix() {
    let service = Replay::ok(json!({ "SecretString": "hush" }));
    assert_eq!(get(&service).await.unwrap().as_deref(), Some("hush"));
    assert_eq!(service.asked()[0].target, "secretsmanager.GetSecretValue");
    assert_eq!(service.body(), json!({ "SecretId": "quita/bank/mer_a" }));
}

#[tokio::test]
async fn a_name_without_a_secret_is_none_and_not_an_outage() {
    let service = Replay::new([refusal(400, "ResourceNotFoundException")]);
    assert_eq!(get(&service).await.unwrap(), None);
}

#[tokio::test]
async fn an_outage_is_not_mistaken_for_a_missing_secret() {
    for (answer, attempts) in [
        (refusal(400, "AccessDeniedException"), 1),
        (refusal(400, "InvalidRequestException"), 1),
        (refusal(500, "InternalServiceError"), 3),
        (Answer::Broken, 3),
        (Answer::Silence, 3),
        (Answer::Http(200, json!({ "SecretBinary": "aHVzaA==" }).to_string()), 1),
    ] {
        let service = Replay::new([answer.clone()]);
        let error = get(&service).await.unwrap_err();
        assert_eq!(error.to_string(), "outcome unknown while reading a secret");
        assert_eq!(service.asked().len(), attempts, "{answer:?}");
        assert!(!format!("{error:?}").contains("aHVzaA"), "{error:?}");
    }
}
