//! Where received money goes: counted against its instalment, or parked with the reason.
//!
//! A payment is a fact, so there is an answer in every state. Whatever the amount, it is counted:
//! a part leaves a rest that is charged anew, more than was due leaves an excess for the customer's
//! account. Only money whose debt is over, or that is not ours, waits for a person.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::adjust::{followed, reinstated};
use super::decide::find;
use super::{Charge, Event, Instalment, Invoice, Lifecycle, Refusal, Source, evolve};
use crate::debt::{Counted, count};
use crate::ids::PaymentId;
use crate::money::Money;
use crate::payment::ParkReason;
use crate::terms::AmountDue;

/// A payer's order may settle minutes later, up to an hour under the payer bank's fraud review
/// (Manual de Tempos do Pix). When it was initiated this shortly before it settled, the day of the
/// initiation counts as well.
const SETTLEMENT_DELAY_MAX: TimeDelta = TimeDelta::hours(1);

/// Most credits of one invoice, over all instalments: each takes up to a kilobyte of the 400 that an
/// item of the table holds. What comes after them waits for a person.
pub const CREDITS_MAX: usize = 150;

/// A confirmed payment, or a part of one, for one instalment.
#[derive(Debug, Clone)]
pub struct Received<'a> {
    pub instalment: u16,
    /// The charge a Pix named.
    pub revision: Option<u16>,
    pub payment: &'a PaymentId,
    pub amount: Money,
    /// When it was paid: the bank's `horario` for a Pix.
    pub paid_at: DateTime<Utc>,
    pub source: Source,
}

/// The answer to a received Pix.
#[derive(Debug, PartialEq)]
pub enum Credit {
    /// Credit it: the first event is `PaymentMatched`. `excess` is the customer's.
    Matched { events: Vec<Event>, excess: Money },
    /// This very Pix was credited before.
    AlreadyCredited,
    /// A person has to decide. The events put the instalment on hold where its charge is now paid at
    /// the bank without being paid here.
    Park(ParkReason, Vec<Event>),
}

/// Decides where a confirmed Pix goes that names a charge.
pub fn credit(invoice: &Invoice, pix: &Received<'_>, now: DateTime<Utc>) -> Credit {
    let Some(instalment) = invoice.instalment(pix.instalment) else {
        return park(ParkReason::UnknownTxid);
    };
    let named = instalment.charges.iter().find(|c| Some(c.revision) == pix.revision);
    let Some(charge) = named else {
        return park(ParkReason::UnknownTxid);
    };
    if instalment.payments.iter().any(|known| known.payment == *pix.payment) {
        return Credit::AlreadyCredited;
    }
    if is_canceled(invoice) {
        return park(ParkReason::InvoiceCanceled);
    }
    if instalment.is_settled() {
        let lost = instalment.written_off.is_positive();
        return park(if lost { ParkReason::WrittenOff } else { ParkReason::AlreadyPaid });
    }
    if !has_room(invoice) {
        let reason = ParkReason::TooManyParts;
        return Credit::Park(reason, doubt(invoice, pix, reason));
    }
    let due = due_for(invoice, instalment, Some(charge), pix);
    let (events, excess) = counted(invoice, instalment, pix, due, now);
    Credit::Matched { events, excess }
}

/// Credits money that a person, or a rule, gives to an instalment: no more than it owes.
pub fn allocate(
    invoice: &Invoice,
    given: &Received<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let instalment = find(invoice, given.instalment)?;
    if !given.amount.is_positive() {
        return Err(Refusal::OverBalance { available: Money::ZERO });
    }
    if is_canceled(invoice) {
        return Err(Refusal::Canceled);
    }
    if !has_room(invoice) {
        return Err(Refusal::TooManyCredits);
    }
    let lost = instalment.is_settled() && instalment.written_off.is_positive();
    if lost {
        return recovered(invoice, instalment, given, now);
    }
    if instalment.is_settled() {
        return Err(Refusal::AlreadyPaid);
    }
    let due = due_for(invoice, instalment, None, given);
    let available = due.total;
    let (events, excess) = counted(invoice, instalment, given, due, now);
    if excess.is_positive() { Err(Refusal::OverBalance { available }) } else { Ok(events) }
}

/// Money for a debt that was written off: as much of the write-off is taken back.
fn recovered(
    invoice: &Invoice,
    instalment: &Instalment,
    given: &Received<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let available = instalment.written_off;
    if given.amount > available {
        return Err(Refusal::OverBalance { available });
    }
    let on = invoice.civil_date(now);
    let due = invoice.amount_due(instalment, on);
    let event = reinstated(invoice, instalment, given.amount, &due).ok_or(Refusal::Canceled)?;
    let after = evolve(invoice.clone(), &event, now);
    let reopened = find(&after, given.instalment)?;
    // It is paid the moment it is owed again, so nothing is late about it.
    let bare = AmountDue {
        original: given.amount,
        fine: Money::ZERO,
        interest: Money::ZERO,
        discount: Money::ZERO,
        rebate: Money::ZERO,
        total: given.amount,
        ..due
    };
    let (matched, _) = counted(&after, reopened, given, bare, now);
    Ok(std::iter::once(event).chain(matched).collect())
}

/// Whether the item can hold one more credit and the charge for what is left of it.
fn has_room(invoice: &Invoice) -> bool {
    let credits: usize = invoice.instalments.iter().map(|it| it.payments.len()).sum();
    credits < CREDITS_MAX
}

/// While the charges of a canceled invoice are being removed the bank still takes money for them, so
/// it is credited as before; only a finished cancellation has nowhere to put it.
fn is_canceled(invoice: &Invoice) -> bool {
    matches!(invoice.lifecycle, Lifecycle::Canceled { .. })
}

fn park(reason: ParkReason) -> Credit {
    Credit::Park(reason, Vec::new())
}

/// What a Pix does that names a charge and is parked for a reason outside the invoice: nobody is
/// asked for money of which the bank says that it came.
pub fn doubt(invoice: &Invoice, pix: &Received<'_>, reason: ParkReason) -> Vec<Event> {
    let unpaid = invoice.instalment(pix.instalment).filter(|known| !known.is_settled());
    let named =
        |known: &&Instalment| known.charges.iter().any(|c| Some(c.revision) == pix.revision);
    let doubted = unpaid.filter(named).filter(|_| !is_canceled(invoice));
    let (Some(instalment), Some(revision)) = (doubted, pix.revision) else { return Vec::new() };
    if instalment.doubts.iter().any(|doubt| doubt.payment == *pix.payment) {
        return Vec::new();
    }
    vec![Event::PaymentInDoubt {
        instalment: instalment.number,
        revision,
        payment: pix.payment.clone(),
        amount: pix.amount,
        reason,
    }]
}

/// What was due when it was paid. A Pix may count for the day it was initiated on, and for what its
/// own charge asked for; the first that it pays exactly is taken.
fn due_for(
    invoice: &Invoice,
    instalment: &Instalment,
    charge: Option<&Charge>,
    paid: &Received<'_>,
) -> AmountDue {
    let settled_on = invoice.civil_date(paid.paid_at);
    let charge = charge.unwrap_or(instalment.charge());
    let due_on = |on: NaiveDate| invoice.amount_due_by(instalment, charge, on);
    let days = initiation_day(invoice, paid).into_iter().chain([settled_on]);
    let exact = |due: &AmountDue| {
        let counted = count(paid.amount, due, &Default::default());
        counted.closes && counted.excess.is_zero()
    };
    days.map(due_on).find(exact).unwrap_or_else(|| due_on(settled_on))
}

fn initiation_day(invoice: &Invoice, paid: &Received<'_>) -> Option<NaiveDate> {
    let initiated = paid.payment.end_to_end()?.initiated_at()?;
    let delay = paid.paid_at - initiated;
    let plausible = TimeDelta::zero() <= delay && delay <= SETTLEMENT_DELAY_MAX;
    plausible.then(|| invoice.civil_date(initiated))
}

/// The credit and what follows from it, and what is left of the money.
fn counted(
    invoice: &Invoice,
    instalment: &Instalment,
    paid: &Received<'_>,
    due: AmountDue,
    now: DateTime<Utc>,
) -> (Vec<Event>, Money) {
    let counted = count(paid.amount, &due, &invoice.issuing.settling);
    let debt = instalment.debt.after(&due, &counted);
    let Counted { split, excess, .. } = counted;
    let matched = Event::PaymentMatched {
        instalment: instalment.number,
        revision: paid.revision,
        payment: paid.payment.clone(),
        source: if excess.is_zero() { paid.source } else { Source::Unidentified },
        amount: paid.amount - excess,
        paid_at: paid.paid_at,
        due,
        split,
        debt,
    };
    (followed(invoice, matched, now), excess)
}
