//! Promises of the work index: what is due is there, in order; what is done is not.

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::daily::Daily;
use quita_core::invoice::Invoice;
use quita_core::reconciliation::Reconciliation;
use quita_core::work::{WorkDue, WorkKind};
use quita_table::Cursor;
use quita_table::keys::{WORK_SHARDS, WorkSubject};
use quita_table::store::{Commit, Expected, Store, StoreError, WorkEntry};

use super::sample::{changed, import, invoice, merchant_id, minutes, now, payment, reconciliation};
use super::{assert_bad_cursor, conflicts};

/// All that is due, over all shards.
async fn due(store: &Store, at: DateTime<Utc>) -> Vec<WorkEntry> {
    let mut entries = Vec::new();
    for shard in 0..WORK_SHARDS {
        let page = store.due_work(shard, at, 100, None).await.unwrap();
        assert_eq!((page.unreadable, page.next), (0, None));
        entries.extend(page.entries);
    }
    entries
}

async fn write(store: &Store, invoice: &Invoice, expected: Expected, work: Option<WorkDue>) {
    let commit = Commit::new(&invoice.merchant);
    store.commit(commit.invoice(invoice, expected, work.as_ref())).await.unwrap();
}

fn remind(at: DateTime<Utc>) -> Option<WorkDue> {
    Some(WorkDue { at, kind: WorkKind::Reminder })
}

pub(super) async fn open_means_indexed(store: &Store) {
    let v1 = invoice("a", 1);
    let expect = |due_at, kind| WorkEntry {
        merchant: merchant_id("a"),
        subject: WorkSubject::Invoice(v1.id.clone()),
        due_at,
        kind,
    };
    write(store, &v1, Expected::New, remind(now())).await;
    assert_eq!(due(store, now()).await, [expect(now(), WorkKind::Reminder)]);
    let (v2, v3) = (changed(&v1, "later"), changed(&changed(&v1, ""), "done"));
    let later = WorkDue { at: now() + minutes(60), kind: WorkKind::Charge };
    write(store, &v2, Expected::Version(1), Some(later)).await;
    assert_eq!(due(store, now()).await, [], "it moved");
    assert_eq!(due(store, later.at).await, [expect(later.at, WorkKind::Charge)]);
    write(store, &v3, Expected::Version(2), None).await;
    assert_eq!(due(store, later.at + minutes(9999)).await, [], "it is done");

    let reported = payment("a", 1);
    let confirm = WorkDue { at: now(), kind: WorkKind::Confirm };
    let commit = Commit::new(&reported.merchant);
    store.commit(commit.payment(&reported, Expected::New, Some(&confirm))).await.unwrap();
    let subject = WorkSubject::Payment(reported.id.clone());
    let entry = WorkEntry { subject, ..expect(now(), WorkKind::Confirm) };
    assert_eq!(due(store, now()).await, [entry]);
    let mut settled = reported.clone();
    settled.version = 2;
    let commit = Commit::new(&reported.merchant);
    store.commit(commit.payment(&settled, Expected::Version(1), None)).await.unwrap();
    assert_eq!(due(store, now() + minutes(9999)).await, []);
}

/// Every merchant has one, and each run sets the time of the next.
pub(super) async fn a_reconciliation_falls_due_again(store: &Store) {
    let owners = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for owner in owners {
        let first = reconciliation(owner);
        let commit = Commit::new(&first.merchant).reconciliation(&first, Expected::New);
        store.commit(commit).await.unwrap();
    }
    let entry = |owner, due_at| WorkEntry {
        merchant: merchant_id(owner),
        subject: WorkSubject::Reconciliation,
        due_at,
        kind: WorkKind::Reconcile,
    };
    let mut found = due(store, now()).await;
    found.sort_by(|one, other| one.merchant.cmp(&other.merchant));
    assert_eq!(found, owners.map(|owner| entry(owner, now())));
    let next_at = now() + minutes(15);
    let moved = Reconciliation { version: 2, next_at, ..reconciliation("c") };
    let commit = Commit::new(&moved.merchant).reconciliation(&moved, Expected::Version(1));
    store.commit(commit).await.unwrap();
    let still = due(store, now()).await;
    assert_eq!(still.len(), owners.len() - 1);
    assert!(still.iter().all(|entry| entry.merchant != moved.merchant), "it moved");
    assert!(due(store, next_at).await.contains(&entry("c", next_at)));
}

/// A merchant's day is a record: each write moves its entry, and of two who took it up one goes on.
pub(super) async fn a_day_falls_due_again(store: &Store) {
    let first = Daily::starting(merchant_id("a"), 0, now());
    let entry = |due_at| WorkEntry {
        merchant: merchant_id("a"),
        subject: WorkSubject::Daily,
        due_at,
        kind: WorkKind::Daily,
    };
    let write = |daily: &Daily, expected| Commit::new(&daily.merchant).record(daily, expected);
    store.commit(write(&first, Expected::New)).await.unwrap();
    assert_eq!(due(store, now()).await, [entry(now())]);
    let next_at = now() + minutes(60);
    let moved = Daily { version: 2, next_at, ..first };
    store.commit(write(&moved, Expected::Version(1))).await.unwrap();
    assert_eq!(due(store, now()).await, [], "it moved");
    assert_eq!(due(store, next_at).await, [entry(next_at)]);
    assert_eq!(conflicts(store.commit(write(&moved, Expected::Version(1))).await).len(), 1);
}

pub(super) async fn an_import_waits_until_it_is_done(store: &Store) {
    let file = import("a", 1);
    let write = |version, expected, work: Option<WorkDue>| {
        let mut file = file.clone();
        file.version = version;
        Commit::new(&file.merchant).import(&file, expected, work.as_ref())
    };
    let next = |at| Some(WorkDue { at, kind: WorkKind::Import });
    store.commit(write(1, Expected::New, None)).await.unwrap();
    assert_eq!(due(store, now() + minutes(9999)).await, [], "only uploaded");
    store.commit(write(2, Expected::Version(1), next(now()))).await.unwrap();
    let entry = |due_at| WorkEntry {
        merchant: file.merchant.clone(),
        subject: WorkSubject::Import(file.id.clone()),
        due_at,
        kind: WorkKind::Import,
    };
    assert_eq!(due(store, now()).await, [entry(now())]);
    let later = now() + minutes(1);
    store.commit(write(3, Expected::Version(2), next(later))).await.unwrap();
    assert_eq!(due(store, now()).await, [], "the rest comes later");
    assert_eq!(due(store, later).await, [entry(later)]);
    store.commit(write(4, Expected::Version(3), None)).await.unwrap();
    assert_eq!(due(store, now() + minutes(9999)).await, [], "it is done");
}

pub(super) async fn due_work_comes_in_order_and_pages(store: &Store) {
    let total = 80;
    for n in 0..total {
        // Several merchants, and several entries due at the same second.
        let one = invoice(["a", "b", "c"][n as usize % 3], n);
        let at = now() - minutes(i64::from(n * 13 % 20));
        write(store, &one, Expected::New, remind(at)).await;
    }
    let mut seen: Vec<WorkSubject> = Vec::new();
    let mut shards_used = 0;
    for shard in 0..WORK_SHARDS {
        let mut last: Option<DateTime<Utc>> = None;
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = store.due_work(shard, now(), 2, cursor.as_ref()).await.unwrap();
            assert!(page.entries.len() <= 2);
            for entry in page.entries {
                assert!(last.is_none_or(|last| last <= entry.due_at), "soonest first");
                last = Some(entry.due_at);
                seen.push(entry.subject);
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        shards_used += u8::from(last.is_some());
    }
    seen.sort();
    let all: Vec<WorkSubject> =
        (0..total).map(|n| WorkSubject::Invoice(invoice("a", n).id)).collect();
    assert_eq!(seen, all, "each once");
    assert!(shards_used >= WORK_SHARDS / 2, "{shards_used} shards in use");

    let outcome = store.due_work(WORK_SHARDS, now(), 2, None).await;
    assert!(matches!(outcome, Err(StoreError::Refused(_))), "{outcome:?}");
    let cursor = Cursor::after_event(1);
    assert_bad_cursor(store.due_work(0, now(), 2, Some(&cursor)).await);
}

pub(super) async fn nothing_falls_due_early(store: &Store) {
    let at = now() + TimeDelta::milliseconds(500);
    write(store, &invoice("a", 1), Expected::New, remind(at)).await;
    assert_eq!(due(store, now()).await, []);
    assert_eq!(due(store, now() + TimeDelta::milliseconds(999)).await, [], "rounded up");
    assert_eq!(due(store, now() + TimeDelta::seconds(1)).await.len(), 1);
}
