//! Who calls: the merchant behind a bearer key.

use quita_app::Deps;
use quita_core::ids::MerchantId;

use crate::http::Call;
use crate::problem::Problem;

/// The merchant of the call's `Authorization: Bearer qk_…`.
pub async fn merchant(deps: &Deps, call: &Call) -> Result<MerchantId, Problem> {
    let header = call.header("authorization").ok_or(Problem::Unauthorized)?;
    let (scheme, token) = header.split_once(' ').ok_or(Problem::Unauthorized)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::Unauthorized);
    }
    let now = deps.clock.now();
    let merchant = deps.keys.merchant(token.trim(), deps.secrets.as_ref(), now).await?;
    merchant.ok_or(Problem::Unauthorized)
}
