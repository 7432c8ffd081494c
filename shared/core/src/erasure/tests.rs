use super::*;
use crate::chase::StepOutcome;
use crate::customer::{AccountCredit, BillTo};
use crate::invoice::Command;
use crate::payment::{self, ParkReason};
use crate::sample::*;

const PAID: &str = "2026-12-10 14:00";

/// Paid in full, with its receipt sent.
fn closed() -> Invoice {
    let invoice = paid(issued(&draft()), 1, 1, 100_000, PAID);
    let receipt = Command::RecordReceipt { instalment: 1, ordinal: 0, outcome: StepOutcome::Sent };
    run(invoice, receipt, "2026-12-10 14:01")
}

#[test]
fn nobody_is_forgotten_while_something_is_owed_either_way() {
    let id = || closed().id;
    let check = |invoice: Invoice, expected: Option<Obstacle>| {
        assert_eq!(of_invoice(&invoice), expected);
    };
    check(closed(), None);
    check(issued(&draft()), Some(Obstacle::Open(id())));
    check(paid(issued(&draft()), 1, 1, 100_000, PAID), Some(Obstacle::ReceiptOwed(id())));
    let cancel = Command::Cancel { reason: "mistake".into() };
    check(run(issued(&draft()), cancel.clone(), PAID), Some(Obstacle::Canceling(id())));
    let removed = Command::RecordRemoval { instalment: 1, revision: 0 };
    check(run(run(issued(&draft()), cancel, PAID), removed, PAID), None);
}

#[test]
fn what_lies_with_the_customer_is_settled_first() {
    let mut customer = customer();
    assert_eq!(of_customer(&customer), []);
    let payment = pix_id(at(PAID), 1);
    customer.on_account = vec![AccountCredit { payment, amount: cents(1) }];
    customer.carried.fine = cents(1);
    let expected = [Obstacle::MoneyOnAccount, Obstacle::CarriedCharges];
    assert_eq!(of_customer(&customer), expected);
}

#[test]
fn a_payment_that_somebody_still_looks_after_keeps_its_payer() {
    let payment = reported(pix_id(at(PAID), 1), cents(10_000), at(PAID));
    let id = payment.id.clone();
    assert_eq!(of_payment(&payment), Some(Obstacle::NotConfirmed(id.clone())));
    let step = |payment: Payment, command: payment::Command| {
        let events = payment::decide(&payment, command, at(PAID)).unwrap();
        events.iter().fold(payment, |payment, event| payment::evolve(payment, event, at(PAID)))
    };
    let payment = step(payment, payment::Command::Receive { in_full: None });
    let parked = step(payment, payment::Command::Park { reason: ParkReason::NoTxid });
    assert_eq!(of_payment(&parked), Some(Obstacle::PaymentWaits(id.clone())));
    let refund = payment::Command::AskRefund {
        id: "r1".into(),
        amount: cents(10_000),
        reason: "nobody's".into(),
    };
    let refunding = step(parked.clone(), refund);
    assert_eq!(of_payment(&refunding), Some(Obstacle::RefundUnderWay(id)));
    let aside = step(parked, payment::Command::Dismiss { reason: "kept".into() });
    assert_eq!(of_payment(&aside), None);
}

#[test]
fn an_erased_party_leaves_its_amounts_and_nothing_of_itself() {
    let before = closed();
    let after = run(before.clone(), Command::EraseParty, "2026-12-20 10:00");
    assert_eq!(after.bill_to, BillTo::erased(before.bill_to.locale));
    assert_eq!(
        (after.amount(), after.status(day("2026-12-20"))),
        (before.amount(), before.status(day("2026-12-20")),)
    );
    assert_eq!(payments_of(&after), payments_of(&before));
    let again = crate::invoice::decide(&after, Command::EraseParty, at(PAID)).unwrap();
    assert_eq!(again, []);
    let stored = serde_json::to_string(&after).unwrap();
    assert!(!stored.contains("52998224725") && !stored.contains("aurora"), "{stored}");
    assert_eq!(serde_json::from_str::<Invoice>(&stored).unwrap(), after);
}

#[test]
fn nobody_can_type_the_document_of_an_erased_party() {
    assert!(TaxId::parse(TaxId::Erased.as_str()).is_err());
    assert_eq!(TaxId::Erased.masked(), TaxId::Erased.formatted());
}

#[test]
fn the_clock_of_the_law_starts_with_the_last_thing_that_happened() {
    assert_eq!(closed_on(&closed()), day("2026-12-10"));
    let late = paid(issued(&draft()), 1, 1, 102_500, "2027-01-04 10:00");
    assert_eq!(closed_on(&late), day("2027-01-04"));
    assert_eq!(closed_on(&issued(&draft())), day("2026-12-10"), "not before it is due");
}

#[test]
fn an_account_that_was_emptied_still_leads_to_who_paid() {
    let (mut customer, payment) = (customer(), pix_id(at(PAID), 1));
    customer.set_credit(&payment, cents(500));
    assert_eq!(customer.past_credits, []);
    customer.set_credit(&payment, cents(0));
    assert_eq!(customer.past_credits, std::slice::from_ref(&payment));
    customer.set_credit(&payment, cents(100));
    assert_eq!(customer.past_credits, []);
}
