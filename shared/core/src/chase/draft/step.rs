//! One step of a rule as typed.

use serde::{Deserialize, Serialize};

use super::{DAYS_AFTER_MAX, DAYS_BEFORE_MAX, Known, STEP_ID_CHARS_MAX, Serves};
use crate::chase::segment::{SEGMENTS_MAX, parse_segment};
use crate::chase::{
    Audience, Conditions, Effect, How, InstalmentIs, Phase, Step, Tone, Unit, Way, When,
};
use crate::money::Money;
use crate::terms_draft::parse_money;
use crate::violation::Violation;

/// Names in the message ledger that are no step's.
const RESERVED_IDS: [&str; 1] = ["receipt"];
const HOURS_A_DAY: i64 = 24;

/// A step: an id, the three axes, and what it asks and does beside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDraft {
    pub id: String,
    pub when: WhenDraft,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<HowDraft>,
    #[serde(default, rename = "where")]
    pub ways: Vec<String>,
    #[serde(default, skip_serializing_if = "ConditionsDraft::is_empty")]
    pub only: ConditionsDraft,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<String>,
}

/// `on_issue`, or an offset from `issue` or from `due`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhenDraft {
    pub from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HowDraft {
    pub template: String,
    pub tone: String,
    /// Billing where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

/// Conditions as typed; amounts as decimal strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionsDraft {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_days_from: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instalment: Option<String>,
}

impl ConditionsDraft {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a step stands, and what it may name.
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) phase: Phase,
    pub(super) known: Known<'a>,
}

impl Place<'_> {
    fn fault(&self, property: &str, reason: impl Into<String>, faults: &mut Vec<Violation>) {
        faults.push(Violation::new(property, reason).under(self.path));
    }
}

/// What to do instead of a name that is not one of a few.
pub(super) fn one_of(names: &[&str]) -> String {
    format!("use one of: {}", names.join(", "))
}

impl StepDraft {
    pub(super) fn of(step: &Step) -> Self {
        let Step { id, when, how, ways, only, effects } = step;
        let how = how.as_ref().map(|how| HowDraft {
            template: how.template.clone(),
            tone: how.tone.as_str().to_owned(),
            audience: Some(how.audience.as_str().to_owned()),
        });
        Self {
            id: id.clone(),
            when: WhenDraft::of(*when),
            how,
            ways: ways.iter().map(|way| way.as_str().to_owned()).collect(),
            only: ConditionsDraft {
                segments: only.segments.clone(),
                amount_from: only.amount_from.map(|amount| amount.to_string()),
                amount_to: only.amount_to.map(|amount| amount.to_string()),
                age_days_from: only.age_days_from.map(i64::from),
                instalment: only.instalment.map(|which| which.as_str().to_owned()),
            },
            effects: effects.iter().map(|effect| effect.as_str().to_owned()).collect(),
        }
    }

    /// The step, when every part of it is one; all faults either way.
    pub(super) fn check(&self, at: &Place<'_>, faults: &mut Vec<Violation>) -> Option<Step> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let length = (1..=STEP_ID_CHARS_MAX).contains(&self.id.len());
        if !length || !self.id.bytes().all(plain) {
            let reason =
                format!("use 1 to {STEP_ID_CHARS_MAX} lower-case letters, digits and underscores");
            at.fault("id", reason, faults);
        } else if RESERVED_IDS.contains(&self.id.as_str()) {
            at.fault("id", "use another name: receipts have this one", faults);
        }
        let when = self.when.check(at, faults);
        let ways = named_list("where", &self.ways, &Way::ALL, Way::as_str, at, faults);
        let effects =
            named_list("effects", &self.effects, &Effect::ALL, Effect::as_str, at, faults);
        let speaks = ways.iter().any(|way| way.channel().is_some());
        let how = match &self.how {
            Some(_) if !speaks && ways.len() == self.ways.len() => {
                at.fault("how", "leave it out: the step writes to nobody", faults);
                None
            }
            None if speaks => {
                at.fault("how", "say what is written: template and tone", faults);
                None
            }
            how => how.as_ref().and_then(|how| how.check(at, &ways, faults)),
        };
        if self.ways.is_empty() && self.effects.is_empty() {
            at.fault("where", "say where it goes, or give it an effect", faults);
        }
        let only = self.only.check(at, faults);
        when.map(|when| Step { id: self.id.clone(), when, how, ways, only, effects })
    }
}

/// The values that a list names, each once.
fn named_list<T: Copy + PartialEq>(
    property: &str,
    typed: &[String],
    all: &[T],
    name: fn(T) -> &'static str,
    at: &Place<'_>,
    faults: &mut Vec<Violation>,
) -> Vec<T> {
    let mut values = Vec::new();
    for (nth, typed) in typed.iter().enumerate().take(all.len() + 1) {
        match all.iter().copied().find(|known| name(*known) == typed) {
            Some(value) if values.contains(&value) => {
                at.fault(&format!("{property}[{nth}]"), "name it once", faults);
            }
            Some(value) => values.push(value),
            None => {
                let names: Vec<&str> = all.iter().map(|known| name(*known)).collect();
                at.fault(&format!("{property}[{nth}]"), one_of(&names), faults);
            }
        }
    }
    values
}

impl WhenDraft {
    fn of(when: When) -> Self {
        let (from, offset, unit) = match when {
            When::OnIssue => return Self { from: "on_issue".to_owned(), ..Self::default() },
            When::Issue { offset, unit } => ("issue", offset, unit),
            When::Due { offset, unit } => ("due", offset, unit),
        };
        let unit = Some(unit.as_str().to_owned());
        Self { from: from.to_owned(), offset: Some(i64::from(offset)), unit }
    }

    fn check(&self, at: &Place<'_>, faults: &mut Vec<Violation>) -> Option<When> {
        let when = match self.from.as_str() {
            "on_issue" if self.offset.is_none() && self.unit.is_none() => Some(When::OnIssue),
            "on_issue" => {
                at.fault("when", "leave offset and unit out: it is sent at once", faults);
                None
            }
            "issue" => {
                self.offset(0, at, faults).map(|(offset, unit)| When::Issue { offset, unit })
            }
            "due" => {
                let counted = self.offset(DAYS_BEFORE_MAX, at, faults);
                counted.map(|(offset, unit)| When::Due { offset, unit })
            }
            _ => {
                at.fault("when.from", one_of(&["on_issue", "issue", "due"]), faults);
                None
            }
        }?;
        if when.phase() != at.phase {
            let reason = match at.phase {
                Phase::Preventive => "put it into reactive: it falls after the due date",
                Phase::Reactive => "put it into preventive: it falls before the due date",
            };
            at.fault("when", reason, faults);
        }
        Some(when)
    }

    /// The offset, at most `before` days before what it counts from.
    fn offset(
        &self,
        before: i64,
        at: &Place<'_>,
        faults: &mut Vec<Violation>,
    ) -> Option<(i16, Unit)> {
        let typed = self.unit.as_deref();
        let unit = Unit::ALL.into_iter().find(|unit| typed == Some(unit.as_str()));
        let Some(unit) = unit else {
            at.fault("when.unit", one_of(&Unit::ALL.map(Unit::as_str)), faults);
            return None;
        };
        let scale = if unit == Unit::Hours { HOURS_A_DAY } else { 1 };
        let (least, most) = (-before * scale, DAYS_AFTER_MAX * scale);
        let offset = self.offset.filter(|offset| (least..=most).contains(offset));
        if offset.is_none() {
            at.fault("when.offset", format!("use {least} to {most} {}", unit.as_str()), faults);
        }
        Some((i16::try_from(offset?).ok()?, unit))
    }
}

impl HowDraft {
    fn check(&self, at: &Place<'_>, ways: &[Way], faults: &mut Vec<Violation>) -> Option<How> {
        let tone = Tone::parse(&self.tone);
        if tone.is_none() {
            at.fault("how.tone", one_of(&Tone::ALL.map(Tone::as_str)), faults);
        }
        let audience = match self.audience.as_deref() {
            None => Some(Audience::default()),
            Some(typed) => Audience::ALL.into_iter().find(|known| known.as_str() == typed),
        };
        if audience.is_none() {
            at.fault("how.audience", one_of(&Audience::ALL.map(Audience::as_str)), faults);
        }
        self.check_template(at, ways, faults);
        Some(How { template: self.template.clone(), tone: tone?, audience: audience? })
    }

    fn check_template(&self, at: &Place<'_>, ways: &[Way], faults: &mut Vec<Violation>) {
        let channels = ways.iter().filter_map(|way| way.channel());
        let served: Vec<(usize, Option<Serves>)> = channels
            .map(|channel| (channel, (at.known)(&self.template, channel)))
            .map(|(channel, serves)| {
                let nth = ways.iter().position(|way| way.channel() == Some(channel));
                (nth.unwrap_or_default(), serves)
            })
            .collect();
        if served.iter().all(|(_, serves)| serves.is_none()) {
            at.fault("how.template", "use a shipped message or a template of yours", faults);
            return;
        }
        for (nth, _) in served.iter().filter(|(_, serves)| serves.is_none()) {
            let reason = "write the template for this channel first, or leave the channel out";
            at.fault(&format!("where[{nth}]"), reason, faults);
        }
        let wrong = |serves: Serves| match at.phase {
            Phase::Preventive => serves == Serves::Reactive,
            Phase::Reactive => serves == Serves::Preventive,
        };
        if served.iter().any(|(_, serves)| serves.is_some_and(wrong)) {
            let reason = match at.phase {
                Phase::Preventive => "use another message: this one says that the due date is past",
                Phase::Reactive => "use another message: this one says that it is not due yet",
            };
            at.fault("how.template", reason, faults);
        }
    }
}

impl ConditionsDraft {
    fn check(&self, at: &Place<'_>, faults: &mut Vec<Violation>) -> Conditions {
        if self.segments.len() > SEGMENTS_MAX {
            at.fault("only.segments", format!("name at most {SEGMENTS_MAX}"), faults);
        }
        for (nth, name) in self.segments.iter().take(SEGMENTS_MAX).enumerate() {
            if let Err(reason) = parse_segment(name) {
                at.fault(&format!("only.segments[{nth}]"), reason, faults);
            }
        }
        let amount_from = amount(at, "only.amount_from", self.amount_from.as_deref(), faults);
        let amount_to = amount(at, "only.amount_to", self.amount_to.as_deref(), faults);
        if amount_from.zip(amount_to).is_some_and(|(from, to)| from > to) {
            at.fault("only.amount_to", "use at least amount_from", faults);
        }
        let age = self.age_days_from;
        if age.is_some_and(|days| !(0..=DAYS_AFTER_MAX).contains(&days)) {
            at.fault("only.age_days_from", format!("use 0 to {DAYS_AFTER_MAX}"), faults);
        }
        let typed = self.instalment.as_deref();
        let instalment = InstalmentIs::ALL.into_iter().find(|it| typed == Some(it.as_str()));
        if typed.is_some() && instalment.is_none() {
            let names = InstalmentIs::ALL.map(InstalmentIs::as_str);
            at.fault("only.instalment", one_of(&names), faults);
        }
        Conditions {
            segments: self.segments.clone(),
            amount_from,
            amount_to,
            age_days_from: age.and_then(|days| u16::try_from(days).ok()),
            instalment,
        }
    }
}

fn amount(
    at: &Place<'_>,
    property: &str,
    typed: Option<&str>,
    faults: &mut Vec<Violation>,
) -> Option<Money> {
    parse_money(&format!("{}.{property}", at.path), typed?, faults)
}
