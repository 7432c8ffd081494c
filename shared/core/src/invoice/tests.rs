//! Tests of an invoice, by what happens to it.

mod canceling;
mod changes;
mod charges;
mod credits;
mod drafts;
mod handling;
mod payer_word;
mod status;

use super::*;
use crate::customer::Customer;
use crate::debt::{LateShortfall, Settling};
use crate::payment::ParkReason;
use crate::sample::*;
use crate::terms_draft::TermsDraft;

fn parked(credit: Credit) -> ParkReason {
    match credit {
        Credit::Park(reason, _) => reason,
        Credit::Matched { .. } | Credit::AlreadyCredited => panic!("credited: {credit:?}"),
    }
}

/// Issued by a merchant with these choices for payments that are short.
fn issued_by(settling: Settling, draft: &InvoiceDraft) -> Invoice {
    let mut merchant = merchant();
    merchant.issuing.settling = settling;
    taken_by_bank(opened_by(draft, &merchant, &customer(), ULID), "2026-11-23 10:01")
}

/// Gives money that was recorded before to an instalment.
fn given(invoice: &Invoice, number: u16, nth: u32, centavos: i64, when: &str) -> Given {
    let payment = pix_id(at(when), nth);
    let money = Received {
        instalment: number,
        revision: None,
        payment: &payment,
        amount: cents(centavos),
        paid_at: at(when),
        source: Source::Unidentified,
    };
    allocate(invoice, &money, at(when))
}

type Given = Result<Vec<Event>, Refusal>;

/// Takes money of the first credit back.
fn released(invoice: Invoice, number: u16, centavos: i64, when: &str) -> Invoice {
    let payment = invoice.instalment(number).unwrap().payments[0].payment.clone();
    let (amount, reason) = (cents(centavos), "given back".to_owned());
    run(invoice, Command::Release { instalment: number, payment, amount, reason }, when)
}

fn reissue(number: u16) -> Command<'static> {
    Command::Reissue { instalment: number, reason: "asked for again".into() }
}

fn reduce(number: u16, kind: Reduction, centavos: i64) -> Command<'static> {
    Command::Reduce {
        instalment: number,
        kind,
        amount: cents(centavos),
        reason: "agreed by telephone".into(),
    }
}

fn write_off(number: u16) -> Command<'static> {
    Command::WriteOff { instalment: number, reason: "bankrupt".into() }
}

fn extend(number: u16, due: &str) -> Command<'static> {
    Command::ExtendDueDate { instalment: number, due_date: day(due), reason: "harvest".into() }
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::name).collect()
}

#[test]
fn a_command_repeated_changes_nothing() {
    let invoice = issued(&draft());
    let (location, br_code) = ("elsewhere".into(), "other".into());
    let again = Command::RecordIssued { instalment: 1, revision: 0, location, br_code };
    assert_eq!(decide(&invoice, again, at("2026-11-24 10:00")), Ok(vec![]));
    let repeated = [
        Command::NameBoleto { instalment: 1, our_number: "123".into() },
        Command::Cancel { reason: "mistake".into() },
    ];
    for command in repeated.into_iter().chain([write_off(1), extend(1, "2026-12-20")]) {
        let done = run(invoice.clone(), command.clone(), "2026-11-24 10:00");
        assert!(done.version > invoice.version, "{command:?} did nothing at all");
        let again = decide(&done, command.clone(), at("2026-11-24 10:01"));
        assert_eq!(again, Ok(vec![]), "{command:?}");
    }
}

#[test]
fn the_version_counts_the_events() {
    let invoice = opened(&draft());
    assert_eq!(invoice.version, 1);
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    assert_eq!(invoice.version, 4, "opened, issued, matched, paid");
}
