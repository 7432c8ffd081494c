//! Appends what was relayed to the audit chain of its merchant.
//!
//! Relays run side by side, so the next number is taken by a conditional write: whoever comes second
//! reads the new head and goes on from it. A batch that comes again is chained again, which harms
//! nothing: the same row has the same digest.

use std::collections::BTreeMap;
use std::time::Duration;

use quita_core::audit::{Block, Digest, ENTRIES_MAX, Entry};
use quita_core::ids::MerchantId;
use quita_table::items::{EventRow, Stored};
use quita_table::keys::AUDIT_NTH_MAX;
use quita_table::store::Conflict;
use quita_table::{Commit, CommitError, Expected};

use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::metrics;

/// Times another relay may be first. With ten side by side for one merchant, each is at its turn
/// long before.
const CONFLICTS_MAX: u32 = 30;
/// Longest wait before the next try; the first waits are shorter, and all are random.
const WAIT_MAX: Duration = Duration::from_millis(200);
/// What the waits grow by.
const WAIT_STEP: Duration = Duration::from_millis(10);

/// A row of the table's stream.
#[derive(Debug, Clone)]
pub struct Relayed {
    pub merchant: MerchantId,
    pub row: EventRow,
    /// Of the row as it is stored.
    pub sha256: Digest,
}

/// Appends one block a merchant. Answers how many rows from the first on are in a block for sure; the
/// rest comes again.
pub async fn append(deps: &Deps, rows: &[Relayed]) -> usize {
    let mut safe = rows.len();
    let mut by_merchant: BTreeMap<&MerchantId, (usize, Vec<Entry>)> = BTreeMap::new();
    for (place, Relayed { merchant, row, sha256 }) in rows.iter().enumerate() {
        let aggregate = row.aggregate.as_str().to_owned();
        let entry = Entry { aggregate, seq: row.seq, sha256: *sha256 };
        by_merchant.entry(merchant).or_insert((place, Vec::new())).1.push(entry);
    }
    for (merchant, (first, entries)) in by_merchant {
        for some in entries.chunks(ENTRIES_MAX) {
            if let Err(error) = append_block(deps, merchant, some).await {
                tracing::error!(
                    merchant.id = %merchant, error = %chain(&error),
                    "Audit chain did not take {} rows; they are relayed again", entries.len()
                );
                safe = safe.min(first);
                break;
            }
        }
    }
    safe
}

async fn append_block(
    deps: &Deps,
    merchant: &MerchantId,
    entries: &[Entry],
) -> Result<(), Unknown> {
    for nth_try in 0..CONFLICTS_MAX {
        let head = head(deps, merchant).await?;
        let block = Block::after(head.as_ref(), merchant, entries.to_vec(), deps.clock.now());
        let commit = Commit::new(merchant).record(&block, Expected::New);
        match deps.store.commit(commit).await {
            Ok(()) => {
                tell(&block);
                return Ok(());
            }
            // A transport that tries again may have written it the first time.
            Err(CommitError::Conflict(conflicts)) if is_there(&conflicts, &block) => {
                tell(&block);
                return Ok(());
            }
            Err(CommitError::Conflict(_)) => {
                let longest = (WAIT_STEP * (nth_try + 1)).min(WAIT_MAX);
                tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("appending to the audit chain", "others kept writing first"))
}

/// The last block of a chain.
pub(super) async fn head(deps: &Deps, merchant: &MerchantId) -> Result<Option<Block>, Unknown> {
    let mut found = deps.store.blocks(merchant, (1, AUDIT_NTH_MAX), 1, true).await?;
    match found.pop() {
        None => Ok(None),
        Some(head) => head.block.map(Some).ok_or_else(|| {
            let why = format!("block {} does not read", head.nth);
            Unknown::new("reading the head of the audit chain", why)
        }),
    }
}

/// The log keeps the head outside of the table: who rewrites the chain cannot rewrite that.
fn tell(block: &Block) {
    metrics::audit_blocks(1);
    let Block { merchant, nth, hash, entries, .. } = block;
    tracing::info!(
        merchant.id = %merchant, audit.block = nth, audit.hash = %hash, rows = entries.len(),
        "Audit chain has a new head"
    );
}

fn is_there(conflicts: &[Conflict], block: &Block) -> bool {
    conflicts.iter().any(|conflict| match &conflict.found {
        Some(Stored::Record(item)) => {
            item.clone().decode::<Block>(&block.merchant).is_ok_and(|found| found == *block)
        }
        _ => false,
    })
}
