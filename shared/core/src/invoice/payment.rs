//! Where a received Pix goes: credited to its instalment, or parked with the reason.
//!
//! A payment is a fact, so there is an answer in every state. Only the exact amount that was due on
//! the day it was paid is credited here; anything else is money that a person allocates.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{Charge, Event, Instalment, Invoice, Lifecycle};
use crate::ids::EndToEndId;
use crate::money::Money;
use crate::payment::ParkReason;
use crate::terms::AmountDue;

/// A payer's order may settle minutes later, up to an hour under the payer bank's fraud review
/// (Manual de Tempos do Pix). When it was initiated this shortly before it settled, the day of the
/// initiation counts as well.
const SETTLEMENT_DELAY_MAX: TimeDelta = TimeDelta::hours(1);
/// Rounding of percentages is not standardised between banks: each computed component may differ
/// by this much from ours, and what the bank charged wins.
const COMPONENT_TOLERANCE: Money = Money::from_centavos(1);

/// A Pix the bank confirmed, addressed to one instalment's charge.
#[derive(Debug, Clone)]
pub struct Received<'a> {
    pub instalment: u16,
    pub revision: u16,
    pub e2eid: &'a EndToEndId,
    pub amount: Money,
    /// The bank's `horario`.
    pub paid_at: DateTime<Utc>,
}

/// The answer to a received Pix.
#[derive(Debug, PartialEq)]
pub enum Credit {
    /// Credit it: the first event is `PaymentMatched`.
    Matched(Vec<Event>),
    /// This very Pix was credited before.
    AlreadyCredited,
    /// A person has to allocate it. The events put the instalment on hold where its charge is now
    /// paid at the bank without being paid here.
    Park(ParkReason, Vec<Event>),
}

/// Decides where a confirmed Pix goes.
pub fn credit(invoice: &Invoice, pix: &Received<'_>) -> Credit {
    let Some(instalment) = invoice.instalment(pix.instalment) else {
        return park(ParkReason::UnknownTxid);
    };
    let Some(charge) = instalment.charges.iter().find(|c| c.revision == pix.revision) else {
        return park(ParkReason::UnknownTxid);
    };
    if instalment.payments.iter().any(|payment| payment.e2eid == *pix.e2eid) {
        return Credit::AlreadyCredited;
    }
    if instalment.is_paid() {
        return park(ParkReason::AlreadyPaid);
    }
    if is_canceled(invoice) {
        return park(ParkReason::InvoiceCanceled);
    }
    match due_for(invoice, instalment, charge, pix) {
        Ok(due) => Credit::Matched(matched(invoice, instalment, pix, due)),
        Err(expected) => {
            let reason = ParkReason::WrongAmount { expected };
            let events = doubts(instalment, pix, &reason);
            Credit::Park(reason, events)
        }
    }
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
pub fn doubt(invoice: &Invoice, pix: &Received<'_>, reason: &ParkReason) -> Vec<Event> {
    let unpaid = invoice.instalment(pix.instalment).filter(|known| !known.is_paid());
    let named = |known: &&Instalment| known.charges.iter().any(|c| c.revision == pix.revision);
    let doubted = unpaid.filter(named).filter(|_| !is_canceled(invoice));
    doubted.map(|instalment| doubts(instalment, pix, reason)).unwrap_or_default()
}

fn doubts(instalment: &Instalment, pix: &Received<'_>, reason: &ParkReason) -> Vec<Event> {
    if instalment.doubts.iter().any(|doubt| doubt.e2eid == *pix.e2eid) {
        return Vec::new();
    }
    vec![Event::PaymentInDoubt {
        instalment: instalment.number,
        revision: pix.revision,
        e2eid: pix.e2eid.clone(),
        amount: pix.amount,
        reason: reason.clone(),
    }]
}

/// The amount due that the Pix pays, or the one it misses.
fn due_for(
    invoice: &Invoice,
    instalment: &Instalment,
    charge: &Charge,
    pix: &Received<'_>,
) -> Result<AmountDue, Money> {
    let settled_on = invoice.civil_date(pix.paid_at);
    let due_on = |on: NaiveDate| invoice.amount_due_by(instalment, charge, on);
    let days = initiation_day(invoice, pix).into_iter().chain([settled_on]);
    let fits = |due: &AmountDue| {
        let gap = (due.total - pix.amount).centavos().abs();
        gap <= tolerance(due).centavos()
    };
    days.map(due_on).find(fits).ok_or_else(|| due_on(settled_on).total)
}

fn initiation_day(invoice: &Invoice, pix: &Received<'_>) -> Option<NaiveDate> {
    let initiated = pix.e2eid.initiated_at()?;
    let delay = pix.paid_at - initiated;
    let plausible = TimeDelta::zero() <= delay && delay <= SETTLEMENT_DELAY_MAX;
    plausible.then(|| invoice.civil_date(initiated))
}

fn tolerance(due: &AmountDue) -> Money {
    let computed = [due.rebate, due.discount, due.interest, due.fine];
    computed.iter().filter(|part| !part.is_zero()).map(|_| COMPONENT_TOLERANCE).sum()
}

fn matched(
    invoice: &Invoice,
    instalment: &Instalment,
    pix: &Received<'_>,
    due: AmountDue,
) -> Vec<Event> {
    let number = instalment.number;
    let mut events = vec![Event::PaymentMatched {
        instalment: number,
        revision: pix.revision,
        e2eid: pix.e2eid.clone(),
        amount: pix.amount,
        paid_at: pix.paid_at,
        due,
    }];
    if instalment.chase.flagged {
        events.push(Event::AccountCleared { instalment: number });
    }
    let others_paid =
        invoice.instalments.iter().filter(|i| i.number != number).all(Instalment::is_paid);
    if others_paid {
        if matches!(invoice.lifecycle, Lifecycle::Canceling { .. }) {
            let reason = "it was paid before its charges were removed".to_owned();
            events.push(Event::CancelRefused { reason });
        }
        let before: Money = invoice.instalments.iter().map(Instalment::received).sum();
        events.push(Event::Paid { amount: before + pix.amount });
    }
    events
}
