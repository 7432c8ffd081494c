//! Brazilian tax documents: CPF of people, CNPJ of firms.
//!
//! Owns: check digits, canonical text, masks. Does not own: Pix keys made of a document (see
//! `pix_key`) or whether a document exists at the revenue service.
//! Invariant: a value of these types has the right length and right check digits, keeps its
//! leading zeros (it is text, never a number), and never shows itself in `Debug`. What stands for
//! an erased document is no number at all, so it is nobody's.

use crate::text::{redacted_debug, text_value};

/// Characters of a CPF without its mask.
const CPF_LENGTH: usize = 11;
/// Characters of a CNPJ without its mask.
const CNPJ_LENGTH: usize = 14;
/// Check digits at the end of both documents.
const CHECK_DIGITS: usize = 2;
/// The longest text that is looked at: a CNPJ with its mask, `12.ABC.345/01DE-35`.
const TEXT_BYTES_MAX: usize = 18;
/// Highest weight of a CPF: 10..2 for the first digit, 11..2 for the second.
const CPF_WEIGHT_MAX: u32 = 11;
/// Highest weight of a CNPJ, after which weights start again at 2.
const CNPJ_WEIGHT_MAX: u32 = 9;
/// What is stored and shown in place of an erased document. Nobody can type it: it has neither
/// length of a document.
const ERASED: &str = "erased";

/// Why a text is not a document. No variant repeats the text, which is personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The length or a character is wrong.
    #[error(
        "document must be a CPF of 11 digits, or a CNPJ of 12 letters or digits and 2 check digits"
    )]
    Malformed,
    /// The check digits do not belong to the rest.
    #[error("document has wrong check digits; check it for a typing mistake")]
    CheckDigits,
    /// All characters are the same: the check digits hold, but no such document is issued.
    #[error("document repeats one digit; no such document is issued")]
    Repeated,
}

/// The tax number of a person: 11 digits, the last two of them check digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpf(String);

/// The tax number of a firm: 12 letters or digits and two check digits.
///
/// Letters are issued from July 2026 (IN RFB 2.229/2024, Nota Técnica COCAD/SUARA 49/2024); old
/// numbers never change. A character counts as its ASCII code minus 48.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cnpj(String);

/// The tax number of whoever pays: a person or a firm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaxId {
    /// A person.
    Cpf(Cpf),
    /// A firm.
    Cnpj(Cnpj),
    /// It was known once, and was erased with the rest of the party's personal data.
    Erased,
}

impl Cpf {
    /// Reads 11 digits, with or without the mask `529.982.247-25`.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let canonical = unmasked(text)?;
        let digits_only = canonical.bytes().all(|byte| byte.is_ascii_digit());
        if canonical.len() != CPF_LENGTH || !digits_only {
            return Err(DocumentError::Malformed);
        }
        verify(&canonical, CPF_WEIGHT_MAX)?;
        Ok(Self(canonical))
    }

    /// The 11 digits, without a mask.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole number with its mask: `529.982.247-25`. Personal data.
    #[must_use]
    pub fn formatted(&self) -> String {
        let d = &self.0;
        format!("{}.{}.{}-{}", &d[..3], &d[3..6], &d[6..9], &d[9..])
    }

    /// Safe to show to third parties: `***.982.247-**`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("***.{}.{}-**", &self.0[3..6], &self.0[6..9])
    }
}

impl Cnpj {
    /// Reads 14 characters, with or without the mask `12.ABC.345/01DE-35`, in either case.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let canonical = unmasked(text)?;
        let digits = canonical.bytes().rev().take(CHECK_DIGITS).all(|byte| byte.is_ascii_digit());
        if canonical.len() != CNPJ_LENGTH || !digits {
            return Err(DocumentError::Malformed);
        }
        verify(&canonical, CNPJ_WEIGHT_MAX)?;
        Ok(Self(canonical))
    }

    /// The 14 characters in upper case, without a mask.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole number with its mask: `12.ABC.345/01DE-35`.
    #[must_use]
    pub fn formatted(&self) -> String {
        let d = &self.0;
        format!("{}.{}.{}/{}-{}", &d[..2], &d[2..5], &d[5..8], &d[8..12], &d[12..])
    }

    /// Safe to show to third parties: `**.ABC.345/****-**`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("**.{}.{}/****-**", &self.0[2..5], &self.0[5..8])
    }
}

impl TaxId {
    /// Reads either document; the number of characters says which. What stands for an erased one is
    /// refused like any other text.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        if unmasked(text)?.len() == CPF_LENGTH {
            Cpf::parse(text).map(Self::Cpf)
        } else {
            Cnpj::parse(text).map(Self::Cnpj)
        }
    }

    /// The document without a mask.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Cpf(cpf) => cpf.as_str(),
            Self::Cnpj(cnpj) => cnpj.as_str(),
            Self::Erased => ERASED,
        }
    }

    /// The whole document with its mask. Personal data when it is a CPF.
    #[must_use]
    pub fn formatted(&self) -> String {
        match self {
            Self::Cpf(cpf) => cpf.formatted(),
            Self::Cnpj(cnpj) => cnpj.formatted(),
            Self::Erased => ERASED.to_owned(),
        }
    }

    /// Safe to show to third parties.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Cpf(cpf) => cpf.masked(),
            Self::Cnpj(cnpj) => cnpj.masked(),
            Self::Erased => ERASED.to_owned(),
        }
    }

    /// Whether nothing is known of it any more.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        matches!(self, Self::Erased)
    }
}

impl std::str::FromStr for TaxId {
    type Err = DocumentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl serde::Serialize for TaxId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for TaxId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        if text == ERASED {
            return Ok(Self::Erased);
        }
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Drops the mask characters `.`, `/`, `-` and upper-cases; refuses any other non-alphanumeric.
fn unmasked(text: &str) -> Result<String, DocumentError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(DocumentError::Malformed);
    }
    let kept = text.chars().filter(|c| !matches!(c, '.' | '/' | '-'));
    let canonical: String = kept.map(|c| c.to_ascii_uppercase()).collect();
    let alphanumeric = canonical.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if alphanumeric { Ok(canonical) } else { Err(DocumentError::Malformed) }
}

/// Checks both check digits; the second one covers the first.
fn verify(canonical: &str, weight_max: u32) -> Result<(), DocumentError> {
    let bytes = canonical.as_bytes();
    if bytes.iter().all(|byte| *byte == bytes[0]) {
        return Err(DocumentError::Repeated);
    }
    let right = (bytes.len() - CHECK_DIGITS..bytes.len())
        .all(|place| bytes[place] == check_digit(&bytes[..place], weight_max));
    if right { Ok(()) } else { Err(DocumentError::CheckDigits) }
}

/// The modulo 11 check digit of `bytes`, as an ASCII digit.
///
/// Weights run 2, 3, .. `weight_max` from the right and then start again. A remainder of 0 or 1
/// gives `0`, any other gives 11 minus it.
fn check_digit(bytes: &[u8], weight_max: u32) -> u8 {
    let weights = (2..=weight_max).cycle();
    let values = bytes.iter().rev().map(|byte| u32::from(*byte) - u32::from(b'0'));
    let sum: u32 = values.zip(weights).map(|(value, weight)| value * weight).sum();
    match sum % 11 {
        0 | 1 => b'0',
        remainder => b'0' + u8::try_from(11 - remainder).expect("11 minus 2..=10 is a digit"),
    }
}

redacted_debug!(Cpf);
redacted_debug!(Cnpj);
text_value!(Cpf, DocumentError);
text_value!(Cnpj, DocumentError);

#[cfg(test)]
mod tests;
