//! A payment that arrived, as a fact: where every centavo of it lies.
//!
//! Owns what is known of a received payment, the places its money can be in, its refunds, and
//! whether a person has to look. Does not own the balance of an invoice ([`crate::invoice`]) nor
//! that of a customer ([`crate::customer`]): a use case writes them in the same transaction.
//!
//! ```text
//!                       ┌── allocated to instalments
//!   reported ── received ┼── on the customer's account
//!        └─ unknown      ├── going back, or gone back
//!                        └── unidentified: waits for a person, or was set aside with a reason
//! ```
//!
//! Invariants: a payment is never refused and never deleted; it is counted once, under its id; the
//! places add up to its amount, and none is negative.

mod decide;
mod event;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::document::TaxId;
use crate::hidden::Hidden;
use crate::ids::{CustomerId, InvoiceId, MerchantId, PaymentId, Txid};
use crate::money::Money;
use crate::text::redacted_debug;

pub use decide::{Command, Refusal, Told, decide};
pub use event::{Event, evolve};

/// How long a Pix can be given back. Source: API Pix 2.9.0, `PUT /pix/{e2eid}/devolucao/{id}`.
pub const REFUND_DAYS_MAX: i64 = 90;
/// Longest id of a refund. Source: API Pix 2.9.0, `DevolucaoId`.
pub const REFUND_ID_CHARS_MAX: usize = 35;
/// Most refunds of one payment.
pub const REFUNDS_MAX: usize = 50;
/// Most lines of bank files that a payment remembers.
pub const BANK_LINES_MAX: usize = 20;
/// Most instalments one payment is allocated to; the rest of it waits on the customer's account.
pub const ALLOCATIONS_MAX: usize = 40;

/// One received payment, under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub merchant: MerchantId,
    pub id: PaymentId,
    pub version: u64,
    pub method: Method,
    /// A link, never a key: several Pix may carry one txid.
    pub txid: Option<Txid>,
    pub amount: Money,
    /// When it was paid: the bank's `horario` for a Pix.
    pub paid_at: DateTime<Utc>,
    /// When Quita first heard of it.
    pub seen_at: DateTime<Utc>,
    /// Who paid, as far as the bank says so.
    pub payer: Option<Payer>,
    /// What a bank's statement or a person wrote beside it.
    pub memo: Option<Hidden>,
    pub state: PaymentState,
    pub allocations: Vec<Allocation>,
    pub on_account: Option<OnAccount>,
    pub refunds: Vec<Refund>,
    /// Set while a person has to look.
    pub attention: Option<Attention>,
    /// The day a bank statement shows the money on the account. Paid is not settled.
    pub settled_on: Option<NaiveDate>,
    /// Lines of bank files that told of it, by fingerprint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bank_lines: Vec<String>,
}

/// How the money came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Pix,
    /// TED, DOC or a transfer inside the bank.
    Transfer,
    Boleto,
    Card,
    Cash,
    Check,
    Other,
}

impl Method {
    pub const ALL: [Self; 7] =
        [Self::Pix, Self::Transfer, Self::Boleto, Self::Card, Self::Cash, Self::Check, Self::Other];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pix => "pix",
            Self::Transfer => "transfer",
            Self::Boleto => "boleto",
            Self::Card => "card",
            Self::Cash => "cash",
            Self::Check => "check",
            Self::Other => "other",
        }
    }
}

/// Who paid.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    pub name: Option<String>,
    pub document: Option<TaxId>,
}

redacted_debug!(Payer);

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PaymentState {
    /// Told by a callback, not yet confirmed by the bank; asked again at `next_try_at`.
    Reported { attempts: u32, next_try_at: DateTime<Utc> },
    /// The bank does not know it.
    Unknown,
    /// The money is there.
    Received,
}

impl PaymentState {
    pub fn is_received(&self) -> bool {
        matches!(self, Self::Received)
    }
}

/// Money of the payment that an instalment was credited with and still has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    pub invoice: InvoiceId,
    pub instalment: u16,
    pub amount: Money,
}

/// Money of the payment that lies on a customer's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnAccount {
    pub customer: CustomerId,
    pub amount: Money,
}

/// A payment that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    pub reason: ParkReason,
    pub since: DateTime<Utc>,
    /// Who looks after it.
    pub assignee: Option<String>,
}

/// Why a person has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkReason {
    /// The txid leads to no invoice or customer of this merchant.
    UnknownTxid,
    /// The Pix came to the key without a txid.
    NoTxid,
    /// The Pix went to a key that is not the merchant's.
    ForeignKey,
    /// The bank does not know the Pix a callback told of.
    NotConfirmed,
    /// The instalment was already paid.
    AlreadyPaid,
    /// The invoice was cancelled.
    InvoiceCanceled,
    /// The instalment was written off.
    WrittenOff,
    /// The invoice has as many credits as it can hold.
    TooManyParts,
    /// The customer's account holds money of as many payments as it can.
    AccountFull,
    /// A statement shows money that nothing identifies.
    Unidentified,
    /// A statement shows another amount than the payment has.
    AmountDiffers,
    /// The bank took money back by itself: a dispute (MED) or an error of its own.
    TakenBack,
    /// A refund did not go through; its money is here again.
    RefundFailed,
    /// A person took it off an invoice.
    Released,
}

impl ParkReason {
    pub const ALL: [Self; 14] = [
        Self::UnknownTxid,
        Self::NoTxid,
        Self::ForeignKey,
        Self::NotConfirmed,
        Self::AlreadyPaid,
        Self::InvoiceCanceled,
        Self::WrittenOff,
        Self::TooManyParts,
        Self::AccountFull,
        Self::Unidentified,
        Self::AmountDiffers,
        Self::TakenBack,
        Self::RefundFailed,
        Self::Released,
    ];

    /// Stable code for API and lists.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownTxid => "unknown_txid",
            Self::NoTxid => "no_txid",
            Self::ForeignKey => "foreign_key",
            Self::NotConfirmed => "not_confirmed",
            Self::AlreadyPaid => "already_paid",
            Self::InvoiceCanceled => "invoice_canceled",
            Self::WrittenOff => "written_off",
            Self::TooManyParts => "too_many_parts",
            Self::AccountFull => "account_full",
            Self::Unidentified => "unidentified",
            Self::AmountDiffers => "amount_differs",
            Self::TakenBack => "taken_back",
            Self::RefundFailed => "refund_failed",
            Self::Released => "released",
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
    pub origin: RefundOrigin,
    pub reason: Option<String>,
    pub asked_at: DateTime<Utc>,
}

/// Who started a refund. Source: API Pix 2.9.0, `Devolucao.natureza`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundOrigin {
    /// The merchant, through Quita.
    Merchant,
    /// Not through Quita, by who holds the account (`ORIGINAL`, `RETIRADA`).
    Account,
    /// The bank, for an operational error (`MED_OPERACIONAL`).
    BankError,
    /// The bank, for suspected fraud (`MED_FRAUDE`) or Pix Automático (`MED_PIX_AUTOMATICO`).
    Dispute,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RefundState {
    /// Not yet known to be with the bank; asked for again at `next_try_at`.
    Asked { attempts: u32, next_try_at: DateTime<Utc> },
    /// The bank has it (`EM_PROCESSAMENTO`); looked at again at `next_look_at`.
    Processing { looks: u32, next_look_at: DateTime<Utc> },
    /// `DEVOLVIDO`
    Returned,
    /// `NAO_REALIZADO`, or refused.
    Failed,
}

impl RefundState {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Returned | Self::Failed)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Processing { .. } => "processing",
            Self::Returned => "returned",
            Self::Failed => "failed",
        }
    }
}

impl Payment {
    /// A payment that somebody told of, before anything was decided about it.
    pub fn told(
        merchant: &MerchantId,
        id: PaymentId,
        method: Method,
        amount: Money,
        paid_at: DateTime<Utc>,
        seen_at: DateTime<Utc>,
    ) -> Self {
        Self {
            merchant: merchant.clone(),
            id,
            version: 0,
            method,
            txid: None,
            amount,
            paid_at,
            seen_at,
            payer: None,
            memo: None,
            state: PaymentState::Unknown,
            allocations: Vec::new(),
            on_account: None,
            refunds: Vec::new(),
            attention: None,
            settled_on: None,
            bank_lines: Vec::new(),
        }
    }

    /// What instalments have of it.
    pub fn allocated(&self) -> Money {
        self.allocations.iter().map(|allocation| allocation.amount).sum()
    }

    /// What lies on a customer's account.
    pub fn account_amount(&self) -> Money {
        self.on_account.as_ref().map_or(Money::ZERO, |on_account| on_account.amount)
    }

    /// What went back to the payer.
    pub fn returned(&self) -> Money {
        let returned = |refund: &&Refund| refund.state == RefundState::Returned;
        self.refunds.iter().filter(returned).map(|refund| refund.amount).sum()
    }

    /// What is on its way back.
    pub fn going_back(&self) -> Money {
        let under_way = |refund: &&Refund| !refund.state.is_final();
        self.refunds.iter().filter(under_way).map(|refund| refund.amount).sum()
    }

    /// Money that is nowhere else.
    pub fn unidentified(&self) -> Money {
        if !self.state.is_received() {
            return Money::ZERO;
        }
        self.amount - self.allocated() - self.account_amount() - self.returned() - self.going_back()
    }

    /// What can still be given back through the bank: nothing, where it is no Pix.
    pub fn refundable(&self) -> Money {
        if self.id.end_to_end().is_none() {
            return Money::ZERO;
        }
        self.amount - self.returned() - self.going_back()
    }

    /// Last instant at which the bank takes a refund.
    pub fn refundable_until(&self) -> DateTime<Utc> {
        self.paid_at + TimeDelta::days(REFUND_DAYS_MAX)
    }

    pub fn refund(&self, id: &str) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    /// The instalment's part.
    pub fn allocated_to(&self, invoice: &InvoiceId, instalment: u16) -> Money {
        let there = |it: &&Allocation| it.invoice == *invoice && it.instalment == instalment;
        self.allocations.iter().filter(there).map(|allocation| allocation.amount).sum()
    }

    /// When the bank has to be asked about it again.
    pub fn work_at(&self) -> Option<DateTime<Utc>> {
        let reported = match self.state {
            PaymentState::Reported { next_try_at, .. } => Some(next_try_at),
            PaymentState::Unknown | PaymentState::Received => None,
        };
        let refund = |refund: &Refund| match refund.state {
            RefundState::Asked { next_try_at: at, .. }
            | RefundState::Processing { next_look_at: at, .. } => Some(at),
            RefundState::Returned | RefundState::Failed => None,
        };
        reported.into_iter().chain(self.refunds.iter().filter_map(refund)).min()
    }

    /// The one word for lists.
    pub fn status(&self) -> &'static str {
        match self.state {
            PaymentState::Reported { .. } => "reported",
            PaymentState::Unknown => "unknown",
            PaymentState::Received if self.attention.is_some() => "parked",
            PaymentState::Received if self.returned() == self.amount => "returned",
            PaymentState::Received if self.unidentified().is_positive() => "set_aside",
            PaymentState::Received if self.going_back().is_positive() => "going_back",
            PaymentState::Received if self.allocated().is_zero() => "on_account",
            PaymentState::Received => "matched",
        }
    }
}

#[cfg(test)]
mod tests;
