use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bank::{Reply, ScriptedBank, cobv, credentials, hasty, payment, refusal, reply, txid};
use crate::client::{ClientOptions, ENSURE_ROUNDS_MAX, KIND_TXID_TAKEN, PspClient};
use crate::error::PixError;
use crate::wire::{
    CobVSolicitada, CobrancaStatus, DevolucaoId, DevolucaoSolicitada, DevolucaoStatus,
};

/// A request for exactly what [`cobv`] holds.
fn asked() -> CobVSolicitada {
    serde_json::from_str(&cobv().to_string()).unwrap()
}

fn with(field: &str, value: Value) -> Reply {
    let mut held = cobv();
    held[field] = value;
    reply(200, held)
}

/// Each element of the script answers one call; the first three of an unknown PUT are repeats.
async fn ensure(script: Vec<Reply>) -> (Result<CobrancaStatus, PixError>, Vec<String>) {
    let bank = ScriptedBank::new(script).await;
    let outcome = bank.client().ensure_cobv(&txid(), &asked()).await.map(|held| held.status);
    let verbs =
        bank.lines().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    (outcome, verbs)
}

fn down() -> Vec<Reply> {
    vec![reply(502, ""); 3]
}

#[tokio::test]
async fn a_first_put_costs_one_call() {
    let (outcome, verbs) = ensure(vec![reply(201, cobv())]).await;
    assert_eq!(outcome.unwrap(), CobrancaStatus::Ativa);
    assert_eq!(verbs, ["PUT"]);
}

#[tokio::test]
async fn trap_40_a_lost_answer_finds_the_charge_it_created() {
    let mut script = down();
    script.push(reply(200, cobv()));
    let (outcome, verbs) = ensure(script).await;
    assert!(outcome.is_ok());
    assert_eq!(verbs, ["PUT", "PUT", "PUT", "GET"]);
}

#[tokio::test]
async fn a_charge_that_never_arrived_is_put_again() {
    let mut script = down();
    script.extend([reply(404, ""), reply(201, cobv())]);
    let (outcome, verbs) = ensure(script).await;
    assert!(outcome.is_ok());
    assert_eq!(verbs, ["PUT", "PUT", "PUT", "GET", "PUT"]);
}

#[tokio::test]
async fn a_bank_that_stays_down_leaves_the_outcome_unknown_in_bounded_calls() {
    let mut script = down();
    script.push(reply(404, ""));
    script.extend(down());
    script.push(reply(404, ""));
    let (outcome, verbs) = ensure(script).await;
    assert!(matches!(outcome, Err(PixError::Unknown { .. })));
    assert_eq!(verbs.iter().filter(|verb| *verb == "PUT").count(), 3 * ENSURE_ROUNDS_MAX as usize);
    let (outcome, verbs) = ensure([down(), down()].concat()).await;
    assert!(matches!(outcome, Err(PixError::Unknown { .. })));
    assert_eq!(verbs, ["PUT", "PUT", "PUT", "GET", "GET", "GET"]);
}

#[tokio::test]
async fn ensuring_ends_within_one_budget() {
    let bank = ScriptedBank::new(vec![reply(503, "").header("retry-after", "1"); 20]).await;
    let options = ClientOptions { call_budget: Duration::from_millis(300), ..hasty() };
    let client = PspClient::new(bank.profile(), credentials(), options).unwrap();
    let begun = Instant::now();
    let outcome = client.ensure_cobv(&txid(), &asked()).await;
    assert!(matches!(outcome, Err(PixError::Unknown { .. })));
    assert!(begun.elapsed() < Duration::from_millis(580), "one budget, not one for each call");
}

#[tokio::test]
async fn a_duplicate_is_success_when_the_bank_holds_what_was_asked() {
    let (outcome, verbs) = ensure(vec![refusal("txid já utilizado"), reply(200, cobv())]).await;
    assert!(outcome.is_ok());
    assert_eq!(verbs, ["PUT", "GET"]);
    // Paid between the lost answer and the repeat: still what was asked for.
    let (outcome, _) = ensure(vec![refusal("não ATIVA"), with("status", json!("CONCLUIDA"))]).await;
    assert_eq!(outcome.unwrap(), CobrancaStatus::Concluida);
}

#[tokio::test]
async fn a_txid_held_with_other_terms_is_refused_and_never_taken_for_ours() {
    for (field, value) in [
        ("valor", json!({"original": "123.46"})),
        ("valor", json!({"original": "123.45", "multa": {"modalidade": 2, "valorPerc": "2.00"}})),
        ("calendario", json!({"dataDeVencimento": "2021-01-01", "validadeAposVencimento": 30})),
        ("chave", json!("another@example.com")),
        ("status", json!("REMOVIDA_PELO_USUARIO_RECEBEDOR")),
    ] {
        for first in [vec![refusal("txid já utilizado")], down()] {
            let (outcome, _) = ensure([first, vec![with(field, value.clone())]].concat()).await;
            let Err(PixError::Refused(problem)) = outcome else { panic!("{field}: {outcome:?}") };
            assert_eq!(problem.kind, KIND_TXID_TAKEN, "{field}");
        }
    }
}

#[tokio::test]
async fn a_plain_refusal_stays_the_banks_own() {
    let (outcome, verbs) = ensure(vec![refusal("valor inválido"), reply(404, "")]).await;
    let Err(PixError::Refused(problem)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(problem.title, "valor inválido");
    assert_eq!(verbs, ["PUT", "GET"]);
    // It cannot be said whether the charge is there: not final.
    let (outcome, _) = ensure([vec![refusal("x")], down()].concat()).await;
    assert!(matches!(outcome, Err(PixError::Unknown { .. })));
}

#[tokio::test]
async fn trap_14_a_removal_travels_alone() {
    let removed = with("status", json!("REMOVIDA_PELO_USUARIO_RECEBEDOR"));
    let bank = ScriptedBank::new([removed.clone()]).await;
    let held = bank.client().remove_cobv(&txid()).await.unwrap();
    assert!(held.status.is_removed());
    let seen = bank.seen();
    assert!(seen[0].line.starts_with("PATCH /v2/cobv/"));
    assert_eq!(seen[0].body, r#"{"status":"REMOVIDA_PELO_USUARIO_RECEBEDOR"}"#);

    // Its answer was lost: the repeat is refused, the charge is gone, and that is success.
    let late = removed.clone().late(Duration::from_secs(5));
    let bank = ScriptedBank::new([late, refusal("não ATIVA"), removed]).await;
    assert!(bank.client().remove_cobv(&txid()).await.unwrap().status.is_removed());
}

#[tokio::test]
async fn a_paid_charge_cannot_be_removed() {
    let paid = with("status", json!("CONCLUIDA"));
    let bank = ScriptedBank::new([refusal("não ATIVA"), paid]).await;
    let outcome = bank.client().remove_cobv(&txid()).await;
    assert!(matches!(outcome, Err(PixError::Refused(problem)) if problem.title == "não ATIVA"));
}

#[tokio::test]
async fn a_refund_asked_twice_is_one_refund() {
    let held = json!({"id": "r1", "valor": "4.00", "status": "DEVOLVIDO", "horario": {}});
    let id = DevolucaoId::parse("r1").unwrap();
    let asked: DevolucaoSolicitada = DevolucaoSolicitada {
        valor: quita_core::money::Money::parse("4.00").unwrap(),
        natureza: None,
        descricao: None,
    };
    let bank = ScriptedBank::new([refusal("id já utilizado"), reply(200, &held)]).await;
    let done = bank.client().ensure_devolucao(&payment(), &id, &asked).await.unwrap();
    assert_eq!(done.status, DevolucaoStatus::Devolvido);
    assert_eq!(bank.lines()[0], format!("PUT /v2/pix/{}/devolucao/r1", payment().as_str()));
    assert_eq!(bank.seen()[0].body, r#"{"valor":"4.00"}"#);

    let mut other = held;
    other["valor"] = json!("5.00");
    let bank = ScriptedBank::new([refusal("id já utilizado"), reply(200, other)]).await;
    let outcome = bank.client().ensure_devolucao(&payment(), &id, &asked).await;
    assert!(matches!(outcome, Err(PixError::Refused(_))), "another amount is another refund");
}
