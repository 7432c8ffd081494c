//! quita-testkit: everything a test needs that is not the code under test.
//!
//! Owns the embedded table ([`embedded`]), the decorators that count and break calls ([`meter`],
//! [`fault`]), the suites every implementation of a port has to pass ([`contract`]), and what a
//! function's own binary needs around it: the runtime API of Lambda ([`lambda`]) and the services
//! its SDKs call ([`aws`]); and the providers of channels that are not AWS ([`channels`]).
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

pub mod aws;
mod background;
pub mod channels;
pub mod contract;
pub mod embedded;
pub mod fault;
pub mod lambda;
pub mod meter;

#[cfg(test)]
mod raw_http;
