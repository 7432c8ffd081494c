//! The stored form of each kind of item, version 1.
//!
//! Owns the attributes, their versions, and the check that what was read is what its key says. Does
//! not own keys ([`crate::keys`]) or conditions ([`crate::store`]).
//!
//! Every item carries `kind` and `v`. A domain value is embedded whole, as a map under the name of
//! its kind; beside it stand only what conditions and indexes need. Centavos are numbers, rates and
//! dates are text. A kind or version this release does not know is an error: an older release must
//! not write over what a newer one added. Golden files of each version stay in `fixtures/`.

mod digest;
mod event;
mod import;
mod stored;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use quita_core::customer::Customer;
use quita_core::document::TaxId;
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::invoice::Invoice;
use quita_core::merchant::Merchant;
use quita_core::message::Message;
use quita_core::payment::Payment;
use quita_core::reconciliation::Reconciliation;
use quita_core::work::{WorkDue, WorkKind};
use serde::{Deserialize, Serialize};

use crate::dynamo::Item;
use crate::keys::{self, InvoiceState, Key, PrimaryKey, WorkKey, WorkSubject};
use crate::schema;

pub use digest::digest;
pub use event::{EventRow, event, event_from_image};
pub use import::{ImportChunk, bank_line, boleto, import, import_chunk};
pub use stored::{Stored, decode};
pub(crate) use stored::{from_item, misplaced};

/// The version every item is written in.
pub const VERSION: u32 = 1;

/// Names of the kinds, as the attribute `kind` holds them.
pub mod kind {
    pub const MERCHANT: &str = "merchant";
    pub const CUSTOMER: &str = "customer";
    pub const DOCUMENT: &str = "document";
    pub const INVOICE: &str = "invoice";
    pub const PAYMENT: &str = "payment";
    pub const RECONCILIATION: &str = "reconciliation";
    pub const IMPORT: &str = "import";
    pub const IMPORT_CHUNK: &str = "import_chunk";
    pub const BANK_LINE: &str = "bank_line";
    pub const BOLETO: &str = "boleto";
    pub const EVENT: &str = "event";
    pub const MESSAGE: &str = "message";
    pub const IDEMPOTENCY: &str = "idempotency";
}

/// Why an item could not be written or read. All are faults of data or code; none is a caller's.
#[derive(Debug, thiserror::Error)]
pub enum ItemError {
    /// Written by a newer release, or by nobody we know.
    #[error("item {key} is of unknown kind `{kind}` version {version}")]
    UnknownKind { key: String, kind: String, version: String },
    /// An attribute is missing or of another type than this version has.
    #[error("item {key} of kind `{kind}` does not decode: {why}")]
    Malformed { key: String, kind: String, why: String },
    /// The item's content belongs under another key. It is never handed out: it may be another
    /// tenant's.
    #[error("item {key} holds a value that belongs elsewhere")]
    Misplaced { key: String },
    /// The value cannot be stored as it is.
    #[error("value does not fit the table: {0}")]
    Unstorable(String),
}

/// The answer to a request that may be repeated: what is said again to the same key. Its `Debug`
/// leaves the body out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// The operation, a constant of ours in lower case.
    pub scope: String,
    /// The client's `Idempotency-Key`.
    pub key: String,
    /// Hash of the request's body; another hash under the same key is another request.
    pub payload_hash: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Body of the answer.
    pub body: String,
    /// When the record may go, to the second. DynamoDB deletes it some time after, and until then
    /// it is still honoured: answering again for longer than promised is safe, shorter is not.
    #[serde(with = "chrono::serde::ts_seconds")]
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for IdempotencyRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { scope, key, payload_hash, status, expires_at, .. } = self;
        write!(f, "IdempotencyRecord {{ {scope} {key} {payload_hash} {status} {expires_at} }}")
    }
}

#[derive(Serialize, Deserialize)]
struct MerchantItem<'a> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    version: u64,
    merchant: Cow<'a, Merchant>,
}

#[derive(Serialize, Deserialize)]
struct CustomerItem<'a> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    version: u64,
    customer: Cow<'a, Customer>,
}

/// The guard of a document: who has it.
#[derive(Serialize, Deserialize)]
struct DocumentItem {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    document: TaxId,
    customer: CustomerId,
}

#[derive(Serialize, Deserialize)]
struct InvoiceItem<'a> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    version: u64,
    invoice: Cow<'a, Invoice>,
}

#[derive(Serialize, Deserialize)]
struct PaymentItem<'a> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    version: u64,
    payment: Cow<'a, Payment>,
}

#[derive(Serialize, Deserialize)]
struct ReconciliationItem<'a> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    version: u64,
    reconciliation: Cow<'a, Reconciliation>,
}

#[derive(Serialize, Deserialize)]
struct MessageItem<'a> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    version: u64,
    message: Cow<'a, Message>,
}

#[derive(Serialize, Deserialize)]
struct IdempotencyItem<'a> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    /// The TTL attribute, so it stands outside of `record` as well.
    #[serde(with = "chrono::serde::ts_seconds")]
    expires_at: DateTime<Utc>,
    record: Cow<'a, IdempotencyRecord>,
}

/// The item of a merchant.
pub fn merchant(merchant: &Merchant) -> Result<Item, ItemError> {
    let PrimaryKey { pk, sk } = Key::Merchant.of(&merchant.merchant);
    to_item(MerchantItem {
        pk,
        sk,
        kind: kind::MERCHANT.to_owned(),
        v: VERSION,
        version: merchant.version,
        merchant: Cow::Borrowed(merchant),
    })
}

/// The item of a customer, listed in `by_state`.
pub fn customer(customer: &Customer) -> Result<Item, ItemError> {
    let PrimaryKey { pk, sk } = Key::Customer(&customer.id).of(&customer.merchant);
    let mut item = to_item(CustomerItem {
        pk,
        sk,
        kind: kind::CUSTOMER.to_owned(),
        v: VERSION,
        version: customer.version,
        customer: Cow::Borrowed(customer),
    })?;
    item.extend(keys::index_attributes(&schema::BY_STATE, keys::customer_entry(customer)));
    Ok(item)
}

/// The guard that makes a customer's document unique.
pub fn document(customer: &Customer) -> Result<Item, ItemError> {
    let PrimaryKey { pk, sk } = Key::Document(&customer.bill_to.document).of(&customer.merchant);
    to_item(DocumentItem {
        pk,
        sk,
        kind: kind::DOCUMENT.to_owned(),
        v: VERSION,
        document: customer.bill_to.document.clone(),
        customer: customer.id.clone(),
    })
}

/// The item of an invoice: always in `by_customer` and `by_state`, in `work` only while something
/// is due. A put replaces the whole item, so `None` takes the entry out of the index.
pub fn invoice(invoice: &Invoice, work: Option<&WorkDue>) -> Result<Item, ItemError> {
    let name = invoice.state_name();
    let state = InvoiceState::parse(name)
        .ok_or_else(|| ItemError::Unstorable(format!("invoice state `{name}` has no index")))?;
    let PrimaryKey { pk, sk } = Key::Invoice(&invoice.id).of(&invoice.merchant);
    let mut item = to_item(InvoiceItem {
        pk,
        sk,
        kind: kind::INVOICE.to_owned(),
        v: VERSION,
        version: invoice.version,
        invoice: Cow::Borrowed(invoice),
    })?;
    item.extend(keys::index_attributes(&schema::BY_CUSTOMER, keys::by_customer(invoice)));
    item.extend(keys::index_attributes(&schema::BY_STATE, keys::by_state(invoice, state)));
    let subject = WorkSubject::Invoice(invoice.id.clone());
    extend_with_work(&mut item, &invoice.merchant, subject, work);
    Ok(item)
}

/// The item of a payment: in `by_state` only while a person has to look, in `work` only while
/// something is due.
pub fn payment(payment: &Payment, work: Option<&WorkDue>) -> Result<Item, ItemError> {
    let Payment { merchant, id, paid_at, .. } = payment;
    let PrimaryKey { pk, sk } = Key::Payment(id).of(merchant);
    let mut item = to_item(PaymentItem {
        pk,
        sk,
        kind: kind::PAYMENT.to_owned(),
        v: VERSION,
        version: payment.version,
        payment: Cow::Borrowed(payment),
    })?;
    if payment.attention.is_some() {
        let entry = keys::parked_entry(merchant, id, *paid_at);
        item.extend(keys::index_attributes(&schema::BY_STATE, entry));
    }
    extend_with_work(&mut item, merchant, WorkSubject::Payment(id.clone()), work);
    Ok(item)
}

/// The item of a merchant's reconciliation, in `work` for its next run.
pub fn reconciliation(reconciliation: &Reconciliation) -> Result<Item, ItemError> {
    let merchant = &reconciliation.merchant;
    let PrimaryKey { pk, sk } = Key::Reconciliation.of(merchant);
    let mut item = to_item(ReconciliationItem {
        pk,
        sk,
        kind: kind::RECONCILIATION.to_owned(),
        v: VERSION,
        version: reconciliation.version,
        reconciliation: Cow::Borrowed(reconciliation),
    })?;
    let due = WorkDue { at: reconciliation.next_at, kind: WorkKind::Reconcile };
    extend_with_work(&mut item, merchant, WorkSubject::Reconciliation, Some(&due));
    Ok(item)
}

/// The item of a message of the ledger: in `by_state` only while it is known not to have arrived.
pub fn message(message: &Message) -> Result<Item, ItemError> {
    let step = &message.key.step;
    if !keys::is_step(step) {
        return Err(ItemError::Unstorable(format!("step `{step}` cannot be part of a key")));
    }
    let PrimaryKey { pk, sk } = Key::Message(&message.invoice, &message.key).of(&message.merchant);
    let mut item = to_item(MessageItem {
        pk,
        sk,
        kind: kind::MESSAGE.to_owned(),
        v: VERSION,
        version: message.version,
        message: Cow::Borrowed(message),
    })?;
    if let Some(at) = message.state.undelivered_at() {
        let entry = keys::undelivered_entry(message, at);
        item.extend(keys::index_attributes(&schema::BY_STATE, entry));
    }
    Ok(item)
}

/// The item of an answer to be said again; it expires.
pub fn idempotency(owner: &MerchantId, record: &IdempotencyRecord) -> Result<Item, ItemError> {
    let IdempotencyRecord { scope, key, expires_at, .. } = record;
    if scope.is_empty() || scope.contains('#') || key.is_empty() {
        return Err(ItemError::Unstorable("an idempotency record needs a scope and a key".into()));
    }
    let PrimaryKey { pk, sk } = Key::Idempotency { scope, key }.of(owner);
    to_item(IdempotencyItem {
        pk,
        sk,
        kind: kind::IDEMPOTENCY.to_owned(),
        v: VERSION,
        expires_at: *expires_at,
        record: Cow::Borrowed(record),
    })
}

fn extend_with_work(
    item: &mut Item,
    merchant: &MerchantId,
    subject: WorkSubject,
    work: Option<&WorkDue>,
) {
    if let Some(WorkDue { at, kind }) = work {
        let entry = WorkKey { due_at: *at, kind: *kind, merchant: merchant.clone(), subject };
        item.extend(keys::index_attributes(&schema::WORK, entry.index_key()));
    }
}

pub(crate) fn to_item<T: Serialize>(value: T) -> Result<Item, ItemError> {
    serde_dynamo::to_item(value).map_err(|why| ItemError::Unstorable(why.to_string()))
}

#[cfg(test)]
mod tests;
