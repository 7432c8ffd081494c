//! From decided events to one transaction: the invoice after them, its rows, its work.
//!
//! The last row says what the commit changed of the invoice as a whole.

use chrono::{DateTime, Utc};
use quita_core::audit::{Audited, Changes, Summary};
use quita_core::chase::Rule;
use quita_core::invoice::{Event, Invoice, evolve};
use quita_core::journal;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::{Commit, Expected};

use crate::error::Unknown;
use crate::event_data::event_data;

/// How an invoice stood when it was read.
pub(crate) struct Before {
    pub(crate) version: u64,
    summary: Summary,
}

impl Before {
    pub(crate) fn of(invoice: &Invoice) -> Self {
        Self { version: invoice.version, summary: invoice.summary() }
    }
}

/// Applies the events, which must not be empty, and adds invoice and rows to the commit.
pub(crate) fn apply(
    commit: Commit,
    invoice: Invoice,
    events: &[Event],
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(Commit, Invoice), Unknown> {
    let before = Before::of(&invoice);
    let after = events.iter().fold(invoice, |invoice, event| evolve(invoice, event, now));
    let rows = Rows { events, actor, now, beside: Changes::default() };
    Ok((changed(commit, &after, &before, rows)?, after))
}

/// What the rows of an invoice say beside how it changed.
pub(crate) struct Rows<'a> {
    pub(crate) events: &'a [Event],
    pub(crate) actor: &'a str,
    pub(crate) now: DateTime<Utc>,
    /// What else the commit changed, where no other row tells of it.
    pub(crate) beside: Changes,
}

/// Adds an invoice to which the events were applied already.
pub(crate) fn changed(
    commit: Commit,
    after: &Invoice,
    before: &Before,
    rows: Rows<'_>,
) -> Result<Commit, Unknown> {
    let commit = add_invoice(commit, after, Expected::Version(before.version), rows.now)?;
    let changes = Changes::between(&before.summary, &after.summary());
    Ok(add_rows(commit, after, before.version, rows, changes))
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
    // The instalments of a new one stand in the data.
    let changes = Changes::between(&Summary::new(), &invoice.summary_of_whole());
    let rows = Rows { events, actor, now, beside: Changes::default() };
    Ok(add_rows(commit, invoice, 0, rows, changes))
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
    rows: Rows<'_>,
    changes: Changes,
) -> Commit {
    let Rows { events, actor, now, beside } = rows;
    let mut written: Vec<EventRow> = (before + 1..)
        .zip(events)
        .map(|(seq, event)| EventRow {
            aggregate: Aggregate::Invoice(invoice.id.clone()),
            seq,
            at: now,
            actor: actor.to_owned(),
            name: event.name().to_owned(),
            data: event_data(event),
            postings: journal::of_invoice(event),
            changes: Changes::default(),
        })
        .collect();
    if let Some(last) = written.last_mut() {
        last.changes = changes.and(beside);
    }
    written.iter().fold(commit, Commit::event)
}

/// The collection rule an invoice was issued under.
pub(crate) fn rule_of(invoice: &Invoice) -> Result<Rule, Unknown> {
    let version = invoice.issuing.rule_version;
    Rule::of_version(version)
        .ok_or_else(|| Unknown::new("loading a rule", format!("rule version {version} is unknown")))
}
