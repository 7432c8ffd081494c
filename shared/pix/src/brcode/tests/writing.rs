//! What is written, and what is refused before it is.

use super::super::{
    BrCode, FaultKind, MerchantAccount, OtherField, Path, PointOfInitiation, Recurrence,
    merchant_city, merchant_name, parse_strict,
};
use super::vectors::GOOD;
use super::{manual_with, seal};
use quita_core::money::Money;

use FaultKind as K;

fn vector(number: u8) -> &'static str {
    GOOD.iter().find(|good| good.number == number).unwrap().text
}

fn acme() -> BrCode<'static> {
    BrCode::static_key("+5511987654321", "Acme Ltda", "São Paulo")
}

#[test]
fn each_constructor_writes_its_published_code() {
    let static_code = BrCode {
        amount: Some(Money::from_centavos(123_456)),
        txid: Some("FAT202600001"),
        ..acme()
    };
    assert_eq!(static_code.encode().unwrap(), vector(18));

    let location = "pix.example.com/qr/v2/cobv/0123456789abcdef0123456789abcdef";
    let dynamic = BrCode::dynamic(location, "Acme Ltda", "São Paulo");
    assert_eq!(dynamic.encode().unwrap(), vector(20));
    assert_eq!(dynamic.location_host(), Some("pix.example.com"));

    let recurrence = "pix.example.com/qr/v2/rec/fedcba9876543210fedcba9876543210";
    let composite = BrCode { recurrence: Some(Recurrence::at(recurrence)), ..dynamic };
    assert_eq!(composite.encode().unwrap(), vector(21));

    let alone = BrCode::recurrence_only(recurrence, "Acme Ltda", "São Paulo");
    assert_eq!(parse_strict(&alone.encode().unwrap()).unwrap(), alone);
}

#[test]
fn names_lose_accents_case_and_what_is_past_the_limit() {
    for (given, name) in [
        ("São João Cobranças", "SAO JOAO COBRANCAS"),
        ("  Acme \t Ltda  ", "ACME LTDA"),
        ("ACME LTDA", "ACME LTDA"),
        ("A  B", "A B"),
        ("Padaria d’Água & Cia — nº 1", "PADARIA D'AGUA & CIA - NO"),
        ("Sa\u{303}o", "SAO"),
        ("株式会社 Acme", "ACME"),
        ("株式会社", ""),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ABCDEFGHIJKLMNOPQRSTUVWXY"),
        ("ABCDEFGHIJKLMNOPQRSTUVWX YZ", "ABCDEFGHIJKLMNOPQRSTUVWX"),
    ] {
        assert_eq!(merchant_name(given), name, "{given}");
    }
    assert_eq!(merchant_city("São Miguel do Oeste"), "SAO MIGUEL DO O");
}

#[test]
fn values_a_strict_reader_refuses_are_not_written() {
    let key36 = "123e4567-e12b-12d1-a456-426655440000";
    let text38 = "12345678901234567890123456789012345678";
    let described = |key, description| MerchantAccount::Static {
        key,
        description: Some(description),
        withdrawal_ispb: None,
    };
    let dynamic = |location| BrCode::dynamic(location, "ACME", "SAO PAULO");
    let amount = |centavos| BrCode { amount: Some(Money::from_centavos(centavos)), ..acme() };
    let other = |path| BrCode { others: vec![OtherField { path, value: "x" }], ..acme() };
    let fits = BrCode { account: described(key36, &text38[..37]), ..acme() };
    assert!(fits.encode().is_ok(), "18 + 40 + 41 characters fill template 26");
    let cases = [
        (BrCode { account: described(key36, text38), ..acme() }, Path::Root(26), over(99, 100)),
        (dynamic("https://pix.example.com/a"), Path::Sub(26, 25), K::LocationScheme),
        (dynamic("pix.example.com"), Path::Sub(26, 25), K::LocationMalformed),
        (BrCode { txid: Some("A1"), ..dynamic("a.example/b") }, Path::Sub(62, 5), K::DynamicTxid),
        (BrCode { txid: Some("A-1"), ..acme() }, Path::Sub(62, 5), K::TxidAlphabet),
        (BrCode { txid: Some(""), ..acme() }, Path::Sub(62, 5), K::EmptyValue),
        (BrCode { name: "São".into(), ..acme() }, Path::Root(59), K::NonAscii),
        (BrCode { name: "".into(), ..acme() }, Path::Root(59), K::EmptyValue),
        (BrCode { city: "1234567890123456".into(), ..acme() }, Path::Root(60), over(15, 16)),
        (BrCode { account: MerchantAccount::GuiOnly, ..acme() }, Path::Root(26), K::NoDestination),
        (amount(0), Path::Root(54), K::AmountZero),
        (amount(-1), Path::Root(54), K::AmountMalformed),
        (amount(1_000_000_000_000), Path::Root(54), K::AmountMalformed),
        (BrCode { account_template: 52, ..acme() }, Path::Root(52), K::IdTaken),
        (other(Path::Root(63)), Path::Root(63), K::IdTaken),
        (other(Path::Sub(26, 2)), Path::Sub(26, 2), K::IdTaken),
        (other(Path::Sub(27, 5)), Path::Sub(27, 5), K::IdTaken),
        (other(Path::Text), Path::Text, K::IdTaken),
    ];
    for (code, path, kind) in cases {
        let error = code.encode().expect_err("a refused value");
        assert_eq!((error.path, error.kind), (path, kind));
    }
}

fn over(max: usize, found: usize) -> FaultKind {
    K::TooLong { max, found }
}

#[test]
fn fields_pix_does_not_read_are_written_back() {
    // A card scheme, another arrangement in 27, the legacy 62-50, a language template and an
    // unreserved template that is not a recurrence.
    let body = "0002010102110404123426580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000\
        27140010other.gui.5204000053039865802BR5913Fulano de Tal6008BRASILIA610801310100\
        62410503***50300017BR.GOV.BCB.BRCODE01051.0.064060002pt90080004abcd";
    let text = seal(body);
    let code = parse_strict(&text).unwrap();
    let paths: Vec<String> = code.others.iter().map(|other| other.path.to_string()).collect();
    assert_eq!(paths, ["04", "27", "62-50", "64", "90"]);
    assert_eq!(code.cep, Some("01310100"));
    assert_eq!(code.point_of_initiation, Some(PointOfInitiation::Reusable));
    assert_eq!(code.encode().unwrap(), text);
}

#[test]
fn the_pix_account_may_sit_in_another_template() {
    let text = manual_with("2658", "3158");
    let code = parse_strict(&text).unwrap();
    assert_eq!(code.account_template, 31);
    assert_eq!(code.encode().unwrap(), text);
}

#[test]
fn debug_shows_neither_key_nor_location() {
    let shown = format!("{:?}", parse_strict(vector(1)).unwrap());
    assert!(!shown.contains("123e4567"), "{shown}");
    let shown = format!("{:?}", parse_strict(vector(21)).unwrap());
    assert!(!shown.contains("0123456789abcdef") && !shown.contains("fedcba"), "{shown}");
    assert!(shown.contains("pix.example.com"), "{shown}");
}
