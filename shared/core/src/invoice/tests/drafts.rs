//! Opening an invoice: every fault where it stands, instalments that add up, late charges that were
//! carried.

use std::collections::BTreeSet;

use super::*;

/// Opens a draft, or tells where its faults are.
fn open(draft: &InvoiceDraft) -> Result<Invoice, Vec<String>> {
    let checked = draft.check(&merchant(), at("2026-11-23 10:00"));
    checked
        .map(|_| opened(draft))
        .map_err(|faults| faults.into_iter().map(|fault| fault.property).collect())
}

#[test]
fn every_fault_of_an_invoice_is_told_at_once() {
    let bad = InvoiceDraft {
        number: String::new(),
        description: "x".repeat(141),
        po_number: Some("\u{7}".into()),
        billing_period: period("2026-11-31", ""),
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
        "billing_period.from",
        "billing_period.to",
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

fn period(from: &str, to: &str) -> Option<PeriodDraft> {
    Some(PeriodDraft { from: from.into(), to: to.into() })
}

#[test]
fn a_billing_period_runs_backwards_or_through_the_ages() {
    let with =
        |from: &str, to: &str| open(&InvoiceDraft { billing_period: period(from, to), ..draft() });
    for (from, to, expected) in [
        ("2026-11-30", "2026-11-01", "billing_period.to"),
        ("2026-01-01", "2027-01-02", "billing_period.to"),
        ("2206-11-01", "2026-11-30", "billing_period.from"),
        ("2026-11-01", "1926-11-30", "billing_period.to"),
        ("01/11/2026", "2026-11-30", "billing_period.from"),
    ] {
        assert_eq!(with(from, to).unwrap_err(), [expected], "{from} to {to}");
    }
    for (from, to) in [("2026-11-01", "2026-11-01"), ("2026-01-01", "2027-01-01")] {
        let billed = with(from, to).unwrap().billing_period.unwrap();
        assert_eq!((billed.from(), billed.to()), (day(from), day(to)));
    }
    assert_eq!(open(&draft()).unwrap().billing_period, None);
}

#[test]
fn a_stored_billing_period_is_believed_unread() {
    let read = serde_json::from_str::<BillingPeriod>;
    assert!(read(r#"{"from":"2026-11-01","to":"2026-11-30"}"#).is_ok());
    assert!(read(r#"{"from":"2026-11-30","to":"2026-11-01"}"#).is_err());
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
fn carried_late_charges_go_onto_the_first_instalment_alone() {
    let carried = LateCharges { fine: cents(2_000), interest: cents(333) };
    let customer = Customer { carried, ..customer() };
    let now = at("2026-11-23 10:00");
    let checked = monthly(3).check(&merchant(), now).unwrap();
    let id = InvoiceId::from_ulid(ULID).unwrap();
    let (invoice, events) = checked.open(id, &merchant(), &customer, now);
    let amounts: Vec<_> = invoice.instalments.iter().map(|i| i.terms.original).collect();
    assert_eq!(amounts, [cents(33_334 + 2_333), cents(33_333), cents(33_333)]);
    assert_eq!(invoice.instalments[0].carried_in, carried);
    assert!(invoice.instalments[1..].iter().all(|i| i.carried_in.is_zero()));
    assert_eq!(invoice.instalments[0].charge().terms.original, amounts[0], "the bank asks for it");
    let [Event::Opened { amount, carried_in, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((*amount, *carried_in), (cents(102_333), carried));
    assert_eq!(invoice.receivable(), *amount);
}
