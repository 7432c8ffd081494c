//! Which way a line goes, by the strongest key it has.

use crate::bank_import::{BoletoRef, Outcome};
use crate::ids::{EndToEndId, InvoiceId, PaymentId, Txid};
use crate::matching::{Fit, Known, Line, Moved, Way, fit, told_of_charge, way};
use crate::money::Money;
use crate::payment::{Method, Payment, PaymentState};
use crate::sample::{ULID, at, cents, day, draft, issued, paid, pix_id, reported};

fn invoice_id() -> InvoiceId {
    InvoiceId::from_ulid(ULID).unwrap()
}

fn id() -> EndToEndId {
    pix_id(at("2026-12-10 10:00"), 1).end_to_end().unwrap().clone()
}

fn boleto() -> BoletoRef {
    BoletoRef { our_number: "109000123".into(), invoice: invoice_id(), instalment: 1 }
}

fn own_txid() -> Txid {
    Txid::for_charge(&invoice_id(), 1, 0).unwrap()
}

/// Money that came, without any key.
fn came(centavos: i64) -> Line {
    Line {
        moved: Moved::Came(cents(centavos)),
        booked_on: day("2026-12-10"),
        end_to_end_id: None,
        txid: None,
        our_number: None,
    }
}

fn received(centavos: i64) -> Payment {
    let payment = reported(PaymentId::Pix(id()), cents(centavos), at("2026-12-10 10:00"));
    Payment { state: PaymentState::Received, ..payment }
}

fn settled(centavos: i64, on: &str) -> Payment {
    Payment { settled_on: Some(day(on)), ..received(centavos) }
}

#[test]
fn money_that_did_not_come_credits_nothing() {
    let keys = Line { end_to_end_id: Some(id()), txid: Some(own_txid()), ..came(1) };
    let payment = received(1_000);
    let boleto = boleto();
    let known = Known { payment: Some(&payment), boleto: Some(&boleto) };
    for (moved, expected) in [
        (Moved::Went(cents(1_000)), Way::Note(Outcome::Debit)),
        (Moved::Charged(cents(250)), Way::Fee(cents(250))),
        (Moved::Nothing, Way::Note(Outcome::Notice)),
        (Moved::Came(Money::ZERO), Way::Note(Outcome::Notice)),
        (Moved::Title(Money::ZERO), Way::Note(Outcome::Notice)),
        (Moved::Charged(Money::ZERO), Way::Note(Outcome::Notice)),
    ] {
        assert_eq!(way(&Line { moved, ..keys.clone() }, known), expected, "{moved:?}");
    }
}

/// The money that was recorded before comes first: a statement never pays an invoice a second time.
#[test]
fn a_line_of_a_known_pix_is_not_credited_again() {
    // It names everything that could be credited, too.
    let line = Line {
        end_to_end_id: Some(id()),
        txid: Some(own_txid()),
        our_number: Some("109000123".into()),
        ..came(1_000)
    };
    let boleto = boleto();
    let told = Way::Pix(id(), cents(1_000));
    let unknown = Payment { state: PaymentState::Unknown, ..received(1_000) };
    let waiting = reported(PaymentId::Pix(id()), cents(1_000), at("2026-12-10 10:00"));
    for (payment, expected) in [
        (Some(received(1_000)), Way::Settle),
        (Some(received(999)), Way::Differs),
        (Some(settled(1_000, "2026-12-10")), Way::Note(Outcome::AlreadyKnown)),
        (Some(settled(999, "2026-12-10")), Way::Differs),
        (Some(unknown), told.clone()),
        (Some(waiting), told.clone()),
        (None, told),
    ] {
        let known = Known { payment: payment.as_ref(), boleto: Some(&boleto) };
        assert_eq!(way(&line, known), expected, "{:?}", payment.map(|it| it.state));
    }
}

#[test]
fn without_an_id_the_txid_is_believed_before_the_boleto() {
    let amount = cents(1_000);
    let boleto = boleto();
    let known = Known { payment: None, boleto: Some(&boleto) };
    let foreign = Txid::parse("ABCDEFGHIJKLMNOPQRSTUVWXYZ12345").unwrap();
    let title = Line { moved: Moved::Title(amount), our_number: Some("1".into()), ..came(1) };
    for (line, expected) in [
        (Line { txid: Some(own_txid()), ..title.clone() }, Way::OfTxid(own_txid(), amount)),
        (
            Line { txid: Some(foreign.clone()), ..title.clone() },
            Way::Boleto(boleto.clone(), amount),
        ),
        (title.clone(), Way::Boleto(boleto.clone(), amount)),
    ] {
        assert_eq!(way(&line, known), expected, "{line:?}");
    }
    for (line, expected) in [
        (title, Way::Unidentified(Method::Boleto, amount)),
        (Line { txid: Some(foreign), ..came(1_000) }, Way::Unidentified(Method::Transfer, amount)),
        (came(1_000), Way::Unidentified(Method::Transfer, amount)),
    ] {
        assert_eq!(way(&line, Known::default()), expected, "{line:?}");
    }
}

#[test]
fn the_payment_of_a_line_is_not_made_twice() {
    let payment = received(1_000);
    let known = Known { payment: Some(&payment), boleto: None };
    assert_eq!(way(&came(1_000), known), Way::Note(Outcome::AlreadyKnown));
}

#[test]
fn a_charge_remembers_who_named_it() {
    let invoice = paid(issued(&draft()), 1, 7, 100_000, "2026-12-01 10:00");
    assert_eq!(told_of_charge(&invoice, 1, 0), [pix_id(at("2026-12-01 10:00"), 7)]);
    assert_eq!(told_of_charge(&invoice, 1, 1), []);
    assert_eq!(told_of_charge(&invoice, 2, 0), []);
}

/// Two Pix of one amount for one charge: each line settles one of them.
#[test]
fn two_lines_do_not_settle_one_payment() {
    let nth = |nth: u32, when: &str| {
        let payment = reported(pix_id(at(when), nth), cents(1_000), at(when));
        Payment { state: PaymentState::Received, ..payment }
    };
    let (first, second) = (nth(1, "2026-12-10 10:00"), nth(2, "2026-12-10 11:00"));
    let on = day("2026-12-10");
    let shown = |it: &Payment| Payment { settled_on: Some(on), ..it.clone() };
    let check = |payments: &[Payment], expected: Fit| {
        assert_eq!(fit(payments, cents(1_000), on), expected);
    };
    check(&[second.clone(), first.clone()], Fit::Settles(first.id.clone()));
    check(&[shown(&first), second.clone()], Fit::Settles(second.id.clone()));
    check(&[shown(&first), shown(&second)], Fit::Shown(first.id.clone()));
    let earlier = Payment { settled_on: Some(day("2026-12-09")), ..first.clone() };
    check(&[earlier], Fit::None);
    let told = Payment { state: PaymentState::Unknown, ..first.clone() };
    check(&[told], Fit::None);
    check(&[Payment { amount: cents(999), ..first }], Fit::None);
    check(&[], Fit::None);
}
