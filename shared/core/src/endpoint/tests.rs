//! Fears: an endpoint that is switched off too early or never, a secret that stops too soon.

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const NOW: &str = "2026-11-23T13:00:00Z";

fn id(nth: usize) -> EndpointId {
    EndpointId::from_ulid(&format!("01JE6X7Q5M8Y2N4C9R0T3V{nth:04}")).unwrap()
}

fn choice(url: &str) -> Choice {
    Choice { url: url.into(), description: String::new(), events: EventFilter::All, enabled: true }
}

fn none() -> Endpoints {
    Endpoints::none(MerchantId::parse("mer_acme").unwrap())
}

/// One endpoint, enabled.
fn one() -> Endpoints {
    none().created(id(1), choice("https://hooks.example/a"), at(NOW)).unwrap()
}

fn only(endpoints: &Endpoints) -> &Endpoint {
    let [endpoint] = endpoints.endpoints.as_slice() else { panic!("one endpoint is expected") };
    endpoint
}

#[test]
fn an_endpoint_more_than_an_item_can_hold_is_taken() {
    let mut endpoints = none();
    for nth in 0..ENDPOINTS_MAX {
        endpoints = endpoints.created(id(nth), choice("https://a.example"), at(NOW)).unwrap();
    }
    let version = u64::try_from(ENDPOINTS_MAX).unwrap();
    assert_eq!((endpoints.version, endpoints.endpoints.len()), (version, ENDPOINTS_MAX));
    let refused = endpoints.created(id(99), choice("https://a.example"), at(NOW));
    assert_eq!(refused, Err(Refusal::TooMany));
    let fewer = endpoints.closed(&id(3)).unwrap();
    assert!(fewer.get(&id(3)).is_none());
    assert!(fewer.created(id(99), choice("https://a.example"), at(NOW)).is_ok());
}

#[test]
fn an_event_goes_to_an_endpoint_that_did_not_ask_for_it() {
    let events = EventFilter::Only(["invoice.paid".to_owned()].into());
    let off = Choice { enabled: false, ..choice("https://off.example") };
    let endpoints = one()
        .created(id(2), Choice { events, ..choice("https://paid.example") }, at(NOW))
        .unwrap()
        .created(id(3), off, at(NOW))
        .unwrap();
    let wanting = |event: &str| -> Vec<EndpointId> {
        endpoints.wanting(event).map(|e| e.id.clone()).collect()
    };
    assert_eq!(wanting("invoice.paid"), [id(1), id(2)]);
    assert_eq!(wanting("invoice.opened"), [id(1)]);
}

#[test]
fn a_change_that_changes_nothing_writes_a_row() {
    let endpoints = one();
    let same = choice("https://hooks.example/a");
    assert_eq!(endpoints.changed(&id(1), &same, at(NOW)), Ok(None));
    let off = Choice { enabled: false, ..same };
    let after = endpoints.changed(&id(1), &off, at(NOW)).unwrap().unwrap();
    assert_eq!(after.version, endpoints.version + 1);
    let state = EndpointState::Disabled { at: at(NOW), reason: DisabledReason::Asked };
    assert_eq!(only(&after).state, state);
    // Switching off again keeps since when and why.
    assert_eq!(after.changed(&id(1), &off, at(NOW) + TimeDelta::days(1)), Ok(None));
    assert_eq!(endpoints.changed(&id(2), &off, at(NOW)), Err(Refusal::Unknown));
}

#[test]
fn the_secret_before_a_rotation_stops_before_receivers_have_the_new_one() {
    let endpoints = one();
    assert_eq!(only(&endpoints).signing(at(NOW)), [1]);
    let rotated = endpoints.secret_rotated(&id(1), at(NOW)).unwrap();
    let end = at(NOW) + SECRET_OVERLAP;
    assert_eq!(only(&rotated).signing(at(NOW)), [2, 1]);
    assert_eq!(only(&rotated).signing(end - TimeDelta::nanoseconds(1)), [2, 1]);
    assert_eq!(only(&rotated).signing(end), [2]);
    let twice = rotated.secret_rotated(&id(1), at(NOW)).unwrap();
    assert_eq!(only(&twice).signing(at(NOW)), [3, 2]);
}

#[test]
fn one_good_answer_among_failures_does_not_keep_an_endpoint_alive() {
    let fail = |endpoints: &Endpoints, now| endpoints.heard(&id(1), Heard::Failed, now);
    let failing = fail(&one(), at(NOW)).unwrap();
    assert_eq!(only(&failing).failing_since, Some(at(NOW)));
    let end = at(NOW) + FAILING_MAX;
    assert_eq!(fail(&failing, end - TimeDelta::seconds(1)), None, "told once");
    let off = fail(&failing, end).unwrap();
    let reason = DisabledReason::Failing;
    assert_eq!(only(&off).state, EndpointState::Disabled { at: end, reason });
    assert_eq!(fail(&off, end), None, "switched off once");

    let taken = failing.heard(&id(1), Heard::Taken, at(NOW)).unwrap();
    assert_eq!(only(&taken).failing_since, None);
    assert_eq!(taken.heard(&id(1), Heard::Taken, at(NOW)), None, "good news is not written");
    let failing = fail(&taken, end).unwrap();
    assert!(only(&failing).is_enabled());
}

#[test]
fn a_receiver_that_is_gone_is_posted_to_again() {
    let off = one().heard(&id(1), Heard::Gone, at(NOW)).unwrap();
    let state = EndpointState::Disabled { at: at(NOW), reason: DisabledReason::Gone };
    assert_eq!(only(&off).state, state);
    assert_eq!(off.heard(&id(1), Heard::Gone, at(NOW)), None);
    assert_eq!(off.wanting("invoice.paid").count(), 0);
    // The merchant switches it on again, with a clean record.
    let on = off.changed(&id(1), &choice("https://hooks.example/a"), at(NOW)).unwrap().unwrap();
    assert!(only(&on).is_enabled());
    assert_eq!(only(&on).failing_since, None);
}

#[test]
fn another_address_is_switched_off_for_what_the_one_before_failed() {
    let failing = one().heard(&id(1), Heard::Failed, at(NOW)).unwrap();
    let moved = failing.changed(&id(1), &choice("https://new.example"), at(NOW)).unwrap().unwrap();
    assert_eq!(only(&moved).failing_since, None);
    let described = Choice { description: "ERP".to_owned(), ..choice("https://hooks.example/a") };
    let same = failing.changed(&id(1), &described, at(NOW)).unwrap().unwrap();
    assert_eq!(only(&same).failing_since, Some(at(NOW)));
}

#[test]
fn an_address_that_may_be_a_key_stands_in_a_log() {
    let endpoints = none().created(id(1), choice("https://a.example/s3cr3t"), at(NOW)).unwrap();
    assert!(!format!("{endpoints:?}").contains("s3cr3t"));
}
