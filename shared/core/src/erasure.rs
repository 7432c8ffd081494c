//! Forgetting a person: what stands in the way of it, and until when the law keeps a sealed copy.
//!
//! Owns the questions that are asked of everything a customer has before anything is erased. Does
//! not own the order of the writes (`app`) nor how long a record is kept ([`crate::retention`]).
//!
//! Invariant: amounts, dates and references stay as they were; nobody is forgotten while something
//! is owed by them, or to them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::customer::{Address, Customer};
use crate::document::TaxId;
use crate::ids::{CustomerId, InvoiceId, MerchantId, PaymentId};
use crate::invoice::{Invoice, Lifecycle};
use crate::payment::{Payment, PaymentState};
use crate::zone;

/// The erasure began: the identity is sealed, and no new invoice can be made out to the customer.
pub const BEGAN: &str = "customer.erasure_began";
/// Nothing personal is left but the sealed identity.
pub const ERASED: &str = "customer.erased";
/// Every event of this module, as rows and bus name them.
pub const EVENTS: [&str; 2] = [BEGAN, ERASED];

/// Why a person cannot be forgotten yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Obstacle {
    #[error("money lies on the customer's account")]
    MoneyOnAccount,
    #[error("late charges wait for the next invoice")]
    CarriedCharges,
    #[error("the customer is flagged; clear the flag first")]
    Flagged,
    #[error("invoice {0} is open")]
    Open(InvoiceId),
    #[error("invoice {0} is being canceled")]
    Canceling(InvoiceId),
    #[error("a receipt of invoice {0} is still to be sent")]
    ReceiptOwed(InvoiceId),
    #[error("a charge of invoice {0} is still to be removed at the bank")]
    ChargeLeft(InvoiceId),
    #[error("payment {0} waits for a person")]
    PaymentWaits(PaymentId),
    #[error("a refund of payment {0} is under way")]
    RefundUnderWay(PaymentId),
    #[error("the bank has not confirmed payment {0}")]
    NotConfirmed(PaymentId),
    #[error("it has over {0} invoices, the most that are looked through at once")]
    TooManyInvoices(usize),
}

/// What of the customer itself stands in the way.
pub fn of_customer(customer: &Customer) -> Vec<Obstacle> {
    let on_account = (!customer.on_account.is_empty()).then_some(Obstacle::MoneyOnAccount);
    let carried = (!customer.carried.is_zero()).then_some(Obstacle::CarriedCharges);
    let flagged = customer.flag.is_some().then_some(Obstacle::Flagged);
    on_account.into_iter().chain(carried).chain(flagged).collect()
}

/// What of an invoice stands in the way.
pub fn of_invoice(invoice: &Invoice) -> Option<Obstacle> {
    let id = || invoice.id.clone();
    match invoice.lifecycle {
        Lifecycle::Active if !invoice.is_settled() => return Some(Obstacle::Open(id())),
        Lifecycle::Canceling { .. } => return Some(Obstacle::Canceling(id())),
        Lifecycle::Active | Lifecycle::Canceled { .. } => {}
    }
    if invoice.instalments.iter().any(|instalment| instalment.receipt_owed().is_some()) {
        return Some(Obstacle::ReceiptOwed(id()));
    }
    invoice.charge_work().map(|_| Obstacle::ChargeLeft(id()))
}

/// What of a payment stands in the way. Money that a person set aside does not: that was decided.
pub fn of_payment(payment: &Payment) -> Option<Obstacle> {
    let id = payment.id.clone();
    if payment.attention.is_some() {
        Some(Obstacle::PaymentWaits(id))
    } else if payment.going_back().is_positive() {
        Some(Obstacle::RefundUnderWay(id))
    } else if matches!(payment.state, PaymentState::Reported { .. }) {
        Some(Obstacle::NotConfirmed(id))
    } else {
        None
    }
}

/// The payments that an invoice knows of, each once.
pub fn payments_of(invoice: &Invoice) -> Vec<PaymentId> {
    let credited = invoice.instalments.iter().flat_map(|it| &it.payments).map(|it| &it.payment);
    let doubted = invoice.instalments.iter().flat_map(|it| &it.doubts).map(|it| &it.payment);
    let mut ids: Vec<PaymentId> = credited.chain(doubted).cloned().collect();
    ids.sort();
    ids.dedup();
    ids
}

/// The day an invoice was closed on, as far as that can be told: the last of its opening, its due
/// dates, its payments and its cancellation.
pub fn closed_on(invoice: &Invoice) -> NaiveDate {
    let zone = invoice.issuing.zone;
    let canceled = match invoice.lifecycle {
        Lifecycle::Canceling { at, .. } | Lifecycle::Canceled { at, .. } => Some(at),
        Lifecycle::Active => None,
    };
    let paid = invoice.instalments.iter().flat_map(|it| &it.payments).map(|it| it.paid_at);
    let instants = paid.chain(canceled).map(|at| zone::civil_date(at, zone));
    let due = invoice.instalments.iter().map(|it| it.terms.due_date);
    let opened = zone::civil_date(invoice.opened_at, zone);
    instants.chain(due).fold(opened, NaiveDate::max)
}

/// Who a customer was. No route shows it; it goes by itself when the law lets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedIdentity {
    pub merchant: MerchantId,
    pub customer: CustomerId,
    pub version: u64,
    pub name: crate::hidden::Hidden,
    pub document: TaxId,
    pub address: Option<Address>,
    /// The last day the law wants it kept.
    pub retained_until: NaiveDate,
}

impl SealedIdentity {
    /// Seals who a customer is now.
    pub fn of(customer: &Customer, retained_until: NaiveDate) -> Self {
        Self {
            merchant: customer.merchant.clone(),
            customer: customer.id.clone(),
            version: 1,
            name: customer.bill_to.name.as_str().into(),
            document: customer.bill_to.document.clone(),
            address: customer.bill_to.address.clone(),
            retained_until,
        }
    }
}

#[cfg(test)]
mod tests;
