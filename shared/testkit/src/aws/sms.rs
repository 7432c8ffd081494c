//! AWS End User Messaging SMS: `SendTextMessage`.
//!
//! Source: Pinpoint SMS and voice API, version 2, reference of `SendTextMessage`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Refusal, read, response};

const INVALID: &str = "ValidationException";
/// Longest text, in characters.
const BODY_CHARS_MAX: usize = 1600;
/// Most pairs of a context, and the longest of each.
const CONTEXT_MAX: usize = 5;
const CONTEXT_KEY_BYTES_MAX: usize = 100;
const CONTEXT_VALUE_BYTES_MAX: usize = 800;

/// A text message as the provider was given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentText {
    pub to: String,
    /// Number, sender's name, pool, or ARN.
    pub origination: String,
    pub body: String,
    /// `TRANSACTIONAL` or `PROMOTIONAL`.
    pub message_type: String,
    pub configuration_set: Option<String>,
    pub context: BTreeMap<String, String>,
}

/// Why a text message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextRefusal {
    /// Read and refused, for the reason that a conflict has, such as
    /// `DESTINATION_PHONE_NUMBER_OPTED_OUT`.
    Conflict(&'static str),
    /// Too fast.
    TooMany,
    /// The month's money is spent.
    OverQuota,
    /// No answer: it may have gone out.
    Unknown,
}

/// Takes text messages; answers the id of each.
#[async_trait]
pub trait TextProvider: Send + Sync {
    async fn send(&self, text: SentText) -> Result<String, TextRefusal>;
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendTextMessage {
    destination_phone_number: String,
    origination_identity: Option<String>,
    message_body: Option<String>,
    message_type: Option<String>,
    configuration_set_name: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, String>,
}

pub(super) async fn answer(provider: &dyn TextProvider, operation: &str, body: &[u8]) -> Response {
    if operation != "SendTextMessage" {
        return Refusal::unknown_operation(operation).response();
    }
    let outcome = match read_text(body) {
        Ok(text) => provider.send(text).await.map_err(refused),
        Err(refusal) => Err(refusal),
    };
    response(outcome.map(|id| json!({ "MessageId": id })))
}

fn read_text(body: &[u8]) -> Result<SentText, Refusal> {
    let asked: SendTextMessage = read(body, INVALID)?;
    let invalid = |why: &str| Err(Refusal::new(INVALID, why));
    let to = asked.destination_phone_number;
    let digits = to.strip_prefix('+').unwrap_or_default();
    if !(8..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return invalid("the destination is no number in E.164 form");
    }
    let body = asked.message_body.unwrap_or_default();
    if body.is_empty() || body.chars().count() > BODY_CHARS_MAX {
        return invalid("the text is empty or too long");
    }
    let message_type = asked.message_type.unwrap_or_else(|| "TRANSACTIONAL".to_owned());
    if !["TRANSACTIONAL", "PROMOTIONAL"].contains(&message_type.as_str()) {
        return invalid("there is no such type of message");
    }
    let fits = |(key, value): (&String, &String)| {
        key.len() <= CONTEXT_KEY_BYTES_MAX && value.len() <= CONTEXT_VALUE_BYTES_MAX
    };
    if asked.context.len() > CONTEXT_MAX || !asked.context.iter().all(fits) {
        return invalid("the context is too long");
    }
    let Some(origination) = asked.origination_identity.filter(|one| !one.is_empty()) else {
        return Err(conflict("NO_ORIGINATION_IDENTITIES_FOUND"));
    };
    Ok(SentText {
        to,
        origination,
        body,
        message_type,
        configuration_set: asked.configuration_set_name,
        context: asked.context,
    })
}

fn conflict(reason: &str) -> Refusal {
    Refusal::new("ConflictException", "the message conflicts with a resource")
        .with("Reason", json!(reason))
}

fn refused(refusal: TextRefusal) -> Refusal {
    match refusal {
        TextRefusal::Conflict(reason) => conflict(reason),
        TextRefusal::TooMany => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            Refusal { status, ..Refusal::new("ThrottlingException", "too fast") }
        }
        TextRefusal::OverQuota => Refusal::new("ServiceQuotaExceededException", "over the quota")
            .with("Reason", json!("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT")),
        TextRefusal::Unknown => Refusal::internal("InternalServerException", "no answer"),
    }
}

/// What a policy on an origination is about. Source: service authorization reference, "AWS End User
/// Messaging SMS and Voice V2".
pub(super) fn resource(origination: &str, arn: impl Fn(&str) -> String) -> String {
    if origination.starts_with("arn:") {
        origination.to_owned()
    } else if origination.starts_with("pool-") {
        arn(&format!("pool/{origination}"))
    } else if origination.starts_with("phone-") || origination.starts_with('+') {
        arn(&format!("phone-number/{origination}"))
    } else {
        arn(&format!("sender-id/{origination}/BR"))
    }
}
