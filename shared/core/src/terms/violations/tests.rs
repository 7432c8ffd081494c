use crate::calendar::BankCalendar;
use crate::terms::tests::{day, money, terms};
use crate::terms::{PAYABLE_DAYS_MAX, Policy, Terms};

const ISSUED: &str = "2026-03-01";

fn properties(terms: &Terms) -> Vec<String> {
    let faults = terms.violations(day(ISSUED), &BankCalendar::default(), &Policy::default());
    faults.into_iter().map(|fault| fault.property).collect()
}

/// Terms of 1000.00 due 2026-03-31, issued 30 days before.
fn check(notation: &str, expected: &[&str]) {
    assert_eq!(properties(&terms("1000.00", "2026-03-31", notation)), expected, "{notation}");
}

#[test]
fn usual_terms_have_no_fault() {
    check("", &[]);
    check("m2 2.00 j3 1.00 a1 100.00 d1 2026-03-10:50.00,2026-03-20:20.00", &[]);
    check("m2 100.00 j4 100.00 a2 99.99", &[]);
    check("m1 1000.00 j1 1000.00", &[]);
    check("d1 2026-03-31:999.99", &[]);
    check("d2 2026-03-31:99.99", &[]);
}

#[test]
fn trap_03_zero_and_negative_amounts_are_refused() {
    assert_eq!(properties(&terms("0.00", "2026-03-31", "")), ["amount"]);
    let mut negative = terms("1.00", "2026-03-31", "");
    negative.original = -money("1.00");
    assert_eq!(properties(&negative), ["amount"]);
    let mut huge = terms("9999999999.99", "2026-03-31", "");
    assert_eq!(properties(&huge), [""; 0]);
    huge.original += money("0.01");
    assert_eq!(properties(&huge), ["amount"]);
}

#[test]
fn the_due_date_is_not_before_the_issue() {
    assert_eq!(properties(&terms("1.00", ISSUED, "")), [""; 0]);
    assert_eq!(properties(&terms("1.00", "2026-02-28", "")), ["due_date"]);
    assert_eq!(properties(&terms("1.00", "2200-01-01", "")), ["due_date"]);
}

#[test]
fn the_validity_has_a_limit() {
    let with = |due: &str, validity_days| Terms { validity_days, ..terms("1.00", due, "") };
    assert_eq!(properties(&with("2026-03-31", 0)), [""; 0]);
    assert_eq!(properties(&with("2026-03-31", PAYABLE_DAYS_MAX)), [""; 0]);
    assert_eq!(properties(&with("2026-03-31", PAYABLE_DAYS_MAX + 1)), ["payable_days_after_due"]);
    assert_eq!(properties(&with("2199-12-20", 30)), ["payable_days_after_due"]);
}

#[test]
fn late_charges_have_bounds() {
    check("m2 0.00", &["late_fee.value"]);
    check("m2 100.01", &["late_fee.value"]);
    check("m1 0.00", &["late_fee.value"]);
    check("m1 1000.01", &["late_fee.value"]);
    check("j1 0.00", &["interest.value"]);
    check("j5 1000.01", &["interest.value"]);
    for modality in ["j2", "j3", "j4", "j6", "j7", "j8"] {
        check(&format!("{modality} 0.00"), &["interest.value"]);
        check(&format!("{modality} 100.01"), &["interest.value"]);
    }
}

#[test]
fn reductions_stay_below_the_amount() {
    check("a1 0.00", &["rebate.value"]);
    check("a1 1000.00", &["rebate.value"]);
    check("a2 0.00", &["rebate.value"]);
    check("a2 100.00", &["rebate.value"]);
    check(
        "d1 2026-03-10:1000.00,2026-03-20:0.00",
        &["discount.until[0].value", "discount.until[1].value"],
    );
    check(
        "d2 2026-03-10:100.00,2026-03-20:0.00",
        &["discount.until[0].value", "discount.until[1].value"],
    );
    check("d3 1000.00", &["discount.value"]);
    check("d4 0.00", &["discount.value"]);
    check("d5 100.00", &["discount.value"]);
    check("d6 0.00", &["discount.value"]);
}

#[test]
fn discount_dates_are_few_different_and_not_after_the_due_date() {
    check("d1 2026-04-01:50.00", &["discount.until[0].date"]);
    check("d2 2026-03-10:5.00,2026-04-01:1.00", &["discount.until[1].date"]);
    check("d1 2026-03-10:50.00,2026-03-10:20.00", &["discount.until[1].date"]);
    let four = "d1 2026-03-10:5.00,2026-03-11:4.00,2026-03-12:3.00,2026-03-13:2.00";
    check(four, &["discount.until"]);
    let mut none = terms("1000.00", "2026-03-31", "");
    none.discount = Some(crate::terms::Discount::FixedUntil(Vec::new()));
    assert_eq!(properties(&none), ["discount.until"]);
}

#[test]
fn trap_32_a_discount_by_day_must_not_reach_the_amount_at_the_longest_anticipation() {
    // 30 calendar and 22 business days lie between the issue (a Sunday) and the due date.
    check("d3 33.33", &[]);
    check("d3 33.34", &["discount.value"]);
    check("d4 45.45", &[]);
    check("d4 45.46", &["discount.value"]);
    check("d5 3.33", &[]);
    check("d5 3.34", &["discount.value"]);
    check("d6 4.54", &[]);
    check("d6 4.55", &["discount.value"]);
}

#[test]
fn rebate_and_discount_together_leave_something_to_pay() {
    check("a1 500.00 d1 2026-03-20:499.99", &[]);
    check("a1 500.00 d1 2026-03-20:500.00", &["discount.until"]);
    check("a1 500.00 d1 2026-03-10:1.00,2026-03-20:500.00", &["discount.until"]);
    check("a1 900.00 d3 3.33", &[]);
    check("a1 900.00 d3 3.34", &["discount.value"]);
    // Half a centavo rounds up to the whole debt.
    assert_eq!(properties(&terms("0.01", "2026-03-31", "a2 50.00")), ["rebate.value"]);
    assert_eq!(properties(&terms("0.01", "2026-03-31", "a2 49.99")), [""; 0]);
}

#[test]
fn the_worst_total_fits_the_pattern_of_api_pix() {
    let properties_of = |original: &str, validity_days, notation: &str| {
        properties(&Terms { validity_days, ..terms(original, "2026-03-31", notation) })
    };
    assert_eq!(properties_of("9999999999.99", 30, "m2 2.00 j3 1.00"), ["amount"]);
    assert_eq!(properties_of("9999999999.99", 30, "a1 9999999.99 m1 0.01"), [""; 0]);
    // Paid within the validity only: without one, no late charge is ever taken.
    assert_eq!(properties_of("9999999999.99", 0, "m2 2.00 j3 1.00"), [""; 0]);
    assert_eq!(properties_of("9900990099.00", 30, "j3 1.00"), [""; 0]);
    assert_eq!(properties_of("9900990099.01", 30, "j3 1.00"), ["amount"]);
}

#[test]
fn every_fault_is_reported_at_once() {
    let mut terms = terms("0.00", "2026-02-01", "m2 200.00 j3 0.00 a2 100.00 d1 2026-03-10:0.00");
    terms.validity_days = 30;
    let expected = [
        "amount",
        "due_date",
        "late_fee.value",
        "interest.value",
        "rebate.value",
        "discount.until[0].date",
        "discount.until[0].value",
    ];
    assert_eq!(properties(&terms), expected);
}

#[test]
fn reasons_say_what_to_do() {
    let terms = terms("0.00", "2026-02-01", "m2 200.00 a2 100.00 d1 2026-03-10:0.00");
    let faults = terms.violations(day(ISSUED), &BankCalendar::default(), &Policy::default());
    for fault in faults {
        assert!(fault.reason.starts_with("use "), "{fault:?}");
    }
}
