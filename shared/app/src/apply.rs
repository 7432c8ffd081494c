//! From decided events to one transaction: the invoice after them, its rows, its work.

use chrono::{DateTime, Utc};
use quita_core::chase::Rule;
use quita_core::invoice::{Event, Invoice, evolve};
use quita_core::journal;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::{Commit, Expected};

use crate::error::Unknown;
use crate::event_data::event_data;

/// Applies the events, which must not be empty, and adds invoice and rows to the commit.
pub(crate) fn apply(
    commit: Commit,
    invoice: Invoice,
    events: &[Event],
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(Commit, Invoice), Unknown> {
    let before = invoice.version;
    let after = events.iter().fold(invoice, |invoice, event| evolve(invoice, event, now));
    Ok((changed(commit, &after, before, events, actor, now)?, after))
}

/// Adds an invoice to which the events were applied already; `before` is the version it was read at.
pub(crate) fn changed(
    commit: Commit,
    after: &Invoice,
    before: u64,
    events: &[Event],
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Commit, Unknown> {
    let commit = add_invoice(commit, after, Expected::Version(before), now)?;
    Ok(add_rows(commit, after, before, events, actor, now))
}

/// Adds an invoice that was just opened, with its first events.
pub(crate) fn open(
    commit: Commit,
    invoice: &Invoice,
    events: &[Event],
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Commit, Unknown> {
    let commit = add_invoice(commit, invoice, Expected::New, now)?;
    Ok(add_rows(commit, invoice, 0, events, actor, now))
}

fn add_invoice(
    commit: Commit,
    invoice: &Invoice,
    expected: Expected,
    now: DateTime<Utc>,
) -> Result<Commit, Unknown> {
    let work = invoice.next_work(&rule_of(invoice)?, now);
    Ok(commit.invoice(invoice, expected, work.as_ref()))
}

fn add_rows(
    commit: Commit,
    invoice: &Invoice,
    before: u64,
    events: &[Event],
    actor: &str,
    now: DateTime<Utc>,
) -> Commit {
    let rows = (before + 1..).zip(events).map(|(seq, event)| EventRow {
        aggregate: Aggregate::Invoice(invoice.id.clone()),
        seq,
        at: now,
        actor: actor.to_owned(),
        name: event.name().to_owned(),
        data: event_data(event),
        postings: journal::of_invoice(event),
    });
    rows.fold(commit, |commit, row| commit.event(&row))
}

/// The collection rule an invoice was issued under.
pub(crate) fn rule_of(invoice: &Invoice) -> Result<Rule, Unknown> {
    let version = invoice.issuing.rule_version;
    Rule::of_version(version)
        .ok_or_else(|| Unknown::new("loading a rule", format!("rule version {version} is unknown")))
}
