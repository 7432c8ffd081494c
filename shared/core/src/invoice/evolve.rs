//! Applies an event to an invoice: total and free of rules. What may happen is decided elsewhere.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Adjustment, AskedStep, Charge, ChargeState, Doubt, Event, Instalment, Invoice, Lifecycle,
    Matched, handled,
};
use crate::chase::{FIRST_STEP, StepOutcome};
use crate::customer::BillTo;
use crate::money::Money;

/// Longest that a worker can be creating a charge. Before it is over, a bank that does not hold the
/// charge may hold it yet.
const CREATION_MAX: TimeDelta = TimeDelta::minutes(2);

/// The invoice after `event`, which happened at `at`. `version` grows by one.
pub fn evolve(mut invoice: Invoice, event: &Event, at: DateTime<Utc>) -> Invoice {
    invoice.version += 1;
    match event {
        // Opening builds the invoice itself (see `InvoiceDraft::open`); replayed, it adds nothing.
        Event::Opened { .. } | Event::Paid { .. } => {}
        Event::LinksRevoked { generation, .. } => invoice.link_generation = *generation,
        Event::Handled(handled) => handled::evolve(&mut invoice, handled, at),
        Event::RuleMoved { rule, version, resumes } => {
            invoice.issuing.rule = rule.clone();
            invoice.issuing.rule_version = *version;
            move_rule(&mut invoice, resumes.as_deref(), at);
        }
        Event::PartyErased => {
            invoice.bill_to = BillTo::erased(invoice.bill_to.locale);
            invoice.handling.forget_people();
        }
        Event::CancelRequested { reason } => cancel(&mut invoice, reason, at),
        Event::CancelRefused { .. } => invoice.lifecycle = Lifecycle::Active,
        Event::Canceled { .. } => finish_cancel(&mut invoice, at),
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
        | Event::DoubtSettled { instalment, .. }
        | Event::ReceiptSent { instalment, .. }
        | Event::PaymentReleased { instalment, .. }
        | Event::Adjusted { instalment, .. }
        | Event::DueDateExtended { instalment, .. }
        | Event::BoletoNamed { instalment, .. } => {
            if answers(event, invoice.handling.asked.as_ref()) {
                invoice.handling.asked = None;
            }
            if let Some(instalment) = invoice.instalment_mut(*instalment) {
                evolve_instalment(instalment, event, at);
            }
        }
    }
    invoice
}

/// Whether it leaves nothing of what a person asked to send: it went out, or money came.
fn answers(event: &Event, asked: Option<&AskedStep>) -> bool {
    let Some(asked) = asked else { return false };
    match event {
        Event::StepDone { instalment, step, .. } => {
            (*instalment, step) == (asked.instalment, &asked.step)
        }
        Event::PaymentMatched { instalment, .. } => *instalment == asked.instalment,
        _ => false,
    }
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
                of_debt: instalment.debt.changes,
                state: ChargeState::Pending { attempts: 0, reason: None, next_try_at: at },
            });
            // The new code has to reach the payer: the first message is due again.
            instalment.chase.done.remove(FIRST_STEP);
        }
        Event::ChargeRemoved { revision, .. } => {
            set_charge(instalment, *revision, ChargeState::Removed);
        }
        Event::RemovalDelayed { revision, next_try_at, .. } => {
            let removing = ChargeState::Removing { next_try_at: *next_try_at };
            set_charge(instalment, *revision, removing);
        }
        Event::PaymentMatched { .. }
        | Event::PaymentInDoubt { .. }
        | Event::DoubtSettled { .. }
        | Event::PaymentReleased { .. }
        | Event::ReceiptSent { .. } => evolve_payments(instalment, event, at),
        Event::Adjusted { .. } | Event::DueDateExtended { .. } => {
            evolve_debt(instalment, event, at);
        }
        Event::BoletoNamed { our_number, .. } => {
            instalment.our_number = Some(our_number.clone());
        }
        Event::StepDone { .. }
        | Event::AccountFlagged { .. }
        | Event::AccountCleared { .. }
        | Event::ChaseEnded { .. } => evolve_chase(instalment, event, at),
        Event::Opened { .. }
        | Event::Paid { .. }
        | Event::LinksRevoked { .. }
        | Event::Handled(_)
        | Event::RuleMoved { .. }
        | Event::PartyErased
        | Event::CancelRequested { .. }
        | Event::CancelRefused { .. }
        | Event::Canceled { .. } => {}
    }
}

fn evolve_debt(instalment: &mut Instalment, event: &Event, at: DateTime<Utc>) {
    match event {
        Event::Adjusted { kind, amount, debt, .. } => {
            instalment.debt = debt.clone();
            match kind {
                Adjustment::WriteOff => instalment.written_off += *amount,
                Adjustment::Reinstatement => instalment.written_off -= *amount,
                Adjustment::Rebate | Adjustment::CreditNote => {}
            }
            close_if_settled(instalment, None, at);
        }
        Event::DueDateExtended { due_date, debt, .. } => {
            instalment.terms.due_date = *due_date;
            instalment.debt = debt.clone();
            // The steps count from the due date: all of them are ahead again.
            instalment.chase = crate::chase::ChaseState {
                last_touch_at: instalment.chase.last_touch_at,
                flagged: instalment.chase.flagged,
                ..Default::default()
            };
            close_if_settled(instalment, None, at);
        }
        _ => {}
    }
}

fn evolve_payments(instalment: &mut Instalment, event: &Event, at: DateTime<Utc>) {
    match event {
        Event::PaymentMatched { revision, payment, amount, paid_at, due, split, debt, .. } => {
            instalment.doubts.retain(|doubt| doubt.payment != *payment);
            instalment.payments.push(Matched {
                payment: payment.clone(),
                ordinal: u16::try_from(instalment.payments.len()).unwrap_or(u16::MAX),
                revision: *revision,
                amount: *amount,
                paid_at: *paid_at,
                due: due.clone(),
                split: *split,
                released: Money::ZERO,
                receipt_sent: false,
            });
            instalment.debt = debt.clone();
            if let Some(revision) = revision {
                spend(instalment, *revision);
            }
            close_if_settled(instalment, *revision, at);
        }
        Event::PaymentInDoubt { revision, payment, .. } => {
            instalment.doubts.push(Doubt { payment: payment.clone(), revision: *revision });
        }
        Event::DoubtSettled { payment, .. } => {
            instalment.doubts.retain(|doubt| doubt.payment != *payment);
        }
        Event::PaymentReleased { ordinal, amount, debt, .. } => {
            let gave = instalment.payments.iter_mut().find(|known| known.ordinal == *ordinal);
            if let Some(matched) = gave {
                matched.released += *amount;
            }
            instalment.debt = debt.clone();
            instalment.released_at = Some(instalment.charge().revision);
        }
        Event::ReceiptSent { ordinal, .. } => {
            let sent = instalment.payments.iter_mut().find(|known| known.ordinal == *ordinal);
            if let Some(matched) = sent {
                matched.receipt_sent = true;
            }
        }
        _ => {}
    }
}

/// A charge that was paid cannot be paid again, whatever the amount (API Pix: `CONCLUIDA`). One that
/// is being removed stays so: a cancellation waits for the removal to be recorded.
fn spend(instalment: &mut Instalment, revision: u16) {
    let of_it = |charge: &&mut Charge| charge.revision == revision;
    let Some(charge) = instalment.charges.iter_mut().find(of_it) else { return };
    let removing = matches!(charge.state, ChargeState::Removing { .. });
    if !removing && !instalment.debt.is_settled() {
        charge.state = ChargeState::Removed;
    }
}

fn close_if_settled(instalment: &mut Instalment, paid: Option<u16>, at: DateTime<Utc>) {
    if instalment.debt.is_settled() {
        remove_open_charges(instalment, paid, at);
    }
}

/// Steps that are done stay done; a chase that had ended goes on, and ends anew.
fn move_rule(invoice: &mut Invoice, resumes: Option<&str>, at: DateTime<Utc>) {
    invoice.handling.rule_since = Some(at);
    let chases = invoice.instalments.iter_mut().map(|known| &mut known.chase);
    for chase in chases.filter(|chase| chase.ended) {
        chase.ended = false;
        if let Some(step) = resumes {
            chase.done.remove(step);
        }
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
    for instalment in invoice.instalments.iter_mut().filter(|i| !i.is_settled()) {
        remove_open_charges(instalment, None, at);
    }
}

fn finish_cancel(invoice: &mut Invoice, at: DateTime<Utc>) {
    if let Lifecycle::Canceling { reason, .. } = &invoice.lifecycle {
        invoice.lifecycle = Lifecycle::Canceled { reason: reason.clone(), at };
    }
}
