//! The figures of a digest, read from the lists there are.
//!
//! Owns how much is looked at: a list that is longer is said to be at least what was counted.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use quita_core::chase::SegmentFacts;
use quita_core::daily::told_since;
use quita_core::invoice::{Invoice, PromiseState};
use quita_core::merchant::Merchant;
use quita_core::money::Money;
use quita_core::payment::Payment;
use quita_core::task::Task;
use quita_core::zone::instant_at;
use quita_notify::digest::{DigestFacts, Figure, TaskFigure};
use quita_table::Cursor;
use quita_table::keys::{InvoiceState, List};
use quita_table::store::PAGE_ITEMS_MAX;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::payments_report::received;

/// Pages of open invoices that are looked at, those due first before the others.
const INVOICE_PAGES_MAX: usize = 20;
/// Pages of open tasks, and of payments that wait.
const PAGES_MAX: usize = 10;

/// The figures of a day, as they are now. What came in is counted as the report of the cash does.
pub(super) async fn figures(
    deps: &Deps,
    settings: &Merchant,
    day: NaiveDate,
) -> Result<DigestFacts, Unknown> {
    let zone = settings.issuing.zone;
    let since = told_since(day, &settings.issuing);
    let start = instant_at(since, NaiveTime::MIN, zone);
    let end = instant_at(day, NaiveTime::MIN, zone) - TimeDelta::nanoseconds(1);
    let (count, amount, is_whole) = received(deps, &settings.merchant, start, end).await?;
    let invoices = Owed::read(deps, settings, day, since).await?;
    Ok(DigestFacts {
        merchant_name: settings.name.clone(),
        day,
        at: deps.clock.now(),
        since,
        until: day.pred_opt().unwrap_or(day),
        received: Figure { count, amount, is_whole },
        overdue: invoices.overdue,
        promised: invoices.promised,
        broken: invoices.broken,
        tasks: tasks(deps, settings, day).await?,
        exceptions: exceptions(deps, settings).await?,
    })
}

/// What open invoices tell.
struct Owed {
    overdue: Figure,
    promised: Figure,
    broken: Figure,
}

impl Owed {
    async fn read(
        deps: &Deps,
        settings: &Merchant,
        day: NaiveDate,
        since: NaiveDate,
    ) -> Result<Self, Unknown> {
        let none = Figure { count: 0, amount: Money::ZERO, is_whole: true };
        let mut owed = Self { overdue: none, promised: none, broken: none };
        let mut cursor: Option<Cursor> = None;
        let mut last_due = None;
        for _ in 0..INVOICE_PAGES_MAX {
            let open = [InvoiceState::Open];
            let asked = (PAGE_ITEMS_MAX, cursor.as_ref());
            let page =
                deps.store.invoices_by_status(&settings.merchant, &open, asked.0, asked.1).await?;
            page.items.iter().for_each(|invoice| owed.add(invoice, day, since));
            last_due = page.items.last().map(Invoice::first_unpaid_due).or(last_due);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(owed);
            }
        }
        // By due date: once one is looked at that is not over, none behind it is.
        owed.overdue.is_whole = last_due.is_some_and(|due| due >= day);
        (owed.promised.is_whole, owed.broken.is_whole) = (false, false);
        Ok(owed)
    }

    fn add(&mut self, invoice: &Invoice, day: NaiveDate, since: NaiveDate) {
        let mut facts = SegmentFacts::default();
        facts.add(invoice, day);
        if facts.overdue > 0 {
            add(&mut self.overdue, facts.overdue_amount);
        }
        let Some(promise) = &invoice.handling.promise else { return };
        match promise.state {
            PromiseState::Open if promise.day == day => add(&mut self.promised, promise.amount),
            PromiseState::Broken if invoice.civil_date(promise.checked_at) >= since => {
                add(&mut self.broken, promise.amount);
            }
            PromiseState::Open
            | PromiseState::Broken
            | PromiseState::Kept
            | PromiseState::Withdrawn => {}
        }
    }
}

fn add(figure: &mut Figure, amount: Money) {
    figure.count += 1;
    figure.amount += amount;
}

async fn tasks(deps: &Deps, settings: &Merchant, day: NaiveDate) -> Result<TaskFigure, Unknown> {
    let mut figure = TaskFigure { open: 0, due: 0, is_whole: true };
    let mut cursor: Option<Cursor> = None;
    for _ in 0..PAGES_MAX {
        let asked = (List::Tasks, PAGE_ITEMS_MAX, cursor.as_ref());
        let page =
            deps.store.records::<Task>(&settings.merchant, asked.0, asked.1, asked.2).await?;
        figure.open += page.items.len();
        figure.due += page.items.iter().filter(|task| task.due <= day).count();
        cursor = page.next;
        if cursor.is_none() {
            return Ok(figure);
        }
    }
    Ok(TaskFigure { is_whole: false, ..figure })
}

/// Payments that wait for a person, with the money of them that has no place.
async fn exceptions(deps: &Deps, settings: &Merchant) -> Result<Figure, Unknown> {
    let mut figure = Figure { count: 0, amount: Money::ZERO, is_whole: true };
    let mut cursor: Option<Cursor> = None;
    for _ in 0..PAGES_MAX {
        let asked = (PAGE_ITEMS_MAX, cursor.as_ref());
        let page = deps.store.parked_payments(&settings.merchant, asked.0, asked.1).await?;
        page.items.iter().map(Payment::unidentified).for_each(|open| add(&mut figure, open));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(figure);
        }
    }
    Ok(Figure { is_whole: false, ..figure })
}
