//! quita-table: the single DynamoDB table, from typed values to exact requests and back.
//!
//! Owns the keys ([`keys`]), the stored form of each item ([`items`]), the conditions of each write
//! ([`store`]) and the narrow transport they go through ([`dynamo`]). Does not own a rule of the
//! domain, a clock, or a client: `shared/aws` and the embedded engine bring the transport.
//!
//! Invariants: every key begins with its merchant; every write is conditional; one command is one
//! request, all of it or nothing; an item that is not understood is an error, never a guess.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

pub mod cursor;
pub mod dynamo;
pub mod items;
pub mod keys;
pub mod record;
#[cfg(test)]
mod sample;
pub mod schema;
pub mod store;

pub use cursor::Cursor;
pub use dynamo::{Dynamo, DynamoError, Item};
pub use record::Record;
pub use store::{Commit, CommitError, Expected, Store, StoreError};
