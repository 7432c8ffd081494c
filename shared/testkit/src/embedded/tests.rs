use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::audit::Changes;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_table::Item;
use quita_table::items::{EventRow, IdempotencyRecord, Stored, decode, event_from_image};
use quita_table::keys::Aggregate;
use quita_table::schema::LOCAL_TABLE;
use quita_table::store::{Commit, Expected, ItemRef, Store};
use serde_json::json;

use super::Embedded;
use crate::contract;
use crate::contract::store::sample;

fn store(embedded: &Embedded) -> Store {
    Store::new(Arc::new(embedded.clone()), LOCAL_TABLE)
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn merchant() -> MerchantId {
    MerchantId::parse("mer_a").unwrap()
}

fn event(seq: u64) -> EventRow {
    EventRow {
        aggregate: Aggregate::Invoice(InvoiceId::parse(&format!("inv_{:026}", 1)).unwrap()),
        seq,
        at: now(),
        actor: "api".to_owned(),
        name: "invoice.opened".to_owned(),
        data: json!({ "amount": -5, "list": [], "none": null, "text": "" }),
        postings: Vec::new(),
        changes: Changes::default(),
    }
}

fn answer(key: &str, expires_at: DateTime<Utc>) -> IdempotencyRecord {
    IdempotencyRecord {
        scope: "create_invoice".to_owned(),
        key: key.to_owned(),
        payload_hash: "a0".to_owned(),
        status: 201,
        body: "{}".to_owned(),
        expires_at,
    }
}

#[tokio::test]
async fn the_store_keeps_its_promises_in_memory() {
    contract::store::run(async || store(&Embedded::memory().unwrap())).await;
}

#[tokio::test]
async fn the_store_keeps_its_promises_in_a_file() {
    let folder = Folder::new("contract");
    let next = std::cell::Cell::new(0);
    contract::store::run(async || {
        next.set(next.get() + 1);
        store(&Embedded::file(&folder.0.join(format!("{}.db", next.get()))).unwrap())
    })
    .await;
}

#[tokio::test]
async fn a_file_keeps_table_and_stream_over_a_restart() {
    let folder = Folder::new("restart");
    let path = folder.0.join("quita.db");
    let first = Embedded::file(&path).unwrap();
    store(&first).commit(Commit::new(&merchant()).event(&event(1))).await.unwrap();
    let seen = first.stream_after(None, 10).unwrap();
    drop(first);
    let again = Embedded::file(&path).unwrap();
    let page = store(&again).timeline(&merchant(), &event(1).aggregate, 10, None).await.unwrap();
    assert_eq!(page.items, [event(1)]);
    assert_eq!(again.stream_after(None, 10).unwrap(), seen);
    store(&again).commit(Commit::new(&merchant()).event(&event(2))).await.unwrap();
    let after = again.stream_after(Some(&seen[0].sequence), 10).unwrap();
    assert_eq!(after.len(), 1, "the sequence goes on");
}

/// The fear: what was laid out for a benchmark is not what the product would have written.
#[tokio::test]
async fn a_bulk_load_leaves_what_commits_leave_but_for_the_stream() {
    let commits = || {
        let answered = answer("k", now());
        let several = Commit::new(&merchant()).event(&event(1)).idempotency(&answered);
        [several, Commit::new(&merchant()).event(&event(2))]
    };
    let (plain, loaded) = (Embedded::memory().unwrap(), Embedded::memory().unwrap());
    let bulk = loaded.bulk().unwrap();
    for (commit, again) in commits().into_iter().zip(commits()) {
        store(&plain).commit(commit).await.unwrap();
        Store::new(bulk.clone(), LOCAL_TABLE).commit(again).await.unwrap();
    }
    bulk.finish().unwrap();
    let items = plain.items().unwrap();
    assert_eq!((items.len(), &loaded.items().unwrap()), (3, &items));
    assert_eq!(loaded.stream_after(None, 10).unwrap(), []);
    store(&loaded).commit(Commit::new(&merchant()).event(&event(1))).await.unwrap_err();
}

/// The fear: each write reads the stream of all writes before it, and long runs crawl.
#[test]
fn a_write_does_not_read_the_whole_stream() {
    let folder = Folder::new("plan");
    let path = folder.0.join("quita.db");
    Embedded::file(&path).unwrap();
    let engine = rusqlite::Connection::open(&path).unwrap();
    // As the engine asks for its next number.
    let plan = "EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 \
                FROM _stream_records WHERE table_name = ?1";
    let plan: String = engine.query_row(plan, [LOCAL_TABLE], |row| row.get(3)).unwrap();
    assert!(plan.contains("quita_stream_position"), "{plan}");
}

#[tokio::test]
async fn a_stream_record_reads_as_a_lambda_trigger_gets_it() {
    let embedded = Embedded::memory().unwrap();
    let commit = Commit::new(&merchant()).event(&event(1)).event(&event(2));
    store(&embedded).commit(commit.idempotency(&answer("k", now()))).await.unwrap();
    let records = embedded.stream_after(None, 10).unwrap();
    assert_eq!(records.len(), 3);
    let mut events = Vec::new();
    for record in &records {
        let json = &record.json;
        assert_eq!(json["eventName"], "INSERT");
        assert_eq!(json["eventSource"], "aws:dynamodb");
        assert!(json["eventID"].is_string() && json["eventSourceARN"].is_string());
        assert_eq!(json["dynamodb"]["StreamViewType"], "NEW_IMAGE");
        assert_eq!(json["dynamodb"]["SequenceNumber"], record.sequence.as_str());
        assert!(json["dynamodb"]["Keys"]["pk"]["S"].is_string());
        assert_eq!(json["dynamodb"]["OldImage"], json!(null));
        let image = serde_json::from_value(json["dynamodb"]["NewImage"].clone()).unwrap();
        events.extend(event_from_image(&image).unwrap());
    }
    assert_eq!(events, [(merchant(), event(1)), (merchant(), event(2))]);
    let first = embedded.stream_after(None, 1).unwrap();
    let rest = embedded.stream_after(Some(&first[0].sequence), 10).unwrap();
    assert_eq!([first, rest].concat(), records, "pages lose and repeat nothing");
}

/// The stream tells of every item, bytes and all; the relay passes over what is no event.
#[tokio::test]
async fn a_piece_of_a_file_goes_over_the_stream_unchanged() {
    let embedded = Embedded::memory().unwrap();
    let chunk = sample::chunk(&sample::import("a", 1), 0, 1000);
    store(&embedded).commit(Commit::new(&merchant()).import_chunk(&chunk)).await.unwrap();
    let records = embedded.stream_after(None, 10).unwrap();
    let image = records[0].json["dynamodb"]["NewImage"].clone();
    let image: Item = serde_json::from_value(image).unwrap();
    assert_eq!(event_from_image(&image).unwrap(), None);
    let (_, read) = decode(&merchant(), image).unwrap();
    assert_eq!(read, Stored::ImportChunk(Box::new(chunk)));
}

#[tokio::test]
async fn the_pieces_of_a_file_expire_and_its_lines_do_not() {
    let embedded = Embedded::memory().unwrap();
    let file = sample::import("a", 1);
    let (piece, line) = (sample::chunk(&file, 0, 10), sample::bank_line(&file, 1));
    let commit = Commit::new(&file.merchant)
        .import(&file, Expected::New, None)
        .import_chunk(&piece)
        .bank_line(&line, Expected::New)
        .boleto(&sample::boleto("7", 1));
    store(&embedded).commit(commit).await.unwrap();
    assert_eq!(embedded.sweep_ttl(piece.expires_at).unwrap(), 0, "not before its time");
    assert_eq!(embedded.sweep_ttl(piece.expires_at + TimeDelta::days(9999)).unwrap(), 1);
    let refs = [
        ItemRef::ImportChunk(file.id.clone(), 0),
        ItemRef::Import(file.id.clone()),
        ItemRef::BankLine(line.fingerprint.clone()),
        ItemRef::Boleto("7".to_owned()),
    ];
    let mut found = store(&embedded).read(&file.merchant, &refs).await.unwrap();
    assert_eq!(found.take_import_chunk(&file.id, 0), None);
    assert_eq!(found.take_bank_line(&line.fingerprint), Some(line));
    assert_eq!(found.take_import(&file.id), Some(file));
    assert!(found.take_boleto("7").is_some());
}

#[tokio::test]
async fn expiry_takes_what_has_expired_and_nothing_else() {
    let embedded = Embedded::memory().unwrap();
    let (old, young) = (answer("old", now()), answer("young", now() + TimeDelta::days(1)));
    let commit = Commit::new(&merchant()).event(&event(1));
    store(&embedded).commit(commit.idempotency(&old).idempotency(&young)).await.unwrap();
    assert_eq!(embedded.sweep_ttl(now()).unwrap(), 0, "not before its time");
    assert_eq!(embedded.sweep_ttl(now() + TimeDelta::seconds(1)).unwrap(), 1);
    let refs = ["old", "young"].map(|key| ItemRef::Idempotency {
        scope: "create_invoice".to_owned(),
        key: key.to_owned(),
    });
    let mut found = store(&embedded).read(&merchant(), &refs).await.unwrap();
    assert_eq!(found.take_idempotency("create_invoice", "old"), None);
    assert_eq!(found.take_idempotency("create_invoice", "young"), Some(young));
    store(&embedded).commit(Commit::new(&merchant()).idempotency(&old)).await.unwrap();
}

/// A folder of its own, removed at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("quita-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
