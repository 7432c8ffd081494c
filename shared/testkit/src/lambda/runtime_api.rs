//! The runtime API of Lambda, for one process.
//!
//! Owns the four calls a runtime makes and the headers of an invocation. Does not own the process.
//! Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
//!
//! Invariant: an answer reaches the invocation it names, once; any other is refused.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot, watch};

use super::function::PAYLOAD_BYTES_MAX;
use crate::background::{Task, serve};

/// What a function, or its start, says went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FunctionError {
    pub error_type: String,
    pub error_message: String,
}

impl Default for FunctionError {
    fn default() -> Self {
        Self { error_type: "Unhandled".to_owned(), error_message: "no reason given".to_owned() }
    }
}

/// How an invocation ended, when the function answered it.
pub(super) type Outcome = Result<Bytes, FunctionError>;
/// How far a process came: `None` until its first poll or until it says it cannot start.
type Start = Option<Result<(), FunctionError>>;

/// One event on its way to the function.
struct Invocation {
    id: String,
    payload: Vec<u8>,
    deadline_ms: i64,
}

/// The API, served.
pub(super) struct RuntimeApi {
    pub address: SocketAddr,
    queue: mpsc::UnboundedSender<Invocation>,
    shared: Arc<Shared>,
    _task: Task,
}

struct Shared {
    arn: String,
    queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    asked: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    start: watch::Sender<Start>,
}

impl RuntimeApi {
    pub fn serve(arn: &str) -> io::Result<Self> {
        let (queue, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            arn: arn.to_owned(),
            queue: tokio::sync::Mutex::new(waiting),
            asked: Mutex::default(),
            start: watch::Sender::new(None),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(PAYLOAD_BYTES_MAX))
            .with_state(shared.clone());
        let (address, task) = serve(router)?;
        Ok(Self { address, queue, shared, _task: task })
    }

    /// The function's first poll, or why it could not start.
    pub async fn started(&self) -> Result<(), FunctionError> {
        let mut start = self.shared.start.subscribe();
        let known = start.wait_for(Option::is_some).await;
        let known = known.expect("the sender lives as long as this API").clone();
        known.expect("it was waited for")
    }

    /// Hands an event over; the receiver gets its answer.
    pub fn invoke(&self, payload: Vec<u8>, timeout: Duration) -> oneshot::Receiver<Outcome> {
        let id = request_id();
        let (answer, answered) = oneshot::channel();
        self.shared.asked().insert(id.clone(), answer);
        let deadline =
            chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now() + timeout);
        let invocation = Invocation { id, payload, deadline_ms: deadline.timestamp_millis() };
        // The receiver is in `shared`, which this API keeps.
        drop(self.queue.send(invocation));
        answered
    }
}

impl Shared {
    fn asked(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Outcome>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn started(&self, outcome: Result<(), FunctionError>) {
        self.start.send_if_modified(|start| {
            let first = start.is_none();
            start.get_or_insert(outcome);
            first
        });
    }

    fn answer(&self, id: &str, outcome: Outcome) -> StatusCode {
        match self.asked().remove(id) {
            // Whoever asked may have gone.
            Some(asker) => asker.send(outcome).map_or(StatusCode::GONE, |()| StatusCode::ACCEPTED),
            None => StatusCode::BAD_REQUEST,
        }
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.started(Ok(()));
    let Some(invocation) = shared.queue.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let trace = format!("Root=1-{:08x}-{:024x};Sampled=0", invocation.deadline_ms / 1000, 0);
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.id),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", shared.arn.clone()),
        ("lambda-runtime-trace-id", trace),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, invocation.payload).into_response()
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    shared.answer(&id, Ok(body))
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    shared.answer(&id, Err(serde_json::from_slice(&body).unwrap_or_default()))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.started(Err(serde_json::from_slice(&body).unwrap_or_default()));
    StatusCode::ACCEPTED
}

/// A random id in the form of a UUID, as Lambda gives them.
fn request_id() -> String {
    let digits = format!("{:032x}", fastrand::u128(..));
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}
