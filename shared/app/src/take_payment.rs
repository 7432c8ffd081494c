//! Takes in a Pix: confirm it with the bank, find its home, record it in one transaction.
//!
//! A callback is a hint. What is credited is what the bank answers to `GET /pix/{e2eid}` with the
//! merchant's own credentials. The payment row, keyed by `endToEndId`, is written in the same
//! transaction as the invoice, so a Pix is credited once whatever arrives, in whatever order and
//! however often.
//!
//! ```text
//!   callback ──> known and nothing new? ── yes ──> done, no call to the bank
//!                     │ no
//!                 confirm ── no answer in time ──> reported, asked again later through the bus
//!                     │  └── bank does not know it ──> parked
//!                 ours, matched? ── no ──> parked with its reason
//!                     └── yes ──> credited
//! ```

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::ids::{EndToEndId, InvoiceId, MerchantId, Txid};
use quita_core::invoice::{
    Command, Credit, Event, Invoice, Received, credit, decide, doubt, evolve,
};
use quita_core::merchant::Merchant;
use quita_core::payment::{ParkReason, Payment, PaymentState, Refund, RefundState};
use quita_core::work::{WorkDue, WorkKind};
use quita_pix::error::PixError;
use quita_pix::wire::{DevolucaoStatus, Pix};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use serde_json::json;

use crate::apply;
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::{Unknown, chain};

/// Times a decision is made anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// First wait before a reported Pix is asked for again; it doubles with each further one.
const CONFIRM_FIRST: TimeDelta = TimeDelta::seconds(15);
/// Longest wait between two questions.
const CONFIRM_MAX: TimeDelta = TimeDelta::hours(1);

/// What became of a Pix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Matched,
    Parked,
    /// Recorded as told by the callback; to be confirmed.
    Reported,
    /// Recorded before, and nothing new.
    Known,
    /// A refund of a Pix known before was recorded.
    RefundRecorded,
}

/// Takes a Pix a callback told of. The bank is given until `patience` ends.
pub async fn take_reported(
    deps: &Deps,
    merchant: &MerchantId,
    told: &Pix,
    patience: Duration,
) -> Result<Taken, Unknown> {
    let facts = Facts::load(deps, merchant, told).await?;
    if facts.knows(told) {
        return Ok(Taken::Known);
    }
    let asking = async {
        let bank = deps.banks.of(merchant, deps.secrets.as_ref()).await?;
        bank.get_pix(&told.end_to_end_id).await.map_err(Asked::from)
    };
    match tokio::time::timeout(patience, asking).await {
        Ok(Ok(confirmed)) => settle(deps, merchant, facts, &confirmed, Confirmed::Yes).await,
        Ok(Err(Asked::NotFound)) => settle(deps, merchant, facts, told, Confirmed::No).await,
        Ok(Err(Asked::Unknown(error))) => {
            let error = chain(&error);
            tracing::warn!(payment.e2eid = %told.end_to_end_id, error, "Bank did not confirm Pix");
            settle(deps, merchant, facts, told, Confirmed::NotYet).await
        }
        Err(_) => settle(deps, merchant, facts, told, Confirmed::NotYet).await,
    }
}

/// Takes a Pix that the bank itself just told of, in answer to a question of ours.
pub async fn take_confirmed(
    deps: &Deps,
    merchant: &MerchantId,
    pix: &Pix,
) -> Result<Taken, Unknown> {
    let facts = Facts::load(deps, merchant, pix).await?;
    if facts.knows(pix) {
        return Ok(Taken::Known);
    }
    settle(deps, merchant, facts, pix, Confirmed::Yes).await
}

/// Asks again for a Pix that was recorded as reported.
pub async fn confirm_reported(
    deps: &Deps,
    merchant: &MerchantId,
    e2eid: &EndToEndId,
    patience: Duration,
) -> Result<Taken, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Payment(e2eid.clone())]).await?;
    let Some(payment) = found.take_payment(e2eid) else {
        return Err(Unknown::new("loading the payment", "it is not there"));
    };
    if !matches!(payment.state, PaymentState::Reported { .. }) {
        return Ok(Taken::Known);
    }
    take_reported(deps, merchant, &told_by(&payment), patience).await
}

/// The callback's words, from the row they were kept in.
fn told_by(payment: &Payment) -> Pix {
    Pix {
        end_to_end_id: payment.e2eid.clone(),
        txid: payment.txid.clone(),
        valor: payment.amount,
        chave: None,
        horario: payment.paid_at,
        info_pagador: None,
        devolucoes: Vec::new(),
        componentes_valor: None,
    }
}

enum Asked {
    NotFound,
    Unknown(Unknown),
}

impl From<PixError> for Asked {
    fn from(error: PixError) -> Self {
        match error {
            PixError::NotFound => Self::NotFound,
            other => Self::Unknown(other.into()),
        }
    }
}

impl From<Unknown> for Asked {
    fn from(error: Unknown) -> Self {
        Self::Unknown(error)
    }
}

/// What the bank said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Confirmed {
    Yes,
    No,
    NotYet,
}

/// What is known before deciding: one read.
struct Facts {
    /// The invoice that was asked for, there or not.
    asked: Option<InvoiceId>,
    settings: Merchant,
    payment: Option<Payment>,
    invoice: Option<Invoice>,
}

impl Facts {
    async fn load(deps: &Deps, merchant: &MerchantId, pix: &Pix) -> Result<Self, Unknown> {
        let invoice = invoice_of(pix);
        let refs: Vec<ItemRef> = [ItemRef::Merchant, ItemRef::Payment(pix.end_to_end_id.clone())]
            .into_iter()
            .chain(invoice.clone().map(ItemRef::Invoice))
            .collect();
        let mut found = deps.store.read(merchant, &refs).await?;
        let settings = found
            .take_merchant()
            .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
        Ok(Self {
            settings,
            payment: found.take_payment(&pix.end_to_end_id),
            invoice: invoice.as_ref().and_then(|id| found.take_invoice(id)),
            asked: invoice,
        })
    }

    /// Whether the Pix was recorded for good and `pix` brings nothing new.
    fn knows(&self, pix: &Pix) -> bool {
        self.payment.as_ref().is_some_and(|known| {
            known.state.is_settled() && !known.clone().merge_refunds(&refunds_of(pix))
        })
    }
}

fn invoice_of(pix: &Pix) -> Option<InvoiceId> {
    Some(pix.txid.as_ref()?.charge_ref()?.invoice)
}

/// Decides and writes; when someone wrote first, reads and decides anew.
async fn settle(
    deps: &Deps,
    merchant: &MerchantId,
    mut facts: Facts,
    pix: &Pix,
    confirmed: Confirmed,
) -> Result<Taken, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        // The bank's answer may name another txid than the callback did.
        if facts.asked != invoice_of(pix) {
            facts = Facts::load(deps, merchant, pix).await?;
        }
        let now = deps.clock.now();
        let Some((commit, taken)) = plan(merchant, facts, pix, confirmed, now)? else {
            return Ok(Taken::Known);
        };
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(taken),
            Err(CommitError::Conflict(_)) => facts = Facts::load(deps, merchant, pix).await?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("recording a payment", "others kept writing first"))
}

/// The one transaction that records a Pix; `None` when there is nothing to record.
fn plan(
    merchant: &MerchantId,
    facts: Facts,
    pix: &Pix,
    confirmed: Confirmed,
    now: DateTime<Utc>,
) -> Result<Option<(Commit, Taken)>, Unknown> {
    if facts.knows(pix) {
        return Ok(None);
    }
    let expected =
        facts.payment.as_ref().map_or(Expected::New, |payment| Expected::Version(payment.version));
    let settled = facts.payment.clone().filter(|known| known.state.is_settled());
    let parked = |known: &Payment| matches!(known.state, PaymentState::Parked { .. });
    let unconfirmed = settled.is_none() && facts.payment.as_ref().is_some_and(parked);
    let (payment, events, taken) = match (settled, confirmed) {
        (Some(known), Confirmed::Yes) => with_refunds(known, facts.invoice.as_ref(), pix, now)?,
        // Only the bank's own word changes a payment that was settled.
        (Some(_), Confirmed::No) => return Ok(None),
        (Some(_), Confirmed::NotYet) => {
            return Err(Unknown::new("confirming a refund", "the bank did not answer in time"));
        }
        // The bank did not know it before, and says no more now.
        (None, Confirmed::No | Confirmed::NotYet) if unconfirmed => return Ok(None),
        (None, _) => first_time(merchant, &facts, pix, confirmed, now)?,
    };
    let work = confirm_work(&payment);
    let mut commit = Commit::new(merchant).payment(&payment, expected, work.as_ref());
    if let Some(row) = payment_row(&payment, taken, now) {
        commit = commit.event(&row);
    }
    if let (Some(invoice), false) = (facts.invoice, events.is_empty()) {
        commit = apply::apply(commit, invoice, &events, "bank", now)?.0;
    }
    Ok(Some((commit, taken)))
}

type Planned = (Payment, Vec<Event>, Taken);

/// A Pix that was not settled before: new, or reported and now confirmed or asked for again.
fn first_time(
    merchant: &MerchantId,
    facts: &Facts,
    pix: &Pix,
    confirmed: Confirmed,
    now: DateTime<Utc>,
) -> Result<Planned, Unknown> {
    let known = facts.payment.as_ref();
    let attempts = known.map_or(0, |payment| match payment.state {
        PaymentState::Reported { attempts, .. } => attempts + 1,
        PaymentState::Matched { .. } | PaymentState::Parked { .. } => 0,
    });
    let mut payment = Payment {
        merchant: merchant.clone(),
        e2eid: pix.end_to_end_id.clone(),
        version: known.map_or(1, |payment| payment.version + 1),
        txid: pix.txid.clone(),
        amount: pix.valor,
        paid_at: pix.horario,
        seen_at: known.map_or(now, |payment| payment.seen_at),
        state: PaymentState::Reported { attempts, next_try_at: now + backoff(attempts) },
        refunds: Vec::new(),
    };
    let (home, mut events) = match confirmed {
        Confirmed::NotYet => return Ok((payment, Vec::new(), Taken::Reported)),
        Confirmed::No => (Err(ParkReason::NotConfirmed), Vec::new()),
        Confirmed::Yes => {
            payment.merge_refunds(&refunds_of(pix));
            find_home(facts, pix)
        }
    };
    let taken = match home {
        Ok((invoice, instalment)) => {
            payment.state = PaymentState::Matched { invoice, instalment };
            Taken::Matched
        }
        Err(reason) => {
            payment.state = PaymentState::Parked { reason, since: now };
            Taken::Parked
        }
    };
    // A Pix can come to our knowledge already given back.
    if let Some(invoice) = &facts.invoice {
        let after = events.iter().fold(invoice.clone(), |state, event| evolve(state, event, now));
        events.extend(returns(&payment, &after, now)?);
    }
    Ok((payment, events, taken))
}

type Home = Result<(InvoiceId, u16), ParkReason>;

fn find_home(facts: &Facts, pix: &Pix) -> (Home, Vec<Event>) {
    let own_key = facts.settings.pix_key.as_str();
    let foreign = pix.chave.as_ref().is_some_and(|key| key.as_str() != own_key);
    let charge = pix.txid.as_ref().and_then(Txid::charge_ref);
    let (Some(charge), Some(invoice)) = (charge, &facts.invoice) else {
        let why = match &pix.txid {
            _ if foreign => ParkReason::ForeignKey,
            None => ParkReason::NoTxid,
            Some(_) => ParkReason::UnknownTxid,
        };
        return (Err(why), Vec::new());
    };
    let received = Received {
        instalment: charge.instalment,
        revision: charge.revision,
        e2eid: &pix.end_to_end_id,
        amount: pix.valor,
        paid_at: pix.horario,
    };
    if foreign {
        let events = doubt(invoice, &received, &ParkReason::ForeignKey);
        return (Err(ParkReason::ForeignKey), events);
    }
    let home = Ok((invoice.id.clone(), charge.instalment));
    match credit(invoice, &received) {
        Credit::Matched(events) => (home, events),
        Credit::AlreadyCredited => (home, Vec::new()),
        Credit::Park(reason, events) => (Err(reason), events),
    }
}

/// A Pix settled before, of which a refund is told now.
fn with_refunds(
    mut payment: Payment,
    invoice: Option<&Invoice>,
    pix: &Pix,
    now: DateTime<Utc>,
) -> Result<Planned, Unknown> {
    payment.merge_refunds(&refunds_of(pix));
    payment.version += 1;
    let events = match invoice {
        Some(invoice) => returns(&payment, invoice, now)?,
        None => Vec::new(),
    };
    Ok((payment, events, Taken::RefundRecorded))
}

/// What a returned Pix does to the invoice it was credited to.
fn returns(
    payment: &Payment,
    invoice: &Invoice,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Unknown> {
    let PaymentState::Matched { instalment, .. } = payment.state else {
        return Ok(Vec::new());
    };
    let returned = payment.returned();
    let told = Command::RecordReturn { instalment, e2eid: payment.e2eid.clone(), returned };
    decide(invoice, told, now).map_err(|refusal| Unknown::new("recording a refund", refusal))
}

fn refunds_of(pix: &Pix) -> Vec<Refund> {
    let refund = |told: &quita_pix::wire::Devolucao| Refund {
        id: told.id.as_str().to_owned(),
        amount: told.valor,
        state: match told.status {
            DevolucaoStatus::Devolvido => RefundState::Returned,
            DevolucaoStatus::NaoRealizado => RefundState::Failed,
            DevolucaoStatus::EmProcessamento | DevolucaoStatus::Other(_) => RefundState::Processing,
        },
    };
    pix.devolucoes.iter().map(refund).collect()
}

fn confirm_work(payment: &Payment) -> Option<WorkDue> {
    match payment.state {
        PaymentState::Reported { next_try_at, .. } => {
            Some(WorkDue { at: next_try_at, kind: WorkKind::Confirm })
        }
        PaymentState::Matched { .. } | PaymentState::Parked { .. } => None,
    }
}

/// The payment's own history; a match is told by the invoice's.
fn payment_row(payment: &Payment, taken: Taken, now: DateTime<Utc>) -> Option<EventRow> {
    let mut data = json!({
        "amount": payment.amount.to_string(),
        "paid_at": instant(payment.paid_at),
        "txid": payment.txid,
    });
    let name = match taken {
        Taken::Matched | Taken::Known => return None,
        // The first report is asked about at once, each further one when its time comes: an event
        // for it would ask at once again, and again, for as long as the bank is down.
        Taken::Reported if payment.version > 1 => return None,
        Taken::Parked => "payment.parked",
        Taken::Reported => "payment.reported",
        Taken::RefundRecorded => "payment.refund_reported",
    };
    if let PaymentState::Parked { reason, .. } = &payment.state {
        data["reason"] = json!(reason.code());
    }
    if taken == Taken::RefundRecorded {
        data["returned"] = json!(payment.returned().to_string());
    }
    Some(EventRow {
        aggregate: Aggregate::Payment(payment.e2eid.clone()),
        seq: payment.version,
        at: now,
        actor: "bank".to_owned(),
        name: name.to_owned(),
        data,
    })
}

fn backoff(attempts: u32) -> TimeDelta {
    let doubled = CONFIRM_FIRST.checked_mul(1 << attempts.min(10));
    doubled.unwrap_or(CONFIRM_MAX).min(CONFIRM_MAX)
}
