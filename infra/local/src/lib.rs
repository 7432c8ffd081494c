//! Quita on one machine: every function in one process, with a bank, a mailbox and a clock.
//!
//! Owns the wiring that AWS does in production and the local ends of the ports. Does not own a use
//! case. Nothing in here is part of a Lambda. Invariant: what the process acknowledged survives a
//! restart and a killed process.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod answer;
mod files;

pub mod app;
pub mod audit;
pub mod brcode;
pub mod bus;
pub mod clock;
pub mod data;
pub mod demo;
pub mod forwarded;
pub mod functions;
pub mod gate;
pub mod gateway;
pub mod machine;
pub mod mailbox;
pub mod merchant;
pub mod options;
pub mod pages;
pub mod routes;
pub mod secrets;
pub mod sender_domains;
pub mod server;
pub mod start_text;
pub mod stream;
pub mod travel;

pub use bus::LocalBus;
pub use clock::MovableClock;
pub use functions::Functions;
pub use machine::{Machine, MachineParts};
pub use mailbox::LocalMailbox;
pub use secrets::LocalSecrets;
pub use sender_domains::LocalSenderDomains;
pub use stream::Checkpoint;
