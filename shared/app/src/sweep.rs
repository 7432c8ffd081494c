//! The sweep: every minute one event a shard, and each shard walked up to now.
//!
//! A shard reads only the sparse `work` index, so its cost follows what is due, never what is open.
//!
//! **Fairness.** A walk goes over a shard in passes. In a pass each merchant has a share; whoever
//! has used it up is jumped over, and comes again in the next pass. What was found is worked on in
//! turns, one of each merchant after the other. So a merchant with a hundred thousand messages
//! delays another's ten by some seconds.
//!
//! **Time.** A walk that runs out of it asks the bus for the rest at once, until its minute is over
//! and the next sweep begins at the front.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use quita_core::ids::MerchantId;
use quita_table::Cursor;
use quita_table::keys::{WORK_SHARDS, WorkSubject};
use quita_table::store::{Store, WORK_PAGE_MAX, WorkEntry};
use tokio::time::Instant;

use crate::bus::{BusEvent, ShardRef};
use crate::chase_invoice::{Walk, chase_in_walk};
use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::metrics;

/// How long one walk may take.
const TIME_BUDGET: Duration = Duration::from_secs(45);
/// How long a sweep asks for the rest of its walks: then the next one is there.
const MINUTE: TimeDelta = TimeDelta::seconds(58);
/// Entries of one merchant in one pass.
const SHARE: usize = 100;
/// Pages that are read before what they hold is worked on.
const PAGES_AHEAD: usize = 10;
/// Pages of one walk.
const PAGES_MAX: usize = 1_000;
/// Entries that are worked on at the same time: a send waits for the network most of the time.
const AT_ONCE: usize = 8;

/// What a walk did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    pub due: usize,
    pub messages: usize,
    pub receipts: usize,
    pub healed: usize,
    /// Left for the next sweep: someone else was at it, or the outcome is unknown.
    pub left: usize,
}

impl std::ops::AddAssign for Swept {
    fn add_assign(&mut self, other: Self) {
        self.due += other.due;
        self.messages += other.messages;
        self.receipts += other.receipts;
        self.healed += other.healed;
        self.left += other.left;
    }
}

/// Publishes one event a shard.
pub async fn fan_out(deps: &Deps) -> Result<(), Unknown> {
    let now = deps.clock.now();
    let events: Vec<BusEvent> =
        (0..WORK_SHARDS).map(|shard| BusEvent::shard_due(shard, now)).collect();
    deps.bus.publish(&events).await.into_iter().collect()
}

/// Walks one shard. An item that fails is logged and left; it never stops the others.
pub async fn sweep_shard(deps: &Deps, asked: &ShardRef) -> Result<Swept, Unknown> {
    let after = asked.after.as_deref().map(Cursor::parse).transpose();
    let after = after.map_err(|error| Unknown::new("reading the event", error))?;
    let started = deps.clock.now();
    let ends_at = Instant::now() + TIME_BUDGET;
    let mut scan = Scan::new(asked.shard, started, after);
    let walk = Walk::default();
    let mut swept = Swept::default();
    let mut found = scan.read(&deps.store).await?;
    if asked.after.is_none() {
        metrics::sweep_lag(found.iter().map(|entry| entry.due_at).min(), started);
    }
    while !found.is_empty() {
        let from = scan.from.clone();
        // What comes next is read while this is worked on.
        let worked = work_on(deps, &walk, in_turns(found), started, ends_at);
        let (done, next) = futures::future::join(worked, scan.read(&deps.store)).await;
        swept += done;
        if Instant::now() >= ends_at {
            let until = asked.until.unwrap_or(started + MINUTE);
            let now = deps.clock.now();
            if done.due > 0 && now < until {
                publish(deps, BusEvent::shard_more(asked.shard, from.as_ref(), until, now)).await?;
            }
            return Ok(swept);
        }
        found = next?;
    }
    Ok(swept)
}

/// How far a walk has read its shard.
struct Scan {
    shard: u8,
    now: DateTime<Utc>,
    pages: usize,
    /// Where the pass began: before all that was not worked on yet.
    from: Option<Cursor>,
    /// Where it goes on; `None` at the end of the shard.
    next: Option<Place>,
    /// Entries of each merchant in this pass.
    shares: HashMap<MerchantId, usize>,
    /// The place before the first entry that was jumped over in this pass.
    left_out: Option<Place>,
    /// What this walk has worked on: what stays due all the same is the next one's.
    found: HashSet<(MerchantId, String)>,
}

/// A place in a shard; its front where there is no cursor.
#[derive(Clone)]
struct Place(Option<Cursor>);

impl Scan {
    fn new(shard: u8, now: DateTime<Utc>, after: Option<Cursor>) -> Self {
        let from = after.clone();
        Self {
            shard,
            now,
            pages: 0,
            from,
            next: Some(Place(after)),
            shares: HashMap::new(),
            left_out: None,
            found: HashSet::new(),
        }
    }

    /// Reads some pages on; the next pass begins where this one left somebody out. Nothing at the
    /// end.
    async fn read(&mut self, store: &Store) -> Result<Vec<WorkEntry>, Unknown> {
        let mut found = Vec::new();
        for _ in 0..PAGES_AHEAD {
            if self.next.is_none() {
                if !found.is_empty() {
                    return Ok(found);
                }
                self.begin_pass();
            }
            let Some(place) = self.next.clone() else { return Ok(found) };
            if self.pages == PAGES_MAX {
                return Ok(found);
            }
            self.pages += 1;
            let cursor = place.0.as_ref();
            let page = store.due_work(self.shard, self.now, WORK_PAGE_MAX, cursor).await?;
            self.next = page.next.map(|cursor| Place(Some(cursor)));
            self.take(place, page.entries, &mut found);
        }
        Ok(found)
    }

    fn begin_pass(&mut self) {
        self.next = self.left_out.take();
        if let Some(place) = &self.next {
            self.from.clone_from(&place.0);
            self.shares.clear();
        }
    }

    /// Takes what is within each merchant's share; jumps over the rest of one that has had it.
    fn take(&mut self, before: Place, entries: Vec<WorkEntry>, found: &mut Vec<WorkEntry>) {
        let mut before = before;
        for entry in entries {
            let name = (entry.merchant.clone(), entry.subject.id());
            if self.found.contains(&name) {
                before = Place(Some(entry.cursor()));
                continue;
            }
            let share = self.shares.entry(entry.merchant.clone()).or_default();
            if *share == SHARE {
                self.left_out.get_or_insert(before);
                if let Some(past) = entry.past_merchant() {
                    self.next = Some(Place(Some(past)));
                    return;
                }
                before = Place(Some(entry.cursor()));
                continue;
            }
            *share += 1;
            self.found.insert(name);
            before = Place(Some(entry.cursor()));
            found.push(entry);
        }
    }
}

/// One of each merchant after the other, in the order their first fell due.
fn in_turns(entries: Vec<WorkEntry>) -> Vec<WorkEntry> {
    let mut order: Vec<MerchantId> = Vec::new();
    let mut lanes: BTreeMap<MerchantId, VecDeque<WorkEntry>> = BTreeMap::new();
    for entry in entries {
        let lane = lanes.entry(entry.merchant.clone()).or_insert_with(|| {
            order.push(entry.merchant.clone());
            VecDeque::new()
        });
        lane.push_back(entry);
    }
    let mut turns = Vec::new();
    while !lanes.is_empty() {
        for merchant in &order {
            let Some(lane) = lanes.get_mut(merchant) else { continue };
            turns.extend(lane.pop_front());
            if lane.is_empty() {
                lanes.remove(merchant);
            }
        }
    }
    turns
}

async fn work_on(
    deps: &Deps,
    walk: &Walk,
    entries: Vec<WorkEntry>,
    now: DateTime<Utc>,
    ends_at: Instant,
) -> Swept {
    let each = futures::stream::iter(entries).map(async |entry| {
        if Instant::now() >= ends_at {
            return Swept::default();
        }
        work(deps, walk, &entry, now).await
    });
    let each = each.buffer_unordered(AT_ONCE);
    each.fold(Swept::default(), async |mut sum, one| {
        sum += one;
        sum
    })
    .await
}

async fn publish(deps: &Deps, event: BusEvent) -> Result<(), Unknown> {
    deps.bus.publish(&[event]).await.into_iter().collect()
}

async fn work(deps: &Deps, walk: &Walk, entry: &WorkEntry, now: DateTime<Utc>) -> Swept {
    let mut swept = Swept { due: 1, ..Swept::default() };
    let outcome = match &entry.subject {
        WorkSubject::Invoice(invoice) => {
            chase_in_walk(deps, walk, &entry.merchant, invoice).await.map(|done| {
                swept.messages += done.messages;
                swept.receipts += done.receipts;
                swept.healed += done.healed;
                swept.left += done.busy;
            })
        }
        WorkSubject::Payment(payment) => {
            publish(deps, BusEvent::confirm_due(&entry.merchant, payment, now)).await
        }
        WorkSubject::Reconciliation => {
            publish(deps, BusEvent::reconcile_due(&entry.merchant, now)).await
        }
        WorkSubject::Import(import) => {
            publish(deps, BusEvent::import_due(&entry.merchant, import, now)).await
        }
        WorkSubject::Delivery(endpoint, delivery) => {
            let event = BusEvent::delivery_due(&entry.merchant, endpoint, delivery, now);
            publish(deps, event).await
        }
        WorkSubject::Daily => publish(deps, BusEvent::daily_due(&entry.merchant, now)).await,
    };
    if let Err(error) = outcome {
        swept.left += 1;
        tracing::error!(
            merchant.id = %entry.merchant, subject = ?entry.subject, error = chain(&error),
            "Due work of merchant `{}` is left for the next sweep", entry.merchant
        );
    }
    swept
}

#[cfg(test)]
mod tests;
