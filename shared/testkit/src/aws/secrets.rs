//! Secrets Manager: `GetSecretValue`, `CreateSecret`, `PutSecretValue`, on texts.

use async_trait::async_trait;
use axum::response::Response;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::access::secret_arn;
use super::answer::{Refusal, read, response};

/// Longest secret, in bytes. Source: Secrets Manager user guide, "Quotas".
const SECRET_BYTES_MAX: usize = 65_536;
const INVALID: &str = "InvalidParameterException";

/// Keeps secrets by their whole names, prefix included.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// The secret of a name; `Err` when the store does not answer.
    async fn get(&self, name: &str) -> Result<Option<String>, String>;

    /// Sets or replaces a secret.
    async fn put(&self, name: &str, value: &str) -> Result<(), String>;
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Get {
    secret_id: String,
}

/// Words about a secret change nothing here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Create {
    name: String,
    secret_string: String,
    #[serde(rename = "ClientRequestToken")]
    _client_request_token: Option<IgnoredAny>,
    #[serde(rename = "Description")]
    _description: Option<IgnoredAny>,
    #[serde(rename = "Tags")]
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Put {
    secret_id: String,
    secret_string: String,
    #[serde(rename = "ClientRequestToken")]
    _client_request_token: Option<IgnoredAny>,
}

pub(super) async fn answer(store: &dyn SecretStore, operation: &str, body: &[u8]) -> Response {
    let outcome = match operation {
        "GetSecretValue" => get(store, body).await,
        "CreateSecret" => create(store, body).await,
        "PutSecretValue" => put(store, body).await,
        other => Err(Refusal::unknown_operation(other)),
    };
    response(outcome)
}

async fn get(store: &dyn SecretStore, body: &[u8]) -> Result<Value, Refusal> {
    let Get { secret_id } = read(body, INVALID)?;
    let found = store.get(&secret_id).await.map_err(failed)?;
    let value = found.ok_or_else(not_found)?;
    let mut answer = told(&secret_id);
    answer["SecretString"] = json!(value);
    answer["VersionStages"] = json!(["AWSCURRENT"]);
    Ok(answer)
}

async fn create(store: &dyn SecretStore, body: &[u8]) -> Result<Value, Refusal> {
    let Create { name, secret_string, .. } = read(body, INVALID)?;
    if store.get(&name).await.map_err(failed)?.is_some() {
        return Err(Refusal::new("ResourceExistsException", "the secret is there already"));
    }
    set(store, &name, &secret_string).await
}

async fn put(store: &dyn SecretStore, body: &[u8]) -> Result<Value, Refusal> {
    let Put { secret_id, secret_string, .. } = read(body, INVALID)?;
    store.get(&secret_id).await.map_err(failed)?.ok_or_else(not_found)?;
    set(store, &secret_id, &secret_string).await
}

async fn set(store: &dyn SecretStore, name: &str, value: &str) -> Result<Value, Refusal> {
    if value.is_empty() || value.len() > SECRET_BYTES_MAX {
        return Err(Refusal::new(INVALID, format!("a secret of {} bytes", value.len())));
    }
    store.put(name, value).await.map_err(failed)?;
    Ok(told(name))
}

fn told(name: &str) -> Value {
    json!({ "ARN": secret_arn(name), "Name": name, "VersionId": "00000000-0000-4000-8000-000000000000" })
}

fn not_found() -> Refusal {
    Refusal::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

fn failed(why: String) -> Refusal {
    Refusal::internal("InternalServiceError", why)
}
