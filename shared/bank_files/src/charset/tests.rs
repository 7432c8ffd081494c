use proptest::prelude::*;

use super::{Decoder, cleaned};

const PORTUGUESE: [&str; 5] =
    ["TRANSFERÊNCIA JOSÉ", "Açaí & Pão Ltda", "conciliação nº 5", "ÀÉÍÓÚÃÕÇ", "R$ 10 – café"];

fn in_1252(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1252.encode(text).0.into_owned()
}

#[test]
fn accents_are_lost_in_one_of_the_encodings() {
    for text in PORTUGUESE {
        assert_eq!(Decoder::default().text(text.as_bytes()), text);
        assert_eq!(Decoder::default().text(&in_1252(text)), text);
    }
}

#[test]
fn a_final_accent_is_taken_for_a_cut_character() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.text(&in_1252("JOSÉ")), "JOSÉ");
    assert_eq!(decoder.text(&in_1252("ANDRÉ")), "ANDRÉ");
    let mut decoder = Decoder::default();
    assert_eq!(decoder.text("ação".as_bytes()), "ação");
    assert_eq!(decoder.text(b"JOS\xc3"), "JOS");
    assert_eq!(decoder.text("pão de mação".as_bytes().split_last().unwrap().1), "pão de maçã");
}

#[test]
fn a_name_is_shown_backwards() {
    assert_eq!(cleaned(" \tA\r\n\u{a0} B\u{202e}\u{7}C\u{feff} "), "A B C");
}

proptest! {
    #[test]
    fn bytes_that_are_no_text_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let text = cleaned(&Decoder::default().text(&bytes));
        prop_assert!(!text.chars().any(char::is_control));
    }
}
