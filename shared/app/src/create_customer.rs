//! Creates a customer. Its document is unique within the merchant.
//!
//! The row says that there is one and who made it; who it is stands in the customer alone, since a
//! row is never erased.

use quita_core::audit;
use quita_core::customer::{Customer, CustomerDraft};
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::violation::Violation;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::Part;
use quita_table::{Commit, CommitError, Expected};

use serde_json::json;

use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::views::CustomerView;

/// Name of the event.
pub const CREATED: &str = "customer.created";

/// Why there is no new customer.
#[derive(Debug)]
pub enum Refused {
    Invalid(Vec<Violation>),
    /// Another customer has the document.
    DocumentTaken,
    KeyReused,
}

pub async fn create_customer(
    deps: &Deps,
    merchant: &MerchantId,
    draft: CustomerDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let bill_to = match draft.parse() {
        Ok(bill_to) => bill_to,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let now = deps.clock.now();
    let id = CustomerId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let customer = Customer::new(merchant, id, bill_to, now);
    let body = serde_json::to_string(&CustomerView::of(&customer))
        .map_err(|error| Unknown::new("writing the answer", error))?;
    let commit = Commit::new(merchant)
        .customer(&customer, Expected::New)
        .event(&created(&customer, &request.actor))
        .idempotency(&request.record(201, &body, now));
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Ok(Answer { status: 201, body, replayed: false })),
        Err(CommitError::Conflict(conflicts)) => {
            if let Some(record) = idempotency::record_in(&conflicts) {
                return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
            }
            if conflicts.iter().any(|conflict| conflict.part == Part::Document) {
                return Ok(Err(Refused::DocumentTaken));
            }
            Err(CommitError::Conflict(conflicts).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The first row of a customer's history.
pub fn created(customer: &Customer, actor: &str) -> EventRow {
    EventRow {
        aggregate: Aggregate::Customer(customer.id.clone()),
        seq: customer.version,
        at: customer.created_at,
        actor: actor.to_owned(),
        name: CREATED.to_owned(),
        data: json!({ "created_at": instant(customer.created_at) }),
        postings: Vec::new(),
        changes: audit::changes(None, customer),
    }
}
