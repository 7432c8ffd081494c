//! Names a boleto issued elsewhere for the debt of an instalment, so that a return file finds it.
//!
//! The number leads to one debt: its row is written in the transaction that tells the invoice.

use quita_core::bank_import::{BoletoRef, our_number};
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Command, Refusal, decide};
use quita_core::violation::Violation;
use quita_table::items::Stored;
use quita_table::store::{ItemRef, Part};
use quita_table::{Commit, CommitError};

use crate::apply;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::views::InvoiceView;

/// Times it is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Status of a boleto that was named.
const DONE: u16 = 200;

/// Why a boleto was not named.
#[derive(Debug)]
pub enum Refused {
    NotFound,
    Invalid(Vec<Violation>),
    /// The number asks for another debt.
    Taken,
    Forbidden(Refusal),
    KeyReused,
}

pub async fn name_boleto(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
    instalment: u16,
    number: &str,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let Some(number) = our_number(number) else {
        let hint = "use the nosso número: letters and digits, at most 20, not all zeros";
        return Ok(Err(Refused::Invalid(vec![Violation::new("our_number", hint)])));
    };
    let wanted = BoletoRef { our_number: number, invoice: invoice.clone(), instalment };
    for _ in 0..CONFLICTS_MAX {
        if let Some(answer) = attempt(deps, merchant, &wanted, request).await? {
            return Ok(answer);
        }
    }
    Err(Unknown::new("naming a boleto", "others kept writing first"))
}

/// Reads, decides and writes; `None` when someone wrote first.
async fn attempt(
    deps: &Deps,
    merchant: &MerchantId,
    wanted: &BoletoRef,
    request: &Request,
) -> Result<Option<Result<Answer, Refused>>, Unknown> {
    let refs = [
        ItemRef::Invoice(wanted.invoice.clone()),
        ItemRef::Boleto(wanted.our_number.clone()),
        ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() },
    ];
    let mut found = deps.store.read(merchant, &refs).await?;
    if let Some(record) = found.take_idempotency(request.scope, &request.key) {
        return Ok(Some(request.replay(record).map_err(|_| Refused::KeyReused)));
    }
    let Some(state) = found.take_invoice(&wanted.invoice) else {
        return Ok(Some(Err(Refused::NotFound)));
    };
    let there = found.take_boleto(&wanted.our_number);
    if there.as_ref().is_some_and(|there| there != wanted) {
        return Ok(Some(Err(Refused::Taken)));
    }
    let now = deps.clock.now();
    let (instalment, our_number) = (wanted.instalment, wanted.our_number.clone());
    let events = match decide(&state, Command::NameBoleto { instalment, our_number }, now) {
        Ok(events) => events,
        Err(Refusal::NoSuchInstalment { .. }) => return Ok(Some(Err(Refused::NotFound))),
        Err(refusal) => return Ok(Some(Err(Refused::Forbidden(refusal)))),
    };
    let mut commit = Commit::new(merchant);
    let mut after = state;
    let rule = deps.rule_of(&after).await?;
    if !events.is_empty() {
        (commit, after) = apply::apply(commit, after, &rule, &events, &request.actor, now);
    }
    if there.is_none() {
        commit = commit.boleto(wanted);
    }
    let body = serde_json::to_string(&InvoiceView::of(&after, &rule, &deps.config, now))
        .map_err(|error| Unknown::new("writing the answer", error))?;
    let commit = commit.idempotency(&request.record(DONE, &body, now));
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Some(Ok(Answer { status: DONE, body, replayed: false }))),
        Err(CommitError::Conflict(conflicts)) => {
            if let Some(record) = idempotency::record_in(&conflicts) {
                return Ok(Some(request.replay(record).map_err(|_| Refused::KeyReused)));
            }
            let taken = conflicts.iter().any(|it| match (&it.part, &it.found) {
                (Part::Boleto(_), Some(Stored::Boleto(there))) => there != wanted,
                _ => false,
            });
            Ok(taken.then_some(Err(Refused::Taken)))
        }
        Err(error) => Err(error.into()),
    }
}
