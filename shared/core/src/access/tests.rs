//! Fears: a role that may more than it should, a credential that works past its end.

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_role_may_do_more_than_it_is_for() {
    let told = |role: Role| -> Vec<&str> {
        role.permissions().into_iter().map(Permission::as_str).collect()
    };
    assert_eq!(told(Role::Viewer), ["read"]);
    assert_eq!(told(Role::Csm), ["read", "care"]);
    assert_eq!(
        told(Role::Finance),
        ["read", "issue", "care", "adjust", "move_money", "import", "audit"]
    );
    assert_eq!(told(Role::Admin), Permission::ALL.map(Permission::as_str));
}

#[test]
fn a_name_leads_back_to_another_permission_or_role() {
    for permission in Permission::ALL {
        assert_eq!(Permission::parse(permission.as_str()), Some(permission));
    }
    for role in Role::ALL {
        assert_eq!(Role::parse(role.as_str()), Some(role));
    }
    for lapsed in Lapsed::ALL {
        assert_eq!(Lapsed::parse(lapsed.code()), Some(lapsed));
    }
    assert_eq!((Permission::parse("Read"), Role::parse("owner")), (None, None));
}

#[test]
fn a_credential_outlives_its_end() {
    let end = at("2026-12-01T12:00:00Z");
    let before = end - TimeDelta::nanoseconds(1);
    assert_eq!(in_force(Some(end), None, before), Ok(()));
    assert_eq!(in_force(Some(end), None, end), Err(Lapsed::Expired));
    assert_eq!(in_force(None, Some(end), before), Ok(()));
    assert_eq!(in_force(None, Some(end), end), Err(Lapsed::Revoked));
    assert_eq!(in_force(Some(end), Some(end), end), Err(Lapsed::Revoked));
    assert_eq!(in_force(None, None, end), Ok(()));
}

#[test]
fn a_session_outlives_its_person() {
    let merchant = MerchantId::parse("mer_acme").unwrap();
    let person = Person {
        merchant: merchant.clone(),
        id: PersonId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap(),
        version: 1,
        name: "Ana".into(),
        email: Email::parse("ana@acme.example").unwrap(),
        role: Role::Finance,
        created_at: at("2026-11-01T12:00:00Z"),
        removed_at: None,
    };
    let now = at("2026-12-01T12:00:00Z");
    let session = Session {
        merchant,
        id: SessionId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W90").unwrap(),
        version: 1,
        person: person.id.clone(),
        sha256: String::new(),
        created_at: now,
        expires_at: now + TimeDelta::hours(12),
        revoked_at: None,
    };
    assert_eq!(session.check(&person, now), Ok(()));
    let gone = Person { removed_at: Some(now), ..person.clone() };
    assert_eq!(session.check(&gone, now), Err(Lapsed::PersonGone));
    let other = PersonId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W91").unwrap();
    let other = Person { id: other, ..person };
    assert_eq!(session.check(&other, now), Err(Lapsed::PersonGone));
}
