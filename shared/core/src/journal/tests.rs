//! Tests of the books: what each event books, and books that equal the aggregates after any history.

mod histories;
mod world;

use super::*;
use crate::debt::{Debt, LateCharges};
use crate::ids::PaymentId;
use crate::invoice::{Command, Invoice, Received, allocate, decide};
use crate::payment::{ParkReason, Payment, RefundOrigin};
use crate::sample::*;

/// The postings as `account amount`, in the order they are booked.
fn told(postings: &[Posting]) -> Vec<String> {
    let sum: Money = postings.iter().map(|posting| posting.amount).sum();
    assert_eq!(sum, Money::ZERO, "{postings:?}");
    postings.iter().map(|it| format!("{} {}", it.account.as_str(), it.amount)).collect()
}

fn of(invoice: &Invoice, command: Command<'_>, now: &str) -> Vec<String> {
    let events = decide(invoice, command, at(now)).unwrap();
    events.iter().flat_map(|event| told(&of_invoice(event))).collect()
}

#[test]
fn a_late_payment_books_its_fee_and_interest_as_income() {
    let crate::invoice::Credit::Matched { events, .. } =
        pay(&issued(&draft()), 1, 1, 102_333, "2026-12-20 10:00")
    else {
        panic!("not credited");
    };
    let booked = told(&of_invoice(&events[0]));
    let expected = ["clearing 1023.33", "receivables -1000.00", "fines -20.00", "interest -3.33"];
    assert_eq!(booked, expected);
}

#[test]
fn more_than_was_due_is_booked_through_money_without_a_place() {
    let credit = pay(&issued(&draft()), 1, 1, 150_000, "2026-12-01 10:00");
    let crate::invoice::Credit::Matched { events, excess } = credit else { panic!("{credit:?}") };
    assert_eq!(excess, cents(50_000));
    let booked = told(&of_invoice(&events[0]));
    assert_eq!(booked, ["unidentified 1000.00", "receivables -1000.00"]);
}

#[test]
fn what_money_does_not_close_is_booked_where_it_belongs() {
    let note = |kind| Command::Reduce {
        instalment: 1,
        kind,
        amount: cents(10_000),
        reason: "agreed".into(),
    };
    let now = "2026-12-01 10:00";
    let credit_note = crate::invoice::Reduction::CreditNote("NC-7".into());
    let booked = of(&issued(&draft()), note(credit_note), now);
    assert_eq!(booked, ["credit_notes 100.00", "receivables -100.00"]);
    let booked = of(&issued(&draft()), note(crate::invoice::Reduction::Rebate), now);
    assert_eq!(booked, ["rebates 100.00", "receivables -100.00"]);
    let write_off = || Command::WriteOff { instalment: 1, reason: "bankrupt".into() };
    let booked = of(&issued(&draft()), write_off(), now);
    assert_eq!(booked, ["write_offs 1000.00", "receivables -1000.00"]);
    let lost = run(issued(&draft()), write_off(), now);
    let payment = pix_id(at(now), 1);
    let found = Received {
        instalment: 1,
        revision: None,
        payment: &payment,
        amount: cents(30_000),
        paid_at: at(now),
        source: Source::Unidentified,
    };
    let events = allocate(&lost, &found, at(now)).unwrap();
    let booked: Vec<_> = events.iter().flat_map(|event| told(&of_invoice(event))).collect();
    let expected =
        ["write_offs -300.00", "receivables 300.00", "unidentified 300.00", "receivables -300.00"];
    assert_eq!(booked, expected);
}

#[test]
fn late_charges_carried_onto_an_invoice_are_not_sold_twice() {
    let carried = LateCharges { fine: cents(2_000), interest: cents(333) };
    let customer = crate::customer::Customer { carried, ..customer() };
    let now = at("2026-11-23 10:00");
    let checked = draft().check(&merchant(), now).unwrap();
    let id = crate::ids::InvoiceId::from_ulid(ULID).unwrap();
    let (_, events) = checked.open(id, &merchant(), &customer, now);
    let expected = ["receivables 1023.33", "revenue -1000.00", "fines -20.00", "interest -3.33"];
    assert_eq!(told(&of_invoice(&events[0])), expected);
}

#[test]
fn money_that_moves_without_a_row_is_not_booked() {
    // The postings are kept on the rows of events, and an event without a name has no row.
    let id = crate::ids::InvoiceId::from_ulid(ULID).unwrap();
    let payment = reported(pix_id(at("2026-12-01 10:00"), 1), cents(100), at("2026-12-01 10:00"));
    use payment::Event;
    let amount = cents(1);
    for event in [
        Event::ReceivedInFull { invoice: id.clone(), instalment: 1 },
        Event::Allocated { invoice: id.clone(), instalment: 1, amount },
        Event::Released { invoice: id, instalment: 1, amount },
        Event::Reported { next_try_at: payment.paid_at, attempts: 1 },
        Event::RefundDelayed {
            id: "a".into(),
            attempts: 1,
            why: "timeout".into(),
            next_try_at: payment.paid_at,
        },
        Event::RefundTaken { id: "a".into(), looks: 1, next_look_at: payment.paid_at },
    ] {
        assert_eq!(event.name(), None, "{event:?}");
        assert_eq!(of_payment(&event, &payment), [], "{event:?}");
    }
}

#[test]
fn accounts_have_names_of_their_own() {
    let names: std::collections::BTreeSet<_> = Account::ALL.iter().map(|it| it.as_str()).collect();
    assert_eq!(names.len(), Account::ALL.len());
    for account in Account::ALL {
        assert_eq!(serde_json::to_value(account).unwrap(), account.as_str());
    }
    assert_eq!(told(&of_fee(cents(99))), ["fees 0.99", "bank -0.99"]);
}
