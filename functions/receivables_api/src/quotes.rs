//! Quotes: the amount due on any day.

use quita_app::Deps;
use quita_app::quote::{Refused, quote};
use quita_core::ids::MerchantId;
use quita_edge::bodies::QuoteBody;
use quita_edge::http::json;
use quita_edge::{ApiResponse, Call, Problem};

pub async fn create(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let body: QuoteBody = call.json()?;
    let on = body.on.clone();
    match quote(deps, merchant, &body.subject()?, &on).await? {
        Ok(quote) => Ok(json(200, &quote)),
        Err(Refused::NotFound) => Err(Problem::NotFound),
        Err(Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
    }
}
