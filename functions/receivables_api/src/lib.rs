//! The `/v1` API beside invoice creation (HTTP API): customers, invoices, their history and
//! charges, quotes, payments that wait for a person, and the API's own description.
//!
//! Every route asks for the merchant's key first; what belongs to another merchant is not found.

mod accounts;
mod bank_files;
mod changes;
mod customers;
mod exceptions;
mod invoices;
mod journal;
mod payments;
mod quotes;
mod reconciliation;
mod settings;

use http::{Method, StatusCode};
use quita_app::Deps;
use quita_core::ids::MerchantId;
use quita_edge::bodies::payments::{
    AccountBody, AllocationsBody, AssignBody, DismissBody, RefundBody, ReleaseBody, WithdrawalBody,
};
use quita_edge::http::text;
use quita_edge::{ApiRequest, ApiResponse, Call, Problem, auth};
use serde::Serialize;

/// The description of this API, as a document; the same file is the source of truth in the project.
const OPENAPI: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

pub async fn handle(deps: &Deps, request: ApiRequest) -> ApiResponse {
    let body_bytes_max = bank_files::body_bytes_max(&request);
    match Call::read(request, body_bytes_max) {
        Ok(call) => {
            let outcome = route(deps, &call).await;
            outcome.unwrap_or_else(|problem| problem.response(call.request_id()))
        }
        Err((problem, request_id)) => problem.response(&request_id),
    }
}

async fn route(deps: &Deps, call: &Call) -> Result<ApiResponse, Problem> {
    let (get, post) = (call.method() == Method::GET, call.method() == Method::POST);
    let segments = call.segments();
    if let (["openapi.json"], true) = (segments.as_slice(), get) {
        return Ok(text(200, "application/json", OPENAPI.to_owned()));
    }
    let merchant = &auth::merchant(deps, call).await?;
    match segments.as_slice() {
        ["v1", "customers"] if post => customers::create(deps, merchant, call).await,
        ["v1", "customers"] if get => customers::list(deps, merchant, call).await,
        ["v1", "customers", id] if get => customers::show(deps, merchant, id).await,
        ["v1", "customers", _, _, ..] => of_account(deps, merchant, call).await,
        ["v1", "invoices"] if get => invoices::list(deps, merchant, call).await,
        ["v1", "invoices", id] if get => invoices::show(deps, merchant, id).await,
        ["v1", "invoices", id, "cancel"] if post => {
            invoices::cancel(deps, merchant, id, call).await
        }
        ["v1", "invoices", id, "timeline"] if get => {
            invoices::timeline(deps, merchant, id, call).await
        }
        [
            "v1",
            "invoices",
            id,
            "instalments",
            number,
            what @ ("rebate" | "credit_note" | "write_off" | "due_date"),
        ] if post => changes::change(deps, merchant, (id, number, what), call).await,
        ["v1", "settings"] if get => settings::show(deps, merchant).await,
        ["v1", "settings"] if call.method() == Method::PUT => {
            settings::change(deps, merchant, call).await
        }
        ["v1", "journal"] if get => journal::list(deps, merchant, call).await,
        ["v1", "journal.csv"] if get => journal::csv(deps, merchant, call).await,
        ["v1", "trial_balance"] if get => journal::trial(deps, merchant, call).await,
        ["v1", "invoices", id, "instalments", number, "charges"] if post => {
            invoices::reissue(deps, merchant, id, number, call).await
        }
        ["v1", "invoices", id, "instalments", number, "qr.svg"] if get => {
            invoices::qr(deps, merchant, id, number, invoices::Picture::Svg).await
        }
        ["v1", "invoices", id, "instalments", number, "qr.png"] if get => {
            invoices::qr(deps, merchant, id, number, invoices::Picture::Png).await
        }
        ["v1", "quotes"] if post => quotes::create(deps, merchant, call).await,
        ["v1", "payments"] if get => payments::list(deps, merchant, call).await,
        ["v1", "payments"] if post => payments::record(deps, merchant, call).await,
        ["v1", "payments", id] if get => payments::show(deps, merchant, id).await,
        ["v1", "payments", id, "timeline"] if get => {
            payments::timeline(deps, merchant, id, call).await
        }
        ["v1", "payments" | "exceptions", ..] if post => act(deps, merchant, call).await,
        ["v1", "exceptions"] if get => exceptions::list(deps, merchant, call).await,
        ["v1", "exceptions", id] if get => exceptions::show(deps, merchant, id).await,
        ["v1", "reports", "cash"] if get => exceptions::cash(deps, merchant, call).await,
        ["v1", "reconciliation"] if get => reconciliation::show(deps, merchant).await,
        ["v1", "bank_files", ..] => of_bank_files(deps, merchant, call).await,
        ["v1", "invoices", id, "instalments", number, "boleto"] if post => {
            bank_files::boleto(deps, merchant, id, number, call).await
        }
        known if is_known(known) => Err(Problem::MethodNotAllowed),
        _ => Err(Problem::NotFound),
    }
}

/// Uploads and imports.
async fn of_bank_files(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let segments = call.segments();
    match (call.method().as_str(), segments.as_slice()) {
        ("POST", ["v1", "bank_files"]) => bank_files::create(deps, merchant, call).await,
        ("GET", ["v1", "bank_files"]) => bank_files::list(deps, merchant, call).await,
        ("GET", ["v1", "bank_files", id]) => bank_files::show(deps, merchant, id).await,
        ("PUT", ["v1", "bank_files", id, "parts", nth]) => {
            bank_files::part(deps, merchant, id, nth, call).await
        }
        ("POST", ["v1", "bank_files", id, "import"]) => {
            bank_files::import(deps, merchant, id, call).await
        }
        (_, known) if is_known(known) => Err(Problem::MethodNotAllowed),
        _ => Err(Problem::NotFound),
    }
}

/// A customer's account, its own code and its flag.
async fn of_account(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (get, post) = (call.method() == Method::GET, call.method() == Method::POST);
    let picture = |name: &str| {
        if name == "qr.svg" { invoices::Picture::Svg } else { invoices::Picture::Png }
    };
    match call.segments().as_slice() {
        ["v1", "customers", id, "account"] if get => accounts::show(deps, merchant, id).await,
        ["v1", "customers", id, "pix_code"] if get => {
            accounts::code(deps, merchant, id, call).await
        }
        ["v1", "customers", id, "pix_code", name @ ("qr.svg" | "qr.png")] if get => {
            accounts::qr(deps, merchant, id, call, picture(name)).await
        }
        ["v1", "customers", id, "flag", "clear"] if post => {
            accounts::clear(deps, merchant, id, call).await
        }
        known if is_known(known) => Err(Problem::MethodNotAllowed),
        _ => Err(Problem::NotFound),
    }
}

/// What a person does with the money of a payment.
async fn act(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    use payments::act;
    let ok = |scope| (scope, StatusCode::OK);
    match call.segments().as_slice() {
        ["v1", "payments", id, "allocations"] => {
            let kind = ok("apply_payment");
            act(deps, merchant, id, call, kind, AllocationsBody::draft).await
        }
        ["v1", "payments", id, "releases"] => {
            act(deps, merchant, id, call, ok("release_payment"), ReleaseBody::draft).await
        }
        ["v1", "payments", id, "account"] => {
            act(deps, merchant, id, call, ok("put_on_account"), AccountBody::draft).await
        }
        ["v1", "payments", id, "account", "withdrawals"] => {
            let kind = ok("take_from_account");
            act(deps, merchant, id, call, kind, WithdrawalBody::draft).await
        }
        ["v1", "payments", id, "refunds"] => {
            let kind = ("refund_payment", StatusCode::ACCEPTED);
            act(deps, merchant, id, call, kind, RefundBody::draft).await
        }
        ["v1", "exceptions", id, "assign"] => {
            act(deps, merchant, id, call, ok("assign_exception"), AssignBody::draft).await
        }
        ["v1", "exceptions", id, "dismiss"] => {
            act(deps, merchant, id, call, ok("dismiss_exception"), DismissBody::draft).await
        }
        known if is_known(known) => Err(Problem::MethodNotAllowed),
        _ => Err(Problem::NotFound),
    }
}

fn is_known(segments: &[&str]) -> bool {
    matches!(
        segments,
        ["openapi.json"]
            | ["v1", "reconciliation" | "bank_files"]
            | ["v1", "bank_files", _]
            | ["v1", "bank_files", _, "import"]
            | ["v1", "bank_files", _, "parts", _]
            | ["v1", "customers" | "invoices" | "quotes" | "payments"]
            | ["v1", "customers" | "invoices" | "payments" | "exceptions", _]
            | ["v1", "exceptions"]
            | ["v1", "customers", _, "account" | "pix_code"]
            | ["v1", "customers", _, "pix_code", "qr.svg" | "qr.png"]
            | ["v1", "customers", _, "flag", "clear"]
            | [
                "v1",
                "payments",
                _,
                "timeline" | "allocations" | "releases" | "account" | "refunds",
            ]
            | ["v1", "payments", _, "account", "withdrawals"]
            | ["v1", "exceptions", _, "assign" | "dismiss"]
            | ["v1", "reports", "cash"]
            | ["v1", "settings" | "journal" | "journal.csv" | "trial_balance"]
            | ["v1", "invoices", _, "cancel" | "timeline"]
            | ["v1", "invoices", _, "instalments", _, "rebate" | "credit_note" | "write_off"]
            | ["v1", "invoices", _, "instalments", _, "due_date" | "boleto"]
            | ["v1", "invoices", _, "instalments", _, "charges" | "qr.svg" | "qr.png"]
    )
}

/// A page of a list, as the API shows it.
#[derive(Serialize)]
struct ListView<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

impl<T> ListView<T> {
    fn of<I>(page: quita_table::store::Page<I>, view: impl Fn(I) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(view).collect(),
            next_cursor: page.next.map(|cursor| cursor.to_string()),
        }
    }
}
