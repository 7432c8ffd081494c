//! Publishes a version of a template: checked whole, then written with the catalogue that names it.

use chrono::{DateTime, Utc};
use quita_core::audit::{Changes, Summary};
use quita_core::ids::MerchantId;
use quita_core::merchant::Merchant;
use quita_core::template::{
    Checked, TemplateDraft, TemplateKey, TemplateName, TemplateVersion, Templates,
};
use quita_core::violation::Violation;
use quita_notify::custom;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, RecordKey};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::show::TemplateView;
use super::{PUBLISHED, unreadable, version};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

/// Times a version is numbered anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
const OK: u16 = 200;

/// Why nothing was done.
#[derive(Debug)]
pub enum Refused {
    /// Everything that is wrong, at once.
    Invalid(Vec<Violation>),
    NotFound,
    /// The state forbids it; the text says what to do.
    Conflict(String),
    KeyReused,
}

/// Publishes a version. One that says what the latest says already is no new one.
pub async fn publish_template(
    deps: &Deps,
    merchant: &MerchantId,
    name: &str,
    draft: &TemplateDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let (key, checked) = match check(merchant, name, draft) {
        Ok(checked) => checked,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let catalogue = RecordKey::Templates;
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let refs = [ItemRef::Merchant, ItemRef::Record(catalogue.clone()), record];
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let Some(settings) = found.take_merchant() else {
            return Err(Unknown::new("loading the merchant", "the merchant is not set up"));
        };
        let before: Option<Templates> = found.take_record(&catalogue).map_err(unreadable)?;
        let expected = before.as_ref().map_or(Expected::New, |it| Expected::Version(it.version));
        let before = before.unwrap_or_else(|| Templates::none(merchant.clone()));
        let now = deps.clock.now();
        let latest = match before.latest(&key) {
            Some(latest) => version(deps, merchant, &key, latest.number).await?,
            None => None,
        };
        let same = latest.filter(|it| it.content == checked.content && it.tone == checked.tone);
        let (commit, body) = match same {
            Some(same) => (Commit::new(merchant), written(&same)?),
            None => {
                let published = before.published(key.clone(), checked.clone(), &request.actor, now);
                let (after, version) = match published {
                    Ok(published) => published,
                    Err(full) => return Ok(Err(Refused::Conflict(full.to_string()))),
                };
                let commit =
                    Commit::new(merchant).record(&after, expected).record(&version, Expected::New);
                let body = written(&version)?;
                (told(commit, settings, &version, &request.actor, now)?, body)
            }
        };
        match deps.store.commit(commit.idempotency(&request.record(OK, &body, now))).await {
            Ok(()) => {
                deps.templates.forget(merchant);
                return Ok(Ok(Answer { status: OK, body, replayed: false }));
            }
            Err(CommitError::Conflict(conflicts)) => {
                if let Some(record) = idempotency::record_in(&conflicts) {
                    return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("publishing a template", "others kept writing first"))
}

/// Everything that is wrong with a draft: its shape, then what its sources do.
fn check(
    merchant: &MerchantId,
    name: &str,
    draft: &TemplateDraft,
) -> Result<(TemplateKey, Checked), Vec<Violation>> {
    let (key, checked) = parse(name, draft)?;
    let faults = custom::faults(&unsaved(merchant, &key, &checked));
    if faults.is_empty() { Ok((key, checked)) } else { Err(faults) }
}

/// Name and draft without a fault of their shape.
pub(super) fn parse(
    name: &str,
    draft: &TemplateDraft,
) -> Result<(TemplateKey, Checked), Vec<Violation>> {
    let parsed = TemplateName::parse(name);
    let name = parsed.map_err(|why| vec![Violation::new("name", why.to_string())])?;
    draft.parse(&name)
}

/// A version as it would be, for checks and previews.
pub(super) fn unsaved(
    merchant: &MerchantId,
    key: &TemplateKey,
    checked: &Checked,
) -> TemplateVersion {
    TemplateVersion {
        merchant: merchant.clone(),
        key: key.clone(),
        number: 0,
        tone: checked.tone,
        content: checked.content.clone(),
        published_at: DateTime::UNIX_EPOCH,
        published_by: String::new(),
    }
}

/// Adds what histories show: a row of the merchant's, which moves its version.
fn told(
    commit: Commit,
    settings: Merchant,
    version: &TemplateVersion,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Commit, Unknown> {
    let before = settings.version;
    let after = Merchant { version: before + 1, ..settings };
    let content = serde_json::to_vec(&version.content)
        .map_err(|error| Unknown::new("writing a template", error))?;
    let sha256: String = Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect();
    let key = &version.key;
    let was = version.number.checked_sub(1).filter(|number| *number > 0);
    let field = format!("templates.{key}");
    let summary = |number: Option<u32>| Summary::new().with_some(field.clone(), number);
    let row = EventRow {
        aggregate: Aggregate::Merchant,
        seq: after.version,
        at: now,
        actor: actor.to_owned(),
        name: PUBLISHED.to_owned(),
        data: json!({
            "name": key.name,
            "channel": key.channel,
            "locale": key.locale,
            "version": version.number,
            "tone": version.tone,
            "sha256": sha256,
        }),
        postings: Vec::new(),
        changes: Changes::between(&summary(was), &summary(Some(version.number))),
    };
    Ok(commit.merchant(&after, Expected::Version(before)).event(&row))
}

fn written(version: &TemplateVersion) -> Result<String, Unknown> {
    serde_json::to_string(&TemplateView::of(version))
        .map_err(|error| Unknown::new("writing the answer", error))
}
