//! What holds of the messages of every world at rest: the ledger tells of each what became of it,
//! nobody who paid was asked, and no customer was written to too often.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::chase::{CustomerFacts, Decision, FIRST_STEP, decide};
use quita_core::ids::{CustomerId, Txid};
use quita_core::message::{Lead, Message, MessageState, ProviderTag};
use quita_core::zone::{SAO_PAULO, civil_date};

use super::books::Books;
use super::player::Player;
use crate::daily::TAG;

/// Step of a receipt in a ledger tag.
const RECEIPT: &str = "receipt";
/// How long a claim lasts.
const LEASE: TimeDelta = TimeDelta::minutes(2);

/// Everything that is wrong with messages.
pub async fn all(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut arrived: BTreeMap<String, u64> = BTreeMap::new();
    for message in player.world.mailbox.messages() {
        let Some(tag) = message.tag() else { continue };
        if arrived.insert(tag.to_owned(), message.number).is_some() {
            wrongs.push(format!("{tag} was sent twice"));
        }
    }
    for row in &books.messages {
        let (tag, carrier) = (row.tag(), carrier(row));
        let is_there = arrived.contains_key(&carrier) && carries(books, row);
        let fits = match &row.state {
            MessageState::Failed { .. } => !is_there,
            MessageState::Claimed { .. } | MessageState::Released { .. } => {
                is_moot(player, books, row).await
            }
            _ => is_there,
        };
        if !fits {
            wrongs.push(format!("{tag} in {carrier} arrived: {is_there}, and is {:?}", row.state));
        }
    }
    let rows: BTreeSet<String> = books.messages.iter().map(Message::tag).collect();
    let strays = arrived.keys().filter(|tag| !rows.contains(*tag) && !tag.starts_with(TAG));
    wrongs.extend(strays.map(|tag| format!("{tag} is in no ledger")));
    wrongs.extend(asked_though_paid(player, books, &arrived));
    wrongs.extend(too_often(player, books).await);
    wrongs
}

/// Tag of the message a row went out with.
fn carrier(row: &Message) -> String {
    row.lead.as_ref().map_or_else(|| row.tag(), |lead| lead.tag.clone())
}

/// Whether the carrier's row is of the attempt that told of this one.
fn carries(books: &Books, row: &Message) -> bool {
    let Some(Lead { tag, attempt }) = &row.lead else { return true };
    books.messages.iter().any(|lead| lead.tag() == *tag && lead.attempts == *attempt)
}

/// A claim that a crash left behind is looked at when its step is due again. A step that is no longer
/// due leaves it: paid, canceled, re-issued, held back, or overtaken by a higher step.
async fn is_moot(player: &Player, books: &Books, row: &Message) -> bool {
    let Some(invoice) = books.invoices.get(&row.invoice) else { return false };
    let Some(instalment) = invoice.instalment(row.key.instalment) else { return false };
    if row.key.step == RECEIPT {
        return false;
    }
    let rule = player.world.machine.deps().rule_of(invoice).await.unwrap();
    let calendar = invoice.calendar();
    let mut customer = books.customers[&invoice.customer].clone();
    if let MessageState::Claimed { until } = row.state {
        let touches = &mut customer.care.touches;
        let own = touches.iter().position(|touch| *touch == until - LEASE);
        own.map(|nth| touches.remove(nth));
    }
    let mut facts = invoice.chase_facts(instalment, &calendar, player.world.now());
    facts.customer = Some(CustomerFacts { care: &customer.care, credit: customer.balance() });
    let sends = match decide(&facts, &rule, player.world.now()) {
        Decision::Send { step, .. } => step.id == row.key.step,
        _ => false,
    };
    !sends || row.key.revision != instalment.charge().revision
}

/// Nobody is asked for what the bank knows is paid, in whatever message.
fn asked_though_paid(
    player: &Player,
    books: &Books,
    arrived: &BTreeMap<String, u64>,
) -> Vec<String> {
    let mut wrongs = Vec::new();
    for row in books.messages.iter().filter(|row| row.key.step != RECEIPT) {
        let Some(number) = arrived.get(&carrier(row)).filter(|_| carries(books, row)) else {
            continue;
        };
        let (invoice, key) = (&row.invoice, &row.key);
        let txid = Txid::for_charge(invoice, key.instalment, key.revision).unwrap();
        let paid = player.made.iter().filter(|made| made.txid.as_deref() == Some(txid.as_str()));
        for made in paid.filter(|made| made.mails_before < *number) {
            wrongs.push(format!("{} was sent after {} paid it", row.tag(), made.e2eid));
        }
    }
    wrongs
}

/// Gap and caps hold for each customer, over all invoices, channels and sweeps.
async fn too_often(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut touches: BTreeMap<CustomerId, Vec<(DateTime<Utc>, ProviderTag)>> = BTreeMap::new();
    for message in player.world.mailbox.messages() {
        let Some(tag) = message.tag().and_then(ProviderTag::parse) else { continue };
        if tag.key.step != RECEIPT {
            let customer = books.invoices[&tag.invoice].customer.clone();
            touches.entry(customer).or_default().push((message.at, tag));
        }
    }
    for told in touches.values() {
        for (nth, (at, tag)) in told.iter().enumerate() {
            // Channels of one message go out within a lease.
            let before = told[..nth].iter().map(|(before, _)| *before);
            let before: Vec<DateTime<Utc>> = before.filter(|it| *it + LEASE < *at).collect();
            if tag.key.step == FIRST_STEP {
                continue;
            }
            let rule = player.world.machine.deps().rule_of(&books.invoices[&tag.invoice]).await;
            let rule = rule.unwrap();
            if before.last().is_some_and(|last| *last + rule.min_gap() > *at) {
                wrongs.push(format!("{tag} was sent at {at}, after {:?}", before.last()));
            }
            let today =
                |it: &&DateTime<Utc>| civil_date(**it, SAO_PAULO) == civil_date(*at, SAO_PAULO);
            let messages = |touches: Vec<&DateTime<Utc>>| {
                let apart = |pair: &[&DateTime<Utc>]| *pair[0] + LEASE < *pair[1];
                touches.len().min(1) + touches.windows(2).filter(|pair| apart(pair)).count()
            };
            let day = messages(before.iter().filter(today).collect());
            let week = |it: &&DateTime<Utc>| **it + TimeDelta::days(7) > *at;
            let week = messages(before.iter().filter(week).collect());
            if day >= usize::from(rule.caps.per_day) || week >= usize::from(rule.caps.per_week) {
                wrongs.push(format!("{tag} at {at} is one too many: {day} a day, {week} a week"));
            }
        }
    }
    wrongs
}
