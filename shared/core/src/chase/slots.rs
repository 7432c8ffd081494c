//! When each step of a rule falls due for an instalment, or why it is no part of its chase.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{Conditions, Dropped, Facts, InstalmentIs, Phase, Rule, Step, StepOutcome, Unit, When};
use crate::zone;

/// What is known of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Done(StepOutcome),
    /// Its slot.
    Open(DateTime<Utc>),
    Dropped(Dropped),
}

/// The steps in the order they fall due; of equals, in the order of the rule.
///
/// A step leaves the chase when it is done, when its conditions do not hold, when its hour had passed
/// before the charge was issued (the first message already says all it would) or the rule applied,
/// when it announces a due date that is past, or when the charge can no longer be paid: such a
/// reminder is dropped, never sent late.
pub(super) fn slots<'a>(
    facts: &Facts<'_>,
    rule: &'a Rule,
    issued_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<(&'a Step, Fate)> {
    let mut placed: Vec<(DateTime<Utc>, &Step, Fate)> = rule
        .steps
        .iter()
        .map(|step| {
            let slot = slot_of(facts, rule, step, issued_at);
            (slot, step, fate(facts, step, slot, nominal_at(facts, rule, step, issued_at), now))
        })
        .collect();
    placed.sort_by_key(|(slot, ..)| *slot);
    placed.into_iter().map(|(_, step, fate)| (step, fate)).collect()
}

fn fate(
    facts: &Facts<'_>,
    step: &Step,
    slot: DateTime<Utc>,
    nominal: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Fate {
    if let Some(outcome) = facts.state.done.get(&step.id) {
        return Fate::Done(*outcome);
    }
    if !holds(facts, &step.only, slot) {
        return Fate::Dropped(Dropped::NotForThis);
    }
    if step.when == When::OnIssue {
        return Fate::Open(slot);
    }
    let since = facts.issued_at.max(facts.handling.rule_since);
    // The step that ends the chase is caught up on all the same: it ends in a person, not in silence.
    if since.is_some_and(|since| nominal < since) && !step.ends_chase() {
        return Fate::Dropped(Dropped::BeforeItsTime);
    }
    let day = zone::civil_date(slot.max(now), facts.zone);
    if step.when.phase() == Phase::Preventive && day > facts.adjusted_due {
        Fate::Dropped(Dropped::AnnouncesThePast)
    } else if step.is_message() && day > facts.last_payable {
        Fate::Dropped(Dropped::NoLongerPayable)
    } else {
        Fate::Open(slot)
    }
}

/// The first instant at which a step that is open is open no more, where its time runs out.
pub(super) fn falls_away_at(facts: &Facts<'_>, step: &Step) -> Option<DateTime<Utc>> {
    if step.when == When::OnIssue {
        return None;
    }
    let announces = (step.when.phase() == Phase::Preventive).then_some(facts.adjusted_due);
    let asks = step.is_message().then_some(facts.last_payable);
    let last = announces.into_iter().chain(asks).min()?;
    Some(zone::instant_at(last.succ_opt()?, NaiveTime::MIN, facts.zone))
}

fn slot_of(facts: &Facts<'_>, rule: &Rule, step: &Step, issued_at: DateTime<Utc>) -> DateTime<Utc> {
    let nominal = nominal_at(facts, rule, step, issued_at);
    match step.when {
        When::OnIssue => nominal,
        When::Issue { .. } | When::Due { .. } => {
            rule.window.next_allowed(nominal, facts.calendar, facts.customer_zone)
        }
    }
}

/// The instant a step asks for. Days count to the rule's hour of the day, hours from the opening of
/// the invoice or from the rule's hour on the due date.
fn nominal_at(
    facts: &Facts<'_>,
    rule: &Rule,
    step: &Step,
    issued_at: DateTime<Utc>,
) -> DateTime<Utc> {
    let at_hour = |day| zone::instant_at(day, rule.send_at, facts.customer_zone);
    let (day, instant, offset, unit) = match step.when {
        When::OnIssue => return issued_at,
        When::Issue { offset, unit } => {
            let day = zone::civil_date(facts.opened_at, facts.zone);
            (day, facts.opened_at, offset, unit)
        }
        When::Due { offset, unit } => {
            (facts.adjusted_due, at_hour(facts.adjusted_due), offset, unit)
        }
    };
    match unit {
        Unit::Hours => instant + TimeDelta::hours(i64::from(offset)),
        Unit::Days => at_hour(moved(day, offset)),
        Unit::BusinessDays => at_hour(facts.calendar.move_business_days(day, offset)),
    }
}

fn moved(day: NaiveDate, offset: i16) -> NaiveDate {
    let shift = Days::new(u64::from(offset.unsigned_abs()));
    let moved = if offset < 0 { day.checked_sub_days(shift) } else { day.checked_add_days(shift) };
    moved.unwrap_or(day)
}

/// Whether all that a step asks for holds. The age is that of its slot, so time alone brings back
/// no step that was left out. Of the segment nothing is known without the customer, and
/// the step then stays: whoever acts has read the customer.
fn holds(facts: &Facts<'_>, only: &Conditions, slot: DateTime<Utc>) -> bool {
    let segment = facts.customer.is_none_or(|customer| {
        let is = customer.care.segment_name();
        only.segments.is_empty() || is.is_some_and(|is| only.segments.iter().any(|it| it == is))
    });
    let age = (slot - facts.opened_at).num_days();
    let place = match only.instalment {
        None => true,
        Some(InstalmentIs::First) => facts.place.number == 1,
        Some(InstalmentIs::Last) => facts.place.number == facts.place.count,
    };
    segment
        && place
        && only.amount_from.is_none_or(|least| facts.principal >= least)
        && only.amount_to.is_none_or(|most| facts.principal <= most)
        && only.age_days_from.is_none_or(|days| age >= i64::from(days))
}
