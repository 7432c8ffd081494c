//! Creates an invoice: one read, one transaction.
//!
//! The intent to charge is part of the invoice (each instalment has a pending charge with its
//! txid), so nothing is lost when the bank is down: `issue_charge` finds it through the event, and
//! the sweep finds it through the work index.

use quita_core::customer::Customer;
use quita_core::debt::LateCharges;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::invoice::InvoiceDraft;
use quita_core::merchant::Lack;
use quita_core::violation::Violation;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};

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
    /// What has to be set up first: there is no account to be paid to, or nobody to write as.
    NotSetUp(Vec<Lack>),
    KeyReused,
}

/// Times an invoice is made anew because the customer's account moved meanwhile.
const CONFLICTS_MAX: usize = 3;
/// Why there is no new invoice for whoever was forgotten.
const ERASED_CUSTOMER: &str =
    "the customer's personal data was erased; create the customer again and use its new id";
/// Status of a new invoice.
const CREATED: u16 = 201;

pub async fn create_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    customer: &str,
    draft: &InvoiceDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        match attempt(deps, merchant, customer, draft, request).await? {
            Attempt::Done(answer) => return Ok(answer),
            Attempt::Again => {}
        }
    }
    Err(Unknown::new("creating the invoice", "others kept writing first"))
}

enum Attempt {
    Done(Result<Answer, Refused>),
    /// The customer's account moved: what goes onto the invoice is decided anew.
    Again,
}

async fn attempt(
    deps: &Deps,
    merchant: &MerchantId,
    customer: &str,
    draft: &InvoiceDraft,
    request: &Request,
) -> Result<Attempt, Unknown> {
    let now = deps.clock.now();
    let customer_id = CustomerId::parse(customer).ok();
    let refs = std::iter::once(ItemRef::Merchant)
        .chain(customer_id.clone().map(ItemRef::Customer))
        .collect::<Vec<_>>();
    let mut found = deps.store.read(merchant, &refs).await?;
    let settings = found
        .take_merchant()
        .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
    let lacks = settings.lacks();
    if !lacks.is_empty() {
        return Ok(Attempt::Done(Err(Refused::NotSetUp(lacks))));
    }
    let customer = customer_id.and_then(|id| found.take_customer(&id));
    let (draft, customer) = match (draft.check(&settings, now), customer) {
        (Ok(draft), Some(customer)) if customer.erasure.is_none() => (draft, customer),
        (checked, customer) => {
            let unknown = match customer {
                None => Some("use the id of a customer of yours"),
                Some(customer) if customer.erasure.is_some() => Some(ERASED_CUSTOMER),
                Some(_) => None,
            };
            let unknown = unknown.map(|why| Violation::new("customer_id", why));
            let faults = unknown.into_iter().chain(checked.err().unwrap_or_default());
            // What was accepted once is answered so again, though a due date has passed since.
            let told = idempotency::told_before(deps, merchant, request).await?;
            let refused = || Err(Refused::Invalid(faults.collect()));
            let told = told.map_or_else(refused, |told| told.map_err(|_| Refused::KeyReused));
            return Ok(Attempt::Done(told));
        }
    };
    let id = InvoiceId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let (invoice, events) = draft.open(id, &settings, &customer, now);
    let rule = deps.rule_of(&invoice).await?;
    let body = serde_json::to_string(&InvoiceView::of(&invoice, &rule, &deps.config, now))
        .map_err(|error| Unknown::new("writing the answer", error))?;
    let commit = Commit::new(merchant).idempotency(&request.record(CREATED, &body, now));
    let commit = apply::open(commit, &invoice, &rule, &events, &request.actor, now);
    let commit = without_carried(commit, customer);
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Attempt::Done(Ok(Answer { status: CREATED, body, replayed: false }))),
        Err(CommitError::Conflict(conflicts)) => Ok(match idempotency::record_in(&conflicts) {
            Some(record) => Attempt::Done(request.replay(record).map_err(|_| Refused::KeyReused)),
            None => Attempt::Again,
        }),
        Err(error) => Err(error.into()),
    }
}

/// Late charges that are on the new invoice come off the customer, under the condition that nobody
/// put them onto another one meanwhile.
fn without_carried(commit: Commit, customer: Customer) -> Commit {
    if customer.carried.is_zero() {
        return commit;
    }
    let version = customer.version;
    let after = Customer { carried: LateCharges::default(), version: version + 1, ..customer };
    commit.customer(&after, Expected::Version(version))
}
