//! Every function in one process, wired as `template.yaml` wires them on AWS.
//!
//! Owns the wiring: HTTP routes, the table's stream, the bus, the schedule, retries and dead
//! letters. Does not own a port: table, mailbox, secrets and clock are given, so that a test can
//! count or break them.
//!
//! ```text
//!   http ──> function ──> table ─ stream ─> relay_events ──> bus ──> functions ──┐
//!              ^                                              ^                  │
//!              └── caller                           sweep ────┴──────────────────┘
//! ```
//!
//! Invariant: an event is delivered at least once. It leaves the queue after its handlers ran, and
//! the stream's checkpoint moves after the queue is empty.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lambda_events::encodings::Body;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use quita_app::bus::{BusEvent, SOURCE};
use quita_app::channels::Channels;
use quita_app::credentials::OperatorKey;
use quita_app::ports::{Clock, IdSource, Mailer, RandomIds, Secrets, SenderDomains};
use quita_app::rules::Rules;
use quita_app::templates::TemplateCache;
use quita_app::{Banks, Config, Deps, LazyHttp, Unknown, Webhooks, chain};
use quita_edge::{ApiRequest, ApiResponse, Problem};
use quita_pix::client::ClientOptions;
use quita_table::Store;
use quita_table::dynamo::Dynamo;
use quita_table::schema::LOCAL_TABLE;
use quita_testkit::embedded::Embedded;
use serde_json::json;

use crate::bus::LocalBus;
use crate::functions::{Functions, InProcess};
use crate::gate::Gate;
use crate::routes::Routed;
use crate::sender_domains::LocalSenderDomains;
use crate::stream::{Checkpoint, Relay};

/// Times a function is given an event: once, and two repeats, as on AWS.
const ATTEMPTS_MAX: u32 = 3;
/// Events of one [`Machine::pump`]; a loop of events ends here and goes on at the next call.
const EVENTS_MAX: usize = 200_000;
/// Time a chat has to answer.
const CHAT_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers whether the process counts as dead.
pub type DownSwitch = Arc<dyn Fn() -> bool + Send + Sync>;

/// What a machine is built from.
pub struct MachineParts {
    /// The table, whose stream is read.
    pub engine: Embedded,
    /// What the functions reach the table through: the engine, or decorators around it.
    pub dynamo: Arc<dyn Dynamo>,
    pub mailer: Arc<dyn Mailer>,
    /// Every other channel; none, unless given.
    pub channels: Channels,
    pub secrets: Arc<dyn Secrets>,
    pub senders: Arc<dyn SenderDomains>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub bank: ClientOptions,
    pub config: Config,
    pub checkpoint: Checkpoint,
    /// What the functions publish to.
    pub bus: Arc<LocalBus>,
    /// Where the functions run; `None` is in this process, on the parts above.
    pub functions: Option<Arc<dyn Functions>>,
    /// A simulated crash: once it says yes nothing is handled, forgotten or saved any more.
    pub down: Option<DownSwitch>,
}

impl MachineParts {
    /// A machine on the bare engine, with random ids and its checkpoint in memory; change what
    /// matters.
    pub fn new(
        engine: Embedded,
        mailer: Arc<dyn Mailer>,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
        config: Config,
    ) -> Self {
        Self {
            dynamo: Arc::new(engine.clone()),
            engine,
            mailer,
            channels: Channels::none(),
            secrets,
            senders: Arc::new(LocalSenderDomains::default()),
            clock,
            ids: Arc::new(RandomIds),
            bank: ClientOptions::default(),
            config,
            checkpoint: Checkpoint::memory(),
            bus: Arc::default(),
            functions: None,
            down: None,
        }
    }
}

/// Why a machine cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    #[error("the stream's checkpoint cannot be read")]
    Checkpoint(#[from] std::io::Error),
}

/// An event no function could handle.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    pub function: String,
    pub event: BusEvent,
    pub error: String,
}

/// The machine.
pub struct Machine {
    deps: Arc<Deps>,
    functions: Arc<dyn Functions>,
    gate: Gate,
    bus: Arc<LocalBus>,
    engine: Embedded,
    relay: tokio::sync::Mutex<Relay>,
    dead: Mutex<Vec<DeadLetter>>,
    down: Option<DownSwitch>,
}

impl Machine {
    pub fn new(parts: MachineParts) -> Result<Self, MachineError> {
        install_crypto();
        let bus = parts.bus;
        let relay = Relay::open(parts.engine.clone(), parts.checkpoint)?;
        let deps = Arc::new(Deps {
            store: Store::new(parts.dynamo, LOCAL_TABLE),
            mailer: parts.mailer,
            channels: parts.channels,
            bus: bus.clone(),
            secrets: parts.secrets,
            senders: parts.senders,
            clock: parts.clock,
            ids: parts.ids,
            banks: Banks::new(parts.bank),
            rules: Rules::default(),
            templates: TemplateCache::default(),
            operator: OperatorKey::default(),
            http: LazyHttp::new(http_client),
            webhooks: Webhooks::to_this_machine(),
            config: parts.config,
        });
        let functions =
            parts.functions.unwrap_or_else(|| Arc::new(InProcess::new(Arc::clone(&deps))));
        Ok(Self {
            deps,
            functions,
            gate: Gate::default(),
            bus,
            engine: parts.engine,
            relay: tokio::sync::Mutex::new(relay),
            dead: Mutex::default(),
            down: parts.down,
        })
    }

    /// What the functions reach for.
    pub fn deps(&self) -> &Deps {
        &self.deps
    }

    pub fn bus(&self) -> &LocalBus {
        &self.bus
    }

    /// The table beneath all decorators.
    pub fn engine(&self) -> &Embedded {
        &self.engine
    }

    /// Answers one call as API Gateway and the function behind the route would.
    pub async fn http(&self, mut request: ApiRequest) -> ApiResponse {
        let context = &request.request_context;
        let request_id = context.request_id.clone().unwrap_or_default();
        let path = request.raw_path.clone().unwrap_or_default();
        match self.functions.route(&context.http.method, &path) {
            Routed::Nowhere => Problem::NotFound.response(&request_id),
            Routed::OtherMethod => Problem::MethodNotAllowed.response(&request_id),
            Routed::To { function, route_key, parameters } => {
                request.request_context.route_key = Some(route_key.clone());
                request.route_key = Some(route_key);
                request.path_parameters = parameters;
                if !Gate::guards(&path) {
                    return self.call(&function, request).await;
                }
                let now = self.deps.clock.now();
                match self.gate.pass(self.functions.as_ref(), request, now).await {
                    Ok(request) => self.call(&function, request).await,
                    Err(answer) => *answer,
                }
            }
        }
    }

    /// A function that has no answer is the gateway's 500.
    async fn call(&self, function: &str, request: ApiRequest) -> ApiResponse {
        match self.functions.http(function, request).await {
            Ok(response) => response,
            Err(error) => {
                log(&error, "Call is not answered");
                no_answer()
            }
        }
    }

    /// Moves events until all is quiet: stream to bus, bus to functions, and what those write.
    /// Answers how many events were handled.
    pub async fn pump(&self) -> usize {
        let mut relay = self.relay.lock().await;
        let mut handled = 0;
        while handled < EVENTS_MAX {
            handled += self.drain(EVENTS_MAX - handled).await;
            if self.is_down() {
                return handled;
            }
            if self.bus.waiting() == 0 {
                relay.settled();
            }
            match relay.turn(self.functions.as_ref()).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    log(&error, "Stream is not relayed; it is tried again");
                    break;
                }
            }
        }
        handled
    }

    /// One minute's sweep, and everything that follows from it.
    pub async fn sweep(&self) -> Result<usize, Unknown> {
        for (function, input) in self.functions.scheduled() {
            self.functions.event(&function, input).await?;
        }
        Ok(self.pump().await)
    }

    /// An invocation that comes from outside of the machine, such as what the mail provider tells.
    pub async fn wake(&self, function: &str, payload: serde_json::Value) -> Result<(), Unknown> {
        self.functions.event(function, payload).await.map(|_| ())
    }

    /// Events that were given up, oldest first.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.dead().clone()
    }

    /// Puts the dead letters back on the bus; answers how many.
    pub fn redrive(&self) -> usize {
        let letters = std::mem::take(&mut *self.dead());
        let count = letters.len();
        letters.into_iter().for_each(|letter| self.bus.put_back(letter.event));
        count
    }

    async fn drain(&self, events_max: usize) -> usize {
        let mut handled = 0;
        while handled < events_max
            && !self.is_down()
            && let Some(event) = self.bus.next()
        {
            for function in self.functions.listeners(&event.detail_type) {
                self.deliver(&function, &event).await;
            }
            if self.is_down() {
                break;
            }
            self.bus.done();
            handled += 1;
        }
        handled
    }

    async fn deliver(&self, function: &str, event: &BusEvent) {
        let mut attempt = 1;
        let error = loop {
            match self.functions.event(function, as_delivered(event)).await {
                Ok(_) => return,
                Err(_) if self.is_down() => return,
                Err(error) if attempt == ATTEMPTS_MAX => break error,
                Err(error) => log(&error, "Event is handled again"),
            }
            attempt += 1;
        };
        log(&error, "Event is given up");
        let (function, event) = (function.to_owned(), event.clone());
        self.dead().push(DeadLetter { function, event, error: chain(&error) });
    }

    fn is_down(&self) -> bool {
        self.down.as_ref().is_some_and(|is_down| is_down())
    }

    fn dead(&self) -> MutexGuard<'_, Vec<DeadLetter>> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event in the form EventBridge delivers it.
fn as_delivered(event: &BusEvent) -> serde_json::Value {
    json!({
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000000",
        "detail-type": event.detail_type,
        "source": SOURCE,
        "account": "000000000000",
        "time": event.at,
        "region": "local",
        "resources": [],
        "detail": event.detail,
    })
}

/// The gateway's answer when a function has none. Source: API Gateway developer guide, HTTP APIs.
fn no_answer() -> ApiResponse {
    let mut response = ApiResponse::default();
    response.status_code = 500;
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.body = Some(Body::Text(r#"{"message":"Internal Server Error"}"#.to_owned()));
    response
}

fn log(error: &Unknown, what: &'static str) {
    tracing::error!(error = error as &dyn std::error::Error, "{what}: {}", chain(error));
}

/// Makes *ring* the process's one TLS provider; one installed by somebody else serves as well.
pub(crate) fn install_crypto() {
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// A client for this machine and for chat webhooks.
pub(crate) fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    install_crypto();
    let builder = || {
        reqwest::Client::builder()
            .timeout(CHAT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
    };
    // A machine without a trust store can still reach what runs on itself.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

#[cfg(test)]
mod tests;
