//! Applies an event to an invoice: total and free of rules. What may happen is decided elsewhere.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Charge, ChargeState, Doubt, Event, Instalment, Invoice, Lifecycle, Matched};
use crate::chase::StepOutcome;

/// Longest that a worker can be creating a charge. Before it is over, a bank that does not hold the
/// charge may hold it yet.
const CREATION_MAX: TimeDelta = TimeDelta::minutes(2);

/// The invoice after `event`, which happened at `at`. `version` grows by one.
pub fn evolve(mut invoice: Invoice, event: &Event, at: DateTime<Utc>) -> Invoice {
    invoice.version += 1;
    match event {
        // Opening builds the invoice itself (see `InvoiceDraft::open`); replayed, it adds nothing.
        Event::Opened { .. } | Event::Paid { .. } => {}
        Event::CancelRequested { reason } => cancel(&mut invoice, reason, at),
        Event::CancelRefused { .. } => invoice.lifecycle = Lifecycle::Active,
        Event::Canceled => finish_cancel(&mut invoice, at),
        Event::ChargeIssued { instalment, .. }
        | Event::ChargeDelayed { instalment, .. }
        | Event::ChargeRejected { instalment, .. }
        | Event::ChargeReissued { instalment, .. }
        | Event::ChargeRemoved { instalment, .. }
        | Event::RemovalDelayed { instalment, .. }
        | Event::StepDone { instalment, .. }
        | Event::AccountFlagged { instalment, .. }
        | Event::AccountCleared { instalment }
        | Event::ChaseEnded { instalment }
        | Event::PaymentMatched { instalment, .. }
        | Event::PaymentInDoubt { instalment, .. }
        | Event::ReceiptSent { instalment, .. }
        | Event::PaymentReturned { instalment, .. } => {
            if let Some(instalment) = invoice.instalment_mut(*instalment) {
                evolve_instalment(instalment, event, at);
            }
        }
    }
    invoice
}

fn evolve_instalment(instalment: &mut Instalment, event: &Event, at: DateTime<Utc>) {
    match event {
        Event::ChargeIssued { revision, location, br_code, .. } => {
            let active =
                ChargeState::Active { location: location.clone(), br_code: br_code.clone(), at };
            set_charge(instalment, *revision, active);
        }
        Event::ChargeDelayed { revision, reason, next_try_at, .. } => {
            delay_charge(instalment, *revision, reason, *next_try_at);
        }
        Event::ChargeRejected { revision, reason, .. } => {
            set_charge(instalment, *revision, ChargeState::Rejected { reason: reason.clone() });
        }
        Event::ChargeReissued { revision, txid, terms, carried, .. } => {
            remove_open_charges(instalment, None, at);
            instalment.charges.push(Charge {
                txid: txid.clone(),
                revision: *revision,
                terms: terms.clone(),
                carried: carried.clone(),
                state: ChargeState::Pending { attempts: 0, reason: None, next_try_at: at },
            });
            // The new code has to reach the payer: the first message is due again.
            instalment.chase.done.remove("issue");
        }
        Event::ChargeRemoved { revision, .. } => {
            set_charge(instalment, *revision, ChargeState::Removed);
        }
        Event::RemovalDelayed { revision, next_try_at, .. } => {
            let removing = ChargeState::Removing { next_try_at: *next_try_at };
            set_charge(instalment, *revision, removing);
        }
        Event::PaymentMatched { revision, e2eid, amount, paid_at, due, .. } => {
            instalment.payments.push(Matched {
                e2eid: e2eid.clone(),
                revision: *revision,
                amount: *amount,
                paid_at: *paid_at,
                due: due.clone(),
                refunded: crate::money::Money::ZERO,
                receipt_sent: false,
            });
            remove_open_charges(instalment, Some(*revision), at);
        }
        Event::PaymentInDoubt { revision, e2eid, .. } => {
            instalment.doubts.push(Doubt { e2eid: e2eid.clone(), revision: *revision });
        }
        Event::PaymentReturned { e2eid, returned, .. } => {
            let matched = instalment.payments.iter_mut().find(|p| p.e2eid == *e2eid);
            if let Some(matched) = matched {
                matched.refunded = *returned;
            }
        }
        Event::ReceiptSent { e2eid, .. } => {
            let matched = instalment.payments.iter_mut().find(|p| p.e2eid == *e2eid);
            if let Some(matched) = matched {
                matched.receipt_sent = true;
            }
        }
        Event::StepDone { .. }
        | Event::AccountFlagged { .. }
        | Event::AccountCleared { .. }
        | Event::ChaseEnded { .. } => evolve_chase(instalment, event, at),
        Event::Opened { .. }
        | Event::Paid { .. }
        | Event::CancelRequested { .. }
        | Event::CancelRefused { .. }
        | Event::Canceled => {}
    }
}

fn evolve_chase(instalment: &mut Instalment, event: &Event, at: DateTime<Utc>) {
    let chase = &mut instalment.chase;
    match event {
        Event::StepDone { step, outcome, covered, .. } => {
            let covered = covered.iter().map(|id| (id.clone(), StepOutcome::Covered));
            chase.done.extend(covered);
            chase.done.insert(step.clone(), *outcome);
            if *outcome == StepOutcome::Sent {
                chase.last_touch_at = Some(at);
            }
        }
        Event::AccountFlagged { .. } => chase.flagged = true,
        Event::AccountCleared { .. } => chase.flagged = false,
        Event::ChaseEnded { .. } => chase.ended = true,
        _ => {}
    }
}

fn set_charge(instalment: &mut Instalment, revision: u16, state: ChargeState) {
    if let Some(charge) = instalment.charges.iter_mut().find(|c| c.revision == revision) {
        charge.state = state;
    }
}

fn delay_charge(instalment: &mut Instalment, revision: u16, why: &str, next_try_at: DateTime<Utc>) {
    let Some(charge) = instalment.charges.iter_mut().find(|c| c.revision == revision) else {
        return;
    };
    let tried = match charge.state {
        ChargeState::Pending { attempts, .. } => attempts,
        ChargeState::Active { .. }
        | ChargeState::Rejected { .. }
        | ChargeState::Removing { .. }
        | ChargeState::Removed => return,
    };
    let reason = Some(why.to_owned());
    charge.state = ChargeState::Pending { attempts: tried + 1, reason, next_try_at };
}

/// Every charge that the bank holds, or may hold, has to go, but for the one that was paid: of that
/// one nothing is left to ask, even when its answer was not stored yet.
fn remove_open_charges(instalment: &mut Instalment, paid: Option<u16>, at: DateTime<Utc>) {
    for charge in &mut instalment.charges {
        let is_paid = paid == Some(charge.revision);
        let next_try_at = match charge.state {
            ChargeState::Active { .. } if !is_paid => at,
            ChargeState::Pending { .. } if !is_paid => at + CREATION_MAX,
            ChargeState::Pending { .. } => {
                charge.state = ChargeState::Removed;
                continue;
            }
            ChargeState::Active { .. }
            | ChargeState::Rejected { .. }
            | ChargeState::Removing { .. }
            | ChargeState::Removed => continue,
        };
        charge.state = ChargeState::Removing { next_try_at };
    }
}

fn cancel(invoice: &mut Invoice, reason: &str, at: DateTime<Utc>) {
    invoice.lifecycle = Lifecycle::Canceling { reason: reason.to_owned(), at };
    for instalment in invoice.instalments.iter_mut().filter(|i| !i.is_paid()) {
        remove_open_charges(instalment, None, at);
    }
}

fn finish_cancel(invoice: &mut Invoice, at: DateTime<Utc>) {
    if let Lifecycle::Canceling { reason, .. } = &invoice.lifecycle {
        invoice.lifecycle = Lifecycle::Canceled { reason: reason.clone(), at };
    }
}
