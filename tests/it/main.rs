//! One binary of integration tests; each module is named for what it fears.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod bad_invoices;
mod bad_payments;
mod bad_requests;
mod bank_down;
mod bank_files;
mod banks;
mod books;
mod callbacks;
mod changes;
mod chasing;
mod event_schemas;
mod exceptions;
mod files;
mod house;
mod idempotency;
mod main_job;
mod meter;
mod openapi;
mod parity;
mod parked_money;
mod payments;
mod permissions;
mod reconciliation;
mod refunds;
mod sample_events;
mod schema;
mod simulation;
mod tenants;
mod traps;
mod world;
