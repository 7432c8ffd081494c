//! Secrets from AWS Secrets Manager.
//!
//! Owns the prefix of names. Does not own what a secret says, nor how long it is remembered.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use quita_app::Unknown;
use quita_app::ports::Secrets;

use crate::clients::Clients;
use crate::fault::Fault;

/// What a failed reading was doing.
const DOING: &str = "reading a secret";
/// The code for a name that nothing is stored under. Source: Secrets Manager API reference,
/// GetSecretValue.
const NOT_FOUND: &str = "ResourceNotFoundException";

/// Secrets whose names begin with one prefix.
#[derive(Debug, Clone)]
pub struct SecretsManager {
    client: Client,
    prefix: String,
}

impl SecretsManager {
    pub fn new(clients: &Clients, prefix: String) -> Self {
        Self { client: Client::new(&clients.sdk), prefix }
    }
}

#[async_trait]
impl Secrets for SecretsManager {
    async fn get(&self, name: &str) -> Result<Option<String>, Unknown> {
        let id = format!("{}{name}", self.prefix);
        match self.client.get_secret_value().secret_id(id).send().await {
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
}

#[cfg(test)]
mod tests;
