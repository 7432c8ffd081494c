//! The queue of what needs a person.

use quita_app::Deps;
use quita_app::exceptions;
use quita_core::ids::MerchantId;
use quita_edge::http::json;
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, ListView, Problem};

use crate::payments;

pub async fn list(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let page = exceptions::list(deps, merchant, limit, cursor.as_ref()).await.map_err(of_list)?;
    Ok(json(200, &ListView::of(page, |item| item)))
}

pub async fn show(deps: &Deps, merchant: &MerchantId, id: &str) -> Result<ApiResponse, Problem> {
    let id = payments::parse(id)?;
    let shown = exceptions::show(deps, merchant, &id).await?.ok_or(Problem::NotFound)?;
    Ok(json(200, &shown))
}
