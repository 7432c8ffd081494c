//! What may happen to an invoice: a command is answered with events, or refused with the reason.
//!
//! Every command may arrive twice; the second time it answers with no events. Money is not here: a
//! received Pix is a fact and has an answer in every state (see [`super::credit`]).

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::{Charge, ChargeState, Event, Instalment, Invoice, Lifecycle};
use crate::chase::{Effect, Rule, Step, StepOutcome};
use crate::ids::{EndToEndId, Txid};
use crate::message::Channel;
use crate::money::Money;

/// Something asked of an invoice.
#[derive(Debug, Clone)]
pub enum Command<'a> {
    /// The bank took the charge.
    RecordIssued {
        instalment: u16,
        revision: u16,
        location: String,
        br_code: String,
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
        covered: Vec<String>,
        amount: Option<Money>,
    },
    /// The receipt of a matched Pix went out, or cannot go out.
    RecordReceipt {
        instalment: u16,
        e2eid: EndToEndId,
        outcome: StepOutcome,
    },
    /// The bank returned money of a matched Pix; `returned` is the whole of it so far.
    RecordReturn {
        instalment: u16,
        e2eid: EndToEndId,
        returned: Money,
    },
    Cancel {
        reason: String,
    },
}

/// Why a command was refused. Final: repeating it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the invoice has no instalment {number}")]
    NoSuchInstalment { number: u16 },
    #[error("the invoice is already paid")]
    AlreadyPaid,
    #[error("the invoice is canceled or being canceled")]
    Canceled,
    #[error("the charge was re-issued {} times, the most there can be", Txid::REVISION_MAX)]
    TooManyRevisions,
    #[error("the charge is still on its way to the bank")]
    ChargePending,
}

/// Decides a command. No events means that it had already happened.
pub fn decide(
    invoice: &Invoice,
    command: Command<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Cancel { reason } => cancel(invoice, reason),
        Command::Reissue { instalment, reason } => reissue(invoice, instalment, reason, now),
        Command::RecordIssued { instalment, revision, location, br_code } => {
            let charge = charge(invoice, instalment, revision)?;
            let txid = charge.txid.clone();
            let event = Event::ChargeIssued { instalment, revision, txid, location, br_code };
            Ok(when(is_pending(charge), event))
        }
        Command::RecordDelay { instalment, revision, reason, next_try_at } => {
            let charge = charge(invoice, instalment, revision)?;
            Ok(delay(charge, instalment, reason, next_try_at.max(now)))
        }
        Command::RecordRejection { instalment, revision, reason } => {
            rejection(invoice, instalment, revision, reason, now)
        }
        Command::RecordRemoval { instalment, revision } => removal(invoice, instalment, revision),
        Command::RecordStep { instalment, step, outcome, channels, covered, amount } => {
            let known = find(invoice, instalment)?;
            if known.chase.done.contains_key(step.id) {
                return Ok(Vec::new());
            }
            let effects = effects(invoice, known, step, &covered);
            let done = Event::StepDone {
                instalment,
                step: step.id.to_owned(),
                outcome,
                channels,
                covered,
                amount,
            };
            Ok(std::iter::once(done).chain(effects).collect())
        }
        Command::RecordReceipt { instalment, e2eid, outcome } => {
            let known = find(invoice, instalment)?;
            let owed = known.payments.iter().any(|p| p.e2eid == e2eid && !p.receipt_sent);
            Ok(when(owed, Event::ReceiptSent { instalment, e2eid, outcome }))
        }
        Command::RecordReturn { instalment, e2eid, returned } => {
            let known = find(invoice, instalment)?;
            let news = known.payments.iter().any(|p| p.e2eid == e2eid && p.refunded < returned);
            Ok(when(news, Event::PaymentReturned { instalment, e2eid, returned }))
        }
    }
}

fn cancel(invoice: &Invoice, reason: String) -> Result<Vec<Event>, Refusal> {
    match invoice.lifecycle {
        Lifecycle::Canceling { .. } | Lifecycle::Canceled { .. } => Ok(Vec::new()),
        Lifecycle::Active if invoice.is_paid() => Err(Refusal::AlreadyPaid),
        Lifecycle::Active => {
            let mut events = vec![Event::CancelRequested { reason }];
            let held = |instalment: &Instalment| {
                !instalment.is_paid() && instalment.charges.iter().any(may_be_held)
            };
            if !invoice.instalments.iter().any(held) {
                events.push(Event::Canceled);
            }
            Ok(events)
        }
    }
}

fn reissue(
    invoice: &Invoice,
    number: u16,
    reason: String,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let instalment = find(invoice, number)?;
    if !invoice.is_active() {
        return Err(Refusal::Canceled);
    }
    if instalment.is_paid() {
        return Err(Refusal::AlreadyPaid);
    }
    if is_pending(instalment.charge()) {
        return Err(Refusal::ChargePending);
    }
    let revision = instalment.charge().revision + 1;
    let txid = Txid::for_charge(&invoice.id, number, revision).ok_or(Refusal::TooManyRevisions)?;
    let (terms, carried) = invoice.terms_anew(instalment, invoice.civil_date(now));
    Ok(vec![Event::ChargeReissued { instalment: number, revision, txid, reason, terms, carried }])
}

/// A refusal for good; but a charge whose due date passed while the bank could not be reached is
/// asked for again as of today, by itself.
fn rejection(
    invoice: &Invoice,
    number: u16,
    revision: u16,
    reason: String,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let charge = charge(invoice, number, revision)?;
    if !is_pending(charge) {
        return Ok(Vec::new());
    }
    let rejected = Event::ChargeRejected { instalment: number, revision, reason };
    let mut events = vec![rejected.clone()];
    if charge.terms.due_date < invoice.civil_date(now) && invoice.is_active() {
        let after = super::evolve(invoice.clone(), &rejected, now);
        let reason = "its due date passed before the bank could take it".to_owned();
        events.extend(reissue(&after, number, reason, now)?);
    }
    Ok(events)
}

/// A charge that left the bank; the last one to leave ends a cancellation.
fn removal(invoice: &Invoice, number: u16, revision: u16) -> Result<Vec<Event>, Refusal> {
    if !is_removing(charge(invoice, number, revision)?) {
        return Ok(Vec::new());
    }
    let mut events = vec![Event::ChargeRemoved { instalment: number, revision }];
    // A charge that was paid stays with the bank, also when the money is given back meanwhile.
    let others = invoice.instalments.iter().flat_map(|instalment| {
        let charges = instalment.charges.iter().filter(|charge| is_removing(charge));
        charges.map(|charge| (instalment.number, charge.revision))
    });
    let last = others.filter(|other| *other != (number, revision)).count() == 0;
    if last && matches!(invoice.lifecycle, Lifecycle::Canceling { .. }) {
        events.push(Event::Canceled);
    }
    Ok(events)
}

fn delay(
    charge: &Charge,
    instalment: u16,
    reason: String,
    next_try_at: DateTime<Utc>,
) -> Vec<Event> {
    let revision = charge.revision;
    match charge.state {
        ChargeState::Pending { .. } => {
            vec![Event::ChargeDelayed { instalment, revision, reason, next_try_at }]
        }
        ChargeState::Removing { .. } => {
            vec![Event::RemovalDelayed { instalment, revision, reason, next_try_at }]
        }
        ChargeState::Active { .. } | ChargeState::Rejected { .. } | ChargeState::Removed => {
            Vec::new()
        }
    }
}

/// What the step does beside its message, and what the steps do that it covers: a message is left
/// out for a higher one, its effects are not. A payment that came meanwhile leaves nothing to flag.
fn effects(invoice: &Invoice, known: &Instalment, step: &Step, covered: &[String]) -> Vec<Event> {
    let instalment = known.number;
    let rule = Rule::of_version(invoice.issuing.rule_version);
    let of_rule = rule.iter().flat_map(|rule| &rule.steps);
    let steps = of_rule.filter(|other| covered.iter().any(|id| id == other.id)).chain([step]);
    let steps: Vec<&Step> = steps.collect();
    let doing = |effect: Effect| steps.iter().find(|step| step.effects.contains(&effect));
    let flag = doing(Effect::FlagAccount).filter(|_| !known.chase.flagged && !known.is_paid());
    let flag = flag.map(|step| Event::AccountFlagged { instalment, step: step.id.to_owned() });
    let end = doing(Effect::EndChase).map(|_| Event::ChaseEnded { instalment });
    flag.into_iter().chain(end).collect()
}

fn find(invoice: &Invoice, number: u16) -> Result<&Instalment, Refusal> {
    invoice.instalment(number).ok_or(Refusal::NoSuchInstalment { number })
}

fn charge(invoice: &Invoice, number: u16, revision: u16) -> Result<&Charge, Refusal> {
    let charges = &find(invoice, number)?.charges;
    charges
        .iter()
        .find(|charge| charge.revision == revision)
        .ok_or(Refusal::NoSuchInstalment { number })
}

fn is_pending(charge: &Charge) -> bool {
    matches!(charge.state, ChargeState::Pending { .. })
}

fn is_removing(charge: &Charge) -> bool {
    matches!(charge.state, ChargeState::Removing { .. })
}

/// Whether the bank holds the charge, or may hold it because a call's outcome is unknown.
fn may_be_held(charge: &Charge) -> bool {
    match charge.state {
        ChargeState::Pending { .. } | ChargeState::Active { .. } | ChargeState::Removing { .. } => {
            true
        }
        ChargeState::Rejected { .. } | ChargeState::Removed => false,
    }
}

fn when(happens: bool, event: Event) -> Vec<Event> {
    if happens { vec![event] } else { Vec::new() }
}
