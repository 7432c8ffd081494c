//! What the bank remembers, and the only way it changes.
//!
//! Owns the records and the in-memory maps over them. Does not own the disk: see [`crate::store`].
//! Invariant: every change goes through [`Book::commit`], which writes it durably before the maps
//! show it, so an answer is never about something a crash can lose.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::money::Centavos;
use crate::store::{Store, StoreError};

/// The stored part of a charge body, in normal form.
pub(crate) type Document = Map<String, Value>;

/// Immediate charge or charge with a due date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Immediate charge.
    Cob,
    /// Charge with a due date.
    Cobv,
}

impl Kind {
    /// The name API Pix uses for it: `tipoCob`, and the root of `propriedade` in violations.
    pub(crate) fn root(self) -> &'static str {
        match self {
            Self::Cob => "cob",
            Self::Cobv => "cobv",
        }
    }
}

/// `CobrancaStatus` of API Pix 2.9.0. Overdue and expired are not statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChargeStatus {
    /// Created, neither paid nor removed.
    Ativa,
    /// Paid; takes no other payment.
    Concluida,
    /// Removed by the receiver.
    RemovidaPeloUsuarioRecebedor,
    /// Removed by the bank.
    RemovidaPeloPsp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub seq: u64,
    pub kind: Kind,
    pub txid: String,
    pub revisao: u32,
    pub status: ChargeStatus,
    pub criacao: DateTime<Utc>,
    pub loc: Option<i64>,
    pub doc: Document,
    pub history: Vec<Revision>,
}

/// A charge as it was at an earlier `revisao`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub revisao: u32,
    pub status: ChargeStatus,
    pub doc: Document,
}

impl Charge {
    pub fn chave(&self) -> &str {
        self.doc["chave"].as_str().unwrap_or_default()
    }

    pub fn original(&self) -> Centavos {
        let text = self.doc["valor"]["original"].as_str();
        text.and_then(Centavos::parse).unwrap_or_default()
    }

    /// Moves to the next revision, keeping the present one in the history.
    pub fn revise(&mut self, status: ChargeStatus, doc: Document) {
        let doc = std::mem::replace(&mut self.doc, doc);
        self.history.push(Revision { revisao: self.revisao, status: self.status, doc });
        self.status = status;
        self.revisao += 1;
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Loc {
    pub id: i64,
    pub kind: Kind,
    pub token: String,
    pub location: String,
    pub criacao: DateTime<Utc>,
    pub txid: Option<String>,
}

/// Who paid, when the payer's bank tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    /// Name.
    pub nome: String,
    /// 11 digits (CPF) or 14 characters (CNPJ).
    pub document: String,
}

/// `componentesValor`: the parts of a payment, when the amount is the one the bank computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Components {
    pub original: Centavos,
    pub juros: Centavos,
    pub multa: Centavos,
    pub abatimento: Centavos,
    pub desconto: Centavos,
}

/// Status of a `devolucao`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundStatus {
    /// Asked for, not settled.
    EmProcessamento,
    /// The money went back.
    Devolvido,
    /// Refused by the other bank.
    NaoRealizado,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub id: String,
    pub rtr_id: String,
    pub valor: Centavos,
    pub natureza: String,
    pub descricao: Option<String>,
    pub solicitacao: DateTime<Utc>,
    pub liquidacao: Option<DateTime<Utc>>,
    pub status: RefundStatus,
    pub motivo: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pix {
    pub seq: u64,
    pub e2eid: String,
    pub txid: Option<String>,
    pub chave: String,
    pub valor: Centavos,
    pub horario: DateTime<Utc>,
    pub info_pagador: Option<String>,
    pub payer: Option<Payer>,
    pub componentes: Option<Components>,
    pub devolucoes: Vec<Refund>,
}

impl Pix {
    /// What is still with the receiver, counting refunds under way as gone.
    pub fn refundable(&self) -> Centavos {
        let gone: i64 = self
            .devolucoes
            .iter()
            .filter(|refund| refund.status != RefundStatus::NaoRealizado)
            .map(|refund| refund.valor.0)
            .sum();
        Centavos(self.valor.0 - gone)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub chave: String,
    pub url: String,
    pub criacao: DateTime<Utc>,
}

/// One callback waiting in the outbox. The body is frozen, so a retry says the same thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Callback {
    pub id: u64,
    pub chave: String,
    pub e2eid: String,
    pub body: Value,
    pub attempts: u32,
    /// Injected delay: nothing is sent before this instant of the bank's clock.
    pub not_before: Option<DateTime<Utc>>,
    /// Backoff after a failed attempt.
    pub retry_at: Option<DateTime<Utc>>,
}

/// One durable change.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Charge(Box<Charge>),
    Loc(Loc),
    Pix(Box<Pix>),
    Webhook(Webhook),
    WebhookRemoved(String),
    Callback(Box<Callback>),
    CallbackDone(u64),
    /// The last sequence number handed out.
    Sequence(u64),
}

#[derive(Default)]
pub(crate) struct Book {
    pub charges: HashMap<String, Charge>,
    pub pixs: HashMap<String, Pix>,
    pub pixs_by_txid: HashMap<String, Vec<String>>,
    pub locs: BTreeMap<i64, Loc>,
    pub loc_by_token: HashMap<String, i64>,
    pub webhooks: BTreeMap<String, Webhook>,
    pub outbox: BTreeMap<u64, Callback>,
    /// e2eids that hold a refund under way.
    pub refunding: BTreeSet<String>,
    pub sequence: u64,
    store: Option<Store>,
}

impl Book {
    /// Rebuilds the book from what `store` holds.
    pub fn load(store: Option<Store>) -> Result<Self, StoreError> {
        let mut book = Self::default();
        if let Some(store) = store {
            for change in store.load()? {
                book.apply(change);
            }
            book.store = Some(store);
        }
        Ok(book)
    }

    /// The next sequence number. Durable with the next commit.
    pub fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Writes `changes` in one transaction, then shows them.
    pub fn commit(&mut self, mut changes: Vec<Change>) -> Result<(), StoreError> {
        changes.push(Change::Sequence(self.sequence));
        if let Some(store) = &mut self.store {
            store.write(&changes)?;
        }
        changes.into_iter().for_each(|change| self.apply(change));
        Ok(())
    }

    /// The Pix received under `txid`, in order of arrival.
    pub fn pixs_of(&self, txid: &str) -> impl Iterator<Item = &Pix> {
        let ids = self.pixs_by_txid.get(txid).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|e2eid| self.pixs.get(e2eid))
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Charge(charge) => {
                self.charges.insert(charge.txid.clone(), *charge);
            }
            Change::Loc(loc) => {
                self.loc_by_token.insert(loc.token.clone(), loc.id);
                self.locs.insert(loc.id, loc);
            }
            Change::Pix(pix) => self.apply_pix(*pix),
            Change::Webhook(webhook) => {
                self.webhooks.insert(webhook.chave.clone(), webhook);
            }
            Change::WebhookRemoved(chave) => {
                self.webhooks.remove(&chave);
            }
            Change::Callback(callback) => {
                self.outbox.insert(callback.id, *callback);
            }
            Change::CallbackDone(id) => {
                self.outbox.remove(&id);
            }
            Change::Sequence(sequence) => self.sequence = self.sequence.max(sequence),
        }
    }

    fn apply_pix(&mut self, pix: Pix) {
        let under_way = RefundStatus::EmProcessamento;
        if pix.devolucoes.iter().any(|refund| refund.status == under_way) {
            self.refunding.insert(pix.e2eid.clone());
        } else {
            self.refunding.remove(&pix.e2eid);
        }
        if let (Some(txid), false) = (&pix.txid, self.pixs.contains_key(&pix.e2eid)) {
            let ids = self.pixs_by_txid.entry(txid.clone()).or_default();
            ids.push(pix.e2eid.clone());
        }
        self.pixs.insert(pix.e2eid.clone(), pix);
    }
}

/// The days an obligation turns on, for pages and tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueDays {
    /// `dataDeVencimento` as asked for.
    pub due: NaiveDate,
    /// Moved to a business day.
    pub adjusted: NaiveDate,
    /// The last day a payment is accepted.
    pub last_payable: NaiveDate,
}
