use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use super::{SAO_PAULO, civil_date, instant_at};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn trap_25_the_payment_date_is_cut_in_sao_paulo_not_in_utc() {
    let check = |instant: &str, expected: &str| {
        assert_eq!(civil_date(utc(instant), SAO_PAULO), day(expected), "{instant}");
    };
    check("2026-03-11T01:30:00Z", "2026-03-10");
    check("2026-03-11T02:59:59Z", "2026-03-10");
    check("2026-03-11T03:00:00Z", "2026-03-11");
}

#[test]
fn trap_26_summer_time_holds_before_2019_02_17_and_never_after() {
    let check = |instant: &str, expected: &str| {
        assert_eq!(civil_date(utc(instant), SAO_PAULO), day(expected), "{instant}");
    };
    // UTC-2 in the last summer time; UTC-3 on the same days of later years.
    check("2019-01-10T02:00:00Z", "2019-01-10");
    check("2020-01-10T02:00:00Z", "2020-01-09");
    check("2027-01-10T02:00:00Z", "2027-01-09");
    check("2018-07-10T02:00:00Z", "2018-07-09");
}

#[test]
fn other_zones_of_brazil_have_other_dates() {
    let instant = utc("2026-03-11T03:30:00Z");
    let check = |zone: Tz, expected: &str| assert_eq!(civil_date(instant, zone), day(expected));
    check(chrono_tz::America::Noronha, "2026-03-11");
    check(SAO_PAULO, "2026-03-11");
    check(chrono_tz::America::Manaus, "2026-03-10");
    check(chrono_tz::America::Rio_Branco, "2026-03-10");
}

#[test]
fn a_local_time_becomes_its_instant_even_in_gaps_and_overlaps() {
    let check = |date: &str, time: &str, zone: Tz, expected: &str| {
        let time: NaiveTime = time.parse().unwrap();
        assert_eq!(instant_at(day(date), time, zone), utc(expected), "{date} {time} {zone}");
    };
    check("2026-03-10", "09:00:00", SAO_PAULO, "2026-03-10T12:00:00Z");
    check("2018-12-10", "09:00:00", SAO_PAULO, "2018-12-10T11:00:00Z");
    // 2018-11-04 began at 01:00: midnight to 00:59:59 did not exist.
    check("2018-11-04", "00:00:00", SAO_PAULO, "2018-11-04T03:00:00Z");
    check("2018-11-04", "00:30:30", SAO_PAULO, "2018-11-04T03:00:00Z");
    check("2018-11-04", "01:00:00", SAO_PAULO, "2018-11-04T03:00:00Z");
    // 2019-02-16 had 23:00 to 23:59:59 twice; the first is still in summer time.
    check("2019-02-16", "23:30:00", SAO_PAULO, "2019-02-17T01:30:00Z");
    // Samoa skipped 2011-12-30 whole.
    check("2011-12-30", "12:00:00", chrono_tz::Pacific::Apia, "2011-12-30T10:00:00Z");
}

#[test]
fn the_ends_of_time_do_not_panic() {
    for zone in [SAO_PAULO, chrono_tz::Pacific::Apia] {
        for instant in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let date = civil_date(instant, zone);
            let back = instant_at(date, NaiveTime::MIN, zone);
            assert!((back - instant).num_hours().abs() <= 48, "{instant} {zone}");
        }
    }
}
