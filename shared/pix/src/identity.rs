//! The client certificate a bank knows the merchant by (mutual TLS).
//!
//! Owns: reading PEM and PKCS#12, and the list of authorities to trust.
//! Invariant: key material never appears in `Debug` or in an error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};

/// Characters on a line of PEM. Source: RFC 7468, section 2.
const PEM_LINE_CHARS: usize = 64;

/// A private key with its certificate chain, kept as PEM.
#[derive(Clone)]
pub struct ClientIdentity {
    pem: Vec<u8>,
}

/// Why a certificate cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not PEM, or without one private key and one certificate.
    #[error("the PEM holds no unencrypted private key with its certificate")]
    Pem,
    /// Not PKCS#12, or another password.
    #[error("the PKCS#12 file cannot be opened with this password")]
    Pkcs12,
    /// Opened, but without a key tied to a certificate.
    #[error("the PKCS#12 file holds no private key with its certificate")]
    NoKey,
}

impl ClientIdentity {
    /// Takes a PEM with one unencrypted private key and its certificates, in any order.
    ///
    /// # Errors
    /// [`IdentityError::Pem`] when either is missing.
    pub fn from_pem(pem: &[u8]) -> Result<Self, IdentityError> {
        reqwest::Identity::from_pem(pem).map_err(|_| IdentityError::Pem)?;
        Ok(Self { pem: pem.to_vec() })
    }

    /// Opens a `.p12`/`.pfx`, the form in which Brazilian banks and ICP-Brasil deliver A1
    /// certificates.
    ///
    /// # Errors
    /// [`IdentityError::Pkcs12`] for a wrong password or file, [`IdentityError::NoKey`] when it
    /// holds no usable key.
    pub fn from_pkcs12(der: &[u8], password: &str) -> Result<Self, IdentityError> {
        let store = KeyStore::from_pkcs12(der, password, Pkcs12ImportPolicy::Strict)
            .map_err(|_| IdentityError::Pkcs12)?;
        let (_, chain) = store.private_key_chain().ok_or(IdentityError::NoKey)?;
        let mut pem = pem_block("PRIVATE KEY", chain.key().as_der());
        for certificate in chain.certs() {
            pem.push_str(&pem_block("CERTIFICATE", certificate.as_der()));
        }
        Self::from_pem(pem.as_bytes()).map_err(|_| IdentityError::NoKey)
    }

    pub(crate) fn to_reqwest(&self) -> Result<reqwest::Identity, IdentityError> {
        reqwest::Identity::from_pem(&self.pem).map_err(|_| IdentityError::Pem)
    }
}

impl std::fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientIdentity(<hidden>)")
    }
}

fn pem_block(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(PEM_LINE_CHARS));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

/// Which authorities may vouch for the bank's server.
#[derive(Clone, Debug, Default)]
pub enum TrustedRoots {
    /// The machine's own list.
    #[default]
    System,
    /// The machine's list and these, as PEM. For banks that sign with their own authority.
    SystemAnd(Vec<u8>),
    /// Only these, as PEM.
    Only(Vec<u8>),
}

#[cfg(test)]
mod tests;
