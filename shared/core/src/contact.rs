//! Ways to reach a customer: e-mail, phone, postal code.
//!
//! Owns: their canonical text. Does not own: consent, bounces, or Pix keys that look alike.
//! Invariant: a value is well formed, is text (leading zeros stay), and never shows itself in
//! `Debug`, since it is personal data (Lei 13.709/2018).

use crate::text::{redacted_debug, text_value};

/// Longest e-mail address (RFC 5321 path limit without its brackets).
const EMAIL_BYTES_MAX: usize = 254;
/// Longest part before the `@` (RFC 5321).
const EMAIL_LOCAL_BYTES_MAX: usize = 64;
/// Longest label of a domain name (RFC 1035).
const DOMAIN_LABEL_BYTES_MAX: usize = 63;
/// Longest phone text that is looked at, with room for a mask.
const PHONE_TEXT_BYTES_MAX: usize = 24;
/// Digits of a postal code.
const CEP_DIGITS: usize = 8;

/// Why a text is not a contact. No variant repeats the text, which is personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Not an address that mail can be sent to.
    #[error("e-mail must look like name@example.com, with at most 254 characters")]
    Email,
    /// Not a Brazilian phone in E.164 form.
    #[error("phone must be +55, a 2-digit area code and 8 or 9 digits, such as +5511987654321")]
    Phone,
    /// Not a postal code.
    #[error("CEP must have 8 digits, such as 01310-100")]
    Cep,
}

/// An e-mail address in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// A Brazilian phone in E.164 form: `+55`, area code, 9 digits (mobile) or 8 (fixed).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// A Brazilian postal code: 8 digits, leading zeros kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cep(String);

impl Email {
    /// Reads an address of the plain `local@domain` form and lower-cases it.
    ///
    /// Quoted local parts, comments, address literals and non-ASCII domains are refused; the
    /// domain needs a dot.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let lower = text.to_ascii_lowercase();
        let dotted = lower.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.'));
        if lower.len() <= EMAIL_BYTES_MAX && dotted && is_plain_address(&lower) {
            Ok(Self(lower))
        } else {
            Err(ContactError::Email)
        }
    }

    /// The address in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the `@`. Not personal by itself, so logs may show it.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Whether `lower` is `local@domain` in the characters that DICT accepts in an e-mail key.
pub(crate) fn is_plain_address(lower: &str) -> bool {
    let Some((local, domain)) = lower.split_once('@') else { return false };
    let local_char = |b: u8| {
        b.is_ascii_lowercase() || b.is_ascii_digit() || b".!#$%&'*+/=?^_`{|}~-".contains(&b)
    };
    let label_char = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let label = |text: &str| {
        (1..=DOMAIN_LABEL_BYTES_MAX).contains(&text.len())
            && text.bytes().all(label_char)
            && !text.starts_with('-')
            && !text.ends_with('-')
    };
    let dots_right = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    (1..=EMAIL_LOCAL_BYTES_MAX).contains(&local.len())
        && local.bytes().all(local_char)
        && dots_right
        && domain.split('.').all(label)
}

impl Phone {
    /// Reads `+55` and a national number; spaces, dots, hyphens and parentheses are dropped.
    ///
    /// The country code is required: without it `11987654321` could be a CPF. A mobile has nine
    /// digits and starts with 9; a fixed line has eight and starts with 2 to 8.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        if text.len() > PHONE_TEXT_BYTES_MAX {
            return Err(ContactError::Phone);
        }
        let canonical: String =
            text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')')).collect();
        let national = canonical.strip_prefix("+55").ok_or(ContactError::Phone)?.as_bytes();
        let area_code = national.iter().take(2).all(|digit| (b'1'..=b'9').contains(digit));
        let subscriber = match national.len() {
            11 => national[2] == b'9',
            10 => (b'2'..=b'8').contains(&national[2]),
            _ => false,
        };
        if area_code && subscriber && national.iter().all(u8::is_ascii_digit) {
            Ok(Self(canonical))
        } else {
            Err(ContactError::Phone)
        }
    }

    /// The E.164 text: `+5511987654321`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Cep {
    /// Reads 8 digits, with or without the hyphen after the fifth.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let digits = match text.split_once('-') {
            Some((region, suffix)) if region.len() == 5 => format!("{region}{suffix}"),
            Some(_) => return Err(ContactError::Cep),
            None => text.to_owned(),
        };
        if digits.len() == CEP_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(ContactError::Cep)
        }
    }

    /// The 8 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For people: `01310-100`.
    #[must_use]
    pub fn formatted(&self) -> String {
        format!("{}-{}", &self.0[..5], &self.0[5..])
    }
}

redacted_debug!(Email);
redacted_debug!(Phone);
redacted_debug!(Cep);
text_value!(Email, ContactError);
text_value!(Phone, ContactError);
text_value!(Cep, ContactError);

#[cfg(test)]
mod tests;
