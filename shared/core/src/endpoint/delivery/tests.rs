//! Fears: an event that is given up too early, tried for ever, or sent as something else.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const NOW: &str = "2026-11-23T13:00:00Z";

fn claimed() -> Delivery {
    let message = Message {
        id: DeliveryId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap(),
        event: "invoice.paid".to_owned(),
        at: at(NOW),
        body: r#"{"type":"invoice.paid"}"#.to_owned(),
    };
    let endpoint = EndpointId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap();
    Delivery::claimed(MerchantId::parse("mer_acme").unwrap(), endpoint, message, at(NOW))
}

fn attempt(now: DateTime<Utc>, outcome: Outcome) -> Attempt {
    Attempt { at: now, outcome, duration_ms: 0 }
}

const DOWN: Outcome = Outcome::Answered(500);

fn failed(reason: FailReason, now: DateTime<Utc>) -> DeliveryState {
    DeliveryState::Failed { at: now, reason }
}

#[test]
fn the_tries_end_before_the_receiver_had_three_days() {
    let mut delivery = claimed();
    let mut now = at(NOW);
    let mut tries = 1;
    loop {
        delivery = delivery.settled(attempt(now, DOWN), None);
        let Some(next) = delivery.due() else { break };
        assert_eq!(delivery.begun(next - TimeDelta::nanoseconds(1)), None, "tried too early");
        now = next;
        delivery = delivery.begun(now).unwrap();
        tries += 1;
    }
    assert_eq!(tries, TRIES_MAX);
    assert_eq!(delivery.state, failed(FailReason::TriesUsed, now));
    let least = TimeDelta::hours(75) + TimeDelta::minutes(35) + TimeDelta::seconds(5);
    let took = now - at(NOW);
    assert!(took >= least && took <= least * 11 / 10, "{took}");
    assert_eq!(delivery.attempts.len(), usize::try_from(TRIES_MAX).unwrap());
}

#[test]
fn a_status_is_taken_for_another() {
    let check = |outcome: Outcome, verdict| assert_eq!(outcome.verdict(), verdict, "{outcome:?}");
    for status in [200, 201, 204, 299] {
        check(Outcome::Answered(status), Verdict::Taken);
    }
    check(Outcome::Answered(410), Verdict::Gone);
    for status in [100, 199, 300, 301, 307, 400, 401, 404, 408, 429, 500, 503, 999] {
        check(Outcome::Answered(status), Verdict::Failed);
    }
    for fault in [Fault::Timeout, Fault::NotConnected, Fault::AddressRefused, Fault::Broken] {
        check(Outcome::NoAnswer(fault), Verdict::Failed);
    }
}

#[test]
fn a_receiver_makes_us_wait_for_ever_or_not_at_all() {
    let next = |status, asked: Option<i64>| {
        let retry_after = asked.map(TimeDelta::seconds);
        let after = claimed().settled(attempt(at(NOW), Outcome::Answered(status)), retry_after);
        after.due().unwrap() - at(NOW)
    };
    let usual = next(500, None);
    assert!(usual >= BACKOFF[0]);
    assert_eq!(next(503, Some(90)), TimeDelta::seconds(90));
    assert_eq!(next(429, Some(90)), TimeDelta::seconds(90));
    assert_eq!(next(500, Some(90)), usual, "only who is busy may ask");
    assert_eq!(next(503, Some(0)), usual);
    assert_eq!(next(503, Some(-5)), usual);
    assert_eq!(next(503, Some(i64::from(i32::MAX))), BACKOFF_MAX);
}

#[test]
fn a_sender_that_dies_each_time_is_started_for_ever() {
    let mut delivery = claimed();
    for _ in 1..TRIES_MAX {
        delivery = delivery.begun(delivery.due().unwrap()).unwrap();
        assert!(delivery.due().is_some());
    }
    let now = delivery.due().unwrap();
    assert_eq!(delivery.begun(now).unwrap().state, failed(FailReason::TriesUsed, now));
}

#[test]
fn a_settled_delivery_is_begun_again() {
    let taken = claimed().settled(attempt(at(NOW), Outcome::Answered(204)), None);
    assert_eq!(taken.state, DeliveryState::Delivered { at: at(NOW) });
    assert_eq!(taken.begun(at(NOW) + TimeDelta::days(9)), None);
    let gone = claimed().settled(attempt(at(NOW), Outcome::Answered(410)), None);
    assert_eq!(gone.state, failed(FailReason::Gone, at(NOW)));
    assert_eq!(gone.begun(at(NOW) + TimeDelta::days(9)), None);
}

#[test]
fn a_replay_changes_what_is_sent_or_cuts_a_round_short() {
    assert_eq!(claimed().replayed(at(NOW)), Err(StillPending));
    let later = at(NOW) + TimeDelta::days(20);
    let settled = claimed().settled(attempt(at(NOW), Outcome::Answered(200)), None);
    let again = settled.replayed(later).unwrap();
    assert_eq!((&again.id, &again.body, again.at), (&settled.id, &settled.body, settled.at));
    assert_eq!((again.replays, again.due()), (1, Some(later)));
    assert_eq!(again.expires_at(), later + KEPT, "it lives as long as its round");
    let begun = again.begun(later).unwrap();
    assert_eq!(begun.tries, 1);
    assert_eq!(begun.attempts, settled.attempts, "the log goes on");
}

proptest! {
    #[test]
    fn a_wait_shrinks_or_outgrows_its_bound(spread: u32) {
        let waits: Vec<TimeDelta> =
            (1..TRIES_MAX).map(|tries| wait(tries, spread).unwrap()).collect();
        for (wait, base) in waits.iter().zip(BACKOFF) {
            prop_assert!(*wait >= base && *wait <= base * 11 / 10 && *wait <= BACKOFF_MAX);
        }
        prop_assert!(waits.is_sorted());
        prop_assert_eq!(wait(TRIES_MAX, spread), None);
        prop_assert_eq!(wait(0, spread), None);
    }

    /// Whatever receivers answer and however often a sender dies or a person asks again: the log is
    /// bounded, the version grows, and what is pending is due within the longest wait.
    #[test]
    fn a_delivery_grows_without_end(
        steps in prop::collection::vec((0_u16..600, 0_i64..1_000_000, 0_u8..4), 1..80),
    ) {
        let mut delivery = claimed();
        let mut now = at(NOW);
        for (status, asked, deed) in steps {
            let before = delivery.clone();
            delivery = match (deed, delivery.due()) {
                (0, Some(due)) => {
                    now = now.max(due);
                    delivery.begun(now).unwrap()
                }
                (_, Some(_)) => {
                    let retry_after = Some(TimeDelta::seconds(asked));
                    delivery.settled(attempt(now, Outcome::Answered(status)), retry_after)
                }
                (_, None) => delivery.replayed(now).unwrap(),
            };
            prop_assert_eq!(delivery.version, before.version + 1);
            prop_assert_eq!((&delivery.id, &delivery.body), (&before.id, &before.body));
            prop_assert!(delivery.attempts.len() <= ATTEMPTS_KEPT);
            prop_assert!(delivery.tries <= TRIES_MAX);
            prop_assert!(delivery.due().is_none_or(|due| due <= now + BACKOFF_MAX));
        }
    }
}
