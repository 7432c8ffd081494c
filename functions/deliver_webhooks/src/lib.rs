//! Every fact on the bus -> the endpoints of its merchant that want it; `delivery.due` -> the next
//! try of one delivery.
//!
//! Delivery is at-least-once. A delivery is claimed under an id that is made of the event before it
//! is posted, so an event that comes again is posted no second time, and a post that is made again
//! has the same id and the same bytes.

use quita_app::bus::{BusEvent, DELIVERY_DUE, DeliveryRef};
use quita_app::webhooks::deliver_due::deliver_due;
use quita_app::webhooks::deliver_event::deliver_event;
use quita_app::{Deps, Unknown};

/// `Ok` is final for this event, also when no receiver took it: the sweep brings the next try.
/// `Err` means "outcome unknown": the event comes again.
pub async fn handle(deps: &Deps, event: BusEvent) -> Result<(), Unknown> {
    if event.detail_type == DELIVERY_DUE {
        let DeliveryRef { merchant_id, endpoint_id, delivery_id } =
            serde_json::from_value(event.detail)
                .map_err(|error| Unknown::new("reading the event", error))?;
        let retried = deliver_due(deps, &merchant_id, &endpoint_id, &delivery_id).await?;
        tracing::info!(delivery.id = %delivery_id, ?retried, "Looked at `{delivery_id}`");
        return Ok(());
    }
    let told = deliver_event(deps, &event).await?;
    tracing::info!(event.name = event.detail_type, ?told, "Told of `{}`", event.detail_type);
    Ok(())
}
