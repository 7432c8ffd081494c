//! What may happen to an invoice: a command is answered with events, or refused with the reason.
//!
//! Every command may arrive twice; the second time it answers with no events. Money is not here: a
//! received Pix is a fact and has an answer in every state (see [`super::credit`]).

use chrono::{DateTime, Utc};

use super::adjust::{self, Adjustment, Change};
use super::command::{CHARGES_MAX, Command, Reduction, Refusal};
use super::handle;
use super::{Charge, ChargeState, Event, Instalment, Invoice, Lifecycle};
use crate::chase::{Effect, RuleName, Step, StepOutcome};
use crate::ids::{PaymentId, Txid};
use crate::message::Channel;
use crate::money::Money;

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
            record_step(invoice, instalment, step, outcome, channels, &covered, amount)
        }
        Command::RecordReceipt { instalment, ordinal, outcome } => {
            record_receipt(invoice, instalment, ordinal, outcome)
        }
        Command::Release { instalment, payment, amount, reason } => {
            release(invoice, instalment, &payment, amount, &reason, now)
        }
        Command::SettleDoubt { instalment, payment } => {
            settle_doubt(invoice, instalment, payment, now)
        }
        Command::Reduce { instalment, kind, amount, reason } => {
            let change = Change { instalment, reason };
            let (kind, document) = match kind {
                Reduction::Rebate => (Adjustment::Rebate, None),
                Reduction::CreditNote(number) => (Adjustment::CreditNote, Some(number)),
            };
            adjust::reduce(invoice, change, kind, amount, document, now)
        }
        Command::WriteOff { instalment, reason } => {
            adjust::write_off(invoice, Change { instalment, reason }, now)
        }
        Command::ExtendDueDate { instalment, due_date, reason } => {
            adjust::extend(invoice, Change { instalment, reason }, due_date, now)
        }
        Command::NameBoleto { instalment, our_number } => {
            let known = find(invoice, instalment)?.our_number.as_ref() == Some(&our_number);
            Ok(when(!known, Event::BoletoNamed { instalment, our_number }))
        }
        Command::Handle(asked) => handle::decide(invoice, asked, now),
        Command::MoveRule { rule, version, ended_by } => {
            move_rule(invoice, rule, version, ended_by)
        }
        Command::RevokeLinks { reason } => {
            let generation = invoice.link_generation.saturating_add(1);
            Ok(vec![Event::LinksRevoked { generation, reason }])
        }
        Command::EraseParty => Ok(when(!invoice.bill_to.document.is_erased(), Event::PartyErased)),
    }
}

fn record_step(
    invoice: &Invoice,
    instalment: u16,
    step: &Step,
    outcome: StepOutcome,
    channels: Vec<Channel>,
    covered: &[&Step],
    amount: Option<Money>,
) -> Result<Vec<Event>, Refusal> {
    let known = find(invoice, instalment)?;
    if known.chase.done.contains_key(&step.id) {
        return Ok(Vec::new());
    }
    let effects = effects(known, step, covered);
    let done = Event::StepDone {
        instalment,
        step: step.id.clone(),
        outcome,
        channels,
        covered: covered.iter().map(|step| step.id.clone()).collect(),
        amount,
        rule: invoice.issuing.rule.clone(),
        rule_version: invoice.issuing.rule_version,
    };
    Ok(std::iter::once(done).chain(effects).collect())
}

fn record_receipt(
    invoice: &Invoice,
    instalment: u16,
    ordinal: u16,
    outcome: StepOutcome,
) -> Result<Vec<Event>, Refusal> {
    let known = find(invoice, instalment)?;
    let owed = known.payments.iter().find(|it| it.ordinal == ordinal && !it.receipt_sent);
    let payment = owed.map(|matched| matched.payment.clone());
    let sent = |payment| Event::ReceiptSent { instalment, ordinal, payment, outcome };
    Ok(payment.map(sent).into_iter().collect())
}

/// The bank counts the charge as paid, so an instalment that is not is asked for by a new one.
fn settle_doubt(
    invoice: &Invoice,
    number: u16,
    payment: PaymentId,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let doubted = |doubt: &&super::Doubt| doubt.payment == payment;
    let Some(doubt) = find(invoice, number)?.doubts.iter().find(doubted) else {
        return Ok(Vec::new());
    };
    let spent = doubt.revision;
    let settled = Event::DoubtSettled { instalment: number, payment };
    let after = super::evolve(invoice.clone(), &settled, now);
    let instalment = find(&after, number)?;
    let owed = !instalment.is_settled() && instalment.charge().revision == spent;
    let reason = "the payment that named it was not counted for it";
    let reissued = owed.then(|| reissue_for_change(&after, instalment, reason, now));
    Ok(std::iter::once(settled).chain(reissued.flatten()).collect())
}

/// Takes credited money back from an instalment, the last credit of the payment first.
fn release(
    invoice: &Invoice,
    number: u16,
    payment: &PaymentId,
    amount: Money,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let instalment = find(invoice, number)?;
    let of_it = || instalment.payments.iter().filter(|known| known.payment == *payment);
    let kept: Money = of_it().map(super::Matched::kept).sum();
    if !amount.is_positive() || amount > kept {
        return Err(Refusal::NotCredited { kept });
    }
    let today = invoice.civil_date(now);
    let mut state = invoice.clone();
    let mut events = Vec::new();
    let (mut missing, mut principal) = (amount, Money::ZERO);
    for matched in of_it().rev() {
        let amount = missing.min(matched.kept());
        if amount.is_zero() {
            continue;
        }
        missing -= amount;
        let now_owed = find(&state, number)?;
        let due = state.amount_due(now_owed, today);
        let back = matched.split.taken_back(matched.released, amount);
        let back_principal = back.off_principal();
        let event = Event::PaymentReleased {
            instalment: number,
            ordinal: matched.ordinal,
            payment: payment.clone(),
            amount,
            reason: reason.to_owned(),
            debt: now_owed.debt.restored(&due, &back),
            back,
        };
        principal += back_principal;
        state = super::evolve(state, &event, now);
        events.push(event);
    }
    if matches!(invoice.lifecycle, Lifecycle::Canceled { .. }) {
        // Of a canceled invoice nothing is owed, whatever goes back.
        events.push(Event::Canceled { principal });
    }
    Ok(events)
}

fn move_rule(
    invoice: &Invoice,
    rule: Option<RuleName>,
    version: u32,
    ended_by: Option<String>,
) -> Result<Vec<Event>, Refusal> {
    if !invoice.is_active() {
        return Err(Refusal::Canceled);
    }
    if invoice.is_settled() {
        return Err(Refusal::AlreadyPaid);
    }
    let same = invoice.issuing.rule == rule && invoice.issuing.rule_version == version;
    let ended = invoice.instalments.iter().any(|known| known.chase.ended);
    let resumes = ended_by.filter(|_| ended);
    Ok(when(!same, Event::RuleMoved { rule, version, resumes }))
}

fn cancel(invoice: &Invoice, reason: String) -> Result<Vec<Event>, Refusal> {
    match invoice.lifecycle {
        Lifecycle::Canceling { .. } | Lifecycle::Canceled { .. } => Ok(Vec::new()),
        Lifecycle::Active if invoice.is_settled() => Err(Refusal::AlreadyPaid),
        Lifecycle::Active => {
            let mut events = vec![Event::CancelRequested { reason }];
            let held = |instalment: &Instalment| {
                !instalment.is_settled() && instalment.charges.iter().any(may_be_held)
            };
            if !invoice.instalments.iter().any(held) {
                events.push(canceled(invoice));
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
    if instalment.is_settled() {
        return Err(Refusal::AlreadyPaid);
    }
    if is_pending(instalment.charge()) {
        return Err(Refusal::ChargePending);
    }
    let reissued = reissued(invoice, instalment, reason, now).ok_or(Refusal::TooManyRevisions)?;
    Ok(vec![reissued])
}

fn reissued(
    invoice: &Invoice,
    instalment: &Instalment,
    reason: String,
    now: DateTime<Utc>,
) -> Option<Event> {
    let charges: usize = invoice.instalments.iter().map(|it| it.charges.len()).sum();
    if charges >= CHARGES_MAX {
        return None;
    }
    let number = instalment.number;
    let revision = instalment.charge().revision + 1;
    let txid = Txid::for_charge(&invoice.id, number, revision)?;
    let (terms, carried) = invoice.terms_anew(instalment, invoice.civil_date(now));
    Some(Event::ChargeReissued { instalment: number, revision, txid, reason, terms, carried })
}

/// The charge for what is left after a change. Nothing, where the invoice is being canceled, or
/// where money went back or is in doubt: then a person re-issues it.
pub(super) fn reissue_for_change(
    invoice: &Invoice,
    instalment: &Instalment,
    reason: &str,
    now: DateTime<Utc>,
) -> Option<Event> {
    let free = invoice.is_active() && instalment.hold().is_none();
    if free { reissued(invoice, instalment, reason.to_owned(), now) } else { None }
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
        events.push(canceled(invoice));
    }
    Ok(events)
}

fn canceled(invoice: &Invoice) -> Event {
    Event::Canceled { principal: invoice.receivable() }
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
fn effects(known: &Instalment, step: &Step, covered: &[&Step]) -> Vec<Event> {
    let instalment = known.number;
    let steps: Vec<&Step> = covered.iter().copied().chain([step]).collect();
    let doing = |effect: Effect| steps.iter().find(|step| step.effects.contains(&effect));
    let flag = doing(Effect::FlagAccount).filter(|_| !known.chase.flagged && !known.is_settled());
    let flag = flag.map(|step| Event::AccountFlagged { instalment, step: step.id.to_owned() });
    let end = doing(Effect::EndChase).map(|_| Event::ChaseEnded { instalment });
    flag.into_iter().chain(end).collect()
}

pub(super) fn find(invoice: &Invoice, number: u16) -> Result<&Instalment, Refusal> {
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
