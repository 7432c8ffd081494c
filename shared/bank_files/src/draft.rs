//! An entry of a statement before it has its fingerprint.
//!
//! Owns: what OFX and CSV have in common once a movement is read. Does not own how it was read.
//! Invariant: an entry moves money; zero is a bad line.

use chrono::{Datelike, NaiveDate};
use quita_core::money::Money;

use crate::entry::{Clues, Entry, FileAccount, Movement};
use crate::fault::BadLine;
use crate::fingerprints::{Fingerprints, Identity};
use crate::reader::Item;

/// Years a movement may be booked in; another one is a misread date.
const YEARS: std::ops::RangeInclusive<i32> = 1995..=2099;

/// One movement as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// First line, from 1.
    pub(crate) line: u64,
    /// Positive when money came.
    pub(crate) centavos: i64,
    /// Whether the bank charged it for itself; looked at where money went.
    pub(crate) fee: bool,
    pub(crate) booked_on: NaiveDate,
    pub(crate) bank_id: Option<String>,
    /// Cleaned.
    pub(crate) memo: String,
    pub(crate) clues: Clues,
}

impl Draft {
    /// The entry, or what is wrong with it.
    pub(crate) fn into_item(self, account: &FileAccount, prints: &mut Fingerprints) -> Item {
        let line = self.line;
        match self.into_entry(account, prints) {
            Ok(entry) => Item::Entry(Box::new(entry)),
            Err(reason) => Item::BadLine(BadLine::new(line, reason)),
        }
    }

    fn into_entry(
        self,
        account: &FileAccount,
        prints: &mut Fingerprints,
    ) -> Result<Entry, &'static str> {
        if !YEARS.contains(&self.booked_on.year()) {
            return Err("its year cannot be right; check the date and its format");
        }
        let amount = Money::from_centavos(self.centavos.abs());
        let movement = match self.centavos {
            0 => return Err("its amount is zero, so nothing moved; nothing to do"),
            1.. => Movement::Credit { amount },
            _ if self.fee => Movement::Fee { amount },
            _ => Movement::Debit { amount },
        };
        let fingerprint = prints.of(&Identity {
            account,
            booked_on: self.booked_on,
            centavos: self.centavos,
            bank_id: self.bank_id.as_deref(),
            memo: &self.memo,
            occurrence: None,
        })?;
        Ok(Entry {
            line: self.line,
            movement,
            booked_on: self.booked_on,
            bank_id: self.bank_id,
            memo: self.memo,
            clues: self.clues,
            fingerprint,
        })
    }
}
