//! A sweep of what is due among many open invoices, and of nothing.

use std::time::Instant;

use quita_app::ports::ulid_of;
use quita_core::chase::Rule;
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::invoice::{Command, Invoice, InvoiceDraft, decide, evolve};
use quita_core::merchant::Merchant;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};

use crate::world::{MERCHANT, World, at};
use crate::{peak, world};

/// Open invoices in all.
const OPEN: usize = 100_000;
/// Of them, those with a reminder due.
const DUE: usize = 10_000;
/// Invoices of one transaction while the portfolio is laid out.
const LOT: usize = 50;
/// When the sweep runs: the due day of the ones that are due.
const SWEPT_AT: &str = "2026-12-10 09:00";

pub async fn sweep() {
    let world = World::new().await;
    let customer = load_customer(&world).await;
    let merchant = world::merchant_settings(&customer.merchant, &world.bank);
    println!("Laying out {OPEN} open invoices, {DUE} of them due; this takes a while.");
    lay_out(&world, &merchant, &customer).await;
    // The table's stream tells of every row laid out; that is not the sweep's.
    world.machine.pump().await;
    world.clock.set(at("2026-12-09 12:00")).unwrap();
    measure(&world, "nothing due").await;
    world.clock.set(at(SWEPT_AT)).unwrap();
    measure(&world, "due reminders").await;
}

async fn measure(world: &World, what: &str) {
    let before = world.mailbox.last_number();
    world.usage();
    world.bank.reset_calls();
    let reset = peak::reset();
    let started = Instant::now();
    world.machine.sweep().await.unwrap();
    let took = started.elapsed();
    let usage = world.usage();
    let sent = world.mailbox.last_number() - before;
    let bank_calls: u64 = world.bank.calls().values().sum();
    println!("\nsweep, {what}: {sent} messages in {took:.2?}");
    println!("  table: {usage}");
    println!("  bank: {bank_calls} calls");
    if sent > 0 {
        let rate = f64::from(u32::try_from(sent).unwrap()) / took.as_secs_f64();
        let messages = f64::from(u32::try_from(sent).unwrap());
        let requests = f64::from(u32::try_from(usage.requests()).unwrap());
        println!("  {rate:.0} messages/s, {:.2} table requests a message", requests / messages);
    }
    match peak::mib() {
        Some(mib) if reset => {
            println!("  peak memory {mib} MiB, table, bank and mailbox in memory included");
        }
        _ => println!("  peak memory is not told by this system"),
    }
}

async fn load_customer(world: &World) -> Customer {
    let id = CustomerId::parse(&world.customer().await).unwrap();
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let refs = [ItemRef::Customer(id.clone())];
    let mut found = world.machine.deps().store.read(&merchant, &refs).await.unwrap();
    found.take_customer(&id).unwrap()
}

/// Writes invoices with their charges as they are after issue and first message. The due ones
/// exist at the bank as well; the others would not be asked for.
async fn lay_out(world: &World, merchant: &Merchant, customer: &Customer) {
    let store = &world.machine.deps().store;
    let bank = world.bank_client().await;
    let mut lot = Vec::with_capacity(LOT);
    for nth in 0..OPEN {
        let is_due = nth < DUE;
        let invoice = invoice(world, merchant, customer, nth, is_due);
        if is_due {
            let instalment = &invoice.instalments[0];
            let payer = &invoice.bill_to;
            let payer = quita_pix::wire::Devedor::new(&payer.document, &payer.name);
            let key = merchant.pix_key.as_ref().unwrap();
            let asked = quita_pix::terms::charge_request(&instalment.terms, key, payer, None);
            bank.put_cobv(&instalment.charge().txid, &asked).await.unwrap();
        }
        lot.push(invoice);
        if lot.len() == LOT {
            let commit = lot.drain(..).fold(Commit::new(&merchant.merchant), |commit, invoice| {
                let work = invoice.next_work(&Rule::shipped(), world.now());
                commit.invoice(&invoice, Expected::New, work.as_ref())
            });
            store.commit(commit).await.unwrap();
        }
    }
}

fn invoice(
    world: &World,
    merchant: &Merchant,
    customer: &Customer,
    nth: usize,
    is_due: bool,
) -> Invoice {
    let now = world.now();
    let draft = InvoiceDraft {
        number: format!("B-{nth}"),
        description: "Serviços".into(),
        amount: "1000.00".into(),
        due_date: if is_due { "2026-12-10" } else { "2027-03-10" }.into(),
        ..InvoiceDraft::default()
    };
    let id = InvoiceId::from_ulid(&ulid_of(now, u128::try_from(nth).unwrap())).unwrap();
    let opened = draft.check(merchant, now).unwrap().open(id, merchant, customer, now).0;
    let code = crate::DYNAMIC.to_owned();
    let location = "pix.example.com/qr/v2/cobv/0123456789abcdef0123456789abcdef".to_owned();
    let rule = Rule::shipped();
    let step = |index: usize, covered: &[&str]| Command::RecordStep {
        instalment: 1,
        step: &rule.steps[index],
        outcome: quita_core::chase::StepOutcome::Sent,
        channels: vec![],
        covered: covered.iter().map(|id| (*id).to_owned()).collect(),
        amount: None,
    };
    let (location, br_code) = (location.into(), code.into());
    let issued = Command::RecordIssued { instalment: 1, revision: 0, location, br_code };
    let told = [issued, step(0, if is_due { &["due_minus_5"] } else { &[] })];
    told.into_iter().fold(opened, |invoice, command| {
        let events = decide(&invoice, command, now).unwrap();
        events.iter().fold(invoice, |invoice, event| evolve(invoice, event, now))
    })
}
