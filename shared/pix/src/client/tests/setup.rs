use crate::client::{ClientOptions, ConfigError, PspClient};
use crate::credentials::Credentials;
use crate::identity::{ClientIdentity, TrustedRoots};
use crate::profile::{Bank, BankProfile, Environment};

fn build(profile: BankProfile, credentials: Credentials) -> Result<PspClient, ConfigError> {
    let roots = TrustedRoots::Only(include_bytes!("../../../fixtures/tls/ca.pem").to_vec());
    PspClient::new(profile, credentials, ClientOptions { roots, ..ClientOptions::default() })
}

fn identity() -> ClientIdentity {
    ClientIdentity::from_pem(include_str!("../../../fixtures/tls/client.pem")).unwrap()
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let token = "https://bank.example/oauth/token";
    for (base, ok) in [
        ("https://bank.example/v2", true),
        ("http://127.0.0.1:9/v2", true),
        ("http://[::1]:9/v2", true),
        ("http://localhost:9/v2", true),
        ("http://bank.example/v2", false),
        ("http://127.0.0.1.bank.example/v2", false),
        ("http://10.0.0.1/v2", false),
        ("ftp://127.0.0.1/v2", false),
        ("https://user:pass@bank.example/v2", false),
        ("https://bank.example/v2?x=1", false),
        ("bank.example/v2", false),
    ] {
        let profile = BankProfile::custom(base, token);
        let built = build(profile, Credentials::new("id", "secret"));
        assert_eq!(built.is_ok(), ok, "{base}: {:?}", built.err());
    }
    let built = build(
        BankProfile::custom("https://bank.example/v2", "http://bank.example/token"),
        Credentials::new("id", "secret"),
    );
    assert!(matches!(built, Err(ConfigError::PlainHttp { which: "token_url" })));
}

#[test]
fn what_a_bank_needs_is_asked_for_before_the_first_call() {
    let efi = || BankProfile::of(Bank::Efi, Environment::Production);
    let built = build(efi(), Credentials::new("id", "secret"));
    assert!(matches!(built, Err(ConfigError::IdentityMissing { bank }) if bank == "efi"));
    assert!(build(efi(), Credentials::new("id", "secret").with_identity(identity())).is_ok());

    let bb = || BankProfile::of(Bank::BancoDoBrasil, Environment::Test);
    let built = build(bb(), Credentials::new("id", "secret"));
    assert!(matches!(built, Err(ConfigError::ExtraMissing { name: "gw-dev-app-key", .. })));
    let with = |key: &str| Credentials::new("id", "secret").with_extra("gw-dev-app-key", key);
    assert!(matches!(build(bb(), with("a\r\nb")), Err(ConfigError::ExtraUnusable { .. })));
    assert!(build(bb(), with("key")).is_ok());
}

#[test]
fn trap_47_debug_of_a_client_holds_no_secret() {
    let profile = BankProfile::custom("http://127.0.0.1:9/v2", "http://127.0.0.1:9/t");
    let client = build(profile, Credentials::new("the-id", "the-secret")).unwrap();
    let shown = format!("{client:?} {:?}", Credentials::new("the-id", "the-secret"));
    assert!(!shown.contains("the-secret") && !shown.contains("the-id"), "{shown}");
}

#[test]
fn roots_that_are_not_certificates_are_refused() {
    let profile = BankProfile::custom("https://bank.example/v2", "https://bank.example/t");
    let options = ClientOptions {
        roots: TrustedRoots::Only(b"nonsense".to_vec()),
        ..ClientOptions::default()
    };
    let built = PspClient::new(profile, Credentials::new("id", "s"), options);
    assert!(matches!(built, Err(ConfigError::Roots)));
}
