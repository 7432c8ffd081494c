use serde_json::json;

use super::*;
use crate::replay::{Answer, Replay, refusal};

async fn get(service: &Replay) -> Result<Option<String>, Unknown> {
    let secrets = SecretsManager::new(&service.clients(), "quita/".to_owned());
    secrets.get("bank/mer_a").await
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_asked_for_under_the_prefix() {
    let service = Replay::ok(json!({ "SecretString": "hush" }));
    assert_eq!(get(&service).await.unwrap().as_deref(), Some("hush"));
    assert_eq!(service.asked()[0].target, "secretsmanager.GetSecretValue");
    assert_eq!(service.body(), json!({ "SecretId": "quita/bank/mer_a" }));
}

#[tokio::test(start_paused = true)]
async fn a_name_without_a_secret_is_none_and_not_an_outage() {
    let service = Replay::new([refusal(400, "ResourceNotFoundException")]);
    assert_eq!(get(&service).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
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

async fn put(service: &Replay) -> Result<(), Unknown> {
    let secrets = SecretsManager::new(&service.clients(), "quita/".to_owned());
    secrets.put("bank/mer_a", "hush").await
}

fn targets(service: &Replay) -> Vec<String> {
    let name = |target: &str| target.rsplit('.').next().unwrap_or_default().to_owned();
    service.asked().iter().map(|asked| name(&asked.target)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_exists_is_created_a_second_time() {
    let done = || Answer::Http(200, json!({ "Name": "quita/bank/mer_a" }).to_string());
    let service = Replay::new([done()]);
    put(&service).await.unwrap();
    assert_eq!(targets(&service), ["PutSecretValue"]);
    assert_eq!(service.asked()[0].body["SecretString"], "hush");

    let absent = || refusal(400, "ResourceNotFoundException");
    let service = Replay::new([absent(), done()]);
    put(&service).await.unwrap();
    assert_eq!(targets(&service), ["PutSecretValue", "CreateSecret"]);
    assert_eq!(service.asked()[1].body["Name"], "quita/bank/mer_a");

    let service = Replay::new([absent(), refusal(400, "ResourceExistsException"), done()]);
    put(&service).await.unwrap();
    assert_eq!(targets(&service), ["PutSecretValue", "CreateSecret", "PutSecretValue"]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_was_not_written_counts_as_written() {
    for answer in [refusal(400, "AccessDeniedException"), refusal(500, "InternalServiceError")] {
        let service = Replay::new([answer]);
        let error = put(&service).await.unwrap_err();
        assert_eq!(error.to_string(), "outcome unknown while writing a secret");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}
