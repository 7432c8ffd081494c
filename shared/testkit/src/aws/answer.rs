//! Answers and refusals in the form all four services share.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A refused call: status, code, words, and whatever else the code brings.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub more: Map<String, Value>,
}

impl Refusal {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into(), more: Map::new() }
    }

    /// A failure of the service itself: the call may have taken effect.
    pub fn internal(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::new(code, message) }
    }

    pub fn unknown_operation(name: &str) -> Self {
        Self::new("UnknownOperationException", format!("there is no `{name}` here"))
    }

    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// The code stands in the body for the JSON protocols, and in a header for the REST ones.
    pub fn response(self) -> Response {
        let mut body = self.more;
        body.insert("__type".to_owned(), json!(self.code));
        body.insert("message".to_owned(), json!(self.message));
        let headers = [("x-amzn-requestid", "loopback"), ("x-amzn-errortype", self.code)];
        (self.status, headers, Value::Object(body).to_string()).into_response()
    }
}

/// Reads a request; a field that is not known is refused with its name.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], code: &'static str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|why| Refusal::new(code, why.to_string()))
}

/// An answer, or a refusal.
pub(super) fn response(outcome: Result<Value, Refusal>) -> Response {
    match outcome {
        Ok(body) => ([("x-amzn-requestid", "loopback")], body.to_string()).into_response(),
        Err(refusal) => refusal.response(),
    }
}
