//! Templates as the API shows them.

use std::sync::Arc;

use quita_core::chase::Tone;
use quita_core::customer::Locale;
use quita_core::ids::MerchantId;
use quita_core::message::Channel;
use quita_core::template::{Content, Latest, TemplateKey, TemplateName, TemplateVersion};
use quita_notify::MessageKind;
use quita_notify::custom::{VARIABLES, Variable};
use quita_table::keys::RecordKey;
use quita_table::store::ItemRef;
use serde::Serialize;

use super::{catalogue_now, unreadable, version};
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;

/// Most versions that one answer shows, the newest; any other is asked for by its number.
pub const VERSIONS_SHOWN_MAX: u32 = 50;

/// A version, with its sources.
#[derive(Debug, Serialize)]
pub struct TemplateView {
    name: TemplateName,
    locale: Locale,
    version: u32,
    tone: Option<Tone>,
    /// Its channel, and what a template of that channel has.
    #[serde(flatten)]
    content: Content,
    published_at: String,
    published_by: String,
}

impl TemplateView {
    pub fn of(version: &TemplateVersion) -> Self {
        let TemplateVersion { key, number, tone, content, published_at, published_by, .. } =
            version;
        Self {
            name: key.name.clone(),
            locale: key.locale,
            version: *number,
            tone: *tone,
            content: content.clone(),
            published_at: instant(*published_at),
            published_by: published_by.clone(),
        }
    }
}

/// A wording in a list, without its sources.
#[derive(Debug, Serialize)]
pub struct LatestView {
    name: TemplateName,
    channel: Channel,
    locale: Locale,
    version: u32,
    tone: Option<Tone>,
    /// Whether it takes the place of a message that comes with the product.
    replaces_shipped: bool,
    published_at: String,
}

impl LatestView {
    fn of(latest: &Latest) -> Self {
        let Latest { key, number, tone, published_at } = latest;
        Self {
            name: key.name.clone(),
            channel: key.channel,
            locale: key.locale,
            version: *number,
            tone: *tone,
            replaces_shipped: MessageKind::parse(key.name.as_str()).is_some(),
            published_at: instant(*published_at),
        }
    }
}

/// Everything there is of a name.
#[derive(Debug, Serialize)]
pub struct NameView {
    name: TemplateName,
    /// Whether a message of that name comes with the product and is sent where there is no own one.
    shipped: bool,
    /// Whether it asks for money, and so has to show how to pay.
    payable: bool,
    templates: Vec<TemplateView>,
}

/// The variables, as data.
pub fn list_variables() -> &'static [Variable] {
    &VARIABLES
}

/// The latest version of each template, by name.
pub async fn list_templates(
    deps: &Deps,
    merchant: &MerchantId,
) -> Result<Vec<LatestView>, Unknown> {
    let all = catalogue_now(deps, merchant).await?;
    Ok(all.latest.iter().map(LatestView::of).collect())
}

/// The latest versions of a name; `None` when it is neither shipped nor the merchant's.
pub async fn show_name(
    deps: &Deps,
    merchant: &MerchantId,
    name: &TemplateName,
) -> Result<Option<NameView>, Unknown> {
    let kind = MessageKind::parse(name.as_str());
    let all = catalogue_now(deps, merchant).await?;
    let mut templates = Vec::new();
    for latest in all.of_name(name) {
        let found = version(deps, merchant, &latest.key, latest.number).await?;
        templates.extend(found.as_deref().map(TemplateView::of));
    }
    let known = kind.is_some() || !templates.is_empty();
    Ok(known.then(|| NameView {
        name: name.clone(),
        shipped: kind.is_some(),
        payable: quita_notify::custom::kind_of(name.as_str()).is_payable(),
        templates,
    }))
}

/// The versions of a template, the newest first, at most [`VERSIONS_SHOWN_MAX`].
pub async fn list_versions(
    deps: &Deps,
    merchant: &MerchantId,
    key: &TemplateKey,
) -> Result<Option<Vec<TemplateView>>, Unknown> {
    let all = catalogue_now(deps, merchant).await?;
    let Some(latest) = all.latest(key) else { return Ok(None) };
    let from = latest.number.saturating_sub(VERSIONS_SHOWN_MAX) + 1;
    let records: Vec<RecordKey> =
        (from..=latest.number).rev().map(|nth| RecordKey::Template(key.clone(), nth)).collect();
    let refs: Vec<ItemRef> = records.iter().cloned().map(ItemRef::Record).collect();
    let mut found = deps.store.read(merchant, &refs).await?;
    let mut versions = Vec::new();
    for record in &records {
        let version: Option<TemplateVersion> = found.take_record(record).map_err(unreadable)?;
        versions.extend(version.as_ref().map(TemplateView::of));
    }
    Ok(Some(versions))
}

/// One version; `None` when there is none of that number.
pub async fn show_version(
    deps: &Deps,
    merchant: &MerchantId,
    key: &TemplateKey,
    number: u32,
) -> Result<Option<TemplateView>, Unknown> {
    let found: Option<Arc<TemplateVersion>> = version(deps, merchant, key, number).await?;
    Ok(found.as_deref().map(TemplateView::of))
}
