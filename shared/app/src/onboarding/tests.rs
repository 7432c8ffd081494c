use super::*;

#[test]
fn a_lack_is_told_without_what_to_do() {
    for lack in [Lack::Bank, Lack::Sender, Lack::SenderUnverified] {
        assert!(what_to_do(lack).contains("/v1/"), "{lack}");
    }
}

#[test]
fn two_events_of_the_setup_have_one_name() {
    let names: std::collections::BTreeSet<&str> = EVENTS.into_iter().collect();
    assert_eq!(names.len(), EVENTS.len());
}
