//! The check of a chain: of its links, and of what stands in the table beside it.
//!
//! A chain is read in pages, and a page cannot know what the others name. What it sees of histories
//! is put together by [`Trail`]: a row that no block names is found at the rows around it.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::block::{Block, Digest};

/// How long a row may wait for its block: the relay is behind by seconds, and tries for a day.
pub const WAIT_MAX: TimeDelta = TimeDelta::minutes(15);
/// How long the table's stream keeps a row. Older ones could not enter a chain that begins later.
/// Source: DynamoDB Streams, 24 hours.
const STREAM_KEPT: TimeDelta = TimeDelta::hours(24);

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub what: What,
    /// The block it was found at.
    pub block: Option<u64>,
    pub aggregate: Option<String>,
    pub seq: Option<u64>,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// There is none of that number, though there are later ones.
    BlockMissing,
    /// The hash of a block is not that of its content, or the block does not read.
    BlockAltered,
    /// A block does not go on from the one before it.
    LinkBroken,
    /// A block says to be older than the one before it.
    TimeReversed,
    /// A block has another hash than was noted elsewhere.
    NotAnchored,
    /// A row that a block names is not there.
    RowMissing,
    /// A row is not the one that the block names.
    RowAltered,
    /// A row stands in the table and in no block.
    RowUnlisted,
    /// A row is numbered higher than its aggregate has got.
    RowBeyond,
    /// There are rows, and what they tell of is not there.
    AggregateMissing,
}

impl What {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BlockMissing => "block_missing",
            Self::BlockAltered => "block_altered",
            Self::LinkBroken => "link_broken",
            Self::TimeReversed => "time_reversed",
            Self::NotAnchored => "not_anchored",
            Self::RowMissing => "row_missing",
            Self::RowAltered => "row_altered",
            Self::RowUnlisted => "row_unlisted",
            Self::RowBeyond => "row_beyond",
            Self::AggregateMissing => "aggregate_missing",
        }
    }
}

impl Fault {
    /// A fault of a block itself.
    pub fn of_block(what: What, nth: u64) -> Self {
        Self { what, block: Some(nth), aggregate: None, seq: None }
    }

    /// A fault of a row, or of its aggregate, which a block names.
    pub fn of_row(what: What, block: Option<u64>, aggregate: &str, seq: Option<u64>) -> Self {
        Self { what, block, aggregate: Some(aggregate.to_owned()), seq }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what.as_str())?;
        if let Some(block) = self.block {
            write!(f, " block {block}")?;
        }
        if let Some(aggregate) = &self.aggregate {
            write!(f, " {aggregate}")?;
        }
        self.seq.map_or(Ok(()), |seq| write!(f, " row {seq}"))
    }
}

/// Checks blocks in the order of their numbers, each by itself and with the one before it; `before`
/// is the last one that was checked already.
pub fn check_links(before: Option<&Block>, blocks: &[Block]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut last = before;
    for block in blocks {
        let nth = block.nth;
        let wanted = last.map_or(1, |last| last.nth + 1);
        if nth != wanted {
            // One word for a gap, however wide a false number makes it.
            faults.push(Fault::of_block(What::BlockMissing, wanted));
        }
        if block.hash != block.reckoned() {
            faults.push(Fault::of_block(What::BlockAltered, nth));
        }
        let prev = last.map_or(Digest::ZERO, |last| last.hash);
        if nth == wanted && block.prev != prev {
            faults.push(Fault::of_block(What::LinkBroken, nth));
        }
        if last.is_some_and(|last| block.at < last.at) {
            faults.push(Fault::of_block(What::TimeReversed, nth));
        }
        last = Some(block);
    }
    faults
}

/// What a page saw of one aggregate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub aggregate: String,
    /// The highest row that the page's blocks name.
    pub last: u64,
    /// Rows that stand in the table beside those the page's blocks name: the one before them, those
    /// between them, and the one after.
    pub others: Vec<Other>,
}

/// A row that the page's blocks do not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    pub seq: u64,
    /// When it was written, by its own word.
    pub at: DateTime<Utc>,
}

/// The pages of one walk over a chain, from its first block on, put together.
#[derive(Debug, Default)]
pub struct Trail {
    began: Option<DateTime<Utc>>,
    seen: BTreeMap<String, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    last: u64,
    /// The row after the last one, when that page was read.
    next: Option<Other>,
}

impl Trail {
    /// Takes the next page in. `began` is when the chain's first block was made.
    pub fn take(&mut self, began: DateTime<Utc>, page: &[History]) -> Vec<Fault> {
        let began = *self.began.get_or_insert(began);
        let mut faults = Vec::new();
        for History { aggregate, last, others } in page {
            let seen = self.seen.entry(aggregate.clone()).or_default();
            let named = seen.last;
            let unlisted = others.iter().filter(|other| {
                other.seq > named && other.seq < *last && other.at >= began - STREAM_KEPT
            });
            faults.extend(
                unlisted.map(|other| {
                    Fault::of_row(What::RowUnlisted, None, aggregate, Some(other.seq))
                }),
            );
            if *last >= seen.last {
                seen.last = *last;
                seen.next = others.iter().find(|other| other.seq > *last).copied();
            }
        }
        faults
    }

    /// What no page named in the end, though it has been there for longer than [`WAIT_MAX`].
    pub fn end(&self, now: DateTime<Utc>) -> Vec<Fault> {
        let overdue = self.seen.iter().filter_map(|(aggregate, seen)| {
            let next = seen.next.filter(|next| next.at + WAIT_MAX < now)?;
            Some(Fault::of_row(What::RowUnlisted, None, aggregate, Some(next.seq)))
        });
        overdue.collect()
    }
}
