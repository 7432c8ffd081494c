//! How soon owners took up what came to them, from the rows of tasks, owners, notes and promises.
//!
//! Owns which row tells what, and who a row's actor is. Does not own which deed is the first
//! ([`quita_core::outcome::first_touches`]). A key may be anybody, so what is done by one is no
//! owner's deed.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::contact::Email;
use quita_core::ids::{InvoiceId, MerchantId, TaskId};
use quita_core::invoice::Invoice;
use quita_core::outcome::{Touched, Work, WorkFact, first_touches};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use serde::Serialize;
use serde_json::Value;

use crate::access::people;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::payments_report::percentile;

/// What became of the work that came to an owner in the span.
#[derive(Debug, Serialize)]
pub(super) struct FirstTouch {
    /// Taken up by the owner.
    count: usize,
    /// Whole hours until then, nights and weekends included; the middle one.
    median_hours: Option<i64>,
    /// Done by somebody else, or by a key.
    by_others: u32,
    /// Not taken up, and still to do.
    waiting: u32,
}

impl FirstTouch {
    pub(super) fn of(touched: Option<&Touched>) -> Self {
        let after = touched.map(|it| it.after.as_slice()).unwrap_or_default();
        let mut hours: Vec<i64> = after.iter().map(TimeDelta::num_hours).collect();
        hours.sort_unstable();
        Self {
            count: hours.len(),
            median_hours: percentile(&hours, 50),
            by_others: touched.map_or(0, |it| it.by_others),
            waiting: touched.map_or(0, |it| it.waiting),
        }
    }
}

/// What the rows tell of work, by invoice, in the order it happened.
#[derive(Default)]
pub(super) struct Histories(BTreeMap<InvoiceId, Vec<WorkFact>>);

impl Histories {
    /// Reads the merchant's people where a row is about work.
    pub(super) async fn of(
        deps: &Deps,
        merchant: &MerchantId,
        rows: &[EventRow],
    ) -> Result<Self, Unknown> {
        let told: Vec<(&InvoiceId, Work, &EventRow)> = rows
            .iter()
            .filter_map(|row| match &row.aggregate {
                Aggregate::Invoice(id) => Some((id, work(row)?, row)),
                _ => None,
            })
            .collect();
        if told.is_empty() {
            return Ok(Self::default());
        }
        let people: BTreeMap<String, Email> = people::everybody(deps, merchant)
            .await?
            .into_iter()
            .map(|person| (person.id.to_string(), person.email))
            .collect();
        let mut histories = Self::default();
        for (id, what, row) in told {
            let by = people.get(&row.actor).cloned();
            histories.0.entry(id.clone()).or_default().push(WorkFact { at: row.at, by, what });
        }
        Ok(histories)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &InvoiceId> {
        self.0.keys()
    }

    /// What became of the work that came by `until`, by owner.
    pub(super) fn by_owner(
        &self,
        invoices: &BTreeMap<InvoiceId, Invoice>,
        until: DateTime<Utc>,
    ) -> BTreeMap<Option<String>, Touched> {
        let mut all: BTreeMap<Option<String>, Touched> = BTreeMap::new();
        for (id, facts) in &self.0 {
            let Some(invoice) = invoices.get(id) else { continue };
            for (owner, touched) in first_touches(facts, until, |task| is_there(invoice, task)) {
                let sum = all.entry(Some(owner.as_str().to_owned())).or_default();
                sum.after.extend(touched.after);
                sum.by_others += touched.by_others;
                sum.waiting += touched.waiting;
            }
        }
        all
    }
}

/// Whether there is still something to do: the task is open, or something is owed.
fn is_there(invoice: &Invoice, task: Option<&TaskId>) -> bool {
    match task {
        Some(task) => invoice.handling.tasks.iter().any(|open| open.id == *task),
        None => invoice.is_active() && !invoice.is_settled(),
    }
}

/// `None` for a row that is not about work.
fn work(row: &EventRow) -> Option<Work> {
    let task = || TaskId::parse(row.data["task_id"].as_str()?).ok();
    let owner = || match &row.data["owner"] {
        Value::String(owner) => Email::parse(owner).ok(),
        _ => None,
    };
    Some(match row.name.as_str() {
        "task.opened" | "task.assigned" => Work::TaskCame { task: task()?, owner: owner() },
        "task.done" => Work::TaskDone { task: task()? },
        "invoice.owner_assigned" => Work::InvoiceCame { owner: owner() },
        "invoice.noted" | "promise.made" => Work::Said,
        _ => return None,
    })
}
