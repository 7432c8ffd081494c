//! Money: whole centavos of the Brazilian real.
//!
//! Owns: the amount type, its text forms, exact splitting and rounded shares. Does not own:
//! which rounding applies where (the caller names it each time) or what an amount is for.
//! Invariant: no float is ever involved, and nothing is lost: parts of a split add up.

use std::fmt;
use std::iter::Sum;
use std::num::NonZeroU16;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::percent::Percent;

/// Digits before the decimal point that API Pix accepts in an amount.
const REAIS_DIGITS_MAX: usize = 10;
/// Centavos in one real.
const CENTAVOS_PER_REAL: u64 = 100;
/// Divisor that turns (amount x hundredths of a percent) back into the unit of the amount.
const HUNDREDTHS_OF_PERCENT_IN_WHOLE: i128 = 10_000;

/// An amount of Brazilian reais, held as whole centavos. It may be negative (a difference).
///
/// Stored by serde as the integer number of centavos. JSON interfaces use [`Money::parse`] and
/// `Display` instead, which speak the `"1234.56"` form of API Pix.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(i64);

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text does not match `^\d{1,10}\.\d{2}$`.
    #[error("amount must be 1 to 10 digits, a dot and exactly 2 decimals, such as 1234.56")]
    Malformed,
}

/// How a value between two centavos becomes one of them. Callers always name it.
///
/// API Pix does not state its rounding; half up and ABNT NBR 5891 (half even) are both in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest; a tie goes away from zero.
    HalfUp,
    /// To the nearest; a tie goes to the even neighbour (ABNT NBR 5891).
    HalfEven,
    /// Towards zero.
    Down,
}

impl Rounding {
    /// `numerator / denominator`, rounded once. Total: a zero denominator gives zero.
    pub(crate) fn divide(self, numerator: i128, denominator: i128) -> i128 {
        let Some(quotient) = numerator.checked_div(denominator) else { return 0 };
        let remainder = (numerator % denominator).unsigned_abs();
        let half = denominator.unsigned_abs();
        let away = match self {
            Self::Down => false,
            Self::HalfUp => remainder >= half - remainder,
            Self::HalfEven if remainder == half - remainder => quotient % 2 != 0,
            Self::HalfEven => remainder > half - remainder,
        };
        let sign = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
        if away { quotient + sign } else { quotient }
    }

    fn strategy(self) -> RoundingStrategy {
        match self {
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
            Self::Down => RoundingStrategy::ToZero,
        }
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One centavo, the smallest amount that can be paid.
    pub const CENTAVO: Self = Self(1);
    /// R$ 9,999,999,999.99, the largest amount API Pix can spell (`\d{1,10}\.\d{2}`).
    pub const MAX_API_PIX: Self = Self(999_999_999_999);

    /// An amount of `centavos` hundredths of a real.
    #[must_use]
    pub const fn from_centavos(centavos: i64) -> Self {
        Self(centavos)
    }

    /// The amount in hundredths of a real.
    #[must_use]
    pub const fn centavos(self) -> i64 {
        self.0
    }

    /// Reads the form of API Pix 2.9.0 `valor`, with the pattern anchored: `^\d{1,10}\.\d{2}$`.
    ///
    /// No sign, no thousands, no spaces, exactly two decimals. Zero parses: whether zero is
    /// acceptable depends on the field.
    ///
    /// ```
    /// use quita_core::money::Money;
    /// assert_eq!(Money::parse("1234.56"), Ok(Money::from_centavos(123_456)));
    /// assert!(Money::parse("10.5").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let (reais, centavos) = text.split_once('.').ok_or(MoneyError::Malformed)?;
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let shaped = (1..=REAIS_DIGITS_MAX).contains(&reais.len()) && centavos.len() == 2;
        if !shaped || !digits_only(reais) || !digits_only(centavos) {
            return Err(MoneyError::Malformed);
        }
        let digits = reais.bytes().chain(centavos.bytes());
        Ok(Self(digits.fold(0, |total, byte| total * 10 + i64::from(byte - b'0'))))
    }

    /// The sum, or `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` when it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Whether this is exactly zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether this is more than zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// A share of the amount, rounded once to whole centavos; `None` when it does not fit.
    ///
    /// It multiplies before it divides, so the rate itself is never rounded.
    #[must_use]
    pub fn apply_percent(self, percent: Percent, rounding: Rounding) -> Option<Self> {
        let product = i128::from(self.0) * i128::from(percent.hundredths());
        i64::try_from(rounding.divide(product, HUNDREDTHS_OF_PERCENT_IN_WHOLE)).ok().map(Self)
    }

    /// An amount of reais as a decimal, rounded once to whole centavos; `None` past the range.
    #[must_use]
    pub fn from_decimal(reais: Decimal, rounding: Rounding) -> Option<Self> {
        let mut rounded = reais.round_dp_with_strategy(2, rounding.strategy());
        rounded.rescale(2);
        // `rescale` stops early when 96 bits are not enough; such a value is past our range too.
        if rounded.scale() == 2 { i64::try_from(rounded.mantissa()).ok().map(Self) } else { None }
    }

    /// The amount in reais, exact, with two decimals.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// Splits into `parts` amounts that add up exactly and differ by one centavo at most.
    ///
    /// The remainder goes to the first parts, one centavo each: 100.00 in 3 is 33.34, 33.33,
    /// 33.33.
    #[must_use]
    pub fn split(self, parts: NonZeroU16) -> Vec<Self> {
        let count = i64::from(parts.get());
        let (base, remainder) = (self.0 / count, self.0 % count);
        (0..count)
            .map(|index| base + if index < remainder.abs() { remainder.signum() } else { 0 })
            .map(Self)
            .collect()
    }

    /// For people in Brazil: `R$ 1.234,56`.
    #[must_use]
    pub fn brl(self) -> String {
        self.grouped('.', ',')
    }

    /// For people who read English: `R$ 1,234.56`.
    #[must_use]
    pub fn in_english(self) -> String {
        self.grouped(',', '.')
    }

    fn grouped(self, thousands: char, decimals: char) -> String {
        let centavos = self.0.unsigned_abs();
        let reais = (centavos / CENTAVOS_PER_REAL).to_string();
        let mut text = String::from(if self.0 < 0 { "-R$ " } else { "R$ " });
        for (index, digit) in reais.chars().enumerate() {
            if index > 0 && (reais.len() - index).is_multiple_of(3) {
                text.push(thousands);
            }
            text.push(digit);
        }
        text.push(decimals);
        text.push_str(&format!("{:02}", centavos % CENTAVOS_PER_REAL));
        text
    }
}

/// The form of API Pix: `1234.56`, and `-0.05` for a negative amount (which API Pix never has).
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let centavos = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", centavos / CENTAVOS_PER_REAL, centavos % CENTAVOS_PER_REAL)
    }
}

impl std::str::FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse(text)
    }
}

/// Overflow is a bug, since amounts are bounded where they enter; it panics.
impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect("amounts are bounded where they enter")
    }
}

/// Overflow is a bug, since amounts are bounded where they enter; it panics.
impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.checked_sub(other).expect("amounts are bounded where they enter")
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// Overflow is a bug, since amounts are bounded where they enter; it panics.
impl Neg for Money {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.checked_neg().expect("amounts are bounded where they enter"))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl<'a> Sum<&'a Money> for Money {
    fn sum<I: Iterator<Item = &'a Money>>(amounts: I) -> Self {
        amounts.copied().sum()
    }
}

#[cfg(test)]
mod tests;
