//! What a reader refuses, what it tolerates, and where it says the fault is.

use super::super::{FaultKind, MerchantAccount, ParseMode, Path, parse, parse_strict};
use super::vectors::{GOOD, M11, M12, M13, M14, M15, M16, MANUAL_STATIC};
use super::{manual_with, seal};
use quita_core::money::Money;

use FaultKind as K;
use Path::{Root, Sub, Text};

/// Both readers refuse, for this reason at this place.
fn check_refused(text: &str, kind: FaultKind, path: Path, position: usize) {
    for mode in [ParseMode::Strict, ParseMode::Lenient] {
        let fault = parse(text, mode).expect_err(text);
        assert_eq!((fault.kind, fault.path, fault.position), (kind, path, position), "{text}");
    }
    assert!(!kind.is_tolerable());
}

/// The strict reader refuses; the lenient one warns of exactly this.
fn check_tolerated(text: &str, kind: FaultKind, path: Path, position: usize) {
    let fault = parse_strict(text).expect_err(text);
    assert_eq!((fault.kind, fault.path, fault.position), (kind, path, position), "{text}");
    let parsed = parse(text, ParseMode::Lenient).expect(text);
    assert_eq!(parsed.warnings, [fault], "{text}");
    assert!(kind.is_tolerable());
}

fn manual_ending(crc: &str) -> String {
    format!("{}{crc}", &MANUAL_STATIC[..MANUAL_STATIC.len() - 4])
}

/// Where `piece` starts in `text`.
fn at(text: &str, piece: &str) -> usize {
    text.find(piece).expect(piece)
}

#[test]
fn wrong_checksums_are_refused() {
    let mismatch = |written| K::CrcMismatch { written, computed: 0x1D3D };
    let crc_at = MANUAL_STATIC.len() - 4;
    check_refused(&manual_ending("1D3C"), mismatch(0x1D3C), Root(63), crc_at);
    // Computed without "6304", and with an initial value of zero.
    check_refused(&manual_ending("4AAD"), mismatch(0x4AAD), Root(63), crc_at);
    check_refused(&manual_ending("4AC0"), mismatch(0x4AC0), Root(63), crc_at);
    check_refused(&manual_ending("1D3G"), K::CrcMalformed, Root(63), crc_at);
    check_refused(&manual_ending("+D3D"), K::CrcMalformed, Root(63), crc_at);
    let short = MANUAL_STATIC.replace("63041D3D", "6303D3D");
    check_refused(&short, K::CrcMalformed, Root(63), crc_at);
}

#[test]
fn a_checksum_in_lower_case_is_right() {
    let lower = manual_ending("1d3d");
    assert_eq!(parse_strict(&lower).unwrap().encode().unwrap(), MANUAL_STATIC);
}

#[test]
fn broken_structure_is_refused_where_it_breaks() {
    let length = MANUAL_STATIC.len();
    let v1 = MANUAL_STATIC;
    check_refused(&format!("{v1}0000"), K::TrailingData, Root(63), length);
    // The hundredth character is a blank, which is not of the code.
    let cut = K::Truncated { declared: 13, left: 6 };
    check_refused(&v1[..100], cut, Root(59), at(v1, "5913"));
    check_refused(&v1[..length - 8], K::Missing, Root(63), length - 8);
    check_refused(&v1[..length - 7], K::HeaderCut, Text, length - 8);
    check_refused(&v1[..length - 5], K::HeaderCut, Root(63), length - 6);
    check_refused("", K::EmptyText, Text, 0);
    check_refused(" \n", K::EmptyText, Text, 0);
    check_refused("x", K::IdNotDigits, Text, 0);
    check_refused("00x201", K::LengthNotDigits, Root(0), 2);
    check_refused(&v1[6..], K::FormatNotFirst, Root(26), 0);
    check_refused(&manual_with("5802BR", "5802BR5802BR"), K::Duplicate, Root(58), 89);
    check_refused(&manual_with("0014br", "0013br"), K::IdNotDigits, Root(26), 27);
    check_refused(&manual_with("***", "\t**"), K::ControlCharacter, Text, at(v1, "***"));
    let long = "0".repeat(513);
    check_refused(&long, K::TextTooLong { chars_max: 512 }, Text, 512);
}

#[test]
fn a_template_length_of_three_digits_is_refused() {
    // 26 with "100" reads as length 10, and what follows inside is no field.
    let text = manual_with("2658", "26100");
    let fault = parse(&text, ParseMode::Lenient).unwrap_err();
    assert_eq!(fault.path, Text);
    assert_eq!(fault.kind, K::IdNotDigits);
    assert_eq!(fault.position, 20);
}

#[test]
fn values_that_mean_something_else_are_refused() {
    check_refused(M11, K::Missing, Sub(62, 5), M11.len() - 8);
    let too_long = K::TooLong { max: 25, found: 26 };
    check_refused(M13, too_long, Root(59), at(M13, "Z6009"));
    check_refused(M14, too_long, Sub(62, 5), at(M14, "Z6304"));
    check_refused(M15, K::Currency, Root(53), at(M15, "840"));
    check_refused(M16, K::AmountMalformed, Root(54), at(M16, "-10"));
    let end = MANUAL_STATIC.len() - 8;
    check_refused(&manual_with("6008BRASILIA", ""), K::Missing, Root(60), end - 12);
    check_refused(&manual_with("5802BR", ""), K::Missing, Root(58), end - 6);
    check_refused(&manual_with("5802BR", "5802AR"), K::Country, Root(58), 87);
    check_refused(&manual_with("52040000", "5204000A"), K::MerchantCategory, Root(52), 75);
    check_refused(&manual_with("000201", "000202"), K::PayloadFormat, Root(0), 4);
    check_refused(&manual_with("000201", "000201010213"), K::PointOfInitiation, Root(1), 10);
    check_refused(&manual_with("5913Fulano de Tal", "5900"), K::EmptyValue, Root(59), 93);
    check_refused(&manual_with("br.gov.bcb.pix", "br.gov.bcb.pox"), K::NotPix, Sub(26, 0), end);
}

#[test]
fn amounts_two_readers_could_read_differently_are_refused() {
    for amount in ["10,00", "1.000.00", "1,000.00", "-1.00", "+1.00", ".50", "1.005", " 1.00"] {
        let text = manual_with("5802BR", &format!("54{:02}{amount}5802BR", amount.len()));
        let fault = parse(&text, ParseMode::Lenient).expect_err(amount);
        assert_eq!((fault.kind, fault.path), (K::AmountMalformed, Root(54)), "{amount}");
    }
}

#[test]
fn a_code_pays_one_thing() {
    let v2 = GOOD[1].text;
    let body = v2[..v2.len() - 8].replace("2670", "2678").replace("2548", "0104abcd2548");
    check_refused(&seal(&body), K::KeyAndLocation, Sub(26, 25), at(&body, "2548"));
    let gui_only = manual_with(
        "26580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000",
        "26180014br.gov.bcb.pix",
    );
    check_refused(&gui_only, K::NoDestination, Root(26), gui_only.len() - 8);
    let twice = manual_with("52040000", "27230014br.gov.bcb.pix0101x52040000");
    check_refused(&twice, K::Duplicate, Root(27), at(&twice, "2723"));
}

#[test]
fn common_deviations_are_warned_of_and_read() {
    check_tolerated(M12, K::LocationScheme, Sub(26, 25), at(M12, "https"));
    let code = parse(M12, ParseMode::Lenient).unwrap().code;
    assert_eq!(code.location_host(), Some("pix.example.com"));
    assert!(!code.encode().unwrap().contains("https"));

    check_tolerated(&format!("{MANUAL_STATIC}\n"), K::SurroundingSpace, Text, MANUAL_STATIC.len());
    check_tolerated(&format!(" {MANUAL_STATIC}"), K::SurroundingSpace, Text, 0);
    let cep = manual_with("6207", "610901310-1006207");
    check_tolerated(&cep, K::Cep, Root(61), at(&cep, "-100"));
    let txid = manual_with("62070503***", "62100506PED-12");
    check_tolerated(&txid, K::TxidAlphabet, Sub(62, 5), at(&txid, "-126304"));
    for (written, kind, amount) in [
        ("10", K::AmountDecimals, Some(1000)),
        ("10.", K::AmountDecimals, Some(1000)),
        ("10.5", K::AmountDecimals, Some(1050)),
        ("0.00", K::AmountZero, None),
    ] {
        let text = manual_with("5802BR", &format!("54{:02}{written}5802BR", written.len()));
        check_tolerated(&text, kind, Root(54), at(&text, written));
        let code = parse(&text, ParseMode::Lenient).unwrap().code;
        assert_eq!(code.amount, amount.map(Money::from_centavos), "{written}");
    }
}

#[test]
fn the_greatest_amount_is_read_to_the_cent() {
    let text = manual_with("5802BR", "54139999999999.995802BR");
    assert_eq!(parse_strict(&text).unwrap().amount, Some(Money::MAX_API_PIX));
}

#[test]
fn locations_that_hide_their_host_are_refused() {
    let v2 = GOOD[1].text;
    let with = |location: &str| {
        let body = &v2[..v2.len() - 8];
        let old = "2670 2548pix.example.com/8b3da2f39a4140d1a91abd93113bd441";
        let (template, field) = old.split_once(' ').unwrap();
        let sub = format!("25{:02}{location}", location.len());
        seal(&body.replace(template, &format!("26{}", 18 + sub.len())).replace(field, &sub))
    };
    assert!(parse_strict(&with("pix.example.com:8443/a?b=c")).is_ok());
    for location in [
        "pix.example.com@evil.example/a",
        "pix.example.com",
        "pix.example.com/",
        "/qr/v2/abc",
        "pix.example.com/a b",
        "pix.example.com/a#b",
        "pix.example.com:/a",
        "https://pix.example.com@evil.example/a",
    ] {
        let fault = parse(&with(location), ParseMode::Lenient).expect_err(location);
        assert_eq!((fault.kind, fault.path), (K::LocationMalformed, Sub(26, 25)), "{location}");
    }
}

#[test]
fn trap_07_crc_keeps_its_leading_zero() {
    let good = &GOOD[5];
    assert!(good.text.ends_with("63040DC6"));
    assert_eq!(parse_strict(good.text).unwrap().encode().unwrap(), good.text);
    check_refused(
        &good.text.replace("63040DC6", "6303DC6"),
        K::CrcMalformed,
        Root(63),
        good.text.len() - 4,
    );
}

#[test]
fn trap_08_a_txid_may_contain_the_checksum_header() {
    let text = manual_with("62070503***", "62120508A6304BCD");
    assert_eq!(parse_strict(&text).unwrap().txid, Some("A6304BCD"));
    assert_eq!(parse_strict(GOOD[6].text).unwrap().txid, Some("99ed983ea570413d8d336301d"));
}

#[test]
fn trap_09_lengths_are_characters_whoever_counted_them() {
    let name = "São João Cobranças";
    for length in [name.chars().count(), name.len()] {
        let text = manual_with("5913Fulano de Tal", &format!("59{length}{name}"));
        check_tolerated(&text, K::NonAscii, Text, at(&text, "ã"));
        let code = parse(&text, ParseMode::Lenient).unwrap().code;
        assert_eq!((&*code.name, &*code.city), (name, "BRASILIA"), "length {length}");
        let refused = code.encode().unwrap_err();
        assert_eq!((refused.path, refused.kind), (Root(59), K::NonAscii));
    }
}

#[test]
fn trap_10_a_dynamic_code_carries_no_txid_and_no_scheme() {
    let v2 = GOOD[1].text;
    let text = seal(&v2[..v2.len() - 8].replace("62070503***", "62070503abc"));
    check_tolerated(&text, K::DynamicTxid, Sub(62, 5), at(&text, "abc"));
    assert!(parse_strict(M12).is_err());
}

#[test]
fn trap_11_the_recurrence_survives_and_may_come_alone() {
    let alone = parse_strict(GOOD[2].text).unwrap();
    assert_eq!(alone.account, MerchantAccount::GuiOnly);
    assert_eq!(alone.recurrence.as_ref().map(|at| at.template), Some(80));
    for number in [3, 4, 5, 10, 11, 21] {
        let good = GOOD.iter().find(|good| good.number == number).unwrap();
        let code = parse_strict(good.text).unwrap();
        assert!(code.recurrence.is_some(), "vector {number}");
        assert_eq!(code.encode().unwrap(), good.text, "vector {number}");
    }
}

#[test]
fn trap_12_the_identifier_has_no_case() {
    let upper = manual_with("br.gov.bcb.pix", "BR.GOV.BCB.PIX");
    let code = parse_strict(&upper).unwrap();
    assert_eq!(code, parse_strict(MANUAL_STATIC).unwrap());
    assert_eq!(code.encode().unwrap(), MANUAL_STATIC);
}
