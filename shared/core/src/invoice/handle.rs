//! What people may ask of the handling of an invoice: promise, dispute, pause, exclusion, escalation,
//! flag, owner, note, a message ahead of its time, tasks.
//!
//! Owns which of it is allowed, and what is refused with the reason. Does not own what follows by
//! itself ([`super::handling`]) nor who needs a second person for it ([`crate::approval`]).

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use thiserror::Error;

use super::decide::find;
use super::handled::{DisputeOutcome, Handled};
use super::handling::{AskedStep, EscalatedTo, Handling, OPEN_TASKS_MAX, PromiseState};
use super::{Event, Invoice, Refusal};
use crate::chase::{self, CustomerFacts, Decision, Rule, StepFate, Why};
use crate::contact::Email;
use crate::hidden::Hidden;
use crate::ids::{PersonId, TaskId};
use crate::money::Money;
use crate::task::TaskKind;
use crate::zone;

/// Days ahead that a promise can be for at most; a later day is a later due date.
pub const PROMISE_DAYS_AHEAD_MAX: u64 = 90;
/// Days ahead that a pause can end at most; a longer one is an exclusion.
pub const PAUSE_DAYS_MAX: u64 = 366;
/// Most people one note is meant for.
pub const MENTIONS_MAX: usize = 10;
/// Longest note.
pub const NOTE_CHARS_MAX: usize = 2_000;
/// The step that a flag set by hand names.
pub const BY_HAND: &str = "by_hand";

/// Something asked of the handling of an invoice.
#[derive(Debug, Clone)]
pub enum Handle {
    /// The payer gives a word. `grace_days` are the rule's.
    Promise {
        amount: Money,
        day: NaiveDate,
        by: Hidden,
        grace_days: u8,
    },
    WithdrawPromise {
        reason: String,
    },
    Dispute {
        reason: String,
    },
    CloseDispute {
        outcome: DisputeOutcome,
        reason: String,
    },
    Pause {
        reason: String,
        until: Option<NaiveDate>,
    },
    Resume,
    Exclude {
        reason: String,
    },
    Include,
    /// Of the instalment, or of the first that is owed.
    Flag {
        instalment: Option<u16>,
    },
    ClearFlag,
    AssignOwner {
        owner: Option<Email>,
    },
    Note {
        text: String,
        mentions: Vec<PersonId>,
    },
    Escalate {
        to: EscalatedTo,
        reason: String,
    },
    ReverseEscalation {
        reason: String,
    },
    /// As [`sendable`] answered.
    Send {
        instalment: u16,
        step: String,
    },
    OpenTask {
        task: TaskId,
        kind: TaskKind,
        step: Option<String>,
        due: NaiveDate,
        owner: Option<Email>,
    },
    AddQuestion {
        task: TaskId,
    },
    AssignTask {
        task: TaskId,
        owner: Option<Email>,
    },
    DoTask {
        task: TaskId,
        outcome: String,
        note: String,
    },
}

/// Why a command about the handling was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotHandled {
    #[error("use a day from {earliest} to {latest}")]
    DayOutOfRange { earliest: NaiveDate, latest: NaiveDate },
    #[error("there is no open promise")]
    NoOpenPromise,
    #[error("it is disputed already")]
    DisputedAlready,
    #[error("it is not disputed")]
    NotDisputed,
    #[error("it was handed on to {}; reverse that first", .to.as_str())]
    Escalated { to: EscalatedTo },
    #[error("it was not handed on")]
    NotEscalated,
    #[error("the rule of the invoice has no message of that name")]
    NoSuchStep,
    #[error("the rule has no message left for it")]
    NothingToSend,
    #[error("that message went out, or was left out, before")]
    StepDone,
    #[error("that message is no part of it: {why}")]
    StepDropped { why: &'static str },
    #[error("no message goes out now: {}", .why.code())]
    NotNow { why: Why },
    #[error("there is no such open task")]
    NoSuchTask,
    #[error("it has {OPEN_TASKS_MAX} open tasks, the most there can be")]
    TooManyTasks,
}

type Decided = Result<Vec<Event>, Refusal>;

/// Decides a command about the handling.
pub(super) fn decide(invoice: &Invoice, command: Handle, now: DateTime<Utc>) -> Decided {
    let handling = &invoice.handling;
    match command {
        Handle::Promise { amount, day, by, grace_days } => {
            promise(invoice, amount, day, by, grace_days, now)
        }
        Handle::WithdrawPromise { reason } => withdraw_promise(handling, reason),
        Handle::Dispute { reason } => {
            owed(invoice)?;
            if handling.dispute.is_some() {
                return Err(NotHandled::DisputedAlready.into());
            }
            one(Handled::DisputeOpened { reason })
        }
        Handle::CloseDispute { outcome, reason } => {
            handling.dispute.as_ref().ok_or(NotHandled::NotDisputed)?;
            one(Handled::DisputeClosed { outcome, reason })
        }
        Handle::Pause { reason, until } => pause(invoice, reason, until, now),
        Handle::Resume => when(handling.paused.is_some(), Handled::Resumed),
        Handle::Exclude { reason } => {
            owed(invoice)?;
            when(handling.excluded.is_none(), Handled::Excluded { reason })
        }
        Handle::Include => when(handling.excluded.is_some(), Handled::Included),
        Handle::Flag { instalment } => flag(invoice, instalment),
        Handle::ClearFlag => {
            let flagged = invoice.instalments.iter().filter(|it| it.chase.flagged);
            Ok(flagged.map(|it| Event::AccountCleared { instalment: it.number }).collect())
        }
        Handle::AssignOwner { owner } => {
            when(handling.owner != owner, Handled::OwnerAssigned { owner })
        }
        Handle::Note { text, mentions } => one(Handled::Noted { text, mentions }),
        Handle::Escalate { to, reason } => escalate(invoice, to, reason),
        Handle::ReverseEscalation { reason } => {
            handling.escalation.as_ref().ok_or(NotHandled::NotEscalated)?;
            one(Handled::EscalationReversed { reason })
        }
        Handle::Send { instalment, step } => {
            owed(invoice)?;
            let asked = AskedStep { instalment, step: step.clone() };
            when(handling.asked != Some(asked), Handled::SendAsked { instalment, step })
        }
        Handle::OpenTask { .. }
        | Handle::AddQuestion { .. }
        | Handle::AssignTask { .. }
        | Handle::DoTask { .. } => decide_task(handling, command),
    }
}

fn decide_task(handling: &Handling, command: Handle) -> Decided {
    let known = |task: &TaskId| {
        let open = handling.tasks.iter().find(|open| open.id == *task);
        open.map(|open| open.kind).ok_or(NotHandled::NoSuchTask)
    };
    match command {
        Handle::OpenTask { task, kind, step, due, owner } => {
            if handling.tasks.len() >= OPEN_TASKS_MAX {
                return Err(NotHandled::TooManyTasks.into());
            }
            one(Handled::TaskOpened { task, kind, step, due, owner })
        }
        Handle::AddQuestion { task } => {
            known(&task)?;
            one(Handled::QuestionAdded { task })
        }
        Handle::AssignTask { task, owner } => {
            known(&task)?;
            one(Handled::TaskAssigned { task, owner })
        }
        Handle::DoTask { task, outcome, note } => {
            let kind = known(&task)?;
            one(Handled::TaskDone { task, kind, outcome, note })
        }
        _ => Ok(Vec::new()),
    }
}

/// An invoice in force on which something is owed.
pub(super) fn owed(invoice: &Invoice) -> Result<(), Refusal> {
    if !invoice.is_active() {
        return Err(Refusal::Canceled);
    }
    if invoice.is_settled() { Err(Refusal::AlreadyPaid) } else { Ok(()) }
}

/// A word for no more than will be owed on its day. A new one takes the place of the open one.
fn promise(
    invoice: &Invoice,
    amount: Money,
    day: NaiveDate,
    by: Hidden,
    grace_days: u8,
    now: DateTime<Utc>,
) -> Decided {
    owed(invoice)?;
    let earliest = invoice.civil_date(now);
    let latest = earliest + Days::new(PROMISE_DAYS_AHEAD_MAX);
    if day < earliest || day > latest {
        return Err(NotHandled::DayOutOfRange { earliest, latest }.into());
    }
    let available = invoice.outstanding(day);
    if !amount.is_positive() || amount > available {
        return Err(Refusal::OverBalance { available });
    }
    let open = invoice.handling.open_promise();
    let same = |known: &&super::Promise| {
        (known.amount, known.day, known.by.as_str()) == (amount, day, by.as_str())
    };
    if open.is_some_and(|known| same(&known)) {
        return Ok(Vec::new());
    }
    // The first instant after its day and the grace.
    let after = day + Days::new(u64::from(grace_days) + 1);
    let checked_at = zone::instant_at(after, NaiveTime::MIN, invoice.issuing.zone);
    let replaces = open.map(|known| known.day);
    one(Handled::PromiseMade { amount, day, by, checked_at, replaces })
}

fn withdraw_promise(handling: &Handling, reason: String) -> Decided {
    let state = handling.promise.as_ref().map(|promise| promise.state);
    match state {
        Some(PromiseState::Open) => one(Handled::PromiseWithdrawn { reason }),
        Some(PromiseState::Withdrawn) => Ok(Vec::new()),
        Some(PromiseState::Kept | PromiseState::Broken) | None => {
            Err(NotHandled::NoOpenPromise.into())
        }
    }
}

fn pause(
    invoice: &Invoice,
    reason: String,
    until: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Decided {
    owed(invoice)?;
    let today = invoice.civil_date(now);
    let (earliest, latest) = (today + Days::new(1), today + Days::new(PAUSE_DAYS_MAX));
    if until.is_some_and(|day| day < earliest || day > latest) {
        return Err(NotHandled::DayOutOfRange { earliest, latest }.into());
    }
    let known = invoice.handling.paused.as_ref();
    let same = known.is_some_and(|known| known.until == until && known.reason == reason);
    when(!same, Handled::Paused { reason, until })
}

fn flag(invoice: &Invoice, number: Option<u16>) -> Decided {
    owed(invoice)?;
    let instalment = match number {
        Some(number) => find(invoice, number)?,
        None => {
            let first = invoice.instalments.iter().find(|it| !it.is_settled());
            first.ok_or(Refusal::AlreadyPaid)?
        }
    };
    if instalment.is_settled() {
        return Err(Refusal::AlreadyPaid);
    }
    let (instalment, flagged) = (instalment.number, instalment.chase.flagged);
    let event = Event::AccountFlagged { instalment, step: BY_HAND.to_owned() };
    Ok(if flagged { Vec::new() } else { vec![event] })
}

fn escalate(invoice: &Invoice, to: EscalatedTo, reason: String) -> Decided {
    owed(invoice)?;
    match &invoice.handling.escalation {
        Some(known) if known.to == to => Ok(Vec::new()),
        Some(known) => Err(NotHandled::Escalated { to: known.to }.into()),
        None => one(Handled::Escalated { to, reason }),
    }
}

/// The message that goes out when a person asks for one now: the named one, or the next. It may still
/// wait for the hours in which the payer may be written to.
///
/// # Errors
/// Where nothing would go out, with the reason that [`chase::decide`] gives.
pub fn sendable(
    invoice: &Invoice,
    rule: &Rule,
    customer: CustomerFacts<'_>,
    (number, step): (Option<u16>, Option<&str>),
    now: DateTime<Utc>,
) -> Result<AskedStep, Refusal> {
    owed(invoice)?;
    let instalment = match number {
        Some(number) => find(invoice, number)?,
        None => {
            let first = invoice.instalments.iter().find(|it| !it.is_settled());
            first.ok_or(Refusal::AlreadyPaid)?
        }
    };
    let calendar = invoice.calendar();
    let facts = chase::Facts {
        customer: Some(customer),
        ..invoice.chase_facts(instalment, &calendar, now)
    };
    let messages = || rule.steps.iter().filter(|step| step.is_message());
    if step.is_some_and(|named| !messages().any(|step| step.id == named)) {
        return Err(NotHandled::NoSuchStep.into());
    }
    let fates = chase::explain(&facts, rule, now);
    let found = fates.iter().find(|(known, fate)| match step {
        Some(named) => known.id == named,
        None => known.is_message() && matches!(fate, StepFate::Planned(_)),
    });
    let step = match found {
        Some((step, StepFate::Planned(_))) => step.id.clone(),
        Some((_, StepFate::Done(_))) => return Err(NotHandled::StepDone.into()),
        Some((_, StepFate::Dropped(why))) => {
            return Err(NotHandled::StepDropped { why: why.code() }.into());
        }
        None => {
            let why = match chase::decide(&facts, rule, now) {
                Decision::Silent { why } => NotHandled::NotNow { why },
                _ => NotHandled::NothingToSend,
            };
            return Err(why.into());
        }
    };
    let asked = AskedStep { instalment: instalment.number, step };
    let handling = Handling { asked: Some(asked.clone()), ..invoice.handling.clone() };
    match chase::decide(&chase::Facts { handling: &handling, ..facts }, rule, now) {
        Decision::Send { .. } | Decision::Wait { why: Why::QuietHours, .. } => Ok(asked),
        Decision::Wait { why, .. } | Decision::Silent { why } | Decision::Skip { why, .. } => {
            Err(NotHandled::NotNow { why }.into())
        }
        Decision::Task { .. } | Decision::Escalate { .. } => Err(NotHandled::NothingToSend.into()),
    }
}

/// The tasks that events ask for, with the step of the rule where one did.
pub fn tasks_asked(events: &[Event]) -> impl Iterator<Item = (TaskKind, Option<&str>)> {
    events.iter().filter_map(|event| match event {
        Event::AccountFlagged { step, .. } => {
            let step = (step != BY_HAND).then_some(step.as_str());
            Some((TaskKind::FlaggedAccount, step))
        }
        Event::ChaseEnded { .. } => Some((TaskKind::RuleEnded, None)),
        Event::Handled(Handled::PromiseBroken { .. }) => Some((TaskKind::BrokenPromise, None)),
        Event::Handled(Handled::DisputeOpened { .. }) => Some((TaskKind::Dispute, None)),
        _ => None,
    })
}

fn one(event: Handled) -> Decided {
    Ok(vec![Event::Handled(event)])
}

fn when(happens: bool, event: Handled) -> Decided {
    Ok(if happens { vec![Event::Handled(event)] } else { Vec::new() })
}
