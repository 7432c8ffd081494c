//! How a customer stands, as who looks after it reads it: how it pays, what it owes, what it
//! promised and disputes, one word with the reasons, and what comes next.
//!
//! Owns what is read and how much of it. Does not own the judgement ([`quita_core::health`]).
//!
//! Derived from the invoices as they are now and from their histories; nothing is counted beside
//! them.

use chrono::NaiveDate;
use futures::future::try_join_all;
use quita_core::customer::Customer;
use quita_core::health::{Days, Debt, HealthFacts, Judgement, LastPayment, judge};
use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::invoice::Invoice;
use quita_core::zone;
use quita_table::Cursor;
use quita_table::keys::Aggregate;
use quita_table::store::{ItemRef, PAGE_ITEMS_MAX};
use serde::Serialize;

use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::views::{NextAction, soonest_action};

/// Invoices of a customer that are looked at, those due last first.
pub const INVOICES_MAX: usize = 1_000;
/// Of those, how many are asked for their promises and disputes.
pub const HISTORIES_MAX: usize = 100;
/// Rows of one history that are read.
const ROWS_MAX: usize = 1_000;
/// Histories that are read at the same time.
const AT_ONCE: usize = 10;

/// How a customer stands.
#[derive(Debug, Serialize)]
pub struct HealthView {
    customer_id: String,
    as_of: NaiveDate,
    /// `false` when there is more than is looked at: older invoices are left out.
    complete: bool,
    /// `false` when promises and disputes of older invoices are left out.
    histories_complete: bool,
    health: &'static str,
    /// The heaviest first.
    reasons: Vec<Said>,
    advice: Said,
    invoices: InvoicesView,
    /// Whole days from the adjusted due date to the payment on average; early is below zero.
    average_days: Option<i64>,
    trend: TrendView,
    promises: PromisesView,
    disputes: DisputesView,
    oldest_open: Option<DebtView>,
    last_payment: Option<LastPaymentView>,
    /// What the chase does next about any of its invoices.
    next_step: Option<NextStep>,
}

/// A code, and what it says to a person.
#[derive(Debug, Serialize)]
struct Said {
    code: &'static str,
    words: &'static str,
}

#[derive(Debug, Serialize)]
struct InvoicesView {
    looked_at: usize,
    paid_early: u32,
    paid_on_time: u32,
    paid_late: u32,
    written_off: u32,
    open: u32,
    overdue: u32,
    overdue_amount: String,
}

/// The last quarter against the one before.
#[derive(Debug, Serialize)]
struct TrendView {
    word: &'static str,
    /// What is overdue today counts in, with the days it is late so far.
    last_quarter: DaysView,
    quarter_before: DaysView,
}

#[derive(Debug, Serialize)]
struct DaysView {
    invoices: u32,
    average_days: Option<i64>,
}

impl DaysView {
    fn of(days: Days) -> Self {
        Self { invoices: days.count, average_days: days.average() }
    }
}

#[derive(Debug, Serialize)]
struct PromisesView {
    kept: u32,
    broken: u32,
}

#[derive(Debug, Serialize)]
struct DisputesView {
    open: u32,
    closed: u32,
}

#[derive(Debug, Serialize)]
struct DebtView {
    invoice_id: String,
    number: String,
    instalment: u16,
    due_date: NaiveDate,
    adjusted_due_date: NaiveDate,
    days_late: u32,
    outstanding: String,
}

impl DebtView {
    fn of(debt: &Debt) -> Self {
        Self {
            invoice_id: debt.invoice.to_string(),
            number: debt.number.clone(),
            instalment: debt.instalment,
            due_date: debt.due_date,
            adjusted_due_date: debt.adjusted_due,
            days_late: debt.days_late,
            outstanding: debt.outstanding.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
struct LastPaymentView {
    payment_id: String,
    amount: String,
    paid_at: String,
}

impl LastPaymentView {
    fn of(last: &LastPayment) -> Self {
        Self {
            payment_id: last.payment.to_string(),
            amount: last.amount.to_string(),
            paid_at: instant(last.paid_at),
        }
    }
}

#[derive(Debug, Serialize)]
struct NextStep {
    invoice_id: String,
    #[serde(flatten)]
    action: NextAction,
}

impl HealthView {
    fn of(customer: &Customer, as_of: NaiveDate, read: &Read, next_step: Option<NextStep>) -> Self {
        let facts = &read.facts;
        let Judgement { health, reasons, trend, advice } = judge(facts);
        Self {
            customer_id: customer.id.to_string(),
            as_of,
            complete: read.complete,
            histories_complete: read.histories_complete,
            health: health.as_str(),
            reasons: reasons
                .iter()
                .map(|reason| Said { code: reason.as_str(), words: reason.words() })
                .collect(),
            advice: Said { code: advice.as_str(), words: advice.words() },
            invoices: InvoicesView {
                looked_at: read.invoices.len(),
                paid_early: facts.early,
                paid_on_time: facts.on_time,
                paid_late: facts.late,
                written_off: facts.written_off,
                open: facts.open,
                overdue: facts.overdue,
                overdue_amount: facts.overdue_amount.to_string(),
            },
            average_days: facts.paid.average(),
            trend: TrendView {
                word: trend.as_str(),
                last_quarter: DaysView::of(facts.last_quarter),
                quarter_before: DaysView::of(facts.quarter_before),
            },
            promises: PromisesView { kept: facts.promises_kept, broken: facts.promises_broken },
            disputes: DisputesView { open: facts.disputes_open, closed: facts.disputes_closed },
            oldest_open: facts.oldest.as_ref().map(DebtView::of),
            last_payment: facts.last_payment.as_ref().map(LastPaymentView::of),
            next_step,
        }
    }
}

/// How the customer stands today; `None` where there is no such customer.
pub async fn customer_health(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
) -> Result<Option<HealthView>, Unknown> {
    let refs = [ItemRef::Merchant, ItemRef::Customer(id.clone())];
    let mut found = deps.store.read(merchant, &refs).await?;
    let issuing = found.take_merchant().map(|merchant| merchant.issuing).unwrap_or_default();
    let Some(customer) = found.take_customer(id) else { return Ok(None) };
    let today = zone::civil_date(deps.clock.now(), issuing.zone);
    let mut read = Read::invoices(deps, &customer, today).await?;
    read.histories(deps, merchant).await?;
    let next_step = next_step(deps, &customer, &read.invoices).await?;
    Ok(Some(HealthView::of(&customer, today, &read, next_step)))
}

/// What was read of a customer.
struct Read {
    facts: HealthFacts,
    /// Those due last first.
    invoices: Vec<Invoice>,
    complete: bool,
    histories_complete: bool,
}

impl Read {
    async fn invoices(deps: &Deps, customer: &Customer, today: NaiveDate) -> Result<Self, Unknown> {
        let mut invoices: Vec<Invoice> = Vec::new();
        let mut cursor: Option<Cursor> = None;
        for _ in 0..INVOICES_MAX / PAGE_ITEMS_MAX {
            let (store, after) = (&deps.store, cursor.as_ref());
            let (merchant, id) = (&customer.merchant, &customer.id);
            let page = store.latest_invoices_of_customer(merchant, id, PAGE_ITEMS_MAX, after);
            let page = page.await?;
            invoices.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let money_taken_back = customer.flag.is_some();
        let mut facts = HealthFacts { money_taken_back, ..HealthFacts::default() };
        invoices.iter().for_each(|invoice| facts.add(invoice, today));
        Ok(Self { facts, invoices, complete: cursor.is_none(), histories_complete: true })
    }

    /// Adds what the histories tell. An invoice keeps its last promise and the open dispute alone.
    async fn histories(&mut self, deps: &Deps, merchant: &MerchantId) -> Result<(), Unknown> {
        self.histories_complete = self.complete && self.invoices.len() <= HISTORIES_MAX;
        let asked: Vec<&InvoiceId> =
            self.invoices.iter().take(HISTORIES_MAX).map(|invoice| &invoice.id).collect();
        for some in asked.chunks(AT_ONCE) {
            let reads = some.iter().map(|id| events_of(deps, merchant, id));
            for (names, complete) in try_join_all(reads).await? {
                names.iter().for_each(|name| self.facts.add_event(name));
                self.histories_complete &= complete;
            }
        }
        Ok(())
    }
}

/// The names of the events of an invoice, and whether those are all.
async fn events_of(
    deps: &Deps,
    merchant: &MerchantId,
    id: &InvoiceId,
) -> Result<(Vec<String>, bool), Unknown> {
    let aggregate = Aggregate::Invoice(id.clone());
    let mut names = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..ROWS_MAX / PAGE_ITEMS_MAX {
        let (limit, after) = (PAGE_ITEMS_MAX, cursor.as_ref());
        let page = deps.store.timeline(merchant, &aggregate, limit, after).await?;
        names.extend(page.items.into_iter().map(|row| row.name));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok((names, cursor.is_none()))
}

/// The soonest step about any open invoice; where none is to come, why that is of the one due last.
async fn next_step(
    deps: &Deps,
    customer: &Customer,
    invoices: &[Invoice],
) -> Result<Option<NextStep>, Unknown> {
    let now = deps.clock.now();
    let mut soonest: Option<((bool, _), NextStep)> = None;
    for invoice in invoices.iter().filter(|it| it.is_active() && !it.is_settled()) {
        let rule = deps.rule_of(invoice).await?;
        let Some((at, action)) = soonest_action(invoice, &rule, Some(customer), now) else {
            continue;
        };
        let place = (at.is_none(), at);
        if soonest.as_ref().is_none_or(|(known, _)| place < *known) {
            let invoice_id = invoice.id.to_string();
            soonest = Some((place, NextStep { invoice_id, action }));
        }
    }
    Ok(soonest.map(|(_, step)| step))
}
