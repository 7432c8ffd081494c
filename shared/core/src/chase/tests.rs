mod drafts;
mod properties;
mod resets;
mod segments;

use chrono::TimeDelta;

use super::*;
use crate::zone::{SAO_PAULO, instant_at};

/// A local instant such as `2026-12-10 09:00`.
fn at(text: &str) -> DateTime<Utc> {
    let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    instant_at(local.date(), local.time(), SAO_PAULO)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A charge issued on 23 November and due on Thursday, 10 December.
fn facts<'a>(state: &'a ChaseState, calendar: &'a BankCalendar) -> Facts<'a> {
    static HANDLED: Handling = Handling {
        promise: None,
        dispute: None,
        paused: None,
        excluded: None,
        escalation: None,
        owner: None,
        tasks: Vec::new(),
        asked: None,
        rule_since: None,
    };
    Facts {
        opened_at: at("2026-11-23 10:00"),
        amount: Money::from_centavos(10_000),
        principal: Money::from_centavos(10_000),
        place: Place { number: 1, count: 1 },
        last_paid_at: None,
        handling: &HANDLED,
        draw: 50,
        customer_zone: SAO_PAULO,
        customer: None,
        issued_at: Some(at("2026-11-23 10:00")),
        adjusted_due: day("2026-12-10"),
        last_payable: day("2027-02-01"),
        is_first_charge: true,
        settled: false,
        canceled: false,
        hold: None,
        state,
        calendar,
        zone: SAO_PAULO,
    }
}

/// What the shipped rule does at `now`, as one word and one time.
fn check(state: &ChaseState, issued: &str, due: &str, now: &str) -> String {
    let calendar = BankCalendar::default();
    let facts =
        Facts { issued_at: Some(at(issued)), adjusted_due: day(due), ..facts(state, &calendar) };
    said(&decide(&facts, &Rule::shipped(), at(now)))
}

/// A decision in words.
fn said(decision: &Decision<'_>) -> String {
    let with = |what: &str, step: &Step, covers: &[&Step]| {
        let covers: Vec<_> = covers.iter().map(|step| step.id.as_str()).collect();
        match covers.is_empty() {
            true => format!("{what} {}", step.id),
            false => format!("{what} {} covering {}", step.id, covers.join(" ")),
        }
    };
    match decision {
        Decision::Send { step, covers } => with("send", step, covers),
        Decision::Task { step, covers } => with("task", step, covers),
        Decision::Escalate { step, covers } => with("escalate", step, covers),
        Decision::Skip { step, covers, why } => {
            format!("{} {}", with("skip", step, covers), why.code())
        }
        Decision::Wait { step, until, why } => {
            let until = until.with_timezone(&SAO_PAULO).format("%a %m-%d %H:%M");
            format!("wait {} {until} {}", step.id, why.code())
        }
        Decision::Silent { why } => format!("silent {}", why.code()),
    }
}

fn done(steps: &[&str], last_touch: Option<&str>) -> ChaseState {
    ChaseState {
        done: steps.iter().map(|id| ((*id).to_owned(), StepOutcome::Sent)).collect(),
        last_touch_at: last_touch.map(at),
        ..ChaseState::default()
    }
}

#[test]
fn the_first_message_goes_out_at_once_even_on_a_sunday_night() {
    let said = check(&done(&[], None), "2026-11-22 23:30", "2026-12-10", "2026-11-22 23:30");
    assert_eq!(said, "send issue");
}

#[test]
fn each_step_falls_on_its_day_at_nine() {
    const ISSUED: &str = "2026-11-23 10:00";
    let all = ["issue", "due_minus_5", "due_today", "due_plus_1", "due_plus_3", "due_plus_7"];
    let next = |n: usize| check(&done(&all[..n], None), ISSUED, "2026-12-10", ISSUED);
    // Due on Thursday 2026-12-10; five days before is a Saturday, when mornings are allowed.
    assert_eq!(next(1), "wait due_minus_5 Sat 12-05 09:00 not_yet_due");
    assert_eq!(next(2), "wait due_today Thu 12-10 09:00 not_yet_due");
    assert_eq!(next(3), "wait due_plus_1 Fri 12-11 09:00 not_yet_due");
    // Sunday 13 December is closed.
    assert_eq!(next(4), "wait due_plus_3 Mon 12-14 08:00 not_yet_due");
    assert_eq!(next(5), "wait due_plus_7 Thu 12-17 09:00 not_yet_due");
    // Christmas Day is a holiday, but a Friday: the step waits for Saturday morning.
    assert_eq!(next(6), "wait due_plus_15 Sat 12-26 08:00 not_yet_due");
}

#[test]
fn trap_42_nothing_goes_out_at_night_or_on_sunday() {
    let state = done(&["issue", "due_minus_5", "due_today"], None);
    let said = |now| check(&state, "2026-11-23 10:00", "2026-12-11", now);
    // The day after the due Friday is a Saturday.
    assert_eq!(said("2026-12-12 09:00"), "send due_plus_1");
    assert_eq!(said("2026-12-12 13:59"), "send due_plus_1");
    assert_eq!(said("2026-12-12 14:00"), "wait due_plus_1 Mon 12-14 08:00 quiet_hours");
    assert_eq!(said("2026-12-13 11:00"), "wait due_plus_1 Mon 12-14 08:00 quiet_hours");
}

#[test]
fn after_an_outage_only_the_highest_step_goes_out() {
    let said = check(&done(&["issue"], None), "2026-11-23 10:00", "2026-12-10", "2026-12-18 10:00");
    assert_eq!(said, "send due_plus_7 covering due_plus_1 due_plus_3");
}

#[test]
fn a_reminder_that_announces_a_past_due_date_is_dropped() {
    let state = done(&["issue"], None);
    let said = check(&state, "2026-11-23 10:00", "2026-12-10", "2026-12-10 21:00");
    // The day's own hours are over; tomorrow the announcement would be false.
    assert_eq!(said, "wait due_today Fri 12-11 08:00 quiet_hours");
    let said = check(&state, "2026-11-23 10:00", "2026-12-10", "2026-12-11 08:00");
    assert_eq!(said, "wait due_plus_1 Fri 12-11 09:00 not_yet_due");
}

#[test]
fn steps_before_the_issue_are_not_sent_late() {
    let state = done(&["issue"], Some("2026-12-08 10:00"));
    let said = check(&state, "2026-12-08 10:00", "2026-12-10", "2026-12-08 10:05");
    assert_eq!(said, "wait due_today Thu 12-10 09:00 not_yet_due");
}

#[test]
fn the_first_message_counts_as_a_touch() {
    let state = done(&["issue"], Some("2026-12-10 08:30"));
    let said = check(&state, "2026-12-10 08:30", "2026-12-10", "2026-12-10 09:00");
    assert_eq!(said, "wait due_today Fri 12-11 08:00 minimum_gap");
}

#[test]
fn the_chase_ends_in_a_person_not_in_silence() {
    let all = ["issue", "due_minus_5", "due_today", "due_plus_1", "due_plus_3", "due_plus_7"];
    let mut state = done(&all, None);
    state.done.insert("due_plus_15".into(), StepOutcome::Sent);
    let said = check(&state, "2026-11-23 10:00", "2026-12-10", "2026-12-30 22:00");
    assert_eq!(said, "escalate end");
    state.done.insert("end".into(), StepOutcome::Done);
    state.ended = true;
    let said = check(&state, "2026-11-23 10:00", "2026-12-10", "2027-06-01 10:00");
    assert_eq!(said, "silent rule_ended");
    // A charge that somebody re-issues afterwards still has to reach the payer.
    state.done.remove("issue");
    let said = check(&state, "2027-01-11 10:00", "2026-12-10", "2027-01-11 10:00");
    assert_eq!(said, "send issue");
}

#[test]
fn a_sweep_at_any_hour_of_any_day_sends_each_step_once_and_in_the_window() {
    let rule = Rule::shipped();
    let calendar = BankCalendar::default();
    let mut state = ChaseState::default();
    let (mut now, issued_at) = (at("2026-11-23 10:00"), at("2026-11-23 10:00"));
    let mut sent = Vec::new();
    while now < at("2027-03-01 00:00") {
        let facts = Facts {
            issued_at: Some(issued_at),
            adjusted_due: day("2026-12-24"),
            ..facts(&state, &calendar)
        };
        if let Decision::Send { step, .. } | Decision::Escalate { step, .. } =
            decide(&facts, &rule, now)
        {
            sent.push(step.id.as_str());
            let quiet = rule.window.next_allowed(now, &calendar, SAO_PAULO) > now;
            assert!(!quiet || step.when == When::OnIssue || !step.is_message(), "{now}");
            state.ended = step.effects.contains(&Effect::EndChase);
            state.done.insert(step.id.clone(), StepOutcome::Sent);
            state.last_touch_at = Some(now);
        }
        now += TimeDelta::minutes(7);
    }
    let all: Vec<_> = rule.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(sent, all);
}

#[test]
fn the_code_of_a_later_charge_is_not_sent_at_night() {
    let calendar = BankCalendar::default();
    let state = done(&[], Some("2026-12-14 20:30"));
    let facts = Facts {
        issued_at: Some(at("2026-12-15 00:05")),
        last_payable: day("2027-01-11"),
        is_first_charge: false,
        ..facts(&state, &calendar)
    };
    let rule = Rule::shipped();
    let Decision::Wait { until, why, .. } = decide(&facts, &rule, at("2026-12-15 00:05")) else {
        panic!("something is sent at midnight");
    };
    assert_eq!((until, why), (at("2026-12-15 08:00"), Why::QuietHours));
}

#[test]
fn no_message_asks_for_a_charge_that_can_no_longer_be_paid() {
    let calendar = BankCalendar::default();
    let state = done(&["issue", "due_minus_5", "due_today", "due_plus_1", "due_plus_3"], None);
    let facts = Facts { last_payable: day("2026-12-15"), ..facts(&state, &calendar) };
    let rule = Rule::shipped();
    let Decision::Wait { step, .. } = decide(&facts, &rule, at("2026-12-14 10:00")) else {
        panic!("something is sent");
    };
    assert_eq!(step.id, "end", "a person takes over");
}

#[test]
fn nothing_is_sent_while_a_fact_forbids_it() {
    let calendar = BankCalendar::default();
    let state = ChaseState::default();
    let open = Facts { last_payable: day("2027-01-11"), ..facts(&state, &calendar) };
    let why = |facts: Facts<'_>| match decide(&facts, &Rule::shipped(), at("2026-12-14 10:00")) {
        Decision::Silent { why } => why.code(),
        _ => "speaks",
    };
    assert_eq!(why(open), "speaks");
    assert_eq!(why(Facts { settled: true, ..open }), "settled");
    assert_eq!(why(Facts { canceled: true, ..open }), "canceled");
    assert_eq!(why(Facts { hold: Some(Hold::Refunded), ..open }), "on_hold");
    assert_eq!(why(Facts { issued_at: None, ..open }), "no_charge_yet");
}
