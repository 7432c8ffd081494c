//! Tests of terms: worked examples, traps and properties, with the builders they share.

mod examples;
mod properties;
mod traps;

use chrono::NaiveDate;

use super::{
    DayBasis, Discount, Fine, FineTrigger, Interest, InterestFrom, InterestRate, Policy, Rebate,
    Terms,
};
use crate::calendar::BankCalendar;
use crate::money::{Money, Rounding};
use crate::percent::Percent;

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    Money::parse(text).unwrap()
}

pub(crate) fn percent(text: &str) -> Percent {
    Percent::parse(text).unwrap()
}

/// Terms from the notation of API Pix modalities: `"m2 2.00 j3 1.00 a1 100.00 d3 1.00"`, where
/// `m`, `j`, `a`, `d` are multa, juros, abatimento, desconto. Dated discounts are written
/// `d1 2026-03-10:50.00,2026-03-20:20.00`.
pub(crate) fn terms(original: &str, due: &str, notation: &str) -> Terms {
    let mut terms = Terms {
        original: money(original),
        due_date: day(due),
        validity_days: 30,
        fine: None,
        interest: None,
        rebate: None,
        discount: None,
    };
    let words: Vec<&str> = notation.split_whitespace().collect();
    for pair in words.chunks(2) {
        let value = pair[1];
        match pair[0] {
            "m1" => terms.fine = Some(Fine::Fixed(money(value))),
            "m2" => terms.fine = Some(Fine::Percent(percent(value))),
            "a1" => terms.rebate = Some(Rebate::Fixed(money(value))),
            "a2" => terms.rebate = Some(Rebate::Percent(percent(value))),
            code if code.starts_with('j') => terms.interest = Some(interest(code, value)),
            code => terms.discount = Some(discount(code, value)),
        }
    }
    terms
}

fn basis(business: bool) -> DayBasis {
    if business { DayBasis::Business } else { DayBasis::Calendar }
}

fn interest(code: &str, value: &str) -> Interest {
    let modality: u32 = code[1..].parse().unwrap();
    let rate = match (modality - 1) % 4 {
        0 => InterestRate::AmountPerDay(money(value)),
        1 => InterestRate::PercentPerDay(percent(value)),
        2 => InterestRate::PercentPerMonth(percent(value)),
        _ => InterestRate::PercentPerYear(percent(value)),
    };
    Interest { basis: basis(modality > 4), rate }
}

fn discount(code: &str, value: &str) -> Discount {
    let steps = || value.split(',').map(|step| step.split_once(':').unwrap());
    match code {
        "d1" => Discount::FixedUntil(steps().map(|(d, v)| (day(d), money(v))).collect()),
        "d2" => Discount::PercentUntil(steps().map(|(d, v)| (day(d), percent(v))).collect()),
        "d3" | "d4" => Discount::AmountPerDay { basis: basis(code == "d4"), amount: money(value) },
        "d5" | "d6" => {
            Discount::PercentPerDay { basis: basis(code == "d6"), percent: percent(value) }
        }
        _ => panic!("unknown modality {code}"),
    }
}

#[test]
fn terms_are_stored_and_read_back() {
    let all = [
        "m2 2.00 j3 1.00 a1 100.00 d1 2026-03-01:50.00,2026-03-05:20.00",
        "m1 2.00 j5 1.00 a2 10.00 d2 2026-03-01:5.00",
        "d3 1.00",
        "d6 0.10",
        "",
    ];
    for notation in all {
        let terms = terms("1000.00", "2026-03-10", notation);
        let stored = serde_json::to_string(&terms).unwrap();
        assert_eq!(serde_json::from_str::<Terms>(&stored).unwrap(), terms, "{stored}");
    }
}

#[test]
fn the_stored_form_does_not_drift() {
    let terms = terms("1000.00", "2026-03-10", "m2 2.00 j7 1.00 d1 2026-03-01:50.00");
    let stored = serde_json::to_string(&(&terms, Policy::default())).unwrap();
    let expected = concat!(
        r#"[{"original":100000,"due_date":"2026-03-10","validity_days":30,"#,
        r#""fine":{"percent":"2.00"},"#,
        r#""interest":{"basis":"business","rate":{"percent_per_month":"1.00"}},"#,
        r#""rebate":null,"discount":{"fixed_until":[["2026-03-01",5000]]}},"#,
        r#"{"rounding":"half_up","fine_trigger":"business_day","interest_from":"adjusted_due"}]"#,
    );
    assert_eq!(stored, expected);
}

#[test]
fn trap_29_validity_counts_from_the_adjusted_due_date() {
    // Source: API Pix 2.9.0, `validadeAposVencimento`, examples A to G.
    let check = |example: &str, due: &str, validity_days: u16, last: &str| {
        let terms = Terms { validity_days, ..terms("10.00", due, "") };
        let calendar = BankCalendar::default();
        assert_eq!(terms.last_payable_day(&calendar), day(last), "example {example}");
        let payable = |on| terms.amount_due(on, &calendar, &Policy::default()).payable;
        assert!(payable(day(last)), "example {example}");
        assert!(!payable(day(last).succ_opt().unwrap()), "example {example}");
    };
    check("A", "2020-10-20", 4, "2020-10-26");
    check("B", "2020-12-25", 0, "2020-12-28");
    check("C", "2020-12-25", 1, "2020-12-29");
    check("D", "2020-12-25", 3, "2020-12-31");
    check("E", "2020-12-25", 4, "2021-01-04");
    check("F", "2021-08-27", 5, "2021-09-01");
    check("G", "2021-08-28", 5, "2021-09-06");
    check("the field text, not the contradicting error text", "2020-12-25", 10, "2021-01-07");
}

#[test]
fn a_policy_is_named_whole() {
    let policy = Policy::default();
    assert_eq!(policy.rounding, Rounding::HalfUp);
    assert_eq!(policy.fine_trigger, FineTrigger::BusinessDay);
    assert_eq!(policy.interest_from, InterestFrom::AdjustedDue);
}
