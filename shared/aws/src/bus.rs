//! The event bus on Amazon EventBridge.
//!
//! Owns the cut into calls and the reading of each entry's outcome: `PutEvents` answers 200 with
//! failures inside. Does not own an event's shape.
//!
//! Invariant: there is one answer for each event, in order; after a call with a failure the rest is
//! not tried, so that no later event overtakes by more than one call.

use async_trait::async_trait;
use quita_app::Unknown;
use quita_app::bus::{BusEvent, SOURCE};
use quita_app::ports::Bus;
use quita_app::relay_events::ENTRIES_MAX;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::calls::{Caller, PATIENCE};
use crate::clients::Clients;
use crate::signed::Service;

const SERVICE: Service =
    Service { id: "EventBridge", host: "events", signing: "events", is_s3: false };
const VERSION: &str = "1.1";
const TARGET: &str = "AWSEvents.PutEvents";

/// Largest sum of the entries of one call, in bytes. Source: EventBridge user guide, "Calculating
/// PutEvents event entry size".
const CALL_BYTES_MAX: usize = 256 * 1024;
/// What an entry's time counts, in bytes. Source: as above.
const TIME_BYTES: usize = 14;

/// What a failed publication was doing.
const DOING: &str = "publishing an event";

/// One bus of EventBridge.
#[derive(Debug, Clone)]
pub struct EventBridgeBus {
    caller: Caller,
    name: String,
}

/// An event as `PutEvents` takes it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: &'static str,
    detail_type: String,
    detail: String,
    time: Value,
    event_bus_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    #[serde(default)]
    entries: Vec<Outcome>,
}

/// What became of an entry.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome {
    event_id: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
}

impl EventBridgeBus {
    /// A bus by its name or ARN.
    pub fn new(clients: &Clients, name: String) -> Self {
        Self { caller: Caller::new(clients, SERVICE, PATIENCE), name }
    }

    fn entry(&self, event: &BusEvent) -> Entry {
        // In seconds since 1970, whole where it is whole.
        let millis = event.at.timestamp_millis();
        let time = if millis % 1000 == 0 { json!(millis / 1000) } else { json!(seconds(millis)) };
        Entry {
            source: SOURCE,
            detail_type: event.detail_type.clone(),
            detail: event.detail.to_string(),
            time,
            event_bus_name: self.name.clone(),
        }
    }

    async fn call(&self, entries: Vec<Entry>) -> Vec<Result<(), Unknown>> {
        let body = json!({ "Entries": entries }).to_string().into_bytes();
        match self.caller.json(VERSION, TARGET, body).await {
            Ok(told) => outcomes(entries.len(), told),
            Err(failed) => {
                let why = failed.fault.to_string();
                entries.iter().map(|_| Err(Unknown::new(DOING, why.clone()))).collect()
            }
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "an instant in milliseconds is exact in an f64")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1e3
}

#[async_trait]
impl Bus for EventBridgeBus {
    async fn publish(&self, events: &[BusEvent]) -> Vec<Result<(), Unknown>> {
        let entries: Vec<_> = events.iter().map(|event| self.entry(event)).collect();
        let mut done = Vec::with_capacity(entries.len());
        let mut broken = false;
        for chunk in chunks(entries) {
            if broken {
                let skipped = || Err(Unknown::new(DOING, "an earlier call failed; not tried"));
                done.extend(chunk.iter().map(|_| skipped()));
            } else {
                let outcomes = self.call(chunk).await;
                broken = outcomes.iter().any(Result::is_err);
                done.extend(outcomes);
            }
        }
        done
    }
}

/// Stands in for the bus of a function that publishes nothing and has no permission to.
#[derive(Debug)]
pub(crate) struct NoBus;

#[async_trait]
impl Bus for NoBus {
    async fn publish(&self, events: &[BusEvent]) -> Vec<Result<(), Unknown>> {
        let none = || Err(Unknown::new(DOING, "this function was started without a bus"));
        events.iter().map(|_| none()).collect()
    }
}

/// Cuts entries into calls, in order, by number and by size. An entry that is too large alone goes
/// alone, and EventBridge says so.
fn chunks(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut chunks: Vec<Vec<Entry>> = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        let size = entry_bytes(&entry);
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < ENTRIES_MAX && bytes + size <= CALL_BYTES_MAX => {
                bytes += size;
                chunk.push(entry);
            }
            _ => {
                bytes = size;
                chunks.push(vec![entry]);
            }
        }
    }
    chunks
}

fn entry_bytes(entry: &Entry) -> usize {
    TIME_BYTES + entry.source.len() + entry.detail_type.len() + entry.detail.len()
}

/// The outcome of each entry of one call. An answer without one for an entry vouches for nothing.
fn outcomes(len: usize, told: Told) -> Vec<Result<(), Unknown>> {
    let mut results = told.entries.into_iter();
    (0..len).map(|_| outcome(results.next())).collect()
}

fn outcome(result: Option<Outcome>) -> Result<(), Unknown> {
    let why = match result {
        Some(Outcome { event_id: Some(_), error_code: None, .. }) => return Ok(()),
        Some(entry) => {
            let code = entry.error_code.as_deref().unwrap_or("no code");
            format!("{code}: {}", entry.error_message.as_deref().unwrap_or("no message"))
        }
        None => "the answer has no entry for it".to_owned(),
    };
    Err(Unknown::new(DOING, why))
}

#[cfg(test)]
mod tests;
