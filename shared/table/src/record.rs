//! Records: items that are one value, written whole under a version, all by the same rule.
//!
//! Owns how such a value is stored, listed, made due, and read back. A kind says the little that is
//! its own by [`Record`]; it needs no code elsewhere but its key in [`crate::keys`].
//!
//! Invariant: what is read spells the key it was found under, and is the asked merchant's.

mod access;
mod approval;
mod audit;
mod daily;
mod identity;
mod messages;
mod rule;
mod task;
mod template;
mod webhooks;

use std::fmt;

use chrono::{DateTime, Utc};
use quita_core::ids::MerchantId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_dynamo::AttributeValue;

use crate::dynamo::Item;
use crate::items::{ItemError, VERSION, from_item, misplaced, to_item};
use crate::keys::{self, Key, List, PrimaryKey, RecordKey, text};
use crate::schema;

pub use access::PersonEmail;

/// The kinds there are, as the attribute `kind` holds them.
pub const KINDS: &[&str] = &[
    access::API_KEY,
    access::PERSON,
    access::PERSON_EMAIL,
    access::SESSION,
    access::LAST_USE,
    audit::AUDIT_BLOCK,
    webhooks::ENDPOINTS,
    webhooks::DELIVERY,
    approval::APPROVAL,
    identity::SEALED_IDENTITY,
    messages::SENT_TEXT,
    messages::CORRESPONDENT,
    rule::RULE,
    rule::RULE_HEAD,
    task::TASK,
    template::TEMPLATES,
    template::TEMPLATE,
    daily::DAILY,
];

/// A kind of record.
pub trait Record: Clone + Serialize + DeserializeOwned {
    /// The attribute `kind`; it stands in [`KINDS`].
    const KIND: &'static str;

    /// Whose it is.
    fn owner(&self) -> &MerchantId;

    /// Grows by one at each change; the condition of every write.
    fn version(&self) -> u64;

    fn key(&self) -> RecordKey;

    /// The list of `by_state` that it is in now, under its id.
    fn list(&self) -> Option<(List, &str)> {
        None
    }

    /// Its entry of the `work` index, while something is due.
    fn work(&self) -> Option<keys::WorkKey> {
        None
    }

    /// From when DynamoDB may delete it.
    fn expires_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// A record as it is stored; whoever knows its kind decodes it. Its `Debug` does not print it.
#[derive(Clone, PartialEq)]
pub struct RecordItem(pub(crate) Item);

impl fmt::Debug for RecordItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordItem {{ kind: {:?} }}", text(&self.0, "kind"))
    }
}

impl RecordItem {
    /// The value, when it is of kind `R`.
    pub fn decode<R: Record>(self, merchant: &MerchantId) -> Result<R, ItemError> {
        let read: Stored<R> = from_item(self.0, R::KIND)?;
        let (found, value) = (PrimaryKey { pk: read.pk, sk: read.sk }, read.value);
        let is_home = value.owner() == merchant && found == Key::Record(&value.key()).of(merchant);
        if is_home && read.kind == R::KIND { Ok(value) } else { Err(misplaced(found.sk)) }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    version: u64,
    value: T,
}

/// The item of a record.
pub(crate) fn item<R: Record>(value: &R) -> Result<Item, ItemError> {
    let merchant = value.owner();
    let PrimaryKey { pk, sk } = Key::Record(&value.key()).of(merchant);
    let kind = R::KIND.to_owned();
    let stored = Stored { pk, sk, kind, v: VERSION, version: value.version(), value };
    let mut item = to_item(stored)?;
    if let Some((list, id)) = value.list() {
        let entry = keys::record_entry(merchant, list, id);
        item.extend(keys::index_attributes(&schema::BY_STATE, entry));
    }
    if let Some(work) = value.work() {
        item.extend(keys::index_attributes(&schema::WORK, work.index_key()));
    }
    if let Some(at) = value.expires_at() {
        item.insert(schema::TTL.to_owned(), AttributeValue::N(at.timestamp().to_string()));
    }
    Ok(item)
}

/// Whether a key of one of [`KINDS`] is in a partition of the merchant's.
pub(crate) fn belongs(merchant: &MerchantId, key: &PrimaryKey) -> bool {
    let rest = key.pk.strip_prefix("M#").and_then(|rest| rest.strip_prefix(merchant.as_str()));
    rest.is_some_and(|rest| rest.starts_with('#'))
}

#[cfg(test)]
mod tests;
