//! Bank files of two lengths: reading alone, and the whole way into the books.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quita_app::import_bank_file::{Ran, import_bank_file};
use quita_bank_files::{Format, Item, Reader, Summary};
use quita_core::bank_import::CHUNK_BYTES;
use quita_core::ids::{EndToEndId, ImportId, MerchantId, PaymentId};
use quita_core::money::Money;
use quita_core::payment::{Attention, Method, ParkReason, Payment, PaymentState};
use quita_table::{Commit, Expected};
use quita_testkit::embedded::Embedded;
use serde_json::json;

use crate::peak::Watch;
use crate::statement::{ACCOUNT, Kind, KnownPix, known_pix};
use crate::world::{Answer, MERCHANT, World, api_request, text};

/// Movements of the files.
const LENGTHS: [usize; 2] = [10_000, 100_000];
/// Bytes of an uploaded part.
const PART_BYTES: usize = 1_000_000;
/// Payments of one transaction while they are laid out.
const LOT: usize = 50;

/// One file of one length.
struct Row {
    movements: usize,
    lines: u64,
    bytes: u64,
    took: Duration,
    /// Resident before it, and the most beyond that, in KiB.
    memory: Option<(u64, u64)>,
}

/// Reads files of both formats and lengths, without doing anything with what comes out.
pub fn reading() {
    println!("bank files, read only: chunks of {CHUNK_BYTES} bytes, from text to entries");
    heading();
    for kind in Kind::ALL {
        let rows = LENGTHS.map(|movements| read(kind, movements));
        rows.iter().for_each(|row| print(kind, row));
        flatness(kind, &rows);
    }
    println!();
}

fn read(kind: Kind, movements: usize) -> Row {
    let format = match kind {
        Kind::Ofx => Format::Ofx,
        Kind::Cnab240 => Format::Cnab240,
    };
    let memory = Watch::start();
    let (mut reader, mut items) = (Reader::new(format), Vec::new());
    let (mut took, mut entries) = (Duration::ZERO, 0);
    for chunk in kind.chunks(movements, CHUNK_BYTES) {
        let started = Instant::now();
        reader.push(&chunk, &mut items).unwrap();
        entries += entries_of(&items);
        items.clear();
        took += started.elapsed();
    }
    let summary = reader.finish(&mut items).unwrap();
    assert_eq!(entries + entries_of(&items), movements, "every movement is read");
    let Summary { lines, bytes, .. } = summary;
    Row { movements, lines, bytes, took, memory: memory.growth_kib() }
}

fn entries_of(items: &[Item]) -> usize {
    let bad = items.iter().find(|item| matches!(item, Item::BadLine(_)));
    assert_eq!(bad, None, "the writer writes what the reader reads");
    items.iter().filter(|item| matches!(item, Item::Entry(_))).count()
}

/// Uploads and imports files of both formats and lengths through the API, on a table in a file, so
/// that the table's own growth is not in this process.
pub async fn importing() {
    println!("bank files, imported: upload by parts, acceptance, worker; table in a file");
    heading();
    for kind in Kind::ALL {
        let mut rows = Vec::new();
        for movements in LENGTHS {
            rows.push(import(kind, movements).await);
        }
        flatness(kind, &rows);
    }
    println!();
}

async fn import(kind: Kind, movements: usize) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on(Embedded::file(&folder.path().join("table")).unwrap(), 1).await;
    if kind == Kind::Ofx {
        lay_out(&world, movements).await;
    }
    world.usage();
    world.bank.reset_calls();
    let memory = Watch::start();
    let started = Instant::now();
    let (id, bytes) = upload(&world, kind, movements).await;
    let uploaded = started.elapsed();
    let accepted = world.post(&format!("/v1/bank_files/{id}/import"), &json!({})).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    let read = started.elapsed();
    let before = world.usage();
    work(&world, &id).await;
    let took = started.elapsed();
    let memory = memory.growth_kib();
    let usage = world.usage();
    let view = world.get(&format!("/v1/bank_files/{id}")).await;
    assert_eq!(text(&view, "status"), "imported", "{view}");
    let lines = view["summary"]["lines"].as_u64().unwrap_or_default();
    let row = Row { movements, lines, bytes, took, memory };
    print(kind, &row);
    let (acceptance, worker) = (read - uploaded, took - read);
    println!("  upload {uploaded:.2?}, acceptance {acceptance:.2?}, worker {worker:.2?}");
    let each = as_f64(usage.requests()) / as_f64(movements as u64);
    println!("  {each:.3} table requests a movement in the worker: {usage}");
    println!("  upload and acceptance: {before}; bank calls: {}", world.bank.total_calls());
    println!("  counts: {}", view["counts"]);
    row
}

/// Payments that were received and that no statement has shown yet.
async fn lay_out(world: &World, movements: usize) {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let mut known = known_pix(movements).map(|pix| payment(world, &merchant, &pix)).peekable();
    while known.peek().is_some() {
        let lot = known.by_ref().take(LOT);
        let commit = lot.fold(Commit::new(&merchant), |commit, payment| {
            commit.payment(&payment, Expected::New, None)
        });
        world.machine.deps().store.commit(commit).await.unwrap();
    }
}

fn payment(world: &World, merchant: &MerchantId, pix: &KnownPix) -> Payment {
    let now = world.now();
    let reason = ParkReason::NoTxid;
    Payment {
        merchant: merchant.clone(),
        id: PaymentId::Pix(EndToEndId::parse(&pix.e2eid).unwrap()),
        version: 1,
        method: Method::Pix,
        txid: None,
        amount: Money::from_centavos(pix.centavos),
        paid_at: pix.paid_on.and_hms_opt(15, 0, 0).unwrap().and_utc(),
        seen_at: now,
        payer: None,
        memo: None,
        state: PaymentState::Received,
        allocations: Vec::new(),
        on_account: None,
        refunds: Vec::new(),
        attention: Some(Attention { reason, since: now, assignee: None }),
        settled_on: None,
        bank_lines: Vec::new(),
    }
}

/// Uploads a file part by part; answers its id and length.
async fn upload(world: &World, kind: Kind, movements: usize) -> (String, u64) {
    let account = json!({ "bank": kind.bank(), "number": ACCOUNT });
    let body = json!({ "name": "novembro", "format": kind.name(), "account": account });
    let begun = world.post("/v1/bank_files", &body).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    let id = text(&begun.json(), "id").to_owned();
    let (bearer, mut sent) = (world.bearer(), 0);
    for (nth, part) in kind.chunks(movements, PART_BYTES).enumerate() {
        let path = format!("/v1/bank_files/{id}/parts/{}", nth + 1);
        let mut request = api_request("PUT", &path, &[("authorization", bearer.as_str())], "");
        request.body = Some(STANDARD.encode(&part));
        request.is_base64_encoded = true;
        let answer = Answer::of(world.machine.http(request).await);
        assert_eq!(answer.status, 200, "{}", answer.body);
        sent += part.len() as u64;
    }
    (id, sent)
}

/// The worker, called again for as long as its time is over before the file is.
async fn work(world: &World, id: &str) {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let id = ImportId::parse(id).unwrap();
    loop {
        match import_bank_file(world.machine.deps(), &merchant, &id).await.unwrap() {
            Ran::Finished => return,
            Ran::LeftOff => {}
            other => panic!("the import ended as {other:?}"),
        }
    }
}

fn heading() {
    println!(
        "{:<10} {:>10} {:>10} {:>8} {:>12} {:>12} {:>14}",
        "format", "movements", "lines", "MiB", "movements/s", "lines/s", "memory at most"
    );
}

fn print(kind: Kind, row: &Row) {
    let Row { movements, lines, bytes, took, memory } = row;
    let seconds = took.as_secs_f64();
    let memory = match memory {
        Some((start, growth)) => format!("{} + {} MiB", mib(*start), mib(*growth)),
        None => "not told".to_owned(),
    };
    println!(
        "{:<10} {movements:>10} {lines:>10} {:>8} {:>12.0} {:>12.0} {memory:>14}",
        kind.name(),
        mib(bytes / 1024),
        as_f64(*movements as u64) / seconds,
        as_f64(*lines) / seconds,
    );
}

/// How much more memory the long file takes than the short one.
fn flatness(kind: Kind, rows: &[Row]) {
    let [short, long] = rows else { return };
    if let (Some((_, short)), Some((_, long))) = (short.memory, long.memory) {
        let ratio = as_f64(long) / as_f64(short.max(1));
        let files = LENGTHS[1] / LENGTHS[0];
        println!(
            "{}: {files} times the movements, {ratio:.2} times the memory beyond the start",
            kind.name()
        );
    }
}

fn mib(kib: u64) -> String {
    format!("{:.1}", as_f64(kib) / 1024.0)
}

fn as_f64(number: u64) -> f64 {
    number as f64
}
