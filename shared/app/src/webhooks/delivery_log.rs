//! The log of what was posted to an endpoint, for as long as it is kept.

use chrono::{DateTime, Utc};
use quita_core::endpoint::delivery::Delivery;
use quita_core::ids::{DeliveryId, EndpointId, MerchantId};
use quita_table::keys::{Place, RecordKey, deliveries_pk};
use quita_table::store::{ItemRef, Page, Run};
use quita_table::{Cursor, StoreError};

use super::unreadable;
use super::views::DeliveryView;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::ports::ulid_of;

/// Highest 80 bits of a ULID.
const BITS_MAX: u128 = (1 << 80) - 1;

/// Deliveries of an endpoint, the latest event first. An endpoint that is not there has none.
pub async fn list_deliveries(
    deps: &Deps,
    merchant: &MerchantId,
    endpoint: &EndpointId,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Page<DeliveryView>, StoreError> {
    let first = DateTime::UNIX_EPOCH;
    let run = Run { newest_first: true, ..run(merchant, endpoint, first, deps.clock.now()) };
    let page = deps.store.records_in::<Delivery>(merchant, &run, limit, cursor).await?;
    let items = page.items.into_iter().map(DeliveryView::of).collect();
    Ok(Page { items, next: page.next })
}

/// One delivery, with the body that is posted.
pub async fn show_delivery(
    deps: &Deps,
    merchant: &MerchantId,
    endpoint: &EndpointId,
    delivery: &DeliveryId,
) -> Result<Option<DeliveryView>, Unknown> {
    let key = RecordKey::Delivery(endpoint.clone(), delivery.clone());
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    let delivery: Option<Delivery> = found.take_record(&key).map_err(unreadable)?;
    Ok(delivery.map(DeliveryView::whole))
}

/// Deliveries of events from one instant to another, both included, to the second.
pub(super) fn run(
    merchant: &MerchantId,
    endpoint: &EndpointId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Run {
    let sk = |at, bits| {
        let id = DeliveryId::from_ulid(&ulid_of(at, bits));
        id.expect("a ULID makes an id").to_string()
    };
    Run {
        pk: deliveries_pk(merchant, endpoint),
        from: sk(from, 0),
        to: sk(to, BITS_MAX),
        place: Place::Record,
        newest_first: false,
    }
}
