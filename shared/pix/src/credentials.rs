//! What a merchant receives from the bank to be let in.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::identity::{ClientIdentity, IdentityError};
use crate::wire::Hidden;

/// OAuth client id and secret, client certificate, and whatever else the bank's profile asks for
/// by name (for example `gw-dev-app-key`). `Debug` shows names only.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    pub(crate) client_id: Hidden,
    pub(crate) client_secret: Hidden,
    pub(crate) identity: Option<ClientIdentity>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) extras: BTreeMap<String, Hidden>,
}

/// Why a stored credential cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// Not the documented JSON.
    #[error("the credentials are not valid JSON of the documented shape")]
    Json,
    /// The certificate is unusable.
    #[error("the certificate cannot be used")]
    Identity(#[from] IdentityError),
}

/// The stored form, see [`Credentials::from_json`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    client_id: Hidden,
    #[serde(default)]
    client_secret: Hidden,
    #[serde(default)]
    certificate_pem: Option<Hidden>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    extras: BTreeMap<String, Hidden>,
}

impl Credentials {
    /// An OAuth client without a certificate.
    pub fn new(client_id: impl Into<Hidden>, client_secret: impl Into<Hidden>) -> Self {
        Self { client_id: client_id.into(), client_secret: client_secret.into(), ..Self::default() }
    }

    /// Reads the form kept in a secret store: `{"client_id", "client_secret", "certificate_pem"?,
    /// "scopes"?: [..], "extras"?: {name: value}}`. A PKCS#12 file is opened once, before it is kept,
    /// and not in every process that calls the bank: its password is stretched on purpose.
    ///
    /// # Errors
    /// When the JSON has another shape or the certificate cannot be read. No error repeats
    /// content.
    pub fn from_json(text: &str) -> Result<Self, CredentialsError> {
        let stored: Stored = serde_json::from_str(text).map_err(|_| CredentialsError::Json)?;
        let pem = stored.certificate_pem.as_ref();
        let identity = pem.map(|pem| ClientIdentity::from_pem(pem.as_str())).transpose()?;
        Ok(Self {
            client_id: stored.client_id,
            client_secret: stored.client_secret,
            identity,
            scopes: stored.scopes,
            extras: stored.extras,
        })
    }

    /// The client certificate, if there is one.
    #[must_use]
    pub fn identity(&self) -> Option<&ClientIdentity> {
        self.identity.as_ref()
    }

    /// Adds the client certificate.
    #[must_use]
    pub fn with_identity(mut self, identity: ClientIdentity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Asks for these scopes instead of the profile's, for a narrower contract with the bank.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Vec<String>) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// Adds a value the profile asks for by name.
    #[must_use]
    pub fn with_extra(mut self, name: &str, value: impl Into<Hidden>) -> Self {
        self.extras.insert(name.to_owned(), value.into());
        self
    }
}
