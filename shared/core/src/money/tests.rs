use std::num::NonZeroU16;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{Money, MoneyError, Rounding};
use crate::percent::Percent;

fn money(text: &str) -> Money {
    Money::parse(text).unwrap()
}

fn parts(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

#[test]
fn trap_01_tenths_add_up_without_drift() {
    assert_eq!(money("0.10") + money("0.20"), money("0.30"));
    let total: Money = std::iter::repeat_n(money("0.10"), 1_000).sum();
    assert_eq!(total, money("100.00"));
}

#[test]
fn trap_02_shares_multiply_before_they_divide() {
    let percent = Percent::parse("33.33").unwrap();
    assert_eq!(money("0.03").apply_percent(percent, Rounding::HalfUp), Some(money("0.01")));
    let one = Percent::parse("1.00").unwrap();
    assert_eq!(money("30000.00").apply_percent(one, Rounding::Down), Some(money("300.00")));
}

#[test]
fn trap_03_other_spellings_of_an_amount_are_refused() {
    let refused = [
        "10.5",
        "1,000.00",
        "-1.00",
        "+1.00",
        " 10.00",
        "10.00 ",
        "10",
        "10.",
        ".50",
        "",
        ".",
        "10,00",
        "1.000",
        "1.00.00",
        "1e2.00",
        "10.0a",
        "١٠.٠٠",
        "12345678901.00",
    ];
    for text in refused {
        assert_eq!(Money::parse(text), Err(MoneyError::Malformed), "{text:?}");
    }
}

#[test]
fn trap_04_the_pattern_is_anchored_at_both_ends() {
    for text in ["x10.00", "10.00x", "10.00\n", "\n10.00", "10.00 10.00"] {
        assert_eq!(Money::parse(text), Err(MoneyError::Malformed), "{text:?}");
    }
    assert_eq!(money("9999999999.99"), Money::MAX_API_PIX);
    assert_eq!(money("0.00"), Money::ZERO);
}

#[test]
fn trap_33_a_split_adds_up_exactly() {
    let check = |total: &str, count: u16, expected: &[&str]| {
        let split: Vec<String> =
            money(total).split(parts(count)).iter().map(Money::to_string).collect();
        assert_eq!(split, expected, "{total} in {count}");
    };
    check("100.00", 3, &["33.34", "33.33", "33.33"]);
    check("100.01", 3, &["33.34", "33.34", "33.33"]);
    check("100.00", 1, &["100.00"]);
    check("0.02", 3, &["0.01", "0.01", "0.00"]);
    let negative = Money::from_centavos(-100).split(parts(3));
    assert_eq!(negative.iter().map(|part| part.centavos()).collect::<Vec<_>>(), [-34, -33, -33]);
}

#[test]
fn amounts_read_well_in_every_form() {
    let check = |centavos: i64, api: &str, brl: &str, english: &str| {
        let amount = Money::from_centavos(centavos);
        assert_eq!((amount.to_string().as_str(), amount.brl().as_str()), (api, brl));
        assert_eq!(amount.in_english(), english);
    };
    check(0, "0.00", "R$ 0,00", "R$ 0.00");
    check(5, "0.05", "R$ 0,05", "R$ 0.05");
    check(-5, "-0.05", "-R$ 0,05", "-R$ 0.05");
    check(99_999, "999.99", "R$ 999,99", "R$ 999.99");
    check(123_456, "1234.56", "R$ 1.234,56", "R$ 1,234.56");
    check(-123_456_789, "-1234567.89", "-R$ 1.234.567,89", "-R$ 1,234,567.89");
    check(
        i64::MIN,
        "-92233720368547758.08",
        "-R$ 92.233.720.368.547.758,08",
        "-R$ 92,233,720,368,547,758.08",
    );
}

#[test]
fn ties_round_as_named() {
    use Rounding::{Down, HalfEven, HalfUp};
    let check = |numerator: i128, denominator: i128, up: i128, even: i128, down: i128| {
        let got = [HalfUp, HalfEven, Down].map(|how| how.divide(numerator, denominator));
        assert_eq!(got, [up, even, down], "{numerator}/{denominator}");
    };
    check(5, 10, 1, 0, 0);
    check(15, 10, 2, 2, 1);
    check(25, 10, 3, 2, 2);
    check(26, 10, 3, 3, 2);
    check(24, 10, 2, 2, 2);
    check(1, 3, 0, 0, 0);
    check(2, 3, 1, 1, 0);
    check(-5, 10, -1, 0, 0);
    check(-25, 10, -3, -2, -2);
    check(-26, 10, -3, -3, -2);
    check(7, 1, 7, 7, 7);
    check(7, 0, 0, 0, 0);
    check(i128::MAX, 1, i128::MAX, i128::MAX, i128::MAX);
}

#[test]
fn decimals_round_as_named_and_know_their_limits() {
    let check = |reais: Decimal, how: Rounding, expected: Option<i64>| {
        assert_eq!(Money::from_decimal(reais, how).map(Money::centavos), expected, "{reais}");
    };
    check(Decimal::new(1_005, 3), Rounding::HalfUp, Some(101));
    check(Decimal::new(1_005, 3), Rounding::HalfEven, Some(100));
    check(Decimal::new(1_009, 3), Rounding::Down, Some(100));
    check(Decimal::new(-1_005, 3), Rounding::HalfUp, Some(-101));
    check(Decimal::new(7, 0), Rounding::HalfUp, Some(700));
    check(Decimal::MAX, Rounding::HalfUp, None);
    check(Decimal::MIN, Rounding::Down, None);
    check(Decimal::new(i64::MAX, 2), Rounding::Down, Some(i64::MAX));
    assert_eq!(money("12.34").to_decimal(), Decimal::new(1_234, 2));
}

#[test]
fn sums_past_the_range_are_none() {
    let most = Money::from_centavos(i64::MAX);
    assert_eq!(most.checked_add(Money::CENTAVO), None);
    assert_eq!((-most).checked_sub(Money::from_centavos(2)), None);
    assert_eq!(most.apply_percent(Percent::MAX, Rounding::Down), None);
    assert_eq!(most.apply_percent(Percent::WHOLE, Rounding::Down), Some(most));
}

#[test]
fn storage_is_whole_centavos() {
    assert_eq!(serde_json::to_string(&money("1234.56")).unwrap(), "123456");
    assert_eq!(serde_json::from_str::<Money>("123456").unwrap(), money("1234.56"));
    assert!(serde_json::from_str::<Money>("1234.56").is_err());
    assert!(serde_json::from_str::<Money>("\"1234.56\"").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn splits_lose_nothing_and_differ_by_a_centavo(centavos: i64, count in 1_u16..500) {
        let split = Money::from_centavos(centavos).split(parts(count));
        prop_assert_eq!(split.len(), usize::from(count));
        prop_assert_eq!(split.iter().sum::<Money>().centavos(), centavos);
        let (least, most) = (split.iter().min().unwrap(), split.iter().max().unwrap());
        prop_assert!(most.centavos() - least.centavos() <= 1);
    }

    #[test]
    fn what_is_shown_parses_back(centavos in 0_i64..=999_999_999_999) {
        let amount = Money::from_centavos(centavos);
        prop_assert_eq!(Money::parse(&amount.to_string()), Ok(amount));
    }

    #[test]
    fn parsing_accepts_nothing_but_the_pattern(text in "[0-9.,x -]{0,14}") {
        if let Ok(amount) = Money::parse(&text) {
            let (reais, centavos) = text.split_once('.').unwrap();
            prop_assert!((1..=10).contains(&reais.len()) && centavos.len() == 2);
            prop_assert_eq!(text.parse::<Decimal>().unwrap(), amount.to_decimal());
        }
    }

    #[test]
    fn shares_agree_with_decimal_arithmetic(
        centavos in 0_i64..=999_999_999_999, hundredths in 0_u64..=99_999,
    ) {
        let amount = Money::from_centavos(centavos);
        let percent = Percent::from_hundredths(hundredths).unwrap();
        let exact = amount.to_decimal() * percent.to_decimal() / Decimal::ONE_HUNDRED;
        for how in [Rounding::HalfUp, Rounding::HalfEven, Rounding::Down] {
            prop_assert_eq!(amount.apply_percent(percent, how), Money::from_decimal(exact, how));
        }
    }
}
