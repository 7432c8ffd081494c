//! What happened to an invoice: timeline, outbox and audit in one.
//!
//! Stored as rows beside the invoice and published on the bus. A variant is never changed in a way
//! that an old row could not be read; a new meaning gets a new variant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::chase::StepOutcome;
use crate::ids::{CustomerId, EndToEndId, Txid};
use crate::message::Channel;
use crate::money::Money;
use crate::payment::ParkReason;
use crate::terms::{AmountDue, Terms};

/// A fact about an invoice. When it happened stands on the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Opened {
        number: String,
        customer: CustomerId,
        amount: Money,
        instalments: Vec<Terms>,
    },
    ChargeIssued {
        instalment: u16,
        revision: u16,
        txid: Txid,
        location: String,
        br_code: String,
    },
    /// The bank did not answer, or not in a way that settles it; asked again at `next_try_at`.
    ChargeDelayed {
        instalment: u16,
        revision: u16,
        reason: String,
        next_try_at: DateTime<Utc>,
    },
    ChargeRejected {
        instalment: u16,
        revision: u16,
        reason: String,
    },
    /// A person, or a charge that can no longer be paid, asks for a new one.
    ChargeReissued {
        instalment: u16,
        revision: u16,
        txid: Txid,
        reason: String,
        terms: Terms,
        carried: Option<AmountDue>,
    },
    ChargeRemoved {
        instalment: u16,
        revision: u16,
    },
    RemovalDelayed {
        instalment: u16,
        revision: u16,
        reason: String,
        next_try_at: DateTime<Utc>,
    },
    StepDone {
        instalment: u16,
        step: String,
        outcome: StepOutcome,
        channels: Vec<Channel>,
        covered: Vec<String>,
        /// Total shown to the payer, where a message went out.
        amount: Option<Money>,
    },
    AccountFlagged {
        instalment: u16,
        step: String,
    },
    AccountCleared {
        instalment: u16,
    },
    ChaseEnded {
        instalment: u16,
    },
    PaymentMatched {
        instalment: u16,
        revision: u16,
        e2eid: EndToEndId,
        amount: Money,
        paid_at: DateTime<Utc>,
        due: AmountDue,
    },
    /// A Pix named this charge and could not be credited by itself.
    PaymentInDoubt {
        instalment: u16,
        revision: u16,
        e2eid: EndToEndId,
        amount: Money,
        reason: ParkReason,
    },
    /// Every instalment is paid.
    Paid {
        amount: Money,
    },
    ReceiptSent {
        instalment: u16,
        e2eid: EndToEndId,
        outcome: StepOutcome,
    },
    /// Money of a matched Pix went back to the payer; `returned` is the whole of it so far.
    PaymentReturned {
        instalment: u16,
        e2eid: EndToEndId,
        returned: Money,
    },
    CancelRequested {
        reason: String,
    },
    /// All of it was paid before the charges could be removed: the invoice stands.
    CancelRefused {
        reason: String,
    },
    Canceled,
}

impl Event {
    /// Name on the bus and in the timeline; the version of its schema follows it on the bus.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "invoice.opened",
            Self::ChargeIssued { .. } => "charge.issued",
            Self::ChargeDelayed { .. } => "charge.delayed",
            Self::ChargeRejected { .. } => "charge.rejected",
            Self::ChargeReissued { .. } => "charge.reissued",
            Self::ChargeRemoved { .. } => "charge.removed",
            Self::RemovalDelayed { .. } => "charge.removal_delayed",
            Self::StepDone { .. } => "reminder.done",
            Self::AccountFlagged { .. } => "account.flagged",
            Self::AccountCleared { .. } => "account.cleared",
            Self::ChaseEnded { .. } => "chase.ended",
            Self::PaymentMatched { .. } => "payment.matched",
            Self::PaymentInDoubt { .. } => "invoice.payment_in_doubt",
            Self::Paid { .. } => "invoice.paid",
            Self::ReceiptSent { .. } => "receipt.sent",
            Self::PaymentReturned { .. } => "payment.returned",
            Self::CancelRequested { .. } => "invoice.cancel_requested",
            Self::CancelRefused { .. } => "invoice.cancel_refused",
            Self::Canceled => "invoice.canceled",
        }
    }
}
