//! What a line of a bank file credits, where it names a Pix, a charge or a boleto.
//!
//! The bank's own list is asked before the statement is believed: it knows the txid and the minute
//! of a Pix. A bank that does not answer is not waited for, since the money is on the account already.

use std::time::Duration;

use chrono::{Days, NaiveTime, TimeDelta};
use quita_bank_files::Entry;
use quita_core::bank_import::{BoletoRef, Outcome};
use quita_core::ids::{EndToEndId, InvoiceId, PaymentId, Txid};
use quita_core::invoice;
use quita_core::matching::{Fit, fit, told_of_charge};
use quita_core::money::Money;
use quita_core::payment::{Command, Method, ParkReason, Payment, PaymentState};
use quita_core::zone::instant_at;
use quita_pix::client::{PixFilter, Window};
use quita_pix::error::PixError;
use quita_pix::wire::Pix;
use quita_table::store::ItemRef;

use crate::error::{Unknown, chain};
use crate::import_bank_file::ACTOR;
use crate::movement::{Movement, Refusal};
use crate::pay_oldest::{owing, pay_oldest, put_rest};
use crate::take_line::{Taker, ask, memo_of, own_payment_id, payer_of, refused, settled_on};
use crate::take_payment::{Taken, planned};

/// Time the bank has to answer for one line.
const BANK_PATIENCE: Duration = Duration::from_secs(3);
/// How far the bank's clock may be from the day a statement names, in days.
const BOOKED_DAYS_OFF: u64 = 1;

/// What a line comes to.
pub(crate) enum Credited {
    Moved(Box<Movement>, Outcome),
    /// A statement has shown this money before.
    Shown,
    /// Someone else recorded it this very moment: it is decided anew.
    Again,
}

impl Credited {
    fn of(movement: Movement, outcome: Outcome) -> Self {
        Self::Moved(Box::new(movement), outcome)
    }
}

/// A line that names a Pix which is not recorded as received.
pub(crate) async fn pix(
    taker: &mut Taker<'_>,
    entry: &Entry,
    id: EndToEndId,
    amount: Money,
    reported: Option<&Payment>,
) -> Result<Credited, Unknown> {
    let told = match ask_pix(taker, &id).await? {
        Some(told) => told,
        None => by_statement(taker, entry, id, amount, reported),
    };
    take(taker, entry, &told, amount).await
}

/// The Pix as the statement tells of it. A callback that waits for the bank's word, and agrees on
/// the amount, adds the txid.
fn by_statement(
    taker: &Taker<'_>,
    entry: &Entry,
    id: EndToEndId,
    amount: Money,
    reported: Option<&Payment>,
) -> Pix {
    let waiting =
        |it: &&Payment| matches!(it.state, PaymentState::Reported { .. }) && it.amount == amount;
    let reported = reported.filter(waiting);
    let told = reported.and_then(|it| it.txid.clone());
    let horario = id.initiated_at().unwrap_or_else(|| taker.paid_at(entry));
    Pix {
        end_to_end_id: id,
        txid: entry.clues.txid.clone().or(told),
        valor: amount,
        chave: None,
        horario: reported.map_or(horario, |it| it.paid_at),
        pagador: None,
        info_pagador: None,
        devolucoes: Vec::new(),
        componentes_valor: None,
    }
}

/// Records a Pix and finds its place; it is settled where the statement has the same amount.
async fn take(
    taker: &Taker<'_>,
    entry: &Entry,
    told: &Pix,
    amount: Money,
) -> Result<Credited, Unknown> {
    let planned = planned(taker.deps, &taker.settings.merchant, told).await?;
    let Some((mut movement, taken)) = planned else { return Ok(Credited::Again) };
    movement.remember(payer_of(entry), &memo_of(entry));
    if told.valor != amount {
        ask(&mut movement, Command::Park { reason: ParkReason::AmountDiffers })?;
        return Ok(Credited::of(movement, Outcome::AmountDiffers));
    }
    ask(&mut movement, Command::Settle { on: settled_on(entry) })?;
    let outcome = match taken {
        Taken::Matched => Outcome::Matched,
        Taken::RefundRecorded | Taken::Known => Outcome::Settled,
        Taken::Parked | Taken::Reported => Outcome::Unmatched,
    };
    Ok(Credited::of(movement, outcome))
}

/// A line that names a charge, or a customer's own code, but no Pix.
pub(crate) async fn of_txid(
    taker: &mut Taker<'_>,
    entry: &Entry,
    txid: Txid,
    amount: Money,
) -> Result<Credited, Unknown> {
    let known = payments_of_charge(taker, &txid).await?;
    if let Some(credited) = fitting(taker, entry, &known, amount)? {
        return Ok(credited);
    }
    let listed = ask_list(taker, entry, &txid).await?;
    let same: Vec<Pix> = listed.into_iter().filter(|pix| pix.valor == amount).collect();
    let ids = same.iter().map(|pix| PaymentId::from(pix.end_to_end_id.clone())).collect();
    let recorded = read_payments(taker, ids).await?;
    let is_recorded = |pix: &&Pix| {
        recorded
            .iter()
            .any(|it| it.state.is_received() && it.id.end_to_end() == Some(&pix.end_to_end_id))
    };
    if let Some(told) = same.iter().find(|pix| !is_recorded(pix)) {
        return take(taker, entry, told, amount).await;
    }
    match fitting(taker, entry, &recorded, amount)? {
        Some(credited) => Ok(credited),
        None => by_txid(taker, entry, &txid, amount).await,
    }
}

/// The payment that the line settles, where there is one.
fn fitting(
    taker: &Taker<'_>,
    entry: &Entry,
    payments: &[Payment],
    amount: Money,
) -> Result<Option<Credited>, Unknown> {
    let id = match fit(payments, amount, settled_on(entry)) {
        Fit::Settles(id) => id,
        Fit::Shown(_) => return Ok(Some(Credited::Shown)),
        Fit::None => return Ok(None),
    };
    let Some(payment) = payments.iter().find(|it| it.id == id) else { return Ok(None) };
    let mut movement = Movement::of(payment.clone(), false, ACTOR, taker.deps.clock.now());
    ask(&mut movement, Command::Settle { on: settled_on(entry) })?;
    Ok(Some(Credited::of(movement, Outcome::Settled)))
}

/// The payments that named the charge of a txid.
async fn payments_of_charge(taker: &Taker<'_>, txid: &Txid) -> Result<Vec<Payment>, Unknown> {
    let Some(charge) = txid.charge_ref() else { return Ok(Vec::new()) };
    let refs = [ItemRef::Invoice(charge.invoice.clone())];
    let mut found = taker.deps.store.read(&taker.settings.merchant, &refs).await?;
    let invoice = found.take_invoice(&charge.invoice);
    let ids = invoice.map(|it| told_of_charge(&it, charge.instalment, charge.revision));
    read_payments(taker, ids.unwrap_or_default()).await
}

async fn read_payments(taker: &Taker<'_>, ids: Vec<PaymentId>) -> Result<Vec<Payment>, Unknown> {
    let refs: Vec<ItemRef> = ids.iter().cloned().map(ItemRef::Payment).collect();
    if refs.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = taker.deps.store.read(&taker.settings.merchant, &refs).await?;
    Ok(ids.iter().filter_map(|id| found.take_payment(id)).collect())
}

/// Credits what the txid names, by the statement's word alone.
async fn by_txid(
    taker: &Taker<'_>,
    entry: &Entry,
    txid: &Txid,
    amount: Money,
) -> Result<Credited, Unknown> {
    let mut movement = taker.received(entry, own_payment_id(entry)?, Method::Pix, amount)?;
    if let Some(charge) = txid.charge_ref() {
        return give(taker, movement, &charge.invoice, charge.instalment).await;
    }
    let (deps, merchant) = (taker.deps, &taker.settings.merchant);
    let Some(customer) = txid.customer_ref() else { return nobody(movement) };
    movement.load_customer(deps, &customer).await?;
    if !movement.has_customer(&customer) {
        return nobody(movement);
    }
    let invoices = owing(deps, merchant, &customer).await?;
    pay_oldest(&mut movement, invoices, &customer).map_err(refused)?;
    Ok(credited(movement))
}

/// It found its place, unless a part of it waits for a person.
fn credited(movement: Movement) -> Credited {
    let waits = movement.payment().attention.is_some();
    Credited::of(movement, if waits { Outcome::Unmatched } else { Outcome::Matched })
}

/// A line of a title that was paid.
pub(crate) async fn boleto(
    taker: &Taker<'_>,
    entry: &Entry,
    boleto: &BoletoRef,
    amount: Money,
) -> Result<Credited, Unknown> {
    let movement = taker.received(entry, own_payment_id(entry)?, Method::Boleto, amount)?;
    give(taker, movement, &boleto.invoice, boleto.instalment).await
}

/// Credits an instalment with the whole payment, what is over goes onto the customer's account.
async fn give(
    taker: &Taker<'_>,
    mut movement: Movement,
    id: &InvoiceId,
    instalment: u16,
) -> Result<Credited, Unknown> {
    let refs = [ItemRef::Invoice(id.clone())];
    let mut found = taker.deps.store.read(&taker.settings.merchant, &refs).await?;
    let Some(invoice) = found.take_invoice(id) else { return nobody(movement) };
    let customer = invoice.customer.clone();
    movement.add_invoice(Some(invoice));
    movement.load_carrying(taker.deps).await?;
    let amount = movement.payment().unidentified();
    let reason = match movement.allocate(id, instalment, amount) {
        Ok(()) => return Ok(Credited::of(movement, Outcome::Matched)),
        Err(Refusal::Invoice(invoice::Refusal::OverBalance { available }))
            if available.is_positive() =>
        {
            movement.load_customer(taker.deps, &customer).await?;
            movement.allocate(id, instalment, available).map_err(refused)?;
            put_rest(&mut movement, &customer).map_err(refused)?;
            return Ok(credited(movement));
        }
        Err(Refusal::Invoice(invoice::Refusal::Canceled)) => ParkReason::InvoiceCanceled,
        Err(Refusal::Invoice(
            invoice::Refusal::AlreadyPaid | invoice::Refusal::OverBalance { .. },
        )) => ParkReason::AlreadyPaid,
        Err(Refusal::Invoice(invoice::Refusal::TooManyCredits)) => ParkReason::TooManyParts,
        Err(Refusal::Invoice(_)) => ParkReason::Unidentified,
        Err(other) => return Err(refused(other)),
    };
    ask(&mut movement, Command::Park { reason })?;
    Ok(Credited::of(movement, Outcome::Unmatched))
}

/// The key leads to nobody of this merchant.
fn nobody(mut movement: Movement) -> Result<Credited, Unknown> {
    ask(&mut movement, Command::Park { reason: ParkReason::UnknownTxid })?;
    Ok(Credited::of(movement, Outcome::Unmatched))
}

/// What the bank says of a Pix; nothing, where it does not know it or does not answer.
async fn ask_pix(taker: &mut Taker<'_>, id: &EndToEndId) -> Result<Option<Pix>, Unknown> {
    if !taker.asks_bank {
        return Ok(None);
    }
    let (deps, merchant) = (taker.deps, &taker.settings.merchant);
    let asking = async {
        let bank = deps.banks.of(merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
        match bank.get_pix(id).await {
            Ok(told) => Ok(Some(told)),
            Err(PixError::NotFound) => Ok(None),
            Err(error) => Err(Unknown::from(error)),
        }
    };
    let answer = tokio::time::timeout(BANK_PATIENCE, asking).await;
    Ok(answered(taker, answer).flatten())
}

/// The Pix the bank lists under a txid, around the day of the line.
async fn ask_list(taker: &mut Taker<'_>, entry: &Entry, txid: &Txid) -> Result<Vec<Pix>, Unknown> {
    if !taker.asks_bank {
        return Ok(Vec::new());
    }
    let (deps, merchant) = (taker.deps, &taker.settings.merchant);
    let zone = taker.settings.issuing.zone;
    let day = |day: Option<chrono::NaiveDate>| {
        instant_at(day.unwrap_or(entry.booked_on), NaiveTime::MIN, zone)
    };
    let from = day(entry.booked_on.checked_sub_days(Days::new(BOOKED_DAYS_OFF)));
    let until = day(entry.booked_on.checked_add_days(Days::new(BOOKED_DAYS_OFF + 1)));
    let now = deps.clock.now();
    let window = Window { from: from.min(now - TimeDelta::days(1)), until: until.min(now) };
    let filter = PixFilter { txid: Some(txid.clone()), ..PixFilter::settled_within(window) };
    let asking = async {
        let bank = deps.banks.of(merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
        bank.list_pix(&filter).await.map_err(Unknown::from)
    };
    let answer = tokio::time::timeout(BANK_PATIENCE, asking).await;
    Ok(answered(taker, answer).map(|listed| listed.items).unwrap_or_default())
}

/// The bank's answer. Without one it is not asked again in this run.
fn answered<T>(
    taker: &mut Taker<'_>,
    answer: Result<Result<T, Unknown>, tokio::time::error::Elapsed>,
) -> Option<T> {
    let error = match answer {
        Ok(Ok(told)) => return Some(told),
        Ok(Err(error)) => chain(&error),
        Err(elapsed) => elapsed.to_string(),
    };
    tracing::warn!(error, "Bank does not answer; the statement is believed");
    taker.asks_bank = false;
    None
}
