//! What the channels over HTTP share: which failures nobody can have seen, and how much of an answer
//! is read.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};

use crate::error::{Unknown, chain};
use crate::ports::SendError;

/// Longest answer that is looked at, in bytes; of a longer one the rest is left unread.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest wait that a provider can ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A whole answer.
pub(super) struct Answer {
    pub status: StatusCode,
    /// What the provider asks to wait.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// Sends a request and reads its answer. Addresses may be secrets, so they are left out of errors.
pub(super) async fn ask(
    request: reqwest::RequestBuilder,
    doing: &'static str,
) -> Result<Answer, SendError> {
    let broken = |error: reqwest::Error| {
        // A connection that was never made carried nothing.
        let unsent = error.is_connect() || error.is_builder();
        let error = error.without_url();
        match unsent {
            true => SendError::not_now(format!("it cannot be reached: {}", chain(&error))),
            false => SendError::Unknown(Unknown::new(doing, error)),
        }
    };
    let response = request.send().await.map_err(broken)?;
    let (status, retry_after) = (response.status(), retry_after(&response));
    let body = read(response).await.map_err(broken)?;
    Ok(Answer { status, retry_after, body })
}

async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ANSWER_BYTES_MAX - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() == ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(body)
}

/// `Retry-After` in seconds; a date is not read, and then nobody says how long.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = value.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}
