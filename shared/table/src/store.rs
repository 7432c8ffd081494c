//! The store: what the use cases ask of the table, one request each.
//!
//! Owns the reads ([`Store::read`], the lists, [`Store::due_work`]) and the one way to write
//! ([`Store::commit`]). Does not own a rule, a clock, or the decision what to do about a conflict.
//!
//! ```text
//!   read(refs) ── decide (pure) ── commit ──┬─ Ok        done, and its events are in the stream
//!        ^                                  ├─ Conflict  someone moved first ─┐
//!        └──────────────────────────────────│────── read again, decide anew ──┘
//!                                           └─ Unknown   may have happened: the same again later
//! ```

mod audit;
mod commit;
mod found;
mod ledger;
mod lists;
mod read;
mod work;

use std::sync::Arc;

use crate::cursor::BadCursor;
use crate::dynamo::{Dynamo, DynamoError};
use crate::items::ItemError;

pub use audit::{StoredBlock, StoredRow};
pub use commit::{Commit, CommitError, Conflict, Expected, Part};
pub use found::{Found, ItemRef};
pub use lists::{PAGE_ITEMS_MAX, Page, Run};
pub use read::{BATCH_ATTEMPTS_MAX, READ_ITEMS_MAX};
pub use work::{WORK_PAGE_MAX, WorkEntry, WorkPage};

/// The table of one stack, over a transport.
#[derive(Clone)]
pub struct Store {
    dynamo: Arc<dyn Dynamo>,
    table: String,
}

impl Store {
    pub fn new(dynamo: Arc<dyn Dynamo>, table_name: impl Into<String>) -> Self {
        Self { dynamo, table: table_name.into() }
    }

    pub fn table_name(&self) -> &str {
        &self.table
    }
}

/// Why a read gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The caller's cursor is not of this list: a malformed request.
    #[error(transparent)]
    BadCursor(#[from] BadCursor),
    /// More asked for at once than [`READ_ITEMS_MAX`]: split the request.
    #[error("{asked} items asked for at once, at most {READ_ITEMS_MAX} are read")]
    TooManyItems { asked: usize },
    /// A stored item is not understood. Trying again will not help.
    #[error("stored item not understood")]
    Item(#[from] ItemError),
    /// DynamoDB refused the request for good: a bug here. Trying again will not help.
    #[error("request refused: {0}")]
    Refused(String),
    /// No answer. A read is safe to repeat.
    #[error("table did not answer")]
    Unavailable(#[source] DynamoError),
}

impl From<DynamoError> for StoreError {
    fn from(error: DynamoError) -> Self {
        match error {
            DynamoError::Invalid(why) => Self::Refused(why),
            // A read has no condition; a transport that says otherwise is broken.
            DynamoError::ConditionFailed { .. } | DynamoError::TransactionCanceled { .. } => {
                Self::Refused("a read was answered with a failed condition".to_owned())
            }
            DynamoError::Throttled | DynamoError::Unknown { .. } => Self::Unavailable(error),
        }
    }
}

#[cfg(test)]
mod tests;
