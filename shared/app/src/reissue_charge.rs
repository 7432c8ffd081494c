//! Asks for a new charge in place of the current one, and the shape of any command a person gives
//! an invoice: read, decide, one transaction with the answer inside.

use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Command, Refusal, decide};
use quita_table::Commit;
use quita_table::store::ItemRef;

use crate::apply;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::views::InvoiceView;

/// Times a command is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Status of an accepted command whose effect at the bank follows.
const ACCEPTED: u16 = 202;

/// Why a command was not carried out.
#[derive(Debug)]
pub enum Refused<R> {
    NotFound,
    /// The invoice's state forbids it.
    Forbidden(R),
    KeyReused,
}

pub async fn reissue_charge(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
    instalment: u16,
    reason: &str,
    request: &Request,
) -> Result<Result<Answer, Refused<Refusal>>, Unknown> {
    let command_ = Command::Reissue { instalment, reason: reason.to_owned() };
    command(deps, merchant, invoice, command_, request).await
}

pub(crate) async fn command(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
    asked: Command<'_>,
    request: &Request,
) -> Result<Result<Answer, Refused<Refusal>>, Unknown> {
    command_answering(deps, merchant, invoice, asked, ACCEPTED, request).await
}

/// The same, answered with a status of its own.
pub(crate) async fn command_answering(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
    asked: Command<'_>,
    status: u16,
    request: &Request,
) -> Result<Result<Answer, Refused<Refusal>>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    for _ in 0..CONFLICTS_MAX {
        let refs = [ItemRef::Invoice(invoice.clone()), record.clone()];
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let Some(state) = found.take_invoice(invoice) else {
            return Ok(Err(Refused::NotFound));
        };
        let now = deps.clock.now();
        let events = match decide(&state, asked.clone(), now) {
            Ok(events) => events,
            Err(refusal) => return Ok(Err(Refused::Forbidden(refusal))),
        };
        let rule = deps.rule_of(&state).await?;
        let view =
            |invoice| serde_json::to_string(&InvoiceView::of(invoice, &rule, &deps.config, now));
        let (commit, after) = if events.is_empty() {
            (Commit::new(merchant), state)
        } else {
            apply::apply(Commit::new(merchant), state, &rule, &events, &request.actor, now)
        };
        let body = view(&after).map_err(|error| Unknown::new("writing the answer", error))?;
        let answer = (status, body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("changing the invoice", "others kept writing first"))
}
