//! What people agree about an invoice: promises, disputes, pauses, messages ahead of their time.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::care::Care;
use crate::chase::{Conditions, CustomerFacts, Decision, Why, decide as chased};
use crate::ids::TaskId;
use crate::task::TaskKind;

fn handle(invoice: Invoice, asked: Handle, when: &str) -> Invoice {
    run(invoice, Command::Handle(asked), when)
}

fn refused(invoice: &Invoice, asked: Handle, when: &str) -> Refusal {
    decide(invoice, Command::Handle(asked), at(when)).unwrap_err()
}

fn promise(centavos: i64, on: &str) -> Handle {
    Handle::Promise { amount: cents(centavos), day: day(on), by: "Maria".into(), grace_days: 1 }
}

fn task(kind: TaskKind, nth: u8) -> Handle {
    let ulid = format!("01JE6X7Q5M8Y2N4C9R0T3V6W{nth:02}");
    let task = TaskId::from_ulid(&ulid).unwrap();
    Handle::OpenTask { task, kind, step: None, due: day("2026-12-14"), owner: None }
}

fn followed(invoice: Invoice, when: &str) -> Invoice {
    let events = invoice.follow_ups(at(when));
    applied(invoice, &events, at(when))
}

fn promised(invoice: &Invoice) -> PromiseState {
    invoice.handling.promise.as_ref().unwrap().state
}

fn said(invoice: &Invoice, when: &str) -> String {
    let (calendar, rule) = (invoice.calendar(), Rule::shipped());
    let facts = invoice.chase_facts(&invoice.instalments[0], &calendar, at(when));
    match chased(&facts, &rule, at(when)) {
        Decision::Send { step, covers } => format!("send {} over {}", step.id, covers.len()),
        Decision::Wait { step, until, why } => format!("wait {} {until} {}", step.id, why.code()),
        Decision::Silent { why } => format!("silent {}", why.code()),
        other => format!("{other:?}"),
    }
}

fn first_message_out(invoice: Invoice) -> Invoice {
    let rule = Rule::shipped();
    let command = Command::RecordStep {
        instalment: 1,
        step: &rule.steps[0],
        outcome: chase::StepOutcome::Sent,
        channels: Vec::new(),
        covered: Vec::new(),
        amount: None,
    };
    run(invoice, command, "2026-11-23 10:02")
}

#[test]
fn a_promise_that_is_a_centavo_short_counts_as_kept() {
    let invoice = handle(issued(&draft()), promise(60_000, "2026-12-18"), "2026-12-11 10:00");
    let short = paid(invoice.clone(), 1, 1, 59_999, "2026-12-14 10:00");
    let until = at("2026-12-20 00:00");
    assert_eq!(short.follow_ups(until - TimeDelta::seconds(1)), []);
    let names_then = names(&short.follow_ups(until));
    assert_eq!(names_then, ["promise.broken"]);
    assert_eq!(promised(&followed(short, "2026-12-20 00:00")), PromiseState::Broken);
    let whole = paid(invoice, 1, 1, 60_000, "2026-12-14 10:00");
    assert_eq!(names(&whole.follow_ups(at("2026-12-14 10:00"))), ["promise.kept"], "at once");
}

#[test]
fn money_that_came_before_a_promise_keeps_it() {
    let invoice = paid(issued(&draft()), 1, 1, 40_000, "2026-12-01 10:00");
    let invoice = handle(invoice, promise(40_000, "2026-12-18"), "2026-12-11 10:00");
    assert_eq!(names(&invoice.follow_ups(at("2026-12-20 00:00"))), ["promise.broken"]);
}

#[test]
fn two_promises_are_open_at_once() {
    let invoice = handle(issued(&draft()), promise(60_000, "2026-12-18"), "2026-12-11 10:00");
    let again = Command::Handle(promise(60_000, "2026-12-18"));
    assert_eq!(decide(&invoice, again, at("2026-12-11 11:00")), Ok(Vec::new()), "the same one");
    let invoice = handle(invoice, promise(100_000, "2026-12-21"), "2026-12-12 10:00");
    assert_eq!(invoice.handling.open_promise().unwrap().amount, cents(100_000));
    // The first one's day passes; nothing is broken by it.
    assert_eq!(invoice.follow_ups(at("2026-12-21 10:00")), []);
    let work = invoice.next_work(&Rule::shipped(), at("2026-12-21 10:00")).unwrap();
    assert_eq!(work.at, at("2026-12-23 00:00"));
}

#[test]
fn a_promise_is_for_more_than_is_owed_or_for_a_day_nobody_waits_for() {
    let invoice = issued(&draft());
    for centavos in [0, -1, 100_001] {
        let available = cents(100_000);
        let why = refused(&invoice, promise(centavos, "2026-12-10"), "2026-12-01 10:00");
        assert_eq!(why, Refusal::OverBalance { available }, "{centavos}");
    }
    let (earliest, latest) = (day("2026-12-01"), day("2027-03-01"));
    for on in ["2026-11-30", "2027-03-02"] {
        let why = refused(&invoice, promise(1, on), "2026-12-01 10:00");
        assert_eq!(why, NotHandled::DayOutOfRange { earliest, latest }.into(), "{on}");
    }
    let settled = paid(invoice, 1, 1, 100_000, "2026-12-01 10:00");
    let why = refused(&settled, promise(1, "2026-12-10"), "2026-12-01 10:00");
    assert_eq!(why, Refusal::AlreadyPaid);
}

#[test]
fn a_broken_promise_leaves_the_chase_at_rest() {
    let invoice = first_message_out(issued(&draft()));
    let invoice = handle(invoice, promise(60_000, "2026-12-18"), "2026-12-11 10:00");
    assert!(said(&invoice, "2026-12-14 10:00").ends_with(" promised"));
    let invoice = followed(invoice, "2026-12-21 10:00");
    // Of all that fell due meanwhile, the highest alone.
    assert_eq!(said(&invoice, "2026-12-21 10:00"), "send due_plus_7 over 2");
}

#[test]
fn what_was_paused_is_caught_up_on_step_by_step() {
    let invoice = first_message_out(issued(&draft()));
    let pause = Handle::Pause { reason: "talks".into(), until: Some(day("2026-12-21")) };
    let invoice = handle(invoice, pause, "2026-11-24 10:00");
    assert!(said(&invoice, "2026-12-18 10:00").ends_with(" paused"));
    assert_eq!(said(&invoice, "2026-12-21 10:00"), "send due_plus_7 over 2");
    let early = handle(invoice, Handle::Resume, "2026-12-11 10:00");
    assert_eq!(said(&early, "2026-12-11 10:00"), "send due_plus_1 over 0");
}

#[test]
fn a_dispute_stays_after_payment() {
    let dispute = Handle::Dispute { reason: "hours".into() };
    let invoice = handle(issued(&draft()), dispute.clone(), "2026-12-01 10:00");
    assert_eq!(said(&invoice, "2026-12-14 10:00"), "silent disputed");
    let why = refused(&invoice, dispute, "2026-12-02 10:00");
    assert_eq!(why, NotHandled::DisputedAlready.into());
    let invoice = handle(invoice, task(TaskKind::Dispute, 1), "2026-12-01 10:00");
    let invoice = paid(invoice, 1, 1, 100_000, "2026-12-03 10:00");
    let work = invoice.next_work(&Rule::shipped(), at("2026-12-03 10:00")).unwrap();
    assert_eq!(work.at, at("2026-12-03 10:00"));
    let events = invoice.follow_ups(at("2026-12-03 10:00"));
    assert_eq!(names(&events), ["dispute.closed", "task.cleared"]);
    let invoice = applied(invoice, &events, at("2026-12-03 10:00"));
    assert_eq!(invoice.handling.dispute, None);
    assert_eq!(invoice.follow_ups(at("2027-12-03 10:00")), []);
}

#[test]
fn a_task_outlives_its_payment() {
    let kinds = [TaskKind::Call, TaskKind::BrokenPromise, TaskKind::FixContact, TaskKind::Question];
    let mut invoice = issued(&draft());
    for (nth, kind) in (1..).zip(kinds) {
        invoice = handle(invoice, task(kind, nth), "2026-12-01 10:00");
    }
    // Nobody promised anything: that task is over at once.
    invoice = followed(invoice, "2026-12-01 10:00");
    let invoice = paid(invoice, 1, 1, 100_000, "2026-12-03 10:00");
    let invoice = followed(invoice, "2026-12-03 10:00");
    let left: Vec<TaskKind> = invoice.handling.tasks.iter().map(|task| task.kind).collect();
    assert_eq!(left, [TaskKind::FixContact, TaskKind::Question]);
    assert_eq!(invoice.next_work(&Rule::shipped(), at("2026-12-04 10:00")).map(|it| it.kind), {
        Some(WorkKind::Receipt)
    });
}

#[test]
fn a_payment_of_one_instalment_leaves_its_flag_to_another() {
    let invoice = issued(&monthly(2));
    let flag = Handle::Flag { instalment: None };
    let invoice = handle(invoice, flag, "2026-12-14 10:00");
    let invoice = handle(invoice, task(TaskKind::FlaggedAccount, 1), "2026-12-14 10:00");
    assert_eq!(invoice.follow_ups(at("2026-12-14 10:00")), []);
    let due = invoice.outstanding_of(&invoice.instalments[0], day("2026-12-14"));
    let (invoice, _) = taken_in(invoice, 1, 1, 60_000, "2026-12-14 11:00");
    assert!(due < cents(60_000));
    assert!(!invoice.instalments[0].chase.flagged);
    assert_eq!(names(&invoice.follow_ups(at("2026-12-14 11:00"))), ["task.cleared"]);
}

#[test]
fn a_reversed_escalation_leaves_the_chase_frozen() {
    let escalate = |to| Handle::Escalate { to, reason: "no answer".into() };
    let invoice = first_message_out(issued(&draft()));
    let invoice = handle(invoice, escalate(EscalatedTo::Agency), "2026-12-11 10:00");
    assert_eq!(said(&invoice, "2026-12-14 10:00"), "silent escalated");
    assert_eq!(invoice.next_work(&Rule::shipped(), at("2026-12-14 10:00")).unwrap().kind, {
        WorkKind::Charge
    });
    let why = refused(&invoice, escalate(EscalatedTo::Legal), "2026-12-14 10:00");
    assert_eq!(why, NotHandled::Escalated { to: EscalatedTo::Agency }.into());
    let back = Handle::ReverseEscalation { reason: "they pay".into() };
    let invoice = handle(invoice, back.clone(), "2026-12-21 10:00");
    assert_eq!(said(&invoice, "2026-12-21 10:00"), "send due_plus_7 over 2");
    assert_eq!(refused(&invoice, back, "2026-12-21 11:00"), NotHandled::NotEscalated.into());
}

/// What a person who asks for a message is told.
fn sent(invoice: &Invoice, step: Option<&str>, when: &str) -> Result<String, Refusal> {
    let care = Care::default();
    let customer = CustomerFacts { care: &care, credit: Money::ZERO };
    let asked = sendable(invoice, &Rule::shipped(), customer, (None, step), at(when));
    asked.map(|asked| asked.step)
}

#[test]
fn a_message_that_was_asked_for_waits_for_its_day() {
    let invoice = first_message_out(issued(&draft()));
    assert_eq!(sent(&invoice, None, "2026-11-23 10:05"), Ok("due_minus_5".to_owned()));
    let ask = |step: &str| Handle::Send { instalment: 1, step: step.to_owned() };
    // Neither its day nor the gap after the last message.
    let asked = handle(invoice.clone(), ask("due_minus_5"), "2026-11-23 10:05");
    assert_eq!(said(&asked, "2026-11-23 10:05"), "send due_minus_5 over 0");
    assert_eq!(asked.next_work(&Rule::shipped(), at("2026-11-23 10:05")).unwrap().at, {
        at("2026-11-23 10:05")
    });
    // But never at night.
    assert!(said(&asked, "2026-11-23 22:00").ends_with("quiet_hours"));
    let rule = Rule::shipped();
    let step = rule.steps.iter().find(|step| step.id == "due_minus_5").unwrap();
    let record = Command::RecordStep {
        instalment: 1,
        step,
        outcome: chase::StepOutcome::Sent,
        channels: Vec::new(),
        covered: Vec::new(),
        amount: None,
    };
    let after = run(asked.clone(), record, "2026-11-23 10:06");
    assert_eq!(after.handling.asked, None, "it is not sent twice");
    let again = sent(&after, Some("due_minus_5"), "2026-11-23 10:07");
    assert_eq!(again, Err(NotHandled::StepDone.into()));
    let paid = paid(asked, 1, 1, 40_000, "2026-11-23 10:06");
    assert_eq!(paid.handling.asked, None, "money came");
}

#[test]
fn a_message_is_asked_for_against_what_forbids_it() {
    let invoice = first_message_out(issued(&draft()));
    let why = |invoice: &Invoice| match sent(invoice, None, "2026-12-14 10:00") {
        Err(Refusal::Handling(NotHandled::NotNow { why })) => why,
        other => panic!("{other:?}"),
    };
    let handled = |asked| handle(invoice.clone(), asked, "2026-12-14 09:00");
    let reason = || "x".to_owned();
    assert_eq!(why(&handled(Handle::Dispute { reason: reason() })), Why::Disputed);
    assert_eq!(why(&handled(Handle::Pause { reason: reason(), until: None })), Why::Paused);
    assert_eq!(why(&handled(Handle::Exclude { reason: reason() })), Why::Excluded);
    assert_eq!(why(&handled(promise(100, "2026-12-18"))), Why::Promised);
    let escalate = Handle::Escalate { to: EscalatedTo::Legal, reason: reason() };
    assert_eq!(why(&handled(escalate)), Why::Escalated);
    let part = paid(invoice.clone(), 1, 1, 40_000, "2026-12-14 09:59");
    let part = taken_by_bank(part, "2026-12-14 09:59");
    assert_eq!(sent(&part, None, "2026-12-14 10:00"), Ok("issue".to_owned()), "a new code");
    let firmer = sent(&part, Some("due_plus_7"), "2026-12-14 10:00");
    assert_eq!(firmer, Err(NotHandled::NotNow { why: Why::RecentPayment }.into()));
    let unknown = sent(&invoice, Some("nothing"), "2026-12-14 10:00");
    assert_eq!(unknown, Err(NotHandled::NoSuchStep.into()));
    let past = sent(&invoice, Some("due_minus_5"), "2026-12-14 10:00");
    assert_eq!(past, Err(NotHandled::StepDropped { why: "announces_the_past" }.into()));
    let all = paid(invoice, 1, 1, 102_133, "2026-12-14 09:00");
    assert_eq!(sent(&all, None, "2026-12-14 10:00"), Err(Refusal::AlreadyPaid));
}

#[test]
fn a_list_of_tasks_grows_without_end() {
    let mut invoice = issued(&draft());
    for nth in 0..u8::try_from(OPEN_TASKS_MAX).unwrap() {
        invoice = handle(invoice, task(TaskKind::Call, nth), "2026-12-01 10:00");
    }
    let why = refused(&invoice, task(TaskKind::Call, 99), "2026-12-01 10:00");
    assert_eq!(why, NotHandled::TooManyTasks.into());
    let first = invoice.handling.tasks[0].id.clone();
    let done =
        || Handle::DoTask { task: first.clone(), outcome: "reached".into(), note: "".into() };
    let invoice = handle(invoice, done(), "2026-12-01 10:00");
    assert_eq!(refused(&invoice, done(), "2026-12-01 10:00"), NotHandled::NoSuchTask.into());
}

#[test]
fn who_promised_is_remembered_after_the_party_was_erased() {
    let invoice = handle(issued(&draft()), promise(60_000, "2026-12-18"), "2026-12-11 10:00");
    let owner = crate::contact::Email::parse("ana@acme.example").ok();
    let invoice = handle(invoice, Handle::AssignOwner { owner }, "2026-12-11 10:00");
    let invoice = run(invoice, Command::EraseParty, "2026-12-30 10:00");
    assert_eq!(invoice.handling.promise.unwrap().by, "");
    assert_eq!(invoice.handling.owner, None);
}

proptest! {
    /// Whatever is done and paid in whatever order, what follows by itself comes to an end, and the
    /// work never lies in the past for something that is not due.
    #[test]
    fn what_follows_by_itself_goes_on_for_ever(
        deeds in prop::collection::vec((0_u8..8, 1_i64..120_000, 0_i64..60), 0..25),
    ) {
        let mut invoice = first_message_out(issued(&draft()));
        let mut now = at("2026-11-24 10:00");
        for (nth, (deed, centavos, hours)) in (0_u8..).zip(deeds) {
            now += TimeDelta::hours(hours);
            let today = invoice.civil_date(now);
            let asked = match deed {
                0 => Handle::Promise {
                    amount: cents(centavos), day: today, by: "x".into(), grace_days: 1,
                },
                1 => Handle::Dispute { reason: "x".into() },
                2 => task(TaskKind::Call, nth),
                3 => task(TaskKind::BrokenPromise, nth),
                4 => Handle::Flag { instalment: None },
                5 => task(TaskKind::FlaggedAccount, nth),
                6 => Handle::WithdrawPromise { reason: "x".into() },
                _ => Handle::ClearFlag,
            };
            if let Ok(events) = decide(&invoice, Command::Handle(asked), now) {
                invoice = applied(invoice, &events, now);
            }
            let events = invoice.follow_ups(now);
            invoice = applied(invoice, &events, now);
            prop_assert_eq!(invoice.follow_ups(now), []);
            prop_assert!(invoice.follows_at(now).is_none_or(|at| at > now));
        }
    }
}

#[test]
fn a_condition_that_needs_the_customer_drops_a_message_that_was_asked_for() {
    let mut rule = Rule::shipped();
    for step in &mut rule.steps {
        step.only = Conditions { segments: vec!["late".to_owned()], ..Conditions::default() };
    }
    let invoice = issued(&draft());
    let care = Care::default();
    let customer = CustomerFacts { care: &care, credit: Money::ZERO };
    let asked = sendable(&invoice, &rule, customer, (None, Some("issue")), at("2026-11-23 10:05"));
    assert_eq!(asked, Err(NotHandled::StepDropped { why: "not_for_this" }.into()));
}
