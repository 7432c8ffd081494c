use chrono::{Datelike, Days, NaiveDate, Weekday};
use proptest::prelude::*;

use super::{BankCalendar, SUPPORTED_YEARS, easter};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn calendar() -> BankCalendar {
    BankCalendar::default()
}

fn is_open(text: &str) -> bool {
    calendar().is_business_day(day(text))
}

#[test]
fn the_movable_holidays_of_2025_to_2028_are_right() {
    let check = |days: [&str; 4]| {
        for text in days {
            let year = day(text).year();
            let names = calendar().holidays(year);
            assert!(names.iter().any(|(date, _)| *date == day(text)), "{text}");
            assert!(!is_open(text), "{text}");
        }
    };
    check(["2025-03-03", "2025-03-04", "2025-04-18", "2025-06-19"]);
    check(["2026-02-16", "2026-02-17", "2026-04-03", "2026-06-04"]);
    check(["2027-02-08", "2027-02-09", "2027-03-26", "2027-05-27"]);
    check(["2028-02-28", "2028-02-29", "2028-04-14", "2028-06-15"]);
}

#[test]
fn a_whole_year_has_exactly_its_holidays() {
    let days: Vec<String> =
        calendar().holidays(2026).into_iter().map(|(day, name)| format!("{day} {name}")).collect();
    let expected = [
        "2026-01-01 Confraternização Universal",
        "2026-02-16 Carnaval",
        "2026-02-17 Carnaval",
        "2026-04-03 Sexta-feira da Paixão",
        "2026-04-21 Tiradentes",
        "2026-05-01 Dia do Trabalho",
        "2026-06-04 Corpus Christi",
        "2026-09-07 Independência do Brasil",
        "2026-10-12 Nossa Senhora Aparecida",
        "2026-11-02 Finados",
        "2026-11-15 Proclamação da República",
        "2026-11-20 Dia Nacional de Zumbi e da Consciência Negra",
        "2026-12-25 Natal",
    ];
    assert_eq!(days, expected);
    let open = calendar().business_days_between(day("2025-12-31"), day("2026-12-31"));
    // 261 weekdays less 12 holidays on weekdays: 15 November is a Sunday.
    assert_eq!(open, 249);
}

#[test]
fn trap_28_nov_20_counts_from_2024_only() {
    assert!(is_open("2023-11-20"), "a Monday, before Lei 14.759/2023");
    assert!(!is_open("2024-11-20"));
    assert!(!is_open("2025-11-20"));
    assert!(!is_open("2026-11-20"));
    assert_eq!(calendar().on_or_after(day("2028-11-20")), day("2028-11-21"));
}

#[test]
fn trap_28_ash_wednesday_is_a_business_day() {
    for text in ["2025-03-05", "2026-02-18", "2027-02-10", "2028-03-01"] {
        assert!(is_open(text), "{text}");
    }
}

#[test]
fn oct_12_counts_from_1980_only() {
    assert!(is_open("1979-10-12"), "a Friday, before Lei 6.802/1980");
    assert!(!is_open("1981-10-12"));
}

#[test]
fn dec_31_is_a_business_day_for_pix_and_not_for_boletos() {
    assert!(is_open("2020-12-31"));
    let boleto = BankCalendar { dec31_is_business: false, ..calendar() };
    assert_eq!(boleto.on_or_after(day("2020-12-31")), day("2021-01-04"));
    assert_eq!(boleto.business_days_between(day("2020-12-30"), day("2021-01-04")), 1);
    assert_eq!(calendar().business_days_between(day("2020-12-30"), day("2021-01-04")), 2);
}

#[test]
fn easter_is_right_at_its_edges() {
    // Earliest and latest possible dates, and the exceptions of the lunar tables.
    let dates = [
        "1981-04-19",
        "2000-04-23",
        "2008-03-23",
        "2011-04-24",
        "2024-03-31",
        "2025-04-20",
        "2038-04-25",
        "2049-04-18",
        "2076-04-19",
        "2160-03-23",
        "1970-03-29",
        "2199-04-14",
    ];
    for text in dates {
        assert_eq!(easter(day(text).year()), Some(day(text)));
    }
    for year in SUPPORTED_YEARS {
        let sunday = easter(year).unwrap();
        assert_eq!(sunday.weekday(), Weekday::Sun);
        let (first, last) =
            (NaiveDate::from_ymd_opt(year, 3, 22), NaiveDate::from_ymd_opt(year, 4, 25));
        assert!(Some(sunday) >= first && Some(sunday) <= last, "{sunday}");
    }
}

#[test]
fn two_holidays_on_one_day_close_it_once() {
    // Good Friday of 2000 fell on 21 April.
    assert_eq!(
        calendar().holidays(2000).iter().filter(|(d, _)| *d == day("2000-04-21")).count(),
        1
    );
    assert_eq!(calendar().business_days_between(day("2000-04-20"), day("2000-04-24")), 1);
}

#[test]
fn local_holidays_close_the_day_where_they_are_given() {
    let sao_paulo = BankCalendar { extra_holidays: [day("2027-01-25")].into(), ..calendar() };
    assert_eq!(sao_paulo.on_or_after(day("2027-01-23")), day("2027-01-26"));
    assert_eq!(calendar().on_or_after(day("2027-01-23")), day("2027-01-25"));
    assert_eq!(sao_paulo.business_days_between(day("2027-01-22"), day("2027-01-26")), 1);
    assert!(sao_paulo.holidays(2027).contains(&(day("2027-01-25"), super::LOCAL)));
}

#[test]
fn business_days_are_added_past_weekends_and_holidays() {
    let check = |from: &str, count: u16, expected: &str| {
        assert_eq!(calendar().add_business_days(day(from), count), day(expected), "{from}+{count}");
    };
    check("2026-02-13", 0, "2026-02-13");
    check("2026-02-14", 0, "2026-02-18");
    check("2026-02-13", 1, "2026-02-18");
    check("2026-02-14", 1, "2026-02-18");
    check("2026-02-13", 3, "2026-02-20");
    check("2026-12-24", 5, "2027-01-04");
}

#[test]
fn the_ends_of_time_do_not_panic() {
    let (first, last) = (NaiveDate::MIN, NaiveDate::MAX);
    assert!(calendar().on_or_after(last) == last);
    assert!(calendar().add_business_days(last, 3) == last);
    assert!(calendar().business_days_between(first, last) > 130_000_000);
    assert_eq!(calendar().business_days_between(last, first), 0);
    assert_eq!((easter(1969), easter(2200)), (None, None));
    assert!(calendar().holidays(2200).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn on_or_after_is_the_first_business_day_and_stays(
        offset in 0_u64..84_000, dec31: bool, extra in 0_u64..9,
    ) {
        let start = day("1970-01-01") + Days::new(offset);
        let extra_holidays = (0..extra).map(|later| start + Days::new(later)).collect();
        let calendar = BankCalendar { dec31_is_business: dec31, extra_holidays };
        let open = calendar.on_or_after(start);
        prop_assert!(calendar.is_business_day(open) && open >= start);
        prop_assert_eq!(calendar.on_or_after(open), open);
        let skipped = start.iter_days().take_while(|day| *day < open);
        prop_assert!(skipped.into_iter().all(|day| !calendar.is_business_day(day)));
    }

    #[test]
    fn counting_by_year_agrees_with_counting_by_day(
        offset in 0_u64..84_500, length in 0_u64..900, dec31: bool, extra in 0_u64..40,
    ) {
        let after = day("1969-06-01") + Days::new(offset);
        let until = after + Days::new(length);
        let extra_holidays = (0..extra).map(|step| after + Days::new(step * 17)).collect();
        let calendar = BankCalendar { dec31_is_business: dec31, extra_holidays };
        let days = after.iter_days().skip(1).take_while(|day| *day <= until);
        let counted = days.filter(|day| calendar.is_business_day(*day)).count();
        prop_assert_eq!(calendar.business_days_between(after, until) as usize, counted);
    }

    #[test]
    fn adding_business_days_agrees_with_counting_them(offset in 0_u64..80_000, count in 1_u16..60) {
        let from = day("1970-01-01") + Days::new(offset);
        let to = calendar().add_business_days(from, count);
        prop_assert!(calendar().is_business_day(to));
        prop_assert_eq!(calendar().business_days_between(from, to), u32::from(count));
    }
}
