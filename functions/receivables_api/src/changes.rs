//! Changes to what an instalment owes; the charge for what is left follows by itself.

use quita_app::Deps;
use quita_app::change_invoice::{ChangeDraft, Refused, change_invoice};
use quita_core::ids::{InvoiceId, MerchantId};
use quita_edge::bodies::changes::{CreditNoteBody, DueDateBody, RebateBody, WriteOffBody};
use quita_edge::http::answered;
use quita_edge::{ApiResponse, Call, Problem};

/// Carries out the change that the last segment of the path names.
pub async fn change(
    deps: &Deps,
    merchant: &MerchantId,
    (id, number, what): (&str, &str, &str),
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (scope, draft) = read(what, call)?;
    let request = call.idempotency(scope)?;
    let id = InvoiceId::parse(id).map_err(|_| Problem::NotFound)?;
    let number = number.parse().map_err(|_| Problem::NotFound)?;
    match change_invoice(deps, merchant, &id, number, &draft, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(Refused::NotFound) => Err(Problem::NotFound),
        Err(Refused::Forbidden(refusal)) => Err(Problem::Conflict { detail: refusal.to_string() }),
        Err(Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
    }
}

/// The operation and what is asked.
pub fn read(what: &str, call: &Call) -> Result<(&'static str, ChangeDraft), Problem> {
    Ok(match what {
        "rebate" => ("grant_rebate", call.json::<RebateBody>()?.draft()),
        "credit_note" => ("credit_instalment", call.json::<CreditNoteBody>()?.draft()),
        "write_off" => ("write_off_instalment", call.json::<WriteOffBody>()?.draft()),
        "due_date" => ("extend_due_date", call.json::<DueDateBody>()?.draft()),
        _ => return Err(Problem::NotFound),
    })
}
