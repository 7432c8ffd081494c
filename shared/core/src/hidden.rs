//! Text that must not reach a log, by its type, and text of others that may hold some.
//!
//! Owns [`Hidden`], for what the program knows to be secret or personal: documents, keys, names,
//! locations, codes, webhook addresses, secrets; and [`masked`], for sentences that a bank or a
//! provider wrote and that may quote any of it. Does not own where a text is shown.
//! Invariant: the content of a [`Hidden`] leaves only through an explicit call or through serde;
//! there is no `Display`, and `Debug` prints the length alone.

use serde::{Deserialize, Serialize};

use crate::contact::Email;
use crate::document::Cnpj;

/// A string whose `Debug` tells its length and nothing else.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The content. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The content, owned.
    #[must_use]
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<hidden, {} bytes>", self.0.len())
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl PartialEq<str> for Hidden {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Hidden {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// What stands for something that was masked.
const MASK: &str = "***";
/// Shortest run of digits taken for a document, a phone or an account.
const DIGITS_MIN: usize = 11;
/// Shortest last segment of an address that is taken for a key to something.
const SEGMENT_CHARS_MIN: usize = 12;
/// Longest identifier that stays, a UUID. What is longer and opaque is taken for a token.
const ID_CHARS_MAX: usize = 36;
/// What every BR Code begins with. Source: BR Code manual, field 00.
const BR_CODE_PREFIX: &str = "000201";

/// A sentence of somebody else, fit for a log and for the merchant: e-mail addresses keep their
/// host, and documents, phones, Pix codes, locations and tokens become `***`.
///
/// It errs on the side of masking; our own ids and txids stay.
#[must_use]
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let inside = is_separator(first);
        let end = rest.find(|c| is_separator(c) != inside).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        if inside {
            out.push_str(piece)
        } else {
            mask_word(piece, &mut out)
        }
        rest = after;
    }
    out
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || "\"'<>()[]{},;:=|`".contains(c)
}

fn mask_word(word: &str, out: &mut String) {
    let bare = word.trim_end_matches(['.', '!', '?']);
    let stop = &word[bare.len()..];
    if let Some((_, host)) = bare.rsplit_once('@')
        && (Email::parse(bare).is_ok() || host.contains('.'))
    {
        out.push_str(MASK);
        out.push('@');
        out.push_str(host);
    } else if is_secret(bare) {
        out.push_str(MASK);
    } else {
        return mask_digits(word, out);
    }
    out.push_str(stop);
}

fn is_secret(word: &str) -> bool {
    if word.starts_with(BR_CODE_PREFIX) || Cnpj::parse(word).is_ok() {
        return true;
    }
    match address_end(word) {
        Some(last) => last.len() >= SEGMENT_CHARS_MIN && is_opaque(last),
        None => word.len() > ID_CHARS_MAX && is_opaque(word),
    }
}

/// The last segment of `host.example/qr/v2/9d36b84f…`; `None` for what is no address.
fn address_end(word: &str) -> Option<&str> {
    let (host, path) = word.trim_start_matches('/').split_once('/')?;
    host.contains('.').then(|| path.rsplit('/').next().unwrap_or_default())
}

fn is_opaque(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+/%~".contains(&b))
}

/// Masks runs of eleven or more digits, punctuation of documents allowed inside.
fn mask_digits(word: &str, out: &mut String) {
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        out.push_str(if digits >= DIGITS_MIN { MASK } else { run.as_str() });
        run.clear();
    };
    for c in word.chars() {
        let inside = !run.is_empty() && matches!(c, '.' | '-' | '/');
        if c.is_ascii_digit() || inside {
            run.push(c);
        } else {
            flush(&mut run, out);
            out.push(c);
        }
    }
    flush(&mut run, out);
}

#[cfg(test)]
mod tests;
