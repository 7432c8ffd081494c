use super::*;
use crate::zone::SAO_PAULO;

/// An instant of December 2026 in São Paulo.
fn at(day: u32, hour: u32) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
    zone::instant_at(day, chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap(), SAO_PAULO)
}

fn touched(touches: &[(u32, u32)]) -> Care {
    let mut care = Care::default();
    touches.iter().for_each(|(day, hour)| care.touch(at(*day, *hour)));
    care
}

#[test]
fn a_third_message_of_a_day_waits_for_tomorrow() {
    let caps = Caps { per_day: 2, per_week: 7 };
    let until = |touches, now| touched(touches).capped_until(caps, now, SAO_PAULO);
    assert_eq!(until(&[(1, 9)], at(1, 10)), None);
    assert_eq!(until(&[(1, 9), (1, 10)], at(1, 11)), Some(at(2, 0)));
    assert_eq!(until(&[(1, 9), (1, 10)], at(2, 0)), None);
}

#[test]
fn a_week_has_its_own_limit_that_slides() {
    let caps = Caps { per_day: 2, per_week: 3 };
    let until = |touches, now| touched(touches).capped_until(caps, now, SAO_PAULO);
    assert_eq!(until(&[(1, 9), (3, 9), (5, 9)], at(6, 9)), Some(at(8, 9)));
    assert_eq!(until(&[(1, 9), (3, 9), (5, 9)], at(8, 9)), None);
    assert_eq!(until(&[(1, 9), (3, 9), (5, 9), (8, 9)], at(9, 9)), Some(at(10, 9)));
}

#[test]
fn touches_do_not_grow_for_ever() {
    let mut care = Care::default();
    for hour in 0..500 {
        care.touch(at(1, 0) + TimeDelta::minutes(hour));
    }
    assert_eq!(care.touches.len(), TOUCHES_MAX);
    care.touch(at(20, 9));
    assert_eq!(care.touches, [at(20, 9)]);
}

#[test]
fn an_address_that_bounced_is_known_whatever_bounces_later() {
    let mut care = Care::default();
    let entry = |address: String, reason| Suppressed {
        channel: Channel::Email,
        address: Hidden::from(address),
        reason,
        at: at(1, 9),
    };
    care.suppress(entry("ana@example.com".to_owned(), SuppressReason::HardBounce));
    care.suppress(entry("ana@example.com".to_owned(), SuppressReason::Complaint));
    assert_eq!(care.suppressed.len(), 1);
    assert!(care.is_suppressed(Channel::Email, "ana@example.com"));
    assert!(!care.is_suppressed(Channel::Sms, "ana@example.com"));
    (0..100).for_each(|n| care.suppress(entry(format!("{n}@example.com"), SuppressReason::OptOut)));
    assert_eq!(care.suppressed.len(), SUPPRESSED_MAX);
}

fn applied(draft: &CareDraft, before: &Care) -> Result<Care, Vec<String>> {
    let today = NaiveDate::from_ymd_opt(2026, 12, 10).unwrap();
    let places = |faults: Vec<crate::violation::Violation>| {
        faults.into_iter().map(|fault| fault.property).collect()
    };
    draft.apply(before, today, at(10, 9)).map_err(places)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_part_that_was_left_out_is_changed() {
    let contact = ContactDraft {
        name: "Rita".to_owned(),
        audience: "approver".to_owned(),
        email: some("rita@aurora.example"),
        phone: None,
    };
    let all = CareDraft {
        contacts: Some(vec![contact]),
        tier: some("vip"),
        excluded: Some(some("they sue")),
        paused: Some(Some(PauseDraft { reason: "moving".to_owned(), until: some("2026-12-11") })),
        whatsapp_consent: Some(true),
    };
    let after = applied(&all, &touched(&[(1, 9)])).unwrap();
    assert_eq!(after.contacts[0].audience, Audience::Approver);
    assert_eq!((after.tier, after.touches.len()), (Tier::Vip, 1));
    assert!(after.whatsapp_allowed() && after.excluded.is_some());
    assert_eq!(
        after.paused.as_ref().and_then(|it| it.until),
        NaiveDate::from_ymd_opt(2026, 12, 11)
    );
    assert_eq!(applied(&CareDraft::default(), &after).unwrap(), after);
    let lifted = CareDraft { excluded: Some(None), paused: Some(None), ..CareDraft::default() };
    let lifted = applied(&lifted, &after).unwrap();
    assert_eq!((lifted.excluded, lifted.paused, lifted.tier), (None, None, Tier::Vip));
}

#[test]
fn a_contact_that_cannot_be_written_to_or_a_pause_that_is_over_is_taken() {
    let contact = |name: &str, audience: &str, email: Option<&str>| ContactDraft {
        name: name.to_owned(),
        audience: audience.to_owned(),
        email: email.map(str::to_owned),
        phone: None,
    };
    let pause = |until: &str| Some(Some(PauseDraft { reason: "x".to_owned(), until: some(until) }));
    let draft = CareDraft {
        contacts: Some(vec![contact("A", "billing", None), contact("", "boss", Some("no"))]),
        tier: some("gold"),
        excluded: Some(some(" ")),
        paused: pause("2026-12-10"),
        whatsapp_consent: None,
    };
    assert_eq!(
        applied(&draft, &Care::default()).unwrap_err(),
        [
            "contacts[0].email",
            "contacts[1].name",
            "contacts[1].audience",
            "contacts[1].email",
            "tier",
            "excluded.reason",
            "paused.until",
        ]
    );
    for until in ["2027-12-11", "soon"] {
        let draft = CareDraft { paused: pause(until), ..CareDraft::default() };
        assert_eq!(applied(&draft, &Care::default()).unwrap_err(), ["paused.until"]);
    }
    let many = vec![contact("A", "billing", Some("a@b.example")); CONTACTS_MAX + 1];
    let draft = CareDraft { contacts: Some(many), ..CareDraft::default() };
    assert_eq!(applied(&draft, &Care::default()).unwrap_err(), ["contacts"]);
}
