//! Fears money recorded wrongly, twice, or not at all.

use chrono::TimeDelta;
use serde_json::json;

use super::{KEY, TXID, Town, assert_refused, cob_body, cobv_body, instant};
use crate::{Centavos, ChargeStatus, PayError, PayOptions};

fn at(text: &str) -> PayOptions {
    PayOptions { on: Some(instant(text)), ..PayOptions::default() }
}

#[tokio::test]
async fn a_late_payment_carries_its_parts_and_they_add_up() {
    let town = Town::new().await;
    let mut body = cobv_body("1000.00", "2026-03-10");
    body["valor"]["multa"] = json!({"modalidade": 2, "valorPerc": "2.00"});
    body["valor"]["juros"] = json!({"modalidade": 3, "valorPerc": "1.00"});
    body["valor"]["abatimento"] = json!({"modalidade": 1, "valorPerc": "100.00"});
    town.call("PUT", &format!("/cobv/{TXID}"), body).await;
    let paid = town.bank.pay(TXID, at("2026-04-09T12:00:00Z")).unwrap();
    assert_eq!(paid.valor, "927.00");
    let (status, pix) = town.get(&format!("/pix/{}", paid.e2eid)).await;
    assert_eq!(status, 200);
    let parts = json!({
        "original": {"valor": "1000.00"}, "juros": {"valor": "9.00"},
        "multa": {"valor": "18.00"}, "abatimento": {"valor": "100.00"},
    });
    assert_eq!(pix["componentesValor"], parts);
    assert_eq!((&pix["txid"], &pix["chave"]), (&json!(TXID), &json!(KEY)));
    assert_eq!(pix["horario"], "2026-04-09T12:00:00.000Z");
    let (_, charge) = town.get(&format!("/cobv/{TXID}")).await;
    assert_eq!((&charge["status"], &charge["revisao"]), (&json!("CONCLUIDA"), &json!(0)));
    assert_eq!(charge["pix"], json!([pix]));
    assert_eq!(town.bank.known_paid_at(TXID), Some(instant("2026-04-09T12:00:00Z")));
    assert_eq!(town.bank.total_received(), Centavos(92_700));
}

#[tokio::test]
async fn the_end_to_end_id_embeds_the_utc_minute_the_payer_started() {
    let town = Town::new().await;
    town.cobv(TXID, "10.00", "2026-03-10").await;
    // Started 23:59 of the due day in São Paulo, settled after midnight: still on time.
    let options = PayOptions {
        initiated_at: Some(instant("2026-03-11T02:59:30Z")),
        ..at("2026-03-11T03:00:10Z")
    };
    let paid = town.bank.pay(TXID, options).unwrap();
    assert!(paid.e2eid.starts_with("E99999004202603110259"), "{}", paid.e2eid);
    assert!(paid.e2eid.len() == 32 && paid.e2eid.bytes().all(|it| it.is_ascii_alphanumeric()));
    assert_eq!(paid.valor, "10.00");
}

#[tokio::test]
async fn the_last_payable_day_ends_at_midnight_in_sao_paulo() {
    let town = Town::new().await;
    let mut body = cobv_body("10.00", "2026-03-10");
    body["calendario"]["validadeAposVencimento"] = json!(0);
    town.call("PUT", &format!("/cobv/{TXID}"), body).await;
    let late = town.bank.pay(TXID, at("2026-03-11T03:00:00Z")).unwrap_err();
    assert!(matches!(late, PayError::PastLastDay { .. }), "{late}");
    assert!(town.bank.pixs().is_empty());
    town.bank.pay(TXID, at("2026-03-11T02:59:59Z")).unwrap();
}

#[tokio::test]
async fn money_that_should_not_come_is_refused_unless_forced() {
    let town = Town::new().await;
    let forced = || PayOptions { force: true, ..PayOptions::default() };
    assert!(matches!(town.bank.pay(TXID, forced()), Err(PayError::UnknownCharge)));
    town.cobv(TXID, "10.00", "2026-03-10").await;
    let partial = PayOptions { amount: Some("4.00".to_owned()), ..PayOptions::default() };
    let first = town.bank.pay(TXID, partial).unwrap();
    assert_eq!(town.bank.charge(TXID).unwrap().status, ChargeStatus::Concluida);
    assert!(matches!(town.bank.pay(TXID, PayOptions::default()), Err(PayError::AlreadyPaid)));
    let second = town.bank.pay(TXID, forced()).unwrap();
    assert_ne!(first.e2eid, second.e2eid);
    assert_eq!((first.valor.as_str(), second.valor.as_str()), ("4.00", "10.00"));
    let (_, charge) = town.get(&format!("/cobv/{TXID}")).await;
    assert_eq!(charge["pix"].as_array().unwrap().len(), 2);
    assert_eq!(charge["pix"][0]["componentesValor"], json!({"original": {"valor": "4.00"}}));

    let removed = TXID.replace('7', "8");
    town.cobv(&removed, "10.00", "2026-03-10").await;
    assert!(town.bank.remove_charge(&removed).unwrap());
    assert!(!town.bank.remove_charge(&removed).unwrap());
    assert!(matches!(town.bank.pay(&removed, PayOptions::default()), Err(PayError::Removed)));
    town.bank.pay(&removed, forced()).unwrap();
    assert_eq!(town.bank.charge(&removed).unwrap().status, ChargeStatus::RemovidaPeloPsp);

    for amount in ["0.00", "1", "-1.00"] {
        let options = PayOptions { amount: Some(amount.to_owned()), ..forced() };
        assert!(matches!(town.bank.pay(TXID, options), Err(PayError::BadAmount)), "{amount}");
    }
}

#[tokio::test]
async fn an_expired_cob_stays_active_and_takes_no_money() {
    let mut town = Town::new().await;
    town.call("PUT", &format!("/cob/{TXID}"), cob_body("1.00")).await;
    town.advance(TimeDelta::seconds(3_601));
    town.log_in().await;
    let error = town.bank.pay(TXID, PayOptions::default()).unwrap_err();
    assert!(matches!(error, PayError::Expired { .. }));
    assert_eq!(town.get(&format!("/cob/{TXID}")).await.1["status"], "ATIVA");
}

#[tokio::test]
async fn money_onto_a_key_touches_no_charge() {
    let town = Town::new().await;
    town.cobv(TXID, "10.00", "2026-03-10").await;
    let plain = town.bank.pay_key(KEY, "5.00", None).unwrap();
    let (_, pix) = town.get(&format!("/pix/{}", plain.e2eid)).await;
    assert!(pix.get("txid").is_none() && pix.get("componentesValor").is_none());
    town.bank.pay_key(KEY, "5.00", Some("STATIC1")).unwrap();
    assert_eq!(town.bank.charge(TXID).unwrap().status, ChargeStatus::Ativa);
    assert!(matches!(town.bank.pay_key("x", "5.00", None), Err(PayError::UnknownKey)));
    assert!(matches!(town.bank.pay_key(KEY, "5.00", Some("a-b")), Err(PayError::BadTxid)));
    assert!(matches!(town.bank.pay_key(KEY, "5", None), Err(PayError::BadAmount)));
}

#[tokio::test]
async fn refunds_never_exceed_the_pix_its_window_or_their_id() {
    let mut town = Town::new().await;
    town.cobv(TXID, "10.00", "2026-03-10").await;
    let e2eid = town.bank.pay(TXID, PayOptions::default()).unwrap().e2eid;
    let path = |id: &str| format!("/pix/{e2eid}/devolucao/{id}");
    let (status, refund) = town.call("PUT", &path("R1"), json!({"valor": "6.00"})).await;
    assert_eq!((status, &refund["status"]), (201, &json!("EM_PROCESSAMENTO")));
    assert!(refund["rtrId"].as_str().unwrap().starts_with("D99999004202603031300"));
    let tipo = "PixDevolucaoInvalida";
    let again = town.call("PUT", &path("R1"), json!({"valor": "1.00"})).await;
    assert_refused(&again, 400, tipo, "devolucao.id");
    let much = town.call("PUT", &path("R2"), json!({"valor": "4.01"})).await;
    assert_refused(&much, 400, tipo, "devolucao.valor");
    for bad in [json!({"valor": "0.00"}), json!({"valor": 1}), json!({})] {
        assert_refused(&town.call("PUT", &path("R2"), bad).await, 400, tipo, "devolucao.valor");
    }
    assert_eq!(town.bank.total_returned(), Centavos(0));
    assert_eq!(town.bank.settle_refunds().unwrap(), 1);
    let (_, settled) = town.get(&path("R1")).await;
    assert_eq!(settled["status"], "DEVOLVIDO");
    assert!(settled["horario"]["liquidacao"].is_string());
    assert_eq!(town.bank.total_returned(), Centavos(600));
    assert_eq!(town.get(&format!("/cobv/{TXID}")).await.1["status"], "CONCLUIDA");
    assert_refused(&town.get(&path("R9")).await, 404, "PixDevolucaoNaoEncontrada", "");
    let nobody = format!("/pix/{}/devolucao/R1", "E".repeat(32));
    let answer = town.call("PUT", &nobody, json!({"valor": "1.00"})).await;
    assert_refused(&answer, 404, "PixNaoEncontrado", "");
    town.advance(TimeDelta::days(91));
    town.log_in().await;
    let late = town.call("PUT", &path("R3"), json!({"valor": "1.00"})).await;
    assert_refused(&late, 400, tipo, "devolucao.e2eid");
}

#[tokio::test]
async fn a_refused_refund_gives_its_amount_back_to_the_pix() {
    let town = Town::new().await;
    town.cobv(TXID, "10.00", "2026-03-10").await;
    let e2eid = town.bank.pay(TXID, PayOptions::default()).unwrap().e2eid;
    town.bank.faults().refuse_next_refunds(1);
    town.call("PUT", &format!("/pix/{e2eid}/devolucao/R1"), json!({"valor": "10.00"})).await;
    town.bank.settle_refunds().unwrap();
    let (_, refund) = town.get(&format!("/pix/{e2eid}/devolucao/R1")).await;
    assert_eq!(refund["status"], "NAO_REALIZADO");
    assert!(refund["motivo"].is_string());
    let (status, _) =
        town.call("PUT", &format!("/pix/{e2eid}/devolucao/R2"), json!({"valor": "10.00"})).await;
    assert_eq!(status, 201);
}
