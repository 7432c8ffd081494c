//! Amazon S3: `PutObject` that never writes over what is there.
//!
//! Source: Amazon S3 API reference, `PutObject`, and user guide, "Conditional writes".

use std::fmt::Write as _;

use async_trait::async_trait;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

/// An object as the storage was given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObject {
    pub bucket: String,
    pub key: String,
    pub content_type: Option<String>,
    /// Whether it may only be written where nothing is.
    pub only_if_absent: bool,
    pub body: Vec<u8>,
}

/// Why an object was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectRefusal {
    /// Something is there already.
    Exists,
    /// Another write to the key goes on.
    Conflict,
    /// Too fast.
    SlowDown,
    /// There is no such bucket.
    NoBucket,
    /// Refused, for good.
    Invalid,
    /// No answer: it may be kept.
    Unknown,
}

/// Keeps objects.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    async fn put(&self, object: PutObject) -> Result<(), ObjectRefusal>;
}

pub(super) async fn answer(
    store: &dyn ObjectStore,
    bucket: String,
    key: String,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("x-amz-content-sha256") != Some(hex(body).as_str()) {
        let why = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return refusal(StatusCode::BAD_REQUEST, "XAmzContentSHA256Mismatch", why);
    }
    let object = PutObject {
        bucket,
        key,
        content_type: text("content-type").map(str::to_owned),
        only_if_absent: text("if-none-match") == Some("*"),
        body: body.to_vec(),
    };
    match store.put(object).await {
        Ok(()) => {
            let headers = [("x-amz-request-id", "loopback"), ("etag", "\"0\"")];
            (StatusCode::OK, headers).into_response()
        }
        Err(refused) => {
            let (status, code, why) = told(&refused);
            refusal(status, code, why)
        }
    }
}

fn told(refused: &ObjectRefusal) -> (StatusCode, &'static str, &'static str) {
    match refused {
        ObjectRefusal::Exists => (
            StatusCode::PRECONDITION_FAILED,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
        ),
        ObjectRefusal::Conflict => (
            StatusCode::CONFLICT,
            "ConditionalRequestConflict",
            "The conditional request cannot succeed due to a conflicting operation",
        ),
        ObjectRefusal::SlowDown => {
            (StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
        }
        ObjectRefusal::NoBucket => {
            (StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist")
        }
        ObjectRefusal::Invalid => {
            (StatusCode::BAD_REQUEST, "EntityTooLarge", "Your proposed upload is too large")
        }
        ObjectRefusal::Unknown => {
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "We encountered an error.")
        }
    }
}

/// A refusal in XML, as S3 alone speaks it.
pub(super) fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{message}</Message><RequestId>loopback</RequestId></Error>"
    );
    let headers = [("x-amz-request-id", "loopback"), ("content-type", "application/xml")];
    (status, headers, body).into_response()
}

fn hex(body: &[u8]) -> String {
    Sha256::digest(body).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _written = write!(hex, "{byte:02x}");
        hex
    })
}
