//! Keys of the API.

use quita_app::access::api_keys::{
    KeyDraft, create_api_key, list_api_keys, revoke_api_key, rotate_api_key, show_api_key,
};
use quita_core::ids::ApiKeyId;
use quita_edge::bodies::ReasonBody;
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, ListView, Problem, auth};
use serde::Deserialize;

use crate::At;
use crate::people::refused;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    name: String,
    permissions: Vec<String>,
    expires_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RotateBody {
    overlap_hours: Option<i64>,
}

pub(crate) async fn create(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("create_api_key")?;
    let KeyBody { name, permissions, expires_at } = at.call.json()?;
    let giver = &auth::caller(at.call)?.permissions;
    let draft = KeyDraft { name, permissions, expires_at };
    let outcome = create_api_key(at.deps, at.merchant, giver, &draft, &request).await?;
    outcome.map(answered).map_err(refused)
}

pub(crate) async fn list(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = at.call.page()?;
    let page = list_api_keys(at.deps, at.merchant, limit, cursor.as_ref()).await;
    let page = page.map_err(quita_edge::problem::of_list)?;
    Ok(json(200, &ListView::of(page, |key| key)))
}

pub(crate) async fn show(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let id = parse(id)?;
    let key = show_api_key(at.deps, at.merchant, &id).await?.ok_or(Problem::NotFound)?;
    Ok(json(200, &key))
}

pub(crate) async fn rotate(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("rotate_api_key")?;
    let RotateBody { overlap_hours } = at.call.json()?;
    let id = parse(id)?;
    let giver = &auth::caller(at.call)?.permissions;
    let outcome = rotate_api_key(at.deps, at.merchant, giver, &id, overlap_hours, &request).await?;
    outcome.map(answered).map_err(refused)
}

pub(crate) async fn revoke(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("revoke_api_key")?;
    let reason = at.call.json::<ReasonBody>()?.reason()?;
    let id = parse(id)?;
    let outcome = revoke_api_key(at.deps, at.merchant, &id, &reason, &request).await?;
    outcome.map(answered).map_err(refused)
}

fn parse(id: &str) -> Result<ApiKeyId, Problem> {
    ApiKeyId::parse(id).map_err(|_| Problem::NotFound)
}
