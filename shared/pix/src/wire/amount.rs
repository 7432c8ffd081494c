//! Amounts on the wire: `valor` and `valorPerc`.
//!
//! Invariant: no float. The JSON text itself is read, so a bank that sends `10.1` instead of
//! `"10.10"` is understood exactly. These readers therefore work with `serde_json` only.

use quita_core::money::Money;
use quita_core::percent::Percent;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Decimal places of every amount and rate in API Pix.
const DECIMALS: usize = 2;

/// Reads an amount from the text of one JSON value.
///
/// A string must be exactly `\d{1,10}\.\d{2}` (API Pix 2.9.0, `valor`). A bare number is accepted
/// because some banks send one; its digits are padded to centavos, never rounded.
pub(crate) fn amount_from_json(raw: &str) -> Option<Money> {
    Money::parse(&canonical(raw)?).ok()
}

/// The canonical two-decimal text of a JSON string or number; `None` when it is neither.
fn canonical(raw: &str) -> Option<String> {
    if raw.starts_with('"') {
        return serde_json::from_str::<String>(raw).ok();
    }
    let (whole, fraction) = raw.split_once('.').unwrap_or((raw, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let kept = fraction.trim_end_matches('0');
    (kept.len() <= DECIMALS).then(|| format!("{whole}.{kept:0<DECIMALS$}"))
}

/// `#[serde(with)]` for a required amount.
pub(crate) mod valor {
    use super::{Money, amount_from_json, raw};
    use serde::{Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(value: &Money, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Money, D::Error> {
        let text = raw(input)?;
        amount_from_json(text.get()).ok_or_else(|| D::Error::custom("not an amount like \"10.00\""))
    }
}

fn raw<'de, D: Deserializer<'de>>(input: D) -> Result<Box<RawValue>, D::Error> {
    Box::<RawValue>::deserialize(input)
}

/// `valorPerc`: an amount in reais or a percent, whichever the `modalidade` beside it says.
///
/// Invariant: matches `\d{1,10}\.\d{2}`. Source: API Pix 2.9.0, `CobVValor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ValorPerc(String);

/// A `valorPerc` that is not two-decimal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("valorPerc is not a number with two decimals, as in \"2.00\"")]
pub struct ValorPercError;

impl ValorPerc {
    /// Reads `\d{1,10}\.\d{2}`.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, ValorPercError> {
        let (whole, cents) = text.split_once('.').ok_or(ValorPercError)?;
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let sized = (1..=10).contains(&whole.len()) && cents.len() == DECIMALS;
        if sized && digits(whole) && digits(cents) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValorPercError)
        }
    }

    /// The text as it goes on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Read as reais.
    ///
    /// # Errors
    /// When the number does not fit money.
    pub fn money(&self) -> Result<Money, ValorPercError> {
        Money::parse(&self.0).map_err(|_| ValorPercError)
    }

    /// Read as a percent.
    ///
    /// # Errors
    /// When the number does not fit a percent.
    pub fn percent(&self) -> Result<Percent, ValorPercError> {
        Percent::parse(&self.0).map_err(|_| ValorPercError)
    }
}

impl From<Money> for ValorPerc {
    fn from(amount: Money) -> Self {
        Self(amount.to_string())
    }
}

impl From<Percent> for ValorPerc {
    fn from(percent: Percent) -> Self {
        Self(percent.to_string())
    }
}

impl<'de> Deserialize<'de> for ValorPerc {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = raw(input)?;
        canonical(text.get())
            .and_then(|digits| Self::parse(&digits).ok())
            .ok_or_else(|| serde::de::Error::custom(ValorPercError))
    }
}
