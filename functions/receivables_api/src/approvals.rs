//! What needs a second person: the gate before such a route, and the decisions about what was kept.
//!
//! A kept request is carried out by the handler it was sent to, in the name of who sent it, under a
//! key of its own. Who approved stands in the history of the approval.

use quita_app::approvals::ApprovalView;
use quita_app::approvals::{
    Approved, Gate, Gated, Refused, Stopped, Target, approve as agree, change_policy, finish,
    gate as keep, list_approvals, reject as refuse, show_approval, show_policy,
};
use quita_app::move_money::Action;
use quita_app::settings;
use quita_core::access::{Caller, CallerKind};
use quita_core::approval::{Approval, Operation};
use quita_core::ids::{ApiKeyId, ApprovalId, InvoiceId, PaymentId};
use quita_core::money::Money;
use quita_edge::bodies::ReasonBody;
use quita_edge::bodies::payments::{DismissBody, RefundBody};
use quita_edge::bodies::second_person::PolicyBody;
use quita_edge::http::{answered, json, text_of};
use quita_edge::problem::of_list;
use quita_edge::routes::find;
use quita_edge::{ApiResponse, Call, ListView, Problem, auth};
use serde::Serialize;
use serde_json::Value;

use crate::{At, ROUTES, changes, dispatch, handling, privacy};

/// From this status on an answer is not final: the request is approved again.
const FAULT: u16 = 500;

/// The operations that can need a second person, by route.
pub const GATED: [(&str, Operation); 7] = [
    ("POST /v1/payments/{payment_id}/refunds", Operation::Refund),
    ("POST /v1/exceptions/{payment_id}/dismiss", Operation::Dismiss),
    ("POST /v1/invoices/{invoice_id}/instalments/{number}/rebate", Operation::Rebate),
    ("POST /v1/invoices/{invoice_id}/instalments/{number}/credit_note", Operation::CreditNote),
    ("POST /v1/invoices/{invoice_id}/instalments/{number}/write_off", Operation::WriteOff),
    ("POST /v1/customers/{customer_id}/erasure", Operation::ErasePerson),
    ("POST /v1/invoices/{invoice_id}/escalation", Operation::Escalate),
];

/// A call as the gate sees it.
struct Asked {
    /// Scope of the operation's idempotency key.
    scope: &'static str,
    target: Target,
    amount: Option<Money>,
}

/// Answers a call that needs a second person, or that was answered before; `None` lets it through,
/// also where it cannot be read: its handler then says what is wrong, and does nothing.
pub async fn gate(at: &At<'_>, key: &str, ids: &[&str]) -> Result<Option<ApiResponse>, Problem> {
    let known = GATED.iter().find(|(route, _)| *route == key);
    let Some((_, operation)) = known else { return Ok(None) };
    let Some(asked) = asked(at, *operation, ids)? else { return Ok(None) };
    let Ok(body) = std::str::from_utf8(at.call.body()) else { return Ok(None) };
    let request = at.call.idempotency(asked.scope)?;
    let Asked { target, amount, .. } = asked;
    let path = at.call.path();
    let gated = Gated { operation: *operation, path, body, amount, target };
    let caller = auth::caller(at.call)?;
    match keep(at.deps, at.merchant, caller, &gated, &request).await? {
        Ok(Gate::Open) => Ok(None),
        Ok(Gate::Answered(answer)) => Ok(Some(answered(answer))),
        Err(Stopped::NotFound) => Err(Problem::NotFound),
        Err(Stopped::KeyReused) => Err(Problem::IdempotencyKeyReused),
    }
}

/// What is asked, read as the handler reads it; `None` where that fails.
fn asked(at: &At<'_>, operation: Operation, ids: &[&str]) -> Result<Option<Asked>, Problem> {
    Ok(match operation {
        Operation::Refund | Operation::Dismiss => of_payment(at, operation, ids)?,
        Operation::Rebate | Operation::CreditNote | Operation::WriteOff => {
            of_instalment(at, operation, ids)?
        }
        Operation::Escalate => {
            let (scope, draft) = handling::read("escalation", at.call)?;
            let [id] = ids else { return Ok(None) };
            let id = InvoiceId::parse(id).map_err(|_| Problem::NotFound)?;
            let target = Target::Invoice(id);
            draft.is_readable().then_some(Asked { scope, target, amount: None })
        }
        Operation::ErasePerson => {
            at.call.json::<ReasonBody>()?.reason()?;
            let [id, ..] = ids else { return Ok(None) };
            let target = Target::Customer(privacy::parse(id)?);
            Some(Asked { scope: privacy::ERASE, target, amount: None })
        }
    })
}

fn of_payment(at: &At<'_>, operation: Operation, ids: &[&str]) -> Result<Option<Asked>, Problem> {
    let (scope, draft) = match operation {
        Operation::Refund => ("refund_payment", at.call.json::<RefundBody>()?.draft()),
        _ => ("dismiss_exception", at.call.json::<DismissBody>()?.draft()),
    };
    let [id] = ids else { return Ok(None) };
    let id = PaymentId::parse(id).map_err(|_| Problem::NotFound)?;
    let Ok(action) = draft.parse(&at.call.idempotency(scope)?.key) else { return Ok(None) };
    let amount = match action {
        Action::AskRefund { amount, .. } => Some(amount),
        _ => None,
    };
    Ok(Some(Asked { scope, target: Target::Payment(id), amount }))
}

fn of_instalment(
    at: &At<'_>,
    operation: Operation,
    ids: &[&str],
) -> Result<Option<Asked>, Problem> {
    let (scope, draft) = changes::read(operation.as_str(), at.call)?;
    let [id, number] = ids else { return Ok(None) };
    let id = InvoiceId::parse(id).map_err(|_| Problem::NotFound)?;
    let number = number.parse().map_err(|_| Problem::NotFound)?;
    let Ok(amount) = draft.amount() else { return Ok(None) };
    Ok(Some(Asked { scope, target: Target::Instalment(id, number), amount }))
}

/// The routes of approvals and of their policy.
pub async fn of_approvals(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    match (key, ids) {
        ("GET /v1/approval_policy", _) => Ok(json(200, &show_policy(at.deps, at.merchant).await?)),
        ("PUT /v1/approval_policy", _) => set_policy(at).await,
        ("GET /v1/approvals", _) => list(at).await,
        ("GET /v1/approvals/{approval_id}", [id]) => show(at, id).await,
        ("POST /v1/approvals/{approval_id}/approve", [id]) => approve(at, id).await,
        ("POST /v1/approvals/{approval_id}/reject", [id]) => reject(at, id).await,
        _ => Err(Problem::NotFound),
    }
}

async fn set_policy(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("change_approval_policy")?;
    let draft = at.call.json::<PolicyBody>()?.draft();
    match change_policy(at.deps, at.merchant, &draft, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(settings::Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(settings::Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
    }
}

async fn list(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = at.call.page()?;
    let page = list_approvals(at.deps, at.merchant, limit, cursor.as_ref()).await;
    let now = at.deps.clock.now();
    let view = |approval: Approval| ApprovalView::of(&approval, now);
    Ok(json(200, &ListView::of(page.map_err(of_list)?, view)))
}

async fn show(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let approval = show_approval(at.deps, at.merchant, &parse(id)?).await?;
    Ok(shown(&approval.ok_or(Problem::NotFound)?, at))
}

async fn reject(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let reason = at.call.json::<ReasonBody>()?.reason()?;
    let caller = auth::caller(at.call)?;
    let rejected = refuse(at.deps, at.merchant, caller, &parse(id)?, &reason).await?;
    Ok(shown(&rejected.map_err(problem_of)?, at))
}

/// A request that was carried out, with what the operation answered.
#[derive(Serialize)]
struct CarriedOutView {
    #[serde(flatten)]
    approval: ApprovalView,
    result: Value,
}

/// Agrees and carries out. An answer that is not final leaves the request approved: the same call
/// again finishes it, and does nothing twice.
async fn approve(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let caller = auth::caller(at.call)?;
    let agreed = agree(at.deps, at.merchant, caller, &parse(id)?).await?;
    let approval = match agreed.map_err(problem_of)? {
        Approved::Done(approval) => return Ok(shown(&approval, at)),
        Approved::CarryOut(approval) => approval,
    };
    let response = carry_out(at, &approval).await?;
    let status = u16::try_from(response.status_code).unwrap_or(FAULT);
    if status >= FAULT {
        return Ok(response);
    }
    let body = text_of(&response);
    let (deps, actor) = (at.deps, caller.principal.as_str());
    let done = finish(deps, at.merchant, &approval.id, actor, status, body).await?;
    let result = serde_json::from_str(body).unwrap_or(Value::Null);
    let approval = ApprovalView::of(&done, deps.clock.now());
    Ok(json(200, &CarriedOutView { approval, result }))
}

/// Sends the kept request through its handler.
async fn carry_out(at: &At<'_>, approval: &Approval) -> Result<ApiResponse, Problem> {
    let principal = approval.asker.principal.clone();
    let is_key = ApiKeyId::parse(&principal).is_ok();
    let requester = Caller {
        merchant: Some(at.merchant.clone()),
        principal,
        kind: if is_key { CallerKind::ApiKey } else { CallerKind::Person },
        permissions: [approval.operation.permission()].into(),
        session: None,
    };
    let (path, body) = (&approval.path, approval.body.as_str());
    let call = Call::again(requester, path, body, approval.key(), at.call.request_id());
    let (route, ids) = find(ROUTES, &call)?;
    let again = At { call: &call, ..*at };
    match dispatch(&again, route.key, &ids).await {
        Err(problem) if problem.status() < FAULT => Ok(problem.response(at.call.request_id())),
        other => other,
    }
}

fn shown(approval: &Approval, at: &At<'_>) -> ApiResponse {
    json(200, &ApprovalView::of(approval, at.deps.clock.now()))
}

fn problem_of(refused: Refused) -> Problem {
    match refused {
        Refused::NotFound => Problem::NotFound,
        Refused::Forbidden(operation) => Problem::Forbidden(operation.permission()),
        Refused::Conflict(refusal) => Problem::Conflict { detail: refusal.to_string() },
    }
}

fn parse(id: &str) -> Result<ApprovalId, Problem> {
    ApprovalId::parse(id).map_err(|_| Problem::NotFound)
}

#[cfg(test)]
mod tests {
    use quita_edge::routes::Access;

    use super::*;

    #[test]
    fn what_is_approved_needs_what_asking_for_it_needs() {
        for (key, operation) in GATED {
            let route = ROUTES.iter().find(|route| route.key == key).unwrap();
            assert_eq!(route.access, Access::Needs(operation.permission()), "{key}");
        }
        let gated = |operation| GATED.iter().any(|(_, known)| *known == operation);
        assert!(Operation::ALL.into_iter().all(gated), "an operation without a route");
    }
}
