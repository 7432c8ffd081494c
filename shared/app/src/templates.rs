//! A merchant's own templates: published, shown, previewed, and found by the steps that name them.
//!
//! Owns which wording a step takes ([`for_step`]) and the cache behind it. Does not own the words,
//! nor what may be said ([`quita_notify::custom`]).
//!
//! ```text
//!   step "due_today", email, pt-BR ─> the merchant's own, latest version ─> else the shipped one
//! ```
//!
//! Invariants: a version is never changed, so a process reads it once; which one is the latest is
//! looked up at most a minute ago; a preview and a message are made by the same function.

pub mod preview;
pub mod publish;
pub mod show;
mod wording;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::customer::Locale;
use quita_core::ids::MerchantId;
use quita_core::message::Channel;
use quita_core::template::{TemplateKey, TemplateName, TemplateVersion, Templates};
use quita_notify::MessageKind;
use quita_table::items::ItemError;
use quita_table::keys::RecordKey;
use quita_table::store::ItemRef;

use crate::deps::Deps;
use crate::error::Unknown;

pub use wording::{SHIPPED_VERSION, Wording, WordingError};

/// How long a warm process goes on with the catalogue it read.
pub const CACHED: TimeDelta = TimeDelta::seconds(60);
/// Catalogues, and versions, that a process remembers; past it, all are forgotten and read again. A
/// version has at most some 70 KB, and mostly 5.
const CACHED_MAX: usize = 1_000;

/// Name of the event.
pub const PUBLISHED: &str = "template.published";

/// With when each was read.
type Catalogues = HashMap<MerchantId, (DateTime<Utc>, Arc<Templates>)>;
type Versions = HashMap<(MerchantId, TemplateKey, u32), Arc<TemplateVersion>>;

/// The templates that this process has read.
#[derive(Default)]
pub struct TemplateCache {
    catalogues: Mutex<Catalogues>,
    versions: Mutex<Versions>,
}

impl TemplateCache {
    /// Forgets which versions are the latest: one was published here.
    fn forget(&self, merchant: &MerchantId) {
        locked(&self.catalogues).remove(merchant);
    }
}

/// A map is whole after every call on it, so a panic elsewhere leaves it usable.
fn locked<T>(cache: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a step that names `name` says on a channel in a language: the merchant's own words where it
/// has any, else those that come with the product.
pub async fn for_step(
    deps: &Deps,
    merchant: &MerchantId,
    name: &str,
    channel: Channel,
    locale: Locale,
) -> Result<Wording, Unknown> {
    if let Ok(own) = TemplateName::parse(name) {
        let key = TemplateKey { name: own, channel, locale };
        let catalogue = catalogue(deps, merchant).await?;
        if let Some(latest) = catalogue.latest(&key) {
            let version = version(deps, merchant, &key, latest.number).await?;
            let missing = || Unknown::new("loading a template", format!("{key} is gone"));
            return Ok(Wording::Own(version.ok_or_else(missing)?));
        }
    }
    Ok(match MessageKind::parse(name) {
        Some(kind) => Wording::Shipped(kind, locale),
        None => Wording::Missing { name: name.to_owned(), channel, locale },
    })
}

/// The catalogue as it was within the last [`CACHED`].
pub async fn catalogue(deps: &Deps, merchant: &MerchantId) -> Result<Arc<Templates>, Unknown> {
    let now = deps.clock.now();
    let lately = |read_at: DateTime<Utc>| now >= read_at && now - read_at < CACHED;
    if let Some((read_at, known)) = locked(&deps.templates.catalogues).get(merchant)
        && lately(*read_at)
    {
        return Ok(known.clone());
    }
    let read = Arc::new(catalogue_now(deps, merchant).await?);
    let mut catalogues = locked(&deps.templates.catalogues);
    if catalogues.len() >= CACHED_MAX {
        catalogues.clear();
    }
    catalogues.insert(merchant.clone(), (now, read.clone()));
    Ok(read)
}

/// The catalogue as it is.
async fn catalogue_now(deps: &Deps, merchant: &MerchantId) -> Result<Templates, Unknown> {
    let key = RecordKey::Templates;
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    let read = found.take_record(&key).map_err(unreadable)?;
    Ok(read.unwrap_or_else(|| Templates::none(merchant.clone())))
}

/// A version, read once a process; `None` when there is none of that number.
async fn version(
    deps: &Deps,
    merchant: &MerchantId,
    key: &TemplateKey,
    number: u32,
) -> Result<Option<Arc<TemplateVersion>>, Unknown> {
    let which = (merchant.clone(), key.clone(), number);
    if let Some(known) = locked(&deps.templates.versions).get(&which) {
        return Ok(Some(known.clone()));
    }
    let record = RecordKey::Template(key.clone(), number);
    let mut found = deps.store.read(merchant, &[ItemRef::Record(record.clone())]).await?;
    let read: Option<TemplateVersion> = found.take_record(&record).map_err(unreadable)?;
    Ok(read.map(|version| {
        let version = Arc::new(version);
        let mut versions = locked(&deps.templates.versions);
        if versions.len() >= CACHED_MAX {
            versions.clear();
        }
        versions.insert(which, version.clone());
        version
    }))
}

fn unreadable(error: ItemError) -> Unknown {
    Unknown::new("reading a record", error)
}
