//! Tests of a payment: fears by name, and laws of its places.

mod properties;

use chrono::TimeDelta;

use super::*;
use crate::sample::{ULID, at, cents, pix_id, reported};

const PAID: &str = "2026-12-01 10:00";

fn invoice(nth: u8) -> InvoiceId {
    InvoiceId::from_ulid(&format!("{}{nth:02}", &ULID[..24])).unwrap()
}

fn customer(nth: u8) -> CustomerId {
    CustomerId::from_ulid(&format!("{}{nth:02}", &ULID[..24])).unwrap()
}

fn applied(payment: Payment, events: &[Event], now: &str) -> Payment {
    events.iter().fold(payment, |payment, event| evolve(payment, event, at(now)))
}

fn run(payment: Payment, command: Command, now: &str) -> Payment {
    let events = decide(&payment, command, at(now)).unwrap();
    applied(payment, &events, now)
}

/// A Pix of R$ 100.00 that waits for a person.
fn parked() -> Payment {
    let payment = reported(pix_id(at(PAID), 1), cents(10_000), at(PAID));
    let payment = run(payment, Command::Receive { in_full: None }, PAID);
    run(payment, Command::Park { reason: ParkReason::UnknownTxid }, PAID)
}

fn allocate(nth: u8, centavos: i64) -> Command {
    Command::Allocate { invoice: invoice(nth), instalment: 1, amount: cents(centavos) }
}

fn put(nth: u8, centavos: i64) -> Command {
    Command::PutOnAccount { customer: customer(nth), amount: cents(centavos) }
}

fn refund(id: &str, centavos: i64) -> Command {
    Command::AskRefund { id: id.into(), amount: cents(centavos), reason: "wrong item".into() }
}

fn told(id: &str, centavos: i64, told: Told) -> Command {
    Command::RecordRefund { id: id.into(), amount: cents(centavos), told }
}

fn returned() -> Told {
    Told::Returned { origin: RefundOrigin::Merchant }
}

fn failed() -> Told {
    Told::Failed { why: "NAO_REALIZADO".into() }
}

/// Centavos by place: allocated, on account, going back, returned, unidentified.
fn places(payment: &Payment) -> [i64; 5] {
    [
        payment.allocated(),
        payment.account_amount(),
        payment.going_back(),
        payment.returned(),
        payment.unidentified(),
    ]
    .map(Money::centavos)
}

fn refused(payment: &Payment, command: Command) -> Refusal {
    decide(payment, command, at("2026-12-02 10:00")).unwrap_err()
}

#[test]
fn money_that_was_not_confirmed_is_used_for_nothing() {
    let payment = reported(pix_id(at(PAID), 1), cents(10_000), at(PAID));
    assert_eq!((payment.unidentified(), payment.status()), (Money::ZERO, "reported"));
    for command in [allocate(1, 1), put(1, 1), refund("a", 1)] {
        assert_eq!(refused(&payment, command), Refusal::NotReceived);
    }
    let unknown = applied(payment, &[Event::NotConfirmed], PAID);
    assert_eq!((unknown.status(), unknown.work_at()), ("unknown", None));
    for command in [allocate(1, 1), put(1, 1), refund("a", 1)] {
        assert_eq!(refused(&unknown, command), Refusal::NotReceived);
    }
}

#[test]
fn money_goes_from_place_to_place_and_none_of_it_twice() {
    let payment = run(parked(), allocate(1, 6_000), PAID);
    assert_eq!((places(&payment), payment.status()), ([6_000, 0, 0, 0, 4_000], "parked"));
    let over = Refusal::OverBalance { available: cents(4_000) };
    assert_eq!(refused(&payment, allocate(2, 4_001)), over);
    assert_eq!(refused(&payment, put(1, 4_001)), over);
    let payment = run(payment, put(1, 4_000), PAID);
    assert_eq!((places(&payment), payment.status()), ([6_000, 4_000, 0, 0, 0], "matched"));
    assert_eq!(payment.attention, None, "nothing is left to look at");
    let payment = run(payment, allocate(2, 1_000), PAID);
    assert_eq!(places(&payment), [7_000, 3_000, 0, 0, 0]);
    let take = Command::TakeFromAccount { amount: cents(3_001) };
    assert_eq!(refused(&payment, take), Refusal::OverBalance { available: cents(3_000) });
    let payment = run(payment, Command::TakeFromAccount { amount: cents(3_000) }, PAID);
    assert_eq!((places(&payment), payment.status()), ([7_000, 0, 0, 0, 3_000], "parked"));
    for nothing in [0, -1] {
        for command in [allocate(1, nothing), put(1, nothing), refund("a", nothing)] {
            assert_eq!(refused(&payment, command), Refusal::NotPositive);
        }
    }
}

#[test]
fn a_release_gives_only_what_the_instalment_has() {
    let payment = run(parked(), allocate(1, 6_000), PAID);
    let release = |nth, centavos| Command::Release {
        invoice: invoice(nth),
        instalment: 1,
        amount: cents(centavos),
    };
    let not_there = |centavos| Refusal::NotThere { allocated: cents(centavos) };
    assert_eq!(refused(&payment, release(1, 6_001)), not_there(6_000));
    assert_eq!(refused(&payment, release(2, 1)), not_there(0));
    let payment = run(run(payment, put(1, 4_000), PAID), release(1, 6_000), PAID);
    assert_eq!((places(&payment), payment.allocations.len()), ([0, 4_000, 0, 0, 6_000], 0));
    assert_eq!(payment.attention.unwrap().reason, ParkReason::Released);
}

#[test]
fn money_of_one_payment_does_not_lie_on_two_customers_accounts() {
    let payment = run(parked(), put(1, 6_000), PAID);
    assert_eq!(refused(&payment, put(2, 1)), Refusal::OtherAccount);
    let payment = run(payment, Command::TakeFromAccount { amount: cents(6_000) }, PAID);
    let payment = run(payment, put(2, 10_000), PAID);
    assert_eq!((places(&payment), payment.status()), ([0, 10_000, 0, 0, 0], "on_account"));
}

#[test]
fn trap_42_two_refunds_give_back_more_than_came() {
    let payment = run(parked(), refund("a", 6_000), "2026-12-02 10:00");
    assert_eq!(places(&payment), [0, 0, 6_000, 0, 4_000]);
    let over = Refusal::OverBalance { available: cents(4_000) };
    assert_eq!(refused(&payment, refund("b", 4_001)), over);
    let payment = run(payment, told("a", 6_000, returned()), "2026-12-02 10:01");
    assert_eq!(refused(&payment, refund("b", 4_001)), over, "nor once it has gone");
    let payment = run(payment, refund("b", 4_000), "2026-12-02 10:02");
    assert_eq!((places(&payment), payment.status()), ([0, 0, 4_000, 6_000, 0], "going_back"));
    let payment = run(payment, told("b", 4_000, returned()), "2026-12-02 10:03");
    assert_eq!((places(&payment), payment.status()), ([0, 0, 0, 10_000, 0], "returned"));
    let nothing = Refusal::OverBalance { available: Money::ZERO };
    assert_eq!(refused(&payment, refund("c", 1)), nothing);
}

#[test]
fn the_same_refund_asked_twice_goes_back_once() {
    let payment = run(parked(), refund("a", 6_000), "2026-12-02 10:00");
    let again = |payment: &Payment| decide(payment, refund("a", 6_000), at("2027-12-02 10:00"));
    assert_eq!(again(&payment), Ok(vec![]), "and long after the term");
    assert_eq!(refused(&payment, refund("a", 6_001)), Refusal::IdUsed);
    for end in [returned(), failed()] {
        let payment = run(payment.clone(), told("a", 6_000, end), "2026-12-02 10:01");
        assert_eq!(again(&payment), Ok(vec![]), "an id is used once, whatever became of it");
    }
    let taken = Told::Returned { origin: RefundOrigin::Dispute };
    let payment = run(payment, told("med", 1_000, taken), "2026-12-03 10:00");
    assert_eq!(refused(&payment, refund("med", 1_000)), Refusal::IdUsed, "it is the bank's");
}

#[test]
fn a_pix_goes_back_within_ninety_days_and_other_money_not_at_all() {
    let payment = parked();
    let until = payment.refundable_until();
    assert_eq!(until, at("2027-03-01 10:00"));
    let ask = |now| decide(&payment, refund("a", 1), now).map(|events| events.len());
    assert_eq!(ask(until), Ok(1));
    assert_eq!(ask(until + TimeDelta::milliseconds(1)), Err(Refusal::TooLate { until }));
    let cash = reported(crate::ids::PaymentId::of_fingerprint(7), cents(10_000), at(PAID));
    let cash = run(cash, Command::Receive { in_full: None }, PAID);
    assert_eq!(refused(&cash, refund("a", 1)), Refusal::NotPix);
}

#[test]
fn a_refund_that_ended_does_not_begin_again() {
    let asked = run(parked(), refund("a", 6_000), "2026-12-02 10:00");
    let next_look_at = at("2026-12-02 11:00");
    let late = [
        returned(),
        failed(),
        Told::Processing { next_look_at },
        Told::Nothing { why: "timeout".into(), next_try_at: next_look_at },
    ];
    for end in [returned(), failed()] {
        let ended = run(asked.clone(), told("a", 6_000, end), "2026-12-02 10:01");
        assert_eq!(ended.work_at(), None);
        for word in &late {
            let answer = decide(&ended, told("a", 6_000, word.clone()), at("2026-12-02 12:00"));
            assert_eq!(answer, Ok(vec![]), "{word:?}");
        }
    }
}

#[test]
fn a_refund_is_asked_after_until_the_bank_says_how_it_ended() {
    let payment = run(parked(), refund("a", 6_000), "2026-12-02 10:00");
    assert_eq!(payment.work_at(), Some(at("2026-12-02 10:00")), "at once");
    let why = "timeout".to_owned();
    let nothing = Told::Nothing { why, next_try_at: at("2026-12-02 10:05") };
    let payment = run(payment, told("a", 6_000, nothing.clone()), "2026-12-02 10:00");
    assert_eq!(payment.work_at(), Some(at("2026-12-02 10:05")));
    let processing = Told::Processing { next_look_at: at("2026-12-02 11:00") };
    let payment = run(payment, told("a", 6_000, processing.clone()), "2026-12-02 10:05");
    assert_eq!(payment.work_at(), Some(at("2026-12-02 11:00")));
    // Once the bank has it, silence does not mean that it has to be sent again.
    let payment = run(payment, told("a", 6_000, nothing), "2026-12-02 10:06");
    assert!(matches!(payment.refunds[0].state, RefundState::Processing { looks: 1, .. }));
    let early = decide(&payment, told("a", 6_000, processing), at("2026-12-02 10:01"));
    assert_eq!(early, Ok(vec![]), "asked again before its time");
}

#[test]
fn a_refund_that_failed_leaves_its_money_to_a_person() {
    let payment = run(parked(), refund("a", 10_000), "2026-12-02 10:00");
    assert_eq!((payment.attention.clone(), payment.status()), (None, "going_back"));
    let payment = run(payment, told("a", 10_000, failed()), "2026-12-02 10:01");
    assert_eq!((places(&payment), payment.status()), ([0, 0, 0, 0, 10_000], "parked"));
    assert_eq!(payment.attention.clone().unwrap().reason, ParkReason::RefundFailed);
    assert_eq!(payment.refundable(), cents(10_000));
    let again = run(payment, refund("b", 10_000), "2026-12-02 10:02");
    assert_eq!(places(&again), [0, 0, 10_000, 0, 0]);
}

/// R$ 10.00 nowhere, 20.00 on account, 30.00 and 40.00 allocated in this order.
fn spread() -> Payment {
    let steps = [allocate(1, 3_000), allocate(2, 4_000), put(1, 2_000)];
    steps.into_iter().fold(parked(), |payment, step| run(payment, step, PAID))
}

#[test]
fn money_that_goes_back_is_drawn_from_nowhere_then_the_account_then_the_last_instalment() {
    let drawn = |centavos, expected: [i64; 5], instalments: &[i64]| {
        let asked = run(spread(), refund("a", centavos), "2026-12-02 10:00");
        assert_eq!(places(&asked), expected, "refund of {centavos}");
        let origin = RefundOrigin::BankError;
        let taken = told("med", centavos, Told::Returned { origin });
        let taken = run(spread(), taken, "2026-12-02 10:00");
        let [allocated, account, going, back, nowhere] = expected;
        assert_eq!(places(&taken), [allocated, account, back, going, nowhere], "{centavos} taken");
        let left: Vec<_> = taken.allocations.iter().map(|it| it.amount.centavos()).collect();
        assert_eq!(left, instalments, "{centavos} taken");
        assert_eq!(taken.attention.unwrap().reason, ParkReason::TakenBack);
    };
    drawn(1_000, [7_000, 2_000, 1_000, 0, 0], &[3_000, 4_000]);
    drawn(1_001, [7_000, 1_999, 1_001, 0, 0], &[3_000, 4_000]);
    drawn(3_000, [7_000, 0, 3_000, 0, 0], &[3_000, 4_000]);
    drawn(3_001, [6_999, 0, 3_001, 0, 0], &[3_000, 3_999]);
    drawn(7_001, [2_999, 0, 7_001, 0, 0], &[2_999]);
    drawn(10_000, [0, 0, 10_000, 0, 0], &[]);
}

#[test]
fn money_the_bank_took_back_is_told_once_and_looked_at_by_a_person() {
    let taken = |centavos| told("med", centavos, Told::Returned { origin: RefundOrigin::Dispute });
    let payment = run(spread(), taken(10_000), "2026-12-02 10:00");
    assert_eq!(decide(&payment, taken(10_000), at("2026-12-02 11:00")), Ok(vec![]), "told twice");
    assert_eq!(payment.status(), "parked", "although no money is left");
    for not_yet in [failed(), Told::Processing { next_look_at: at(PAID) }] {
        let answer = decide(&spread(), told("med", 1, not_yet), at("2026-12-02 10:00"));
        assert_eq!(answer, Ok(vec![]), "only what really went back counts");
    }
    let dismissed = Command::Dismiss { reason: "the customer knows".into() };
    assert_eq!(run(payment, dismissed, "2026-12-03 10:00").attention, None);
}

#[test]
fn money_the_bank_took_back_while_a_refund_was_under_way_does_not_go_back_twice() {
    let payment = run(parked(), refund("a", 2_000), "2026-12-02 10:00");
    let payment = run(payment, refund("b", 5_000), "2026-12-02 10:00");
    let origin = RefundOrigin::Dispute;
    let taken = |centavos| told("med", centavos, Told::Returned { origin });
    // 30.00 are free, so that one of the two refunds can still go through.
    let some = run(payment.clone(), taken(8_000), "2026-12-02 11:00");
    assert_eq!(places(&some), [0, 0, 2_000, 8_000, 0]);
    assert_eq!(some.refund("b").unwrap().state, RefundState::Failed);
    let all = run(payment.clone(), taken(10_000), "2026-12-02 11:00");
    assert_eq!(places(&all), [0, 0, 0, 10_000, 0]);
    let more = run(payment, taken(10_001), "2026-12-02 11:00");
    assert_eq!(places(&more), [0, 0, 0, 10_000, 0], "no more than came");
    let other = told("med2", 1, Told::Returned { origin });
    assert_eq!(decide(&more, other, at("2026-12-02 12:00")), Ok(vec![]));
}

#[test]
fn a_difference_of_a_matched_payment_stays_before_a_person() {
    let payment = run(parked(), allocate(1, 10_000), PAID);
    assert_eq!(payment.status(), "matched");
    let differs = Command::Park { reason: ParkReason::AmountDiffers };
    let payment = run(payment, differs.clone(), "2026-12-03 10:00");
    assert_eq!(payment.status(), "parked");
    assert_eq!(decide(&payment, differs, at("2026-12-03 11:00")), Ok(vec![]));
    let payment = run(payment, Command::Settle { on: at(PAID).date_naive() }, PAID);
    assert_eq!(payment.status(), "parked", "whatever else becomes of it");
}

#[test]
fn a_matter_keeps_who_looks_after_it_and_ends_with_its_money() {
    let payment = run(parked(), Command::Assign { to: "ana".into() }, PAID);
    let again = decide(&payment, Command::Assign { to: "ana".into() }, at(PAID));
    assert_eq!(again, Ok(vec![]));
    let payment = run(payment, Command::Park { reason: ParkReason::AlreadyPaid }, PAID);
    assert_eq!(payment.attention.as_ref().unwrap().assignee.as_deref(), Some("ana"));
    let part = run(payment.clone(), allocate(1, 9_999), PAID);
    assert_eq!(part.status(), "parked", "a centavo is still nowhere");
    let events = decide(&part, put(1, 1), at(PAID)).unwrap();
    assert_eq!(events.last(), Some(&Event::Resolved));
    let aside = run(part, Command::Dismiss { reason: "not ours".into() }, PAID);
    assert_eq!((aside.status(), aside.unidentified()), ("set_aside", cents(1)));
    for command in [Command::Dismiss { reason: "x".into() }, Command::Assign { to: "x".into() }] {
        assert_eq!(refused(&aside, command), Refusal::NothingWaits);
    }
}

#[test]
fn a_payment_is_spread_and_refunded_within_bounds() {
    let amount = cents(1_000_000);
    let mut payment = reported(pix_id(at(PAID), 1), amount, at(PAID));
    payment = run(payment, Command::Receive { in_full: None }, PAID);
    let part = |nth: usize| Command::Allocate {
        invoice: invoice(0),
        instalment: u16::try_from(nth).unwrap(),
        amount: cents(1),
    };
    for nth in 1..=ALLOCATIONS_MAX {
        payment = run(payment, part(nth), PAID);
    }
    assert_eq!(refused(&payment, part(ALLOCATIONS_MAX + 1)), Refusal::TooManyAllocations);
    payment = run(payment, part(1), PAID);
    assert_eq!(payment.allocated_to(&invoice(0), 1), cents(2), "more for the same is no more rows");
    for nth in 0..REFUNDS_MAX {
        payment = run(payment, refund(&nth.to_string(), 1), PAID);
    }
    assert_eq!(refused(&payment, refund("one more", 1)), Refusal::TooManyRefunds);
}

#[test]
fn reasons_and_methods_have_names_of_their_own() {
    let codes: std::collections::BTreeSet<_> = ParkReason::ALL.iter().map(|it| it.code()).collect();
    assert_eq!(codes.len(), ParkReason::ALL.len());
    for reason in ParkReason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.code(), "stored as it is told");
    }
    for method in Method::ALL {
        assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
    }
}
