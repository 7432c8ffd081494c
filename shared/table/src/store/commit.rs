//! One command, one `TransactWriteItems`; a single write goes by itself.
//!
//! Owns the conditions of every write and what a failed one says. Invariant: no write is
//! unconditional, so a commit that is repeated, or raced, changes nothing twice.
//!
//! | item | new | changed |
//! |---|---|---|
//! | merchant, customer, invoice, payment, message | key is free | stored version is the one read |
//! | reconciliation, import, bank line, record | key is free | stored version is the one read |
//! | document guard, event row, idempotency record, piece of a file, boleto | key is free | never |
//!
//! A document guard alone is ever deleted: its key is the document, and a document may be erased.

use std::collections::{BTreeMap, HashSet};

use quita_core::bank_import::{BankImport, BankLine, BoletoRef};
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, ImportId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::Invoice;
use quita_core::merchant::Merchant;
use quita_core::message::{LedgerKey, Message, SentText};
use quita_core::payment::Payment;
use quita_core::reconciliation::Reconciliation;
use quita_core::work::WorkDue;
use serde_dynamo::AttributeValue;

use super::Store;
use crate::dynamo::{
    CancelCode, CancelReason, Delete, DynamoError, ITEM_BYTES_MAX, Item, Put, PutItemRequest,
    ReturnConsumedCapacity, ReturnOnFailure, TRANSACTION_BYTES_MAX, TRANSACTION_ITEMS_MAX,
    TransactWriteItem, TransactWriteItemsRequest, item_bytes,
};
use crate::items::{self, EventRow, IdempotencyRecord, ImportChunk, ItemError, Stored, decode};
use crate::keys::{Aggregate, Key, PrimaryKey, RecordKey};
use crate::record::{self, Record};
use crate::schema::PK;

/// What a write expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: the item is new.
    New,
    /// The item at the version it was read with.
    Version(u64),
}

/// The part of a commit that an item is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    Merchant,
    Customer(CustomerId),
    /// The guard of a new customer's document.
    Document,
    Invoice(InvoiceId),
    Payment(PaymentId),
    Reconciliation,
    Import(ImportId),
    ImportChunk(ImportId, u32),
    BankLine(String),
    Boleto(String),
    Message(InvoiceId, LedgerKey),
    Event(Aggregate, u64),
    Record(RecordKey),
    Idempotency,
}

/// A part whose condition did not hold. Its `Debug` does not print what was found, since errors reach
/// logs and personal data must not.
#[derive(Clone, PartialEq)]
pub struct Conflict {
    pub part: Part,
    /// What is there now. `None` when the item is gone, or another transaction holds it this very
    /// moment and DynamoDB does not say what it writes.
    pub found: Option<Stored>,
}

impl std::fmt::Debug for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {{ item found: {} }}", self.part, self.found.is_some())
    }
}

/// Why a commit did not go through.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing was written: someone moved first. Read again and decide anew.
    #[error("someone moved first")]
    Conflict(Vec<Conflict>),
    /// Nothing was written: one command changes too much at once.
    #[error("{items} items in one commit, at most {TRANSACTION_ITEMS_MAX} are written")]
    TooManyItems { items: usize },
    /// Nothing was written: an item has grown past what the table takes.
    #[error("{part:?} has {bytes} bytes, an item has at most {ITEM_BYTES_MAX}")]
    ItemTooLarge { part: Part, bytes: usize },
    /// Nothing was written: all items together are past what one transaction takes.
    #[error("{bytes} bytes in one commit, at most {TRANSACTION_BYTES_MAX} are written")]
    CommitTooLarge { bytes: usize },
    /// Nothing was written: an item cannot be stored, or what stands in its place is not understood.
    #[error("item does not fit")]
    Item(#[from] ItemError),
    /// Nothing was written: the request is wrong in itself. A bug here.
    #[error("commit refused: {0}")]
    Refused(String),
    /// It may have been written. The same commit again is safe: if it had taken effect it will
    /// answer with a conflict that shows it.
    #[error("outcome of the commit is unknown")]
    Unknown(#[source] DynamoError),
}

/// The writes of one command, of one merchant. Built in any order, then given to
/// [`Store::commit`]; a fault of building is reported there.
#[must_use = "a commit does nothing until it is given to the store"]
pub struct Commit {
    merchant: MerchantId,
    writes: Vec<Write>,
    /// Document guards that go, with the customer each has to be of.
    freed: Vec<(PrimaryKey, CustomerId)>,
    fault: Option<CommitError>,
}

struct Write {
    part: Part,
    item: Item,
    expected: Expected,
}

impl Commit {
    pub fn new(merchant: &MerchantId) -> Self {
        Self { merchant: merchant.clone(), writes: Vec::new(), freed: Vec::new(), fault: None }
    }

    /// Writes an invoice. `work` is what falls due next; `None` takes it out of the `work` index.
    pub fn invoice(self, invoice: &Invoice, expected: Expected, work: Option<&WorkDue>) -> Self {
        let part = Part::Invoice(invoice.id.clone());
        self.versioned(part, &invoice.merchant, invoice.version, expected, || {
            items::invoice(invoice, work)
        })
    }

    /// Moves an unchanged invoice to where it belongs in the `work` index; `None` takes it out.
    pub fn invoice_work(self, invoice: &Invoice, work: Option<&WorkDue>) -> Self {
        let part = Part::Invoice(invoice.id.clone());
        let next = invoice.version + 1;
        self.versioned(part, &invoice.merchant, next, Expected::Version(invoice.version), || {
            items::invoice(invoice, work)
        })
    }

    /// Adds a row to a history.
    pub fn event(self, row: &EventRow) -> Self {
        let part = Part::Event(row.aggregate.clone(), row.seq);
        let item = items::event(&self.merchant, row);
        self.write(part, Expected::New, item)
    }

    /// Writes a payment. `work` is what falls due next; `None` takes it out of the `work` index.
    pub fn payment(self, payment: &Payment, expected: Expected, work: Option<&WorkDue>) -> Self {
        let part = Part::Payment(payment.id.clone());
        self.versioned(part, &payment.merchant, payment.version, expected, || {
            items::payment(payment, work)
        })
    }

    /// Writes the checkpoint of a merchant's reconciliation, which falls due again by itself.
    pub fn reconciliation(self, known: &Reconciliation, expected: Expected) -> Self {
        self.versioned(Part::Reconciliation, &known.merchant, known.version, expected, || {
            items::reconciliation(known)
        })
    }

    /// Writes an import. `work` is when more of it is to be taken in.
    pub fn import(self, import: &BankImport, expected: Expected, work: Option<&WorkDue>) -> Self {
        let part = Part::Import(import.id.clone());
        self.versioned(part, &import.merchant, import.version, expected, || {
            items::import(import, work)
        })
    }

    /// Adds a piece of an uploaded file.
    pub fn import_chunk(self, chunk: &ImportChunk) -> Self {
        let part = Part::ImportChunk(chunk.import.clone(), chunk.nth);
        let item = items::import_chunk(&self.merchant, chunk);
        self.write(part, Expected::New, item)
    }

    /// Records that a line of a bank file was taken in.
    pub fn bank_line(self, line: &BankLine, expected: Expected) -> Self {
        let part = Part::BankLine(line.fingerprint.clone());
        self.versioned(part, &line.merchant, line.version, expected, || items::bank_line(line))
    }

    /// Records which debt a boleto asks for; a number is given once.
    pub fn boleto(self, boleto: &BoletoRef) -> Self {
        let part = Part::Boleto(boleto.our_number.clone());
        let item = items::boleto(&self.merchant, boleto);
        self.write(part, Expected::New, item)
    }

    /// Writes a row of the message ledger.
    pub fn message(self, message: &Message, expected: Expected) -> Self {
        let part = Part::Message(message.invoice.clone(), message.key.clone());
        self.versioned(part, &message.merchant, message.version, expected, || {
            items::message(message)
        })
    }

    /// Keeps the exact text of an attempt at a message; it goes with the claim of that attempt, and
    /// its key is given once.
    pub fn sent_text(self, sent: &SentText) -> Self {
        self.record(sent, Expected::New)
    }

    /// Writes a customer; a new one together with the guard of its document. The document of a
    /// customer does not change: another document is another customer.
    pub fn customer(self, customer: &Customer, expected: Expected) -> Self {
        let part = Part::Customer(customer.id.clone());
        let this = self.versioned(part, &customer.merchant, customer.version, expected, || {
            items::customer(customer)
        });
        match expected {
            Expected::New => this.write(Part::Document, Expected::New, items::document(customer)),
            Expected::Version(_) => this,
        }
    }

    /// Deletes the guard of a customer's document, as it is now: it may come as a new customer's.
    pub fn free_document(mut self, customer: &Customer) -> Self {
        let key = Key::Document(&customer.bill_to.document).of(&self.merchant);
        self.freed.push((key, customer.id.clone()));
        self
    }

    /// Writes a merchant.
    pub fn merchant(self, merchant: &Merchant, expected: Expected) -> Self {
        let version = merchant.version;
        self.versioned(Part::Merchant, &merchant.merchant, version, expected, || {
            items::merchant(merchant)
        })
    }

    /// Writes a record.
    pub fn record<R: Record>(self, value: &R, expected: Expected) -> Self {
        let part = Part::Record(value.key());
        self.versioned(part, value.owner(), value.version(), expected, || record::item(value))
    }

    /// Records the answer of the request, so that a repeat of its key is answered the same.
    pub fn idempotency(self, record: &IdempotencyRecord) -> Self {
        let item = items::idempotency(&self.merchant, record);
        self.write(Part::Idempotency, Expected::New, item)
    }

    /// The writes of both, in one transaction.
    pub fn and(mut self, other: Self) -> Self {
        if other.merchant != self.merchant {
            let why = "both commits are to be of one merchant".to_owned();
            self.fault.get_or_insert(CommitError::Refused(why));
        }
        self.fault = self.fault.or(other.fault);
        self.writes.extend(other.writes);
        self.freed.extend(other.freed);
        self
    }

    /// How many items the commit writes.
    pub fn items_len(&self) -> usize {
        self.writes.len() + self.freed.len()
    }

    fn versioned(
        mut self,
        part: Part,
        owner: &MerchantId,
        version: u64,
        expected: Expected,
        item: impl FnOnce() -> Result<Item, ItemError>,
    ) -> Self {
        let fault = if *owner != self.merchant {
            Some(format!("{part:?} belongs to another merchant"))
        } else if matches!(expected, Expected::Version(read) if version <= read) {
            Some(format!("{part:?} was changed without a new version"))
        } else {
            None
        };
        if let Some(why) = fault {
            self.fault.get_or_insert(CommitError::Refused(why));
            return self;
        }
        self.write(part, expected, item())
    }

    fn write(mut self, part: Part, expected: Expected, item: Result<Item, ItemError>) -> Self {
        match item {
            Ok(item) => self.writes.push(Write { part, item, expected }),
            Err(why) => {
                self.fault.get_or_insert(why.into());
            }
        }
        self
    }

    /// Checks every limit that DynamoDB would refuse with less to say.
    fn check(&self) -> Result<(), CommitError> {
        if self.writes.is_empty() {
            return Err(CommitError::Refused("the commit writes nothing".to_owned()));
        }
        if self.items_len() > TRANSACTION_ITEMS_MAX {
            return Err(CommitError::TooManyItems { items: self.items_len() });
        }
        let mut keys = HashSet::new();
        let mut total = 0;
        for Write { part, item, .. } in &self.writes {
            if !keys.insert(PrimaryKey::of_item(item)) {
                return Err(CommitError::Refused(format!("{part:?} is written twice")));
            }
            total += checked_bytes(part, item)?;
        }
        if total > TRANSACTION_BYTES_MAX {
            return Err(CommitError::CommitTooLarge { bytes: total });
        }
        Ok(())
    }
}

impl Store {
    /// Writes everything or nothing, in one `TransactWriteItems`; a single write by one `PutItem`.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] lists each part that was not as expected, with what was found;
    /// [`CommitError::Unknown`] is the only one after which something may have been written.
    pub async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        if let Some(fault) = commit.fault {
            return Err(fault);
        }
        commit.check()?;
        let Commit { merchant, mut writes, freed, .. } = commit;
        if writes.len() == 1 && freed.is_empty() {
            let only = writes.pop().expect("there is one write");
            return self.put_one(&merchant, only).await;
        }
        let mut parts = Vec::with_capacity(writes.len());
        let mut actions = Vec::with_capacity(writes.len());
        for Write { part, item, expected } in writes {
            parts.push(part);
            actions.push(TransactWriteItem::Put(put(&self.table, item, expected)));
        }
        for (key, customer) in freed {
            parts.push(Part::Document);
            actions.push(TransactWriteItem::Delete(delete(&self.table, &key, &customer)));
        }
        let request = TransactWriteItemsRequest {
            transact_items: actions,
            return_consumed_capacity: ReturnConsumedCapacity::Total,
        };
        match self.dynamo.transact_write_items(request).await {
            Ok(_) => Ok(()),
            Err(DynamoError::TransactionCanceled { reasons }) => {
                Err(canceled(&merchant, parts, reasons))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// One write by itself: a plain conditional put costs half of a transaction.
    async fn put_one(&self, merchant: &MerchantId, write: Write) -> Result<(), CommitError> {
        let Write { part, item, expected } = write;
        let request = PutItemRequest::from(put(&self.table, item, expected));
        match self.dynamo.put_item(request).await {
            Ok(_) => Ok(()),
            Err(DynamoError::ConditionFailed { item }) => {
                Err(CommitError::Conflict(vec![conflict(merchant, part, item)?]))
            }
            Err(other) => Err(other.into()),
        }
    }
}

impl From<DynamoError> for CommitError {
    fn from(error: DynamoError) -> Self {
        match error {
            DynamoError::Invalid(why) => Self::Refused(why),
            DynamoError::ConditionFailed { .. } | DynamoError::TransactionCanceled { .. } => {
                Self::Refused("the write was answered with another write's refusal".to_owned())
            }
            // Throttled did nothing for sure, but what to do is the same.
            DynamoError::Throttled | DynamoError::Unknown { .. } => Self::Unknown(error),
        }
    }
}

fn put(table: &str, item: Item, expected: Expected) -> Put {
    let (condition, names, values) = match expected {
        Expected::New => (format!("attribute_not_exists({PK})"), BTreeMap::new(), BTreeMap::new()),
        Expected::Version(version) => (
            "#version = :read".to_owned(),
            BTreeMap::from([("#version".to_owned(), "version".to_owned())]),
            BTreeMap::from([(":read".to_owned(), AttributeValue::N(version.to_string()))]),
        ),
    };
    Put {
        table_name: table.to_owned(),
        item,
        condition_expression: condition,
        expression_attribute_names: names,
        expression_attribute_values: values,
        return_values_on_condition_check_failure: ReturnOnFailure::AllOld,
    }
}

/// Deletes a document guard that is still the customer's.
fn delete(table: &str, key: &PrimaryKey, customer: &CustomerId) -> Delete {
    let of = AttributeValue::S(customer.as_str().to_owned());
    Delete {
        table_name: table.to_owned(),
        key: key.to_item(),
        condition_expression: "#customer = :customer".to_owned(),
        expression_attribute_names: BTreeMap::from([(
            "#customer".to_owned(),
            "customer".to_owned(),
        )]),
        expression_attribute_values: BTreeMap::from([(":customer".to_owned(), of)]),
        return_values_on_condition_check_failure: ReturnOnFailure::AllOld,
    }
}

/// What a canceled transaction means. A part in conflict weighs more than a throttled one: it would
/// fail again.
fn canceled(
    merchant: &MerchantId,
    parts: Vec<Part>,
    reasons: Vec<Option<CancelReason>>,
) -> CommitError {
    let mut conflicts = Vec::new();
    let mut throttled = false;
    for (part, reason) in parts.into_iter().zip(reasons) {
        let Some(CancelReason { code, item }) = reason else { continue };
        match code {
            CancelCode::ConditionalCheckFailed | CancelCode::TransactionConflict => {
                match conflict(merchant, part, item) {
                    Ok(conflict) => conflicts.push(conflict),
                    Err(why) => return why.into(),
                }
            }
            CancelCode::Throttled => throttled = true,
            CancelCode::Invalid(code) => {
                return CommitError::Refused(format!("{part:?} was refused with {code}"));
            }
        }
    }
    if !conflicts.is_empty() {
        CommitError::Conflict(conflicts)
    } else if throttled {
        CommitError::Unknown(DynamoError::Throttled)
    } else {
        CommitError::Refused("the transaction was canceled without a reason".to_owned())
    }
}

fn conflict(merchant: &MerchantId, part: Part, item: Option<Item>) -> Result<Conflict, ItemError> {
    let found = item.map(|item| decode(merchant, item)).transpose()?.map(|(_, stored)| stored);
    Ok(Conflict { part, found })
}

fn checked_bytes(part: &Part, item: &Item) -> Result<usize, CommitError> {
    let bytes = item_bytes(item);
    if bytes > ITEM_BYTES_MAX {
        return Err(CommitError::ItemTooLarge { part: part.clone(), bytes });
    }
    Ok(bytes)
}
