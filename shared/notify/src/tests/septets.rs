//! The alphabet of SMS: what leaves it would cost twice as much.

use proptest::prelude::*;

use super::fixtures::*;
use crate::sms::gsm7::{parts, transliterate};
use crate::*;

#[test]
fn portuguese_is_spelt_without_the_letters_that_flip_a_message_to_ucs_2() {
    let check = |text: &str, expect: &str| assert_eq!(transliterate(text), expect, "{text}");
    check("ação, não, mês, é, à, Ç", "acao, nao, mes, é, à, Ç");
    check("áâãçêíóôõú", "aaaceiooou");
    check("ÁÂÃÇÊÍÓÔÕÚ", "AAAÇEIOOOU");
    check("São João – nº 1ª…", "Sao Joao - no 1a...");
    check("“Zé’s” `x`", "\"Zé's\" 'x'");
    check("a\u{303}e\u{301}", "ae");
    check("a\r\nb\tc\u{a0}d\u{7}", "a\nb c d");
    check("pão 🍞 日", "pao ? ?");
    check("R$ 10 @ € ~ [x] {y}", "R$ 10 @ € ~ [x] {y}");
}

#[test]
fn parts_are_counted_in_septets_and_no_escape_is_torn_in_two() {
    let check = |text: &str, expect| assert_eq!(parts(text), expect, "{} chars", text.len());
    check("", Some(0));
    check("a", Some(1));
    check(&"a".repeat(160), Some(1));
    check(&"a".repeat(161), Some(2));
    check(&"a".repeat(306), Some(2));
    check(&"a".repeat(307), Some(3));
    check(&"€".repeat(80), Some(1));
    check(&"€".repeat(81), Some(2));
    // 152 septets and an escape: the pair begins the second part and leaves one septet unused.
    check(&format!("{}€{}", "a".repeat(152), "a".repeat(151)), Some(2));
    check(&format!("{}€{}", "a".repeat(152), "a".repeat(152)), Some(3));
    check("ç", None);
    check("\u{7}", None);
    check(&"a".repeat(153 * 255), Some(255));
    check(&"a".repeat(153 * 255 + 1), None);
}

#[test]
fn an_sms_that_a_long_link_makes_too_long_is_not_sent_cut() {
    let mut facts = typical(MessageKind::DueToday);
    let long = format!("https://pague.papeisdonorte.com.br/p/{}", "a".repeat(600));
    facts.payment = PaymentBlock::new(
        facts.payment.amount().clone(),
        facts.payment.last_payable_day(),
        facts.payment.code().clone(),
        facts.payment.qr().clone(),
        WebLink::parse(&long).unwrap(),
    )
    .unwrap();
    let sms = render_sms(MessageKind::DueToday, Locale::PtBr, &facts, &phone());
    assert!(matches!(sms, Err(RenderError::TooLong("SMS"))), "{sms:?}");
}

#[test]
fn an_address_that_the_alphabet_cannot_spell_is_not_sent_misspelt() {
    let mut facts = typical(MessageKind::DueToday);
    facts.delivery.reply_to = quita_core::contact::Email::parse("a`b@exemplo.com.br").unwrap();
    let sms = render_sms(MessageKind::DueToday, Locale::PtBr, &facts, &phone()).unwrap();
    assert!(sms.text.ends_with(&format!("Duvidas: {PAGE}")), "{}", sms.text);
}

#[test]
fn a_link_keeps_every_character_it_may_have() {
    let all: String = ('!'..='~').filter(|c| !"\"'<>`|\\^{}".contains(*c)).collect();
    let link = format!("https://exemplo.com.br/{all}");
    assert!(WebLink::parse(&link).is_ok());
    assert_eq!(transliterate(&link), link);
}

proptest! {
    #[test]
    fn what_is_spelt_is_in_the_alphabet_and_stays_so(
        text in "\\PC{0,300}|[\\x00-\\u{24F}]{0,300}",
    ) {
        let spelt = transliterate(&text);
        prop_assert!(parts(&spelt).is_some(), "{spelt:?}");
        prop_assert_eq!(transliterate(&spelt), spelt);
    }

    #[test]
    fn more_text_never_takes_fewer_parts(text in "[a-zé€~\\[ ]{0,400}", more in "[a-z€]{0,200}") {
        let (behind, before) = (format!("{text}{more}"), format!("{more}{text}"));
        prop_assert!(parts(&text) <= parts(&behind));
        prop_assert!(parts(&text) <= parts(&before));
    }

    #[test]
    fn parts_hold_the_text_and_waste_no_whole_part(text in "[a-z€]{161,900}") {
        let septets: usize = text.chars().map(|c| if c == '€' { 2 } else { 1 }).sum();
        let parts = usize::from(parts(&text).unwrap());
        prop_assert!(parts * 153 >= septets, "{parts} parts for {septets}");
        prop_assert!((parts - 1) * 152 <= septets || septets <= 160);
    }
}
