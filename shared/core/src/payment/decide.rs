//! What may happen to a payment: a command is answered with events, or refused with the reason.
//!
//! Every command may arrive twice; the second time it answers with no events. Money moves from one
//! place to another in one answer, so the places always add up.

use chrono::{DateTime, NaiveDate, Utc};
use thiserror::Error;

use super::{
    ALLOCATIONS_MAX, Event, ParkReason, Payment, PaymentState, REFUND_DAYS_MAX, REFUNDS_MAX,
    RefundOrigin, RefundState, evolve,
};
use crate::ids::{CustomerId, InvoiceId};
use crate::money::Money;

/// Something asked or told of a payment.
#[derive(Debug, Clone)]
pub enum Command {
    /// A callback told of it, and the bank did not answer in time.
    Report {
        next_try_at: DateTime<Utc>,
    },
    /// The bank does not know it.
    NotConfirmed,
    /// The bank says that the money is there; `in_full` where one instalment has all of it.
    Receive {
        in_full: Option<(InvoiceId, u16)>,
    },
    /// Money that is nowhere else goes to an instalment; what is missing comes from the account.
    Allocate {
        invoice: InvoiceId,
        instalment: u16,
        amount: Money,
    },
    /// An instalment gives money back.
    Release {
        invoice: InvoiceId,
        instalment: u16,
        amount: Money,
    },
    /// Money that is nowhere else goes onto the customer's account.
    PutOnAccount {
        customer: CustomerId,
        amount: Money,
    },
    /// Money comes off the customer's account and is nowhere else again.
    TakeFromAccount {
        amount: Money,
    },
    /// A person has to look.
    Park {
        reason: ParkReason,
    },
    Assign {
        to: String,
    },
    Dismiss {
        reason: String,
    },
    AskRefund {
        id: String,
        amount: Money,
        reason: String,
    },
    /// What the bank says of a refund.
    RecordRefund {
        id: String,
        amount: Money,
        told: Told,
    },
    /// A bank statement shows the money on the account.
    Settle {
        on: NaiveDate,
    },
    /// Who paid is to be forgotten.
    ErasePayer,
}

/// What the bank says of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Its answer is not known.
    Nothing {
        why: String,
        next_try_at: DateTime<Utc>,
    },
    Processing {
        next_look_at: DateTime<Utc>,
    },
    /// The money went back; `origin` for a refund that Quita did not ask for.
    Returned {
        origin: RefundOrigin,
    },
    Failed {
        why: String,
    },
}

/// Why a command was refused. Final: repeating it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the bank has not confirmed the payment")]
    NotReceived,
    #[error("only {available} of the payment can be used for that")]
    OverBalance { available: Money },
    #[error("use a positive amount")]
    NotPositive,
    #[error("only a Pix can be given back through the bank; pay back otherwise and dismiss it")]
    NotPix,
    #[error("a Pix can be given back for {REFUND_DAYS_MAX} days, this one until {until}")]
    TooLate { until: DateTime<Utc> },
    #[error("the refund id was used for another refund of this payment")]
    IdUsed,
    #[error("the payment has {REFUNDS_MAX} refunds, the most there can be")]
    TooManyRefunds,
    #[error("the payment is allocated to {ALLOCATIONS_MAX} instalments, the most there can be")]
    TooManyAllocations,
    #[error("nothing of the payment waits for a person")]
    NothingWaits,
    #[error("the instalment has {allocated} of the payment")]
    NotThere { allocated: Money },
    #[error("the payment lies on another customer's account; take it off first")]
    OtherAccount,
}

type Decided = Result<Vec<Event>, Refusal>;

/// Decides a command. No events means that it had already happened.
pub fn decide(payment: &Payment, command: Command, now: DateTime<Utc>) -> Decided {
    let events = match command {
        Command::Report { next_try_at } => Ok(report(payment, next_try_at)),
        Command::NotConfirmed => Ok(not_confirmed(payment)),
        Command::Receive { in_full } => Ok(receive(payment, in_full)),
        Command::Allocate { invoice, instalment, amount } => {
            allocate(payment, invoice, instalment, amount)
        }
        Command::Release { invoice, instalment, amount } => {
            let allocated = payment.allocated_to(&invoice, instalment);
            positive(amount)?;
            if amount > allocated {
                return Err(Refusal::NotThere { allocated });
            }
            let released = Event::Released { invoice, instalment, amount };
            let waits = payment.attention.is_none();
            let parked = waits.then_some(Event::Parked { reason: ParkReason::Released });
            Ok(std::iter::once(released).chain(parked).collect())
        }
        Command::PutOnAccount { customer, amount } => put_on_account(payment, customer, amount),
        Command::TakeFromAccount { amount } => take_from_account(payment, amount),
        Command::Park { reason } => {
            let known = payment.attention.as_ref().is_some_and(|it| it.reason == reason);
            let is_moot = known || (is_of_place(reason) && is_placed(payment));
            Ok(if is_moot { Vec::new() } else { vec![Event::Parked { reason }] })
        }
        Command::Assign { to } => match &payment.attention {
            None => Err(Refusal::NothingWaits),
            Some(attention) if attention.assignee.as_ref() == Some(&to) => Ok(Vec::new()),
            Some(_) => Ok(vec![Event::Assigned { to }]),
        },
        Command::Dismiss { reason } => match &payment.attention {
            None => Err(Refusal::NothingWaits),
            Some(_) => Ok(vec![Event::Dismissed { reason }]),
        },
        Command::AskRefund { id, amount, reason } => ask_refund(payment, id, amount, reason, now),
        Command::RecordRefund { id, amount, told } => record_refund(payment, id, amount, told, now),
        Command::Settle { on } => {
            let known = payment.settled_on.is_some();
            Ok(if known { Vec::new() } else { vec![Event::Settled { on }] })
        }
        Command::ErasePayer => {
            let known = payment.payer.is_some() || payment.memo.is_some();
            Ok(if known { vec![Event::PayerErased] } else { Vec::new() })
        }
    }?;
    Ok(with_resolution(payment, events, now))
}

/// A matter of where the money goes is settled when none is left that nobody knows the place of.
fn with_resolution(payment: &Payment, mut events: Vec<Event>, now: DateTime<Utc>) -> Vec<Event> {
    if events.is_empty() {
        return events;
    }
    let after = events.iter().fold(payment.clone(), |state, event| evolve(state, event, now));
    let of_place = after.attention.as_ref().is_some_and(|it| is_of_place(it.reason));
    if of_place && is_placed(&after) {
        events.push(Event::Resolved);
    }
    events
}

/// Whether the matter is where the money goes.
fn is_of_place(reason: ParkReason) -> bool {
    match reason {
        ParkReason::TakenBack | ParkReason::AmountDiffers => false,
        ParkReason::UnknownTxid
        | ParkReason::NoTxid
        | ParkReason::ForeignKey
        | ParkReason::NotConfirmed
        | ParkReason::AlreadyPaid
        | ParkReason::InvoiceCanceled
        | ParkReason::WrittenOff
        | ParkReason::TooManyParts
        | ParkReason::AccountFull
        | ParkReason::Unidentified
        | ParkReason::RefundFailed
        | ParkReason::Released => true,
    }
}

/// Whether all of the money has its place.
fn is_placed(payment: &Payment) -> bool {
    payment.state.is_received() && payment.unidentified().is_zero()
}

fn report(payment: &Payment, next_try_at: DateTime<Utc>) -> Vec<Event> {
    match payment.state {
        // What the bank did not know, or knows, is not merely told any more.
        PaymentState::Received => Vec::new(),
        PaymentState::Unknown if payment.attention.is_some() => Vec::new(),
        PaymentState::Unknown => vec![Event::Reported { next_try_at, attempts: 0 }],
        PaymentState::Reported { attempts, .. } => {
            vec![Event::Reported { next_try_at, attempts: attempts + 1 }]
        }
    }
}

fn not_confirmed(payment: &Payment) -> Vec<Event> {
    match payment.state {
        PaymentState::Received => Vec::new(),
        PaymentState::Unknown if payment.attention.is_some() => Vec::new(),
        PaymentState::Unknown | PaymentState::Reported { .. } => {
            vec![Event::NotConfirmed, Event::Parked { reason: ParkReason::NotConfirmed }]
        }
    }
}

fn receive(payment: &Payment, in_full: Option<(InvoiceId, u16)>) -> Vec<Event> {
    match (&payment.state, in_full) {
        (PaymentState::Received, _) => Vec::new(),
        (_, Some((invoice, instalment))) => vec![Event::ReceivedInFull { invoice, instalment }],
        (_, None) => vec![Event::Received],
    }
}

fn allocate(payment: &Payment, invoice: InvoiceId, instalment: u16, amount: Money) -> Decided {
    received(payment)?;
    positive(amount)?;
    let free = payment.unidentified();
    let available = free + payment.account_amount();
    if amount > available {
        return Err(Refusal::OverBalance { available });
    }
    let known = !payment.allocated_to(&invoice, instalment).is_zero();
    if !known && payment.allocations.len() >= ALLOCATIONS_MAX {
        return Err(Refusal::TooManyAllocations);
    }
    let mut events = Vec::new();
    if amount > free {
        events.extend(taken_from_account(payment, amount - free));
    }
    events.push(Event::Allocated { invoice, instalment, amount });
    Ok(events)
}

fn put_on_account(payment: &Payment, customer: CustomerId, amount: Money) -> Decided {
    received(payment)?;
    positive(amount)?;
    let available = payment.unidentified();
    if amount > available {
        return Err(Refusal::OverBalance { available });
    }
    match &payment.on_account {
        Some(there) if there.customer != customer => Err(Refusal::OtherAccount),
        Some(_) | None => Ok(vec![Event::PutOnAccount { customer, amount }]),
    }
}

fn take_from_account(payment: &Payment, amount: Money) -> Decided {
    positive(amount)?;
    let available = payment.account_amount();
    if amount > available {
        return Err(Refusal::OverBalance { available });
    }
    let taken = taken_from_account(payment, amount);
    let waits = payment.attention.is_none();
    let parked = waits.then_some(Event::Parked { reason: ParkReason::Released });
    Ok(taken.into_iter().chain(parked).collect())
}

fn taken_from_account(payment: &Payment, amount: Money) -> Option<Event> {
    let customer = payment.on_account.as_ref()?.customer.clone();
    Some(Event::TakenFromAccount { customer, amount })
}

fn ask_refund(
    payment: &Payment,
    id: String,
    amount: Money,
    reason: String,
    now: DateTime<Utc>,
) -> Decided {
    received(payment)?;
    positive(amount)?;
    if payment.id.end_to_end().is_none() {
        return Err(Refusal::NotPix);
    }
    if let Some(known) = payment.refund(&id) {
        let same = known.amount == amount && known.origin == RefundOrigin::Merchant;
        return if same { Ok(Vec::new()) } else { Err(Refusal::IdUsed) };
    }
    let until = payment.refundable_until();
    if now > until {
        return Err(Refusal::TooLate { until });
    }
    if payment.refunds.len() >= REFUNDS_MAX {
        return Err(Refusal::TooManyRefunds);
    }
    let available = payment.refundable();
    if amount > available {
        return Err(Refusal::OverBalance { available });
    }
    let mut events = drawn(payment, amount);
    events.push(Event::RefundAsked { id, amount, reason });
    Ok(events)
}

/// Makes `amount` free: of what is nowhere else first, then of the account, then of the instalments,
/// the last credited one first.
fn drawn(payment: &Payment, amount: Money) -> Vec<Event> {
    let mut missing = (amount - payment.unidentified()).max(Money::ZERO);
    let mut events = Vec::new();
    let from_account = missing.min(payment.account_amount());
    if from_account.is_positive() {
        events.extend(taken_from_account(payment, from_account));
        missing -= from_account;
    }
    for allocation in payment.allocations.iter().rev() {
        let amount = missing.min(allocation.amount);
        if amount.is_positive() {
            let (invoice, instalment) = (allocation.invoice.clone(), allocation.instalment);
            events.push(Event::Released { invoice, instalment, amount });
            missing -= amount;
        }
    }
    events
}

fn record_refund(
    payment: &Payment,
    id: String,
    amount: Money,
    told: Told,
    now: DateTime<Utc>,
) -> Decided {
    let Some(known) = payment.refund(&id) else {
        return Ok(taken_back(payment, id, amount, told, now));
    };
    if known.state.is_final() {
        return Ok(Vec::new());
    }
    Ok(match (told, known.state) {
        (Told::Nothing { why, next_try_at }, RefundState::Asked { attempts, .. }) => {
            vec![Event::RefundDelayed { id, attempts: attempts + 1, why, next_try_at }]
        }
        (Told::Nothing { next_try_at, .. }, RefundState::Processing { looks, .. }) => {
            vec![Event::RefundTaken { id, looks: looks + 1, next_look_at: next_try_at }]
        }
        (Told::Processing { .. }, RefundState::Processing { next_look_at, .. })
            if next_look_at > now =>
        {
            Vec::new()
        }
        (Told::Processing { next_look_at }, RefundState::Processing { looks, .. }) => {
            vec![Event::RefundTaken { id, looks: looks + 1, next_look_at }]
        }
        (Told::Processing { next_look_at }, _) => {
            vec![Event::RefundTaken { id, looks: 0, next_look_at }]
        }
        (Told::Returned { .. }, _) => vec![Event::RefundReturned { id }],
        (Told::Failed { why }, _) => {
            vec![
                Event::RefundFailed { id, why },
                Event::Parked { reason: ParkReason::RefundFailed },
            ]
        }
        (Told::Nothing { .. }, RefundState::Returned | RefundState::Failed) => Vec::new(),
    })
}

/// A refund that Quita did not ask for: only money that really went back counts, and no more can go
/// back than came.
fn taken_back(
    payment: &Payment,
    id: String,
    amount: Money,
    told: Told,
    now: DateTime<Utc>,
) -> Vec<Event> {
    let Told::Returned { origin } = told else { return Vec::new() };
    if !payment.state.is_received() {
        return Vec::new();
    }
    let mut events = given_way(payment, amount);
    let after = events.iter().fold(payment.clone(), |state, event| evolve(state, event, now));
    let amount = amount.min(after.refundable());
    if !amount.is_positive() {
        return Vec::new();
    }
    events.extend(drawn(&after, amount));
    events.push(Event::TakenBack { id, amount, origin });
    events.push(Event::Parked { reason: ParkReason::TakenBack });
    events
}

/// Refunds under way whose money the bank took back otherwise, the last one first: they cannot go
/// through any more.
fn given_way(payment: &Payment, amount: Money) -> Vec<Event> {
    let mut missing = amount - payment.refundable();
    let mut events = Vec::new();
    for refund in payment.refunds.iter().rev().filter(|refund| !refund.state.is_final()) {
        if !missing.is_positive() {
            break;
        }
        missing -= refund.amount;
        let why = "the bank took the money back otherwise".to_owned();
        events.push(Event::RefundFailed { id: refund.id.clone(), why });
    }
    events
}

fn received(payment: &Payment) -> Result<(), Refusal> {
    if payment.state.is_received() { Ok(()) } else { Err(Refusal::NotReceived) }
}

fn positive(amount: Money) -> Result<(), Refusal> {
    if amount.is_positive() { Ok(()) } else { Err(Refusal::NotPositive) }
}
