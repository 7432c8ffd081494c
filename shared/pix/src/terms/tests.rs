use chrono::NaiveDate;
use quita_core::money::Money;
use quita_core::percent::Percent;
use quita_core::pix_key::PixKey;
use quita_core::terms::{DayBasis, Discount, Fine, Interest, InterestRate, Rebate, Terms};
use serde_json::{Value, json};

use super::*;
use crate::wire::{CobVCalendario, CobVValor, Devedor};

fn plain() -> Terms {
    Terms {
        original: money("1000.00"),
        due_date: day("2026-12-10"),
        validity_days: 15,
        fine: None,
        interest: None,
        rebate: None,
        discount: None,
    }
}

fn money(text: &str) -> Money {
    Money::parse(text).unwrap()
}

fn percent(text: &str) -> Percent {
    Percent::parse(text).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Writes `terms`, compares with `wire` (beside `original`), and reads it back through JSON.
fn check(terms: &Terms, wire: &Value) {
    let mut expected = wire.clone();
    expected["original"] = json!("1000.00");
    let written = serde_json::to_value(to_valor(terms)).unwrap();
    assert_eq!(written, expected);
    let valor: CobVValor = serde_json::from_str(&written.to_string()).unwrap();
    let asked = to_calendario(terms);
    let stored = CobVCalendario {
        criacao: None,
        data_de_vencimento: asked.data_de_vencimento,
        validade_apos_vencimento: asked.validade_apos_vencimento,
    };
    assert_eq!(&from_cobv(&stored, &valor).unwrap(), terms);
}

#[test]
fn no_terms_no_objects() {
    check(&plain(), &json!({}));
}

#[test]
fn multa_1_and_2() {
    for (fine, modalidade, value) in
        [(Fine::Fixed(money("20.00")), 1, "20.00"), (Fine::Percent(percent("2.00")), 2, "2.00")]
    {
        check(
            &Terms { fine: Some(fine), ..plain() },
            &json!({"multa": {"modalidade": modalidade, "valorPerc": value}}),
        );
    }
}

#[test]
fn juros_1_to_8() {
    use DayBasis::{Business, Calendar};
    for (basis, rate, modalidade, value) in [
        (Calendar, InterestRate::AmountPerDay(money("0.33")), 1, "0.33"),
        (Calendar, InterestRate::PercentPerDay(percent("0.03")), 2, "0.03"),
        (Calendar, InterestRate::PercentPerMonth(percent("1.00")), 3, "1.00"),
        (Calendar, InterestRate::PercentPerYear(percent("12.00")), 4, "12.00"),
        (Business, InterestRate::AmountPerDay(money("0.33")), 5, "0.33"),
        (Business, InterestRate::PercentPerDay(percent("0.03")), 6, "0.03"),
        (Business, InterestRate::PercentPerMonth(percent("1.00")), 7, "1.00"),
        (Business, InterestRate::PercentPerYear(percent("12.00")), 8, "12.00"),
    ] {
        check(
            &Terms { interest: Some(Interest { basis, rate }), ..plain() },
            &json!({"juros": {"modalidade": modalidade, "valorPerc": value}}),
        );
    }
}

#[test]
fn abatimento_1_and_2() {
    for (rebate, modalidade, value) in [
        (Rebate::Fixed(money("100.00")), 1, "100.00"),
        (Rebate::Percent(percent("10.50")), 2, "10.50"),
    ] {
        check(
            &Terms { rebate: Some(rebate), ..plain() },
            &json!({"abatimento": {"modalidade": modalidade, "valorPerc": value}}),
        );
    }
}

#[test]
fn desconto_1_to_6() {
    use DayBasis::{Business, Calendar};
    let dated = |value: &str| json!([{"data": "2026-11-30", "valorPerc": value}, {"data": "2026-12-05", "valorPerc": "5.00"}]);
    let (first, second) = (day("2026-11-30"), day("2026-12-05"));
    for (discount, wire) in [
        (
            Discount::FixedUntil(vec![(first, money("10.00")), (second, money("5.00"))]),
            json!({"modalidade": 1, "descontoDataFixa": dated("10.00")}),
        ),
        (
            Discount::PercentUntil(vec![(first, percent("10.00")), (second, percent("5.00"))]),
            json!({"modalidade": 2, "descontoDataFixa": dated("10.00")}),
        ),
        (
            Discount::AmountPerDay { basis: Calendar, amount: money("1.00") },
            json!({"modalidade": 3, "valorPerc": "1.00"}),
        ),
        (
            Discount::AmountPerDay { basis: Business, amount: money("1.00") },
            json!({"modalidade": 4, "valorPerc": "1.00"}),
        ),
        (
            Discount::PercentPerDay { basis: Calendar, percent: percent("0.10") },
            json!({"modalidade": 5, "valorPerc": "0.10"}),
        ),
        (
            Discount::PercentPerDay { basis: Business, percent: percent("0.10") },
            json!({"modalidade": 6, "valorPerc": "0.10"}),
        ),
    ] {
        check(&Terms { discount: Some(discount), ..plain() }, &json!({"desconto": wire}));
    }
}

#[test]
fn codes_outside_the_table_and_contradictions_are_refused() {
    let read = |valor: Value| {
        let valor: CobVValor = serde_json::from_str(&valor.to_string()).unwrap();
        let calendario = CobVCalendario {
            criacao: None,
            data_de_vencimento: day("2026-12-10"),
            validade_apos_vencimento: None,
        };
        from_cobv(&calendario, &valor)
    };
    for (property, modalidade) in [("multa", 3), ("juros", 9), ("juros", 0), ("abatimento", 0)] {
        assert_eq!(
            read(
                json!({"original": "1.00", property: {"modalidade": modalidade, "valorPerc": "1.00"}})
            ),
            Err(TermsError::Modalidade { property, modalidade })
        );
    }
    let fixed = json!([{"data": "2026-11-30", "valorPerc": "1.00"}]);
    for contradictory in [
        json!({"modalidade": 1, "valorPerc": "1.00"}),
        json!({"modalidade": 1, "valorPerc": "1.00", "descontoDataFixa": fixed}),
        json!({"modalidade": 3, "descontoDataFixa": fixed}),
        json!({"modalidade": 5}),
    ] {
        assert_eq!(
            read(json!({"original": "1.00", "desconto": contradictory})),
            Err(TermsError::DescontoShape)
        );
    }
    assert_eq!(read(json!({"original": "1.00"})).unwrap().validity_days, 30);
}

#[test]
fn the_text_for_the_payer_is_cut_to_what_the_specification_takes() {
    let chave = PixKey::parse("11222333000181").unwrap();
    let request = charge_request(&plain(), &chave, Devedor::default(), Some(&"ç".repeat(200)));
    assert_eq!(request.solicitacao_pagador.unwrap().chars().count(), 140);
    assert_eq!(request.chave.as_str(), "11222333000181");
    assert_eq!(request.calendario.validade_apos_vencimento, Some(15));
}
