//! Received money: parts, rests, excesses, and what cannot be credited.

use super::*;

#[test]
fn trap_25_the_day_of_payment_is_the_merchants_not_greenwichs() {
    // 01:30Z of 11 December is 22:30 of the 10th, the due day, in São Paulo.
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-10 22:30");
    assert!(invoice.is_settled());
}

#[test]
fn trap_24_a_pix_of_another_amount_leaves_a_rest_or_an_excess_and_never_passes_for_payment() {
    for (centavos, rest, excess) in [(99_999, 1, 0), (50_000, 50_000, 0), (100_001, 0, 1)] {
        let (invoice, left) = taken_in(issued(&draft()), 1, 1, centavos, "2026-12-01 10:00");
        let owed = invoice.outstanding(day("2026-12-01"));
        assert_eq!((owed, left), (cents(rest), cents(excess)), "{centavos}");
        assert_eq!(invoice.is_settled(), rest == 0, "{centavos}");
    }
    // Late by ten days: 2 % late fee and 1 % a month, 10/30 of it.
    assert!(paid(issued(&draft()), 1, 1, 102_333, "2026-12-20 10:00").is_settled());
    let stale = paid(issued(&draft()), 1, 1, 100_000, "2026-12-20 10:00");
    assert_eq!(stale.outstanding(day("2026-12-20")), cents(2_333));
}

#[test]
fn a_part_is_followed_by_a_charge_for_the_rest() {
    let Credit::Matched { events, .. } = pay(&issued(&draft()), 1, 1, 40_000, "2026-12-01 10:00")
    else {
        panic!("a part was not credited");
    };
    assert_eq!(names(&events), ["payment.matched", "charge.reissued"]);
    let invoice = applied(issued(&draft()), &events, at("2026-12-01 10:00"));
    let instalment = &invoice.instalments[0];
    let charge = instalment.charge();
    assert_eq!((charge.revision, charge.terms.original), (1, cents(60_000)));
    let reference = charge.txid.charge_ref().unwrap();
    assert_eq!((reference.instalment, reference.revision), (1, 1));
    assert_eq!(instalment.hold(), None, "the rest is chased");
    // The bank holds the first one for paid: it cannot be removed, and need not be.
    assert_eq!(instalment.charges[0].state, ChargeState::Removed);
    assert!(matches!(charge.state, ChargeState::Pending { .. }));
    let closed = paid(invoice, 1, 2, 60_000, "2026-12-02 10:00");
    assert!(closed.is_settled());
    assert_eq!(closed.instalments[0].received(), cents(100_000));
}

#[test]
fn the_rest_of_a_late_part_is_asked_for_with_its_own_interest_to_the_cent() {
    // 20.00 and 3.33 on the 20th; of 500.00 there remain 523.33 of principal.
    let invoice = paid(issued(&draft()), 1, 1, 50_000, "2026-12-21 10:00");
    let charge = invoice.instalments[0].charge().clone();
    // Eleven days late: 3.67. Rest: 1000.00 - (500.00 - 20.00 - 3.67) = 523.67, at 0.17 a day.
    assert_eq!((charge.terms.original, charge.terms.fine.clone()), (cents(52_367), None));
    assert_eq!(invoice.outstanding(day("2026-12-21")), cents(52_367));
    let bank_asks =
        charge.terms.amount_due(day("2026-12-24"), &invoice.calendar(), &invoice.issuing.policy);
    assert_eq!(bank_asks.total, cents(52_367 + 3 * 17));
    let closed = paid(invoice, 1, 2, 52_367 + 3 * 17, "2026-12-24 10:00");
    assert!(closed.is_settled(), "{:?}", closed.instalments[0].debt);
}

#[test]
fn a_rest_paid_with_the_code_of_the_whole_is_still_counted_against_the_rest() {
    let invoice = paid(issued(&draft()), 1, 1, 40_000, "2026-12-01 10:00");
    let again = pay_charge(&invoice, (1, 0), 2, 100_000, "2026-12-01 10:00");
    let Credit::Matched { events, excess } = again else { panic!("{again:?}") };
    assert_eq!(excess, cents(40_000));
    let Event::PaymentMatched { amount, source, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!((*amount, *source), (cents(60_000), Source::Unidentified));
    let invoice = applied(invoice, &events, at("2026-12-01 10:00"));
    assert!(invoice.is_settled());
    let next = invoice.instalments[0].charge();
    assert!(matches!(next.state, ChargeState::Removing { .. }), "nobody can pay it as well");
}

#[test]
fn a_tolerance_of_the_merchant_closes_what_is_almost_paid() {
    let settling = Settling { tolerance: cents(100), late_shortfall: LateShortfall::Keep };
    let close = |centavos| {
        let invoice = issued_by(settling, &draft());
        paid(invoice, 1, 1, centavos, "2026-12-01 10:00")
    };
    let closed = close(99_900);
    assert_eq!(closed.instalments[0].payments[0].split.forgiven, cents(100));
    assert_eq!((closed.is_settled(), closed.receivable()), (true, Money::ZERO));
    assert!(!close(99_899).is_settled());
}

#[test]
fn a_bank_that_rounds_a_component_down_leaves_no_rest_of_a_centavo() {
    for centavos in [102_331, 102_332, 102_334, 102_335] {
        let invoice = paid(issued(&draft()), 1, 1, centavos, "2026-12-20 10:00");
        assert!(invoice.is_settled(), "{centavos}");
        assert_eq!(invoice.instalments[0].charges.len(), 1, "{centavos}: nothing was re-issued");
    }
}

#[test]
fn an_order_given_before_midnight_and_settled_after_is_on_time() {
    let invoice = issued(&draft());
    let ordered = |minute: &str| {
        let payment = pix_id(at(minute), 1);
        let pix = Received {
            instalment: 1,
            revision: Some(0),
            payment: &payment,
            amount: cents(100_000),
            paid_at: at("2026-12-11 00:10"),
            source: Source::Receipt,
        };
        let Credit::Matched { events, .. } = credit(&invoice, &pix, at("2026-12-11 00:10")) else {
            panic!("not credited");
        };
        applied(invoice.clone(), &events, at("2026-12-11 00:10")).is_settled()
    };
    assert!(ordered("2026-12-10 23:58"));
    assert!(!ordered("2026-12-10 22:00"), "longer than any review");
}

#[test]
fn trap_20_one_pix_is_credited_once() {
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    let today = invoice.civil_date(at("2027-01-01 10:00"));
    assert_eq!(invoice.status(today), Status::Paid);
    let again = pay(&invoice, 1, 1, 100_000, "2026-12-01 10:00");
    assert_eq!(again, Credit::AlreadyCredited);
    let second = parked(pay(&invoice, 1, 2, 100_000, "2026-12-01 10:00"));
    assert_eq!(second, ParkReason::AlreadyPaid);
    let part = paid(issued(&draft()), 1, 1, 40_000, "2026-12-01 10:00");
    let again = pay_charge(&part, (1, 0), 1, 40_000, "2026-12-01 10:00");
    assert_eq!(again, Credit::AlreadyCredited, "a part told of twice");
}

#[test]
fn a_pix_for_a_charge_that_never_was_finds_no_home() {
    let invoice = issued(&draft());
    for charge in [(1, 1), (2, 0), (0, 0)] {
        let reason = parked(pay_charge(&invoice, charge, 1, 100_000, "2026-12-01 10:00"));
        assert_eq!(reason, ParkReason::UnknownTxid, "{charge:?}");
    }
}

#[test]
fn trap_22_a_payment_before_the_banks_answer_is_stored_finds_its_invoice() {
    assert!(paid(opened(&draft()), 1, 1, 100_000, "2026-11-23 10:01").is_settled());
}

#[test]
fn a_pix_in_doubt_silences_the_chase_until_the_charge_is_reissued() {
    let invoice = issued(&draft());
    let payment = pix_id(at("2026-12-01 10:00"), 1);
    let pix = Received {
        instalment: 1,
        revision: Some(0),
        payment: &payment,
        amount: cents(50_000),
        paid_at: at("2026-12-01 10:00"),
        source: Source::Receipt,
    };
    let now = at("2026-12-01 10:00");
    let events = doubt(&invoice, &pix, ParkReason::ForeignKey);
    let invoice = applied(invoice, &events, now);
    assert_eq!(invoice.instalments[0].hold(), Some(Hold::PaymentInDoubt));
    assert_eq!(invoice.next_work(&Rule::shipped(), now), None, "no sweep asks in vain");
    assert_eq!(doubt(&invoice, &pix, ParkReason::ForeignKey), [], "told twice");
    let invoice = run(invoice, reissue(1), "2026-12-02 10:00");
    assert_eq!(invoice.instalments[0].hold(), None);
}

#[test]
fn a_person_cannot_give_more_than_is_owed_or_nothing() {
    let invoice = issued(&draft());
    let give = |centavos| given(&invoice, 1, 1, centavos, "2026-12-20 10:00");
    let available = cents(102_333);
    assert_eq!(give(102_400), Err(Refusal::OverBalance { available }));
    for nothing in [0, -1] {
        assert_eq!(give(nothing), Err(Refusal::OverBalance { available: Money::ZERO }));
    }
    assert_eq!(names(&give(102_333).unwrap()), ["payment.matched", "invoice.paid"]);
    assert_eq!(names(&give(1).unwrap()), ["payment.matched", "charge.reissued"]);
    let full = paid(invoice.clone(), 1, 1, 100_000, "2026-12-01 10:00");
    assert_eq!(given(&full, 1, 2, 1, "2026-12-02 10:00"), Err(Refusal::AlreadyPaid));
    let missing = given(&invoice, 2, 1, 1, "2026-12-02 10:00");
    assert_eq!(missing, Err(Refusal::NoSuchInstalment { number: 2 }));
}

#[test]
fn cash_for_a_part_replaces_the_charge_that_asks_for_all() {
    let invoice = issued(&draft());
    let events = given(&invoice, 1, 1, 40_000, "2026-12-01 10:00").unwrap();
    let invoice = applied(invoice, &events, at("2026-12-01 10:00"));
    let [old, new] = &invoice.instalments[0].charges[..] else { panic!("one charge") };
    assert!(matches!(old.state, ChargeState::Removing { .. }), "it could still be paid");
    assert_eq!(new.terms.original, cents(60_000));
    assert_eq!(invoice.instalments[0].payments[0].revision, None);
}

#[test]
fn released_money_is_owed_again_and_holds_the_chase_until_the_charge_is_reissued() {
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    let payment = invoice.instalments[0].payments[0].payment.clone();
    let invoice = released(invoice, 1, 30_000, "2026-12-02 10:00");
    assert_eq!((invoice.state_name(), invoice.receivable()), ("open", cents(30_000)));
    assert_eq!(invoice.instalments[0].hold(), Some(Hold::Refunded));
    let invoice = released(invoice, 1, 70_000, "2026-12-03 10:00");
    assert_eq!(
        (invoice.receivable(), invoice.instalments[0].received()),
        (cents(100_000), cents(0))
    );
    let more = Command::Release {
        instalment: 1,
        payment: payment.clone(),
        amount: cents(1),
        reason: "again".into(),
    };
    let kept = Money::ZERO;
    assert_eq!(decide(&invoice, more, at("2026-12-03 11:00")), Err(Refusal::NotCredited { kept }));
    let told_again = pay_charge(&invoice, (1, 0), 1, 100_000, "2026-12-01 10:00");
    assert_eq!(told_again, Credit::AlreadyCredited, "its callback comes once more");
    let invoice = run(invoice, reissue(1), "2026-12-04 10:00");
    assert_eq!(invoice.instalments[0].hold(), None);
    assert_eq!(invoice.instalments[0].charge().terms.original, cents(100_000));
    // The same money may be credited again, and gives back what it has since.
    let events = given(&invoice, 1, 1, 100_000, "2026-12-01 10:00").unwrap();
    let invoice = applied(invoice, &events, at("2026-12-05 10:00"));
    let ordinals: Vec<_> = invoice.instalments[0].payments.iter().map(|p| p.ordinal).collect();
    assert_eq!((invoice.is_settled(), ordinals), (true, vec![0, 1]));
    assert_eq!(invoice.instalments[0].payments[1].payment, payment);
    let invoice = released(invoice, 1, 100_000, "2026-12-06 10:00");
    let kept: Vec<_> = invoice.instalments[0].payments.iter().map(Matched::kept).collect();
    assert_eq!((invoice.receivable(), kept), (cents(100_000), vec![Money::ZERO; 2]));
}

#[test]
fn a_part_that_comes_while_money_went_back_does_not_wake_the_chase() {
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    let invoice = released(invoice, 1, 100_000, "2026-12-02 10:00");
    let invoice = paid(invoice, 1, 2, 40_000, "2026-12-03 10:00");
    assert_eq!(invoice.instalments[0].hold(), Some(Hold::Refunded));
    assert_eq!(invoice.instalments[0].charges.len(), 1, "a person re-issues it");
}

#[test]
fn an_invoice_paid_centavo_by_centavo_outgrows_its_item() {
    let mut invoice = issued(&draft());
    for nth in 1..=u32::try_from(CREDITS_MAX).unwrap() {
        invoice = taken_by_bank(paid(invoice, 1, nth, 1, "2026-12-01 10:00"), "2026-12-01 10:01");
    }
    let Credit::Park(reason, events) = pay(&invoice, 1, 9_000, 1, "2026-12-01 11:00") else {
        panic!("one more was credited");
    };
    // Nobody is asked for the charge that it spent.
    assert_eq!(reason, ParkReason::TooManyParts);
    assert_eq!(names(&events), ["invoice.payment_in_doubt"]);
    let more = given(&invoice, 1, 9_001, 1, "2026-12-01 11:00");
    assert_eq!(more.map(drop), Err(Refusal::TooManyCredits));
}
