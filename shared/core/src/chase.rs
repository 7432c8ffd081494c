//! The collection rule and its one decision: facts + rule + now -> send, wait, finish or stay
//! silent, always with the reason.
//!
//! Owns when a step falls due, the window messages may go out in, and which of several due steps
//! wins. Does not send and does not store: the sweep, the API's `next_action` and the pages all ask
//! [`decide`], so they cannot disagree.
//!
//! **Time has distinct meanings.** *Nominal*: the local hour a step asks for. *Slot*: the nominal
//! instant moved to the next moment messages are allowed. *Now*: the argument. A step is due when
//! `slot <= now` and it is not done, never "when it is the day"; after an outage only the highest
//! due step goes out and the lower ones are marked covered.

mod rule;
mod window;

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::calendar::BankCalendar;
use crate::zone;

pub use rule::{DEFAULT_RULE_VERSION, Effect, Rule, Step, Template, Tone, When};
pub use window::SendWindow;

/// What happened to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// At least one channel took the message.
    Sent,
    /// A higher step went out instead.
    Covered,
    /// No channel took it; a person has to look at the contacts.
    Failed,
    /// A step without a message did its effects.
    Done,
}

/// What the ledger of one instalment remembers of the chase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChaseState {
    pub done: BTreeMap<String, StepOutcome>,
    pub last_touch_at: Option<DateTime<Utc>>,
    /// The account was flagged for its owner; cleared by payment.
    pub flagged: bool,
    /// The rule has run out; only a person goes on.
    pub ended: bool,
}

/// Why the chase of an instalment stands still though nothing was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Money went back to the payer; a person decides how to go on.
    Refunded,
    /// A Pix came that could not be credited by itself; a person allocates it.
    PaymentInDoubt,
}

/// Everything the decision rests on, gathered from one instalment.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// When the current charge became payable; `None` while the bank has not taken it.
    pub issued_at: Option<DateTime<Utc>>,
    pub adjusted_due: NaiveDate,
    /// Last day on which the charge can be paid; no message asks for it later.
    pub last_payable: NaiveDate,
    /// Whether the charge is the debt's first; a later one is not awaited by anybody.
    pub is_first_charge: bool,
    pub settled: bool,
    pub canceled: bool,
    pub hold: Option<Hold>,
    pub state: &'a ChaseState,
    pub calendar: &'a BankCalendar,
    pub zone: Tz,
}

/// The answer for one instalment at one instant.
#[derive(Debug, PartialEq)]
pub enum Decision<'a> {
    /// Send this step now; the steps in `covers` count as done with it.
    Send { step: &'a Step, covers: Vec<&'a Step> },
    /// Nothing before this instant.
    Wait { step: &'a Step, until: DateTime<Utc>, why: Why },
    /// Nothing will be sent until a fact changes.
    Silent { why: Why },
}

/// The reason of a wait or of silence. Every skip has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    NotYetDue,
    QuietHours,
    MinimumGap,
    NoChargeYet,
    Settled,
    Canceled,
    OnHold,
    RuleEnded,
}

impl Why {
    pub fn code(self) -> &'static str {
        match self {
            Self::NotYetDue => "not_yet_due",
            Self::QuietHours => "quiet_hours",
            Self::MinimumGap => "minimum_gap",
            Self::NoChargeYet => "no_charge_yet",
            Self::Settled => "settled",
            Self::Canceled => "canceled",
            Self::OnHold => "on_hold",
            Self::RuleEnded => "rule_ended",
        }
    }
}

/// Decides what one instalment's chase does at `now`.
pub fn decide<'a>(facts: &Facts<'_>, rule: &'a Rule, now: DateTime<Utc>) -> Decision<'a> {
    if let Some(why) = silence(facts) {
        return Decision::Silent { why };
    }
    let Some(issued_at) = facts.issued_at else {
        return Decision::Silent { why: Why::NoChargeYet };
    };
    let slots = open_slots(facts, rule, issued_at, now);
    let due = slots.iter().filter(|(_, slot)| *slot <= now).count();
    let Some((step, slot)) = slots[..due].last().or_else(|| slots.first()).copied() else {
        return Decision::Silent { why: Why::RuleEnded };
    };
    if due == 0 {
        return Decision::Wait { step, until: slot, why: Why::NotYetDue };
    }
    if let Some((until, why)) = held_back(facts, rule, step, now) {
        return Decision::Wait { step, until, why };
    }
    let covers = slots[..due - 1].iter().map(|(step, _)| *step).collect();
    Decision::Send { step, covers }
}

/// The instant the chase wants to be looked at again, or `None` when only a new fact can wake it.
pub fn wakes_at(facts: &Facts<'_>, rule: &Rule, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match decide(facts, rule, now) {
        Decision::Send { .. } => Some(now),
        Decision::Wait { until, .. } => Some(until),
        Decision::Silent { .. } => None,
    }
}

fn silence(facts: &Facts<'_>) -> Option<Why> {
    if facts.settled {
        Some(Why::Settled)
    } else if facts.canceled {
        Some(Why::Canceled)
    } else if facts.hold.is_some() {
        Some(Why::OnHold)
    } else {
        None
    }
}

/// The steps still open, with their slots, in the rule's order.
///
/// A step leaves the list when it is done, when its hour had passed before the charge was issued
/// (the first message already says all it would), when it announces a due date that is past, or
/// when the charge can no longer be paid: such a reminder is dropped, never sent late.
fn open_slots<'a>(
    facts: &Facts<'_>,
    rule: &'a Rule,
    issued_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<(&'a Step, DateTime<Utc>)> {
    let today = zone::civil_date(now, facts.zone);
    let open = |step: &&Step| !facts.state.done.contains_key(step.id);
    let slot = |step: &'a Step| match step.when {
        When::OnIssue => Some((step, issued_at)),
        When::DaysFromDue(days) => {
            let nominal = nominal_at(facts, rule, days);
            let slot = rule.window.next_allowed(nominal, facts.calendar, facts.zone);
            let slot_day = zone::civil_date(slot, facts.zone);
            let announces = days <= 0;
            let stale = announces && today.max(slot_day) > facts.adjusted_due;
            let vain = step.template.is_some() && today.max(slot_day) > facts.last_payable;
            (nominal >= issued_at && !stale && !vain).then_some((step, slot))
        }
    };
    rule.steps.iter().filter(open).filter_map(slot).collect()
}

fn nominal_at(facts: &Facts<'_>, rule: &Rule, days: i16) -> DateTime<Utc> {
    let shift = Days::new(u64::from(days.unsigned_abs()));
    let day = if days < 0 {
        facts.adjusted_due.checked_sub_days(shift)
    } else {
        facts.adjusted_due.checked_add_days(shift)
    };
    zone::instant_at(day.unwrap_or(facts.adjusted_due), rule.send_at, facts.zone)
}

/// Why a due step must wait all the same: the gap after the last message, or quiet hours. The first
/// message is the answer to a purchase and goes out at once; that of a later charge only keeps the
/// quiet hours, since the payer holds a code that no longer works; a step without a message
/// disturbs nobody.
fn held_back(
    facts: &Facts<'_>,
    rule: &Rule,
    step: &Step,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, Why)> {
    let announces_code = step.when == When::OnIssue;
    if step.channels.is_empty() || (announces_code && facts.is_first_charge) {
        return None;
    }
    let rested = facts.state.last_touch_at.map_or(now, |at| at + rule.min_gap);
    if rested > now && !announces_code {
        let until = rule.window.next_allowed(rested, facts.calendar, facts.zone);
        return Some((until, Why::MinimumGap));
    }
    let allowed = rule.window.next_allowed(now, facts.calendar, facts.zone);
    (allowed > now).then_some((allowed, Why::QuietHours))
}

#[cfg(test)]
mod tests;
