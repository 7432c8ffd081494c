//! The payload a payer's app fetches from a location: what to pay, computed.
//!
//! Owns `CobPayload` and `CobVPayload` of API Pix 2.9.0, with `DPP` and `codMun`. Served as plain
//! JSON, unsigned. Without `DPP` the amount is as of today in São Paulo. Invariant: a charge that
//! cannot be paid answers 410, a location that shows none 404.

use chrono::Duration;
use serde_json::{Value, json};

use crate::Bank;
use crate::calendar::civil_date;
use crate::problem::{Check, Problem, Reply};
use crate::query::{Params, timestamp};
use crate::state::{Charge, ChargeStatus, Kind};
use crate::terms;

const NOT_FOUND: &str = "CobPayloadNaoEncontrado";

impl Bank {
    /// `GET https://{location}`.
    pub(crate) fn payload(
        &self,
        kind: Kind,
        token: &str,
        params: &Params<'_>,
    ) -> Result<Reply, Problem> {
        let book = self.book();
        let charge = book
            .loc_by_token
            .get(token)
            .and_then(|id| book.locs.get(id))
            .filter(|loc| loc.kind == kind)
            .and_then(|loc| book.charges.get(loc.txid.as_deref()?))
            .ok_or_else(|| {
                let detail =
                    "A cobrança em questão não foi encontrada para a location requisitada.";
                Problem::not_found(NOT_FOUND, detail)
            })?;
        if charge.status != ChargeStatus::Ativa {
            return Err(Problem::gone(NOT_FOUND, "A cobrança não pode mais ser paga."));
        }
        let mut body = charge.doc.clone();
        body.insert("txid".to_owned(), json!(charge.txid));
        body.insert("revisao".to_owned(), json!(charge.revisao));
        body.insert("status".to_owned(), json!(charge.status));
        let calendario = &mut body["calendario"];
        calendario["criacao"] = json!(timestamp(charge.criacao));
        calendario["apresentacao"] = json!(timestamp(self.now()));
        match kind {
            Kind::Cob => self.refuse_expired(charge)?,
            Kind::Cobv => {
                body.insert("recebedor".to_owned(), self.receiver_json());
                body.insert("valor".to_owned(), self.computed(charge, params)?);
            }
        }
        Ok(Reply::json(200, Value::Object(body)))
    }

    fn refuse_expired(&self, charge: &Charge) -> Result<(), Problem> {
        let seconds = charge.doc["calendario"]["expiracao"].as_i64().unwrap_or(0);
        if self.now() > charge.criacao + Duration::seconds(seconds) {
            return Err(Problem::gone(NOT_FOUND, "A cobrança expirou."));
        }
        Ok(())
    }

    /// `CobVPayloadValor`: every component already in reais, and `final`.
    fn computed(&self, charge: &Charge, params: &Params<'_>) -> Result<Value, Problem> {
        let mut check = Check::new("");
        let today = civil_date(self.now());
        let unusable = || Problem::gone(NOT_FOUND, "A cobrança não pode mais ser paga.");
        let terms = terms::of_document(&charge.doc).ok_or_else(unusable)?;
        if let Some(code) = params.get("codMun")
            && !(code.len() == 7 && code.bytes().all(|byte| byte.is_ascii_digit()))
        {
            check.schema("codMun", Some(&code.into()));
        }
        let wanted = params.get("DPP");
        let day = wanted.map_or(Some(today), terms::date);
        match day {
            None => check.schema("DPP", wanted.map(Value::from).as_ref()),
            Some(day) if day < today => {
                check.fail(
                    "DPP",
                    "é anterior ao momento presente",
                    wanted.map(Value::from).as_ref(),
                );
            }
            Some(day) if day > terms.last_payable_day() && wanted.is_some() => {
                let reason = "é superior à validade da cobrança";
                check.fail("DPP", reason, wanted.map(Value::from).as_ref());
            }
            Some(_) => {}
        }
        let (Some(day), true) = (day, check.is_clean()) else {
            let detail = "A cobrança existe, mas a requisição é inválida.";
            let violacoes = check.into_violacoes();
            return Err(Problem::invalid("CobPayloadOperacaoInvalida", detail, violacoes));
        };
        if day > terms.last_payable_day() {
            return Err(unusable());
        }
        let quote = terms.on(day).map_err(|_| unusable())?;
        let mut valor =
            json!({"original": quote.original.to_string(), "final": quote.total.to_string()});
        let parts = [
            ("multa", quote.multa),
            ("juros", quote.juros),
            ("abatimento", quote.abatimento),
            ("desconto", quote.desconto),
        ];
        for (name, part) in parts.into_iter().filter(|(_, part)| part.0 != 0) {
            valor[name] = json!(part.to_string());
        }
        Ok(valor)
    }
}
