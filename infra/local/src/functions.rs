//! Where functions run, as the machine sees it: routed to, called and woken, wherever that is.
//!
//! Owns the trait and its implementation in this process. Does not own the order of deliveries,
//! retries or dead letters: see [`crate::machine`].
//!
//! Invariant: a payload is what AWS would send, so an implementation may hand it to a Lambda's own
//! binary unchanged.

use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use quita_app::{Deps, Unknown, routing};
use quita_edge::trigger::{Trigger, bus_event};
use quita_edge::{ApiRequest, ApiResponse};
use quita_record_evidence::Wake;
use serde::Serialize;
use serde_json::{Value, json};

use crate::routes::{self, Routed};

/// What a failed invocation was doing.
const INVOKING: &str = "invoking a function";

/// The functions by the names of their folders, and what wakes each.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Which function answers a call.
    fn route(&self, method: &Method, path: &str) -> Routed {
        routes::route(method, path)
    }

    /// Which functions hear an event of the bus.
    fn listeners(&self, detail_type: &str) -> Vec<String> {
        routing::listeners(detail_type).map(str::to_owned).collect()
    }

    /// Which functions the minute's schedule wakes, and with what.
    fn scheduled(&self) -> Vec<(String, Value)> {
        let input = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
        vec![("sweep_reminders".to_owned(), input)]
    }

    /// Which function reads the table's stream.
    fn stream_reader(&self) -> String {
        "relay_events".to_owned()
    }

    /// An HTTP call. `Err` is what the gateway answers 500 to: the function has no answer.
    async fn http(&self, function: &str, request: ApiRequest) -> Result<ApiResponse, Unknown>;

    /// Any other invocation: an event of the bus, a schedule, records of the stream, a question of
    /// the gateway to its authorizer. Answers the function's answer, `null` when it has none.
    async fn event(&self, function: &str, payload: Value) -> Result<Value, Unknown>;
}

/// Every function in this process.
pub struct InProcess {
    deps: Arc<Deps>,
}

impl InProcess {
    pub fn new(deps: Arc<Deps>) -> Self {
        Self { deps }
    }
}

#[async_trait]
impl Functions for InProcess {
    async fn http(&self, function: &str, request: ApiRequest) -> Result<ApiResponse, Unknown> {
        tracing::debug!(function, "A function answers a call");
        let deps = self.deps.as_ref();
        match function {
            "create_invoice" => Ok(quita_create_invoice::handle(deps, request).await),
            "admin_api" => Ok(quita_admin_api::handle(deps, request).await),
            "receivables_api" => Ok(quita_receivables_api::handle(deps, request).await),
            "settings_api" => Ok(quita_settings_api::handle(deps, request).await),
            "portal" => Ok(quita_portal::handle(deps, request).await),
            "payment_webhook" => {
                let trigger = Trigger::Http(Box::new(request));
                let answer = quita_payment_webhook::handle(deps, trigger).await?;
                answer.ok_or_else(|| Unknown::new(INVOKING, "it has no answer to a call"))
            }
            "record_evidence" => {
                let wake = Wake::Http(Box::new(request));
                let answer = quita_record_evidence::handle(deps, wake).await?;
                answer.ok_or_else(|| Unknown::new(INVOKING, "it has no answer to a call"))
            }
            other => Err(unknown_function(other)),
        }
    }

    async fn event(&self, function: &str, payload: Value) -> Result<Value, Unknown> {
        tracing::debug!(function, "A function is woken");
        let deps = self.deps.as_ref();
        match function {
            "authorize" => {
                let question = serde_json::from_value(payload).map_err(malformed)?;
                answered(quita_authorize::handle(deps, question).await)
            }
            "deliver_webhooks" => {
                answered(quita_deliver_webhooks::handle(deps, event(payload)?).await)
            }
            "issue_charge" => answered(quita_issue_charge::handle(deps, event(payload)?).await),
            "sweep_reminders" => {
                answered(quita_sweep_reminders::handle(deps, trigger(payload)?).await)
            }
            "import_bank_file" => {
                answered(quita_import_bank_file::handle(deps, event(payload)?).await)
            }
            "reconcile_payments" => {
                answered(quita_reconcile_payments::handle(deps, event(payload)?).await)
            }
            "payment_webhook" => {
                answered(quita_payment_webhook::handle(deps, trigger(payload)?).await)
            }
            "record_evidence" => {
                let wake = Wake::parse(payload).map_err(malformed)?;
                answered(quita_record_evidence::handle(deps, wake).await)
            }
            "relay_events" => {
                let records = serde_json::from_value(payload).map_err(malformed)?;
                answered(quita_relay_events::handle(deps, records).await)
            }
            other => Err(unknown_function(other)),
        }
    }
}

fn event(payload: Value) -> Result<quita_app::bus::BusEvent, Unknown> {
    bus_event(payload).map_err(malformed)
}

fn trigger(payload: Value) -> Result<Trigger, Unknown> {
    Trigger::parse(payload).map_err(malformed)
}

fn answered(outcome: Result<impl Serialize, Unknown>) -> Result<Value, Unknown> {
    serde_json::to_value(outcome?).map_err(|error| Unknown::new("writing the answer", error))
}

fn malformed(error: impl std::error::Error + Send + Sync + 'static) -> Unknown {
    Unknown::new("reading the event", error)
}

fn unknown_function(name: &str) -> Unknown {
    Unknown::new(INVOKING, format!("there is no `{name}`"))
}
