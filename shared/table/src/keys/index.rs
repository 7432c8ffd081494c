//! How entries of the indexes sort and shard.
//!
//! Owns the partitions and sort keys of `work`, `by_customer` and `by_state`, and the bounds between
//! which a query reads. An entry says again what its item's own key says, so it can be written with it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, ImportId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::Invoice;
use quita_core::message::Message;
use quita_core::work::WorkKind;
use serde_dynamo::AttributeValue;

use super::{Aggregate, WorkSubject, customer_pk, ledger_sk, parse_work_subject, parts};
use crate::schema::Index;

/// Partitions of the `work` index. At 10 million open invoices one holds 625,000 entries.
pub const WORK_SHARDS: u8 = 16;
/// Partitions of each list of a merchant in `by_state`; a list reads them all and merges.
pub const STATE_SHARDS: u8 = 4;

/// An entry of an index: its partition and its place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    pub pk: String,
    pub sk: String,
}

/// The `work` entry of something that is due. Index [`crate::schema::WORK`].
///
/// The merchant is part of the sort key, so that no two entries share one and a page can go on
/// after any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkKey {
    pub due_at: DateTime<Utc>,
    pub kind: WorkKind,
    pub merchant: MerchantId,
    pub subject: WorkSubject,
}

impl WorkKey {
    pub fn index_key(&self) -> IndexKey {
        let due = sortable_instant(ceil_second(self.due_at));
        let (kind, merchant, id) = (self.kind.as_str(), self.merchant.as_str(), self.subject.id());
        // What there is one of a merchant is spread by its merchant.
        let spread = if self.subject.is_one_a_merchant() { merchant } else { &id };
        IndexKey {
            pk: work_pk(shard_of(spread, WORK_SHARDS)),
            sk: format!("{due}#{kind}#{merchant}#{id}"),
        }
    }

    /// Reads an entry back; `None` when it is not one, or of a kind a newer release wrote.
    pub fn parse(sk: &str) -> Option<Self> {
        let [due, kind, merchant, id] = parts(sk)?;
        Some(Self {
            due_at: parse_instant(due)?,
            kind: WorkKind::parse(kind)?,
            merchant: MerchantId::parse(merchant).ok()?,
            subject: parse_work_subject(id)?,
        })
    }
}

/// The partition of one shard of `work`.
pub fn work_pk(shard: u8) -> String {
    format!("W#{shard:02}")
}

/// A sort key above every entry due at `now` or before, and below every later one.
pub fn work_until(now: DateTime<Utc>) -> String {
    // '$' is the character after the separator '#'.
    format!("{}$", sortable_instant(now))
}

/// A sort key below every entry of `work`.
pub const WORK_FROM: &str = "0";

/// The `by_customer` entry of an invoice. Index [`crate::schema::BY_CUSTOMER`].
pub fn by_customer(invoice: &Invoice) -> IndexKey {
    IndexKey {
        pk: customer_pk(&invoice.merchant, &invoice.customer),
        sk: due_sk(invoice.first_unpaid_due(), &invoice.id),
    }
}

/// The `by_customer` partition of one customer.
pub fn by_customer_pk(merchant: &MerchantId, customer: &CustomerId) -> String {
    customer_pk(merchant, customer)
}

/// The stored part of an invoice's status, by which lists are indexed. `overdue` is not one: it is
/// computed from the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvoiceState {
    Open,
    Canceling,
    Canceled,
    /// Nothing is owed any more, however it came about.
    Paid,
}

impl InvoiceState {
    pub const ALL: [Self; 4] = [Self::Open, Self::Canceling, Self::Canceled, Self::Paid];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Canceling => "canceling",
            Self::Canceled => "canceled",
            Self::Paid => "paid",
        }
    }

    /// The state of that name, as [`Invoice::state_name`] gives it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A list of one merchant in `by_state`. Index [`crate::schema::BY_STATE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    Invoices(InvoiceState),
    Customers,
    /// Payments that wait for a person.
    ParkedPayments,
    /// Events that booked something.
    Journal,
    /// Events by which it can be told what the chase brought, and how soon work was taken up.
    Chase,
    Imports,
    ApiKeys,
    People,
    /// Requests that wait for a second person.
    Approvals,
    /// Messages that bounced, failed, or were called spam.
    Undelivered,
    /// Collection rules, by name.
    Rules,
    /// Tasks that are open.
    Tasks,
}

impl List {
    fn name(self) -> &'static str {
        match self {
            Self::Invoices(state) => state.as_str(),
            Self::Customers => "customers",
            Self::ParkedPayments => "parked",
            Self::Journal => "journal",
            Self::Chase => "chase",
            Self::Imports => "imports",
            Self::ApiKeys => "api_keys",
            Self::People => "people",
            Self::Approvals => "approvals",
            Self::Undelivered => "undelivered",
            Self::Rules => "rules",
            Self::Tasks => "tasks",
        }
    }

    /// The partition of one shard of the list.
    pub fn pk(self, merchant: &MerchantId, shard: u8) -> String {
        format!("M#{}#{}#{shard}", merchant.as_str(), self.name())
    }
}

/// The `by_state` entry of an invoice, by due date. `state` is the invoice's own.
pub fn by_state(invoice: &Invoice, state: InvoiceState) -> IndexKey {
    let shard = shard_of(invoice.id.as_str(), STATE_SHARDS);
    IndexKey {
        pk: List::Invoices(state).pk(&invoice.merchant, shard),
        sk: due_sk(invoice.first_unpaid_due(), &invoice.id),
    }
}

/// The `by_state` entry of a customer: in the order they were created, since ids sort by time.
pub fn customer_entry(customer: &Customer) -> IndexKey {
    let id = customer.id.as_str();
    IndexKey {
        pk: List::Customers.pk(&customer.merchant, shard_of(id, STATE_SHARDS)),
        sk: id.to_owned(),
    }
}

/// The `by_state` entry of a parked payment, by when it was paid.
pub fn parked_entry(merchant: &MerchantId, id: &PaymentId, paid_at: DateTime<Utc>) -> IndexKey {
    IndexKey {
        pk: List::ParkedPayments.pk(merchant, shard_of(id.as_str(), STATE_SHARDS)),
        sk: format!("{}#{}", sortable_instant(paid_at), id.as_str()),
    }
}

/// The `by_state` entry of a message that did not arrive, by when that was known.
pub fn undelivered_entry(message: &Message, at: DateTime<Utc>) -> IndexKey {
    let invoice = message.invoice.as_str();
    IndexKey {
        pk: List::Undelivered.pk(&message.merchant, shard_of(invoice, STATE_SHARDS)),
        sk: format!("{}#{invoice}#{}", sortable_instant(at), ledger_sk(&message.key)),
    }
}

/// A sort key below every message that was known not to have arrived at `at` or later.
pub fn undelivered_from(at: DateTime<Utc>) -> String {
    sortable_instant(at)
}

/// The `by_state` entry of an event that is in a list, by when it happened.
pub fn row_entry(
    merchant: &MerchantId,
    list: List,
    aggregate: &Aggregate,
    seq: u64,
    at: DateTime<Utc>,
) -> IndexKey {
    let id = aggregate.as_str();
    IndexKey {
        pk: list.pk(merchant, shard_of(id, STATE_SHARDS)),
        sk: format!("{}#{id}#{seq:08}", sortable_instant(at)),
    }
}

/// A sort key below every listed event of `at` or later.
pub fn rows_from(at: DateTime<Utc>) -> String {
    sortable_instant(at)
}

/// A sort key above every listed event of `at` or before, and below every later one.
pub fn rows_until(at: DateTime<Utc>) -> String {
    work_until(at)
}

/// The `by_state` entry of an import: in the order they were uploaded, since ids sort by time.
pub fn import_entry(merchant: &MerchantId, id: &ImportId) -> IndexKey {
    IndexKey {
        pk: List::Imports.pk(merchant, shard_of(id.as_str(), STATE_SHARDS)),
        sk: id.as_str().to_owned(),
    }
}

/// The `by_state` entry of a record: in the order they were created, since ids sort by time.
pub fn record_entry(merchant: &MerchantId, list: List, id: &str) -> IndexKey {
    IndexKey { pk: list.pk(merchant, shard_of(id, STATE_SHARDS)), sk: id.to_owned() }
}

fn due_sk(due: NaiveDate, id: &InvoiceId) -> String {
    format!("{}#{}", due.format(DAY), id.as_str())
}

/// A sort key below every invoice due on `day` or later, in the lists that sort by due date.
pub fn due_from(day: NaiveDate) -> String {
    day.format(DAY).to_string()
}

/// A sort key above every invoice due on `day` or before.
pub fn due_until(day: NaiveDate) -> String {
    // '$' is the character after the separator '#'.
    format!("{}$", day.format(DAY))
}

/// The index attributes of an entry.
pub fn index_attributes(index: &Index, key: IndexKey) -> [(String, AttributeValue); 2] {
    [
        (index.pk.to_owned(), AttributeValue::S(key.pk)),
        (index.sk.to_owned(), AttributeValue::S(key.sk)),
    ]
}

/// The shard of an id: FNV-1a over its bytes, 64 bits, modulo `shards`. Stored in keys, so it may
/// never change; it is spelled out here because the standard hasher promises no stability.
pub fn shard_of(id: &str, shards: u8) -> u8 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash = id.bytes().fold(OFFSET_BASIS, |hash, b| (hash ^ u64::from(b)).wrapping_mul(PRIME));
    // The low bits of FNV-1a depend on the low bits of the input only; fold the high half in.
    let folded = (hash >> 32) ^ hash;
    (folded % u64::from(shards)) as u8
}

/// RFC 3339 to the second with `Z`, clamped to the years 0 to 9999 so that text sorts as time.
fn sortable_instant(at: DateTime<Utc>) -> String {
    let seconds = at.timestamp().clamp(INSTANT_SECONDS_MIN, INSTANT_SECONDS_MAX);
    let clamped = DateTime::from_timestamp(seconds, 0).expect("four-digit years are in range");
    clamped.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// 0000-01-01T00:00:00Z in seconds since 1970.
const INSTANT_SECONDS_MIN: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z in seconds since 1970.
const INSTANT_SECONDS_MAX: i64 = 253_402_300_799;

pub(super) fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ").ok()?.and_utc();
    // Exactly as it is written, since the parser also takes signs and missing zeros.
    (sortable_instant(at) == text).then_some(at)
}

pub(super) const DAY: &str = "%Y-%m-%d";

/// The next whole second, so that nothing falls due early by a fraction.
fn ceil_second(at: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0);
    DateTime::from_timestamp(seconds, 0).unwrap_or(at)
}
