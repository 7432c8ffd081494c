//! Requests that wait for a second person: keeps them, decides about them, and says which
//! operations need one.
//!
//! Owns the writes around [`quita_core::approval`]. Does not own how the kept request is carried
//! out: the function that has the route sends it through the same handler, under the approval's own
//! idempotency key.
//!
//! A kept request is answered under the caller's `Idempotency-Key` in the scope of the operation
//! itself, so a repeat of it is answered the same whatever the policy says by then.

mod policy;
mod view;

use chrono::{DateTime, Utc};
use quita_core::access::{ApiKey, Caller};
use quita_core::approval::{
    APPROVED, Approval, ApprovalState, Asker, CARRIED_OUT, Decided, MAKERS_MAX, Operation,
    REJECTED, REQUESTED, Refusal,
};
use quita_core::audit::Changes;
use quita_core::ids::{ApiKeyId, ApprovalId, InvoiceId, MerchantId};
use quita_core::money::Money;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, List, RecordKey};
use quita_table::store::{ItemRef, Page};
use quita_table::{Commit, CommitError, Cursor, Expected, StoreError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

pub use policy::{PolicyDraft, PolicyView, RuleDraft, change_policy, show_policy};
pub use view::ApprovalView;

/// Times a decision is taken anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Status of the answer to a request that was kept.
const KEPT: u16 = 202;

/// A call that may need a second person.
#[derive(Debug, Clone)]
pub struct Gated<'a> {
    pub operation: Operation,
    pub path: &'a str,
    pub body: &'a str,
    /// What is at stake, where the call says so.
    pub amount: Option<Money>,
    /// What the call is about.
    pub target: Target,
}

/// What a gated call is about.
#[derive(Debug, Clone)]
pub enum Target {
    Invoice(InvoiceId),
    /// An instalment of an invoice.
    Instalment(InvoiceId, u16),
    Payment(quita_core::ids::PaymentId),
    Customer(quita_core::ids::CustomerId),
}

impl Target {
    fn item(&self) -> ItemRef {
        match self {
            Self::Invoice(id) | Self::Instalment(id, _) => ItemRef::Invoice(id.clone()),
            Self::Payment(id) => ItemRef::Payment(id.clone()),
            Self::Customer(id) => ItemRef::Customer(id.clone()),
        }
    }
}

/// What becomes of a call.
#[derive(Debug)]
pub enum Gate {
    /// One person may do it.
    Open,
    /// It was kept, or answered before.
    Answered(Answer),
}

/// Why a call is refused before anything is decided.
#[derive(Debug)]
pub enum Stopped {
    /// There is nothing for a second person to look at.
    NotFound,
    KeyReused,
}

/// Keeps the call where it needs a second person: one read, and one transaction if so.
pub async fn gate(
    deps: &Deps,
    merchant: &MerchantId,
    caller: &Caller,
    gated: &Gated<'_>,
    request: &Request,
) -> Result<Result<Gate, Stopped>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let refs = [ItemRef::Merchant, gated.target.item(), record];
    let mut found = deps.store.read(merchant, &refs).await?;
    if let Some(record) = found.take_idempotency(request.scope, &request.key) {
        let told = request.replay(record).map(Gate::Answered);
        return Ok(told.map_err(|_| Stopped::KeyReused));
    }
    let settings = found
        .take_merchant()
        .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
    let at_stake = match &gated.target {
        Target::Customer(id) => found.take_customer(id).map(|_| None),
        Target::Payment(id) => found.take_payment(id).map(|it| Some(it.unidentified())),
        Target::Invoice(id) => found.take_invoice(id).map(|it| Some(it.receivable())),
        Target::Instalment(id, number) => found
            .take_invoice(id)
            .and_then(|invoice| Some(Some(invoice.instalment(*number)?.debt.principal))),
    };
    let Some(at_stake) = at_stake else { return Ok(Err(Stopped::NotFound)) };
    let amount = gated.amount.or(at_stake);
    if !settings.approvals.needs(gated.operation, amount) {
        return Ok(Ok(Gate::Open));
    }
    let asker = asker(deps, merchant, &caller.principal).await?;
    keep(deps, merchant, gated, amount, asker, request).await
}

async fn keep(
    deps: &Deps,
    merchant: &MerchantId,
    gated: &Gated<'_>,
    amount: Option<Money>,
    asker: Asker,
    request: &Request,
) -> Result<Result<Gate, Stopped>, Unknown> {
    let now = deps.clock.now();
    let id = ApprovalId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let Gated { operation, path, body, .. } = *gated;
    let approval = Approval::asked(merchant, id, operation, path, body, amount, asker, now);
    let told = json!({
        "operation": operation.as_str(),
        "path": path,
        "amount": amount.map(|amount| amount.to_string()),
        "expires_at": instant(approval.expires_at),
    });
    let body = serde_json::to_string(&ApprovalView::of(&approval, now))
        .map_err(|error| Unknown::new("writing the answer", error))?;
    let commit = Commit::new(merchant)
        .record(&approval, Expected::New)
        .event(&row(&approval, &request.actor, REQUESTED, told, now))
        .idempotency(&request.record(KEPT, &body, now));
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Ok(Gate::Answered(Answer { status: KEPT, body, replayed: false }))),
        Err(CommitError::Conflict(conflicts)) => match idempotency::record_in(&conflicts) {
            Some(record) => {
                let told = request.replay(record).map(Gate::Answered);
                Ok(told.map_err(|_| Stopped::KeyReused))
            }
            None => Err(CommitError::Conflict(conflicts).into()),
        },
        Err(error) => Err(error.into()),
    }
}

fn row(
    approval: &Approval,
    actor: &str,
    name: &'static str,
    data: Value,
    now: DateTime<Utc>,
) -> EventRow {
    EventRow {
        aggregate: Aggregate::Approval(approval.id.clone()),
        seq: approval.version,
        at: now,
        actor: actor.to_owned(),
        name: name.to_owned(),
        data,
        postings: Vec::new(),
        changes: Changes::default(),
    }
}

/// A caller with whoever made its key, and so on.
///
/// # Errors
/// Past [`MAKERS_MAX`] keys in a row nobody can be told apart any more.
async fn asker(deps: &Deps, merchant: &MerchantId, principal: &str) -> Result<Asker, Unknown> {
    let mut asker = Asker { principal: principal.to_owned(), makers: Vec::new() };
    let mut last = principal.to_owned();
    while let Ok(id) = ApiKeyId::parse(&last) {
        if asker.makers.len() >= MAKERS_MAX {
            return Err(Unknown::new("looking who made a key", "too many keys made one another"));
        }
        let key = RecordKey::ApiKey(id);
        let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
        let Some(known) = found.take_record::<ApiKey>(&key)? else { break };
        last.clone_from(&known.created_by);
        asker.makers.push(known.created_by);
    }
    Ok(asker)
}

/// What waits for a second person, in the order it was asked.
pub async fn list_approvals(
    deps: &Deps,
    merchant: &MerchantId,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Page<Approval>, StoreError> {
    deps.store.records(merchant, List::Approvals, limit, cursor).await
}

/// One request, whatever became of it.
pub async fn show_approval(
    deps: &Deps,
    merchant: &MerchantId,
    id: &ApprovalId,
) -> Result<Option<Approval>, Unknown> {
    let key = RecordKey::Approval(id.clone());
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    Ok(found.take_record(&key)?)
}

/// Why nothing was decided.
#[derive(Debug)]
pub enum Refused {
    NotFound,
    /// The caller may not do the operation itself.
    Forbidden(Operation),
    Conflict(Refusal),
}

/// What an approval leads to.
#[derive(Debug)]
pub enum Approved {
    /// The request is to be carried out now, under [`Approval::key`].
    CarryOut(Box<Approval>),
    /// It was.
    Done(Box<Approval>),
}

/// Agrees to a request, or goes on with one that was agreed to and not finished.
pub async fn approve(
    deps: &Deps,
    merchant: &MerchantId,
    caller: &Caller,
    id: &ApprovalId,
) -> Result<Result<Approved, Refused>, Unknown> {
    let by = asker(deps, merchant, &caller.principal).await?;
    for _ in 0..CONFLICTS_MAX {
        let approval = match known(deps, merchant, caller, id).await? {
            Ok(approval) => approval,
            Err(refused) => return Ok(Err(refused)),
        };
        let now = deps.clock.now();
        let approved = match approval.approve(&by, now) {
            Err(refusal) => return Ok(Err(Refused::Conflict(refusal))),
            Ok(Decided::Done) => return Ok(Ok(Approved::Done(Box::new(approval)))),
            Ok(Decided::Again) => return Ok(Ok(Approved::CarryOut(Box::new(approval)))),
            Ok(Decided::Now(approved)) => approved,
        };
        let told = json!({ "operation": approved.operation.as_str(), "path": approved.path });
        let row = row(&approved, &by.principal, APPROVED, told, now);
        if write(deps, &approval, &approved, &row).await? {
            return Ok(Ok(Approved::CarryOut(approved)));
        }
    }
    Err(Unknown::new("approving a request", "others kept writing first"))
}

/// Keeps what the operation answered: a status below 500, which is final.
pub async fn finish(
    deps: &Deps,
    merchant: &MerchantId,
    id: &ApprovalId,
    actor: &str,
    status: u16,
    body: &str,
) -> Result<Approval, Unknown> {
    let digest = Sha256::digest(body.as_bytes());
    let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    for _ in 0..CONFLICTS_MAX {
        let approval = show_approval(deps, merchant, id).await?;
        let approval = approval.ok_or_else(|| Unknown::new("finishing a request", "it is gone"))?;
        let now = deps.clock.now();
        // Somebody else who approved has kept it: the answer is the same one.
        let Some(done) = approval.carried_out(status, &sha256, now) else { return Ok(approval) };
        let told = json!({ "operation": done.operation.as_str(), "status": status });
        let row = row(&done, actor, CARRIED_OUT, told, now);
        if write(deps, &approval, &done, &row).await? {
            return Ok(done);
        }
    }
    Err(Unknown::new("finishing a request", "others kept writing first"))
}

/// Says no to a request; whoever asked takes it back so.
pub async fn reject(
    deps: &Deps,
    merchant: &MerchantId,
    caller: &Caller,
    id: &ApprovalId,
    reason: &str,
) -> Result<Result<Approval, Refused>, Unknown> {
    let by = Asker { principal: caller.principal.clone(), makers: Vec::new() };
    for _ in 0..CONFLICTS_MAX {
        let approval = match known(deps, merchant, caller, id).await? {
            Ok(approval) => approval,
            Err(refused) => return Ok(Err(refused)),
        };
        let now = deps.clock.now();
        let rejected = match approval.reject(&by, reason, now) {
            Err(refusal) => return Ok(Err(Refused::Conflict(refusal))),
            Ok(None) => return Ok(Ok(approval)),
            Ok(Some(rejected)) => rejected,
        };
        let told = json!({ "operation": rejected.operation.as_str(), "reason": reason });
        let row = row(&rejected, &by.principal, REJECTED, told, now);
        if write(deps, &approval, &rejected, &row).await? {
            return Ok(Ok(rejected));
        }
    }
    Err(Unknown::new("rejecting a request", "others kept writing first"))
}

/// The request, where the caller may decide about it.
async fn known(
    deps: &Deps,
    merchant: &MerchantId,
    caller: &Caller,
    id: &ApprovalId,
) -> Result<Result<Approval, Refused>, Unknown> {
    let Some(approval) = show_approval(deps, merchant, id).await? else {
        return Ok(Err(Refused::NotFound));
    };
    let may = caller.permissions.contains(&approval.operation.permission());
    Ok(if may { Ok(approval) } else { Err(Refused::Forbidden(approval.operation)) })
}

/// Writes a decision; `false` when someone else wrote first.
async fn write(
    deps: &Deps,
    before: &Approval,
    after: &Approval,
    row: &EventRow,
) -> Result<bool, Unknown> {
    let expected = Expected::Version(before.version);
    let commit = Commit::new(&before.merchant).record(after, expected).event(row);
    match deps.store.commit(commit).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Who approved a request, where somebody did.
pub fn approver(approval: &Approval) -> Option<&str> {
    match &approval.state {
        ApprovalState::Approved { by, .. } | ApprovalState::CarriedOut { by, .. } => Some(by),
        ApprovalState::Pending | ApprovalState::Rejected { .. } => None,
    }
}
