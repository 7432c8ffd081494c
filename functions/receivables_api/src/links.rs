//! Links to the payer's page of an invoice.

use quita_app::Deps;
use quita_app::invoice_links::{Refused, give_link, revoke_links};
use quita_app::reissue_charge;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_edge::bodies::ReasonBody;
use quita_edge::bodies::second_person::LinkBody;
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, Call, Problem};

/// Writes nothing, so it needs no key.
pub async fn create(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let draft = call.json::<LinkBody>()?.draft();
    match give_link(deps, merchant, &parse(id)?, &draft).await? {
        Ok(link) => Ok(json(200, &link)),
        Err(Refused::NotFound) => Err(Problem::NotFound),
        Err(Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
    }
}

pub async fn revoke(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("revoke_links")?;
    let reason = call.json::<ReasonBody>()?.reason()?;
    match revoke_links(deps, merchant, &parse(id)?, &reason, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(reissue_charge::Refused::NotFound) => Err(Problem::NotFound),
        Err(reissue_charge::Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
        Err(reissue_charge::Refused::Forbidden(refusal)) => {
            Err(Problem::Conflict { detail: refusal.to_string() })
        }
    }
}

fn parse(id: &str) -> Result<InvoiceId, Problem> {
    InvoiceId::parse(id).map_err(|_| Problem::NotFound)
}
