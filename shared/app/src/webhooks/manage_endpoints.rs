//! What a merchant does with its endpoints: makes one, changes it, exchanges its secret, tries it,
//! deletes it.
//!
//! Each is one transaction: the endpoints, the row of their history, and the answer. A warm process
//! goes on with the endpoints it read for up to a minute ([`super::CACHED`]).

use chrono::{DateTime, Utc};
use quita_core::audit::{Audited, Changes, Summary};
use quita_core::endpoint::{Choice, Endpoint, Endpoints, Refusal};
use quita_core::ids::{EndpointId, MerchantId};
use quita_core::violation::Violation;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, RecordKey};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use serde::Serialize;
use serde_json::{Value, json};

use super::message::delivery_id;
use super::sign::spelled;
use super::unreadable;
use super::views::{EndpointSummary, EndpointView, SecretView};
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

/// Names of the events.
pub const CREATED: &str = "endpoint.created";
pub const CHANGED: &str = "endpoint.changed";
pub const SECRET_ROTATED: &str = "endpoint.secret_rotated";
pub const DISABLED: &str = "endpoint.disabled";
pub const CLOSED: &str = "endpoint.closed";
/// It is posted to the endpoint it names, whatever that one wants, and to no other.
pub const TESTED: &str = "endpoint.tested";
/// It wakes the deliveries it names, and is posted to nobody.
pub const REPLAY_ASKED: &str = "endpoint.replay_asked";
/// All of them.
pub const EVENTS: [&str; 7] =
    [CREATED, CHANGED, SECRET_ROTATED, DISABLED, CLOSED, TESTED, REPLAY_ASKED];

/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
const OK: u16 = 200;
const MADE: u16 = 201;
const ACCEPTED: u16 = 202;

/// Why nothing was done.
#[derive(Debug)]
pub enum Refused {
    /// Everything that is wrong with the request, at once.
    Invalid(Vec<Violation>),
    NotFound,
    /// The state forbids it; the text says what to do.
    Conflict(String),
    KeyReused,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::NotFound,
            Refusal::TooMany => Self::Conflict(refusal.to_string()),
        }
    }
}

/// What a command comes to.
pub(super) struct Decided {
    /// The endpoints and what is told of them; `None` when all is so already.
    pub change: Option<Change>,
    /// Deliveries that change with it.
    pub beside: Commit,
    pub status: u16,
    pub body: String,
}

pub(super) struct Change {
    pub after: Endpoints,
    pub name: &'static str,
    pub data: Value,
    pub changes: Changes,
}

/// The endpoints, in the order they were created.
pub async fn list_endpoints(
    deps: &Deps,
    merchant: &MerchantId,
) -> Result<Vec<EndpointView>, Unknown> {
    let endpoints = super::endpoints_now(deps, merchant).await?;
    Ok(endpoints.endpoints.iter().map(EndpointView::of).collect())
}

pub async fn show_endpoint(
    deps: &Deps,
    merchant: &MerchantId,
    id: &EndpointId,
) -> Result<Option<EndpointView>, Unknown> {
    let endpoints = super::endpoints_now(deps, merchant).await?;
    Ok(endpoints.get(id).map(EndpointView::of))
}

/// The secret that verifies an endpoint's posts. It is made anew from the installation's key each
/// time and stands nowhere.
pub async fn show_secret(
    deps: &Deps,
    merchant: &MerchantId,
    id: &EndpointId,
) -> Result<Option<SecretView>, Unknown> {
    let endpoints = super::endpoints_now(deps, merchant).await?;
    let Some(endpoint) = endpoints.get(id) else { return Ok(None) };
    let secrets = deps.config.signing_key.webhook_secrets(merchant, id, endpoint.secret);
    let until = endpoint.previous_secret_until.filter(|until| deps.clock.now() < *until);
    Ok(secrets.first().map(|secret| SecretView {
        secret: spelled(secret),
        generation: endpoint.secret,
        previous_secret_until: until.map(instant),
    }))
}

pub async fn create_endpoint(
    deps: &Deps,
    merchant: &MerchantId,
    choice: &Choice,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let id = EndpointId::from_ulid(&deps.ids.ulid(deps.clock.now()))
        .map_err(|error| Unknown::new("making an id", error))?;
    command(deps, merchant, request, |before, now| {
        let after = match before.created(id.clone(), choice.clone(), now) {
            Ok(after) => after,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let made = view_of(&after, &id)?;
        told(CREATED, before, Some(after), &id, MADE, made)
    })
    .await
}

pub async fn change_endpoint(
    deps: &Deps,
    merchant: &MerchantId,
    id: &EndpointId,
    choice: &Choice,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    command(deps, merchant, request, |before, now| {
        let after = match before.changed(id, choice, now) {
            Ok(after) => after,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let shown = view_of(after.as_ref().unwrap_or(before), id)?;
        told(CHANGED, before, after, id, OK, shown)
    })
    .await
}

/// Makes the next secret; the one before it signs as well for a day.
pub async fn rotate_secret(
    deps: &Deps,
    merchant: &MerchantId,
    id: &EndpointId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    command(deps, merchant, request, |before, now| {
        let after = match before.secret_rotated(id, now) {
            Ok(after) => after,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let shown = view_of(&after, id)?;
        told(SECRET_ROTATED, before, Some(after), id, OK, shown)
    })
    .await
}

/// Deletes an endpoint; the answer is how it was. What is on its way to it is given up when it
/// falls due.
pub async fn close_endpoint(
    deps: &Deps,
    merchant: &MerchantId,
    id: &EndpointId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    command(deps, merchant, request, |before, _| match before.closed(id) {
        Ok(after) => {
            let shown = view_of(before, id)?;
            told(CLOSED, before, Some(after), id, OK, shown)
        }
        Err(refusal) => Ok(Err(refusal.into())),
    })
    .await
}

/// Posts an event to an endpoint, whatever it wants, and also while it is disabled.
pub async fn test_endpoint(
    deps: &Deps,
    merchant: &MerchantId,
    id: &EndpointId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    command(deps, merchant, request, |before, now| {
        if before.get(id).is_none() {
            return Ok(Err(Refused::NotFound));
        }
        let after = before.next();
        // The row it will be, whose delivery is named after it.
        let delivery = delivery_id(merchant, TESTED, "", after.version, now)?;
        let body = json!({ "endpoint_id": id, "delivery_id": delivery }).to_string();
        let data = json!({ "endpoint_id": id });
        let change = Change { after, name: TESTED, data, changes: Changes::default() };
        let beside = Commit::new(merchant);
        Ok(Ok(Decided { change: Some(change), beside, status: ACCEPTED, body }))
    })
    .await
}

/// The shape of every command: read, decide, one transaction with the answer inside.
pub(super) async fn command(
    deps: &Deps,
    merchant: &MerchantId,
    request: &Request,
    decide: impl Fn(&Endpoints, DateTime<Utc>) -> Result<Result<Decided, Refused>, Unknown>,
) -> Result<Result<Answer, Refused>, Unknown> {
    let key = RecordKey::Endpoints;
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    for _ in 0..CONFLICTS_MAX {
        let refs = [ItemRef::Record(key.clone()), record.clone()];
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let before: Option<Endpoints> = found.take_record(&key).map_err(unreadable)?;
        let expected = match &before {
            Some(known) => Expected::Version(known.version),
            None => Expected::New,
        };
        let before = before.unwrap_or_else(|| Endpoints::none(merchant.clone()));
        let now = deps.clock.now();
        let Decided { change, beside, status, body } = match decide(&before, now)? {
            Ok(decided) => decided,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut commit = beside.idempotency(&request.record(status, &body, now));
        if let Some(Change { after, name, data, changes }) = change {
            let told = row(&after, now, &request.actor, name, data);
            commit = commit.record(&after, expected).event(&EventRow { changes, ..told });
        }
        match deps.store.commit(commit).await {
            Ok(()) => {
                deps.webhooks.forget(merchant);
                return Ok(Ok(Answer { status, body, replayed: false }));
            }
            Err(CommitError::Conflict(conflicts)) => {
                if let Some(record) = idempotency::record_in(&conflicts) {
                    return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("changing the endpoints", "others kept writing first"))
}

/// A row of the history of a merchant's endpoints.
pub(super) fn row(
    after: &Endpoints,
    at: DateTime<Utc>,
    actor: &str,
    name: &str,
    data: Value,
) -> EventRow {
    EventRow {
        aggregate: Aggregate::Endpoints,
        seq: after.version,
        at,
        actor: actor.to_owned(),
        name: name.to_owned(),
        data,
        postings: Vec::new(),
        changes: Changes::default(),
    }
}

/// What is told of an endpoint that was changed.
pub(super) fn data(id: &EndpointId, before: Option<&Endpoint>, after: Option<&Endpoint>) -> Value {
    json!({
        "endpoint_id": id,
        "before": before.map(EndpointSummary::of),
        "after": after.map(EndpointSummary::of),
    })
}

/// What changed of an endpoint, for the audit trail.
pub(super) fn changes(
    id: &EndpointId,
    before: Option<&Endpoint>,
    after: Option<&Endpoint>,
) -> Changes {
    let summary =
        |endpoint: Option<&Endpoint>| endpoint.map_or_else(Summary::new, Audited::summary);
    Changes::between(&summary(before), &summary(after)).under(id.as_str())
}

fn told(
    name: &'static str,
    before: &Endpoints,
    after: Option<Endpoints>,
    id: &EndpointId,
    status: u16,
    body: String,
) -> Result<Result<Decided, Refused>, Unknown> {
    let beside = Commit::new(&before.merchant);
    let change = after.map(|after| {
        let (was, is) = (before.get(id), after.get(id));
        let (data, changes) = (data(id, was, is), changes(id, was, is));
        Change { after, name, data, changes }
    });
    Ok(Ok(Decided { change, beside, status, body }))
}

fn view_of(endpoints: &Endpoints, id: &EndpointId) -> Result<String, Unknown> {
    written(&endpoints.get(id).map(EndpointView::of))
}

/// An answer's body.
pub(super) fn written<T: Serialize>(value: &T) -> Result<String, Unknown> {
    serde_json::to_string(value).map_err(|error| Unknown::new("writing the answer", error))
}
