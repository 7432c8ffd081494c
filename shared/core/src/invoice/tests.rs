use std::collections::BTreeSet;

use chrono::NaiveDateTime;

use super::*;
use crate::customer::{Customer, CustomerDraft, Locale};
use crate::document::TaxId;
use crate::ids::{EndToEndId, MerchantId};
use crate::merchant::{Issuing, Merchant};
use crate::payment::ParkReason;
use crate::pix_key::PixKey;
use crate::terms_draft::{TermsDraft, ValueDraft};
use crate::zone::{SAO_PAULO, instant_at};

const ULID: &str = "01JD5X2B9QKZ3V7M8N4P6R0STW";

fn at(text: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    instant_at(local.date(), local.time(), SAO_PAULO)
}

fn merchant() -> Merchant {
    Merchant {
        merchant: MerchantId::parse("mer_acme").unwrap(),
        version: 1,
        name: "ACME".into(),
        document: TaxId::parse("11222333000181").unwrap(),
        city: "SAO PAULO".into(),
        pix_key: PixKey::parse("11222333000181").unwrap(),
        from: crate::contact::Email::parse("cobranca@acme.example").unwrap(),
        reply_to: crate::contact::Email::parse("financeiro@acme.example").unwrap(),
        chat_webhook: None,
        brand_colour: None,
        locale: Locale::PtBr,
        issuing: Issuing { extra_holidays: BTreeSet::new(), ..Issuing::default() },
    }
}

fn customer() -> Customer {
    let draft = CustomerDraft {
        name: "Padaria Aurora".into(),
        document: "52998224725".into(),
        emails: vec!["a@aurora.example".into()],
        ..CustomerDraft::default()
    };
    Customer {
        merchant: merchant().merchant,
        id: crate::ids::CustomerId::from_ulid(ULID).unwrap(),
        version: 1,
        created_at: at("2026-11-01 10:00"),
        bill_to: draft.parse().unwrap(),
    }
}

fn draft() -> InvoiceDraft {
    InvoiceDraft {
        number: "2026-001".into(),
        description: "Novembro".into(),
        amount: "1000.00".into(),
        due_date: "2026-12-10".into(),
        terms: TermsDraft {
            late_fee: value("percent", "2.00"),
            interest: value("percent_per_month", "1.00"),
            ..TermsDraft::default()
        },
        ..InvoiceDraft::default()
    }
}

fn value(kind: &str, value: &str) -> Option<ValueDraft> {
    Some(ValueDraft { kind: kind.into(), value: value.into(), days: None })
}

fn open(draft: &InvoiceDraft) -> Result<Invoice, Vec<String>> {
    let id = InvoiceId::from_ulid(ULID).unwrap();
    let now = at("2026-11-23 10:00");
    let checked = draft.check(&merchant(), now);
    let paths = |faults: Vec<crate::violation::Violation>| {
        faults.into_iter().map(|fault| fault.property).collect()
    };
    checked.map(|draft| draft.open(id, &merchant(), &customer(), now).0).map_err(paths)
}

/// Decides and applies.
fn run(invoice: Invoice, command: Command<'_>, now: &str) -> Invoice {
    let events = decide(&invoice, command, at(now)).unwrap();
    events.iter().fold(invoice, |invoice, event| evolve(invoice, event, at(now)))
}

fn issued(draft: &InvoiceDraft) -> Invoice {
    let mut invoice = open(draft).unwrap();
    for instalment in 1..=u16::try_from(invoice.instalments.len()).unwrap() {
        let (location, br_code) = ("bank.example/qr/1".to_owned(), "0002".to_owned());
        let taken = Command::RecordIssued { instalment, revision: 0, location, br_code };
        invoice = run(invoice, taken, "2026-11-23 10:01");
    }
    invoice
}

fn e2eid(minute: &str, nth: u8) -> EndToEndId {
    EndToEndId::parse(&format!("E12345678{minute}{nth:0>11}")).unwrap()
}

fn pay(invoice: &Invoice, instalment: u16, nth: u8, amount: i64, paid: &str) -> Credit {
    let paid_at = at(paid);
    let e2eid = e2eid(&paid_at.format("%Y%m%d%H%M").to_string(), nth);
    let amount = Money::from_centavos(amount);
    credit(invoice, &Received { instalment, revision: 0, e2eid: &e2eid, amount, paid_at })
}

fn parked(credit: Credit) -> ParkReason {
    match credit {
        Credit::Park(reason, _) => reason,
        Credit::Matched(_) | Credit::AlreadyCredited => panic!("credited: {credit:?}"),
    }
}

fn paid(invoice: Invoice, instalment: u16, nth: u8, amount: i64, when: &str) -> Invoice {
    let Credit::Matched(events) = pay(&invoice, instalment, nth, amount, when) else {
        panic!("not matched: {:?}", pay(&invoice, instalment, nth, amount, when));
    };
    events.iter().fold(invoice, |invoice, event| evolve(invoice, event, at(when)))
}

#[test]
fn every_fault_of_an_invoice_is_told_at_once() {
    let bad = InvoiceDraft {
        number: String::new(),
        description: "x".repeat(141),
        po_number: Some("\u{7}".into()),
        amount: "10.5".into(),
        due_date: "2026-02-30".into(),
        terms: TermsDraft {
            late_fee: value("share", "2.00"),
            interest: value("percent_per_month", "1.000"),
            rebate: value("percent", "-1.00"),
            payable_days_after_due: Some(-1),
            ..TermsDraft::default()
        },
        ..InvoiceDraft::default()
    };
    let expected = [
        "number",
        "description",
        "po_number",
        "late_fee.type",
        "interest.value",
        "rebate.value",
        "payable_days_after_due",
        "amount",
        "due_date",
    ];
    assert_eq!(open(&bad).unwrap_err(), expected);
}

#[test]
fn a_fault_beside_an_unreadable_amount_or_date_is_told_as_well() {
    let high = TermsDraft { late_fee: value("percent", "200.00"), ..TermsDraft::default() };
    let bad = |amount: &str, due: &str| {
        let terms = high.clone();
        open(&InvoiceDraft { amount: amount.into(), due_date: due.into(), terms, ..draft() })
    };
    assert_eq!(bad("-1.00", "2020-01-01").unwrap_err(), ["amount", "due_date", "late_fee.value"]);
    assert_eq!(bad("10.00", "soon").unwrap_err(), ["due_date", "late_fee.value"]);
}

#[test]
fn bad_amounts_and_dates_are_refused_where_they_stand() {
    let with = |amount: &str, due: &str| {
        open(&InvoiceDraft { amount: amount.into(), due_date: due.into(), ..draft() })
    };
    for amount in ["0.00", "-1.00", "1.001", "1,00", "10000000000.00", "9999999999.99"] {
        assert_eq!(with(amount, "2026-12-10").unwrap_err(), ["amount"], "{amount}");
    }
    for due in ["2026-11-22", "2066-01-01", "10/12/2026"] {
        assert_eq!(with("1000.00", due).unwrap_err(), ["due_date"], "{due}");
    }
    assert!(with("1000.00", "2026-11-23").is_ok(), "due today is not in the past");
}

#[test]
fn trap_33_instalments_add_up_and_keep_their_month_end() {
    let cut = InstalmentDraft::Monthly(3);
    let draft = InvoiceDraft {
        amount: "100.00".into(),
        due_date: "2027-01-31".into(),
        instalments: cut,
        ..draft()
    };
    let invoice = open(&draft).unwrap();
    let parts: Vec<_> = invoice
        .instalments
        .iter()
        .map(|i| (i.terms.original.to_string(), i.terms.due_date.to_string()))
        .collect();
    let expected = [("33.34", "2027-01-31"), ("33.33", "2027-02-28"), ("33.33", "2027-03-31")];
    assert_eq!(parts, expected.map(|(amount, due)| (amount.to_owned(), due.to_owned())));
    let txids: BTreeSet<_> = invoice.instalments.iter().map(|i| i.charge().txid.as_str()).collect();
    assert_eq!(txids.len(), 3);
}

#[test]
fn instalments_that_do_not_add_up_are_refused() {
    let part = |amount: &str, due: &str| (amount.to_owned(), due.to_owned());
    let listed = |list: Vec<(String, String)>| {
        open(&InvoiceDraft { instalments: InstalmentDraft::Listed(list), ..draft() })
    };
    let (first, second) = (part("500.00", "2026-12-10"), part("500.01", "2027-01-11"));
    assert_eq!(listed(vec![first.clone(), second]).unwrap_err(), ["instalments"]);
    let early = part("500.00", "2026-12-01");
    assert_eq!(listed(vec![first.clone(), early]).unwrap_err(), ["instalments[1].due_date"]);
    let bad = part("500.0", "2026-12-99");
    let expected = ["instalments[1].amount", "instalments[1].due_date"];
    assert_eq!(listed(vec![first, bad]).unwrap_err(), expected);
    assert_eq!(listed(vec![]).unwrap_err(), ["instalments"]);
}

#[test]
fn trap_25_the_day_of_payment_is_the_merchants_not_greenwichs() {
    let invoice = issued(&draft());
    // 01:30Z of 11 December is 22:30 of the 10th, the due day, in São Paulo.
    assert!(matches!(pay(&invoice, 1, 1, 100_000, "2026-12-10 22:30"), Credit::Matched(_)));
}

#[test]
fn trap_24_another_amount_never_pays_the_invoice() {
    let invoice = issued(&draft());
    for amount in [99_999, 100_001, 50_000, 200_000] {
        let expected = Money::from_centavos(100_000);
        let reason = ParkReason::WrongAmount { expected };
        assert_eq!(parked(pay(&invoice, 1, 1, amount, "2026-12-01 10:00")), reason);
    }
    // Late by ten days: 2 % fine and 1 % a month, 10/30 of it.
    assert!(matches!(pay(&invoice, 1, 1, 102_333, "2026-12-20 10:00"), Credit::Matched(_)));
    let expected = Money::from_centavos(102_333);
    let stale = parked(pay(&invoice, 1, 1, 100_000, "2026-12-20 10:00"));
    assert_eq!(stale, ParkReason::WrongAmount { expected });
}

#[test]
fn a_pix_in_doubt_silences_the_chase_until_the_charge_is_reissued() {
    let invoice = issued(&draft());
    let Credit::Park(_, events) = pay(&invoice, 1, 1, 50_000, "2026-12-01 10:00") else {
        panic!("half of the amount was credited");
    };
    let now = at("2026-12-01 10:00");
    let invoice = events.iter().fold(invoice, |invoice, event| evolve(invoice, event, now));
    assert_eq!(invoice.instalments[0].hold(), Some(Hold::PaymentInDoubt));
    assert_eq!(invoice.next_work(&Rule::shipped(), now), None, "no sweep asks in vain");
    let again = pay(&invoice, 1, 1, 50_000, "2026-12-01 10:00");
    assert!(matches!(again, Credit::Park(_, events) if events.is_empty()));
    let reissue = Command::Reissue { instalment: 1, reason: "paid half".into() };
    let invoice = run(invoice, reissue, "2026-12-02 10:00");
    assert_eq!(invoice.instalments[0].hold(), None);
}

#[test]
fn an_order_given_before_midnight_and_settled_after_is_on_time() {
    let invoice = issued(&draft());
    let paid_at = at("2026-12-11 00:10");
    let amount = Money::from_centavos(100_000);
    let ordered = |minute: &str| {
        let initiated = at(minute).format("%Y%m%d%H%M").to_string();
        let e2eid = e2eid(&initiated, 1);
        credit(&invoice, &Received { instalment: 1, revision: 0, e2eid: &e2eid, amount, paid_at })
    };
    assert!(matches!(ordered("2026-12-10 23:58"), Credit::Matched(_)));
    assert!(matches!(ordered("2026-12-10 22:00"), Credit::Park(..)), "longer than any review");
}

#[test]
fn trap_20_one_pix_is_credited_once() {
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    assert_eq!(invoice.status(invoice.civil_date(at("2027-01-01 10:00"))), Status::Paid);
    assert_eq!(pay(&invoice, 1, 1, 100_000, "2026-12-01 10:00"), Credit::AlreadyCredited);
    let second = parked(pay(&invoice, 1, 2, 100_000, "2026-12-01 10:00"));
    assert_eq!(second, ParkReason::AlreadyPaid);
}

#[test]
fn status_follows_balances_and_the_calendar() {
    let draft = InvoiceDraft { instalments: InstalmentDraft::Monthly(2), ..draft() };
    let invoice = issued(&draft);
    let on = |invoice: &Invoice, day: &str| invoice.status(day.parse().unwrap());
    assert_eq!(on(&invoice, "2026-12-10"), Status::Open);
    assert_eq!(on(&invoice, "2026-12-11"), Status::Overdue);
    let invoice = paid(invoice, 1, 1, 50_000, "2026-12-10 10:00");
    assert_eq!(on(&invoice, "2026-12-11"), Status::PartiallyPaid);
    // The second falls on Sunday 10 January 2027: Monday is still in time.
    assert_eq!(on(&invoice, "2027-01-11"), Status::PartiallyPaid);
    assert_eq!(on(&invoice, "2027-01-12"), Status::Overdue);
    let invoice = paid(invoice, 2, 2, 50_000, "2027-01-11 10:00");
    assert_eq!(on(&invoice, "2027-01-12"), Status::Paid);
    assert_eq!(invoice.outstanding("2027-02-01".parse().unwrap()), Money::ZERO);
}

#[test]
fn a_returned_pix_reopens_the_invoice_and_silences_the_chase() {
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    let e2eid = invoice.instalments[0].payments[0].e2eid.clone();
    let returned = Money::from_centavos(100_000);
    let told = Command::RecordReturn { instalment: 1, e2eid, returned };
    let invoice = run(invoice, told.clone(), "2026-12-02 10:00");
    assert_eq!(invoice.state_name(), "open");
    assert_eq!(invoice.instalments[0].hold(), Some(Hold::Refunded));
    assert_eq!(invoice.instalments[0].received(), Money::ZERO);
    assert_eq!(decide(&invoice, told, at("2026-12-02 11:00")), Ok(vec![]), "told twice");
}

#[test]
fn trap_43_a_canceled_invoice_leaves_no_charge_behind() {
    let invoice = issued(&draft());
    let cancel = Command::Cancel { reason: "sold twice".into() };
    let invoice = run(invoice, cancel.clone(), "2026-12-01 10:00");
    assert_eq!(invoice.state_name(), "canceling");
    let work = invoice.next_work(&Rule::shipped(), at("2026-12-01 10:00")).unwrap();
    assert_eq!(work.kind, WorkKind::Charge, "the removal is the next thing to do");
    let gone = Command::RecordRemoval { instalment: 1, revision: 0 };
    let invoice = run(invoice, gone, "2026-12-01 10:01");
    assert_eq!(invoice.state_name(), "canceled");
    assert_eq!(invoice.next_work(&Rule::shipped(), at("2027-01-01 10:00")), None);
    assert_eq!(decide(&invoice, cancel, at("2026-12-02 10:00")), Ok(vec![]));
    let late = parked(pay(&invoice, 1, 1, 100_000, "2026-12-03 10:00"));
    assert_eq!(late, ParkReason::InvoiceCanceled);
}

#[test]
fn a_cancel_that_meets_a_payment_gives_way() {
    let invoice = issued(&draft());
    let cancel = Command::Cancel { reason: "mistake".into() };
    let invoice = run(invoice, cancel, "2026-12-01 10:00");
    let invoice = paid(invoice, 1, 1, 100_000, "2026-12-01 09:59");
    assert_eq!(invoice.state_name(), "paid");
    let gone = Command::RecordRemoval { instalment: 1, revision: 0 };
    assert_eq!(run(invoice, gone, "2026-12-01 10:01").state_name(), "paid");
}

#[test]
fn a_cancel_that_meets_the_payment_of_one_instalment_still_cancels_the_others() {
    let draft = InvoiceDraft { instalments: InstalmentDraft::Monthly(2), ..draft() };
    let cancel = Command::Cancel { reason: "mistake".into() };
    let invoice = run(issued(&draft), cancel, "2026-12-01 10:00");
    let gone = |instalment| Command::RecordRemoval { instalment, revision: 0 };
    let invoice = run(invoice, gone(2), "2026-12-01 10:01");
    let invoice = paid(invoice, 1, 1, 50_000, "2026-12-01 10:02");
    assert_eq!(invoice.state_name(), "canceling");
    let invoice = run(invoice, gone(1), "2026-12-01 10:03");
    assert_eq!(invoice.state_name(), "canceled");
    assert_eq!(
        invoice.next_work(&Rule::shipped(), at("2026-12-01 10:03")).unwrap().kind,
        WorkKind::Receipt
    );
}

#[test]
fn an_invoice_whose_payment_is_in_doubt_or_returned_can_be_canceled() {
    let invoice = issued(&draft());
    let Credit::Park(_, events) = pay(&invoice, 1, 1, 50_000, "2026-12-01 10:00") else {
        panic!("half of the amount was credited");
    };
    let now = at("2026-12-01 10:00");
    let doubted = events.iter().fold(invoice.clone(), |it, event| evolve(it, event, now));
    let matched = paid(invoice, 1, 1, 100_000, "2026-12-01 10:00");
    let e2eid = matched.instalments[0].payments[0].e2eid.clone();
    let returned = Money::from_centavos(100_000);
    let told = Command::RecordReturn { instalment: 1, e2eid, returned };
    for invoice in [doubted, run(matched, told, "2026-12-01 11:00")] {
        let cancel = Command::Cancel { reason: "given back".into() };
        let invoice = run(invoice, cancel, "2026-12-02 10:00");
        // The bank refuses to remove what was paid; nothing can be paid there any more.
        let gone = Command::RecordRemoval { instalment: 1, revision: 0 };
        assert_eq!(run(invoice, gone, "2026-12-02 10:01").state_name(), "canceled");
    }
}

#[test]
fn a_charge_that_may_still_be_created_is_not_removed_at_once() {
    let cancel = Command::Cancel { reason: "mistake".into() };
    let pending = run(open(&draft()).unwrap(), cancel.clone(), "2026-11-23 10:01");
    assert_eq!(pending.charge_work(), Some(at("2026-11-23 10:03")), "a worker may be at it");
    let held = run(issued(&draft()), cancel, "2026-11-23 10:05");
    assert_eq!(held.charge_work(), Some(at("2026-11-23 10:05")));
}

#[test]
fn a_payment_returned_while_the_invoice_is_canceled_does_not_hold_the_cancellation() {
    let draft = InvoiceDraft { instalments: InstalmentDraft::Monthly(2), ..draft() };
    let invoice = paid(issued(&draft), 1, 1, 50_000, "2026-12-01 09:00");
    let e2eid = invoice.instalments[0].payments[0].e2eid.clone();
    let invoice = run(invoice, Command::Cancel { reason: "mistake".into() }, "2026-12-01 10:00");
    let returned = Money::from_centavos(50_000);
    let told = Command::RecordReturn { instalment: 1, e2eid, returned };
    let invoice = run(invoice, told, "2026-12-01 10:01");
    let gone = Command::RecordRemoval { instalment: 2, revision: 0 };
    assert_eq!(run(invoice, gone, "2026-12-01 10:02").state_name(), "canceled");
}

#[test]
fn a_paid_invoice_cannot_be_canceled_or_reissued() {
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    let now = at("2026-12-02 10:00");
    let cancel = Command::Cancel { reason: "late thought".into() };
    assert_eq!(decide(&invoice, cancel, now), Err(Refusal::AlreadyPaid));
    let reissue = Command::Reissue { instalment: 1, reason: "again".into() };
    assert_eq!(decide(&invoice, reissue, now), Err(Refusal::AlreadyPaid));
}

#[test]
fn a_reissued_charge_leaves_the_old_txid_a_home_and_tells_the_payer_anew() {
    let issue = Rule::shipped().steps.remove(0);
    let told = |instalment| Command::RecordStep {
        instalment,
        step: &issue,
        outcome: chase::StepOutcome::Sent,
        channels: vec![],
        covered: vec![],
        amount: None,
    };
    let invoice = run(issued(&draft()), told(1), "2026-11-23 10:02");
    let reissue = Command::Reissue { instalment: 1, reason: "lost".into() };
    let invoice = run(invoice, reissue, "2026-12-01 10:00");
    let instalment = &invoice.instalments[0];
    assert_eq!(instalment.charge().revision, 1);
    assert!(matches!(instalment.charges[0].state, ChargeState::Removing { .. }));
    assert!(instalment.chase.done.is_empty(), "the new code is sent to the payer");
    // A payer who had the old code at hand pays it before the bank removed it.
    let invoice = paid(invoice, 1, 1, 100_000, "2026-12-01 10:00");
    assert!(
        matches!(invoice.instalments[0].charges[1].state, ChargeState::Removing { .. }),
        "nobody can pay the new charge as well"
    );
}

#[test]
fn a_late_charge_asked_again_takes_what_is_due_today_and_matches_later_to_the_cent() {
    let invoice = issued(&draft());
    let reissue = Command::Reissue { instalment: 1, reason: "lost".into() };
    let invoice = run(invoice, reissue, "2026-12-20 10:00");
    let charge = invoice.instalments[0].charge();
    assert_eq!(charge.terms.original.to_string(), "1023.33");
    assert_eq!(charge.terms.due_date.to_string(), "2026-12-20");
    let received = |revision, amount| {
        let paid_at = at("2026-12-24 10:00");
        let e2eid = e2eid("202612241300", 1);
        let amount = Money::from_centavos(amount);
        credit(&invoice, &Received { instalment: 1, revision, e2eid: &e2eid, amount, paid_at })
    };
    // Sunday 20 December moves to Monday, from which three days at 0.33 are counted.
    assert!(matches!(received(1, 102_432), Credit::Matched(_)));
    // Who still pays the old code is asked by the bank for what the old charge comes to.
    assert!(matches!(received(0, 102_467), Credit::Matched(_)));
}

#[test]
fn an_expired_charge_is_work_as_soon_as_its_last_day_is_over() {
    let terms = TermsDraft { payable_days_after_due: Some(2), ..TermsDraft::default() };
    let invoice = issued(&InvoiceDraft { terms, ..draft() });
    // Due on Thursday the 10th; two days later is a Saturday, so Monday the 14th is the last day.
    let expires = invoice.expires_at(&invoice.instalments[0]).unwrap();
    assert_eq!(expires, at("2026-12-15 00:00"));
    let paid = paid(invoice, 1, 1, 100_000, "2026-12-14 23:00");
    assert_eq!(paid.expires_at(&paid.instalments[0]), None);
}

#[test]
fn a_charge_refused_because_its_date_passed_is_asked_again_as_of_today() {
    let invoice = open(&draft()).unwrap();
    let reason = "due date in the past".to_owned();
    let refused = Command::RecordRejection { instalment: 1, revision: 0, reason };
    let on_time = run(invoice.clone(), refused.clone(), "2026-12-01 10:00");
    assert!(matches!(on_time.instalments[0].charge().state, ChargeState::Rejected { .. }));
    let late = run(invoice, refused, "2026-12-14 10:00");
    let charge = late.instalments[0].charge();
    assert_eq!((charge.revision, charge.terms.due_date.to_string()), (1, "2026-12-14".to_owned()));
    assert!(matches!(charge.state, ChargeState::Pending { .. }));
}

#[test]
fn trap_22_a_payment_before_the_banks_answer_is_stored_finds_its_invoice() {
    let invoice = open(&draft()).unwrap();
    assert!(matches!(pay(&invoice, 1, 1, 100_000, "2026-11-23 10:01"), Credit::Matched(_)));
}

#[test]
fn a_command_repeated_changes_nothing() {
    let invoice = issued(&draft());
    let (location, br_code) = ("elsewhere".to_owned(), "other".to_owned());
    let again = Command::RecordIssued { instalment: 1, revision: 0, location, br_code };
    assert_eq!(decide(&invoice, again, at("2026-11-24 10:00")), Ok(vec![]));
}

#[test]
fn the_version_counts_the_events() {
    let invoice = open(&draft()).unwrap();
    assert_eq!(invoice.version, 1);
    let invoice = paid(issued(&draft()), 1, 1, 100_000, "2026-12-01 10:00");
    assert_eq!(invoice.version, 4, "opened, issued, matched, paid");
}
