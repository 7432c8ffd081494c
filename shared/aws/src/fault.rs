//! One reading of every failed call: did nothing happen, or is that unknown?
//!
//! Owns the classification that the ports share, and the one line a failure is told in. What a
//! service writes is masked: SES names the addresses it refuses.

use quita_core::hidden::masked;
use serde_json::Value;

use crate::http::Answer;

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
    /// A refusal, in the words of the service. Source: Smithy, "AWS JSON 1.0 protocol" and "AWS REST
    /// JSON 1.0 protocol", operation error serialization.
    pub(crate) fn told(answer: &Answer) -> Self {
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let word = |name: &str| told[name].as_str();
        let header = Some(answer.header("x-amzn-errortype")).filter(|text| !text.is_empty());
        let code = header.or_else(|| word("__type")).or_else(|| word("code")).unwrap_or("no code");
        // `ns#Code` and `Code:http://..` are both in use.
        let code = code.rsplit('#').next().unwrap_or_default();
        let code = code.split(':').next().unwrap_or_default().to_owned();
        let status = answer.status.as_u16();
        let verdict = match status {
            REQUEST_TIMEOUT => Verdict::Unknown,
            TOO_MANY_REQUESTS => Verdict::Throttled,
            _ if is_throttling(&code) => Verdict::Throttled,
            400..500 => Verdict::Refused,
            _ => Verdict::Unknown,
        };
        let message = masked(word("message").or_else(|| word("Message")).unwrap_or("no message"));
        let request = match answer.header("x-amzn-requestid") {
            "" => "unnamed",
            request => request,
        };
        let text = format!("{code}: {message} (status {status}, request {request})");
        Self { verdict, code, text }
    }

    /// The request could not be made: nothing happened, nor will.
    pub(crate) fn never_sent(why: String) -> Self {
        Self { verdict: Verdict::Refused, code: String::new(), text: why }
    }

    /// Nobody answered. A connection that was never made is among it, since "unknown" is always a
    /// right answer.
    pub(crate) fn unanswered(why: String) -> Self {
        Self { verdict: Verdict::Unknown, code: String::new(), text: why }
    }

    pub(crate) fn is_throttled(&self) -> bool {
        self.verdict == Verdict::Throttled
    }
}
