//! What the audit asks: blocks of the chain, and rows as they are stored.
//!
//! It looks for what somebody may have tampered with, so what does not decode is an answer here and
//! no error.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use quita_core::audit::{Block, Digest};
use quita_core::ids::MerchantId;
use serde_dynamo::AttributeValue;

use super::lists::Range;
use super::{PAGE_ITEMS_MAX, READ_ITEMS_MAX, Store, StoreError};
use crate::dynamo::Item;
use crate::items::{self, EventRow, Stored};
use crate::keys::{self, Aggregate, Key, PrimaryKey};
use crate::record::RecordItem;

/// Histories that are asked for at the same time.
const QUERIES_AT_ONCE: usize = 16;

/// A block by its number; `None` when it does not read.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBlock {
    pub nth: u64,
    pub block: Option<Block>,
}

/// An event row as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRow {
    pub seq: u64,
    pub sha256: Digest,
    /// When it was written, by its own word.
    pub at: Option<DateTime<Utc>>,
    /// `None` when it does not read.
    pub row: Option<EventRow>,
}

impl Store {
    /// Blocks numbered `from` to `to`, both included, in the order of their numbers or against it:
    /// one strongly consistent query.
    pub async fn blocks(
        &self,
        merchant: &MerchantId,
        (from, to): (u64, u64),
        limit: usize,
        newest_first: bool,
    ) -> Result<Vec<StoredBlock>, StoreError> {
        let highest = keys::AUDIT_NTH_MAX;
        let (from, to) = (from.min(highest), to.min(highest));
        if from > to {
            return Ok(Vec::new());
        }
        let range = Range { from: keys::audit_sk(from), to: keys::audit_sk(to) };
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let mut request = self.range_request(None, &keys::audit_pk(merchant), &range, limit);
        request.scan_index_forward = !newest_first;
        let output = self.dynamo.query(request).await?;
        let blocks = output.items.into_iter().filter_map(|item| {
            let nth = keys::parse_audit_sk(keys::text(&item, crate::schema::SK)?)?;
            let block = RecordItem(item).decode(merchant).ok();
            Some(StoredBlock { nth, block })
        });
        Ok(blocks.collect())
    }

    /// The rows of an aggregate from `first` to `last`, both included, with the one before them and
    /// the one after them, in order; strongly consistent.
    pub async fn rows_around(
        &self,
        merchant: &MerchantId,
        aggregate: &Aggregate,
        (first, last): (u64, u64),
    ) -> Result<Vec<StoredRow>, StoreError> {
        let pk = keys::aggregate_pk(merchant, aggregate);
        let mut rows = Vec::new();
        if first > 1 {
            rows.extend(self.rows_down(merchant, aggregate, first - 1, 1).await?);
        }
        let (mut from, to) = (keys::event_sk(first), keys::event_sk(keys::EVENT_SEQ_MAX));
        loop {
            let limit = usize::try_from(last.saturating_sub(first)).unwrap_or(PAGE_ITEMS_MAX);
            let limit = (limit + 2).min(PAGE_ITEMS_MAX);
            let output =
                self.query_range(None, &pk, &Range { from, to: to.clone() }, limit).await?;
            let Some(end) = output.items.last().and_then(PrimaryKey::of_item) else { break };
            let is_over = output.items.len() < limit && output.last_evaluated_key.is_none();
            rows.extend(output.items.iter().filter_map(of_item(merchant)));
            if is_over || rows.last().is_some_and(|row| row.seq > last) || end.sk >= to {
                break;
            }
            from = keys::just_above(&end.sk);
        }
        Ok(rows)
    }

    /// [`Store::rows_around`] of several aggregates, in their order.
    pub async fn histories(
        &self,
        merchant: &MerchantId,
        asked: &[(Aggregate, (u64, u64))],
    ) -> Result<Vec<Vec<StoredRow>>, StoreError> {
        let mut histories = Vec::with_capacity(asked.len());
        for some in asked.chunks(QUERIES_AT_ONCE) {
            let reads = some.iter().map(|(it, ends)| self.rows_around(merchant, it, *ends));
            histories.extend(try_join_all(reads).await?);
        }
        Ok(histories)
    }

    /// The rows of an aggregate up to `to`, newest first: one strongly consistent query.
    pub async fn rows_down(
        &self,
        merchant: &MerchantId,
        aggregate: &Aggregate,
        to: u64,
        limit: usize,
    ) -> Result<Vec<StoredRow>, StoreError> {
        let range = Range { from: keys::event_sk(0), to: keys::event_sk(to) };
        let pk = keys::aggregate_pk(merchant, aggregate);
        let mut request = self.range_request(None, &pk, &range, limit);
        request.scan_index_forward = false;
        let output = self.dynamo.query(request).await?;
        Ok(output.items.iter().filter_map(of_item(merchant)).collect())
    }

    /// Rows by their places; what is not there is left out. Strongly consistent.
    ///
    /// # Errors
    /// [`StoreError::TooManyItems`] above [`READ_ITEMS_MAX`].
    pub async fn rows(
        &self,
        merchant: &MerchantId,
        places: &BTreeSet<(Aggregate, u64)>,
    ) -> Result<BTreeMap<(Aggregate, u64), StoredRow>, StoreError> {
        let keyed: BTreeMap<PrimaryKey, &(Aggregate, u64)> = places
            .iter()
            .map(|place| (Key::Event(&place.0, place.1).of(merchant), place))
            .collect();
        let found = self.read_keys(&keyed.keys().cloned().collect()).await?;
        let rows = found.iter().filter_map(|item| {
            let place = keyed.get(&PrimaryKey::of_item(item)?)?;
            Some(((*place).clone(), of_item(merchant)(item)?))
        });
        Ok(rows.collect())
    }

    /// How far the numbers of rows have got, by aggregate: its version, or for a reconciliation its
    /// count of events. An aggregate that is not there is left out.
    pub async fn heights(
        &self,
        merchant: &MerchantId,
        aggregates: &BTreeSet<Aggregate>,
    ) -> Result<BTreeMap<Aggregate, u64>, StoreError> {
        let keyed: Vec<(PrimaryKey, &Aggregate)> =
            aggregates.iter().map(|it| (keys::aggregate_key(merchant, it), it)).collect();
        let mut heights = BTreeMap::new();
        for some in keyed.chunks(READ_ITEMS_MAX) {
            let keys = some.iter().map(|(key, _)| key.clone()).collect();
            for item in self.read_keys(&keys).await? {
                let key = PrimaryKey::of_item(&item);
                let found = some.iter().find(|(wanted, _)| Some(wanted) == key.as_ref());
                heights.extend(found.map(|(_, it)| ((*it).clone(), height(merchant, &item))));
            }
        }
        Ok(heights)
    }
}

/// How far an aggregate has got; 0 when it does not say.
fn height(merchant: &MerchantId, item: &Item) -> u64 {
    if let Ok((_, Stored::Reconciliation(known))) = items::decode(merchant, item.clone()) {
        return known.events;
    }
    match item.get("version") {
        Some(AttributeValue::N(version)) => version.parse().unwrap_or(0),
        _ => 0,
    }
}

fn of_item(merchant: &MerchantId) -> impl Fn(&Item) -> Option<StoredRow> {
    move |item| {
        let seq = keys::parse_event_sk(keys::text(item, crate::schema::SK)?)?;
        let row = match items::decode(merchant, item.clone()) {
            Ok((_, Stored::Event(row))) => Some(*row),
            _ => None,
        };
        let at = keys::text(item, "at").and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        let at = at.map(|at| at.to_utc());
        Some(StoredRow { seq, sha256: items::digest(item), at, row })
    }
}
