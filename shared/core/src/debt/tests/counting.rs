//! How one payment is counted, case by case.

use super::*;

/// Counts a payment for the usual debt, or for one by `notation`, as words: the parts that are not
/// zero, and whether it closes.
fn check(notation: &str, on: &str, amount: &str, settling: Settling, expected: &str) {
    let agreed = terms("1000.00", "2026-12-10", notation);
    let due = due(&Debt::agreed(&agreed), &agreed, on);
    let Counted { split, excess, closes } = count(money(amount), &due, &settling);
    let parts = [
        ("fine", split.fine),
        ("interest", split.interest),
        ("principal", split.principal),
        ("discount", split.discount),
        ("rebate", split.rebate),
        ("forgiven", split.forgiven),
        ("waived", split.waived.total()),
        ("carried", split.carried.total()),
        ("excess", excess),
    ];
    let told = parts.iter().filter(|(_, part)| !part.is_zero());
    let mut words: Vec<String> = told.map(|(name, part)| format!("{name} {part}")).collect();
    words.push(if closes { "closes".into() } else { "open".into() });
    assert_eq!(words.join(", "), expected, "{amount} on {on} of {notation:?}");
}

const LATE: &str = "m2 2.00 j3 1.00";

#[test]
fn every_centavo_is_counted_in_its_order() {
    // On the 20th 1023.33 are due: 20.00 and 3.33 beside the principal.
    for (amount, expected) in [
        ("0.01", "fine 0.01, open"),
        ("20.00", "fine 20.00, open"),
        ("22.00", "fine 20.00, interest 2.00, open"),
        ("23.34", "fine 20.00, interest 3.33, principal 0.01, open"),
        ("1000.00", "fine 20.00, interest 3.33, principal 976.67, open"),
        ("1023.30", "fine 20.00, interest 3.33, principal 999.97, open"),
        ("1023.33", "fine 20.00, interest 3.33, principal 1000.00, closes"),
        ("1100.00", "fine 20.00, interest 3.33, principal 1000.00, excess 76.67, closes"),
    ] {
        check(LATE, "2026-12-20", amount, PRECISE, expected);
    }
    for (amount, expected) in [
        ("999.99", "principal 999.99, open"),
        ("1000.00", "principal 1000.00, closes"),
        ("1000.01", "principal 1000.00, excess 0.01, closes"),
    ] {
        check(LATE, "2026-12-10", amount, PRECISE, expected);
    }
}

#[test]
fn a_centavo_of_the_banks_rounding_lands_in_a_component() {
    for (amount, expected) in [
        ("1023.32", "fine 20.00, interest 3.32, principal 1000.00, closes"),
        ("1023.34", "fine 20.00, interest 3.34, principal 1000.00, closes"),
        ("1023.31", "fine 19.99, interest 3.32, principal 1000.00, closes"),
        ("1023.35", "fine 20.01, interest 3.34, principal 1000.00, closes"),
        ("1023.36", "fine 20.00, interest 3.33, principal 1000.00, excess 0.03, closes"),
    ] {
        check(LATE, "2026-12-20", amount, PRECISE, expected);
    }
    let early = "a2 10.00 d2 2026-12-05:5.00";
    for (amount, expected) in [
        ("855.00", "principal 855.00, discount 45.00, rebate 100.00, closes"),
        ("854.99", "principal 854.99, discount 45.01, rebate 100.00, closes"),
        ("855.02", "principal 855.02, discount 44.99, rebate 99.99, closes"),
        ("854.97", "principal 854.97, rebate 100.00, open"),
    ] {
        check(early, "2026-12-01", amount, PRECISE, expected);
    }
}

#[test]
fn a_debt_short_by_the_banks_rounding_leaves_no_centavo_behind() {
    for amount in ["1023.31", "1023.32", "1023.34", "1023.35"] {
        let (debt, _) = paid(&Debt::agreed(&usual()), &usual(), "2026-12-20", amount);
        assert!(debt.is_settled(), "{amount}: {debt:?}");
    }
}

#[test]
fn the_banks_rounding_takes_no_more_off_the_principal_than_there_is() {
    let due = AmountDue {
        original: money("0.01"),
        discount: money("0.01"),
        interest: money("0.05"),
        total: money("0.05"),
        ..due(&Debt::agreed(&usual()), &usual(), "2026-12-01")
    };
    let counted = count(money("0.03"), &due, &PRECISE);
    assert!(!counted.closes, "a second centavo of discount would come from nowhere");
    let counted = count(money("0.04"), &due, &PRECISE);
    assert_eq!((counted.closes, counted.split.principal), (true, Money::ZERO));
}

#[test]
fn a_tolerance_forgives_what_is_missing_and_no_more() {
    use LateShortfall::{Carry, Keep, Waive};
    for late_shortfall in [Keep, Waive, Carry] {
        let settling = with("5.00", late_shortfall);
        let check = |amount, expected| check(LATE, "2026-12-10", amount, settling, expected);
        check("995.00", "principal 995.00, forgiven 5.00, closes");
        check("994.99", "principal 994.99, open");
    }
    let early = "d2 2026-12-05:5.00";
    let settling = with("5.00", Keep);
    check(early, "2026-12-01", "945.00", settling, {
        "principal 945.00, discount 50.00, forgiven 5.00, closes"
    });
    check(early, "2026-12-01", "944.99", settling, "principal 944.99, open");
}

#[test]
fn trap_50_no_tolerance_closes_a_debt_for_half_of_it() {
    let all = Settling { tolerance: Money::MAX_API_PIX, ..PRECISE };
    check(LATE, "2026-12-10", "500.00", all, "principal 500.00, open");
    check(LATE, "2026-12-10", "899.99", all, "principal 899.99, open");
    check(LATE, "2026-12-10", "900.00", all, "principal 900.00, forgiven 100.00, closes");
    // A debt below the tolerance is not closed for a centavo either.
    let agreed = terms("10.00", "2026-12-10", "");
    let due = due(&Debt::agreed(&agreed), &agreed, "2026-12-10");
    for (amount, closes) in [("0.01", false), ("5.00", false), ("5.01", true)] {
        assert_eq!(count(money(amount), &due, &all).closes, closes, "{amount}");
    }
}

#[test]
fn trap_44_missing_late_charges_are_kept_waived_or_carried_as_the_merchant_chose() {
    use LateShortfall::{Carry, Keep, Waive};
    let check = |amount, late_shortfall, expected| {
        check(LATE, "2026-12-20", amount, with("0.00", late_shortfall), expected);
    };
    let kept = "fine 20.00, interest 3.33, principal 976.67, open";
    check("1000.00", Keep, kept);
    check("1000.00", Waive, "principal 1000.00, waived 23.33, closes");
    check("1000.00", Carry, "principal 1000.00, carried 23.33, closes");
    check("1021.00", Waive, "fine 20.00, interest 1.00, principal 1000.00, waived 2.33, closes");
    check("1021.00", Carry, "fine 20.00, interest 1.00, principal 1000.00, carried 2.33, closes");
    // Where principal is missing too, there is nothing to be lenient about.
    for late_shortfall in LateShortfall::ALL {
        let short = "fine 20.00, interest 3.33, principal 976.66, open";
        check("999.99", late_shortfall, short);
    }
}
