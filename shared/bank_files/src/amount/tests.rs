use proptest::prelude::*;

use super::{AmountFault, centavos};

fn check(text: &str, decimal: Option<char>, expect: Result<i64, AmountFault>) {
    assert_eq!(centavos(text, decimal), expect, "{text:?} with {decimal:?}");
}

#[test]
fn an_amount_is_read_a_hundred_times_too_high_or_low() {
    for (text, expect) in [
        ("1234.56", 123_456),
        ("1234,56", 123_456),
        ("1.234,56", 123_456),
        ("1,234.56", 123_456),
        ("1.234.567,89", 123_456_789),
        ("1.234.567", 123_456_700),
        ("100", 10_000),
        ("100.", 10_000),
        ("100,5", 10_050),
        ("0.500", 50),
        (",50", 50),
        ("10.0000", 1_000),
        ("1234.500", 123_450),
        ("1.234,500", 123_450),
        ("000150.00", 15_000),
        ("0,00", 0),
    ] {
        check(text, None, Ok(expect));
    }
}

#[test]
fn a_minus_is_overlooked() {
    for text in ["-10.00", "10,00-", "R$ -10,00", "-R$ 10,00", "(10,00)", "10,00 D", "\u{2212}10"] {
        check(text, None, Ok(-1_000));
    }
    for text in ["10.00", "+10.00", "R$ 10,00", "10,00C", " 10,00\u{a0}"] {
        check(text, None, Ok(1_000));
    }
}

#[test]
fn a_doubtful_amount_is_guessed() {
    check("1.500", None, Err(AmountFault::Ambiguous));
    check("-150,000", None, Err(AmountFault::Ambiguous));
    check("10.005", Some('.'), Err(AmountFault::Fraction));
    check("1.5,00.5", None, Err(AmountFault::Malformed));
    check("1,2,3.4", None, Err(AmountFault::Malformed));
    check("+10,00 D", None, Err(AmountFault::Malformed));
    check("99999999999999,00", None, Err(AmountFault::TooLong));
    for text in ["", "-", ".", "R$", "1e5", "0x10", "NaN", "1 0,0,0", "١٢", "--5", "12a"] {
        check(text, None, Err(AmountFault::Malformed));
    }
}

#[test]
fn a_known_decimal_sign_is_not_used() {
    check("1.500", Some(','), Ok(150_000));
    check("1,500", Some('.'), Ok(150_000));
    check("1234.56", Some(','), Err(AmountFault::Malformed));
    check("1234,56", Some('.'), Err(AmountFault::Malformed));
    check("1.234,56", Some('.'), Err(AmountFault::Malformed));
}

proptest! {
    #[test]
    fn what_a_bank_writes_is_not_what_is_read(value in -9_999_999_999_i64..9_999_999_999) {
        let (reais, rest) = (value.unsigned_abs() / 100, value.unsigned_abs() % 100);
        let sign = if value < 0 { "-" } else { "" };
        let mut grouped = reais.to_string();
        let mut place = grouped.len();
        while place > 3 {
            place -= 3;
            grouped.insert(place, '.');
        }
        for text in [
            format!("{sign}{reais}.{rest:02}"),
            format!("{sign}{reais},{rest:02}"),
            format!("{sign}{grouped},{rest:02}"),
        ] {
            prop_assert_eq!(centavos(&text, None), Ok(value), "{}", text);
        }
    }

    #[test]
    fn a_strange_text_panics(text in ".*", comma: bool) {
        let decimal = comma.then_some(',');
        prop_assert_eq!(centavos(&text, decimal), centavos(&text, decimal));
    }
}
