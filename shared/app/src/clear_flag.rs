//! Clears the flag of a customer: a person looked, and it is trusted again.
//!
//! The flag came from a payment whose money was taken back, so it is that payment's history that
//! tells who cleared it and why.

use quita_core::audit;
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::work::{WorkDue, WorkKind};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde_json::json;

use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::move_money::Refused;
use crate::views::CustomerView;

/// Times it is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Status of the answer.
const DONE: u16 = 200;
/// Name of the event, in the history of the payment the flag came from.
pub const FLAG_CLEARED: &str = "customer.flag_cleared";

pub async fn clear_flag(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
    reason: &str,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let refs = [ItemRef::Customer(id.clone()), record];
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let Some(mut customer) = found.take_customer(id) else { return Ok(Err(Refused::NotFound)) };
        let stood = customer.clone();
        let Some(flag) = customer.flag.take() else {
            return Ok(Err(Refused::Conflict("the customer has no flag".to_owned())));
        };
        let mut found =
            deps.store.read(merchant, &[ItemRef::Payment(flag.payment.clone())]).await?;
        let Some(mut payment) = found.take_payment(&flag.payment) else {
            return Err(Unknown::new("loading the payment of a flag", "it is not there"));
        };
        let now = deps.clock.now();
        let versions = (customer.version, payment.version);
        customer.version += 1;
        payment.version += 1;
        let row = EventRow {
            aggregate: Aggregate::Payment(payment.id.clone()),
            seq: payment.version,
            at: now,
            actor: request.actor.clone(),
            name: FLAG_CLEARED.to_owned(),
            data: json!({
                "customer_id": id,
                "flag": flag.reason.code(),
                "flagged_at": instant(flag.at),
                "reason": reason,
            }),
            postings: Vec::new(),
            changes: audit::changes(Some(&stood), &customer).under(&format!("customers.{id}")),
        };
        let body = serde_json::to_string(&CustomerView::of(&customer))
            .map_err(|error| Unknown::new("writing the answer", error))?;
        let work = payment.work_at().map(|at| WorkDue { at, kind: WorkKind::Confirm });
        let commit = Commit::new(merchant)
            .customer(&customer, Expected::Version(versions.0))
            .payment(&payment, Expected::Version(versions.1), work.as_ref())
            .event(&row);
        let answer = (DONE, body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("clearing a flag", "others kept writing first"))
}
