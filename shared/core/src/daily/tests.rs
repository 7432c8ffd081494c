use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::chase::{SegmentCondition, SegmentRule};
use crate::sample;

/// A local instant in São Paulo, such as `2026-11-24 08:00`.
fn at(text: &str) -> DateTime<Utc> {
    let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    instant_at(local.date(), local.time(), crate::zone::SAO_PAULO)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn starting(spread: u8, now: DateTime<Utc>) -> Daily {
    Daily::starting(MerchantId::parse("mer_acme").unwrap(), spread, now)
}

fn person(nth: u8) -> Recipient {
    Recipient::Person(PersonId::from_ulid(&format!("{nth:026}")).unwrap())
}

fn walk_on(day: NaiveDate, after: Option<&str>) -> Walk {
    Walk { day, after: after.map(str::to_owned), settings: 1, looked_at: 1, changed: 0 }
}

/// Does everything that is due at an instant; answers what it was.
fn do_all(daily: &mut Daily, issuing: &Issuing, now: DateTime<Utc>) -> Vec<Job> {
    daily.take_up(issuing, now);
    let mut done = Vec::new();
    while let Some(job) = daily.job(issuing, now) {
        match job {
            Job::Digest(day) => daily.begin_digest(day, Vec::new(), now),
            Job::Segments(day) => daily.walked(walk_on(day, None), now),
        }
        done.push(job);
        assert!(done.len() < 5, "{done:?}");
    }
    daily.rest(issuing, now);
    done
}

#[test]
fn work_comes_before_its_hour_or_after_its_day() {
    let issuing = Issuing::default();
    let fresh = starting(7, at("2026-11-24 00:00"));
    let monday = day("2026-11-23");
    for (local, job) in [
        ("2026-11-23 05:06", None),
        ("2026-11-23 05:07", Some(Job::Segments(monday))),
        ("2026-11-23 08:06", Some(Job::Segments(monday))),
        ("2026-11-23 08:07", Some(Job::Digest(monday))),
        ("2026-11-23 11:59", Some(Job::Digest(monday))),
        ("2026-11-23 12:00", Some(Job::Segments(monday))),
        ("2026-11-23 23:59", Some(Job::Segments(monday))),
        // A Saturday, and a holiday of the bank.
        ("2026-11-21 09:00", Some(Job::Segments(day("2026-11-21")))),
        ("2026-12-25 09:00", Some(Job::Segments(day("2026-12-25")))),
    ] {
        assert_eq!(fresh.job(&issuing, at(local)), job, "{local}");
    }
}

#[test]
fn the_hours_are_those_of_another_zone() {
    let issuing = Issuing { zone: "America/Rio_Branco".parse().unwrap(), ..Issuing::default() };
    let fresh = starting(0, at("2026-11-24 00:00"));
    // Rio Branco is two hours behind São Paulo.
    assert_eq!(fresh.job(&issuing, at("2026-11-24 06:59")), None);
    let tuesday = day("2026-11-24");
    assert_eq!(fresh.job(&issuing, at("2026-11-24 07:00")), Some(Job::Segments(tuesday)));
    assert_eq!(fresh.job(&issuing, at("2026-11-24 10:00")), Some(Job::Digest(tuesday)));
}

#[test]
fn a_clock_that_jumps_a_month_brings_thirty_days_of_work() {
    let issuing = Issuing::default();
    let mut daily = starting(0, at("2026-11-23 09:00"));
    assert_eq!(do_all(&mut daily, &issuing, at("2026-11-23 09:00")).len(), 2);
    assert_eq!(daily.next_at, at("2026-11-24 05:00"));
    let later = at("2026-12-22 09:00");
    let tuesday = day("2026-12-22");
    let done = do_all(&mut daily, &issuing, later);
    assert_eq!(done, [Job::Digest(tuesday), Job::Segments(tuesday)]);
    // And one that is set back does nothing of it again.
    assert_eq!(do_all(&mut daily, &issuing, at("2026-11-23 09:00")), []);
    assert_eq!(do_all(&mut daily, &issuing, later), []);
}

#[test]
fn a_day_falls_due_at_every_hour_that_something_begins_at() {
    let issuing = Issuing::default();
    let mut daily = starting(3, at("2026-11-20 13:00"));
    let mut seen = Vec::new();
    // Friday the 20th is a holiday.
    for _ in 0..6 {
        let now = daily.next_at;
        for job in do_all(&mut daily, &issuing, now) {
            seen.push((now, job));
        }
    }
    let expected = [
        ("2026-11-20 13:00", Job::Segments(day("2026-11-20"))),
        ("2026-11-21 05:03", Job::Segments(day("2026-11-21"))),
        ("2026-11-22 05:03", Job::Segments(day("2026-11-22"))),
        ("2026-11-23 05:03", Job::Segments(day("2026-11-23"))),
        ("2026-11-23 08:03", Job::Digest(day("2026-11-23"))),
    ];
    assert_eq!(seen[..5], expected.map(|(local, job)| (at(local), job)));
}

#[test]
fn a_walk_that_was_left_is_begun_anew_on_the_same_day_or_gone_on_with_on_the_next() {
    let issuing = Issuing::default();
    let settings = sample::merchant();
    let now = at("2026-11-24 05:00");
    let tuesday = day("2026-11-24");
    let mut daily = starting(0, now);
    daily.walked(walk_on(tuesday, Some("cus_1")), now);
    daily.rest(&issuing, now);
    assert_eq!(daily.next_at, now, "the rest is due at once");
    assert_eq!(daily.walk_of(tuesday, &settings).after.as_deref(), Some("cus_1"));
    let wednesday = day("2026-11-25");
    assert_eq!(daily.walk_of(wednesday, &settings).after, None);
    daily.walked(walk_on(wednesday, None), at("2026-11-25 05:00"));
    assert_eq!((daily.segments_on, daily.walk), (Some(wednesday), None));
}

#[test]
fn customers_stay_in_a_segment_whose_condition_is_gone() {
    let mut settings = sample::merchant();
    settings.version = 4;
    let mut daily = starting(0, at("2026-11-24 05:00"));
    assert!(daily.has_to_walk(&settings), "nobody knows who is where");
    let walk = Walk { settings: 4, ..walk_on(day("2026-11-24"), None) };
    daily.walked(walk, at("2026-11-24 05:00"));
    assert!(!daily.has_to_walk(&settings), "no condition, and none since");
    settings.version = 5;
    assert!(daily.has_to_walk(&settings), "there may have been one in between");
    settings.version = 4;
    let by_hand = SegmentRule { segment: "vip".to_owned(), rule: None, when: None };
    settings.segments = vec![by_hand.clone()];
    assert!(!daily.has_to_walk(&settings), "a person alone puts somebody there");
    let when = Some(SegmentCondition { overdue_from: Some(1), ..Default::default() });
    settings.segments.push(SegmentRule { segment: "late".to_owned(), when, ..by_hand });
    assert!(daily.has_to_walk(&settings), "time alone may move somebody");
}

#[test]
fn who_a_dead_sender_was_at_gets_it_twice_or_is_not_told_of() {
    let issuing = Issuing::default();
    let (now, later) = (at("2026-11-24 08:00"), at("2026-11-24 08:10"));
    let tuesday = day("2026-11-24");
    let mut daily = starting(0, now);
    daily.begin_digest(tuesday, vec![Recipient::Chat, person(1)], now);
    daily.claim(&Recipient::Chat, now);
    // Here its sender dies; somebody else takes it up.
    let lost = Lost { day: tuesday, to: Recipient::Chat, was_sending: true };
    assert_eq!(daily.take_up(&issuing, later), [lost]);
    assert_eq!(daily.take_up(&issuing, later), [], "told once");
    assert_eq!(daily.job(&issuing, later), Some(Job::Digest(tuesday)));
    daily.claim(&person(1), later);
    daily.settle(true);
    assert_eq!(daily.digest.as_ref().map(|it| (it.left.len(), it.sent)), Some((0, 1)));
    assert_ne!(daily.job(&issuing, later), Some(Job::Digest(tuesday)));
}

#[test]
fn a_digest_that_was_not_taken_goes_out_at_night_or_is_forgotten_in_silence() {
    let issuing = Issuing::default();
    let now = at("2026-11-24 11:55");
    let tuesday = day("2026-11-24");
    let mut daily = starting(0, now);
    daily.begin_digest(tuesday, vec![person(1)], now);
    daily.claim(&person(1), now);
    daily.give_back();
    daily.put_off(TimeDelta::minutes(10), now);
    assert_eq!(daily.next_at, at("2026-11-24 12:05"));
    let noon = at("2026-11-24 12:05");
    let lost = Lost { day: tuesday, to: person(1), was_sending: false };
    assert_eq!(daily.take_up(&issuing, noon), [lost]);
    assert_eq!(daily.job(&issuing, noon), Some(Job::Segments(tuesday)));
}

#[test]
fn a_wait_after_a_failure_has_no_end_or_a_page_no_last_try() {
    let now = at("2026-11-24 05:00");
    let mut daily = starting(0, now);
    let waits: Vec<i64> = (0..8)
        .map(|_| {
            daily.fail(now);
            (daily.next_at - now).num_minutes()
        })
        .collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert!(daily.passes_over());
    daily.walked(walk_on(day("2026-11-24"), Some("cus_1")), now);
    assert!(!daily.passes_over(), "the next page has its own tries");
    daily.put_off(TimeDelta::days(2), now);
    assert_eq!(daily.next_at, now + BACKOFF_MAX);
}

#[test]
fn money_of_a_weekend_is_told_by_no_digest() {
    let issuing = Issuing::default();
    for (of, since) in [
        ("2026-11-25", "2026-11-24"),
        // Friday the 20th was a holiday.
        ("2026-11-23", "2026-11-19"),
        ("2026-11-30", "2026-11-27"),
    ] {
        assert_eq!(told_since(day(of), &issuing), day(since), "{of}");
    }
}

/// What somebody does who is woken: does all, dies before its first write, or right after a claim.
#[derive(Debug, Clone, Copy)]
enum End {
    Whole,
    AtOnce,
    AfterClaim,
    NotTaken,
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        4 => Just(End::Whole),
        1 => Just(End::AtOnce),
        1 => Just(End::AfterClaim),
        1 => Just(End::NotTaken),
    ]
}

/// Goes over the recipients of the digest of the day; `None` where it died on the way.
fn send(
    daily: &mut Daily,
    day: NaiveDate,
    now: DateTime<Utc>,
    end: End,
    sent: &mut BTreeMap<(NaiveDate, Recipient), u32>,
) -> Option<()> {
    if daily.digest.as_ref().is_none_or(|digest| digest.day != day) {
        daily.begin_digest(day, vec![Recipient::Chat, person(1), person(2)], now);
    }
    let left = daily.digest.as_ref().map(|it| it.left.clone()).unwrap_or_default();
    for to in left {
        daily.claim(&to, now);
        if matches!(end, End::NotTaken) {
            daily.give_back();
            daily.put_off(BACKOFF_FIRST, now);
            return None;
        }
        *sent.entry((day, to)).or_default() += 1;
        if matches!(end, End::AfterClaim) {
            return None;
        }
        daily.settle(true);
    }
    Some(())
}

proptest! {
    /// The fear: a digest twice, or one of no day, whatever the clock does and whoever dies.
    #[test]
    fn nobody_gets_the_digest_of_a_day_twice(
        spread in 0..u8::MAX,
        wakes in proptest::collection::vec((0_i64..60 * 30, end()), 1..80),
    ) {
        let issuing = Issuing::default();
        let mut now = at("2026-11-23 00:00");
        let mut daily = starting(spread, now);
        let mut sent: BTreeMap<(NaiveDate, Recipient), u32> = BTreeMap::new();
        let mut walked: BTreeSet<NaiveDate> = BTreeSet::new();
        for (minutes, end) in wakes {
            now += TimeDelta::minutes(minutes);
            if daily.next_at > now || matches!(end, End::AtOnce) {
                continue;
            }
            daily.take_up(&issuing, now);
            let mut alive = Some(());
            while let (Some(job), Some(())) = (daily.job(&issuing, now), alive) {
                match job {
                    Job::Digest(day) => {
                        let hour = now - local(day, TimeDelta::zero(), &issuing);
                        prop_assert!(DIGEST_FROM <= hour && hour < DIGEST_UNTIL);
                        alive = send(&mut daily, day, now, end, &mut sent);
                    }
                    Job::Segments(day) => {
                        prop_assert!(walked.insert(day), "{day} twice");
                        prop_assert_eq!(day, civil_date(now, issuing.zone));
                        daily.walked(walk_on(day, None), now);
                    }
                }
            }
            if alive.is_some() {
                daily.rest(&issuing, now);
            }
            prop_assert!(daily.next_at > now && daily.next_at <= now + TimeDelta::days(1));
        }
        prop_assert!(sent.values().all(|times| *times == 1), "{:?}", sent);
    }
}
