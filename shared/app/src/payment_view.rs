//! The JSON of a payment: where every centavo of it lies, and what a person has to know.

use chrono::NaiveDate;
use quita_core::hidden::Hidden;
use quita_core::payment::{Allocation, Payer, Payment, Refund, RefundOrigin};
use serde::Serialize;

use crate::bus::instant;

/// A received payment.
#[derive(Serialize)]
pub struct PaymentView {
    id: String,
    method: &'static str,
    end_to_end_id: Option<String>,
    txid: Option<String>,
    amount: String,
    paid_at: String,
    seen_at: String,
    /// The day a bank statement shows it.
    settled_on: Option<NaiveDate>,
    status: &'static str,
    payer: Option<PayerView>,
    memo: Option<String>,
    allocations: Vec<AllocationView>,
    on_account: Option<OnAccountView>,
    unidentified: String,
    /// What can still be given back through the bank.
    refundable: String,
    refunds: Vec<RefundView>,
    attention: Option<AttentionView>,
    /// The invoice that its txid names.
    invoice_id: Option<String>,
    /// Whether somebody else than the customer paid; `None` where that is not known here.
    payer_differs: Option<bool>,
}

#[derive(Serialize)]
struct PayerView {
    name: Option<String>,
    /// Masked where it is a person's.
    document: Option<String>,
}

#[derive(Debug, Serialize)]
struct AllocationView {
    invoice_id: String,
    instalment: u16,
    amount: String,
}

#[derive(Debug, Serialize)]
struct OnAccountView {
    customer_id: String,
    amount: String,
}

#[derive(Debug, Serialize)]
struct AttentionView {
    reason: &'static str,
    since: String,
    assignee: Option<String>,
}

#[derive(Debug, Serialize)]
struct RefundView {
    id: String,
    amount: String,
    status: &'static str,
    origin: RefundOrigin,
    reason: Option<String>,
    asked_at: String,
}

impl PaymentView {
    pub fn of(payment: &Payment) -> Self {
        let linked = payment.txid.as_ref().and_then(|txid| txid.charge_ref());
        let payer = |payer: &Payer| PayerView {
            name: payer.name.clone(),
            document: payer.document.as_ref().map(|document| document.masked()),
        };
        let allocation = |allocation: &Allocation| AllocationView {
            invoice_id: allocation.invoice.to_string(),
            instalment: allocation.instalment,
            amount: allocation.amount.to_string(),
        };
        Self {
            id: payment.id.to_string(),
            method: payment.method.as_str(),
            end_to_end_id: payment.id.end_to_end().map(ToString::to_string),
            txid: payment.txid.as_ref().map(|txid| txid.as_str().to_owned()),
            amount: payment.amount.to_string(),
            paid_at: instant(payment.paid_at),
            seen_at: instant(payment.seen_at),
            settled_on: payment.settled_on,
            status: payment.status(),
            payer: payment.payer.as_ref().map(payer),
            memo: payment.memo.clone().map(Hidden::into_inner),
            allocations: payment.allocations.iter().map(allocation).collect(),
            on_account: payment.on_account.as_ref().map(|there| OnAccountView {
                customer_id: there.customer.to_string(),
                amount: there.amount.to_string(),
            }),
            unidentified: payment.unidentified().to_string(),
            refundable: payment.refundable().to_string(),
            refunds: payment.refunds.iter().map(RefundView::of).collect(),
            attention: payment.attention.as_ref().map(|attention| AttentionView {
                reason: attention.reason.code(),
                since: instant(attention.since),
                assignee: attention.assignee.clone(),
            }),
            invoice_id: linked.map(|charge| charge.invoice.to_string()),
            payer_differs: None,
        }
    }

    /// With what the invoices that have its money tell of who paid.
    pub(crate) fn with_payer_differing(mut self, payer_differs: Option<bool>) -> Self {
        self.payer_differs = payer_differs;
        self
    }
}

impl RefundView {
    fn of(refund: &Refund) -> Self {
        Self {
            id: refund.id.clone(),
            amount: refund.amount.to_string(),
            status: refund.state.name(),
            origin: refund.origin,
            reason: refund.reason.clone(),
            asked_at: instant(refund.asked_at),
        }
    }
}
