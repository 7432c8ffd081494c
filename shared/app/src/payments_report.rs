//! What became of the money that came in a span of days: how much found its place by itself, how much
//! through a person, what waits, and how long it took.
//!
//! Derived from the journal: its rows say which payments came, and what was credited when, and the
//! payments say where their money lies now. Shares are hundredths of a percent, so that nothing is
//! rounded twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use quita_core::access;
use quita_core::ids::{InvoiceId, MerchantId, PaymentId};
use quita_core::journal::Account;
use quita_core::money::Money;
use quita_core::payment::{Method, Payment};
use quita_core::terms_draft::parse_date;
use quita_core::violation::Violation;
use quita_core::zone::instant_at;
use quita_table::Cursor;
use quita_table::items::EventRow;
use quita_table::store::{ItemRef, PAGE_ITEMS_MAX, READ_ITEMS_MAX};
use serde::Serialize;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::invoices_by_id::invoices_by_id;
use crate::other_payer;

/// Most days of one report.
pub const REPORT_DAYS_MAX: i64 = 92;
/// Journal rows that are looked at; a report of more says that it is not complete.
pub const ROWS_MAX: usize = 5_000;
/// Waiting payments that are added up.
const WAITING_MAX: usize = 1_000;
/// Ids of payments by other payers that are listed.
const OTHER_PAYERS_MAX: usize = 100;
/// The whole, in hundredths of a percent.
const WHOLE: i128 = 10_000;
/// Events that credit an instalment.
const MATCHED: &str = "payment.matched";

/// The report.
#[derive(Debug, Serialize)]
pub struct CashReport {
    from: NaiveDate,
    to: NaiveDate,
    /// `false` when there was more than is looked at; narrow the days.
    complete: bool,
    received: Sum,
    /// Credited to instalments without a person.
    matched_by_itself: Part,
    /// Credited to instalments by a person.
    matched_by_a_person: Part,
    on_account: Part,
    /// Gone back to the payer, or on the way.
    given_back: Part,
    /// Without a place: it waits for a person, or one set it aside.
    unidentified: Part,
    /// Everything that waits today, whenever it came.
    unidentified_now: Waiting,
    time_to_post: TimeToPost,
    by_another_payer: OtherPayers,
}

#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Sum {
    count: usize,
    amount: Cents,
}

/// A part of what was received. A payment is counted in each part that has money of it.
#[derive(Debug, Serialize)]
struct Part {
    count: usize,
    amount: Cents,
    /// Of the received payments, in hundredths of a percent, rounded down.
    count_share: i64,
    /// Of the received money, likewise.
    amount_share: i64,
}

#[derive(Debug, Serialize)]
struct Waiting {
    count: usize,
    amount: Cents,
    complete: bool,
}

/// Seconds from a Pix being paid to its money being credited. Only of a Pix is the instant known.
#[derive(Debug, Serialize)]
struct TimeToPost {
    count: usize,
    p50_s: Option<i64>,
    p95_s: Option<i64>,
}

/// Credited payments of somebody else than the customer; branches of one company are one.
#[derive(Debug, Serialize)]
struct OtherPayers {
    count: usize,
    amount: Cents,
    /// The first of them, by id.
    payment_ids: Vec<String>,
}

/// An amount as everywhere outside.
#[derive(Debug, Default, Clone, Copy)]
struct Cents(Money);

impl Serialize for Cents {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// The report, or what is wrong with the days.
pub async fn cash_report(
    deps: &Deps,
    merchant: &MerchantId,
    from: &str,
    to: &str,
) -> Result<Result<CashReport, Vec<Violation>>, Unknown> {
    let mut faults = Vec::new();
    let (from, to) = (parse_date("from", from, &mut faults), parse_date("to", to, &mut faults));
    let (Some(from), Some(to)) = (from, to) else { return Ok(Err(faults)) };
    let days = (to - from).num_days();
    if !(0..REPORT_DAYS_MAX).contains(&days) {
        let hint = format!("use a day from `from` on, of at most {REPORT_DAYS_MAX} days in all");
        return Ok(Err(vec![Violation::new("to", hint)]));
    }
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    let settings = found
        .take_merchant()
        .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
    let zone = settings.issuing.zone;
    let start = instant_at(from, NaiveTime::MIN, zone);
    let next = to.succ_opt().unwrap_or(to);
    let end = instant_at(next, NaiveTime::MIN, zone) - TimeDelta::nanoseconds(1);
    let (rows, complete) = rows(deps, merchant, start, end).await?;
    let posted = Posted::of(&rows);
    let payments = payments(deps, merchant, &posted.received).await?;
    let other = by_another_payer(deps, merchant, &payments).await?;
    let waiting = waiting(deps, merchant).await?;
    let time_to_post = posted.time_to_post(&payments);
    Ok(Ok(report((from, to, complete), &posted, &payments, (waiting, time_to_post, other))))
}

/// What came in from an instant to another, both included: how many payments, how much, and whether
/// that is all.
pub(crate) async fn received(
    deps: &Deps,
    merchant: &MerchantId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(usize, Money, bool), Unknown> {
    let (rows, complete) = rows(deps, merchant, from, until).await?;
    let payments = payments(deps, merchant, &Posted::of(&rows).received).await?;
    let Sum { count, amount: Cents(amount) } = sum(&payments, |payment| payment.amount);
    Ok((count, amount, complete))
}

fn report(
    (from, to, complete): (NaiveDate, NaiveDate, bool),
    posted: &Posted,
    payments: &[Payment],
    (unidentified_now, time_to_post, by_another_payer): (Waiting, TimeToPost, OtherPayers),
) -> CashReport {
    let by_itself = |payment: &Payment| {
        let credited = posted.by_itself.get(&payment.id).copied().unwrap_or_default();
        credited.min(payment.allocated())
    };
    let received = sum(payments, |payment| payment.amount);
    let part = |of: &dyn Fn(&Payment) -> Money| Part::of(sum(payments, of), received);
    CashReport {
        from,
        to,
        complete,
        received,
        matched_by_itself: part(&by_itself),
        matched_by_a_person: part(&|payment| payment.allocated() - by_itself(payment)),
        on_account: part(&Payment::account_amount),
        given_back: part(&|payment| payment.returned() + payment.going_back()),
        unidentified: part(&Payment::unidentified),
        unidentified_now,
        time_to_post,
        by_another_payer,
    }
}

fn sum(payments: &[Payment], of: impl Fn(&Payment) -> Money) -> Sum {
    let amounts = payments.iter().map(of).filter(|amount| amount.is_positive());
    amounts.fold(Sum::default(), |sum, amount| Sum {
        count: sum.count + 1,
        amount: Cents(sum.amount.0 + amount),
    })
}

impl Part {
    fn of(part: Sum, whole: Sum) -> Self {
        let counts = (part.count as i128, whole.count as i128);
        let amounts = (part.amount.0.centavos(), whole.amount.0.centavos());
        Self {
            count: part.count,
            amount: part.amount,
            count_share: share(counts.0, counts.1),
            amount_share: share(amounts.0.into(), amounts.1.into()),
        }
    }
}

/// `part` of `whole` in hundredths of a percent; nothing of nothing is nothing.
fn share(part: i128, whole: i128) -> i64 {
    i64::try_from(part * WHOLE / whole.max(1)).unwrap_or(i64::MAX)
}

/// What the rows of the journal tell.
struct Posted {
    received: BTreeSet<PaymentId>,
    /// What was credited without a person.
    by_itself: BTreeMap<PaymentId, Money>,
    credits: Vec<(PaymentId, DateTime<Utc>)>,
}

impl Posted {
    fn of(rows: &[EventRow]) -> Self {
        let mut posted =
            Self { received: BTreeSet::new(), by_itself: BTreeMap::new(), credits: Vec::new() };
        for row in rows {
            let Some(payment) = payment_of(row) else { continue };
            let comes_in = |booked: &quita_core::journal::Posting| {
                booked.account == Account::Clearing && booked.amount.is_positive()
            };
            if row.postings.iter().any(comes_in) {
                posted.received.insert(payment.clone());
            }
            if row.name != MATCHED {
                continue;
            }
            if !access::is_caller(&row.actor) {
                let amount = row.data["amount"].as_str().and_then(|raw| Money::parse(raw).ok());
                *posted.by_itself.entry(payment.clone()).or_default() += amount.unwrap_or_default();
            }
            posted.credits.push((payment, row.at));
        }
        posted
    }

    fn time_to_post(&self, payments: &[Payment]) -> TimeToPost {
        let pix: BTreeMap<&PaymentId, DateTime<Utc>> = payments
            .iter()
            .filter(|payment| payment.method == Method::Pix)
            .map(|payment| (&payment.id, payment.paid_at))
            .collect();
        let took = |(id, at): &(PaymentId, DateTime<Utc>)| {
            let paid_at = pix.get(id)?;
            Some((*at - *paid_at).num_seconds().max(0))
        };
        let mut seconds: Vec<i64> = self.credits.iter().filter_map(took).collect();
        seconds.sort_unstable();
        let (p50_s, p95_s) = (percentile(&seconds, 50), percentile(&seconds, 95));
        TimeToPost { count: seconds.len(), p50_s, p95_s }
    }
}

/// The smallest value that at least `percent` of the sorted ones do not exceed (nearest rank).
pub(crate) fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The payment a row is about: whose history it is in, or which one an invoice names.
fn payment_of(row: &EventRow) -> Option<PaymentId> {
    match &row.aggregate {
        quita_table::keys::Aggregate::Payment(id) => Some(id.clone()),
        quita_table::keys::Aggregate::Invoice(_) => {
            row.data["payment_id"].as_str().and_then(|raw| PaymentId::parse(raw).ok())
        }
        _ => None,
    }
}

async fn rows(
    deps: &Deps,
    merchant: &MerchantId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(Vec<EventRow>, bool), Unknown> {
    let mut rows = Vec::new();
    let mut cursor: Option<Cursor> = None;
    while rows.len() < ROWS_MAX {
        let asked = (PAGE_ITEMS_MAX, cursor.as_ref());
        let page = deps.store.journal(merchant, from, until, asked.0, asked.1).await?;
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok((rows, cursor.is_none()))
}

async fn payments(
    deps: &Deps,
    merchant: &MerchantId,
    ids: &BTreeSet<PaymentId>,
) -> Result<Vec<Payment>, Unknown> {
    let ids: Vec<&PaymentId> = ids.iter().collect();
    let mut payments = Vec::with_capacity(ids.len());
    for ids in ids.chunks(READ_ITEMS_MAX) {
        let refs: Vec<ItemRef> = ids.iter().copied().cloned().map(ItemRef::Payment).collect();
        let mut found = deps.store.read(merchant, &refs).await?;
        payments.extend(ids.iter().filter_map(|id| found.take_payment(id)));
    }
    Ok(payments)
}

async fn by_another_payer(
    deps: &Deps,
    merchant: &MerchantId,
    payments: &[Payment],
) -> Result<OtherPayers, Unknown> {
    let named = |it: &&Payment| it.payer.as_ref().is_some_and(|payer| payer.document.is_some());
    let named: Vec<&Payment> = payments.iter().filter(named).collect();
    let credited = named.iter().flat_map(|payment| &payment.allocations);
    let ids: BTreeSet<&InvoiceId> = credited.map(|part| &part.invoice).collect();
    let invoices = invoices_by_id(deps, merchant, &ids).await?;
    let differs = |payment: &&&Payment| {
        let of_it = payment.allocations.iter().filter_map(|part| invoices.get(&part.invoice));
        other_payer::differs(payment, of_it) == Some(true)
    };
    let others: Vec<&Payment> = named.iter().filter(differs).copied().collect();
    Ok(OtherPayers {
        count: others.len(),
        amount: Cents(others.iter().map(|payment| payment.amount).sum()),
        payment_ids: others.iter().take(OTHER_PAYERS_MAX).map(|it| it.id.to_string()).collect(),
    })
}

async fn waiting(deps: &Deps, merchant: &MerchantId) -> Result<Waiting, Unknown> {
    let mut sum = Sum::default();
    let mut cursor: Option<Cursor> = None;
    let mut seen = 0;
    while seen < WAITING_MAX {
        let page = deps.store.parked_payments(merchant, PAGE_ITEMS_MAX, cursor.as_ref()).await?;
        // A page may be shorter than asked for, and even empty, without being the last.
        seen += PAGE_ITEMS_MAX;
        let amounts = page.items.iter().map(Payment::unidentified).filter(|it| it.is_positive());
        for amount in amounts {
            sum = Sum { count: sum.count + 1, amount: Cents(sum.amount.0 + amount) };
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(Waiting { count: sum.count, amount: sum.amount, complete: cursor.is_none() })
}

#[cfg(test)]
mod tests;
