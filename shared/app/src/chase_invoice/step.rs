//! One step of the rule: decided with everything in view, then told, recorded, or passed over.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use quita_core::customer::Customer;
use quita_core::ids::InvoiceId;
use quita_core::invoice::Invoice;
use quita_core::merchant::Merchant;
use quita_core::message::{Channel, Lead, Message, MessageState};

use super::look::{Decided, Look, due, look};
use super::record::{Fact, Outcome, record};
use super::tell::{Row, Telling, Told, settled};
use super::verdict::{Debt, Deed, DeedKind, Rows, Ruled, Verdict, together};
use super::walk::Walk;
use super::{ACTOR, Passed};
use crate::charge_at_bank::{AtBank, REMOVED, held, reissue};
use crate::deliver::{LEASE, Resolved, failed, resolve};
use crate::deps::Deps;
use crate::error::{Unknown, chain};

/// Calls to the bank at the same time for the debts of one message.
const BANK_CALLS_MAX: usize = 4;

/// What became of the steps that are due.
pub(crate) enum Stepped {
    /// None is.
    Nothing,
    /// None can be done now.
    Passed(BTreeMap<u16, Passed>),
    /// Steps were done, of these invoices.
    Did { after: BTreeMap<InvoiceId, Invoice>, steps: usize },
    /// The bank knew that this instalment is paid.
    Healed(u16),
    /// The invoice changed, or its charge had to be asked for anew.
    Changed,
    /// Someone else wrote first.
    Contended,
}

/// One look at an invoice.
pub(crate) struct Stepper<'a> {
    pub deps: &'a Deps,
    pub walk: &'a Walk,
    pub settings: &'a Merchant,
    pub of: &'a Ruled,
    /// Instalments that are passed over.
    pub over: &'a [u16],
    /// Rows that stood in the way before.
    pub in_the_way: &'a mut Rows,
}

/// What stands of an attempt at a message that was not recorded.
#[derive(Default)]
struct Stands {
    /// Over, and how.
    ended: Vec<Row>,
    /// Known not to have been sent.
    not_sent: Vec<Message>,
    busy_until: Option<DateTime<Utc>>,
}

impl Stepper<'_> {
    /// Does the first step that can be done.
    pub(crate) async fn step(&mut self) -> Result<Stepped, Unknown> {
        let now = self.deps.clock.now();
        let due = due(self.of, self.over, now);
        if due.is_empty() {
            return Ok(Stepped::Nothing);
        }
        let mut look = look(self.deps, self.of, &due, now).await?;
        let mut passed = BTreeMap::new();
        for deed in due {
            let decided = look.decide(self.deps, self.of, &deed, now).await?;
            let number = deed.number;
            let stepped = match &decided.verdict {
                Verdict::Wait { until, .. } => {
                    passed.insert(number, Passed::Until(*until));
                    continue;
                }
                Verdict::Silent { .. } => {
                    passed.insert(number, Passed::Silent);
                    continue;
                }
                Verdict::Do(deed) => match deed.kind {
                    DeedKind::Skip(_) => self.done(deed, Vec::new(), true).await?,
                    DeedKind::Task | DeedKind::Escalate => match self.bank(number).await? {
                        Some(stepped) => stepped,
                        None => self.done(deed, Vec::new(), true).await?,
                    },
                    DeedKind::Message => {
                        let debt = Debt { of: self.of.clone(), deed: (**deed).clone() };
                        match self.message(&debt, &look, &decided).await? {
                            Err(pass) => {
                                passed.insert(number, pass);
                                continue;
                            }
                            Ok(stepped) => stepped,
                        }
                    }
                },
            };
            return Ok(stepped);
        }
        Ok(Stepped::Passed(passed))
    }

    /// Asks the bank before anything is done about an instalment; `None` to go on.
    async fn bank(&self, number: u16) -> Result<Option<Stepped>, Unknown> {
        Ok(match held(self.deps, &self.of.invoice, number, ACTOR).await? {
            AtBank::Unpaid => None,
            AtBank::Paid { .. } => Some(Stepped::Healed(number)),
            AtBank::Removed => {
                let invoice = self.of.invoice.clone();
                reissue(self.deps, invoice, number, REMOVED, ACTOR).await?;
                Some(Stepped::Changed)
            }
        })
    }

    /// Records a step of which no message goes out now.
    async fn done(&self, deed: &Deed, rows: Vec<Row>, reached: bool) -> Result<Stepped, Unknown> {
        let debt = Debt { of: self.of.clone(), deed: deed.clone() };
        let outcome = Outcome { fact: Fact::Step { debt: Box::new(debt), reached }, rows };
        let after = record(self.deps, vec![outcome]).await?;
        Ok(Stepped::Did { after, steps: 1 })
    }

    /// Sends a message, or finishes an attempt at it.
    async fn message(
        &mut self,
        own: &Debt,
        look: &Look,
        decided: &Decided,
    ) -> Result<Result<Stepped, Passed>, Unknown> {
        let now = self.deps.clock.now();
        let stands = self.stands(&decided.rows, now).await?;
        if let Some(until) = stands.busy_until {
            return Ok(Err(Passed::Busy(until)));
        }
        let number = own.deed.number;
        let out = stands.ended.iter().any(Row::went_out);
        if out || (!stands.ended.is_empty() && stands.not_sent.is_empty()) {
            let mut rows = stands.ended;
            // One channel has it: the others had their try.
            let state = failed("another channel took it, and its sender died", now);
            rows.extend(settled(stands.not_sent, state));
            return Ok(Ok(self.done(&own.deed, rows, true).await?));
        }
        if let Some(stepped) = self.bank(number).await? {
            return Ok(Ok(stepped));
        }
        let unsent: Vec<Lead> = stands.not_sent.iter().map(carrier).collect();
        let in_the_way = &*self.in_the_way;
        let is_free = |other: &Debt| is_free(in_the_way, &unsent, own, other);
        let debts = together(own, &look.siblings, &decided.customer, is_free, now);
        let debts = self.unpaid(own, debts).await;
        self.tell(own, debts, &look.customer, stands).await
    }

    /// What became of the rows that stand.
    async fn stands(&self, rows: &[Message], now: DateTime<Utc>) -> Result<Stands, Unknown> {
        let mut stands = Stands::default();
        for row in rows {
            match resolve(self.deps, row.clone(), now).await? {
                Resolved::Busy(until) => stands.busy_until = stands.busy_until.max(Some(until)),
                Resolved::Ended { row, state } => stands.ended.push(Row { message: row, state }),
                Resolved::NotSent(row) => stands.not_sent.push(row),
            }
        }
        Ok(stands)
    }

    /// The debts that the bank does not hold for paid; `own` was asked about already. One that it
    /// cannot be asked about stays out.
    async fn unpaid(&self, own: &Debt, debts: Vec<Debt>) -> Vec<Debt> {
        let is_own = |debt: &Debt| debt.is(own);
        let asked = debts.into_iter().map(async |debt| {
            if is_own(&debt) {
                return Some(debt);
            }
            let (invoice, number) = (&debt.of.invoice, debt.deed.number);
            let removed = match held(self.deps, invoice, number, ACTOR).await {
                Ok(AtBank::Unpaid) => return Some(debt),
                Ok(AtBank::Paid { .. }) => Ok(()),
                Ok(AtBank::Removed) => {
                    reissue(self.deps, invoice.clone(), number, REMOVED, ACTOR).await.map(drop)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = removed {
                tracing::warn!(error = chain(&error), "Invoice `{}` is told of later", invoice.id);
            }
            None
        });
        let asked = futures::stream::iter(asked).buffered(BANK_CALLS_MAX);
        asked.filter_map(async |debt| debt).collect().await
    }

    async fn tell(
        &mut self,
        own: &Debt,
        debts: Vec<Debt>,
        customer: &Customer,
        stands: Stands,
    ) -> Result<Result<Stepped, Passed>, Unknown> {
        let mut old = self.in_the_way.clone();
        let key = |row: &Message| (row.invoice.clone(), row.key.clone());
        old.extend(stands.not_sent.iter().map(|row| (key(row), row.clone())));
        let forget: BTreeSet<_> = stands.not_sent.iter().filter_map(claimed_at).collect();
        let ended: Vec<Channel> = stands.ended.iter().map(|row| row.message.key.channel).collect();
        let telling = |debts| Telling {
            settings: self.settings,
            customer,
            debts,
            old: &old,
            ended: &ended,
            forget: &forget,
        };
        let alone = [own.clone()];
        let mut told_of = debts.as_slice();
        let mut told = telling(told_of).tell(self.deps, self.walk).await?;
        if matches!(told, Told::Unreachable) && debts.len() > 1 {
            // The firmest step goes where nobody is; this one may not.
            told_of = &alone;
            told = telling(told_of).tell(self.deps, self.walk).await?;
        }
        match told {
            Told::Later(until) => Ok(Err(Passed::Busy(until))),
            Told::Contended(rows) => {
                let found =
                    rows.into_iter().map(|row| ((row.invoice.clone(), row.key.clone()), row));
                self.in_the_way.extend(found);
                Ok(Ok(Stepped::Contended))
            }
            Told::Unreachable => {
                let reached = !ended.is_empty();
                Ok(Ok(self.done(&own.deed, stands.ended, reached).await?))
            }
            Told::Ended(each) => {
                let mut before = Some(stands.ended);
                let outcomes = told_of.iter().zip(each).map(|(debt, mut rows)| {
                    if debt.is(own) {
                        rows.extend(before.take().into_iter().flatten());
                    }
                    Outcome {
                        fact: Fact::Step { debt: Box::new(debt.clone()), reached: true },
                        rows,
                    }
                });
                let outcomes: Vec<Outcome> = outcomes.collect();
                let steps = outcomes.len();
                let after = record(self.deps, outcomes).await?;
                Ok(Ok(Stepped::Did { after, steps }))
            }
        }
    }
}

impl Debt {
    fn is(&self, other: &Debt) -> bool {
        self.of.invoice.id == other.of.invoice.id && self.deed.number == other.deed.number
    }
}

/// Whether nothing stands in the way of another debt on any channel. A row that was given back does
/// not, nor one that went along with a message known not to have been sent; any other is finished
/// by a look at its own invoice.
fn is_free(in_the_way: &Rows, unsent: &[Lead], lead: &Debt, other: &Debt) -> bool {
    let mut channels = lead.deed.step.channels().chain(other.deed.step.channels());
    channels.all(|channel| {
        let row = in_the_way.get(&(other.of.invoice.id.clone(), other.key(channel)));
        row.is_none_or(|row| match row.state {
            MessageState::Released { .. } => true,
            MessageState::Claimed { .. } => unsent.contains(&carrier(row)),
            _ => false,
        })
    })
}

/// The attempt that a row went out with.
fn carrier(row: &Message) -> Lead {
    let own = || Lead { tag: row.tag(), attempt: row.attempts };
    row.lead.clone().unwrap_or_else(own)
}

/// When a claim was made that is known not to have been sent.
fn claimed_at(row: &Message) -> Option<DateTime<Utc>> {
    match &row.state {
        MessageState::Claimed { until } => Some(*until - LEASE),
        _ => None,
    }
}
