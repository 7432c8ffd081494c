//! Links that carry their own permission: the payer's page and the bank's callback address.
//!
//! A token names what it opens and is signed with HMAC-SHA-256, so that checking it needs no read.
//! Each purpose signs under its own label; a page token never opens a callback.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use quita_core::ids::{InvoiceId, MerchantId};
use sha2::Sha256;

/// Bytes of the signature that a link carries: 128 bits.
const SIGNATURE_BYTES: usize = 16;
/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 200;
/// Least length of the signing secret.
const KEY_BYTES_MIN: usize = 32;
/// Name of the secret that holds the signing key.
pub const SECRET: &str = "signing-key";

/// The key that links are signed with.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// The secret is shorter than 32 bytes.
#[derive(Debug, thiserror::Error)]
#[error("the signing key needs at least {KEY_BYTES_MIN} bytes")]
pub struct KeyTooShort;

impl SigningKey {
    pub fn new(secret: &str) -> Result<Self, KeyTooShort> {
        let bytes = secret.trim().as_bytes().to_vec();
        if bytes.len() < KEY_BYTES_MIN { Err(KeyTooShort) } else { Ok(Self(bytes)) }
    }

    /// Path of the payer's page of an invoice, from the origin.
    pub fn page_path(&self, merchant: &MerchantId, invoice: &InvoiceId) -> String {
        let claims = format!("{merchant}.{}", invoice.ulid());
        format!("/p/{claims}.{}", self.sign("page", &claims))
    }

    /// Which invoice a page token opens.
    pub fn open_page(&self, token: &str) -> Option<(MerchantId, InvoiceId)> {
        let (claims, signature) = split(token)?;
        self.verify("page", claims, signature)?;
        let (merchant, ulid) = claims.split_once('.')?;
        Some((MerchantId::parse(merchant).ok()?, InvoiceId::from_ulid(ulid).ok()?))
    }

    /// Path of a merchant's callback address; banks append `/pix` to it.
    pub fn hook_path(&self, merchant: &MerchantId) -> String {
        format!("/pix/{merchant}.{}", self.sign("hook", merchant.as_str()))
    }

    /// Whose callback address this is.
    pub fn open_hook(&self, token: &str) -> Option<MerchantId> {
        let (claims, signature) = split(token)?;
        self.verify("hook", claims, signature)?;
        MerchantId::parse(claims).ok()
    }

    fn sign(&self, purpose: &str, claims: &str) -> String {
        let tag = self.mac(purpose, claims).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&tag[..SIGNATURE_BYTES])
    }

    fn verify(&self, purpose: &str, claims: &str, signature: &str) -> Option<()> {
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if signature.len() != SIGNATURE_BYTES {
            return None;
        }
        // Compares in constant time.
        self.mac(purpose, claims).verify_truncated_left(&signature).ok()
    }

    fn mac(&self, purpose: &str, claims: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        mac.update(b":");
        mac.update(claims.as_bytes());
        mac
    }
}

fn split(token: &str) -> Option<(&str, &str)> {
    (token.len() <= TOKEN_BYTES_MAX).then(|| token.rsplit_once('.')).flatten()
}

#[cfg(test)]
mod tests;
