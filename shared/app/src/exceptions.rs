//! The queue of what needs a person: payments that wait, with the evidence for a decision.
//!
//! Owns what is shown and where candidates are looked for. Does not own how a candidate is scored
//! (`quita_core::matching`) nor what is done about it ([`crate::move_money`]).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::ids::{CustomerId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::Invoice;
use quita_core::matching::{Candidate, Reason, candidates, preselected};
use quita_core::payment::Payment;
use quita_table::Cursor;
use quita_table::keys::InvoiceState;
use quita_table::store::{ItemRef, PAGE_ITEMS_MAX, Page};
use serde::Serialize;

use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::other_payer;
use crate::payment_view::PaymentView;

/// Pages of open invoices that are looked through for candidates, of a customer or of the merchant.
const PAGES_MAX: usize = 5;

/// A payment that waits, as the queue shows it.
#[derive(Serialize)]
pub struct ExceptionView {
    payment: PaymentView,
    reason: &'static str,
    since: String,
    age_days: i64,
    assignee: Option<String>,
    /// What the charge that its txid names asked for.
    expected: Option<Expected>,
}

/// The debt that the payment's txid names.
#[derive(Debug, Serialize)]
struct Expected {
    invoice_id: String,
    customer_id: String,
    instalment: u16,
    /// What was due on the day it was paid.
    amount: String,
    /// Of the instalment, today.
    status: &'static str,
}

/// One payment that waits, with what it may be for.
#[derive(Serialize)]
pub struct ExceptionDetail {
    exception: ExceptionView,
    candidates: Vec<CandidateView>,
    searched: Searched,
}

/// Where candidates were looked for.
#[derive(Debug, Serialize)]
struct Searched {
    /// `customer`: of whoever paid, or is named by the txid. `merchant`: all of them, by due date.
    scope: &'static str,
    invoices: usize,
    /// `false` when there are more open invoices than were looked at.
    complete: bool,
}

#[derive(Debug, Serialize)]
struct CandidateView {
    allocations: Vec<PlaceView>,
    /// 0 to 100.
    score: u8,
    reasons: Vec<&'static str>,
    /// Another one has the same score: nothing tells which is right.
    is_tie: bool,
    /// Good enough to be selected beforehand, and no tie.
    preselected: bool,
}

/// An instalment with what a person tells it apart by.
#[derive(Debug, Serialize)]
struct PlaceView {
    invoice_id: String,
    instalment: u16,
    number: String,
    customer_id: String,
    customer_name: String,
    due_date: NaiveDate,
    /// What it owed on the day of the payment.
    amount_due: String,
}

/// A page of the queue, the longest waiting first.
pub async fn list(
    deps: &Deps,
    merchant: &MerchantId,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Page<ExceptionView>, quita_table::StoreError> {
    let now = deps.clock.now();
    let page = deps.store.parked_payments(merchant, limit, cursor).await?;
    let named: BTreeSet<InvoiceId> = page.items.iter().filter_map(named_invoice).collect();
    let refs: Vec<ItemRef> = named.iter().cloned().map(ItemRef::Invoice).collect();
    let mut found = deps.store.read(merchant, &refs).await?;
    let invoices: Vec<Invoice> = named.iter().filter_map(|id| found.take_invoice(id)).collect();
    let view = |payment: &Payment| {
        let invoice = named_invoice(payment);
        let invoice = invoices.iter().find(|known| Some(&known.id) == invoice.as_ref());
        ExceptionView::of(payment, PaymentView::of(payment), invoice, now)
    };
    let items = page.items.iter().filter_map(view).collect();
    Ok(Page { items, next: page.next })
}

/// One payment of the queue; `None` where it does not wait, or does not exist.
pub async fn show(
    deps: &Deps,
    merchant: &MerchantId,
    id: &PaymentId,
) -> Result<Option<ExceptionDetail>, Unknown> {
    let now = deps.clock.now();
    let mut found = deps.store.read(merchant, &[ItemRef::Payment(id.clone())]).await?;
    let Some(payment) = found.take_payment(id) else { return Ok(None) };
    let document = payment.payer.as_ref().and_then(|payer| payer.document.clone());
    let named = named_invoice(&payment);
    let credited = payment.allocations.iter().map(|it| it.invoice.clone());
    let ids: BTreeSet<InvoiceId> = credited.chain(named.clone()).collect();
    let invoices = ids.iter().cloned().map(ItemRef::Invoice);
    let refs: Vec<ItemRef> = invoices.chain(document.clone().map(ItemRef::Document)).collect();
    let mut found = deps.store.read(merchant, &refs).await?;
    let invoices: Vec<Invoice> = ids.iter().filter_map(|id| found.take_invoice(id)).collect();
    let payer = document.and_then(|document| found.take_document(&document));
    let named = invoices.iter().find(|invoice| Some(&invoice.id) == named.as_ref());
    let customer = payer.or_else(|| linked_customer(&payment, named));
    let has_some = |it: &&Invoice| payment.allocations.iter().any(|part| part.invoice == it.id);
    let differs = other_payer::differs(&payment, invoices.iter().filter(has_some));
    let view = PaymentView::of(&payment).with_payer_differing(differs);
    let Some(exception) = ExceptionView::of(&payment, view, named, now) else {
        return Ok(None);
    };
    let (open, searched) = search(deps, merchant, customer.as_ref()).await?;
    let (open, candidates, searched) = match candidates(&payment, &open) {
        none if none.is_empty() && customer.is_some() => {
            let (open, searched) = search(deps, merchant, None).await?;
            let candidates = candidates(&payment, &open);
            (open, candidates, searched)
        }
        found => (open, found, searched),
    };
    let chosen = preselected(&candidates);
    let view = |candidate: &Candidate| CandidateView {
        allocations: places(candidate, &payment, &open),
        score: candidate.score,
        reasons: candidate.reasons.iter().copied().map(Reason::code).collect(),
        is_tie: candidate.is_tie,
        preselected: chosen == Some(candidate),
    };
    let candidates = candidates.iter().map(view).collect();
    Ok(Some(ExceptionDetail { exception, candidates, searched }))
}

/// Open invoices to look for candidates in: of a customer, or all of the merchant's by due date.
async fn search(
    deps: &Deps,
    merchant: &MerchantId,
    customer: Option<&CustomerId>,
) -> Result<(Vec<Invoice>, Searched), Unknown> {
    let mut open = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..PAGES_MAX {
        let (store, from) = (&deps.store, cursor.as_ref());
        let page = match customer {
            Some(id) => store.invoices_of_customer(merchant, id, PAGE_ITEMS_MAX, from).await?,
            None => {
                let states = [InvoiceState::Open];
                store.invoices_by_status(merchant, &states, PAGE_ITEMS_MAX, from).await?
            }
        };
        open.extend(page.items.into_iter().filter(|it| it.is_active() && !it.is_settled()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let scope = if customer.is_some() { "customer" } else { "merchant" };
    let searched = Searched { scope, invoices: open.len(), complete: cursor.is_none() };
    Ok((open, searched))
}

fn places(candidate: &Candidate, payment: &Payment, open: &[Invoice]) -> Vec<PlaceView> {
    let place = |(id, number): &(InvoiceId, u16)| {
        let invoice = open.iter().find(|known| known.id == *id)?;
        let instalment = invoice.instalment(*number)?;
        let on = invoice.civil_date(payment.paid_at);
        Some(PlaceView {
            invoice_id: id.to_string(),
            instalment: *number,
            number: invoice.number.clone(),
            customer_id: invoice.customer.to_string(),
            customer_name: invoice.bill_to.name.clone(),
            due_date: instalment.terms.due_date,
            amount_due: invoice.outstanding_of(instalment, on).to_string(),
        })
    };
    candidate.invoices.iter().filter_map(place).collect()
}

fn named_invoice(payment: &Payment) -> Option<InvoiceId> {
    Some(payment.txid.as_ref()?.charge_ref()?.invoice)
}

/// The customer that the payment's own traces lead to.
fn linked_customer(payment: &Payment, named: Option<&Invoice>) -> Option<CustomerId> {
    let of_code = payment.txid.as_ref().and_then(|txid| txid.customer_ref());
    let of_account = payment.on_account.as_ref().map(|there| there.customer.clone());
    named.map(|invoice| invoice.customer.clone()).or(of_account).or(of_code)
}

impl ExceptionView {
    /// `None` where the payment does not wait.
    fn of(
        payment: &Payment,
        view: PaymentView,
        named: Option<&Invoice>,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let attention = payment.attention.as_ref()?;
        Some(Self {
            payment: view,
            reason: attention.reason.code(),
            since: instant(attention.since),
            age_days: (now - attention.since).num_days(),
            assignee: attention.assignee.clone(),
            expected: named.and_then(|invoice| Expected::of(payment, invoice, now)),
        })
    }
}

impl Expected {
    fn of(payment: &Payment, invoice: &Invoice, now: DateTime<Utc>) -> Option<Self> {
        let named = payment.txid.as_ref()?.charge_ref()?;
        let instalment = invoice.instalment(named.instalment)?;
        let charge = instalment.charges.iter().find(|known| known.revision == named.revision)?;
        let on = invoice.civil_date(payment.paid_at);
        // What the charge asked for as it was issued; what became of the debt is in the status.
        let due = charge.terms.amount_due(on, &invoice.calendar(), &invoice.issuing.policy);
        Some(Self {
            invoice_id: invoice.id.to_string(),
            customer_id: invoice.customer.to_string(),
            instalment: named.instalment,
            amount: due.total.to_string(),
            status: invoice.instalment_status(instalment, invoice.civil_date(now)).as_str(),
        })
    }
}
