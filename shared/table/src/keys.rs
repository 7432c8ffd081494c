//! Every key of the table. The only module that spells one.
//!
//! Owns how typed identities become `pk` and `sk` and how a key is read back; `index` owns how index
//! entries sort and shard, `place` what a cursor may point at. Does not own what an item holds
//! ([`crate::items`]).
//!
//! Invariants: a table key begins with its merchant, so tenants cannot meet; identifiers hold no
//! `#`; everything that sorts has a fixed width. `infra/table.md` says which access pattern each
//! key serves.

use quita_core::access::Principal;
use quita_core::chase::RuleName;
use quita_core::document::TaxId;
use quita_core::ids::{
    ApiKeyId, ApprovalId, CustomerId, DeliveryId, EndpointId, ImportId, InvoiceId, MerchantId,
    PaymentId, PersonId, SessionId, TaskId,
};
use quita_core::message::LedgerKey;
use quita_core::template::TemplateKey;
use serde_dynamo::AttributeValue;

use crate::dynamo::Item;
use crate::schema::{PK, SK};

mod index;
mod place;

pub use index::{
    IndexKey, InvoiceState, List, STATE_SHARDS, WORK_FROM, WORK_SHARDS, WorkKey, by_customer,
    by_customer_pk, by_state, customer_entry, due_from, due_until, import_entry, index_attributes,
    parked_entry, record_entry, row_entry, rows_from, rows_until, shard_of, undelivered_entry,
    undelivered_from, work_pk, work_until,
};
pub use place::Place;

/// Highest event number a key can hold: eight digits.
pub const EVENT_SEQ_MAX: u64 = 99_999_999;
/// Highest place of a piece of a file that a key can hold: six digits.
pub const IMPORT_CHUNK_NTH_MAX: u32 = 999_999;
/// Highest number of a block of the audit chain that a key can hold: twelve digits.
pub const AUDIT_NTH_MAX: u64 = 999_999_999_999;
/// Longest name of a step in a message key.
pub const STEP_CHARS_MAX: usize = 32;

/// The key of one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrimaryKey {
    pub pk: String,
    pub sk: String,
}

impl PrimaryKey {
    /// The key as DynamoDB takes it.
    pub fn to_item(&self) -> Item {
        Item::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    /// The key of a stored item; `None` when it has none.
    pub fn of_item(item: &Item) -> Option<Self> {
        Some(Self { pk: text(item, PK)?.to_owned(), sk: text(item, SK)?.to_owned() })
    }
}

/// The text of a string attribute.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

/// An aggregate with a history of its own: the partition its event rows live in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aggregate {
    Invoice(InvoiceId),
    Payment(PaymentId),
    /// The merchant's reconciliation with its bank.
    Reconciliation,
    Import(ImportId),
    /// A line of a bank file, by its fingerprint.
    BankLine(String),
    /// The merchant itself: its settings.
    Merchant,
    Customer(CustomerId),
    ApiKey(ApiKeyId),
    Person(PersonId),
    Approval(ApprovalId),
    /// The addresses that the merchant's events are posted to.
    Endpoints,
}

impl Aggregate {
    /// The id, as logs and index entries show it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invoice(id) => id.as_str(),
            Self::Payment(id) => id.as_str(),
            Self::Reconciliation => RECONCILIATION,
            Self::Import(id) => id.as_str(),
            Self::BankLine(fingerprint) => fingerprint,
            Self::Merchant => MERCHANT,
            Self::Customer(id) => id.as_str(),
            Self::ApiKey(id) => id.as_str(),
            Self::Person(id) => id.as_str(),
            Self::Approval(id) => id.as_str(),
            Self::Endpoints => ENDPOINTS,
        }
    }

    /// The aggregate of an id, as [`Aggregate::as_str`] gives it.
    pub fn parse(id: &str) -> Option<Self> {
        Some(match id {
            RECONCILIATION => Self::Reconciliation,
            MERCHANT => Self::Merchant,
            ENDPOINTS => Self::Endpoints,
            _ if is_fingerprint(id) => Self::BankLine(id.to_owned()),
            _ => InvoiceId::parse(id)
                .map(Self::Invoice)
                .or_else(|_| PaymentId::parse(id).map(Self::Payment))
                .or_else(|_| CustomerId::parse(id).map(Self::Customer))
                .or_else(|_| ImportId::parse(id).map(Self::Import))
                .or_else(|_| ApiKeyId::parse(id).map(Self::ApiKey))
                .or_else(|_| PersonId::parse(id).map(Self::Person))
                .or_else(|_| ApprovalId::parse(id).map(Self::Approval))
                .ok()?,
        })
    }
}

/// The one reconciliation of a merchant, where an id is wanted.
const RECONCILIATION: &str = "reconciliation";
/// A merchant, where an id is wanted.
const MERCHANT: &str = "merchant";
/// The endpoints of a merchant, where an id is wanted.
const ENDPOINTS: &str = "endpoints";
/// The daily work of a merchant, where an id is wanted.
const DAILY: &str = "daily";
/// Hexadecimal digits of a fingerprint.
const FINGERPRINT_LENGTH: usize = 32;

/// The identity of a record: an item that is written whole under a version, by the one rule of
/// [`crate::record`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKey {
    ApiKey(ApiKeyId),
    Person(PersonId),
    /// Which person has an address, by the SHA-256 of it in lower-case hex.
    PersonEmail(String),
    Session(SessionId),
    /// When a key or a person was last let in; in their partition.
    LastUse(Principal),
    Approval(ApprovalId),
    Endpoints,
    /// An event on its way to an endpoint. Those of one endpoint sort by the time of the event.
    Delivery(EndpointId, DeliveryId),
    /// A block of the audit chain, counted from 1.
    AuditBlock(u64),
    /// Who a customer was before its personal data was erased.
    SealedIdentity(CustomerId),
    /// The exact text of an attempt at a message, counted from 1; beside the message's row.
    SentText(InvoiceId, LedgerKey, u32),
    /// Whom a phone belongs to, by the SHA-256 of its digits in lower-case hex.
    Correspondent(String),
    /// A version of a collection rule, counted from 1.
    Rule(RuleName, u32),
    /// Which version of a rule is the latest; beside them.
    RuleHead(RuleName),
    /// Something a person is to do.
    Task(TaskId),
    /// Which version of each of the merchant's templates is the latest.
    Templates,
    /// A version of a template, counted from 1.
    Template(TemplateKey, u32),
    /// What time alone brings the merchant, once a day.
    Daily,
}

impl RecordKey {
    fn of(&self, merchant: &MerchantId) -> PrimaryKey {
        let m = merchant.as_str();
        let (pk, sk) = match self {
            Self::ApiKey(id) => (format!("M#{m}#A#{id}"), "API_KEY".to_owned()),
            Self::Person(id) => (format!("M#{m}#U#{id}"), "PERSON".to_owned()),
            Self::PersonEmail(hash) => (format!("M#{m}#E#{hash}"), "EMAIL".to_owned()),
            Self::Session(id) => (format!("M#{m}#S#{id}"), "SESSION".to_owned()),
            Self::LastUse(Principal::ApiKey(id)) => (format!("M#{m}#A#{id}"), "USE".to_owned()),
            Self::LastUse(Principal::Person(id)) => (format!("M#{m}#U#{id}"), "USE".to_owned()),
            Self::Approval(id) => (format!("M#{m}#Y#{id}"), "APPROVAL".to_owned()),
            Self::Endpoints => (endpoints_pk(merchant), "ENDPOINTS".to_owned()),
            Self::Delivery(endpoint, id) => (deliveries_pk(merchant, endpoint), id.to_string()),
            Self::AuditBlock(nth) => (audit_pk(merchant), audit_sk(*nth)),
            Self::SealedIdentity(id) => (customer_pk(merchant, id), "SEALED".to_owned()),
            Self::SentText(invoice, key, attempt) => {
                (invoice_pk(merchant, invoice), format!("T#{}#{attempt}", ledger_sk(key)))
            }
            Self::Correspondent(hash) => (format!("M#{m}#W#{hash}"), "PHONE".to_owned()),
            Self::Rule(name, version) => (rule_pk(merchant, name), rule_sk(*version)),
            Self::RuleHead(name) => (rule_pk(merchant, name), "RULE".to_owned()),
            Self::Task(id) => (format!("M#{m}#T#{id}"), "TASK".to_owned()),
            Self::Templates => (format!("M#{m}#X#templates"), "TEMPLATES".to_owned()),
            // A name holds no dot, so no template is called as the catalogue is.
            Self::Template(key, version) => (format!("M#{m}#X#{key}"), format!("V#{version:06}")),
            Self::Daily => (format!("M#{m}#V#{DAILY}"), "DAILY".to_owned()),
        };
        PrimaryKey { pk, sk }
    }
}

fn endpoints_pk(merchant: &MerchantId) -> String {
    format!("M#{}#H#{ENDPOINTS}", merchant.as_str())
}

/// The partition of the versions of a rule.
pub fn rule_pk(merchant: &MerchantId, name: &RuleName) -> String {
    format!("M#{}#G#{}", merchant.as_str(), name.as_str())
}

/// The sort key of a version of a rule. Versions sort by number.
pub fn rule_sk(version: u32) -> String {
    format!("V#{version:06}")
}

/// The partition of what is posted to one endpoint.
pub fn deliveries_pk(merchant: &MerchantId, endpoint: &EndpointId) -> String {
    format!("M#{}#D#{endpoint}", merchant.as_str())
}

/// The partition of a merchant's audit chain.
pub fn audit_pk(merchant: &MerchantId) -> String {
    format!("M#{}#L", merchant.as_str())
}

/// The sort key of a block of the audit chain. Blocks sort by number.
pub fn audit_sk(nth: u64) -> String {
    format!("B#{nth:012}")
}

/// What work can fall due for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkSubject {
    Invoice(InvoiceId),
    Payment(PaymentId),
    /// The merchant's reconciliation with its bank.
    Reconciliation,
    Import(ImportId),
    /// An event to post to an endpoint again.
    Delivery(EndpointId, DeliveryId),
    /// What time alone brings the merchant, once a day.
    Daily,
}

impl WorkSubject {
    /// The id, as logs and index entries show it.
    pub fn id(&self) -> String {
        match self {
            Self::Invoice(id) => id.to_string(),
            Self::Payment(id) => id.to_string(),
            Self::Reconciliation => RECONCILIATION.to_owned(),
            Self::Import(id) => id.to_string(),
            Self::Delivery(endpoint, id) => format!("{endpoint}.{id}"),
            Self::Daily => DAILY.to_owned(),
        }
    }

    /// Whether a merchant has one of it, so that all of them share an id.
    fn is_one_a_merchant(&self) -> bool {
        matches!(self, Self::Reconciliation | Self::Daily)
    }
}

/// The identity of an item within its merchant.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    Merchant,
    Customer(&'a CustomerId),
    /// Guard that makes a document unique within the merchant.
    Document(&'a TaxId),
    Invoice(&'a InvoiceId),
    Payment(&'a PaymentId),
    Reconciliation,
    Import(&'a ImportId),
    /// A piece of an uploaded file, counted from 0.
    ImportChunk(&'a ImportId, u32),
    BankLine(&'a str),
    /// Which debt a boleto asks for, by *nosso número*.
    Boleto(&'a str),
    Event(&'a Aggregate, u64),
    Message(&'a InvoiceId, &'a LedgerKey),
    Record(&'a RecordKey),
    /// `scope` is a constant of ours without `#`; `key` is the client's, and comes last for that.
    Idempotency {
        scope: &'a str,
        key: &'a str,
    },
}

impl Key<'_> {
    /// Spells the key under its merchant.
    pub fn of(&self, merchant: &MerchantId) -> PrimaryKey {
        let m = merchant.as_str();
        let (pk, sk) = match self {
            Self::Merchant => (merchant_pk(merchant), "MERCHANT".to_owned()),
            Self::Customer(id) => (customer_pk(merchant, id), "CUSTOMER".to_owned()),
            Self::Document(document) => {
                (format!("M#{m}#DOC#{}", document.as_str()), "DOCUMENT".to_owned())
            }
            Self::Invoice(id) => (invoice_pk(merchant, id), "INVOICE".to_owned()),
            Self::Payment(id) => (payment_pk(merchant, id), "PAYMENT".to_owned()),
            Self::Reconciliation => (reconciliation_pk(merchant), "RECONCILIATION".to_owned()),
            Self::Import(id) => (import_pk(merchant, id), "IMPORT".to_owned()),
            Self::ImportChunk(id, nth) => (import_pk(merchant, id), format!("B#{nth:06}")),
            Self::BankLine(fingerprint) => (bank_line_pk(merchant, fingerprint), "LINE".to_owned()),
            Self::Boleto(our_number) => (format!("M#{m}#N#{our_number}"), "BOLETO".to_owned()),
            Self::Event(aggregate, seq) => (aggregate_pk(merchant, aggregate), event_sk(*seq)),
            Self::Message(invoice, key) => (invoice_pk(merchant, invoice), message_sk(key)),
            Self::Record(key) => return key.of(merchant),
            Self::Idempotency { scope, key } => {
                (format!("M#{m}#K#{scope}#{key}"), "KEY".to_owned())
            }
        };
        PrimaryKey { pk, sk }
    }
}

fn merchant_pk(merchant: &MerchantId) -> String {
    format!("M#{}", merchant.as_str())
}

fn customer_pk(merchant: &MerchantId, id: &CustomerId) -> String {
    format!("M#{}#C#{}", merchant.as_str(), id.as_str())
}

fn invoice_pk(merchant: &MerchantId, id: &InvoiceId) -> String {
    format!("M#{}#I#{}", merchant.as_str(), id.as_str())
}

fn payment_pk(merchant: &MerchantId, id: &PaymentId) -> String {
    format!("M#{}#P#{}", merchant.as_str(), id.as_str())
}

fn reconciliation_pk(merchant: &MerchantId) -> String {
    format!("M#{}#R#{RECONCILIATION}", merchant.as_str())
}

fn import_pk(merchant: &MerchantId, id: &ImportId) -> String {
    format!("M#{}#F#{}", merchant.as_str(), id.as_str())
}

fn bank_line_pk(merchant: &MerchantId, fingerprint: &str) -> String {
    format!("M#{}#B#{fingerprint}", merchant.as_str())
}

/// The partition of an aggregate.
pub fn aggregate_pk(merchant: &MerchantId, aggregate: &Aggregate) -> String {
    match aggregate {
        Aggregate::Invoice(id) => invoice_pk(merchant, id),
        Aggregate::Payment(id) => payment_pk(merchant, id),
        Aggregate::Reconciliation => reconciliation_pk(merchant),
        Aggregate::Import(id) => import_pk(merchant, id),
        Aggregate::BankLine(fingerprint) => bank_line_pk(merchant, fingerprint),
        Aggregate::Merchant => merchant_pk(merchant),
        Aggregate::Customer(id) => customer_pk(merchant, id),
        Aggregate::ApiKey(id) => RecordKey::ApiKey(id.clone()).of(merchant).pk,
        Aggregate::Person(id) => RecordKey::Person(id.clone()).of(merchant).pk,
        Aggregate::Approval(id) => RecordKey::Approval(id.clone()).of(merchant).pk,
        Aggregate::Endpoints => endpoints_pk(merchant),
    }
}

/// The key of an aggregate itself, beside which its rows lie.
pub fn aggregate_key(merchant: &MerchantId, aggregate: &Aggregate) -> PrimaryKey {
    match aggregate {
        Aggregate::Invoice(id) => Key::Invoice(id).of(merchant),
        Aggregate::Payment(id) => Key::Payment(id).of(merchant),
        Aggregate::Reconciliation => Key::Reconciliation.of(merchant),
        Aggregate::Import(id) => Key::Import(id).of(merchant),
        Aggregate::BankLine(fingerprint) => Key::BankLine(fingerprint).of(merchant),
        Aggregate::Merchant => Key::Merchant.of(merchant),
        Aggregate::Customer(id) => Key::Customer(id).of(merchant),
        Aggregate::ApiKey(id) => RecordKey::ApiKey(id.clone()).of(merchant),
        Aggregate::Person(id) => RecordKey::Person(id.clone()).of(merchant),
        Aggregate::Approval(id) => RecordKey::Approval(id.clone()).of(merchant),
        Aggregate::Endpoints => RecordKey::Endpoints.of(merchant),
    }
}

/// The sort key of an event row. Rows of one aggregate sort by number.
pub fn event_sk(seq: u64) -> String {
    format!("E#{seq:08}")
}

fn message_sk(key: &LedgerKey) -> String {
    format!("S#{}", ledger_sk(key))
}

/// What makes a message the same message, as sort keys spell it.
fn ledger_sk(key: &LedgerKey) -> String {
    let LedgerKey { instalment, step, channel, revision } = key;
    format!("{instalment:03}#{step}#{}#{revision}", channel.as_str())
}

/// The texts that were sent about an invoice, and the sort keys between which they stand.
pub fn sent_texts(merchant: &MerchantId, invoice: &InvoiceId) -> (String, [&'static str; 2]) {
    (invoice_pk(merchant, invoice), ["T#", "T$"])
}

/// The partition of the message ledger of an invoice, and the sort keys between which it stands.
pub fn messages(merchant: &MerchantId, invoice: &InvoiceId) -> (String, [&'static str; 2]) {
    // '$' is the character after the separator '#'.
    (invoice_pk(merchant, invoice), ["S#", "S$"])
}

/// Whether a step can be part of a key: short, lower case, and without the separator.
pub fn is_step(step: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    (1..=STEP_CHARS_MAX).contains(&step.len()) && step.bytes().all(plain)
}

/// Reads the partition of an aggregate back; `None` for any other partition.
pub fn parse_aggregate(pk: &str) -> Option<(MerchantId, Aggregate)> {
    if let Some(["M", merchant]) = parts(pk) {
        return Some((MerchantId::parse(merchant).ok()?, Aggregate::Merchant));
    }
    let ["M", merchant, kind, id] = parts(pk)? else { return None };
    let aggregate = match kind {
        "I" => Aggregate::Invoice(InvoiceId::parse(id).ok()?),
        "P" => Aggregate::Payment(PaymentId::parse(id).ok()?),
        "R" if id == RECONCILIATION => Aggregate::Reconciliation,
        "F" => Aggregate::Import(ImportId::parse(id).ok()?),
        "B" if is_fingerprint(id) => Aggregate::BankLine(id.to_owned()),
        "C" => Aggregate::Customer(CustomerId::parse(id).ok()?),
        "A" => Aggregate::ApiKey(ApiKeyId::parse(id).ok()?),
        "U" => Aggregate::Person(PersonId::parse(id).ok()?),
        "Y" => Aggregate::Approval(ApprovalId::parse(id).ok()?),
        "H" if id == ENDPOINTS => Aggregate::Endpoints,
        _ => return None,
    };
    Some((MerchantId::parse(merchant).ok()?, aggregate))
}

/// Whether a text is the fingerprint of a bank line: 32 lower-case hexadecimal digits.
pub fn is_fingerprint(text: &str) -> bool {
    let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.len() == FINGERPRINT_LENGTH && text.bytes().all(hexadecimal)
}

/// Reads the number out of an event row's sort key.
pub fn parse_event_sk(sk: &str) -> Option<u64> {
    parse_seq(sk.strip_prefix("E#")?)
}

fn parse_seq(digits: &str) -> Option<u64> {
    let plain = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// Whether a text is the id of an aggregate that books, as [`Aggregate::as_str`] gives it.
fn is_aggregate(id: &str) -> bool {
    parse_work_subject(id).is_some() || is_fingerprint(id)
}

/// Reads the id of what work can be due for.
fn parse_work_subject(id: &str) -> Option<WorkSubject> {
    if let Ok(id) = InvoiceId::parse(id) {
        Some(WorkSubject::Invoice(id))
    } else if let Ok(id) = ImportId::parse(id) {
        Some(WorkSubject::Import(id))
    } else if id == RECONCILIATION {
        Some(WorkSubject::Reconciliation)
    } else if id == DAILY {
        Some(WorkSubject::Daily)
    } else if let Some((endpoint, delivery)) = id.split_once('.') {
        let endpoint = EndpointId::parse(endpoint).ok()?;
        Some(WorkSubject::Delivery(endpoint, DeliveryId::parse(delivery).ok()?))
    } else {
        PaymentId::parse(id).ok().map(WorkSubject::Payment)
    }
}

/// Reads the number out of the sort key of a block of the audit chain.
pub fn parse_audit_sk(sk: &str) -> Option<u64> {
    let digits = sk.strip_prefix("B#")?;
    let plain = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// The least sort key above `sk` among well-formed keys: none has `sk` as a proper prefix.
pub fn just_above(sk: &str) -> String {
    // '!' comes before every character a key is made of.
    format!("{sk}!")
}

/// The greatest sort key below `sk` among well-formed keys that are as long as it.
pub fn just_below(sk: &str) -> String {
    // Whatever is as long as `sk` and below it is below `sk` without its last character, made
    // longer by the greatest one, or has that same beginning.
    let mut shorter = sk.to_owned();
    match shorter.pop() {
        Some(last) => {
            let before = char::from_u32(u32::from(last).saturating_sub(1)).unwrap_or('!');
            format!("{shorter}{before}~")
        }
        None => shorter,
    }
}

/// A sort key above every one in use.
pub const SK_MAX: &str = "~";

/// Splits a key into exactly `N` parts.
fn parts<const N: usize>(key: &str) -> Option<[&str; N]> {
    let parts: Vec<&str> = key.split('#').collect();
    parts.try_into().ok()
}

#[cfg(test)]
mod tests;
