//! Tests of a debt: worked examples, fears and properties, with the hands they share.

mod counting;
mod properties;

use super::*;
use crate::terms::tests::{day, money, terms};

const PRECISE: Settling = Settling { tolerance: Money::ZERO, late_shortfall: LateShortfall::Keep };

fn with(tolerance: &str, late_shortfall: LateShortfall) -> Settling {
    Settling { tolerance: money(tolerance), late_shortfall }
}

fn due(debt: &Debt, agreed: &Terms, on: &str) -> AmountDue {
    let (calendar, policy) = (BankCalendar::default(), Policy::default());
    let by = Reckoning { calendar: &calendar, policy: &policy };
    debt.amount_due(agreed, day(on), by)
}

/// The debt after a payment that must leave no excess.
fn paid(debt: &Debt, agreed: &Terms, on: &str, amount: &str) -> (Debt, Split) {
    let due = due(debt, agreed, on);
    let counted = count(money(amount), &due, &PRECISE);
    assert_eq!(counted.excess, Money::ZERO);
    (debt.after(&due, &counted), counted.split)
}

/// Pays `payments` in turn, each a day and an amount, and tells what the last day then still asks
/// for: principal, late fee, interest, total.
fn left_after(agreed: &Terms, payments: &[(&str, &str)], on: &str) -> [String; 4] {
    let agreed_debt = Debt::agreed(agreed);
    let pay = |debt: Debt, (day, amount): &(&str, &str)| paid(&debt, agreed, day, amount).0;
    let debt = payments.iter().fold(agreed_debt, pay);
    let left = due(&debt, agreed, on);
    assert_eq!(left.total, left.original - left.rebate - left.discount + left.interest + left.fine);
    [left.original, left.fine, left.interest, left.total].map(|part| part.to_string())
}

/// R$ 1,000.00 due on Thursday, 10 December 2026; late, 2 % once and 1 % a month.
fn usual() -> Terms {
    terms("1000.00", "2026-12-10", "m2 2.00 j3 1.00")
}

#[test]
fn a_part_on_time_leaves_only_the_rest_to_be_late() {
    // 600.00 x 2 % = 12.00; 600.00 x 1 % x 10 / 30 = 2.00.
    let left = left_after(&usual(), &[("2026-12-09", "400.00")], "2026-12-20");
    assert_eq!(left, ["600.00", "12.00", "2.00", "614.00"]);
    // In all 400.00 + 614.00 = 1000.00 + 12.00 + 2.00.
    let both = [("2026-12-09", "400.00"), ("2026-12-20", "614.00")];
    assert_eq!(left_after(&usual(), &both, "2027-03-01"), ["0.00", "0.00", "0.00", "0.00"]);
}

#[test]
fn two_late_parts_pay_the_fee_once_and_interest_on_the_rest_alone() {
    // On the 20th: 20.00, and 1000.00 x 1 % x 10 / 30 = 3.33; of 500.00 there remain 476.67.
    let first = [("2026-12-20", "500.00")];
    assert_eq!(left_after(&usual(), &first, "2026-12-20")[0], "523.33");
    // Twenty days less ten on 523.33: 3.49 - 1.74 = 1.75, and no second fee.
    let left = left_after(&usual(), &first, "2026-12-30");
    assert_eq!(left, ["523.33", "0.00", "1.75", "525.08"]);
    // 500.00 + 525.08 = 1000.00 + 20.00 + 3.33 + 1.75.
    let both = [("2026-12-20", "500.00"), ("2026-12-30", "525.08")];
    assert_eq!(left_after(&usual(), &both, "2027-03-01"), ["0.00", "0.00", "0.00", "0.00"]);
}

#[test]
fn a_part_smaller_than_the_fee_touches_nothing_else() {
    // 20.00 - 15.00 of the fee; interest as if nothing had come: 1000.00 x 1 % x 20 / 30 = 6.67.
    let left = left_after(&usual(), &[("2026-12-20", "15.00")], "2026-12-30");
    assert_eq!(left, ["1000.00", "5.00", "6.67", "1011.67"]);
}

#[test]
fn amounts_a_day_and_a_fixed_fee_shrink_with_the_principal() {
    let fixed = terms("1000.00", "2026-12-10", "m1 50.00 j1 1.00");
    // 900.00 on time: a tenth of the debt is late, and so are fee and interest.
    let left = left_after(&fixed, &[("2026-12-10", "900.00")], "2026-12-20");
    assert_eq!(left, ["100.00", "5.00", "1.00", "106.00"]);
    // Late: fee 50.00 and interest 10.00 first, then 500.00; half of 1.00 a day from there on.
    let left = left_after(&fixed, &[("2026-12-20", "560.00")], "2026-12-30");
    assert_eq!(left, ["500.00", "0.00", "5.00", "505.00"]);
    // A centavo a day on a tenth of the debt rounds to nothing, which no bank takes as a value.
    let least = terms("1000.00", "2026-12-10", "j1 0.01");
    let (rest, _) = paid(&Debt::agreed(&least), &least, "2026-12-01", "900.00");
    assert_eq!(rest.terms(&least, &Policy::default()).interest, None);
}

#[test]
fn the_rebate_is_taken_off_once() {
    let agreed = terms("1000.00", "2026-12-10", "a1 100.00 j1 0.90");
    let (rest, split) = paid(&Debt::agreed(&agreed), &agreed, "2026-12-01", "450.00");
    assert_eq!((split.rebate, split.principal), (money("100.00"), money("450.00")));
    let (closed, split) = paid(&rest, &agreed, "2026-12-02", "450.00");
    assert_eq!((split.rebate, closed.is_settled()), (Money::ZERO, true));
    // Half of the 900.00 that are owed is left: half of 0.90 a day.
    let late = [("2026-12-20", "459.00")];
    assert_eq!(left_after(&agreed, &late, "2026-12-30"), ["450.00", "0.00", "4.50", "454.50"]);
}

#[test]
fn a_discount_is_given_to_who_closes_in_time_and_to_nobody_else() {
    let agreed = terms("1000.00", "2026-12-10", "d1 2026-12-05:50.00");
    let (rest, first) = paid(&Debt::agreed(&agreed), &agreed, "2026-12-01", "500.00");
    assert_eq!(first.discount, Money::ZERO, "a part gets none");
    assert_eq!(due(&rest, &agreed, "2026-12-05").total, money("450.00"));
    assert_eq!(due(&rest, &agreed, "2026-12-06").total, money("500.00"));
    let (closed, last) = paid(&rest, &agreed, "2026-12-04", "450.00");
    assert_eq!((last.discount, closed.is_settled()), (money("50.00"), true));
    // What is left is no more than the discount: nothing is given away for it.
    let (little, _) = paid(&Debt::agreed(&agreed), &agreed, "2026-12-01", "949.98");
    assert_eq!(due(&little, &agreed, "2026-12-02").total, money("0.02"));
    let (less, _) = paid(&Debt::agreed(&agreed), &agreed, "2026-12-10", "960.00");
    assert_eq!(due(&less, &agreed, "2026-12-02").total, money("40.00"));
}

#[test]
fn interest_never_runs_on_late_charges() {
    let late = due(&Debt::agreed(&usual()), &usual(), "2026-12-20");
    let by_credit_note = Debt::agreed(&usual()).less(&late, money("999.99")).unwrap();
    let (rest, _) = paid(&by_credit_note, &usual(), "2026-12-20", "20.00");
    let left = due(&rest, &usual(), "2027-12-20");
    assert_eq!((left.original, left.interest), (money("0.01"), money("3.33")));
    // Without a principal it stands still, and it can be paid.
    let arrears = Arrears {
        on: day("2026-12-20"),
        owed: LateCharges { fine: Money::ZERO, interest: money("3.33") },
    };
    let bare = Debt { principal: Money::ZERO, net: true, arrears: Some(arrears), changes: 2 };
    assert_eq!(due(&bare, &usual(), "2027-12-20").total, money("3.33"));
    let in_time = due(&bare, &usual(), "2026-12-21");
    assert!(in_time.payable && !bare.is_settled());
}

#[test]
fn a_payment_on_time_that_is_found_late_does_not_bring_the_fee_back() {
    // 20.00 and 1.67 by the 15th; of 521.67 there remain 500.00.
    let (rest, _) = paid(&Debt::agreed(&usual()), &usual(), "2026-12-15", "521.67");
    assert_eq!(rest.principal, money("500.00"));
    // Then a Pix of the 9th turns up: the fee was paid, and interest runs since the 15th.
    let (rest, split) = paid(&rest, &usual(), "2026-12-09", "300.00");
    assert_eq!((split.principal, split.received()), (money("300.00"), money("300.00")));
    let left = due(&rest, &usual(), "2026-12-30");
    // 200.00 x 1 % x 20 / 30 = 1.33, less 5 / 30 of 2.00 = 0.33.
    assert_eq!((left.fine, left.interest), (Money::ZERO, money("1.00")));
}

#[test]
fn late_charges_that_a_late_part_left_open_survive_a_payment_of_an_earlier_day() {
    let (rest, _) = paid(&Debt::agreed(&usual()), &usual(), "2026-12-20", "5.00");
    let (rest, _) = paid(&rest, &usual(), "2026-12-09", "400.00");
    let left = due(&rest, &usual(), "2026-12-20");
    assert_eq!((left.fine, left.interest), (money("15.00"), money("3.33")));
    // All of it in time: then nothing was late.
    let (closed, _) = paid(&rest, &usual(), "2026-12-09", "600.00");
    assert!(closed.is_settled());
}

#[test]
fn money_that_goes_back_is_owed_again_from_that_day_on() {
    let (closed, split) = paid(&Debt::agreed(&usual()), &usual(), "2026-12-09", "1000.00");
    let back = split.taken_back(Money::ZERO, money("1000.00"));
    let early = closed.restored(&due(&closed, &usual(), "2026-12-10"), &back);
    let left = due(&early, &usual(), "2026-12-20");
    assert_eq!((left.fine, left.interest), (money("20.00"), money("3.33")), "as if never paid");
    let late = closed.restored(&due(&closed, &usual(), "2026-12-20"), &back);
    let left = due(&late, &usual(), "2026-12-30");
    // It lay here until the 20th: no fee for that, and ten days of interest.
    assert_eq!((left.fine, left.interest), (Money::ZERO, money("3.34")));
}

#[test]
fn what_was_given_for_paying_is_taken_back_with_the_last_centavo() {
    let late = due(&Debt::agreed(&usual()), &usual(), "2026-12-20");
    let waived = count(money("1010.00"), &late, &with("0.00", LateShortfall::Waive)).split;
    let all_but_one = waived.taken_back(Money::ZERO, money("1009.99"));
    assert_eq!(all_but_one.waived, LateCharges::default());
    let last = waived.taken_back(money("1009.99"), money("0.01"));
    assert_eq!(last.fine, money("0.01"), "the fee was paid first and goes last");
    assert_eq!(last.waived, LateCharges { fine: money("10.00"), interest: money("3.33") });
    let debt = Debt::agreed(&usual()).closed();
    let whole = waived.taken_back(Money::ZERO, money("1010.00"));
    let again = debt.restored(&due(&debt, &usual(), "2026-12-21"), &whole);
    assert_eq!(due(&again, &usual(), "2026-12-21").total, money("1023.33"));
}
