//! The closing table.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quita_core::money::Money;

use super::books::{Books, list, text};
use super::checks::Check;

/// Width of the left column.
const LABEL: usize = 34;

pub fn table(books: &Books, out: &mut impl Write) -> io::Result<()> {
    let principal = books.principal();
    writeln!(out, "\nInvoices")?;
    row(out, "issued", books.invoices.len(), Some(principal.issued))?;
    let statuses = ["paid", "partially_paid", "open", "overdue", "canceling", "canceled"];
    for status in statuses {
        let of_it = || books.invoices.iter().filter(|invoice| invoice["status"] == status);
        if of_it().count() > 0 {
            let sum = of_it().map(|invoice| super::books::money(&invoice["amount"])).sum();
            row(out, &format!("  {}", status.replace('_', " ")), of_it().count(), Some(sum))?;
        }
    }
    row(out, "charges at the bank", books.charges, None)?;
    row(out, "  after waiting for the bank", books.delayed, None)?;

    writeln!(out, "\nMessages")?;
    for ((step, channel), count) in in_order(&books.messages) {
        row(out, &format!("{} by {channel}", step_name(step)), *count, None)?;
    }
    row(out, "receipts by email", books.receipts, None)?;
    row(out, "steps left out for a later one", books.steps_covered, None)?;

    writeln!(out, "\nPayments")?;
    row(out, "matched", books.matched.len(), Some(books.matched_total()))?;
    row(out, "  early, with a discount", books.paid_early, None)?;
    row(out, "  on time", books.paid_on_time, None)?;
    row(out, "  late, with fee and interest", books.paid_late, None)?;
    money(out, "  late fees and interest", books.late_charges)?;
    money(out, "  discounts and rebates", books.reductions)?;
    money(out, "  refunded since", books.returned_total())?;
    row(out, "parked", books.parked.len(), Some(books.parked_total()))?;
    for parked in &books.parked {
        money(out, &format!("  {}", parked.reason.replace('_', " ")), parked.amount)?;
    }
    people(books, out)?;
    proof(books, out)
}

fn people(books: &Books, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nLeft to a person")?;
    row(out, "parked payments to allocate", books.parked.len(), None)?;
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
        let owed = super::books::money(&invoice["outstanding"]).in_english();
        let number = text(&invoice["number"]);
        writeln!(out, "  {number}: {owed} outstanding, {what}{flagged}")?;
    }
    Ok(())
}

fn proof(books: &Books, out: &mut impl Write) -> io::Result<()> {
    let principal = books.principal();
    writeln!(out, "\nThe money")?;
    money(out, "received, in the bank's own books", books.received_at_bank)?;
    money(out, "= matched", books.matched_total())?;
    money(out, "+ parked", books.parked_total())?;
    writeln!(out)?;
    money(out, "issued principal", principal.issued)?;
    money(out, "= paid", principal.paid)?;
    money(out, "+ open", principal.open)?;
    money(out, "+ canceled", principal.canceled)?;
    writeln!(out)
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
        Some(sum) => writeln!(out, "  {label:<LABEL$} {count:>4} {:>18}", sum.in_english()),
        None => writeln!(out, "  {label:<LABEL$} {count:>4}"),
    }
}

fn money(out: &mut impl Write, label: &str, sum: Money) -> io::Result<()> {
    writeln!(out, "  {label:<LABEL$}      {:>18}", sum.in_english())
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
