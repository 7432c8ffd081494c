//! The `/v1` API beside invoice creation (HTTP API): customers, invoices, their history and
//! charges, quotes, payments that wait for a person, and the API's own description.
//!
//! Every route asks for the merchant's key first; what belongs to another merchant is not found.

mod customers;
mod invoices;
mod payments;
mod quotes;

use http::Method;
use quita_app::Deps;
use quita_edge::http::{BODY_BYTES_MAX, text};
use quita_edge::{ApiRequest, ApiResponse, Call, Problem, auth};
use serde::Serialize;

/// The description of this API, as a document; the same file is the source of truth in the project.
const OPENAPI: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

pub async fn handle(deps: &Deps, request: ApiRequest) -> ApiResponse {
    match Call::read(request, BODY_BYTES_MAX) {
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
        ["v1", "invoices"] if get => invoices::list(deps, merchant, call).await,
        ["v1", "invoices", id] if get => invoices::show(deps, merchant, id).await,
        ["v1", "invoices", id, "cancel"] if post => {
            invoices::cancel(deps, merchant, id, call).await
        }
        ["v1", "invoices", id, "timeline"] if get => {
            invoices::timeline(deps, merchant, id, call).await
        }
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
        known if is_known(known) => Err(Problem::MethodNotAllowed),
        _ => Err(Problem::NotFound),
    }
}

fn is_known(segments: &[&str]) -> bool {
    matches!(
        segments,
        ["openapi.json"]
            | ["v1", "customers" | "invoices" | "quotes" | "payments"]
            | ["v1", "customers" | "invoices", _]
            | ["v1", "invoices", _, "cancel" | "timeline"]
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
