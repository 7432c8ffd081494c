//! What a naive computation gets wrong.

use super::*;

fn total(terms: &Terms, on: &str) -> Money {
    terms.amount_due(day(on), &BankCalendar::default(), &Policy::default()).total
}

#[test]
fn trap_02_the_rate_is_not_divided_before_it_multiplies() {
    let terms = terms("30000.00", "2024-09-04", "j3 1.00");
    assert_eq!(total(&terms, "2024-09-05"), money("30010.00"));
    // 1 % / 30 rounded to 0.033 % would give 9.90, truncated to centavos a day 9.99.
    assert_eq!(total(&terms, "2024-10-04"), money("30300.00"));
}

#[test]
fn trap_27_due_on_a_closed_day_and_paid_on_the_next_open_one_is_on_time() {
    let saturday = terms("10.00", "2021-02-27", "m2 2.00 j1 0.10");
    assert_eq!(total(&saturday, "2021-03-01"), money("10.00"));
    let carnival_monday = terms("500.00", "2026-02-16", "m2 2.00 j3 1.00");
    assert_eq!(total(&carnival_monday, "2026-02-18"), money("500.00"));
    assert!(total(&carnival_monday, "2026-02-19") > money("500.00"));
}

#[test]
fn trap_28_a_due_date_on_nov_20_moves_from_2024_only() {
    let due_2023 = terms("100.00", "2023-11-20", "m2 2.00");
    assert_eq!(total(&due_2023, "2023-11-21"), money("102.00"));
    let due_2024 = terms("100.00", "2024-11-20", "m2 2.00");
    assert_eq!(total(&due_2024, "2024-11-21"), money("100.00"));
}

#[test]
fn trap_30_interest_is_simple_and_a_month_has_30_days() {
    let terms = terms("1000.00", "2026-01-02", "j3 10.00");
    assert_eq!(total(&terms, "2026-02-01"), money("1100.00"), "30 days, not 31");
    assert_eq!(total(&terms, "2026-03-03"), money("1200.00"), "60 days, not 1210.00");
}

#[test]
fn trap_31_interest_is_on_the_original_less_the_rebate() {
    let terms = terms("1000.00", "2026-03-10", "j3 1.00 a1 100.00");
    let due = terms.amount_due(day("2026-04-09"), &BankCalendar::default(), &Policy::default());
    assert_eq!(due.interest, money("9.00"), "not 10.00");
}

#[test]
fn a_discount_ends_with_the_due_date_and_never_grows_negative() {
    // Due on a Saturday, which moves to Monday: anticipation counts to the Monday.
    let terms = terms("100.00", "2026-03-14", "d3 1.00");
    assert_eq!(total(&terms, "2026-03-13"), money("97.00"));
    assert_eq!(total(&terms, "2026-03-14"), money("98.00"));
    assert_eq!(total(&terms, "2026-03-16"), money("100.00"));
    assert_eq!(total(&terms, "2026-03-17"), money("100.00"));
}

#[test]
fn amounts_beyond_any_reason_do_not_panic_and_are_not_payable() {
    let most = Money::from_centavos(i64::MAX);
    let notations =
        ["m2 9999999999.99 j2 9999999999.99", "j6 9999999999.99", "m1 9999999999.99", ""];
    for notation in notations {
        for original in [most, -most, Money::ZERO] {
            let mut terms = terms("1.00", "2026-03-10", notation);
            terms.original = original;
            terms.validity_days = u16::MAX;
            for on in [NaiveDate::MIN, day("2026-03-11"), day("2026-03-20"), NaiveDate::MAX] {
                let calendar = BankCalendar::default();
                let due = terms.amount_due(on, &calendar, &Policy::default());
                assert!(due.total >= Money::ZERO, "{notation} {on}");
                assert!(!due.payable || due.total <= Money::MAX_API_PIX, "{notation} {on}");
                let faults = terms.violations(day("2026-03-01"), &calendar, &Policy::default());
                assert!(!faults.is_empty(), "{notation} {on}");
            }
        }
    }
}

#[test]
fn reductions_of_faulty_terms_stop_at_nothing_to_pay() {
    for notation in ["a1 200.00", "a2 200.00", "d3 50.00", "a1 60.00 d1 2026-03-10:60.00"] {
        let terms = terms("100.00", "2026-03-10", notation);
        let due = terms.amount_due(day("2026-03-01"), &BankCalendar::default(), &Policy::default());
        assert_eq!(due.total, Money::ZERO, "{notation}");
        assert!(!due.payable, "{notation}");
        let parts = due.original - due.rebate - due.discount;
        assert_eq!(parts, due.total, "the breakdown still adds up: {notation}");
    }
}

#[test]
fn due_dates_at_the_ends_of_time_do_not_panic() {
    for due_date in [NaiveDate::MIN, NaiveDate::MAX] {
        let terms = Terms { due_date, ..terms("100.00", "2026-03-10", "m2 2.00 j3 1.00 d6 1.00") };
        for on in [NaiveDate::MIN, day("2026-03-10"), NaiveDate::MAX] {
            let due = terms.amount_due(on, &BankCalendar::default(), &Policy::default());
            assert!(due.total >= Money::ZERO);
        }
        let faults = terms.violations(NaiveDate::MIN, &BankCalendar::default(), &Policy::default());
        assert_eq!(faults[0].property, "due_date");
    }
}
