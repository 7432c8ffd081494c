//! A copy of what is held of a customer, and its erasure.

use quita_app::Deps;
use quita_app::privacy::{Refused, erase_customer, personal_data};
use quita_core::ids::{CustomerId, MerchantId};
use quita_edge::bodies::ReasonBody;
use quita_edge::http::{answered, json};
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, Problem};

/// Scope of the idempotency key of an erasure.
pub const ERASE: &str = "erase_customer";

pub async fn export(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let id = parse(id)?;
    let held = personal_data(deps, merchant, &id, limit, cursor.as_ref()).await?;
    let held = held.map_err(of_list)?.ok_or(Problem::NotFound)?;
    Ok(json(200, &held))
}

/// Comes here by way of an approval alone.
pub async fn erase(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency(ERASE)?;
    let reason = call.json::<ReasonBody>()?.reason()?;
    match erase_customer(deps, merchant, &parse(id)?, &reason, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(Refused::NotFound) => Err(Problem::NotFound),
        Err(Refused::Conflict(detail)) => Err(Problem::Conflict { detail }),
        Err(Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
    }
}

pub fn parse(id: &str) -> Result<CustomerId, Problem> {
    CustomerId::parse(id).map_err(|_| Problem::NotFound)
}
