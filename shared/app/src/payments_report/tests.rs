use super::*;

#[test]
fn a_percentile_is_a_value_that_was_measured() {
    let hundred: Vec<i64> = (1..=100).collect();
    let check = |sorted: &[i64], percent, expected| {
        assert_eq!(percentile(sorted, percent), expected, "{percent} of {sorted:?}");
    };
    check(&[], 50, None);
    check(&[7], 50, Some(7));
    check(&[7], 95, Some(7));
    check(&[1, 9], 50, Some(1));
    check(&[1, 9], 95, Some(9));
    check(&hundred, 50, Some(50));
    check(&hundred, 95, Some(95));
    check(&hundred[..20], 95, Some(19));
}

#[test]
fn shares_of_the_largest_amounts_do_not_overflow_and_never_exceed_the_whole() {
    let check = |part, whole, expected| assert_eq!(share(part, whole), expected, "{part}/{whole}");
    check(0, 0, 0);
    check(1, 3, 3_333);
    check(2, 3, 6_666);
    check(3, 3, 10_000);
    check(i64::MAX.into(), i64::MAX.into(), 10_000);
    check(1, i64::MAX.into(), 0);
}
