//! What a read asks for and what it found.

use std::collections::HashMap;

use quita_core::bank_import::{BankImport, BankLine, BoletoRef};
use quita_core::customer::Customer;
use quita_core::document::TaxId;
use quita_core::ids::{CustomerId, ImportId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::Invoice;
use quita_core::merchant::Merchant;
use quita_core::message::{LedgerKey, Message};
use quita_core::payment::Payment;
use quita_core::reconciliation::Reconciliation;

use crate::items::{IdempotencyRecord, ItemError, Stored};
use crate::keys::{Key, PrimaryKey, RecordKey};
use crate::record::Record;

/// One item to read, by identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ItemRef {
    Merchant,
    Customer(CustomerId),
    /// Which customer has a document.
    Document(TaxId),
    Invoice(InvoiceId),
    Payment(PaymentId),
    Reconciliation,
    Import(ImportId),
    ImportChunk(ImportId, u32),
    BankLine(String),
    /// By *nosso número*.
    Boleto(String),
    Message(InvoiceId, LedgerKey),
    Record(RecordKey),
    Idempotency {
        scope: String,
        key: String,
    },
}

impl ItemRef {
    pub(super) fn key(&self, merchant: &MerchantId) -> PrimaryKey {
        let key = match self {
            Self::Merchant => Key::Merchant,
            Self::Customer(id) => Key::Customer(id),
            Self::Document(document) => Key::Document(document),
            Self::Invoice(id) => Key::Invoice(id),
            Self::Payment(id) => Key::Payment(id),
            Self::Reconciliation => Key::Reconciliation,
            Self::Import(id) => Key::Import(id),
            Self::ImportChunk(id, nth) => Key::ImportChunk(id, *nth),
            Self::BankLine(fingerprint) => Key::BankLine(fingerprint),
            Self::Boleto(our_number) => Key::Boleto(our_number),
            Self::Message(invoice, key) => Key::Message(invoice, key),
            Self::Record(key) => Key::Record(key),
            Self::Idempotency { scope, key } => Key::Idempotency { scope, key },
        };
        key.of(merchant)
    }
}

/// The items a read found. Each is taken out once, by identity; what is not there is `None`.
pub struct Found {
    merchant: MerchantId,
    items: HashMap<PrimaryKey, Stored>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Found {{ {} items of {} }}", self.items.len(), self.merchant)
    }
}

impl Found {
    pub(super) fn new(merchant: &MerchantId, items: HashMap<PrimaryKey, Stored>) -> Self {
        Self { merchant: merchant.clone(), items }
    }

    pub fn take_merchant(&mut self) -> Option<Merchant> {
        match self.take(&Key::Merchant)? {
            Stored::Merchant(merchant) => Some(*merchant),
            _ => None,
        }
    }

    pub fn take_customer(&mut self, id: &CustomerId) -> Option<Customer> {
        match self.take(&Key::Customer(id))? {
            Stored::Customer(customer) => Some(*customer),
            _ => None,
        }
    }

    /// The customer that has a document.
    pub fn take_document(&mut self, document: &TaxId) -> Option<CustomerId> {
        match self.take(&Key::Document(document))? {
            Stored::Document { customer, .. } => Some(customer),
            _ => None,
        }
    }

    pub fn take_invoice(&mut self, id: &InvoiceId) -> Option<Invoice> {
        match self.take(&Key::Invoice(id))? {
            Stored::Invoice(invoice) => Some(*invoice),
            _ => None,
        }
    }

    pub fn take_payment(&mut self, id: &PaymentId) -> Option<Payment> {
        match self.take(&Key::Payment(id))? {
            Stored::Payment(payment) => Some(*payment),
            _ => None,
        }
    }

    pub fn take_reconciliation(&mut self) -> Option<Reconciliation> {
        match self.take(&Key::Reconciliation)? {
            Stored::Reconciliation(reconciliation) => Some(*reconciliation),
            _ => None,
        }
    }

    pub fn take_import(&mut self, id: &ImportId) -> Option<BankImport> {
        match self.take(&Key::Import(id))? {
            Stored::Import(import) => Some(*import),
            _ => None,
        }
    }

    /// The bytes of a piece of a file.
    pub fn take_import_chunk(&mut self, id: &ImportId, nth: u32) -> Option<Vec<u8>> {
        match self.take(&Key::ImportChunk(id, nth))? {
            Stored::ImportChunk(chunk) => Some(chunk.bytes),
            _ => None,
        }
    }

    pub fn take_bank_line(&mut self, fingerprint: &str) -> Option<BankLine> {
        match self.take(&Key::BankLine(fingerprint))? {
            Stored::BankLine(line) => Some(*line),
            _ => None,
        }
    }

    pub fn take_boleto(&mut self, our_number: &str) -> Option<BoletoRef> {
        match self.take(&Key::Boleto(our_number))? {
            Stored::Boleto(boleto) => Some(boleto),
            _ => None,
        }
    }

    pub fn take_message(&mut self, invoice: &InvoiceId, key: &LedgerKey) -> Option<Message> {
        match self.take(&Key::Message(invoice, key))? {
            Stored::Message(message) => Some(*message),
            _ => None,
        }
    }

    pub fn take_idempotency(&mut self, scope: &str, key: &str) -> Option<IdempotencyRecord> {
        match self.take(&Key::Idempotency { scope, key })? {
            Stored::Idempotency(record) => Some(*record),
            _ => None,
        }
    }

    /// A record, of the kind that has such keys.
    ///
    /// # Errors
    /// [`ItemError`] for a record this release does not understand, or one that is not of kind `R`.
    pub fn take_record<R: Record>(&mut self, key: &RecordKey) -> Result<Option<R>, ItemError> {
        match self.take(&Key::Record(key)) {
            Some(Stored::Record(item)) => item.decode(&self.merchant).map(Some),
            _ => Ok(None),
        }
    }

    // The takers' other arms cannot be reached: `decode` checked that a value spells its key.
    fn take(&mut self, key: &Key<'_>) -> Option<Stored> {
        self.items.remove(&key.of(&self.merchant))
    }
}
