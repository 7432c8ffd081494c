//! Amounts as this bank keeps them: whole centavos, and the one decimal shape API Pix allows.
//!
//! Owns the text form `\d{1,10}\.\d{2}` (API Pix 2.9.0, every `valor` and `valorPerc`) and the
//! rounding of a fraction of centavos. Does not own what is charged: see [`crate::amount`].
//! Invariant: no float, and nothing above [`Centavos::MAX`] is ever written out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Digits allowed before the decimal point (API Pix 2.9.0).
const WHOLE_DIGITS_MAX: usize = 10;

/// Brazilian reais as whole centavos.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Centavos(pub i64);

impl Centavos {
    /// `9999999999.99`, the largest amount the API Pix pattern can carry.
    pub const MAX: Self = Self(999_999_999_999);

    /// Reads `1234.56`. `None` for any other shape: sign, spaces, thousands, one decimal.
    pub fn parse(text: &str) -> Option<Self> {
        hundredths(text).map(Self)
    }
}

impl fmt::Display for Centavos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", magnitude / 100, magnitude % 100)
    }
}

/// Reads the two-decimal pattern as hundredths: centavos of a `valor`, or 1/100 of a percent.
pub(crate) fn hundredths(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=WHOLE_DIGITS_MAX).contains(&whole.len()) && fraction.len() == 2;
    if !fits || !digits(whole) || !digits(fraction) {
        return None;
    }
    Some(whole.parse::<i64>().ok()? * 100 + fraction.parse::<i64>().ok()?)
}

/// `numerator / denominator` rounded half-up. Both are non-negative, `denominator` is not zero.
pub(crate) fn round_half_up(numerator: i128, denominator: i128) -> i128 {
    (numerator * 2 + denominator) / (denominator * 2)
}
