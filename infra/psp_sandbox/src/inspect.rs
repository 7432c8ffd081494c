//! What tests and pages may know about the bank without calling its API.
//!
//! Owns read-only views. Invariant: looking changes nothing and is not counted as a call.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::calendar::civil_date;
use crate::state::{Charge, ChargeStatus, DueDays, Kind, Payer, Pix, RefundStatus};
use crate::{Bank, Centavos, Quote, locked, terms};

/// A charge, as a page would list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeView {
    /// Its txid.
    pub txid: String,
    /// Immediate or with a due date.
    pub kind: Kind,
    /// Status of the record, not of the debt.
    pub status: ChargeStatus,
    /// Revision, from 0.
    pub revisao: u32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// The key it is paid to.
    pub chave: String,
    /// `devedor.nome`.
    pub debtor: Option<String>,
    /// `valor.original`.
    pub original: Centavos,
    /// What it costs today, if it can be computed. `cob`: the original.
    pub today: Option<Centavos>,
    /// Due, adjusted and last payable day of a `cobv`.
    pub days: Option<DueDays>,
    /// Where its payload lives, without scheme.
    pub location: Option<String>,
    /// The BR Code.
    pub pix_copia_e_cola: Option<String>,
}

/// A refund of a received Pix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundView {
    /// Chosen by the receiver, or `MED...` when the bank started it.
    pub id: String,
    /// Amount.
    pub valor: Centavos,
    /// Where it stands.
    pub status: RefundStatus,
}

/// A received Pix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PixView {
    /// `endToEndId`.
    pub e2eid: String,
    /// The txid it came with.
    pub txid: Option<String>,
    /// The key it came to.
    pub chave: String,
    /// Amount.
    pub valor: Centavos,
    /// When it settled.
    pub horario: DateTime<Utc>,
    /// Who paid, if told.
    pub payer: Option<Payer>,
    /// Refunds of it, in any status.
    pub refunds: Vec<RefundView>,
}

/// A callback still in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingCallback {
    /// The Pix it is about.
    pub e2eid: String,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Held back until then by an injected delay.
    pub not_before: Option<DateTime<Utc>>,
    /// The background loop tries again then.
    pub retry_at: Option<DateTime<Utc>>,
}

/// A registered webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookView {
    /// The key.
    pub chave: String,
    /// The URL `/pix` is appended to.
    pub url: String,
}

impl Bank {
    /// Every charge, oldest first.
    pub fn charges(&self) -> Vec<ChargeView> {
        let book = self.book();
        let mut charges: Vec<&Charge> = book.charges.values().collect();
        charges.sort_by_key(|charge| charge.seq);
        charges.into_iter().map(|charge| self.charge_view(&book, charge)).collect()
    }

    /// One charge.
    pub fn charge(&self, txid: &str) -> Option<ChargeView> {
        let book = self.book();
        book.charges.get(txid).map(|charge| self.charge_view(&book, charge))
    }

    /// What the `cobv` `txid` costs on `day`, whether or not it could still be paid then.
    pub fn quote(&self, txid: &str, day: NaiveDate) -> Option<Quote> {
        let book = self.book();
        let charge = book.charges.get(txid).filter(|charge| charge.kind == Kind::Cobv)?;
        terms::of_document(&charge.doc)?.on(day).ok()
    }

    /// Every Pix, in order of arrival.
    pub fn pixs(&self) -> Vec<PixView> {
        let book = self.book();
        let mut pixs: Vec<&Pix> = book.pixs.values().collect();
        pixs.sort_by_key(|pix| pix.seq);
        pixs.into_iter().map(pix_view).collect()
    }

    /// One Pix.
    pub fn pix(&self, e2eid: &str) -> Option<PixView> {
        self.book().pixs.get(e2eid).map(pix_view)
    }

    /// When the first Pix under `txid` settled: the moment from which the bank knows it is paid.
    pub fn known_paid_at(&self, txid: &str) -> Option<DateTime<Utc>> {
        self.book().pixs_of(txid).map(|pix| pix.horario).min()
    }

    /// Sum of every received Pix, before refunds.
    pub fn total_received(&self) -> Centavos {
        Centavos(self.book().pixs.values().map(|pix| pix.valor.0).sum())
    }

    /// Sum of every settled refund.
    pub fn total_returned(&self) -> Centavos {
        let book = self.book();
        let refunds = book.pixs.values().flat_map(|pix| &pix.devolucoes);
        let settled = refunds.filter(|refund| refund.status == RefundStatus::Devolvido);
        Centavos(settled.map(|refund| refund.valor.0).sum())
    }

    /// Registered webhooks, by key.
    pub fn webhooks(&self) -> Vec<WebhookView> {
        let book = self.book();
        let view =
            |chave: &String, url: &String| WebhookView { chave: chave.clone(), url: url.clone() };
        book.webhooks.values().map(|webhook| view(&webhook.chave, &webhook.url)).collect()
    }

    /// Callbacks not yet delivered, oldest first.
    pub fn pending_callbacks(&self) -> Vec<PendingCallback> {
        let book = self.book();
        let pending = book.outbox.values().map(|callback| PendingCallback {
            e2eid: callback.e2eid.clone(),
            attempts: callback.attempts,
            not_before: callback.not_before,
            retry_at: callback.retry_at,
        });
        pending.collect()
    }

    /// API calls by route, as in `PUT /cobv/{txid}`. Tokens and QR payloads are not counted; calls
    /// that met a fault or a 401 are.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        locked(&self.calls).clone()
    }

    /// Sum of [`Bank::calls`].
    pub fn total_calls(&self) -> u64 {
        locked(&self.calls).values().sum()
    }

    /// Sets every counter back to zero.
    pub fn reset_calls(&self) {
        locked(&self.calls).clear();
    }

    fn charge_view(&self, book: &crate::state::Book, charge: &Charge) -> ChargeView {
        let loc = charge.loc.and_then(|id| book.locs.get(&id));
        let terms = match charge.kind {
            Kind::Cob => None,
            Kind::Cobv => terms::of_document(&charge.doc),
        };
        let today = civil_date(self.now());
        ChargeView {
            txid: charge.txid.clone(),
            kind: charge.kind,
            status: charge.status,
            revisao: charge.revisao,
            created_at: charge.criacao,
            chave: charge.chave().to_owned(),
            debtor: charge
                .doc
                .get("devedor")
                .and_then(|debtor| debtor["nome"].as_str())
                .map(str::to_owned),
            original: charge.original(),
            today: match &terms {
                None => Some(charge.original()),
                Some(terms) => terms.on(today).ok().map(|quote| quote.total),
            },
            days: terms.as_ref().map(|terms| DueDays {
                due: terms.due,
                adjusted: terms.adjusted_due(),
                last_payable: terms.last_payable_day(),
            }),
            location: loc.map(|loc| loc.location.clone()),
            pix_copia_e_cola: loc.map(|loc| self.br_code(loc)),
        }
    }
}

fn pix_view(pix: &Pix) -> PixView {
    let refunds = pix.devolucoes.iter().map(|refund| RefundView {
        id: refund.id.clone(),
        valor: refund.valor,
        status: refund.status,
    });
    PixView {
        e2eid: pix.e2eid.clone(),
        txid: pix.txid.clone(),
        chave: pix.chave.clone(),
        valor: pix.valor,
        horario: pix.horario,
        payer: pix.payer.clone(),
        refunds: refunds.collect(),
    }
}
