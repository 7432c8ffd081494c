//! API keys: which merchant a bearer token speaks for.
//!
//! Keys look like `qk_live_…` or `qk_test_…` and are known here by their SHA-256 only. They come
//! from one secret, read at cold start and again when a key is unknown, at most once a minute, or
//! when the list is some minutes old, so that a key taken out of force stops working everywhere.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::ids::MerchantId;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{Unknown, chain};
use crate::ports::Secrets;

/// Name of the secret that lists the keys.
pub const SECRET: &str = "api-keys";
/// Longest token that is looked at.
const KEY_BYTES_MAX: usize = 200;
/// Rest between two readings of the secret that unknown keys can cause.
const REFRESH_GAP: TimeDelta = TimeDelta::minutes(1);
/// Age from which the list is read again, also for a key that is on it.
const AGE_MAX: TimeDelta = TimeDelta::minutes(5);

/// The keys in force.
#[derive(Default)]
pub struct ApiKeys {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    merchants: HashMap<String, MerchantId>,
    read_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct StoredKey {
    sha256: String,
    merchant: MerchantId,
}

impl ApiKeys {
    /// The merchant a key belongs to, or `None` for a key that is not in force.
    pub async fn merchant(
        &self,
        token: &str,
        secrets: &dyn Secrets,
        now: DateTime<Utc>,
    ) -> Result<Option<MerchantId>, Unknown> {
        if token.len() > KEY_BYTES_MAX || !token.starts_with("qk_") {
            return Ok(None);
        }
        let hash = hash(token);
        let known = self.find(&hash);
        let gap = if known.is_some() { AGE_MAX } else { REFRESH_GAP };
        if !self.may_refresh(now, gap) {
            return Ok(known);
        }
        match (read(secrets).await, known) {
            (Ok(merchants), _) => self.lock().merchants = merchants,
            // Who was known a moment ago is served although the secrets do not answer.
            (Err(error), Some(merchant)) => {
                tracing::warn!(error = chain(&error), "API keys are not read again");
                return Ok(Some(merchant));
            }
            (Err(error), None) => return Err(error),
        }
        Ok(self.find(&hash))
    }

    fn find(&self, hash: &str) -> Option<MerchantId> {
        self.lock().merchants.get(hash).cloned()
    }

    fn may_refresh(&self, now: DateTime<Utc>, gap: TimeDelta) -> bool {
        let mut known = self.lock();
        let due = known.read_at.is_none_or(|at| now - at >= gap || now < at);
        if due {
            known.read_at = Some(now);
        }
        due
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

async fn read(secrets: &dyn Secrets) -> Result<HashMap<String, MerchantId>, Unknown> {
    let text = secrets.get(SECRET).await?.unwrap_or_else(|| "[]".to_owned());
    let keys: Vec<StoredKey> =
        serde_json::from_str(&text).map_err(|error| Unknown::new("reading the API keys", error))?;
    Ok(keys.into_iter().map(|key| (key.sha256, key.merchant)).collect())
}

/// SHA-256 of a key, in lower-case hex: the form it is stored in.
pub fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
