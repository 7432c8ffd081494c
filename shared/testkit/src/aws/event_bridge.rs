//! EventBridge: `PutEvents`.

use async_trait::async_trait;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refusal, read, response};

/// Most entries of a call. Source: EventBridge API reference, PutEvents.
const ENTRIES_MAX: usize = 10;
const INVALID: &str = "ValidationException";

/// One entry of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct PutEvent {
    pub bus: String,
    pub source: String,
    pub detail_type: String,
    /// To the millisecond.
    pub at: DateTime<Utc>,
    pub detail: Value,
}

/// Takes events.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// One answer for each event, in order; `Err` says why it was not taken.
    async fn put(&self, events: Vec<PutEvent>) -> Vec<Result<(), String>>;
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    event_bus_name: String,
    source: String,
    detail_type: String,
    detail: String,
    /// Seconds since 1970, with a fraction.
    time: f64,
}

pub(super) async fn answer(sink: &dyn EventSink, body: &[u8]) -> Response {
    response(put(sink, body).await)
}

async fn put(sink: &dyn EventSink, body: &[u8]) -> Result<Value, Refusal> {
    let asked: PutEvents = read(body, INVALID)?;
    if asked.entries.is_empty() || asked.entries.len() > ENTRIES_MAX {
        return Err(Refusal::new(INVALID, format!("{} entries", asked.entries.len())));
    }
    let read: Vec<Result<PutEvent, &'static str>> = asked.entries.into_iter().map(event).collect();
    let good = read.iter().filter_map(|one| one.as_ref().ok()).cloned().collect();
    let mut outcomes = sink.put(good).await.into_iter();
    let results: Vec<Value> = read
        .into_iter()
        .map(|one| match one {
            Err(code) => json!({ "ErrorCode": code, "ErrorMessage": "the entry is malformed" }),
            Ok(_) => match outcomes.next() {
                Some(Ok(())) => json!({ "EventId": format!("{:032x}", fastrand::u128(..)) }),
                Some(Err(why)) => json!({ "ErrorCode": "InternalFailure", "ErrorMessage": why }),
                None => json!({ "ErrorCode": "InternalFailure", "ErrorMessage": "not taken" }),
            },
        })
        .collect();
    let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
    Ok(json!({ "FailedEntryCount": failed, "Entries": results }))
}

/// The code of an entry that cannot be read is its own; the others of the call are taken.
fn event(entry: Entry) -> Result<PutEvent, &'static str> {
    let detail: Value = serde_json::from_str(&entry.detail).map_err(|_| "MalformedDetail")?;
    if !detail.is_object() {
        return Err("MalformedDetail");
    }
    // Milliseconds of any date that is meant fit; the cast saturates for the others.
    let at = DateTime::from_timestamp_millis((entry.time * 1000.0).round() as i64)
        .ok_or("InvalidArgument")?;
    Ok(PutEvent {
        bus: entry.event_bus_name,
        source: entry.source,
        detail_type: entry.detail_type,
        at,
        detail,
    })
}
