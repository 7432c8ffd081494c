//! One binary of integration tests; each module is named for what it fears.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod banks;
mod event_schemas;
mod files;
mod house;
mod main_job;
mod openapi;
mod parity;
mod permissions;
mod sample_events;
mod schema;
mod world;
