//! What a bank posts to `<webhookUrl>/pix`.
//!
//! Owns: bounding and reading the body. Does not own: who sent it, or whether it is true. A
//! callback is a hint: check the receiving key and ask the bank (`GET /pix/{e2eid}`) before
//! crediting anything.
//! Invariants: every item of a batch comes out, read or malformed, in order; the same
//! `endToEndId` may come again, with a refund inside, and is not dropped here.

use serde_json::value::RawValue;
use std::collections::HashMap;

pub use crate::item::Malformed;
use crate::item::read_pix;
pub use crate::wire::Pix as CallbackPix;

/// Longest body read, in bytes. A Pix with its refunds takes about 1 KiB.
pub const BYTES_MAX: usize = 512 * 1024;
/// Most items in one body.
pub const ITEMS_MAX: usize = 500;
/// Deepest nesting of objects and lists; a Pix needs 6.
pub const DEPTH_MAX: usize = 16;

/// One item of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackItem {
    /// A payment, or a payment again with news of a refund.
    Pix(Box<CallbackPix>),
    /// Not readable. To be recorded and looked into: it may be money.
    Malformed(Malformed),
}

/// Why nothing of a body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Above [`BYTES_MAX`].
    #[error("the callback is longer than {BYTES_MAX} bytes")]
    TooLong,
    /// Above [`DEPTH_MAX`].
    #[error("the callback is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// Above [`ITEMS_MAX`].
    #[error("the callback holds more than {ITEMS_MAX} items")]
    TooMany,
    /// Not JSON.
    #[error("the callback is not JSON")]
    NotJson,
    /// JSON of something else, for example of recurring charges.
    #[error("the callback holds no list of pix")]
    NoPix,
}

/// Reads `{"pix": [...]}`, or the bare list that Banco Inter posts.
///
/// An empty body and Efí's `{"evento": "teste_webhook"}` are probes made when a webhook is
/// registered; they hold no item and are no error.
///
/// # Errors
/// As [`CallbackError`] says; an item that cannot be read is not an error of the batch.
pub fn parse(body: &[u8]) -> Result<Vec<CallbackItem>, CallbackError> {
    if body.len() > BYTES_MAX {
        return Err(CallbackError::TooLong);
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    if depth(body) > DEPTH_MAX {
        return Err(CallbackError::TooDeep);
    }
    let root: &RawValue = serde_json::from_slice(body).map_err(|_| CallbackError::NotJson)?;
    let list = match first_byte(root) {
        b'[' => root,
        b'{' => match pix_of(root)? {
            Some(list) => list,
            None => return Ok(Vec::new()),
        },
        _ => return Err(CallbackError::NoPix),
    };
    let items = match first_byte(list) {
        b'[' => serde_json::from_str(list.get()).map_err(|_| CallbackError::NotJson)?,
        b'{' => vec![list],
        _ => return Err(CallbackError::NoPix),
    };
    if items.len() > ITEMS_MAX {
        return Err(CallbackError::TooMany);
    }
    Ok(items.into_iter().enumerate().map(|(index, raw)| item(index, raw)).collect())
}

/// The `pix` of an object, or `None` for a registration probe.
fn pix_of(root: &RawValue) -> Result<Option<&RawValue>, CallbackError> {
    let fields: HashMap<String, &RawValue> =
        serde_json::from_str(root.get()).map_err(|_| CallbackError::NotJson)?;
    match (fields.get("pix"), fields.get("evento")) {
        (Some(list), _) => Ok(Some(list)),
        (None, Some(_)) => Ok(None),
        (None, None) => Err(CallbackError::NoPix),
    }
}

fn item(index: usize, raw: &RawValue) -> CallbackItem {
    match read_pix(index, raw) {
        Ok(pix) => CallbackItem::Pix(Box::new(pix)),
        Err(malformed) => CallbackItem::Malformed(malformed),
    }
}

fn first_byte(raw: &RawValue) -> u8 {
    raw.get().as_bytes().first().copied().unwrap_or_default()
}

/// The deepest nesting of brackets outside strings. A plain scan, so that hostile depth is met
/// before any parser recurses.
fn depth(body: &[u8]) -> usize {
    let (mut level, mut deepest) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                level += 1;
                deepest = deepest.max(level);
            }
            b'}' | b']' if !in_string => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests;
