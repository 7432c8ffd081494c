//! Takes the entries of an accepted file into the books, batch by batch.
//!
//! The file is read again from its pieces and everything up to the checkpoint is skipped. The
//! line of an entry is recorded in the transaction that has its effect, under its fingerprint, so neither a
//! crash nor a file that comes again does anything twice.
//!
//! ```text
//!   batch ── one read ──┬─ credits an invoice ──> a transaction of its own, with its line
//!                       └─ anything else ──┐
//!                                          └────> one transaction, with the checkpoint
//!                                                   └─ the import changed: someone else is at it
//! ```

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use chrono::TimeDelta;
use quita_bank_files::{Entry, Item};
use quita_core::bank_import::{BankImport, FINISHED, Outcome, STOPPED};
use quita_core::ids::{ImportId, MerchantId};
use quita_table::store::{ItemRef, Part};
use quita_table::{Commit, CommitError, Expected};

use crate::deps::Deps;
use crate::error::Unknown;
use crate::metrics;
use crate::read_bank_file::{GONE, Walk, Walked, row};
use crate::take_line::{Taker, Tried};

/// Entries of one batch. Each writes at most six items (payment, three rows, line, fee), and with
/// the checkpoint they stay below the hundred of one transaction.
pub const BATCH_ENTRIES: usize = 16;
/// How long whoever is at an import is left alone after each batch.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How long one run may take; the next one goes on from the checkpoint.
const TIME_BUDGET: Duration = Duration::from_secs(240);
/// Times a batch is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// Who the rows name.
pub(crate) const ACTOR: &str = "import_bank_file";

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// Every entry was taken in.
    Finished,
    /// There was nothing to do.
    Nothing,
    /// The time was over.
    LeftOff,
    /// Someone else is at it.
    Busy,
    /// The rest cannot be taken in.
    Stopped,
}

/// Goes on with an import from its checkpoint.
#[tracing::instrument(skip_all, fields(merchant.id = %merchant, import.id = %id))]
pub async fn import_bank_file(
    deps: &Deps,
    merchant: &MerchantId,
    id: &ImportId,
) -> Result<Ran, Unknown> {
    let stopwatch = tokio::time::Instant::now();
    let refs = [ItemRef::Import(id.clone()), ItemRef::Merchant];
    let mut found = deps.store.read(merchant, &refs).await?;
    let import = found
        .take_import(id)
        .ok_or_else(|| Unknown::new("loading the import", "it is not there"))?;
    let settings = found
        .take_merchant()
        .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
    if !import.is_importing() {
        return Ok(Ran::Nothing);
    }
    let accepted = import.clone();
    let mut walk = Walk::of(deps, &accepted)?;
    let mut run = Run { taker: Taker::new(deps, settings, id.clone()), deps, import };
    let (mut items, mut waiting) = (Vec::new(), VecDeque::new());
    let mut skip = run.import.done;
    loop {
        items.clear();
        let walked = walk.next(&mut items).await?;
        for item in items.drain(..) {
            match item {
                Item::Entry(_) if skip > 0 => skip -= 1,
                Item::Entry(entry) => waiting.push_back(*entry),
                Item::BadLine(_) => return run.stop(READ_OTHERWISE).await,
                Item::Account(_) => {}
            }
        }
        let at_end = match walked {
            Walked::On => false,
            Walked::End(_) => true,
            Walked::Refused(_) => return run.stop(READ_OTHERWISE).await,
            Walked::Gone => return run.stop(GONE).await,
        };
        while waiting.len() >= BATCH_ENTRIES || (at_end && !waiting.is_empty()) {
            let is_over = stopwatch.elapsed() >= TIME_BUDGET;
            if !run.take_batch(&mut waiting, is_over).await? {
                return Ok(Ran::Busy);
            }
            if is_over {
                return Ok(Ran::LeftOff);
            }
        }
        if at_end {
            return run.finish().await;
        }
    }
}

/// Why an accepted file stops: another release reads it otherwise.
const READ_OTHERWISE: &str =
    "the file is read otherwise than when it was accepted; upload it again";

struct Run<'a> {
    deps: &'a Deps,
    taker: Taker<'a>,
    import: BankImport,
}

impl Run<'_> {
    /// Takes in the first of the waiting entries; answers `false` when someone else is at it. The
    /// last batch of a run lets the next run begin at once.
    async fn take_batch(
        &mut self,
        waiting: &mut VecDeque<Entry>,
        is_last: bool,
    ) -> Result<bool, Unknown> {
        let batch: Vec<&Entry> = waiting.iter().take(BATCH_ENTRIES).collect();
        for _ in 0..CONFLICTS_MAX {
            let (commit, outcomes, news) = self.decide(&batch).await?;
            let now = self.deps.clock.now();
            let next_at = if is_last { now } else { now + LEASE };
            let after = self.import.gone_on(&outcomes, next_at);
            let expected = Expected::Version(self.import.version);
            let commit = commit.import(&after, expected, after.work().as_ref());
            match self.deps.store.commit(commit).await {
                Ok(()) => {
                    metrics::lines_taken(&news);
                    self.import = after;
                    waiting.drain(..outcomes.len());
                    return Ok(true);
                }
                Err(CommitError::Conflict(conflicts)) => {
                    let ours = Part::Import(self.import.id.clone());
                    if conflicts.iter().any(|conflict| conflict.part == ours) {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Unknown::new("taking in lines of a bank file", "others kept writing first"))
    }

    /// What becomes of each entry of the batch, and the writes of those that have none of their own
    /// yet; the last list is what those come to. It ends before a second entry about the same
    /// payment: that one is decided after the first was written.
    async fn decide(
        &mut self,
        batch: &[&Entry],
    ) -> Result<(Commit, Vec<Outcome>, Vec<Outcome>), Unknown> {
        let known = self.taker.read(batch).await?;
        let mut commit = Commit::new(&self.import.merchant);
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut news = Vec::new();
        let mut touched = BTreeSet::new();
        for entry in batch {
            let outcome = match self.taker.try_together(entry, &known).await? {
                Tried::Known(outcome) => outcome,
                Tried::Planned(plan) => {
                    if plan.payment.as_ref().is_some_and(|id| !touched.insert(id.clone())) {
                        break;
                    }
                    commit = commit.and(plan.commit);
                    news.push(plan.outcome);
                    plan.outcome
                }
                Tried::Alone => self.taker.take_alone(entry).await?,
            };
            outcomes.push(outcome);
        }
        Ok((commit, outcomes, news))
    }

    async fn finish(self) -> Result<Ran, Unknown> {
        let now = self.deps.clock.now();
        let after = self.import.finished(now);
        self.end(after, FINISHED, Ran::Finished).await
    }

    async fn stop(self, why: &str) -> Result<Ran, Unknown> {
        let now = self.deps.clock.now();
        let after = self.import.stopped(why, now);
        self.end(after, STOPPED, Ran::Stopped).await
    }

    async fn end(self, after: BankImport, name: &str, ran: Ran) -> Result<Ran, Unknown> {
        let event = row(&after, name, ACTOR, self.deps.clock.now());
        let commit = Commit::new(&after.merchant)
            .import(&after, Expected::Version(self.import.version), None)
            .event(&event);
        match self.deps.store.commit(commit).await {
            Ok(()) => Ok(ran),
            Err(CommitError::Conflict(_)) => Ok(Ran::Busy),
            Err(error) => Err(error.into()),
        }
    }
}
