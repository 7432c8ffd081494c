//! Endpoints and deliveries as the API shows them.

use std::collections::BTreeSet;

use quita_core::endpoint::delivery::{Attempt, Delivery, DeliveryState, Fault, Outcome};
use quita_core::endpoint::{Endpoint, EndpointState, EventFilter};
use quita_core::ids::{DeliveryId, EndpointId};
use reqwest::Url;
use serde::Serialize;

use crate::bus::instant;

/// An endpoint.
#[derive(Debug, Serialize)]
pub struct EndpointView {
    id: EndpointId,
    url: String,
    description: String,
    /// `None` is every event.
    events: Option<BTreeSet<String>>,
    enabled: bool,
    disabled_reason: Option<&'static str>,
    disabled_at: Option<String>,
    failing_since: Option<String>,
    secret_generation: u32,
    previous_secret_until: Option<String>,
    created_at: String,
}

impl EndpointView {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let (disabled_at, disabled_reason) = match endpoint.state {
            EndpointState::Enabled => (None, None),
            EndpointState::Disabled { at, reason } => (Some(instant(at)), Some(reason.code())),
        };
        Self {
            id: endpoint.id.clone(),
            url: endpoint.url.as_str().to_owned(),
            description: endpoint.description.clone(),
            events: names(&endpoint.events),
            enabled: endpoint.is_enabled(),
            disabled_reason,
            disabled_at,
            failing_since: endpoint.failing_since.map(instant),
            secret_generation: endpoint.secret,
            previous_secret_until: endpoint.previous_secret_until.map(instant),
            created_at: instant(endpoint.created_at),
        }
    }
}

/// An endpoint as the history keeps it. Histories go to every endpoint, and the path of one may be
/// its key: of the address they tell the origin alone.
#[derive(Debug, Serialize)]
pub(super) struct EndpointSummary {
    origin: String,
    description: String,
    events: Option<BTreeSet<String>>,
    enabled: bool,
    disabled_reason: Option<&'static str>,
    secret_generation: u32,
}

impl EndpointSummary {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let EndpointView {
            description, events, enabled, disabled_reason, secret_generation, ..
        } = EndpointView::of(endpoint);
        let url = Url::parse(endpoint.url.as_str());
        let origin = url.map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        Self { origin, description, events, enabled, disabled_reason, secret_generation }
    }
}

fn names(events: &EventFilter) -> Option<BTreeSet<String>> {
    match events {
        EventFilter::All => None,
        EventFilter::Only(names) => Some(names.clone()),
    }
}

/// The secret that an endpoint's posts are signed with.
#[derive(Serialize)]
pub struct SecretView {
    pub(super) secret: String,
    pub(super) generation: u32,
    pub(super) previous_secret_until: Option<String>,
}

/// An event on its way to an endpoint.
#[derive(Debug, Serialize)]
pub struct DeliveryView {
    id: DeliveryId,
    endpoint_id: EndpointId,
    event: String,
    at: String,
    status: &'static str,
    next_attempt_at: Option<String>,
    settled_at: Option<String>,
    failure: Option<&'static str>,
    replays: u32,
    attempts: Vec<AttemptView>,
    /// Exactly what is posted, in the view of one delivery alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

#[derive(Debug, Serialize)]
struct AttemptView {
    at: String,
    status: Option<u16>,
    fault: Option<&'static str>,
    duration_ms: u32,
}

impl DeliveryView {
    /// Without the body.
    pub(super) fn of(delivery: Delivery) -> Self {
        let (status, next, settled, failure) = match delivery.state {
            DeliveryState::Pending { next_at } => ("pending", Some(next_at), None, None),
            DeliveryState::Delivered { at } => ("delivered", None, Some(at), None),
            DeliveryState::Failed { at, reason } => ("failed", None, Some(at), Some(reason.code())),
        };
        Self {
            id: delivery.id,
            endpoint_id: delivery.endpoint,
            event: delivery.event,
            at: instant(delivery.at),
            status,
            next_attempt_at: next.map(instant),
            settled_at: settled.map(instant),
            failure,
            replays: delivery.replays,
            attempts: delivery.attempts.iter().map(AttemptView::of).collect(),
            body: None,
        }
    }

    pub(super) fn whole(delivery: Delivery) -> Self {
        let body = Some(delivery.body.clone());
        Self { body, ..Self::of(delivery) }
    }
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        let (status, fault) = match attempt.outcome {
            Outcome::Answered(status) => (Some(status), None),
            Outcome::NoAnswer(fault) => (None, Some(Fault::code(fault))),
        };
        Self { at: instant(attempt.at), status, fault, duration_ms: attempt.duration_ms }
    }
}
