//! From the table's stream to the bus, and onto the audit chain: an event row is published as it was
//! stored.

use crate::audit::append::{Relayed, append};
use crate::bus::BusEvent;
use crate::deps::Deps;

/// Entries of one call to the bus. Source: EventBridge `PutEvents`, 10 entries a call.
pub const ENTRIES_MAX: usize = 10;

/// Publishes rows in stream order, stops at the first that was not taken, since what follows may
/// belong to the same invoice, and chains those that went out. Answers how many rows from the first
/// on are done with; the rest comes again, and some of it may then be published twice.
pub async fn relay_events(deps: &Deps, rows: &[Relayed]) -> usize {
    let published = publish(deps, rows).await;
    append(deps, &rows[..published]).await
}

async fn publish(deps: &Deps, rows: &[Relayed]) -> usize {
    let mut published = 0;
    for chunk in rows.chunks(ENTRIES_MAX) {
        let events: Vec<BusEvent> =
            chunk.iter().map(|it| BusEvent::of_row(&it.merchant, &it.row)).collect();
        for outcome in deps.bus.publish(&events).await {
            if let Err(error) = outcome {
                tracing::error!(%error, "Bus did not take an event; it is sent again");
                return published;
            }
            published += 1;
        }
    }
    published
}
