//! The bank, over HTTP: API Pix calls with one meaning each.
//!
//! Owns: token, mutual TLS, timeouts, bounded repeats, size limits, and turning every answer into
//! a value or a [`PixError`]. Does not own: what a charge or a payment means for an invoice.
//! Invariants: HTTPS only, but for loopback addresses; nothing that may happen twice is repeated;
//! no redirect is followed; no log line holds a key, a document, a location, a path or a secret.

mod charges;
mod ensure;
mod lists;
mod locations;
pub(crate) mod observe;
mod options;
mod payments;
mod request;
mod setup;
pub(crate) mod transport;
mod webhooks;

pub use ensure::{ENSURE_ROUNDS_MAX, KIND_TXID_TAKEN};
pub use lists::{ChargeFilter, ITEMS_PER_PAGE, Listed, PAGES_MAX, PixFilter, PixPage, Window};
pub use observe::{BankCall, CallEnd, Observer};
pub use options::ClientOptions;
pub use setup::ConfigError;
pub use webhooks::{WebhookAuth, WebhookUrl, WebhookUrlError};

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::credentials::Credentials;
use crate::profile::BankProfile;
use crate::token::TokenCache;

/// A merchant's line to one bank. Cheap to clone; clones share the token and the counters.
#[derive(Clone)]
pub struct PspClient {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    profile: BankProfile,
    credentials: Credentials,
    options: ClientOptions,
    base: reqwest::Url,
    patch_base: reqwest::Url,
    tokens: TokenCache,
    calls: AtomicU64,
}

impl PspClient {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// When an address is not HTTPS (or loopback), the bank needs a certificate or an extra that
    /// the credentials lack, or TLS cannot be set up.
    pub fn new(
        profile: BankProfile,
        credentials: Credentials,
        options: ClientOptions,
    ) -> Result<Self, ConfigError> {
        setup::build(profile, credentials, options).map(|inner| Self { inner: Arc::new(inner) })
    }

    /// API calls sent so far, repeats included, token calls not.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.inner.calls.load(Ordering::Relaxed)
    }

    /// Token calls made so far.
    #[must_use]
    pub fn token_calls(&self) -> u64 {
        self.inner.tokens.fetches()
    }

    /// The bank's profile.
    #[must_use]
    pub fn profile(&self) -> &BankProfile {
        &self.inner.profile
    }
}

impl fmt::Debug for PspClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PspClient")
            .field("bank", &self.inner.profile.name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
