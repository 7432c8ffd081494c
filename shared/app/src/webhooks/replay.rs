//! Deliveries that a person asks for again: one by its id, or those of a stretch of time.
//!
//! They are marked as due in the transaction of the request, so none is forgotten; one that
//! somebody else moved meanwhile makes the request fail, to be made again. The row of the request
//! wakes `deliver_webhooks`, and what it does not come to, the sweep finds.

use chrono::{DateTime, Utc};
use quita_core::audit::Changes;
use quita_core::endpoint::delivery::{Delivery, DeliveryState};
use quita_core::endpoint::{Endpoint, Endpoints};
use quita_core::ids::{DeliveryId, EndpointId, MerchantId};
use quita_core::violation::Violation;
use quita_table::keys::RecordKey;
use quita_table::store::{ItemRef, Page};
use quita_table::{Commit, Cursor, Expected, StoreError};
use serde::Serialize;
use serde_json::json;

use super::manage_endpoints::{Change, Decided, REPLAY_ASKED, Refused, command, written};
use super::views::DeliveryView;
use super::{delivery_log, unreadable};
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{Answer, Request};

/// Deliveries of one request, and as many as are always within one transaction when their bodies
/// are large. Source: DynamoDB, 100 items and 4 MB a transaction; an event has at most 256 KB.
const PAGES: [usize; 2] = [50, 10];
/// Bytes of bodies in one transaction.
const BYTES_MAX: usize = 3 * 1024 * 1024;
const ACCEPTED: u16 = 202;

/// A stretch of time as typed.
#[derive(Debug, Clone)]
pub struct RangeDraft {
    /// RFC 3339, both included.
    pub from: String,
    pub to: String,
    /// Leave out what was delivered.
    pub only_failed: bool,
    /// Where the request before ended.
    pub cursor: Option<String>,
}

/// What is sent again.
#[derive(Debug, Serialize)]
struct Replayed {
    delivery_ids: Vec<DeliveryId>,
    /// More of the stretch is left; ask again with it.
    next_cursor: Option<String>,
}

struct Range {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    only_failed: bool,
    cursor: Option<Cursor>,
}

impl RangeDraft {
    fn parse(&self) -> Result<Range, Vec<Violation>> {
        let mut faults = Vec::new();
        let mut instant = |property: &str, text: &str| {
            let parsed = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
            if parsed.is_none() {
                let reason = "use an instant such as 2026-12-01T00:00:00Z";
                faults.push(Violation::new(property, reason));
            }
            parsed
        };
        let (from, to) = (instant("from", &self.from), instant("to", &self.to));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            faults.push(Violation::new("to", "use an instant after `from`"));
        }
        let cursor = self.cursor.as_deref().map(Cursor::parse).transpose();
        if cursor.is_err() {
            faults.push(bad_cursor());
        }
        match (from, to, cursor) {
            (Some(from), Some(to), Ok(cursor)) if faults.is_empty() => {
                Ok(Range { from, to, only_failed: self.only_failed, cursor })
            }
            _ => Err(faults),
        }
    }
}

fn bad_cursor() -> Violation {
    Violation::new("cursor", "use the next_cursor of the request before, unchanged")
}

/// Sends one delivery again, whatever became of it.
pub async fn replay_delivery(
    deps: &Deps,
    merchant: &MerchantId,
    endpoint: &EndpointId,
    delivery: &DeliveryId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let key = RecordKey::Delivery(endpoint.clone(), delivery.clone());
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    let before: Option<Delivery> = found.take_record(&key).map_err(unreadable)?;
    command(deps, merchant, request, |endpoints, now| {
        if let Err(refused) = enabled(endpoints, endpoint) {
            return Ok(Err(refused));
        }
        let Some(before) = &before else { return Ok(Err(Refused::NotFound)) };
        let after = match before.replayed(now) {
            Ok(after) => after,
            Err(pending) => return Ok(Err(Refused::Conflict(pending.to_string()))),
        };
        let body = written(&DeliveryView::of(after.clone()))?;
        let change = asked(endpoints, endpoint, std::slice::from_ref(&after), None);
        let beside = Commit::new(merchant).record(&after, Expected::Version(before.version));
        Ok(Ok(Decided { change: Some(change), beside, status: ACCEPTED, body }))
    })
    .await
}

/// Sends what was settled of a stretch of time again, a page a request.
pub async fn replay_range(
    deps: &Deps,
    merchant: &MerchantId,
    endpoint: &EndpointId,
    draft: &RangeDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let range = match draft.parse() {
        Ok(range) => range,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let page = match page(deps, merchant, endpoint, &range).await {
        Ok(page) => page,
        Err(StoreError::BadCursor(_)) => return Ok(Err(Refused::Invalid(vec![bad_cursor()]))),
        Err(error) => return Err(error.into()),
    };
    command(deps, merchant, request, |endpoints, now| {
        if let Err(refused) = enabled(endpoints, endpoint) {
            return Ok(Err(refused));
        }
        let mut beside = Commit::new(merchant);
        let mut again = Vec::new();
        for before in page.items.iter().filter(|delivery| range.wants(delivery)) {
            // What is pending is on its way anyway.
            if let Ok(after) = before.replayed(now) {
                beside = beside.record(&after, Expected::Version(before.version));
                again.push(after);
            }
        }
        let body = written(&Replayed {
            delivery_ids: again.iter().map(|delivery| delivery.id.clone()).collect(),
            next_cursor: page.next.as_ref().map(Cursor::to_string),
        })?;
        let change = (!again.is_empty()).then(|| asked(endpoints, endpoint, &again, Some(&range)));
        Ok(Ok(Decided { change, beside, status: ACCEPTED, body }))
    })
    .await
}

impl Range {
    fn wants(&self, delivery: &Delivery) -> bool {
        !self.only_failed || matches!(delivery.state, DeliveryState::Failed { .. })
    }
}

async fn page(
    deps: &Deps,
    merchant: &MerchantId,
    endpoint: &EndpointId,
    range: &Range,
) -> Result<Page<Delivery>, StoreError> {
    let run = delivery_log::run(merchant, endpoint, range.from, range.to);
    let [many, few] = PAGES;
    let read =
        |limit| deps.store.records_in::<Delivery>(merchant, &run, limit, range.cursor.as_ref());
    let page = read(many).await?;
    let bytes: usize = page.items.iter().map(|delivery| delivery.body.len()).sum();
    if bytes <= BYTES_MAX { Ok(page) } else { read(few).await }
}

fn enabled<'a>(endpoints: &'a Endpoints, id: &EndpointId) -> Result<&'a Endpoint, Refused> {
    let endpoint = endpoints.get(id).ok_or(Refused::NotFound)?;
    if endpoint.is_enabled() {
        Ok(endpoint)
    } else {
        Err(Refused::Conflict("the endpoint is disabled; enable it first".to_owned()))
    }
}

fn asked(
    endpoints: &Endpoints,
    endpoint: &EndpointId,
    again: &[Delivery],
    range: Option<&Range>,
) -> Change {
    let ids: Vec<&DeliveryId> = again.iter().map(|delivery| &delivery.id).collect();
    let data = json!({
        "endpoint_id": endpoint,
        "delivery_ids": ids,
        "from": range.map(|range| instant(range.from)),
        "to": range.map(|range| instant(range.to)),
    });
    let changes = Changes::default();
    Change { after: endpoints.next(), name: REPLAY_ASKED, data, changes }
}
