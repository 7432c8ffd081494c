use chrono::{DateTime, Utc};
use quita_core::reconciliation::ATTEMPTS_MAX;

use super::*;

fn failing(attempts: u32) -> Reconciliation {
    let now = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let mut state = Reconciliation::starting(MerchantId::parse("mer_acme").unwrap(), now);
    (0..attempts).for_each(|_| state.fail("no answer".to_owned(), now));
    state
}

fn broken<T>() -> Result<T, Unknown> {
    Err(Unknown::new("taking a Pix in", "it does not fit"))
}

#[test]
fn one_item_that_never_goes_through_keeps_everything_behind_it_waiting() {
    let mut failures = Failures::of(&failing(ATTEMPTS_MAX - 1));
    assert!(failures.check("a", broken::<()>()).is_err(), "the page is tried again first");
    let mut failures = Failures::of(&failing(ATTEMPTS_MAX));
    assert_eq!(failures.check("a", broken::<u8>()).unwrap(), None);
    assert_eq!(failures.check("b", Ok(1)).unwrap(), Some(1));
    assert_eq!(failures.check("c", broken::<u8>()).unwrap(), None);
    let passed: Vec<&str> = failures.passed.iter().filter_map(|it| it.id.as_deref()).collect();
    assert_eq!(passed, ["a", "c"]);
    assert!(failures.passed[0].reason.contains("it does not fit"));
}

#[test]
fn an_outage_is_not_taken_for_items_that_do_not_fit() {
    let mut failures = Failures::of(&failing(ATTEMPTS_MAX + 3));
    assert!(failures.check("a", broken::<()>()).is_ok());
    assert!(failures.check("b", broken::<()>()).is_ok());
    assert!(failures.check("c", broken::<()>()).is_err());
}

#[test]
fn a_reason_as_long_as_the_bank_likes_does_not_fill_the_checkpoint() {
    assert_eq!(cut(&"ã".repeat(10_000)).chars().count(), REASON_CHARS_MAX);
}
