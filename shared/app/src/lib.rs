//! The use cases of Quita, one file a verb, and the ports for what lies outside.
//!
//! Owns the order of things: read, decide in `quita-core`, write in one transaction, call the bank,
//! send. Does not own rules (core), keys (table), words (notify), HTTP (edge) or any SDK (aws).
//!
//! Invariants: one use case is one transaction; every event leaves through the table; `Ok` is
//! final, even when the answer is no, and `Err` means that the outcome is unknown and the same call
//! may be made again.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod apply;
mod bank;
mod deliver;
mod deps;
mod error;
mod facts;

pub mod bus;
pub mod cancel_invoice;
pub mod chase_invoice;
pub mod create_customer;
pub mod create_invoice;
pub mod event_data;
pub mod idempotency;
pub mod issue_charge;
pub mod keys;
pub mod links;
pub mod ports;
pub mod quote;
pub mod reissue_charge;
pub mod relay_events;
pub mod routing;
pub mod sweep;
pub mod take_payment;
pub mod views;

pub use bank::Banks;
pub use deps::{Config, Deps};
pub use error::{Unknown, chain};
