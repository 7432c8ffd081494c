//! The collection rule and its one decision: facts + rule + now -> send, task, escalate, skip, wait
//! or stay silent, always with the reason.
//!
//! Owns when a step falls due, the window messages may go out in, and which of several due steps
//! wins. Does not send and does not store: the sweep, its dry run, the API's `next_action` and the
//! pages all ask [`decide`], so they cannot disagree.
//!
//! **Time has distinct meanings.** *Nominal*: the local hour a step asks for. *Slot*: the nominal
//! instant moved to the next moment messages are allowed. *Now*: the argument. A step is due when
//! `slot <= now` and it is not done, never "when it is the day"; after an outage only the highest
//! due step goes out and the lower ones are marked covered.
//!
//! **What resets a chase.** A later due date: all steps are ahead again. A charge in place of
//! another: [`FIRST_STEP`] alone is done again. A part payment, a promise, a pause, a dispute: none;
//! the step is found anew from dates, and those whose time passed meanwhile are covered by the
//! highest. Moving to another rule: none; steps of the same id stay done, and what the new rule
//! would have sent before the move is not sent. Only its end is: a chase whose end has passed ends
//! at once, and one that had ended goes on and ends anew.

mod draft;
mod name;
mod names;
mod rule;
mod segment;
mod slots;
mod stored;
mod window;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::calendar::BankCalendar;
use crate::care::{Care, Segment};
use crate::invoice::Handling;
use crate::money::Money;
use crate::zone;
use slots::{Fate, falls_away_at, slots};

pub use draft::{
    CapsDraft, ConditionsDraft, HowDraft, Known, RuleDraft, STEP_ID_CHARS_MAX, STEPS_MAX, Serves,
    StepDraft, WhenDraft, WindowDraft,
};
pub use name::{RuleName, RuleNameError};
pub use rule::{
    Audience, Caps, Conditions, DEFAULT_RULE_VERSION, Effect, FIRST_STEP, How, InstalmentIs, Phase,
    Rule, Step, Tone, Unit, Way, When,
};
pub use segment::{
    SEGMENTS_MAX, SegmentCondition, SegmentConditionDraft, SegmentDraft, SegmentFacts, SegmentRule,
    check_segments, parse_segment, rule_for, segment_for,
};
pub use stored::{RuleHead, RuleRef, RuleVersion, VERSIONS_MAX};
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
    /// Not sent to this invoice, so that what reminders bring can be seen.
    HeldOut,
    /// Firmer than customers of this tier are spoken to.
    TooFirm,
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
    pub opened_at: DateTime<Utc>,
    /// When the current charge became payable; `None` while the bank has not taken it.
    pub issued_at: Option<DateTime<Utc>>,
    pub adjusted_due: NaiveDate,
    /// Last day on which the charge can be paid; no message asks for it later.
    pub last_payable: NaiveDate,
    /// Whether the charge is the debt's first; a later one is not awaited by anybody.
    pub is_first_charge: bool,
    /// What is owed today.
    pub amount: Money,
    /// What is owed without late charges: time alone does not change it.
    pub principal: Money,
    pub place: Place,
    /// When money last came in for it.
    pub last_paid_at: Option<DateTime<Utc>>,
    pub settled: bool,
    pub canceled: bool,
    pub hold: Option<Hold>,
    pub handling: &'a Handling,
    pub state: &'a ChaseState,
    /// 0 to 99, the same for an invoice for life: below the rule's hold-out share it gets no reminder.
    pub draw: u8,
    pub calendar: &'a BankCalendar,
    /// Zone of dates.
    pub zone: Tz,
    /// Zone of the hours in which the customer may be written to.
    pub customer_zone: Tz,
    /// `None` where the customer was not read: the answer is then no later than with it.
    pub customer: Option<CustomerFacts<'a>>,
}

/// Which instalment of how many; both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub number: u16,
    pub count: u16,
}

/// What the decision takes from the customer.
#[derive(Debug, Clone, Copy)]
pub struct CustomerFacts<'a> {
    pub care: &'a Care,
    /// Money of the customer's that no invoice has.
    pub credit: Money,
}

/// The answer for one instalment at one instant. `covers` are lower steps that count as done with it.
#[derive(Debug, PartialEq)]
pub enum Decision<'a> {
    /// Send this step's message now.
    Send { step: &'a Step, covers: Vec<&'a Step> },
    /// Nobody is written to: a person is asked, or an event is told.
    Task { step: &'a Step, covers: Vec<&'a Step> },
    /// The rule has run out; a person takes over.
    Escalate { step: &'a Step, covers: Vec<&'a Step> },
    /// The step's message is left out for good; its effects are not.
    Skip { step: &'a Step, covers: Vec<&'a Step>, why: Why },
    /// Nothing before this instant.
    Wait { step: &'a Step, until: DateTime<Utc>, why: Why },
    /// Nothing will be sent until a fact changes.
    Silent { why: Why },
}

/// The reason of a skip, of a wait or of silence. Every one has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    NotYetDue,
    QuietHours,
    MinimumGap,
    /// The customer had as many messages as the rule allows.
    Capped,
    RecentPayment,
    Promised,
    Paused,
    NoChargeYet,
    Settled,
    Canceled,
    OnHold,
    Disputed,
    Excluded,
    Escalated,
    /// Money of the customer's is there and covers it.
    CreditCovers,
    RuleEnded,
    HoldOut,
    ToneCap,
}

impl Why {
    pub fn code(self) -> &'static str {
        match self {
            Self::NotYetDue => "not_yet_due",
            Self::QuietHours => "quiet_hours",
            Self::MinimumGap => "minimum_gap",
            Self::Capped => "capped",
            Self::RecentPayment => "recent_payment",
            Self::Promised => "promised",
            Self::Paused => "paused",
            Self::NoChargeYet => "no_charge_yet",
            Self::Settled => "settled",
            Self::Canceled => "canceled",
            Self::OnHold => "on_hold",
            Self::Disputed => "disputed",
            Self::Excluded => "excluded",
            Self::Escalated => "escalated",
            Self::CreditCovers => "credit_covers",
            Self::RuleEnded => "rule_ended",
            Self::HoldOut => "hold_out",
            Self::ToneCap => "tone_cap",
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
    let open: Vec<(&Step, DateTime<Utc>)> = slots(facts, rule, issued_at, now)
        .into_iter()
        .filter_map(|(step, fate)| match fate {
            Fate::Open(slot) => Some((step, slot)),
            Fate::Done(_) | Fate::Dropped(_) => None,
        })
        .collect();
    let due = open.iter().filter(|(_, slot)| *slot <= now).count();
    if let Some(nth) = open.iter().position(|(step, _)| is_asked(facts, step)) {
        let covers = open[..nth.min(due)].iter().map(|(step, _)| *step).collect();
        return act_as_asked(facts, rule, open[nth].0, covers, now);
    }
    let Some((step, slot)) = open[..due].last().or_else(|| open.first()).copied() else {
        return Decision::Silent { why: Why::RuleEnded };
    };
    let below = &open[..due.saturating_sub(1)];
    if let Some((rests, why)) = rest(facts, rule, step, now) {
        let Some(until) = rests else { return Decision::Silent { why } };
        // Until then other steps may fall due: the later of the two is what is waited for.
        let until = sooner(facts, step, below, until.max(slot));
        return Decision::Wait { step, until, why };
    }
    if due == 0 {
        return Decision::Wait { step, until: slot, why: Why::NotYetDue };
    }
    let covers = below.iter().map(|(step, _)| *step).collect();
    match act(facts, rule, step, covers, now) {
        Decision::Wait { step, until, why } => {
            // What writes to nobody is not held back, and may fall due meanwhile.
            let unheld = |step: &Step| !step.is_message() || left_out(facts, rule, step).is_some();
            let next = open[due..].iter().find(|(step, _)| unheld(step));
            let until = next.map_or(until, |(_, slot)| until.min(*slot));
            Decision::Wait { step, until: sooner(facts, step, below, until), why }
        }
        decision => decision,
    }
}

/// Whether a person asked for this step's message ahead of its time.
fn is_asked(facts: &Facts<'_>, step: &Step) -> bool {
    let asked = facts.handling.asked.as_ref();
    let of_it = asked.filter(|asked| asked.instalment == facts.place.number);
    step.is_message() && of_it.is_some_and(|asked| asked.step == step.id)
}

/// What is done of a message that a person asked for: its day, the gap and the caps do not hold it
/// back; a rest, what is left out for good, and quiet hours do.
fn act_as_asked<'a>(
    facts: &Facts<'_>,
    rule: &Rule,
    step: &'a Step,
    covers: Vec<&'a Step>,
    now: DateTime<Utc>,
) -> Decision<'a> {
    if let Some((rests, why)) = rest(facts, rule, step, now) {
        return match rests {
            Some(until) => Decision::Wait { step, until, why },
            None => Decision::Silent { why },
        };
    }
    if let Some(why) = left_out(facts, rule, step) {
        return Decision::Skip { step, covers, why };
    }
    let until = rule.window.next_allowed(now, facts.calendar, facts.customer_zone);
    if until > now {
        return Decision::Wait { step, until, why: Why::QuietHours };
    }
    Decision::Send { step, covers }
}

/// When to look again at a step that waits until `until`. Where its time runs out before, one of
/// those that are due `below` it may be free by then.
fn sooner(
    facts: &Facts<'_>,
    step: &Step,
    below: &[(&Step, DateTime<Utc>)],
    until: DateTime<Utc>,
) -> DateTime<Utc> {
    let over = falls_away_at(facts, step).filter(|over| {
        below.iter().any(|(step, _)| falls_away_at(facts, step).is_none_or(|at| at > *over))
    });
    over.map_or(until, |over| until.min(over))
}

/// What is done of a step that is due.
fn act<'a>(
    facts: &Facts<'_>,
    rule: &Rule,
    step: &'a Step,
    covers: Vec<&'a Step>,
    now: DateTime<Utc>,
) -> Decision<'a> {
    if step.ends_chase() && !step.is_message() {
        return Decision::Escalate { step, covers };
    }
    if !step.is_message() {
        return Decision::Task { step, covers };
    }
    if let Some(why) = left_out(facts, rule, step) {
        return Decision::Skip { step, covers, why };
    }
    match held_back(facts, rule, step, now) {
        Some((until, why)) => Decision::Wait { step, until, why },
        None => Decision::Send { step, covers },
    }
}

/// The fate of a step, for people who ask what comes and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepFate {
    Done(StepOutcome),
    /// It comes then, unless a fact changes.
    Planned(DateTime<Utc>),
    /// It does not come.
    Dropped(Dropped),
}

/// Why a step of the rule is no part of an instalment's chase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Its conditions do not hold.
    NotForThis,
    /// Its hour had passed before the charge, or the rule, was there.
    BeforeItsTime,
    /// It announces a due date that is past.
    AnnouncesThePast,
    /// The charge can no longer be paid by then.
    NoLongerPayable,
}

impl Dropped {
    pub fn code(self) -> &'static str {
        match self {
            Self::NotForThis => "not_for_this",
            Self::BeforeItsTime => "before_its_time",
            Self::AnnouncesThePast => "announces_the_past",
            Self::NoLongerPayable => "no_longer_payable",
        }
    }
}

/// What becomes of each step, in the order they fall due. What [`decide`] answers concerns the
/// first that is planned, or the last of those that are due.
pub fn explain<'a>(
    facts: &Facts<'_>,
    rule: &'a Rule,
    now: DateTime<Utc>,
) -> Vec<(&'a Step, StepFate)> {
    let Some(issued_at) = facts.issued_at else { return Vec::new() };
    let told = |fate| match fate {
        Fate::Done(outcome) => StepFate::Done(outcome),
        Fate::Open(slot) => StepFate::Planned(slot),
        Fate::Dropped(why) => StepFate::Dropped(why),
    };
    let slots = slots(facts, rule, issued_at, now).into_iter();
    slots.map(|(step, fate)| (step, told(fate))).collect()
}

/// The instant the chase wants to be looked at again, or `None` when only a new fact can wake it.
/// Without the customer it is never later than with it.
pub fn wakes_at(facts: &Facts<'_>, rule: &Rule, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let told = wakes(facts, rule, now);
    let mut names: Vec<&String> = rule.steps.iter().flat_map(|it| &it.only.segments).collect();
    if facts.customer.is_some() || names.is_empty() {
        return told;
    }
    names.sort_unstable();
    names.dedup();
    // In which segment it is decides which step is the highest that is due: the earliest of all.
    let named = |name: &String| Some(Segment { name: name.clone(), by_hand: false });
    let each = names.into_iter().map(named).chain([None]).filter_map(|segment| {
        let care = Care { segment, ..Care::default() };
        let customer = Some(CustomerFacts { care: &care, credit: Money::ZERO });
        wakes(&Facts { customer, ..*facts }, rule, now)
    });
    told.into_iter().chain(each).min()
}

fn wakes(facts: &Facts<'_>, rule: &Rule, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match decide(facts, rule, now) {
        Decision::Send { .. }
        | Decision::Task { .. }
        | Decision::Escalate { .. }
        | Decision::Skip { .. } => Some(now),
        Decision::Wait { until, .. } => Some(until),
        Decision::Silent { .. } => None,
    }
}

fn silence(facts: &Facts<'_>) -> Option<Why> {
    let handling = facts.handling;
    let excluded = facts.customer.is_some_and(|customer| customer.care.excluded.is_some());
    if facts.settled {
        Some(Why::Settled)
    } else if facts.canceled {
        Some(Why::Canceled)
    } else if handling.escalation.is_some() {
        Some(Why::Escalated)
    } else if facts.hold.is_some() {
        Some(Why::OnHold)
    } else if handling.dispute.is_some() {
        Some(Why::Disputed)
    } else if handling.excluded.is_some() || excluded {
        Some(Why::Excluded)
    } else if facts.customer.is_some_and(|customer| customer.credit >= facts.amount) {
        Some(Why::CreditCovers)
    } else {
        None
    }
}

/// Why the whole chase rests though a step may be due, and until when; `None` until a person says so.
fn rest(
    facts: &Facts<'_>,
    rule: &Rule,
    step: &Step,
    now: DateTime<Utc>,
) -> Option<(Option<DateTime<Utc>>, Why)> {
    let paused = facts.handling.paused.iter();
    let paused = paused.chain(facts.customer.and_then(|customer| customer.care.paused.as_ref()));
    for pause in paused {
        let Some(day) = pause.until else { return Some((None, Why::Paused)) };
        let until = zone::instant_at(day, chrono::NaiveTime::MIN, facts.zone);
        if until > now {
            return Some((Some(until), Why::Paused));
        }
    }
    if let Some(promise) = facts.handling.open_promise() {
        // It is kept or broken when it was looked at; until then its day stands.
        return Some((Some(promise.checked_at.max(now)), Why::Promised));
    }
    let announces_code = step.when == When::OnIssue;
    let rested = facts.last_paid_at.map(|at| at + rule.rest_after_payment());
    let rested = rested.filter(|at| *at > now && !announces_code);
    rested.map(|until| (Some(until), Why::RecentPayment))
}

/// Why a message is left out for good.
fn left_out(facts: &Facts<'_>, rule: &Rule, step: &Step) -> Option<Why> {
    if step.when == When::OnIssue {
        return None;
    }
    let tier = facts.customer.map(|customer| customer.care.tier);
    let cap = tier.and_then(|tier| rule.tone_caps.get(&tier));
    let tone = step.how.as_ref().map(|how| how.tone);
    if facts.draw < rule.hold_out_percent {
        Some(Why::HoldOut)
    } else if cap.is_some_and(|cap| tone.is_some_and(|tone| tone > *cap)) {
        Some(Why::ToneCap)
    } else {
        None
    }
}

/// Why a due step must wait all the same: the gap after the last message, the caps, or quiet hours.
/// The first message is the answer to a purchase and goes out at once; that of a later charge only
/// keeps the quiet hours, since the payer holds a code that no longer works.
fn held_back(
    facts: &Facts<'_>,
    rule: &Rule,
    step: &Step,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, Why)> {
    let announces_code = step.when == When::OnIssue;
    if announces_code && facts.is_first_charge {
        return None;
    }
    let allowed = |at| rule.window.next_allowed(at, facts.calendar, facts.customer_zone);
    if !announces_code {
        let care = facts.customer.map(|customer| customer.care);
        let of_customer = care.and_then(|care| care.touches.last().copied());
        let touched = facts.state.last_touch_at.max(of_customer);
        let rested = touched.map_or(now, |at| at + rule.min_gap());
        if rested > now {
            return Some((allowed(rested), Why::MinimumGap));
        }
        let capped = care.and_then(|care| care.capped_until(rule.caps, now, facts.customer_zone));
        if let Some(until) = capped {
            return Some((allowed(until), Why::Capped));
        }
    }
    let until = allowed(now);
    (until > now).then_some((until, Why::QuietHours))
}

#[cfg(test)]
mod tests;
