//! Brings the bank in line with an invoice: creates the charges that are pending and removes those
//! that must go.
//!
//! The txid is derived from invoice, instalment and revision, so a repeat asks for the charge that
//! exists instead of creating a second one. The intent is in the invoice before the first call; an
//! unknown outcome leaves it pending with its reason and the time of the next try.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::hidden::Hidden;
use quita_core::ids::{InvoiceId, MerchantId, Txid};
use quita_core::invoice::{Charge, ChargeState, Command, Event, Invoice, decide};
use quita_core::merchant::Merchant;
use quita_pix::brcode::{self, BrCode, MerchantAccount, ParseMode};
use quita_pix::client::PspClient;
use quita_pix::error::PixError;
use quita_pix::terms::charge_request;
use quita_pix::wire::{CobVGerada, Devedor, Pix};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError};

use crate::apply;
use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::take_payment;

/// First wait after a failed call to the bank; it doubles with each further one.
const RETRY_FIRST: TimeDelta = TimeDelta::seconds(30);
/// Longest wait between two calls.
const RETRY_MAX: TimeDelta = TimeDelta::hours(1);
/// How long the bank is asked in one go; a single call ends within its client's own budget.
const TIME_BUDGET: Duration = Duration::from_secs(60);
/// Times a decision is made anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;

/// What became of the charges.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub issued: usize,
    pub removed: usize,
    pub delayed: usize,
    pub rejected: usize,
}

/// One answer of the bank, as the command it gives rise to.
#[derive(Debug, Clone)]
enum Answer {
    Issued {
        location: Hidden,
        br_code: Hidden,
    },
    Delayed {
        reason: String,
        next_try_at: DateTime<Utc>,
    },
    Rejected {
        reason: String,
    },
    Removed,
    /// It was paid before it could be removed.
    Paid,
}

/// Which charge an answer is about.
type Which = (u16, u16);

#[tracing::instrument(skip_all, fields(merchant.id = %merchant, invoice.id = %invoice))]
pub async fn issue_charge(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<Outcome, Unknown> {
    let refs = [ItemRef::Merchant, ItemRef::Invoice(invoice.clone())];
    let mut found = deps.store.read(merchant, &refs).await?;
    let (Some(settings), Some(known)) = (found.take_merchant(), found.take_invoice(invoice)) else {
        return Err(Unknown::new("loading the invoice", "it is not there"));
    };
    let bank = deps.banks.of(merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
    let mut answers = Vec::new();
    let mut paid = Vec::new();
    let stopwatch = tokio::time::Instant::now();
    for instalment in &known.instalments {
        for charge in &instalment.charges {
            // What was answered is recorded in time; the rest is still pending and comes again.
            if stopwatch.elapsed() >= TIME_BUDGET {
                break;
            }
            let which = (instalment.number, charge.revision);
            let now = deps.clock.now();
            match &charge.state {
                ChargeState::Pending { attempts, .. } => {
                    let retry_at = now + backoff(*attempts);
                    let answer = create(&bank, &settings, &known, charge, retry_at).await?;
                    answers.push((which, answer));
                }
                // Not before its time: a worker may still be creating it.
                ChargeState::Removing { next_try_at } if *next_try_at > now => {}
                ChargeState::Removing { .. } => {
                    let retry_at = now + RETRY_FIRST;
                    let (answer, pix) = remove(&bank, &charge.txid, retry_at).await;
                    answers.push((which, answer));
                    paid.extend(pix);
                }
                ChargeState::Active { .. }
                | ChargeState::Rejected { .. }
                | ChargeState::Removed => {}
            }
        }
    }
    // Money comes first: a cancellation that ends here would leave it no home.
    for pix in paid {
        take_payment::take_confirmed(deps, merchant, &pix).await?;
    }
    record(deps, known, &answers).await
}

async fn create(
    bank: &PspClient,
    merchant: &Merchant,
    invoice: &Invoice,
    charge: &Charge,
    retry_at: DateTime<Utc>,
) -> Result<Answer, Unknown> {
    let key = merchant.collecting_key();
    let key = key.map_err(|lack| Unknown::new("asking for a charge", lack))?;
    let payer = Devedor::new(&invoice.bill_to.document, &invoice.bill_to.name);
    let shown = Some(invoice.description.as_str());
    let request = charge_request(&charge.terms, key, payer, shown);
    Ok(match bank.ensure_cobv(&charge.txid, &request).await {
        Ok(charge) => issued(merchant, &charge, retry_at),
        Err(error) => refused_or_delayed(&error, retry_at),
    })
}

/// Takes the bank's code when it reads as a code of this charge, else writes one from the location.
fn issued(merchant: &Merchant, charge: &CobVGerada, retry_at: DateTime<Utc>) -> Answer {
    let Some(location) = charge.location() else {
        let reason = "the bank gave no location for the charge".to_owned();
        return Answer::Delayed { reason, next_try_at: retry_at };
    };
    let location = location.as_str().trim_start_matches("https://").to_owned();
    let given = charge.pix_copia_e_cola.as_ref().map(|code| code.as_str());
    let br_code = match given.filter(|code| leads_to(code, &location)) {
        Some(code) => Ok(code.to_owned()),
        None => {
            let name = brcode::merchant_name(&merchant.name);
            let city = brcode::merchant_city(&merchant.city);
            BrCode::dynamic(&location, &name, &city).encode()
        }
    };
    match br_code {
        Ok(br_code) => Answer::Issued { location: location.into(), br_code: br_code.into() },
        Err(fault) => Answer::Rejected { reason: format!("no BR Code can be made: {fault}") },
    }
}

/// Whether a code is well formed and carries this very location.
fn leads_to(code: &str, location: &str) -> bool {
    let parsed = brcode::parse(code, ParseMode::Lenient);
    parsed.is_ok_and(|parsed| {
        matches!(parsed.code.account, MerchantAccount::Dynamic { location: own } if own == location)
    })
}

/// Removes a charge. The bank says no when it was paid; then its Pix come along.
async fn remove(bank: &PspClient, txid: &Txid, retry_at: DateTime<Utc>) -> (Answer, Vec<Pix>) {
    let refusal = match bank.remove_cobv(txid).await {
        Ok(_) | Err(PixError::NotFound) => return (Answer::Removed, Vec::new()),
        Err(PixError::Refused(problem)) => problem,
        Err(error) => return (delayed(&error, retry_at), Vec::new()),
    };
    match bank.get_cobv(txid).await {
        Ok(charge) if charge.status.is_removed() => (Answer::Removed, Vec::new()),
        Ok(charge) if !charge.pix.is_empty() => (Answer::Paid, charge.pix),
        Ok(_) => {
            let reason = format!("the bank will not remove the charge: {refusal}");
            (Answer::Delayed { reason, next_try_at: retry_at }, Vec::new())
        }
        Err(PixError::NotFound) => (Answer::Removed, Vec::new()),
        Err(error) => (delayed(&error, retry_at), Vec::new()),
    }
}

fn refused_or_delayed(error: &PixError, retry_at: DateTime<Utc>) -> Answer {
    match error {
        PixError::Refused(problem) => Answer::Rejected { reason: problem.to_string() },
        other => delayed(other, retry_at),
    }
}

fn delayed(error: &PixError, retry_at: DateTime<Utc>) -> Answer {
    let asked = match error {
        PixError::Throttled { retry_after } => *retry_after,
        _ => None,
    };
    let asked = asked.and_then(|wait| TimeDelta::from_std(wait).ok()).unwrap_or_default();
    let next_try_at = retry_at + asked.min(RETRY_MAX);
    Answer::Delayed { reason: chain(error), next_try_at }
}

fn backoff(attempts: u32) -> TimeDelta {
    let doubled = RETRY_FIRST.checked_mul(1 << attempts.min(10));
    doubled.unwrap_or(RETRY_MAX).min(RETRY_MAX)
}

/// Writes all answers in one transaction. When someone wrote first, they are decided anew on the
/// invoice as it is now: what the bank said stays true.
async fn record(
    deps: &Deps,
    mut invoice: Invoice,
    answers: &[(Which, Answer)],
) -> Result<Outcome, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        let now = deps.clock.now();
        let (events, outcome) = events_of(&invoice, answers, now)?;
        if events.is_empty() {
            return Ok(outcome);
        }
        let (merchant, id) = (invoice.merchant.clone(), invoice.id.clone());
        let rule = deps.rule_of(&invoice).await?;
        let commit = Commit::new(&merchant);
        let (commit, _) = apply::apply(commit, invoice, &rule, &events, "bank", now);
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(outcome),
            Err(CommitError::Conflict(_)) => {
                let refs = [ItemRef::Invoice(id.clone())];
                let mut found = deps.store.read(&merchant, &refs).await?;
                invoice = found
                    .take_invoice(&id)
                    .ok_or_else(|| Unknown::new("reading the invoice again", "it is gone"))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("recording the charge", "others kept writing first"))
}

fn events_of(
    invoice: &Invoice,
    answers: &[(Which, Answer)],
    now: DateTime<Utc>,
) -> Result<(Vec<Event>, Outcome), Unknown> {
    let mut outcome = Outcome::default();
    let mut events = Vec::new();
    let mut state = invoice.clone();
    for ((instalment, revision), answer) in answers {
        let decided = decide(&state, command(*instalment, *revision, answer), now)
            .map_err(|refusal| Unknown::new("recording the bank's answer", refusal))?;
        let counter = match answer {
            Answer::Issued { .. } => &mut outcome.issued,
            Answer::Delayed { .. } => &mut outcome.delayed,
            Answer::Rejected { .. } => &mut outcome.rejected,
            Answer::Removed | Answer::Paid => &mut outcome.removed,
        };
        *counter += usize::from(!decided.is_empty());
        for event in decided {
            state = quita_core::invoice::evolve(state, &event, now);
            events.push(event);
        }
    }
    Ok((events, outcome))
}

fn command(instalment: u16, revision: u16, answer: &Answer) -> Command<'static> {
    match answer.clone() {
        Answer::Issued { location, br_code } => {
            Command::RecordIssued { instalment, revision, location, br_code }
        }
        Answer::Delayed { reason, next_try_at } => {
            Command::RecordDelay { instalment, revision, reason, next_try_at }
        }
        Answer::Rejected { reason } => Command::RecordRejection { instalment, revision, reason },
        Answer::Removed | Answer::Paid => Command::RecordRemoval { instalment, revision },
    }
}
