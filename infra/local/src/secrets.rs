//! Secrets of one machine: made once from the system's randomness and kept in one file.
//!
//! Owns the signing key, the API key and the sandbox bank's password. Invariant: a secret is made
//! once; losing it would break every link already sent, so it is on disk before it is used.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use quita_app::Unknown;
use quita_app::credentials;
use quita_app::links::{self, SigningKey};
use quita_app::ports::Secrets;
use quita_core::ids::{ApiKeyId, MerchantId};
use quita_core::merchant::Mode;

use crate::files;

/// Random bytes of a key; each becomes two characters.
const KEY_BYTES: usize = 24;
/// Name of the API key in clear, which only this machine keeps.
const API_KEY: &str = "local/api-key";
/// Name of the sandbox bank's client secret.
const BANK_PASSWORD: &str = "local/bank-password";

/// The secrets.
#[derive(Default)]
pub struct LocalSecrets {
    values: Mutex<BTreeMap<String, String>>,
    /// What was set for this run only hides what is kept.
    overlay: Mutex<BTreeMap<String, String>>,
    file: Option<PathBuf>,
}

/// Why there are no secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error("the file of secrets cannot be used")]
    File(#[from] io::Error),
    #[error("the file of secrets is not a JSON object of strings")]
    Malformed,
    #[error("the system gives no randomness")]
    Random,
}

impl LocalSecrets {
    /// No secrets; they end with the process.
    pub fn memory() -> Self {
        Self::default()
    }

    /// The secrets of a file that only its owner may read; created at the first secret.
    pub fn in_file(path: &Path) -> Result<Self, SecretsError> {
        let values = match files::read(path)? {
            None => BTreeMap::new(),
            Some(text) => serde_json::from_str(&text).map_err(|_| SecretsError::Malformed)?,
        };
        let file = Some(path.to_owned());
        Ok(Self { values: Mutex::new(values), file, ..Self::default() })
    }

    /// Sets a secret for the life of this process.
    pub fn set(&self, name: impl Into<String>, value: impl Into<String>) {
        lock(&self.overlay).insert(name.into(), value.into());
    }

    /// The key that links are signed with.
    pub fn signing_key(&self) -> Result<String, SecretsError> {
        self.made_once(links::SECRET, || Ok(format!("{}{}", random_hex()?, random_hex()?)))
    }

    /// The token of an API key of the one merchant, in clear. The table knows its hash only.
    pub fn api_key(
        &self,
        signing: &SigningKey,
        merchant: &MerchantId,
        id: &ApiKeyId,
    ) -> Result<String, SecretsError> {
        self.made_once(API_KEY, || {
            let minted = credentials::mint_api_key(signing, Mode::Test, merchant, id);
            minted.map(|minted| minted.token).map_err(|_| SecretsError::Random)
        })
    }

    /// The operator's token, in clear.
    pub fn operator_token(&self) -> Result<String, SecretsError> {
        let secret = self.made_once(credentials::OPERATOR_SECRET, random_hex)?;
        Ok(format!("qo_{secret}"))
    }

    /// The client secret of the sandbox bank.
    pub fn bank_password(&self) -> Result<String, SecretsError> {
        self.made_once(BANK_PASSWORD, random_hex)
    }

    fn made_once(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<String, SecretsError>,
    ) -> Result<String, SecretsError> {
        let mut values = lock(&self.values);
        if let Some(known) = values.get(name) {
            return Ok(known.clone());
        }
        let value = make()?;
        self.keep(&mut values, name, &value)?;
        Ok(value)
    }

    /// Keeps a secret on disk, then in memory.
    fn keep(
        &self,
        values: &mut BTreeMap<String, String>,
        name: &str,
        value: &str,
    ) -> Result<(), SecretsError> {
        let mut grown = values.clone();
        grown.insert(name.to_owned(), value.to_owned());
        if let Some(path) = &self.file {
            let text = serde_json::to_vec_pretty(&grown).map_err(io::Error::from)?;
            files::replace_secret(path, &text)?;
        }
        *values = grown;
        Ok(())
    }
}

#[async_trait]
impl Secrets for LocalSecrets {
    async fn get(&self, name: &str) -> Result<Option<String>, Unknown> {
        let overlaid = lock(&self.overlay).get(name).cloned();
        Ok(overlaid.or_else(|| lock(&self.values).get(name).cloned()))
    }

    async fn put(&self, name: &str, value: &str) -> Result<(), Unknown> {
        self.keep(&mut lock(&self.values), name, value)
            .map_err(|error| Unknown::new("writing a secret", error))?;
        lock(&self.overlay).remove(name);
        Ok(())
    }
}

fn random_hex() -> Result<String, SecretsError> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| SecretsError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merchant() -> MerchantId {
        MerchantId::parse("mer_demo").unwrap()
    }

    fn id() -> ApiKeyId {
        ApiKeyId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap()
    }

    #[test]
    fn keys_are_made_once_and_only_the_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        let first = LocalSecrets::in_file(&path).unwrap();
        let signing = first.signing_key().unwrap();
        let key = SigningKey::new(&signing).unwrap();
        let api = first.api_key(&key, &merchant(), &id()).unwrap();
        let operator = first.operator_token().unwrap();
        let again = LocalSecrets::in_file(&path).unwrap();
        assert_eq!(again.signing_key().unwrap(), signing);
        assert_eq!(again.api_key(&key, &merchant(), &id()).unwrap(), api);
        assert_eq!(again.operator_token().unwrap(), operator);
        assert_eq!(credentials::api_key_of(&key, &api), Some((merchant(), id())));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn a_secret_that_was_set_is_lost_with_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        let first = LocalSecrets::in_file(&path).unwrap();
        first.set("bank/mer_demo", "of this run");
        first.put("bank/mer_demo", "kept").await.unwrap();
        assert_eq!(first.get("bank/mer_demo").await.unwrap().as_deref(), Some("kept"));
        let again = LocalSecrets::in_file(&path).unwrap();
        assert_eq!(again.get("bank/mer_demo").await.unwrap().as_deref(), Some("kept"));
    }

    #[test]
    fn two_machines_never_share_a_key() {
        let keys = [LocalSecrets::memory(), LocalSecrets::memory()]
            .map(|secrets| secrets.signing_key().unwrap());
        assert_ne!(keys[0], keys[1]);
    }
}
