//! Names a refund. The bank knows a refund by an id that whoever asks for it chooses, so a repeat of
//! the same request must choose the same one.
//!
//! Asking itself is [`crate::move_money`]; the bank is called by [`crate::refund_payment`].

use quita_core::payment::REFUND_ID_CHARS_MAX;
use quita_core::violation::Violation;
use sha2::{Digest, Sha256};

/// Bytes of the hash that a derived id shows, as hexadecimal digits: 32 characters.
const HASH_BYTES: usize = 16;

/// The id that was given, or one that the idempotency key always gives. It is unique within one Pix,
/// so the key alone is enough.
pub(crate) fn refund_id(
    given: Option<&str>,
    key: &str,
    faults: &mut Vec<Violation>,
) -> Option<String> {
    let Some(given) = given else {
        let hash = Sha256::digest(key.as_bytes());
        return Some(hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect());
    };
    let shaped = (1..=REFUND_ID_CHARS_MAX).contains(&given.len())
        && given.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !shaped {
        let hint = format!("use 1 to {REFUND_ID_CHARS_MAX} letters and digits");
        faults.push(Violation::new("id", hint));
        return None;
    }
    Some(given.to_owned())
}

#[cfg(test)]
mod tests;
