//! E-mail through Amazon SES, API version 2.
//!
//! Owns the call and what its refusals mean. Does not own a word of a message, nor its encoding.
//!
//! SES has no idempotency key, so an attempt is repeated only when SES answered that it did not take
//! the message. Anything else may have been sent, and is answered as unknown.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use quita_app::Unknown;
use quita_app::ports::{Clock, Evidence, Mailer, SendError};
use quita_notify::{Email, LEDGER_HEADER, mime};
use serde::Deserialize;
use serde_json::json;

use crate::calls::{Caller, Patience};
use crate::clients::Clients;
use crate::fault::{Fault, Verdict};
use crate::signed::Service;

/// SES, which answers for its domains too.
pub(crate) const SERVICE: Service =
    Service { id: "SESv2", host: "email", signing: "ses", is_s3: false };
const PATH: &str = "/v2/email/outbound-emails";
/// An attempt may take longer than elsewhere, since a message cut off here can never be sent again,
/// and a claim on a message lasts two minutes. It is repeated more often while SES says "too fast":
/// a sweep can outrun the account's rate per second.
const PATIENCE: Patience = Patience {
    attempt: Duration::from_secs(10),
    call: Duration::from_secs(40),
    attempts_max: 6,
    wait: Duration::from_secs(1),
    repeats_unknown: false,
};

/// SES, sending under one configuration set.
pub struct SesMailer {
    caller: Caller,
    configuration_set: String,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Accepted {
    message_id: Option<String>,
}

impl SesMailer {
    pub fn new(clients: &Clients, configuration_set: String, clock: Arc<dyn Clock>) -> Self {
        Self { caller: Caller::new(clients, SERVICE, PATIENCE), configuration_set, clock }
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        let message = mime::build(email, self.clock.now())
            .map_err(|error| SendError::Refused(format!("it cannot be encoded: {error}")))?;
        let to: Vec<&str> = email.to.iter().map(|mailbox| mailbox.address.as_str()).collect();
        let body = json!({
            "Content": { "Raw": { "Data": STANDARD.encode(message) } },
            "Destination": { "ToAddresses": to },
            "EmailTags": [{ "Name": LEDGER_HEADER, "Value": email.ledger_key }],
            "ConfigurationSetName": self.configuration_set,
        });
        let body = body.to_string().into_bytes();
        let accepted = self.caller.rest(Method::POST, PATH, body).await;
        let Accepted { message_id } = accepted.map_err(|why| failed(why.fault))?;
        Ok(message_id.unwrap_or_else(|| "accepted without an id".to_owned()))
    }

    /// SES cannot be asked for a message by its tag: its tags come out in event streams and metrics
    /// only, and its insights are kept by the message id that a dead sender never learned.
    async fn evidence(&self, _tag: &str) -> Result<Evidence, Unknown> {
        Ok(Evidence::None)
    }

    fn is_silent(&self) -> bool {
        false
    }
}

/// Refusals that are about the message itself and stand. Any other, such as a spent quota, a paused
/// account or a missing permission, ends when somebody changes something.
const ABOUT_THE_MESSAGE: [&str; 2] = ["MessageRejected", "BadRequestException"];

/// Every refusal means that nothing was sent.
fn failed(fault: Fault) -> SendError {
    let final_ = fault.code.is_empty() || ABOUT_THE_MESSAGE.contains(&fault.code.as_str());
    match fault.verdict {
        Verdict::Refused if final_ => SendError::Refused(fault.to_string()),
        Verdict::Refused | Verdict::Throttled => SendError::not_now(fault.to_string()),
        Verdict::Unknown => SendError::Unknown(Unknown::new("sending a message", fault)),
    }
}

/// Stands in for the mailer of a function that sends nothing and has no permission to.
#[derive(Debug)]
pub(crate) struct NoMailer;

#[async_trait]
impl Mailer for NoMailer {
    async fn send(&self, _email: &Email) -> Result<String, SendError> {
        Err(SendError::Unknown(Unknown::new("sending a message", NOT_A_SENDER)))
    }

    async fn evidence(&self, _tag: &str) -> Result<Evidence, Unknown> {
        Err(Unknown::new("asking for a message", NOT_A_SENDER))
    }

    fn is_silent(&self) -> bool {
        true
    }
}

const NOT_A_SENDER: &str = "this function was started without a mailer";

#[cfg(test)]
mod tests;
