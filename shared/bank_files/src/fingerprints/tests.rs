use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::{DAYS_MAX, Fingerprints, Identity, KEYS_KEPT};
use crate::entry::{FileAccount, Fingerprint};

fn account() -> FileAccount {
    FileAccount {
        bank: Some("001".into()),
        branch: Some("1234-5".into()),
        number: "0098765-X".into(),
    }
}

fn start() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 1).unwrap()
}

fn of(
    prints: &mut Fingerprints,
    day: u64,
    centavos: i64,
    id: Option<&str>,
    memo: &str,
) -> Result<Fingerprint, &'static str> {
    prints.of(&Identity {
        account: &account(),
        booked_on: start() + Days::new(day),
        centavos,
        bank_id: id,
        memo,
        occurrence: None,
    })
}

#[test]
fn equal_movements_of_a_day_become_one() {
    let mut prints = Fingerprints::default();
    let seen: BTreeSet<_> =
        (0..5).map(|_| of(&mut prints, 0, 100, Some("1"), "a").unwrap()).collect();
    assert_eq!(seen.len(), 5);
}

#[test]
fn different_movements_have_one_fingerprint() {
    let once = |day, centavos, id, memo| {
        of(&mut Fingerprints::default(), day, centavos, id, memo).unwrap()
    };
    let first = once(0, 100, Some("1"), "a");
    assert_eq!(first, once(0, 100, Some("1"), "another memo"), "the bank reworded it");
    assert_ne!(first, once(1, 100, Some("1"), "a"));
    assert_ne!(first, once(0, -100, Some("1"), "a"));
    assert_ne!(first, once(0, 100, Some("2"), "a"));
    assert_ne!(first, once(0, 100, None, "1"));
    assert_ne!(once(0, 100, None, "a"), once(0, 100, None, "b"));
    let other = FileAccount { number: "98765-1".into(), ..account() };
    let elsewhere = Fingerprints::default()
        .of(&Identity {
            account: &other,
            booked_on: start(),
            centavos: 100,
            bank_id: Some("1"),
            memo: "a",
            occurrence: None,
        })
        .unwrap();
    assert_ne!(first, elsewhere);
}

#[test]
fn an_account_in_another_spelling_is_another() {
    let other = FileAccount {
        bank: Some("1".into()),
        branch: Some("012345".into()),
        number: "98765x".into(),
    };
    let spelled = |account: &FileAccount| {
        Fingerprints::default()
            .of(&Identity {
                account,
                booked_on: start(),
                centavos: 1,
                bank_id: None,
                memo: "",
                occurrence: Some(6),
            })
            .unwrap()
    };
    assert_eq!(spelled(&account()), spelled(&other));
}

#[test]
fn a_day_that_comes_back_repeats_a_fingerprint() {
    let mut prints = Fingerprints::default();
    let first = of(&mut prints, 0, 100, Some("1"), "").unwrap();
    of(&mut prints, 1, 100, Some("1"), "").unwrap();
    let again = of(&mut prints, 0, 100, Some("1"), "").unwrap();
    assert_ne!(first, again);
}

#[test]
fn counts_of_past_days_are_kept_for_ever_or_forgotten_silently() {
    let mut prints = Fingerprints::default();
    let per_day = i64::try_from(KEYS_KEPT).unwrap() / 2;
    for day in 0..6 {
        for centavos in 1..=per_day {
            of(&mut prints, day, centavos, None, "").unwrap();
        }
        let past: usize = prints.days.values().map(|counts| counts.len()).sum();
        assert!(past <= KEYS_KEPT + KEYS_KEPT / 2, "{past} counts on day {day}");
    }
    assert!(of(&mut prints, 0, 1, None, "").is_err(), "it would repeat a fingerprint");
    assert!(of(&mut prints, 4, 1, None, "").is_ok(), "the day before is still counted");
    assert!(of(&mut prints, 5, 1, None, "").is_ok());
}

#[test]
fn a_file_of_endless_days_is_held() {
    let mut prints = Fingerprints::default();
    let days = u64::try_from(DAYS_MAX).unwrap();
    for day in 0..days {
        of(&mut prints, day, 1, None, "").unwrap();
    }
    assert!(of(&mut prints, days, 1, None, "").is_err());
    assert!(of(&mut prints, 0, 1, None, "").is_ok());
}
