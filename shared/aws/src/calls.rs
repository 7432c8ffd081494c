//! Calls of services that speak JSON: how often, how long, and what a refusal says.
//!
//! Owns attempts, waits and patience. Does not own what an answer means. Sources: Smithy, "AWS JSON
//! 1.0 and 1.1 protocols" and "AWS REST JSON 1.0 protocol"; AWS SDKs reference guide, "Retry
//! behavior".
//!
//! Invariant: every call ends within its patience; only what failed in passing is repeated.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout};

use crate::clients::Clients;
use crate::fault::Fault;
use crate::http::{Answer, Broken};
use crate::signed::{Service, Signed, request};

/// The header that is the same over the attempts of a call. Source: Smithy, "AWS SDK client request
/// headers".
const CALL: &str = "amz-sdk-invocation-id";

/// How long a call may take and how often it is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For one attempt and its whole answer.
    pub attempt: Duration,
    /// For a call with its repeats and waits.
    pub call: Duration,
    /// Attempts of a call in all.
    pub attempts_max: u32,
    /// The longest wait before the second attempt; before each later one it is twice as long.
    pub wait: Duration,
    /// What is asked for may be done twice without harm, so it is repeated also where nobody knows
    /// whether it was done.
    pub repeats_unknown: bool,
}

/// The shortest function lives 15 s.
pub(crate) const PATIENCE: Patience = Patience {
    attempt: Duration::from_secs(4),
    call: Duration::from_secs(10),
    attempts_max: 3,
    wait: Duration::from_millis(200),
    repeats_unknown: true,
};

/// One service, as one function calls it. Clones share the connections.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    signed: Signed,
    service: Service,
    patience: Patience,
}

impl Caller {
    pub fn new(clients: &Clients, service: Service, patience: Patience) -> Self {
        Self { signed: clients.signed.clone(), service, patience }
    }

    pub fn region(&self) -> &str {
        &self.signed.region
    }

    /// An operation of a service with one address, by its target and the version of its protocol.
    ///
    /// # Errors
    /// As [`Self::rest`].
    pub async fn json<Told: DeserializeOwned>(
        &self,
        version: &str,
        target: &str,
        body: Vec<u8>,
    ) -> Result<Told, Failed> {
        let version = format!("application/x-amz-json-{version}");
        let headers = [("content-type", version.as_str()), ("x-amz-target", target)];
        let address = format!("{}/", self.signed.address(self.service));
        self.call(request(Method::POST, &address, &headers, body)).await
    }

    /// An operation of a service with an address for each thing. An empty body is none.
    ///
    /// # Errors
    /// The last attempt's failure, or an answer that cannot be read.
    pub async fn rest<Told: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Told, Failed> {
        let address = format!("{}{path}", self.signed.address(self.service));
        self.call(request(method, &address, &[("content-type", "application/json")], body)).await
    }

    async fn call<Told: DeserializeOwned>(
        &self,
        request: Result<Request<Bytes>, http::Error>,
    ) -> Result<Told, Failed> {
        let mut request = request.map_err(|error| Failed::never_sent(error.to_string()))?;
        let name = HeaderValue::try_from(token()?);
        let name = name.map_err(|error| Failed::never_sent(error.to_string()))?;
        request.headers_mut().insert(CALL, name);
        let ends_at = Instant::now() + self.patience.call;
        let mut attempt = 1;
        let answer = loop {
            let failed = match self.once(&request, ends_at).await {
                Ok(answer) => break answer,
                Err(failed) => failed,
            };
            let longest = self.patience.wait * 2_u32.saturating_pow(attempt - 1);
            let wait = longest.mul_f64(fastrand::f64());
            let is_last = attempt == self.patience.attempts_max || Instant::now() + wait >= ends_at;
            if is_last || !failed.is_worth_another(self.patience) {
                return Err(failed);
            }
            sleep(wait).await;
            attempt += 1;
        };
        // Some operations answer with nothing.
        let body = if answer.body.is_empty() { b"{}" } else { answer.body.as_ref() };
        serde_json::from_slice(body).map_err(|_| Failed::unreadable())
    }

    async fn once(&self, request: &Request<Bytes>, ends_at: Instant) -> Result<Answer, Failed> {
        let left = ends_at.saturating_duration_since(Instant::now()).min(self.patience.attempt);
        match timeout(left, self.signed.send(self.service, request.clone())).await {
            Ok(Ok(answer)) if answer.status.is_success() => Ok(answer),
            Ok(Ok(answer)) => Err(Failed::of(answer)),
            Ok(Err(broken)) => Err(Failed::broken(&broken)),
            Err(_) => Err(Failed::broken(&Broken::Lost("no answer in time".to_owned()))),
        }
    }
}

/// A request's body.
pub(crate) fn written(body: &impl Serialize) -> Result<Vec<u8>, Failed> {
    serde_json::to_vec(body).map_err(|error| Failed::never_sent(error.to_string()))
}

/// A name for a call that is the same over its attempts: 32 hexadecimal digits, which every service
/// takes that takes one.
pub(crate) fn token() -> Result<String, Failed> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failed::never_sent(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// A call that failed: what is known of it, and what the service wrote, which is never shown.
pub(crate) struct Failed {
    pub fault: Fault,
    pub body: Bytes,
    /// Worth another attempt.
    is_passing: bool,
    /// The service said that it did not do it.
    is_refused: bool,
}

impl Failed {
    fn never_sent(why: String) -> Self {
        let fault = Fault::never_sent(why);
        Self { fault, body: Bytes::new(), is_passing: false, is_refused: true }
    }

    /// An answer of another form than was asked for: something was done, and nobody knows what.
    pub fn unreadable() -> Self {
        let fault = Fault::unanswered("the answer cannot be read".to_owned());
        Self { fault, body: Bytes::new(), is_passing: false, is_refused: false }
    }

    fn broken(broken: &Broken) -> Self {
        let fault = Fault::unanswered(broken.to_string());
        Self { fault, body: Bytes::new(), is_passing: true, is_refused: false }
    }

    fn of(answer: Answer) -> Self {
        let fault = Fault::told(&answer);
        let is_passing = fault.is_throttled() || answer.status.is_server_error();
        Self { fault, is_passing, is_refused: answer.status.is_client_error(), body: answer.body }
    }

    fn is_worth_another(&self, patience: Patience) -> bool {
        self.is_passing && (self.is_refused || patience.repeats_unknown)
    }
}
