//! What happened to an invoice: timeline, outbox and audit in one.
//!
//! Stored as rows beside the invoice and published on the bus. A variant is never changed in a way
//! that an old row could not be read; a new meaning gets a new variant.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Adjustment, Handled};
use crate::chase::{RuleName, StepOutcome};
use crate::debt::{Debt, LateCharges, Split};
use crate::hidden::Hidden;
use crate::ids::{CustomerId, PaymentId, Txid};
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
        /// Late charges of earlier invoices that are part of the amount.
        carried_in: LateCharges,
    },
    ChargeIssued {
        instalment: u16,
        revision: u16,
        txid: Txid,
        location: Hidden,
        br_code: Hidden,
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
        /// The rule it is a step of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<RuleName>,
        #[serde(default)]
        rule_version: u32,
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
    /// Money of a payment was credited.
    PaymentMatched {
        instalment: u16,
        /// Revision of the charge the payer paid, for a Pix that named one.
        revision: Option<u16>,
        payment: PaymentId,
        /// Where the money was before.
        source: Source,
        amount: Money,
        paid_at: DateTime<Utc>,
        /// What was due on the day it counts for.
        due: AmountDue,
        split: Split,
        /// What is left.
        debt: Debt,
    },
    /// A Pix named this charge and could not be credited by itself.
    PaymentInDoubt {
        instalment: u16,
        revision: u16,
        payment: PaymentId,
        amount: Money,
        reason: ParkReason,
    },
    /// A person decided about the Pix that was in doubt.
    DoubtSettled {
        instalment: u16,
        payment: PaymentId,
    },
    /// Nothing is owed on any instalment.
    Paid {
        amount: Money,
    },
    ReceiptSent {
        instalment: u16,
        ordinal: u16,
        payment: PaymentId,
        outcome: StepOutcome,
    },
    /// Credited money went away: back to the payer, or to another place.
    PaymentReleased {
        instalment: u16,
        /// Which credit.
        ordinal: u16,
        payment: PaymentId,
        amount: Money,
        reason: String,
        back: Split,
        debt: Debt,
    },
    /// A person changed what is owed.
    Adjusted {
        instalment: u16,
        kind: Adjustment,
        amount: Money,
        /// The agreed rebate, taken off the principal with the first change.
        rebate: Money,
        reason: String,
        /// Number of the credit note.
        document: Option<String>,
        debt: Debt,
    },
    /// A later due date was agreed; what had come together for being late is gone.
    DueDateExtended {
        instalment: u16,
        due_date: NaiveDate,
        reason: String,
        debt: Debt,
    },
    /// A boleto issued elsewhere asks for the same debt.
    BoletoNamed {
        instalment: u16,
        our_number: String,
    },
    /// Links of an earlier generation open nothing any more.
    LinksRevoked {
        generation: u32,
        reason: String,
    },
    /// People agreed or decided something about it.
    Handled(Handled),
    /// From now on it is chased by another rule; `None` is the shipped one.
    RuleMoved {
        rule: Option<RuleName>,
        version: u32,
        /// The step that had ended the chase of an instalment: it is ahead again.
        resumes: Option<String>,
    },
    /// Who it was made out to was erased; the amounts stay.
    PartyErased,
    CancelRequested {
        reason: String,
    },
    /// All of it was paid before the charges could be removed: the invoice stands.
    CancelRefused {
        reason: String,
    },
    Canceled {
        /// The principal that is owed no more.
        principal: Money,
    },
}

/// Where credited money was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// It comes in with this very credit.
    Receipt,
    /// It was recorded before and had no place yet.
    Unidentified,
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
            Self::DoubtSettled { .. } => "invoice.doubt_settled",
            Self::Paid { .. } => "invoice.paid",
            Self::ReceiptSent { .. } => "receipt.sent",
            Self::PaymentReleased { .. } => "payment.released",
            Self::Adjusted { kind, .. } => kind.event_name(),
            Self::DueDateExtended { .. } => "instalment.due_date_extended",
            Self::BoletoNamed { .. } => "instalment.boleto_named",
            Self::LinksRevoked { .. } => "invoice.links_revoked",
            Self::Handled(handled) => handled.name(),
            Self::RuleMoved { .. } => "invoice.rule_moved",
            Self::PartyErased => "invoice.party_erased",
            Self::CancelRequested { .. } => "invoice.cancel_requested",
            Self::CancelRefused { .. } => "invoice.cancel_refused",
            Self::Canceled { .. } => "invoice.canceled",
        }
    }
}
