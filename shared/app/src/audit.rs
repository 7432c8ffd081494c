//! The audit trail: rows are chained as they leave the table, listed, and checked.
//!
//! Owns how a block comes onto the chain, and the two ways to read it. Does not own what a row says
//! of a change, nor what a block is ([`quita_core::audit`]).

pub mod append;
pub mod list;
pub mod verify;
