//! `POST /v1/invoices` (HTTP API) -> an invoice, in one transaction.
//!
//! The caller may repeat a request that got no answer: the same Idempotency-Key and body get the
//! first answer again.

use quita_app::Deps;
use quita_app::create_invoice::{Refused, create_invoice};
use quita_core::access::Permission;
use quita_edge::bodies::InvoiceBody;
use quita_edge::http::{BODY_BYTES_MAX, answered};
use quita_edge::routes::{Route, needs};
use quita_edge::{ApiRequest, ApiResponse, Call, Problem, auth, problem};

/// The one route here.
pub const ROUTES: &[Route] = &[needs(Permission::Issue, "POST /v1/invoices")];

pub async fn handle(deps: &Deps, request: ApiRequest) -> ApiResponse {
    Call::serve(request, BODY_BYTES_MAX, |call| async move { create(deps, &call).await }).await
}

async fn create(deps: &Deps, call: &Call) -> Result<ApiResponse, Problem> {
    let merchant = auth::merchant(call, Permission::Issue)?;
    let request = call.idempotency("create_invoice")?;
    let body: InvoiceBody = call.json()?;
    let customer = body.customer_id.clone();
    match create_invoice(deps, merchant, &customer, &body.draft(), &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(Refused::NotSetUp(lacks)) => Err(problem::not_set_up(&lacks)),
        Err(Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
    }
}
