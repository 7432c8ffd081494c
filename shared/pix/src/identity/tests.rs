use super::*;
use crate::credentials::{Credentials, CredentialsError};

const PEM: &[u8] = include_bytes!("../../fixtures/tls/client.pem");
const P12: &[u8] = include_bytes!("../../fixtures/tls/client.p12");
const AUTHORITY: &[u8] = include_bytes!("../../fixtures/tls/ca.pem");
const PASSWORD: &str = "quita-test";

#[test]
fn opens_pem_and_pkcs12() {
    assert!(ClientIdentity::from_pem(PEM).is_ok());
    assert!(ClientIdentity::from_pkcs12(P12, PASSWORD).unwrap().to_reqwest().is_ok());
}

#[test]
fn says_what_is_wrong_with_a_certificate() {
    assert_eq!(ClientIdentity::from_pem(b"nonsense").unwrap_err(), IdentityError::Pem);
    assert_eq!(ClientIdentity::from_pem(AUTHORITY).unwrap_err(), IdentityError::Pem);
    let wrong = ClientIdentity::from_pkcs12(P12, "another").unwrap_err();
    assert_eq!(wrong, IdentityError::Pkcs12);
    let cut = ClientIdentity::from_pkcs12(&P12[..P12.len() / 2], PASSWORD).unwrap_err();
    assert_eq!(cut, IdentityError::Pkcs12);
}

#[test]
fn credentials_come_out_of_a_secret_store_in_one_json() {
    let stored = serde_json::json!({
        "client_id": "id", "client_secret": "very-secret",
        "pkcs12_base64": STANDARD.encode(P12), "pkcs12_password": PASSWORD,
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
