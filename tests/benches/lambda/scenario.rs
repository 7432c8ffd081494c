//! The life of some invoices through every binary: what each of their processes took.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::world::{World, text, txid};
use super::{millis, quantile};

/// Worlds, each with processes of its own: first responses.
const WORLDS: usize = 5;
/// Invoices of each world: warm responses.
const INVOICES: usize = 30;
/// The file that worlds tell their processes' figures to.
const FIGURES: &str = "QUITA_LAMBDA_FIGURES";

/// What the processes of one function took.
#[derive(Default)]
struct Taken {
    first: Vec<Duration>,
    warm: Vec<Duration>,
    peak_bytes: u64,
}

/// Plays the worlds and prints a row for each function.
pub fn measure() {
    let file = std::env::var_os(FIGURES).unwrap();
    std::fs::write(&file, "").unwrap();
    for nth in 0..WORLDS {
        // A world tells its figures when nothing holds it any more, its own servers included.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(u64::try_from(nth).unwrap()));
    }
    let mut functions: BTreeMap<String, Taken> = BTreeMap::new();
    for line in std::fs::read_to_string(&file).unwrap().lines() {
        let told: Value = serde_json::from_str(line).unwrap();
        let taken = functions.entry(text(&told, "function").to_owned()).or_default();
        let micros = |value: &Value| value.as_u64().map(Duration::from_micros);
        taken.first.extend(micros(&told["first_us"]));
        taken.warm.extend(told["warm_us"].as_array().unwrap().iter().filter_map(micros));
        taken.peak_bytes = taken.peak_bytes.max(told["peak_bytes"].as_u64().unwrap());
    }
    println!("calls: {WORLDS} worlds of {INVOICES} invoices, all functions as processes; ms");
    println!(
        "{:<20} {:>9} {:>8} {:>8} {:>8} {:>8} {:>10}",
        "function", "processes", "first", "calls", "p50", "p99", "memory MB"
    );
    for (name, taken) in &mut functions {
        row(name, taken);
    }
    println!();
}

/// Invoices are opened, charged, told of, looked at, reminded of, paid and receipted.
async fn play(seed: u64) {
    let world = World::seeded(seed).await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer);
    let mut invoices = Vec::new();
    for _ in 0..INVOICES {
        let answer = world.post("/v1/invoices", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        world.settle().await;
        invoices.push(answer.json());
    }
    world.at("2026-12-05 09:00").await;
    world.sweep().await;
    for invoice in &invoices {
        world.get(&format!("/v1/invoices/{}", text(invoice, "id"))).await;
        let url = text(invoice, "portal_url");
        let page = &url[url.find("/p/").unwrap()..];
        assert_eq!(world.call_with("GET", page, &[], "").await.status, 200);
        world.pay(&txid(invoice, 1)).await;
        world.settle().await;
    }
    world.reconcile().await;
}

fn row(name: &str, taken: &mut Taken) {
    let processes = taken.first.len();
    let calls = taken.warm.len();
    let told = |times: &mut Vec<Duration>, percent| match times.is_empty() {
        true => "-".to_owned(),
        false => millis(quantile(times, percent)),
    };
    println!(
        "{name:<20} {processes:>9} {:>8} {calls:>8} {:>8} {:>8} {:>10.1}",
        told(&mut taken.first, 50),
        told(&mut taken.warm, 50),
        told(&mut taken.warm, 99),
        taken.peak_bytes as f64 / 1e6,
    );
}
