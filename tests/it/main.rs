//! One binary of integration tests; each module is named for what it fears.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod main_job;
mod world;
