//! The audit trail: what was done, and whether the trail is whole.

use quita_app::audit::list::{Asked, Refused, list as list_rows};
use quita_app::audit::verify::{Head, verify as verify_piece};
use quita_edge::http::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, json};
use quita_edge::{ApiResponse, Problem};
use serde_json::json as value;

use crate::At;

/// What to do about a cursor that is none of ours.
const BAD_CURSOR: &str = "use the next_cursor of the page before, unchanged";

/// Rows, newest first.
pub(crate) async fn list(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let text = |name: &str| at.call.query(name).map(str::to_owned);
    let limit = match at.call.query("limit") {
        None => PAGE_ITEMS_DEFAULT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=PAGE_ITEMS_MAX).contains(limit))
            .ok_or_else(|| Problem::invalid("limit", format!("use 1 to {PAGE_ITEMS_MAX}")))?,
    };
    let (actor, aggregate, cursor) = (text("actor"), text("aggregate"), text("cursor"));
    let asked = Asked { limit, actor, aggregate, cursor };
    match list_rows(at.deps, at.merchant, &asked).await? {
        Ok(page) => Ok(json(200, &value!({ "items": page.items, "next_cursor": page.next }))),
        Err(Refused::Cursor) => Err(Problem::invalid("cursor", BAD_CURSOR)),
        Err(Refused::Aggregate) => {
            let hint = "use an id, or one of: merchant, reconciliation, endpoints";
            Err(Problem::invalid("aggregate", hint))
        }
    }
}

/// One piece of the check.
pub(crate) async fn verify(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let after = match at.call.query("cursor") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Problem::invalid("cursor", BAD_CURSOR))?,
    };
    let hint = "use {block}:{sha256}, as the head of an earlier check";
    let anchor = at
        .call
        .query("anchor")
        .map(|text| Head::parse(text).ok_or_else(|| Problem::invalid("anchor", hint)));
    let piece = verify_piece(at.deps, at.merchant, after, anchor.transpose()?).await?;
    Ok(json(200, &piece))
}
