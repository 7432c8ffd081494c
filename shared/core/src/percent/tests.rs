use rust_decimal::Decimal;

use super::{Percent, PercentError};

#[test]
fn only_two_decimals_can_be_said() {
    assert_eq!(Percent::parse("2.00").unwrap().hundredths(), 200);
    assert_eq!(Percent::parse("9999999999.99").unwrap(), Percent::MAX);
    for text in ["0.033", "2", "2.0", "-2.00", "2,00", " 2.00", "2.00%", "12345678901.00", ""] {
        assert_eq!(Percent::parse(text), Err(PercentError::Malformed), "{text:?}");
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    let check = |value: Decimal, expected: Result<u64, PercentError>| {
        assert_eq!(Percent::from_decimal(value).map(Percent::hundredths), expected, "{value}");
    };
    check(Decimal::new(25, 1), Ok(250));
    check(Decimal::new(2_000, 3), Ok(200));
    check(Decimal::ZERO, Ok(0));
    check(Decimal::new(33, 3), Err(PercentError::OutOfRange));
    check(Decimal::new(-1, 2), Err(PercentError::OutOfRange));
    check(Decimal::MAX, Err(PercentError::OutOfRange));
    assert_eq!(Percent::from_hundredths(1_000_000_000_000), Err(PercentError::OutOfRange));
    assert_eq!(Percent::from_hundredths(u64::MAX), Err(PercentError::OutOfRange));
}

#[test]
fn percentages_are_stored_and_shown_as_the_wire_has_them() {
    for text in ["0.00", "0.05", "2.00", "100.00", "9999999999.99"] {
        let percent = Percent::parse(text).unwrap();
        assert_eq!(percent.to_string(), text);
        assert_eq!(percent.to_decimal(), text.parse::<Decimal>().unwrap());
        let json = serde_json::to_string(&percent).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Percent>(&json).unwrap(), percent);
    }
    assert!(serde_json::from_str::<Percent>("2.0").is_err());
}
