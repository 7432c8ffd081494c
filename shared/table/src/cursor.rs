//! The opaque cursor of a list: where the last page ended.
//!
//! Owns its text form. Invariant: a cursor holds a sort key and no partition, so whoever made it up,
//! it can only move within the list its reader asked for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::keys::{self, Place};

/// Longest cursor taken, in characters.
pub const CURSOR_CHARS_MAX: usize = 200;

/// A place in a list, to go on after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

/// The text is not a cursor of the list it was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cursor does not belong to this list; use the one the last page gave")]
pub struct BadCursor;

impl Cursor {
    /// Reads the text a page was given out with. Whether it belongs to a list is checked when the
    /// list is read.
    pub fn parse(text: &str) -> Result<Self, BadCursor> {
        if text.is_empty() || text.len() > CURSOR_CHARS_MAX {
            return Err(BadCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        String::from_utf8(bytes).map(Self).map_err(|_| BadCursor)
    }

    /// The cursor after an event of a timeline, for a reader that holds its number.
    pub fn after_event(seq: u64) -> Self {
        Self(keys::event_sk(seq))
    }

    /// The cursor after a sort key.
    pub(crate) fn after(sk: &str) -> Self {
        Self(sk.to_owned())
    }

    /// The sort key to go on after, once it is known to be one of `place`.
    pub(crate) fn sort_key(&self, place: Place) -> Result<&str, BadCursor> {
        if place.holds(&self.0) { Ok(&self.0) } else { Err(BadCursor) }
    }
}

/// The text form: base64url without padding.
impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests;
