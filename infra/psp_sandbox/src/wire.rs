//! Records as API Pix 2.9.0 shows them.
//!
//! Owns the JSON of `CobGerada`, `CobVGerada`, `PayloadLocationCompleta`, `Pix` and `Devolucao`.
//! Does not decide anything. Invariant: money is text, instants are RFC 3339 in UTC.

use serde_json::{Map, Value, json};

use crate::Bank;
use crate::br_code;
use crate::money::Centavos;
use crate::query::timestamp;
use crate::state::{Book, Charge, Components, Kind, Loc, Pix, Refund};

impl Bank {
    /// A charge at its present revision.
    pub(crate) fn charge_json(&self, book: &Book, charge: &Charge) -> Value {
        let mut body = charge.doc.clone();
        body.insert("txid".to_owned(), json!(charge.txid));
        body.insert("revisao".to_owned(), json!(charge.revisao));
        body.insert("status".to_owned(), json!(charge.status));
        if let Some(calendario) = body.get_mut("calendario") {
            calendario["criacao"] = json!(timestamp(charge.criacao));
        }
        if charge.kind == Kind::Cobv {
            body.insert("recebedor".to_owned(), self.receiver_json());
        }
        if let Some(loc) = charge.loc.and_then(|id| book.locs.get(&id)) {
            body.insert("loc".to_owned(), loc_json(loc));
            body.insert("location".to_owned(), json!(loc.location));
            body.insert("pixCopiaECola".to_owned(), json!(self.br_code(loc)));
        }
        let pixs: Vec<Value> = book.pixs_of(&charge.txid).map(pix_json).collect();
        if !pixs.is_empty() {
            body.insert("pix".to_owned(), json!(pixs));
        }
        Value::Object(body)
    }

    pub(crate) fn receiver_json(&self) -> Value {
        let receiver = &self.config().receiver;
        json!({
            "nome": receiver.nome,
            "cnpj": receiver.cnpj,
            "logradouro": receiver.logradouro,
            "cidade": receiver.cidade,
            "uf": receiver.uf,
            "cep": receiver.cep,
        })
    }

    pub(crate) fn br_code(&self, loc: &Loc) -> String {
        let receiver = &self.config().receiver;
        br_code::dynamic(&loc.location, &receiver.nome, &receiver.cidade)
    }
}

pub(crate) fn loc_json(loc: &Loc) -> Value {
    let mut body = json!({
        "id": loc.id,
        "location": loc.location,
        "tipoCob": loc.kind,
        "criacao": timestamp(loc.criacao),
    });
    if let Some(txid) = &loc.txid {
        body["txid"] = json!(txid);
    }
    body
}

pub(crate) fn pix_json(pix: &Pix) -> Value {
    let mut body = json!({
        "endToEndId": pix.e2eid,
        "valor": pix.valor.to_string(),
        "chave": pix.chave,
        "horario": timestamp(pix.horario),
    });
    if let Some(txid) = &pix.txid {
        body["txid"] = json!(txid);
    }
    if let Some(parts) = &pix.componentes {
        body["componentesValor"] = components_json(parts);
    }
    if let Some(text) = &pix.info_pagador {
        body["infoPagador"] = json!(text);
    }
    if let Some(payer) = &pix.payer {
        let field = if payer.document.len() == 11 { "cpf" } else { "cnpj" };
        body["pagador"] = json!({"nome": payer.nome, field: payer.document});
    }
    if !pix.devolucoes.is_empty() {
        body["devolucoes"] = pix.devolucoes.iter().map(refund_json).collect();
    }
    body
}

pub(crate) fn refund_json(refund: &Refund) -> Value {
    let mut horario = json!({"solicitacao": timestamp(refund.solicitacao)});
    if let Some(liquidacao) = refund.liquidacao {
        horario["liquidacao"] = json!(timestamp(liquidacao));
    }
    let mut body = json!({
        "id": refund.id,
        "rtrId": refund.rtr_id,
        "valor": refund.valor.to_string(),
        "natureza": refund.natureza,
        "horario": horario,
        "status": refund.status,
    });
    if let Some(descricao) = &refund.descricao {
        body["descricao"] = json!(descricao);
    }
    if let Some(motivo) = &refund.motivo {
        body["motivo"] = json!(motivo);
    }
    body
}

/// `original` always, every other part only when it is not zero.
fn components_json(parts: &Components) -> Value {
    let mut body = Map::new();
    body.insert("original".to_owned(), json!({"valor": parts.original.to_string()}));
    let others = [
        ("juros", parts.juros),
        ("multa", parts.multa),
        ("abatimento", parts.abatimento),
        ("desconto", parts.desconto),
    ];
    for (name, value) in others.into_iter().filter(|(_, value)| *value != Centavos(0)) {
        body.insert(name.to_owned(), json!({"valor": value.to_string()}));
    }
    Value::Object(body)
}
