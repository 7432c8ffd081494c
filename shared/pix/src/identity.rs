//! The client certificate a bank knows the merchant by (mutual TLS).
//!
//! Owns: reading PEM and PKCS#12, and the list of authorities to trust.
//! Invariant: key material never appears in `Debug` or in an error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

/// Characters on a line of PEM. Source: RFC 7468, section 2.
const PEM_LINE_CHARS: usize = 64;

/// A private key with its certificate chain, kept as PEM.
#[derive(Clone)]
pub struct ClientIdentity {
    pem: String,
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
    /// The private key is another one's.
    #[error("the private key is not the one of the certificate")]
    KeyMismatch,
    /// The certificate or its key is of a kind that TLS does not take.
    #[error("the certificate or its private key cannot be read")]
    Unreadable,
}

/// From when until when a certificate is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
}

impl ClientIdentity {
    /// Takes a PEM with one unencrypted private key and its certificates, in any order.
    ///
    /// # Errors
    /// [`IdentityError::Pem`] when either is missing.
    pub fn from_pem(pem: &str) -> Result<Self, IdentityError> {
        reqwest::Identity::from_pem(pem.as_bytes()).map_err(|_| IdentityError::Pem)?;
        Ok(Self { pem: pem.to_owned() })
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
        Self::from_pem(&pem).map_err(|_| IdentityError::NoKey)
    }

    /// Looks into the certificate: whether the key is its own, and how long it is good for. The
    /// first certificate counts; those after it are its authorities.
    ///
    /// # Errors
    /// [`IdentityError::KeyMismatch`] and [`IdentityError::Unreadable`].
    pub fn inspect(&self) -> Result<Validity, IdentityError> {
        let unreadable = |_| IdentityError::Unreadable;
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(self.pem.as_bytes())
                .collect::<Result<_, _>>()
                .map_err(unreadable)?;
        let leaf = chain.first().cloned().ok_or(IdentityError::Unreadable)?;
        let key = PrivateKeyDer::from_pem_slice(self.pem.as_bytes()).map_err(unreadable)?;
        let key = any_supported_type(&key).map_err(|_| IdentityError::Unreadable)?;
        match CertifiedKey::new(chain, key).keys_match() {
            Ok(()) => {}
            Err(rustls::Error::InconsistentKeys(_)) => return Err(IdentityError::KeyMismatch),
            Err(_) => return Err(IdentityError::Unreadable),
        }
        let (_, leaf) = X509Certificate::from_der(&leaf).map_err(|_| IdentityError::Unreadable)?;
        let instant = |time: ASN1Time| {
            DateTime::from_timestamp(time.timestamp(), 0).ok_or(IdentityError::Unreadable)
        };
        let validity = leaf.validity();
        Ok(Validity {
            not_before: instant(validity.not_before)?,
            not_after: instant(validity.not_after)?,
        })
    }

    /// Key and certificates as [`Self::from_pem`] takes them: for the secret store and nothing else.
    pub fn as_pem(&self) -> &str {
        &self.pem
    }

    pub(crate) fn to_reqwest(&self) -> Result<reqwest::Identity, IdentityError> {
        reqwest::Identity::from_pem(self.pem.as_bytes()).map_err(|_| IdentityError::Pem)
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
