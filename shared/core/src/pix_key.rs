//! Pix keys (*chaves Pix*), by which money finds the merchant's account.
//!
//! Owns: telling the five kinds apart by their text. Does not own: ownership of a key, which
//! only the bank knows.
//! Invariant: a value matches the key pattern of DICT, the directory of the central bank, and
//! never shows itself in `Debug` (a key may be a CPF, a phone or an e-mail).

use crate::contact::is_plain_address;
use crate::document::{Cnpj, Cpf};
use crate::text::{redacted_debug, text_value};

/// Longest key (API Pix 2.9.0 `chave`; DICT e-mail keys).
const KEY_BYTES_MAX: usize = 77;
/// Digits of a phone key after its `+`: DICT `^\+[1-9][0-9]\d{1,14}$`.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=16;
/// Lengths of the five groups of a random key, a lower-case UUID.
const RANDOM_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// Why a text is not a Pix key. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PixKeyError {
    /// It matches no kind of key.
    #[error(
        "pix key must be a CPF, a CNPJ, a phone with its +55, an e-mail in lower case or a \
         random key in lower case"
    )]
    Malformed,
    /// It has the shape of a CPF or CNPJ key, but not its check digits.
    #[error("pix key looks like a CPF or CNPJ but has wrong check digits")]
    CheckDigits,
}

/// A Pix key. Made by [`PixKey::parse`] only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PixKey {
    /// 11 digits. A text of 11 digits is always a CPF, never a phone.
    Cpf(Cpf),
    /// 14 characters `[0-9A-Z]`.
    Cnpj(Cnpj),
    /// `+` and the number in E.164 form.
    Phone(KeyText),
    /// An e-mail in lower case, at most 77 characters.
    Email(KeyText),
    /// A lower-case UUID (*chave aleatória*, EVP).
    Random(KeyText),
}

/// The text of a key that was recognised. Made by [`PixKey::parse`] only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyText(String);

impl KeyText {
    /// The key itself. Personal data.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PixKey {
    /// Recognises a key by the patterns of DICT; nothing is trimmed, unmasked or re-cased.
    ///
    /// Source: DICT API; CNPJ keys as `^[0-9A-Z]{14}$` since API Pix 2.9.0.
    pub fn parse(text: &str) -> Result<Self, PixKeyError> {
        let bytes = text.as_bytes();
        let digits_only = bytes.iter().all(u8::is_ascii_digit);
        let cnpj_chars = bytes.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        let owned = || KeyText(text.to_owned());
        if bytes.len() > KEY_BYTES_MAX {
            Err(PixKeyError::Malformed)
        } else if bytes.len() == 11 && digits_only {
            Cpf::parse(text).map(Self::Cpf).map_err(|_| PixKeyError::CheckDigits)
        } else if bytes.len() == 14 && cnpj_chars {
            Cnpj::parse(text).map(Self::Cnpj).map_err(|_| PixKeyError::CheckDigits)
        } else if is_phone(text) {
            Ok(Self::Phone(owned()))
        } else if is_plain_address(text) {
            Ok(Self::Email(owned()))
        } else if is_random(text) {
            Ok(Self::Random(owned()))
        } else {
            Err(PixKeyError::Malformed)
        }
    }

    /// The key as DICT and API Pix spell it. Personal data unless it is a random key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Cpf(cpf) => cpf.as_str(),
            Self::Cnpj(cnpj) => cnpj.as_str(),
            Self::Phone(text) | Self::Email(text) | Self::Random(text) => text.as_str(),
        }
    }
}

fn is_phone(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    PHONE_DIGITS.contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_random(text: &str) -> bool {
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.split('-').map(str::len).eq(RANDOM_GROUPS)
        && text.bytes().filter(|byte| *byte != b'-').all(lower_hex)
}

redacted_debug!(KeyText);
text_value!(PixKey, PixKeyError);

#[cfg(test)]
mod tests;
