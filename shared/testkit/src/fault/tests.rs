use std::sync::Arc;

use chrono::DateTime;
use quita_core::audit::Changes;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::schema::LOCAL_TABLE;
use quita_table::store::{Commit, CommitError, ItemRef, Store, StoreError};

use super::{Fault, FaultPlan, FaultRates, Faulty};
use crate::embedded::Embedded;

struct Bench {
    plan: FaultPlan,
    store: Store,
    /// The same table without faults.
    truth: Store,
}

fn bench(plan: FaultPlan) -> Bench {
    let table = Embedded::memory().unwrap();
    let truth = Store::new(Arc::new(table.clone()), LOCAL_TABLE);
    let store = Store::new(Arc::new(Faulty::new(table, plan.clone())), LOCAL_TABLE);
    Bench { plan, store, truth }
}

fn merchant() -> MerchantId {
    MerchantId::parse("mer_a").unwrap()
}

fn aggregate() -> Aggregate {
    Aggregate::Invoice(InvoiceId::parse(&format!("inv_{:026}", 1)).unwrap())
}

fn row(seq: u64) -> EventRow {
    EventRow {
        aggregate: aggregate(),
        seq,
        at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        actor: "api".to_owned(),
        name: "invoice.opened".to_owned(),
        data: serde_json::json!(null),
        postings: Vec::new(),
        changes: Changes::default(),
    }
}

/// One put.
fn one(seq: u64) -> Commit {
    Commit::new(&merchant()).event(&row(seq))
}

/// One transaction.
fn two(seq: u64) -> Commit {
    one(seq).event(&row(seq + 100))
}

impl Bench {
    async fn write(&self, seq: u64) -> &'static str {
        self.commit(one(seq)).await
    }

    async fn commit(&self, commit: Commit) -> &'static str {
        match self.store.commit(commit).await {
            Ok(()) => "ok",
            Err(CommitError::Unknown(_)) => "unknown",
            Err(CommitError::Conflict(_)) => "conflict",
            Err(_) => "other",
        }
    }

    async fn written(&self) -> Vec<u64> {
        let page = self.truth.timeline(&merchant(), &aggregate(), 100, None).await.unwrap();
        page.items.iter().map(|row| row.seq).collect()
    }
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    for (fault, of_a_put, of_a_transaction, done) in [
        (Fault::BeforeCommit, "unknown", "unknown", false),
        (Fault::AfterCommit, "unknown", "unknown", true),
        (Fault::Throttle, "unknown", "unknown", false),
        (Fault::Conflict, "unknown", "conflict", false),
    ] {
        for (commit, said, rows) in
            [(one as fn(u64) -> Commit, of_a_put, vec![1]), (two, of_a_transaction, vec![1, 101])]
        {
            let bench = bench(FaultPlan::calm());
            bench.plan.pass_next(1);
            bench.plan.fail_next(fault);
            assert_eq!(bench.write(9).await, "ok", "{fault:?}: the first call passes");
            assert_eq!(bench.commit(commit(1)).await, said, "{fault:?}");
            let rows = if done { rows } else { vec![] };
            let mut expected: Vec<u64> = rows.into_iter().chain([9]).collect();
            expected.sort_unstable();
            assert_eq!(bench.written().await, expected, "{fault:?}");
            assert_eq!(bench.write(2).await, "ok", "{fault:?}: only once");
        }
    }
}

#[tokio::test]
async fn a_read_passes_what_another_transaction_holds() {
    let bench = bench(FaultPlan::calm());
    assert_eq!(bench.write(1).await, "ok");
    bench.plan.fail_next(Fault::Conflict);
    let page = bench.store.timeline(&merchant(), &aggregate(), 10, None).await.unwrap();
    assert_eq!(page.items, [row(1)]);
}

#[tokio::test]
async fn a_crash_stops_everything_until_revived() {
    for lands in [false, true] {
        let bench = bench(FaultPlan::calm());
        if lands {
            bench.plan.crash_during(2);
        } else {
            bench.plan.crash_after(2);
        }
        let mut said = Vec::new();
        for seq in 1..=5 {
            said.push(bench.write(seq).await);
        }
        assert_eq!(said, ["ok", "ok", "unknown", "unknown", "unknown"]);
        assert!(bench.plan.is_down());
        let read = bench.store.read(&merchant(), &[ItemRef::Merchant]).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))));
        bench.plan.revive();
        assert_eq!(bench.write(6).await, "ok");
        let expected = if lands { vec![1, 2, 3, 6] } else { vec![1, 2, 6] };
        assert_eq!(bench.written().await, expected);
        assert_eq!(bench.plan.calls(), 7);
    }
}

#[tokio::test]
async fn a_seed_repeats_its_faults() {
    let rates = FaultRates { before_commit: 150, after_commit: 150, throttle: 100, conflict: 100 };
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let bench = bench(FaultPlan::seeded(seed, rates));
        let mut said = Vec::new();
        for seq in 1..=60 {
            said.push(bench.commit(one(seq)).await);
            said.push(bench.commit(two(seq + 200)).await);
        }
        for word in ["ok", "unknown", "conflict"] {
            assert!(said.contains(&word), "{word} never happened");
        }
        runs.push((said, bench.written().await));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}
