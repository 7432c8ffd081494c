//! What Meta tells of WhatsApp messages, and what payers answer.
//!
//! Owns the check of a callback's signature, its shape, and what an answer means. Source: WhatsApp
//! Business Platform, "Webhooks", "Webhooks notification payload reference" and "Validating
//! payloads": `X-Hub-Signature-256` is the HMAC-SHA-256 of the raw body by the app's secret, in hex
//! after `sha256=`; `statuses[].biz_opaque_callback_data` is what the message was sent with.
//!
//! Invariant: the items of a batch stand by themselves; one that cannot be read, or is another
//! merchant's, takes none of the others with it.

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use futures::stream;
use hmac::{Hmac, KeyInit, Mac};
use quita_core::hidden::Hidden;
use quita_core::ids::MerchantId;
use quita_core::message::{Channel, Noted, ProviderTag, Sign};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::consent::{self, Consent};
use super::{Told, record_evidence};
use crate::channels::whatsapp::WhatsAppAccess;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::metrics;

/// Longest callback that is read, in bytes. Source: "Webhooks": payloads of up to 3 MB.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Items of one callback that are looked at; Meta sends one to a few.
const ITEMS_MAX: usize = 1_000;
/// Items recorded at the same time.
const CONCURRENCY: usize = 8;
/// Longest challenge that is said back.
const CHALLENGE_CHARS_MAX: usize = 200;
/// Longest answer of a payer that is kept for whoever reads it, in characters.
const TEXT_CHARS_MAX: usize = 500;
/// The number has no WhatsApp, or cannot get messages of businesses. Source: "Cloud API error codes".
const UNDELIVERABLE: i64 = 131_026;

/// What a callback held.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Statuses and answers.
    pub items: usize,
    /// Of them, those about no message, or another merchant's.
    pub ignored: usize,
}

/// Why a callback was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// It is not signed by the merchant's app, or the merchant has none.
    Forged,
    /// It is not a callback of the Cloud API.
    Malformed,
}

/// Answers the question by which Meta tries an address; `None` when the token is not the merchant's.
pub async fn challenge<'a>(
    deps: &Deps,
    merchant: &MerchantId,
    mode: &str,
    token: &str,
    challenge: &'a str,
) -> Result<Option<&'a str>, Unknown> {
    let Some(access) = WhatsAppAccess::of(merchant, deps.secrets.as_ref()).await? else {
        return Ok(None);
    };
    let expected = access.verify_token.as_str().as_bytes();
    let is_own = !expected.is_empty() && bool::from(expected.ct_eq(token.as_bytes()));
    let plain = challenge.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_asked = mode == "subscribe" && plain && challenge.len() <= CHALLENGE_CHARS_MAX;
    Ok((is_own && is_asked).then_some(challenge))
}

/// Takes a callback in.
///
/// # Errors
/// [`Unknown`] when some of it could not be recorded; Meta sends the whole again.
pub async fn take_callback(
    deps: &Deps,
    merchant: &MerchantId,
    body: &[u8],
    signature: Option<&str>,
) -> Result<Result<Taken, NotTaken>, Unknown> {
    let access = WhatsAppAccess::of(merchant, deps.secrets.as_ref()).await?;
    let is_signed = access.is_some_and(|access| is_signed(&access.app_secret, body, signature));
    if !is_signed {
        metrics::evidence_heard("forged");
        return Ok(Err(NotTaken::Forged));
    }
    let Ok(callback) = serde_json::from_slice::<Callback>(body) else {
        metrics::evidence_heard("malformed");
        return Ok(Err(NotTaken::Malformed));
    };
    let items = callback.items();
    let mut taken = Taken { items: items.len(), ignored: 0 };
    let outcomes: Vec<Result<bool, Unknown>> = stream::iter(items)
        .map(|item| async move { take(deps, merchant, item).await })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    // What was recorded stays recorded; an error makes the whole come again.
    for outcome in outcomes {
        taken.ignored += usize::from(!outcome?);
    }
    Ok(Ok(taken))
}

/// Whether a body is signed by a secret. The comparison takes the same time wherever they differ.
fn is_signed(secret: &Hidden, body: &[u8], signature: Option<&str>) -> bool {
    let Some(hex) = signature.and_then(|text| text.strip_prefix("sha256=")) else { return false };
    let Some(claimed) = bytes_of(hex) else { return false };
    if secret.as_str().is_empty() {
        return false;
    }
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_str().as_bytes());
    let mut mac = mac.expect("HMAC takes a key of any length");
    mac.update(body);
    mac.verify_slice(&claimed).is_ok()
}

/// The bytes of a SHA-256 in hexadecimal.
fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    const HEX_CHARS: usize = 64;
    if hex.len() != HEX_CHARS || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..HEX_CHARS).step_by(2).map(byte).collect()
}

#[derive(Deserialize)]
struct Callback {
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    value: Held,
}

/// Items are read one by one, so that a kind nobody knows yet harms no other.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Held {
    statuses: Vec<Value>,
    messages: Vec<Value>,
}

enum Item {
    Status(Status),
    Answer(Answer),
    Unreadable,
}

#[derive(Deserialize)]
struct Status {
    id: String,
    status: String,
    timestamp: String,
    recipient_id: String,
    #[serde(default)]
    biz_opaque_callback_data: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    code: i64,
}

/// A message somebody wrote.
#[derive(Deserialize)]
struct Answer {
    id: String,
    from: String,
    timestamp: String,
    #[serde(default)]
    text: Words,
    #[serde(default)]
    button: Button,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Words {
    body: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Button {
    text: String,
}

impl Callback {
    fn items(self) -> Vec<Item> {
        let held = self.entry.into_iter().flat_map(|entry| entry.changes).map(|one| one.value);
        let items = held.flat_map(|held| {
            let statuses = held.statuses.into_iter().map(|one| match serde_json::from_value(one) {
                Ok(status) => Item::Status(status),
                Err(_) => Item::Unreadable,
            });
            let answers = held.messages.into_iter().map(|one| match serde_json::from_value(one) {
                Ok(answer) => Item::Answer(answer),
                Err(_) => Item::Unreadable,
            });
            statuses.chain(answers).collect::<Vec<_>>()
        });
        items.take(ITEMS_MAX).collect()
    }
}

/// Takes one item in; `false` when it is nobody's here.
async fn take(deps: &Deps, merchant: &MerchantId, item: Item) -> Result<bool, Unknown> {
    let told = match item {
        Item::Unreadable => None,
        Item::Answer(answer) => return take_answer(deps, merchant, &answer).await,
        Item::Status(status) => told_by(&status).filter(|told| told.tag.merchant == *merchant),
    };
    match told {
        Some(told) => record_evidence(deps, &told).await.map(|_| true),
        None => {
            metrics::evidence_heard("ignored");
            Ok(false)
        }
    }
}

/// The signs of a status; `None` when it is about no message of ours.
fn told_by(status: &Status) -> Option<Told> {
    let tag = ProviderTag::parse(&status.biz_opaque_callback_data)?;
    if tag.key.channel != Channel::WhatsApp {
        return None;
    }
    let at = instant(&status.timestamp)?;
    let code = status.errors.first().map(|fault| fault.code);
    let sign = match status.status.as_str() {
        "sent" => Sign::Accepted,
        "delivered" => Sign::Delivered,
        "read" => Sign::Read,
        "failed" if code == Some(UNDELIVERABLE) => Sign::HardBounce,
        "failed" => Sign::Refused,
        _ => return None,
    };
    let noted = Noted::new(at, sign, Some(Hidden::new(status.recipient_id.as_str())));
    let noted = match code {
        Some(code) => noted.because(&format!("WhatsApp error {code}")),
        None => noted.under(&status.id),
    };
    Some(Told { tag, notes: vec![noted] })
}

/// Seconds since 1970, in digits.
fn instant(seconds: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds.parse().ok()?, 0)
}

async fn take_answer(deps: &Deps, merchant: &MerchantId, answer: &Answer) -> Result<bool, Unknown> {
    let Some(at) = instant(&answer.timestamp) else {
        metrics::evidence_heard("ignored");
        return Ok(false);
    };
    let from = Hidden::new(answer.from.as_str());
    let words = if answer.text.body.is_empty() { &answer.button.text } else { &answer.text.body };
    let known = match meaning(words) {
        Some(given) => consent::set(deps, merchant, &from, Consent { given, at }).await?,
        None => {
            let text: String = words.chars().take(TEXT_CHARS_MAX).collect();
            consent::ask(deps, merchant, &from, &answer.id, &text).await?
        }
    };
    metrics::evidence_heard(if known { "answer" } else { "unknown_sender" });
    Ok(known)
}

/// Whether words withdraw consent (`false`) or give it again (`true`); `None` when they say anything
/// else. Only a word alone counts: "pode parar de ligar?" is a question for a person.
fn meaning(words: &str) -> Option<bool> {
    const OUT: [&str; 4] = ["PARAR", "SAIR", "STOP", "CANCELAR"];
    const BACK: [&str; 2] = ["VOLTAR", "START"];
    let word = words.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_uppercase();
    match word.as_str() {
        word if OUT.contains(&word) => Some(false),
        word if BACK.contains(&word) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
