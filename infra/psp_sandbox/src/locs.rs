//! `/loc`: locations, the URLs a dynamic QR points at.
//!
//! Owns creating, listing and freeing them. Binding one to a charge is the charge's doing: see
//! [`crate::charges`]. Invariant: a location shows at most one charge, of its own type.

use serde_json::{Map, Value};

use crate::Bank;
use crate::charges::storage_failed;
use crate::problem::{Check, Problem, Reply};
use crate::query::{Listing, Params};
use crate::state::{Book, Change, Kind, Loc};
use crate::wire::loc_json;

const TOKEN_CHARS: usize = 32;

impl Bank {
    /// `POST /loc`.
    pub(crate) fn post_loc(&self, body: &Map<String, Value>) -> Result<Reply, Problem> {
        let kind = match body.get("tipoCob").and_then(Value::as_str) {
            Some("cob") => Kind::Cob,
            Some("cobv") => Kind::Cobv,
            _ => {
                let mut check = Check::new("");
                check.schema("tipoCob", body.get("tipoCob"));
                let detail = "A presente requisição busca criar uma location sem respeitar o \
                              schema estabelecido.";
                let violacoes = check.into_violacoes();
                return Err(Problem::invalid("PayloadLocationOperacaoInvalida", detail, violacoes));
            }
        };
        let mut book = self.book();
        let loc = self.new_loc(&mut book, kind);
        let body = loc_json(&loc);
        book.commit(vec![Change::Loc(loc)]).map_err(storage_failed)?;
        Ok(Reply::json(201, body))
    }

    /// `GET /loc/{id}`.
    pub(crate) fn get_loc(&self, id: &str) -> Result<Reply, Problem> {
        Ok(Reply::json(200, loc_json(found(&self.book(), id)?)))
    }

    /// `DELETE /loc/{id}/txid`: frees the location; neither status nor `revisao` moves.
    pub(crate) fn free_loc(&self, id: &str) -> Result<Reply, Problem> {
        let mut book = self.book();
        let mut loc = found(&book, id)?.clone();
        let mut changes = Vec::new();
        if let Some(charge) = loc.txid.take().and_then(|txid| book.charges.get(&txid)) {
            let mut charge = charge.clone();
            charge.loc = None;
            changes.push(Change::Charge(Box::new(charge)));
        }
        let body = loc_json(&loc);
        changes.push(Change::Loc(loc));
        book.commit(changes).map_err(storage_failed)?;
        Ok(Reply::json(200, body))
    }

    /// `GET /loc`: by instant of creation.
    pub(crate) fn list_locs(&self, params: &Params<'_>) -> Result<Reply, Problem> {
        let mut check = Check::new("");
        let mut listing = Listing::read(params, true, &mut check);
        let bound = listing.flag(params, "txIdPresente", &mut check);
        let kind = params.get("tipoCob");
        if kind.is_some_and(|kind| !matches!(kind, "cob" | "cobv")) {
            check.schema("tipoCob", kind.map(Value::from).as_ref());
        }
        listing.note("tipoCob", kind.map(Value::from));
        if !check.is_clean() {
            let detail = "Os parâmetros de consulta são inválidos.";
            let violacoes = check.into_violacoes();
            return Err(Problem::invalid("PayloadLocationConsultaInvalida", detail, violacoes));
        }
        let book = self.book();
        let locs: Vec<&Loc> = book
            .locs
            .values()
            .filter(|loc| listing.covers(loc.criacao))
            .filter(|loc| kind.is_none_or(|kind| loc.kind.root() == kind))
            .filter(|loc| bound.is_none_or(|bound| loc.txid.is_some() == bound))
            .collect();
        Ok(listing.answer("loc", &locs, |loc| loc_json(loc)))
    }

    /// A location not yet in the book.
    pub(crate) fn new_loc(&self, book: &mut Book, kind: Kind) -> Loc {
        let sequence = book.next();
        let token = self.random_text(sequence, TOKEN_CHARS, b"0123456789abcdef");
        let path = match kind {
            Kind::Cob => "qr/v2",
            Kind::Cobv => "qr/v2/cobv",
        };
        let location = format!("{}/{path}/{token}", self.config().public_host);
        let id = i64::try_from(sequence).unwrap_or(i64::MAX);
        Loc { id, kind, token, location, criacao: self.now(), txid: None }
    }
}

fn found<'a>(book: &'a Book, id: &str) -> Result<&'a Loc, Problem> {
    let loc = id.parse().ok().and_then(|id: i64| book.locs.get(&id));
    let detail = "Location não encontrada para o id informado.";
    loc.ok_or_else(|| Problem::not_found("PayloadLocationNaoEncontrado", detail))
}
