//! What a person changes about a debt: rebate, credit note, write-off, a later due date.
//!
//! Owns which changes are allowed and what the charge becomes after them. Every change takes a
//! reason; the pay page keeps its address, and the bank gets a charge for what is left.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::decide::{find, reissue_for_change};
use super::draft::DUE_DAYS_AHEAD_MAX;
use super::{Event, Instalment, Invoice, Lifecycle, Refusal, evolve};
use crate::debt::Debt;
use crate::money::Money;
use crate::terms::AmountDue;

/// Why less is owed, or owed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// *Abatimento*: a part of the price is given up.
    Rebate,
    /// A document of the merchant's takes a part of the sale back.
    CreditNote,
    /// What is left is given up as lost.
    WriteOff,
    /// A write-off is taken back, because money came after all.
    Reinstatement,
}

impl Adjustment {
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Rebate => "instalment.rebate_granted",
            Self::CreditNote => "instalment.credit_noted",
            Self::WriteOff => "instalment.written_off",
            Self::Reinstatement => "instalment.reinstated",
        }
    }
}

/// One change, as it was asked for.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub instalment: u16,
    pub reason: String,
}

type Decided = Result<Vec<Event>, Refusal>;

/// Takes `amount` off the principal.
pub(super) fn reduce(
    invoice: &Invoice,
    change: Change,
    kind: Adjustment,
    amount: Money,
    document: Option<String>,
    now: DateTime<Utc>,
) -> Decided {
    let instalment = changeable(invoice, change.instalment)?;
    let due = invoice.amount_due(instalment, invoice.civil_date(now));
    let available = due.original - due.rebate;
    if !amount.is_positive() || amount > available {
        return Err(Refusal::OverBalance { available });
    }
    // Without a principal there is nothing that could have been late.
    let whole = amount == available;
    let debt =
        if whole { Some(instalment.debt.closed()) } else { instalment.debt.less(&due, amount) };
    let debt = debt.ok_or(Refusal::OverBalance { available })?;
    let event = adjusted(change, kind, amount, due.rebate, document, debt);
    Ok(followed(invoice, event, now))
}

/// Gives up what is left.
pub(super) fn write_off(invoice: &Invoice, change: Change, now: DateTime<Utc>) -> Decided {
    let instalment = find(invoice, change.instalment)?;
    if instalment.is_settled() && instalment.written_off.is_positive() {
        return Ok(Vec::new());
    }
    let instalment = changeable(invoice, instalment.number)?;
    let due = invoice.amount_due(instalment, invoice.civil_date(now));
    let amount = due.original - due.rebate;
    let debt = instalment.debt.closed();
    let event = adjusted(change, Adjustment::WriteOff, amount, due.rebate, None, debt);
    Ok(followed(invoice, event, now))
}

/// Takes a write-off back as far as `amount` pays for.
pub(super) fn reinstated(
    invoice: &Invoice,
    instalment: &Instalment,
    amount: Money,
    due: &AmountDue,
) -> Option<Event> {
    let amount = amount.min(instalment.written_off);
    let back = crate::debt::Split { principal: amount, ..Default::default() };
    let reason = "money came for what had been written off".to_owned();
    let change = Change { instalment: instalment.number, reason };
    let debt: Debt = Debt { arrears: None, ..instalment.debt.restored(due, &back) };
    let event = adjusted(change, Adjustment::Reinstatement, amount, Money::ZERO, None, debt);
    (invoice.is_active() && amount.is_positive()).then_some(event)
}

/// Agrees on a later due date.
pub(super) fn extend(
    invoice: &Invoice,
    change: Change,
    due_date: NaiveDate,
    now: DateTime<Utc>,
) -> Decided {
    let instalment = changeable(invoice, change.instalment)?;
    if instalment.terms.due_date == due_date {
        return Ok(Vec::new());
    }
    let today = invoice.civil_date(now);
    let latest = today + Days::new(DUE_DAYS_AHEAD_MAX);
    let earliest = today.max(instalment.terms.due_date);
    if due_date < earliest || due_date > latest {
        return Err(Refusal::DueDateOutOfRange { earliest, latest });
    }
    let debt =
        Debt { arrears: None, changes: instalment.debt.changes + 1, ..instalment.debt.clone() };
    let Change { instalment, reason } = change;
    let event = Event::DueDateExtended { instalment, due_date, reason, debt };
    Ok(followed(invoice, event, now))
}

fn adjusted(
    change: Change,
    kind: Adjustment,
    amount: Money,
    rebate: Money,
    document: Option<String>,
    debt: Debt,
) -> Event {
    let Change { instalment, reason } = change;
    Event::Adjusted { instalment, kind, amount, rebate, reason, document, debt }
}

/// An instalment of an invoice in force that is still owed.
fn changeable(invoice: &Invoice, number: u16) -> Result<&Instalment, Refusal> {
    let instalment = find(invoice, number)?;
    if !matches!(invoice.lifecycle, Lifecycle::Active) {
        return Err(Refusal::Canceled);
    }
    if instalment.is_settled() {
        return Err(Refusal::AlreadyPaid);
    }
    Ok(instalment)
}

/// The change, and the charge for what is left of it.
pub(super) fn followed(invoice: &Invoice, event: Event, now: DateTime<Utc>) -> Vec<Event> {
    let after = evolve(invoice.clone(), &event, now);
    let (number, reason) = match &event {
        Event::Adjusted { instalment, .. } => (*instalment, "the amount was changed"),
        Event::DueDateExtended { instalment, .. } => (*instalment, "a later due date was agreed"),
        Event::PaymentMatched { instalment, .. } => (*instalment, "a part of it was paid"),
        _ => return vec![event],
    };
    let mut events = vec![event];
    let Some(instalment) = after.instalment(number) else { return events };
    if !instalment.is_settled() {
        events.extend(reissue_for_change(&after, instalment, reason, now));
    } else {
        events.extend(closing(&after, instalment));
    }
    events
}

/// What else is over when an instalment is closed.
fn closing(invoice: &Invoice, instalment: &Instalment) -> Vec<Event> {
    let mut events = Vec::new();
    if instalment.chase.flagged {
        events.push(Event::AccountCleared { instalment: instalment.number });
    }
    if !invoice.is_settled() {
        return events;
    }
    if matches!(invoice.lifecycle, Lifecycle::Canceling { .. }) {
        let reason = "it was paid before its charges were removed".to_owned();
        events.push(Event::CancelRefused { reason });
    }
    let amount: Money = invoice.instalments.iter().map(Instalment::received).sum();
    if amount.is_positive() {
        events.push(Event::Paid { amount });
    }
    events
}
