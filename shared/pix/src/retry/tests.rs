use super::*;
use crate::problem::Problem;

const PATIENCE: Patience = Patience {
    attempts_max: 4,
    backoff_base: Duration::from_millis(100),
    backoff_max: Duration::from_millis(300),
    retry_after_max: Duration::from_secs(5),
};

fn status(status: u16, retry_after: Option<u64>) -> PixError {
    let retry_after = retry_after.map(Duration::from_secs);
    PixError::unknown(UnknownCause::Status { status, retry_after })
}

#[test]
fn random_waits_grow_to_their_ceiling_and_not_beyond() {
    for (attempt, ceiling_ms) in [(1, 100), (2, 200), (3, 300)] {
        for _ in 0..200 {
            let wait = PATIENCE.wait(attempt, &status(502, None)).unwrap();
            assert!(wait <= Duration::from_millis(ceiling_ms), "{wait:?} at attempt {attempt}");
        }
    }
    assert_eq!(PATIENCE.wait(4, &status(502, None)), None, "attempts are bounded");
}

#[test]
fn retry_after_is_honoured_up_to_the_limit() {
    assert_eq!(PATIENCE.wait(1, &status(503, Some(5))), Some(Duration::from_secs(5)));
    assert_eq!(PATIENCE.wait(1, &status(503, Some(6))), None);
    let throttled =
        |seconds| PixError::Throttled { retry_after: Some(Duration::from_secs(seconds)) };
    assert_eq!(PATIENCE.wait(1, &throttled(2)), Some(Duration::from_secs(2)));
    assert_eq!(PATIENCE.wait(1, &throttled(3600)), None);
}

#[test]
fn a_clear_answer_is_never_asked_for_again() {
    let problem = || Box::new(Problem::stated(400, "", "no"));
    for error in [
        PixError::Refused(problem()),
        PixError::Unauthorized(problem()),
        PixError::NotFound,
        PixError::unknown(UnknownCause::TooLong { limit: 1 }),
        PixError::unknown(UnknownCause::Unreadable { reason: String::new() }),
        status(302, None),
    ] {
        assert_eq!(PATIENCE.wait(1, &error), None, "{error:?}");
    }
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    for (text, seconds) in [
        ("7", Some(7)),
        (" 0 ", Some(0)),
        ("Sat, 21 Nov 2026 12:00:30 GMT", Some(30)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", Some(0)),
        ("soon", None),
        ("-3", None),
    ] {
        assert_eq!(parse_retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
    }
}
