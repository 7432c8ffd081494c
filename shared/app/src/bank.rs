//! The bank of each merchant: an API Pix client built from its secret, kept while the process lives.
//!
//! Owns the form of the secret ([`BankAccess`]) and how long a client is kept. Does not own what a
//! bank is asked, nor the check of what somebody typed (see [`crate::onboarding`]).
//!
//! A secret is read again after [`SECRET_AGE_MAX`], so that a changed connection takes effect in
//! every warm process within that time, and at once in the one that changed it. The client, with its
//! connections and its token, is made anew only when the secret says something else.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::ids::MerchantId;
use quita_pix::client::{ClientOptions, ConfigError, PspClient};
use quita_pix::credentials::{Credentials, CredentialsError};
use quita_pix::profile::{Bank, BankProfile, Environment};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Unknown;
use crate::metrics;
use crate::ports::Secrets;

/// Age from which a merchant's secret is read again.
pub const SECRET_AGE_MAX: TimeDelta = TimeDelta::minutes(5);
/// Name of the profile for any bank that has none of its own.
pub const CUSTOM: &str = "custom";

/// Bank clients by merchant.
pub struct Banks {
    options: ClientOptions,
    clients: Mutex<HashMap<MerchantId, Known>>,
}

struct Known {
    client: PspClient,
    /// SHA-256 of the secret it was built from.
    secret: [u8; 32],
    read_at: DateTime<Utc>,
}

/// The secret `bank/<merchant>`: which bank, where, and the credentials.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankAccess {
    /// Name of a profile, or [`CUSTOM`].
    pub bank: String,
    #[serde(default)]
    pub sandbox: bool,
    /// Both override the profile's addresses; needed for [`CUSTOM`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// As [`Credentials::from_json`] reads them.
    pub credentials: serde_json::Value,
}

/// Why a bank cannot be opened with what is known of it. No variant repeats a credential.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("there is no bank profile `{0}`")]
    UnknownBank(String),
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl BankAccess {
    /// How that bank is talked to.
    pub fn profile(&self) -> Result<BankProfile, AccessError> {
        match (self.bank.as_str(), &self.base_url, &self.token_url) {
            (CUSTOM, Some(base), Some(token)) => Ok(BankProfile::custom(base, token)),
            (name, base, token) => {
                let unknown = || AccessError::UnknownBank(name.to_owned());
                let bank = Bank::parse(name).ok_or_else(unknown)?;
                let environment =
                    if self.sandbox { Environment::Test } else { Environment::Production };
                let profile = BankProfile::of(bank, environment);
                Ok(match (base, token) {
                    (Some(base), Some(token)) => profile.at(base, token),
                    _ => profile,
                })
            }
        }
    }

    /// The credentials, with the certificate opened.
    pub fn credentials(&self) -> Result<Credentials, AccessError> {
        Ok(Credentials::from_json(&self.credentials.to_string())?)
    }

    /// The text of the secret.
    pub(crate) fn to_secret(&self) -> Result<String, Unknown> {
        serde_json::to_string(self)
            .map_err(|error| Unknown::new("writing the bank's secret", error))
    }
}

impl Banks {
    /// Every request of the clients is measured.
    pub fn new(options: ClientOptions) -> Self {
        let options = ClientOptions { observer: metrics::bank_call, ..options };
        Self { options, clients: Mutex::default() }
    }

    /// The client of a merchant's bank, as the secret has it now or had it [`SECRET_AGE_MAX`] ago.
    pub async fn of(
        &self,
        merchant: &MerchantId,
        secrets: &dyn Secrets,
        now: DateTime<Utc>,
    ) -> Result<PspClient, Unknown> {
        if let Some(known) = self.lock().get(merchant)
            && (TimeDelta::zero()..SECRET_AGE_MAX).contains(&(now - known.read_at))
        {
            return Ok(known.client.clone());
        }
        let name = secret_name(merchant);
        let secret = secrets.get(&name).await?;
        let secret = secret.ok_or_else(|| fault(format!("there is no secret `{name}`")))?;
        let digest: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        if let Some(known) = self.lock().get_mut(merchant)
            && known.secret == digest
        {
            known.read_at = now;
            return Ok(known.client.clone());
        }
        let client = self.open(&secret)?;
        let known = Known { client: client.clone(), secret: digest, read_at: now };
        self.lock().insert(merchant.clone(), known);
        Ok(client)
    }

    /// A client that tries credentials out: it asks once, and within `patience` a call.
    pub(crate) fn candidate(
        &self,
        access: &BankAccess,
        patience: std::time::Duration,
    ) -> Result<PspClient, AccessError> {
        let options = ClientOptions {
            attempts_max: 1,
            call_budget: patience,
            request_timeout: self.options.request_timeout.min(patience),
            ..self.options.clone()
        };
        Ok(PspClient::new(access.profile()?, access.credentials()?, options)?)
    }

    /// Lets go of a merchant's client, because its secret was changed here.
    pub(crate) fn forget(&self, merchant: &MerchantId) {
        self.lock().remove(merchant);
    }

    fn open(&self, secret: &str) -> Result<PspClient, Unknown> {
        // The parser's message could repeat a piece of the secret, so only its place is told.
        let shape = |error: serde_json::Error| {
            fault(format!("the secret does not parse at column {}", error.column()))
        };
        let access: BankAccess = serde_json::from_str(secret).map_err(shape)?;
        let opening = |error: AccessError| Unknown::new("opening the merchant's bank", error);
        let credentials = access.credentials().map_err(opening)?;
        let profile = access.profile().map_err(opening)?;
        Ok(PspClient::new(profile, credentials, self.options.clone())?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<MerchantId, Known>> {
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
