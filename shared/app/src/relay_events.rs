//! From the table's stream to the bus: an event row is published as it was stored.

use quita_core::ids::MerchantId;
use quita_table::items::EventRow;

use crate::bus::BusEvent;
use crate::deps::Deps;

/// Entries of one call to the bus. Source: EventBridge `PutEvents`, 10 entries a call.
pub const ENTRIES_MAX: usize = 10;

/// Publishes rows in stream order and stops at the first that was not taken, since what follows
/// may belong to the same invoice. Answers how many went out; the rest comes again.
pub async fn relay_events(deps: &Deps, rows: &[(MerchantId, EventRow)]) -> usize {
    let mut published = 0;
    for chunk in rows.chunks(ENTRIES_MAX) {
        let events: Vec<BusEvent> =
            chunk.iter().map(|(merchant, row)| BusEvent::of_row(merchant, row)).collect();
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
