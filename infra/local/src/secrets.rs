//! Secrets of one machine: made once from the system's randomness and kept in one file.
//!
//! Owns the signing key, the API key and the sandbox bank's password. Invariant: a secret is made
//! once; losing it would break every link already sent, so it is on disk before it is used.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use quita_app::ports::Secrets;
use quita_app::{Unknown, keys, links};
use quita_core::ids::MerchantId;
use serde_json::json;

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

    /// The API key of the one merchant, in clear. The functions know its hash only.
    pub fn api_key(&self, merchant: &MerchantId) -> Result<String, SecretsError> {
        let key = self.made_once(API_KEY, || Ok(format!("qk_test_{}", random_hex()?)))?;
        let known = json!([{ "sha256": keys::hash(&key), "merchant": merchant }]);
        self.set(keys::SECRET, known.to_string());
        Ok(key)
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
        let mut grown = values.clone();
        grown.insert(name.to_owned(), value.clone());
        if let Some(path) = &self.file {
            let text = serde_json::to_vec_pretty(&grown).map_err(io::Error::from)?;
            files::replace_secret(path, &text)?;
        }
        *values = grown;
        Ok(value)
    }
}

#[async_trait]
impl Secrets for LocalSecrets {
    async fn get(&self, name: &str) -> Result<Option<String>, Unknown> {
        let overlaid = lock(&self.overlay).get(name).cloned();
        Ok(overlaid.or_else(|| lock(&self.values).get(name).cloned()))
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

    #[test]
    fn keys_are_made_once_and_only_the_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        let first = LocalSecrets::in_file(&path).unwrap();
        let (signing, api) = (first.signing_key().unwrap(), first.api_key(&merchant()).unwrap());
        let again = LocalSecrets::in_file(&path).unwrap();
        assert_eq!(again.signing_key().unwrap(), signing);
        assert_eq!(again.api_key(&merchant()).unwrap(), api);
        assert!(api.starts_with("qk_test_") && api.len() == 8 + 2 * KEY_BYTES, "{}", api.len());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn functions_find_the_key_by_its_hash() {
        let secrets = LocalSecrets::memory();
        let api = secrets.api_key(&merchant()).unwrap();
        let known = quita_app::keys::ApiKeys::default();
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        assert_eq!(known.merchant(&api, &secrets, now).await.unwrap(), Some(merchant()));
        let other = format!("{api}0");
        assert_eq!(known.merchant(&other, &secrets, now).await.unwrap(), None);
    }

    #[test]
    fn two_machines_never_share_a_key() {
        let keys = [LocalSecrets::memory(), LocalSecrets::memory()]
            .map(|secrets| secrets.signing_key().unwrap());
        assert_ne!(keys[0], keys[1]);
    }
}
