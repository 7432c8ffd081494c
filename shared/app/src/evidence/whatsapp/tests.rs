//! Fears: a forged callback, a status that is read as another, a word that is taken for consent.
//! The shapes are those of "Webhooks notification payload reference" of the Cloud API.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const TAG: &str = "mer_acme-inv_01JE6X7Q5M8Y2N4C9R0T3V6W8Z-1-d_3-whatsapp-2";

fn status(fields: Value) -> Status {
    let mut status = json!({
        "id": "wamid.HBgN",
        "status": "delivered",
        "timestamp": "1795000000",
        "recipient_id": "5511987654321",
        "biz_opaque_callback_data": TAG,
        "conversation": { "id": "c", "origin": { "type": "utility" } },
        "pricing": { "billable": true },
    });
    for (name, value) in fields.as_object().unwrap() {
        status[name] = value.clone();
    }
    serde_json::from_value(status).unwrap()
}

#[test]
fn a_status_is_read_as_another() {
    let check = |fields: Value, sign: Sign, why: &str| {
        let told = told_by(&status(fields)).unwrap();
        let [noted] = told.notes.as_slice() else { panic!("one sign") };
        assert_eq!((noted.sign, noted.why.as_deref()), (sign, Some(why)));
        assert_eq!(told.tag.to_string(), TAG);
        assert_eq!(noted.at.timestamp(), 1_795_000_000);
    };
    check(json!({ "status": "sent" }), Sign::Accepted, "wamid.HBgN");
    check(json!({}), Sign::Delivered, "wamid.HBgN");
    check(json!({ "status": "read" }), Sign::Read, "wamid.HBgN");
    let failed =
        |code: i64| json!({ "status": "failed", "errors": [{ "code": code, "title": "x" }] });
    check(failed(131_026), Sign::HardBounce, "WhatsApp error 131026");
    check(failed(131_049), Sign::Refused, "WhatsApp error 131049");
    for nothing in [
        json!({ "status": "deleted" }),
        json!({ "biz_opaque_callback_data": "" }),
        json!({ "biz_opaque_callback_data": TAG.replace("whatsapp", "email") }),
        json!({ "timestamp": "soon" }),
    ] {
        assert_eq!(told_by(&status(nothing.clone())), None, "{nothing}");
    }
}

/// RFC 4231, test case 2.
#[test]
fn a_forged_callback_passes() {
    let (secret, body) = (Hidden::new("Jefe"), b"what do ya want for nothing?");
    let good = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert!(is_signed(&secret, body, Some(good)));
    assert!(is_signed(&secret, body, Some(&good.replace("5bdc", "5BDC"))));
    for bad in [
        None,
        Some(""),
        Some("sha256="),
        Some(&good[7..]),
        Some(&good[..good.len() - 1]),
        Some("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3844"),
        Some("sha256=+bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Some("sha256=ãbdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384"),
    ] {
        assert!(!is_signed(&secret, body, bad), "{bad:?}");
    }
    assert!(!is_signed(&Hidden::new("Jefa"), body, Some(good)));
    assert!(!is_signed(&secret, b"what do ya want for nothing", Some(good)));
    // A secret that was never filled in signs for everybody.
    let mac = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(body).finalize();
    let hex: String = mac.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!is_signed(&Hidden::new(""), body, Some(&format!("sha256={hex}"))));
}

#[test]
fn a_sentence_is_taken_for_a_word_that_ends_messages() {
    for (words, expected) in [
        ("PARAR", Some(false)),
        (" parar. ", Some(false)),
        ("Sair!", Some(false)),
        ("STOP", Some(false)),
        ("cancelar", Some(false)),
        ("Voltar", Some(true)),
        ("start", Some(true)),
        ("pode parar de ligar?", None),
        ("NÃO PARAR", None),
        ("já paguei", None),
        ("", None),
    ] {
        assert_eq!(meaning(words), expected, "{words}");
    }
}

proptest! {
    #[test]
    fn a_signature_takes_the_reader_down(text in ".{0,80}", body in proptest::collection::vec(any::<u8>(), 0..40)) {
        let prefixed = format!("sha256={text}");
        for signature in [&text, &prefixed] {
            prop_assert!(!is_signed(&Hidden::new("secret"), &body, Some(signature)));
        }
    }

    #[test]
    fn a_callback_takes_the_reader_down(text in ".{0,200}") {
        if let Ok(callback) = serde_json::from_str::<Callback>(&text) {
            callback.items();
        }
    }
}

#[test]
fn one_item_nobody_understands_takes_the_others_with_it() {
    let callback: Callback = serde_json::from_value(json!({
        "object": "whatsapp_business_account",
        "entry": [
            { "id": "1", "changes": [
                { "field": "messages", "value": { "statuses": [{ "id": 7 }, {
                    "id": "wamid.A", "status": "read", "timestamp": "1795000000",
                    "recipient_id": "5511987654321",
                }] } },
                { "field": "account_update", "value": { "event": "x" } },
                { "field": "messages", "value": { "messages": ["?", {
                    "id": "wamid.B", "from": "5511987654321", "timestamp": "1795000001",
                    "type": "image", "image": { "id": "3" },
                }] } },
            ] },
            { "id": "2" },
        ],
    }))
    .unwrap();
    let kinds = callback.items().into_iter().map(|item| match item {
        Item::Status(_) => "status",
        Item::Answer(_) => "answer",
        Item::Unreadable => "unreadable",
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["unreadable", "status", "unreadable", "answer"]);
}
