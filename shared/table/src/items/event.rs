//! Event rows: timeline, audit and outbox in one.
//!
//! Owns the row as written and as the table's stream shows it. Does not own what an event means to
//! whoever hears of it.

use chrono::{DateTime, Utc};
use quita_core::audit::Changes;
use quita_core::ids::MerchantId;
use quita_core::journal::Posting;
use serde::{Deserialize, Serialize};

use super::{ItemError, VERSION, kind, stored, to_item};
use crate::dynamo::Item;
use crate::keys::{self, Aggregate, EVENT_SEQ_MAX, Key, List, PrimaryKey};
use crate::schema;

/// One fact in the history of an aggregate, and the audit row of it: who, what, before and after.
/// Never changed, never deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    pub aggregate: Aggregate,
    /// Place in the history, from 1: the aggregate's version after the event. A change that no row
    /// tells of, such as the next try of a call to the bank, leaves a number out.
    pub seq: u64,
    pub at: DateTime<Utc>,
    /// Who caused it, e.g. `api`, `sweep_reminders`, `bank`.
    pub actor: String,
    /// Dotted name without version, e.g. `invoice.opened`.
    pub name: String,
    pub data: serde_json::Value,
    /// What it books; the row is listed in the journal when it books something.
    pub postings: Vec<Posting>,
    /// What the commit changed of the aggregate, on the last of its rows.
    pub changes: Changes,
}

/// Events by which it can be told what the chase brought, and how soon an owner took work up; none of
/// them books anything.
const CHASE_EVENTS: [&str; 9] = [
    "reminder.done",
    "promise.made",
    "promise.kept",
    "promise.broken",
    "task.opened",
    "task.assigned",
    "task.done",
    "invoice.owner_assigned",
    "invoice.noted",
];

impl EventRow {
    /// The list it is in, for good.
    fn list(&self) -> Option<List> {
        if !self.postings.is_empty() {
            Some(List::Journal)
        } else {
            CHASE_EVENTS.contains(&self.name.as_str()).then_some(List::Chase)
        }
    }
}

#[derive(Serialize, Deserialize)]
struct EventItem {
    pk: String,
    sk: String,
    kind: String,
    v: u32,
    seq: u64,
    at: DateTime<Utc>,
    actor: String,
    name: String,
    data: serde_json::Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    postings: Vec<Posting>,
    #[serde(default, skip_serializing_if = "Changes::is_empty")]
    changes: Changes,
}

/// The item of an event row.
pub fn event(merchant: &MerchantId, row: &EventRow) -> Result<Item, ItemError> {
    if row.seq == 0 || row.seq > EVENT_SEQ_MAX {
        let why = format!("event number {} is not in 1..={EVENT_SEQ_MAX}", row.seq);
        return Err(ItemError::Unstorable(why));
    }
    let PrimaryKey { pk, sk } = Key::Event(&row.aggregate, row.seq).of(merchant);
    let mut item = to_item(EventItem {
        pk,
        sk,
        kind: kind::EVENT.to_owned(),
        v: VERSION,
        seq: row.seq,
        at: row.at,
        actor: row.actor.clone(),
        name: row.name.clone(),
        data: row.data.clone(),
        postings: row.postings.clone(),
        changes: row.changes.clone(),
    })?;
    if let Some(list) = row.list() {
        let entry = keys::row_entry(merchant, list, &row.aggregate, row.seq, row.at);
        item.extend(keys::index_attributes(&schema::BY_STATE, entry));
    }
    Ok(item)
}

/// Reads an event row and whose it is; both are in its key.
pub(super) fn decode_event(item: Item) -> Result<(MerchantId, EventRow), ItemError> {
    let stored: EventItem = stored::from_item(item, kind::EVENT)?;
    let EventItem { pk, sk, seq, at, actor, name, data, postings, changes, .. } = stored;
    let Some((merchant, aggregate)) =
        keys::parse_aggregate(&pk).filter(|_| keys::parse_event_sk(&sk) == Some(seq))
    else {
        return Err(stored::misplaced(sk));
    };
    Ok((merchant, EventRow { aggregate, seq, at, actor, name, data, postings, changes }))
}

/// Reads the `NewImage` of a stream record; `None` for an item that is not an event row.
///
/// # Errors
/// An event row of an unknown version, or one that does not decode: it must not be skipped, since
/// the stream is the only way an event leaves.
pub fn event_from_image(image: &Item) -> Result<Option<(MerchantId, EventRow)>, ItemError> {
    if stored::kind_of(image) == kind::EVENT {
        stored::check_version(image)?;
        decode_event(image.clone()).map(Some)
    } else {
        Ok(None)
    }
}
