//! Moves time the way it would have passed: from one thing due to the next, with a sweep at each.
//!
//! Owns the steps between now and then. Does not own what a sweep does. Invariant: nothing that
//! falls due on the way is swept later than it would have been by the sweep of that minute, except
//! what keeps failing, which is tried again once an hour instead of once a minute.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use quita_app::Unknown;
use quita_app::ports::Clock;
use quita_psp_sandbox::Bank;
use quita_table::keys::WORK_SHARDS;
use quita_table::store::{WORK_PAGE_MAX, WorkEntry};

use crate::clock::{ClockError, MovableClock};
use crate::machine::Machine;

/// Longest move in one go.
pub const DAYS_MAX: i64 = 400;
/// Rest between two tries of something that stays due.
const AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);
/// Pages looked through for the next thing due in one shard.
const PAGES_MAX: usize = 200;

/// Why a move ended early. The clock stands where it got to.
#[derive(Debug, thiserror::Error)]
pub enum TravelError {
    #[error(transparent)]
    Clock(#[from] ClockError),
    #[error("at most {DAYS_MAX} days are passed at once")]
    TooFar,
    #[error("the sweep did not finish")]
    Sweep(#[from] Unknown),
    #[error("the table does not say what is due")]
    Work(#[source] Unknown),
    #[error("what has expired was not removed")]
    Expiry(#[from] quita_testkit::embedded::EmbeddedError),
}

/// A machine, its clock, and the bank that shares it.
pub struct Traveller<'a> {
    pub machine: &'a Machine,
    pub clock: &'a MovableClock,
    pub bank: Option<&'a Arc<Bank>>,
}

impl Traveller<'_> {
    /// Moves to `to`; answers how many sweeps ran.
    pub async fn go(&self, to: DateTime<Utc>) -> Result<usize, TravelError> {
        let start = self.clock.now();
        if to < start {
            return Err(ClockError::Backwards.into());
        }
        if to - start > TimeDelta::days(DAYS_MAX) {
            return Err(TravelError::TooFar);
        }
        let mut sweeps = 0;
        loop {
            self.settle().await?;
            sweeps += 1;
            let now = self.clock.now();
            if now >= to {
                self.machine.engine().sweep_ttl(now)?;
                return Ok(sweeps);
            }
            self.step(now, to).await?;
        }
    }

    /// Everything that is due at this moment: callbacks of the bank, then a sweep.
    pub async fn settle(&self) -> Result<(), TravelError> {
        if let Some(bank) = self.bank {
            bank.deliver_callbacks().await;
        }
        self.machine.pump().await;
        self.machine.sweep().await?;
        Ok(())
    }

    async fn step(&self, now: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), TravelError> {
        let Due { stays, next } = due(self.machine, now, to).await.map_err(TravelError::Work)?;
        let again = stays.then(|| now + AGAIN_AFTER);
        let stop = [next, again].into_iter().flatten().min().unwrap_or(to).min(to);
        match self.clock.set(stop) {
            // A running clock may have passed the moment by itself.
            Ok(()) | Err(ClockError::Backwards) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

struct Due {
    /// Something is due now and was not done.
    stays: bool,
    /// When the next thing falls due.
    next: Option<DateTime<Utc>>,
}

async fn due(machine: &Machine, now: DateTime<Utc>, to: DateTime<Utc>) -> Result<Due, Unknown> {
    let mut due = Due { stays: false, next: None };
    for shard in 0..WORK_SHARDS {
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let store = &machine.deps().store;
            let page = store.due_work(shard, to, WORK_PAGE_MAX, cursor.as_ref()).await?;
            due.stays |= page.entries.iter().any(|entry| entry.due_at <= now);
            let first = page.entries.iter().map(|entry| entry.due_at).find(|at| *at > now);
            if let Some(first) = first {
                due.next = Some(due.next.map_or(first, |known| known.min(first)));
                break;
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(due)
}

/// What falls due next over all shards, soonest first.
pub async fn work_ahead(
    machine: &Machine,
    until: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<WorkEntry>, Unknown> {
    let mut entries = Vec::new();
    for shard in 0..WORK_SHARDS {
        entries.extend(machine.deps().store.due_work(shard, until, limit, None).await?.entries);
    }
    entries.sort_by_key(|entry| entry.due_at);
    entries.truncate(limit);
    Ok(entries)
}
