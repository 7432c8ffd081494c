//! What has to hold after the play. Each check says what it compared when it fails.
//!
//! The bank, the payments, the invoices, the customers' accounts and the books are five views of the
//! same money; the checks hold them against each other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::money::Money;
use quita_psp_sandbox::Bank;
use serde_json::Value;

use super::books::{Books, RECEIPT};
use super::fixtures::Input;
use super::play::Cast;
use crate::answer::{list, money, text};
use crate::app::App;

/// Longest a payment may stay unknown when its callback is lost: the clock takes such steps here.
const SEEN_AFTER_MAX: TimeDelta = TimeDelta::hours(1);

/// One check.
pub struct Check {
    pub what: &'static str,
    /// Why it does not hold.
    pub outcome: Result<(), String>,
}

pub fn all(app: &App, input: &Input, cast: &Cast, books: &Books) -> Vec<Check> {
    let check = |what, outcome| Check { what, outcome };
    let mut checks = vec![
        check("received = credited + on account + unidentified + returned", received(books)),
        check("issued = paid + given + written off + canceled + open", principal(books)),
        check("every payment's money lies in known places", places(books)),
        check("the trial balance is zero", trial_balance(books)),
        check("the books hold what invoices, accounts and the bank hold", ledger(books)),
        check("every message went out once", once(books)),
        check("every message recorded reached the mailbox", delivered(books)),
        check("every credited payment has its receipt", receipts(books)),
        check("exceptions have the expected reasons", exceptions(input, books)),
        check("every invoice ended as its story says", endings(input, cast, books)),
        check("every charge was issued", charges(books)),
        check("no payment stayed unknown for long", seen(books)),
        check("no event was given up", dead_letters(app)),
    ];
    if let Some(bank) = &app.bank {
        checks.push(check("each Pix is accounted for, to the centavo", each_pix(bank, books)));
        checks.push(check("nobody was reminded of what was paid", not_after_payment(bank, books)));
        checks.push(check("no callback is left at the bank", callbacks(bank)));
    }
    checks
}

fn equal<T: PartialEq + std::fmt::Display>(left: T, right: T) -> Result<(), String> {
    if left == right { Ok(()) } else { Err(format!("{left} is not {right}")) }
}

fn received(books: &Books) -> Result<(), String> {
    let came = books.received_at_bank + books.received_otherwise;
    let unidentified = books.sum_of_payments("unidentified");
    let lies = books.credited() + books.on_account + unidentified + books.returned_at_bank;
    equal(came, lies)
}

fn principal(books: &Books) -> Result<(), String> {
    let it = &books.principal;
    equal(it.issued, it.paid + it.given + it.written_off + it.canceled + it.open)
}

/// What a payment says of its places is what the invoices say of the payment.
fn places(books: &Books) -> Result<(), String> {
    for payment in &books.payments {
        let id = text(&payment["id"]);
        let sum = |parts: &Value| list(parts).iter().map(|it| money(&it["amount"])).sum::<Money>();
        let allocated = sum(&payment["allocations"]);
        let of_it = books.credits.iter().filter(|credit| credit.payment == id);
        let credited: Money = of_it.map(|credit| credit.amount - credit.released).sum();
        equal(allocated, credited).map_err(|why| format!("{id}: {why}"))?;
        let refunds = list(&payment["refunds"]).iter().filter(|it| it["status"] != "failed");
        let refunded: Money = refunds.map(|it| money(&it["amount"])).sum();
        let elsewhere = money(&payment["on_account"]["amount"]) + money(&payment["unidentified"]);
        let lies = allocated + elsewhere + refunded;
        equal(money(&payment["amount"]), lies).map_err(|why| format!("{id}: {why}"))?;
    }
    Ok(())
}

fn trial_balance(books: &Books) -> Result<(), String> {
    if books.trial_balance.is_empty() {
        return Err("it has no accounts".to_owned());
    }
    equal(books.trial_balance.iter().map(|(_, balance)| *balance).sum(), Money::ZERO)
}

fn ledger(books: &Books) -> Result<(), String> {
    let held = books.balance("clearing") + books.balance("bank");
    let came = books.received_at_bank + books.received_otherwise - books.returned_at_bank;
    let accounts = [
        ("receivables", books.balance("receivables"), books.principal.open),
        ("clearing and bank", held, came),
        ("unapplied", -books.balance("unapplied"), books.on_account),
        ("unidentified", -books.balance("unidentified"), books.sum_of_payments("unidentified")),
        ("refunds", -books.balance("refunds"), Money::ZERO),
    ];
    for (account, booked, found) in accounts {
        equal(booked, found).map_err(|why| format!("{account}: {why}"))?;
    }
    Ok(())
}

/// Every Pix of the bank's books stands here once, with the same amount and the same returns.
fn each_pix(bank: &Bank, books: &Books) -> Result<(), String> {
    let mut ours: BTreeMap<String, &Value> = BTreeMap::new();
    for payment in books.payments.iter().filter(|it| it["method"] == "pix") {
        if ours.insert(text(&payment["end_to_end_id"]), payment).is_some() {
            return Err(format!("{} is accounted for twice", payment["id"]));
        }
    }
    for pix in bank.pixs() {
        let Some(payment) = ours.remove(&pix.e2eid) else {
            return Err(format!("{} of R$ {} is missing", pix.e2eid, pix.valor));
        };
        let amount = Money::from_centavos(pix.valor.0);
        equal(money(&payment["amount"]), amount).map_err(|why| format!("{}: {why}", pix.e2eid))?;
        let told: i64 = pix.refunds.iter().map(|refund| refund.valor.0).sum();
        let ours: Money = list(&payment["refunds"]).iter().map(|it| money(&it["amount"])).sum();
        equal(ours, Money::from_centavos(told)).map_err(|why| format!("{}: {why}", pix.e2eid))?;
    }
    match ours.keys().next() {
        Some(e2eid) => Err(format!("the bank does not know {e2eid}")),
        None => Ok(()),
    }
}

fn once(books: &Books) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match books.tags.iter().find(|(tag, _)| !seen.insert(tag)) {
        Some((tag, _)) => Err(format!("{tag} was sent twice")),
        None => Ok(()),
    }
}

fn delivered(books: &Books) -> Result<(), String> {
    let mut recorded = books.messages.clone();
    if books.receipts > 0 {
        recorded.insert((RECEIPT.to_owned(), "email".to_owned()), books.receipts);
    }
    if recorded == books.delivered {
        Ok(())
    } else {
        Err(format!("recorded {recorded:?}, delivered {:?}", books.delivered))
    }
}

fn receipts(books: &Books) -> Result<(), String> {
    equal(books.receipts, books.credits.len())
}

fn exceptions(input: &Input, books: &Books) -> Result<(), String> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for exception in &books.exceptions {
        *found.entry(text(&exception["reason"])).or_default() += 1;
    }
    let expected = &input.scenario.exceptions;
    if found == *expected { Ok(()) } else { Err(format!("{found:?} is not {expected:?}")) }
}

fn endings(input: &Input, cast: &Cast, books: &Books) -> Result<(), String> {
    equal(cast.invoices.len(), input.invoices.len())?;
    let wrong: Vec<String> = input
        .invoices
        .iter()
        .zip(&books.invoices)
        .filter(|(expected, found)| found["status"] != expected.ends.as_str())
        .map(|(expected, found)| {
            format!("{} is {}, not {}", expected.number(), text(&found["status"]), expected.ends)
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn charges(books: &Books) -> Result<(), String> {
    let instalments: usize = books.invoices.iter().map(|it| list(&it["instalments"]).len()).sum();
    equal(books.charges, instalments + books.reissued)
}

/// A lost callback is made good by asking the bank.
fn seen(books: &Books) -> Result<(), String> {
    let instant = |value: &Value| value.as_str().and_then(|it| it.parse::<DateTime<Utc>>().ok());
    for payment in &books.payments {
        let (Some(paid), Some(seen)) = (instant(&payment["paid_at"]), instant(&payment["seen_at"]))
        else {
            return Err(format!("{} has no dates", payment["id"]));
        };
        if seen - paid > SEEN_AFTER_MAX {
            return Err(format!("{} was paid at {paid} and seen at {seen}", payment["id"]));
        }
    }
    Ok(())
}

fn dead_letters(app: &App) -> Result<(), String> {
    match app.machine.dead_letters().first() {
        Some(letter) => Err(format!("{}: {}", letter.event.detail_type, letter.error)),
        None => Ok(()),
    }
}

fn callbacks(bank: &Bank) -> Result<(), String> {
    equal(bank.pending_callbacks().len(), 0)
}

/// No message that asks for money went out once the bank held the payment of the last charge.
fn not_after_payment(bank: &Bank, books: &Books) -> Result<(), String> {
    for invoice in &books.invoices {
        for instalment in list(&invoice["instalments"]) {
            let txid = text(&instalment["charge"]["txid"]);
            let Some(paid_at) = bank.known_paid_at(&txid) else { continue };
            let prefix = format!("{}-{}-", text(&invoice["id"]), instalment["number"]);
            let late = books.tags.iter().find(|(tag, at)| {
                let asks = tag.strip_prefix(&prefix).is_some_and(|step| !step.starts_with(RECEIPT));
                asks && *at > paid_at
            });
            if let Some((tag, at)) = late {
                return Err(format!("{tag} went out at {at}, paid at {paid_at}"));
            }
        }
    }
    Ok(())
}
