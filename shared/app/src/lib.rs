//! The use cases of Quita, one file a verb, and the ports for what lies outside.
//!
//! Owns the order of things: read, decide in `quita-core`, write in one transaction, call the bank,
//! send. Does not own rules (core), keys (table), words (notify), HTTP (edge) or any SDK (aws).
//!
//! Invariants: one use case is one transaction; every event leaves through the table; `Ok` is
//! final, even when the answer is no, and `Err` means that the outcome is unknown and the same call
//! may be made again.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod apply;
mod ask_refund;
mod bank;
mod charge_at_bank;
mod credit_line;
mod csv;
mod deliver;
mod deps;
mod error;
mod facts;
mod handled_data;
mod lazy_http;
mod other_payer;
mod take_line;

pub mod access;
pub mod account_view;
pub mod approvals;
pub mod audit;
pub mod bank_file_view;
pub mod bus;
pub mod cancel_invoice;
pub mod change_invoice;
pub mod channels;
pub mod chase_invoice;
pub mod chase_report;
pub mod clear_flag;
pub mod create_customer;
pub mod create_invoice;
pub mod credentials;
pub mod customer_care;
pub mod customer_code;
pub mod customer_health;
pub mod daily;
pub mod event_data;
pub mod evidence;
pub mod exceptions;
pub mod handle_invoice;
pub mod idempotency;
pub mod import_bank_file;
pub mod invoice_links;
mod invoices_by_id;
pub mod issue_charge;
pub mod journal;
pub mod links;
pub mod metrics;
pub mod move_money;
pub mod movement;
pub mod name_boleto;
pub mod onboarding;
pub mod pay_oldest;
pub mod payer_promise;
pub mod payment_drafts;
pub mod payment_view;
pub mod payments_report;
pub mod ports;
pub mod privacy;
pub mod quote;
pub mod read_bank_file;
pub mod receivables_report;
pub mod reconcile_payments;
pub mod record_payment;
pub mod refund_payment;
pub mod reissue_charge;
pub mod relay_events;
pub mod routing;
pub mod rules;
pub mod settings;
pub mod show_payment;
pub mod sweep;
pub mod take_payment;
pub mod tasks;
pub mod templates;
pub mod upload_bank_file;
pub mod views;
pub mod webhooks;

pub use bank::{BankAccess, Banks, SECRET_AGE_MAX, secret_name as bank_secret_name};
pub use deps::{Config, Deps};
pub use error::{Unknown, chain};
pub use lazy_http::LazyHttp;
pub use webhooks::Webhooks;
