//! The other side of the counter: somebody pays, or the bank takes money back.
//!
//! Owns when a payment is accepted and what it costs. Invariants: a payment, the status it gives
//! its charge and the callback about it are one commit; any accepted payment of a charge makes it
//! `CONCLUIDA`, whatever the amount.

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::Bank;
use crate::calendar::civil_date;
use crate::document::is_alphanumeric;
use crate::money::Centavos;
use crate::state::{
    Book, Change, Charge, ChargeStatus, Components, Kind, Payer, Pix, Refund, RefundStatus,
};
use crate::store::StoreError;
use crate::terms;

/// How a payment is made. The default pays what the bank computes, now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayOptions {
    /// When it settles (`horario`); `None` is now.
    pub on: Option<DateTime<Utc>>,
    /// When the payer started it: the minute inside `endToEndId` and the day that counts. `None`
    /// is the same as `on`.
    pub initiated_at: Option<DateTime<Utc>>,
    /// `1234.56`; `None` pays what the bank computes for that day.
    pub amount: Option<String>,
    /// Told to the receiver as `pagador`, which not every bank does.
    pub payer: Option<Payer>,
    /// `infoPagador`, at most 140 characters; the rest is cut.
    pub message: Option<String>,
    /// Records the payment although the charge is paid, removed, expired or past its last day.
    pub force: bool,
}

/// A settled Pix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidPix {
    /// `endToEndId`.
    pub e2eid: String,
    /// Amount, `1234.56`.
    pub valor: String,
    /// When it settled.
    pub horario: DateTime<Utc>,
}

/// Why a payment did not happen.
#[derive(Debug, thiserror::Error)]
pub enum PayError {
    /// No charge has this txid.
    #[error("no charge has this txid")]
    UnknownCharge,
    /// The charge took its payment already.
    #[error("the charge is already paid")]
    AlreadyPaid,
    /// The receiver or the bank removed the charge.
    #[error("the charge was removed")]
    Removed,
    /// Past the last payable day of a `cobv`.
    #[error("the charge could be paid until {last_payable}")]
    PastLastDay {
        /// That day.
        last_payable: NaiveDate,
    },
    /// Past the `expiracao` of a `cob`.
    #[error("the charge expired at {expired_at}")]
    Expired {
        /// That instant.
        expired_at: DateTime<Utc>,
    },
    /// Not `\d{1,10}\.\d{2}`, or zero.
    #[error("the amount is not a positive amount with two decimals")]
    BadAmount,
    /// The txid of a payment onto a key has 1 to 35 letters and digits.
    #[error("the txid is not 1 to 35 letters and digits")]
    BadTxid,
    /// The key is not one of the receiver's.
    #[error("the key belongs to nobody here")]
    UnknownKey,
    /// The bank could not write it down; nothing happened.
    #[error("the bank failed to record the payment")]
    Storage(#[from] StoreError),
}

/// Why the bank did not return a Pix.
#[derive(Debug, thiserror::Error)]
pub enum ReturnError {
    /// No Pix has this `endToEndId`.
    #[error("no pix has this end-to-end id")]
    UnknownPix,
    /// Not a positive amount, or more than is left of the Pix.
    #[error("the amount is not positive or exceeds what is left")]
    BadAmount,
    /// The bank could not write it down; nothing happened.
    #[error("the bank failed to record the return")]
    Storage(#[from] StoreError),
}

/// What one payment carries into the book.
struct Payment {
    txid: Option<String>,
    chave: String,
    valor: Centavos,
    componentes: Option<Components>,
    options: PayOptions,
}

impl Bank {
    /// Pays the charge `txid`. To pay it a second time, set [`PayOptions::force`].
    pub fn pay(&self, txid: &str, options: PayOptions) -> Result<PaidPix, PayError> {
        let settled_at = options.on.unwrap_or_else(|| self.now());
        let initiated_at = options.initiated_at.unwrap_or(settled_at);
        let mut book = self.book();
        let charge = book.charges.get(txid).ok_or(PayError::UnknownCharge)?.clone();
        if !options.force {
            refuse_unpayable(&charge, initiated_at)?;
        }
        let due = amount_due(&charge, civil_date(initiated_at));
        let valor = match (&options.amount, due) {
            (Some(text), _) => positive(text).ok_or(PayError::BadAmount)?,
            (None, Some(parts)) => parts.1,
            (None, None) => charge.original(),
        };
        let componentes = due.filter(|(_, total)| *total == valor).map(|(parts, _)| parts);
        let only_original = Components {
            original: valor,
            juros: Centavos(0),
            multa: Centavos(0),
            abatimento: Centavos(0),
            desconto: Centavos(0),
        };
        let payment = Payment {
            txid: Some(txid.to_owned()),
            chave: charge.chave().to_owned(),
            valor,
            componentes: Some(componentes.unwrap_or(only_original)),
            options,
        };
        self.receive(&mut book, payment, Some(charge))
    }

    /// Pays onto a key, as with a static QR or a typed key. Whatever the txid, no charge changes:
    /// this is how money arrives that belongs to none.
    pub fn pay_key(
        &self,
        chave: &str,
        amount: &str,
        txid: Option<&str>,
    ) -> Result<PaidPix, PayError> {
        self.pay_key_with(chave, amount, txid, PayOptions::default())
    }

    /// [`Bank::pay_key`] with a time, a payer or a message. `amount` in the options is ignored.
    pub fn pay_key_with(
        &self,
        chave: &str,
        amount: &str,
        txid: Option<&str>,
        options: PayOptions,
    ) -> Result<PaidPix, PayError> {
        if !self.config().keys.iter().any(|owned| owned == chave) {
            return Err(PayError::UnknownKey);
        }
        if txid.is_some_and(|txid| !is_alphanumeric(txid, 1, 35)) {
            return Err(PayError::BadTxid);
        }
        let payment = Payment {
            txid: txid.map(str::to_owned),
            chave: chave.to_owned(),
            valor: positive(amount).ok_or(PayError::BadAmount)?,
            componentes: None,
            options,
        };
        self.receive(&mut self.book(), payment, None)
    }

    /// The bank takes back `amount` of a received Pix on its own (`MED_OPERACIONAL`), settled at
    /// once. Returns the id of the `devolucao`.
    pub fn return_pix(&self, e2eid: &str, amount: &str) -> Result<String, ReturnError> {
        let now = self.now();
        let mut book = self.book();
        let mut pix = book.pixs.get(e2eid).ok_or(ReturnError::UnknownPix)?.clone();
        let valor = positive(amount).filter(|valor| *valor <= pix.refundable());
        let valor = valor.ok_or(ReturnError::BadAmount)?;
        let sequence = book.next();
        let id = format!("MED{sequence}");
        pix.devolucoes.push(Refund {
            id: id.clone(),
            rtr_id: self.transaction_id('D', now, sequence),
            valor,
            natureza: "MED_OPERACIONAL".to_owned(),
            descricao: None,
            solicitacao: now,
            liquidacao: Some(now),
            status: RefundStatus::Devolvido,
            motivo: None,
        });
        let changes = self.with_callback(&mut book, pix);
        book.commit(changes)?;
        Ok(id)
    }

    /// Writes down money that arrived: the Pix, its charge and its callback in one commit.
    fn receive(
        &self,
        book: &mut Book,
        payment: Payment,
        charge: Option<Charge>,
    ) -> Result<PaidPix, PayError> {
        const MESSAGE_CHARS_MAX: usize = 140;
        let options = payment.options;
        let horario = options.on.unwrap_or_else(|| self.now());
        let seq = book.next();
        let pix = Pix {
            seq,
            e2eid: self.transaction_id('E', options.initiated_at.unwrap_or(horario), seq),
            txid: payment.txid,
            chave: payment.chave,
            valor: payment.valor,
            horario,
            info_pagador: options.message.map(|it| it.chars().take(MESSAGE_CHARS_MAX).collect()),
            payer: options.payer,
            componentes: payment.componentes,
            devolucoes: Vec::new(),
        };
        let paid = PaidPix { e2eid: pix.e2eid.clone(), valor: pix.valor.to_string(), horario };
        let mut changes = self.with_callback(book, pix);
        if let Some(mut charge) = charge.filter(|charge| charge.status == ChargeStatus::Ativa) {
            charge.status = ChargeStatus::Concluida;
            changes.push(Change::Charge(Box::new(charge)));
        }
        book.commit(changes)?;
        Ok(paid)
    }
}

fn refuse_unpayable(charge: &Charge, at: DateTime<Utc>) -> Result<(), PayError> {
    match charge.status {
        ChargeStatus::Ativa => {}
        ChargeStatus::Concluida => return Err(PayError::AlreadyPaid),
        ChargeStatus::RemovidaPeloUsuarioRecebedor | ChargeStatus::RemovidaPeloPsp => {
            return Err(PayError::Removed);
        }
    }
    match charge.kind {
        Kind::Cob => {
            let seconds = charge.doc["calendario"]["expiracao"].as_i64().unwrap_or(0);
            let expired_at = charge.criacao + Duration::seconds(seconds);
            if at > expired_at {
                return Err(PayError::Expired { expired_at });
            }
        }
        Kind::Cobv => {
            let last_payable = terms::of_document(&charge.doc).map(|it| it.last_payable_day());
            if let Some(last_payable) = last_payable.filter(|last| civil_date(at) > *last) {
                return Err(PayError::PastLastDay { last_payable });
            }
        }
    }
    Ok(())
}

/// The components and the total the bank asks for on `day`.
fn amount_due(charge: &Charge, day: NaiveDate) -> Option<(Components, Centavos)> {
    let zero = Centavos(0);
    match charge.kind {
        Kind::Cob => {
            let original = charge.original();
            let parts =
                Components { original, juros: zero, multa: zero, abatimento: zero, desconto: zero };
            Some((parts, original))
        }
        Kind::Cobv => {
            let quote = terms::of_document(&charge.doc)?.on(day).ok()?;
            let parts = Components {
                original: quote.original,
                juros: quote.juros,
                multa: quote.multa,
                abatimento: quote.abatimento,
                desconto: quote.desconto,
            };
            Some((parts, quote.total))
        }
    }
}

fn positive(amount: &str) -> Option<Centavos> {
    Centavos::parse(amount).filter(|valor| valor.0 > 0)
}
