//! From a call to its answer: token, repeats, and the meaning of each status.

use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::PspClient;
use super::observe::{CallEnd, Watch};
use super::transport::{self, Answer};
use crate::error::{PixError, UnknownCause};
use crate::problem::Problem;
use crate::profile::{PartValue, Place};
use crate::retry::Repeat;
use crate::token::Token;

/// Codes that mean "done" for GET, and for DELETE.
const READ_OK: &[u16] = &[200];
const DELETE_OK: &[u16] = &[200, 202, 204];

/// One API call, before any attempt.
pub(super) struct Call<'a> {
    /// Name for logs, e.g. `put_cobv`.
    pub op: &'static str,
    pub method: Method,
    /// Path segments after the base address; each is escaped.
    pub path: Vec<&'a str>,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
    pub repeat: Repeat,
    /// Success codes of this very call, when the profile's do not apply.
    pub done: Option<&'static [u16]>,
    /// An extra header a quirk asks for.
    pub header: Option<(&'static str, &'static str)>,
}

impl<'a> Call<'a> {
    pub(super) fn get(op: &'static str, path: Vec<&'a str>) -> Self {
        Self::new(op, Method::GET, path, Repeat::Safe)
    }

    pub(super) fn delete(op: &'static str, path: Vec<&'a str>) -> Self {
        Self::new(op, Method::DELETE, path, Repeat::Safe)
    }

    /// PUT under an id this side chose: a repeat ends in the same state.
    pub(super) fn put(op: &'static str, path: Vec<&'a str>, body: &impl Serialize) -> Self {
        Self::new(op, Method::PUT, path, Repeat::Safe).with_body(body)
    }

    pub(super) fn post(op: &'static str, path: Vec<&'a str>, body: &impl Serialize) -> Self {
        Self::new(op, Method::POST, path, Repeat::Never).with_body(body)
    }

    pub(super) fn patch(
        op: &'static str,
        path: Vec<&'a str>,
        body: &impl Serialize,
        repeat: Repeat,
    ) -> Self {
        Self::new(op, Method::PATCH, path, repeat).with_body(body)
    }

    fn new(op: &'static str, method: Method, path: Vec<&'a str>, repeat: Repeat) -> Self {
        Self { op, method, path, query: Vec::new(), body: None, repeat, done: None, header: None }
    }

    fn with_body(mut self, body: &impl Serialize) -> Self {
        let json = serde_json::to_vec(body).expect("wire types have text keys and no floats");
        self.body = Some(json);
        self
    }
}

impl PspClient {
    /// Makes the call and reads its answer as `T`.
    pub(super) async fn json<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, PixError> {
        let body = self.bytes(call).await?;
        read_json(&body)
    }

    /// Makes the call within the budget and gives the body of the answer.
    pub(super) async fn bytes(&self, call: Call<'_>) -> Result<Vec<u8>, PixError> {
        self.within_budget(self.attempts(&call)).await
    }

    /// Ends `work` when the budget is spent; what it did until then is unknown. Nested budgets
    /// end with the outer one.
    pub(super) async fn within_budget<T>(
        &self,
        work: impl Future<Output = Result<T, PixError>>,
    ) -> Result<T, PixError> {
        match tokio::time::timeout(self.inner.options.call_budget, work).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(PixError::unknown(UnknownCause::Timeout)),
        }
    }

    /// Repeats the call as far as patience goes. A 401 renews the token exactly once and is not
    /// counted as an attempt: the bank has done nothing yet, so even a POST may follow it.
    async fn attempts(&self, call: &Call<'_>) -> Result<Vec<u8>, PixError> {
        let patience = self.inner.options.patience();
        let mut refused = None;
        let mut attempt = 1;
        loop {
            let error = match self.attempt(call, refused).await {
                Ok(body) => return Ok(body),
                Err(Failed::TokenRefused { generation, .. }) if refused.is_none() => {
                    refused = Some(generation);
                    continue;
                }
                Err(Failed::TokenRefused { problem, .. }) => PixError::Unauthorized(problem),
                Err(Failed::Other(error)) => error,
            };
            let wait = match call.repeat {
                Repeat::Safe => patience.wait(attempt, &error),
                Repeat::Never => None,
            };
            let Some(wait) = wait else { return Err(error) };
            tracing::warn!(op = call.op, attempt, wait_ms = millis(wait), %error, "Repeating a bank call");
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &Call<'_>, refused: Option<u64>) -> Result<Vec<u8>, Failed> {
        let inner = &self.inner;
        let (profile, credentials) = (&inner.profile, &inner.credentials);
        let observer = inner.options.observer;
        let token = inner.tokens.get(&inner.http, profile, credentials, refused, observer);
        let token = token.await.map_err(Failed::Other)?;
        inner.calls.fetch_add(1, Ordering::Relaxed);
        let watch = Watch::start(observer, call.op);
        let outcome = self.exchange(call, &token).await;
        watch.end(match &outcome {
            Ok(_) | Err(Failed::Other(PixError::NotFound | PixError::Refused(_))) => {
                CallEnd::Answered
            }
            Err(_) => CallEnd::Failed,
        });
        outcome
    }

    /// Sends the call once, with this token.
    async fn exchange(&self, call: &Call<'_>, token: &Token) -> Result<Vec<u8>, Failed> {
        let inner = &self.inner;
        let request = self.request(call, token);
        let answer = transport::send(request, inner.options.response_bytes_max)
            .await
            .map_err(|cause| Failed::Other(PixError::unknown(cause)))?;
        tracing::debug!(op = call.op, status = answer.status, "Bank answered");
        if answer.status == 401 {
            let problem = Box::new(Problem::decode(401, &answer.body));
            return Err(Failed::TokenRefused { generation: token.generation, problem });
        }
        let done = call.done.unwrap_or(match call.method {
            Method::GET => READ_OK,
            Method::DELETE => DELETE_OK,
            Method::PATCH => inner.profile.traits.revised,
            _ => inner.profile.traits.created,
        });
        classify(&call.method, answer, done).map_err(Failed::Other)
    }

    fn request(&self, call: &Call<'_>, token: &Token) -> reqwest::RequestBuilder {
        let inner = &self.inner;
        let base = if call.method == Method::PATCH { &inner.patch_base } else { &inner.base };
        let mut request = inner
            .http
            .request(call.method.clone(), address(base, &call.path))
            .bearer_auth(token.value.as_str())
            .header("accept", "application/json, application/problem+json")
            .query(&call.query);
        for part in inner.profile.traits.parts {
            let value = match part.value {
                PartValue::FreshId => fresh_id(),
                PartValue::ClientId => inner.credentials.client_id.as_str().to_owned(),
                PartValue::AccessToken => token.value.as_str().to_owned(),
                PartValue::Extra => inner
                    .credentials
                    .extras
                    .get(part.name)
                    .map_or_else(String::new, |value| value.as_str().to_owned()),
            };
            request = match part.place {
                Place::Header => request.header(part.name, value),
                Place::Query => request.query(&[(part.name, value)]),
            };
        }
        if let Some((name, value)) = call.header {
            request = request.header(name, value);
        }
        match &call.body {
            Some(body) => request.header("content-type", "application/json").body(body.clone()),
            None => request,
        }
    }
}

/// How one attempt failed.
enum Failed {
    /// 401: the token of this generation is no longer accepted.
    TokenRefused {
        generation: u64,
        problem: Box<Problem>,
    },
    Other(PixError),
}

/// The meaning of every status but 401.
fn classify(method: &Method, answer: Answer, done: &[u16]) -> Result<Vec<u8>, PixError> {
    let Answer { status, retry_after, body } = answer;
    if done.contains(&status) {
        return Ok(body);
    }
    let problem = || Box::new(Problem::decode(status, &body));
    let creates = matches!(*method, Method::PUT | Method::POST);
    match status {
        403 => Err(PixError::Unauthorized(problem())),
        404 | 410 if !creates => Err(PixError::NotFound),
        429 => Err(PixError::Throttled { retry_after }),
        // A request timeout and a too-early replay say nothing about the outcome.
        408 | 425 => Err(PixError::unknown(UnknownCause::Status { status, retry_after })),
        400..=499 => Err(PixError::Refused(problem())),
        _ => Err(PixError::unknown(UnknownCause::Status { status, retry_after })),
    }
}

pub(super) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, PixError> {
    serde_json::from_slice(body).map_err(|error| PixError::unknown(UnknownCause::from_json(&error)))
}

fn address(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    url.path_segments_mut()
        .expect("http and https addresses have paths; setup accepts no other")
        .pop_if_empty()
        .extend(path);
    url
}

/// A random identifier in UUID shape, for correlation headers only.
fn fresh_id() -> String {
    let hex = format!("{:032x}", fastrand::u128(..));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}
