//! The closing table.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quita_core::money::Money;

use super::books::Books;
use super::checks::Check;
use crate::answer::{list, money as amount, text};

/// Width of the left column.
const LABEL: usize = 34;
/// Width of the amounts, where counts stand before them and where they do not.
const COLUMN: usize = 18;
const AMOUNT: usize = COLUMN + 5;
/// Width of a title that has columns of its own.
const ACCOUNT: usize = LABEL + 7;
/// Statuses of invoices, in the order they are shown.
const STATUSES: [&str; 8] = [
    "paid",
    "partially_paid",
    "open",
    "overdue",
    "written_off",
    "credited",
    "canceling",
    "canceled",
];

pub fn table(books: &Books, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nInvoices")?;
    row(out, "issued", books.invoices.len(), Some(books.principal.issued))?;
    for status in STATUSES {
        let of_it = || books.invoices.iter().filter(|invoice| invoice["status"] == status);
        if of_it().count() > 0 {
            let sum = of_it().map(|invoice| amount(&invoice["amount"])).sum();
            row(out, &format!("  {}", status.replace('_', " ")), of_it().count(), Some(sum))?;
        }
    }
    row(out, "charges at the bank", books.charges, None)?;
    row(out, "  asked for anew", books.reissued, None)?;
    row(out, "  after waiting for the bank", books.delayed, None)?;

    writeln!(out, "\nMessages")?;
    for ((step, channel), count) in in_order(&books.messages) {
        row(out, &format!("{} by {channel}", step_name(step)), *count, None)?;
    }
    row(out, "receipts by email", books.receipts, None)?;
    row(out, "told along with another invoice", books.told_along, None)?;
    row(out, "steps left out for a later one", books.steps_covered, None)?;
    row(out, "digests in the team's chat", books.digests, None)?;

    payments(books, out)?;
    people(books, out)?;
    proof(books, out)?;
    trial_balance(books, out)
}

fn payments(books: &Books, out: &mut impl Write) -> io::Result<()> {
    let came = books.received_at_bank + books.received_otherwise;
    writeln!(out, "\nPayments")?;
    row(out, "received", books.payments.len(), Some(came))?;
    row(out, "credits to invoices", books.credits.len(), Some(books.credited()))?;
    row(out, "  early, with a discount", books.paid_early, None)?;
    row(out, "  on time", books.paid_on_time, None)?;
    row(out, "  late", books.paid_late, None)?;
    money(out, "  of it late fees and interest", books.late_charges)
}

fn people(books: &Books, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nLeft to a person")?;
    row(out, "exceptions", books.exceptions.len(), None)?;
    for exception in &books.exceptions {
        let (reason, came) = (text(&exception["reason"]), &exception["payment"]["amount"]);
        money(out, &format!("  {}", reason.replace('_', " ")), amount(came))?;
    }
    row(out, "accounts flagged for their owner", books.flagged, None)?;
    for invoice in books.invoices.iter().filter(|it| it["status"] == "overdue") {
        let why = text(&invoice["next_action"]["why"]);
        let flagged = list(&invoice["instalments"]).iter().any(|it| it["flagged"] == true);
        let what = match why.as_str() {
            "rule_ended" => "the reminders ran out",
            "on_hold" => "on hold until somebody decides",
            other => other,
        };
        let flagged = if flagged { ", flagged" } else { "" };
        let owed = amount(&invoice["outstanding"]).in_english();
        let number = text(&invoice["number"]);
        writeln!(out, "  {number}: {owed} outstanding, {what}{flagged}")?;
    }
    Ok(())
}

fn proof(books: &Books, out: &mut impl Write) -> io::Result<()> {
    let principal = &books.principal;
    writeln!(out, "\nThe money")?;
    money(out, "received, in the bank's own books", books.received_at_bank)?;
    money(out, "+ received otherwise", books.received_otherwise)?;
    money(out, "= credited to invoices", books.credited())?;
    money(out, "+ on customers' accounts", books.on_account)?;
    money(out, "+ unidentified", books.sum_of_payments("unidentified"))?;
    money(out, "+ returned, in the bank's own books", books.returned_at_bank)?;
    writeln!(out)?;
    money(out, "issued principal", principal.issued)?;
    money(out, "= paid", principal.paid)?;
    money(out, "+ discounts and rebates", principal.given)?;
    money(out, "+ written off", principal.written_off)?;
    money(out, "+ canceled", principal.canceled)?;
    money(out, "+ open", principal.open)
}

/// Debits and credits in two columns.
fn trial_balance(books: &Books, out: &mut impl Write) -> io::Result<()> {
    let moved = |it: &&(String, Money)| !it.1.is_zero();
    let (mut debits, mut credits) = (Money::ZERO, Money::ZERO);
    writeln!(out, "\n{:<ACCOUNT$} {:>COLUMN$} {:>COLUMN$}", "The books", "debit", "credit")?;
    for (account, balance) in books.trial_balance.iter().filter(moved) {
        let account = account.replace('_', " ");
        if balance.is_positive() {
            debits += *balance;
            writeln!(out, "  {account:<LABEL$} {:>AMOUNT$}", balance.in_english())?;
        } else {
            credits += -*balance;
            let shown = (-*balance).in_english();
            writeln!(out, "  {account:<LABEL$} {:>AMOUNT$} {shown:>COLUMN$}", "")?;
        }
    }
    let (debits, credits) = (debits.in_english(), credits.in_english());
    writeln!(out, "  {:<LABEL$} {debits:>AMOUNT$} {credits:>COLUMN$}\n", "total")
}

pub fn checks(checks: &[Check], out: &mut impl Write) -> io::Result<()> {
    for check in checks {
        match &check.outcome {
            Ok(()) => writeln!(out, "  ok      {}", check.what)?,
            Err(why) => writeln!(out, "  FAILED  {}: {why}", check.what)?,
        }
    }
    writeln!(out)
}

fn row(out: &mut impl Write, label: &str, count: usize, sum: Option<Money>) -> io::Result<()> {
    match sum {
        Some(sum) => writeln!(out, "  {label:<LABEL$} {count:>4} {:>COLUMN$}", sum.in_english()),
        None => writeln!(out, "  {label:<LABEL$} {count:>4}"),
    }
}

fn money(out: &mut impl Write, label: &str, sum: Money) -> io::Result<()> {
    writeln!(out, "  {label:<LABEL$}      {:>COLUMN$}", sum.in_english())
}

/// The steps in the order they fall due; steps of another rule last.
const STEPS: [(&str, &str); 7] = [
    ("issue", "at issue"),
    ("due_minus_5", "5 days before"),
    ("due_today", "on the due date"),
    ("due_plus_1", "1 day late"),
    ("due_plus_3", "3 days late"),
    ("due_plus_7", "7 days late"),
    ("due_plus_15", "15 days late"),
];

fn step_name(step: &str) -> &str {
    STEPS.iter().find(|(id, _)| *id == step).map_or(step, |(_, name)| name)
}

type Counts = BTreeMap<(String, String), usize>;

fn in_order(counts: &Counts) -> Vec<(&(String, String), &usize)> {
    let place = |step: &str| STEPS.iter().position(|(id, _)| *id == step).unwrap_or(STEPS.len());
    let mut rows: Vec<_> = counts.iter().collect();
    rows.sort_by_key(|((step, channel), _)| (place(step), channel == "chat"));
    rows
}
