//! Secrets from AWS Secrets Manager.
//!
//! Owns the prefix of names. Does not own what a secret says, nor how long it is remembered.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use quita_app::Unknown;
use quita_app::ports::Secrets;

use crate::clients::{Clients, OnCall};
use crate::fault::Fault;

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
    client: OnCall<Client>,
    prefix: String,
}

impl SecretsManager {
    pub fn new(clients: &Clients, prefix: String) -> Self {
        Self { client: OnCall::new(clients, Client::new), prefix }
    }

    /// A new version of a secret; `false` when there is no secret of that name.
    async fn put_version(&self, id: &str, value: &str) -> Result<bool, Unknown> {
        match self.client.get().put_secret_value().secret_id(id).secret_string(value).send().await {
            Ok(_) => Ok(true),
            Err(error) => {
                let fault = Fault::of(&error);
                if fault.code == NOT_FOUND { Ok(false) } else { Err(Unknown::new(WRITING, fault)) }
            }
        }
    }
}

#[async_trait]
impl Secrets for SecretsManager {
    async fn get(&self, name: &str) -> Result<Option<String>, Unknown> {
        let id = format!("{}{name}", self.prefix);
        match self.client.get().get_secret_value().secret_id(id).send().await {
            Ok(answer) => match answer.secret_string {
                Some(text) => Ok(Some(text)),
                None => Err(Unknown::new(DOING, format!("the secret `{name}` is not text"))),
            },
            Err(error) => {
                let fault = Fault::of(&error);
                if fault.code == NOT_FOUND { Ok(None) } else { Err(Unknown::new(DOING, fault)) }
            }
        }
    }

    async fn put(&self, name: &str, value: &str) -> Result<(), Unknown> {
        let id = format!("{}{name}", self.prefix);
        if self.put_version(&id, value).await? {
            return Ok(());
        }
        match self.client.get().create_secret().name(&id).secret_string(value).send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let fault = Fault::of(&error);
                // Of two who create it, the second writes a version.
                if fault.code == EXISTS && self.put_version(&id, value).await? {
                    return Ok(());
                }
                Err(Unknown::new(WRITING, fault))
            }
        }
    }
}

#[cfg(test)]
mod tests;
