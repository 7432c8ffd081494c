//! Pix for a receiver of money: BR Codes, their QR pictures, and the API Pix of any bank.
//!
//! Owns the formats and the protocol of the standard. Does not own what an invoice is, when to
//! charge, or where anything is stored. Invariant: everything that comes from outside is bounded
//! before it is read.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

pub mod brcode;
pub mod callback;
pub mod client;
pub mod credentials;
pub mod error;
pub mod identity;
mod item;
pub mod problem;
pub mod profile;
pub mod qr;
mod retry;
pub mod terms;
pub mod token;
pub mod wire;
