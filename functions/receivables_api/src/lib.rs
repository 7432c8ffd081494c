//! The `/v1` API beside invoice creation (HTTP API): customers, invoices, their history and
//! charges, quotes, payments that wait for a person, and the API's own description.
//!
//! Every route but the description asks who calls and for the permission it needs; what belongs to
//! another merchant is not found.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod accounts;
mod approvals;
mod bank_files;
mod care;
mod changes;
mod csv;
mod customers;
mod exceptions;
mod handling;
mod invoices;
mod journal;
mod links;
mod messages;
mod payments;
mod privacy;
mod quotes;
mod reconciliation;
mod reports;
mod settings;
mod sweeps;
mod tasks;

use http::StatusCode;
use quita_app::Deps;
use quita_core::access::Permission;
use quita_edge::auth::At;
use quita_edge::bodies::payments::{
    AccountBody, AllocationsBody, AssignBody, DismissBody, RefundBody, ReleaseBody, WithdrawalBody,
};
use quita_edge::http::text;
use quita_edge::routes::{Access, Route, find, needs, open};
use quita_edge::{ApiRequest, ApiResponse, Call, Problem, auth};

/// The description of this API, as a document; the same file is the source of truth in the project.
const OPENAPI: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

pub async fn handle(deps: &Deps, request: ApiRequest) -> ApiResponse {
    let body_bytes_max = bank_files::body_bytes_max(&request);
    Call::serve(request, body_bytes_max, |call| async move { route(deps, &call).await }).await
}

/// Every route here, and what a caller needs for it.
pub const ROUTES: &[Route] = &[
    open("GET /openapi.json"),
    needs(Permission::Issue, "POST /v1/customers"),
    needs(Permission::Read, "GET /v1/customers"),
    needs(Permission::Read, "GET /v1/customers/{customer_id}"),
    needs(Permission::Read, "GET /v1/customers/{customer_id}/account"),
    needs(Permission::Read, "GET /v1/customers/{customer_id}/health"),
    needs(Permission::Read, "GET /v1/customers/{customer_id}/pix_code"),
    needs(Permission::Read, "GET /v1/customers/{customer_id}/pix_code/qr.svg"),
    needs(Permission::Read, "GET /v1/customers/{customer_id}/pix_code/qr.png"),
    needs(Permission::Care, "POST /v1/customers/{customer_id}/flag/clear"),
    needs(Permission::Care, "PUT /v1/customers/{customer_id}/care"),
    needs(Permission::Care, "PUT /v1/customers/{customer_id}/segment"),
    needs(Permission::Privacy, "GET /v1/customers/{customer_id}/personal_data"),
    needs(Permission::Privacy, "POST /v1/customers/{customer_id}/erasure"),
    needs(Permission::Configure, "POST /v1/segments/recompute"),
    needs(Permission::Read, "GET /v1/invoices"),
    needs(Permission::Read, "GET /v1/invoices/{invoice_id}"),
    needs(Permission::Read, "GET /v1/invoices/{invoice_id}/timeline"),
    needs(Permission::Read, "GET /v1/invoices/{invoice_id}/messages"),
    needs(Permission::Read, "GET /v1/messages/undelivered"),
    needs(Permission::Adjust, "POST /v1/invoices/{invoice_id}/cancel"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/rule"),
    needs(Permission::Issue, "POST /v1/invoices/{invoice_id}/links"),
    needs(Permission::Issue, "POST /v1/invoices/{invoice_id}/links/revoke"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/promise"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/promise/withdraw"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/dispute"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/dispute/close"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/pause"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/resume"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/exclude"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/include"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/flag"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/flag/clear"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/owner"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/notes"),
    needs(Permission::Care, "POST /v1/invoices/{invoice_id}/send_now"),
    needs(Permission::Adjust, "POST /v1/invoices/{invoice_id}/escalation"),
    needs(Permission::Adjust, "POST /v1/invoices/{invoice_id}/escalation/reverse"),
    needs(Permission::Care, "POST /v1/bulk"),
    needs(Permission::Read, "GET /v1/tasks"),
    needs(Permission::Care, "POST /v1/tasks"),
    needs(Permission::Read, "GET /v1/tasks/{task_id}"),
    needs(Permission::Care, "POST /v1/tasks/{task_id}/assign"),
    needs(Permission::Care, "POST /v1/tasks/{task_id}/done"),
    needs(Permission::Issue, "POST /v1/invoices/{invoice_id}/instalments/{number}/charges"),
    needs(Permission::Adjust, "POST /v1/invoices/{invoice_id}/instalments/{number}/rebate"),
    needs(Permission::Adjust, "POST /v1/invoices/{invoice_id}/instalments/{number}/credit_note"),
    needs(Permission::Adjust, "POST /v1/invoices/{invoice_id}/instalments/{number}/write_off"),
    needs(Permission::Adjust, "POST /v1/invoices/{invoice_id}/instalments/{number}/due_date"),
    needs(Permission::Issue, "POST /v1/invoices/{invoice_id}/instalments/{number}/boleto"),
    needs(Permission::Read, "GET /v1/invoices/{invoice_id}/instalments/{number}/qr.svg"),
    needs(Permission::Read, "GET /v1/invoices/{invoice_id}/instalments/{number}/qr.png"),
    needs(Permission::Read, "POST /v1/quotes"),
    needs(Permission::Read, "POST /v1/sweeps/dry_run"),
    needs(Permission::Read, "GET /v1/settings"),
    needs(Permission::Configure, "PUT /v1/settings"),
    needs(Permission::Read, "GET /v1/journal"),
    needs(Permission::Read, "GET /v1/journal.csv"),
    needs(Permission::Read, "GET /v1/trial_balance"),
    needs(Permission::Read, "GET /v1/payments"),
    needs(Permission::MoveMoney, "POST /v1/payments"),
    needs(Permission::Read, "GET /v1/payments/{payment_id}"),
    needs(Permission::Read, "GET /v1/payments/{payment_id}/timeline"),
    needs(Permission::MoveMoney, "POST /v1/payments/{payment_id}/allocations"),
    needs(Permission::MoveMoney, "POST /v1/payments/{payment_id}/releases"),
    needs(Permission::MoveMoney, "POST /v1/payments/{payment_id}/account"),
    needs(Permission::MoveMoney, "POST /v1/payments/{payment_id}/account/withdrawals"),
    needs(Permission::MoveMoney, "POST /v1/payments/{payment_id}/refunds"),
    needs(Permission::Read, "GET /v1/exceptions"),
    needs(Permission::Read, "GET /v1/exceptions/{payment_id}"),
    needs(Permission::Care, "POST /v1/exceptions/{payment_id}/assign"),
    needs(Permission::MoveMoney, "POST /v1/exceptions/{payment_id}/dismiss"),
    needs(Permission::Read, "GET /v1/reports/cash"),
    needs(Permission::Read, "GET /v1/reports/chase"),
    needs(Permission::Read, "GET /v1/reports/receivables"),
    needs(Permission::Read, "GET /v1/reports/receivables.csv"),
    needs(Permission::Read, "GET /v1/reconciliation"),
    needs(Permission::Read, "GET /v1/approval_policy"),
    needs(Permission::Administer, "PUT /v1/approval_policy"),
    // Deciding needs what the operation itself needs as well.
    needs(Permission::Read, "GET /v1/approvals"),
    needs(Permission::Read, "GET /v1/approvals/{approval_id}"),
    needs(Permission::Read, "POST /v1/approvals/{approval_id}/approve"),
    needs(Permission::Read, "POST /v1/approvals/{approval_id}/reject"),
    needs(Permission::Import, "POST /v1/bank_files"),
    needs(Permission::Read, "GET /v1/bank_files"),
    needs(Permission::Read, "GET /v1/bank_files/{bank_file_id}"),
    needs(Permission::Import, "PUT /v1/bank_files/{bank_file_id}/parts/{part}"),
    needs(Permission::Import, "POST /v1/bank_files/{bank_file_id}/import"),
];

async fn route(deps: &Deps, call: &Call) -> Result<ApiResponse, Problem> {
    let (route, parameters) = find(ROUTES, call)?;
    let Access::Needs(needed) = route.access else {
        return Ok(text(200, "application/json", OPENAPI.to_owned()));
    };
    let at = auth::at(deps, call, needed)?;
    if route.key.contains(" /v1/approval") {
        return approvals::of_approvals(&at, route.key, &parameters).await;
    }
    match approvals::gate(&at, route.key, &parameters).await? {
        Some(kept) => Ok(kept),
        None => dispatch(&at, route.key, &parameters).await,
    }
}

/// Carries a call out, without asking whether it needs a second person.
async fn dispatch(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    match (key, ids) {
        ("POST /v1/segments/recompute", _) => care::recompute(at).await,
        (key, ids) if key.contains(" /v1/customers") => of_customers(at, key, ids).await,
        (key, ids) if key.contains(" /v1/invoices") => of_invoices(at, key, ids).await,
        (key, ids) if key.contains(" /v1/tasks") => tasks::of_tasks(at, key, ids).await,
        (key, [id, ..]) if key.starts_with("POST /v1/payments/") => of_money(at, key, id).await,
        (key, [id]) if key.starts_with("POST /v1/exceptions/") => of_money(at, key, id).await,
        (key, ids) if key.contains(" /v1/bank_files") => of_bank_files(at, key, ids).await,
        (key, ids) => of_books(at, key, ids).await,
    }
}

async fn of_customers(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    let At { deps, merchant, call } = *at;
    match (key, ids) {
        ("POST /v1/customers", _) => customers::create(deps, merchant, call).await,
        ("GET /v1/customers", _) => customers::list(deps, merchant, call).await,
        ("GET /v1/customers/{customer_id}", [id]) => customers::show(deps, merchant, id).await,
        ("GET /v1/customers/{customer_id}/account", [id]) => {
            accounts::show(deps, merchant, id).await
        }
        ("GET /v1/customers/{customer_id}/health", [id]) => {
            accounts::health(deps, merchant, id).await
        }
        ("GET /v1/customers/{customer_id}/pix_code", [id]) => {
            accounts::code(deps, merchant, id, call).await
        }
        ("GET /v1/customers/{customer_id}/pix_code/qr.svg", [id]) => {
            accounts::qr(deps, merchant, id, call, invoices::Picture::Svg).await
        }
        ("GET /v1/customers/{customer_id}/pix_code/qr.png", [id]) => {
            accounts::qr(deps, merchant, id, call, invoices::Picture::Png).await
        }
        ("POST /v1/customers/{customer_id}/flag/clear", [id]) => {
            accounts::clear(deps, merchant, id, call).await
        }
        ("PUT /v1/customers/{customer_id}/care", [id]) => care::change(at, id).await,
        ("PUT /v1/customers/{customer_id}/segment", [id]) => care::segment(at, id).await,
        ("GET /v1/customers/{customer_id}/personal_data", [id]) => {
            privacy::export(deps, merchant, id, call).await
        }
        ("POST /v1/customers/{customer_id}/erasure", [id]) => {
            privacy::erase(deps, merchant, id, call).await
        }
        _ => Err(Problem::NotFound),
    }
}

async fn of_invoices(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    let At { deps, merchant, call } = *at;
    let instalment = key.strip_prefix("POST /v1/invoices/{invoice_id}/instalments/{number}/");
    match (key, ids) {
        ("GET /v1/invoices", _) => invoices::list(deps, merchant, call).await,
        ("GET /v1/invoices/{invoice_id}", [id]) => invoices::show(deps, merchant, id).await,
        ("GET /v1/invoices/{invoice_id}/timeline", [id]) => {
            invoices::timeline(deps, merchant, id, call).await
        }
        ("GET /v1/invoices/{invoice_id}/messages", [id]) => {
            messages::of_invoice(deps, merchant, id).await
        }
        ("POST /v1/invoices/{invoice_id}/cancel", [id]) => {
            invoices::cancel(deps, merchant, id, call).await
        }
        ("POST /v1/invoices/{invoice_id}/rule", [id]) => care::rule(at, id).await,
        ("POST /v1/invoices/{invoice_id}/links", [id]) => {
            links::create(deps, merchant, id, call).await
        }
        ("POST /v1/invoices/{invoice_id}/links/revoke", [id]) => {
            links::revoke(deps, merchant, id, call).await
        }
        ("GET /v1/invoices/{invoice_id}/instalments/{number}/qr.svg", [id, number]) => {
            invoices::qr(deps, merchant, id, number, invoices::Picture::Svg).await
        }
        ("GET /v1/invoices/{invoice_id}/instalments/{number}/qr.png", [id, number]) => {
            invoices::qr(deps, merchant, id, number, invoices::Picture::Png).await
        }
        (_, [id, number]) => match instalment {
            Some("charges") => invoices::reissue(deps, merchant, id, number, call).await,
            Some("boleto") => bank_files::boleto(deps, merchant, id, number, call).await,
            Some(what) => changes::change(deps, merchant, (id, number, what), call).await,
            None => Err(Problem::NotFound),
        },
        (key, [id]) => match key.strip_prefix("POST /v1/invoices/{invoice_id}/") {
            Some(what) => handling::handle(deps, merchant, (id, what), call).await,
            None => Err(Problem::NotFound),
        },
        _ => Err(Problem::NotFound),
    }
}

/// Uploads and imports.
async fn of_bank_files(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    let At { deps, merchant, call } = *at;
    match (key, ids) {
        ("POST /v1/bank_files", _) => bank_files::create(deps, merchant, call).await,
        ("GET /v1/bank_files", _) => bank_files::list(deps, merchant, call).await,
        ("GET /v1/bank_files/{bank_file_id}", [id]) => bank_files::show(deps, merchant, id).await,
        ("PUT /v1/bank_files/{bank_file_id}/parts/{part}", [id, nth]) => {
            bank_files::part(deps, merchant, id, nth, call).await
        }
        ("POST /v1/bank_files/{bank_file_id}/import", [id]) => {
            bank_files::import(deps, merchant, id, call).await
        }
        _ => Err(Problem::NotFound),
    }
}

/// Payments, exceptions, journal, reports, settings.
async fn of_books(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    let At { deps, merchant, call } = *at;
    match (key, ids) {
        ("POST /v1/bulk", _) => handling::bulk(deps, merchant, call).await,
        ("POST /v1/quotes", _) => quotes::create(deps, merchant, call).await,
        ("POST /v1/sweeps/dry_run", _) => sweeps::dry(deps, merchant, call).await,
        ("GET /v1/settings", _) => settings::show(deps, merchant).await,
        ("PUT /v1/settings", _) => settings::change(deps, merchant, call).await,
        ("GET /v1/journal", _) => journal::list(deps, merchant, call).await,
        ("GET /v1/journal.csv", _) => journal::as_csv(deps, merchant, call).await,
        ("GET /v1/trial_balance", _) => journal::trial(deps, merchant, call).await,
        ("GET /v1/payments", _) => payments::list(deps, merchant, call).await,
        ("POST /v1/payments", _) => payments::record(deps, merchant, call).await,
        ("GET /v1/payments/{payment_id}", [id]) => payments::show(deps, merchant, id).await,
        ("GET /v1/payments/{payment_id}/timeline", [id]) => {
            payments::timeline(deps, merchant, id, call).await
        }
        ("GET /v1/exceptions", _) => exceptions::list(deps, merchant, call).await,
        ("GET /v1/exceptions/{payment_id}", [id]) => exceptions::show(deps, merchant, id).await,
        ("GET /v1/reports/cash", _) => reports::cash(deps, merchant, call).await,
        ("GET /v1/reports/chase", _) => reports::chase(deps, merchant, call).await,
        ("GET /v1/reports/receivables", _) => reports::receivables(deps, merchant, call).await,
        ("GET /v1/reports/receivables.csv", _) => {
            reports::receivables_as_csv(deps, merchant, call).await
        }
        ("GET /v1/reconciliation", _) => reconciliation::show(deps, merchant).await,
        ("GET /v1/messages/undelivered", _) => messages::undelivered(deps, merchant, call).await,
        _ => Err(Problem::NotFound),
    }
}

/// What a person does with the money of a payment.
async fn of_money(at: &At<'_>, key: &str, id: &str) -> Result<ApiResponse, Problem> {
    use payments::act;
    let At { deps, merchant, call } = *at;
    let ok = |scope| (scope, StatusCode::OK);
    match key {
        "POST /v1/payments/{payment_id}/allocations" => {
            let kind = ok("apply_payment");
            act(deps, merchant, id, call, kind, AllocationsBody::draft).await
        }
        "POST /v1/payments/{payment_id}/releases" => {
            act(deps, merchant, id, call, ok("release_payment"), ReleaseBody::draft).await
        }
        "POST /v1/payments/{payment_id}/account" => {
            act(deps, merchant, id, call, ok("put_on_account"), AccountBody::draft).await
        }
        "POST /v1/payments/{payment_id}/account/withdrawals" => {
            let kind = ok("take_from_account");
            act(deps, merchant, id, call, kind, WithdrawalBody::draft).await
        }
        "POST /v1/payments/{payment_id}/refunds" => {
            let kind = ("refund_payment", StatusCode::ACCEPTED);
            act(deps, merchant, id, call, kind, RefundBody::draft).await
        }
        "POST /v1/exceptions/{payment_id}/assign" => {
            act(deps, merchant, id, call, ok("assign_exception"), AssignBody::draft).await
        }
        "POST /v1/exceptions/{payment_id}/dismiss" => {
            act(deps, merchant, id, call, ok("dismiss_exception"), DismissBody::draft).await
        }
        _ => Err(Problem::NotFound),
    }
}
