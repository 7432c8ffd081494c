//! Moves time the way it would have passed: from one thing due to the next, with a sweep at each.
//!
//! Owns the steps between now and then. Does not own what a sweep does. Invariant: nothing that
//! falls due on the way is swept later than it would have been by the sweep of that minute, except
//! what keeps failing, which is tried again once an hour instead of once a minute, and the comparison
//! with the bank's list, which falls due every quarter of an hour: it comes an hour after a payment,
//! and once a day where there is none to find.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use quita_app::Unknown;
use quita_app::ports::Clock;
use quita_core::work::WorkKind;
use quita_psp_sandbox::Bank;
use quita_table::keys::WORK_SHARDS;
use quita_table::store::{WORK_PAGE_MAX, WorkEntry};

use crate::clock::{ClockError, MovableClock};
use crate::machine::Machine;

/// Longest move in one go.
pub const DAYS_MAX: i64 = 400;
/// Rest between two tries of something that stays due.
const AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);
/// How long after a payment the bank's list is compared.
const COMPARED_AFTER: TimeDelta = TimeDelta::hours(1);
/// How often it is compared while nothing arrives.
const COMPARED_EVERY: TimeDelta = TimeDelta::days(1);
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
    Expiry(#[source] quita_testkit::embedded::EmbeddedError),
}

/// A machine, its clock, and the bank that shares it.
pub struct Traveller<'a> {
    pub machine: &'a Machine,
    pub clock: &'a MovableClock,
    pub bank: Option<&'a Arc<Bank>>,
}

impl Traveller<'_> {
    /// Moves to `to`, after everything that is due now; answers how many sweeps ran.
    pub async fn go(&self, to: DateTime<Utc>) -> Result<usize, TravelError> {
        self.check(to)?;
        self.settle().await?;
        Ok(1 + self.go_on(to).await?)
    }

    /// Moves to `to` from a moment at which all is settled.
    pub async fn go_on(&self, to: DateTime<Utc>) -> Result<usize, TravelError> {
        self.check(to)?;
        let mut sweeps = 0;
        while self.clock.now() < to {
            self.step(self.clock.now(), to).await?;
            self.settle().await?;
            sweeps += 1;
        }
        Ok(sweeps)
    }

    fn check(&self, to: DateTime<Utc>) -> Result<(), TravelError> {
        let start = self.clock.now();
        if to < start {
            Err(ClockError::Backwards.into())
        } else if to - start > TimeDelta::days(DAYS_MAX) {
            Err(TravelError::TooFar)
        } else {
            Ok(())
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
        let due = due(self.machine, now, to).await.map_err(TravelError::Work)?;
        let again = due.stays.then(|| now + AGAIN_AFTER);
        let compared = due.compares.then(|| self.compared_at(now));
        let stop = [due.next, again, compared].into_iter().flatten().min().unwrap_or(to).min(to);
        match self.clock.set(stop) {
            // A running clock may have passed the moment by itself.
            Ok(()) | Err(ClockError::Backwards) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// When the bank's list is compared next, as of `now`.
    fn compared_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let arrived = self.bank.and_then(|bank| bank.pixs().last().map(|pix| pix.horario));
        let last = arrived.map(|at| at + COMPARED_AFTER).filter(|at| *at > now);
        last.unwrap_or(now + COMPARED_EVERY)
    }
}

struct Due {
    /// Something is due now and was not done.
    stays: bool,
    /// The bank's list is to be compared on the way.
    compares: bool,
    /// When the next other thing falls due.
    next: Option<DateTime<Utc>>,
}

async fn due(machine: &Machine, now: DateTime<Utc>, to: DateTime<Utc>) -> Result<Due, Unknown> {
    let mut due = Due { stays: false, compares: false, next: None };
    for shard in 0..WORK_SHARDS {
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let store = &machine.deps().store;
            let page = store.due_work(shard, to, WORK_PAGE_MAX, cursor.as_ref()).await?;
            if due.look_at(&page.entries, now) {
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

impl Due {
    /// Takes in entries, the soonest first; answers whether later ones of the shard change nothing.
    fn look_at(&mut self, entries: &[WorkEntry], now: DateTime<Utc>) -> bool {
        for entry in entries {
            if entry.kind == WorkKind::Reconcile {
                self.compares = true;
            } else if entry.due_at > now {
                self.next = Some(self.next.map_or(entry.due_at, |known| known.min(entry.due_at)));
                return true;
            } else {
                self.stays = true;
            }
        }
        false
    }
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
