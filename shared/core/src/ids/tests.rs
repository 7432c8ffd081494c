use chrono::{TimeZone, Utc};
use proptest::prelude::*;

use super::{
    ChargeRef, CustomerId, EndToEndId, IdError, ImportId, InvoiceId, MerchantId, PaymentId, Txid,
};

const ULID: &str = "01JD9ZK5T8M3X7QW2RVB4NCHYG";

fn invoice() -> InvoiceId {
    InvoiceId::from_ulid(ULID).unwrap()
}

#[test]
fn ids_are_a_prefix_and_a_strict_rest() {
    let text = format!("inv_{ULID}");
    let id = InvoiceId::parse(&text).unwrap();
    assert_eq!((id.as_str(), id.ulid(), id.to_string()), (&*text, ULID, text.clone()));
    assert_eq!(CustomerId::parse(&format!("cus_{ULID}")).unwrap().ulid(), ULID);
    assert_eq!(CustomerId::parse(&text), Err(IdError::Customer));
    let too_late = format!("inv_8{}", &ULID[1..]);
    let lower = text.to_lowercase();
    let letter = text.replace('Z', "U");
    let long = format!("{text}0");
    for wrong in ["", "inv_", ULID, "inv_é", &too_late, &lower, &letter, &long, &text[..29]] {
        assert_eq!(InvoiceId::parse(wrong), Err(IdError::Invoice), "{wrong:?}");
    }
}

#[test]
fn merchant_ids_are_short_lower_case_names() {
    assert_eq!(MerchantId::parse("mer_acme1").unwrap().as_str(), "mer_acme1");
    let long = format!("mer_{}", "a".repeat(33));
    for wrong in ["", "mer_", "acme", "mer_Acme", "mer_a#b", "mer_a b", "mer_á", &long] {
        assert_eq!(MerchantId::parse(wrong), Err(IdError::Merchant), "{wrong:?}");
    }
}

#[test]
fn trap_04_a_txid_of_36_characters_or_with_more_around_it_is_refused() {
    assert!(Txid::parse(&"a".repeat(35)).is_ok());
    let long = "a".repeat(36);
    for wrong in ["", &long, "abc def", "abc\n", "abc-def", "abc_def", "ábc"] {
        assert_eq!(Txid::parse(wrong), Err(IdError::Txid), "{wrong:?}");
    }
}

#[test]
fn trap_05_a_short_txid_of_a_static_qr_is_read_but_charges_nothing() {
    for (length, charge) in [(1, false), (25, false), (26, true), (35, true)] {
        let txid = Txid::parse(&"a".repeat(length)).unwrap();
        assert_eq!(txid.is_charge_length(), charge, "{length}");
        assert_eq!(txid.charge_ref(), None);
    }
}

#[test]
fn trap_06_a_txid_is_letters_and_digits_of_a_chargeable_length() {
    let txid = Txid::for_charge(&invoice(), 1, 0).unwrap();
    assert_eq!(txid.as_str(), "01JD9ZK5T8M3X7QW2RVB4NCHYG0100");
    assert!(txid.is_charge_length());
    let last = Txid::for_charge(&invoice(), Txid::INSTALMENT_MAX, Txid::REVISION_MAX).unwrap();
    assert_eq!(last.as_str(), "01JD9ZK5T8M3X7QW2RVB4NCHYGZZZZ");
}

#[test]
fn a_txid_out_of_range_is_not_made() {
    for (instalment, revision) in [(0, 0), (1_296, 0), (1, 1_296), (u16::MAX, u16::MAX)] {
        assert_eq!(Txid::for_charge(&invoice(), instalment, revision), None);
    }
}

#[test]
fn a_txid_of_another_form_points_nowhere() {
    let check = |text: String| {
        assert_eq!(Txid::parse(&text).unwrap().charge_ref(), None, "{text}");
    };
    check(format!("{ULID}0000"));
    check(format!("{ULID}01a0"));
    check(format!("{ULID}010"));
    check(format!("{ULID}01000"));
    check(format!("{}0100", ULID.to_lowercase()));
    check(format!("{}0100", ULID.replace('Z', "I")));
}

#[test]
fn the_end_to_end_id_tells_the_minute_of_initiation() {
    let check = |text: &str, expected| {
        assert_eq!(EndToEndId::parse(text).unwrap().initiated_at(), expected, "{text}");
    };
    let minute = Utc.with_ymd_and_hms(2026, 3, 11, 1, 30, 0).single();
    check("E12345678202603110130abcDEF12345", minute);
    check("E1A2B3C4D202603110130abcDEF12345", minute);
    check("E12345678202613110130abcDEF12345", None);
    check("E12345678202602300130abcDEF12345", None);
    check("E12345678202603112460abcDEF12345", None);
    check("E12345678abcd03110130abcDEF12345", None);
    check("D12345678202603110130abcDEF12345", None);
}

#[test]
fn an_end_to_end_id_has_32_letters_or_digits() {
    let long = "E".repeat(33);
    for wrong in
        ["", "E123", &long, "E12345678202603110130abcDEF1234-", "E12345678202603110130abcDEF123é"]
    {
        assert_eq!(EndToEndId::parse(wrong), Err(IdError::EndToEnd), "{wrong:?}");
    }
}

#[test]
fn ids_are_stored_as_text_and_checked_when_read() {
    let id: InvoiceId = serde_json::from_str(&format!("\"inv_{ULID}\"")).unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"inv_{ULID}\""));
    assert!(serde_json::from_str::<InvoiceId>(&format!("\"cus_{ULID}\"")).is_err());
    assert!(serde_json::from_str::<Txid>("\"a-b\"").is_err());
}

#[test]
fn a_payment_is_a_pix_or_money_of_another_way_and_never_both() {
    let pix = "E12345678202603110130abcDEF12345";
    let other = format!("pay_{ULID}");
    let parsed = PaymentId::parse(pix).unwrap();
    assert_eq!(parsed.end_to_end().map(EndToEndId::as_str), Some(pix));
    let parsed = PaymentId::parse(&other).unwrap();
    assert_eq!((parsed.as_str(), parsed.end_to_end()), (&*other, None));
    let lower = other.to_lowercase();
    let short = &other[..29];
    // As long as an end-to-end id, but not one.
    let long = format!("{other}00");
    for wrong in ["", "pay_", ULID, &lower, short, &long, "E123"] {
        assert_eq!(PaymentId::parse(wrong), Err(IdError::Payment), "{wrong:?}");
    }
    assert_eq!(ImportId::parse(&other), Err(IdError::Import));
    assert!(ImportId::parse(&format!("imp_{ULID}")).is_ok());
}

#[test]
fn the_first_and_the_last_customer_have_a_code_of_their_own() {
    let check = |ulid: &str, txid: &str| {
        let customer = CustomerId::from_ulid(ulid).unwrap();
        assert_eq!(Txid::for_customer(&customer).as_str(), txid);
        assert_eq!(Txid::parse(txid).unwrap().customer_ref(), Some(customer));
    };
    check("00000000000000000000000000", "0000000000000000000000000");
    check("0000000000000000000000000Z", "000000000000000000000000V");
    // 2^128 - 1 in base 36.
    check("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "F5LXX1ZZ5PNORYNQGLHZMSP33");
}

#[test]
fn a_txid_that_is_no_customers_code_leads_to_no_customer() {
    let upper = "0".repeat(24);
    for text in [
        // 2^128, one past the last ULID.
        "F5LXX1ZZ5PNORYNQGLHZMSP34",
        "ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "0000000000000000000000000a",
        &upper,
        "00000000000000000000000a0",
        &format!("{ULID}0100"),
    ] {
        assert_eq!(Txid::parse(text).unwrap().customer_ref(), None, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_txid_leads_back_to_what_it_charges(
        ulid in "[0-7][0-9A-HJKMNP-TV-Z]{25}",
        instalment in 1_u16..=1_295,
        revision in 0_u16..=1_295,
    ) {
        let invoice = InvoiceId::from_ulid(&ulid).unwrap();
        let txid = Txid::for_charge(&invoice, instalment, revision).unwrap();
        prop_assert!(txid.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        prop_assert!(txid.is_charge_length());
        prop_assert_eq!(Txid::parse(txid.as_str()), Ok(txid.clone()));
        prop_assert_eq!(txid.charge_ref(), Some(ChargeRef { invoice, instalment, revision }));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        prop_assert!(Txid::parse(&text).is_err() || text.is_ascii());
        let minute = EndToEndId::parse(&text).map(|id| id.initiated_at());
        prop_assert!(minute.is_err() || text.is_ascii());
        prop_assert!(InvoiceId::parse(&text).is_err() || text.starts_with("inv_"));
    }

    #[test]
    fn a_customers_code_leads_back_to_the_customer_and_to_no_charge(
        ulid in "[0-7][0-9A-HJKMNP-TV-Z]{25}",
    ) {
        let customer = CustomerId::from_ulid(&ulid).unwrap();
        let txid = Txid::for_customer(&customer);
        let upper = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        prop_assert!(txid.as_str().len() == 25 && txid.as_str().bytes().all(upper), "{txid}");
        prop_assert_eq!(Txid::parse(txid.as_str()), Ok(txid.clone()));
        prop_assert_eq!(txid.customer_ref(), Some(customer));
        prop_assert_eq!((txid.charge_ref(), txid.is_charge_length()), (None, false));
    }

    #[test]
    fn no_charge_passes_for_a_customers_code(
        ulid in "[0-7][0-9A-HJKMNP-TV-Z]{25}",
        instalment in 1_u16..=1_295,
        revision in 0_u16..=1_295,
    ) {
        let invoice = InvoiceId::from_ulid(&ulid).unwrap();
        let txid = Txid::for_charge(&invoice, instalment, revision).unwrap();
        prop_assert_eq!(txid.customer_ref(), None);
    }

    #[test]
    fn the_same_line_of_a_file_is_the_same_payment(fingerprint: u128, other: u128) {
        let id = PaymentId::of_fingerprint(fingerprint);
        prop_assert_eq!(PaymentId::parse(id.as_str()), Ok(id.clone()));
        prop_assert_eq!(PaymentId::of_fingerprint(other) == id, other == fingerprint);
        let stored = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<PaymentId>(&stored).unwrap(), id);
    }
}
