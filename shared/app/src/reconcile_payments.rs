//! The back-stop: compares the bank's own lists with ours and heals what callbacks missed.
//!
//! A run is a chain of pages with a checkpoint after each, written under the version it was read at:
//! whoever is killed leaves the rest to the next, and of two at once one stops. What a page takes in
//! may be taken in again, so a page is simply repeated when its checkpoint was not written.
//!
//! ```text
//!   due ──> take up ──> page ──> checkpoint ──┬── more, and time ──> page
//!             │           └─ fails ──> wait    ├── more, no time ───> due at once
//!             └─ someone else is at it: stop   └── no more ─────────> due in INTERVAL
//! ```

mod callback;
mod charges;
mod pages;
mod view;

use std::time::Duration;

use chrono::{DateTime, Utc};
use quita_core::audit::Changes;
use quita_core::ids::MerchantId;
use quita_core::merchant::Merchant;
use quita_core::reconciliation::{
    CallbackState, Event, Passed, Reconciliation, Report, Run, Skew, Stage, Step, Tally,
};
use quita_pix::client::PspClient;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};

use crate::daily;
use crate::deps::Deps;
use crate::error::{Unknown, chain};

pub use callback::callback_url;
pub use view::{ReconciliationView, event_data};

/// Who the rows name.
const ACTOR: &str = "reconcile_payments";
/// How long the bank is asked in one go; the page under way is finished.
pub const TIME_BUDGET: Duration = Duration::from_secs(60);
/// Pages of one go, so that it ends whatever the bank answers.
const PAGES_MAX: usize = 10_000;
/// Failures in a row on one page after which the bank, or the table, counts as away.
const IN_A_ROW_MAX: usize = 3;
/// Longest reason that is kept, in characters.
const REASON_CHARS_MAX: usize = 300;

/// How one go ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Nothing was due, or someone else is at it.
    NotDue,
    /// Someone else went on with the run meanwhile.
    Overtaken,
    /// The time is over; the rest is due at once.
    Paused,
    /// A page did not get through; it is tried again later.
    Delayed,
    Finished(Report),
}

/// Goes on with the run of a merchant, or begins one when it is due, for about as long as `patience`.
///
/// # Errors
/// Only when not even a failure could be recorded; the run then goes on from its last checkpoint.
#[tracing::instrument(skip_all, fields(merchant.id = %merchant))]
pub async fn reconcile_payments(
    deps: &Deps,
    merchant: &MerchantId,
    patience: Duration,
) -> Result<Ended, Unknown> {
    let stopwatch = tokio::time::Instant::now();
    let refs = [ItemRef::Merchant, ItemRef::Reconciliation];
    let mut found = deps.store.read(merchant, &refs).await?;
    let (Some(settings), Some(mut state)) = (found.take_merchant(), found.take_reconciliation())
    else {
        return Err(Unknown::new("loading the reconciliation", "it is not there"));
    };
    let now = deps.clock.now();
    if state.next_at > now {
        return Ok(Ended::NotDue);
    }
    let before = state.version;
    state.take_up(now);
    if !save(deps, &mut state, before, Vec::new()).await? {
        return Ok(Ended::Overtaken);
    }
    for _ in 0..PAGES_MAX {
        let before = state.version;
        let taken = page(deps, &settings, &state).await;
        let now = deps.clock.now();
        let (events, over) = match taken {
            Ok(taken) => {
                let events = record(&mut state, taken, now);
                (events, stopwatch.elapsed() >= patience)
            }
            Err(error) => {
                let reason = cut(&chain(&error));
                let attempts = state.failing.as_ref().map_or(1, |known| known.attempts + 1);
                tracing::error!(
                    merchant.id = %merchant, attempts, error = %reason,
                    "Reconciliation of merchant `{merchant}` does not get on"
                );
                state.fail(reason, now);
                let saved = save(deps, &mut state, before, Vec::new()).await?;
                return Ok(if saved { Ended::Delayed } else { Ended::Overtaken });
            }
        };
        if over {
            state.pause(now);
        }
        if !save(deps, &mut state, before, events).await? {
            return Ok(Ended::Overtaken);
        }
        match (&state.run, &state.last) {
            (None, Some(report)) => {
                if report.daily
                    && let Err(error) = daily::ensure(deps, merchant).await
                {
                    tracing::error!(error = chain(&error), "There is no daily work yet");
                }
                return Ok(Ended::Finished(report.clone()));
            }
            _ if over => return Ok(Ended::Paused),
            _ => {}
        }
    }
    Ok(Ended::Paused)
}

/// What a page brought.
struct Taken {
    step: Step,
    tally: Tally,
    /// What could not be read or taken in.
    passed: Vec<Passed>,
    /// The first sign of a clock that is off.
    skew: Option<Skew>,
}

impl Taken {
    fn step(step: Step) -> Self {
        Self { step, tally: Tally::default(), passed: Vec::new(), skew: None }
    }
}

/// Carries out the present page.
async fn page(deps: &Deps, settings: &Merchant, state: &Reconciliation) -> Result<Taken, Unknown> {
    let Some(run) = &state.run else {
        return Err(Unknown::new("reconciling", "no run is under way"));
    };
    let bank = deps.banks.of(&state.merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
    let at = Place { deps, settings, state, bank: &bank };
    match &run.stage {
        Stage::Payments(listing) => pages::take(&at, listing, pages::List::Settled).await,
        Stage::Returns(listing) => pages::take(&at, listing, pages::List::WithRefund).await,
        Stage::Charges { after } => charges::check(&at, after.as_deref()).await,
        Stage::Callback => callback::check(&at).await,
    }
}

/// What every page is carried out with.
struct Place<'a> {
    deps: &'a Deps,
    settings: &'a Merchant,
    state: &'a Reconciliation,
    bank: &'a PspClient,
}

/// Turns to the next page; answers what is worth a row in the history.
fn record(state: &mut Reconciliation, taken: Taken, now: DateTime<Utc>) -> Vec<Event> {
    let mut events = Vec::new();
    let at = state.run.as_ref().map(|run| (run.stage.name(), page_of(run)));
    let mut tally = taken.tally;
    tally.passed_over += taken.passed.len() as u64;
    let items = state.tell(taken.passed, now);
    if let (false, Some((stage, page))) = (items.is_empty(), at) {
        events.push(Event::PassedOver { stage, page, items });
    }
    if let Some(skew) = taken.skew
        && state.note_skew(skew.clone())
    {
        events.push(Event::ClockSkewed(skew));
    }
    if let Step::Callback(CallbackState::Repaired { was }) = &taken.step {
        events.push(Event::CallbackRepaired { was: *was });
    }
    events.iter().for_each(|event| log(state, event));
    state.turn(taken.step, tally, now);
    events
}

fn page_of(run: &Run) -> Option<u32> {
    match &run.stage {
        Stage::Payments(listing) | Stage::Returns(listing) => Some(listing.page),
        Stage::Charges { .. } | Stage::Callback => None,
    }
}

/// Says an event to the operator. `alarm` is what the alarm of `template.yaml` counts.
fn log(state: &Reconciliation, event: &Event) {
    let merchant = &state.merchant;
    match event {
        Event::ClockSkewed(skew) => tracing::error!(
            merchant.id = %merchant, payment.id = %skew.payment, kind = skew.kind.code(),
            alarm = event.name(),
            "A clock is off: the instants of a Pix of merchant `{merchant}` do not fit together"
        ),
        Event::PassedOver { stage, items, .. } => tracing::error!(
            merchant.id = %merchant, stage, items = items.len(),
            "Something the bank listed for merchant `{merchant}` could not be taken in"
        ),
        Event::CallbackRepaired { .. } => tracing::warn!(
            merchant.id = %merchant,
            "The bank's callback of merchant `{merchant}` did not lead here and was registered again"
        ),
    }
}

/// Writes a checkpoint with its event rows; `false` when someone else wrote first.
async fn save(
    deps: &Deps,
    state: &mut Reconciliation,
    before: u64,
    events: Vec<Event>,
) -> Result<bool, Unknown> {
    let now = deps.clock.now();
    let mut rows = Vec::with_capacity(events.len());
    for event in &events {
        state.events += 1;
        rows.push(EventRow {
            aggregate: Aggregate::Reconciliation,
            seq: state.events,
            at: now,
            actor: ACTOR.to_owned(),
            name: event.name().to_owned(),
            data: event_data(event),
            postings: Vec::new(),
            changes: Changes::default(),
        });
    }
    let commit = Commit::new(&state.merchant).reconciliation(state, Expected::Version(before));
    let commit = rows.iter().fold(commit, Commit::event);
    match deps.store.commit(commit).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Collects what fails on a page, item by item.
struct Failures {
    passes_over: bool,
    in_a_row: usize,
    passed: Vec<Passed>,
}

impl Failures {
    fn of(state: &Reconciliation) -> Self {
        Self { passes_over: state.passes_over(), in_a_row: 0, passed: Vec::new() }
    }

    /// Lets an item go that fails again and again.
    ///
    /// # Errors
    /// The item's error, while the page is to be tried again as a whole, and when so much fails that
    /// it cannot be the item.
    fn check<T>(&mut self, id: &str, outcome: Result<T, Unknown>) -> Result<Option<T>, Unknown> {
        match outcome {
            Ok(value) => {
                self.in_a_row = 0;
                Ok(Some(value))
            }
            Err(error) => {
                self.in_a_row += 1;
                if !self.passes_over || self.in_a_row >= IN_A_ROW_MAX {
                    return Err(error);
                }
                let reason = cut(&chain(&error));
                self.passed.push(Passed { index: None, id: Some(id.to_owned()), reason });
                Ok(None)
            }
        }
    }
}

fn cut(reason: &str) -> String {
    reason.chars().take(REASON_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
