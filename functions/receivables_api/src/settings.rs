//! The merchant's choices for payments that are short.

use quita_app::Deps;
use quita_app::settings::{Refused, change_settings, show_settings};
use quita_core::ids::MerchantId;
use quita_edge::bodies::changes::SettingsBody;
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, Call, Problem};

pub async fn show(deps: &Deps, merchant: &MerchantId) -> Result<ApiResponse, Problem> {
    Ok(json(200, &show_settings(deps, merchant).await?))
}

pub async fn change(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("change_settings")?;
    let draft = call.json::<SettingsBody>()?.draft();
    match change_settings(deps, merchant, &draft, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
    }
}
