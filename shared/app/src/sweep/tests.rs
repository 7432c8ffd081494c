use std::collections::BTreeSet;
use std::sync::Arc;

use quita_core::ids::InvoiceId;
use quita_core::work::{WorkDue, WorkKind};
use quita_table::keys::shard_of;
use quita_table::schema::LOCAL_TABLE;
use quita_table::{Commit, Expected};
use quita_testkit::contract::store::sample;
use quita_testkit::embedded::Embedded;

use super::*;

/// What is due of each merchant in [`SHARD`]: a burst, a few and some.
const DUE: [(&str, usize); 3] = [("a", 230), ("b", 10), ("c", 120)];
const SHARD: u8 = 3;

fn now() -> DateTime<Utc> {
    "2026-12-10T12:00:00Z".parse().unwrap()
}

fn entry(merchant: &str, nth: usize) -> WorkEntry {
    WorkEntry {
        merchant: MerchantId::parse(merchant).unwrap(),
        subject: WorkSubject::Invoice(InvoiceId::from_ulid(&format!("{nth:026}")).unwrap()),
        due_at: now(),
        kind: WorkKind::Reminder,
    }
}

fn merchants(entries: &[WorkEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.merchant.as_str()).collect()
}

#[test]
fn many_of_one_merchant_stand_before_the_few_of_another() {
    let entries = [entry("mer_a", 1), entry("mer_a", 2), entry("mer_a", 3), entry("mer_b", 4)];
    let turns = in_turns(entries.to_vec());
    assert_eq!(merchants(&turns), ["mer_a", "mer_b", "mer_a", "mer_a"]);
}

#[test]
fn a_merchant_gets_more_than_its_share_of_a_pass() {
    let mut scan = Scan::new(0, now(), None);
    scan.next = None;
    let mut found = Vec::new();
    let many: Vec<WorkEntry> = (0..SHARE + 20).map(|nth| entry("mer_a", nth)).collect();
    scan.take(Place(None), many.clone(), &mut found);
    assert_eq!(found.len(), SHARE);
    // The next page begins behind all of it, and the next pass with the first that was left out.
    let Some(Place(Some(past))) = &scan.next else { panic!("nothing was jumped over") };
    assert_eq!(Some(past), many[0].past_merchant().as_ref());
    let Some(Place(Some(before))) = &scan.left_out else { panic!("nothing was left out") };
    assert_eq!(*before, many[SHARE - 1].cursor());
    scan.take(Place(None), vec![entry("mer_b", 7)], &mut found);
    assert_eq!(found.len(), SHARE + 1);
}

#[test]
fn what_stays_due_is_worked_on_again_in_the_same_walk() {
    let mut scan = Scan::new(0, now(), None);
    let mut found = Vec::new();
    scan.take(Place(None), vec![entry("mer_a", 1)], &mut found);
    scan.shares.clear();
    scan.take(Place(None), vec![entry("mer_a", 1), entry("mer_a", 2)], &mut found);
    assert_eq!(found.len(), 2);
}

/// A table with all of [`DUE`], due at the same moment.
async fn burst() -> Store {
    let engine = Embedded::memory().unwrap();
    let bulk = Store::new(engine.bulk().unwrap(), LOCAL_TABLE);
    let work = WorkDue { at: now(), kind: WorkKind::Reminder };
    for (owner, due) in DUE {
        let id = |nth: &u32| InvoiceId::parse(&format!("inv_{nth:026}")).unwrap();
        let here = |nth: &u32| shard_of(id(nth).as_str(), WORK_SHARDS) == SHARD;
        let first = sample::invoice(owner, 0);
        for nth in (0..).filter(here).take(due) {
            let mut invoice = first.clone();
            invoice.id = id(&nth);
            let commit = Commit::new(&invoice.merchant);
            bulk.commit(commit.invoice(&invoice, Expected::New, Some(&work))).await.unwrap();
        }
    }
    Store::new(Arc::new(engine), LOCAL_TABLE)
}

fn names(entries: &[WorkEntry]) -> BTreeSet<(String, String)> {
    entries.iter().map(|it| (it.merchant.to_string(), it.subject.id())).collect()
}

#[tokio::test]
async fn a_burst_of_one_merchant_delays_the_few_of_another() {
    let store = burst().await;
    let first = Scan::new(SHARD, now(), None).read(&store).await.unwrap();
    let of = |name| first.iter().filter(|it| it.merchant.as_str() == name).count();
    assert_eq!([of("mer_a"), of("mer_b"), of("mer_c")], [SHARE, 10, SHARE]);
}

#[tokio::test]
async fn a_walk_that_runs_out_of_time_forgets_somebody_or_comes_to_somebody_twice() {
    let store = burst().await;
    let all: usize = DUE.iter().map(|(_, due)| due).sum();
    let mut batches_max = 0;
    for cut_after in 0..10 {
        let mut scan = Scan::new(SHARD, now(), None);
        let mut found = scan.read(&store).await.unwrap();
        let (mut worked, mut count, mut batches) = (BTreeSet::new(), 0, 0);
        let mut from = scan.from.clone();
        while !found.is_empty() {
            from.clone_from(&scan.from);
            batches += 1;
            let next = scan.read(&store).await.unwrap();
            if batches > cut_after {
                // Of the last batch nothing was done in time.
                break;
            }
            count += found.len();
            worked.append(&mut names(&found));
            found = next;
        }
        assert_eq!(count, worked.len(), "each once in a walk");
        batches_max = batches.max(batches_max);

        let mut rest = Scan::new(SHARD, now(), from);
        loop {
            let found = rest.read(&store).await.unwrap();
            if found.is_empty() {
                break;
            }
            worked.append(&mut names(&found));
        }
        assert_eq!(worked.len(), all, "cut after {cut_after} batches");
    }
    assert!(batches_max > 2, "the walk is cut in the midst, too");
}
