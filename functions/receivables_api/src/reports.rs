//! Reports: what became of the money and what the chase brought in a span of days, and what is owed
//! today.

use quita_app::Deps;
use quita_app::chase_report::chase_report;
use quita_app::payments_report::cash_report;
use quita_app::receivables_report::{NoStatement, receivables_csv, receivables_statement};
use quita_core::ids::MerchantId;
use quita_edge::http::json;
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, Problem};

use crate::csv;

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

/// What is owed today. How much an answer holds is not the caller's: it ends where it is large.
pub async fn receivables(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (as_of, (_, cursor)) = (call.query("as_of"), call.page()?);
    let statement = receivables_statement(deps, merchant, as_of, cursor.as_ref()).await;
    statement.map(|statement| json(200, &statement)).map_err(problem_of)
}

pub async fn receivables_as_csv(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (as_of, (_, cursor)) = (call.query("as_of"), call.page()?);
    let page = receivables_csv(deps, merchant, as_of, cursor.as_ref()).await.map_err(problem_of)?;
    let list = format!("/v1/reports/receivables.csv?as_of={}", page.as_of);
    csv::answer(&format!("receivables-{}.csv", page.as_of), page.body, &list, page.next.as_ref())
}

fn problem_of(why: NoStatement) -> Problem {
    match why {
        NoStatement::Invalid(violations) => Problem::Invalid(violations),
        NoStatement::Store(error) => of_list(error),
    }
}

fn days(call: &Call) -> (&str, &str) {
    let day = |name| call.query(name).unwrap_or_default();
    (day("from"), day("to"))
}
