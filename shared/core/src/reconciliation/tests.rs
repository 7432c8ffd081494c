use proptest::prelude::*;

use super::*;
use crate::ids::EndToEndId;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn start() -> DateTime<Utc> {
    at("2026-11-23T13:00:00Z")
}

fn starting() -> Reconciliation {
    Reconciliation::starting(MerchantId::parse("mer_acme").unwrap(), start())
}

/// The slice that is asked for next, where it is one of settled Pix.
fn slice(known: &Reconciliation) -> Option<Listing> {
    match known.run.as_ref()?.stage {
        Stage::Payments(listing) => Some(listing),
        _ => None,
    }
}

fn end_of_slice() -> Step {
    Step::Listed { next: None }
}

#[test]
fn nothing_falls_between_two_slices_and_none_is_longer_than_a_day() {
    let mut known = starting();
    let now = start() + TimeDelta::days(3);
    known.take_up(now);
    let mut reached = start() - OVERLAP;
    while let Some(listing) = slice(&known) {
        assert_eq!(listing.from, reached);
        assert!(listing.until - listing.from <= SLICE_MAX);
        assert!(known.complete_until <= listing.until);
        reached = listing.until;
        known.turn(end_of_slice(), Tally::default(), now);
        assert_eq!(known.complete_until, reached.max(start()));
    }
    assert_eq!(reached, now - SETTLING);
}

#[test]
fn a_run_looks_after_everything_once_a_day_and_after_payments_each_time() {
    let mut known = starting();
    let mut stages = Vec::new();
    for minutes in [0, 30, 60 * 24 + 1] {
        let now = start() + TimeDelta::minutes(minutes);
        known.take_up(now);
        let mut seen: Vec<&str> = Vec::new();
        while let Some(run) = &known.run {
            let stage = run.stage.clone();
            seen.push(stage.name());
            let step = match stage {
                Stage::Payments(_) | Stage::Returns(_) => end_of_slice(),
                Stage::Charges { after: None } => Step::Charges { after: Some("x".to_owned()) },
                Stage::Charges { .. } => Step::Charges { after: None },
                Stage::Callback => Step::Callback(CallbackState::Ours),
            };
            known.turn(step, Tally { found: 1, ..Tally::default() }, now);
        }
        seen.dedup();
        stages.push(seen.join(" "));
        assert_eq!(known.next_at, now + INTERVAL);
        assert_eq!(known.last.as_ref().map(|last| last.finished_at), Some(now));
    }
    let daily = "payments refunds charges callback";
    assert_eq!(stages, [daily, "payments", daily]);
    // Two slices of Pix, ten of refunds, two pages of charges, and the callback.
    assert_eq!(known.last.unwrap().tally.found, 15);
}

#[test]
fn refunds_are_looked_for_as_far_back_as_one_can_be_made() {
    let mut known = starting();
    known.take_up(start());
    known.turn(end_of_slice(), Tally::default(), start());
    let Stage::Returns(first) = known.run.unwrap().stage else { panic!("refunds come next") };
    assert_eq!(first.end - first.from, RETURNS_BACK);
    assert_eq!(first.until - first.from, RETURNS_SLICE_MAX);
}

#[test]
fn a_slice_the_bank_finds_too_large_is_halved_until_it_cannot_be() {
    let mut known = starting();
    known.take_up(start());
    let mut halvings = 0;
    while slice(&known).unwrap().can_shrink() {
        let before = slice(&known).unwrap();
        known.turn(Step::TooLarge, Tally::default(), start());
        let after = slice(&known).unwrap();
        assert_eq!((after.from, after.end, after.page), (before.from, before.end, 0));
        assert!(after.until < before.until);
        halvings += 1;
        assert!(halvings < 20);
    }
    assert_eq!(known.complete_until, start());
}

#[test]
fn failures_wait_twice_as_long_each_time_up_to_an_hour_and_keep_their_reason() {
    let mut known = starting();
    known.take_up(start());
    let mut waits = Vec::new();
    for nth in 1..=8 {
        assert_eq!(known.passes_over(), nth > ATTEMPTS_MAX);
        known.fail(format!("failure {nth}"), start());
        waits.push((known.next_at - start()).num_minutes());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    let failing = known.failing.clone().unwrap();
    assert_eq!((failing.attempts, failing.reason.as_str()), (8, "failure 8"));
    known.turn(end_of_slice(), Tally::default(), start());
    assert_eq!(known.failing, None, "a page that gets through ends it");
}

#[test]
fn what_is_passed_over_is_told_once_a_day() {
    let mut known = starting();
    let of = |id: Option<&str>, index| Passed {
        index: Some(index),
        id: id.map(str::to_owned),
        reason: "valor is missing".to_owned(),
    };
    let tell = |known: &mut Reconciliation, items: &[Passed], hours| {
        known.tell(items.to_vec(), start() + TimeDelta::hours(hours)).len()
    };
    assert_eq!(tell(&mut known, &[of(Some("a"), 0), of(None, 1)], 0), 2);
    assert_eq!(tell(&mut known, &[of(Some("a"), 7), of(None, 9), of(Some("b"), 1)], 1), 1);
    assert_eq!(tell(&mut known, &[of(Some("a"), 0)], 25), 1);
    let many: Vec<Passed> = (0..300).map(|nth| of(Some(&format!("many{nth}")), nth)).collect();
    tell(&mut known, &many, 26);
    assert_eq!(known.told.len(), TOLD_MAX);
}

#[test]
fn a_pix_whose_instants_do_not_fit_shows_that_a_clock_is_off() {
    let now = at("2026-12-10T18:00:00Z");
    let check = |settled: &str, expected: Option<&str>| {
        let id = EndToEndId::parse("E99999004202612101700abcdefghijk").unwrap();
        let found = skew_of(&id, at(settled), now);
        assert_eq!(found.map(|skew| skew.kind.code()), expected, "{settled}");
    };
    check("2026-12-10T17:00:30Z", None);
    check("2026-12-10T16:55:00Z", None);
    check("2026-12-10T16:54:59Z", Some("before_order"));
    check("2026-12-10T14:00:30Z", Some("before_order"));
    check("2026-12-10T18:05:00Z", None);
    check("2026-12-10T18:05:01Z", Some("future"));
    let later = |settled: &str, now: &str| {
        let id = EndToEndId::parse("E99999004202612101700abcdefghijk").unwrap();
        skew_of(&id, at(settled), at(now)).map(|skew| skew.kind.code())
    };
    assert_eq!(later("2026-12-10T19:00:00Z", "2026-12-11T00:00:00Z"), None);
    assert_eq!(later("2026-12-10T19:00:01Z", "2026-12-11T00:00:00Z"), Some("long_after_order"));
    let silent = EndToEndId::parse("D99999004202612101700abcdefghijk").unwrap();
    assert_eq!(skew_of(&silent, at("2026-12-10T10:00:00Z"), now), None);
}

#[test]
fn a_clock_that_is_off_is_told_once_a_run_and_once_for_one_pix() {
    let skew = |tail: &str| {
        let id = EndToEndId::parse(&format!("E99999004202612101700abcdefghi{tail}")).unwrap();
        skew_of(&id, at("2026-12-10T10:00:00Z"), at("2026-12-10T18:00:00Z")).unwrap()
    };
    let mut known = starting();
    assert!(!known.note_skew(skew("aa")), "between two runs nothing is looked at");
    known.take_up(start());
    assert!(known.note_skew(skew("aa")));
    assert!(!known.note_skew(skew("bb")));
    known.run = None;
    known.take_up(start());
    assert!(!known.note_skew(skew("aa")), "told in the run before");
    known.run = None;
    known.take_up(start());
    assert!(known.note_skew(skew("cc")));
}

/// One thing that happens to a reconciliation.
#[derive(Debug, Clone)]
enum Deed {
    Page,
    LastPage,
    TooLarge,
    Fail,
    Pause,
    Minutes(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => Just(Deed::Page),
        5 => Just(Deed::LastPage),
        1 => Just(Deed::TooLarge),
        1 => Just(Deed::Fail),
        1 => Just(Deed::Pause),
        2 => (-90_i64..6000).prop_map(Deed::Minutes),
    ]
}

proptest! {
    /// The fear: a page that was never read lies before what counts as complete.
    #[test]
    fn nothing_counts_as_complete_whose_pages_were_not_all_read(
        deeds in prop::collection::vec(deed(), 1..200)
    ) {
        let (mut known, mut now) = (starting(), start());
        // Everything settled from here on was read, up to `read`.
        let mut read = known.complete_until;
        for deed in deeds {
            match deed {
                Deed::Minutes(minutes) => {
                    now += TimeDelta::minutes(minutes);
                    continue;
                }
                Deed::Fail => known.fail("no answer".to_owned(), now),
                Deed::Pause => known.pause(now),
                Deed::Page | Deed::LastPage | Deed::TooLarge => {
                    known.take_up(now);
                    let listing = slice(&known);
                    let step = match (&known.run.as_ref().unwrap().stage, deed) {
                        (Stage::Charges { .. }, _) => Step::Charges { after: None },
                        (Stage::Callback, _) => Step::Callback(CallbackState::Ours),
                        (_, Deed::Page) => {
                            Step::Listed { next: listing.map(|it| it.page + 1).or(Some(1)) }
                        }
                        (_, Deed::TooLarge) => Step::TooLarge,
                        (_, _) => end_of_slice(),
                    };
                    if let (Some(listing), Step::Listed { next: None }) = (listing, &step) {
                        prop_assert!(listing.from <= read, "{:?} leaves a gap after {read}", listing);
                        read = read.max(listing.until);
                    }
                    known.turn(step, Tally::default(), now);
                }
            }
            prop_assert_eq!(known.complete_until, read);
        }
    }
}
