//! Who messages come from, and the DNS records that prove it.

use quita_app::onboarding::sender::{SenderDraft, check_sender, set_sender, show_sender};
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, Problem};
use serde::Deserialize;

use crate::At;
use crate::merchants::refused;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SenderBody {
    domain: String,
    from: String,
    reply_to: String,
}

pub(crate) async fn show(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let view = show_sender(at.deps, at.merchant).await?.map_err(refused)?;
    Ok(json(200, &view))
}

pub(crate) async fn set(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("set_sender")?;
    let SenderBody { domain, from, reply_to } = at.call.json()?;
    let draft = SenderDraft { domain, from, reply_to };
    let outcome = set_sender(at.deps, at.merchant, &draft, &request).await?;
    outcome.map(answered).map_err(refused)
}

pub(crate) async fn check(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("check_sender")?;
    let outcome = check_sender(at.deps, at.merchant, &request).await?;
    outcome.map(answered).map_err(refused)
}
