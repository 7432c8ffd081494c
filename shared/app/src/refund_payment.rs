//! Gives a Pix back, wholly or in part, and follows each refund to its end.
//!
//! The wish is recorded with its money set apart before the bank is asked, so two refunds at once
//! can never exceed the Pix: the second finds the money gone, or another version of the payment. The
//! id of a refund is the caller's idempotency key in another form, so a repeat asks for the refund
//! that exists.

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::ids::{EndToEndId, MerchantId, PaymentId};
use quita_core::payment::{Command, Refund, RefundOrigin, RefundState, Told};
use quita_pix::client::PspClient;
use quita_pix::error::PixError;
use quita_pix::wire::{
    Devolucao, DevolucaoId, DevolucaoNatureza, DevolucaoSolicitada, DevolucaoStatus,
};
use quita_table::CommitError;
use quita_table::store::ItemRef;

use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::movement::Movement;

/// First wait before the bank is asked again; it doubles with each further one.
const RETRY_FIRST: TimeDelta = TimeDelta::seconds(30);
/// Longest wait between two questions.
const RETRY_MAX: TimeDelta = TimeDelta::hours(1);
/// Times a decision is made anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// Longest reason of the bank that is kept.
const WHY_CHARS_MAX: usize = 300;

/// What the bank tells of a refund, as the command it gives rise to.
pub(crate) fn told_of(told: &Devolucao, now: DateTime<Utc>) -> Command {
    let origin = match told.natureza {
        Some(DevolucaoNatureza::MedOperacional) => RefundOrigin::BankError,
        Some(DevolucaoNatureza::MedFraude | DevolucaoNatureza::MedPixAutomatico) => {
            RefundOrigin::Dispute
        }
        _ => RefundOrigin::Account,
    };
    let known = match &told.status {
        DevolucaoStatus::Devolvido => Told::Returned { origin },
        DevolucaoStatus::NaoRealizado => {
            let why = told.motivo.clone().unwrap_or_else(|| "the bank did not say why".to_owned());
            Told::Failed { why: cut(&why) }
        }
        DevolucaoStatus::EmProcessamento | DevolucaoStatus::Other(_) => {
            Told::Processing { next_look_at: now + RETRY_FIRST }
        }
    };
    Command::RecordRefund { id: told.id.as_str().to_owned(), amount: told.valor, told: known }
}

/// Brings the refunds of a payment further: asks for those the bank does not have, looks after those
/// it has. Answers how many came to their end.
#[tracing::instrument(skip_all, fields(merchant.id = %merchant, payment.id = %id))]
pub async fn follow_refunds(
    deps: &Deps,
    merchant: &MerchantId,
    id: &PaymentId,
) -> Result<usize, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Payment(id.clone())]).await?;
    let Some(payment) = found.take_payment(id) else {
        return Err(Unknown::new("loading the payment", "it is not there"));
    };
    let Some(pix) = id.end_to_end() else { return Ok(0) };
    let now = deps.clock.now();
    let due: Vec<&Refund> = payment.refunds.iter().filter(|it| is_due(it, now)).collect();
    if due.is_empty() {
        return Ok(0);
    }
    let bank = deps.banks.of(merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
    let mut answers = Vec::with_capacity(due.len());
    for refund in due {
        answers.push(ask_bank(&bank, pix, refund, now).await?);
    }
    record(deps, merchant, id, &answers).await
}

fn is_due(refund: &Refund, now: DateTime<Utc>) -> bool {
    match refund.state {
        RefundState::Asked { next_try_at: at, .. }
        | RefundState::Processing { next_look_at: at, .. } => at <= now,
        RefundState::Returned | RefundState::Failed => false,
    }
}

async fn ask_bank(
    bank: &PspClient,
    pix: &EndToEndId,
    refund: &Refund,
    now: DateTime<Utc>,
) -> Result<Command, Unknown> {
    let id = DevolucaoId::parse(&refund.id)
        .map_err(|error| Unknown::new("reading a refund's id", error))?;
    let (answer, tried) = match refund.state {
        RefundState::Processing { looks, .. } => (bank.get_devolucao(pix, &id).await, looks),
        RefundState::Asked { attempts, .. } => {
            let asked =
                DevolucaoSolicitada { valor: refund.amount, natureza: None, descricao: None };
            (bank.ensure_devolucao(pix, &id, &asked).await, attempts)
        }
        RefundState::Returned | RefundState::Failed => {
            return Err(Unknown::new("following a refund", "it came to its end"));
        }
    };
    let next = now + backoff(tried);
    let told = match answer {
        Ok(told) => match told_of(&told, now) {
            Command::RecordRefund { told: Told::Processing { .. }, .. } => {
                Told::Processing { next_look_at: next }
            }
            Command::RecordRefund { told, .. } => told,
            _ => Told::Processing { next_look_at: next },
        },
        Err(PixError::Refused(problem)) => Told::Failed { why: cut(&problem.to_string()) },
        Err(error) => Told::Nothing { why: cut(&chain(&error)), next_try_at: next },
    };
    Ok(Command::RecordRefund { id: refund.id.clone(), amount: refund.amount, told })
}

/// What the bank said stays true, so on a conflict it is decided anew and the bank is not asked.
async fn record(
    deps: &Deps,
    merchant: &MerchantId,
    id: &PaymentId,
    answers: &[Command],
) -> Result<usize, Unknown> {
    let refused = |refusal| Unknown::new("recording a refund", refusal);
    for _ in 0..CONFLICTS_MAX {
        let loaded = Movement::load(deps, merchant, id, &[], "bank").await?;
        let mut movement =
            loaded.ok_or_else(|| Unknown::new("reading the payment again", "it is gone"))?;
        for answer in answers {
            movement.ask(answer.clone(), "the bank told so").map_err(refused)?;
        }
        if movement.is_empty() {
            return Ok(0);
        }
        let ended = |refund: &&Refund| {
            let asked =
                |it: &Command| matches!(it, Command::RecordRefund { id, .. } if *id == refund.id);
            refund.state.is_final() && answers.iter().any(asked)
        };
        let ended = movement.payment().refunds.iter().filter(ended).count();
        match deps.store.commit(movement.commit(deps).await?).await {
            Ok(()) => return Ok(ended),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("recording a refund", "others kept writing first"))
}

fn backoff(tried: u32) -> TimeDelta {
    let doubled = RETRY_FIRST.checked_mul(1 << tried.min(10));
    doubled.unwrap_or(RETRY_MAX).min(RETRY_MAX)
}

fn cut(why: &str) -> String {
    why.chars().take(WHY_CHARS_MAX).collect()
}
