//! A failed invocation, as Lambda is told of it.

use std::error::Error as StdError;
use std::fmt;

use lambda_runtime::Diagnostic;
use quita_app::{Unknown, chain};

use super::start::NotReady;

/// What `errorType` says of an outcome that a repeat settles.
const OUTCOME_UNKNOWN: &str = "OutcomeUnknown";
/// What `errorType` says of an event that no repeat makes readable.
const MALFORMED_EVENT: &str = "MalformedEvent";
/// What `errorType` says while the signing key cannot be had: nothing was done.
const NOT_READY: &str = "NotReady";

/// The kind of a failure and its chain of causes. The runtime logs it once, by its `Debug`, and
/// Lambda puts it beside the event in the dead-letter queue.
pub struct Failed {
    error_type: &'static str,
    chain: String,
}

impl Failed {
    /// An event that is not what the function is wired to.
    pub fn malformed(error: &(dyn StdError + 'static)) -> Self {
        Self { error_type: MALFORMED_EVENT, chain: chain(error) }
    }
}

impl From<NotReady> for Failed {
    fn from(error: NotReady) -> Self {
        Self { error_type: NOT_READY, chain: chain(&error) }
    }
}

impl From<Unknown> for Failed {
    fn from(error: Unknown) -> Self {
        Self { error_type: OUTCOME_UNKNOWN, chain: chain(&error) }
    }
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        Self { error_type: failed.error_type.to_owned(), error_message: failed.chain }
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.chain)
    }
}
