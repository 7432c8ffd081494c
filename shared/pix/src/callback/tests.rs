use serde_json::{Value, json};

use super::*;

fn one(e2eid: &str) -> Value {
    json!({"endToEndId": e2eid, "txid": "pedido37", "valor": "10.00", "chave": "11222333000181",
        "horario": "2026-11-21T12:00:00Z", "pagador": null})
}

fn e2eid(n: usize) -> String {
    format!("E12345678202611211200{n:011}")
}

fn parsed(body: &Value) -> Vec<CallbackItem> {
    parse(body.to_string().as_bytes()).unwrap()
}

/// The `endToEndId` of each item, `!` before a malformed one.
fn shape(items: &[CallbackItem]) -> Vec<String> {
    items
        .iter()
        .map(|item| match item {
            CallbackItem::Pix(pix) => pix.end_to_end_id.as_str().to_owned(),
            CallbackItem::Malformed(bad) => {
                format!(
                    "!{} {}",
                    bad.index,
                    bad.end_to_end_id.as_ref().map_or("-", |id| id.as_str())
                )
            }
        })
        .collect()
}

#[test]
fn trap_19_every_item_of_a_batch_comes_out() {
    let batch: Vec<Value> = (0..40).map(|n| one(&e2eid(n))).collect();
    let expected: Vec<String> = (0..40).map(e2eid).collect();
    assert_eq!(shape(&parsed(&json!({"pix": batch}))), expected);
    assert_eq!(shape(&parsed(&json!(batch))), expected, "a bare list, as Inter posts it");
    assert_eq!(shape(&parsed(&json!({"pix": one(&e2eid(0))}))), [e2eid(0)], "a lone object");
}

#[test]
fn one_bad_item_does_not_drop_the_rest() {
    let mut no_amount = one(&e2eid(2));
    no_amount["valor"] = json!("10,00");
    let mut bad_txid = one(&e2eid(4));
    bad_txid["txid"] = json!("has-a-dash");
    let mut no_time = one(&e2eid(5));
    no_time.as_object_mut().unwrap().remove("horario");
    let items = parsed(
        &json!({"pix": [one(&e2eid(1)), no_amount, "text", one("short"), bad_txid, no_time, one(&e2eid(6))]}),
    );
    assert_eq!(
        shape(&items),
        [
            e2eid(1),
            format!("!1 {}", e2eid(2)),
            "!2 -".to_owned(),
            "!3 -".to_owned(),
            format!("!4 {}", e2eid(4)),
            format!("!5 {}", e2eid(5)),
            e2eid(6),
        ]
    );
    let reasons: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            CallbackItem::Malformed(bad) => Some(bad.reason.split_whitespace().next().unwrap()),
            CallbackItem::Pix(_) => None,
        })
        .collect();
    assert_eq!(reasons, ["valor", "the", "endToEndId", "txid", "horario"]);
}

#[test]
fn trap_21_the_second_callback_of_a_payment_brings_its_refund() {
    let items = parse(include_bytes!("../../fixtures/spec/callback_pix.json")).unwrap();
    let [CallbackItem::Pix(pix)] = &items[..] else { panic!("{items:?}") };
    assert_eq!(pix.devolucoes.len(), 1, "written as an object in the specification's example");
    let mut again = one(&e2eid(1));
    again["devolucoes"] = json!([{"id": "r1", "rtrId": "D12345678202611211200abcdefghijk",
        "valor": "4.00", "horario": {}, "status": "DEVOLVIDO", "natureza": "MED_FRAUDE"}]);
    let items = parsed(&json!({"pix": [one(&e2eid(1)), again]}));
    assert_eq!(shape(&items), [e2eid(1), e2eid(1)], "the parser keeps both");
}

#[test]
fn trap_23_nothing_is_known_of_the_payer() {
    for pagador in [Value::Null, json!({"cpf": "12345678909"}), json!("anything")] {
        let mut item = one(&e2eid(1));
        item["pagador"] = pagador;
        item.as_object_mut().unwrap().remove("txid");
        let items = parsed(&json!({"pix": [item]}));
        let [CallbackItem::Pix(pix)] = &items[..] else { panic!("{items:?}") };
        assert_eq!(pix.txid, None);
    }
}

#[test]
fn reads_what_banks_are_known_to_post() {
    for body in [
        &include_bytes!("../../fixtures/banks/callback_inter.json")[..],
        include_bytes!("../../fixtures/banks/callback_efi.json"),
        include_bytes!("../../fixtures/spec/callback_pix_plain.json"),
    ] {
        let items = parse(body).unwrap();
        assert!(matches!(&items[..], [CallbackItem::Pix(_)]), "{items:?}");
    }
    let inter = parse(include_bytes!("../../fixtures/banks/callback_inter.json")).unwrap();
    let [CallbackItem::Pix(pix)] = &inter[..] else { panic!() };
    assert_eq!(pix.horario.to_rfc3339(), "2026-11-21T18:30:12+00:00");
}

#[test]
fn a_registration_probe_is_not_an_error() {
    for body in [&b""[..], b" \r\n", br#"{"evento":"teste_webhook"}"#, br#"{"pix":[]}"#, b"[]"] {
        assert_eq!(parse(body).unwrap(), []);
    }
}

#[test]
fn hostile_bodies_are_bounded_before_they_are_read() {
    let deep = format!("{{\"pix\":{}1{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let just_deep = format!("[{}{}]", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX));
    let many = format!("[{}1]", "1,".repeat(ITEMS_MAX));
    let enough = format!("[{}1]", "1,".repeat(ITEMS_MAX - 1));
    for (body, expected) in [
        (vec![b' '; BYTES_MAX + 1], CallbackError::TooLong),
        (deep.into_bytes(), CallbackError::TooDeep),
        (just_deep.into_bytes(), CallbackError::TooDeep),
        (many.into_bytes(), CallbackError::TooMany),
        (b"{\"pix\":[{}".to_vec(), CallbackError::NotJson),
        (b"\xff\xfe".to_vec(), CallbackError::NotJson),
        (b"pix=1".to_vec(), CallbackError::NotJson),
        (b"{\"recs\":[]}".to_vec(), CallbackError::NoPix),
        (b"{\"pix\":null}".to_vec(), CallbackError::NoPix),
        (b"7".to_vec(), CallbackError::NoPix),
    ] {
        assert_eq!(parse(&body), Err(expected));
    }
    assert_eq!(parse(enough.as_bytes()).unwrap().len(), ITEMS_MAX);
}

#[test]
fn brackets_inside_text_are_not_depth() {
    let mut item = one(&e2eid(1));
    item["infoPagador"] = json!(format!("\"{}\\", "[{".repeat(60)));
    assert_eq!(shape(&parsed(&json!({"pix": [item]}))), [e2eid(1)]);
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_an_answer_and_no_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        drop(parse(&body));
    }

    #[test]
    fn a_cut_body_never_yields_a_payment_that_was_not_whole(cut in 0_usize..200) {
        let whole = json!([one(&e2eid(1))]).to_string();
        let body = &whole.as_bytes()[..cut.min(whole.len() - 1)];
        proptest::prop_assert!(parse(body).map_or(true, |items| items.is_empty()));
    }
}
