//! `cargo xtask bench`: what Quita costs in time, as rates, quantiles and ratios.
//!
//! Every figure is taken in one run on one machine, so ratios between rows mean more than the rows.
//! Nothing here asserts a time. Arguments name the groups to run: pure, calls,
//! imports, cost, capacity, sweep.

#![allow(clippy::unwrap_used, reason = "a benchmark's panic is its report")]

#[path = "../it/world.rs"]
#[allow(dead_code, reason = "the benchmark uses a part of the tests' world")]
mod world;

#[path = "figures/capacity.rs"]
mod capacity;
#[path = "figures/cost.rs"]
mod cost;
#[path = "figures/imports.rs"]
mod imports;
#[path = "figures/peak.rs"]
mod peak;
#[path = "figures/portfolio.rs"]
mod portfolio;
#[path = "figures/prices.rs"]
mod prices;
#[path = "figures/statement.rs"]
mod statement;

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use quita_core::calendar::BankCalendar;
use quita_core::ids::{EndToEndId, Txid};
use quita_core::money::Money;
use quita_core::terms::{DayBasis, Fine, Interest, InterestRate, Policy, Terms};
use quita_pix::brcode::{self, BrCode};
use quita_psp_sandbox::PayOptions;
use serde_json::json;

use world::{World, txid};

/// How long each rate is measured.
const WINDOW: Duration = Duration::from_millis(800);
/// Times each latency is measured.
const CALLS: usize = 500;

/// The Bacen manual's static code, and a dynamic one.
const STATIC: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";
const DYNAMIC: &str = "00020101021226810014br.gov.bcb.pix2559pix.example.com/qr/v2/cobv/0123456789abcdef0123456789abcdef5204000053039865802BR5909ACME LTDA6009SAO PAULO62070503***6304780C";

fn main() {
    conditions();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if is_asked("pure") {
        pure();
    }
    if is_asked("calls") {
        runtime.block_on(latencies());
    }
    if is_asked("imports") {
        imports::reading();
        runtime.block_on(imports::importing());
    }
    if is_asked("cost") {
        runtime.block_on(cost::of_invoices());
    }
    if is_asked("capacity") {
        runtime.block_on(cost::capacity());
    }
    if is_asked("sweep") {
        runtime.block_on(portfolio::sweep(sizes()));
    }
}

/// Whether a group of figures is named among the arguments, or none is.
fn is_asked(group: &str) -> bool {
    let names =
        |argument: &String| !argument.starts_with('-') && argument.parse::<usize>().is_err();
    let mut named = std::env::args().skip(1).filter(names).peekable();
    named.peek().is_none() || named.any(|name| name == group)
}

/// Two numbers among the arguments.
fn sizes() -> Option<(usize, usize)> {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

fn conditions() {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let profile = if cfg!(debug_assertions) { "debug" } else { "optimised" };
    println!("Conditions: {profile} build, {cores} cores, one thread, table in memory, bank over");
    println!(
        "loopback HTTP in the same process. Rates are of one run; compare rows, not machines.\n"
    );
}

/// Calls per second of `work`, measured over a window.
fn rate<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut calls = 0u32;
    let started = Instant::now();
    while started.elapsed() < WINDOW {
        for _ in 0..100 {
            black_box(work());
        }
        calls += 100;
    }
    f64::from(calls) / started.elapsed().as_secs_f64()
}

fn pure() {
    let checksum = rate(|| brcode::crc16(black_box(DYNAMIC.as_bytes())));
    let rows = [
        ("BR Code parse, static", rate(|| brcode::parse_strict(black_box(STATIC)).unwrap())),
        ("BR Code parse, dynamic", rate(|| brcode::parse_strict(black_box(DYNAMIC)).unwrap())),
        ("BR Code encode, static", {
            let code = brcode::parse_strict(STATIC).unwrap();
            rate(|| black_box(&code).encode().unwrap())
        }),
        ("BR Code encode, dynamic", {
            let location = "pix.example.com/qr/v2/cobv/0123456789abcdef0123456789abcdef";
            rate(|| {
                BrCode::dynamic(black_box(location), "ACME LTDA", "SAO PAULO").encode().unwrap()
            })
        }),
        ("amount due, on time", amount_due(day("2026-12-10"))),
        ("amount due, ten days late", amount_due(day("2026-12-20"))),
    ];
    println!("{:<28} {:>12} {:>22}", "pure", "per second", "of checksum alone");
    println!("{:<28} {checksum:>12.0} {:>21.2}x", "checksum of a dynamic code", 1.0);
    for (name, rate) in rows {
        println!("{name:<28} {rate:>12.0} {:>21.2}x", rate / checksum);
    }
    println!();
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn amount_due(on: NaiveDate) -> f64 {
    let percent = |text| quita_core::percent::Percent::parse(text).unwrap();
    let terms = Terms {
        original: Money::from_centavos(100_000),
        due_date: day("2026-12-10"),
        validity_days: 30,
        fine: Some(Fine::Percent(percent("2.00"))),
        interest: Some(Interest {
            basis: DayBasis::Calendar,
            rate: InterestRate::PercentPerMonth(percent("1.00")),
        }),
        rebate: None,
        discount: None,
    };
    let (calendar, policy) = (BankCalendar::default(), Policy::default());
    rate(|| black_box(&terms).amount_due(on, &calendar, &policy))
}

/// One use case after another, each `CALLS` times: p50, p99 and what it asks of table and bank.
async fn latencies() {
    let world = World::new().await;
    let customer = world.customer().await;
    world.usage();
    let mut create = Vec::with_capacity(CALLS);
    let mut ids = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let body = World::invoice_body(&customer);
        let started = Instant::now();
        let answer = world.post("/v1/invoices", &body).await;
        create.push(started.elapsed());
        ids.push(answer.json());
    }
    let create_usage = world.usage();
    let started = Instant::now();
    world.machine.pump().await;
    let issue = started.elapsed() / u32::try_from(CALLS).unwrap();
    world.usage();

    let mut callback = Vec::with_capacity(CALLS);
    let mut bare = Vec::with_capacity(CALLS);
    world.bank.reset_calls();
    let mut usage = Vec::new();
    for invoice in &ids {
        let paid = world.bank.pay(&txid(invoice, 1), PayOptions::default()).unwrap();
        let body = json!({ "pix": [{
            "endToEndId": paid.e2eid, "txid": txid(invoice, 1), "valor": paid.valor,
            "horario": paid.horario, "chave": world.bank.config().keys[0],
        }]});
        let path = format!("{}/pix", world.hook());
        world.usage();
        let started = Instant::now();
        let answer = world.call_with("POST", &path, &[], &body.to_string()).await;
        callback.push(started.elapsed());
        usage.push(world.usage());
        assert_eq!(answer.status, 200);
        bare.push(bank_and_table(&world, invoice, &paid.e2eid).await);
    }
    let bank_calls: u64 = world.bank.calls().values().sum();
    println!("{:<28} {:>10} {:>10}   requests", "use case", "p50", "p99");
    let per_call = format!("{create_usage} for {CALLS}");
    row("create invoice", &mut create, &per_call);
    row("callback to paid", &mut callback, &usage[0].to_string());
    row("  its bank and table alone", &mut bare, "one GET at the bank, one read");
    let (p50, base) = (quantile(&callback, 50), quantile(&bare, 50));
    println!("  callback / its bank and table: {:.2}x", p50.as_secs_f64() / base.as_secs_f64());
    println!("  charge and first message, events included: {issue:?} an invoice");
    println!("  bank calls in the {CALLS} callbacks and as many bare ones: {bank_calls}\n");
}

/// The same question to the bank and the same read, without anything of ours in between.
async fn bank_and_table(world: &World, invoice: &serde_json::Value, e2eid: &str) -> Duration {
    let bank = world.bank_client().await;
    let e2eid = EndToEndId::parse(e2eid).unwrap();
    let charge = Txid::parse(&txid(invoice, 1)).unwrap().charge_ref().unwrap();
    let merchant = quita_core::ids::MerchantId::parse(world::MERCHANT).unwrap();
    let refs = [quita_table::store::ItemRef::Invoice(charge.invoice)];
    let started = Instant::now();
    bank.get_pix(&e2eid).await.unwrap();
    world.machine.deps().store.read(&merchant, &refs).await.unwrap();
    started.elapsed()
}

fn row(name: &str, times: &mut [Duration], requests: &str) {
    times.sort_unstable();
    let (p50, p99) = (quantile(times, 50), quantile(times, 99));
    println!("{name:<28} {:>10} {:>10}   {requests}", micros(p50), micros(p99));
}

fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn micros(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
