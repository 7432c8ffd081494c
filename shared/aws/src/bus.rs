//! The event bus on Amazon EventBridge.
//!
//! Owns the cut into calls and the reading of each entry's outcome: `PutEvents` answers 200 with
//! failures inside. Does not own an event's shape.
//!
//! Invariant: there is one answer for each event, in order; after a call with a failure the rest is
//! not tried, so that no later event overtakes by more than one call.

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use quita_app::Unknown;
use quita_app::bus::{BusEvent, SOURCE};
use quita_app::ports::Bus;
use quita_app::relay_events::ENTRIES_MAX;

use crate::clients::{Clients, OnCall};
use crate::fault::Fault;

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
    client: OnCall<Client>,
    name: String,
}

impl EventBridgeBus {
    /// A bus by its name or ARN.
    pub fn new(clients: &Clients, name: String) -> Self {
        Self { client: OnCall::new(clients, Client::new), name }
    }

    fn entry(&self, event: &BusEvent) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .source(SOURCE)
            .detail_type(&event.detail_type)
            .detail(event.detail.to_string())
            .time(DateTime::from_millis(event.at.timestamp_millis()))
            .event_bus_name(&self.name)
            .build()
    }

    async fn call(&self, entries: Vec<PutEventsRequestEntry>) -> Vec<Result<(), Unknown>> {
        let len = entries.len();
        match self.client.get().put_events().set_entries(Some(entries)).send().await {
            Ok(answer) => outcomes(len, answer),
            Err(error) => {
                let why = Fault::of(&error).to_string();
                (0..len).map(|_| Err(Unknown::new(DOING, why.clone()))).collect()
            }
        }
    }
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
fn chunks(entries: Vec<PutEventsRequestEntry>) -> Vec<Vec<PutEventsRequestEntry>> {
    let mut chunks: Vec<Vec<PutEventsRequestEntry>> = Vec::new();
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

fn entry_bytes(entry: &PutEventsRequestEntry) -> usize {
    let texts = [&entry.source, &entry.detail_type, &entry.detail];
    TIME_BYTES + texts.into_iter().flatten().map(String::len).sum::<usize>()
}

/// The outcome of each entry of one call. An answer without one for an entry vouches for nothing.
fn outcomes(len: usize, answer: PutEventsOutput) -> Vec<Result<(), Unknown>> {
    let mut results = answer.entries.unwrap_or_default().into_iter();
    (0..len).map(|_| outcome(results.next())).collect()
}

fn outcome(result: Option<PutEventsResultEntry>) -> Result<(), Unknown> {
    let why = match result {
        Some(PutEventsResultEntry { event_id: Some(_), error_code: None, .. }) => return Ok(()),
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
