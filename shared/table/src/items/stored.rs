//! Reading items back: `kind` first, then `v`, then the value, then whether it belongs where it was
//! found.

use quita_core::bank_import::{BankImport, BankLine, BoletoRef};
use quita_core::customer::Customer;
use quita_core::document::TaxId;
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::invoice::Invoice;
use quita_core::merchant::Merchant;
use quita_core::message::Message;
use quita_core::payment::Payment;
use quita_core::reconciliation::Reconciliation;
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue;

use super::event::decode_event;
use super::import::{BYTES, BankLineItem, BoletoItem, ImportChunk, ImportChunkItem, ImportItem};
use super::{
    CustomerItem, DocumentItem, EventRow, IdempotencyItem, IdempotencyRecord, InvoiceItem,
    ItemError, MerchantItem, MessageItem, PaymentItem, ReconciliationItem, VERSION, kind,
};
use crate::dynamo::Item;
use crate::keys::{Key, PrimaryKey, text};
use crate::record::{self, RecordItem};

/// An item, decoded.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    Merchant(Box<Merchant>),
    Customer(Box<Customer>),
    /// The customer that has a document.
    Document {
        document: TaxId,
        customer: CustomerId,
    },
    Invoice(Box<Invoice>),
    Payment(Box<Payment>),
    Reconciliation(Box<Reconciliation>),
    Import(Box<BankImport>),
    ImportChunk(Box<ImportChunk>),
    BankLine(Box<BankLine>),
    Boleto(BoletoRef),
    Event(Box<EventRow>),
    Message(Box<Message>),
    Idempotency(Box<IdempotencyRecord>),
    /// Known to be the merchant's; read further by whoever knows its kind ([`crate::record`]).
    Record(Box<RecordItem>),
}

/// Decodes an item of a merchant, and says its key.
///
/// # Errors
/// [`ItemError::UnknownKind`] for a kind or version not known here, [`ItemError::Malformed`] for an
/// attribute that does not fit, [`ItemError::Misplaced`] when the value's own identity does not
/// spell the key it was found under, or the key is not `merchant`'s.
pub fn decode(merchant: &MerchantId, item: Item) -> Result<(PrimaryKey, Stored), ItemError> {
    check_version(&item)?;
    let found = PrimaryKey::of_item(&item).ok_or_else(|| misplaced(describe_key(&item)))?;
    let stored = match kind_of(&item) {
        kind::MERCHANT => {
            let read: MerchantItem = from_item(item, kind::MERCHANT)?;
            Stored::Merchant(Box::new(read.merchant.into_owned()))
        }
        kind::CUSTOMER => {
            let read: CustomerItem = from_item(item, kind::CUSTOMER)?;
            Stored::Customer(Box::new(read.customer.into_owned()))
        }
        kind::DOCUMENT => {
            let read: DocumentItem = from_item(item, kind::DOCUMENT)?;
            Stored::Document { document: read.document, customer: read.customer }
        }
        kind::INVOICE => {
            let read: InvoiceItem = from_item(item, kind::INVOICE)?;
            Stored::Invoice(Box::new(read.invoice.into_owned()))
        }
        kind::PAYMENT => {
            let read: PaymentItem = from_item(item, kind::PAYMENT)?;
            Stored::Payment(Box::new(read.payment.into_owned()))
        }
        kind::RECONCILIATION => {
            let read: ReconciliationItem = from_item(item, kind::RECONCILIATION)?;
            Stored::Reconciliation(Box::new(read.reconciliation.into_owned()))
        }
        kind::IMPORT => {
            let read: ImportItem = from_item(item, kind::IMPORT)?;
            Stored::Import(Box::new(read.import.into_owned()))
        }
        kind::IMPORT_CHUNK => Stored::ImportChunk(Box::new(import_chunk(item)?)),
        kind::BANK_LINE => {
            let read: BankLineItem = from_item(item, kind::BANK_LINE)?;
            Stored::BankLine(Box::new(read.line.into_owned()))
        }
        kind::BOLETO => {
            let BoletoItem { our_number, invoice, instalment, .. } = from_item(item, kind::BOLETO)?;
            Stored::Boleto(BoletoRef { our_number, invoice, instalment })
        }
        kind::EVENT => {
            let (owner, row) = decode_event(item)?;
            if owner != *merchant {
                return Err(misplaced(found.sk));
            }
            Stored::Event(Box::new(row))
        }
        kind::MESSAGE => {
            let read: MessageItem = from_item(item, kind::MESSAGE)?;
            Stored::Message(Box::new(read.message.into_owned()))
        }
        kind::IDEMPOTENCY => {
            let read: IdempotencyItem = from_item(item, kind::IDEMPOTENCY)?;
            Stored::Idempotency(Box::new(read.record.into_owned()))
        }
        known if record::KINDS.contains(&known) => Stored::Record(Box::new(RecordItem(item))),
        _ => return Err(unknown_kind(&item)),
    };
    let at_home = match identity(merchant, &stored) {
        Some((owner, key)) => owner == merchant && found == key.of(merchant),
        None => record::belongs(merchant, &found),
    };
    if at_home { Ok((found, stored)) } else { Err(misplaced(found.sk)) }
}

/// Whose a value is and which key it has, by its own word; `asked` where it does not name its
/// merchant, and then the key alone tells. `None` for a record, which is read further later.
fn identity<'a>(asked: &'a MerchantId, stored: &'a Stored) -> Option<(&'a MerchantId, Key<'a>)> {
    Some(match stored {
        Stored::Merchant(merchant) => (&merchant.merchant, Key::Merchant),
        Stored::Customer(customer) => (&customer.merchant, Key::Customer(&customer.id)),
        Stored::Document { document, .. } => (asked, Key::Document(document)),
        Stored::Invoice(invoice) => (&invoice.merchant, Key::Invoice(&invoice.id)),
        Stored::Payment(payment) => (&payment.merchant, Key::Payment(&payment.id)),
        Stored::Reconciliation(known) => (&known.merchant, Key::Reconciliation),
        Stored::Import(import) => (&import.merchant, Key::Import(&import.id)),
        Stored::ImportChunk(chunk) => (asked, Key::ImportChunk(&chunk.import, chunk.nth)),
        Stored::BankLine(line) => (&line.merchant, Key::BankLine(&line.fingerprint)),
        Stored::Boleto(boleto) => (asked, Key::Boleto(&boleto.our_number)),
        Stored::Event(row) => (asked, Key::Event(&row.aggregate, row.seq)),
        Stored::Message(message) => {
            (&message.merchant, Key::Message(&message.invoice, &message.key))
        }
        Stored::Record(_) => return None,
        Stored::Idempotency(record) => {
            (asked, Key::Idempotency { scope: &record.scope, key: &record.key })
        }
    })
}

/// The bytes stand beside what serde reads: a list of numbers would be eight times as large.
fn import_chunk(mut item: Item) -> Result<ImportChunk, ItemError> {
    let Some(AttributeValue::B(bytes)) = item.remove(BYTES) else {
        let (key, kind) = (describe_key(&item), kind::IMPORT_CHUNK.to_owned());
        return Err(ItemError::Malformed { key, kind, why: "it has no bytes".to_owned() });
    };
    let ImportChunkItem { import, nth, expires_at, .. } = from_item(item, kind::IMPORT_CHUNK)?;
    Ok(ImportChunk { import, nth, bytes, expires_at })
}

/// The item's `kind`, or nothing.
pub(super) fn kind_of(item: &Item) -> &str {
    text(item, "kind").unwrap_or_default()
}

/// Refuses an item of a version not known here.
pub(super) fn check_version(item: &Item) -> Result<(), ItemError> {
    let known = matches!(item.get("v"), Some(AttributeValue::N(v)) if *v == VERSION.to_string());
    if known { Ok(()) } else { Err(unknown_kind(item)) }
}

pub(crate) fn from_item<T: DeserializeOwned>(item: Item, kind: &str) -> Result<T, ItemError> {
    let key = describe_key(&item);
    serde_dynamo::from_item(item).map_err(|why| ItemError::Malformed {
        key,
        kind: kind.to_owned(),
        why: why.to_string(),
    })
}

fn unknown_kind(item: &Item) -> ItemError {
    let version = match item.get("v") {
        Some(AttributeValue::N(v)) => v.clone(),
        _ => "none".to_owned(),
    };
    ItemError::UnknownKind { key: describe_key(item), kind: kind_of(item).to_owned(), version }
}

/// An error that names the sort key alone, as [`describe_key`] does.
pub(crate) fn misplaced(key: String) -> ItemError {
    ItemError::Misplaced { key }
}

/// The sort key of an item, for messages. The partition is left out: it may hold a document or a
/// client's own key, and must not reach a log.
pub(super) fn describe_key(item: &Item) -> String {
    text(item, crate::schema::SK).unwrap_or("without key").to_owned()
}
