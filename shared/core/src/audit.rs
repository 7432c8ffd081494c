//! The audit trail: what changed, field by field, and the chain that shows whether the trail itself
//! was changed.
//!
//! Every change of an aggregate has an event row, which says who did what. Owns what the row says of
//! the change ([`Changes`], from a short [`Summary`] before and after), the [`Block`]s that chain the
//! rows of a merchant by their digests, and the check of that chain ([`Trail`]). Does not own how a
//! row is stored or where blocks are kept.
//!
//! ```text
//!   rows:    invoice 1 │ invoice 2 │ payment 1 │ invoice 3        never changed, never deleted
//!               sha256 │    sha256 │    sha256 │    sha256
//!   blocks:  [ prev 0, invoice 1, invoice 2 ] <── [ prev = hash, payment 1, invoice 3 ] <── head
//! ```
//!
//! Invariants: a value that names a person is compared but never shown; a block's hash covers all of
//! it, so who changes a row, or leaves one out, has to change every block after it and the head.

mod block;
mod changes;
mod summaries;
mod trail;

pub use block::{Block, Digest, ENTRIES_MAX, Entry, NotADigest};
pub use changes::{Audited, Changes, FIELDS_MAX, Summary, VALUE_CHARS_MAX, changes};
pub use trail::{Fault, History, Other, Trail, WAIT_MAX, What, check_links};

#[cfg(test)]
mod tests;
