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

/// Applies the events, which must not be empty, and adds invoice and rows to the commit. `rule` is
/// the invoice's after them.
pub(crate) fn apply(
    commit: Commit,
    invoice: Invoice,
    rule: &Rule,
    events: &[Event],
    actor: &str,
    now: DateTime<Utc>,
) -> (Commit, Invoice) {
    let before = Before::of(&invoice);
    let after = events.iter().fold(invoice, |invoice, event| evolve(invoice, event, now));
    let rows = Rows { events, actor, now, beside: Changes::default() };
    (changed(commit, &after, rule, &before, rows), after)
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
    rule: &Rule,
    before: &Before,
    rows: Rows<'_>,
) -> Commit {
    let commit = add_invoice(commit, after, rule, Expected::Version(before.version), rows.now);
    let changes = Changes::between(&before.summary, &after.summary());
    add_rows(commit, after, before.version, rows, changes)
}

/// Adds an invoice that was just opened, with its first events.
pub(crate) fn open(
    commit: Commit,
    invoice: &Invoice,
    rule: &Rule,
    events: &[Event],
    actor: &str,
    now: DateTime<Utc>,
) -> Commit {
    let commit = add_invoice(commit, invoice, rule, Expected::New, now);
    // The instalments of a new one stand in the data.
    let changes = Changes::between(&Summary::new(), &invoice.summary_of_whole());
    let rows = Rows { events, actor, now, beside: Changes::default() };
    add_rows(commit, invoice, 0, rows, changes)
}

fn add_invoice(
    commit: Commit,
    invoice: &Invoice,
    rule: &Rule,
    expected: Expected,
    now: DateTime<Utc>,
) -> Commit {
    let work = invoice.next_work(rule, now);
    commit.invoice(invoice, expected, work.as_ref())
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
