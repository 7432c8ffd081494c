//! quita-aws: the ports on AWS, and the bootstrap of a Lambda function.
//!
//! Owns every call to a service of AWS: the table's transport ([`DynamoDb`]), mail ([`SesMailer`]) and
//! its domains ([`SesSenderDomains`]), the bus ([`EventBridgeBus`]), secrets ([`SecretsManager`]), text
//! messages ([`EndUserMessaging`]) and letters ([`LettersBucket`]); and the start and loop of a function
//! ([`lambda`]). Does not own a rule, a key or a retry of a use case.
//!
//! The services are called in their own JSON, S3 by a `PUT`, signed by `aws-sigv4`, without the SDKs: ARCHITECTURE.md
//! says why.
//!
//! Invariants: no type of AWS leaves this crate; a failed call is either known to have had no effect
//! or answered as unknown; nothing that is logged or returned as an error carries an item, a
//! message, a secret or a response body.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod bus;
mod calls;
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
