//! What holds in every world at rest. Each check answers with what it found wrong.

use std::collections::{BTreeMap, BTreeSet};

use quita_core::chase::{Decision, Rule, decide};
use quita_core::ids::{InvoiceId, Txid};
use quita_core::invoice::{ChargeState, Instalment, Invoice, Lifecycle};
use quita_core::message::{Channel, Message, MessageState};
use quita_core::money::Money;
use quita_core::payment::{ParkReason, PaymentState};
use quita_psp_sandbox::ChargeStatus;
use quita_table::keys::Aggregate;

use super::books::Books;
use super::player::{Fate, Player};
use crate::world::text;

/// Step of a receipt in a ledger tag.
const RECEIPT: &str = "receipt";

/// Everything that is wrong in a world at rest.
pub async fn all(player: &Player) -> Vec<String> {
    let books = Books::read(&player.world).await;
    let mut wrongs = player.wrongs.clone();
    wrongs.extend(money(player, &books));
    wrongs.extend(credits(&books));
    wrongs.extend(ledger(player, &books));
    wrongs.extend(silence_once_paid(player));
    wrongs.extend(index(player, &books));
    wrongs.extend(history(&books));
    wrongs.extend(charges(player, &books));
    wrongs.extend(requests(player, &books));
    wrongs.extend(answers(player, &books).await);
    wrongs
}

/// Money in is money accounted: what the bank holds is here once, with its amount, unless nothing
/// ever told of it.
fn money(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut known = BTreeSet::new();
    for pix in player.world.bank.pixs() {
        known.insert(pix.e2eid.clone());
        let Some(payment) = books.payments.get(&pix.e2eid) else {
            let silent = pix.txid.is_none() || player.dropped.contains(&pix.e2eid);
            if !silent || player.told.contains(&pix.e2eid) {
                wrongs.push(format!("{} of {} is not accounted for", pix.e2eid, pix.valor));
            }
            continue;
        };
        if payment.amount.centavos() != pix.valor.0 {
            wrongs.push(format!("{} of {} counts {}", pix.e2eid, pix.valor, payment.amount));
        }
        let unsettled = match &payment.state {
            PaymentState::Reported { .. } => true,
            PaymentState::Parked { reason, .. } => *reason == ParkReason::NotConfirmed,
            PaymentState::Matched { .. } => false,
        };
        if unsettled {
            wrongs.push(format!("{} is real and {:?}", pix.e2eid, payment.state));
        }
    }
    for (e2eid, payment) in books.payments.iter().filter(|(e2eid, _)| !known.contains(*e2eid)) {
        let reason = match &payment.state {
            PaymentState::Parked { reason, .. } => Some(reason),
            PaymentState::Reported { .. } | PaymentState::Matched { .. } => None,
        };
        if reason != Some(&ParkReason::NotConfirmed) {
            wrongs.push(format!("{e2eid} was invented and is {:?}", payment.state));
        }
    }
    wrongs.extend(fates(player, books));
    wrongs
}

/// Exact payments are credited, others never.
fn fates(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    for made in &player.made {
        let Some(payment) = books.payments.get(&made.e2eid) else { continue };
        let fits = match (made.fate, &payment.state) {
            (Fate::Exact, PaymentState::Parked { reason, .. }) => {
                *reason == ParkReason::AlreadyPaid
            }
            (Fate::Exact | Fate::Open, _) => true,
            (Fate::Wrong | Fate::Stray, state) => matches!(state, PaymentState::Parked { .. }),
        };
        if !fits {
            wrongs.push(format!("{} was paid {:?}: {:?}", made.e2eid, made.fate, payment.state));
        }
    }
    wrongs
}

/// A Pix is credited once, where its own row says, for its own amount.
fn credits(books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut credited = BTreeMap::new();
    for invoice in books.invoices.values() {
        for instalment in &invoice.instalments {
            for matched in &instalment.payments {
                let place = (invoice.id.clone(), instalment.number);
                if credited.insert(matched.e2eid.to_string(), place).is_some() {
                    wrongs.push(format!("{} is credited twice", matched.e2eid));
                }
                let row = books.payments.get(matched.e2eid.as_str());
                let same = row.is_some_and(|row| {
                    row.amount == matched.amount && row.returned() == matched.refunded
                });
                if !same {
                    wrongs.push(format!("{} is credited as {matched:?}: {row:?}", invoice.id));
                }
            }
        }
    }
    for (e2eid, payment) in &books.payments {
        let home = match &payment.state {
            PaymentState::Matched { invoice, instalment } => Some((invoice.clone(), *instalment)),
            PaymentState::Parked { .. } | PaymentState::Reported { .. } => None,
        };
        if credited.get(e2eid) != home.as_ref() {
            wrongs.push(format!("{e2eid} is {:?} and {home:?}", credited.get(e2eid)));
        }
    }
    let sum = |wanted: bool| -> Money {
        let of = books.payments.iter().filter(|(e2eid, _)| credited.contains_key(*e2eid) == wanted);
        of.map(|(_, payment)| payment.amount).sum()
    };
    let matched: Money = books.invoices.values().flat_map(|it| &it.instalments).map(gross).sum();
    if matched != sum(true) {
        wrongs.push(format!("invoices hold {matched}, their payments {}", sum(true)));
    }
    wrongs
}

fn gross(instalment: &Instalment) -> Money {
    instalment.payments.iter().map(|payment| payment.amount).sum()
}

/// One message a ledger row, and the row says what became of it.
fn ledger(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut mails = BTreeSet::new();
    for message in player.world.mailbox.messages() {
        let Some(tag) = message.tag() else { continue };
        if !mails.insert(tag.to_owned()) {
            wrongs.push(format!("{tag} was sent twice"));
        }
    }
    let mut rows = BTreeSet::new();
    for row in books.messages.iter().filter(|row| row.key.channel == Channel::Email) {
        let tag = row.tag();
        let arrived = mails.contains(&tag);
        let fits = match &row.state {
            MessageState::Sent { .. } => arrived,
            MessageState::Failed { .. } => !arrived,
            MessageState::Claimed { .. } | MessageState::Released { .. } => {
                is_moot(player, books, row)
            }
        };
        if !fits {
            wrongs.push(format!("{tag} arrived: {arrived}, and is {:?}", row.state));
        }
        rows.insert(tag);
    }
    wrongs.extend(mails.difference(&rows).map(|tag| format!("{tag} is in no ledger")));
    wrongs
}

/// A claim that a crash left behind is looked at when its step is due again. A step that is no longer
/// due leaves it: paid, canceled, re-issued, or overtaken by a higher step.
fn is_moot(player: &Player, books: &Books, row: &Message) -> bool {
    let Some(invoice) = books.invoices.get(&row.invoice) else { return false };
    let Some(instalment) = invoice.instalment(row.key.instalment) else { return false };
    if row.key.step == RECEIPT {
        return false;
    }
    let (calendar, rule) = (invoice.calendar(), Rule::shipped());
    let facts = invoice.chase_facts(instalment, &calendar);
    let sends = match decide(&facts, &rule, player.world.now()) {
        Decision::Send { step, .. } => step.id == row.key.step,
        Decision::Wait { .. } | Decision::Silent { .. } => false,
    };
    !sends || row.key.revision != instalment.charge().revision
}

/// Nobody is asked for what the bank knows is paid.
fn silence_once_paid(player: &Player) -> Vec<String> {
    let mut wrongs = Vec::new();
    for mail in player.world.mailbox.messages() {
        let Some(tag) = mail.tag() else { continue };
        let parts: Vec<&str> = tag.split('-').collect();
        let [invoice, instalment, step, _, revision] = parts[..] else {
            wrongs.push(format!("{tag} is no tag"));
            continue;
        };
        if step == RECEIPT {
            continue;
        }
        let invoice = InvoiceId::parse(invoice).unwrap();
        let (instalment, revision) = (instalment.parse().unwrap(), revision.parse().unwrap());
        let txid = Txid::for_charge(&invoice, instalment, revision).unwrap();
        let paid = player.made.iter().filter(|made| made.txid.as_deref() == Some(txid.as_str()));
        for made in paid.filter(|made| made.mails_before < mail.number) {
            wrongs.push(format!("{tag} was sent after {} paid it", made.e2eid));
        }
    }
    wrongs
}

/// Indexed means that there is something to do, and at rest nothing is due.
fn index(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let (now, rule) = (player.world.now(), Rule::shipped());
    let indexed = books.indexed();
    for invoice in books.invoices.values() {
        let work = invoice.next_work(&rule, now);
        if indexed.contains(&invoice.id) != work.is_some() {
            let entry = books.work.iter().find(|it| it.subject.as_str() == invoice.id.as_str());
            wrongs.push(format!("{} has {work:?} to do, indexed {entry:?}", invoice.id));
        }
        let gone = matches!(invoice.lifecycle, Lifecycle::Canceled { .. });
        if (invoice.is_paid() || gone) && indexed.contains(&invoice.id) {
            wrongs.push(format!("{} is {} and indexed", invoice.id, invoice.state_name()));
        }
    }
    for entry in books.work.iter().filter(|entry| entry.due_at <= now) {
        wrongs.push(format!("{entry:?} is due at rest"));
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
        let doubts: usize = invoice.instalments.iter().map(|it| it.doubts.len()).sum();
        let reissued: usize = invoice.instalments.iter().map(|it| it.charges.len() - 1).sum();
        let canceled = matches!(invoice.lifecycle, Lifecycle::Canceled { .. });
        let told = [
            ("invoice.opened", 1),
            ("payment.matched", payments),
            ("receipt.sent", payments),
            ("invoice.payment_in_doubt", doubts),
            ("charge.reissued", reissued),
            ("invoice.canceled", usize::from(canceled)),
        ];
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
    if !invoice.is_active() || instalment.is_paid() {
        return (!held.is_empty()).then_some("is closed and can be paid");
    }
    if held.iter().any(|txid| txid != current.txid.as_str()) {
        return Some("can be paid by an old charge");
    }
    let txid = current.txid.as_str();
    match &current.state {
        ChargeState::Pending { .. } | ChargeState::Removing { .. } => Some("is not settled"),
        ChargeState::Rejected { .. } => (!held.is_empty()).then_some("is rejected and held"),
        // Only a refund of what an older charge was paid with leaves a debt without a charge.
        ChargeState::Removed => instalment.payments.is_empty().then_some("has lost its charge"),
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
    let rule = Rule::shipped();
    for invoice in books.invoices.values() {
        let shown = player.world.get(&format!("/v1/invoices/{}", invoice.id)).await;
        let today = player.today();
        let status = invoice.status(today).as_str();
        let outstanding = invoice.outstanding(today).to_string();
        if text(&shown, "status") != status || text(&shown, "outstanding") != outstanding {
            wrongs.push(format!("{} is {status} and shown {shown}", invoice.id));
        }
        let calendar = invoice.calendar();
        for instalment in &invoice.instalments {
            let facts = invoice.chase_facts(instalment, &calendar);
            if let Decision::Send { step, .. } = decide(&facts, &rule, now) {
                wrongs.push(format!("{} has `{}` left to send", invoice.id, step.id));
            }
        }
    }
    let parked = player.world.get("/v1/payments?status=parked&limit=100").await;
    let shown = parked["items"].as_array().unwrap().len();
    let is_parked = |state: &PaymentState| matches!(state, PaymentState::Parked { .. });
    let stored = books.payments.values().filter(|payment| is_parked(&payment.state)).count();
    if shown != stored {
        wrongs.push(format!("{stored} payments are parked and {shown} are listed"));
    }
    wrongs
}
