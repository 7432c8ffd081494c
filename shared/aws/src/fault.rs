//! One reading of every failed SDK call: did nothing happen, or is that unknown?
//!
//! Owns the classification that the ports share, and the one line a failure is told in. The SDK's
//! own errors print response bodies when debugged, so none of them travels further than here, and
//! what a service writes is masked: SES names the addresses it refuses.

use std::error::Error;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use quita_app::chain;
use quita_core::hidden::masked;

/// Status of a server that gave up waiting for the request: it may have read all of it.
const REQUEST_TIMEOUT: u16 = 408;
const TOO_MANY_REQUESTS: u16 = 429;

/// Codes of "not now". Source: AWS SDKs reference guide, "Retry behavior", throttling errors.
/// `LimitExceededException` is not among them: for SES it is the day's quota.
const THROTTLING: &[&str] = &[
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Whether a service's code says "not now".
pub(crate) fn is_throttling(code: &str) -> bool {
    THROTTLING.contains(&code)
}

/// How a failed call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing happened; later it may work.
    Throttled,
    /// Nothing happened; the same request is refused again until somebody changes something.
    Refused,
    /// It may have happened.
    Unknown,
}

/// A failed call: its verdict, the service's code for it, and one line for people.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Fault {
    pub(crate) verdict: Verdict,
    /// Such as `ValidationException`; empty when no service answered.
    pub(crate) code: String,
    text: String,
}

impl Fault {
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => Self::answered(answer.err().meta(), answer.raw()),
            SdkError::ConstructionFailure(_) => Self::unanswered(Verdict::Refused, error),
            // Among them a connection that was never made: telling it apart would rest on the
            // inside of the HTTP client, and "unknown" is always a right answer.
            _ => Self::unanswered(Verdict::Unknown, error),
        }
    }

    fn answered(meta: &aws_sdk_dynamodb::error::ErrorMetadata, raw: &HttpResponse) -> Self {
        let code = meta.code().unwrap_or("no code").to_owned();
        let status = raw.status();
        let verdict = match status.as_u16() {
            REQUEST_TIMEOUT => Verdict::Unknown,
            TOO_MANY_REQUESTS => Verdict::Throttled,
            _ if is_throttling(&code) => Verdict::Throttled,
            _ if status.is_client_error() => Verdict::Refused,
            _ => Verdict::Unknown,
        };
        let message = masked(meta.message().unwrap_or("no message"));
        let request = raw.headers().get("x-amzn-requestid").unwrap_or("unnamed");
        let text = format!("{code}: {message} (status {}, request {request})", status.as_u16());
        Self { verdict, code, text }
    }

    fn unanswered(verdict: Verdict, error: &(dyn Error + 'static)) -> Self {
        Self { verdict, code: String::new(), text: chain(error) }
    }
}
