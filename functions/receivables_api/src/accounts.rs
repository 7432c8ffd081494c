//! A customer's account: its money, how it stands, its own Pix code, its flag.

use quita_app::Deps;
use quita_app::account_view::AccountView;
use quita_app::clear_flag::clear_flag;
use quita_app::customer_code::{CustomerCode, Refused, customer_code};
use quita_app::customer_health::customer_health;
use quita_core::ids::{CustomerId, MerchantId};
use quita_edge::bodies::ReasonBody;
use quita_edge::http::{binary, json, text};
use quita_edge::{ApiResponse, Call, Problem, problem};
use quita_pix::qr;
use quita_table::store::ItemRef;

use crate::invoices::Picture;
use crate::payments::answer;

pub async fn show(deps: &Deps, merchant: &MerchantId, id: &str) -> Result<ApiResponse, Problem> {
    let id = parse(id)?;
    let refs = [ItemRef::Customer(id.clone())];
    let mut found = deps.store.read(merchant, &refs).await.map_err(quita_app::Unknown::from)?;
    let customer = found.take_customer(&id).ok_or(Problem::NotFound)?;
    Ok(json(200, &AccountView::of(&customer)))
}

pub async fn health(deps: &Deps, merchant: &MerchantId, id: &str) -> Result<ApiResponse, Problem> {
    let health = customer_health(deps, merchant, &parse(id)?).await?.ok_or(Problem::NotFound)?;
    Ok(json(200, &health))
}

pub async fn code(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    Ok(json(200, &code_of(deps, merchant, id, call).await?))
}

pub async fn qr(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
    picture: Picture,
) -> Result<ApiResponse, Problem> {
    let code = code_of(deps, merchant, id, call).await?;
    let failed = |error: qr::QrError| {
        tracing::error!(%error, customer.id = id, "QR picture cannot be drawn");
        Problem::Internal
    };
    match picture {
        Picture::Svg => Ok(text(200, "image/svg+xml", qr::svg(code.text()).map_err(failed)?)),
        Picture::Png => Ok(binary(200, "image/png", qr::png(code.text()).map_err(failed)?)),
    }
}

async fn code_of(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<CustomerCode, Problem> {
    match customer_code(deps, merchant, id, call.query("amount")).await? {
        Ok(code) => Ok(code),
        Err(Refused::NotFound) => Err(Problem::NotFound),
        Err(Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(Refused::NotSetUp(lack)) => Err(problem::not_set_up(&[lack])),
    }
}

pub async fn clear(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("clear_flag")?;
    let reason = call.json::<ReasonBody>()?.reason()?;
    answer(clear_flag(deps, merchant, &parse(id)?, &reason, &request).await?)
}

fn parse(id: &str) -> Result<CustomerId, Problem> {
    CustomerId::parse(id).map_err(|_| Problem::NotFound)
}
