//! What time alone brings a merchant, once a day: its customers' segments are found anew, since
//! somebody becomes late by nothing but a night, and its team gets a digest.
//!
//! Owns the run: which job is next, its checkpoint after each page and before each message, and how
//! long one go takes. Does not own what is due when ([`quita_core::daily`]), what a segment is
//! ([`crate::rules::segments`]) nor what a digest says ([`quita_notify::digest`]).
//!
//! A run is written under the version it was read at: whoever is killed leaves the rest to the next,
//! and of two at once one stops. A page of customers may be looked at twice, which changes nothing.
//!
//! ```text
//!   due ──> take up ──> job ──┬── a page of customers ──> checkpoint ──> next job, while there is time
//!             │               └── the digest: claim ──> send ──> settle, for each recipient
//!             └─ someone else is at it: stop
//! ```

mod figures;
mod send;

use std::time::Duration;

use chrono::NaiveDate;
use quita_core::daily::{Daily, Job, Lost, SPREAD_MINUTES};
use quita_core::ids::MerchantId;
use quita_core::merchant::Merchant;
use quita_table::keys::{RecordKey, shard_of};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Cursor, Expected};
use tokio::time::Instant;

use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::ports::Clock;
use crate::rules::segments::{ACTOR, resegment_page};

/// How long one go takes; the page or message under way is finished, and the rest is due at once.
pub const TIME_BUDGET: Duration = Duration::from_secs(45);
/// Pages of customers of one go, so that it ends whatever the clock says.
const PAGES_MAX: usize = 10_000;

/// How one go ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing was due, or someone else is at it.
    NotDue,
    /// Someone else went on with it meanwhile.
    Overtaken,
    /// Something did not get through; it is tried again later.
    Delayed,
    /// Put down until something is due again: at once, where the time was over.
    Rests,
}

/// Daily work of a merchant that has none yet; it is due at once.
pub fn starting(merchant: &MerchantId, clock: &dyn Clock) -> Daily {
    // Stored once, so that a merchant keeps its minute.
    let spread = shard_of(merchant.as_str(), SPREAD_MINUTES);
    Daily::starting(merchant.clone(), spread, clock.now())
}

/// Gives a merchant its daily work where it has none: one that was set up before there was any.
pub async fn ensure(deps: &Deps, merchant: &MerchantId) -> Result<(), Unknown> {
    if load(deps, merchant).await?.1.is_some() {
        return Ok(());
    }
    let daily = starting(merchant, deps.clock.as_ref());
    match deps.store.commit(Commit::new(merchant).record(&daily, Expected::New)).await {
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Does what is due of a merchant's day, for about as long as `patience`.
///
/// # Errors
/// Only when not even a failure could be recorded; the work then goes on from its last checkpoint.
#[tracing::instrument(skip_all, fields(merchant.id = %merchant))]
pub async fn carry_out(
    deps: &Deps,
    merchant: &MerchantId,
    patience: Duration,
) -> Result<Ended, Unknown> {
    let ends_at = Instant::now() + patience;
    let (Some(settings), Some(state)) = load(deps, merchant).await? else {
        return Err(Unknown::new("loading the daily work", "it is not there"));
    };
    let now = deps.clock.now();
    if state.next_at > now {
        return Ok(Ended::NotDue);
    }
    let mut work = Work { deps, settings: &settings, stored: state.version, state, ends_at };
    let lost = work.state.take_up(&settings.issuing, now);
    lost.iter().for_each(|lost| tell(merchant, lost));
    if !work.save().await? {
        return Ok(Ended::Overtaken);
    }
    for _ in 0..PAGES_MAX {
        let ended = match work.state.job(&settings.issuing, deps.clock.now()) {
            Some(Job::Digest(day)) => send::digest(&mut work, day).await?,
            Some(Job::Segments(day)) => work.page(day).await?,
            None => break,
        };
        if let Some(ended) = ended {
            return Ok(ended);
        }
        if work.is_over() {
            break;
        }
    }
    work.rest().await
}

async fn load(
    deps: &Deps,
    merchant: &MerchantId,
) -> Result<(Option<Merchant>, Option<Daily>), Unknown> {
    let refs = [ItemRef::Merchant, ItemRef::Record(RecordKey::Daily)];
    let mut found = deps.store.read(merchant, &refs).await?;
    Ok((found.take_merchant(), found.take_record(&RecordKey::Daily)?))
}

/// A day's work that was taken up.
struct Work<'a> {
    deps: &'a Deps,
    settings: &'a Merchant,
    state: Daily,
    /// The version that is stored.
    stored: u64,
    ends_at: Instant,
}

impl Work<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.ends_at
    }

    /// Writes a checkpoint; `false` when someone else wrote first.
    async fn save(&mut self) -> Result<bool, Unknown> {
        let commit = Commit::new(&self.state.merchant);
        let commit = commit.record(&self.state, Expected::Version(self.stored));
        match self.deps.store.commit(commit).await {
            Ok(()) => {
                self.stored = self.state.version;
                Ok(true)
            }
            Err(CommitError::Conflict(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the last checkpoint of a go.
    async fn end(&mut self, ended: Ended) -> Result<Ended, Unknown> {
        Ok(if self.save().await? { ended } else { Ended::Overtaken })
    }

    async fn rest(&mut self) -> Result<Ended, Unknown> {
        self.state.rest(&self.settings.issuing, self.deps.clock.now());
        self.end(Ended::Rests).await
    }

    /// A page of the walk over the customers; where no condition can have moved anybody, all of it.
    /// Answers how the go ended, where it did.
    async fn page(&mut self, day: NaiveDate) -> Result<Option<Ended>, Unknown> {
        let mut walk = self.state.walk_of(day, self.settings);
        if self.state.has_to_walk(self.settings) {
            let after = walk.after.as_deref().map(Cursor::parse).transpose();
            let after = after.map_err(|error| Unknown::new("reading the checkpoint", error))?;
            let looked = resegment_page(self.deps, self.settings, after.as_ref(), ACTOR).await;
            let looked = match looked {
                Ok(looked) => looked,
                Err(error) => return self.fail("page", &error).await.map(Some),
            };
            for (customer, error) in &looked.failed {
                tracing::error!(
                    customer.id = %customer, error = chain(error),
                    "The segment of customer `{customer}` is not found anew"
                );
            }
            if let Some((_, error)) = looked.failed.first()
                && !self.state.passes_over()
            {
                return self.fail("customer", error).await.map(Some);
            }
            walk.looked_at += looked.looked_at as u64;
            walk.changed += looked.changed as u64;
            walk.after = looked.next.map(|cursor| cursor.to_string());
            if walk.after.is_none() {
                let (looked_at, changed) = (walk.looked_at, walk.changed);
                tracing::info!(%day, looked_at, changed, "Segments were found anew");
            }
        }
        self.state.walked(walk, self.deps.clock.now());
        Ok((!self.save().await?).then_some(Ended::Overtaken))
    }

    async fn fail(&mut self, what: &'static str, error: &Unknown) -> Result<Ended, Unknown> {
        tracing::error!(
            failures = self.state.failures,
            error = chain(error),
            "Daily work does not get on: a {what} failed"
        );
        self.state.fail(self.deps.clock.now());
        self.end(Ended::Delayed).await
    }
}

/// Says to the operator who may have got no digest.
fn tell(merchant: &MerchantId, lost: &Lost) {
    let Lost { day, to, was_sending } = lost;
    tracing::error!(
        merchant.id = %merchant, %day, to = ?to, was_sending,
        "The digest of {day} may not have arrived, and is not sent again"
    );
}
