use proptest::prelude::*;

use super::{Cnpj, Cpf, DocumentError, TaxId};

const CNPJ_VALID: [&str; 17] = [
    "12ABC34501DE35",
    "00000000000191",
    "11222333000181",
    "11444777000161",
    "60701190000104",
    "60746123000106",
    "A1B2C3D4E5F668",
    "1345C3A5000106",
    "R55231B3000757",
    "ABCDEFGH000195",
    "ZZZZZZZZZZZZ62",
    "AAAAAAAA000191",
    "0A1B2C3D000193",
    "11222333000A96",
    "00000000000A04",
    "Q7HN2XKW000110",
    "9A8B7C6D000279",
];
const CPF_VALID: [&str; 5] =
    ["52998224725", "11144477735", "12345678909", "00000000191", "93541134780"];

#[test]
fn known_good_documents_are_accepted() {
    for text in CNPJ_VALID {
        assert_eq!(Cnpj::parse(text).unwrap().as_str(), text);
        assert!(matches!(TaxId::parse(text), Ok(TaxId::Cnpj(_))), "{text}");
    }
    for text in CPF_VALID {
        assert_eq!(Cpf::parse(text).unwrap().as_str(), text);
        assert!(matches!(TaxId::parse(text), Ok(TaxId::Cpf(_))), "{text}");
    }
}

#[test]
fn trap_34_letters_of_a_cnpj_count_and_are_not_base_36() {
    assert!(Cnpj::parse("12ABC34501DE35").is_ok());
    assert_eq!(Cnpj::parse("12ABC34501DE45"), Err(DocumentError::CheckDigits));
    assert_eq!(Cnpj::parse("12ABC34501DE00"), Err(DocumentError::CheckDigits));
    assert_eq!(Cnpj::parse("12ABC34501DE3A"), Err(DocumentError::Malformed));
    // Lower case is not a canonical form; it is accepted as a spelling and upper-cased.
    assert_eq!(Cnpj::parse("12abc34501de35").unwrap().as_str(), "12ABC34501DE35");
}

#[test]
fn trap_35_leading_zeros_stay() {
    let cnpj = Cnpj::parse("00.000.000/0001-91").unwrap();
    assert_eq!(cnpj.as_str(), "00000000000191");
    assert_eq!(serde_json::to_string(&cnpj).unwrap(), "\"00000000000191\"");
    assert_eq!(Cpf::parse("000.000.001-91").unwrap().as_str(), "00000000191");
    assert!(serde_json::from_str::<Cnpj>("191").is_err());
    assert_eq!(Cnpj::parse("191"), Err(DocumentError::Malformed));
}

#[test]
fn trap_36_repeated_digits_are_refused_although_the_sum_holds() {
    for digit in '0'..='9' {
        let cpf: String = std::iter::repeat_n(digit, 11).collect();
        assert_eq!(Cpf::parse(&cpf), Err(DocumentError::Repeated), "{cpf}");
        let cnpj: String = std::iter::repeat_n(digit, 14).collect();
        assert_eq!(Cnpj::parse(&cnpj), Err(DocumentError::Repeated), "{cnpj}");
    }
    assert_eq!(Cpf::parse("52998224724"), Err(DocumentError::CheckDigits));
}

#[test]
fn masks_are_accepted_and_other_text_is_not() {
    assert_eq!(Cnpj::parse("12.ABC.345/01DE-35").unwrap().as_str(), "12ABC34501DE35");
    assert_eq!(Cpf::parse("529.982.247-25").unwrap().as_str(), "52998224725");
    let refused = [
        "",
        "-",
        "5299822472",
        "529982247255",
        "5299822472X",
        " 52998224725",
        "52998224725 ",
        "5299822472\u{0665}",
        "12ABC34501DE355",
        "12ÁBC34501DE35",
        "12_BC34501DE35",
        "................................",
        "5.2.9.9.8.2.2.4.7.2.5",
    ];
    for text in refused {
        assert_eq!(TaxId::parse(text), Err(DocumentError::Malformed), "{text:?}");
    }
}

#[test]
fn documents_are_formatted_and_masked() {
    let cnpj = TaxId::parse("12ABC34501DE35").unwrap();
    assert_eq!(cnpj.formatted(), "12.ABC.345/01DE-35");
    assert_eq!(cnpj.masked(), "**.ABC.345/****-**");
    let cpf = TaxId::parse("52998224725").unwrap();
    assert_eq!(cpf.formatted(), "529.982.247-25");
    assert_eq!(cpf.masked(), "***.982.247-**");
}

#[test]
fn trap_47_a_document_never_shows_itself_in_a_log() {
    let cpf = TaxId::parse("52998224725").unwrap();
    assert_eq!(format!("{cpf:?}"), "Cpf(Cpf(redacted))");
    let error = serde_json::from_str::<TaxId>("\"52998224724\"").unwrap_err().to_string();
    assert!(!error.contains("529982247"), "{error}");
}

/// Whether a change at `place` may go unseen: modulo 11 gives the check digit 0 to two remainders,
/// so both must be 0. The first digit of a CPF weighs 11 in the second check digit, which is
/// nothing, so there the first check digit alone decides.
fn is_known_collision(document: &str, place: usize) -> bool {
    let first_of_cpf = place == 0 && document.len() == super::CPF_LENGTH;
    document.ends_with("00") || (first_of_cpf && document.as_bytes()[9] == b'0')
}

#[test]
fn two_cpfs_that_differ_in_one_digit_can_both_be_right() {
    for text in ["10000000108", "20000000108"] {
        assert!(Cpf::parse(text).is_ok() && is_known_collision(text, 0), "{text}");
        assert!(!is_known_collision(text, 1), "{text}");
    }
    assert_eq!(Cpf::parse("30000000108"), Err(DocumentError::CheckDigits));
}

fn with_check_digits(body: &str, weight_max: u32) -> String {
    let mut bytes = body.as_bytes().to_vec();
    for _ in 0..2 {
        bytes.push(super::check_digit(&bytes, weight_max));
    }
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_changed_digit_of_a_cpf_is_noticed(
        body in "[0-9]{9}", place in 0_usize..11, shift in 1_u8..10,
    ) {
        let valid = with_check_digits(&body, super::CPF_WEIGHT_MAX);
        prop_assume!(Cpf::parse(&valid).is_ok());
        let mut changed = valid.clone().into_bytes();
        changed[place] = b'0' + (changed[place] - b'0' + shift) % 10;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert!(Cpf::parse(&changed).is_err() || is_known_collision(&changed, place), "{}", changed);
    }

    #[test]
    fn a_changed_digit_of_a_cnpj_is_noticed(
        body in "[0-9A-Z]{8}[0-9]{4}", place in 8_usize..14, shift in 1_u8..10,
    ) {
        let valid = with_check_digits(&body, super::CNPJ_WEIGHT_MAX);
        prop_assume!(Cnpj::parse(&valid).is_ok());
        let mut changed = valid.clone().into_bytes();
        changed[place] = b'0' + (changed[place] - b'0' + shift) % 10;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert!(Cnpj::parse(&changed).is_err() || is_known_collision(&changed, place), "{}", changed);
    }

    #[test]
    fn formatted_documents_parse_back(body in "[0-9A-Z]{12}") {
        let valid = with_check_digits(&body, super::CNPJ_WEIGHT_MAX);
        if let Ok(cnpj) = Cnpj::parse(&valid) {
            prop_assert_eq!(Cnpj::parse(&cnpj.formatted()), Ok(cnpj));
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,20}") {
        let read = TaxId::parse(&text).map(|id| id.as_str().len());
        prop_assert!(matches!(read, Ok(11 | 14) | Err(_)));
    }
}
