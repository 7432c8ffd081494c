//! Fears, of any rule: a step twice, a message in quiet hours, two at once, a chase that never ends,
//! an answer that the dry run does not give, and a wake-up that comes too late.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::care::{Segment, Tier};

/// Everything falls on half hours, so that a sweep of every half hour is at the right instants.
const GRID: TimeDelta = TimeDelta::minutes(30);
const SEGMENT: &str = "late_payers";

fn hour(halves: u32) -> chrono::NaiveTime {
    chrono::NaiveTime::from_hms_opt(halves / 2, halves % 2 * 30, 0).unwrap()
}

/// Offsets of the steps between the first and the last; all before the last one, day 32.
fn whens() -> impl Strategy<Value = Vec<When>> {
    let unit = prop_oneof![Just(Unit::Days), Just(Unit::BusinessDays), Just(Unit::Hours)];
    let when = (unit, -15_i16..=17, any::<bool>()).prop_map(|(unit, offset, from_issue)| {
        let offset = if unit == Unit::Hours { offset * 20 } else { offset };
        match from_issue {
            true => When::Issue { offset: offset.abs(), unit },
            false => When::Due { offset, unit },
        }
    });
    vec(when, 1..8)
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let segments = prop_oneof![4 => Just(vec![]), 1 => Just(vec![SEGMENT.to_owned()])];
    let amount = prop_oneof![
        4 => Just(None),
        1 => Just(Some(Money::from_centavos(5_000))),
        1 => Just(Some(Money::from_centavos(50_000))),
    ];
    let age = prop_oneof![4 => Just(None), 1 => (0..20_u16).prop_map(Some)];
    (segments, amount, age).prop_map(|(segments, amount_from, age_days_from)| Conditions {
        segments,
        amount_from,
        age_days_from,
        ..Conditions::default()
    })
}

/// Rules of the right shape; some of their steps may never come about.
pub(super) fn rules() -> impl Strategy<Value = Rule> {
    let ways = prop_oneof![
        4 => Just(vec![Way::Email]),
        1 => Just(vec![Way::Sms, Way::CallTask]),
        1 => Just(vec![Way::CallTask]),
        1 => Just(vec![Way::Event]),
    ];
    let steps = whens().prop_flat_map(move |whens| {
        let each = (ways.clone(), conditions(), any::<bool>());
        vec(each, whens.len()).prop_map(move |each| steps_of(&whens, each))
    });
    let window = (12..20_u32, 32..42_u32, proptest::option::of(21..28_u32));
    let pace = (1..=96_u16, 1..=3_u8, 3..=9_u8, 0..=50_u8, 0..=48_u16, 14..44_u32);
    (steps, window, pace).prop_map(|(steps, window, pace)| {
        let (gap, per_day, per_week, hold_out_percent, rest, send_at) = pace;
        Rule {
            window: SendWindow {
                opens: hour(window.0),
                closes_weekdays: hour(window.1),
                closes_saturdays: window.2.map(hour),
            },
            send_at: hour(send_at),
            min_gap_hours: gap,
            caps: Caps { per_day, per_week },
            tone_caps: [(Tier::Vip, Tone::Friendly)].into(),
            hold_out_percent,
            rest_after_payment_hours: rest,
            promise_grace_days: 1,
            steps,
        }
    })
}

fn steps_of(whens: &[When], each: Vec<(Vec<Way>, Conditions, bool)>) -> Vec<Step> {
    let shipped = Rule::shipped().steps;
    let step = |nth: usize, when: When, (ways, only, firm): (Vec<Way>, Conditions, bool)| {
        let speaks = ways.iter().any(|way| way.channel().is_some());
        let tone = if firm { Tone::Firm } else { Tone::Friendly };
        let how = || How { template: "ours".to_owned(), tone, audience: Audience::Billing };
        let how = speaks.then(how);
        Step { id: format!("s{nth}"), when, how, ways, only, effects: Vec::new() }
    };
    let mut steps: Vec<Step> = vec![shipped[0].clone()];
    for (nth, (when, each)) in whens.iter().zip(each).enumerate() {
        let same = |known: &Step| known.when == *when && known.only == each.1;
        if !steps.iter().any(same) {
            steps.push(step(nth, *when, each));
        }
    }
    let end = When::Due { offset: 32, unit: Unit::Days };
    steps.push(Step { when: end, ..shipped[shipped.len() - 1].clone() });
    // As they are shown: first those before the due date.
    steps.sort_by_key(|step| step.when.phase());
    steps
}

/// An invoice and its customer.
#[derive(Debug, Clone)]
struct Case {
    /// Days from issue to due date.
    lead: u64,
    issued: u32,
    draw: u8,
    amount: i64,
    in_segment: bool,
    tier: Tier,
    /// Hours after the issue at which others of the customer's invoices were written about.
    touched: Vec<i64>,
    paid: Option<i64>,
    /// Days for which the customer is left alone.
    paused: Option<u64>,
}

fn cases() -> impl Strategy<Value = Case> {
    let tier = prop_oneof![Just(Tier::Standard), Just(Tier::Vip)];
    let quiet = (vec(0..200_i64, 0..5), proptest::option::of(0..300_i64));
    let who = (0..20_u64, 0..48_u32, 0..100_u8, 1..100_000_i64);
    (who, any::<bool>(), tier, quiet, proptest::option::of(1..9_u64)).prop_map(
        |((lead, issued, draw, amount), in_segment, tier, (touched, paid), paused)| Case {
            lead,
            issued,
            draw,
            amount,
            in_segment,
            tier,
            touched,
            paid,
            paused,
        },
    )
}

impl Case {
    fn issued_at(&self) -> DateTime<Utc> {
        instant_at(day("2026-11-23"), hour(self.issued), SAO_PAULO)
    }

    fn due(&self) -> NaiveDate {
        let due = day("2026-11-23") + chrono::Days::new(self.lead);
        BankCalendar::default().on_or_after(due)
    }

    fn care(&self) -> Care {
        let segment = Segment { name: SEGMENT.to_owned(), by_hand: true };
        let mut care = Care {
            tier: self.tier,
            segment: self.in_segment.then_some(segment),
            ..Care::default()
        };
        let mut touched: Vec<i64> = self.touched.clone();
        touched.sort_unstable_by(|a, b| b.cmp(a));
        touched.iter().for_each(|hours| care.touch(self.issued_at() - TimeDelta::hours(*hours)));
        care
    }

    fn facts<'a>(
        &self,
        state: &'a ChaseState,
        calendar: &'a BankCalendar,
        care: &'a Care,
    ) -> Facts<'a> {
        Facts {
            opened_at: self.issued_at(),
            issued_at: Some(self.issued_at()),
            adjusted_due: self.due(),
            last_payable: day("2027-06-01"),
            amount: Money::from_centavos(self.amount),
            principal: Money::from_centavos(self.amount),
            draw: self.draw,
            last_paid_at: self.paid.map(|hours| self.issued_at() + TimeDelta::hours(hours)),
            customer: Some(CustomerFacts { care, credit: Money::ZERO }),
            ..super::facts(state, calendar)
        }
    }
}

/// Something that was done, as a sweep saw it.
#[derive(Debug, Clone, PartialEq)]
struct Deed {
    at: DateTime<Utc>,
    step: String,
    what: &'static str,
}

/// A chase under way.
struct Chase<'a> {
    rule: &'a Rule,
    case: &'a Case,
    calendar: BankCalendar,
    state: ChaseState,
    care: Care,
    deeds: Vec<Deed>,
}

impl<'a> Chase<'a> {
    fn of(rule: &'a Rule, case: &'a Case) -> Self {
        let (calendar, state) = (BankCalendar::default(), ChaseState::default());
        Self { rule, case, calendar, state, care: case.care(), deeds: Vec::new() }
    }

    /// Does what is to be done at `now`, until nothing is.
    fn sweep(&mut self, now: DateTime<Utc>) {
        for _ in 0..self.rule.steps.len() + 1 {
            let facts = self.case.facts(&self.state, &self.calendar, &self.care);
            let (what, step, covers) = match decide(&facts, self.rule, now) {
                Decision::Send { step, covers } => ("send", step, covers),
                Decision::Task { step, covers } => ("task", step, covers),
                Decision::Escalate { step, covers } => ("escalate", step, covers),
                Decision::Skip { step, covers, .. } => ("skip", step, covers),
                Decision::Wait { .. } | Decision::Silent { .. } => return,
            };
            if what == "send" {
                self.care.touch(now);
                self.state.last_touch_at = Some(now);
            }
            let covered = covers.iter().map(|it| (it.id.clone(), StepOutcome::Covered));
            self.state.done.extend(covered);
            self.state.done.insert(step.id.clone(), StepOutcome::Sent);
            self.deeds.push(Deed { at: now, step: step.id.clone(), what });
        }
        panic!("it never comes to rest: {:?}", self.deeds);
    }

    fn wakes_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        wakes_at(&self.case.facts(&self.state, &self.calendar, &self.care), self.rule, now)
    }
}

fn over() -> DateTime<Utc> {
    at("2027-01-31 00:00")
}

/// Of a run: nothing twice, nothing in quiet hours, the gap and the caps kept, and one end.
fn keeps_its_word(chase: &Chase<'_>) -> Result<(), TestCaseError> {
    let rule = chase.rule;
    let mut steps: Vec<&str> = chase.deeds.iter().map(|deed| deed.step.as_str()).collect();
    let ends = chase.deeds.iter().filter(|deed| deed.what == "escalate").count();
    prop_assert_eq!(ends, 1, "{:?}", chase.deeds);
    steps.sort_unstable();
    let all = steps.len();
    steps.dedup();
    prop_assert_eq!(steps.len(), all, "a step twice: {:?}", chase.deeds);
    let sent: Vec<&Deed> = chase.deeds.iter().filter(|deed| deed.what == "send").collect();
    let of_others = chase.case.care().touches;
    for (nth, deed) in sent.iter().enumerate() {
        if deed.step == FIRST_STEP {
            continue;
        }
        let open = rule.window.next_allowed(deed.at, &chase.calendar, SAO_PAULO) == deed.at;
        prop_assert!(open, "in quiet hours: {:?}", deed);
        let before = || of_others.iter().copied().chain(sent[..nth].iter().map(|it| it.at));
        prop_assert!(before().all(|it| deed.at - it >= rule.min_gap()), "the gap: {:?}", sent);
        let today = crate::zone::civil_date(deed.at, SAO_PAULO);
        let of_day = before().filter(|it| crate::zone::civil_date(*it, SAO_PAULO) == today);
        prop_assert!(of_day.count() < usize::from(rule.caps.per_day), "the day: {:?}", sent);
        let of_week = before().filter(|it| *it + TimeDelta::days(7) > deed.at);
        prop_assert!(of_week.count() < usize::from(rule.caps.per_week), "the week: {:?}", sent);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_sweep_at_any_hours_breaks_the_rule(
        rule in rules(), case in cases(), rests in vec(1..2_400_i64, 400),
    ) {
        let mut chase = Chase::of(&rule, &case);
        let mut now = case.issued_at();
        for rest in rests {
            chase.sweep(now);
            now += TimeDelta::minutes(rest);
        }
        chase.sweep(over() + TimeDelta::days(600));
        keeps_its_word(&chase)?;
        let facts = case.facts(&chase.state, &chase.calendar, &chase.care);
        prop_assert_eq!(decide(&facts, &rule, now), Decision::Silent { why: Why::RuleEnded });
    }

    #[test]
    fn the_dry_run_says_something_else(
        rule in rules(), case in cases(), hours in 0..1_500_i64, done in vec(any::<bool>(), 12),
    ) {
        let calendar = BankCalendar::default();
        let mut state = ChaseState::default();
        for (step, _) in rule.steps.iter().zip(&done).filter(|(_, done)| **done) {
            state.done.insert(step.id.clone(), StepOutcome::Sent);
        }
        let care = case.care();
        let facts = case.facts(&state, &calendar, &care);
        let now = case.issued_at() + TimeDelta::hours(hours);
        let told = explain(&facts, &rule, now);
        prop_assert_eq!(told.len(), rule.steps.len());
        let planned: Vec<(&str, DateTime<Utc>)> = told
            .iter()
            .filter_map(|(step, fate)| match fate {
                StepFate::Planned(slot) => Some((step.id.as_str(), *slot)),
                StepFate::Done(_) | StepFate::Dropped(_) => None,
            })
            .collect();
        let due: Vec<&str> =
            planned.iter().filter(|(_, slot)| *slot <= now).map(|(id, _)| *id).collect();
        match decide(&facts, &rule, now) {
            Decision::Send { step, covers }
            | Decision::Task { step, covers }
            | Decision::Escalate { step, covers }
            | Decision::Skip { step, covers, .. } => {
                let covers = covers.iter().map(|step| step.id.as_str());
                let acted: Vec<&str> = covers.chain([step.id.as_str()]).collect();
                prop_assert_eq!(acted, due);
            }
            Decision::Wait { step, until, why } => {
                let next = due.last().copied().or(planned.first().map(|(id, _)| *id));
                prop_assert_eq!(next, Some(step.id.as_str()));
                prop_assert!(until > now);
                prop_assert!(why != Why::NotYetDue || Some(until) == planned.first().map(|it| it.1));
            }
            Decision::Silent { why } => {
                prop_assert_eq!(why, Why::RuleEnded);
                prop_assert_eq!(planned, Vec::new());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn who_wakes_when_told_misses_what_a_sweep_of_every_half_hour_sends(
        rule in rules(), case in cases(),
    ) {
        let mut often = Chase::of(&rule, &case);
        let mut now = case.issued_at();
        while now < over() {
            often.sweep(now);
            now += GRID;
        }
        let mut seldom = Chase::of(&rule, &case);
        let mut now = case.issued_at();
        for _ in 0..500 {
            seldom.sweep(now);
            let Some(next) = seldom.wakes_at(now) else { break };
            prop_assert!(next > now, "it would wake at once for ever");
            now = next;
        }
        prop_assert_eq!(&often.deeds, &seldom.deeds);
        keeps_its_word(&often)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// The work index is written without the customer, whose facts are read when the work is done.
    #[test]
    fn work_found_without_the_customer_comes_too_late(
        rule in rules(), case in cases(), hours in 0..1_500_i64, done in vec(any::<bool>(), 12),
    ) {
        let calendar = BankCalendar::default();
        let mut state = ChaseState::default();
        for (step, _) in rule.steps.iter().zip(&done).filter(|(_, done)| **done) {
            state.done.insert(step.id.clone(), StepOutcome::Sent);
        }
        let now = case.issued_at() + TimeDelta::hours(hours);
        let mut care = case.care();
        care.paused = case.paused.map(|days| crate::care::Pause {
            reason: "they move".to_owned(),
            until: Some(crate::zone::civil_date(now, SAO_PAULO) + chrono::Days::new(days)),
        });
        let facts = case.facts(&state, &calendar, &care);
        let without = wakes_at(&Facts { customer: None, ..facts }, &rule, now);
        let mut acts = now;
        let action = loop {
            match decide(&facts, &rule, acts) {
                Decision::Wait { until, .. } => acts = until,
                // What is left out for good may be left out later.
                Decision::Skip { .. } | Decision::Silent { .. } => break None,
                _ => break Some(acts),
            }
        };
        if let Some(action) = action {
            prop_assert!(without.is_some_and(|wakes| wakes <= action), "{without:?} {action}");
        }
    }
}
