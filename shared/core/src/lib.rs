//! The rules of Quita: money, documents, the bank calendar, terms, invoices and the chase.
//!
//! Owns: every decision about what is owed, when, and what to do next. Does not own: storage,
//! HTTP, the wire format of API Pix, message texts.
//! Invariant: pure. No I/O, no clock, no async: `now` is an argument, events are values, and the
//! same input gives the same answer.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

pub mod access;
pub mod ageing;
pub mod allocation;
pub mod approval;
pub mod audit;
pub mod bank_import;
pub mod calendar;
pub mod care;
pub mod chase;
pub mod contact;
pub mod customer;
pub mod daily;
pub mod debt;
pub mod document;
pub mod endpoint;
pub mod erasure;
pub mod health;
pub mod hidden;
pub mod ids;
pub mod instalments;
pub mod invoice;
pub mod journal;
pub mod matching;
pub mod merchant;
pub mod message;
pub mod money;
pub mod outcome;
pub mod payment;
pub mod percent;
pub mod pix_key;
pub mod reconciliation;
pub mod retention;
#[cfg(test)]
mod sample;
pub mod task;
pub mod template;
pub mod terms;
pub mod terms_draft;
mod text;
pub mod violation;
pub mod work;
pub mod zone;
