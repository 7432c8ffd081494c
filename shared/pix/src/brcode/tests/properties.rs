//! What holds of every text and every code.

use super::super::{
    BrCode, MerchantAccount, ParseMode, PointOfInitiation, Recurrence, explain, parse, parse_strict,
};
use super::seal;
use super::vectors::GOOD;
use proptest::prelude::*;
use quita_core::money::Money;

/// The text of a code within every limit.
#[derive(Debug, Clone)]
struct Values {
    location: String,
    key: String,
    description: Option<String>,
    name: String,
    city: String,
    txid: Option<String>,
    cep: Option<String>,
    recurrence: Option<(u8, String)>,
    centavos: Option<i64>,
    point: Option<PointOfInitiation>,
}

fn values() -> impl Strategy<Value = Values> {
    let location = "[a-z]{1,10}\\.[a-z]{2,8}(:[0-9]{2,4})?/[A-Za-z0-9/._-]{1,50}";
    (
        (location, "[a-z0-9@.+-]{1,36}", proptest::option::of("[ -~]{1,37}")),
        ("[ -~]{1,25}", "[ -~]{1,15}", proptest::option::of("[A-Za-z0-9]{1,25}")),
        proptest::option::of("[0-9]{8}"),
        proptest::option::of((80..=99u8, location)),
        proptest::option::of(1..=Money::MAX_API_PIX.centavos()),
        proptest::option::of(prop_oneof![
            Just(PointOfInitiation::Reusable),
            Just(PointOfInitiation::OneTime)
        ]),
    )
        .prop_map(|(account, texts, cep, recurrence, centavos, point)| Values {
            location: account.0,
            key: account.1,
            description: account.2,
            name: texts.0,
            city: texts.1,
            txid: texts.2,
            cep,
            recurrence,
            centavos,
            point,
        })
}

impl Values {
    fn code(&self, account: MerchantAccount<'static>) -> BrCode<'_> {
        let is_static = matches!(account, MerchantAccount::Static { .. });
        let account = match account {
            MerchantAccount::Static { .. } => MerchantAccount::Static {
                key: &self.key,
                description: self.description.as_deref(),
                withdrawal_ispb: None,
            },
            MerchantAccount::Dynamic { .. } => {
                MerchantAccount::Dynamic { location: &self.location }
            }
            MerchantAccount::GuiOnly => MerchantAccount::GuiOnly,
        };
        BrCode {
            point_of_initiation: self.point,
            account,
            amount: self.centavos.map(Money::from_centavos),
            name: self.name.as_str().into(),
            city: self.city.as_str().into(),
            cep: self.cep.as_deref(),
            txid: self.txid.as_deref().filter(|_| is_static),
            recurrence: self
                .recurrence
                .as_ref()
                .map(|(template, location)| Recurrence { template: *template, location }),
            ..BrCode::static_key("", "", "")
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_strictly(values in values()) {
        let kinds = [
            MerchantAccount::Static { key: "", description: None, withdrawal_ispb: None },
            MerchantAccount::Dynamic { location: "" },
            MerchantAccount::GuiOnly,
        ];
        for account in kinds {
            if account == MerchantAccount::GuiOnly && values.recurrence.is_none() {
                continue;
            }
            let code = values.code(account);
            let text = code.encode().unwrap();
            let read = parse_strict(&text).unwrap();
            prop_assert_eq!(&read, &code);
            prop_assert_eq!(read.encode().unwrap(), text);
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in any::<String>()) {
        survives(&text);
        survives(&seal(&text));
    }

    /// Digits and field ids in plenty, so that the walk gets deep before it fails.
    #[test]
    fn no_text_of_field_like_pieces_makes_a_reader_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("000201".to_owned()),
                Just("0014br.gov.bcb.pix".to_owned()),
                Just("5802BR".to_owned()),
                Just("6304".to_owned()),
                "(26|27|54|59|62|80|99)[0-9]{2}",
                "[0-9]{1,6}",
                "[ãé\u{1F600}a-z. ]{1,4}",
            ],
            0..30,
        )
    ) {
        let text = pieces.concat();
        survives(&text);
        survives(&seal(&format!("000201{text}")));
    }

    #[test]
    fn any_cut_of_a_code_is_refused(index in 0..GOOD.len(), cut in any::<prop::sample::Index>()) {
        let text = GOOD[index].text;
        let cut = cut.index(text.len());
        prop_assert!(parse(&text[..cut], ParseMode::Lenient).is_err());
    }
}

/// Every reader answers, and a fault points into the text at a character.
fn survives(text: &str) {
    for mode in [ParseMode::Strict, ParseMode::Lenient] {
        match parse(text, mode) {
            Ok(parsed) => {
                assert!(mode == ParseMode::Lenient || parsed.warnings.is_empty());
                assert!(parsed.warnings.iter().all(|at| text.is_char_boundary(at.position)));
            }
            Err(fault) => assert!(text.is_char_boundary(fault.position), "{fault:?} in {text:?}"),
        }
    }
    let report = explain(text).to_string();
    assert!(report.chars().all(|shown| shown == '\n' || !shown.is_control()), "{report:?}");
}

/// A CRC of 16 bits detects every change confined to one character of ASCII, so this is
/// exhaustive rather than sampled.
#[test]
fn every_change_of_one_character_is_detected() {
    for number in [1, 7, 21] {
        let text = GOOD.iter().find(|good| good.number == number).unwrap().text;
        let mut changed = text.as_bytes().to_vec();
        for at in 0..text.len() {
            let was = changed[at];
            for now in b' '..=b'~' {
                let in_checksum = at >= text.len() - 4;
                if now == was || (in_checksum && now.eq_ignore_ascii_case(&was)) {
                    continue;
                }
                changed[at] = now;
                let changed = std::str::from_utf8(&changed).unwrap();
                assert!(parse(changed, ParseMode::Lenient).is_err(), "vector {number}: {changed}");
            }
            changed[at] = was;
        }
    }
}
