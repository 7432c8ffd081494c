//! Fears a wrong centavo, a wrong day, or a QR nobody can read.
//!
//! Expected values were worked out by hand from the norms: API Pix 2.9.0 (`CobDataDeVencimento`,
//! `CobVValor`), Manual de Padrões para Iniciação do Pix (equations of interest and fine), Lei
//! 7.089/83 (no charge for delay when a non-business due date is paid the next business day). All
//! components rounded half-up.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{MORNING, TXID, Town, assert_refused, cobv_body};
use crate::amount::Terms;
use crate::calendar::{business_days, is_business_day};
use crate::money::Centavos;
use crate::{br_code, terms};

fn day(text: &str) -> NaiveDate {
    terms::date(text).unwrap()
}

fn read(body: &Value) -> Terms {
    terms::of_document(body.as_object().unwrap()).unwrap()
}

fn terms_of(original: &str, due: &str, rules: &Value) -> Terms {
    let mut valor = rules.clone();
    valor["original"] = json!(original);
    read(&json!({"calendario": {"dataDeVencimento": due}, "valor": valor}))
}

/// `parts` are Va, Vd, Vj, Vm and the total.
fn check(original: &str, due: &str, paid: &str, rules: Value, parts: [&str; 5]) {
    let quote = terms_of(original, due, &rules).on(day(paid)).unwrap();
    let got = [quote.abatimento, quote.desconto, quote.juros, quote.multa, quote.total];
    assert_eq!(got.map(|it| it.to_string()), parts, "{original} {due} {paid} {rules}");
}

fn rule(modalidade: u8, value: &str) -> Value {
    json!({"modalidade": modalidade, "valorPerc": value})
}

#[test]
fn every_modality_of_interest_and_fine_to_the_centavo() {
    let cases = [
        ((2, "2.00"), (3, "1.00"), "3.33", "20.00", "1023.33"),
        ((2, "2.00"), (2, "0.03"), "3.00", "20.00", "1023.00"),
        ((1, "15.00"), (1, "0.33"), "3.30", "15.00", "1018.30"),
        ((2, "2.00"), (4, "12.00"), "3.29", "20.00", "1023.29"),
        ((2, "2.00"), (5, "0.33"), "2.64", "20.00", "1022.64"),
        ((2, "2.00"), (6, "0.03"), "2.40", "20.00", "1022.40"),
        ((2, "2.00"), (7, "1.00"), "3.81", "20.00", "1023.81"),
        ((2, "2.00"), (8, "12.00"), "3.81", "20.00", "1023.81"),
    ];
    for (multa, juros, vj, vm, total) in cases {
        let rules = json!({"multa": rule(multa.0, multa.1), "juros": rule(juros.0, juros.1)});
        let parts = ["0.00", "0.00", vj, vm, total];
        check("1000.00", "2026-03-10", "2026-03-20", rules, parts);
    }
}

#[test]
fn a_due_date_on_a_holiday_is_never_late_the_next_business_day() {
    let juros = json!({"juros": rule(1, "0.10")});
    let none = ["0.00", "0.00", "0.00", "0.00"];
    let [a, b, c, d] = none;
    check("10.00", "2021-02-27", "2021-03-01", juros.clone(), [a, b, c, d, "10.00"]);
    check("10.00", "2021-02-27", "2021-03-02", juros, [a, b, "0.10", d, "10.10"]);
    let both = json!({"multa": rule(2, "2.00"), "juros": rule(3, "1.00")});
    check("500.00", "2026-02-16", "2026-02-18", both.clone(), [a, b, c, d, "500.00"]);
    check("500.00", "2026-02-16", "2026-02-19", both, [a, b, "0.17", "10.00", "510.17"]);
}

#[test]
fn a_fine_waits_for_a_business_day_but_calendar_interest_does_not() {
    let calendar = json!({"multa": rule(2, "2.00"), "juros": rule(1, "1.00")});
    let business = json!({"multa": rule(2, "2.00"), "juros": rule(5, "1.00")});
    let (due, zero) = ("2026-03-13", "0.00");
    check("100.00", due, "2026-03-14", calendar.clone(), [zero, zero, "1.00", zero, "101.00"]);
    check("100.00", due, "2026-03-14", business, [zero, zero, zero, zero, "100.00"]);
    check("100.00", due, "2026-03-16", calendar, [zero, zero, "3.00", "2.00", "105.00"]);
}

#[test]
fn interest_and_fine_apply_after_the_rebate() {
    let rules = json!({
        "multa": rule(2, "2.00"), "juros": rule(3, "1.00"), "abatimento": rule(1, "100.00"),
    });
    let parts = ["100.00", "0.00", "9.00", "18.00", "927.00"];
    check("1000.00", "2026-03-10", "2026-04-09", rules, parts);
}

#[test]
fn every_modality_of_discount() {
    let (original, due, zero) = ("1000.00", "2026-03-31", "0.00");
    let dates = |modalidade: u8, items: Value| {
        let desconto = json!({"modalidade": modalidade, "descontoDataFixa": items});
        json!({ "desconto": desconto })
    };
    let steps = dates(
        1,
        json!([
            {"data": "2026-03-20", "valorPerc": "20.00"},
            {"data": "2026-03-10", "valorPerc": "50.00"},
        ]),
    );
    check(original, due, "2026-03-10", steps.clone(), [zero, "50.00", zero, zero, "950.00"]);
    check(original, due, "2026-03-11", steps.clone(), [zero, "20.00", zero, zero, "980.00"]);
    check(original, due, "2026-03-21", steps, [zero, zero, zero, zero, "1000.00"]);
    let percent = dates(2, json!([{"data": "2026-03-20", "valorPerc": "3.50"}]));
    check(original, due, "2026-03-20", percent, [zero, "35.00", zero, zero, "965.00"]);
    let per_day = [
        (3, "1.00", "11.00", "989.00"),
        (4, "1.00", "7.00", "993.00"),
        (5, "0.10", "11.00", "989.00"),
        (6, "0.10", "7.00", "993.00"),
    ];
    for (modalidade, value, vd, total) in per_day {
        let rules = json!({"desconto": rule(modalidade, value)});
        check(original, due, "2026-03-20", rules, [zero, vd, zero, zero, total]);
    }
}

/// Source: API Pix 2.9.0, `CobDataDeVencimento`: a due date on a non-business day moves to the next
/// business day, and `desconto` takes the moved date too.
#[test]
fn a_discount_per_day_counts_to_the_moved_due_date() {
    let zero = "0.00";
    // Due Saturday, moved to Monday, paid the Thursday before: 4 calendar days, 2 business days.
    for (modalidade, vd, total) in [(3, "4.00", "96.00"), (4, "2.00", "98.00")] {
        let rules = json!({"desconto": rule(modalidade, "1.00")});
        check("100.00", "2026-03-14", "2026-03-12", rules, [zero, vd, zero, zero, total]);
    }
}

#[test]
fn half_a_centavo_rounds_up_and_a_rate_is_never_rounded_first() {
    let zero = "0.00";
    let rebate = json!({"abatimento": rule(2, "0.05")});
    check("10.00", "2026-03-10", "2026-03-10", rebate, ["0.01", zero, zero, zero, "9.99"]);
    let fine = json!({"multa": rule(2, "1.00")});
    check("100.50", "2026-03-10", "2026-03-11", fine, [zero, zero, zero, "1.01", "101.51"]);
    let interest = json!({"juros": rule(3, "1.00")});
    let parts = [zero, zero, "10.00", zero, "30010.00"];
    check("30000.00", "2024-09-04", "2024-09-05", interest, parts);
}

#[test]
fn an_amount_beyond_ten_digits_is_refused_not_wrapped() {
    let rules = json!({"multa": rule(2, "2.00"), "juros": rule(3, "1.00")});
    let terms = terms_of("9999999999.99", "2026-03-10", &rules);
    assert!(terms.on(day("2026-03-10")).is_ok());
    assert!(terms.on(day("2026-04-09")).is_err());
}

#[tokio::test]
async fn a_charge_that_could_outgrow_ten_digits_or_reach_zero_is_not_created() {
    let town = Town::new().await;
    let cases = [
        ("9999999999.99", "multa", rule(2, "2.00")),
        // 28 days of anticipation at 4.00 a day exceed 100.00.
        ("100.00", "desconto", rule(3, "4.00")),
    ];
    for (original, name, value) in cases {
        let mut body = cobv_body(original, "2026-03-31");
        body["valor"][name] = value;
        let answer = town.call("PUT", &format!("/cobv/{TXID}"), body).await;
        assert_refused(&answer, 400, "CobVOperacaoInvalida", "cobv.valor");
    }
}

/// Source: API Pix 2.9.0, `CobDataDeVencimento.validadeAposVencimento`, examples A to G.
#[test]
fn the_last_payable_day_of_the_seven_examples() {
    let cases = [
        ("2020-10-20", 4, "2020-10-26"),
        ("2020-12-25", 0, "2020-12-28"),
        ("2020-12-25", 1, "2020-12-29"),
        ("2020-12-25", 3, "2020-12-31"),
        ("2020-12-25", 4, "2021-01-04"),
        ("2021-08-27", 5, "2021-09-01"),
        ("2021-08-28", 5, "2021-09-06"),
    ];
    for (due, validity, last) in cases {
        let body = json!({
            "calendario": {"dataDeVencimento": due, "validadeAposVencimento": validity},
            "valor": {"original": "1.00"},
        });
        let terms = read(&body);
        assert_eq!(terms.last_payable_day(), day(last), "{due} + {validity}");
    }
}

#[test]
fn the_bank_calendar_knows_every_movable_and_guarded_holiday() {
    let holidays = [
        "2025-03-03",
        "2025-03-04",
        "2025-04-18",
        "2025-06-19",
        "2025-11-20",
        "2026-02-16",
        "2026-02-17",
        "2026-04-03",
        "2026-06-04",
        "2026-11-20",
        "2027-02-08",
        "2027-03-26",
        "2027-05-27",
        "2028-02-29",
        "2028-04-14",
        "2028-06-15",
        "2028-11-20",
        "2026-01-01",
        "2026-04-21",
        "2026-05-01",
        "2026-09-07",
        "2026-10-12",
        "2026-11-02",
        "2026-12-25",
    ];
    for holiday in holidays {
        assert!(!is_business_day(day(holiday)), "{holiday}");
    }
    // Before Lei 14.759/2023, Ash Wednesday, and December 31.
    for business in ["2023-11-20", "2026-02-18", "2020-12-31"] {
        assert!(is_business_day(day(business)), "{business}");
    }
    assert_eq!(business_days(day("2026-03-10"), day("2026-03-20")), 8);
    assert_eq!(business_days(day("2026-03-20"), day("2026-03-10")), 0);
}

#[test]
fn a_valor_in_any_other_shape_is_not_a_valor() {
    for text in
        ["10.5", "1,000.00", "-1.00", " 10.00", "10", "10.000", "12345678901.00", ".50", "+1.00"]
    {
        assert_eq!(Centavos::parse(text), None, "{text}");
    }
    assert_eq!(Centavos::parse("9999999999.99"), Some(Centavos::MAX));
    assert_eq!(Centavos(5).to_string(), "0.05");
}

/// Sources: the check value of CRC-16/CCITT-FALSE; a published dynamic sample of the Manual do BR
/// Code, recomputed with this bank's upper-case names.
#[test]
fn the_br_code_carries_the_location_and_a_true_crc() {
    assert_eq!(br_code::crc16(b"123456789"), 0x29B1);
    let location = "pix.example.com/qr/v2/cobv/0123456789abcdef0123456789abcdef";
    let expected = "00020101021226810014br.gov.bcb.pix2559pix.example.com/qr/v2/cobv/\
                    0123456789abcdef0123456789abcdef5204000053039865802BR5909ACME LTDA\
                    6009SAO PAULO62070503***6304780C";
    assert_eq!(br_code::dynamic(location, "Acme Ltda", "São Paulo"), expected);
    let long = br_code::dynamic(location, &"São João ".repeat(9), "Santana do Livramento");
    assert!(long.is_ascii() && long.contains("5925SAO JOAO") && long.contains("6015SANTANA"));
}

#[tokio::test]
async fn the_payload_behind_a_location_shows_the_final_amount_of_the_intended_day() {
    let town = Town::with(MORNING, |_| {}).await;
    let mut body = cobv_body("1000.00", "2026-03-10");
    body["valor"]["multa"] = rule(2, "2.00");
    body["valor"]["juros"] = rule(3, "1.00");
    let (_, charge) = town.call("PUT", &format!("/cobv/{TXID}"), body).await;
    let location = charge["location"].as_str().unwrap();
    assert!(charge["pixCopiaECola"].as_str().unwrap().contains(location));
    let path = location.strip_prefix("pix.example.com").unwrap();
    let (status, payload) = town.get(&format!("{path}?DPP=2026-03-20&codMun=3550308")).await;
    assert_eq!(status, 200);
    let valor = json!({
        "original": "1000.00", "multa": "20.00", "juros": "3.33", "final": "1023.33",
    });
    assert_eq!(payload["valor"], valor);
    assert_eq!(payload["calendario"]["apresentacao"], "2026-03-03T13:00:00.000Z");
    assert_eq!(town.get(path).await.1["valor"]["final"], "1000.00");
    let tipo = "CobPayloadOperacaoInvalida";
    assert_refused(&town.get(&format!("{path}?DPP=2026-03-02")).await, 400, tipo, "DPP");
    assert_refused(&town.get(&format!("{path}?DPP=2026-04-10")).await, 400, tipo, "DPP");
    assert_refused(&town.get(&format!("{path}?codMun=1")).await, 400, tipo, "codMun");
    town.set_clock("2026-04-10T13:00:00Z");
    assert_refused(&town.get(path).await, 410, "CobPayloadNaoEncontrado", "");
    assert_refused(&town.get("/qr/v2/cobv/0").await, 404, "CobPayloadNaoEncontrado", "");
    assert_eq!(town.bank.total_calls(), 1, "payloads are not counted as API calls");
}
