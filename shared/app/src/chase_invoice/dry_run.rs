//! What the next sweep would do, and why not: the same reading, decision and grouping as the
//! sweep's, up to the bank and the claim.
//!
//! Owns the answer and its form. Invariant: nothing is written here, nobody is called, and no rule
//! is read anew: [`super::look`] and [`super::verdict`] decide for both.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use quita_core::chase::{self, StepFate, StepOutcome};
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::merchant::Merchant;
use quita_table::keys::InvoiceState;
use quita_table::store::ItemRef;
use quita_table::{Cursor, StoreError};
use serde::Serialize;

use super::look::{Decided, due, look};
use super::say;
use super::verdict::{Debt, DeedKind, Ruled, Verdict, customer_facts, together, verdict};
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;

/// Most invoices of one answer: each takes two reads.
pub const INVOICES_MAX: usize = 50;

/// Which invoices are looked at.
pub enum Which {
    Invoices(Vec<InvoiceId>),
    OfCustomer(CustomerId),
    Open,
}

/// What would be done.
#[derive(Serialize)]
pub struct DryRun {
    /// The instant it is decided for.
    at: String,
    items: Vec<WouldDo>,
    next_cursor: Option<String>,
}

/// What happens to one instalment.
#[derive(Serialize)]
pub struct WouldDo {
    invoice_id: String,
    instalment: u16,
    /// `send`, `task`, `escalate`, `skip`, `wait` or `nothing`.
    does: &'static str,
    step: Option<String>,
    why: &'static str,
    until: Option<String>,
    covers: Vec<String>,
    /// Where the message goes; empty where it reaches nobody.
    channels: Vec<ChannelView>,
    /// The other debts of the same message.
    together_with: Vec<DebtView>,
    /// What becomes of each step, in the order they fall due.
    steps: Vec<StepView>,
}

#[derive(Serialize)]
struct ChannelView {
    channel: &'static str,
    addresses: usize,
}

#[derive(Serialize, Clone, PartialEq)]
struct DebtView {
    invoice_id: String,
    instalment: u16,
    step: String,
}

#[derive(Serialize)]
struct StepView {
    step: String,
    /// `done`, `planned` or `dropped`.
    fate: &'static str,
    at: Option<String>,
    why: Option<&'static str>,
}

/// What the sweep would do at `now` with these invoices, a page of them.
pub async fn dry_run(
    deps: &Deps,
    merchant: &MerchantId,
    which: &Which,
    now: DateTime<Utc>,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Result<DryRun, StoreError>, Unknown> {
    let limit = limit.clamp(1, INVOICES_MAX);
    let page = match which {
        Which::Invoices(ids) => {
            let refs: Vec<ItemRef> = ids.iter().cloned().map(ItemRef::Invoice).collect();
            let mut found = deps.store.read(merchant, &refs).await?;
            let invoices = ids.iter().filter_map(|id| found.take_invoice(id)).collect();
            Ok(quita_table::store::Page { items: invoices, next: None })
        }
        Which::OfCustomer(customer) => {
            deps.store.invoices_of_customer(merchant, customer, limit, cursor).await
        }
        Which::Open => {
            deps.store.invoices_by_status(merchant, &[InvoiceState::Open], limit, cursor).await
        }
    };
    let page = match page {
        Ok(page) => page,
        Err(error @ StoreError::BadCursor(_)) => return Ok(Err(error)),
        Err(error) => return Err(error.into()),
    };
    let settings = deps.store.read(merchant, &[ItemRef::Merchant]).await?.take_merchant();
    let settings =
        settings.ok_or_else(|| Unknown::new("loading the merchant", "it is not there"))?;
    let mut run = Run { deps, settings, now, touched: BTreeMap::new(), told: BTreeMap::new() };
    let mut items = Vec::new();
    for invoice in page.items.into_iter().filter(|it| it.is_active() && !it.is_settled()) {
        let rule = deps.rule_of(&invoice).await?;
        items.extend(run.invoice(&Ruled { invoice, rule }).await?);
    }
    let next_cursor = page.next.map(|cursor| cursor.to_string());
    Ok(Ok(DryRun { at: instant(now), items, next_cursor }))
}

/// What an answer has done so far.
struct Run<'a> {
    deps: &'a Deps,
    settings: Merchant,
    now: DateTime<Utc>,
    /// Customers that would have been written to.
    touched: BTreeMap<CustomerId, DateTime<Utc>>,
    /// Debts that went out in a message, with all debts of it.
    told: BTreeMap<(InvoiceId, u16), Vec<Debt>>,
}

impl Run<'_> {
    async fn invoice(&mut self, of: &Ruled) -> Result<Vec<WouldDo>, Unknown> {
        let due = due(of, &[], self.now);
        let mut look = look(self.deps, of, &due, self.now).await?;
        if let Some(at) = self.touched.get(&of.invoice.customer) {
            look.customer.care.touch(*at);
        }
        let mut items = Vec::new();
        for instalment in &of.invoice.instalments {
            let number = instalment.number;
            let told = self.told.get(&(of.invoice.id.clone(), number));
            let told = told.cloned();
            let decided = match (told.is_some(), due.iter().find(|deed| deed.number == number)) {
                (false, Some(deed)) => look.decide(self.deps, of, deed, self.now).await?,
                (true, Some(deed)) => Decided {
                    verdict: Verdict::Do(Box::new(deed.clone())),
                    rows: Vec::new(),
                    customer: look.customer.clone(),
                },
                // What is not due without the customer is not due with it, only later or never.
                (_, None) => Decided {
                    verdict: verdict(of, number, Some(&look.customer), self.now),
                    rows: Vec::new(),
                    customer: look.customer.clone(),
                },
            };
            let mut debts = told.unwrap_or_default();
            if let (Verdict::Do(deed), true) = (&decided.verdict, debts.is_empty())
                && deed.kind == DeedKind::Message
            {
                let debt = Debt { of: of.clone(), deed: (**deed).clone() };
                let customer = &decided.customer;
                debts = together(&debt, &look.siblings, customer, |_| true, self.now);
                self.remember(&debts);
                look.customer.care.touch(self.now);
            }
            items.push(self.view(of, number, &decided, &debts));
        }
        Ok(items)
    }

    fn remember(&mut self, debts: &[Debt]) {
        for debt in debts {
            let invoice = &debt.of.invoice;
            self.touched.insert(invoice.customer.clone(), self.now);
            self.told.insert((invoice.id.clone(), debt.deed.number), debts.to_vec());
        }
    }

    fn view(&self, of: &Ruled, number: u16, decided: &Decided, debts: &[Debt]) -> WouldDo {
        let id = &of.invoice.id;
        let mut view = WouldDo {
            invoice_id: id.to_string(),
            instalment: number,
            does: "nothing",
            step: None,
            why: "due",
            until: None,
            covers: Vec::new(),
            channels: Vec::new(),
            together_with: Vec::new(),
            steps: steps(of, number, &decided.customer, self.now),
        };
        match &decided.verdict {
            Verdict::Silent { why } => view.why = why.code(),
            Verdict::Wait { step, until, why } => {
                (view.does, view.why) = ("wait", why.code());
                (view.step, view.until) = (Some(step.clone()), Some(instant(*until)));
            }
            Verdict::Do(deed) => {
                view.step = Some(deed.step.id.clone());
                view.covers = deed.covers.iter().map(|step| step.id.clone()).collect();
                match deed.kind {
                    DeedKind::Message => view.does = "send",
                    DeedKind::Task => view.does = "task",
                    DeedKind::Escalate => view.does = "escalate",
                    DeedKind::Skip(why) => (view.does, view.why) = ("skip", why.code()),
                }
            }
        }
        if let Some(lead) = debts.first() {
            let reached = say::reached(&self.settings, &decided.customer, lead);
            let channel =
                |(channel, to): &(quita_core::message::Channel, super::reach::Reached)| {
                    ChannelView { channel: channel.as_str(), addresses: to.count() }
                };
            view.channels = reached.iter().map(channel).collect();
            let others = debts.iter().map(|debt| DebtView {
                invoice_id: debt.of.invoice.id.to_string(),
                instalment: debt.deed.number,
                step: debt.deed.step.id.clone(),
            });
            let own = |it: &DebtView| it.invoice_id == id.as_str() && it.instalment == number;
            view.together_with = others.filter(|it| !own(it)).collect();
        }
        view
    }
}

fn steps(of: &Ruled, number: u16, customer: &Customer, now: DateTime<Utc>) -> Vec<StepView> {
    let calendar = of.invoice.calendar();
    let Some(instalment) = of.invoice.instalment(number) else { return Vec::new() };
    let mut facts = of.invoice.chase_facts(instalment, &calendar, now);
    facts.customer = Some(customer_facts(customer));
    let fates = chase::explain(&facts, &of.rule, now).into_iter();
    let view = |(step, fate): (&chase::Step, StepFate)| {
        let (fate, at, why) = match fate {
            StepFate::Done(outcome) => ("done", None, Some(outcome_code(outcome))),
            StepFate::Planned(at) => ("planned", Some(instant(at)), None),
            StepFate::Dropped(why) => ("dropped", None, Some(why.code())),
        };
        StepView { step: step.id.clone(), fate, at, why }
    };
    fates.map(view).collect()
}

fn outcome_code(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Sent => "sent",
        StepOutcome::Covered => "covered",
        StepOutcome::Failed => "failed",
        StepOutcome::Done => "done",
        StepOutcome::HeldOut => "held_out",
        StepOutcome::TooFirm => "too_firm",
    }
}
