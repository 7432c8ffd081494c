//! What has to hold after the play. Each check says what it compared when it fails.

use std::collections::{BTreeMap, BTreeSet};

use quita_core::money::Money;
use quita_psp_sandbox::Bank;

use super::books::{Books, list, text};
use super::fixtures::Input;
use super::play::Cast;
use crate::app::App;

/// Step of a message that asks for nothing.
const RECEIPT: &str = "receipt";

/// One check.
pub struct Check {
    pub what: &'static str,
    /// Why it does not hold.
    pub outcome: Result<(), String>,
}

pub fn all(app: &App, input: &Input, cast: &Cast, books: &Books) -> Vec<Check> {
    let check = |what, outcome| Check { what, outcome };
    let mut checks = vec![
        check("received at the bank = matched + parked", received(books)),
        check("issued = paid + open + canceled principal", principal(books)),
        check("refunds at the bank = refunds recorded", refunds(books)),
        check("every message went out once", once(books)),
        check("every message recorded reached the mailbox", delivered(books)),
        check("every matched payment has its receipt", receipts(books)),
        check("parked payments have the expected reasons", parked(input, books)),
        check("every invoice ended as its story says", endings(input, cast, books)),
        check("every charge was issued", charges(books)),
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
    equal(books.received_at_bank, books.matched_total() + books.parked_total())
}

fn principal(books: &Books) -> Result<(), String> {
    let principal = books.principal();
    equal(principal.issued, principal.paid + principal.open + principal.canceled)
}

fn refunds(books: &Books) -> Result<(), String> {
    equal(books.returned_at_bank, books.returned_total())
}

/// Every Pix of the bank's books stands here once, matched or parked, with the same amount.
fn each_pix(bank: &Bank, books: &Books) -> Result<(), String> {
    let mut ours: BTreeMap<&str, Money> = BTreeMap::new();
    let matched = books.matched.iter().map(|it| (it.e2eid.as_str(), it.amount));
    let parked = books.parked.iter().map(|it| (it.e2eid.as_str(), it.amount));
    for (e2eid, amount) in matched.chain(parked) {
        if ours.insert(e2eid, amount).is_some() {
            return Err(format!("{e2eid} is accounted for twice"));
        }
    }
    for pix in bank.pixs() {
        match ours.remove(pix.e2eid.as_str()) {
            Some(amount) if amount.centavos() == pix.valor.0 => {}
            Some(amount) => return Err(format!("{} is {amount}, not {}", pix.e2eid, pix.valor)),
            None => return Err(format!("{} of R$ {} is missing", pix.e2eid, pix.valor)),
        }
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
    equal(books.receipts, books.matched.len())
}

fn parked(input: &Input, books: &Books) -> Result<(), String> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for parked in &books.parked {
        *found.entry(parked.reason.clone()).or_default() += 1;
    }
    let expected = &input.scenario.parked;
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

fn dead_letters(app: &App) -> Result<(), String> {
    match app.machine.dead_letters().first() {
        Some(letter) => Err(format!("{}: {}", letter.event.detail_type, letter.error)),
        None => Ok(()),
    }
}

fn callbacks(bank: &Bank) -> Result<(), String> {
    equal(bank.pending_callbacks().len(), 0)
}

/// No message that asks for money went out once the bank held the payment.
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
