//! Links that carry their own permission: the payer's page and the bank's callback address.
//!
//! A token names what it opens and is signed with HMAC-SHA-256, so that checking it needs no read.
//! Each purpose signs under its own label; a page token never opens a callback.
//!
//! A link to a payer's page says what it lets do, until which day, and of which generation it is:
//! `{merchant}.{ulid}.{v|a}.{YYYYMMDD}.{generation}.{signature}`. The links we send live until the
//! last day of the sixth month after they are made, so that the links of one month are the same
//! one. An invoice whose generation is raised takes back every link of an earlier one.
//!
//! The secret may hold several keys, one a line: the first signs and all of them verify, so that a
//! new key takes over while the links of the old one are still in use.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use hmac::{Hmac, KeyInit, Mac};
use quita_core::ids::{EndpointId, InvoiceId, MerchantId};
use quita_core::invoice::Invoice;
use sha2::Sha256;

/// Bytes of the signature that a link carries: 128 bits.
const SIGNATURE_BYTES: usize = 16;
/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 200;
/// Least length of the signing secret.
const KEY_BYTES_MIN: usize = 32;
/// Most keys that are in use at the same time.
pub const KEYS_MAX: usize = 5;
/// Whole months that a link to a page lives after the one it is made in, unless asked otherwise.
pub const PAGE_MONTHS: u32 = 6;
/// Most months that a link to a page may live after the one it is made in.
pub const PAGE_MONTHS_MAX: u32 = 24;
/// A day as a link spells it.
const DAY: &str = "%Y%m%d";
/// Name of the secret that holds the signing keys.
pub const SECRET: &str = "signing-key";

/// The keys that links are signed with, the one that signs first.
#[derive(Clone)]
pub struct SigningKey(Vec<Vec<u8>>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// Why a secret is not the signing keys.
#[derive(Debug, thiserror::Error)]
pub enum BadKeys {
    /// The secret is empty, or one of its lines is shorter than 32 bytes.
    #[error("each signing key needs at least {KEY_BYTES_MIN} bytes")]
    TooShort,
    #[error("at most {KEYS_MAX} signing keys are in use at the same time")]
    TooMany,
}

/// What a link to a payer's page lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// See the state, the amounts and the receipts.
    View,
    /// Pay as well.
    Act,
}

impl Scope {
    pub const ALL: [Self; 2] = [Self::View, Self::Act];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Act => "act",
        }
    }

    /// The scope of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    fn letter(self) -> &'static str {
        match self {
            Self::View => "v",
            Self::Act => "a",
        }
    }
}

/// A link to the payer's page of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLink {
    pub merchant: MerchantId,
    pub invoice: InvoiceId,
    pub scope: Scope,
    /// The last day it opens the page, in the merchant's zone.
    pub expires_on: NaiveDate,
    pub generation: u32,
}

/// Why a genuine link opens nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkOver {
    Expired,
    Revoked,
}

impl PageLink {
    /// The link that is given out at `now`.
    pub fn to(invoice: &Invoice, scope: Scope, now: DateTime<Utc>) -> Self {
        Self::until(invoice, scope, last_day_after(invoice.civil_date(now), PAGE_MONTHS))
    }

    /// A link with a last day of its own.
    pub fn until(invoice: &Invoice, scope: Scope, expires_on: NaiveDate) -> Self {
        Self {
            merchant: invoice.merchant.clone(),
            invoice: invoice.id.clone(),
            scope,
            expires_on,
            generation: invoice.link_generation,
        }
    }

    /// Whether it opens the page of the invoice it names, at `now`.
    pub fn check(&self, invoice: &Invoice, now: DateTime<Utc>) -> Result<(), LinkOver> {
        if self.generation != invoice.link_generation {
            Err(LinkOver::Revoked)
        } else if invoice.civil_date(now) > self.expires_on {
            Err(LinkOver::Expired)
        } else {
            Ok(())
        }
    }

    fn claims(&self) -> String {
        let Self { merchant, invoice, scope, expires_on, generation } = self;
        let (ulid, scope, day) = (invoice.ulid(), scope.letter(), expires_on.format(DAY));
        format!("{merchant}.{ulid}.{scope}.{day}.{generation}")
    }

    fn parse(claims: &str) -> Option<Self> {
        let parts: Vec<&str> = claims.split('.').collect();
        let [merchant, ulid, scope, day, generation] = parts.as_slice() else { return None };
        let link = Self {
            merchant: MerchantId::parse(merchant).ok()?,
            invoice: InvoiceId::from_ulid(ulid).ok()?,
            scope: Scope::ALL.into_iter().find(|known| known.letter() == *scope)?,
            expires_on: NaiveDate::parse_from_str(day, DAY).ok()?,
            generation: generation.parse().ok()?,
        };
        // Exactly as it is written: a link has one spelling.
        (link.claims() == claims).then_some(link)
    }
}

/// The last day of the month that is `months` after the one of `day`.
pub fn last_day_after(day: NaiveDate, months: u32) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    let next = first.checked_add_months(Months::new(months.saturating_add(1)));
    next.and_then(|next| next.checked_sub_days(Days::new(1))).unwrap_or(NaiveDate::MAX)
}

impl SigningKey {
    /// Reads the secret: one key a line, the one that signs first. Empty lines count for nothing.
    pub fn new(secret: &str) -> Result<Self, BadKeys> {
        let lines = secret.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Vec<Vec<u8>> = lines.map(|line| line.as_bytes().to_vec()).collect();
        if keys.is_empty() || keys.iter().any(|key| key.len() < KEY_BYTES_MIN) {
            Err(BadKeys::TooShort)
        } else if keys.len() > KEYS_MAX {
            Err(BadKeys::TooMany)
        } else {
            Ok(Self(keys))
        }
    }

    /// Path of a payer's page, from the origin.
    pub fn page_path(&self, link: &PageLink) -> String {
        let claims = link.claims();
        format!("/p/{claims}.{}", self.sign("page", &claims))
    }

    /// The link of a token. Whether it is over is for [`PageLink::check`] to say.
    pub fn open_page(&self, token: &str) -> Option<PageLink> {
        let (claims, signature) = split(token)?;
        self.verify("page", claims, signature)?;
        PageLink::parse(claims)
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

    /// Path of a merchant's address for callbacks of WhatsApp.
    pub fn whatsapp_path(&self, merchant: &MerchantId) -> String {
        format!("/whatsapp/{merchant}.{}", self.sign("whatsapp", merchant.as_str()))
    }

    /// Whose address for callbacks of WhatsApp this is.
    pub fn open_whatsapp(&self, token: &str) -> Option<MerchantId> {
        let (claims, signature) = split(token)?;
        self.verify("whatsapp", claims, signature)?;
        MerchantId::parse(claims).ok()
    }

    /// The signature of a caller's token (see [`crate::credentials`]).
    pub(crate) fn sign_credential(&self, claims: &str) -> String {
        self.sign("credential", claims)
    }

    pub(crate) fn verify_credential(&self, claims: &str, signature: &str) -> Option<()> {
        self.verify("credential", claims, signature)
    }

    /// A one-time link's token of its claims (see [`crate::access::sign_in`]).
    pub(crate) fn sign_in_token(&self, claims: &str) -> String {
        format!("{claims}.{}", self.sign("sign-in", claims))
    }

    /// The claims of a one-time link's token, when it was made here.
    pub(crate) fn open_sign_in<'a>(&self, token: &'a str) -> Option<&'a str> {
        let (claims, signature) = split(token)?;
        self.verify("sign-in", claims, signature)?;
        Some(claims)
    }

    /// The secrets of a webhook endpoint, 32 bytes each: one from every key in force, that of the
    /// first key, which is shown, first. They are made anew each time and stand nowhere.
    pub(crate) fn webhook_secrets(
        &self,
        merchant: &MerchantId,
        endpoint: &EndpointId,
        generation: u32,
    ) -> Vec<Vec<u8>> {
        let claims = format!("{merchant}.{endpoint}.{generation}");
        let of = |key: &Vec<u8>| mac(key, "webhook-secret", &claims).finalize().into_bytes();
        self.0.iter().map(|key| of(key).to_vec()).collect()
    }

    fn sign(&self, purpose: &str, claims: &str) -> String {
        let tag = mac(self.signing(), purpose, claims).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&tag[..SIGNATURE_BYTES])
    }

    fn verify(&self, purpose: &str, claims: &str, signature: &str) -> Option<()> {
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if signature.len() != SIGNATURE_BYTES {
            return None;
        }
        // Each compares in constant time.
        let is_of = |key: &Vec<u8>| mac(key, purpose, claims).verify_truncated_left(&signature);
        self.0.iter().find_map(|key| is_of(key).ok())
    }

    fn signing(&self) -> &[u8] {
        self.0.first().expect("there is at least one key, see `new`")
    }
}

fn mac(key: &[u8], purpose: &str, claims: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(purpose.as_bytes());
    mac.update(b":");
    mac.update(claims.as_bytes());
    mac
}

fn split(token: &str) -> Option<(&str, &str)> {
    (token.len() <= TOKEN_BYTES_MAX).then(|| token.rsplit_once('.')).flatten()
}

#[cfg(test)]
mod tests;
