//! A Pix that arrived, as a fact: matched to an instalment, parked with its reason, or waiting for
//! the bank to confirm it.
//!
//! Owns the states of a received Pix and its refunds. Does not own the balance of an invoice: that
//! is derived in [`crate::invoice`] from what was matched.
//!
//! Invariant: a payment is never refused and never deleted; `endToEndId` is credited once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{EndToEndId, InvoiceId, MerchantId, Txid};
use crate::money::Money;

/// One received Pix, keyed by its `endToEndId`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub merchant: MerchantId,
    pub e2eid: EndToEndId,
    pub version: u64,
    /// A link, never a key: several Pix may carry one txid.
    pub txid: Option<Txid>,
    pub amount: Money,
    /// The bank's `horario`: when the Pix settled.
    pub paid_at: DateTime<Utc>,
    /// When Quita first heard of it.
    pub seen_at: DateTime<Utc>,
    pub state: PaymentState,
    pub refunds: Vec<Refund>,
}

/// Where a received Pix stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PaymentState {
    /// Told by a callback, not yet confirmed by the bank; asked again at `next_try_at`.
    Reported { attempts: u32, next_try_at: DateTime<Utc> },
    /// Credited to one instalment.
    Matched { invoice: InvoiceId, instalment: u16 },
    /// Needs a person.
    Parked { reason: ParkReason, since: DateTime<Utc> },
}

impl PaymentState {
    /// Whether the bank's own word stands behind it. A Pix that was only told, or that the bank did
    /// not know when it was told, is looked at again.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Matched { .. } => true,
            Self::Parked { reason, .. } => *reason != ParkReason::NotConfirmed,
            Self::Reported { .. } => false,
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Reported { .. } => "reported",
            Self::Matched { .. } => "matched",
            Self::Parked { .. } => "parked",
        }
    }
}

/// Why a Pix could not be credited by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum ParkReason {
    /// The txid leads to no invoice of this merchant.
    UnknownTxid,
    /// The Pix came to the key without a txid.
    NoTxid,
    /// The amount is not what was due on the day it was paid.
    WrongAmount { expected: Money },
    /// The Pix went to a key that is not the merchant's.
    ForeignKey,
    /// The bank does not know the Pix a callback told of.
    NotConfirmed,
    /// The instalment was already paid by another Pix.
    AlreadyPaid,
    /// The invoice was cancelled.
    InvoiceCanceled,
}

impl ParkReason {
    /// Stable code for API and lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownTxid => "unknown_txid",
            Self::NoTxid => "no_txid",
            Self::WrongAmount { .. } => "wrong_amount",
            Self::ForeignKey => "foreign_key",
            Self::NotConfirmed => "not_confirmed",
            Self::AlreadyPaid => "already_paid",
            Self::InvoiceCanceled => "invoice_canceled",
        }
    }
}

/// A devolução of a Pix, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Chosen by whoever asked for it; unique within the Pix.
    pub id: String,
    pub amount: Money,
    pub state: RefundState,
}

/// Source: API Pix 2.9.0, `Devolucao.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// `EM_PROCESSAMENTO`
    Processing,
    /// `DEVOLVIDO`
    Returned,
    /// `NAO_REALIZADO`
    Failed,
}

impl Payment {
    /// Takes in what the bank says of the refunds. A final state never goes back to processing,
    /// however late or often it is told. Answers whether anything changed.
    pub fn merge_refunds(&mut self, told: &[Refund]) -> bool {
        let mut changed = false;
        for refund in told {
            match self.refunds.iter_mut().find(|known| known.id == refund.id) {
                None => {
                    self.refunds.push(refund.clone());
                    changed = true;
                }
                Some(known) if known.state == RefundState::Processing && known != refund => {
                    *known = refund.clone();
                    changed = true;
                }
                Some(_) => {}
            }
        }
        changed
    }

    /// What went back to the payer.
    pub fn returned(&self) -> Money {
        let returned = |refund: &&Refund| refund.state == RefundState::Returned;
        self.refunds.iter().filter(returned).map(|refund| refund.amount).sum()
    }
}
