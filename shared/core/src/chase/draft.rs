//! A collection rule as a merchant typed it, and what is wrong with it.
//!
//! Owns the form a rule has outside: two phases of steps, each with *when*, *how* and *where*. Does
//! not own which messages there are: whoever renders them says so ([`Serves`]).
//!
//! Invariant: every fault is found at once and names its place. What only shows when the rule runs
//! ([`reach`]) is looked for once the rest is right, since it needs a rule that can run.

mod reach;
mod shape;
mod step;

use std::collections::BTreeMap;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::{Caps, Phase, Rule, SendWindow, Step, Tone};
use crate::care::Tier;
use crate::message::Channel;
use crate::violation::Violation;
use step::Place;

pub use step::{ConditionsDraft, HowDraft, StepDraft, WhenDraft};

/// Most steps of a rule.
pub const STEPS_MAX: usize = 30;
/// Days a step may lie before the due date, at most.
pub const DAYS_BEFORE_MAX: i64 = 60;
/// Days a step may lie after what it counts from, at most.
pub const DAYS_AFTER_MAX: i64 = 365;
/// Longest name of a step.
pub const STEP_ID_CHARS_MAX: usize = 24;
/// Longest minimum gap, and longest rest after a payment, in hours: thirty days.
pub const REST_HOURS_MAX: i64 = 720;
/// Most messages to one customer in a day, whatever a rule says.
pub const PER_DAY_MAX: i64 = 20;
/// Most messages to one customer in seven days, whatever a rule says.
pub const PER_WEEK_MAX: i64 = 60;
/// Largest share of invoices that may be held out.
pub const HOLD_OUT_PERCENT_MAX: i64 = 50;
/// Most days of grace after a promised one.
pub const GRACE_DAYS_MAX: i64 = 30;

/// What a message may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    /// It assumes nothing of the due date.
    Either,
    /// It would be false after the due date.
    Preventive,
    /// It would be false before it.
    Reactive,
}

/// What a message of that name serves on a channel; `None` where there is none.
pub type Known<'a> = &'a dyn Fn(&str, Channel) -> Option<Serves>;

/// A rule as typed. What is left out is as in the rule every merchant starts with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDraft {
    pub window: Option<WindowDraft>,
    /// Hour that dated steps ask for, `HH:MM`.
    pub send_at: Option<String>,
    pub min_gap_hours: Option<i64>,
    pub caps: Option<CapsDraft>,
    #[serde(default)]
    pub tone_caps: BTreeMap<String, String>,
    pub hold_out_percent: Option<i64>,
    pub rest_after_payment_hours: Option<i64>,
    pub promise_grace_days: Option<i64>,
    /// Up to the due date.
    #[serde(default)]
    pub preventive: Vec<StepDraft>,
    /// After it.
    #[serde(default)]
    pub reactive: Vec<StepDraft>,
}

/// Hours as typed, `HH:MM`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowDraft {
    pub opens: String,
    pub closes_weekdays: String,
    /// `None` where nothing goes out on a Saturday.
    pub closes_saturdays: Option<String>,
}

/// Caps as typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapsDraft {
    pub per_day: i64,
    pub per_week: i64,
}

impl RuleDraft {
    /// The rule as it would be typed: checked again, it is the same rule.
    pub fn of(rule: &Rule) -> Self {
        let hour = |at: NaiveTime| at.format(HOUR).to_string();
        let of_phase = |phase| {
            let steps = rule.steps.iter().filter(move |step| step.when.phase() == phase);
            steps.map(StepDraft::of).collect()
        };
        let caps = rule.tone_caps.iter();
        Self {
            window: Some(WindowDraft {
                opens: hour(rule.window.opens),
                closes_weekdays: hour(rule.window.closes_weekdays),
                closes_saturdays: rule.window.closes_saturdays.map(hour),
            }),
            send_at: Some(hour(rule.send_at)),
            min_gap_hours: Some(i64::from(rule.min_gap_hours)),
            caps: Some(CapsDraft {
                per_day: i64::from(rule.caps.per_day),
                per_week: i64::from(rule.caps.per_week),
            }),
            tone_caps: caps
                .map(|(tier, tone)| (tier.as_str().to_owned(), tone.as_str().to_owned()))
                .collect(),
            hold_out_percent: Some(i64::from(rule.hold_out_percent)),
            rest_after_payment_hours: Some(i64::from(rule.rest_after_payment_hours)),
            promise_grace_days: Some(i64::from(rule.promise_grace_days)),
            preventive: of_phase(Phase::Preventive),
            reactive: of_phase(Phase::Reactive),
        }
    }

    /// The rule, when it is one that can be run.
    ///
    /// # Errors
    /// Every fault at once; those that only show when it runs, once there is no other.
    pub fn check(&self, known: Known<'_>) -> Result<Rule, Vec<Violation>> {
        let mut faults = Vec::new();
        let count = self.preventive.len() + self.reactive.len();
        if count > STEPS_MAX {
            faults
                .push(Violation::new("reactive", format!("use at most {STEPS_MAX} steps in all")));
        }
        let steps = self.steps(known, &mut faults);
        let rule = self.frame(&mut faults);
        shape::check(&steps, &mut faults);
        let paths: Vec<String> = steps.iter().map(|(path, _)| path.clone()).collect();
        let steps: Vec<Step> = steps.into_iter().filter_map(|(_, step)| step).collect();
        let rule = Rule { steps, ..rule };
        shape::check_tones(&rule, &paths, &mut faults);
        if faults.is_empty() {
            faults = reach::faults(&rule, &paths);
        }
        if faults.is_empty() { Ok(rule) } else { Err(faults) }
    }

    /// Each step with its path; without the step where it is not one.
    fn steps(&self, known: Known<'_>, faults: &mut Vec<Violation>) -> Vec<Typed> {
        let phases = [
            ("preventive", Phase::Preventive, &self.preventive),
            ("reactive", Phase::Reactive, &self.reactive),
        ];
        let mut steps = Vec::new();
        for (name, phase, drafts) in phases {
            for (nth, draft) in drafts.iter().take(STEPS_MAX).enumerate() {
                let path = format!("{name}[{nth}]");
                let step = draft.check(&Place { path: &path, phase, known }, faults);
                steps.push((path, step));
            }
        }
        steps
    }

    /// All of the rule but its steps.
    fn frame(&self, faults: &mut Vec<Violation>) -> Rule {
        let shipped = Rule::shipped();
        let mut whole = |name: &str, typed: Option<i64>, range| {
            typed.map(|typed| ranged(name, typed, range, faults))
        };
        let gap = whole("min_gap_hours", self.min_gap_hours, (1, REST_HOURS_MAX));
        let share = (0, HOLD_OUT_PERCENT_MAX);
        let hold_out = whole("hold_out_percent", self.hold_out_percent, share);
        let rest = self.rest_after_payment_hours;
        let rest = whole("rest_after_payment_hours", rest, (0, REST_HOURS_MAX));
        let grace = whole("promise_grace_days", self.promise_grace_days, (0, GRACE_DAYS_MAX));
        let window = self.window.as_ref().map(|window| window.check(faults));
        let send_at = self.send_at.as_deref().map(|typed| hour("send_at", typed, faults));
        Rule {
            window: window.flatten().unwrap_or(shipped.window),
            send_at: send_at.flatten().unwrap_or(shipped.send_at),
            min_gap_hours: fitting(gap, shipped.min_gap_hours),
            caps: self.caps.as_ref().map_or(shipped.caps, |caps| caps.check(faults)),
            tone_caps: self.tone_caps(faults),
            hold_out_percent: fitting(hold_out, shipped.hold_out_percent),
            rest_after_payment_hours: fitting(rest, shipped.rest_after_payment_hours),
            promise_grace_days: fitting(grace, shipped.promise_grace_days),
            steps: Vec::new(),
        }
    }

    fn tone_caps(&self, faults: &mut Vec<Violation>) -> BTreeMap<Tier, Tone> {
        let mut caps = BTreeMap::new();
        for (tier, tone) in &self.tone_caps {
            let path = format!("tone_caps.{tier}");
            match (Tier::parse(tier), Tone::parse(tone)) {
                (Some(tier), Some(tone)) => {
                    caps.insert(tier, tone);
                }
                (None, _) => {
                    let tiers = Tier::ALL.map(Tier::as_str).join(", ");
                    // The key is what somebody typed, so the fault does not repeat it.
                    faults.push(Violation::new("tone_caps", format!("use the tiers: {tiers}")));
                }
                (_, None) => {
                    faults.push(Violation::new(path, step::one_of(&Tone::ALL.map(Tone::as_str))))
                }
            }
        }
        caps
    }
}

/// A step with its path.
type Typed = (String, Option<Step>);

impl WindowDraft {
    fn check(&self, faults: &mut Vec<Violation>) -> Option<SendWindow> {
        let opens = hour("window.opens", &self.opens, faults);
        let weekdays = hour("window.closes_weekdays", &self.closes_weekdays, faults);
        let typed = self.closes_saturdays.as_deref();
        let saturdays = typed.map(|typed| hour("window.closes_saturdays", typed, faults));
        let opens = opens?;
        let closings = [
            ("window.closes_weekdays", weekdays),
            ("window.closes_saturdays", saturdays.flatten()),
        ];
        for (path, closes) in closings {
            if closes.is_some_and(|closes| closes <= opens) {
                faults.push(Violation::new(path, "use an hour after the one it opens at"));
            }
        }
        Some(SendWindow {
            opens,
            closes_weekdays: weekdays?,
            closes_saturdays: saturdays.flatten(),
        })
    }
}

impl CapsDraft {
    fn check(&self, faults: &mut Vec<Violation>) -> Caps {
        let per_day = ranged("caps.per_day", self.per_day, (1, PER_DAY_MAX), faults);
        let per_week = ranged("caps.per_week", self.per_week, (1, PER_WEEK_MAX), faults);
        if self.per_week < self.per_day {
            let reason = "use at least as many as in a day";
            faults.push(Violation::new("caps.per_week", reason));
        }
        // Both are within a byte, or there is a fault.
        let byte = |value| u8::try_from(value).unwrap_or(u8::MAX);
        Caps { per_day: byte(per_day), per_week: byte(per_week) }
    }
}

/// How hours are written.
const HOUR: &str = "%H:%M";

fn hour(path: &str, typed: &str, faults: &mut Vec<Violation>) -> Option<NaiveTime> {
    let parsed = NaiveTime::parse_from_str(typed, HOUR).ok();
    // Exactly as it is written, since the parser also takes missing zeros.
    let parsed = parsed.filter(|at| at.format(HOUR).to_string() == typed);
    if parsed.is_none() {
        faults.push(Violation::new(path, "use HH:MM, such as 09:00"));
    }
    parsed
}

/// What was typed, or what the shipped rule has.
fn fitting<T: TryFrom<i64>>(typed: Option<i64>, shipped: T) -> T {
    typed.and_then(|typed| T::try_from(typed).ok()).unwrap_or(shipped)
}

/// A whole number of a range; of any other, the nearest, with a fault.
fn ranged(path: &str, typed: i64, (least, most): (i64, i64), faults: &mut Vec<Violation>) -> i64 {
    if !(least..=most).contains(&typed) {
        faults.push(Violation::new(path, format!("use {least} to {most}")));
    }
    typed.clamp(least, most)
}
