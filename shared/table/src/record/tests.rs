//! Fears: a record that reads differently tomorrow, or is handed out under a key that is not its
//! own. Each kind keeps a golden file of version 1.

use std::path::PathBuf;

use quita_core::access::{ApiKey, LastUse, Permission, Person, Principal, Role, Session};
use quita_core::contact::Email;
use quita_core::ids::{ApiKeyId, PersonId, SessionId};
use serde_json::Value;

use super::*;
use crate::items::Stored as Decoded;
use crate::sample::{at, merchant_id};

/// Set to write golden files that do not exist. One that exists is never written over.
const BLESS: &str = "QUITA_BLESS";

/// Checks that the golden file of a kind reads as `value` for good and is still written.
pub(super) fn check_golden<R: Record + PartialEq + fmt::Debug>(value: &R) {
    check_golden_named(R::KIND, value);
}

/// The same for another shape of a kind.
pub(super) fn check_golden_named<R: Record + PartialEq + fmt::Debug>(name: &str, value: &R) {
    assert!(KINDS.contains(&R::KIND), "{} is not among the kinds", R::KIND);
    let written = item(value).unwrap();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let path = folder.join(format!("{name}.v1.json"));
    if !path.exists() && std::env::var_os(BLESS).is_some() {
        let sorted: Value = serde_json::to_value(&written).unwrap();
        let text = serde_json::to_string_pretty(&sorted).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
    }
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|why| panic!("{}: {why}; make it with {BLESS}=1", path.display()));
    let golden: Item = serde_json::from_str(&text).unwrap();
    let read = match crate::items::decode(&merchant_id(), golden.clone()).unwrap().1 {
        Decoded::Record(record) => record.decode::<R>(&merchant_id()).unwrap(),
        other => panic!("{name}: read as {other:?}"),
    };
    assert_eq!(read, *value, "{name}: the file reads differently now");
    assert_eq!(golden, written, "{name}: the writer no longer writes what the file has");
}

fn api_key() -> ApiKey {
    ApiKey {
        merchant: merchant_id(),
        id: ApiKeyId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap(),
        version: 2,
        name: "ERP".to_owned(),
        sha256: "0123456789abcdef".repeat(4),
        permissions: [Permission::Read, Permission::MoveMoney].into(),
        created_at: at("2026-11-23T12:00:00Z"),
        created_by: "usr_01JE6X7Q5M8Y2N4C9R0T3V6W91".to_owned(),
        expires_at: Some(at("2027-11-23T12:00:00Z")),
        replaced_by: ApiKeyId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W92").ok(),
        revoked_at: Some(at("2026-12-01T12:00:00Z")),
    }
}

fn person() -> Person {
    Person {
        merchant: merchant_id(),
        id: PersonId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W91").unwrap(),
        version: 3,
        name: "Ana Lima".to_owned(),
        email: Email::parse("ana@acme.example").unwrap(),
        role: Role::Finance,
        created_at: at("2026-11-23T12:00:00Z"),
        removed_at: Some(at("2026-12-01T12:00:00Z")),
    }
}

#[test]
fn golden_files_of_credentials_read_for_good() {
    check_golden(&api_key());
    check_golden(&person());
    check_golden(&PersonEmail {
        merchant: merchant_id(),
        sha256: "fedcba9876543210".repeat(4),
        version: 4,
        person: person().id,
        link_sent_at: Some(at("2026-11-23T12:00:00Z")),
    });
    check_golden(&Session {
        merchant: merchant_id(),
        id: SessionId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W90").unwrap(),
        version: 2,
        person: person().id,
        sha256: "0123456789abcdef".repeat(4),
        created_at: at("2026-11-23T12:00:00Z"),
        expires_at: at("2026-11-24T00:00:00Z"),
        revoked_at: Some(at("2026-11-23T13:00:00Z")),
    });
    check_golden(&LastUse {
        merchant: merchant_id(),
        of: Principal::ApiKey(api_key().id),
        version: 7,
        at: at("2026-11-23T12:00:00Z"),
    });
}

#[test]
fn a_record_is_handed_out_under_a_key_that_is_not_its_own() {
    let other = MerchantId::parse("mer_other").unwrap();
    let longer = MerchantId::parse("mer_acme2").unwrap();
    let stored = item(&api_key()).unwrap();
    for stranger in [&other, &longer] {
        assert!(crate::items::decode(stranger, stored.clone()).is_err(), "{stranger}");
        assert!(RecordItem(stored.clone()).decode::<ApiKey>(stranger).is_err(), "{stranger}");
    }
    let mut moved = stored.clone();
    let sk = AttributeValue::S("PERSON".to_owned());
    moved.insert(schema::SK.to_owned(), sk);
    assert!(RecordItem(moved).decode::<ApiKey>(&merchant_id()).is_err());
    assert!(RecordItem(stored).decode::<Person>(&merchant_id()).is_err());
}

#[test]
fn a_kept_request_and_a_sealed_identity_read_the_same_for_good() {
    use quita_core::approval::{Approval, ApprovalState, Asker, Operation};
    use quita_core::erasure::SealedIdentity;
    use quita_core::ids::ApprovalId;

    let by = "usr_01JE6X7Q5M8Y2N4C9R0T3V6W91".to_owned();
    let asker = Asker {
        principal: "key_01JE6X7Q5M8Y2N4C9R0T3V6W8Z".to_owned(),
        makers: vec!["usr_01JE6X7Q5M8Y2N4C9R0T3V6W90".to_owned()],
    };
    let now = at("2026-11-23T12:00:00Z");
    let mut approval = Approval::asked(
        &merchant_id(),
        ApprovalId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap(),
        Operation::Refund,
        "/v1/payments/E1/refunds",
        r#"{"amount":"1000.00","reason":"paid twice"}"#,
        Some(quita_core::money::Money::from_centavos(100_000)),
        asker,
        now,
    );
    check_golden_named("approval_pending", &approval);
    assert!(approval.list().is_some(), "it waits");
    let approved_at = now + chrono::TimeDelta::hours(1);
    let sha256 = "0123456789abcdef".repeat(4);
    approval.version = 3;
    approval.state =
        ApprovalState::CarriedOut { by, approved_at, at: approved_at, status: 202, sha256 };
    check_golden(&approval);
    assert!(approval.list().is_none(), "nothing is left to do");
    let day = "2032-01-01".parse().unwrap();
    let sealed = SealedIdentity::of(&crate::sample::customer(), day);
    check_golden(&sealed);
    assert_eq!(sealed.expires_at(), Some(at("2032-01-02T03:00:00Z")));
}
