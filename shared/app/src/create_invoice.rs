//! Creates an invoice: one read, one transaction.
//!
//! The intent to charge is part of the invoice (each instalment has a pending charge with its
//! txid), so nothing is lost when the bank is down: `issue_charge` finds it through the event, and
//! the sweep finds it through the work index.

use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::invoice::InvoiceDraft;
use quita_core::violation::Violation;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError};

use crate::apply;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::views::InvoiceView;

/// Why there is no new invoice.
#[derive(Debug)]
pub enum Refused {
    /// Everything that is wrong, at once.
    Invalid(Vec<Violation>),
    KeyReused,
}

pub async fn create_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    customer: &str,
    draft: &InvoiceDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let now = deps.clock.now();
    let customer_id = CustomerId::parse(customer).ok();
    let refs = std::iter::once(ItemRef::Merchant)
        .chain(customer_id.clone().map(ItemRef::Customer))
        .collect::<Vec<_>>();
    let mut found = deps.store.read(merchant, &refs).await?;
    let settings = found
        .take_merchant()
        .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
    let customer = customer_id.and_then(|id| found.take_customer(&id));
    let (draft, customer) = match (draft.check(&settings, now), customer) {
        (Ok(draft), Some(customer)) => (draft, customer),
        (checked, customer) => {
            let unknown = Violation::new("customer_id", "use the id of a customer of yours");
            let unknown = customer.is_none().then_some(unknown);
            let faults = unknown.into_iter().chain(checked.err().unwrap_or_default());
            // What was accepted once is answered so again, though a due date has passed since.
            let told = idempotency::told_before(deps, merchant, request).await?;
            let refused = || Err(Refused::Invalid(faults.collect()));
            return Ok(told.map_or_else(refused, |told| told.map_err(|_| Refused::KeyReused)));
        }
    };
    let id = InvoiceId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let (invoice, events) = draft.open(id, &settings, &customer, now);
    let body = serde_json::to_string(&InvoiceView::of(&invoice, &deps.config, now))
        .map_err(|error| Unknown::new("writing the answer", error))?;
    let commit = Commit::new(merchant).idempotency(&request.record(201, &body, now));
    let commit = apply::open(commit, &invoice, &events, "api", now)?;
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Ok(Answer { status: 201, body, replayed: false })),
        Err(CommitError::Conflict(conflicts)) => match idempotency::record_in(&conflicts) {
            Some(record) => Ok(request.replay(record).map_err(|_| Refused::KeyReused)),
            None => Err(CommitError::Conflict(conflicts).into()),
        },
        Err(error) => Err(error.into()),
    }
}
