//! From text to [`BrCode`].
//!
//! Owns the order of the checks: the text, its structure and checksum, then each value. Does not
//! own the structure (`envelope`), the value rules (`rules`) nor which of them may be bent
//! ([`FaultKind::is_tolerable`]). Invariant:
//! strict and lenient run the same checks; they differ in [`Reader::tolerate`] alone.

use std::borrow::Cow;
use std::ops::Range;

use quita_core::money::Money;

use super::envelope::{body_range, missing, text_range};
use super::fault::{Fault, FaultKind, Path};
use super::rules::{self, Flaw};
use super::tlv::{Cursor, Field, length_unit};
use super::{
    ACCOUNT_TEMPLATE, ACCOUNT_TEMPLATE_LAST, BrCode, COUNTRY_BRAZIL, CURRENCY_BRL, MerchantAccount,
    NO_TXID, OtherField, PAYLOAD_FORMAT, PointOfInitiation, RECURRENCE_TEMPLATE,
    RECURRENCE_TEMPLATE_LAST, Recurrence, is_pix_gui,
};

/// How much a reader puts up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseMode {
    /// Any deviation is a fault. For codes we are about to hand to a payer.
    Strict,
    /// Deviations listed at [`FaultKind::is_tolerable`] become warnings. For codes of others.
    Lenient,
}

/// A code read, with what was tolerated on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// The code.
    pub code: BrCode<'a>,
    /// Each deviation tolerated, in the order met. Always empty in strict mode.
    pub warnings: Vec<Fault>,
}

/// Reads a code without tolerating anything.
///
/// # Errors
/// The first fault, with its byte position.
pub fn parse_strict(text: &str) -> Result<BrCode<'_>, Fault> {
    parse(text, ParseMode::Strict).map(|parsed| parsed.code)
}

/// Reads a code of at most [`TEXT_CHARS_MAX`](super::TEXT_CHARS_MAX) characters. Nothing but the
/// lists of warnings and of unknown fields is allocated, and those only when not empty.
///
/// # Errors
/// The first fault that `mode` does not tolerate, with its byte position.
pub fn parse(text: &str, mode: ParseMode) -> Result<Parsed<'_>, Fault> {
    let mut reader = Reader { mode, warnings: Vec::new() };
    let range = text_range(text)?;
    reader.characters(text, &range)?;
    let unit = length_unit(text, &range);
    let body = body_range(text, &range, unit)?;
    reader.surroundings(text, &range)?;
    let draft = reader.draft(Cursor::new(text, body.clone(), unit))?;
    let code = reader.finish(draft, body.end)?;
    Ok(Parsed { code, warnings: reader.warnings })
}

/// What the fields said, before it is known whether they make a code.
#[derive(Default)]
struct Draft<'a> {
    point_of_initiation: Option<PointOfInitiation>,
    account: Option<(u8, MerchantAccount<'a>)>,
    merchant_category: Option<&'a str>,
    has_currency: bool,
    amount: Option<Money>,
    has_country: bool,
    name: Option<&'a str>,
    city: Option<&'a str>,
    cep: Option<&'a str>,
    /// With its byte position.
    txid: Option<(usize, &'a str)>,
    recurrence: Option<Recurrence<'a>>,
    others: Vec<OtherField<'a>>,
}

struct Reader {
    mode: ParseMode,
    warnings: Vec<Fault>,
}

impl Reader {
    /// The only difference between the modes.
    fn tolerate(&mut self, fault: Fault) -> Result<(), Fault> {
        if self.mode == ParseMode::Lenient && fault.kind.is_tolerable() {
            self.warnings.push(fault);
            return Ok(());
        }
        Err(fault)
    }

    /// Tolerates, if the mode allows, what a rule found in `field`.
    fn tolerate_flaw(
        &mut self,
        checked: Result<(), Flaw>,
        path: Path,
        field: &Field<'_>,
    ) -> Result<(), Fault> {
        checked.or_else(|flaw| self.tolerate(flaw_in(field, path, flaw)))
    }

    /// Refuses control characters, and in strict mode whatever is not ASCII.
    fn characters(&mut self, text: &str, range: &Range<usize>) -> Result<(), Fault> {
        let fault = |at, kind| Fault { position: range.start + at, path: Path::Text, kind };
        let bytes = &text.as_bytes()[range.clone()];
        // One pass without a branch per byte settles nearly every text.
        if bytes.iter().fold(true, |good, byte| good & matches!(byte, b' '..=b'~')) {
            return Ok(());
        }
        if let Some(at) = bytes.iter().position(u8::is_ascii_control) {
            return Err(fault(at, FaultKind::ControlCharacter));
        }
        match bytes.iter().position(|byte| !byte.is_ascii()) {
            Some(at) => self.tolerate(fault(at, FaultKind::NonAscii)),
            None => Ok(()),
        }
    }

    /// In strict mode refuses blanks around a code that is whole. A cut code that happens to end
    /// in a blank was told so before.
    fn surroundings(&mut self, text: &str, range: &Range<usize>) -> Result<(), Fault> {
        if *range == (0..text.len()) {
            return Ok(());
        }
        let position = if range.start > 0 { 0 } else { range.end };
        self.tolerate(Fault { position, path: Path::Text, kind: FaultKind::SurroundingSpace })
    }

    /// Reads each field on its own.
    fn draft<'a>(&mut self, mut cursor: Cursor<'a>) -> Result<Draft<'a>, Fault> {
        let mut draft = Draft::default();
        while let Some(field) = cursor.next_field()? {
            let path = Path::Root(field.id);
            match field.id {
                0 => exactly(&field, path, PAYLOAD_FORMAT, FaultKind::PayloadFormat)?,
                1 => draft.point_of_initiation = Some(point_of_initiation(&field)?),
                ACCOUNT_TEMPLATE..=ACCOUNT_TEMPLATE_LAST => {
                    self.account(&field, cursor.inside(&field), &mut draft)?;
                }
                52 => {
                    let checked = rules::merchant_category(field.value);
                    draft.merchant_category = Some(valid(checked, path, &field)?);
                }
                53 => {
                    exactly(&field, path, CURRENCY_BRL, FaultKind::Currency)?;
                    draft.has_currency = true;
                }
                54 => draft.amount = self.amount(&field)?,
                58 => {
                    exactly(&field, path, COUNTRY_BRAZIL, FaultKind::Country)?;
                    draft.has_country = true;
                }
                59 => draft.name = Some(text_of(&field, path, rules::NAME_CHARS_MAX)?),
                60 => draft.city = Some(text_of(&field, path, rules::CITY_CHARS_MAX)?),
                61 => {
                    let cep = text_of(&field, path, rules::VALUE_CHARS_MAX)?;
                    self.tolerate_flaw(rules::cep(cep), path, &field)?;
                    draft.cep = Some(cep);
                }
                62 => additional_data(cursor.inside(&field), &mut draft)?,
                RECURRENCE_TEMPLATE..=RECURRENCE_TEMPLATE_LAST => {
                    self.recurrence(&field, cursor.inside(&field), &mut draft)?;
                }
                _ => draft.others.push(other(path, &field)?),
            }
        }
        Ok(draft)
    }

    /// Reads a template 26..=51: the Pix account, or another scheme's, which is kept whole.
    fn account<'a>(
        &mut self,
        template: &Field<'a>,
        mut inside: Cursor<'a>,
        draft: &mut Draft<'a>,
    ) -> Result<(), Fault> {
        let (mut gui, mut key, mut description, mut ispb, mut location) =
            (None, None, None, None, None);
        let others_before = draft.others.len();
        while let Some(field) = inside.next_field()? {
            let path = Path::Sub(template.id, field.id);
            match field.id {
                0 => gui = Some(field.value),
                1 => key = Some(field),
                2 => description = Some(field),
                3 => ispb = Some(field),
                25 => location = Some(field),
                _ => draft.others.push(other(path, &field)?),
            }
        }
        if !gui.is_some_and(is_pix_gui) {
            draft.others.truncate(others_before);
            draft.others.push(other(Path::Root(template.id), template)?);
            return Ok(());
        }
        let path = |id| Path::Sub(template.id, id);
        let account = match (key, location) {
            (Some(_), Some(location)) => {
                let (position, path) = (location.at, path(25));
                return Err(Fault { position, path, kind: FaultKind::KeyAndLocation });
            }
            (Some(key), None) => MerchantAccount::Static {
                key: text_of(&key, path(1), rules::KEY_CHARS_MAX)?,
                description: description
                    .map(|field| text_of(&field, path(2), rules::DESCRIPTION_CHARS_MAX))
                    .transpose()?,
                withdrawal_ispb: ispb
                    .map(|field| valid(rules::ispb(field.value), path(3), &field))
                    .transpose()?,
            },
            (None, location) => {
                // Without a key these two mean nothing, but are not ours to drop.
                for (id, field) in [(2, description), (3, ispb)] {
                    if let Some(field) = field {
                        draft.others.push(other(path(id), &field)?);
                    }
                }
                match location {
                    Some(field) => {
                        MerchantAccount::Dynamic { location: self.location(path(25), &field)? }
                    }
                    None => MerchantAccount::GuiOnly,
                }
            }
        };
        if draft.account.replace((template.id, account)).is_some() {
            let path = Path::Root(template.id);
            return Err(Fault { position: template.at, path, kind: FaultKind::Duplicate });
        }
        Ok(())
    }

    /// Reads a template 80..=99: a Pix recurrence, or something else, which is kept whole.
    fn recurrence<'a>(
        &mut self,
        template: &Field<'a>,
        mut inside: Cursor<'a>,
        draft: &mut Draft<'a>,
    ) -> Result<(), Fault> {
        let (mut gui, mut location) = (None, None);
        let others_before = draft.others.len();
        while let Some(field) = inside.next_field()? {
            let path = Path::Sub(template.id, field.id);
            match field.id {
                0 => gui = Some(field.value),
                25 => location = Some(field),
                _ => draft.others.push(other(path, &field)?),
            }
        }
        let (true, Some(field)) = (gui.is_some_and(is_pix_gui), location) else {
            draft.others.truncate(others_before);
            draft.others.push(other(Path::Root(template.id), template)?);
            return Ok(());
        };
        let location = self.location(Path::Sub(template.id, 25), &field)?;
        let recurrence = Recurrence { template: template.id, location };
        if draft.recurrence.replace(recurrence).is_some() {
            let path = Path::Root(template.id);
            return Err(Fault { position: template.at, path, kind: FaultKind::Duplicate });
        }
        Ok(())
    }

    fn location<'a>(&mut self, path: Path, field: &Field<'a>) -> Result<&'a str, Fault> {
        let bare = rules::without_scheme(field.value);
        let scheme_bytes = field.value.len() - bare.len();
        if scheme_bytes > 0 {
            let (position, kind) = (field.value_at(), FaultKind::LocationScheme);
            self.tolerate(Fault { position, path, kind })?;
        }
        rules::location(bare).map_err(|flaw| {
            flaw_in(field, path, Flaw { at: scheme_bytes + flaw.at, kind: flaw.kind })
        })?;
        Ok(bare)
    }

    fn amount(&mut self, field: &Field<'_>) -> Result<Option<Money>, Fault> {
        let path = Path::Root(field.id);
        let amount = rules::amount(field.value).map_err(|flaw| flaw_in(field, path, flaw))?;
        let fault = |kind| Fault { position: field.value_at(), path, kind };
        if !amount.has_two_decimals {
            self.tolerate(fault(FaultKind::AmountDecimals))?;
        }
        if amount.money.is_zero() {
            self.tolerate(fault(FaultKind::AmountZero))?;
            return Ok(None);
        }
        Ok(Some(amount.money))
    }

    /// Checks what must be there and what must agree; `end` is where a missing field would be.
    fn finish<'a>(&mut self, draft: Draft<'a>, end: usize) -> Result<BrCode<'a>, Fault> {
        let required = |id| missing(end, Path::Root(id));
        let fault = |path, kind| Fault { position: end, path, kind };
        let (account_template, account) =
            draft.account.ok_or(fault(Path::Sub(ACCOUNT_TEMPLATE, 0), FaultKind::NotPix))?;
        if account == MerchantAccount::GuiOnly && draft.recurrence.is_none() {
            return Err(fault(Path::Root(account_template), FaultKind::NoDestination));
        }
        if !draft.has_currency {
            return Err(required(53));
        }
        if !draft.has_country {
            return Err(required(58));
        }
        let (txid_at, txid) = draft.txid.ok_or(missing(end, Path::Sub(62, 5)))?;
        let is_static = matches!(account, MerchantAccount::Static { .. });
        let txid = self.txid(txid, txid_at, is_static)?;
        Ok(BrCode {
            point_of_initiation: draft.point_of_initiation,
            account,
            account_template,
            merchant_category: draft.merchant_category.ok_or(required(52))?,
            amount: draft.amount,
            name: Cow::Borrowed(draft.name.ok_or(required(59))?),
            city: Cow::Borrowed(draft.city.ok_or(required(60))?),
            cep: draft.cep,
            txid,
            recurrence: draft.recurrence,
            others: draft.others,
        })
    }

    /// `***` is no txid. Only a static code has one; elsewhere it belongs to the charge.
    fn txid<'a>(
        &mut self,
        txid: &'a str,
        at: usize,
        is_static: bool,
    ) -> Result<Option<&'a str>, Fault> {
        if txid == NO_TXID {
            return Ok(None);
        }
        let path = Path::Sub(62, 5);
        if !is_static {
            self.tolerate(Fault { position: at, path, kind: FaultKind::DynamicTxid })?;
        }
        if let Err(Flaw { at: offset, kind }) = rules::txid_alphabet(txid) {
            self.tolerate(Fault { position: at + offset, path, kind })?;
        }
        Ok(Some(txid))
    }
}

fn additional_data<'a>(mut inside: Cursor<'a>, draft: &mut Draft<'a>) -> Result<(), Fault> {
    while let Some(field) = inside.next_field()? {
        let path = Path::Sub(62, field.id);
        if field.id == 5 {
            let txid = text_of(&field, path, rules::TXID_CHARS_MAX)?;
            draft.txid = Some((field.value_at(), txid));
        } else {
            draft.others.push(other(path, &field)?);
        }
    }
    Ok(())
}

fn point_of_initiation(field: &Field<'_>) -> Result<PointOfInitiation, Fault> {
    [PointOfInitiation::Reusable, PointOfInitiation::OneTime]
        .into_iter()
        .find(|point| point.as_str() == field.value)
        .ok_or(Fault {
            position: field.value_at(),
            path: Path::Root(field.id),
            kind: FaultKind::PointOfInitiation,
        })
}

fn exactly(field: &Field<'_>, path: Path, expected: &str, kind: FaultKind) -> Result<(), Fault> {
    if field.value == expected {
        return Ok(());
    }
    Err(Fault { position: field.value_at(), path, kind })
}

fn text_of<'a>(field: &Field<'a>, path: Path, chars_max: usize) -> Result<&'a str, Fault> {
    valid(rules::length(field.value, chars_max), path, field)
}

fn other<'a>(path: Path, field: &Field<'a>) -> Result<OtherField<'a>, Fault> {
    let value = text_of(field, path, rules::VALUE_CHARS_MAX)?;
    Ok(OtherField { path, value })
}

fn valid<'a>(checked: Result<(), Flaw>, path: Path, field: &Field<'a>) -> Result<&'a str, Fault> {
    checked.map(|()| field.value).map_err(|flaw| flaw_in(field, path, flaw))
}

fn flaw_in(field: &Field<'_>, path: Path, flaw: Flaw) -> Fault {
    Fault { position: field.value_at() + flaw.at, path, kind: flaw.kind }
}
