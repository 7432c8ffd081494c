//! The bodies of requests about payments: recorded ones, what is done with their money, exceptions.

use quita_app::payment_drafts::{ActionDraft, PartDraft};
use quita_app::record_payment::{PayerDraft, PaymentDraft};
use serde::Deserialize;

/// `POST /v1/payments`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentBody {
    method: String,
    amount: String,
    paid_at: String,
    customer_id: String,
    payer: Option<PayerBody>,
    memo: Option<String>,
    reference: Option<String>,
    allocations: Option<Vec<AllocationBody>>,
    on_rest: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PayerBody {
    name: Option<String>,
    document: Option<String>,
}

/// A part of the money for one instalment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllocationBody {
    invoice_id: String,
    instalment: Option<u16>,
    amount: String,
}

impl AllocationBody {
    fn draft(self) -> PartDraft {
        PartDraft { invoice_id: self.invoice_id, instalment: self.instalment, amount: self.amount }
    }
}

fn parts(list: Option<Vec<AllocationBody>>) -> Option<Vec<PartDraft>> {
    list.map(|list| list.into_iter().map(AllocationBody::draft).collect())
}

impl PaymentBody {
    pub fn draft(self) -> PaymentDraft {
        let payer = |it: PayerBody| PayerDraft { name: it.name, document: it.document };
        PaymentDraft {
            method: self.method,
            amount: self.amount,
            paid_at: self.paid_at,
            customer_id: self.customer_id,
            payer: self.payer.map(payer),
            memo: self.memo,
            reference: self.reference,
            allocations: parts(self.allocations),
            on_rest: self.on_rest,
        }
    }
}

/// `POST /v1/payments/{payment_id}/allocations`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationsBody {
    allocations: Option<Vec<AllocationBody>>,
    customer_id: Option<String>,
}

impl AllocationsBody {
    pub fn draft(self) -> ActionDraft {
        ActionDraft::Apply { parts: parts(self.allocations), customer_id: self.customer_id }
    }
}

/// `POST /v1/payments/{payment_id}/releases`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseBody {
    invoice_id: String,
    instalment: u16,
    amount: String,
    reason: String,
}

impl ReleaseBody {
    pub fn draft(self) -> ActionDraft {
        let Self { invoice_id, instalment, amount, reason } = self;
        ActionDraft::Release { invoice_id, instalment, amount, reason }
    }
}

/// `POST /v1/payments/{payment_id}/account`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountBody {
    customer_id: String,
    amount: Option<String>,
}

impl AccountBody {
    pub fn draft(self) -> ActionDraft {
        ActionDraft::PutOnAccount { customer_id: self.customer_id, amount: self.amount }
    }
}

/// `POST /v1/payments/{payment_id}/account/withdrawals`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalBody {
    amount: String,
    reason: String,
}

impl WithdrawalBody {
    pub fn draft(self) -> ActionDraft {
        ActionDraft::TakeFromAccount { amount: self.amount, reason: self.reason }
    }
}

/// `POST /v1/payments/{payment_id}/refunds`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundBody {
    id: Option<String>,
    amount: String,
    reason: String,
}

impl RefundBody {
    pub fn draft(self) -> ActionDraft {
        ActionDraft::AskRefund { id: self.id, amount: self.amount, reason: self.reason }
    }
}

/// `POST /v1/exceptions/{payment_id}/assign`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignBody {
    to: String,
}

impl AssignBody {
    pub fn draft(self) -> ActionDraft {
        ActionDraft::Assign { to: self.to }
    }
}

/// `POST /v1/exceptions/{payment_id}/dismiss`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissBody {
    reason: String,
}

impl DismissBody {
    pub fn draft(self) -> ActionDraft {
        ActionDraft::Dismiss { reason: self.reason }
    }
}
