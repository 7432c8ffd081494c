use super::*;
use crate::sample::{at, cents, draft, issued, paid};

fn touch(when: &str) -> Touch {
    Touch {
        instalment: 1,
        rule: None,
        rule_version: 1,
        step: "due_today".into(),
        arm: Arm::Sent,
        at: at(when),
    }
}

#[test]
fn a_payment_is_counted_for_a_step_it_did_not_follow() {
    let open = issued(&draft());
    let closed = paid(open.clone(), 1, 1, 100_000, "2026-12-10 12:00");
    let check = |step, invoice, now| followed(&touch(step), invoice, at(now));
    let amount = cents(100_000);
    assert_eq!(check("2026-12-10 09:00", &closed, "2026-12-10 13:00"), Followed::Paid { amount });
    assert_eq!(check("2026-12-05 09:00", &closed, "2026-12-20 13:00"), Followed::Paid { amount });
    // Before the step, and later than a week after it.
    assert_eq!(check("2026-12-10 13:00", &closed, "2026-12-20 13:00"), Followed::NotPaid);
    assert_eq!(check("2026-12-01 09:00", &closed, "2026-12-20 13:00"), Followed::NotPaid);
    // Not yet a week, then a week.
    assert_eq!(check("2026-12-10 09:00", &open, "2026-12-17 08:59"), Followed::TooSoon);
    assert_eq!(check("2026-12-10 09:00", &open, "2026-12-17 09:00"), Followed::NotPaid);
}

#[test]
fn a_part_counts_as_paid() {
    let part = paid(issued(&draft()), 1, 1, 40_000, "2026-12-10 12:00");
    let told = followed(&touch("2026-12-10 09:00"), &part, at("2026-12-18 09:00"));
    assert_eq!(told, Followed::NotPaid);
}

#[test]
fn only_the_money_after_the_step_is_what_it_brought() {
    let part = paid(issued(&draft()), 1, 1, 40_000, "2026-12-08 12:00");
    let part = crate::sample::taken_by_bank(part, "2026-12-08 12:01");
    let rest = paid(part, 1, 2, 60_000, "2026-12-10 12:00");
    let told = followed(&touch("2026-12-10 09:00"), &rest, at("2026-12-18 09:00"));
    assert_eq!(told, Followed::Paid { amount: cents(60_000) });
}

#[test]
fn a_handful_of_cases_is_called_a_result() {
    let comparison = |sent: (u32, u32), held: (u32, u32)| {
        let tally = |(paid, cases)| Tally { paid, cases, ..Tally::default() };
        Comparison { sent: tally(sent), held_out: tally(held) }
    };
    assert_eq!(comparison((29, 29), (0, 300)).brought(), None);
    assert_eq!(comparison((30, 40), (0, 0)).brought(), None);
    assert_eq!(comparison((30, 40), (20, 40)).brought(), Some(2_500));
    assert_eq!(comparison((10, 40), (20, 40)).brought(), Some(-2_500));
}

#[test]
fn days_beyond_terms_count_from_a_day_nobody_can_pay_on() {
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-08 12:00");
    assert_eq!(days_beyond_terms(&invoice.instalments[0], &invoice), Some(-2));
    let open = issued(&draft());
    assert_eq!(days_beyond_terms(&open.instalments[0], &open), None);
}
