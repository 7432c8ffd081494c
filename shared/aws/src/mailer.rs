//! E-mail through Amazon SES, API version 2.
//!
//! Owns the call and what its refusals mean. Does not own a word of a message, nor its encoding.
//!
//! SES has no idempotency key, so the SDK repeats an attempt only when SES answered that it did not
//! take the message. Anything else may have been sent, and is answered as unknown.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::interceptors::InterceptorContext;
use aws_sdk_sesv2::config::retry::{ClassifyRetry, RetryAction, RetryConfig};
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use aws_types::SdkConfig;
use quita_app::Unknown;
use quita_app::ports::{Clock, Evidence, Mailer, SendError};
use quita_notify::{Email, LEDGER_HEADER, mime};

use crate::clients::{Clients, OnCall};
use crate::fault::{Fault, Verdict};

/// For one attempt: longer than elsewhere, since a message cut off here can never be sent again.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// For all attempts; a claim on a message lasts two minutes.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(40);
/// Attempts in all while SES says "too fast": a sweep can outrun the account's rate per second.
const ATTEMPTS_MAX: u32 = 6;

/// SES, sending under one configuration set.
pub struct SesMailer {
    client: OnCall<Client>,
    configuration_set: String,
    clock: Arc<dyn Clock>,
}

impl SesMailer {
    pub fn new(clients: &Clients, configuration_set: String, clock: Arc<dyn Clock>) -> Self {
        let client = OnCall::new(clients, patient_client);
        Self { client, configuration_set, clock }
    }
}

/// A client that waits longer and repeats less freely than those of other services.
fn patient_client(sdk: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let config = aws_sdk_sesv2::config::Builder::from(sdk)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .retry_classifier(OnlyAfterAnswer)
        .build();
    Client::from_conf(config)
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        let message = mime::build(email, self.clock.now())
            .map_err(|error| SendError::Refused(format!("it cannot be encoded: {error}")))?;
        let (content, tag) = parts(message, &email.ledger_key)
            .map_err(|error| SendError::Refused(format!("it cannot be addressed: {error}")))?;
        let to = email.to.iter().map(|mailbox| mailbox.address.as_str().to_owned()).collect();
        let answer = self
            .client
            .get()
            .send_email()
            .content(content)
            .destination(Destination::builder().set_to_addresses(Some(to)).build())
            .email_tags(tag)
            .configuration_set_name(&self.configuration_set)
            .send()
            .await
            .map_err(|error| failed(Fault::of(&error)))?;
        Ok(answer.message_id.unwrap_or_else(|| "accepted without an id".to_owned()))
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

fn parts(message: Vec<u8>, ledger_key: &str) -> Result<(EmailContent, MessageTag), BuildError> {
    let raw = RawMessage::builder().data(Blob::new(message)).build()?;
    let tag = MessageTag::builder().name(LEDGER_HEADER).value(ledger_key).build()?;
    Ok((EmailContent::builder().raw(raw).build(), tag))
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

/// Forbids a repeat unless SES answered with a 4xx; which of those are worth one, the SDK's own
/// classifiers know.
#[derive(Debug)]
struct OnlyAfterAnswer;

impl ClassifyRetry for OnlyAfterAnswer {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(response) if response.status().is_client_error() => RetryAction::NoActionIndicated,
            Some(_) | None => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "only after SES said it did not take the message"
    }
}

#[cfg(test)]
mod tests;
