//! Records what was done about invoices: the invoice, its event rows, its ledger rows and the tasks
//! that follow, in one transaction.
//!
//! When someone wrote first, the same facts are decided on the invoice as it is now; a step that is
//! done already is not done again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use quita_core::chase::{StepOutcome, Way, Why};
use quita_core::ids::InvoiceId;
use quita_core::invoice::{Command, Event, Invoice, decide, evolve};
use quita_core::message::Message;
use quita_core::task::TaskKind;
use quita_table::Commit;

use super::ACTOR;
use super::tell::Row;
use super::verdict::{Debt, DeedKind, Ruled};
use crate::apply;
use crate::charge_at_bank::reload;
use crate::deliver::{conflicts, rows_found};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::tasks::{self, Opening};

/// Times a record is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// Most items of one transaction. Source: DynamoDB API reference, `TransactWriteItems`.
const ITEMS_MAX: usize = 100;

/// Something that was done.
pub(crate) enum Fact {
    Step {
        debt: Box<Debt>,
        /// There was somebody to write to.
        reached: bool,
    },
    Receipt {
        of: Box<Ruled>,
        number: u16,
        ordinal: u16,
    },
}

/// With the rows that tell how it went.
pub(crate) struct Outcome {
    pub fact: Fact,
    pub rows: Vec<Row>,
}

impl Fact {
    fn of(&self) -> &Ruled {
        match self {
            Self::Step { debt, .. } => &debt.of,
            Self::Receipt { of, .. } => of,
        }
    }
}

impl Outcome {
    fn events(&self, invoice: &Invoice, now: DateTime<Utc>) -> Result<Vec<Event>, Unknown> {
        let sent = self.rows.iter().filter(|row| row.went_out());
        let channels: Vec<_> = sent.map(|row| row.message.key.channel).collect();
        let told = match channels.is_empty() {
            true => StepOutcome::Failed,
            false => StepOutcome::Sent,
        };
        let command = match &self.fact {
            Fact::Receipt { number, ordinal, .. } => {
                Command::RecordReceipt { instalment: *number, ordinal: *ordinal, outcome: told }
            }
            Fact::Step { debt, .. } => {
                let deed = &debt.deed;
                let shown = invoice.instalment(deed.number).filter(|_| !channels.is_empty());
                let amount =
                    shown.map(|known| invoice.amount_due(known, invoice.civil_date(now)).total);
                let outcome = match deed.kind {
                    DeedKind::Message => told,
                    DeedKind::Task | DeedKind::Escalate => StepOutcome::Done,
                    DeedKind::Skip(Why::HoldOut) => StepOutcome::HeldOut,
                    DeedKind::Skip(_) => StepOutcome::TooFirm,
                };
                Command::RecordStep {
                    instalment: deed.number,
                    step: &deed.step,
                    outcome,
                    channels,
                    covered: deed.covers.iter().collect(),
                    amount,
                }
            }
        };
        decide(invoice, command, now)
            .map_err(|refusal| Unknown::new("recording what was done", refusal))
    }

    /// What people are asked to do because of it, beside what its events ask for.
    fn tasks(&self) -> impl Iterator<Item = Opening<'_>> {
        let kinds = match &self.fact {
            Fact::Receipt { .. } => [None, None],
            Fact::Step { debt, reached } => {
                let deed = &debt.deed;
                let skipped = matches!(deed.kind, DeedKind::Skip(_));
                let call = deed.step.ways.contains(&Way::CallTask) && !skipped;
                let lost = deed.kind == DeedKind::Message && !reached;
                let step = deed.step.id.as_str();
                [
                    call.then(|| Opening::of(TaskKind::Call, Some(step))),
                    lost.then(|| Opening::of(TaskKind::FixContact, Some(step))),
                ]
            }
        };
        kinds.into_iter().flatten()
    }
}

/// What was done about one invoice.
struct Record {
    of: Ruled,
    outcomes: Vec<Outcome>,
}

/// Records everything; answers with the invoices after it.
pub(crate) async fn record(
    deps: &Deps,
    outcomes: Vec<Outcome>,
) -> Result<BTreeMap<InvoiceId, Invoice>, Unknown> {
    let mut records: BTreeMap<InvoiceId, Record> = BTreeMap::new();
    for outcome in outcomes {
        let of = outcome.fact.of().clone();
        let record = records.entry(of.invoice.id.clone());
        record.or_insert(Record { of, outcomes: Vec::new() }).outcomes.push(outcome);
    }
    let Some(first) = records.values().next() else { return Ok(BTreeMap::new()) };
    let now = deps.clock.now();
    let mut commit = Commit::new(&first.of.invoice.merchant);
    let mut after = BTreeMap::new();
    for (id, record) in &records {
        let (written, invoice) = record.write(deps, commit, now).await?;
        commit = written;
        after.insert(id.clone(), invoice);
    }
    if (1..=ITEMS_MAX).contains(&commit.items_len())
        && conflicts(deps.store.commit(commit).await)?.is_none()
    {
        records.values().for_each(Record::count);
        return Ok(after);
    }
    // Too much for one transaction, or someone moved: each by itself.
    for (id, record) in records {
        after.insert(id, record.by_itself(deps).await?);
    }
    Ok(after)
}

impl Record {
    /// Adds what is new to a commit.
    async fn write(
        &self,
        deps: &Deps,
        mut commit: Commit,
        now: DateTime<Utc>,
    ) -> Result<(Commit, Invoice), Unknown> {
        let invoice = &self.of.invoice;
        let mut state = invoice.clone();
        let (mut events, mut tasks) = (Vec::new(), Vec::new());
        for outcome in &self.outcomes {
            commit = outcome.rows.iter().fold(commit, |commit, row| row.write(commit));
            let more = outcome.events(&state, now)?;
            if !more.is_empty() {
                tasks.extend(outcome.tasks());
            }
            state = more.iter().fold(state, |state, event| evolve(state, event, now));
            events.extend(more);
        }
        if events.is_empty() {
            return Ok((commit, state));
        }
        commit = tasks::follow(deps, commit, invoice, &mut events, None, now).await?;
        for task in tasks {
            commit = tasks::add(deps, commit, invoice, &mut events, task, now)?;
        }
        Ok(apply::apply(commit, invoice.clone(), &self.of.rule, &events, ACTOR, now))
    }

    async fn by_itself(mut self, deps: &Deps) -> Result<Invoice, Unknown> {
        for _ in 0..CONFLICTS_MAX {
            let merchant = self.of.invoice.merchant.clone();
            let (commit, after) =
                self.write(deps, Commit::new(&merchant), deps.clock.now()).await?;
            if commit.items_len() == 0 {
                return Ok(after);
            }
            let Some(in_the_way) = conflicts(deps.store.commit(commit).await)? else {
                self.count();
                return Ok(after);
            };
            let fresh: Vec<Message> = rows_found(in_the_way).collect();
            let rows = self.outcomes.iter_mut().flat_map(|outcome| &mut outcome.rows);
            rows.for_each(|row| row.refresh(&fresh));
            self.of.invoice = reload(deps, &merchant, &self.of.invoice.id).await?;
            self.of.rule = deps.rule_of(&self.of.invoice).await?;
        }
        Err(Unknown::new("recording what was done", "others kept writing first"))
    }

    fn count(&self) {
        self.outcomes.iter().flat_map(|outcome| &outcome.rows).for_each(Row::count);
    }
}
