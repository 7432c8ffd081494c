//! Webhook endpoints, what was posted to them, and posting it again.

use quita_app::webhooks::delivery_log::{list_deliveries, show_delivery};
use quita_app::webhooks::endpoint_draft::EndpointDraft;
use quita_app::webhooks::manage_endpoints::{
    Refused, change_endpoint, close_endpoint, create_endpoint, list_endpoints, rotate_secret,
    show_endpoint, show_secret, test_endpoint,
};
use quita_app::webhooks::replay::{RangeDraft, replay_delivery, replay_range};
use quita_core::endpoint::Choice;
use quita_core::ids::{DeliveryId, EndpointId};
use quita_edge::http::{answered, json};
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, ListView, Problem};
use quita_table::store::Page;
use serde::Deserialize;

use crate::{At, event_types};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointBody {
    url: String,
    #[serde(default)]
    description: String,
    events: Option<Vec<String>>,
    #[serde(default = "yes")]
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeBody {
    from: String,
    to: String,
    #[serde(default)]
    only_failed: bool,
    cursor: Option<String>,
}

fn yes() -> bool {
    true
}

/// The routes of one endpoint and of all.
pub(crate) async fn route(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    let rest = key.split_once("/v1/webhook_endpoints").map(|(method, rest)| (method.trim(), rest));
    match (rest.ok_or(Problem::NotFound)?, ids) {
        (("POST", ""), _) => create(at).await,
        (("GET", ""), _) => list(at).await,
        (("GET", "/{endpoint_id}"), [id]) => show(at, &parse(id)?).await,
        (("PUT", "/{endpoint_id}"), [id]) => change(at, &parse(id)?).await,
        (("POST", "/{endpoint_id}/close"), [id]) => close(at, &parse(id)?).await,
        (("GET", "/{endpoint_id}/secret"), [id]) => secret(at, &parse(id)?).await,
        (("POST", "/{endpoint_id}/secret/rotate"), [id]) => rotate(at, &parse(id)?).await,
        (("POST", "/{endpoint_id}/test"), [id]) => test(at, &parse(id)?).await,
        (("POST", "/{endpoint_id}/replays"), [id]) => replays(at, &parse(id)?).await,
        (("GET", "/{endpoint_id}/deliveries"), [id]) => deliveries(at, &parse(id)?).await,
        (("GET", "/{endpoint_id}/deliveries/{delivery_id}"), [id, delivery]) => {
            one_delivery(at, &parse(id)?, &parse_delivery(delivery)?).await
        }
        (("POST", "/{endpoint_id}/deliveries/{delivery_id}/replay"), [id, delivery]) => {
            replay(at, &parse(id)?, &parse_delivery(delivery)?).await
        }
        _ => Err(Problem::NotFound),
    }
}

async fn create(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("create_endpoint")?;
    let choice = choice(at)?;
    let outcome = create_endpoint(at.deps, at.merchant, &choice, &request).await?;
    outcome.map(answered).map_err(refused)
}

async fn list(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let items = list_endpoints(at.deps, at.merchant).await?;
    Ok(json(200, &ListView::of(Page { items, next: None }, |endpoint| endpoint)))
}

async fn show(at: &At<'_>, id: &EndpointId) -> Result<ApiResponse, Problem> {
    let shown = show_endpoint(at.deps, at.merchant, id).await?.ok_or(Problem::NotFound)?;
    Ok(json(200, &shown))
}

async fn change(at: &At<'_>, id: &EndpointId) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("change_endpoint")?;
    let choice = choice(at)?;
    let outcome = change_endpoint(at.deps, at.merchant, id, &choice, &request).await?;
    outcome.map(answered).map_err(refused)
}

async fn close(at: &At<'_>, id: &EndpointId) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("close_endpoint")?;
    let outcome = close_endpoint(at.deps, at.merchant, id, &request).await?;
    outcome.map(answered).map_err(refused)
}

async fn secret(at: &At<'_>, id: &EndpointId) -> Result<ApiResponse, Problem> {
    let shown = show_secret(at.deps, at.merchant, id).await?.ok_or(Problem::NotFound)?;
    Ok(json(200, &shown))
}

async fn rotate(at: &At<'_>, id: &EndpointId) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("rotate_endpoint_secret")?;
    let outcome = rotate_secret(at.deps, at.merchant, id, &request).await?;
    outcome.map(answered).map_err(refused)
}

async fn test(at: &At<'_>, id: &EndpointId) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("test_endpoint")?;
    let outcome = test_endpoint(at.deps, at.merchant, id, &request).await?;
    outcome.map(answered).map_err(refused)
}

async fn deliveries(at: &At<'_>, id: &EndpointId) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = at.call.page()?;
    show_endpoint(at.deps, at.merchant, id).await?.ok_or(Problem::NotFound)?;
    let page = list_deliveries(at.deps, at.merchant, id, limit, cursor.as_ref()).await;
    Ok(json(200, &ListView::of(page.map_err(of_list)?, |delivery| delivery)))
}

async fn one_delivery(
    at: &At<'_>,
    id: &EndpointId,
    delivery: &DeliveryId,
) -> Result<ApiResponse, Problem> {
    let shown = show_delivery(at.deps, at.merchant, id, delivery).await?;
    Ok(json(200, &shown.ok_or(Problem::NotFound)?))
}

async fn replay(
    at: &At<'_>,
    id: &EndpointId,
    delivery: &DeliveryId,
) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("replay_delivery")?;
    let outcome = replay_delivery(at.deps, at.merchant, id, delivery, &request).await?;
    outcome.map(answered).map_err(refused)
}

async fn replays(at: &At<'_>, id: &EndpointId) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("replay_range")?;
    let RangeBody { from, to, only_failed, cursor } = at.call.json()?;
    let draft = RangeDraft { from, to, only_failed, cursor };
    let outcome = replay_range(at.deps, at.merchant, id, &draft, &request).await?;
    outcome.map(answered).map_err(refused)
}

fn choice(at: &At<'_>) -> Result<Choice, Problem> {
    let EndpointBody { url, description, events, enabled } = at.call.json()?;
    let draft = EndpointDraft { url, description, events, enabled };
    draft.parse(at.deps.webhooks.reach(), event_types::is_known).map_err(Problem::Invalid)
}

fn parse(id: &str) -> Result<EndpointId, Problem> {
    EndpointId::parse(id).map_err(|_| Problem::NotFound)
}

fn parse_delivery(id: &str) -> Result<DeliveryId, Problem> {
    DeliveryId::parse(id).map_err(|_| Problem::NotFound)
}

fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Invalid(violations) => Problem::Invalid(violations),
        Refused::NotFound => Problem::NotFound,
        Refused::Conflict(detail) => Problem::Conflict { detail },
        Refused::KeyReused => Problem::IdempotencyKeyReused,
    }
}
