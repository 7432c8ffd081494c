//! The table's stream -> the event bus and the audit chain: each event row is published as it was
//! stored, and its digest becomes part of its merchant's chain.
//!
//! Delivery is at-least-once and in order within one invoice. The first record that is not done with
//! is reported as the point to start again from, so order is kept and nothing is skipped.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use quita_app::audit::append::Relayed;
use quita_app::relay_events::relay_events;
use quita_app::{Deps, Unknown};
use quita_table::Item;
use quita_table::items::{digest, event_from_image};

pub async fn handle(deps: &Deps, event: Event) -> Result<DynamoDbEventResponse, Unknown> {
    let mut sequences = Vec::new();
    let mut rows = Vec::new();
    for record in event.records {
        if let Some(row) = row_of(&record)? {
            sequences.push(record.change.sequence_number);
            rows.push(row);
        }
    }
    let done = relay_events(deps, &rows).await;
    let mut response = DynamoDbEventResponse::default();
    if let Some(sequence) = sequences.into_iter().nth(done) {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = sequence;
        response.batch_item_failures.push(failure);
    }
    Ok(response)
}

/// The event row a record inserts; `None` for any other item.
///
/// # Errors
/// A row that cannot be read fails the batch: the stream is the only way an event leaves.
fn row_of(record: &EventRecord) -> Result<Option<Relayed>, Unknown> {
    if record.event_name != "INSERT" {
        return Ok(None);
    }
    let image: Item = record.change.new_image.clone().into();
    let read = event_from_image(&image);
    let read = read.map_err(|error| Unknown::new("reading the stream", error))?;
    Ok(read.map(|(merchant, row)| Relayed { merchant, row, sha256: digest(&image) }))
}
