//! One line of fixed columns, and the fields that are cut out of it.
//!
//! Owns: columns counted as the manuals count them, and how numbers, dates and texts are written
//! in them. Does not own which field stands where.
//! Invariant: one byte is one character, so a column is cut before anything is decoded.

use chrono::NaiveDate;
use encoding_rs::WINDOWS_1252;
use quita_core::document::{Cnpj, Cpf, TaxId};
use quita_core::ids::Txid;
use quita_core::money::Money;

/// First year of the hundred that two digits stand for: 70 is 1970 and 69 is 2069. A year of four
/// digits outside of them is misread.
const CENTURY_PIVOT: i32 = 1_970;
/// Years that two digits can tell apart.
const CENTURY: i32 = 100;
/// Characters of a CPF.
const CPF_LENGTH: usize = 11;
/// Characters of a CNPJ, the last ones of a column that is one wider.
const CNPJ_LENGTH: usize = 14;

/// Columns of a record, counted from 1, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    first: usize,
    last: usize,
}

/// The columns `first` to `last`, as a manual writes them.
pub(super) const fn columns(first: usize, last: usize) -> Columns {
    Columns { first, last }
}

/// A line of the right length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    /// Its place in the file, from 1.
    pub(super) line: u64,
    pub(super) bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// The raw field.
    pub(super) fn field(&self, at: Columns) -> &'a [u8] {
        self.bytes.get(at.first - 1..at.last).unwrap_or_default()
    }

    /// The one character at `place`, counted from 1.
    pub(super) fn byte(&self, place: usize) -> u8 {
        self.bytes.get(place - 1).copied().unwrap_or(b' ')
    }

    /// The field as text, without the spaces around it and without control characters.
    pub(super) fn text(&self, at: Columns) -> String {
        let (decoded, _) = WINDOWS_1252.decode_without_bom_handling(self.field(at));
        let cleaned: String =
            decoded.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        cleaned.trim().to_owned()
    }

    /// The field as text, unless it is blank or all zeros, which is how these files say nothing.
    pub(super) fn said(&self, at: Columns) -> Option<String> {
        let text = self.text(at);
        if text.bytes().all(|byte| byte == b'0') { None } else { Some(text) }
    }

    /// A number the bank gives, without leading zeros; it stays text, since it may have letters.
    pub(super) fn numbering(&self, at: Columns) -> Option<String> {
        self.said(at).map(|text| text.trim_start_matches('0').trim_start().to_owned())
    }

    /// Digits only; blanks count as zero. At most 18 columns.
    pub(super) fn number(&self, at: Columns) -> Result<u64, String> {
        let field = self.field(at);
        if field.iter().all(|byte| *byte == b' ') {
            return Ok(0);
        }
        let digit = |total: u64, byte: &u8| {
            let value = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
            total.checked_mul(10)?.checked_add(value)
        };
        field.iter().try_fold(0, digit).ok_or_else(|| {
            format!("columns {} to {} hold something other than digits", at.first, at.last)
        })
    }

    /// An amount in centavos, two implied decimals.
    pub(super) fn money(&self, at: Columns) -> Result<Money, String> {
        let centavos = i64::try_from(self.number(at)?).map_err(|_| {
            format!("columns {} to {} hold an amount that is too large", at.first, at.last)
        })?;
        Ok(Money::from_centavos(centavos))
    }

    /// A day as `ddmmaaaa` or `ddmmaa`; zeros and blanks say that there is none.
    pub(super) fn date(&self, at: Columns) -> Result<Option<NaiveDate>, String> {
        let number = u32::try_from(self.number(at)?).unwrap_or(u32::MAX);
        if number == 0 {
            return Ok(None);
        }
        let short = at.last - at.first == 5;
        let years = if short { 100 } else { 10_000 };
        let (day, month) = (number / (years * 100), number / years % 100);
        let written = i32::try_from(number % years).unwrap_or(i32::MAX);
        let since = if short {
            (written - CENTURY_PIVOT).rem_euclid(CENTURY)
        } else {
            written - CENTURY_PIVOT
        };
        let year = (0..CENTURY).contains(&since).then_some(CENTURY_PIVOT + since);
        year.and_then(|year| NaiveDate::from_ymd_opt(year, month, day)).map(Some).ok_or_else(|| {
            format!("columns {} to {} hold a day that cannot be right", at.first, at.last)
        })
    }

    /// The payer's document: `1` at `kind` is a CPF, `2` a CNPJ, which may have letters. What is
    /// not a document is left out, since it only ever is a hint.
    pub(super) fn tax_id(&self, kind: usize, at: Columns) -> Option<TaxId> {
        let text = self.text(at);
        let last = |length: usize| match text.len().checked_sub(length) {
            Some(cut) => {
                let (padding, kept) = text.split_at_checked(cut)?;
                padding.bytes().all(|byte| byte == b'0').then(|| kept.to_owned())
            }
            None => Some(format!("{text:0>length$}")),
        };
        match self.byte(kind) {
            b'1' => Cpf::parse(&last(CPF_LENGTH)?).ok().map(TaxId::Cpf),
            b'2' => Cnpj::parse(&last(CNPJ_LENGTH)?).ok().map(TaxId::Cnpj),
            _ => None,
        }
    }

    /// The txid beside a Pix key, if there is one.
    pub(super) fn txid(&self, at: Columns) -> Result<Option<Txid>, String> {
        let Some(text) = self.said(at) else { return Ok(None) };
        Txid::parse(&text).map(Some).map_err(|_| {
            format!("columns {} to {} hold something other than a txid", at.first, at.last)
        })
    }
}
