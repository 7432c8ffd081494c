//! Worked examples of CobV amounts, recomputed with decimals and with exact fractions; half up,
//! national holidays only. Source: API Pix 2.9.0 CobV and bacen/pix-api issues cited beside.

use super::*;

/// Checks one example: `late` is calendar/business days, `parts` rebate, discount, interest,
/// late fee.
fn check(number: &str, terms: &Terms, on: &str, late: &str, parts: [&str; 4], total: &str) {
    let due = terms.amount_due(day(on), &BankCalendar::default(), &Policy::default());
    let got = [due.rebate, due.discount, due.interest, due.fine].map(|part| part.to_string());
    assert_eq!(got, parts.map(str::to_owned), "example {number}");
    assert_eq!(due.total, money(total), "example {number}");
    let days = format!("{}/{}", due.calendar_days_late, due.business_days_late);
    assert_eq!(days, late, "example {number}");
    assert_eq!((due.on, due.due_date), (day(on), terms.due_date), "example {number}");
    assert_eq!(due.original, terms.original, "example {number}");
    assert_eq!(due.adjusted_due, terms.adjusted_due(&BankCalendar::default()));
}

fn total(terms: &Terms, on: &str, policy: Policy) -> String {
    terms.amount_due(day(on), &BankCalendar::default(), &policy).total.to_string()
}

#[test]
fn examples_1_to_8_every_modality_of_fine_and_interest() {
    let example = |number: &str, notation: &str, interest: &str, fine: &str, expected: &str| {
        let terms = terms("1000.00", "2026-03-10", notation);
        let parts = ["0.00", "0.00", interest, fine];
        check(number, &terms, "2026-03-20", "10/8", parts, expected);
    };
    example("1", "m2 2.00 j3 1.00", "3.33", "20.00", "1023.33");
    example("2", "m2 2.00 j2 0.03", "3.00", "20.00", "1023.00");
    example("3", "m1 15.00 j1 0.33", "3.30", "15.00", "1018.30");
    example("4", "m2 2.00 j4 12.00", "3.29", "20.00", "1023.29");
    example("5", "m2 2.00 j5 0.33", "2.64", "20.00", "1022.64");
    example("6", "m2 2.00 j6 0.03", "2.40", "20.00", "1022.40");
    example("7", "m2 2.00 j7 1.00", "3.81", "20.00", "1023.81");
    example("8", "m2 2.00 j8 12.00", "3.81", "20.00", "1023.81");
}

#[test]
fn examples_9_to_15_weekends_and_holidays() {
    let example = |number, vo, due, on, notation, late, interest, fine, expected| {
        check(
            number,
            &terms(vo, due, notation),
            on,
            late,
            ["0.00", "0.00", interest, fine],
            expected,
        );
    };
    let ten = "j1 0.10";
    example("9", "10.00", "2021-02-27", "2021-03-01", ten, "0/0", "0.00", "0.00", "10.00");
    example("10", "10.00", "2021-02-27", "2021-03-02", ten, "1/1", "0.10", "0.00", "10.10");
    let (friday, saturday, monday) = ("2026-03-13", "2026-03-14", "2026-03-16");
    let both = "m2 2.00 j1 1.00";
    example("11", "100.00", friday, saturday, both, "1/0", "1.00", "0.00", "101.00");
    let business = "m2 2.00 j5 1.00";
    example("12", "100.00", friday, saturday, business, "1/0", "0.00", "0.00", "100.00");
    example("13", "100.00", friday, monday, both, "3/1", "3.00", "2.00", "105.00");
    let usual = "m2 2.00 j3 1.00";
    example("14", "500.00", "2026-02-16", "2026-02-18", usual, "0/0", "0.00", "0.00", "500.00");
    example("15", "500.00", "2026-02-16", "2026-02-19", usual, "1/1", "0.17", "10.00", "510.17");
}

#[test]
fn examples_10_and_11_under_the_other_policies() {
    let retroactive = Policy { interest_from: InterestFrom::OriginalDue, ..Policy::default() };
    let ten = terms("10.00", "2021-02-27", "j1 0.10");
    assert_eq!(total(&ten, "2021-03-02", retroactive), "10.30");
    assert_eq!(total(&ten, "2021-03-01", retroactive), "10.00", "still on time");
    let calendar_fine = Policy { fine_trigger: FineTrigger::CalendarDay, ..Policy::default() };
    let friday = terms("100.00", "2026-03-13", "m2 2.00 j1 1.00");
    assert_eq!(total(&friday, "2026-03-14", calendar_fine), "103.00");
}

#[test]
fn example_17_interest_and_fine_on_what_the_rebate_leaves() {
    let terms = terms("1000.00", "2026-03-10", "m2 2.00 j3 1.00 a1 100.00");
    check("17", &terms, "2026-04-09", "30/21", ["100.00", "0.00", "9.00", "18.00"], "927.00");
}

#[test]
fn examples_19_to_22_every_modality_of_discount() {
    let example = |number: &str, notation: &str, on: &str, discount: &str, expected: &str| {
        let terms = terms("1000.00", "2026-03-31", notation);
        check(number, &terms, on, "0/0", ["0.00", discount, "0.00", "0.00"], expected);
    };
    let steps = "d1 2026-03-10:50.00,2026-03-20:20.00";
    example("19", steps, "2026-03-10", "50.00", "950.00");
    example("19", steps, "2026-03-11", "20.00", "980.00");
    example("19", steps, "2026-03-21", "0.00", "1000.00");
    let unsorted = "d1 2026-03-20:20.00,2026-03-10:50.00";
    example("19, given in another order", unsorted, "2026-03-09", "50.00", "950.00");
    example("20", "d2 2026-03-20:3.50", "2026-03-20", "35.00", "965.00");
    example("21, modality 3", "d3 1.00", "2026-03-20", "11.00", "989.00");
    example("21, modality 4", "d4 1.00", "2026-03-20", "7.00", "993.00");
    example("22, modality 5", "d5 0.10", "2026-03-20", "11.00", "989.00");
    example("22, modality 6", "d6 0.10", "2026-03-20", "7.00", "993.00");
}

#[test]
fn examples_24_and_25_show_the_rounding() {
    let down = Policy { rounding: Rounding::Down, ..Policy::default() };
    let even = Policy { rounding: Rounding::HalfEven, ..Policy::default() };
    let rebate = terms("10.00", "2026-03-10", "a2 0.05");
    check("24", &rebate, "2026-03-10", "0/0", ["0.01", "0.00", "0.00", "0.00"], "9.99");
    assert_eq!(total(&rebate, "2026-03-10", even), "10.00");
    assert_eq!(total(&rebate, "2026-03-10", down), "10.00");
    let fine = terms("100.50", "2026-03-10", "m2 1.00");
    check("25", &fine, "2026-03-11", "1/1", ["0.00", "0.00", "0.00", "1.01"], "101.51");
    assert_eq!(total(&fine, "2026-03-11", even), "101.50");
    assert_eq!(total(&fine, "2026-03-11", down), "101.50");
}

#[test]
fn example_26_is_exactly_ten_reais() {
    let terms = terms("30000.00", "2024-09-04", "j3 1.00");
    check("26", &terms, "2024-09-05", "1/1", ["0.00", "0.00", "10.00", "0.00"], "30010.00");
}

#[test]
fn example_31_is_computed_refused_and_not_payable() {
    let terms = terms("9999999999.99", "2026-03-10", "m2 2.00 j3 1.00");
    let due = terms.amount_due(day("2026-04-09"), &BankCalendar::default(), &Policy::default());
    assert_eq!((due.calendar_days_late, due.business_days_late), (30, 21));
    assert_eq!((due.interest, due.fine), (money("100000000.00"), money("200000000.00")));
    assert_eq!(due.total.to_string(), "10299999999.99");
    assert!(!due.payable, "the total has more digits than API Pix can spell");
    let faults = terms.violations(day("2026-03-01"), &BankCalendar::default(), &Policy::default());
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].property, "amount");
    assert!(faults[0].reason.contains("2026-04-09"), "{faults:?}");
}

#[test]
fn the_example_of_the_pix_object_is_met() {
    // Source: API Pix 2.9.0, PixComponentesValor: 100.00, 2 days late, 3 % fine, 1 % a day.
    let terms = terms("100.00", "2026-03-10", "m2 3.00 j2 1.00");
    check("spec", &terms, "2026-03-12", "2/2", ["0.00", "0.00", "2.00", "3.00"], "105.00");
}
