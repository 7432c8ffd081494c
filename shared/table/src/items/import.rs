//! Items of bank files: the import, the pieces of the file, its lines, and boletos by number.
//!
//! Owns their stored form. Invariant: the pieces expire, the lines never do: a line that comes
//! again years later is still known.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use quita_core::bank_import::{BankImport, BankLine, BoletoRef};
use quita_core::ids::{ImportId, InvoiceId, MerchantId};
use quita_core::work::WorkDue;
use serde::{Deserialize, Serialize};
use serde_dynamo::AttributeValue;

use super::{ItemError, VERSION, extend_with_work, kind, to_item};
use crate::dynamo::Item;
use crate::keys::{self, Key, PrimaryKey, WorkSubject};
use crate::schema;

/// A piece of an uploaded file.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportChunk {
    pub import: ImportId,
    /// Place in the file, from 0.
    pub nth: u32,
    pub bytes: Vec<u8>,
    pub expires_at: DateTime<Utc>,
}

/// Without the bytes: a statement names people and accounts.
impl std::fmt::Debug for ImportChunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImportChunk({} {}, {} bytes)", self.import, self.nth, self.bytes.len())
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ImportItem<'a> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    version: u64,
    pub(super) import: Cow<'a, BankImport>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ImportChunkItem {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    /// The TTL attribute.
    #[serde(with = "chrono::serde::ts_seconds")]
    pub(super) expires_at: DateTime<Utc>,
    pub(super) import: ImportId,
    pub(super) nth: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct BankLineItem<'a> {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    version: u64,
    pub(super) line: Cow<'a, BankLine>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct BoletoItem {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    pub(super) our_number: String,
    pub(super) invoice: InvoiceId,
    pub(super) instalment: u16,
}

/// Attribute that holds the bytes of a piece.
pub(super) const BYTES: &str = "bytes";

/// The item of an import, listed in `by_state`, in `work` while lines are left to take in.
pub fn import(import: &BankImport, work: Option<&WorkDue>) -> Result<Item, ItemError> {
    let merchant = &import.merchant;
    let PrimaryKey { pk, sk } = Key::Import(&import.id).of(merchant);
    let mut item = to_item(ImportItem {
        pk,
        sk,
        kind: kind::IMPORT.to_owned(),
        v: VERSION,
        version: import.version,
        import: Cow::Borrowed(import),
    })?;
    let entry = keys::import_entry(merchant, &import.id);
    item.extend(keys::index_attributes(&schema::BY_STATE, entry));
    extend_with_work(&mut item, merchant, WorkSubject::Import(import.id.clone()), work);
    Ok(item)
}

/// The item of a piece of a file.
pub fn import_chunk(merchant: &MerchantId, chunk: &ImportChunk) -> Result<Item, ItemError> {
    if chunk.nth > keys::IMPORT_CHUNK_NTH_MAX {
        let why = format!("a file has no piece {}", chunk.nth);
        return Err(ItemError::Unstorable(why));
    }
    let PrimaryKey { pk, sk } = Key::ImportChunk(&chunk.import, chunk.nth).of(merchant);
    let mut item = to_item(ImportChunkItem {
        pk,
        sk,
        kind: kind::IMPORT_CHUNK.to_owned(),
        v: VERSION,
        expires_at: chunk.expires_at,
        import: chunk.import.clone(),
        nth: chunk.nth,
    })?;
    item.insert(BYTES.to_owned(), AttributeValue::B(chunk.bytes.clone()));
    Ok(item)
}

/// The item of a line that was taken in.
pub fn bank_line(line: &BankLine) -> Result<Item, ItemError> {
    if !keys::is_fingerprint(&line.fingerprint) {
        return Err(ItemError::Unstorable("a bank line needs a fingerprint".to_owned()));
    }
    let PrimaryKey { pk, sk } = Key::BankLine(&line.fingerprint).of(&line.merchant);
    to_item(BankLineItem {
        pk,
        sk,
        kind: kind::BANK_LINE.to_owned(),
        v: VERSION,
        version: line.version,
        line: Cow::Borrowed(line),
    })
}

/// The item that leads from *nosso número* to the debt.
pub fn boleto(merchant: &MerchantId, boleto: &BoletoRef) -> Result<Item, ItemError> {
    let BoletoRef { our_number, invoice, instalment } = boleto;
    let plain = !our_number.is_empty() && our_number.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain {
        return Err(ItemError::Unstorable("nosso número is letters and digits".to_owned()));
    }
    let PrimaryKey { pk, sk } = Key::Boleto(our_number).of(merchant);
    to_item(BoletoItem {
        pk,
        sk,
        kind: kind::BOLETO.to_owned(),
        v: VERSION,
        our_number: our_number.clone(),
        invoice: invoice.clone(),
        instalment: *instalment,
    })
}
