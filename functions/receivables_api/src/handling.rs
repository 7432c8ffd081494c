//! What people decide about an invoice beside its rule, and the same for many invoices at once.

use std::collections::BTreeSet;

use quita_app::Deps;
use quita_app::change_invoice::Refused;
use quita_app::handle_invoice::{HandleDraft, handle_invoice};
use quita_app::idempotency::Request;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::violation::Violation;
use quita_edge::bodies::ReasonBody;
use quita_edge::bodies::handling::{
    BulkBody, CloseDisputeBody, EscalationBody, FlagBody, NoteBody, NothingBody, OwnerBody,
    PauseBody, PromiseBody, SendNowBody,
};
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, Call, Problem};
use serde::Serialize;

/// Most invoices of one call: each is a transaction of its own.
pub const BULK_MAX: usize = 100;
/// Scope of the idempotency key of an escalation, which waits for a second person.
pub const ESCALATE: &str = "escalate_invoice";
/// Actions of a call about many invoices.
const ACTIONS: &str = "pause, resume, exclude, include, assign_owner, send_now";

/// Carries out the decision that the rest of the path names.
pub async fn handle(
    deps: &Deps,
    merchant: &MerchantId,
    (id, what): (&str, &str),
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (scope, draft) = read(what, call)?;
    let request = call.idempotency(scope)?;
    let id = InvoiceId::parse(id).map_err(|_| Problem::NotFound)?;
    answer_of(handle_invoice(deps, merchant, &id, &draft, &request).await?)
}

/// The answer of a command on an invoice or a task.
pub fn answer_of(
    answer: Result<quita_app::idempotency::Answer, Refused>,
) -> Result<ApiResponse, Problem> {
    answer.map(answered).map_err(problem_of)
}

fn problem_of(refused: Refused) -> Problem {
    match refused {
        Refused::Invalid(violations) => Problem::Invalid(violations),
        Refused::NotFound => Problem::NotFound,
        Refused::Forbidden(refusal) => Problem::Conflict { detail: refusal.to_string() },
        Refused::KeyReused => Problem::IdempotencyKeyReused,
    }
}

/// The operation and what is decided.
pub fn read(what: &str, call: &Call) -> Result<(&'static str, HandleDraft), Problem> {
    let reason = || call.json::<ReasonBody>()?.reason();
    let nothing = |draft| match call.body().is_empty() {
        true => Ok(draft),
        false => call.json::<NothingBody>().map(|NothingBody {}| draft),
    };
    Ok(match what {
        "promise" => ("promise_payment", call.json::<PromiseBody>()?.draft()),
        "promise/withdraw" => {
            ("withdraw_promise", HandleDraft::WithdrawPromise { reason: reason()? })
        }
        "dispute" => ("dispute_invoice", HandleDraft::Dispute { reason: reason()? }),
        "dispute/close" => ("close_dispute", call.json::<CloseDisputeBody>()?.draft()),
        "pause" => ("pause_chase", call.json::<PauseBody>()?.draft()),
        "resume" => ("resume_chase", nothing(HandleDraft::Resume)?),
        "exclude" => ("exclude_invoice", HandleDraft::Exclude { reason: reason()? }),
        "include" => ("include_invoice", nothing(HandleDraft::Include)?),
        "flag" => ("flag_invoice", call.json::<FlagBody>()?.draft()),
        "flag/clear" => ("clear_invoice_flag", nothing(HandleDraft::ClearFlag)?),
        "owner" => {
            let owner = call.json::<OwnerBody>()?.owner;
            ("assign_invoice", HandleDraft::AssignOwner { owner })
        }
        "notes" => ("note_invoice", call.json::<NoteBody>()?.draft()),
        "send_now" => ("send_now", call.json::<SendNowBody>()?.draft()),
        "escalation" => (ESCALATE, call.json::<EscalationBody>()?.draft()),
        "escalation/reverse" => {
            ("reverse_escalation", HandleDraft::ReverseEscalation { reason: reason()? })
        }
        _ => return Err(Problem::NotFound),
    })
}

/// What became of each invoice.
#[derive(Serialize)]
struct BulkView {
    results: Vec<BulkResult>,
}

#[derive(Serialize)]
struct BulkResult {
    invoice_id: String,
    /// Status that the call for this invoice alone would be answered with.
    status: u16,
    detail: Option<String>,
}

/// Does the same to many invoices, each in a transaction of its own and under a key of its own, so
/// a repeat goes on where the first one ended.
pub async fn bulk(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let whole = call.idempotency("bulk")?;
    let body = call.json::<BulkBody>()?;
    let mut faults = Vec::new();
    let draft = body.draft();
    if draft.is_none() {
        faults.push(Violation::new("action", format!("use one of: {ACTIONS}")));
    }
    if body.invoice_ids.is_empty() || body.invoice_ids.len() > BULK_MAX {
        faults.push(Violation::new("invoice_ids", format!("give 1 to {BULK_MAX} invoices")));
    }
    let distinct: BTreeSet<&String> = body.invoice_ids.iter().collect();
    if distinct.len() != body.invoice_ids.len() {
        faults.push(Violation::new("invoice_ids", "give each invoice once"));
    }
    let Some(draft) = draft.filter(|_| faults.is_empty()) else {
        return Err(Problem::Invalid(faults));
    };
    let mut results = Vec::with_capacity(body.invoice_ids.len());
    for id in &body.invoice_ids {
        let problem = each(deps, merchant, (id, &draft), &whole).await?;
        results.push(BulkResult {
            invoice_id: id.clone(),
            status: problem.as_ref().map_or(200, Problem::status),
            detail: problem.map(|problem| told(&problem)),
        });
    }
    Ok(json(200, &BulkView { results }))
}

/// One invoice of many; `None` where it was done.
async fn each(
    deps: &Deps,
    merchant: &MerchantId,
    (id, draft): (&str, &HandleDraft),
    whole: &Request,
) -> Result<Option<Problem>, Problem> {
    let Ok(invoice) = InvoiceId::parse(id) else { return Ok(Some(Problem::NotFound)) };
    // No caller can send a key with a space.
    let request = Request { key: format!("{} {id}", whole.key), ..whole.clone() };
    let answer = handle_invoice(deps, merchant, &invoice, draft, &request).await?;
    Ok(answer.err().map(problem_of))
}

fn told(problem: &Problem) -> String {
    match problem {
        Problem::Conflict { detail } => detail.clone(),
        Problem::Invalid(faults) => {
            let told: Vec<String> =
                faults.iter().map(|it| format!("{}: {}", it.property, it.reason)).collect();
            told.join("; ")
        }
        Problem::NotFound => "there is no such invoice".to_owned(),
        other => other.slug().to_owned(),
    }
}
