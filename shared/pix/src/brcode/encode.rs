//! From [`BrCode`] to text.
//!
//! Owns the order of the fields (ascending, checksum last) and the refusal of any value a strict
//! reader would refuse. Does not repair values: [`BrCode::static_key`] and its siblings do that
//! for names. Invariant: what it returns is printable ASCII of at most 512 characters.

use std::ops::RangeInclusive;

use quita_core::money::Money;

use super::fault::{EncodeError, FaultKind, Path};
use super::rules::{self, Flaw};
use super::{
    ACCOUNT_TEMPLATE, ACCOUNT_TEMPLATE_LAST, BrCode, COUNTRY_BRAZIL, CURRENCY_BRL, MerchantAccount,
    NO_TXID, PAYLOAD_FORMAT, PIX_GUI, RECURRENCE_TEMPLATE, RECURRENCE_TEMPLATE_LAST, crc16,
};

const CRC_HEADER: &[u8] = b"6304";
const CRC_DIGITS: usize = 4;
const HEX: &[u8; 16] = b"0123456789ABCDEF";
/// Room for nearly every code, so that writing allocates once.
const USUAL_BYTES: usize = 256;

impl BrCode<'_> {
    /// The text of this code, which [`parse_strict`](super::parse_strict) reads back as `self`.
    ///
    /// # Errors
    /// The first value that does not fit the standard: too long, outside printable ASCII, a
    /// location with scheme, an amount of zero or above 9,999,999,999.99, a txid in a code that is
    /// not static, no destination, or a template over 99 characters (a long key leaves less than
    /// 72 for the description).
    pub fn encode(&self) -> Result<String, EncodeError> {
        self.check()?;
        let mut writer = Writer { code: self, out: Vec::with_capacity(USUAL_BYTES) };
        writer.field(Path::Root(0), PAYLOAD_FORMAT)?;
        if let Some(point) = self.point_of_initiation {
            writer.field(Path::Root(1), point.as_str())?;
        }
        writer.others(None, 2..=self.account_template)?;
        writer.account()?;
        writer.others(None, self.account_template..=51)?;
        writer.field(Path::Root(52), self.merchant_category)?;
        writer.field(Path::Root(53), CURRENCY_BRL)?;
        if let Some(amount) = self.amount {
            writer.field(Path::Root(54), &amount.to_string())?;
        }
        writer.others(None, 55..=57)?;
        writer.field(Path::Root(58), COUNTRY_BRAZIL)?;
        writer.field(Path::Root(59), &self.name)?;
        writer.field(Path::Root(60), &self.city)?;
        if let Some(cep) = self.cep {
            writer.field(Path::Root(61), cep)?;
        }
        writer.additional_data()?;
        let recurrence_template = self.recurrence.as_ref().map_or(99, |at| at.template);
        writer.others(None, 64..=recurrence_template)?;
        writer.recurrence()?;
        writer.others(None, recurrence_template.saturating_add(1)..=99)?;
        writer.finish()
    }

    /// The rules that concern more than the length and alphabet of one value.
    fn check(&self) -> Result<(), EncodeError> {
        let fault = |path, kind| Err(EncodeError { path, kind });
        let account = |id| Path::Sub(self.account_template, id);
        if !(ACCOUNT_TEMPLATE..=ACCOUNT_TEMPLATE_LAST).contains(&self.account_template) {
            return fault(Path::Root(self.account_template), FaultKind::IdTaken);
        }
        match &self.account {
            MerchantAccount::Static { key, description, withdrawal_ispb } => {
                valid(account(1), rules::length(key, rules::KEY_CHARS_MAX))?;
                if let Some(text) = description {
                    valid(account(2), rules::length(text, rules::DESCRIPTION_CHARS_MAX))?;
                }
                if let Some(ispb) = withdrawal_ispb {
                    valid(account(3), rules::ispb(ispb))?;
                }
            }
            MerchantAccount::Dynamic { location } => {
                valid(account(25), rules::location(location))?;
            }
            MerchantAccount::GuiOnly if self.recurrence.is_none() => {
                return fault(Path::Root(self.account_template), FaultKind::NoDestination);
            }
            MerchantAccount::GuiOnly => {}
        }
        valid(Path::Root(52), rules::merchant_category(self.merchant_category))?;
        match self.amount {
            Some(amount) if amount == Money::ZERO => {
                return fault(Path::Root(54), FaultKind::AmountZero);
            }
            Some(amount) if amount < Money::ZERO || amount > Money::MAX_API_PIX => {
                return fault(Path::Root(54), FaultKind::AmountMalformed);
            }
            Some(_) | None => {}
        }
        valid(Path::Root(59), rules::length(&self.name, rules::NAME_CHARS_MAX))?;
        valid(Path::Root(60), rules::length(&self.city, rules::CITY_CHARS_MAX))?;
        if let Some(cep) = self.cep {
            valid(Path::Root(61), rules::cep(cep))?;
        }
        if let Some(txid) = self.txid {
            if !matches!(self.account, MerchantAccount::Static { .. }) {
                return fault(Path::Sub(62, 5), FaultKind::DynamicTxid);
            }
            valid(Path::Sub(62, 5), rules::length(txid, rules::TXID_CHARS_MAX))?;
            valid(Path::Sub(62, 5), rules::txid_alphabet(txid))?;
        }
        if let Some(recurrence) = &self.recurrence {
            if !(RECURRENCE_TEMPLATE..=RECURRENCE_TEMPLATE_LAST).contains(&recurrence.template) {
                return fault(Path::Root(recurrence.template), FaultKind::IdTaken);
            }
            valid(Path::Sub(recurrence.template, 25), rules::location(recurrence.location))?;
        }
        self.check_others()
    }

    /// Each kept field has an id of its own that no named field uses.
    fn check_others(&self) -> Result<(), EncodeError> {
        let recurrence_template = self.recurrence.as_ref().map(|recurrence| recurrence.template);
        let is_static = matches!(self.account, MerchantAccount::Static { .. });
        for (index, other) in self.others.iter().enumerate() {
            let is_free = match other.path {
                Path::Root(id) => {
                    let is_named = matches!(id, 0 | 1 | 52..=54 | 58..=63 | 100..);
                    !is_named && id != self.account_template && Some(id) != recurrence_template
                }
                Path::Sub(template, id) if template == self.account_template => {
                    let is_named = matches!(id, 0 | 1 | 25) || (is_static && matches!(id, 2 | 3));
                    !is_named && id < 100
                }
                Path::Sub(62, id) => !matches!(id, 5 | 100..),
                Path::Sub(template, id) if Some(template) == recurrence_template => {
                    !matches!(id, 0 | 25 | 100..)
                }
                Path::Sub(..) | Path::Text => false,
            };
            let is_repeated = self.others[..index].iter().any(|before| before.path == other.path);
            if !is_free || is_repeated {
                return Err(EncodeError { path: other.path, kind: FaultKind::IdTaken });
            }
        }
        Ok(())
    }
}

fn valid(path: Path, checked: Result<(), Flaw>) -> Result<(), EncodeError> {
    checked.map_err(|flaw| EncodeError { path, kind: flaw.kind })
}

struct Writer<'a> {
    code: &'a BrCode<'a>,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn account(&mut self) -> Result<(), EncodeError> {
        let template = self.code.account_template;
        let path = |id| Path::Sub(template, id);
        let start = self.open(template);
        self.field(path(0), PIX_GUI)?;
        match &self.code.account {
            MerchantAccount::Static { key, description, withdrawal_ispb } => {
                self.field(path(1), key)?;
                if let Some(text) = description {
                    self.field(path(2), text)?;
                }
                if let Some(ispb) = withdrawal_ispb {
                    self.field(path(3), ispb)?;
                }
                self.others(Some(template), 4..=99)?;
            }
            MerchantAccount::Dynamic { location } => {
                self.others(Some(template), 2..=24)?;
                self.field(path(25), location)?;
                self.others(Some(template), 26..=99)?;
            }
            MerchantAccount::GuiOnly => self.others(Some(template), 2..=99)?,
        }
        self.close(template, start)
    }

    fn additional_data(&mut self) -> Result<(), EncodeError> {
        let start = self.open(62);
        self.others(Some(62), 0..=4)?;
        self.field(Path::Sub(62, 5), self.code.txid.unwrap_or(NO_TXID))?;
        self.others(Some(62), 6..=99)?;
        self.close(62, start)
    }

    fn recurrence(&mut self) -> Result<(), EncodeError> {
        let Some(recurrence) = &self.code.recurrence else {
            return Ok(());
        };
        let template = recurrence.template;
        let start = self.open(template);
        self.field(Path::Sub(template, 0), PIX_GUI)?;
        self.others(Some(template), 1..=24)?;
        self.field(Path::Sub(template, 25), recurrence.location)?;
        self.others(Some(template), 26..=99)?;
        self.close(template, start)
    }

    /// Writes the kept fields of one level whose ids are in `ids`, ascending.
    fn others(&mut self, template: Option<u8>, ids: RangeInclusive<u8>) -> Result<(), EncodeError> {
        if self.code.others.is_empty() {
            return Ok(());
        }
        for path in ids.map(|id| Path::of(template, id)) {
            if let Some(other) = self.code.others.iter().find(|other| other.path == path) {
                self.field(path, other.value)?;
            }
        }
        Ok(())
    }

    fn field(&mut self, path: Path, value: &str) -> Result<(), EncodeError> {
        valid(path, rules::printable(value))?;
        valid(path, rules::length(value, rules::VALUE_CHARS_MAX))?;
        let (Path::Root(id) | Path::Sub(_, id)) = path else {
            return Err(EncodeError { path, kind: FaultKind::IdTaken });
        };
        self.out.extend(two_digits(usize::from(id)));
        self.out.extend(two_digits(value.len()));
        self.out.extend_from_slice(value.as_bytes());
        Ok(())
    }

    /// Starts a template whose length `close` fills in; returns where its content starts.
    fn open(&mut self, id: u8) -> usize {
        self.out.extend(two_digits(usize::from(id)));
        self.out.extend(b"00");
        self.out.len()
    }

    fn close(&mut self, id: u8, start: usize) -> Result<(), EncodeError> {
        let found = self.out.len() - start;
        if found > rules::VALUE_CHARS_MAX {
            let kind = FaultKind::TooLong { max: rules::VALUE_CHARS_MAX, found };
            return Err(EncodeError { path: Path::Root(id), kind });
        }
        self.out[start - 2..start].copy_from_slice(&two_digits(found));
        Ok(())
    }

    fn finish(mut self) -> Result<String, EncodeError> {
        if self.out.len() + CRC_HEADER.len() + CRC_DIGITS > rules::TEXT_CHARS_MAX {
            let kind = FaultKind::TextTooLong { chars_max: rules::TEXT_CHARS_MAX };
            return Err(EncodeError { path: Path::Text, kind });
        }
        self.out.extend(CRC_HEADER);
        let crc = crc16(&self.out);
        self.out.extend([12, 8, 4, 0].map(|shift| HEX[usize::from(crc >> shift & 0xF)]));
        Ok(String::from_utf8(self.out).expect("every value was checked to be ASCII"))
    }
}

/// A number below 100 as two ASCII digits.
fn two_digits(number: usize) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}
