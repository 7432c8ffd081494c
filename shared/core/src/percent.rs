//! Percentages as API Pix spells them.
//!
//! Owns: the type and its text form. Does not own: which bounds a given percentage has (see
//! `terms`) or how a share is rounded (see `money`).
//! Invariant: 0.00 to 9,999,999,999.99 percent in steps of 0.01, never a float.

use std::fmt;

use rust_decimal::Decimal;

use crate::money::Money;

/// A percentage with two decimals: `2.00` is two percent.
///
/// Source: API Pix 2.9.0, every `valorPerc` is `\d{1,10}\.\d{2}`. A rate of 0.033 % a day cannot
/// be expressed; say 1.00 % a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent {
    hundredths: u64,
}

/// Why a text or number is not a percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PercentError {
    /// The text does not match `^\d{1,10}\.\d{2}$`.
    #[error("percentage must be 1 to 10 digits, a dot and exactly 2 decimals, such as 2.00")]
    Malformed,
    /// The number is negative, too large, or has more than two decimals.
    #[error("percentage must be 0.00 to 9999999999.99 with at most 2 decimals")]
    OutOfRange,
}

impl Percent {
    /// Zero percent.
    pub const ZERO: Self = Self { hundredths: 0 };
    /// The whole: 100.00 %.
    pub const WHOLE: Self = Self { hundredths: 10_000 };
    /// The largest percentage that API Pix can spell.
    pub const MAX: Self = Self { hundredths: 999_999_999_999 };

    /// A percentage of `hundredths` hundredths of a percent: 200 is 2.00 %.
    pub fn from_hundredths(hundredths: u64) -> Result<Self, PercentError> {
        let percent = Self { hundredths };
        if percent > Self::MAX { Err(PercentError::OutOfRange) } else { Ok(percent) }
    }

    /// A percentage from a decimal number of percent: `2.5` is 2.50 %.
    pub fn from_decimal(percent: Decimal) -> Result<Self, PercentError> {
        let hundredths = percent.checked_mul(Decimal::ONE_HUNDRED).map(|value| value.normalize());
        let hundredths = hundredths.filter(|value| value.scale() == 0);
        let hundredths = hundredths.and_then(|value| u64::try_from(value.mantissa()).ok());
        hundredths.map_or(Err(PercentError::OutOfRange), Self::from_hundredths)
    }

    /// Reads the form of API Pix 2.9.0 `valorPerc`, anchored: `^\d{1,10}\.\d{2}$`.
    pub fn parse(text: &str) -> Result<Self, PercentError> {
        let same_shape = Money::parse(text).map_err(|_| PercentError::Malformed)?;
        u64::try_from(same_shape.centavos())
            .map_err(|_| PercentError::OutOfRange)
            .and_then(Self::from_hundredths)
    }

    /// Hundredths of a percent: 2.00 % is 200.
    #[must_use]
    pub const fn hundredths(self) -> u64 {
        self.hundredths
    }

    /// The number of percent, exact: 2.00 % is `2.00`.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.hundredths), 2)
    }

    /// Whether this is zero percent.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.hundredths == 0
    }
}

/// The form of API Pix, without a sign: `2.00`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.hundredths / 100, self.hundredths % 100)
    }
}

/// Stored as the text of API Pix, like every rate.
impl serde::Serialize for Percent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Percent {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl std::str::FromStr for Percent {
    type Err = PercentError;

    fn from_str(text: &str) -> Result<Self, PercentError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
