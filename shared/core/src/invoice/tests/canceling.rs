//! A cancellation and the money that meets it.

use super::*;

fn cancel() -> Command<'static> {
    Command::Cancel { reason: "sold twice".into() }
}

fn gone(instalment: u16, revision: u16) -> Command<'static> {
    Command::RecordRemoval { instalment, revision }
}

/// Decides, applies, and answers with the principal that ceased to be owed.
fn canceled_principal(invoice: Invoice, command: Command<'_>, now: &str) -> (Invoice, Vec<Money>) {
    let events = decide(&invoice, command, at(now)).unwrap();
    let principal = |event: &Event| match event {
        Event::Canceled { principal } => Some(*principal),
        _ => None,
    };
    let ceased = events.iter().filter_map(principal).collect();
    (applied(invoice, &events, at(now)), ceased)
}

#[test]
fn trap_43_a_canceled_invoice_leaves_no_charge_behind() {
    let invoice = run(issued(&draft()), cancel(), "2026-12-01 10:00");
    assert_eq!(invoice.state_name(), "canceling");
    let work = invoice.next_work(&Rule::shipped(), at("2026-12-01 10:00")).unwrap();
    assert_eq!(work.kind, WorkKind::Charge, "the removal is the next thing to do");
    let (invoice, ceased) = canceled_principal(invoice, gone(1, 0), "2026-12-01 10:01");
    assert_eq!((invoice.state_name(), ceased), ("canceled", vec![cents(100_000)]));
    assert_eq!(invoice.receivable(), Money::ZERO);
    assert_eq!(invoice.next_work(&Rule::shipped(), at("2027-01-01 10:00")), None);
    assert_eq!(decide(&invoice, cancel(), at("2026-12-02 10:00")), Ok(vec![]));
    let late = parked(pay(&invoice, 1, 1, 100_000, "2026-12-03 10:00"));
    assert_eq!(late, ParkReason::InvoiceCanceled);
    let by_hand = given(&invoice, 1, 1, 100_000, "2026-12-03 10:00");
    assert_eq!(by_hand, Err(Refusal::Canceled));
}

#[test]
fn a_cancel_that_meets_a_payment_gives_way() {
    let invoice = run(issued(&draft()), cancel(), "2026-12-01 10:00");
    let invoice = paid(invoice, 1, 1, 100_000, "2026-12-01 09:59");
    assert_eq!(invoice.state_name(), "paid");
    assert_eq!(run(invoice, gone(1, 0), "2026-12-01 10:01").state_name(), "paid");
}

#[test]
fn a_part_in_the_middle_of_a_cancellation_is_credited_and_does_not_stop_it() {
    let invoice = run(issued(&draft()), cancel(), "2026-12-01 10:00");
    let Credit::Matched { events, .. } = pay(&invoice, 1, 1, 40_000, "2026-12-01 10:00") else {
        panic!("the part was not credited");
    };
    assert_eq!(names(&events), ["payment.matched"], "no charge for the rest");
    let invoice = applied(invoice, &events, at("2026-12-01 10:00"));
    assert_eq!((invoice.state_name(), invoice.receivable()), ("canceling", cents(60_000)));
    // The bank answers that it was paid: the worker still has to come by to record that.
    assert_eq!(invoice.charge_work(), Some(at("2026-12-01 10:00")));
    let (invoice, ceased) = canceled_principal(invoice, gone(1, 0), "2026-12-01 10:01");
    assert_eq!((invoice.state_name(), ceased), ("canceled", vec![cents(60_000)]));
}

#[test]
fn money_that_goes_back_after_a_cancellation_is_not_owed_again() {
    let invoice = paid(issued(&draft()), 1, 1, 40_000, "2026-12-01 09:00");
    let invoice = taken_by_bank(invoice, "2026-12-01 09:01");
    let invoice = run(invoice, cancel(), "2026-12-01 10:00");
    let (invoice, ceased) = canceled_principal(invoice, gone(1, 1), "2026-12-01 10:01");
    assert_eq!((invoice.state_name(), ceased), ("canceled", vec![cents(60_000)]));
    let payment = invoice.instalments[0].payments[0].payment.clone();
    let back = Command::Release {
        instalment: 1,
        payment,
        amount: cents(40_000),
        reason: "given back".into(),
    };
    let (invoice, ceased) = canceled_principal(invoice, back, "2026-12-02 10:00");
    assert_eq!(ceased, [cents(40_000)], "the books hold it as a receivable for a moment only");
    assert_eq!((invoice.state_name(), invoice.receivable()), ("canceled", Money::ZERO));
    let work = invoice.next_work(&Rule::shipped(), at("2026-12-02 10:00"));
    assert!(work.is_none_or(|work| work.kind == WorkKind::Receipt), "{work:?}");
}

#[test]
fn a_cancel_that_meets_the_payment_of_one_instalment_still_cancels_the_others() {
    let invoice = run(issued(&monthly(2)), cancel(), "2026-12-01 10:00");
    let invoice = run(invoice, gone(2, 0), "2026-12-01 10:01");
    let invoice = paid(invoice, 1, 1, 50_000, "2026-12-01 10:02");
    assert_eq!(invoice.state_name(), "canceling");
    let (invoice, ceased) = canceled_principal(invoice, gone(1, 0), "2026-12-01 10:03");
    assert_eq!((invoice.state_name(), ceased), ("canceled", vec![cents(50_000)]));
    let work = invoice.next_work(&Rule::shipped(), at("2026-12-01 10:03")).unwrap();
    assert_eq!(work.kind, WorkKind::Receipt);
}

#[test]
fn an_invoice_whose_payment_is_in_doubt_or_returned_can_be_canceled() {
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
    let events = doubt(&invoice, &pix, ParkReason::ForeignKey);
    let doubted = applied(invoice.clone(), &events, at("2026-12-01 10:00"));
    let matched = paid(invoice, 1, 1, 100_000, "2026-12-01 10:00");
    for invoice in [doubted, released(matched, 1, 100_000, "2026-12-01 11:00")] {
        let invoice = run(invoice, cancel(), "2026-12-02 10:00");
        // The bank refuses to remove what was paid; nothing can be paid there any more.
        assert_eq!(run(invoice, gone(1, 0), "2026-12-02 10:01").state_name(), "canceled");
    }
}

#[test]
fn a_charge_that_may_still_be_created_is_not_removed_at_once() {
    let pending = run(opened(&draft()), cancel(), "2026-11-23 10:01");
    assert_eq!(pending.charge_work(), Some(at("2026-11-23 10:03")), "a worker may be at it");
    let held = run(issued(&draft()), cancel(), "2026-11-23 10:05");
    assert_eq!(held.charge_work(), Some(at("2026-11-23 10:05")));
}

#[test]
fn a_payment_returned_while_the_invoice_is_canceled_does_not_hold_the_cancellation() {
    let invoice = paid(issued(&monthly(2)), 1, 1, 50_000, "2026-12-01 09:00");
    let invoice = run(invoice, cancel(), "2026-12-01 10:00");
    let invoice = released(invoice, 1, 50_000, "2026-12-01 10:01");
    let (invoice, ceased) = canceled_principal(invoice, gone(2, 0), "2026-12-01 10:02");
    assert_eq!((invoice.state_name(), ceased), ("canceled", vec![cents(100_000)]));
}

#[test]
fn a_paid_invoice_cannot_be_canceled_or_reissued() {
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    for command in [cancel(), reissue(1)] {
        let answer = decide(&invoice, command, at("2026-12-02 10:00"));
        assert_eq!(answer, Err(Refusal::AlreadyPaid));
    }
}
