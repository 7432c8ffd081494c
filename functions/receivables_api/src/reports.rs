//! Reports over a span of days: what became of the money, and what the chase brought.

use quita_app::Deps;
use quita_app::chase_report::chase_report;
use quita_app::payments_report::cash_report;
use quita_core::ids::MerchantId;
use quita_edge::http::json;
use quita_edge::{ApiResponse, Call, Problem};

pub async fn cash(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let (from, to) = days(call);
    let report = cash_report(deps, merchant, from, to).await?;
    report.map(|report| json(200, &report)).map_err(Problem::Invalid)
}

pub async fn chase(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (from, to) = days(call);
    let report = chase_report(deps, merchant, from, to).await?;
    report.map(|report| json(200, &report)).map_err(Problem::Invalid)
}

fn days(call: &Call) -> (&str, &str) {
    let day = |name| call.query(name).unwrap_or_default();
    (day("from"), day("to"))
}
