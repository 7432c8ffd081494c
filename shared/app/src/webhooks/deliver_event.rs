//! An event of the bus, to every endpoint that wants it.

use std::sync::Arc;

use futures::future::join_all;
use quita_core::endpoint::Endpoint;
use quita_core::endpoint::delivery::{Delivery, DeliveryState, Message};
use quita_core::ids::{DeliveryId, EndpointId, MerchantId};
use quita_table::{Commit, CommitError, Expected};
use serde::Deserialize;

use super::deliver_due::{Retried, deliver_all};
use super::manage_endpoints::{REPLAY_ASKED, TESTED};
use super::message::message_of;
use super::post::post;
use crate::bus::BusEvent;
use crate::deps::Deps;
use crate::error::Unknown;

/// What an event led to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Endpoints that took it at once.
    pub taken: usize,
    /// Endpoints that are tried again, or given up.
    pub not_taken: usize,
    /// Deliveries that were there already: the bus brought the event before.
    pub known: usize,
}

/// The part of a test's or a replay's event that is read here.
#[derive(Deserialize)]
struct Asked {
    data: AskedData,
}

#[derive(Deserialize)]
struct AskedData {
    endpoint_id: EndpointId,
    #[serde(default)]
    delivery_ids: Vec<DeliveryId>,
}

/// Posts an event to every endpoint that wants it, all at once: a receiver that hangs keeps none
/// waiting. `Err` is told after the others are done; the event may come again.
pub async fn deliver_event(deps: &Deps, event: &BusEvent) -> Result<Told, Unknown> {
    let (merchant, message) = message_of(event)?;
    let asked = || {
        Asked::deserialize(&event.detail)
            .map(|asked| asked.data)
            .map_err(|error| Unknown::new("reading the event", error))
    };
    match message.event.as_str() {
        TESTED => {
            let AskedData { endpoint_id, .. } = asked()?;
            // It may have been made a moment ago.
            let endpoints = super::endpoints_now(deps, &merchant).await?;
            let of = endpoints.get(&endpoint_id).cloned();
            tell(deps, &merchant, of.into_iter().collect(), message).await
        }
        REPLAY_ASKED => {
            let AskedData { endpoint_id, delivery_ids } = asked()?;
            let retried = deliver_all(deps, &merchant, &endpoint_id, &delivery_ids).await?;
            let mut told = Told::default();
            retried.into_iter().for_each(|retried| match retried {
                Retried::Tried(state) => told.add(state),
                Retried::NotDue => told.known += 1,
            });
            Ok(told)
        }
        name => {
            let endpoints = super::endpoints_lately(deps, &merchant).await?;
            let wanting = endpoints.wanting(name).cloned().collect();
            tell(deps, &merchant, wanting, message).await
        }
    }
}

impl Told {
    fn add(&mut self, state: DeliveryState) {
        match state {
            DeliveryState::Delivered { .. } => self.taken += 1,
            DeliveryState::Pending { .. } | DeliveryState::Failed { .. } => self.not_taken += 1,
        }
    }
}

async fn tell(
    deps: &Deps,
    merchant: &MerchantId,
    endpoints: Vec<Endpoint>,
    message: Message,
) -> Result<Told, Unknown> {
    let message = Arc::new(message);
    // A closure over borrowed endpoints would keep the future from being `Send`.
    let mut posts = Vec::with_capacity(endpoints.len());
    for endpoint in &endpoints {
        posts.push(first(deps, merchant, endpoint, message.clone()));
    }
    let mut told = Told::default();
    for outcome in join_all(posts).await {
        match outcome? {
            Some(state) => told.add(state),
            None => told.known += 1,
        }
    }
    Ok(told)
}

/// The first try; `None` when the event was claimed for the endpoint before. Then whoever claimed
/// it is at it, or the sweep is.
async fn first(
    deps: &Deps,
    merchant: &MerchantId,
    endpoint: &Endpoint,
    message: Arc<Message>,
) -> Result<Option<DeliveryState>, Unknown> {
    let (id, message) = (endpoint.id.clone(), message.as_ref().clone());
    let claim = Delivery::claimed(merchant.clone(), id, message, deps.clock.now());
    let commit = Commit::new(merchant).record(&claim, Expected::New);
    match deps.store.commit(commit).await {
        Ok(()) => post(deps, endpoint, claim).await.map(Some),
        Err(CommitError::Conflict(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
