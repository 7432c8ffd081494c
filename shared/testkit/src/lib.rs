//! quita-testkit: everything a test needs that is not the code under test.
//!
//! Owns the embedded table ([`embedded`]), the decorators that count and break calls ([`meter`],
//! [`fault`]) and the suites every implementation of a port has to pass ([`contract`]).
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

pub mod contract;
pub mod embedded;
pub mod fault;
pub mod meter;
