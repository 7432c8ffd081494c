//! Handles an invoice beside its rule: promise, dispute, pause, exclusion, flag, owner, note,
//! escalation, a message ahead of its time; and ends by itself what is over.
//!
//! Owns the transaction: the invoice, its rows, the tasks that follow, the answer. Does not own what
//! is allowed ([`quita_core::invoice::Handle`]) nor the sending, which the sweep does.

mod draft;
mod view;

use chrono::{DateTime, Utc};
use quita_core::access::Person;
use quita_core::chase::{CustomerFacts, Rule};
use quita_core::ids::{InvoiceId, MerchantId, PersonId};
use quita_core::invoice::{Command, Event, Handle, Invoice, NotHandled, Refusal, decide, sendable};
use quita_core::violation::Violation;
use quita_table::keys::RecordKey;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError};

use crate::apply;
use crate::change_invoice::Refused;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::tasks;
use crate::views::InvoiceView;

pub use draft::HandleDraft;
pub(crate) use draft::Parsed;
pub(crate) use view::HandlingView;

/// Times a command is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
const DONE: u16 = 200;

/// Carries out what a person decided about an invoice.
pub async fn handle_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
    draft: &HandleDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let asked = match draft.parse() {
        Ok(asked) => asked,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let faults = unknown_people(deps, merchant, asked.mentions()).await?;
    if !faults.is_empty() {
        return Ok(Err(Refused::Invalid(faults)));
    }
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
        let rule = deps.rule_of(&state).await?;
        let events = match decided(deps, &state, &rule, &asked, now).await? {
            Ok(events) => events,
            Err(refusal) => return Ok(Err(refused(refusal, &asked))),
        };
        let (commit, after) = if events.is_empty() {
            (Commit::new(merchant), state)
        } else {
            let mut events = events;
            let about = asked.about();
            let commit = Commit::new(merchant);
            let commit = tasks::follow(deps, commit, &state, &mut events, about, now).await?;
            apply::apply(commit, state, &rule, &events, &request.actor, now)
        };
        let view = InvoiceView::of(&after, &rule, &deps.config, now);
        let body = serde_json::to_string(&view)
            .map_err(|error| Unknown::new("writing the answer", error))?;
        let answer = (DONE, body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("handling the invoice", "others kept writing first"))
}

/// What is asked, decided on the invoice as it is.
async fn decided(
    deps: &Deps,
    invoice: &Invoice,
    rule: &Rule,
    asked: &Parsed,
    now: DateTime<Utc>,
) -> Result<Result<Vec<Event>, Refusal>, Unknown> {
    let handle = match asked {
        Parsed::Plain(handle) => handle.clone(),
        Parsed::Promise { amount, day, by } => Handle::Promise {
            amount: *amount,
            day: *day,
            by: by.clone(),
            grace_days: rule.promise_grace_days,
        },
        Parsed::Flag { instalment, .. } => Handle::Flag { instalment: *instalment },
        Parsed::SendNow { instalment, step } => {
            let customer = ItemRef::Customer(invoice.customer.clone());
            let mut found = deps.store.read(&invoice.merchant, &[customer]).await?;
            let customer = found.take_customer(&invoice.customer);
            let gone = || Unknown::new("loading the customer", "it is not there");
            let customer = customer.ok_or_else(gone)?;
            let facts = CustomerFacts { care: &customer.care, credit: customer.balance() };
            let named = (*instalment, step.as_deref());
            match sendable(invoice, rule, facts, named, now) {
                Ok(asked) => Handle::Send { instalment: asked.instalment, step: asked.step },
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
    };
    Ok(decide(invoice, Command::Handle(handle), now))
}

/// Ends what is over by itself, and writes that down: a promise that was kept or broken, a dispute
/// about nothing, tasks whose reason is gone. Costs nothing where nothing is over. Answers with the
/// invoice after it.
pub(crate) async fn settle_handling(
    deps: &Deps,
    mut invoice: Invoice,
    actor: &str,
) -> Result<Invoice, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        let now = deps.clock.now();
        if invoice.follow_ups(now).is_empty() {
            return Ok(invoice);
        }
        let (merchant, id) = (invoice.merchant.clone(), invoice.id.clone());
        let rule = deps.rule_of(&invoice).await?;
        let mut events = Vec::new();
        let commit = Commit::new(&merchant);
        let commit = tasks::follow(deps, commit, &invoice, &mut events, None, now).await?;
        let (commit, after) = apply::apply(commit, invoice, &rule, &events, actor, now);
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(after),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut found = deps.store.read(&merchant, &[ItemRef::Invoice(id.clone())]).await?;
        let gone = || Unknown::new("loading the invoice", "it is not there");
        invoice = found.take_invoice(&id).ok_or_else(gone)?;
    }
    Err(Unknown::new("ending what is over", "others kept writing first"))
}

/// What is wrong with the people a note is meant for.
async fn unknown_people(
    deps: &Deps,
    merchant: &MerchantId,
    people: &[PersonId],
) -> Result<Vec<Violation>, Unknown> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<RecordKey> = people.iter().cloned().map(RecordKey::Person).collect();
    let refs: Vec<ItemRef> = keys.iter().cloned().map(ItemRef::Record).collect();
    let mut found = deps.store.read(merchant, &refs).await?;
    let mut faults = Vec::new();
    for (nth, key) in keys.iter().enumerate() {
        let known = found.take_record::<Person>(key)?;
        if known.is_none_or(|person| person.removed_at.is_some()) {
            let hint = "use the id of a person of yours, once";
            faults.push(Violation::new(format!("mentions[{nth}]"), hint));
        }
    }
    Ok(faults)
}

/// What the caller can put right is told with its place; the rest is the invoice's state.
fn refused(refusal: Refusal, asked: &Parsed) -> Refused {
    let property = match &refusal {
        Refusal::NoSuchInstalment { .. } => "instalment",
        Refusal::OverBalance { .. } => "amount",
        Refusal::Handling(NotHandled::DayOutOfRange { .. }) => asked.day(),
        Refusal::Handling(NotHandled::NoSuchStep) => "step",
        _ => return Refused::Forbidden(refusal),
    };
    Refused::Invalid(vec![Violation::new(property, refusal.to_string())])
}
