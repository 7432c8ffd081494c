use chrono::NaiveDate;
use proptest::prelude::*;

use super::day;

fn check(text: &str, expect: Option<(u32, u32)>) {
    let expect = expect.and_then(|(month, day)| NaiveDate::from_ymd_opt(2026, month, day));
    assert_eq!(day(text), expect, "{text}");
}

#[test]
fn a_form_that_a_bank_writes_is_no_date() {
    for text in [
        "20261130",
        " 20261130 ",
        "20261130120000",
        "202611301200",
        "20261130235959.999",
        "20261130120000[-3:GMT]",
        "20261130000000[-3:BRT]",
        "20261130120000.000[-03:EST]",
        "20261130[-3:BRT]",
        "20261130100000[-3]",
        "20261130100000[-03:00]",
        "20261130100000 [BRT]",
        "20261130000000[-3:GMT",
    ] {
        check(text, Some((11, 30)));
    }
}

#[test]
fn a_time_of_another_zone_is_booked_on_the_wrong_day() {
    check("20261201023000[0:GMT]", Some((11, 30)));
    check("20261201030000[0:GMT]", Some((12, 1)));
    check("20261201025959.999[+0:UTC]", Some((11, 30)));
    check("20261130235900[-5:EST]", Some((12, 1)));
    check("20261201013000[-1.50:X]", Some((12, 1)));
    check("20261201012900[-0130:X]", Some((11, 30)));
}

#[test]
fn midnight_without_a_time_is_booked_a_day_early() {
    check("20261201000000[0:GMT]", Some((12, 1)));
    check("20261201[0:GMT]", Some((12, 1)));
}

#[test]
fn a_day_that_is_none_is_accepted() {
    for text in [
        "",
        "0",
        "00000000",
        "20260230",
        "2026113",
        "202611301",
        "2026-11-30",
        "30/11/2026",
        "20261130250000",
        "20261130120000[+99:X]",
        "20261130120000[-3h]",
        "20261130T120000",
        "202611301200000000",
        "٢٠٢٦١١٣٠",
    ] {
        check(text, None);
    }
}

proptest! {
    #[test]
    fn a_strange_date_panics(text in "[0-9]{0,16}[.0-9]{0,4}(\\[.{0,8}\\]?)?") {
        prop_assert_eq!(day(&text), day(&text));
    }

    #[test]
    fn any_text_panics(text in ".*") {
        prop_assert_eq!(day(&text), day(&text));
    }
}
