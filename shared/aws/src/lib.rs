//! quita-aws: the ports on AWS, and the bootstrap of a Lambda function.
//!
//! Owns every use of an AWS SDK: the table's transport ([`DynamoDb`]), mail ([`SesMailer`]), the
//! bus ([`EventBridgeBus`]), secrets ([`SecretsManager`]), and the start and loop of a function
//! ([`lambda`]); and the signed calls to services that no SDK is linked for: text messages
//! ([`EndUserMessaging`]) and letters ([`LettersBucket`]). Does not own a rule, a key or a retry of a use case.
//!
//! Invariants: no SDK type leaves this crate; a failed call is either known to have had no effect
//! or answered as unknown; nothing that is logged or returned as an error carries an item, a
//! message, a secret or a response body.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod bus;
mod clients;
mod dynamo;
mod env;
mod fault;
mod http;
mod letters;
mod mailer;
mod secrets;
mod sender_domains;
mod signed;
mod sms;

pub mod lambda;

pub use bus::EventBridgeBus;
pub use clients::Clients;
pub use dynamo::DynamoDb;
pub use env::{Endpoints, EnvironmentError, Needs, Settings};
pub use http::TRUSTED_ROOTS;
pub use letters::LettersBucket;
pub use mailer::SesMailer;
pub use secrets::SecretsManager;
pub use sender_domains::SesSenderDomains;
pub use sms::{EndUserMessaging, Originations};

#[cfg(test)]
mod loopback;
#[cfg(test)]
mod replay;
