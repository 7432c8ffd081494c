//! Fears: a change that begins a chase anew, or keeps it from going on. Each test is a sentence of
//! the module's own description.

use super::*;
use crate::invoice::{Command, Invoice};
use crate::sample::{self, draft, issued, paid, run, taken_by_bank};

/// What the rule does with the invoice's only instalment.
fn under(rule: &Rule, invoice: &Invoice, now: &str) -> String {
    let calendar = invoice.calendar();
    let facts = invoice.chase_facts(&invoice.instalments[0], &calendar, at(now));
    said(&decide(&facts, rule, at(now)))
}

fn next(invoice: &Invoice, now: &str) -> String {
    under(&Rule::shipped(), invoice, now)
}

/// Due on Thursday, 10 December 2026; these steps went out, a day apart and the last one at `last`.
fn chased(steps: &[&str], last: &str) -> Invoice {
    let rule = Rule::shipped();
    steps.iter().fold(issued(&draft()), |invoice, id| step(invoice, &rule, id, last))
}

fn step(invoice: Invoice, rule: &Rule, id: &str, when: &str) -> Invoice {
    let step = rule.step(id).unwrap();
    let silent = !step.is_message();
    let outcome = if silent { StepOutcome::Done } else { StepOutcome::Sent };
    let (channels, covered) = (step.channels().collect(), Vec::new());
    let done =
        Command::RecordStep { instalment: 1, step, outcome, channels, covered, amount: None };
    run(invoice, done, when)
}

const UP_TO_3: [&str; 5] = ["issue", "due_minus_5", "due_today", "due_plus_1", "due_plus_3"];

#[test]
fn a_later_due_date_leaves_steps_done() {
    let invoice = chased(&UP_TO_3, "2026-12-14 09:00");
    assert_eq!(next(&invoice, "2026-12-14 10:00"), "wait due_plus_7 Thu 12-17 09:00 not_yet_due");
    let due_date = day("2027-01-11");
    let later = Command::ExtendDueDate { instalment: 1, due_date, reason: "agreed".to_owned() };
    let invoice = run(invoice, later, "2026-12-14 10:00");
    // All steps are ahead again, the announcement among them.
    assert_eq!(invoice.instalments[0].chase.done.len(), 0);
    let invoice = taken_by_bank(invoice, "2026-12-14 10:01");
    assert_eq!(next(&invoice, "2026-12-14 10:02"), "send issue");
    let invoice = step(invoice, &Rule::shipped(), "issue", "2026-12-14 10:02");
    assert_eq!(next(&invoice, "2026-12-14 10:03"), "wait due_minus_5 Wed 01-06 09:00 not_yet_due");
}

#[test]
fn a_charge_in_place_of_another_begins_the_chase_anew() {
    let invoice = chased(&UP_TO_3, "2026-12-14 09:00");
    let anew = Command::Reissue { instalment: 1, reason: "asked for again".to_owned() };
    let invoice = taken_by_bank(run(invoice, anew, "2026-12-14 10:00"), "2026-12-14 10:01");
    assert_eq!(next(&invoice, "2026-12-14 10:02"), "send issue");
    let invoice = step(invoice, &Rule::shipped(), "issue", "2026-12-14 10:02");
    assert_eq!(next(&invoice, "2026-12-14 10:03"), "wait due_plus_7 Thu 12-17 09:00 not_yet_due");
}

#[test]
fn a_part_payment_begins_the_chase_anew_or_is_answered_with_a_demand() {
    let invoice = chased(&UP_TO_3, "2026-12-14 09:00");
    let invoice = paid(invoice, 1, 1, 40_000, "2026-12-16 20:00");
    // There is a charge for the rest, and its code is all that is sent again.
    assert_eq!(invoice.instalments[0].chase.done.len(), UP_TO_3.len() - 1);
    let invoice = taken_by_bank(invoice, "2026-12-16 20:01");
    let invoice = step(invoice, &Rule::shipped(), "issue", "2026-12-17 08:00");
    // Who has just paid a part is left alone for a day.
    assert_eq!(
        next(&invoice, "2026-12-17 09:00"),
        "wait due_plus_7 Thu 12-17 20:00 recent_payment"
    );
}

/// The steps that a rest swallowed are covered by the highest; none is caught up on one by one.
#[test]
fn after_a_pause_or_a_promise_everything_is_caught_up_on() {
    use crate::care::Pause;
    let mut invoice = chased(&UP_TO_3[..3], "2026-12-10 09:00");
    let reason = "they move house".to_owned();
    invoice.handling.paused = Some(Pause { reason, until: Some(day("2026-12-18")) });
    assert_eq!(next(&invoice, "2026-12-14 10:00"), "wait due_plus_3 Fri 12-18 00:00 paused");
    let said = next(&invoice, "2026-12-18 10:00");
    assert_eq!(said, "send due_plus_7 covering due_plus_1 due_plus_3");
    invoice.handling.paused = None;
    assert_eq!(next(&invoice, "2026-12-18 10:00"), said);
}

#[test]
fn after_a_dispute_everything_is_caught_up_on() {
    use crate::invoice::Dispute;
    let mut invoice = chased(&UP_TO_3[..3], "2026-12-10 09:00");
    let dispute = Dispute { reason: "not delivered".to_owned(), at: at("2026-12-10 12:00") };
    invoice.handling.dispute = Some(dispute);
    assert_eq!(next(&invoice, "2026-12-18 10:00"), "silent disputed");
    invoice.handling.dispute = None;
    let said = next(&invoice, "2026-12-18 10:00");
    assert_eq!(said, "send due_plus_7 covering due_plus_1 due_plus_3");
}

/// The shipped steps by other offsets, and one more.
fn other_rule() -> Rule {
    let mut rule = Rule::shipped();
    let due = |offset| When::Due { offset, unit: Unit::Days };
    for step in &mut rule.steps {
        match step.id.as_str() {
            "due_plus_7" => step.when = due(5),
            "due_plus_15" => step.when = due(9),
            "end" => step.when = due(12),
            _ => {}
        }
    }
    rule
}

fn moved(invoice: Invoice, when: &str) -> Invoice {
    let rule = Some(RuleName::parse("quick").unwrap());
    let ended_by = Some("end".to_owned());
    run(invoice, Command::MoveRule { rule, version: 3, ended_by }, when)
}

#[test]
fn moving_to_another_rule_sends_again_what_was_sent() {
    let invoice = moved(chased(&UP_TO_3, "2026-12-14 09:00"), "2026-12-14 12:00");
    assert_eq!(invoice.issuing.rule_version, 3);
    let said = under(&other_rule(), &invoice, "2026-12-14 12:00");
    assert_eq!(said, "wait due_plus_7 Tue 12-15 09:00 not_yet_due");
}

#[test]
fn moving_to_another_rule_sends_what_it_would_have_sent_before() {
    // Six days late: the new rule's step of day five lies behind, and is not caught up on.
    let invoice = moved(chased(&UP_TO_3, "2026-12-14 09:00"), "2026-12-16 12:00");
    let said = under(&other_rule(), &invoice, "2026-12-16 12:00");
    assert_eq!(said, "wait due_plus_15 Sat 12-19 09:00 not_yet_due");
}

#[test]
fn moving_to_a_rule_whose_end_has_passed_leaves_the_invoice_to_nobody() {
    let invoice = moved(chased(&UP_TO_3, "2026-12-14 09:00"), "2026-12-23 12:00");
    assert_eq!(under(&other_rule(), &invoice, "2026-12-23 12:00"), "escalate end");
}

#[test]
fn a_chase_that_had_ended_stays_ended_under_another_rule() {
    let all = [&UP_TO_3[..], &["due_plus_7", "due_plus_15", "end"]].concat();
    let invoice = chased(&all, "2026-12-30 09:00");
    assert!(invoice.instalments[0].chase.ended);
    assert_eq!(next(&invoice, "2026-12-30 10:00"), "silent rule_ended");
    let mut rule = other_rule();
    let due = |offset| When::Due { offset, unit: Unit::Days };
    rule.steps.iter_mut().filter(|it| it.id == "end").for_each(|it| it.when = due(40));
    let invoice = moved(invoice, "2026-12-30 10:00");
    assert!(!invoice.instalments[0].chase.ended);
    assert_eq!(under(&rule, &invoice, "2026-12-30 10:00"), "wait end Tue 01-19 09:00 not_yet_due");
    // Moved again to where it is, nothing happens; of a canceled one, nothing may.
    let version = invoice.version;
    assert_eq!(moved(invoice.clone(), "2026-12-30 11:00").version, version);
    let canceled = run(invoice, Command::Cancel { reason: "error".to_owned() }, "2026-12-30 11:00");
    let asked = Command::MoveRule { rule: None, version: 1, ended_by: None };
    assert!(crate::invoice::decide(&canceled, asked, at("2026-12-30 12:00")).is_err());
}

#[test]
fn an_end_that_fell_while_there_was_no_charge_leaves_the_invoice_to_nobody() {
    // The charge is asked for again a month late, and the end of the rule had not come about.
    let invoice = sample::issued(&draft());
    let anew = Command::Reissue { instalment: 1, reason: "expired".to_owned() };
    let invoice = taken_by_bank(run(invoice, anew, "2027-01-12 10:00"), "2027-01-12 10:01");
    let invoice = step(invoice, &Rule::shipped(), "issue", "2027-01-12 10:02");
    assert_eq!(next(&invoice, "2027-01-12 10:03"), "escalate end");
}
