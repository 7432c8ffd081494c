//! The same money told of more than once: files that come again or overlap, a crash anywhere, two
//! who import at once.

use chrono::TimeDelta;
use quita_app::import_bank_file::{BATCH_ENTRIES, Ran, import_bank_file};
use quita_core::bank_import::CHUNKS_KEPT;
use quita_core::ids::MerchantId;
use quita_testkit::fault::Fault;
use serde_json::{Value, json};

use super::written::{
    Said, counts, credit, debit, import, imported, ofx, show, uploaded, uploaded_in,
};
use crate::callbacks::{pay_unheard, receipts};
use crate::world::{MERCHANT, World, text, txid};

/// Every number a merchant may look at: payments that wait, the invoice, what the books hold.
async fn picture(world: &World, invoice: &Value) -> Value {
    let trial = world.get("/v1/trial_balance").await;
    let parked = world.get("/v1/payments?status=parked&limit=100").await;
    let mut amounts: Vec<String> = parked["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| format!("{} {}", text(item, "id"), text(item, "amount")))
        .collect();
    amounts.sort();
    json!({
        "accounts": trial["accounts"],
        "parked": amounts,
        "invoice": text(&world.reload(invoice).await, "status"),
        "receipts": receipts(world),
    })
}

/// Known money, money nobody heard of, money without a key, a fee and a debit: three batches.
async fn busy(world: &World) -> (Value, Vec<Said>) {
    busy_with(world, BATCH_ENTRIES * 2).await
}

/// The same with some movements without a key.
async fn busy_with(world: &World, more: usize) -> (Value, Vec<Said>) {
    let customer = world.customer().await;
    let heard = world.invoice(&customer, json!({ "number": "heard" })).await;
    let unheard = world.invoice(&customer, json!({ "number": "unheard" })).await;
    let first = world.pay(&txid(&heard, 1)).await;
    let second = pay_unheard(world, &txid(&unheard, 1)).await.e2eid;
    let mut lines = vec![
        credit("f1", "1000.00", &format!("PIX {first}")),
        debit("FEE", "f2", "1.90", "TARIFA"),
        credit("f3", "1000.00", &format!("PIX {second}")),
        debit("DEBIT", "f4", "5.00", "PAGTO"),
    ];
    lines.extend((0..more).map(|nth| credit(&format!("g{nth}"), "1.00", "DEPOSITO")));
    (unheard, lines)
}

fn expected() -> Value {
    expected_with(BATCH_ENTRIES * 2)
}

fn expected_with(more: usize) -> Value {
    json!({ "settled": 1, "fees": 1, "matched": 1, "debits": 1, "unmatched": more })
}

#[tokio::test]
async fn a_file_that_comes_again_changes_nothing() {
    let world = World::new().await;
    let (invoice, lines) = busy(&world).await;
    let view = imported(&world, "ofx", &ofx(&lines)).await;
    assert_eq!(counts(&view), expected());
    let before = picture(&world, &invoice).await;
    let again = imported(&world, "ofx", &ofx(&lines)).await;
    assert_eq!(counts(&again), json!({ "already_known": lines.len() }));
    assert_eq!(picture(&world, &invoice).await, before);
    // What the first file brought stays counted with it.
    assert_eq!(counts(&show(&world, text(&view, "id")).await), expected());
    assert_eq!(world.get("/v1/bank_files").await["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn files_that_overlap_bring_each_line_once() {
    let world = World::new().await;
    let (invoice, lines) = busy(&world).await;
    imported(&world, "ofx", &ofx(&lines[..20])).await;
    let second = imported(&world, "ofx", &ofx(&lines[10..])).await;
    let new = lines.len() - 20;
    assert_eq!(counts(&second), json!({ "already_known": 10, "unmatched": new }));
    let whole = World::new().await;
    let (other, lines) = busy(&whole).await;
    imported(&whole, "ofx", &ofx(&lines)).await;
    assert_eq!(picture(&world, &invoice).await, picture(&whole, &other).await);
}

/// Asked twice with one key, or with two: one import.
#[tokio::test]
async fn an_import_that_is_asked_for_twice_runs_once() {
    let world = World::new().await;
    let (invoice, lines) = busy(&world).await;
    let id = uploaded(&world, "ofx", &ofx(&lines)).await;
    let (bearer, path) = (world.bearer(), format!("/v1/bank_files/{id}/import"));
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "one")];
    let first = world.call_with("POST", &path, &headers, "{}").await;
    let again = world.call_with("POST", &path, &headers, "{}").await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    world.settle().await;
    let before = picture(&world, &invoice).await;
    assert_eq!(import(&world, &id).await.status, 202, "it is imported already");
    world.settle().await;
    assert_eq!(counts(&show(&world, &id).await), expected());
    assert_eq!(picture(&world, &invoice).await, before);
}

/// A file of two batches in two pieces, accepted and not yet begun.
async fn accepted(world: &World) -> (Value, String) {
    let (invoice, lines) = busy_with(world, BATCH_ENTRIES).await;
    let file = ofx(&lines);
    let id = uploaded_in(world, "ofx", &file, file.len() / 2 + 1).await;
    assert_eq!(import(world, &id).await.status, 202);
    (invoice, id)
}

/// Dies at each request to the table, before it or after it took effect, and starts again.
#[tokio::test]
async fn a_run_that_is_killed_anywhere_ends_the_same() {
    let calm = World::new().await;
    let (invoice, id) = accepted(&calm).await;
    let begun = calm.faults.calls();
    run(&calm, &id).await.unwrap();
    let calls = calm.faults.calls() - begun;
    calm.settle().await;
    let wanted = (picture(&calm, &invoice).await, counts(&show(&calm, &id).await));
    assert_eq!(wanted.1, expected_with(BATCH_ENTRIES));
    assert!(calls > 10, "{calls} places to die at");
    for (nth, lands) in (0..calls).flat_map(|nth| [(nth, false), (nth, true)]) {
        let mut world = World::new().await;
        let (invoice, id) = accepted(&world).await;
        if lands {
            world.faults.crash_during(nth)
        } else {
            world.faults.crash_after(nth)
        }
        run(&world, &id).await.unwrap_err();
        world.restart();
        world.clock.advance(TimeDelta::minutes(3)).unwrap();
        world.sweep().await;
        let view = show(&world, &id).await;
        assert_eq!(text(&view, "status"), "imported", "killed at {nth}, lands: {lands}");
        let got = (picture(&world, &invoice).await, counts(&view));
        assert_eq!(got, wanted, "killed at {nth}, lands: {lands}");
    }
}

async fn run(world: &World, id: &str) -> Result<Ran, quita_app::Unknown> {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    import_bank_file(world.machine.deps(), &merchant, &id.parse().unwrap()).await
}

/// Two runs of one file side by side, and of two files with the same lines.
#[tokio::test]
async fn two_who_import_at_once_count_every_line_once() {
    let world = World::new().await;
    let (invoice, lines) = busy(&world).await;
    let file = ofx(&lines);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let id = uploaded(&world, "ofx", &file).await;
        assert_eq!(import(&world, &id).await.status, 202);
        ids.push(id);
    }
    let (a, b, c) = tokio::join!(run(&world, &ids[0]), run(&world, &ids[0]), run(&world, &ids[1]));
    let ran = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert!(ran.contains(&Ran::Finished), "{ran:?}");
    world.clock.advance(TimeDelta::minutes(3)).unwrap();
    world.sweep().await;
    let mut brought = 0;
    for id in &ids {
        let view = show(&world, id).await;
        assert_eq!(text(&view, "status"), "imported", "{ran:?}");
        assert_eq!(view["progress"]["done"], lines.len());
        let counts = &view["counts"];
        let all: u64 = counts.as_object().unwrap().values().filter_map(Value::as_u64).sum();
        assert_eq!(all, lines.len() as u64);
        brought += all - counts["already_known"].as_u64().unwrap();
    }
    assert_eq!(brought, lines.len() as u64, "each line is brought by one of both");
    let alone = World::new().await;
    let (other, lines) = busy(&alone).await;
    imported(&alone, "ofx", &ofx(&lines)).await;
    assert_eq!(picture(&world, &invoice).await, picture(&alone, &other).await);
}

/// Someone holds an item for a moment: the batch is decided anew, or the next sweep goes on.
#[tokio::test]
async fn a_conflict_at_any_commit_only_delays() {
    for nth in 0..12 {
        let world = World::new().await;
        let (_, lines) = busy_with(&world, BATCH_ENTRIES).await;
        let id = uploaded(&world, "ofx", &ofx(&lines)).await;
        assert_eq!(import(&world, &id).await.status, 202);
        world.faults.pass_next(nth);
        world.faults.fail_next(Fault::Conflict);
        world.settle().await;
        world.clock.advance(TimeDelta::minutes(3)).unwrap();
        world.sweep().await;
        let view = show(&world, &id).await;
        assert_eq!(text(&view, "status"), "imported", "conflict at {nth}");
        assert_eq!(counts(&view), expected_with(BATCH_ENTRIES), "conflict at {nth}");
    }
}

#[tokio::test]
async fn a_file_whose_pieces_expired_says_what_to_do() {
    let world = World::new().await;
    let late = uploaded(&world, "ofx", &ofx(&[credit("f1", "1.00", "TED")])).await;
    let begun = uploaded(&world, "ofx", &ofx(&[credit("f2", "2.00", "TED")])).await;
    assert_eq!(import(&world, &begun).await.status, 202);
    world.faults.crash_after(0);
    world.machine.pump().await;
    world.faults.revive();
    world.clock.advance(CHUNKS_KEPT + TimeDelta::days(3)).unwrap();
    world.machine.engine().sweep_ttl(world.now()).unwrap();
    assert_eq!(import(&world, &late).await.outcome(), "409 conflict");
    world.sweep().await;
    let view = show(&world, &begun).await;
    assert_eq!(text(&view, "status"), "stopped");
    assert!(text(&view, "stopped_because").contains("upload the file again"));
    assert_eq!(import(&world, &begun).await.outcome(), "409 conflict");
}

/// A batch is one read and one transaction, whatever it holds.
#[tokio::test]
async fn a_batch_is_one_read_and_one_transaction() {
    let world = World::new().await;
    let lines: Vec<Said> =
        (0..BATCH_ENTRIES * 3).map(|nth| credit(&format!("g{nth}"), "1.00", "DEPOSITO")).collect();
    let id = uploaded(&world, "ofx", &ofx(&lines)).await;
    assert_eq!(import(&world, &id).await.status, 202);
    world.usage();
    assert_eq!(run(&world, &id).await.unwrap(), Ran::Finished);
    let usage = world.usage();
    // The import with its merchant, the piece of the file, and a read a batch.
    assert_eq!((usage.reads, usage.keys_read), (2 + 3, 2 + 1 + 3 * 32));
    // A payment, its three rows and the line for each, the checkpoint a batch; the end.
    assert_eq!((usage.transactions, usage.items_written), (3 + 1, 3 * (16 * 5 + 1) + 2));
    assert_eq!((usage.puts, usage.queries), (0, 0));
    // Told again: nothing but the look and the checkpoint.
    let again = uploaded(&world, "ofx", &ofx(&lines)).await;
    assert_eq!(import(&world, &again).await.status, 202);
    world.usage();
    run(&world, &again).await.unwrap();
    let usage = world.usage();
    assert_eq!((usage.puts, usage.transactions, usage.items_written), (3, 1, 2));
}
