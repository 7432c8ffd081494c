use super::*;

const P12: &[u8] = include_bytes!("../../../../pix/fixtures/tls/client.p12");
const EXPIRED: &[u8] = include_bytes!("../../../../pix/fixtures/tls/expired.p12");
const PEM: &str = include_str!("../../../../pix/fixtures/tls/client.pem");
const OTHER_PEM: &str = include_str!("../../../../pix/fixtures/tls/server.pem");
const PASSWORD: &str = "quita-test";

fn now() -> DateTime<Utc> {
    "2026-11-23T13:00:00Z".parse().unwrap()
}

fn p12(bytes: &[u8], password: &str) -> Option<CertificateDraft> {
    Some(CertificateDraft::Pkcs12 { base64: STANDARD.encode(bytes), password: password.into() })
}

/// The key of one PEM, or its certificate.
fn block(pem: &str, label: &str) -> String {
    let begin = pem.find(&format!("-----BEGIN {label}-----")).unwrap();
    let end = format!("-----END {label}-----");
    pem[begin..pem.find(&end).unwrap() + end.len()].to_owned()
}

fn efi() -> BankDraft {
    BankDraft {
        bank: "efi".into(),
        sandbox: true,
        pix_key: "7d9f0335-8dcc-4054-9bf9-0dbd61d36906".into(),
        client_id: "Client_Id_1".into(),
        client_secret: Some("Client_Secret_1".into()),
        certificate: p12(P12, PASSWORD),
        ..BankDraft::default()
    }
}

fn custom(base: &str, token: &str) -> BankDraft {
    BankDraft {
        bank: CUSTOM.into(),
        base_url: Some(base.into()),
        token_url: Some(token.into()),
        certificate: None,
        ..efi()
    }
}

#[track_caller]
fn check(draft: &BankDraft, mode: Mode, local: bool, expected: &[&str]) {
    let faults = draft.check(mode, local, now()).err().unwrap_or_default();
    let found: Vec<&str> = faults.iter().map(|fault| fault.property.as_str()).collect();
    assert_eq!(found, expected, "{faults:?}");
    for secret in ["Client_Secret_1", PASSWORD, "BEGIN PRIVATE"] {
        assert!(!format!("{faults:?} {draft:?}").contains(secret), "{faults:?}");
    }
}

#[test]
fn a_certificate_that_cannot_be_used_reaches_the_bank() {
    check(&efi(), Mode::Test, false, &[]);
    let with = |certificate| BankDraft { certificate, ..efi() };
    let password = ["certificate.pkcs12_password"];
    check(&with(p12(P12, "wrong")), Mode::Test, false, &password);
    check(&with(p12(b"no file", PASSWORD)), Mode::Test, false, &password);
    check(&with(p12(EXPIRED, PASSWORD)), Mode::Test, false, &["certificate"]);
    let not_base64 = CertificateDraft::Pkcs12 { base64: "%%%".into(), password: PASSWORD.into() };
    check(&with(Some(not_base64)), Mode::Test, false, &["certificate.pkcs12_base64"]);
    check(&with(None), Mode::Test, false, &["certificate"]);
    let pem = |certificate: &str, key: &str| {
        Some(CertificateDraft::Pem {
            certificate: block(certificate, "CERTIFICATE"),
            private_key: block(key, "PRIVATE KEY"),
        })
    };
    check(&with(pem(PEM, PEM)), Mode::Test, false, &[]);
    check(&with(pem(PEM, OTHER_PEM)), Mode::Test, false, &["certificate"]);
    let swapped = CertificateDraft::Pem {
        certificate: block(PEM, "PRIVATE KEY"),
        private_key: String::new(),
    };
    check(&with(Some(swapped)), Mode::Test, false, &["certificate"]);
    let huge = CertificateDraft::Pem {
        certificate: "x".repeat(CERTIFICATE_BYTES_MAX),
        private_key: "x".into(),
    };
    check(&with(Some(huge)), Mode::Test, false, &["certificate"]);
}

#[test]
fn the_end_of_the_certificate_is_not_kept() {
    let checked = efi().check(Mode::Test, false, now()).ok().unwrap();
    let end = checked.certificate.unwrap().not_after;
    assert!(end > now() + chrono::TimeDelta::days(36_000), "{end}");
}

#[test]
fn credentials_are_sent_to_an_address_nobody_should_reach() {
    let bank = "https://pix.example.com/v2";
    let of = |url: &str| custom(url, "https://pix.example.com/token");
    check(&of(bank), Mode::Test, false, &[]);
    for bad in [
        "http://pix.example.com/v2",
        "https://user:pass@pix.example.com",
        "https://pix.example.com/v2?x=1",
        "https://10.0.0.1/v2",
        "https://[fd00::1]/v2",
        "https://169.254.169.254/latest",
        "https://intranet/v2",
        "ftp://pix.example.com",
        "pix.example.com",
        "",
    ] {
        check(&of(bad), Mode::Test, false, &["base_url"]);
        check(&of(bad), Mode::Test, true, &["base_url"]);
    }
    let local = custom("http://127.0.0.1:8787/bank", "http://localhost:8787/bank/oauth/token");
    check(&local, Mode::Test, true, &[]);
    check(&local, Mode::Test, false, &["base_url", "token_url"]);
    let https = custom("https://localhost/v2", "https://127.0.0.1:9001/token");
    check(&https, Mode::Test, false, &["base_url", "token_url"]);
}

#[test]
fn a_test_charges_real_people_or_real_money_goes_to_a_sandbox() {
    check(&efi(), Mode::Live, false, &["sandbox"]);
    check(&BankDraft { sandbox: false, ..efi() }, Mode::Live, false, &[]);
    check(&BankDraft { sandbox: false, ..efi() }, Mode::Test, false, &["sandbox"]);
}

#[test]
fn what_is_wrong_is_told_one_fault_after_the_other() {
    let draft = BankDraft {
        bank: "nubank".into(),
        sandbox: false,
        base_url: Some("http://x.example".into()),
        token_url: None,
        pix_key: "11111111111".into(),
        client_id: "a b".into(),
        client_secret: Some("line\nbreak".into()),
        certificate: p12(P12, "wrong"),
        scopes: Some(vec![String::new()]),
        extras: [("gw-dev-app-key".to_owned(), "ç".to_owned())].into(),
    };
    let expected = [
        "bank",
        "sandbox",
        "base_url",
        "token_url",
        "pix_key",
        "client_id",
        "client_secret",
        "scopes[0]",
        "extras",
        "certificate.pkcs12_password",
    ];
    check(&draft, Mode::Test, false, &expected);
    let half = BankDraft { base_url: Some("https://x.example".into()), ..efi() };
    check(&half, Mode::Test, false, &["token_url"]);
    let bare = BankDraft { base_url: None, token_url: None, ..custom("", "") };
    check(&bare, Mode::Test, false, &["base_url", "token_url"]);
    // Banco do Brasil wants one more value.
    let more = BankDraft { bank: "banco_do_brasil".into(), ..efi() };
    check(&more, Mode::Test, false, &["extras"]);
}

#[test]
fn the_secret_that_is_kept_does_not_open_the_bank_again() {
    let checked = efi().check(Mode::Test, false, now()).ok().unwrap();
    let text = checked.access.to_secret().unwrap();
    let again: BankAccess = serde_json::from_str(&text).unwrap();
    assert_eq!(again.profile().unwrap().name(), "efi");
    assert!(again.credentials().unwrap().identity().is_some());
}
