//! One request, one bounded answer. No policy.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

use crate::error::UnknownCause;
use crate::retry::parse_retry_after;

/// A complete answer, whatever its status.
pub(crate) struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// Sends `request` and reads at most `bytes_max` of the answer.
pub(crate) async fn send(
    request: reqwest::RequestBuilder,
    bytes_max: usize,
) -> Result<Answer, UnknownCause> {
    let mut response = request.send().await.map_err(UnknownCause::from_transport)?;
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| parse_retry_after(text, DateTime::<Utc>::from(SystemTime::now())));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(UnknownCause::from_transport)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(UnknownCause::TooLong { limit: bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, retry_after, body })
}
