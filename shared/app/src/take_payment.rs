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
//!                     │  └── bank does not know it ──> a person looks
//!                 whose? ── a charge of ours ──────> counted on its instalment, what is over goes
//!                     │                              onto the customer's account
//!                     ├──── a customer's own code ─> oldest due first, the rest onto the account
//!                     └──── nobody's ──────────────> waits for a person, with its reason
//! ```

mod home;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::ids::{CustomerId, InvoiceId, MerchantId, PaymentId};
use quita_core::merchant::Merchant;
use quita_core::payment::{Command, Method, ParkReason, Payment, PaymentState, RefundState};
use quita_pix::error::PixError;
use quita_pix::wire::Pix;
use quita_table::CommitError;
use quita_table::store::{Found, ItemRef};

use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::metrics;
use crate::movement::{Movement, Refusal};
use crate::refund_payment::told_of;

/// Times a decision is made anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// First wait before a reported Pix is asked for again; it doubles with each further one.
const CONFIRM_FIRST: TimeDelta = TimeDelta::seconds(15);
/// Longest wait between two questions.
const CONFIRM_MAX: TimeDelta = TimeDelta::hours(1);
/// Who the rows name.
const ACTOR: &str = "bank";

/// What became of a Pix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Matched,
    Parked,
    /// Recorded as told by the callback; to be confirmed.
    Reported,
    /// Recorded before, and nothing new.
    Known,
    /// What became of a refund of a Pix known before was recorded.
    RefundRecorded,
}

/// Takes a Pix a callback told of. The bank is given until `patience` ends.
pub async fn take_reported(
    deps: &Deps,
    merchant: &MerchantId,
    told: &Pix,
    patience: Duration,
) -> Result<Taken, Unknown> {
    let arrived_at = deps.clock.now();
    let facts = Facts::load(deps, merchant, told).await?;
    if facts.knows(told, deps.clock.now()) {
        return Ok(Taken::Known);
    }
    let told_at = facts.payment.as_ref().map_or(arrived_at, |known| known.seen_at);
    let asking = async {
        let bank = deps.banks.of(merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
        bank.get_pix(&told.end_to_end_id).await.map_err(Asked::from)
    };
    match tokio::time::timeout(patience, asking).await {
        Ok(Ok(confirmed)) => {
            let taken = settle(deps, merchant, facts, &confirmed, Confirmed::Yes).await?;
            if taken == Taken::Matched {
                metrics::callback_to_paid(told_at, deps.clock.now());
            }
            Ok(taken)
        }
        Ok(Err(Asked::NotFound)) => settle(deps, merchant, facts, told, Confirmed::No).await,
        Ok(Err(Asked::Unknown(error))) => {
            let error = chain(&error);
            tracing::warn!(payment.id = %told.end_to_end_id, error, "Bank did not confirm Pix");
            settle(deps, merchant, facts, told, Confirmed::NotYet).await
        }
        Err(_) => settle(deps, merchant, facts, told, Confirmed::NotYet).await,
    }
}

/// Takes a Pix that the bank itself just told of, in answer to a question of ours.
#[tracing::instrument(skip_all, fields(merchant.id = %merchant, payment.id = %pix.end_to_end_id))]
pub async fn take_confirmed(
    deps: &Deps,
    merchant: &MerchantId,
    pix: &Pix,
) -> Result<Taken, Unknown> {
    let facts = Facts::load(deps, merchant, pix).await?;
    if facts.knows(pix, deps.clock.now()) {
        return Ok(Taken::Known);
    }
    settle(deps, merchant, facts, pix, Confirmed::Yes).await
}

/// What a Pix that the bank told of comes to, for whoever writes more with it; `None` where there is
/// nothing to record.
pub(crate) async fn planned(
    deps: &Deps,
    merchant: &MerchantId,
    pix: &Pix,
) -> Result<Option<(Movement, Taken)>, Unknown> {
    let facts = Facts::load(deps, merchant, pix).await?;
    plan(deps, facts, pix, Confirmed::Yes).await
}

/// Asks again for a Pix that was recorded as reported.
#[tracing::instrument(skip_all, fields(merchant.id = %merchant, payment.id = %id))]
pub async fn confirm_reported(
    deps: &Deps,
    merchant: &MerchantId,
    id: &PaymentId,
    patience: Duration,
) -> Result<Taken, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Payment(id.clone())]).await?;
    let Some(payment) = found.take_payment(id) else {
        return Err(Unknown::new("loading the payment", "it is not there"));
    };
    match (&payment.state, told_by(&payment)) {
        (PaymentState::Reported { .. }, Some(told)) => {
            take_reported(deps, merchant, &told, patience).await
        }
        _ => Ok(Taken::Known),
    }
}

/// The callback's words, from the row they were kept in.
fn told_by(payment: &Payment) -> Option<Pix> {
    Some(Pix {
        end_to_end_id: payment.id.end_to_end()?.clone(),
        txid: payment.txid.clone(),
        valor: payment.amount,
        chave: None,
        horario: payment.paid_at,
        pagador: None,
        info_pagador: None,
        devolucoes: Vec::new(),
        componentes_valor: None,
    })
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
    /// What the txid leads to, there or not.
    asked: Option<Leads>,
    settings: Merchant,
    payment: Option<Payment>,
    found: Found,
}

/// What a txid of ours leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Leads {
    Charge { invoice: InvoiceId, instalment: u16, revision: u16 },
    Customer(CustomerId),
}

impl Leads {
    fn of(pix: &Pix) -> Option<Self> {
        let txid = pix.txid.as_ref()?;
        let charge = txid.charge_ref().map(|charge| Self::Charge {
            invoice: charge.invoice,
            instalment: charge.instalment,
            revision: charge.revision,
        });
        charge.or_else(|| txid.customer_ref().map(Self::Customer))
    }

    fn item(&self) -> ItemRef {
        match self {
            Self::Charge { invoice, .. } => ItemRef::Invoice(invoice.clone()),
            Self::Customer(customer) => ItemRef::Customer(customer.clone()),
        }
    }
}

impl Facts {
    async fn load(deps: &Deps, merchant: &MerchantId, pix: &Pix) -> Result<Self, Unknown> {
        let asked = Leads::of(pix);
        let id = PaymentId::from(pix.end_to_end_id.clone());
        let refs: Vec<ItemRef> = [ItemRef::Merchant, ItemRef::Payment(id.clone())]
            .into_iter()
            .chain(asked.as_ref().map(Leads::item))
            .collect();
        let mut found = deps.store.read(merchant, &refs).await?;
        let settings = found
            .take_merchant()
            .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
        Ok(Self { settings, payment: found.take_payment(&id), asked, found })
    }

    /// Whether the Pix was recorded for good and `pix` brings nothing new.
    fn knows(&self, pix: &Pix, now: DateTime<Utc>) -> bool {
        self.payment.as_ref().is_some_and(|known| is_known(known, pix, now))
    }
}

/// Whether a payment was recorded for good and what the bank says of it brings nothing new.
pub(crate) fn is_known(known: &Payment, pix: &Pix, now: DateTime<Utc>) -> bool {
    known.state.is_received() && !has_news(known, pix, now)
}

/// What the txid of a Pix leads to, there or not.
pub(crate) fn named_by(pix: &Pix) -> Option<ItemRef> {
    Leads::of(pix).map(|leads| leads.item())
}

/// Whether the bank tells what is not recorded yet: of a refund, or whose money it is.
fn has_news(payment: &Payment, pix: &Pix, now: DateTime<Utc>) -> bool {
    tells_whose(payment, pix)
        || pix.devolucoes.iter().any(|told| {
            let command = told_of(told, now);
            let decided = quita_core::payment::decide(payment, command, now);
            decided.is_ok_and(|events| !events.is_empty())
        })
}

/// Whether the bank names a charge for money that a statement showed without one, and that nobody has
/// done anything about.
fn tells_whose(payment: &Payment, pix: &Pix) -> bool {
    let waits = payment.attention.as_ref().is_some_and(|attention| {
        matches!(attention.reason, ParkReason::NoTxid | ParkReason::Unidentified)
    });
    waits
        && payment.txid.is_none()
        && payment.unidentified() == payment.amount
        && Leads::of(pix).is_some()
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
        if facts.asked != Leads::of(pix) {
            facts = Facts::load(deps, merchant, pix).await?;
        }
        let Some((movement, taken)) = plan(deps, facts, pix, confirmed).await? else {
            return Ok(Taken::Known);
        };
        match deps.store.commit(movement.commit(deps).await?).await {
            Ok(()) => {
                match taken {
                    Taken::Matched => metrics::payments_matched(1),
                    Taken::Parked => metrics::payments_unmatched(1),
                    Taken::Reported | Taken::Known | Taken::RefundRecorded => {}
                }
                return Ok(taken);
            }
            Err(CommitError::Conflict(_)) => facts = Facts::load(deps, merchant, pix).await?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("recording a payment", "others kept writing first"))
}

/// The one transaction that records a Pix; `None` when there is nothing to record.
async fn plan(
    deps: &Deps,
    facts: Facts,
    pix: &Pix,
    confirmed: Confirmed,
) -> Result<Option<(Movement, Taken)>, Unknown> {
    let now = deps.clock.now();
    if facts.knows(pix, now) {
        return Ok(None);
    }
    let was_received = facts.payment.as_ref().is_some_and(|known| known.state.is_received());
    let taken = match (was_received, confirmed) {
        (true, Confirmed::Yes) => {
            let Some(payment) = facts.payment.clone() else { return Ok(None) };
            let mut taken = Taken::RefundRecorded;
            let mut movement;
            if tells_whose(&payment, pix) {
                let payment = Payment { txid: pix.txid.clone(), ..payment };
                movement = Movement::of(payment, false, ACTOR, now);
                taken = home::find_home(deps, &mut movement, facts, pix).await?;
            } else {
                movement = Movement::of(payment, false, ACTOR, now);
                movement.load_places(deps).await?;
            }
            record_refunds(deps, &mut movement, pix).await?;
            return Ok((!movement.is_empty()).then_some((movement, taken)));
        }
        // Only the bank's own word changes a payment that was received.
        (true, Confirmed::No) => return Ok(None),
        (true, Confirmed::NotYet) => {
            return Err(Unknown::new("confirming a refund", "the bank did not answer in time"));
        }
        (false, Confirmed::NotYet) => Taken::Reported,
        (false, Confirmed::No) => Taken::Parked,
        (false, Confirmed::Yes) => Taken::Matched,
    };
    let mut movement = first_movement(&facts, pix, now);
    let taken = match taken {
        Taken::Reported => {
            let attempts = match movement.payment().state {
                PaymentState::Reported { attempts, .. } => attempts + 1,
                PaymentState::Unknown | PaymentState::Received => 0,
            };
            let next_try_at = now + backoff(attempts);
            ask(&mut movement, Command::Report { next_try_at })?;
            Taken::Reported
        }
        Taken::Parked => {
            ask(&mut movement, Command::NotConfirmed)?;
            Taken::Parked
        }
        _ => {
            let taken = home::find_home(deps, &mut movement, facts, pix).await?;
            record_refunds(deps, &mut movement, pix).await?;
            taken
        }
    };
    Ok((!movement.is_empty()).then_some((movement, taken)))
}

/// The payment as the bank, or else the callback, tells of it.
fn first_movement(facts: &Facts, pix: &Pix, now: DateTime<Utc>) -> Movement {
    let known = facts.payment.as_ref();
    let (merchant, id) = (&facts.settings.merchant, PaymentId::from(pix.end_to_end_id.clone()));
    let seen_at = known.map_or(now, |payment| payment.seen_at);
    let told = Payment::told(merchant, id, Method::Pix, pix.valor, pix.horario, seen_at);
    let payment = Payment {
        version: known.map_or(0, |payment| payment.version),
        txid: pix.txid.clone(),
        payer: pix.payer(),
        state: known.map_or(PaymentState::Unknown, |payment| payment.state.clone()),
        attention: known.and_then(|payment| payment.attention.clone()),
        ..told
    };
    Movement::of(payment, known.is_none(), ACTOR, now)
}

/// Records what the bank tells of the refunds of a payment.
async fn record_refunds(deps: &Deps, movement: &mut Movement, pix: &Pix) -> Result<(), Unknown> {
    let under_way = movement.payment().refunds.iter().any(|it| it.state != RefundState::Returned);
    if pix.devolucoes.is_empty() && !under_way {
        return Ok(());
    }
    let customers: Vec<CustomerId> = movement
        .payment()
        .allocations
        .iter()
        .filter_map(|it| movement.invoice(&it.invoice).map(|invoice| invoice.customer.clone()))
        .collect();
    for customer in customers {
        movement.load_customer(deps, &customer).await?;
    }
    for told in &pix.devolucoes {
        let command = told_of(told, movement.now());
        movement.ask(command, "the bank gave it back").map_err(refused)?;
    }
    Ok(())
}

fn ask(movement: &mut Movement, command: Command) -> Result<(), Unknown> {
    movement.ask(command, "the bank told so").map_err(refused)
}

/// A fact is never refused; where it is, something else is wrong and it comes again.
fn refused(refusal: Refusal) -> Unknown {
    Unknown::new("recording a payment", refusal)
}

fn backoff(attempts: u32) -> TimeDelta {
    let doubled = CONFIRM_FIRST.checked_mul(1 << attempts.min(10));
    doubled.unwrap_or(CONFIRM_MAX).min(CONFIRM_MAX)
}
