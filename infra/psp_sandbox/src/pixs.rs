//! `/pix`: received payments and their refunds.
//!
//! Owns `Pix` and `Devolucao` of API Pix 2.9.0. Receiving money is the payer's doing: see
//! [`crate::payer`]. Invariants: the refunds of a Pix never exceed it; a refund asked for is
//! `EM_PROCESSAMENTO` until the bank settles it, and reaching a final status enters the outbox in
//! the same commit.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value};

use crate::Bank;
use crate::charges::storage_failed;
use crate::document::is_alphanumeric;
use crate::money::Centavos;
use crate::problem::{Check, Problem, Reply};
use crate::query::{Listing, Params};
use crate::state::{Book, Change, Pix, Refund, RefundStatus};
use crate::store::StoreError;
use crate::wire::{pix_json, refund_json};

/// The receiver may ask for a refund this long after settlement (`PixDevolucaoInvalida`).
const REFUND_WINDOW_DAYS: i64 = 90;
const REFUND_ID_CHARS_MAX: usize = 35;
const DESCRIPTION_CHARS_MAX: usize = 140;

impl Bank {
    /// `GET /pix/{e2eid}`.
    pub(crate) fn get_pix(&self, e2eid: &str) -> Result<Reply, Problem> {
        Ok(Reply::json(200, self.shown(found(&self.book(), e2eid)?, false)))
    }

    /// `GET /pix`: by instant of settlement.
    pub(crate) fn list_pixs(&self, params: &Params<'_>) -> Result<Reply, Problem> {
        let mut check = Check::new("");
        let mut listing = Listing::read(params, true, &mut check);
        let document = listing.document(params, &mut check);
        let with_txid = listing.flag(params, "txIdPresente", &mut check);
        let with_refund = listing.flag(params, "devolucaoPresente", &mut check);
        let txid = params.get("txid");
        if txid.is_some_and(|txid| !is_alphanumeric(txid, 1, 35)) {
            check.schema("txid", txid.map(Value::from).as_ref());
        }
        listing.note("txid", txid.map(Value::from));
        if !check.is_clean() {
            let detail = "Os parâmetros de consulta são inválidos.";
            return Err(Problem::invalid("PixConsultaInvalida", detail, check.into_violacoes()));
        }
        let book = self.book();
        let mut pixs: Vec<&Pix> = book
            .pixs
            .values()
            .filter(|pix| listing.covers(pix.horario))
            .filter(|pix| txid.is_none_or(|txid| pix.txid.as_deref() == Some(txid)))
            .filter(|pix| with_txid.is_none_or(|wanted| pix.txid.is_some() == wanted))
            .filter(|pix| with_refund.is_none_or(|wanted| pix.devolucoes.is_empty() != wanted))
            .filter(|pix| {
                let payer = pix.payer.as_ref();
                document
                    .as_ref()
                    .is_none_or(|wanted| payer.is_some_and(|payer| payer.document == *wanted))
            })
            .collect();
        pixs.sort_by_key(|pix| (pix.horario, pix.seq));
        Ok(listing.answer("pix", &pixs, |pix| self.shown(pix, true)))
    }

    /// The Pix as the API shows it, with what a fault makes of it.
    fn shown(&self, pix: &Pix, in_list: bool) -> Value {
        let mut shown = pix_json(pix);
        if self.faults().is_garbled(&pix.e2eid, in_list) {
            shown["valor"] = Value::from("dez reais");
        }
        shown
    }

    /// `GET /pix/{e2eid}/devolucao/{id}`.
    pub(crate) fn get_refund(&self, e2eid: &str, id: &str) -> Result<Reply, Problem> {
        let book = self.book();
        let refund = book
            .pixs
            .get(e2eid)
            .and_then(|pix| pix.devolucoes.iter().find(|refund| refund.id == id));
        let detail = "Devolução representada por id não encontrada para o e2eid informado.";
        let refund =
            refund.ok_or_else(|| Problem::not_found("PixDevolucaoNaoEncontrada", detail))?;
        Ok(Reply::json(200, refund_json(refund)))
    }

    /// `PUT /pix/{e2eid}/devolucao/{id}`: 201, `EM_PROCESSAMENTO`.
    pub(crate) fn put_refund(
        &self,
        e2eid: &str,
        id: &str,
        body: &Map<String, Value>,
    ) -> Result<Reply, Problem> {
        let now = self.now();
        let mut book = self.book();
        let mut pix = found(&book, e2eid)?.clone();
        let valor = read_refund(&pix, id, body, now)?;
        let sequence = book.next();
        let refund = Refund {
            id: id.to_owned(),
            rtr_id: self.transaction_id('D', now, sequence),
            valor,
            natureza: "ORIGINAL".to_owned(),
            descricao: body.get("descricao").and_then(Value::as_str).map(str::to_owned),
            solicitacao: now,
            liquidacao: None,
            status: RefundStatus::EmProcessamento,
            motivo: None,
        };
        let reply = Reply::json(201, refund_json(&refund));
        pix.devolucoes.push(refund);
        book.commit(vec![Change::Pix(Box::new(pix))]).map_err(storage_failed)?;
        Ok(reply)
    }

    /// Settles every refund under way and returns how many. A delivery pass does this first, so
    /// only a test that wants to see the moment in between needs to call it.
    pub fn settle_refunds(&self) -> Result<usize, StoreError> {
        let now = self.now();
        let mut book = self.book();
        let under_way: Vec<Pix> =
            book.refunding.iter().filter_map(|e2eid| book.pixs.get(e2eid).cloned()).collect();
        let mut settled = 0;
        for mut pix in under_way {
            for refund in &mut pix.devolucoes {
                if refund.status != RefundStatus::EmProcessamento {
                    continue;
                }
                settled += 1;
                if self.faults().draw_refund_refusal() {
                    refund.status = RefundStatus::NaoRealizado;
                    refund.motivo = Some("Conta do pagador encerrada.".to_owned());
                } else {
                    refund.status = RefundStatus::Devolvido;
                    refund.liquidacao = Some(now);
                }
            }
            let changes = self.with_callback(&mut book, pix);
            book.commit(changes)?;
        }
        Ok(settled)
    }
}

/// Judges a refund request against the Pix it is about.
fn read_refund(
    pix: &Pix,
    id: &str,
    body: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Result<Centavos, Problem> {
    let mut check = Check::new("devolucao");
    if !is_alphanumeric(id, 1, REFUND_ID_CHARS_MAX) {
        check.schema("id", Some(&id.into()));
    }
    if pix.devolucoes.iter().any(|refund| refund.id == id) {
        check.fail("id", "já foi utilizado por outra devolução deste Pix", Some(&id.into()));
    }
    let value = body.get("valor");
    let valor = value.and_then(Value::as_str).and_then(Centavos::parse);
    match valor {
        None | Some(Centavos(0)) => check.schema("valor", value),
        Some(valor) if valor > pix.refundable() => {
            check.fail("valor", "excede, com as demais devoluções, o valor do Pix", value);
        }
        Some(_) => {}
    }
    match body.get("natureza").unwrap_or(&Value::Null) {
        Value::Null => {}
        Value::String(natureza) if natureza == "ORIGINAL" => {}
        other => check.schema("natureza", Some(other)),
    }
    match body.get("descricao").unwrap_or(&Value::Null) {
        Value::Null => {}
        Value::String(text) if text.chars().count() <= DESCRIPTION_CHARS_MAX => {}
        other => check.schema("descricao", Some(other)),
    }
    if now - pix.horario > Duration::days(REFUND_WINDOW_DAYS) {
        check.fail("e2eid", "identifica um Pix fora da janela de devolução de 90 dias", None);
    }
    match valor {
        Some(valor) if check.is_clean() => Ok(valor),
        _ => {
            let detail = "A presente requisição de devolução não respeita o schema ou não faz \
                          sentido semanticamente.";
            Err(Problem::invalid("PixDevolucaoInvalida", detail, check.into_violacoes()))
        }
    }
}

fn found<'a>(book: &'a Book, e2eid: &str) -> Result<&'a Pix, Problem> {
    let detail = "Pix não encontrado para o e2eid informado.";
    book.pixs.get(e2eid).ok_or_else(|| Problem::not_found("PixNaoEncontrado", detail))
}
