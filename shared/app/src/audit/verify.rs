//! Checks a part of a merchant's audit chain against itself and against the table.
//!
//! One call takes a bounded piece. Whoever walks the whole chain puts the pieces together with
//! [`quita_core::audit::Trail`], which finds the rows that no block names.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use quita_core::audit::{Block, Digest, Fault, History, Other, What, check_links};
use quita_core::ids::MerchantId;
use quita_table::keys::Aggregate;
use quita_table::store::{PAGE_ITEMS_MAX, StoredBlock, StoredRow};
use serde::{Deserialize, Serialize};

use super::append::head;
use crate::deps::Deps;
use crate::error::Unknown;

/// Rows of one call, counting the last block whole.
pub const ROWS_MAX: usize = 200;

/// What a piece of the chain looks like. The API's answer, and what the command reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Blocks that were checked, and rows they name.
    pub blocks: u64,
    pub rows: u64,
    /// The first and the last block that was checked; none when the chain is empty.
    pub from: Option<u64>,
    pub to: Option<u64>,
    /// When the first of them was made.
    pub since: Option<DateTime<Utc>>,
    /// When it was checked.
    pub at: DateTime<Utc>,
    /// The last block of the whole chain.
    pub head: Option<Head>,
    pub faults: Vec<Fault>,
    /// What was seen of each history, for whoever walks the whole chain.
    pub histories: Vec<History>,
    /// Leads to the next piece; none at the end.
    pub next_cursor: Option<String>,
}

/// The last block of a chain. Noted elsewhere, it shows later that nothing up to it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub block: u64,
    pub sha256: Digest,
}

impl Head {
    /// Reads `{block}:{hash}`.
    pub fn parse(text: &str) -> Option<Self> {
        let (block, hash) = text.split_once(':')?;
        Some(Self { block: block.parse().ok()?, sha256: Digest::parse(hash).ok()? })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.block, self.sha256)
    }
}

/// Checks the blocks after the one numbered `after`, or from the first on. `anchor` is a block and
/// its hash as noted elsewhere; it is checked when the piece has it.
pub async fn verify(
    deps: &Deps,
    merchant: &MerchantId,
    after: u64,
    anchor: Option<Head>,
) -> Result<Verification, Unknown> {
    let head = match head(deps, merchant).await {
        Ok(head) => head.map(|head| Head { block: head.nth, sha256: head.hash }),
        // An altered head is found below, among the blocks.
        Err(_) => None,
    };
    let found =
        deps.store.blocks(merchant, (after.max(1), u64::MAX), PAGE_ITEMS_MAX, false).await?;
    let is_full = found.len() == PAGE_ITEMS_MAX;
    let (piece, is_cut) = cut(found, after);
    let is_over = !is_full && !is_cut;
    let to = piece.last().map(|last| last.nth);
    let mut faults = of_blocks(&piece, after);
    let blocks: Vec<&Block> =
        piece.iter().filter(|it| it.nth > after).filter_map(|it| it.block.as_ref()).collect();
    faults.extend(of_anchor(&blocks, anchor, head, is_over));
    let mut named = Named::default();
    blocks.iter().for_each(|block| named.add(block, &mut faults));
    let histories = named.check(deps, merchant, &mut faults).await?;
    let next_cursor = to.filter(|_| !is_over).map(|to| to.to_string());
    Ok(Verification {
        blocks: blocks.len() as u64,
        rows: blocks.iter().map(|block| block.entries.len() as u64).sum(),
        from: blocks.first().map(|first| first.nth),
        to: blocks.last().map(|last| last.nth),
        since: blocks.first().map(|first| first.at),
        at: deps.clock.now(),
        head,
        faults,
        histories,
        next_cursor,
    })
}

/// The blocks of one call, with the one before them, and whether there are more.
fn cut(mut found: Vec<StoredBlock>, after: u64) -> (Vec<StoredBlock>, bool) {
    let mut rows = 0;
    let mut kept = 0;
    for stored in &found {
        if rows >= ROWS_MAX {
            break;
        }
        kept += 1;
        if stored.nth > after {
            rows += stored.block.as_ref().map_or(0, |block| block.entries.len());
        }
    }
    let is_cut = kept < found.len();
    found.truncate(kept);
    (found, is_cut)
}

/// The faults of blocks and links.
fn of_blocks(piece: &[StoredBlock], after: u64) -> Vec<Fault> {
    let unreadable: BTreeSet<u64> =
        piece.iter().filter(|it| it.block.is_none()).map(|it| it.nth).collect();
    let altered = unreadable.iter().filter(|nth| **nth > after);
    let mut faults: Vec<Fault> =
        altered.map(|nth| Fault::of_block(What::BlockAltered, *nth)).collect();
    let blocks: Vec<Block> = piece.iter().filter_map(|it| it.block.clone()).collect();
    let links = match blocks.split_first() {
        Some((first, rest)) if after > 0 => {
            if first.nth != after && !unreadable.contains(&after) {
                faults.push(Fault::of_block(What::BlockMissing, after));
            }
            check_links(Some(first), rest)
        }
        _ => check_links(None, &blocks),
    };
    // A block that does not read is there.
    let known = |fault: &Fault| {
        fault.what == What::BlockMissing && fault.block.is_some_and(|it| unreadable.contains(&it))
    };
    faults.extend(links.into_iter().filter(|fault| !known(fault)));
    faults
}

/// Whether the anchored block has the hash that was noted. At the end of a chain it has to be there.
fn of_anchor(
    blocks: &[&Block],
    anchor: Option<Head>,
    head: Option<Head>,
    is_over: bool,
) -> Option<Fault> {
    let anchor = anchor?;
    let fault = Some(Fault::of_block(What::NotAnchored, anchor.block));
    match blocks.iter().find(|block| block.nth == anchor.block) {
        Some(block) if block.hash == anchor.sha256 => None,
        Some(_) => fault,
        None => fault.filter(|_| is_over && head.is_none_or(|head| head.block < anchor.block)),
    }
}

/// The rows that some blocks name: by aggregate and number, in which block and with which digest.
#[derive(Default)]
struct Named {
    rows: BTreeMap<Aggregate, BTreeMap<u64, Vec<(u64, Digest)>>>,
    /// When the last of the blocks was made.
    until: Option<DateTime<Utc>>,
}

impl Named {
    fn add(&mut self, block: &Block, faults: &mut Vec<Fault>) {
        self.until = Some(block.at);
        for entry in &block.entries {
            let Some(aggregate) = Aggregate::parse(&entry.aggregate) else {
                let (nth, seq) = (Some(block.nth), Some(entry.seq));
                faults.push(Fault::of_row(What::RowMissing, nth, &entry.aggregate, seq));
                continue;
            };
            let rows = self.rows.entry(aggregate).or_default();
            rows.entry(entry.seq).or_default().push((block.nth, entry.sha256));
        }
    }

    /// Compares with what stands in the table.
    async fn check(
        &self,
        deps: &Deps,
        merchant: &MerchantId,
        faults: &mut Vec<Fault>,
    ) -> Result<Vec<History>, Unknown> {
        let asked: Vec<(Aggregate, (u64, u64))> =
            self.rows.iter().filter_map(|(it, rows)| Some((it.clone(), ends(rows)?))).collect();
        let stored = deps.store.histories(merchant, &asked).await?;
        // After the rows, so that a row written meanwhile is not above what is read here.
        let aggregates = self.rows.keys().cloned().collect();
        let heights = deps.store.heights(merchant, &aggregates).await?;
        let mut histories = Vec::with_capacity(stored.len());
        for ((aggregate, named), stored) in self.rows.iter().zip(stored) {
            let id = aggregate.as_str();
            faults.extend(of_rows(id, named, &stored));
            match heights.get(aggregate) {
                // A request for a second person is over some day; its rows stay.
                None if matches!(aggregate, Aggregate::Approval(_)) => {}
                None => faults.push(Fault::of_row(What::AggregateMissing, None, id, None)),
                Some(height) => {
                    let beyond = stored.iter().filter(|row| row.seq > *height);
                    faults.extend(
                        beyond.map(|row| Fault::of_row(What::RowBeyond, None, id, Some(row.seq))),
                    );
                }
            }
            let others = stored.iter().filter(|row| !named.contains_key(&row.seq));
            // A row whose time does not read counts as of these blocks.
            let at = |row: &StoredRow| row.at.or(self.until).unwrap_or_default();
            let others = others.map(|row| Other { seq: row.seq, at: at(row) }).collect();
            let last = named.keys().next_back().copied().unwrap_or(0);
            histories.push(History { aggregate: id.to_owned(), last, others });
        }
        Ok(histories)
    }
}

fn ends(rows: &BTreeMap<u64, Vec<(u64, Digest)>>) -> Option<(u64, u64)> {
    Some((*rows.keys().next()?, *rows.keys().next_back()?))
}

/// The rows of one aggregate that are gone or not as they were.
fn of_rows(
    aggregate: &str,
    named: &BTreeMap<u64, Vec<(u64, Digest)>>,
    stored: &[StoredRow],
) -> Vec<Fault> {
    let stored: BTreeMap<u64, Digest> = stored.iter().map(|row| (row.seq, row.sha256)).collect();
    let mut faults = Vec::new();
    for (seq, told) in named {
        for (block, digest) in told {
            let what = match stored.get(seq) {
                None => What::RowMissing,
                Some(found) if found != digest => What::RowAltered,
                Some(_) => continue,
            };
            faults.push(Fault::of_row(what, Some(*block), aggregate, Some(*seq)));
        }
    }
    faults
}
