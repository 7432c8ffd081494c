//! What can be wrong with a request, as RFC 9457 problem details.
//!
//! The slugs are part of the contract (`infra/openapi.yaml` has the table of what to do for each).

use http::{HeaderValue, header};
use quita_app::onboarding::what_to_do;
use quita_app::{Unknown, chain};
use quita_core::access::{Lapsed, Permission};
use quita_core::merchant::Lack;
use quita_core::violation::Violation;
use serde::Serialize;

use crate::http::{ApiResponse, text};

/// Prefix of every problem `type`.
pub const TYPE_BASE: &str = "https://quita.dev/problems/";
/// Seconds after which a caller may try again when something outside did not answer.
const RETRY_AFTER_S: u16 = 2;

/// A request that was not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// 400: not JSON, or not of the expected shape.
    Malformed { detail: String },
    /// 400
    IdempotencyKeyMissing,
    /// 401
    Unauthorized,
    /// 401: a credential of ours that is no longer in force.
    Lapsed(Lapsed),
    /// 403: the caller may not do that.
    Forbidden(Permission),
    /// 403: for the operator of the installation alone.
    OperatorOnly,
    /// 404, also where the caller may not know whether it exists.
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 410: a link of ours that has expired or was taken back.
    LinkOver,
    /// 409: the state forbids it.
    Conflict { detail: String },
    /// 413
    BodyTooLarge { bytes_max: usize },
    /// 422: every violation at once.
    Invalid(Vec<Violation>),
    /// 422
    IdempotencyKeyReused,
    /// 500
    Internal,
    /// 503: the outcome is unknown, the same request may be made again.
    Unavailable,
    /// 503: something outside did not answer, and this is what to do.
    NotNow { detail: String },
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    instance: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<&'a Violation>,
}

impl Problem {
    pub fn invalid(property: &str, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(property, reason)])
    }

    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed { .. } | Self::IdempotencyKeyMissing => 400,
            Self::Unauthorized | Self::Lapsed(_) => 401,
            Self::Forbidden(_) | Self::OperatorOnly => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict { .. } => 409,
            Self::LinkOver => 410,
            Self::BodyTooLarge { .. } => 413,
            Self::Invalid(_) | Self::IdempotencyKeyReused => 422,
            Self::Internal => 500,
            Self::Unavailable | Self::NotNow { .. } => 503,
        }
    }

    /// The last part of the problem's `type`.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed-request",
            Self::IdempotencyKeyMissing => "idempotency-key-missing",
            Self::Unauthorized => "unauthorized",
            Self::Lapsed(_) => "credential-lapsed",
            Self::Forbidden(_) | Self::OperatorOnly => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict { .. } => "conflict",
            Self::LinkOver => "link-over",
            Self::BodyTooLarge { .. } => "body-too-large",
            Self::Invalid(_) => "validation-failed",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::Internal => "internal-error",
            Self::Unavailable | Self::NotNow { .. } => "temporarily-unavailable",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "The request could not be read",
            Self::IdempotencyKeyMissing => "The request needs an Idempotency-Key header",
            Self::Unauthorized => "The credential is missing or not in force",
            Self::Lapsed(_) => "The credential is no longer in force",
            Self::Forbidden(_) | Self::OperatorOnly => "The credential may not do that",
            Self::NotFound => "There is nothing here",
            Self::MethodNotAllowed => "The method is not offered here",
            Self::Conflict { .. } => "The present state forbids it",
            Self::LinkOver => "The link is no longer in force",
            Self::BodyTooLarge { .. } => "The body is too large",
            Self::Invalid(_) => "Some values are not acceptable",
            Self::IdempotencyKeyReused => "The Idempotency-Key was used with another request",
            Self::Internal => "Something went wrong on our side",
            Self::Unavailable | Self::NotNow { .. } => "Something we depend on did not answer",
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Malformed { detail } | Self::Conflict { detail } | Self::NotNow { detail } => {
                Some(detail.clone())
            }
            Self::IdempotencyKeyMissing => Some(format!(
                "send a value of your own, 1 to {} printable characters, and the same one when you \
                 repeat the request",
                crate::http::IDEMPOTENCY_KEY_CHARS_MAX
            )),
            Self::BodyTooLarge { bytes_max } => Some(format!("use at most {bytes_max} bytes")),
            Self::IdempotencyKeyReused => Some("use a new key for a new request".to_owned()),
            Self::Unavailable => Some("repeat the same request, with the same key".to_owned()),
            Self::Lapsed(why) => Some(format!("{why}; make or ask for a new one")),
            Self::Forbidden(needed) => Some(format!(
                "this needs the permission `{needed}`; an administrator gives it to a key or a person"
            )),
            Self::LinkOver => Some("ask whoever sent it for a new one".to_owned()),
            Self::OperatorOnly => Some("use the operator key of the installation".to_owned()),
            Self::Unauthorized
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::Invalid(_)
            | Self::Internal => None,
        }
    }

    /// The answer; `instance` is the request's id.
    pub fn response(&self, instance: &str) -> ApiResponse {
        let violations = match self {
            Self::Invalid(violations) => violations.iter().collect(),
            _ => Vec::new(),
        };
        let body = Body {
            r#type: format!("{TYPE_BASE}{}", self.slug()),
            title: self.title(),
            status: self.status(),
            detail: self.detail(),
            instance,
            violations,
        };
        let body = serde_json::to_string(&body).unwrap_or_default();
        let mut response = text(self.status(), "application/problem+json", body);
        match self {
            Self::Unauthorized | Self::Lapsed(_) => {
                let bearer = HeaderValue::from_static("Bearer");
                response.headers.insert(header::WWW_AUTHENTICATE, bearer);
            }
            Self::Unavailable | Self::NotNow { .. } => {
                let wait = HeaderValue::from(RETRY_AFTER_S);
                response.headers.insert(header::RETRY_AFTER, wait);
            }
            _ => {}
        }
        response
    }
}

/// Logs what stayed unknown, once, with its causes; the caller learns only that it may try again.
impl From<Unknown> for Problem {
    fn from(error: Unknown) -> Self {
        tracing::error!(error = chain(&error), "Request could not be served");
        Self::Unavailable
    }
}

/// A merchant that lacks something for what was asked.
pub fn not_set_up(lacks: &[Lack]) -> Problem {
    let told: Vec<String> =
        lacks.iter().map(|lack| format!("{lack}: {}", what_to_do(*lack))).collect();
    Problem::Conflict { detail: told.join("; ") }
}

/// A list that could not be read: a foreign cursor is the caller's, anything else is ours.
pub fn of_list(error: quita_table::StoreError) -> Problem {
    match error {
        quita_table::StoreError::BadCursor(_) => {
            Problem::invalid("cursor", "use the next_cursor of the page before, unchanged")
        }
        other => Unknown::from(other).into(),
    }
}

#[cfg(test)]
mod tests;
