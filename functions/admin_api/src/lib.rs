//! The `/v1` API of setting up and looking after: merchants, keys, people, the bank connection, the
//! sender's domain, channels, the audit trail.
//!
//! It has permissions that no other function under `/v1` may have, such as writing secrets; that is
//! why it is a function of its own.

mod audit;
mod bank_connection;
mod channels;
mod keys;
mod merchants;
mod people;
mod readiness;
mod sender_domain;
mod sign_in;

use quita_app::Deps;
use quita_core::access::Permission;
use quita_edge::auth::At;
use quita_edge::http::BODY_BYTES_MAX;
use quita_edge::routes::{Access, Route, find, needs, open, operator};
use quita_edge::{ApiRequest, ApiResponse, Call, Problem, auth};

/// Every route here, and what a caller needs for it.
pub const ROUTES: &[Route] = &[
    open("POST /sign_in/links"),
    open("GET /sign_in/{token}"),
    open("POST /sign_in/{token}"),
    needs(Permission::Read, "GET /v1/session"),
    needs(Permission::Read, "POST /v1/session/end"),
    needs(Permission::Administer, "POST /v1/api_keys"),
    needs(Permission::Administer, "GET /v1/api_keys"),
    needs(Permission::Administer, "GET /v1/api_keys/{api_key_id}"),
    needs(Permission::Administer, "POST /v1/api_keys/{api_key_id}/rotate"),
    needs(Permission::Administer, "POST /v1/api_keys/{api_key_id}/revoke"),
    needs(Permission::Administer, "POST /v1/people"),
    needs(Permission::Read, "GET /v1/people"),
    needs(Permission::Read, "GET /v1/people/{person_id}"),
    needs(Permission::Administer, "PUT /v1/people/{person_id}"),
    needs(Permission::Administer, "POST /v1/people/{person_id}/remove"),
    operator("POST /v1/merchants"),
    needs(Permission::Read, "GET /v1/merchant"),
    needs(Permission::Configure, "PUT /v1/merchant"),
    needs(Permission::Read, "GET /v1/bank_connection"),
    needs(Permission::Configure, "PUT /v1/bank_connection"),
    needs(Permission::Configure, "POST /v1/bank_connection/callback"),
    needs(Permission::Configure, "POST /v1/bank_connection/test_charge"),
    needs(Permission::Configure, "POST /v1/bank_connection/test_charge/remove"),
    needs(Permission::Read, "GET /v1/sender_domain"),
    needs(Permission::Configure, "PUT /v1/sender_domain"),
    needs(Permission::Configure, "POST /v1/sender_domain/check"),
    needs(Permission::Read, "GET /v1/merchant/channels"),
    needs(Permission::Configure, "PUT /v1/merchant/channels"),
    needs(Permission::Read, "GET /v1/readiness"),
    needs(Permission::Read, "GET /v1/onboarding"),
    needs(Permission::Audit, "GET /v1/audit"),
    needs(Permission::Audit, "GET /v1/audit/verification"),
];

pub async fn handle(deps: &Deps, request: ApiRequest) -> ApiResponse {
    Call::serve(request, BODY_BYTES_MAX, |call| async move { route(deps, &call).await }).await
}

async fn route(deps: &Deps, call: &Call) -> Result<ApiResponse, Problem> {
    let (route, ids) = find(ROUTES, call)?;
    match route.access {
        Access::Open => of_nobody(deps, call, route.key, &ids).await,
        Access::Operator => {
            auth::operator(call)?;
            of_operator(deps, call, route.key, &ids).await
        }
        Access::Needs(needed) => {
            let at = auth::at(deps, call, needed)?;
            of_merchant(&at, route.key, &ids).await
        }
    }
}

/// Routes that anybody may call.
async fn of_nobody(
    deps: &Deps,
    call: &Call,
    key: &str,
    ids: &[&str],
) -> Result<ApiResponse, Problem> {
    match (key, ids) {
        ("POST /sign_in/links", _) => sign_in::ask(deps, call).await,
        ("GET /sign_in/{token}", [token]) => sign_in::show(deps, token).await,
        ("POST /sign_in/{token}", [token]) => sign_in::begin(deps, call, token).await,
        _ => Err(Problem::NotFound),
    }
}

/// Routes of the operator of the installation.
async fn of_operator(
    deps: &Deps,
    call: &Call,
    key: &str,
    _ids: &[&str],
) -> Result<ApiResponse, Problem> {
    match key {
        "POST /v1/merchants" => merchants::create(deps, call).await,
        _ => Err(Problem::NotFound),
    }
}

/// Routes of a merchant, by area.
async fn of_merchant(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    match (key, ids) {
        ("GET /v1/audit", _) => audit::list(at).await,
        ("GET /v1/audit/verification", _) => audit::verify(at).await,
        (key, ids) if key.contains(" /v1/api_keys") => of_keys(at, key, ids).await,
        (key, ids) if key.contains(" /v1/people") || key.contains(" /v1/session") => {
            of_people(at, key, ids).await
        }
        (key, _) => of_setup(at, key).await,
    }
}

/// The steps of a merchant's set-up.
async fn of_setup(at: &At<'_>, key: &str) -> Result<ApiResponse, Problem> {
    match key {
        "GET /v1/merchant" => merchants::show(at).await,
        "PUT /v1/merchant" => merchants::change(at).await,
        "GET /v1/bank_connection" => bank_connection::show(at).await,
        "PUT /v1/bank_connection" => bank_connection::connect(at).await,
        "POST /v1/bank_connection/callback" => bank_connection::callback(at).await,
        "POST /v1/bank_connection/test_charge" => bank_connection::test_charge(at).await,
        "POST /v1/bank_connection/test_charge/remove" => bank_connection::remove(at).await,
        "GET /v1/sender_domain" => sender_domain::show(at).await,
        "PUT /v1/sender_domain" => sender_domain::set(at).await,
        "POST /v1/sender_domain/check" => sender_domain::check(at).await,
        "GET /v1/merchant/channels" => channels::show(at).await,
        "PUT /v1/merchant/channels" => channels::set(at).await,
        "GET /v1/readiness" => readiness::show(at).await,
        "GET /v1/onboarding" => readiness::steps(at).await,
        _ => Err(Problem::NotFound),
    }
}

async fn of_keys(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    match (key, ids) {
        ("POST /v1/api_keys", _) => keys::create(at).await,
        ("GET /v1/api_keys", _) => keys::list(at).await,
        ("GET /v1/api_keys/{api_key_id}", [id]) => keys::show(at, id).await,
        ("POST /v1/api_keys/{api_key_id}/rotate", [id]) => keys::rotate(at, id).await,
        ("POST /v1/api_keys/{api_key_id}/revoke", [id]) => keys::revoke(at, id).await,
        _ => Err(Problem::NotFound),
    }
}

async fn of_people(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    match (key, ids) {
        ("GET /v1/session", _) => people::caller(at),
        ("POST /v1/session/end", _) => people::sign_out(at).await,
        ("POST /v1/people", _) => people::add(at).await,
        ("GET /v1/people", _) => people::list(at).await,
        ("GET /v1/people/{person_id}", [id]) => people::show(at, id).await,
        ("PUT /v1/people/{person_id}", [id]) => people::change(at, id).await,
        ("POST /v1/people/{person_id}/remove", [id]) => people::remove(at, id).await,
        _ => Err(Problem::NotFound),
    }
}
