//! Deliveries that are due: the next try of one, or of those that a person asked for again.

use std::time::Duration;

use futures::future::join_all;
use quita_core::endpoint::Endpoints;
use quita_core::endpoint::delivery::{Delivery, DeliveryState, FailReason};
use quita_core::ids::{DeliveryId, EndpointId, MerchantId};
use quita_table::keys::RecordKey;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use tokio::time::Instant;

use super::post::{count, post};
use super::unreadable;
use crate::deps::Deps;
use crate::error::Unknown;

/// Posts to one receiver at the same time.
const AT_ONCE_MAX: usize = 5;
/// Time within which further posts of a replay are begun. What it does not suffice for, the sweep
/// finds.
const TIME_BUDGET: Duration = Duration::from_secs(10);

/// What became of a delivery that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    Tried(DeliveryState),
    /// Settled, somebody else is at it, or it is not its time.
    NotDue,
}

/// The next try of a delivery, if it is due.
pub async fn deliver_due(
    deps: &Deps,
    merchant: &MerchantId,
    endpoint: &EndpointId,
    delivery: &DeliveryId,
) -> Result<Retried, Unknown> {
    let (all, own) =
        (RecordKey::Endpoints, RecordKey::Delivery(endpoint.clone(), delivery.clone()));
    let refs = [ItemRef::Record(all.clone()), ItemRef::Record(own.clone())];
    let mut found = deps.store.read(merchant, &refs).await?;
    let endpoints: Option<Endpoints> = found.take_record(&all).map_err(unreadable)?;
    let delivery: Option<Delivery> = found.take_record(&own).map_err(unreadable)?;
    let now = deps.clock.now();
    let Some(before) = delivery else { return Ok(Retried::NotDue) };
    let Some(begun) = before.begun(now) else { return Ok(Retried::NotDue) };
    let endpoint = endpoints.as_ref().and_then(|all| all.get(endpoint));
    let endpoint = endpoint.filter(|endpoint| endpoint.is_enabled());
    let begun = match endpoint {
        Some(_) => begun,
        None => before.given_up(FailReason::EndpointOff, now),
    };
    let commit = Commit::new(merchant).record(&begun, Expected::Version(before.version));
    match deps.store.commit(commit).await {
        Ok(()) => {}
        Err(CommitError::Conflict(_)) => return Ok(Retried::NotDue),
        Err(error) => return Err(error.into()),
    }
    match endpoint {
        Some(endpoint) if begun.due().is_some() => {
            post(deps, endpoint, begun).await.map(Retried::Tried)
        }
        _ => {
            count(begun.state);
            Ok(Retried::Tried(begun.state))
        }
    }
}

/// The next try of several of one endpoint, a few at a time. They stand in the work index as well.
pub(super) async fn deliver_all(
    deps: &Deps,
    merchant: &MerchantId,
    endpoint: &EndpointId,
    deliveries: &[DeliveryId],
) -> Result<Vec<Retried>, Unknown> {
    let stopwatch = Instant::now();
    let mut retried = Vec::with_capacity(deliveries.len());
    for few in deliveries.chunks(AT_ONCE_MAX) {
        if stopwatch.elapsed() >= TIME_BUDGET {
            break;
        }
        // A closure over borrowed ids would keep the future from being `Send`.
        let mut tries = Vec::with_capacity(few.len());
        for delivery in few {
            tries.push(deliver_due(deps, merchant, endpoint, delivery));
        }
        for outcome in join_all(tries).await {
            retried.push(outcome?);
        }
    }
    Ok(retried)
}
