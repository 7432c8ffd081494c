//! What can be asked of an invoice, and why it may be refused. [`super::decide`] answers.

use chrono::{DateTime, NaiveDate, Utc};
use thiserror::Error;

use super::handle::{Handle, NotHandled};
use crate::chase::{RuleName, Step, StepOutcome};
use crate::hidden::Hidden;
use crate::ids::PaymentId;
use crate::message::Channel;
use crate::money::Money;

/// Most charges of one invoice, over all instalments and revisions: each takes some 600 bytes of the
/// 400 KB that an item of the table holds.
pub const CHARGES_MAX: usize = 300;

/// Something asked of an invoice.
#[derive(Debug, Clone)]
pub enum Command<'a> {
    /// The bank took the charge.
    RecordIssued {
        instalment: u16,
        revision: u16,
        location: Hidden,
        br_code: Hidden,
    },
    /// The bank's answer is not known, or it asked to come back later.
    RecordDelay {
        instalment: u16,
        revision: u16,
        reason: String,
        next_try_at: DateTime<Utc>,
    },
    /// The bank refused the charge for good.
    RecordRejection {
        instalment: u16,
        revision: u16,
        reason: String,
    },
    /// The charge can no longer be paid: the bank does not hold it, or it was paid before it could
    /// be removed, and that Pix was taken in.
    RecordRemoval {
        instalment: u16,
        revision: u16,
    },
    /// A new charge in place of the current one.
    Reissue {
        instalment: u16,
        reason: String,
    },
    /// A step of the rule was carried out.
    RecordStep {
        instalment: u16,
        step: &'a Step,
        outcome: StepOutcome,
        channels: Vec<Channel>,
        covered: Vec<&'a Step>,
        amount: Option<Money>,
    },
    /// The receipt of a credit went out, or cannot go out.
    RecordReceipt {
        instalment: u16,
        ordinal: u16,
        outcome: StepOutcome,
    },
    /// Credited money goes back to the payer, or to another place.
    Release {
        instalment: u16,
        payment: PaymentId,
        amount: Money,
        reason: String,
    },
    /// A person decided about a Pix that was in doubt.
    SettleDoubt {
        instalment: u16,
        payment: PaymentId,
    },
    /// Less is owed.
    Reduce {
        instalment: u16,
        kind: Reduction,
        amount: Money,
        reason: String,
    },
    /// What is left is given up as lost.
    WriteOff {
        instalment: u16,
        reason: String,
    },
    ExtendDueDate {
        instalment: u16,
        due_date: NaiveDate,
        reason: String,
    },
    /// A boleto issued elsewhere asks for the same debt.
    NameBoleto {
        instalment: u16,
        our_number: String,
    },
    /// People agreed or decided something about it.
    Handle(Handle),
    /// The links that were given out are to open nothing any more.
    RevokeLinks {
        reason: String,
    },
    /// To be chased by another rule from now on; `None` is the shipped one. `ended_by` is the step
    /// that ends the chase in the rule it is under.
    MoveRule {
        rule: Option<RuleName>,
        version: u32,
        ended_by: Option<String>,
    },
    /// Who it was made out to is to be forgotten. Whether that may be is decided over everything the
    /// customer has (see [`crate::erasure`]).
    EraseParty,
    Cancel {
        reason: String,
    },
}

/// Why less is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reduction {
    Rebate,
    /// By a document of the merchant's, with its number.
    CreditNote(String),
}

/// Why a command was refused. Final: repeating it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the invoice has no instalment {number}")]
    NoSuchInstalment { number: u16 },
    #[error("nothing is owed on it any more")]
    AlreadyPaid,
    #[error("the invoice is canceled or being canceled")]
    Canceled,
    #[error("the invoice has {CHARGES_MAX} charges, the most there can be")]
    TooManyRevisions,
    #[error("the invoice has {} credits, the most there can be", super::CREDITS_MAX)]
    TooManyCredits,
    #[error("the charge is still on its way to the bank")]
    ChargePending,
    #[error("use a positive amount, at most {available}")]
    OverBalance { available: Money },
    #[error("use a date from {earliest} to {latest}")]
    DueDateOutOfRange { earliest: NaiveDate, latest: NaiveDate },
    #[error("the instalment has only {kept} of the payment")]
    NotCredited { kept: Money },
    #[error(transparent)]
    Handling(#[from] NotHandled),
}
