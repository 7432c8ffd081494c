use super::*;
use crate::credentials::{Credentials, CredentialsError};

const PEM: &str = include_str!("../../fixtures/tls/client.pem");
const P12: &[u8] = include_bytes!("../../fixtures/tls/client.p12");
const AUTHORITY: &str = include_str!("../../fixtures/tls/ca.pem");
const SERVER: &str = include_str!("../../fixtures/tls/server.pem");
const EXPIRED: &[u8] = include_bytes!("../../fixtures/tls/expired.p12");
const PASSWORD: &str = "quita-test";

#[test]
fn opens_pem_and_pkcs12() {
    assert!(ClientIdentity::from_pem(PEM).is_ok());
    assert!(ClientIdentity::from_pkcs12(P12, PASSWORD).unwrap().to_reqwest().is_ok());
}

#[test]
fn says_what_is_wrong_with_a_certificate() {
    assert_eq!(ClientIdentity::from_pem("nonsense").unwrap_err(), IdentityError::Pem);
    assert_eq!(ClientIdentity::from_pem(AUTHORITY).unwrap_err(), IdentityError::Pem);
    let wrong = ClientIdentity::from_pkcs12(P12, "another").unwrap_err();
    assert_eq!(wrong, IdentityError::Pkcs12);
    let cut = ClientIdentity::from_pkcs12(&P12[..P12.len() / 2], PASSWORD).unwrap_err();
    assert_eq!(cut, IdentityError::Pkcs12);
}

/// The key of one pair beside the certificate of another.
fn mixed() -> String {
    let block = |pem: &str, label: &str| {
        let begin = pem.find(&format!("-----BEGIN {label}-----")).unwrap();
        let end = format!("-----END {label}-----\n");
        pem[begin..pem.find(&end).unwrap() + end.len()].to_owned()
    };
    format!("{}{}", block(SERVER, "PRIVATE KEY"), block(PEM, "CERTIFICATE"))
}

#[test]
fn a_certificate_is_sent_with_a_key_that_is_not_its_own() {
    let mixed = ClientIdentity::from_pem(&mixed()).unwrap();
    assert_eq!(mixed.inspect().unwrap_err(), IdentityError::KeyMismatch);
    for own in [ClientIdentity::from_pem(PEM), ClientIdentity::from_pkcs12(P12, PASSWORD)] {
        let validity = own.unwrap().inspect().unwrap();
        let years = (validity.not_after - validity.not_before).num_days() / 365;
        assert_eq!(years, 100);
    }
}

#[test]
fn the_end_of_a_certificate_is_read_wrong() {
    let identity = ClientIdentity::from_pkcs12(EXPIRED, PASSWORD).unwrap();
    let validity = identity.inspect().unwrap();
    let shown = (validity.not_before.to_rfc3339(), validity.not_after.to_rfc3339());
    let expected = ("2025-01-01T00:00:00+00:00".into(), "2026-01-01T00:00:00+00:00".into());
    assert_eq!(shown, expected);
}

#[test]
fn credentials_come_out_of_a_secret_store_in_one_json() {
    let stored = serde_json::json!({
        "client_id": "id", "client_secret": "very-secret",
        "certificate_pem": ClientIdentity::from_pkcs12(P12, PASSWORD).unwrap().as_pem(),
        "extras": {"gw-dev-app-key": "key-9"},
    });
    let credentials = Credentials::from_json(&stored.to_string()).unwrap();
    assert!(credentials.identity.is_some());
    let shown = format!("{credentials:?}");
    for secret in ["very-secret", "key-9", "BEGIN"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    for broken in ["", "{}", "{\"client_id\": 1}", "{\"client_id\":\"a\",\"client_secrt\":\"b\"}"] {
        assert!(matches!(Credentials::from_json(broken), Err(CredentialsError::Json)), "{broken}");
    }
}
