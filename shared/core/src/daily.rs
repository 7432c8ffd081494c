//! What time alone brings a merchant, once a day: the segments of its customers are found anew, and
//! its team gets a digest.
//!
//! Owns the checkpoint: which day was done, how far the walk over the customers got, to whom the
//! digest of the day is still to go, and when something is due again. Does not own what a segment is
//! ([`crate::chase`]) nor what a digest says.
//!
//! Invariants: only the present day is ever due, so a clock that jumps a month brings one day's work;
//! a day that was done, and any before it, is not done again; a recipient is taken off the list before
//! anything is sent to it, so nobody gets a digest twice, and who may have got none is told by
//! [`Daily::take_up`].
//!
//! ```text
//!   05:00      08:00            12:00      local time, each up to SPREAD_MINUTES later
//!     │ segments │ digest, on business │
//!     │ ...... until they are found .. │ ...... and no digest any more
//! ```

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{MerchantId, PersonId};
use crate::merchant::{Issuing, Merchant};
use crate::zone::{civil_date, instant_at};

/// When segments are found anew, after local midnight: before anybody is written to.
pub const SEGMENTS_FROM: TimeDelta = TimeDelta::hours(5);
/// When the digest goes out, after local midnight.
pub const DIGEST_FROM: TimeDelta = TimeDelta::hours(8);
/// From when on the digest of a day does not go out any more, after local midnight.
pub const DIGEST_UNTIL: TimeDelta = TimeDelta::hours(12);
/// Merchants begin within so many minutes, so that they do not all begin at once.
pub const SPREAD_MINUTES: u8 = 30;
/// How long a day's work is left alone before somebody else goes on with it.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);
/// First wait after a failure; it doubles with each further one.
pub const BACKOFF_FIRST: TimeDelta = TimeDelta::minutes(1);
/// Longest wait after a failure.
pub const BACKOFF_MAX: TimeDelta = TimeDelta::hours(1);
/// Failures in a row before what fails on a page is passed over until the next day.
pub const ATTEMPTS_MAX: u32 = 5;
/// Most doublings of the wait: 2^6 minutes are more than [`BACKOFF_MAX`].
const DOUBLINGS_MAX: u32 = 6;

/// A day's work of one merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daily {
    pub merchant: MerchantId,
    pub version: u64,
    /// When something is due next.
    pub next_at: DateTime<Utc>,
    /// Minutes after the hour at which this merchant's day begins.
    pub spread: u8,
    /// The last day for which every customer was looked at.
    pub segments_on: Option<NaiveDate>,
    /// Version of the merchant by whose conditions they were.
    pub settings_seen: Option<u64>,
    /// The walk under way, as far as it got.
    pub walk: Option<Walk>,
    /// The last digest.
    pub digest: Option<Digest>,
    /// Failures in a row of the page that comes next.
    pub failures: u32,
}

/// A walk over all customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    pub day: NaiveDate,
    /// Where the last page ended; `None` at the front.
    pub after: Option<String>,
    /// Version of the merchant with which it began.
    pub settings: u64,
    pub looked_at: u64,
    pub changed: u64,
}

/// The digest of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    pub day: NaiveDate,
    /// Who is still to get it.
    pub left: Vec<Recipient>,
    /// Who it is being sent to; a sender that dies leaves it here.
    pub sending: Option<Recipient>,
    /// How many it was handed over to.
    pub sent: u32,
}

/// Somebody who gets the digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The team's chat.
    Chat,
    /// A person, by e-mail.
    Person(PersonId),
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// The digest of a day.
    Digest(NaiveDate),
    /// A page of the walk over the customers.
    Segments(NaiveDate),
}

/// A digest that may not have arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub day: NaiveDate,
    pub to: Recipient,
    /// Whether it was being sent when its sender died; else its time was over.
    pub was_sending: bool,
}

impl Daily {
    /// Of a merchant that has none yet; it is due at once. `spread` is cut to [`SPREAD_MINUTES`].
    pub fn starting(merchant: MerchantId, spread: u8, now: DateTime<Utc>) -> Self {
        Self {
            merchant,
            version: 1,
            next_at: now,
            spread: spread % SPREAD_MINUTES,
            segments_on: None,
            settings_seen: None,
            walk: None,
            digest: None,
            failures: 0,
        }
    }

    /// What is to be done at `now`; the digest comes first, since its time runs out.
    pub fn job(&self, issuing: &Issuing, now: DateTime<Utc>) -> Option<Job> {
        let day = civil_date(now, issuing.zone);
        let digest = self.digest_due(day, issuing, now).then_some(Job::Digest(day));
        let segments = self.segments_from(day, issuing) <= now && self.segments_on < Some(day);
        digest.or(segments.then_some(Job::Segments(day)))
    }

    fn digest_due(&self, day: NaiveDate, issuing: &Issuing, now: DateTime<Utc>) -> bool {
        let wanted = match &self.digest {
            Some(last) if last.day == day => !last.left.is_empty(),
            Some(last) => last.day < day,
            None => true,
        };
        wanted
            && issuing.calendar().is_business_day(day)
            && self.digest_from(day, issuing) <= now
            && now < local(day, DIGEST_UNTIL, issuing)
    }

    fn segments_from(&self, day: NaiveDate, issuing: &Issuing) -> DateTime<Utc> {
        self.spread_from(local(day, SEGMENTS_FROM, issuing))
    }

    fn digest_from(&self, day: NaiveDate, issuing: &Issuing) -> DateTime<Utc> {
        self.spread_from(local(day, DIGEST_FROM, issuing))
    }

    fn spread_from(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at + TimeDelta::minutes(i64::from(self.spread))
    }

    /// Takes the work up; for [`LEASE`] nobody else does. Answers which digests may not have arrived
    /// and will not be sent any more.
    pub fn take_up(&mut self, issuing: &Issuing, now: DateTime<Utc>) -> Vec<Lost> {
        self.touch(now);
        let today = civil_date(now, issuing.zone);
        let Some(digest) = &mut self.digest else { return Vec::new() };
        let day = digest.day;
        let lost = |was_sending| move |to| Lost { day, to, was_sending };
        let dead = digest.sending.take().into_iter().map(lost(true));
        let is_over = day != today || now >= local(day, DIGEST_UNTIL, issuing);
        let left = if is_over { std::mem::take(&mut digest.left) } else { Vec::new() };
        dead.chain(left.into_iter().map(lost(false))).collect()
    }

    /// Whether the customers are to be looked at: a condition may hold of other ones today, or the
    /// settings by which they were looked at last are not those of today.
    pub fn has_to_walk(&self, settings: &Merchant) -> bool {
        let by_rule = settings.segments.iter().any(|segment| segment.when.is_some());
        by_rule || self.settings_seen != Some(settings.version)
    }

    /// The walk of a day: the one under way, or a new one.
    pub fn walk_of(&self, day: NaiveDate, settings: &Merchant) -> Walk {
        let under_way = self.walk.as_ref().filter(|walk| walk.day == day);
        under_way.cloned().unwrap_or(Walk {
            day,
            after: None,
            settings: settings.version,
            looked_at: 0,
            changed: 0,
        })
    }

    /// Records a page of the walk; without `after` every customer was looked at.
    pub fn walked(&mut self, walk: Walk, now: DateTime<Utc>) {
        self.touch(now);
        self.failures = 0;
        if walk.after.is_some() {
            self.walk = Some(walk);
        } else {
            self.segments_on = Some(walk.day);
            self.settings_seen = Some(walk.settings);
            self.walk = None;
        }
    }

    /// Begins the digest of a day. Where there is nobody to send it to, it is over with that.
    pub fn begin_digest(&mut self, day: NaiveDate, left: Vec<Recipient>, now: DateTime<Utc>) {
        self.touch(now);
        self.digest = Some(Digest { day, left, sending: None, sent: 0 });
    }

    /// Takes a recipient off the list of the digest, before it is sent to.
    pub fn claim(&mut self, to: &Recipient, now: DateTime<Utc>) {
        self.touch(now);
        if let Some(digest) = &mut self.digest {
            digest.left.retain(|other| other != to);
            digest.sending = Some(to.clone());
        }
    }

    /// What was being sent came to an end.
    pub fn settle(&mut self, was_sent: bool) {
        if let Some(digest) = &mut self.digest {
            digest.sending = None;
            digest.sent += u32::from(was_sent);
        }
    }

    /// What was being sent was not taken for sure: it goes out another time.
    pub fn give_back(&mut self) {
        if let Some(digest) = &mut self.digest
            && let Some(to) = digest.sending.take()
        {
            digest.left.push(to);
        }
    }

    /// Puts the work down until something is due again: at once, where something is left.
    pub fn rest(&mut self, issuing: &Issuing, now: DateTime<Utc>) {
        self.version += 1;
        self.next_at = self.due_again(issuing, now);
    }

    /// Puts the work down for a while: for `wait`, within [`BACKOFF_FIRST`] and [`BACKOFF_MAX`].
    pub fn put_off(&mut self, wait: TimeDelta, now: DateTime<Utc>) {
        self.version += 1;
        self.next_at = now + wait.clamp(BACKOFF_FIRST, BACKOFF_MAX);
    }

    /// Puts the work down after a page that failed, each time for longer.
    pub fn fail(&mut self, now: DateTime<Utc>) {
        self.put_off(BACKOFF_FIRST * (1 << self.failures.min(DOUBLINGS_MAX)), now);
        self.failures = self.failures.saturating_add(1);
    }

    /// Whether what fails again and again is to be passed over, so that it does not keep everything
    /// behind it waiting.
    pub fn passes_over(&self) -> bool {
        self.failures >= ATTEMPTS_MAX
    }

    fn due_again(&self, issuing: &Issuing, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.job(issuing, now).is_some() {
            return now;
        }
        let today = civil_date(now, issuing.zone);
        let tomorrow = today.succ_opt().unwrap_or(today);
        let digest = issuing.calendar().is_business_day(today);
        let starts = [
            Some(self.segments_from(today, issuing)),
            digest.then_some(self.digest_from(today, issuing)),
            Some(self.segments_from(tomorrow, issuing)),
        ];
        // Beyond the end of time there is nothing to be due.
        starts.into_iter().flatten().find(|at| *at > now).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.version += 1;
        self.next_at = now + LEASE;
    }
}

/// The first day whose money a digest of `day` tells of; the last one is the day before. One on a
/// Monday tells of Friday and of the weekend.
pub fn told_since(day: NaiveDate, issuing: &Issuing) -> NaiveDate {
    issuing.calendar().move_business_days(day, -1)
}

/// The instant at which clocks show `after` past midnight.
fn local(day: NaiveDate, after: TimeDelta, issuing: &Issuing) -> DateTime<Utc> {
    instant_at(day, NaiveTime::MIN + after, issuing.zone)
}

#[cfg(test)]
mod tests;
