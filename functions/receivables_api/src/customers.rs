//! Customers: create, list, show.

use quita_app::Deps;
use quita_app::create_customer::{Refused, create_customer};
use quita_app::views::CustomerView;
use quita_core::ids::{CustomerId, MerchantId};
use quita_edge::bodies::CustomerBody;
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, Call, ListView, Problem};
use quita_table::store::ItemRef;

pub async fn create(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("create_customer")?;
    let body: CustomerBody = call.json()?;
    match create_customer(deps, merchant, body.draft(), &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
        Err(Refused::DocumentTaken) => {
            let detail = "another customer has this document; use that customer".to_owned();
            Err(Problem::Conflict { detail })
        }
    }
}

pub async fn list(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let page = deps.store.customers(merchant, limit, cursor.as_ref()).await;
    let page = page.map_err(quita_edge::problem::of_list)?;
    Ok(json(200, &ListView::of(page, |customer| CustomerView::of(&customer))))
}

pub async fn show(deps: &Deps, merchant: &MerchantId, id: &str) -> Result<ApiResponse, Problem> {
    let id = CustomerId::parse(id).map_err(|_| Problem::NotFound)?;
    let refs = [ItemRef::Customer(id.clone())];
    let mut found = deps.store.read(merchant, &refs).await.map_err(quita_app::Unknown::from)?;
    let customer = found.take_customer(&id).ok_or(Problem::NotFound)?;
    Ok(json(200, &CustomerView::of(&customer)))
}
