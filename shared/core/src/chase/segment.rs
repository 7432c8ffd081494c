//! Groups of customers: who is in which, by facts, and which rule its new invoices are issued under.
//!
//! Owns the names, the conditions and which one holds. Does not own where the facts come from.
//!
//! Invariant: the first that holds, in the merchant's order, is the one; what a person set by hand
//! is never changed by a condition.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{RuleName, RuleRef};
use crate::invoice::{Instalment, Invoice, Matched};
use crate::money::Money;
use crate::terms_draft::parse_money;
use crate::violation::Violation;

/// Most segments of a merchant.
pub const SEGMENTS_MAX: usize = 20;
/// Longest name of a segment.
const NAME_CHARS_MAX: usize = 32;
/// Most invoices, and most days, that a condition may ask for.
const COUNT_MAX: i64 = 10_000;
const PERCENT_MAX: i64 = 100;

/// A segment of a merchant's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRule {
    pub segment: String,
    /// The rule of its new invoices, in the latest version; `None` for the merchant's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// Who comes into it by itself; `None` where a person alone puts somebody there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<SegmentCondition>,
}

/// What has to hold of a customer. All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentCondition {
    /// Open invoices, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_from: Option<u32>,
    /// Overdue invoices, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_from: Option<u32>,
    /// Days that the worst of them is late, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_late_from: Option<u32>,
    /// What is overdue in all, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_amount_from: Option<Money>,
    /// Share of its paid invoices that were paid in time, in whole percent. Without a paid invoice
    /// there is no share, and the condition does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_time_percent_from: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_time_percent_to: Option<u8>,
}

/// What is known of a customer's invoices on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SegmentFacts {
    pub open: u32,
    pub overdue: u32,
    /// Calendar days since the adjusted due date of the worst.
    pub worst_days_late: u32,
    pub overdue_amount: Money,
    pub paid: u32,
    /// Of those, paid by their adjusted due date.
    pub paid_on_time: u32,
}

impl SegmentFacts {
    /// Counts an invoice in, as it stands on the merchant's civil date. One that was canceled, or
    /// closed without money, says nothing.
    pub fn add(&mut self, invoice: &Invoice, today: NaiveDate) {
        if !invoice.is_active() {
            return;
        }
        let calendar = invoice.calendar();
        let due = |known: &Instalment| known.terms.adjusted_due(&calendar);
        if !invoice.is_settled() {
            let late = invoice.instalments.iter().filter(|it| !it.is_settled() && due(it) < today);
            let late: Vec<&Instalment> = late.collect();
            self.open += 1;
            self.overdue += u32::from(!late.is_empty());
            for instalment in late {
                let days = u32::try_from((today - due(instalment)).num_days()).unwrap_or_default();
                self.worst_days_late = self.worst_days_late.max(days);
                self.overdue_amount += invoice.outstanding_of(instalment, today);
            }
            return;
        }
        let kept = |known: &&Matched| known.kept().is_positive();
        let paid = invoice.instalments.iter().filter(|it| it.received().is_positive());
        let in_time = |known: &Instalment| {
            let mut credits = known.payments.iter().filter(kept);
            credits.all(|credit| invoice.civil_date(credit.paid_at) <= due(known))
        };
        let paid: Vec<&Instalment> = paid.collect();
        if !paid.is_empty() {
            self.paid += 1;
            self.paid_on_time += u32::from(paid.into_iter().all(in_time));
        }
    }

    /// Whole percent, rounded down: who is said to pay on time did so at least that often.
    fn on_time_percent(&self) -> Option<u64> {
        let share = u64::from(self.paid_on_time) * 100;
        share.checked_div(u64::from(self.paid))
    }
}

impl SegmentCondition {
    pub fn holds(&self, facts: &SegmentFacts) -> bool {
        let share = facts.on_time_percent();
        let share_is = |asked: Option<u8>, holds: fn(u64, u64) -> bool| {
            asked.is_none_or(|asked| share.is_some_and(|share| holds(share, u64::from(asked))))
        };
        self.open_from.is_none_or(|least| facts.open >= least)
            && self.overdue_from.is_none_or(|least| facts.overdue >= least)
            && self.days_late_from.is_none_or(|least| facts.worst_days_late >= least)
            && self.overdue_amount_from.is_none_or(|least| facts.overdue_amount >= least)
            && share_is(self.on_time_percent_from, |share, asked| share >= asked)
            && share_is(self.on_time_percent_to, |share, asked| share <= asked)
    }
}

/// The segment whose condition holds: the first, in the merchant's order.
pub fn segment_for<'a>(rules: &'a [SegmentRule], facts: &SegmentFacts) -> Option<&'a str> {
    let holds = |rule: &&SegmentRule| rule.when.as_ref().is_some_and(|when| when.holds(facts));
    rules.iter().find(holds).map(|rule| rule.segment.as_str())
}

/// The rule that new invoices of a segment are issued under, where it has one of its own.
pub fn rule_for<'a>(rules: &'a [SegmentRule], segment: Option<&str>) -> Option<&'a RuleRef> {
    let of = |rule: &&SegmentRule| Some(rule.segment.as_str()) == segment;
    rules.iter().find(of)?.rule.as_ref()
}

/// The name of a segment.
///
/// # Errors
/// What to type instead.
pub fn parse_segment(typed: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if (1..=NAME_CHARS_MAX).contains(&typed.len()) && typed.bytes().all(plain) {
        return Ok(typed.to_owned());
    }
    Err(format!("use 1 to {NAME_CHARS_MAX} lower-case letters, digits and underscores"))
}

/// A segment as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentDraft {
    pub segment: String,
    pub rule: Option<String>,
    pub when: Option<SegmentConditionDraft>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentConditionDraft {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue_from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_late_from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue_amount_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_time_percent_from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_time_percent_to: Option<i64>,
}

/// The segments of a merchant as typed; `latest` says which version of a rule is the latest.
///
/// # Errors
/// Every fault at once.
pub fn check_segments(
    drafts: &[SegmentDraft],
    latest: &dyn Fn(&RuleName) -> Option<u32>,
) -> Result<Vec<SegmentRule>, Vec<Violation>> {
    let mut faults = Vec::new();
    if drafts.len() > SEGMENTS_MAX {
        faults.push(Violation::new("segments", format!("use at most {SEGMENTS_MAX}")));
    }
    let mut rules: Vec<SegmentRule> = Vec::new();
    for (nth, draft) in drafts.iter().take(SEGMENTS_MAX).enumerate() {
        let path = format!("segments[{nth}]");
        let mut own = Vec::new();
        let rule = draft.check(latest, &mut own);
        if rules.iter().any(|known| known.segment == rule.segment) {
            own.push(Violation::new("segment", "name each segment once"));
        }
        faults.extend(own.into_iter().map(|fault| fault.under(&path)));
        rules.push(rule);
    }
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}

impl SegmentDraft {
    /// The segment as it would be typed.
    pub fn of(rule: &SegmentRule) -> Self {
        let when = rule.when.as_ref().map(|when| SegmentConditionDraft {
            open_from: when.open_from.map(i64::from),
            overdue_from: when.overdue_from.map(i64::from),
            days_late_from: when.days_late_from.map(i64::from),
            overdue_amount_from: when.overdue_amount_from.map(|amount| amount.to_string()),
            on_time_percent_from: when.on_time_percent_from.map(i64::from),
            on_time_percent_to: when.on_time_percent_to.map(i64::from),
        });
        let name = rule.rule.as_ref().map(|rule| rule.name.as_str().to_owned());
        Self { segment: rule.segment.clone(), rule: name, when }
    }

    fn check(
        &self,
        latest: &dyn Fn(&RuleName) -> Option<u32>,
        faults: &mut Vec<Violation>,
    ) -> SegmentRule {
        if let Err(reason) = parse_segment(&self.segment) {
            faults.push(Violation::new("segment", reason));
        }
        let named = self.rule.as_deref().map(RuleName::parse);
        let rule = named.and_then(Result::ok).and_then(|name| {
            let version = latest(&name)?;
            Some(RuleRef { name, version })
        });
        if self.rule.is_some() && rule.is_none() {
            faults.push(Violation::new("rule", "use the name of a rule of yours, or null"));
        }
        let when = self.when.as_ref().map(|when| when.check(faults));
        SegmentRule { segment: self.segment.clone(), rule, when }
    }
}

impl SegmentConditionDraft {
    fn check(&self, faults: &mut Vec<Violation>) -> SegmentCondition {
        if *self == Self::default() {
            faults.push(Violation::new("when", "ask for something, or leave it out"));
        }
        let mut whole = |property: &str, typed: Option<i64>, (least, most): (i64, i64)| {
            let typed = typed?;
            if !(least..=most).contains(&typed) {
                let reason = format!("use {least} to {most}");
                faults.push(Violation::new(format!("when.{property}"), reason));
            }
            u32::try_from(typed.clamp(least, most)).ok()
        };
        let open_from = whole("open_from", self.open_from, (1, COUNT_MAX));
        let overdue_from = whole("overdue_from", self.overdue_from, (1, COUNT_MAX));
        let days_late_from = whole("days_late_from", self.days_late_from, (1, COUNT_MAX));
        let share = (0, PERCENT_MAX);
        let from = whole("on_time_percent_from", self.on_time_percent_from, share);
        let to = whole("on_time_percent_to", self.on_time_percent_to, share);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            let reason = "use at least on_time_percent_from";
            faults.push(Violation::new("when.on_time_percent_to", reason));
        }
        let amount = self.overdue_amount_from.as_deref();
        let amount =
            amount.and_then(|typed| parse_money("when.overdue_amount_from", typed, faults));
        let percent = |share: Option<u32>| share.and_then(|share| u8::try_from(share).ok());
        SegmentCondition {
            open_from,
            overdue_from,
            days_late_from,
            overdue_amount_from: amount,
            on_time_percent_from: percent(from),
            on_time_percent_to: percent(to),
        }
    }
}
