use chrono::NaiveDate;

use super::monthly_series;

#[test]
fn trap_33_a_monthly_series_keeps_its_anchor_day() {
    let check = |first: &str, expected: &[&str]| {
        let count = u16::try_from(expected.len()).unwrap();
        let series: Vec<String> = monthly_series(first.parse().unwrap(), count)
            .iter()
            .map(NaiveDate::to_string)
            .collect();
        assert_eq!(series, expected);
    };
    check("2026-01-31", &["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]);
    check("2028-01-31", &["2028-01-31", "2028-02-29", "2028-03-31"]);
    check("2027-11-30", &["2027-11-30", "2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30"]);
    check("2026-02-28", &["2026-02-28", "2026-03-28"]);
    check("2026-12-10", &["2026-12-10"]);
    check("2026-12-10", &[]);
}

#[test]
fn a_series_at_the_end_of_time_stops_instead_of_panicking() {
    assert_eq!(monthly_series(NaiveDate::MAX, 5), [NaiveDate::MAX]);
}
