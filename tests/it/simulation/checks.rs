//! What holds in every world at rest. Each check answers with what it found wrong.

use std::collections::{BTreeMap, BTreeSet};

use quita_core::chase::{CustomerFacts, Decision, decide};
use quita_core::ids::{InvoiceId, Txid};
use quita_core::invoice::{ChargeState, Instalment, Invoice, Lifecycle};
use quita_psp_sandbox::ChargeStatus;
use quita_table::keys::{Aggregate, WorkSubject};
use quita_table::store::WorkEntry;

use super::accounts;
use super::books::Books;
use super::chase;
use super::daily;
use super::player::Player;
use crate::world::text;

/// Everything that is wrong in a world at rest.
pub async fn all(player: &Player) -> Vec<String> {
    let books = Books::read(&player.world).await;
    let mut wrongs = player.wrongs.clone();
    wrongs.extend(accounts::all(player, &books));
    wrongs.extend(chase::all(player, &books).await);
    wrongs.extend(daily::all(player, &books).await);
    wrongs.extend(index(player, &books).await);
    wrongs.extend(history(&books));
    wrongs.extend(charges(player, &books));
    wrongs.extend(requests(player, &books));
    wrongs.extend(answers(player, &books).await);
    // The trail of all of it is whole.
    wrongs.extend(crate::audit::check_chain(&player.world, "").await.0);
    wrongs
}

/// Indexed means that there is something to do, and at rest nothing is due.
async fn index(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let now = player.world.now();
    let indexed = books.indexed();
    for invoice in books.invoices.values() {
        let rule = player.world.machine.deps().rule_of(invoice).await.unwrap();
        let work = invoice.next_work(&rule, now);
        if indexed.contains(&invoice.id) != work.is_some() {
            let entry = books.work.iter().find(|it| it.subject.id() == invoice.id.as_str());
            wrongs.push(format!("{} has {work:?} to do, indexed {entry:?}", invoice.id));
        }
        let gone = matches!(invoice.lifecycle, Lifecycle::Canceled { .. });
        if (invoice.is_settled() || gone) && indexed.contains(&invoice.id) {
            wrongs.push(format!("{} is {} and indexed", invoice.id, invoice.state_name()));
        }
    }
    for payment in books.payments.values() {
        let subject = WorkSubject::Payment(payment.id.clone());
        let indexed = books.work.iter().any(|entry| entry.subject == subject);
        if indexed || payment.work_at().is_some() {
            wrongs.push(format!("{} is not at rest: {:?}", payment.id, payment.refunds));
        }
    }
    let at_rest = |entry: &&WorkEntry| entry.subject != WorkSubject::Reconciliation;
    for entry in books.work.iter().filter(at_rest).filter(|entry| entry.due_at <= now) {
        let invoice = books.invoices.values().find(|it| it.id.as_str() == entry.subject.id());
        let instalments = invoice.map(|it| it.instalments.as_slice()).unwrap_or_default();
        let state = |it: &Instalment| {
            let charges: Vec<_> = it.charges.iter().map(|it| short(&it.state)).collect();
            let paid: Vec<_> = it.payments.iter().map(|it| (it.revision, it.kept())).collect();
            (charges, paid, it.released_at, it.hold())
        };
        let stand: Vec<_> = instalments.iter().map(state).collect();
        wrongs.push(format!("{entry:?} is due at rest: {stand:?}"));
    }
    wrongs
}

/// The history has no gap and tells the same as the state.
fn history(books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    for invoice in books.invoices.values() {
        let aggregate = Aggregate::Invoice(invoice.id.clone());
        let rows = books.events.get(&aggregate).map(Vec::as_slice).unwrap_or_default();
        let gapless = rows.iter().map(|row| row.seq).eq(1..=invoice.version);
        if !gapless {
            wrongs.push(format!(
                "{} has {} events, not {}",
                invoice.id,
                rows.len(),
                invoice.version
            ));
        }
        let count = |name: &str| rows.iter().filter(|row| row.name == name).count();
        let payments: usize = invoice.instalments.iter().map(|it| it.payments.len()).sum();
        let reissued: usize = invoice.instalments.iter().map(|it| it.charges.len() - 1).sum();
        let canceled = matches!(invoice.lifecycle, Lifecycle::Canceled { .. });
        let told = [
            ("invoice.opened", 1),
            ("payment.matched", payments),
            ("receipt.sent", payments),
            ("charge.reissued", reissued),
        ];
        // Money that goes back later takes more of the sale back, so it may be told again.
        if (count("invoice.canceled") > 0) != canceled {
            wrongs.push(format!("{} is canceled: {canceled}, and not so told", invoice.id));
        }
        for (name, expected) in told {
            if count(name) != expected {
                wrongs.push(format!("{}: {} x {name}, not {expected}", invoice.id, count(name)));
            }
        }
    }
    wrongs
}

/// What the bank can be paid for is what is owed, by the current charge only.
fn charges(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut active: BTreeMap<(String, u16), Vec<String>> = BTreeMap::new();
    for charge in player.world.bank.charges() {
        let txid = Txid::parse(&charge.txid).unwrap();
        let known = txid.charge_ref().unwrap();
        if charge.status == ChargeStatus::Ativa {
            let place = (known.invoice.to_string(), known.instalment);
            active.entry(place).or_default().push(charge.txid);
        }
    }
    for invoice in books.invoices.values() {
        if matches!(invoice.lifecycle, Lifecycle::Canceling { .. }) {
            let rows = &books.events[&Aggregate::Invoice(invoice.id.clone())];
            let told: Vec<String> =
                rows.iter().map(|row| format!("{} {}", row.name, row.data["instalment"])).collect();
            wrongs.push(format!("{} is still being canceled: {told:?}", invoice.id));
        }
        for instalment in &invoice.instalments {
            let place = (invoice.id.to_string(), instalment.number);
            let held = active.remove(&place).unwrap_or_default();
            if let Some(why) = misheld(player, invoice, instalment, &held) {
                let charges: Vec<_> =
                    instalment.charges.iter().map(|it| (it.revision, short(&it.state))).collect();
                wrongs.push(format!("{place:?} {why}: bank {held:?}, here {charges:?}"));
            }
        }
    }
    wrongs.extend(active.keys().map(|place| format!("{place:?} is at the bank only")));
    wrongs
}

fn misheld(
    player: &Player,
    invoice: &Invoice,
    instalment: &Instalment,
    held: &[String],
) -> Option<&'static str> {
    let current = instalment.charge();
    if !invoice.is_active() || instalment.is_settled() {
        return (!held.is_empty()).then_some("is closed and can be paid");
    }
    if held.iter().any(|txid| txid != current.txid.as_str()) {
        return Some("can be paid by an old charge");
    }
    let txid = current.txid.as_str();
    match &current.state {
        ChargeState::Pending { .. } | ChargeState::Removing { .. } => Some("is not settled"),
        ChargeState::Rejected { .. } => (!held.is_empty()).then_some("is rejected and held"),
        // Only money that went back leaves a debt without a charge.
        ChargeState::Removed => instalment.released_at.is_none().then_some("has lost its charge"),
        ChargeState::Active { .. } => {
            let paid = player.world.bank.known_paid_at(txid).is_some();
            let gone = paid || player.taken_out.contains(txid);
            (held.is_empty() != gone).then_some("is active here")
        }
    }
}

fn short(state: &ChargeState) -> &'static str {
    match state {
        ChargeState::Pending { .. } => "pending",
        ChargeState::Active { .. } => "active",
        ChargeState::Rejected { .. } => "rejected",
        ChargeState::Removing { .. } => "removing",
        ChargeState::Removed => "removed",
    }
}

/// A key made one invoice, and nothing else made any.
fn requests(player: &Player, books: &Books) -> Vec<String> {
    let asked: Vec<&String> = player.asked.iter().filter_map(|asked| asked.id.as_ref()).collect();
    let known: BTreeSet<&str> = asked.iter().map(|id| id.as_str()).collect();
    let stored: BTreeSet<&str> = books.invoices.keys().map(InvoiceId::as_str).collect();
    let mut wrongs = Vec::new();
    if asked.len() != known.len() {
        wrongs.push("two keys made one invoice".to_owned());
    }
    if known != stored {
        wrongs.push(format!("asked for {known:?}, and there are {stored:?}"));
    }
    wrongs
}

/// The API tells what the table holds, and the same decision as the sweep.
async fn answers(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let now = player.world.now();
    for invoice in books.invoices.values() {
        let rule = player.world.machine.deps().rule_of(invoice).await.unwrap();
        let customer = &books.customers[&invoice.customer];
        let shown = player.world.get(&format!("/v1/invoices/{}", invoice.id)).await;
        let today = player.today();
        let status = invoice.status(today).as_str();
        let outstanding = invoice.outstanding(today).to_string();
        if text(&shown, "status") != status || text(&shown, "outstanding") != outstanding {
            wrongs.push(format!("{} is {status} and shown {shown}", invoice.id));
        }
        let calendar = invoice.calendar();
        for instalment in &invoice.instalments {
            let mut facts = invoice.chase_facts(instalment, &calendar, now);
            let credit = customer.balance();
            facts.customer = Some(CustomerFacts { care: &customer.care, credit });
            let Decision::Send { step, .. } = decide(&facts, &rule, now) else { continue };
            let entry = books.work.iter().find(|it| it.subject.id() == invoice.id.as_str());
            if entry.is_none_or(|entry| entry.due_at > now) {
                let charges: Vec<_> =
                    instalment.charges.iter().map(|it| short(&it.state)).collect();
                let (id, step, chase) = (&invoice.id, &step.id, &instalment.chase);
                wrongs.push(format!(
                    "{id} has `{step}` left to send: {charges:?} {chase:?} indexed {entry:?}"
                ));
            }
        }
    }
    let parked = player.world.get("/v1/payments?status=parked&limit=100").await;
    let shown = parked["items"].as_array().unwrap().len();
    let stored = books.payments.values().filter(|payment| payment.attention.is_some()).count();
    if shown != stored {
        wrongs.push(format!("{stored} payments are parked and {shown} are listed"));
    }
    wrongs
}
