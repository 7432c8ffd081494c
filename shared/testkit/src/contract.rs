//! Suites of promises. An implementation of a port is one when it passes its suite.
#![allow(clippy::unwrap_used, reason = "a suite reports by panicking")]

pub mod store;
