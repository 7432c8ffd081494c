//! A sweep of what is due among many open invoices, of nothing, and how the cost grows with either.
//!
//! `sweep` alone: a small table of growth. `sweep 1000000 100000`: that many open and due, which takes
//! half an hour and 8 GB of the temporary folder; a sweep ends after [`TIME_MAX`] at the latest,
//! whatever is left. The table lies in a file and the mailbox remembers little, so that the peak of
//! memory is the sweep's and the bank's.

use std::time::{Duration, Instant};

use quita_app::ports::ulid_of;
use quita_core::chase::{Rule, StepOutcome};
use quita_core::customer::Customer;
use quita_core::document::TaxId;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId, Txid};
use quita_core::invoice::{Command, Invoice, InvoiceDraft, decide, evolve};
use quita_core::merchant::Merchant;
use quita_table::schema::LOCAL_TABLE;
use quita_table::store::{ItemRef, Store};
use quita_table::{Commit, Expected};
use quita_testkit::embedded::Embedded;
use quita_testkit::meter::Usage;

use crate::world::{MERCHANT, World, at};
use crate::{peak, world};

/// Open and due, without arguments: twice as much is open, then twice as much is due.
const GROWTH: [(usize, usize); 4] =
    [(10_000, 1_000), (20_000, 1_000), (40_000, 1_000), (40_000, 2_000)];
/// Items of one transaction while the portfolio is laid out.
const LOT: usize = 100;
/// Messages the mailbox remembers.
const MESSAGES_KEPT: usize = 1;
/// When the sweep runs: the due day of the ones that are due.
const SWEPT_AT: &str = "2026-12-10 09:00";
/// How long one sweep may take; what is left then is told.
const TIME_MAX: Duration = Duration::from_secs(30 * 60);

/// What one sweep took.
struct Swept {
    messages: u64,
    took: Duration,
    usage: Usage,
    bank_calls: u64,
    /// Most memory of the process while it ran, in MiB.
    peak_mib: Option<u64>,
}

pub async fn sweep(sizes: Option<(usize, usize)>) {
    let sizes = sizes.map_or(GROWTH.to_vec(), |asked| vec![asked]);
    println!(
        "{:>9} {:>8} | {:>9} {:>9} {:>10} {:>9} | {:>8} {:>9} {:>8}",
        "open", "due", "messages", "time", "messages/s", "requests", "idle", "requests", "peak"
    );
    for (open, due) in sizes {
        let folder = tempfile::tempdir().unwrap();
        let engine = Embedded::file(&folder.path().join("table.db")).unwrap();
        let world = World::on(engine.clone(), 1).await;
        world.mailbox.remember_only(MESSAGES_KEPT);
        lay_out(&world, &engine, open, due).await;
        // What the world itself was set up with is not the sweep's.
        world.machine.pump().await;
        world.clock.set(at("2026-12-09 12:00")).unwrap();
        let idle = measure(&world).await;
        assert_eq!(idle.messages, 0, "nothing is due yet");
        world.clock.set(at(SWEPT_AT)).unwrap();
        let busy = measure(&world).await;
        row(open, due, &busy, &idle);
    }
    println!(
        "The table lies in a file. Requests are to it: a message, and the whole of an idle sweep.\n"
    );
}

fn row(open: usize, due: usize, busy: &Swept, idle: &Swept) {
    let messages = f64::from(u32::try_from(busy.messages).unwrap());
    let requests = f64::from(u32::try_from(busy.usage.requests()).unwrap());
    println!(
        "{open:>9} {due:>8} | {:>9} {:>8.1}s {:>10.0} {:>9.2} | {:>6.0}ms {:>9} {:>4} MiB",
        busy.messages,
        busy.took.as_secs_f64(),
        messages / busy.took.as_secs_f64(),
        requests / messages.max(1.0),
        idle.took.as_secs_f64() * 1e3,
        idle.usage.requests(),
        busy.peak_mib.map_or_else(|| "?".to_owned(), |mib| mib.to_string()),
    );
    println!("{:>18} | {}; bank {} calls", "", busy.usage, busy.bank_calls);
}

/// Sweeps until nothing more goes out, as the minutes' schedules would.
async fn measure(world: &World) -> Swept {
    let before = world.mailbox.last_number();
    world.usage();
    world.bank.reset_calls();
    let reset = peak::reset();
    let started = Instant::now();
    let mut sent = before;
    loop {
        world.machine.sweep().await.unwrap();
        let now = world.mailbox.last_number();
        if now == sent || started.elapsed() > TIME_MAX {
            break;
        }
        sent = now;
    }
    Swept {
        messages: sent - before,
        took: started.elapsed(),
        usage: world.usage(),
        bank_calls: world.bank.calls().values().sum(),
        peak_mib: peak::mib().filter(|_| reset),
    }
}

/// Writes invoices with their charges as they are after issue and first message. The due ones are of
/// a customer each, and exist at the bank as well; the others would not be asked for.
async fn lay_out(world: &World, engine: &Embedded, open: usize, due: usize) {
    let customer = load_customer(world).await;
    let merchant = world::merchant_settings(&customer.merchant, &world.bank);
    let bulk = engine.bulk().unwrap();
    let store = Store::new(bulk.clone(), LOCAL_TABLE);
    let templates = [false, true].map(|is_due| template(world, &merchant, &customer, is_due));
    let bank = world.bank_client().await;
    let mut lot = Commit::new(&merchant.merchant);
    for nth in 0..open {
        let is_due = nth < due;
        let mut invoice = templates[usize::from(is_due)].clone();
        let ulid = ulid_of(world.now(), u128::try_from(nth).unwrap());
        invoice.id = InvoiceId::from_ulid(&ulid).unwrap();
        let txid = Txid::for_charge(&invoice.id, 1, 0).unwrap();
        invoice.instalments[0].charges[0].txid = txid;
        if is_due {
            let mut owner = customer.clone();
            owner.id = CustomerId::from_ulid(&ulid).unwrap();
            owner.bill_to.document = TaxId::parse(&cpf(nth)).unwrap();
            invoice.customer = owner.id.clone();
            lot = lot.customer(&owner, Expected::New);
            let instalment = &invoice.instalments[0];
            let payer = &invoice.bill_to;
            let payer = quita_pix::wire::Devedor::new(&payer.document, &payer.name);
            let key = merchant.pix_key.as_ref().unwrap();
            let asked = quita_pix::terms::charge_request(&instalment.terms, key, payer, None);
            bank.put_cobv(&instalment.charge().txid, &asked).await.unwrap();
        }
        let work = invoice.next_work(&Rule::shipped(), world.now());
        lot = lot.invoice(&invoice, Expected::New, work.as_ref());
        if lot.items_len() + 3 > LOT || nth + 1 == open {
            let full = std::mem::replace(&mut lot, Commit::new(&merchant.merchant));
            store.commit(full).await.unwrap();
        }
    }
    bulk.finish().unwrap();
}

/// A CPF with its check digits.
fn cpf(nth: usize) -> String {
    let mut digits: Vec<usize> =
        format!("{:09}", 100_000_000 + nth).bytes().map(|b| usize::from(b - b'0')).collect();
    for _ in 0..2 {
        let weights = (2..=digits.len() + 1).rev();
        let sum: usize = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
        digits.push(sum * 10 % 11 % 10);
    }
    digits.iter().map(ToString::to_string).collect()
}

async fn load_customer(world: &World) -> Customer {
    let id = CustomerId::parse(&world.customer().await).unwrap();
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let refs = [ItemRef::Customer(id.clone())];
    let mut found = world.machine.deps().store.read(&merchant, &refs).await.unwrap();
    found.take_customer(&id).unwrap()
}

/// An invoice whose payer was told of it.
fn template(world: &World, merchant: &Merchant, customer: &Customer, is_due: bool) -> Invoice {
    let now = world.now();
    let draft = InvoiceDraft {
        number: "B-1".into(),
        description: "Serviços".into(),
        amount: "1000.00".into(),
        due_date: if is_due { "2026-12-10" } else { "2027-03-10" }.into(),
        ..InvoiceDraft::default()
    };
    let id = InvoiceId::from_ulid(&ulid_of(now, 0)).unwrap();
    let opened = draft.check(merchant, now).unwrap().open(id, merchant, customer, now).0;
    let code = crate::DYNAMIC.to_owned();
    let location = "pix.example.com/qr/v2/cobv/0123456789abcdef0123456789abcdef".to_owned();
    let rule = Rule::shipped();
    let before: Vec<_> = rule.steps[1..2].iter().filter(|_| is_due).collect();
    let (location, br_code) = (location.into(), code.into());
    let issued = Command::RecordIssued { instalment: 1, revision: 0, location, br_code };
    let told = Command::RecordStep {
        instalment: 1,
        step: &rule.steps[0],
        outcome: StepOutcome::Sent,
        channels: vec![],
        covered: before,
        amount: None,
    };
    [issued, told].into_iter().fold(opened, |invoice, command| {
        let events = decide(&invoice, command, now).unwrap();
        events.iter().fold(invoice, |invoice, event| evolve(invoice, event, now))
    })
}
