//! The invoice: what is owed, by whom, in which instalments, and what became of it.
//!
//! It owns balances, the charges at the bank by revision, and the chase state of each instalment.
//! It does not own received Pix as such ([`crate::payment`]) nor the sending of messages
//! ([`crate::message`]).
//!
//! A command is decided ([`decide`]) into events and the events are applied ([`evolve`]); both are
//! pure. `version` counts the events, so the event rows of the table number themselves by it.
//!
//! ```text
//!                    ┌────────────── every instalment paid ───────────┐
//!   open ────────────┤                                                v
//!    │ ^             └─ money that goes back <─────────────────────  paid
//!    │ └ (all of it was paid before the charges were removed)
//!    └── cancel ──> canceling ── charges removed at the bank ──> canceled
//! ```
//!
//! **Time has distinct meanings.** `opened_at`: the invoice exists. A charge's `at`: the bank took
//! it. `due_date`: as agreed. Adjusted due: moved to a bank business day. `paid_at`: the bank
//! settled the Pix. "Overdue" is computed from the adjusted due date, never stored.

mod adjust;
mod command;
mod decide;
mod draft;
mod event;
mod evolve;
mod handle;
mod handled;
mod handling;
mod payer_word;
mod payment;
mod period;
mod principal;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::BankCalendar;
use crate::chase::{self, ChaseState, Hold, Rule};
use crate::customer::BillTo;
use crate::debt::{Debt, LateCharges, Reckoning, Split};
use crate::hidden::Hidden;
use crate::ids::{CustomerId, InvoiceId, MerchantId, PaymentId, Txid};
use crate::merchant::Issuing;
use crate::money::Money;
use crate::terms::{AmountDue, Terms};
use crate::work::{WorkDue, WorkKind};
use crate::zone;

pub use adjust::Adjustment;
pub use command::{CHARGES_MAX, Command, Reduction, Refusal};
pub use decide::decide;
pub use draft::{
    CheckedDraft, DESCRIPTION_CHARS_MAX, INSTALMENTS_MAX, InstalmentDraft, InvoiceDraft,
    NUMBER_CHARS_MAX,
};
pub use event::{Event, Source};
pub use evolve::evolve;
pub use handle::{
    BY_HAND, Handle, MENTIONS_MAX, NOTE_CHARS_MAX, NotHandled, PAUSE_DAYS_MAX,
    PROMISE_DAYS_AHEAD_MAX, sendable, tasks_asked,
};
pub use handled::{DisputeOutcome, Handled};
pub use handling::{
    AskedStep, Dispute, EscalatedTo, Escalation, Handling, OPEN_TASKS_MAX, OpenTask, Promise,
    PromiseState,
};
pub use payer_word::{PAYER_PROMISE_DAYS_MAX, PAYER_PROPOSAL_DAYS_MAX, PayerWord, WhyAPerson};
pub use payment::{CREDITS_MAX, Credit, Received, allocate, credit, doubt};
pub use period::{BillingPeriod, PERIOD_DAYS_MAX, PeriodDraft, PeriodError};
pub use principal::Principal;

/// An invoice with its instalments, in one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    pub merchant: MerchantId,
    pub id: InvoiceId,
    /// Number of events so far, and the condition of every write.
    pub version: u64,
    pub customer: CustomerId,
    pub bill_to: BillTo,
    /// The merchant's own number.
    pub number: String,
    pub description: String,
    /// The buyer's own number of the order.
    pub po_number: Option<String>,
    /// The days it bills for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_period: Option<BillingPeriod>,
    pub opened_at: DateTime<Utc>,
    /// What the invoice was issued under, frozen.
    pub issuing: Issuing,
    pub lifecycle: Lifecycle,
    /// Links to the payer's page that carry a lower number open nothing any more.
    #[serde(default, skip_serializing_if = "is_first")]
    pub link_generation: u32,
    /// What people agreed about it that the chase respects.
    #[serde(default, skip_serializing_if = "Handling::is_default")]
    pub handling: Handling,
    /// At least one; numbered from 1 in order.
    pub instalments: Vec<Instalment>,
}

/// What a person decided about the invoice as a whole. Whether it is paid follows from balances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Lifecycle {
    Active,
    /// Cancelled by the merchant; the charges are being removed at the bank.
    Canceling {
        reason: String,
        at: DateTime<Utc>,
    },
    Canceled {
        reason: String,
        at: DateTime<Utc>,
    },
}

/// One amount due on one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    pub number: u16,
    /// As agreed; a later due date is agreed anew.
    pub terms: Terms,
    /// What is left of it.
    pub debt: Debt,
    /// By revision; the last one is current. Older ones stay, so that a late Pix finds its home.
    pub charges: Vec<Charge>,
    pub payments: Vec<Matched>,
    /// Pix that named this instalment's charge and could not be credited by themselves.
    pub doubts: Vec<Doubt>,
    /// Revision of the charge at which money went back: nobody is asked for it again until a person
    /// has it re-issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<u16>,
    /// Principal that was given up as lost.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub written_off: Money,
    /// Late charges of earlier invoices inside the principal.
    #[serde(default, skip_serializing_if = "LateCharges::is_zero")]
    pub carried_in: LateCharges,
    /// *Nosso número* of a boleto issued elsewhere for the same debt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub our_number: Option<String>,
    pub chase: ChaseState,
}

/// What most instalments do not have is not stored: an item is paid for by the kilobyte.
fn is_nothing(amount: &Money) -> bool {
    amount.is_zero()
}

fn is_first(generation: &u32) -> bool {
    *generation == 0
}

/// A Pix that waits for a person. The bank counts its charge as paid, so nobody is asked to pay it
/// again until the charge is re-issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    pub payment: PaymentId,
    /// Revision of the charge it named.
    pub revision: u16,
}

/// A charge at the bank, one txid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub txid: Txid,
    pub revision: u16,
    /// What the bank is asked for: the instalment's terms, or what became of them when a late debt
    /// was asked for again.
    pub terms: Terms,
    /// What was due when a late debt was asked for again, by component.
    pub carried: Option<AmountDue>,
    /// [`Debt::changes`] when it was asked for.
    pub of_debt: u16,
    pub state: ChargeState,
}

/// Where a charge stands. The bank's `CONCLUIDA` is not here: whether the debt is paid follows from
/// balances, not from the status of the bank's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ChargeState {
    /// Asked for, not yet confirmed by the bank.
    Pending {
        attempts: u32,
        reason: Option<String>,
        next_try_at: DateTime<Utc>,
    },
    /// The bank holds it and it can be paid.
    Active {
        location: Hidden,
        br_code: Hidden,
        at: DateTime<Utc>,
    },
    /// The bank refused it for good; a person has to change something.
    Rejected {
        reason: String,
    },
    /// To be taken out at the bank, since it was replaced or the invoice cancelled.
    Removing {
        next_try_at: DateTime<Utc>,
    },
    Removed,
}

/// Money of a payment credited to an instalment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    pub payment: PaymentId,
    /// Place among the credits of the instalment, from 0; a payment may be credited again after it
    /// was released.
    pub ordinal: u16,
    /// Revision of the charge that was paid, for a Pix that named one.
    pub revision: Option<u16>,
    pub amount: Money,
    pub paid_at: DateTime<Utc>,
    /// What was due on the day it counts for, by component.
    pub due: AmountDue,
    /// How it was counted.
    pub split: Split,
    /// What went away from here since: back to the payer, or elsewhere.
    pub released: Money,
    pub receipt_sent: bool,
}

impl Matched {
    /// What the instalment still has of it.
    pub fn kept(&self) -> Money {
        self.amount - self.released
    }
}

/// The word every surface shows for an invoice or an instalment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Open,
    PartiallyPaid,
    Overdue,
    Paid,
    /// Closed by credit notes and rebates alone.
    Credited,
    /// Closed without all of the money, by the merchant's will.
    WrittenOff,
    Canceling,
    Canceled,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::PartiallyPaid => "partially_paid",
            Self::Overdue => "overdue",
            Self::Paid => "paid",
            Self::Credited => "credited",
            Self::WrittenOff => "written_off",
            Self::Canceling => "canceling",
            Self::Canceled => "canceled",
        }
    }
}

impl Invoice {
    pub fn calendar(&self) -> BankCalendar {
        self.issuing.calendar()
    }

    /// The merchant's civil date at an instant.
    pub fn civil_date(&self, at: DateTime<Utc>) -> NaiveDate {
        zone::civil_date(at, self.issuing.zone)
    }

    pub fn instalment(&self, number: u16) -> Option<&Instalment> {
        self.instalments.get(usize::from(number).checked_sub(1)?)
    }

    fn instalment_mut(&mut self, number: u16) -> Option<&mut Instalment> {
        self.instalments.get_mut(usize::from(number).checked_sub(1)?)
    }

    /// The principal of all instalments.
    pub fn amount(&self) -> Money {
        self.instalments.iter().map(|instalment| instalment.terms.original).sum()
    }

    /// What is still owed on a date, with fine, interest, discount and rebate.
    pub fn outstanding(&self, on: NaiveDate) -> Money {
        if !self.is_active() {
            return Money::ZERO;
        }
        self.instalments.iter().map(|instalment| self.outstanding_of(instalment, on)).sum()
    }

    /// What one instalment still owes on a date.
    pub fn outstanding_of(&self, instalment: &Instalment, on: NaiveDate) -> Money {
        if instalment.is_settled() { Money::ZERO } else { self.amount_due(instalment, on).total }
    }

    /// The principal that is still owed, without late charges: what the books hold as receivable.
    pub fn receivable(&self) -> Money {
        if matches!(self.lifecycle, Lifecycle::Canceled { .. }) {
            return Money::ZERO;
        }
        self.instalments.iter().map(|instalment| instalment.debt.principal).sum()
    }

    /// The amount due of one instalment on a date, with its breakdown.
    pub fn amount_due(&self, instalment: &Instalment, on: NaiveDate) -> AmountDue {
        self.amount_due_by(instalment, instalment.charge(), on)
    }

    /// The amount due by one of the instalment's charges: what the bank asks of who pays it, as long
    /// as the debt has not changed since the charge was asked for.
    pub fn amount_due_by(
        &self,
        instalment: &Instalment,
        charge: &Charge,
        on: NaiveDate,
    ) -> AmountDue {
        let (calendar, policy) = (self.calendar(), &self.issuing.policy);
        let by = Reckoning { calendar: &calendar, policy };
        let owed = instalment.debt.amount_due(&instalment.terms, on, by);
        let current = charge.of_debt == instalment.debt.changes;
        match &charge.carried {
            Some(carried) if current && on >= carried.on => {
                let charged = charge.terms.amount_due(on, &calendar, policy);
                carried.carried_to(&charged, &owed)
            }
            Some(_) | None => owed,
        }
    }

    /// Terms and carried amounts of a new charge for the same debt, asked for `today`.
    pub fn terms_anew(
        &self,
        instalment: &Instalment,
        today: NaiveDate,
    ) -> (Terms, Option<AmountDue>) {
        let due = self.amount_due(instalment, today);
        let policy = &self.issuing.policy;
        let terms = instalment.debt.terms(&instalment.terms, policy).asked_again(&due, policy);
        (terms, (due.calendar_days_late > 0).then_some(due))
    }

    /// The status every surface shows: a pure function of balances, dates and the merchant's will.
    pub fn status(&self, today: NaiveDate) -> Status {
        match self.lifecycle {
            Lifecycle::Canceling { .. } => Status::Canceling,
            Lifecycle::Canceled { .. } => Status::Canceled,
            Lifecycle::Active => {
                let of = |instalment| self.instalment_status(instalment, today);
                let any = |status| self.instalments.iter().any(|i| of(i) == status);
                if self.is_settled() {
                    if any(Status::WrittenOff) {
                        Status::WrittenOff
                    } else if any(Status::Paid) {
                        Status::Paid
                    } else {
                        Status::Credited
                    }
                } else if any(Status::Overdue) {
                    Status::Overdue
                } else if self.instalments.iter().any(|i| i.received().is_positive()) {
                    Status::PartiallyPaid
                } else {
                    Status::Open
                }
            }
        }
    }

    /// The status of one instalment, by the same rules.
    pub fn instalment_status(&self, instalment: &Instalment, today: NaiveDate) -> Status {
        if instalment.is_settled() {
            return if instalment.written_off.is_positive() {
                Status::WrittenOff
            } else if instalment.received().is_positive() {
                Status::Paid
            } else {
                Status::Credited
            };
        }
        match self.lifecycle {
            Lifecycle::Canceling { .. } => Status::Canceling,
            Lifecycle::Canceled { .. } => Status::Canceled,
            Lifecycle::Active if today > instalment.terms.adjusted_due(&self.calendar()) => {
                Status::Overdue
            }
            Lifecycle::Active if instalment.received().is_positive() => Status::PartiallyPaid,
            Lifecycle::Active => Status::Open,
        }
    }

    /// The part of the status that does not depend on the day: what lists are indexed by.
    pub fn state_name(&self) -> &'static str {
        match self.lifecycle {
            Lifecycle::Canceling { .. } => "canceling",
            Lifecycle::Canceled { .. } => "canceled",
            Lifecycle::Active if self.is_settled() => "paid",
            Lifecycle::Active => "open",
        }
    }

    pub fn is_settled(&self) -> bool {
        self.instalments.iter().all(Instalment::is_settled)
    }

    pub fn is_active(&self) -> bool {
        matches!(self.lifecycle, Lifecycle::Active)
    }

    /// The due date lists are sorted by: of the first unpaid instalment, else of the last one.
    pub fn first_unpaid_due(&self) -> NaiveDate {
        let unpaid = self.instalments.iter().find(|instalment| !instalment.is_settled());
        let shown = unpaid.or(self.instalments.last());
        shown.map_or(NaiveDate::MIN, |instalment| instalment.terms.due_date)
    }

    /// What the chase of one instalment is decided from, without what only the customer knows.
    pub fn chase_facts<'a>(
        &'a self,
        instalment: &'a Instalment,
        calendar: &'a BankCalendar,
        now: DateTime<Utc>,
    ) -> chase::Facts<'a> {
        let count = u16::try_from(self.instalments.len()).unwrap_or(u16::MAX);
        chase::Facts {
            opened_at: self.opened_at,
            issued_at: instalment.payable_since(),
            adjusted_due: instalment.terms.adjusted_due(calendar),
            last_payable: instalment.charge().terms.last_payable_day(calendar),
            is_first_charge: instalment.charge().revision == 0,
            amount: self.outstanding_of(instalment, self.civil_date(now)),
            principal: instalment.debt.principal,
            place: chase::Place { number: instalment.number, count },
            last_paid_at: instalment.last_paid_at(),
            settled: instalment.is_settled(),
            canceled: !self.is_active(),
            hold: instalment.hold(),
            handling: &self.handling,
            state: &instalment.chase,
            draw: draw(&self.id),
            calendar,
            zone: self.issuing.zone,
            customer_zone: self.bill_to.zone.unwrap_or(self.issuing.zone),
            customer: None,
        }
    }

    /// When the bank has to be asked for a charge, or to remove one, over all instalments.
    pub fn charge_work(&self) -> Option<DateTime<Utc>> {
        self.instalments.iter().filter_map(Instalment::charge_work).min()
    }

    /// When the current charge can no longer be paid though the debt is still chased: the first
    /// instant of the day after its last payable one.
    pub fn expires_at(&self, instalment: &Instalment) -> Option<DateTime<Utc>> {
        let chased = self.is_active()
            && !instalment.is_settled()
            && !instalment.chase.ended
            && instalment.hold().is_none()
            && instalment.payable_since().is_some();
        let last = instalment.charge().terms.last_payable_day(&self.calendar());
        let after = last.succ_opt().filter(|_| chased)?;
        Some(zone::instant_at(after, NaiveTime::MIN, self.issuing.zone))
    }

    /// When the promise is looked at; at once while something is open that is over.
    fn handling_work(&self, now: DateTime<Utc>) -> Option<WorkDue> {
        let at = self.follows_at(now)?;
        Some(WorkDue { at, kind: WorkKind::Handling })
    }

    /// What falls due next, over all instalments: the one entry of the `work` index. `None` when
    /// only a new fact can bring work.
    pub fn next_work(&self, rule: &Rule, now: DateTime<Utc>) -> Option<WorkDue> {
        let calendar = self.calendar();
        let of = |instalment: &Instalment| {
            let charge = instalment.charge_work().into_iter().chain(self.expires_at(instalment));
            let charge = charge.min().map(|at| WorkDue { at, kind: WorkKind::Charge });
            let receipt = instalment.owes_receipt().then_some(now);
            let receipt = receipt.map(|at| WorkDue { at, kind: WorkKind::Receipt });
            let facts = self.chase_facts(instalment, &calendar, now);
            let reminder = chase::wakes_at(&facts, rule, now);
            let reminder = reminder.map(|at| WorkDue { at, kind: WorkKind::Reminder });
            charge.into_iter().chain(receipt).chain(reminder)
        };
        let handling = self.handling_work(now);
        let each = self.instalments.iter().flat_map(of);
        each.chain(handling).min_by_key(|work| (work.at, work.kind))
    }
}

/// A number from 0 to 99 that stays with an invoice: who is held out does not change by the day.
fn draw(invoice: &InvoiceId) -> u8 {
    // FNV-1a, 32 bits: spread is all that is asked of it.
    let hash = invoice
        .ulid()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u8::try_from((hash >> 16) % 100).unwrap_or_default()
}

impl Instalment {
    /// The current charge. Every instalment has one from the start, since the intent to issue it is
    /// part of opening the invoice.
    pub fn charge(&self) -> &Charge {
        self.charges.last().expect("an instalment is opened with its first charge")
    }

    /// Money credited that is still here.
    pub fn received(&self) -> Money {
        self.payments.iter().map(Matched::kept).sum()
    }

    /// Nothing is owed any more, however it came about.
    pub fn is_settled(&self) -> bool {
        self.debt.is_settled()
    }

    /// When the current charge became payable.
    pub fn payable_since(&self) -> Option<DateTime<Utc>> {
        match &self.charge().state {
            ChargeState::Active { at, .. } => Some(*at),
            ChargeState::Pending { .. }
            | ChargeState::Rejected { .. }
            | ChargeState::Removing { .. }
            | ChargeState::Removed => None,
        }
    }

    /// A Pix that was given back, or that waits for a person, stops the chase until the charge is
    /// re-issued: the bank holds the current one for paid.
    pub fn hold(&self) -> Option<Hold> {
        let current = self.charge().revision;
        if self.is_settled() {
            None
        } else if self.released_at == Some(current) {
            Some(Hold::Refunded)
        } else if self.doubts.iter().any(|doubt| doubt.revision == current) {
            Some(Hold::PaymentInDoubt)
        } else {
            None
        }
    }

    /// When money that is still here last came in.
    fn last_paid_at(&self) -> Option<DateTime<Utc>> {
        let kept = self.payments.iter().filter(|payment| payment.kept().is_positive());
        kept.map(|payment| payment.paid_at).max()
    }

    /// The credit whose receipt is still to be sent.
    pub fn receipt_owed(&self) -> Option<&Matched> {
        self.payments.iter().find(|payment| !payment.receipt_sent)
    }

    fn owes_receipt(&self) -> bool {
        self.receipt_owed().is_some()
    }

    /// When the bank has to be asked for a charge, or to remove one.
    pub fn charge_work(&self) -> Option<DateTime<Utc>> {
        let at = |charge: &Charge| match charge.state {
            ChargeState::Pending { next_try_at, .. } | ChargeState::Removing { next_try_at } => {
                Some(next_try_at)
            }
            ChargeState::Active { .. } | ChargeState::Rejected { .. } | ChargeState::Removed => {
                None
            }
        };
        self.charges.iter().filter_map(at).min()
    }
}

#[cfg(test)]
mod tests;
