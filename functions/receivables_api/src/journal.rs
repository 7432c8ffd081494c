//! The books: the journal as JSON and as CSV, and the trial balance.

use chrono::{DateTime, Utc};
use quita_app::Deps;
use quita_app::bus::instant;
use quita_app::journal::{
    EntryView, NoTrial, Range, TRIAL_ENTRIES_MAX, journal_csv, trial_balance,
};
use quita_core::ids::MerchantId;
use quita_core::violation::Violation;
use quita_edge::http::json;
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, ListView, Problem};

use crate::csv;

/// Entries in the order they happened.
pub async fn list(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let Range { from, until } = range(deps, call)?;
    let page = deps.store.journal(merchant, from, until, limit, cursor.as_ref()).await;
    Ok(json(200, &ListView::of(page.map_err(of_list)?, |row| EntryView::of(&row))))
}

/// The same as CSV. A `Link` header leads to the rest, where there is more.
pub async fn as_csv(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (_, cursor) = call.page()?;
    let range = range(deps, call)?;
    let page = journal_csv(deps, merchant, range, cursor).await.map_err(of_list)?;
    let (from, until) = (instant(range.from), instant(range.until));
    let list = format!("/v1/journal.csv?from={from}&to={until}");
    csv::answer("journal.csv", page.body, &list, page.next.as_ref())
}

/// Totals by account at an instant.
pub async fn trial(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let mut faults = Vec::new();
    let (from, as_of) = (at(call, "from", &mut faults), at(call, "as_of", &mut faults));
    if !faults.is_empty() {
        return Err(Problem::Invalid(faults));
    }
    let as_of = as_of.unwrap_or_else(|| deps.clock.now());
    match trial_balance(deps, merchant, from, as_of).await? {
        Ok(view) => Ok(json(200, &view)),
        Err(NoTrial::TooMany) => {
            let hint = format!(
                "there are more than {TRIAL_ENTRIES_MAX} entries up to then: give a from, and add \
                 up the balances of the periods"
            );
            Err(Problem::invalid("from", hint))
        }
        Err(NoTrial::Unbalanced { by }) => {
            tracing::error!(%by, merchant.id = %merchant, "The books do not add up to zero");
            Err(Problem::Internal)
        }
    }
}

/// `from` and `to`; everything until now without them.
fn range(deps: &Deps, call: &Call) -> Result<Range, Problem> {
    let mut faults = Vec::new();
    let (from, until) = (at(call, "from", &mut faults), at(call, "to", &mut faults));
    let from = from.unwrap_or(DateTime::UNIX_EPOCH);
    let until = until.unwrap_or_else(|| deps.clock.now());
    if faults.is_empty() && from > until {
        faults.push(Violation::new("to", "use an instant that is not before from"));
    }
    if faults.is_empty() { Ok(Range { from, until }) } else { Err(Problem::Invalid(faults)) }
}

fn at(call: &Call, name: &str, faults: &mut Vec<Violation>) -> Option<DateTime<Utc>> {
    let parsed = DateTime::parse_from_rfc3339(call.query(name)?);
    let hint = "use an instant such as 2026-12-10T13:45:12Z";
    parsed.map_err(|_| faults.push(Violation::new(name, hint))).ok().map(|at| at.to_utc())
}
