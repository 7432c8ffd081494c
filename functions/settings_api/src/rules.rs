//! Collection rules: looked at, checked, published; which one new invoices get; and segments.

use quita_app::rules::list::{list_rules, list_versions, show_rule};
use quita_app::rules::publish::{
    PublishDraft, Refused, check_rule, choose_default_rule, publish_rule, show_default_rule,
};
use quita_app::rules::segments::{change_segments, show_segments};
use quita_core::chase::{RuleDraft, RuleName, SegmentDraft};
use quita_edge::http::{answered, json, text};
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, ListView, Problem};
use serde::Deserialize;

use crate::At;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublishBody {
    label: String,
    note: String,
    expected_version: u32,
    rule: RuleDraft,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckBody {
    rule: RuleDraft,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefaultBody {
    rule: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentsBody {
    segments: Vec<SegmentDraft>,
}

pub(crate) async fn route(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    match (key, ids) {
        ("GET /v1/rules", _) => list(at).await,
        ("GET /v1/rules/{rule_name}", [name]) => show(at, name, None).await,
        ("PUT /v1/rules/{rule_name}", [name]) => publish(at, name).await,
        ("POST /v1/rules/{rule_name}/check", _) => check(at).await,
        ("GET /v1/rules/{rule_name}/versions", [name]) => versions(at, name).await,
        ("GET /v1/rules/{rule_name}/versions/{version}", [name, version]) => {
            let version = version.parse().map_err(|_| Problem::NotFound)?;
            show(at, name, Some(version)).await
        }
        ("GET /v1/default_rule", _) => {
            Ok(text(200, "application/json", show_default_rule(at.deps, at.merchant).await?))
        }
        ("PUT /v1/default_rule", _) => choose(at).await,
        ("GET /v1/segments", _) => {
            Ok(text(200, "application/json", show_segments(at.deps, at.merchant).await?))
        }
        ("PUT /v1/segments", _) => define(at).await,
        _ => Err(Problem::NotFound),
    }
}

async fn list(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = at.call.page()?;
    let page = list_rules(at.deps, at.merchant, limit, cursor.as_ref()).await.map_err(of_list)?;
    Ok(json(200, &ListView::of(page, |rule| rule)))
}

async fn show(at: &At<'_>, name: &str, version: Option<u32>) -> Result<ApiResponse, Problem> {
    let rule = show_rule(at.deps, at.merchant, name, version).await?;
    Ok(json(200, &rule.ok_or(Problem::NotFound)?))
}

async fn versions(at: &At<'_>, name: &str) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = at.call.page()?;
    let name = RuleName::parse(name).map_err(|_| Problem::NotFound)?;
    let page = list_versions(at.deps, at.merchant, &name, limit, cursor.as_ref()).await;
    let page = page.map_err(of_list)?;
    // A rule has a version as soon as it is there.
    if page.items.is_empty() && cursor.is_none() {
        return Err(Problem::NotFound);
    }
    Ok(json(200, &ListView::of(page, |version| version)))
}

async fn check(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let CheckBody { rule } = at.call.json()?;
    Ok(json(200, &check_rule(at.deps, at.merchant, &rule).await?))
}

async fn publish(at: &At<'_>, name: &str) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("publish_rule")?;
    let PublishBody { label, note, expected_version, rule } = at.call.json()?;
    let draft = PublishDraft { label, note, expected_version, rule };
    let outcome = publish_rule(at.deps, at.merchant, name, &draft, &request).await?;
    outcome.map(answered).map_err(refused)
}

async fn choose(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("choose_default_rule")?;
    let DefaultBody { rule } = at.call.json()?;
    let outcome = choose_default_rule(at.deps, at.merchant, rule.as_deref(), &request).await?;
    outcome.map(answered).map_err(refused)
}

async fn define(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("change_segments")?;
    let SegmentsBody { segments } = at.call.json()?;
    let outcome = change_segments(at.deps, at.merchant, &segments, &request).await?;
    outcome.map(answered).map_err(refused)
}

fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Invalid(violations) => Problem::Invalid(violations),
        Refused::NotFound => Problem::NotFound,
        Refused::Conflict(detail) => Problem::Conflict { detail },
        Refused::KeyReused => Problem::IdempotencyKeyReused,
    }
}
