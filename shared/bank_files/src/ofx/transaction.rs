//! One `STMTTRN`: its leaves in any order, and the entry they make.
//!
//! Owns: which leaves count and what a missing or contradictory one means. Does not own tags.
//! Invariant: a movement without exactly one amount and one date is a bad line, never a guess.

use super::date;
use crate::amount;
use crate::clues::clues_in;
use crate::draft::Draft;
use crate::entry::FileAccount;
use crate::fault::{BadLine, quoted};
use crate::fingerprints::Fingerprints;
use crate::reader::Item;

/// Bytes of all words of one movement; further `MEMO`s are left out.
const WORDS_BYTES_MAX: usize = 16_384;
/// Types of the bank's own charges. The others only repeat the sign. Source: OFX 1.6, section
/// 11.4.2.3.1.1.
const FEE_TYPES: [&str; 2] = ["FEE", "SRVCHG"];

/// A leaf that may stand once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Once {
    #[default]
    Missing,
    Given(String),
    /// Given again with another text.
    Contradicted,
}

impl Once {
    fn take(&mut self, value: String) {
        *self = match std::mem::take(self) {
            Self::Missing => Self::Given(value),
            Self::Given(known) if known == value => Self::Given(known),
            Self::Given(_) | Self::Contradicted => Self::Contradicted,
        };
    }

    /// The text, when it is needed.
    fn needed(&self, name: &str) -> Result<&str, String> {
        match self {
            Self::Given(value) => Ok(value),
            Self::Missing => Err(format!("it has no <{name}>; export the statement again")),
            Self::Contradicted => Err(format!(
                "it has two different <{name}>, so two movements may have run together; export \
                 the statement again"
            )),
        }
    }
}

/// A movement that is being read.
#[derive(Clone, Debug, Default)]
pub(super) struct Transaction {
    line: u64,
    kind: String,
    posted: Once,
    amount: Once,
    id: Once,
    currency: Option<String>,
    name: String,
    memo: String,
    /// Numbers beside the words: checks, references.
    numbers: String,
}

impl Transaction {
    pub(super) fn new(line: u64) -> Self {
        Self { line, ..Self::default() }
    }

    /// Takes a leaf of the aggregate `inside`. Its text is cleaned and not empty.
    pub(super) fn take(&mut self, inside: &str, name: &str, value: String) {
        match (inside, name) {
            ("STMTTRN", "TRNTYPE") => self.kind = value.to_ascii_uppercase(),
            ("STMTTRN", "DTPOSTED") => self.posted.take(value),
            ("STMTTRN", "TRNAMT") => self.amount.take(value),
            ("STMTTRN", "FITID") => self.id.take(value),
            ("CURRENCY", "CURSYM") => self.currency = Some(value.to_ascii_uppercase()),
            ("STMTTRN" | "PAYEE", "NAME") => append(&mut self.name, &value),
            ("STMTTRN", "MEMO" | "EXTDNAME") => append(&mut self.memo, &value),
            ("STMTTRN", "CHECKNUM" | "REFNUM" | "SRVRTID" | "CORRECTFITID") => {
                append(&mut self.numbers, &value);
            }
            _ => {}
        }
    }

    /// The entry, or what is wrong with it.
    pub(super) fn into_item(self, account: &FileAccount, prints: &mut Fingerprints) -> Item {
        let line = self.line;
        match self.into_draft() {
            Ok(draft) => draft.into_item(account, prints),
            Err(reason) => Item::BadLine(BadLine::new(line, reason)),
        }
    }

    fn into_draft(self) -> Result<Draft, String> {
        let posted = self.posted.needed("DTPOSTED")?;
        let amount = self.amount.needed("TRNAMT")?;
        let booked_on = date::day(posted).ok_or_else(|| {
            format!("its <DTPOSTED> {} is no date such as 20261130", quoted(posted))
        })?;
        let centavos = amount::centavos(amount, None)
            .map_err(|fault| format!("its <TRNAMT> {} {fault}", quoted(amount)))?;
        if let Some(currency) = self.currency.filter(|currency| currency != super::REAL) {
            let (shown, real) = (quoted(&currency), super::REAL);
            return Err(format!("its amount is in {shown}; enter it by hand in {real}"));
        }
        let bank_id = match &self.id {
            Once::Missing => None,
            Once::Given(_) | Once::Contradicted => Some(self.id.needed("FITID")?.to_owned()),
        };
        let mut memo = self.name;
        if memo.is_empty() || self.memo.contains(&memo) {
            memo = self.memo;
        } else {
            append(&mut memo, &self.memo);
        }
        let id = bank_id.as_deref().unwrap_or_default();
        let clues = clues_in(&memo, &format!("{} {id}", self.numbers));
        let fee = FEE_TYPES.contains(&self.kind.as_str());
        Ok(Draft { line: self.line, centavos, fee, booked_on, bank_id, memo, clues })
    }
}

/// Appends words behind a space, as far as there is room.
fn append(words: &mut String, more: &str) {
    if more.is_empty() || words.len() + more.len() >= WORDS_BYTES_MAX {
        return;
    }
    if !words.is_empty() {
        words.push(' ');
    }
    words.push_str(more);
}
