//! A payer's own word: what is taken for a promise, what a person decides, and for how much it is.

use chrono::Days;
use proptest::prelude::*;

use super::*;

const NOW: &str = "2026-12-14 10:00";

fn word(invoice: &Invoice, on: &str) -> Result<PayerWord, Refusal> {
    invoice.payer_word(day(on), at(NOW))
}

fn amount(word: Result<PayerWord, Refusal>) -> Money {
    match word {
        Ok(PayerWord::Promise { amount }) => amount,
        other => panic!("no promise: {other:?}"),
    }
}

fn promise(invoice: &Invoice, on: &str) -> Handle {
    let amount = amount(word(invoice, on));
    Handle::Promise { amount, day: day(on), by: "Maria".into(), grace_days: 1 }
}

fn handled(invoice: Invoice, asked: Handle, when: &str) -> Invoice {
    run(invoice, Command::Handle(asked), when)
}

#[test]
fn a_day_within_a_month_is_promised_and_no_day_else() {
    let invoice = issued(&draft());
    let out = |on: &str| match word(&invoice, on) {
        Err(Refusal::Handling(NotHandled::DayOutOfRange { earliest, latest })) => {
            (earliest, latest)
        }
        other => panic!("{on}: {other:?}"),
    };
    let bounds = (day("2026-12-14"), day("2027-12-15"));
    assert_eq!(out("2026-12-13"), bounds);
    assert_eq!(out("2027-12-16"), bounds);
    for on in ["2026-12-14", "2027-01-13"] {
        // 2 % once, and 4 days of 1 % a month.
        assert_eq!(amount(word(&invoice, on)), cents(102_133), "{on}");
    }
    for on in ["2027-01-14", "2027-12-15"] {
        assert_eq!(word(&invoice, on), Ok(PayerWord::ForAPerson(WhyAPerson::TooFar)), "{on}");
    }
}

#[test]
fn a_payer_puts_the_chase_off_again_before_anything_came() {
    let ways_out = [
        (None, Ok(PayerWord::ForAPerson(WhyAPerson::PromisedBefore))),
        (
            Some(Handle::WithdrawPromise { reason: "x".into() }),
            Ok(PayerWord::ForAPerson(WhyAPerson::Withdrawn)),
        ),
    ];
    for (after, expected) in ways_out {
        let invoice = issued(&draft());
        let asked = promise(&invoice, "2026-12-16");
        let promised = handled(invoice, asked, NOW);
        assert_eq!(word(&promised, "2026-12-16"), Ok(PayerWord::Known), "the same is no other");
        let now = match after {
            Some(after) => handled(promised, after, NOW),
            None => promised,
        };
        assert_eq!(word(&now, "2026-12-18"), expected);
    }
    let invoice = issued(&draft());
    let asked = promise(&invoice, "2026-12-16");
    let broken = handled(invoice, asked, NOW);
    let later = at("2026-12-18 00:00");
    let broken = applied(broken.clone(), &broken.follow_ups(later), later);
    let word = broken.payer_word(day("2026-12-20"), later);
    assert_eq!(word, Ok(PayerWord::ForAPerson(WhyAPerson::Broken)));
}

#[test]
fn who_kept_its_word_may_give_another_one() {
    let invoice = issued(&monthly(3));
    let asked = promise(&invoice, "2026-12-16");
    let promised = handled(invoice, asked, NOW);
    let amount = promised.handling.promise.as_ref().unwrap().amount;
    let paid = paid(promised, 1, 1, amount.centavos(), "2026-12-14 11:00");
    let kept = applied(paid.clone(), &paid.follow_ups(at(NOW)), at(NOW));
    assert!(matches!(word(&kept, "2026-12-20"), Ok(PayerWord::Promise { .. })));
}

#[test]
fn what_is_disputed_handed_on_or_held_is_promised_by_itself() {
    let dispute = Handle::Dispute { reason: "x".into() };
    let agency = Handle::Escalate { to: EscalatedTo::Agency, reason: "x".into() };
    for (asked, why) in [(dispute, WhyAPerson::Disputed), (agency, WhyAPerson::HandedOn)] {
        let invoice = handled(issued(&draft()), asked, NOW);
        assert_eq!(word(&invoice, "2026-12-16"), Ok(PayerWord::ForAPerson(why)));
    }
    let returned =
        released(paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00"), 1, 100_000, NOW);
    assert_eq!(word(&returned, "2026-12-16"), Ok(PayerWord::ForAPerson(WhyAPerson::OnHold)));
}

#[test]
fn what_is_not_owed_is_promised() {
    let paid = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    assert_eq!(word(&paid, "2026-12-16"), Err(Refusal::AlreadyPaid));
    let canceled = run(issued(&draft()), Command::Cancel { reason: "x".into() }, NOW);
    assert_eq!(word(&canceled, "2026-12-16"), Err(Refusal::Canceled));
}

#[test]
fn a_promise_is_for_instalments_that_fall_due_later() {
    let invoice = issued(&monthly(3));
    let first = invoice.outstanding_of(&invoice.instalments[0], day("2026-12-14"));
    assert_eq!(amount(word(&invoice, "2026-12-20")), first);
    let both = first + invoice.outstanding_of(&invoice.instalments[1], day("2026-12-14"));
    assert_eq!(amount(word(&invoice, "2027-01-11")), both, "10 January is a Sunday");
    let early = invoice.payer_word(day("2026-12-01"), at("2026-11-25 10:00"));
    assert_eq!(amount(early), cents(33_334), "the next one, though it is not due");
}

proptest! {
    /// Whoever pays what is asked on the day it pays, on or before the day it gave, has kept its
    /// word, however many instalments come after.
    #[test]
    fn a_word_is_broken_by_paying_early(
        parts in 1_i64..4,
        wait in 0_u64..40,
        ahead in 0_u64..=PAYER_PROMISE_DAYS_MAX,
        sooner in 0_u64..=PAYER_PROMISE_DAYS_MAX,
    ) {
        let invoice = issued(&monthly(parts));
        let now = at("2026-11-24 10:00") + Days::new(wait);
        let today = invoice.civil_date(now);
        let on = today + Days::new(ahead);
        let amount = amount(invoice.payer_word(on, now));
        let asked = Handle::Promise { amount, day: on, by: "Maria".into(), grace_days: 1 };
        let events = decide(&invoice, Command::Handle(asked), now).unwrap();
        let mut invoice = applied(invoice, &events, now);
        let paid_at = now + Days::new(sooner.min(ahead));
        let paid_on = invoice.civil_date(paid_at);
        let calendar = invoice.calendar();
        let due: Vec<u16> = invoice.instalments.iter()
            .filter(|it| it.number == 1 || it.terms.adjusted_due(&calendar) <= on)
            .map(|it| it.number)
            .collect();
        for (nth, number) in (1..).zip(due) {
            let instalment = invoice.instalment(number).unwrap();
            let amount = invoice.outstanding_of(instalment, paid_on);
            let payment = pix_id(paid_at, nth);
            let money = Received {
                instalment: number,
                revision: None,
                payment: &payment,
                amount,
                paid_at,
                source: Source::Unidentified,
            };
            let events = allocate(&invoice, &money, paid_at).unwrap();
            invoice = applied(invoice, &events, paid_at);
        }
        let invoice = applied(invoice.clone(), &invoice.follow_ups(paid_at), paid_at);
        let promise = invoice.handling.promise.as_ref().unwrap();
        prop_assert_eq!(promise.state, PromiseState::Kept);
    }
}
