use super::{Cep, ContactError, Email, Phone};

#[test]
fn plain_addresses_are_accepted_and_lower_cased() {
    let check = |text: &str, expected: &str, domain: &str| {
        let email = Email::parse(text).unwrap();
        assert_eq!((email.as_str(), email.domain()), (expected, domain));
    };
    check("Financeiro@Empresa.com.br", "financeiro@empresa.com.br", "empresa.com.br");
    check("a.b+nf_1@x-y.co", "a.b+nf_1@x-y.co", "x-y.co");
}

#[test]
fn what_mail_cannot_be_sent_to_is_refused() {
    let long_local = format!("{}@x.co", "a".repeat(65));
    let long_label = format!("a@{}.co", "b".repeat(64));
    let long = format!("a@{}co", "b.".repeat(130));
    let refused = [
        "",
        "@",
        "a@",
        "@x.co",
        "a@x",
        "a b@x.co",
        "a@x..co",
        "a@.co",
        "a@x.co.",
        ".a@x.co",
        "a.@x.co",
        "a..b@x.co",
        "a@b@x.co",
        "a@-x.co",
        "a@x-.co",
        "a@x_y.co",
        "ação@x.co",
        "a@x.co\n",
        "a@x.co\r\nBcc: b@x.co",
        "<a@x.co>",
        "\"a\"@x.co",
        "a@[127.0.0.1]",
    ];
    for text in refused.into_iter().chain([&*long_local, &*long_label, &*long]) {
        assert_eq!(Email::parse(text), Err(ContactError::Email), "{text:?}");
    }
}

#[test]
fn phones_need_their_country_code() {
    let check = |text: &str, expected: &str| {
        assert_eq!(Phone::parse(text).unwrap().as_str(), expected);
    };
    check("+5511987654321", "+5511987654321");
    check("+55 (11) 98765-4321", "+5511987654321");
    check("+55 11 3456.7890", "+551134567890");
    let refused = [
        "",
        "+55",
        "11987654321",
        "5511987654321",
        "+1 202 555 0100",
        "+551198765432",
        "+55119876543210",
        "+5511887654321",
        "+5501987654321",
        "+5510987654321",
        "+551114567890",
        "+5511 98765 432x",
        "+55٣١987654321",
        "++5511987654321",
        "+55 11 98765 4321          ",
    ];
    for text in refused {
        assert_eq!(Phone::parse(text), Err(ContactError::Phone), "{text:?}");
    }
}

#[test]
fn trap_35_a_postal_code_keeps_its_leading_zero() {
    let cep = Cep::parse("01310-100").unwrap();
    assert_eq!((cep.as_str(), cep.formatted().as_str()), ("01310100", "01310-100"));
    assert_eq!(Cep::parse("01310100").unwrap(), cep);
    for text in ["1310100", "013101000", "0131-0100", "01310-10a", "-01310100", "01310--100", ""] {
        assert_eq!(Cep::parse(text), Err(ContactError::Cep), "{text:?}");
    }
}

#[test]
fn trap_47_contacts_never_show_themselves_in_a_log() {
    let shown = format!(
        "{:?} {:?} {:?}",
        Email::parse("a@x.co").unwrap(),
        Phone::parse("+5511987654321").unwrap(),
        Cep::parse("01310100").unwrap()
    );
    assert_eq!(shown, "Email(redacted) Phone(redacted) Cep(redacted)");
}

#[test]
fn contacts_are_stored_as_text_and_checked_when_read() {
    let email: Email = serde_json::from_str("\"A@x.co\"").unwrap();
    assert_eq!(serde_json::to_string(&email).unwrap(), "\"a@x.co\"");
    let error = serde_json::from_str::<Email>("\"secret@\"").unwrap_err().to_string();
    assert!(!error.contains("secret"), "{error}");
}
