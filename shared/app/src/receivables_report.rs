//! The receivables of a merchant as a lender wants to see them: what is owed today debt by debt, by
//! how long it is past due, and what became of what was invoiced in the last twelve months.
//!
//! Owns the outside form, as JSON and as CSV, and how much is read at once. Does not own what is
//! due nor the buckets ([`quita_core::ageing`]).
//!
//! Derived from the invoices as they are now, so it is told of today alone: what is left of a debt
//! is kept, not its history, and what was owed on another day cannot be told to the centavo.
//!
//! Invariant: the buckets of an answer add up to its lines, to the centavo; the lines of all its
//! pages are every open instalment once, as long as nothing is paid meanwhile.

use chrono::{Months, NaiveDate};
use quita_core::ageing::{Ageing, Bucket, Issued, Receivable, Sum, receivables};
use quita_core::ids::MerchantId;
use quita_core::terms_draft::parse_date;
use quita_core::violation::Violation;
use quita_core::zone;
use quita_table::keys::InvoiceState;
use quita_table::store::{ItemRef, PAGE_ITEMS_MAX};
use quita_table::{Cursor, StoreError};
use serde::Serialize;

use crate::csv::line;
use crate::deps::Deps;

/// Lines after which an answer ends. A hundred invoices of 48 instalments beyond them still fit
/// into the six megabytes that a function may answer.
pub const LINES_MAX: usize = 3_000;
/// Invoices of one answer.
pub const INVOICES_MAX: usize = 1_000;
/// Invoices that the history adds up; of more it says that it is not complete.
pub const HISTORY_INVOICES_MAX: usize = 2_000;
/// How far the history goes back.
const HISTORY_MONTHS: Months = Months::new(12);
/// First row of the CSV.
pub const CSV_COLUMNS: [&str; 20] = [
    "as_of",
    "customer_id",
    "customer",
    "document",
    "invoice_id",
    "number",
    "instalment",
    "issued_on",
    "due_date",
    "adjusted_due_date",
    "amount",
    "principal",
    "rebate",
    "discount",
    "late_fee",
    "interest",
    "outstanding",
    "days_past_due",
    "bucket",
    "disputed",
];

/// The statement, or a page of it.
#[derive(Debug, Serialize)]
pub struct Statement {
    as_of: NaiveDate,
    /// Together, those of this answer.
    totals: SumView,
    /// The same by how long it is past due; every bucket, the empty ones too.
    ageing: Vec<BucketView>,
    /// With the first page alone.
    history: Option<HistoryView>,
    /// Open instalments, those due first first.
    lines: Vec<LineView>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct SumView {
    count: usize,
    late_charges: String,
    outstanding: String,
}

impl SumView {
    fn of(sum: &Sum) -> Self {
        Self {
            count: sum.count,
            late_charges: sum.late_charges.to_string(),
            outstanding: sum.outstanding.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
struct BucketView {
    bucket: &'static str,
    #[serde(flatten)]
    sum: SumView,
}

/// What became of the invoices that were issued in the last twelve months.
#[derive(Debug, Serialize)]
struct HistoryView {
    from: NaiveDate,
    to: NaiveDate,
    /// `false` when there are more than are added up: those due last are left out.
    complete: bool,
    invoices: usize,
    invoiced: String,
    received: String,
    written_off: String,
    /// Instalments that money closed.
    closed: u32,
    /// Whole days from the adjusted due date to the payment on average; early is below zero.
    average_days_beyond_terms: Option<i64>,
}

/// An open instalment. `outstanding` is principal less rebate and discount, and the late charges.
#[derive(Debug, Serialize)]
struct LineView {
    customer_id: String,
    customer: String,
    document: String,
    invoice_id: String,
    number: String,
    instalment: u16,
    issued_on: NaiveDate,
    due_date: NaiveDate,
    adjusted_due_date: NaiveDate,
    /// As agreed.
    amount: String,
    /// What is left of it.
    principal: String,
    rebate: String,
    discount: String,
    late_fee: String,
    interest: String,
    outstanding: String,
    days_past_due: u32,
    bucket: &'static str,
    disputed: bool,
}

impl LineView {
    fn of(line: &Receivable<'_>) -> Self {
        let (invoice, due) = (line.invoice, &line.due);
        let terms = &line.instalment.terms;
        Self {
            customer_id: invoice.customer.to_string(),
            customer: invoice.bill_to.name.clone(),
            document: invoice.bill_to.document.as_str().to_owned(),
            invoice_id: invoice.id.to_string(),
            number: invoice.number.clone(),
            instalment: line.instalment.number,
            issued_on: invoice.civil_date(invoice.opened_at),
            due_date: terms.due_date,
            adjusted_due_date: terms.adjusted_due(&invoice.calendar()),
            amount: terms.original.to_string(),
            principal: due.original.to_string(),
            rebate: due.rebate.to_string(),
            discount: due.discount.to_string(),
            late_fee: due.fine.to_string(),
            interest: due.interest.to_string(),
            outstanding: due.total.to_string(),
            days_past_due: due.calendar_days_late,
            bucket: line.bucket.as_str(),
            disputed: invoice.handling.dispute.is_some(),
        }
    }

    fn csv(&self, as_of: NaiveDate, body: &mut String) {
        let disputed = if self.disputed { "true" } else { "false" };
        line(
            body,
            &[
                &as_of.to_string(),
                &self.customer_id,
                &self.customer,
                &self.document,
                &self.invoice_id,
                &self.number,
                &self.instalment.to_string(),
                &self.issued_on.to_string(),
                &self.due_date.to_string(),
                &self.adjusted_due_date.to_string(),
                &self.amount,
                &self.principal,
                &self.rebate,
                &self.discount,
                &self.late_fee,
                &self.interest,
                &self.outstanding,
                &self.days_past_due.to_string(),
                self.bucket,
                disputed,
            ],
        );
    }
}

/// A piece of the statement as CSV, and where the next one begins.
#[derive(Debug)]
pub struct CsvPage {
    pub as_of: NaiveDate,
    pub body: String,
    pub next: Option<Cursor>,
}

/// Why there is no statement.
#[derive(Debug)]
pub enum NoStatement {
    Invalid(Vec<Violation>),
    /// The table did not answer, or the cursor belongs elsewhere.
    Store(StoreError),
}

impl From<StoreError> for NoStatement {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The statement as of today, or the page of it after `cursor`. `as_of` is today or absent.
pub async fn receivables_statement(
    deps: &Deps,
    merchant: &MerchantId,
    as_of: Option<&str>,
    cursor: Option<&Cursor>,
) -> Result<Statement, NoStatement> {
    let today = today(deps, merchant, as_of).await?;
    let piece = Piece::read(deps, merchant, today, cursor).await?;
    let history = match cursor {
        None => Some(history(deps, merchant, today).await?),
        Some(_) => None,
    };
    let bucket = |(bucket, sum): (Bucket, Sum)| BucketView {
        bucket: bucket.as_str(),
        sum: SumView::of(&sum),
    };
    Ok(Statement {
        as_of: today,
        totals: SumView::of(&piece.ageing.total()),
        ageing: piece.ageing.buckets().map(bucket).collect(),
        history,
        lines: piece.lines,
        next_cursor: piece.next.map(|cursor| cursor.to_string()),
    })
}

/// The lines of the same as CSV (RFC 4180).
pub async fn receivables_csv(
    deps: &Deps,
    merchant: &MerchantId,
    as_of: Option<&str>,
    cursor: Option<&Cursor>,
) -> Result<CsvPage, NoStatement> {
    let as_of = today(deps, merchant, as_of).await?;
    let piece = Piece::read(deps, merchant, as_of, cursor).await?;
    let mut body = String::new();
    line(&mut body, &CSV_COLUMNS);
    piece.lines.iter().for_each(|shown| shown.csv(as_of, &mut body));
    Ok(CsvPage { as_of, body, next: piece.next })
}

/// The merchant's civil date, which is the only one that may be asked for.
async fn today(
    deps: &Deps,
    merchant: &MerchantId,
    as_of: Option<&str>,
) -> Result<NaiveDate, NoStatement> {
    let mut faults = Vec::new();
    let asked = as_of.map(|raw| parse_date("as_of", raw, &mut faults));
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    let issuing = found.take_merchant().map(|merchant| merchant.issuing).unwrap_or_default();
    let today = zone::civil_date(deps.clock.now(), issuing.zone);
    match asked {
        None => Ok(today),
        Some(Some(day)) if day == today => Ok(today),
        Some(Some(_)) => {
            let hint = format!(
                "use today, {today}, or leave it out: what was owed on another day cannot be told \
                 exactly, so keep the statement of each day you need"
            );
            Err(NoStatement::Invalid(vec![Violation::new("as_of", hint)]))
        }
        Some(None) => Err(NoStatement::Invalid(faults)),
    }
}

/// The lines of one answer.
struct Piece {
    lines: Vec<LineView>,
    ageing: Ageing,
    next: Option<Cursor>,
}

impl Piece {
    async fn read(
        deps: &Deps,
        merchant: &MerchantId,
        on: NaiveDate,
        cursor: Option<&Cursor>,
    ) -> Result<Self, StoreError> {
        let mut piece =
            Self { lines: Vec::new(), ageing: Ageing::default(), next: cursor.cloned() };
        let states = [InvoiceState::Open];
        for _ in 0..INVOICES_MAX / PAGE_ITEMS_MAX {
            let after = piece.next.as_ref();
            let page =
                deps.store.invoices_by_status(merchant, &states, PAGE_ITEMS_MAX, after).await?;
            for invoice in &page.items {
                for line in receivables(invoice, on) {
                    piece.ageing.add(&line);
                    piece.lines.push(LineView::of(&line));
                }
            }
            piece.next = page.next;
            if piece.next.is_none() || piece.lines.len() >= LINES_MAX {
                break;
            }
        }
        Ok(piece)
    }
}

/// An invoice is due on the day it was issued or later, so those of the span are found by due date.
async fn history(
    deps: &Deps,
    merchant: &MerchantId,
    to: NaiveDate,
) -> Result<HistoryView, StoreError> {
    let from = to.checked_sub_months(HISTORY_MONTHS).unwrap_or(to);
    let states = [InvoiceState::Open, InvoiceState::Paid];
    let mut issued = Issued::default();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..HISTORY_INVOICES_MAX / PAGE_ITEMS_MAX {
        let (limit, after) = (PAGE_ITEMS_MAX, cursor.as_ref());
        let page = deps.store.invoices_due_from(merchant, &states, from, limit, after).await?;
        let of_span = page.items.iter().filter(|it| it.civil_date(it.opened_at) >= from);
        of_span.for_each(|invoice| issued.add(invoice));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(HistoryView {
        from,
        to,
        complete: cursor.is_none(),
        invoices: issued.invoices,
        invoiced: issued.invoiced.to_string(),
        received: issued.received.to_string(),
        written_off: issued.written_off.to_string(),
        closed: issued.closed,
        average_days_beyond_terms: issued.average_days_beyond_terms(),
    })
}
