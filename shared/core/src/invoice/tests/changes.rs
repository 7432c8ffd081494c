//! What a person changes about a debt.

use super::*;

#[test]
fn a_credit_note_over_the_balance_is_refused() {
    let credit_note = |centavos| reduce(1, Reduction::CreditNote("NC-7".into()), centavos);
    let refused = |invoice: &Invoice, centavos, available| {
        let answer = decide(invoice, credit_note(centavos), at("2026-12-02 10:00"));
        assert_eq!(answer, Err(Refusal::OverBalance { available: cents(available) }), "{centavos}");
    };
    let invoice = issued(&draft());
    for centavos in [100_001, 0, -1] {
        refused(&invoice, centavos, 100_000);
    }
    let part = paid(invoice, 1, 1, 40_000, "2026-12-01 10:00");
    refused(&part, 60_001, 60_000);
    let less = run(part, credit_note(20_000), "2026-12-02 10:00");
    refused(&less, 40_001, 40_000);
    let closed = run(less, credit_note(40_000), "2026-12-02 10:00");
    let today = day("2026-12-02");
    assert_eq!((closed.receivable(), closed.outstanding(today)), (Money::ZERO, Money::ZERO));
    let after = decide(&closed, credit_note(1), at("2026-12-03 10:00"));
    assert_eq!(after, Err(Refusal::AlreadyPaid));
}

#[test]
fn every_change_leaves_a_charge_for_what_is_left() {
    let rebate = reduce(1, Reduction::Rebate, 10_000);
    let events = decide(&issued(&draft()), rebate.clone(), at("2026-12-01 10:00")).unwrap();
    assert_eq!(names(&events), ["instalment.rebate_granted", "charge.reissued"]);
    let invoice = run(issued(&draft()), rebate, "2026-12-01 10:00");
    let [old, new] = &invoice.instalments[0].charges[..] else { panic!("one charge") };
    assert!(matches!(old.state, ChargeState::Removing { .. }));
    assert_eq!((new.terms.original, new.revision), (cents(90_000), 1));
    assert!(paid(invoice, 1, 1, 90_000, "2026-12-02 10:00").is_settled());
}

#[test]
fn the_agreed_rebate_is_not_given_twice_beside_another_reduction() {
    let terms = TermsDraft { rebate: value("amount", "100.00"), ..draft().terms };
    let invoice = issued(&InvoiceDraft { terms, ..draft() });
    assert_eq!(invoice.outstanding(day("2026-12-01")), cents(90_000));
    let note = |centavos| reduce(1, Reduction::CreditNote("NC-7".into()), centavos);
    let over = decide(&invoice, note(90_001), at("2026-12-01 10:00"));
    assert_eq!(over, Err(Refusal::OverBalance { available: cents(90_000) }));
    let invoice = run(invoice, note(50_000), "2026-12-01 10:00");
    assert_eq!(invoice.outstanding(day("2026-12-01")), cents(40_000));
    assert_eq!((invoice.receivable(), invoice.instalments[0].charge().terms.rebate.is_some()), {
        (cents(40_000), false)
    });
}

#[test]
fn a_credit_note_does_not_give_up_what_came_together_before() {
    let note = reduce(1, Reduction::CreditNote("NC-7".into()), 50_000);
    let invoice = run(issued(&draft()), note, "2026-12-21 10:00");
    // 20.00 and eleven days of 1 % a month on 1000.00 stay; from here on it runs on 500.00.
    assert_eq!(invoice.outstanding(day("2026-12-21")), cents(50_000 + 2_000 + 367));
    let due = invoice.amount_due(&invoice.instalments[0], day("2026-12-31"));
    assert_eq!((due.fine, due.interest), (cents(2_000), cents(367 + 10 * 17)));
}

#[test]
fn money_for_a_written_off_debt_takes_the_write_off_back_as_far_as_it_goes() {
    let invoice = paid(issued(&draft()), 1, 1, 30_000, "2026-12-01 10:00");
    let invoice = run(invoice, write_off(1), "2027-03-01 10:00");
    let status = |invoice: &Invoice| invoice.status(day("2027-03-02"));
    assert_eq!((invoice.receivable(), status(&invoice)), (Money::ZERO, Status::WrittenOff));
    assert_eq!(invoice.instalments[0].written_off, cents(70_000));
    // By itself it only waits for a person.
    let late = pay(&invoice, 1, 2, 70_000, "2027-03-02 10:00");
    assert_eq!(parked(late), ParkReason::WrittenOff);
    let over = given(&invoice, 1, 2, 70_001, "2027-03-02 10:00");
    assert_eq!(over, Err(Refusal::OverBalance { available: cents(70_000) }));
    let events = given(&invoice, 1, 2, 20_000, "2027-03-02 10:00").unwrap();
    assert_eq!(names(&events), ["instalment.reinstated", "payment.matched", "invoice.paid"]);
    let invoice = applied(invoice, &events, at("2027-03-02 10:00"));
    assert_eq!((invoice.receivable(), status(&invoice)), (Money::ZERO, Status::WrittenOff));
    assert_eq!(invoice.instalments[0].written_off, cents(50_000));
    let events = given(&invoice, 1, 3, 50_000, "2027-03-02 10:00").unwrap();
    let invoice = applied(invoice, &events, at("2027-03-02 10:00"));
    assert_eq!(
        (status(&invoice), invoice.instalments[0].received()),
        (Status::Paid, cents(100_000))
    );
}

#[test]
fn money_that_goes_back_from_a_written_off_debt_is_owed_again_alone() {
    let invoice = paid(issued(&draft()), 1, 1, 30_000, "2026-12-01 10:00");
    let invoice = run(invoice, write_off(1), "2027-03-01 10:00");
    let invoice = released(invoice, 1, 30_000, "2027-03-02 10:00");
    assert_eq!(invoice.receivable(), cents(30_000));
    let invoice = run(invoice, reissue(1), "2027-03-02 11:00");
    assert_eq!(invoice.instalments[0].charge().terms.original, cents(30_000));
}

#[test]
fn a_later_due_date_drops_what_came_together_and_starts_the_steps_again() {
    let rule = Rule::shipped();
    let invoice = issued(&draft());
    let step = rule.steps.iter().find(|step| step.id == "due_plus_3").unwrap();
    let invoice = run(
        invoice,
        Command::RecordStep {
            instalment: 1,
            step,
            outcome: chase::StepOutcome::Sent,
            channels: vec![],
            covered: rule.steps[1..4].iter().collect(),
            amount: None,
        },
        "2026-12-14 10:00",
    );
    assert!(invoice.instalments[0].chase.flagged);
    assert!(invoice.outstanding(day("2026-12-20")) > cents(100_000));
    let invoice = run(invoice, extend(1, "2027-01-15"), "2026-12-20 10:00");
    let chase = &invoice.instalments[0].chase;
    assert!(chase.done.is_empty() && chase.flagged && chase.last_touch_at.is_some());
    assert_eq!(invoice.outstanding(day("2026-12-20")), cents(100_000));
    assert_eq!(invoice.status(day("2027-01-15")), Status::Open);
    let charge = invoice.instalments[0].charge();
    assert_eq!((charge.terms.due_date, charge.terms.original), (day("2027-01-15"), cents(100_000)));
    assert_eq!(invoice.outstanding(day("2027-01-25")), cents(102_333));
}

#[test]
fn a_due_date_is_moved_neither_back_nor_into_the_past_nor_beyond_all_bounds() {
    let invoice = issued(&draft());
    let now = at("2026-12-20 10:00");
    for due in ["2026-12-09", "2026-12-19", "2036-01-01"] {
        let refused = decide(&invoice, extend(1, due), now);
        assert!(matches!(refused, Err(Refusal::DueDateOutOfRange { .. })), "{due}: {refused:?}");
    }
    assert_eq!(decide(&invoice, extend(1, "2026-12-10"), now), Ok(vec![]), "as it is");
    assert!(decide(&invoice, extend(1, "2026-12-20"), now).is_ok());
}

#[test]
fn a_later_due_date_that_leaves_nothing_owed_takes_the_charge_out_of_the_bank() {
    // A credit note cannot leave late charges alone, so money does: all but the late fee went back
    // and was then noted. What is left is what was late.
    let invoice = paid(issued(&draft()), 1, 1, 101_000, "2026-12-20 10:00");
    let invoice = taken_by_bank(invoice, "2026-12-20 10:01");
    let note = reduce(1, Reduction::CreditNote("NC-7".into()), 1_332);
    let invoice = run(invoice, note, "2026-12-20 10:02");
    let invoice = taken_by_bank(invoice, "2026-12-20 10:03");
    assert_eq!(invoice.receivable(), cents(1));
    let mut bare = invoice;
    let owed = LateCharges { fine: cents(2_000), interest: Money::ZERO };
    let arrears = Some(crate::debt::Arrears { on: day("2026-12-20"), owed });
    bare.instalments[0].debt = Debt { principal: Money::ZERO, net: true, arrears, changes: 2 };
    let events = decide(&bare, extend(1, "2027-01-15"), at("2026-12-21 10:00")).unwrap();
    assert_eq!(names(&events), ["instalment.due_date_extended", "invoice.paid"]);
    let closed = applied(bare, &events, at("2026-12-21 10:00"));
    let state = &closed.instalments[0].charge().state;
    assert!(closed.is_settled() && matches!(state, ChargeState::Removing { .. }), "{state:?}");
}

#[test]
fn money_that_goes_back_after_a_later_due_date_brings_no_late_charge_with_it() {
    let invoice = paid(issued(&draft()), 1, 1, 50_000, "2026-12-20 10:00");
    assert_eq!(invoice.instalments[0].payments[0].split.fine, cents(2_000));
    let invoice = run(invoice, extend(1, "2027-01-15"), "2026-12-21 10:00");
    let invoice = taken_by_bank(invoice, "2026-12-21 10:01");
    let invoice = released(invoice, 1, 50_000, "2026-12-22 10:00");
    let invoice = run(invoice, reissue(1), "2026-12-23 10:00");
    let asked = invoice.instalments[0].charge().terms.original;
    assert_eq!((asked, invoice.outstanding(day("2026-12-23"))), (cents(100_000), cents(100_000)));
}

#[test]
fn nothing_is_changed_about_a_debt_that_is_over() {
    let over = [
        (paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00"), Refusal::AlreadyPaid),
        (
            run(issued(&draft()), Command::Cancel { reason: "x".into() }, "2026-12-01 10:00"),
            Refusal::Canceled,
        ),
    ];
    for (invoice, refusal) in over {
        for command in [reduce(1, Reduction::Rebate, 1), write_off(1), extend(1, "2027-01-15")] {
            let answer = decide(&invoice, command, at("2026-12-02 10:00"));
            assert_eq!(answer, Err(refusal.clone()));
        }
    }
}

#[test]
fn a_closed_flagged_account_is_cleared_by_any_way_of_closing() {
    let rule = Rule::shipped();
    let step = rule.steps.iter().find(|step| step.id == "due_plus_3").unwrap();
    let flag = Command::RecordStep {
        instalment: 1,
        step,
        outcome: chase::StepOutcome::Sent,
        channels: vec![],
        covered: vec![],
        amount: None,
    };
    let invoice = run(issued(&draft()), flag, "2026-12-14 10:00");
    let part = paid(invoice.clone(), 1, 1, 10_000, "2026-12-14 11:00");
    assert!(part.instalments[0].chase.flagged, "a part is no reason to look away");
    let note = reduce(1, Reduction::CreditNote("NC-7".into()), 100_000);
    for command in [write_off(1), note] {
        let closed = run(invoice.clone(), command, "2026-12-14 11:00");
        assert!(!closed.instalments[0].chase.flagged);
    }
}
