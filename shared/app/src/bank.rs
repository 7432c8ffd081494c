//! The bank of each merchant: an API Pix client built from its secret, kept while the process lives.

use std::collections::HashMap;
use std::sync::Mutex;

use quita_core::ids::MerchantId;
use quita_pix::client::{ClientOptions, PspClient};
use quita_pix::credentials::Credentials;
use quita_pix::profile::{Bank, BankProfile, Environment};
use serde::Deserialize;

use crate::error::Unknown;
use crate::ports::Secrets;

/// Bank clients by merchant.
pub struct Banks {
    options: ClientOptions,
    clients: Mutex<HashMap<MerchantId, PspClient>>,
}

/// The secret `bank/<merchant>`: which bank, where, and the credentials.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAccess {
    bank: String,
    #[serde(default)]
    sandbox: bool,
    /// Both override the profile's addresses; needed for the generic bank.
    base_url: Option<String>,
    token_url: Option<String>,
    credentials: serde_json::Value,
}

impl Banks {
    pub fn new(options: ClientOptions) -> Self {
        Self { options, clients: Mutex::default() }
    }

    /// The client of a merchant's bank.
    pub async fn of(
        &self,
        merchant: &MerchantId,
        secrets: &dyn Secrets,
    ) -> Result<PspClient, Unknown> {
        if let Some(client) = self.lock().get(merchant) {
            return Ok(client.clone());
        }
        let name = secret_name(merchant);
        let secret = secrets.get(&name).await?;
        let secret = secret.ok_or_else(|| fault(format!("there is no secret `{name}`")))?;
        let client = self.open(&secret)?;
        self.lock().insert(merchant.clone(), client.clone());
        Ok(client)
    }

    fn open(&self, secret: &str) -> Result<PspClient, Unknown> {
        // The parser's message could repeat a piece of the secret, so only its place is told.
        let shape = |error: serde_json::Error| {
            fault(format!("the secret does not parse at column {}", error.column()))
        };
        let access: StoredAccess = serde_json::from_str(secret).map_err(shape)?;
        let credentials = Credentials::from_json(&access.credentials.to_string())
            .map_err(|error| Unknown::new("reading the bank's credentials", error))?;
        let profile = match (access.bank.as_str(), access.base_url, access.token_url) {
            ("custom", Some(base), Some(token)) => BankProfile::custom(&base, &token),
            (name, base, token) => {
                let bank = Bank::parse(name)
                    .ok_or_else(|| fault(format!("there is no bank profile `{name}`")))?;
                let environment =
                    if access.sandbox { Environment::Test } else { Environment::Production };
                let profile = BankProfile::of(bank, environment);
                match (base, token) {
                    (Some(base), Some(token)) => profile.at(&base, &token),
                    _ => profile,
                }
            }
        };
        Ok(PspClient::new(profile, credentials, self.options.clone())?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<MerchantId, PspClient>> {
        self.clients.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Name of the secret with a merchant's bank access.
pub fn secret_name(merchant: &MerchantId) -> String {
    format!("bank/{merchant}")
}

fn fault(why: String) -> Unknown {
    Unknown::new("opening the merchant's bank", why)
}
