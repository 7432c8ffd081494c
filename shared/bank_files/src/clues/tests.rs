use proptest::prelude::*;
use quita_core::ids::{CustomerId, InvoiceId, Txid};

use super::clues_in;

const E2E: &str = "E00416968202611211200abcDEF12345";
const ULID: &str = "01JD0000000000000000000000";

#[test]
fn an_end_to_end_id_between_other_words_is_missed() {
    for text in [
        E2E.to_owned(),
        format!("PIX RECEBIDO {E2E} JOSE"),
        format!("Pix:{E2E}."),
        format!("PIX{E2E}"),
        format!("José {E2E}—obrigado"),
    ] {
        let clues = clues_in(&text, "");
        assert_eq!(clues.end_to_end_id.unwrap().as_str(), E2E, "{text}");
        assert_eq!(clues.txid, None, "{text}");
    }
    let almost = E2E.replacen('0', "O", 1);
    assert_eq!(clues_in(&almost, "").end_to_end_id, None);
}

#[test]
fn a_txid_of_ours_loses_to_a_strangers() {
    let invoice = InvoiceId::from_ulid(ULID).unwrap();
    let charge = Txid::for_charge(&invoice, 1, 0).unwrap();
    let own = Txid::for_customer(&CustomerId::from_ulid(ULID).unwrap());
    let stranger = "7978c0c97ea847e78e8849634473c1f1";
    let txid = |text: &str| clues_in(text, "").txid.map(|txid| txid.as_str().to_owned());
    assert_eq!(txid(&format!("A {stranger} B {}", charge.as_str())).unwrap(), charge.as_str());
    assert_eq!(txid(&format!("A {stranger} B {}", own.as_str())).unwrap(), own.as_str());
    assert_eq!(txid(&format!("A {stranger}")).unwrap(), stranger);
    assert_eq!(txid("D00416968202611211200abcDEF12345"), None, "a return is no charge");
    assert_eq!(txid("00193376900000135000000001238798"), None, "digits only are a barcode");
    assert_eq!(txid("PAGAMENTODEFORNECEDORESLTDA"), None, "letters only are words");
}

#[test]
fn a_document_is_taken_from_a_telephone_or_missed_in_its_mask() {
    for (text, expect) in [
        ("PIX 529.982.247-25 JOAO", Some("52998224725")),
        ("CPF:52998224725", Some("52998224725")),
        ("12.ABC.345/01DE-35", Some("12ABC34501DE35")),
        ("11222333/0001-81 FORNEC", Some("11222333000181")),
        ("TED 11222333000181", Some("11222333000181")),
        ("tel 52998224725 doc 11.222.333/0001-81", Some("11222333000181")),
        ("***.982.247-**", None),
        ("52998224726", None),
        ("0052998224725", None),
        ("A52998224725", None),
    ] {
        let payer = clues_in(text, "").payer;
        assert_eq!(payer.as_ref().map(|payer| payer.as_str()), expect, "{text}");
    }
}

#[test]
fn a_name_is_made_of_other_words() {
    for (text, expect) in [
        (
            "Transferência recebida pelo Pix - JOSÉ DA SILVA - •••.982.247-•• - BCO X (0341)",
            Some("JOSÉ DA SILVA"),
        ),
        ("Pix - ACME LTDA - 11.222.333/0001-81 - NU", Some("ACME LTDA")),
        ("Pix recebido - 529.982.247-25", None),
        ("TARIFA - PACOTE", None),
    ] {
        assert_eq!(clues_in(text, "").payer_name.as_deref(), expect, "{text}");
    }
}

#[test]
fn a_number_of_the_bank_is_taken_for_a_document() {
    let clues = clues_in("PIX RECEBIDO", &format!("52998224725 {E2E}"));
    assert_eq!(clues.payer, None);
    assert_eq!(clues.end_to_end_id.unwrap().as_str(), E2E);
}

proptest! {
    #[test]
    fn words_of_a_payer_panic(text in ".*") {
        prop_assert_eq!(clues_in(&text, ""), clues_in(&text, ""));
    }

    #[test]
    fn words_near_the_shapes_panic(text in "[E0-9A-Za-z./* -]{0,120}") {
        prop_assert_eq!(clues_in(&text, ""), clues_in(&text, ""));
    }
}
