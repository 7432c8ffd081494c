//! A merchant's own templates: written, read, and looked at before anybody else does.

use quita_app::templates::preview::{PreviewDraft, preview};
use quita_app::templates::publish::{Refused, publish_template};
use quita_app::templates::show::{
    list_templates, list_variables, list_versions, show_name, show_version,
};
use quita_core::template::{TemplateDraft, TemplateKey, TemplateName};
use quita_core::violation::Violation;
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, ListView, Problem};
use quita_table::store::Page;
use serde::{Deserialize, Serialize};

use crate::At;

/// The fields of a template. Which it needs depends on its channel.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateBody {
    channel: String,
    locale: String,
    tone: Option<String>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
    approved_name: Option<String>,
    category: Option<String>,
    parameters: Option<Vec<String>>,
    order_button: Option<bool>,
    qr_header: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviewBody {
    name: String,
    /// What is published is shown where it is left out.
    draft: Option<TemplateBody>,
    channel: Option<String>,
    locale: Option<String>,
    version: Option<u32>,
    invoice_id: Option<String>,
    instalment: Option<u16>,
    step: Option<String>,
    sample: Option<String>,
}

impl From<TemplateBody> for TemplateDraft {
    fn from(body: TemplateBody) -> Self {
        let TemplateBody { channel, locale, tone, subject, text, html, .. } = body;
        let TemplateBody { approved_name, category, parameters, order_button, qr_header, .. } =
            body;
        Self {
            channel,
            locale,
            tone,
            subject,
            text,
            html,
            approved_name,
            category,
            parameters,
            order_button,
            qr_header,
        }
    }
}

/// The routes of templates.
pub(crate) async fn route(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    match (key, ids) {
        ("GET /v1/templates", _) => list(at).await,
        ("GET /v1/templates/variables", _) => Ok(json(200, &all(list_variables()))),
        ("POST /v1/templates/preview", _) => show_preview(at).await,
        ("PUT /v1/templates/{template_name}", [name]) => publish(at, name).await,
        ("GET /v1/templates/{template_name}", [name]) => show(at, name).await,
        ("GET /v1/templates/{template_name}/versions", [name]) => versions(at, name).await,
        _ => Err(Problem::NotFound),
    }
}

async fn list(at: &At<'_>) -> Result<ApiResponse, Problem> {
    Ok(json(200, &all(list_templates(at.deps, at.merchant).await?)))
}

async fn publish(at: &At<'_>, name: &str) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("publish_template")?;
    let draft: TemplateDraft = at.call.json::<TemplateBody>()?.into();
    let outcome = publish_template(at.deps, at.merchant, name, &draft, &request).await?;
    outcome.map(answered).map_err(refused)
}

async fn show(at: &At<'_>, name: &str) -> Result<ApiResponse, Problem> {
    let name = TemplateName::parse(name).map_err(|_| Problem::NotFound)?;
    let shown = show_name(at.deps, at.merchant, &name).await?;
    Ok(json(200, &shown.ok_or(Problem::NotFound)?))
}

/// All versions of one template, or the one that the query names.
async fn versions(at: &At<'_>, name: &str) -> Result<ApiResponse, Problem> {
    let asked = |field: &str| at.call.query(field).unwrap_or_default().to_owned();
    let draft = TemplateDraft {
        channel: asked("channel"),
        locale: asked("locale"),
        ..TemplateDraft::default()
    };
    let key: TemplateKey = draft.key(name).map_err(Problem::Invalid)?;
    let Some(number) = at.call.query("version") else {
        let found = list_versions(at.deps, at.merchant, &key).await?;
        return Ok(json(200, &all(found.ok_or(Problem::NotFound)?)));
    };
    let number = number.parse().map_err(|_| {
        Problem::Invalid(vec![Violation::new("version", "use a whole number from 1")])
    })?;
    let found = show_version(at.deps, at.merchant, &key, number).await?;
    Ok(json(200, &all(vec![found.ok_or(Problem::NotFound)?])))
}

async fn show_preview(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let body: PreviewBody = at.call.json()?;
    let PreviewBody { name, draft, channel, locale, version, invoice_id, .. } = body;
    let published = draft.is_none();
    let template = draft.map_or_else(
        || TemplateDraft {
            channel: channel.unwrap_or_default(),
            locale: locale.unwrap_or_default(),
            ..TemplateDraft::default()
        },
        TemplateDraft::from,
    );
    let PreviewBody { instalment, step, sample, .. } = body;
    let draft = PreviewDraft {
        name,
        template,
        published,
        version,
        invoice: invoice_id,
        instalment,
        step,
        sample,
    };
    let shown = preview(at.deps, at.merchant, &draft).await?;
    Ok(json(200, &shown.map_err(refused)?))
}

/// A list that is all there is.
fn all<T: Serialize>(items: impl IntoIterator<Item = T>) -> ListView<T> {
    let items = items.into_iter().collect();
    ListView::of(Page { items, next: None }, |item| item)
}

fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Invalid(violations) => Problem::Invalid(violations),
        Refused::NotFound => Problem::NotFound,
        Refused::Conflict(detail) => Problem::Conflict { detail },
        Refused::KeyReused => Problem::IdempotencyKeyReused,
    }
}
