//! How far a merchant's payments are known to agree with the bank's own lists.
//!
//! Owns the checkpoint: what is complete, what is under way, when the next run is due, and what the
//! last run found. Does not own the questions asked of the bank.
//! Invariant: `complete_until` only moves once every page up to it was taken in, so a run that dies
//! anywhere is gone on with and nothing is skipped.
//!
//! ```text
//!            OVERLAP          SETTLING
//!          ├─────────┤        ├──────┤
//!   ───────┬─────────┬────────┬──────┬──> time     payments, then once a day: refunded payments,
//!          │ slice 1 │ slice 2│     now             charges near or past due, the callback
//!          from      └ complete_until before; `until` once the last page of slice 2 is taken in
//! ```

mod skew;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::MerchantId;
use crate::payment::REFUND_DAYS_MAX;

pub use skew::{SETTLEMENT_MAX, SKEW_MAX, Skew, SkewKind, skew_of};

/// From the end of one run to the next.
pub const INTERVAL: TimeDelta = TimeDelta::minutes(15);
/// How far a run reads back behind what is complete: banks list some payments late, and some write
/// instants that are hours off.
pub const OVERLAP: TimeDelta = TimeDelta::hours(6);
/// The last moments are left to the next run: their callbacks are still on the way.
pub const SETTLING: TimeDelta = TimeDelta::minutes(2);
/// Longest stretch of settled Pix asked for in one list; banks time out on longer ones.
pub const SLICE_MAX: TimeDelta = TimeDelta::days(1);
/// Longest stretch of Pix with a refund asked for in one list; there are few of them.
pub const RETURNS_SLICE_MAX: TimeDelta = TimeDelta::days(10);
/// How far back a refund is looked for: as long as a Pix can be given back, and a day for its end.
pub const RETURNS_BACK: TimeDelta = TimeDelta::days(REFUND_DAYS_MAX + 1);
/// A slice the bank finds too large is halved, but not below this.
pub const SLICE_MIN: TimeDelta = TimeDelta::minutes(1);
/// How often charges, refunds and the callback are looked after.
pub const DAILY: TimeDelta = TimeDelta::days(1);
/// How long a run is left alone before another goes on with it; longer than a page can take.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);
/// First wait after a failure; it doubles with each further one.
pub const BACKOFF_FIRST: TimeDelta = TimeDelta::minutes(1);
/// Longest wait after a failure.
pub const BACKOFF_MAX: TimeDelta = TimeDelta::hours(1);
/// Failures of one page before what fails on it is passed over with an event.
pub const ATTEMPTS_MAX: u32 = 5;
/// How long something passed over is remembered, so that overlapping runs tell of it once.
const TOLD_KEPT: TimeDelta = TimeDelta::days(1);
/// Most things remembered as told; with more of them some are told again.
const TOLD_MAX: usize = 100;

/// The reconciliation of one merchant with its bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    pub merchant: MerchantId,
    pub version: u64,
    /// When the next run, or the rest of this one, is due.
    pub next_at: DateTime<Utc>,
    /// Every Pix that the bank listed as settled up to here was taken in.
    pub complete_until: DateTime<Utc>,
    /// When refunds, charges and callback are due again.
    pub daily_at: DateTime<Utc>,
    /// The run under way, as far as it got.
    pub run: Option<Run>,
    /// What the last whole run did.
    pub last: Option<Report>,
    /// Set while the present page does not get through.
    pub failing: Option<Failing>,
    /// What the last look at the callback's address found.
    pub callback: Option<Callback>,
    /// The last sign that the bank's clock, or ours, is off.
    pub skew: Option<Skew>,
    /// What was passed over lately.
    pub told: Vec<Told>,
    /// Number of events so far; the next one comes after it.
    pub events: u64,
}

/// A run under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub started_at: DateTime<Utc>,
    /// Whether it looks after refunds, charges and the callback as well.
    pub daily: bool,
    pub stage: Stage,
    pub tally: Tally,
    /// A clock that is off is told of once a run.
    pub skew_told: bool,
}

/// What is asked of the bank next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Stage {
    /// Settled Pix, page by page.
    Payments(Listing),
    /// Pix that have a refund, page by page, as far back as one can be refunded.
    Returns(Listing),
    /// Charges of open invoices near or past due, by due date; `after` is where the last page ended.
    Charges { after: Option<String> },
    /// Where the bank calls back.
    Callback,
}

impl Stage {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Payments(_) => "payments",
            Self::Returns(_) => "refunds",
            Self::Charges { .. } => "charges",
            Self::Callback => "callback",
        }
    }
}

/// A walk over a stretch of time, slice by slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// First instant of the present slice.
    pub from: DateTime<Utc>,
    /// Last instant of the present slice.
    pub until: DateTime<Utc>,
    /// Where the walk ends.
    pub end: DateTime<Utc>,
    /// The page of the slice that comes next, from 0.
    pub page: u32,
}

impl Listing {
    fn over(from: DateTime<Utc>, end: DateTime<Utc>, longest: TimeDelta) -> Self {
        Self { from, until: end.min(from + longest), end, page: 0 }
    }

    /// Whether the slice can be made shorter.
    pub fn can_shrink(&self) -> bool {
        self.until - self.from > SLICE_MIN
    }

    /// The slice after this one.
    fn next(self, longest: TimeDelta) -> Option<Self> {
        (self.until < self.end).then(|| Self::over(self.until, self.end, longest))
    }
}

/// What a run did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Pix the bank listed.
    pub found: u64,
    /// Pix, or refunds of one, that no callback had told of.
    pub healed: u64,
    /// Charges asked for by txid.
    pub charges: u64,
    /// Charges issued anew because the bank had removed them.
    pub reissued: u64,
    /// What could not be read or taken in.
    pub passed_over: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.found += other.found;
        self.healed += other.healed;
        self.charges += other.charges;
        self.reissued += other.reissued;
        self.passed_over += other.passed_over;
    }
}

/// A run that came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub daily: bool,
    pub tally: Tally,
}

/// A page that did not get through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    pub attempts: u32,
    pub since: DateTime<Utc>,
    pub reason: String,
}

/// What a look at the callback's address found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    pub at: DateTime<Utc>,
    pub state: CallbackState,
}

/// Where the bank calls back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CallbackState {
    /// At our address.
    Ours,
    /// It did not, and was told our address again.
    Repaired { was: CallbackFault },
    /// The bank would not say, or would not take our address.
    Unclear { reason: String },
}

impl CallbackState {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Repaired { .. } => "repaired",
            Self::Unclear { .. } => "unclear",
        }
    }
}

/// What was wrong with the callback's registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackFault {
    /// The bank had dropped it.
    Missing,
    /// It led to another address.
    Elsewhere,
}

/// Something that was passed over, and when it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub at: DateTime<Utc>,
    pub what: Passed,
}

/// Something of a page that could not be read or taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Its place on the page, from 0, where it could not even be read.
    pub index: Option<usize>,
    /// The `endToEndId` or txid, where that is known.
    pub id: Option<String>,
    pub reason: String,
}

/// Something worth a row in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Some of a page was passed over; a person has to look.
    PassedOver { stage: &'static str, page: Option<u32>, items: Vec<Passed> },
    /// The bank's clock, or ours, is off.
    ClockSkewed(Skew),
    /// The callback did not lead here and was registered again.
    CallbackRepaired { was: CallbackFault },
}

impl Event {
    pub const NAMES: [&str; 3] =
        ["reconciliation.passed_over", "bank.clock_skewed", "callback.repaired"];

    pub fn name(&self) -> &'static str {
        match self {
            Self::PassedOver { .. } => Self::NAMES[0],
            Self::ClockSkewed(_) => Self::NAMES[1],
            Self::CallbackRepaired { .. } => Self::NAMES[2],
        }
    }
}

/// What a page of the present stage came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A page of Pix was taken in; `next` is the page after it in the slice.
    Listed {
        next: Option<u32>,
    },
    /// The slice holds more pages than are walked: ask for less at once.
    TooLarge,
    /// A page of charges was looked at; `after` leads to the next one.
    Charges {
        after: Option<String>,
    },
    Callback(CallbackState),
}

impl Reconciliation {
    /// Of a new merchant: nothing was received before it, and the first run is due at once.
    pub fn starting(merchant: MerchantId, now: DateTime<Utc>) -> Self {
        Self {
            merchant,
            version: 1,
            next_at: now,
            complete_until: now,
            daily_at: now,
            run: None,
            last: None,
            failing: None,
            callback: None,
            skew: None,
            told: Vec::new(),
            events: 0,
        }
    }

    /// Takes up the run under way, or begins one; for [`LEASE`] nobody else does.
    pub fn take_up(&mut self, now: DateTime<Utc>) {
        self.touch(now);
        if self.run.is_none() {
            let end = now - SETTLING;
            // A clock that was set back leaves nothing to ask for beyond what is complete.
            let from = self.complete_until.min(end) - OVERLAP;
            self.run = Some(Run {
                started_at: now,
                daily: self.daily_at <= now,
                stage: Stage::Payments(Listing::over(from, end, SLICE_MAX)),
                tally: Tally::default(),
                skew_told: false,
            });
        }
    }

    /// Records what a page came to, and turns to the next; after the last one the run is over.
    pub fn turn(&mut self, step: Step, tally: Tally, now: DateTime<Utc>) {
        self.touch(now);
        let Some(mut run) = self.run.take() else { return };
        self.failing = None;
        run.tally += tally;
        match self.stage_after(&run, step, now) {
            Some(stage) => self.run = Some(Run { stage, ..run }),
            None => self.finish(run, now),
        }
    }

    fn stage_after(&mut self, run: &Run, step: Step, now: DateTime<Utc>) -> Option<Stage> {
        match (&run.stage, step) {
            (Stage::Payments(at), Step::Listed { next: Some(page) }) => {
                Some(Stage::Payments(Listing { page, ..*at }))
            }
            (Stage::Payments(at), Step::Listed { next: None }) => {
                self.complete_until = self.complete_until.max(at.until);
                let next = at.next(SLICE_MAX).map(Stage::Payments);
                let back = Listing::over(at.end - RETURNS_BACK, at.end, RETURNS_SLICE_MAX);
                next.or_else(|| run.daily.then_some(Stage::Returns(back)))
            }
            (Stage::Returns(at), Step::Listed { next: Some(page) }) => {
                Some(Stage::Returns(Listing { page, ..*at }))
            }
            (Stage::Returns(at), Step::Listed { next: None }) => Some(
                at.next(RETURNS_SLICE_MAX).map_or(Stage::Charges { after: None }, Stage::Returns),
            ),
            (Stage::Payments(at), Step::TooLarge) => Some(Stage::Payments(halved(*at))),
            (Stage::Returns(at), Step::TooLarge) => Some(Stage::Returns(halved(*at))),
            (Stage::Charges { .. }, Step::Charges { after: Some(after) }) => {
                Some(Stage::Charges { after: Some(after) })
            }
            (Stage::Charges { .. }, Step::Charges { after: None }) => Some(Stage::Callback),
            (Stage::Callback, Step::Callback(state)) => {
                self.callback = Some(Callback { at: now, state });
                None
            }
            // An answer to another question moves nothing.
            (stage, _) => Some(stage.clone()),
        }
    }

    fn finish(&mut self, run: Run, now: DateTime<Utc>) {
        let Run { started_at, daily, tally, .. } = run;
        if daily {
            self.daily_at = started_at + DAILY;
        }
        self.last = Some(Report { started_at, finished_at: now, daily, tally });
        self.next_at = now + INTERVAL;
    }

    /// The time of one invocation is over: the rest is due at once.
    pub fn pause(&mut self, now: DateTime<Utc>) {
        if self.run.is_some() {
            self.next_at = now;
        }
    }

    /// The present page did not get through; it is tried again, each time after a longer wait.
    pub fn fail(&mut self, reason: String, now: DateTime<Utc>) {
        self.version += 1;
        let (attempts, since) =
            self.failing.take().map_or((0, now), |known| (known.attempts, known.since));
        let doubled = BACKOFF_FIRST.checked_mul(1 << attempts.min(10)).unwrap_or(BACKOFF_MAX);
        self.next_at = now + doubled.min(BACKOFF_MAX);
        self.failing = Some(Failing { attempts: attempts + 1, since, reason });
    }

    /// Whether what fails on the present page is to be passed over, so that it does not keep
    /// everything behind it waiting.
    pub fn passes_over(&self) -> bool {
        self.failing.as_ref().is_some_and(|known| known.attempts >= ATTEMPTS_MAX)
    }

    /// Which of `items` were not told of lately; they are remembered as told.
    pub fn tell(&mut self, items: Vec<Passed>, now: DateTime<Utc>) -> Vec<Passed> {
        self.told.retain(|told| told.at + TOLD_KEPT > now);
        let mut news = Vec::new();
        for what in items {
            if !self.was_told(&what) {
                self.told.push(Told { at: now, what: what.clone() });
                news.push(what);
            }
        }
        let over = self.told.len().saturating_sub(TOLD_MAX);
        self.told.drain(..over);
        news
    }

    /// Whether something was told of lately. Without an id, its reason stands for it: its place
    /// moves from run to run.
    pub fn was_told(&self, what: &Passed) -> bool {
        self.told.iter().any(|told| told.what.id == what.id && told.what.reason == what.reason)
    }

    /// Remembers a skew; whether it is to be told of: once a run, and once for one Pix.
    pub fn note_skew(&mut self, skew: Skew) -> bool {
        let Some(run) = &mut self.run else { return false };
        let first = !std::mem::replace(&mut run.skew_told, true);
        let known = self.skew.as_ref().is_some_and(|known| known.payment == skew.payment);
        if first && !known {
            self.skew = Some(skew);
        }
        first && !known
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.version += 1;
        self.next_at = now + LEASE;
    }
}

/// The first half of a slice, from its first page.
fn halved(at: Listing) -> Listing {
    let half = (at.until - at.from) / 2;
    Listing { until: at.from + half.max(SLICE_MIN).min(at.until - at.from), page: 0, ..at }
}

#[cfg(test)]
mod tests;
