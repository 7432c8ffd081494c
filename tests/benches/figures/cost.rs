//! What a thousand invoices cost on AWS: uses measured here, priced by `infra/prices.json`.
//!
//! Units of the table, events, messages and calls of the bank are counted while the world runs.
//! What no machine but AWS can tell is assumed, by name, below.

use std::path::Path;

use quita_testkit::contract::store::sample;
use quita_testkit::lambda::Template;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::capacity;
use super::prices::{Prices, Used};
use super::world::{World, txid};

/// Assumed: a request to the table from inside the region, in milliseconds.
const TABLE_MS: u64 = 5;
/// Assumed: a call of a bank, in milliseconds.
const BANK_MS: u64 = 300;
/// Assumed: all else of an invocation, on the part of a CPU that 256 MB buy, in milliseconds.
const OWN_MS: u64 = 10;
/// Memory of a function, in MB. Source: `template.yaml`, Globals.
const MEMORY_MB: u64 = 256;
/// Assumed: what an invocation logs, START and REPORT lines included, in bytes.
const LOG_BYTES: u64 = 1_200;
/// When the chase is looked at before an invoice is paid, which is five days late: whatever the
/// merchant's rule says by then has been sent.
const CHASED: [&str; 4] =
    ["2026-12-05 09:00", "2026-12-10 09:00", "2026-12-11 09:00", "2026-12-15 09:00"];
/// Assumed: invoices of one merchant in a month, which share the sweeps and reconciliations.
const INVOICES_A_MONTH: u64 = 30_000;
/// Minutes of a month: sweeps.
const MINUTES_A_MONTH: u64 = 30 * 24 * 60;
/// Invocations of a sweep: the one that is scheduled and one a shard.
const SWEEP_INVOCATIONS: u64 = 17;
/// Minutes between two reconciliations of a merchant.
const RECONCILIATION_MINUTES: u64 = 15;
/// Invoices that each use is measured on, of as many customers.
const INVOICES: u64 = 20;

/// One line: a name and what one invoice uses of it.
struct Line {
    name: &'static str,
    used: Used,
}

/// What the world did since the last look.
struct Seen {
    events: u64,
    /// Invocations of functions that events woke.
    woken: u64,
    mails: u64,
}

/// Prints the table.
pub async fn of_invoices() {
    let (world, template) = (World::new().await, template());
    let mut bodies = Vec::new();
    for nth in 0..INVOICES {
        // A customer each: several invoices of one would share a message.
        let document = sample::cnpj(u32::try_from(nth).unwrap());
        let fields = json!({ "document": document.as_str() });
        bodies.push(World::invoice_body(&world.customer_with(fields).await));
    }
    let mut seen = look(&world, &[], &template).await;
    let mut invoices: Vec<Value> = Vec::new();
    for body in &bodies {
        invoices.push(world.post("/v1/invoices", body).await.json());
    }
    let mut lines = Vec::new();
    // An authorizer's call each: the gateway may spare it for a minute.
    let calls = Calls { http: INVOICES, direct: 2 * INVOICES };
    lines.push(line("create", &world, &invoices, &mut seen, calls, &template).await);
    world.settle().await;
    let none = Calls { http: 0, direct: 0 };
    lines.push(line("charge, first message", &world, &invoices, &mut seen, none, &template).await);
    for day in CHASED {
        world.at(day).await;
        world.sweep().await;
        world.settle().await;
    }
    lines.push(line("reminders", &world, &invoices, &mut seen, none, &template).await);
    for invoice in &invoices {
        world.pay(&txid(invoice, 1)).await;
    }
    let calls = Calls { http: INVOICES, direct: INVOICES };
    lines.push(line("callback and receipt", &world, &invoices, &mut seen, calls, &template).await);
    lines.push(idle_sweeps(&world).await);
    lines.push(reconciliations(&world).await);
    print(&lines);
}

/// Invocations that no event of ours caused.
#[derive(Clone, Copy)]
struct Calls {
    http: u64,
    direct: u64,
}

async fn look(world: &World, invoices: &[Value], template: &Template) -> Seen {
    let (mut events, mut woken) = (0, 0);
    for invoice in invoices {
        for event in world.timeline(invoice).await {
            events += 1;
            woken += listeners(template, &event);
        }
    }
    world.usage();
    world.bank.reset_calls();
    Seen { events, woken, mails: world.steps().len() as u64 }
}

/// How many functions the template wakes for an event, whatever its version.
fn listeners(template: &Template, event: &str) -> u64 {
    let listens = |one: &&String| one.strip_prefix(event).is_some_and(|end| end.starts_with(".v"));
    let functions = template.functions.values();
    functions.filter(|one| one.detail_types.iter().any(|name| listens(&name))).count() as u64
}

async fn line(
    name: &'static str,
    world: &World,
    invoices: &[Value],
    seen: &mut Seen,
    calls: Calls,
    template: &Template,
) -> Line {
    let usage = world.usage();
    let bank: u64 = world.bank.calls().values().sum();
    let now = look(world, invoices, template).await;
    let (events, mails) = (now.events - seen.events, now.mails - seen.mails);
    // Each event is read from the stream, published, and handled by who listens.
    let invocations = calls.direct + events + now.woken - seen.woken;
    *seen = now;
    let millis = invocations * OWN_MS + usage.requests() * TABLE_MS + bank * BANK_MS;
    let all = Used {
        invocations: Decimal::from(invocations),
        megabyte_millis: Decimal::from(millis * MEMORY_MB),
        read_units: decimal(usage.capacity.read_units.to_string()),
        write_units: decimal(usage.capacity.write_units.to_string()),
        http_requests: Decimal::from(calls.http),
        events: Decimal::from(events),
        mails: Decimal::from(mails),
        secret_calls: Decimal::ZERO,
        log_bytes: Decimal::from(invocations * LOG_BYTES),
    };
    Line { name, used: all.times(Decimal::ONE / Decimal::from(INVOICES)) }
}

fn decimal(text: String) -> Decimal {
    text.parse().unwrap()
}

/// A month's sweeps that find nothing, shared by the month's invoices.
async fn idle_sweeps(world: &World) -> Line {
    world.usage();
    world.sweep().await;
    let usage = world.usage();
    let millis = SWEEP_INVOCATIONS * OWN_MS + usage.requests() * TABLE_MS;
    let one = Used {
        invocations: Decimal::from(SWEEP_INVOCATIONS),
        megabyte_millis: Decimal::from(millis * MEMORY_MB),
        read_units: decimal(usage.capacity.read_units.to_string()),
        write_units: decimal(usage.capacity.write_units.to_string()),
        // One event a shard.
        events: Decimal::from(SWEEP_INVOCATIONS - 1),
        log_bytes: Decimal::from(SWEEP_INVOCATIONS * LOG_BYTES),
        ..Used::default()
    };
    let share = Decimal::from(MINUTES_A_MONTH) / Decimal::from(INVOICES_A_MONTH);
    Line { name: "idle sweeps, its share", used: one.times(share) }
}

/// A month's reconciliations of the merchant, shared by its invoices.
async fn reconciliations(world: &World) -> Line {
    world.usage();
    world.bank.reset_calls();
    world.reconcile().await;
    let (usage, bank) = (world.usage(), world.bank.calls().values().sum::<u64>());
    let millis = OWN_MS + usage.requests() * TABLE_MS + bank * BANK_MS;
    let one = Used {
        invocations: Decimal::ONE,
        megabyte_millis: Decimal::from(millis * MEMORY_MB),
        read_units: decimal(usage.capacity.read_units.to_string()),
        write_units: decimal(usage.capacity.write_units.to_string()),
        events: Decimal::ONE,
        log_bytes: Decimal::from(LOG_BYTES),
        ..Used::default()
    };
    let runs = MINUTES_A_MONTH / RECONCILIATION_MINUTES;
    let share = Decimal::from(runs) / Decimal::from(INVOICES_A_MONTH);
    Line { name: "reconciliation, its share", used: one.times(share) }
}

fn print(lines: &[Line]) {
    let prices = Prices::published();
    println!("cost of 1,000 invoices collected, {} prices of {};", prices.region, prices.checked);
    println!("not confirmed: {}. Assumed: {TABLE_MS} ms a table", prices.unverified().join(", "));
    println!("request, {BANK_MS} ms a bank call, {OWN_MS} ms else, {MEMORY_MB} MB,");
    println!("{INVOICES_A_MONTH} invoices a month, no free tier.");
    println!(
        "{:<26} {:>8} {:>8} {:>8} {:>7} {:>7} {:>9}",
        "per invoice", "calls", "RRU", "WRU", "events", "mails", "US$/1,000"
    );
    let mut total = Decimal::ZERO;
    for Line { name, used } in lines {
        let cost = prices.of(used) * Decimal::ONE_THOUSAND;
        total += cost;
        println!(
            "{name:<26} {:>8.2} {:>8.2} {:>8.2} {:>7.2} {:>7.2} {:>9.4}",
            used.invocations, used.read_units, used.write_units, used.events, used.mails, cost
        );
    }
    println!("{:<26} {:>43} {total:>9.4}\n", "all", "");
}

/// Prints the load on the hottest keys, from the units of an idle sweep as measured.
pub async fn capacity() {
    let world = World::new().await;
    // The first one may find work; the second one finds none.
    world.sweep().await;
    world.usage();
    world.sweep().await;
    let units = decimal(world.usage().capacity.read_units.to_string());
    let units: u64 = units.ceil().to_string().parse().unwrap();
    println!(
        "load on the hottest keys, all invoices of one merchant, open {} days",
        capacity::DAYS_OPEN
    );
    for open in [100_000, 1_000_000, 10_000_000] {
        println!("{open} open invoices");
        for row in capacity::model(open, units) {
            let percent = row.percent.map(|percent| format!("{percent} % of its quota"));
            println!("  {:<26} {:<28} {}", row.key, row.load, percent.unwrap_or_default());
        }
    }
    println!();
}

fn template() -> Template {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Template::read(&root.join("template.yaml")).unwrap()
}
