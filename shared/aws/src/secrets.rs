//! Secrets from AWS Secrets Manager.
//!
//! Owns the prefix of names. Does not own what a secret says, nor how long it is remembered.

use async_trait::async_trait;
use quita_app::Unknown;
use quita_app::ports::Secrets;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

use crate::calls::{Caller, Failed, PATIENCE, token};
use crate::clients::Clients;
use crate::signed::Service;

const SERVICE: Service = Service {
    id: "Secrets Manager",
    host: "secretsmanager",
    signing: "secretsmanager",
    is_s3: false,
};
const VERSION: &str = "1.1";
/// What a failed reading was doing.
const DOING: &str = "reading a secret";
/// What a failed writing was doing.
const WRITING: &str = "writing a secret";
/// The code for a name that nothing is stored under. Source: Secrets Manager API reference,
/// GetSecretValue and PutSecretValue.
const NOT_FOUND: &str = "ResourceNotFoundException";
/// The code for a name that was taken meanwhile. Source: Secrets Manager API reference,
/// CreateSecret.
const EXISTS: &str = "ResourceExistsException";

/// Secrets whose names begin with one prefix.
#[derive(Debug, Clone)]
pub struct SecretsManager {
    caller: Caller,
    prefix: String,
}

/// An answer with a secret. It has no `Debug`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    secret_string: Option<String>,
}

impl SecretsManager {
    pub fn new(clients: &Clients, prefix: String) -> Self {
        Self { caller: Caller::new(clients, SERVICE, PATIENCE), prefix }
    }

    /// Writes a value under `property`, the name as the operation calls it. The token makes a repeat
    /// the same version.
    async fn write(
        &self,
        operation: &str,
        property: &str,
        id: &str,
        value: &str,
    ) -> Result<(), Failed> {
        let body = json!({ property: id, "SecretString": value, "ClientRequestToken": token()? });
        self.call(operation, &body).await.map(|IgnoredAny| ())
    }

    async fn call<T: DeserializeOwned>(&self, operation: &str, body: &Value) -> Result<T, Failed> {
        let target = format!("secretsmanager.{operation}");
        self.caller.json(VERSION, &target, body.to_string().into_bytes()).await
    }

    /// A new version of a secret; `false` when there is no secret of that name.
    async fn put_version(&self, id: &str, value: &str) -> Result<bool, Unknown> {
        match self.write("PutSecretValue", "SecretId", id, value).await {
            Ok(()) => Ok(true),
            Err(failed) if failed.fault.code == NOT_FOUND => Ok(false),
            Err(failed) => Err(Unknown::new(WRITING, failed.fault)),
        }
    }
}

#[async_trait]
impl Secrets for SecretsManager {
    async fn get(&self, name: &str) -> Result<Option<String>, Unknown> {
        let body = json!({ "SecretId": format!("{}{name}", self.prefix) });
        match self.call("GetSecretValue", &body).await {
            Ok(Told { secret_string: Some(text) }) => Ok(Some(text)),
            Ok(Told { secret_string: None }) => {
                Err(Unknown::new(DOING, format!("the secret `{name}` is not text")))
            }
            Err(failed) if failed.fault.code == NOT_FOUND => Ok(None),
            Err(failed) => Err(Unknown::new(DOING, failed.fault)),
        }
    }

    async fn put(&self, name: &str, value: &str) -> Result<(), Unknown> {
        let id = format!("{}{name}", self.prefix);
        if self.put_version(&id, value).await? {
            return Ok(());
        }
        match self.write("CreateSecret", "Name", &id, value).await {
            Ok(()) => Ok(()),
            // Of two who create it, the second writes a version.
            Err(failed) if failed.fault.code == EXISTS && self.put_version(&id, value).await? => {
                Ok(())
            }
            Err(failed) => Err(Unknown::new(WRITING, failed.fault)),
        }
    }
}

#[cfg(test)]
mod tests;
