use quita_core::money::Money;
use serde_json::{Value, json};

use super::*;

fn fixture<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

fn pix(valor: &Value, txid: &Value) -> Result<Pix, serde_json::Error> {
    serde_json::from_str(
        &json!({
            "endToEndId": "E12345678202009091221abcdef12345", "txid": txid, "valor": valor,
            "horario": "2020-09-10T13:03:33.902Z", "pagador": null, "novoCampo": {"x": [1]},
        })
        .to_string(),
    )
}

#[test]
fn reads_the_examples_of_the_specification() {
    let cobv: CobVGerada = fixture(include_str!("../../fixtures/spec/cobv.json"));
    assert_eq!(cobv.status, CobrancaStatus::Ativa);
    assert_eq!(cobv.valor.original.to_string(), "123.45");
    assert_eq!(cobv.calendario.validade_apos_vencimento, Some(30));
    assert!(cobv.location().unwrap().as_str().starts_with("pix.example.com/qr/c2/cobv/"));
    let cob: CobGerada = fixture(include_str!("../../fixtures/spec/cob.json"));
    assert_eq!(cob.valor.original, Money::parse("37.00").unwrap());
    let value: Value = fixture(include_str!("../../fixtures/spec/cob.json"));
    assert_eq!(serde_json::from_value::<CobGerada>(value).unwrap(), cob, "from a Value as well");
    let pix: Pix = fixture(include_str!("../../fixtures/spec/pix_with_refund.json"));
    assert_eq!(pix.devolucoes[0].status, DevolucaoStatus::EmProcessamento);
    assert_eq!(pix.devolucoes[0].valor.to_string(), "11.00");
    let devolucao: Devolucao = fixture(include_str!("../../fixtures/spec/devolucao.json"));
    assert_eq!(devolucao.id.as_str(), "123456");
    let loc: PayloadLocation = fixture(include_str!("../../fixtures/spec/loc.json"));
    assert_eq!((loc.id, loc.tipo_cob), (7716, Some(TipoCob::CobV)));
}

#[test]
fn trap_03_loose_amounts_are_refused() {
    for wrong in [
        "10.5",
        "1,000.00",
        "-1.00",
        " 10.00",
        "10.00 ",
        "+1.00",
        "10",
        "",
        "1e3",
        "12345678901.00",
    ] {
        assert!(pix(&json!(wrong), &Value::Null).is_err(), "{wrong:?} was read as an amount");
    }
}

#[test]
fn trap_04_a_valid_part_inside_garbage_does_not_pass() {
    for wrong in ["x10.00", "10.00x", "10.00\n", "10.000"] {
        assert!(pix(&json!(wrong), &Value::Null).is_err(), "{wrong:?}");
        assert!(ValorPerc::parse(wrong).is_err(), "{wrong:?}");
    }
    let too_long = "a".repeat(36);
    assert!(pix(&json!("10.00"), &json!(too_long)).is_err());
    assert!(pix(&json!("10.00"), &json!("has-a-dash")).is_err());
    assert!(DevolucaoId::parse(&too_long).is_err());
    assert!(DevolucaoId::parse("").is_err());
}

#[test]
fn trap_05_a_short_txid_of_a_static_qr_is_read() {
    for txid in ["a", "pedido37", &"Z".repeat(25), &"Z".repeat(35)] {
        let read = pix(&json!("10.00"), &json!(txid)).unwrap().txid.unwrap();
        assert_eq!(read.as_str(), txid);
    }
    for none in [json!(""), json!("***"), Value::Null] {
        assert_eq!(pix(&json!("10.00"), &none).unwrap().txid, None);
    }
}

#[test]
fn trap_13_overdue_is_no_status_and_an_unknown_one_is_kept() {
    let mut body: Value = fixture(include_str!("../../fixtures/spec/cobv.json"));
    body["status"] = json!("VENCIDA");
    body["pixCopiaECola"] = json!("000201");
    let cobv: CobVGerada = fixture(&body.to_string());
    assert_eq!(cobv.pix_copia_e_cola.as_ref().unwrap(), &"000201");
    assert_eq!(cobv.status, CobrancaStatus::Other("VENCIDA".to_owned()));
    assert!(!cobv.status.is_removed());
    assert_eq!(serde_json::to_value(&cobv.status).unwrap(), json!("VENCIDA"));
}

#[test]
fn trap_46_a_number_is_reais_and_read_exactly() {
    for (number, text) in [
        ("10", "10.00"),
        ("10.1", "10.10"),
        ("0.01", "0.01"),
        ("9999999999.99", "9999999999.99"),
        ("1500.000", "1500.00"),
    ] {
        let raw: Value = serde_json::from_str(number).unwrap();
        let body = json!({
            "endToEndId": "E12345678202009091221abcdef12345", "valor": "V",
            "horario": "2020-09-10T13:03:33Z",
        })
        .to_string()
        .replace("\"V\"", number);
        let read: Pix = serde_json::from_str(&body).unwrap();
        assert_eq!(read.valor.to_string(), text, "from {raw}");
    }
    for wrong in [json!(10.001), json!(-1), json!(true), json!({"original": "1.00"}), Value::Null] {
        assert!(pix(&wrong, &Value::Null).is_err(), "{wrong}");
    }
}

#[test]
fn trap_47_debug_shows_no_person_no_key_and_no_location() {
    let cobv: CobVGerada = fixture(include_str!("../../fixtures/spec/cobv.json"));
    let pix: Pix = fixture(include_str!("../../fixtures/spec/pix_with_refund.json"));
    let shown = format!("{cobv:?} {pix:?}");
    for secret in [
        "12345678909",
        "Francisco",
        "pix.example.com",
        "5f84a4c5",
        "56989000019533",
        "Reforma",
        "Alameda",
    ] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
    assert!(shown.contains("Ativa"), "the rest is still there");
}

#[test]
fn refunds_come_as_list_object_or_null() {
    let refund = json!({"id": "r1", "valor": "1.00", "status": "DEVOLVIDO",
        "horario": {"solicitacao": "2020-09-09T20:15:00Z", "liquidacao": "2024-20-08"}});
    for (devolucoes, count) in
        [(json!([refund, refund]), 2), (refund.clone(), 1), (json!([]), 0), (Value::Null, 0)]
    {
        let body = json!({"endToEndId": "E12345678202009091221abcdef12345", "valor": "2.00",
            "horario": "2020-09-10T13:03:33Z", "devolucoes": devolucoes});
        let read: Pix = fixture(&body.to_string());
        assert_eq!(read.devolucoes.len(), count);
        assert!(read.devolucoes.iter().all(|one| one.horario.liquidacao.is_none()));
    }
}

#[test]
fn instants_come_with_and_without_z_offset_and_millis() {
    for text in [
        "2026-03-11T01:30:00Z",
        "2026-03-11T01:30:00.000Z",
        "2026-03-11T01:30:00.0000000Z",
        "2026-03-10T22:30:00-03:00",
        "2026-03-10T22:30:00.00-0300",
        "2026-03-11T01:30:00",
        "2026-03-11 01:30:00.000",
    ] {
        let read = parse_horario(text).map(|at| at.to_rfc3339());
        assert_eq!(read.as_deref(), Some("2026-03-11T01:30:00+00:00"), "{text}");
    }
    for wrong in ["", "2026-03-11", "2024-20-08T00:00:00Z", "11/03/2026 01:30", "yesterday"] {
        assert_eq!(parse_horario(wrong), None, "{wrong}");
    }
}

#[test]
fn modalidade_is_read_as_number_or_text_and_written_as_number() {
    for modalidade in [json!(2), json!("2")] {
        let read: Encargo =
            fixture(&json!({"modalidade": modalidade, "valorPerc": "2.00"}).to_string());
        assert_eq!(
            serde_json::to_value(&read).unwrap(),
            json!({"modalidade": 2, "valorPerc": "2.00"})
        );
    }
    for wrong in [json!("two"), json!(-1), json!(2.5), json!(300)] {
        let body = json!({"modalidade": wrong, "valorPerc": "2.00"}).to_string();
        assert!(serde_json::from_str::<Encargo>(&body).is_err(), "{body}");
    }
}

#[test]
fn a_request_is_written_as_the_specification_spells_it() {
    let document = quita_core::document::TaxId::parse("11222333000181").unwrap();
    let body = CobVSolicitada {
        calendario: CobVCalendarioSolicitado {
            data_de_vencimento: "2026-12-10".parse().unwrap(),
            validade_apos_vencimento: Some(30),
        },
        devedor: Devedor::new(&document, "  Padaria São João Ltda "),
        loc: None,
        valor: CobVValor {
            original: Money::parse("1500.00").unwrap(),
            multa: None,
            juros: None,
            abatimento: None,
            desconto: None,
        },
        chave: "11444777000161".into(),
        solicitacao_pagador: Some("Fatura 2026-001".to_owned()),
        info_adicionais: Vec::new(),
    };
    assert_eq!(
        serde_json::to_value(&body).unwrap(),
        json!({
            "calendario": {"dataDeVencimento": "2026-12-10", "validadeAposVencimento": 30},
            "devedor": {"cnpj": "11222333000181", "nome": "Padaria São João Ltda"},
            "valor": {"original": "1500.00"},
            "chave": "11444777000161",
            "solicitacaoPagador": "Fatura 2026-001",
        })
    );
    assert_eq!(Devedor::new(&document, &"ã".repeat(300)).nome.as_str().chars().count(), 200);
}
