//! The table's stream -> the event bus: each event row is published as it was stored.
//!
//! Delivery is at-least-once and in order within one invoice. The first record that does not go out
//! is reported as the point to start again from, so order is kept and nothing is skipped.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use quita_app::relay_events::relay_events;
use quita_app::{Deps, Unknown};
use quita_core::ids::MerchantId;
use quita_table::items::{EventRow, event_from_image};

pub async fn handle(deps: &Deps, event: Event) -> Result<DynamoDbEventResponse, Unknown> {
    let mut sequences = Vec::new();
    let mut rows = Vec::new();
    for record in event.records {
        if let Some(row) = row_of(&record)? {
            sequences.push(record.change.sequence_number);
            rows.push(row);
        }
    }
    let published = relay_events(deps, &rows).await;
    let mut response = DynamoDbEventResponse::default();
    if let Some(sequence) = sequences.into_iter().nth(published) {
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
fn row_of(record: &EventRecord) -> Result<Option<(MerchantId, EventRow)>, Unknown> {
    if record.event_name != "INSERT" {
        return Ok(None);
    }
    let image = record.change.new_image.clone().into();
    event_from_image(&image).map_err(|error| Unknown::new("reading the stream", error))
}
