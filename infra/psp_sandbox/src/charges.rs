//! `/cob` and `/cobv`: creating, revising, reading and listing charges.
//!
//! Owns the life of a charge (API Pix 2.9.0, `CobrancaStatus` and `Revisao`). Does not judge
//! bodies: see [`crate::document`]. Invariants: only an `ATIVA` charge changes; `revisao` starts at
//! 0 and grows by one per change, and a request that changes nothing, or only `loc`, does not move
//! it. So a repeated PUT is the same charge.

use serde_json::{Map, Value};

use crate::Bank;
use crate::calendar::civil_date;
use crate::document::{self, is_alphanumeric};
use crate::problem::{Check, Problem, Reply, Violacao};
use crate::query::{Listing, Params};
use crate::state::{Book, Change, Charge, ChargeStatus, Document, Kind, Loc};
use crate::store::StoreError;

const TXID_CHARS_MIN: usize = 26;
const TXID_CHARS_MAX: usize = 35;
const REMOVED_BY_RECEIVER: &str = "REMOVIDA_PELO_USUARIO_RECEBEDOR";
const NOT_ACTIVE: &str = "Cobrança não encontra-se mais com o status ATIVA, somente cobranças \
                          ativas podem ser revisadas.";

impl Bank {
    /// `PUT /cob/{txid}` and `PUT /cobv/{txid}`: 201, also when it revises.
    pub(crate) fn put_charge(
        &self,
        kind: Kind,
        txid: &str,
        body: &Map<String, Value>,
    ) -> Result<Reply, Problem> {
        if !is_alphanumeric(txid, TXID_CHARS_MIN, TXID_CHARS_MAX) {
            let mut check = Check::new(kind.root());
            check.schema("txid", Some(&txid.into()));
            return Err(invalid(kind, check.into_violacoes()));
        }
        let mut book = self.book();
        let existing = book.charges.get(txid).cloned();
        if let Some(charge) = &existing {
            if charge.kind != kind {
                return Err(refused(kind, "O txid já identifica uma cobrança de outro tipo."));
            }
            if charge.status != ChargeStatus::Ativa {
                return Err(refused(kind, NOT_ACTIVE));
            }
        }
        let charge = self.judged(&mut book, kind, txid, existing, body)?;
        Ok(Reply::json(201, self.charge_json(&book, &charge)))
    }

    /// `POST /cob`: the bank picks the txid, so a repeat makes a second charge.
    pub(crate) fn post_cob(&self, body: &Map<String, Value>) -> Result<Reply, Problem> {
        let sequence = self.book().next();
        let txid = self.random_text(sequence, TXID_CHARS_MAX, b"0123456789abcdefghijklmnopqrstuv");
        self.put_charge(Kind::Cob, &txid, body)
    }

    /// `PATCH /cob/{txid}` and `PATCH /cobv/{txid}`.
    pub(crate) fn patch_charge(
        &self,
        kind: Kind,
        txid: &str,
        body: &Map<String, Value>,
    ) -> Result<Reply, Problem> {
        let mut book = self.book();
        let charge = found(&book, kind, txid)?.clone();
        if charge.status != ChargeStatus::Ativa {
            return Err(refused(kind, NOT_ACTIVE));
        }
        let charge = match body.get("status").filter(|status| !status.is_null()) {
            Some(status) => {
                let mut check = Check::new(kind.root());
                if status != REMOVED_BY_RECEIVER {
                    check.schema("status", Some(status));
                }
                if document::has_changes(body) {
                    check.fail("status", "não pode acompanhar outras alterações", Some(status));
                }
                if !check.is_clean() {
                    return Err(invalid(kind, check.into_violacoes()));
                }
                removed(&mut book, charge, ChargeStatus::RemovidaPeloUsuarioRecebedor)?
            }
            None => {
                let mut merged = document::merged(&charge.doc, body);
                merged.extend(body.get("loc").map(|loc| ("loc".to_owned(), loc.clone())));
                self.judged(&mut book, kind, txid, Some(charge), &merged)?
            }
        };
        Ok(Reply::json(200, self.charge_json(&book, &charge)))
    }

    /// `GET /cob/{txid}` and `GET /cobv/{txid}`, at an earlier `revisao` when asked.
    pub(crate) fn get_charge(
        &self,
        kind: Kind,
        txid: &str,
        params: &Params<'_>,
    ) -> Result<Reply, Problem> {
        let book = self.book();
        let mut charge = found(&book, kind, txid)?.clone();
        if let Some(text) = params.get("revisao") {
            let wanted = text.parse::<u32>().ok();
            if wanted != Some(charge.revisao) {
                let past = charge.history.iter().find(|past| Some(past.revisao) == wanted);
                let Some(past) = past.cloned() else {
                    let mut check = Check::new("");
                    check.fail("revisao", "não existe nesta cobrança", Some(&text.into()));
                    return Err(bad_query(kind, check));
                };
                charge.revisao = past.revisao;
                charge.status = past.status;
                charge.doc = past.doc;
            }
        }
        Ok(Reply::json(200, self.charge_json(&book, &charge)))
    }

    /// `GET /cob` and `GET /cobv`: by instant of creation, oldest first.
    pub(crate) fn list_charges(&self, kind: Kind, params: &Params<'_>) -> Result<Reply, Problem> {
        let mut check = Check::new("");
        let mut listing = Listing::read(params, true, &mut check);
        let document = listing.document(params, &mut check);
        let located = listing.flag(params, "locationPresente", &mut check);
        let status = params.get("status").map(Value::from);
        listing.note("status", status.clone());
        if !check.is_clean() {
            return Err(bad_query(kind, check));
        }
        let book = self.book();
        let of_debtor = |charge: &Charge, wanted: &str| {
            let debtor = charge.doc.get("devedor").unwrap_or(&Value::Null);
            debtor["cpf"] == wanted || debtor["cnpj"] == wanted
        };
        let mut charges: Vec<&Charge> = book
            .charges
            .values()
            .filter(|charge| charge.kind == kind && listing.covers(charge.criacao))
            .filter(|charge| document.as_ref().is_none_or(|wanted| of_debtor(charge, wanted)))
            .filter(|charge| located.is_none_or(|wanted| charge.loc.is_some() == wanted))
            .filter(|charge| {
                status.as_ref().is_none_or(|wanted| serde_json::json!(charge.status) == *wanted)
            })
            .collect();
        charges.sort_by_key(|charge| (charge.criacao, charge.seq));
        Ok(listing.answer("cobs", &charges, |charge| self.charge_json(&book, charge)))
    }

    /// Removes a charge as the bank itself may (`REMOVIDA_PELO_PSP`). `false` when there is no
    /// active charge under `txid`.
    pub fn remove_charge(&self, txid: &str) -> Result<bool, StoreError> {
        let mut book = self.book();
        match book.charges.get(txid).cloned() {
            Some(mut charge) if charge.status == ChargeStatus::Ativa => {
                let doc = charge.doc.clone();
                charge.revise(ChargeStatus::RemovidaPeloPsp, doc);
                book.commit(vec![Change::Charge(Box::new(charge))])?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Creates or revises a charge from a whole body, binding its location.
    fn judged(
        &self,
        book: &mut Book,
        kind: Kind,
        txid: &str,
        existing: Option<Charge>,
        body: &Map<String, Value>,
    ) -> Result<Charge, Problem> {
        let criacao = existing.as_ref().map_or_else(|| self.now(), |charge| charge.criacao);
        let doc = document::read(kind, body, &self.config().keys, civil_date(criacao))
            .map_err(|violacoes| invalid(kind, violacoes))?;
        let wanted_loc =
            document::location_id(kind, body).map_err(|violacao| invalid(kind, vec![violacao]))?;
        let mut changes = Vec::new();
        let current_loc = existing.as_ref().and_then(|charge| charge.loc);
        let mut loc = match wanted_loc.or(current_loc) {
            Some(id) => usable_loc(book, kind, txid, id)?,
            None => self.new_loc(book, kind),
        };
        if loc.txid.is_none() {
            loc.txid = Some(txid.to_owned());
            changes.push(Change::Loc(loc.clone()));
            if let Some(old) = current_loc.and_then(|id| book.locs.get(&id)) {
                changes.push(Change::Loc(Loc { txid: None, ..old.clone() }));
            }
        }
        let charge = match existing {
            Some(charge) => revised(charge, doc, loc.id),
            None => Charge {
                seq: book.next(),
                kind,
                txid: txid.to_owned(),
                revisao: 0,
                status: ChargeStatus::Ativa,
                criacao,
                loc: Some(loc.id),
                doc,
                history: Vec::new(),
            },
        };
        changes.push(Change::Charge(Box::new(charge.clone())));
        book.commit(changes).map_err(storage_failed)?;
        Ok(charge)
    }
}

fn revised(mut charge: Charge, doc: Document, loc: i64) -> Charge {
    charge.loc = Some(loc);
    if charge.doc != doc {
        charge.revise(ChargeStatus::Ativa, doc);
    }
    charge
}

fn removed(book: &mut Book, mut charge: Charge, status: ChargeStatus) -> Result<Charge, Problem> {
    let doc = charge.doc.clone();
    charge.revise(status, doc);
    book.commit(vec![Change::Charge(Box::new(charge.clone()))]).map_err(storage_failed)?;
    Ok(charge)
}

/// The location `id`, if it exists, has the right type and is free or already this charge's.
fn usable_loc(book: &Book, kind: Kind, txid: &str, id: i64) -> Result<Loc, Problem> {
    let mut check = Check::new(kind.root());
    let value = Value::from(id);
    match book.locs.get(&id) {
        None => check.fail("loc.id", "referencia um location que inexiste", Some(&value)),
        Some(loc) if loc.kind != kind => {
            check.fail("loc.id", "referencia um location de outro tipo", Some(&value));
        }
        Some(loc) if loc.txid.as_deref().is_some_and(|bound| bound != txid) => {
            let reason = "referencia um location já utilizado por outra cobrança";
            check.fail("loc.id", reason, Some(&value));
        }
        Some(loc) => return Ok(loc.clone()),
    }
    Err(invalid(kind, check.into_violacoes()))
}

fn found<'a>(book: &'a Book, kind: Kind, txid: &str) -> Result<&'a Charge, Problem> {
    let charge = book.charges.get(txid).filter(|charge| charge.kind == kind);
    charge.ok_or_else(|| {
        let tipo = match kind {
            Kind::Cob => "CobNaoEncontrado",
            Kind::Cobv => "CobVNaoEncontrada",
        };
        Problem::not_found(tipo, "Cobrança não encontrada para o txid informado.")
    })
}

pub(crate) fn invalid(kind: Kind, violacoes: Vec<Violacao>) -> Problem {
    let (tipo, what) = match kind {
        Kind::Cob => ("CobOperacaoInvalida", "cobrança para pagamento imediato"),
        Kind::Cobv => ("CobVOperacaoInvalida", "cobrança com vencimento"),
    };
    let detail = format!(
        "A requisição que busca alterar ou criar uma {what} não respeita o schema ou está \
         semanticamente errada."
    );
    Problem::invalid(tipo, &detail, violacoes)
}

/// The charge is in no state for what was asked.
fn refused(kind: Kind, detail: &str) -> Problem {
    Problem { title: "Operação inválida.", detail: detail.into(), ..invalid(kind, Vec::new()) }
}

fn bad_query(kind: Kind, check: Check) -> Problem {
    let tipo = match kind {
        Kind::Cob => "CobConsultaInvalida",
        Kind::Cobv => "CobVConsultaInvalida",
    };
    Problem::invalid(tipo, "Os parâmetros de consulta são inválidos.", check.into_violacoes())
}

/// A failed disk is a 500 to the caller; the cause stays in the log.
pub(crate) fn storage_failed(error: StoreError) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "The bank could not write its book");
    let detail = "Condição inesperada ao processar requisição.";
    Problem::plain(500, "ErroInternoDoServidor", "Erro interno", detail)
}
