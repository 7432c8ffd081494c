//! The sweep: every minute one event a shard, and each shard walked up to now.
//!
//! A shard reads only the sparse `work` index, so its cost follows what is due, never what is open.

use std::time::Duration;

use chrono::{DateTime, Utc};
use quita_table::Cursor;
use quita_table::keys::{WORK_SHARDS, WorkSubject};
use quita_table::store::{WORK_PAGE_MAX, WorkEntry};

use crate::bus::BusEvent;
use crate::chase_invoice::chase_due_invoice;
use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::metrics;

/// How long one walk may take; what is left is found by the next minute's sweep.
const TIME_BUDGET: Duration = Duration::from_secs(45);
/// Pages of one walk.
const PAGES_MAX: usize = 1_000;

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
pub async fn sweep_shard(deps: &Deps, shard: u8) -> Result<Swept, Unknown> {
    let started = deps.clock.now();
    let stopwatch = tokio::time::Instant::now();
    let mut swept = Swept::default();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..PAGES_MAX {
        let page = deps.store.due_work(shard, started, WORK_PAGE_MAX, cursor.as_ref()).await?;
        if cursor.is_none() {
            metrics::sweep_lag(page.entries.first().map(|entry| entry.due_at), started);
        }
        for entry in &page.entries {
            if stopwatch.elapsed() >= TIME_BUDGET {
                return Ok(swept);
            }
            swept.due += 1;
            work(deps, entry, started, &mut swept).await;
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(swept)
}

async fn publish(deps: &Deps, event: BusEvent) -> Result<(), Unknown> {
    deps.bus.publish(&[event]).await.into_iter().collect()
}

async fn work(deps: &Deps, entry: &WorkEntry, now: DateTime<Utc>, swept: &mut Swept) {
    let outcome = match &entry.subject {
        WorkSubject::Invoice(invoice) => {
            chase_due_invoice(deps, &entry.merchant, invoice).await.map(|done| {
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
    };
    if let Err(error) = outcome {
        swept.left += 1;
        tracing::error!(
            merchant.id = %entry.merchant, subject = ?entry.subject, error = chain(&error),
            "Due work of merchant `{}` is left for the next sweep", entry.merchant
        );
    }
}
