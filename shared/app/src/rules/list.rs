//! The rules of a merchant as they are shown: each with its latest version, and every version there
//! was.

use quita_core::chase::{RuleDraft, RuleHead, RuleName, RuleVersion, VERSIONS_MAX};
use quita_core::ids::MerchantId;
use quita_table::keys::{List, Place, RecordKey, rule_pk, rule_sk};
use quita_table::store::{ItemRef, Page, Run};
use quita_table::{Cursor, StoreError};
use serde::Serialize;

use super::change::parse_name;
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;

/// A rule in a list.
#[derive(Serialize)]
pub struct RuleSummary {
    name: String,
    label: String,
    /// The latest.
    version: u32,
    published_at: String,
}

/// A rule in one version.
#[derive(Serialize)]
pub struct RuleView {
    name: String,
    label: String,
    #[serde(flatten)]
    version: VersionView,
}

/// A version.
#[derive(Serialize)]
pub struct VersionView {
    version: u32,
    published_at: String,
    published_by: String,
    note: String,
    /// As it would be typed.
    rule: RuleDraft,
}

impl RuleView {
    pub(super) fn of(head: &RuleHead, version: &RuleVersion) -> Self {
        let name = head.name.as_str().to_owned();
        Self { name, label: head.label.clone(), version: VersionView::of(version) }
    }
}

impl VersionView {
    fn of(version: &RuleVersion) -> Self {
        Self {
            version: version.version,
            published_at: instant(version.published_at),
            published_by: version.by.clone(),
            note: version.note.clone(),
            rule: RuleDraft::of(&version.rule),
        }
    }
}

/// The merchant's own rules, by name.
pub async fn list_rules(
    deps: &Deps,
    merchant: &MerchantId,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Page<RuleSummary>, StoreError> {
    let page = deps.store.records::<RuleHead>(merchant, List::Rules, limit, cursor).await?;
    let summary = |head: RuleHead| RuleSummary {
        name: head.name.as_str().to_owned(),
        label: head.label,
        version: head.version,
        published_at: instant(head.published_at),
    };
    Ok(Page { items: page.items.into_iter().map(summary).collect(), next: page.next })
}

/// A rule in its latest version, or in another one.
pub async fn show_rule(
    deps: &Deps,
    merchant: &MerchantId,
    name: &str,
    version: Option<u32>,
) -> Result<Option<RuleView>, Unknown> {
    let Some(name) = parse_name(name) else { return Ok(None) };
    let Some(head) = head_of(deps, merchant, &name).await? else { return Ok(None) };
    let key = RecordKey::Rule(name, version.unwrap_or(head.version));
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    let found: Option<RuleVersion> = found.take_record(&key)?;
    Ok(found.map(|version| RuleView::of(&head, &version)))
}

/// The versions of a rule, the latest first.
pub async fn list_versions(
    deps: &Deps,
    merchant: &MerchantId,
    name: &RuleName,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Page<VersionView>, StoreError> {
    let run = Run {
        pk: rule_pk(merchant, name),
        from: rule_sk(0),
        to: rule_sk(VERSIONS_MAX),
        place: Place::Record,
        newest_first: true,
    };
    let page = deps.store.records_in::<RuleVersion>(merchant, &run, limit, cursor).await?;
    Ok(Page { items: page.items.iter().map(VersionView::of).collect(), next: page.next })
}

/// Which version of a rule is the latest.
pub(super) async fn head_of(
    deps: &Deps,
    merchant: &MerchantId,
    name: &RuleName,
) -> Result<Option<RuleHead>, Unknown> {
    let key = RecordKey::RuleHead(name.clone());
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    Ok(found.take_record(&key)?)
}
