use super::{PixKey, PixKeyError};

fn kind(text: &str) -> &'static str {
    match PixKey::parse(text).unwrap() {
        PixKey::Cpf(_) => "cpf",
        PixKey::Cnpj(_) => "cnpj",
        PixKey::Phone(_) => "phone",
        PixKey::Email(_) => "email",
        PixKey::Random(_) => "random",
    }
}

#[test]
fn every_kind_of_key_is_told_apart() {
    let check = |text: &str, expected: &str| {
        assert_eq!(kind(text), expected, "{text}");
        assert_eq!(PixKey::parse(text).unwrap().as_str(), text);
    };
    check("52998224725", "cpf");
    check("00000000000191", "cnpj");
    check("12ABC34501DE35", "cnpj");
    check("+5511987654321", "phone");
    check("+551134567890", "phone");
    check("+12025550100", "phone");
    check("financeiro@empresa.com.br", "email");
    check("123e4567-e89b-12d3-a456-426614174000", "random");
}

#[test]
fn trap_39_eleven_digits_are_a_cpf_and_a_phone_has_its_plus() {
    // It would be a fine mobile number in São Paulo, but its check digits are no CPF's.
    assert_eq!(PixKey::parse("11987654321"), Err(PixKeyError::CheckDigits));
    assert_eq!(kind("+5511987654321"), "phone");
    assert_eq!("+5511987654321".len(), 14, "as long as a CNPJ, yet a phone");
}

#[test]
fn trap_36_keys_of_repeated_digits_are_refused() {
    for text in ["11111111111", "00000000000000", "52998224724", "12ABC34501DE45"] {
        assert_eq!(PixKey::parse(text), Err(PixKeyError::CheckDigits), "{text}");
    }
}

#[test]
fn what_dict_would_not_hold_is_refused() {
    let long = format!("{}@empresa.com.br", "a".repeat(64));
    let refused = [
        "",
        "529.982.247-25",
        "12abc34501de35",
        "Financeiro@empresa.com.br",
        "123E4567-E89B-12D3-A456-426614174000",
        "123e4567e89b12d3a456426614174000",
        "123e4567-e89b-12d3-a456-42661417400g",
        "+0511987654321",
        "+55",
        "+",
        "+55119876543210000",
        "+55 11987654321",
        " 52998224725",
        "chave",
    ];
    for text in refused.into_iter().chain([&*long]) {
        assert_eq!(PixKey::parse(text), Err(PixKeyError::Malformed), "{text:?}");
    }
}

#[test]
fn trap_47_a_key_never_shows_itself_in_a_log() {
    for text in ["52998224725", "+5511987654321", "a@x.co", "12ABC34501DE35"] {
        let shown = format!("{:?}", PixKey::parse(text).unwrap());
        assert!(shown.ends_with("(redacted))") && !shown.contains(text), "{shown}");
    }
}

#[test]
fn keys_are_stored_as_text_and_checked_when_read() {
    let key: PixKey = serde_json::from_str("\"a@x.co\"").unwrap();
    assert_eq!(serde_json::to_string(&key).unwrap(), "\"a@x.co\"");
    assert!(serde_json::from_str::<PixKey>("\"A@x.co\"").is_err());
}
