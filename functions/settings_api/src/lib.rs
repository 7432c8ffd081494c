//! The `/v1` API of what a merchant shapes: how it chases, what it writes, who hears of its events.
//!
//! It needs the table and nothing else, where the API of setting up writes secrets and sender
//! domains; that is why it is a function of its own.

mod endpoints;
mod event_types;
mod rules;
mod templates;

use quita_app::Deps;
use quita_core::access::Permission;
use quita_edge::auth::At;
use quita_edge::http::BODY_BYTES_MAX;
use quita_edge::routes::{Access, Route, find, needs};
use quita_edge::{ApiRequest, ApiResponse, Call, Problem, auth};

/// Every route here, and what a caller needs for it.
pub const ROUTES: &[Route] = &[
    needs(Permission::Configure, "POST /v1/webhook_endpoints"),
    needs(Permission::Read, "GET /v1/webhook_endpoints"),
    needs(Permission::Read, "GET /v1/webhook_endpoints/{endpoint_id}"),
    needs(Permission::Configure, "PUT /v1/webhook_endpoints/{endpoint_id}"),
    needs(Permission::Configure, "POST /v1/webhook_endpoints/{endpoint_id}/close"),
    needs(Permission::Configure, "GET /v1/webhook_endpoints/{endpoint_id}/secret"),
    needs(Permission::Configure, "POST /v1/webhook_endpoints/{endpoint_id}/secret/rotate"),
    needs(Permission::Configure, "POST /v1/webhook_endpoints/{endpoint_id}/test"),
    needs(Permission::Configure, "POST /v1/webhook_endpoints/{endpoint_id}/replays"),
    needs(Permission::Read, "GET /v1/webhook_endpoints/{endpoint_id}/deliveries"),
    needs(Permission::Read, "GET /v1/webhook_endpoints/{endpoint_id}/deliveries/{delivery_id}"),
    needs(
        Permission::Configure,
        "POST /v1/webhook_endpoints/{endpoint_id}/deliveries/{delivery_id}/replay",
    ),
    needs(Permission::Read, "GET /v1/templates"),
    needs(Permission::Read, "GET /v1/templates/variables"),
    needs(Permission::Read, "POST /v1/templates/preview"),
    needs(Permission::Configure, "PUT /v1/templates/{template_name}"),
    needs(Permission::Read, "GET /v1/templates/{template_name}"),
    needs(Permission::Read, "GET /v1/templates/{template_name}/versions"),
    needs(Permission::Read, "GET /v1/rules"),
    needs(Permission::Read, "GET /v1/rules/{rule_name}"),
    needs(Permission::Configure, "PUT /v1/rules/{rule_name}"),
    needs(Permission::Read, "POST /v1/rules/{rule_name}/check"),
    needs(Permission::Read, "GET /v1/rules/{rule_name}/versions"),
    needs(Permission::Read, "GET /v1/rules/{rule_name}/versions/{version}"),
    needs(Permission::Read, "GET /v1/default_rule"),
    needs(Permission::Configure, "PUT /v1/default_rule"),
    needs(Permission::Read, "GET /v1/segments"),
    needs(Permission::Configure, "PUT /v1/segments"),
    needs(Permission::Read, "GET /v1/event_types"),
    needs(Permission::Read, "GET /v1/event_types/{event_type}"),
];

pub async fn handle(deps: &Deps, request: ApiRequest) -> ApiResponse {
    Call::serve(request, BODY_BYTES_MAX, |call| async move { route(deps, &call).await }).await
}

async fn route(deps: &Deps, call: &Call) -> Result<ApiResponse, Problem> {
    let (route, ids) = find(ROUTES, call)?;
    let Access::Needs(needed) = route.access else { return Err(Problem::NotFound) };
    let at = auth::at(deps, call, needed)?;
    match (route.key, ids.as_slice()) {
        ("GET /v1/event_types", _) => Ok(event_types::list()),
        ("GET /v1/event_types/{event_type}", [name]) => event_types::show(name),
        (key, ids) if key.contains(" /v1/webhook_endpoints") => {
            endpoints::route(&at, key, ids).await
        }
        (key, ids) if key.contains(" /v1/templates") => templates::route(&at, key, ids).await,
        (key, ids) => rules::route(&at, key, ids).await,
    }
}
