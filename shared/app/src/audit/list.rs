//! Lists what was done: who, what, when, and what it changed, newest first.
//!
//! Owns the outside form of a row. The list is read along the chain, so a row stands in it once it
//! is in a block, some seconds after it was written.

use std::collections::{BTreeMap, BTreeSet};

use quita_core::audit::Entry;
use quita_core::ids::MerchantId;
use quita_table::items::EventRow;
use quita_table::keys::{AUDIT_NTH_MAX, Aggregate, EVENT_SEQ_MAX};
use quita_table::store::{READ_ITEMS_MAX, StoredRow};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;

/// Blocks looked through for one page. A page that found less than asked for has a cursor all the
/// same.
const BLOCKS_MAX: usize = 100;

/// One change.
#[derive(Debug, Serialize)]
pub struct RowView {
    /// The block it stands in; none when the rows of one aggregate are asked for.
    block: Option<u64>,
    /// Id of what changed.
    aggregate: String,
    sequence: u64,
    at: Option<String>,
    /// Who did it.
    actor: Option<String>,
    event: Option<String>,
    data: Value,
    /// Field -> `{before, after}`.
    changes: Value,
    /// Set when the row is not there, or does not read: see the verification.
    broken: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub limit: usize,
    /// Only what this one did.
    pub actor: Option<String>,
    /// Only what was done to the aggregate of this id.
    pub aggregate: Option<String>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// What is wrong with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Aggregate,
    Cursor,
}

/// Where a page ended: the lowest place it has shown.
#[derive(Debug, Clone, Copy)]
struct Place {
    block: u64,
    /// Entries of the block that are still to come, from its first on.
    left: usize,
}

/// A page of the list.
#[derive(Debug)]
pub struct Page {
    pub items: Vec<RowView>,
    pub next: Option<String>,
}

impl Asked {
    fn wants(&self, row: Option<&EventRow>) -> bool {
        let wanted = self.actor.as_ref();
        wanted.is_none_or(|wanted| row.is_some_and(|row| row.actor == *wanted))
    }
}

impl Place {
    /// Reads a cursor.
    fn parse(text: &str) -> Option<Self> {
        let (block, left) = text.split_once('.')?;
        Some(Self { block: block.parse().ok()?, left: left.parse().ok()? })
    }
}

impl RowView {
    fn of(block: Option<u64>, aggregate: &str, sequence: u64, row: Option<&EventRow>) -> Self {
        let changes = row.map(|row| {
            let fields = row.changes.iter().map(|(field, before, after)| {
                (field.to_owned(), json!({ "before": before, "after": after }))
            });
            fields.collect::<Map<String, Value>>()
        });
        Self {
            block,
            aggregate: aggregate.to_owned(),
            sequence,
            at: row.map(|row| instant(row.at)),
            actor: row.map(|row| row.actor.clone()),
            event: row.map(|row| row.name.clone()),
            data: row.map_or(Value::Null, |row| row.data.clone()),
            changes: Value::Object(changes.unwrap_or_default()),
            broken: row.is_none(),
        }
    }
}

/// What was done, newest first.
pub async fn list(
    deps: &Deps,
    merchant: &MerchantId,
    asked: &Asked,
) -> Result<Result<Page, Refused>, Unknown> {
    let cursor = asked.cursor.as_deref();
    if let Some(id) = &asked.aggregate {
        let Some(aggregate) = Aggregate::parse(id) else { return Ok(Err(Refused::Aggregate)) };
        let below = cursor.map(|text| text.parse().map_err(|_| Refused::Cursor)).transpose();
        return match below {
            Ok(below) => Ok(Ok(of_aggregate(deps, merchant, &aggregate, asked, below).await?)),
            Err(refused) => Ok(Err(refused)),
        };
    }
    match cursor.map(|text| Place::parse(text).ok_or(Refused::Cursor)).transpose() {
        Ok(cursor) => Ok(Ok(of_all(deps, merchant, asked, cursor).await?)),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Along the chain.
async fn of_all(
    deps: &Deps,
    merchant: &MerchantId,
    asked: &Asked,
    cursor: Option<Place>,
) -> Result<Page, Unknown> {
    let to = cursor.map_or(AUDIT_NTH_MAX, |place| place.block);
    let blocks = deps.store.blocks(merchant, (1, to), BLOCKS_MAX, true).await?;
    let (mut items, mut next) = (Vec::new(), None);
    for stored in &blocks {
        // What comes after this block, when nothing of it is left.
        next = (stored.nth > 1).then(|| Place { block: stored.nth - 1, left: usize::MAX });
        let entries = stored.block.as_ref().map_or(&[][..], |block| &block.entries);
        let left = cursor.filter(|place| place.block == stored.nth).map(|place| place.left);
        let entries = &entries[..left.unwrap_or(usize::MAX).min(entries.len())];
        let rows = read(deps, merchant, entries).await?;
        for (place, Entry { aggregate, seq, .. }) in entries.iter().enumerate().rev() {
            let found = Aggregate::parse(aggregate).and_then(|it| rows.get(&(it, *seq)));
            let row = found.and_then(|found| found.row.as_ref());
            if asked.wants(row) {
                items.push(RowView::of(Some(stored.nth), aggregate, *seq, row));
            }
            if items.len() >= asked.limit && place > 0 {
                next = Some(Place { block: stored.nth, left: place });
                break;
            }
        }
        if items.len() >= asked.limit {
            break;
        }
    }
    Ok(Page { items, next: next.map(|Place { block, left }| format!("{block}.{left}")) })
}

async fn read(
    deps: &Deps,
    merchant: &MerchantId,
    entries: &[Entry],
) -> Result<BTreeMap<(Aggregate, u64), StoredRow>, Unknown> {
    let places = entries.iter().filter_map(|it| Some((Aggregate::parse(&it.aggregate)?, it.seq)));
    let places: Vec<(Aggregate, u64)> = places.collect();
    let mut rows = BTreeMap::new();
    for some in places.chunks(READ_ITEMS_MAX) {
        let some: BTreeSet<(Aggregate, u64)> = some.iter().cloned().collect();
        rows.extend(deps.store.rows(merchant, &some).await?);
    }
    Ok(rows)
}

/// Along the history of one aggregate, below the row numbered `below`.
async fn of_aggregate(
    deps: &Deps,
    merchant: &MerchantId,
    aggregate: &Aggregate,
    asked: &Asked,
    below: Option<u64>,
) -> Result<Page, Unknown> {
    let to = below.map_or(EVENT_SEQ_MAX, |below| below.saturating_sub(1));
    let rows = deps.store.rows_down(merchant, aggregate, to, asked.limit + 1).await?;
    let more = rows.len() > asked.limit;
    let kept = &rows[..asked.limit.min(rows.len())];
    let id = aggregate.as_str();
    let wanted = kept.iter().filter(|it| asked.wants(it.row.as_ref()));
    let items = wanted.map(|it| RowView::of(None, id, it.seq, it.row.as_ref())).collect();
    let next = kept.last().filter(|_| more).map(|last| last.seq.to_string());
    Ok(Page { items, next })
}
