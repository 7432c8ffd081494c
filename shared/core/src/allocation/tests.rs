use proptest::prelude::*;

use super::*;
use crate::invoice::{Command, InvoiceDraft};
use crate::money::Money;
use crate::sample::*;

const OLDER: &str = "01JD5X2B9QKZ3V7M8N4P6R0ST0";
const NEWER: &str = "01JD5X2B9QKZ3V7M8N4P6R0ST1";

fn invoice(ulid: &str, draft: &InvoiceDraft) -> Invoice {
    let opened = opened_by(draft, &merchant(), &customer(), ulid);
    taken_by_bank(opened, "2026-11-23 10:01")
}

fn due_on(date: &str) -> InvoiceDraft {
    InvoiceDraft { due_date: date.into(), ..draft() }
}

/// The shares as `last digit of the invoice / instalment: amount`, and the rest.
fn check(invoices: &[Invoice], amount: i64, on: &str, most: usize) -> (Vec<String>, Money) {
    let (shares, rest) = oldest_first(invoices, cents(amount), day(on), most);
    let told = |share: &Share| {
        let digit = &share.invoice.ulid()[25..];
        format!("{digit}/{}: {}", share.instalment, share.amount)
    };
    (shares.iter().map(told).collect(), rest)
}

#[test]
fn the_oldest_due_date_is_paid_first_whatever_order_the_invoices_come_in() {
    let invoices = [
        invoice(NEWER, &due_on("2026-12-09")),
        invoice(OLDER, &InvoiceDraft { amount: "900.00".into(), ..monthly(2) }),
    ];
    let (shares, rest) = check(&invoices, 150_000, "2026-12-01", 9);
    assert_eq!(shares, ["1/1: 1000.00", "0/1: 450.00", "0/2: 50.00"]);
    assert_eq!(rest, Money::ZERO);
    let (shares, rest) = check(&invoices, 200_000, "2026-12-01", 9);
    assert_eq!(shares, ["1/1: 1000.00", "0/1: 450.00", "0/2: 450.00"]);
    assert_eq!(rest, cents(10_000));
    let (shares, rest) = check(&invoices, 200_000, "2026-12-01", 2);
    assert_eq!((shares.len(), rest), (2, cents(55_000)), "no more parts than asked for");
    let same_day = [invoice(NEWER, &draft()), invoice(OLDER, &draft())];
    assert_eq!(check(&same_day, 1, "2026-12-01", 9).0, ["0/1: 0.01"], "then the older invoice");
}

#[test]
fn what_is_late_takes_its_late_charges_with_it() {
    let invoices = [invoice(OLDER, &draft()), invoice(NEWER, &due_on("2027-01-11"))];
    let (shares, rest) = check(&invoices, 110_000, "2026-12-20", 9);
    assert_eq!((shares, rest), (vec!["0/1: 1023.33".into(), "1/1: 76.67".into()], Money::ZERO));
}

#[test]
fn nothing_goes_to_what_is_paid_or_canceled() {
    let done = paid(invoice(OLDER, &draft()), 1, 1, 100_000, "2026-12-01 10:00");
    let cancel = Command::Cancel { reason: "mistake".into() };
    let canceling = run(invoice(OLDER, &draft()), cancel, "2026-12-01 10:00");
    for over in [done, canceling] {
        let both = [over.clone(), invoice(NEWER, &due_on("2027-01-11"))];
        assert_eq!(check(&both, 1_000, "2026-12-02", 9).0, ["1/1: 10.00"]);
        let alone = check(&[over], 1_000, "2026-12-02", 9);
        assert_eq!(alone, (vec![], cents(1_000)));
    }
    assert_eq!(check(&[invoice(OLDER, &draft())], 0, "2026-12-02", 9), (vec![], Money::ZERO));
}

#[test]
fn an_instalment_that_costs_nothing_today_does_not_keep_money_from_the_next() {
    let mut free = invoice(OLDER, &draft());
    let half = crate::percent::Percent::parse("50.00").unwrap();
    let until = vec![(day("2026-12-10"), half)];
    free.instalments[0].terms.discount = Some(crate::terms::Discount::PercentUntil(until));
    free.instalments[0].debt.principal = cents(1);
    free.instalments[0].debt.net = true;
    assert_eq!(free.outstanding(day("2026-12-02")), Money::ZERO);
    let both = [free, invoice(NEWER, &draft())];
    assert_eq!(check(&both, 1_000, "2026-12-02", 9).0, ["1/1: 10.00"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn parts_and_rest_are_the_amount_and_no_part_is_more_than_is_owed(
        paid_before in 0_i64..120_000,
        amount in 0_i64..400_000,
        late in 0_u64..60,
        most in 0_usize..6,
    ) {
        let mut first = invoice(OLDER, &monthly(3));
        if paid_before > 0 {
            first = taken_in(first, 1, 1, paid_before, "2026-12-01 10:00").0;
        }
        let invoices = [first, invoice(NEWER, &due_on("2026-12-20"))];
        let on = day("2026-12-01") + chrono::Days::new(late);
        let (shares, rest) = oldest_first(&invoices, cents(amount), on, most);
        let sum: Money = shares.iter().map(|share| share.amount).sum();
        prop_assert_eq!(sum + rest, cents(amount));
        prop_assert!(shares.len() <= most && rest >= Money::ZERO);
        for share in &shares {
            let invoice = invoices.iter().find(|it| it.id == share.invoice).unwrap();
            let instalment = invoice.instalment(share.instalment).unwrap();
            let owed = invoice.outstanding_of(instalment, on);
            prop_assert!(share.amount.is_positive() && share.amount <= owed);
        }
        if shares.len() < most {
            let owed: Money = invoices.iter().map(|invoice| invoice.outstanding(on)).sum();
            prop_assert_eq!(sum, cents(amount).min(owed));
        }
    }
}
