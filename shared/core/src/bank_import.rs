//! A bank file on its way into the books, and what became of each of its lines.
//!
//! Owns the states of an import, the place of its parts, and the record by which a line is known
//! again. Does not own formats or matching.
//! Invariants: a line is applied once, under its fingerprint, whatever file it stands in; a file is
//! applied only after it was read whole without a fault.
//!
//! ```text
//!   uploading ── read whole, without a fault ──> importing ── every entry taken in ──> imported
//!        └────── any fault ──> refused               └─ its pieces are gone ──> stopped
//! ```

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::hidden::Hidden;
use crate::ids::{ImportId, InvoiceId, MerchantId, PaymentId};
use crate::money::Money;
use crate::work::{WorkDue, WorkKind};

/// Longest name of a file.
pub const NAME_CHARS_MAX: usize = 200;
/// Longest number of an account or a branch.
pub const ACCOUNT_CHARS_MAX: usize = 20;
/// Bytes of the largest part of a file: with base64 and its envelope it stays below the 6 MB that a
/// Lambda is called with.
pub const PART_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most parts of one file.
pub const PARTS_MAX: u16 = 64;
/// Bytes of a stored piece of a part: below the 400 KB of an item.
pub const CHUNK_BYTES: usize = 350_000;
/// Pieces of the largest part.
pub const CHUNKS_PER_PART: u32 = PART_BYTES_MAX.div_ceil(CHUNK_BYTES) as u32;
/// How long the pieces of a file are kept.
pub const CHUNKS_KEPT: TimeDelta = TimeDelta::days(7);
/// Faults of a refused file that are kept and told; of the others the number.
pub const FAULTS_KEPT: usize = 100;
/// Longest *nosso número*. Source: FEBRABAN CNAB 240, segment T, columns 38 to 57.
pub const OUR_NUMBER_CHARS_MAX: usize = 20;
/// Events of an import, as rows and bus name them.
pub const EVENTS: [&str; 5] = [ACCEPTED, REFUSED, FINISHED, STOPPED, FEE];
/// A file was read whole and its entries are being taken in.
pub const ACCEPTED: &str = "import.accepted";
/// A file was refused; nothing of it is applied.
pub const REFUSED: &str = "import.refused";
/// Every entry was taken in.
pub const FINISHED: &str = "import.finished";
/// The pieces of the file are gone, or are read otherwise than before.
pub const STOPPED: &str = "import.stopped";
/// A line of a file shows what the bank charged for itself.
pub const FEE: &str = "bank_line.fee";

/// One uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankImport {
    pub merchant: MerchantId,
    pub id: ImportId,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    /// What the merchant calls the file.
    pub name: String,
    pub format: FileFormat,
    /// The account it has to be of.
    pub account: Account,
    /// What the columns of a CSV mean, as JSON: see `quita-bank-files`.
    pub csv: Option<String>,
    /// In order, from 1.
    pub parts: Vec<FilePart>,
    /// What the file holds, once it was read whole.
    pub summary: Option<FileSummary>,
    /// Entries taken in so far, from the first on: the checkpoint.
    pub done: u64,
    pub counts: Counts,
    pub state: ImportState,
}

/// The formats of bank files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    Ofx,
    Cnab240,
    Cnab400,
    Csv,
}

impl FileFormat {
    pub const ALL: [Self; 4] = [Self::Ofx, Self::Cnab240, Self::Cnab400, Self::Csv];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ofx => "ofx",
            Self::Cnab240 => "cnab240",
            Self::Cnab400 => "cnab400",
            Self::Csv => "csv",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }
}

/// An account of the merchant, as the merchant spells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// COMPE code of the bank, three digits.
    pub bank: String,
    pub branch: Option<String>,
    pub number: String,
}

/// A part of a file, as it was uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    pub bytes: u64,
    /// SHA-256 in hexadecimal digits: the same part again is known by it.
    pub digest: String,
}

impl FilePart {
    /// Places of the pieces of the part that is the `nth`, from 1.
    pub fn chunks(&self, nth: u16) -> std::ops::Range<u32> {
        let first = u32::from(nth.saturating_sub(1)) * CHUNKS_PER_PART;
        let count = self.bytes.div_ceil(CHUNK_BYTES as u64);
        first..first + u32::try_from(count).unwrap_or(CHUNKS_PER_PART)
    }
}

/// What a whole file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSummary {
    pub entries: u64,
    pub lines: u64,
    pub bytes: u64,
    /// The first day of an entry.
    pub from: Option<NaiveDate>,
    /// The last day of an entry.
    pub until: Option<NaiveDate>,
}

/// A line of a file that cannot be read, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFault {
    /// From 1.
    pub line: u64,
    pub reason: String,
}

/// Where an import stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ImportState {
    Uploading,
    /// Looked after again at `next_at`, unless whoever is at it moves that on.
    Importing {
        next_at: DateTime<Utc>,
    },
    Imported {
        at: DateTime<Utc>,
    },
    /// Nothing was applied.
    Refused {
        at: DateTime<Utc>,
        faults: Vec<LineFault>,
        /// Faults beside those kept.
        more: u64,
    },
    /// What was taken in stays; the rest needs the file once more.
    Stopped {
        at: DateTime<Utc>,
        why: String,
    },
}

impl ImportState {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Importing { .. } => "importing",
            Self::Imported { .. } => "imported",
            Self::Refused { .. } => "refused",
            Self::Stopped { .. } => "stopped",
        }
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A payment recorded before is on the account now.
    Settled,
    /// A payment first told of by this line, and it found its place.
    Matched,
    /// A payment first told of by this line that waits for a person.
    Unmatched,
    /// The payment was recorded before with another amount; a person has to look.
    AmountDiffers,
    /// The bank's own charge, booked.
    Fee,
    /// Money went: recorded here only. It books nothing.
    Debit,
    /// No money moved.
    Notice,
    /// Another file told of it before.
    AlreadyKnown,
}

impl Outcome {
    pub const ALL: [Self; 8] = [
        Self::Settled,
        Self::Matched,
        Self::Unmatched,
        Self::AmountDiffers,
        Self::Fee,
        Self::Debit,
        Self::Notice,
        Self::AlreadyKnown,
    ];
}

/// Lines by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub settled: u64,
    pub matched: u64,
    pub unmatched: u64,
    pub amount_differs: u64,
    pub fees: u64,
    pub debits: u64,
    pub notices: u64,
    pub already_known: u64,
}

impl Counts {
    /// Counts one line more.
    pub fn add(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Settled => &mut self.settled,
            Outcome::Matched => &mut self.matched,
            Outcome::Unmatched => &mut self.unmatched,
            Outcome::AmountDiffers => &mut self.amount_differs,
            Outcome::Fee => &mut self.fees,
            Outcome::Debit => &mut self.debits,
            Outcome::Notice => &mut self.notices,
            Outcome::AlreadyKnown => &mut self.already_known,
        };
        *count += 1;
    }

    /// All lines.
    pub fn total(&self) -> u64 {
        self.settled
            + self.matched
            + self.unmatched
            + self.amount_differs
            + self.fees
            + self.debits
            + self.notices
            + self.already_known
    }
}

/// One line of a file that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankLine {
    pub merchant: MerchantId,
    /// 32 hexadecimal digits: see `quita-bank-files`.
    pub fingerprint: String,
    pub version: u64,
    /// The file it was first seen in.
    pub import: ImportId,
    /// Line in the file, from 1.
    pub line: u64,
    pub booked_on: NaiveDate,
    /// Positive when money came, negative when it went.
    pub amount: Money,
    /// The bank's words.
    pub memo: Hidden,
    pub outcome: Outcome,
    /// The payment it tells of.
    pub payment: Option<PaymentId>,
}

/// Which debt a boleto issued elsewhere asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoletoRef {
    /// *Nosso número*, as [`our_number`] spells it.
    pub our_number: String,
    pub invoice: InvoiceId,
    pub instalment: u16,
}

/// *Nosso número* in the one form it is compared in: letters and digits, upper case, without
/// leading zeros. `None` when nothing is left, or more than [`OUR_NUMBER_CHARS_MAX`].
pub fn our_number(text: &str) -> Option<String> {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    let bare: String = kept.map(|c| c.to_ascii_uppercase()).skip_while(|c| *c == '0').collect();
    (1..=OUR_NUMBER_CHARS_MAX).contains(&bare.len()).then_some(bare)
}

/// Why a part is not taken. Final: the same part is refused again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PartRefused {
    #[error("parts are numbered from 1 to {PARTS_MAX}; this file goes on with part {next}")]
    OutOfOrder { next: u16 },
    #[error("this part was uploaded with other bytes; begin a new upload")]
    OtherBytes,
    #[error("the upload is over: the file is {state}")]
    Closed { state: &'static str },
    #[error("the part is empty")]
    Empty,
    #[error("the file is over {bytes_max} bytes; export fewer days")]
    TooLarge { bytes_max: u64 },
}

/// What to do with a part that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartTaken {
    /// It is there.
    Known,
    /// Its pieces are to be stored, and then this.
    New(Box<BankImport>),
}

impl BankImport {
    /// The import after part `nth`, from 1.
    pub fn with_part(
        &self,
        nth: u16,
        part: FilePart,
        bytes_max: u64,
    ) -> Result<PartTaken, PartRefused> {
        if let Some(known) = nth.checked_sub(1).and_then(|nth| self.parts.get(usize::from(nth))) {
            return if *known == part {
                Ok(PartTaken::Known)
            } else {
                Err(PartRefused::OtherBytes)
            };
        }
        if self.state != ImportState::Uploading {
            return Err(PartRefused::Closed { state: self.state.as_str() });
        }
        let next = u16::try_from(self.parts.len() + 1).unwrap_or(u16::MAX);
        if nth != next || nth > PARTS_MAX {
            return Err(PartRefused::OutOfOrder { next: next.min(PARTS_MAX) });
        }
        if part.bytes == 0 {
            return Err(PartRefused::Empty);
        }
        if self.bytes() + part.bytes > bytes_max {
            return Err(PartRefused::TooLarge { bytes_max });
        }
        let mut after = self.clone();
        after.version += 1;
        after.parts.push(part);
        Ok(PartTaken::New(Box::new(after)))
    }

    /// Bytes uploaded so far.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// Places of the pieces, in the order of the file.
    pub fn chunks(&self) -> impl Iterator<Item = u32> + '_ {
        (1..).zip(&self.parts).flat_map(|(nth, part)| part.chunks(nth))
    }

    /// Whether entries are left to take in.
    pub fn is_importing(&self) -> bool {
        matches!(self.state, ImportState::Importing { .. })
    }

    /// When somebody has to look after it.
    pub fn work(&self) -> Option<WorkDue> {
        match self.state {
            ImportState::Importing { next_at } => {
                Some(WorkDue { at: next_at, kind: WorkKind::Import })
            }
            ImportState::Uploading
            | ImportState::Imported { .. }
            | ImportState::Refused { .. }
            | ImportState::Stopped { .. } => None,
        }
    }

    /// The file was read whole, and its entries may be taken in.
    #[must_use]
    pub fn accepted(&self, summary: FileSummary, next_at: DateTime<Utc>) -> Self {
        let state = ImportState::Importing { next_at };
        Self { summary: Some(summary), ..self.moved_to(state) }
    }

    /// The file has faults, and nothing of it is applied.
    #[must_use]
    pub fn refused(&self, mut faults: Vec<LineFault>, all: u64, at: DateTime<Utc>) -> Self {
        faults.truncate(FAULTS_KEPT);
        let more = all.saturating_sub(faults.len() as u64);
        self.moved_to(ImportState::Refused { at, faults, more })
    }

    /// Lines more were taken in; looked after again at `next_at`.
    #[must_use]
    pub fn gone_on(&self, outcomes: &[Outcome], next_at: DateTime<Utc>) -> Self {
        let mut after = self.moved_to(ImportState::Importing { next_at });
        after.done += outcomes.len() as u64;
        outcomes.iter().for_each(|outcome| after.counts.add(*outcome));
        after
    }

    /// Every entry was taken in.
    #[must_use]
    pub fn finished(&self, at: DateTime<Utc>) -> Self {
        self.moved_to(ImportState::Imported { at })
    }

    /// The rest cannot be taken in.
    #[must_use]
    pub fn stopped(&self, why: &str, at: DateTime<Utc>) -> Self {
        self.moved_to(ImportState::Stopped { at, why: why.to_owned() })
    }

    fn moved_to(&self, state: ImportState) -> Self {
        Self { version: self.version + 1, state, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
