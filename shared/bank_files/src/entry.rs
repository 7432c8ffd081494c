//! What a bank file says, whatever its format: movements of one account, each with its place.
//!
//! Owns the common shape and the fingerprint by which an entry is recognised when a file, or an
//! overlapping one, comes again. Does not own what an entry means for an invoice.

use chrono::NaiveDate;
use quita_core::document::TaxId;
use quita_core::ids::{EndToEndId, Txid};
use quita_core::money::Money;
use serde::{Deserialize, Serialize};

/// The account a file is about, as its header spells it. Digits are compared without leading zeros
/// and separators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAccount {
    /// COMPE code of the bank, three digits, where the file gives one.
    pub bank: Option<String>,
    pub branch: Option<String>,
    pub number: String,
}

impl FileAccount {
    /// Whether both are the same account: the numbers agree without separators and leading zeros,
    /// and so do bank and branch where both give them.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let agree = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => Self::bare(a) == Self::bare(b),
            (None, _) | (_, None) => true,
        };
        let number = Self::bare(&self.number);
        !number.is_empty()
            && number == Self::bare(&other.number)
            && agree(&self.bank, &other.bank)
            && agree(&self.branch, &other.branch)
    }

    /// The characters that tell accounts apart: letters (check digit `X`) and digits, without
    /// leading zeros.
    pub(crate) fn bare(text: &str) -> String {
        let kept = text.chars().filter(char::is_ascii_alphanumeric);
        kept.map(|c| c.to_ascii_uppercase()).skip_while(|c| *c == '0').collect()
    }
}

/// One movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// First line of the entry in the file, from 1.
    pub line: u64,
    pub movement: Movement,
    /// The day the bank booked it.
    pub booked_on: NaiveDate,
    /// What the bank calls it: `FITID` of OFX, the title of CNAB, the id column of CSV.
    pub bank_id: Option<String>,
    /// The bank's words, cleaned of control characters.
    pub memo: String,
    pub clues: Clues,
    /// Stable over repeated and overlapping files of the same account.
    pub fingerprint: Fingerprint,
}

/// What moved. Amounts are positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Money came.
    Credit { amount: Money },
    /// Money went.
    Debit { amount: Money },
    /// The bank's own charge.
    Fee { amount: Money },
    /// A collection title was paid (CNAB).
    TitlePaid(TitlePayment),
    /// Something was said of a title that moves no money (registered, rejected, written off ..).
    TitleNotice { occurrence: u8, meaning: &'static str },
}

/// A paid title by its components; `paid = face + interest - discount - rebate`, as far as the bank
/// says so. Source: FEBRABAN CNAB 240, segments T and U.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitlePayment {
    pub face: Money,
    pub paid: Money,
    /// Interest and late fee together: the format does not part them.
    pub interest: Money,
    pub discount: Money,
    pub rebate: Money,
    /// What the bank keeps for itself.
    pub fee: Money,
    /// When the money is on the account.
    pub credited_on: Option<NaiveDate>,
    /// Paid after the title had been written off, or unregistered (occurrence 17).
    pub after_write_off: bool,
}

/// What may lead to an invoice. Strong ones identify, the others are hints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clues {
    /// Strong.
    pub end_to_end_id: Option<EndToEndId>,
    /// Strong where it is a txid of ours.
    pub txid: Option<Txid>,
    /// Strong: *nosso número*, without leading zeros.
    pub our_number: Option<String>,
    /// The company's own words on a title: usually its invoice number.
    pub document_number: Option<String>,
    pub payer: Option<TaxId>,
    pub payer_name: Option<String>,
}

/// 32 lower-case hexadecimal digits over account, day, amount, the bank's id (the memo, where the
/// file has no ids), and how many equal ones stood before it in the file: Brazilian banks repeat
/// `FITID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn of_digest(digest: &[u8]) -> Self {
        Self(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests;
