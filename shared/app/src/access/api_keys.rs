//! Keys of the API: make one, replace one with overlap, end one, look at them.
//!
//! The token is in the first answer and nowhere else: a repeat of the request is told everything
//! but the token, and a key whose token was lost is replaced.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::access::{ApiKey, LastUse, Permission, Principal};
use quita_core::audit;
use quita_core::ids::{ApiKeyId, MerchantId};
use quita_core::merchant::Mode;
use quita_core::violation::Violation;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, List, RecordKey};
use quita_table::store::{ItemRef, Page};
use quita_table::{Commit, CommitError, Cursor, Expected, StoreError};
use serde::Serialize;
use serde_json::json;

use super::{Refused, parse_name, parse_permissions, row};
use crate::bus::instant;
use crate::credentials::{Minted, mint_api_key};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

/// Names of the events.
pub const CREATED: &str = "api_key.created";
pub const ROTATED: &str = "api_key.rotated";
pub const REVOKED: &str = "api_key.revoked";

/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Hours both keys work when nothing is said.
const OVERLAP_HOURS_DEFAULT: i64 = 24;
/// Most hours both keys work.
const OVERLAP_HOURS_MAX: i64 = 30 * 24;
/// Longest life of a key, in days.
const LIFE_DAYS_MAX: i64 = 3650;
const MADE: u16 = 201;
const OK: u16 = 200;

/// A new key as typed.
#[derive(Debug, Clone)]
pub struct KeyDraft {
    pub name: String,
    pub permissions: Vec<String>,
    /// RFC 3339; `None` is for good.
    pub expires_at: Option<String>,
}

/// A key, outside.
#[derive(Serialize)]
pub struct ApiKeyView {
    id: ApiKeyId,
    name: String,
    status: &'static str,
    permissions: BTreeSet<Permission>,
    created_at: String,
    created_by: String,
    expires_at: Option<String>,
    replaced_by: Option<ApiKeyId>,
    revoked_at: Option<String>,
    /// To about an hour.
    last_used_at: Option<String>,
    /// In the answer to its making alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl ApiKeyView {
    fn of(key: &ApiKey, last_use: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            status: key.check(now).map_or_else(|why| why.code(), |()| "active"),
            permissions: key.permissions.clone(),
            created_at: instant(key.created_at),
            created_by: key.created_by.clone(),
            expires_at: key.expires_at.map(instant),
            replaced_by: key.replaced_by.clone(),
            revoked_at: key.revoked_at.map(instant),
            last_used_at: last_use.map(instant),
            token: None,
        }
    }
}

/// A key made for good, and the row of its making.
///
/// # Errors
/// When the system gives no randomness.
pub fn made(
    deps: &Deps,
    (merchant, mode): (&MerchantId, Mode),
    name: &str,
    permissions: BTreeSet<Permission>,
    expires_at: Option<DateTime<Utc>>,
    created_by: &str,
) -> Result<(ApiKey, Minted), Unknown> {
    let now = deps.clock.now();
    let id = ApiKeyId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let minted = mint_api_key(&deps.config.signing_key, mode, merchant, &id)?;
    let key = ApiKey {
        merchant: merchant.clone(),
        id,
        version: 1,
        name: name.to_owned(),
        sha256: minted.sha256.clone(),
        permissions,
        created_at: now,
        created_by: created_by.to_owned(),
        expires_at,
        replaced_by: None,
        revoked_at: None,
    };
    Ok((key, minted))
}

/// Whether the merchant's money is real: what its keys say of themselves.
async fn mode_of(deps: &Deps, merchant: &MerchantId) -> Result<Mode, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    let known = found.take_merchant();
    known.map(|it| it.mode).ok_or_else(|| Unknown::new("making a key", "the merchant is not there"))
}

/// Adds a new key and the row of its making.
pub fn with_new_key(commit: Commit, key: &ApiKey, actor: &str) -> Commit {
    let of = Aggregate::ApiKey(key.id.clone());
    let data = json!({
        "name": key.name,
        "permissions": key.permissions,
        "expires_at": key.expires_at.map(instant),
    });
    let made = row(of, key.version, key.created_at, actor, CREATED, data);
    let made = EventRow { changes: audit::changes(None, key), ..made };
    commit.record(key, Expected::New).event(&made)
}

/// Makes a key; its token is in this answer alone.
pub async fn create_api_key(
    deps: &Deps,
    merchant: &MerchantId,
    giver: &BTreeSet<Permission>,
    draft: &KeyDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let now = deps.clock.now();
    let mut faults = Vec::new();
    let name = parse_name(&draft.name, &mut faults);
    let permissions = parse_permissions(&draft.permissions, giver, &mut faults);
    let expires_at = parse_end(draft.expires_at.as_deref(), now, &mut faults);
    if !faults.is_empty() {
        return Ok(Err(Refused::Invalid(faults)));
    }
    let whose = (merchant, mode_of(deps, merchant).await?);
    let (key, minted) = made(deps, whose, &name, permissions, expires_at, &request.actor)?;
    let commit = with_new_key(Commit::new(merchant), &key, &request.actor);
    answer_with(deps, commit, ApiKeyView::of(&key, None, now), minted, request).await
}

fn parse_end(
    raw: Option<&str>,
    now: DateTime<Utc>,
    faults: &mut Vec<Violation>,
) -> Option<DateTime<Utc>> {
    let raw = raw?;
    let end = DateTime::parse_from_rfc3339(raw).ok().map(|end| end.to_utc());
    let fits = |end: &DateTime<Utc>| *end > now && *end <= now + TimeDelta::days(LIFE_DAYS_MAX);
    let end = end.filter(fits);
    if end.is_none() {
        let reason = "use an instant to come, within ten years, such as 2027-01-31T12:00:00Z";
        faults.push(Violation::new("expires_at", reason));
    }
    end
}

/// Writes the commit with an answer that keeps no token, and answers with it once.
async fn answer_with(
    deps: &Deps,
    commit: Commit,
    mut view: ApiKeyView,
    minted: Minted,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let kept = body(&view)?;
    view.token = Some(minted.token);
    let told = body(&view)?;
    let commit = commit.idempotency(&request.record(MADE, &kept, deps.clock.now()));
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Ok(Answer { status: MADE, body: told, replayed: false })),
        Err(CommitError::Conflict(conflicts)) => match idempotency::record_in(&conflicts) {
            Some(record) => Ok(request.replay(record).map_err(|_| Refused::KeyReused)),
            None => Err(CommitError::Conflict(conflicts).into()),
        },
        Err(error) => Err(error.into()),
    }
}

fn body(view: &ApiKeyView) -> Result<String, Unknown> {
    serde_json::to_string(view).map_err(|error| Unknown::new("writing the answer", error))
}

/// Makes a key that takes over; the old one goes on for `overlap_hours`, so that nothing that uses
/// it stops in between.
pub async fn rotate_api_key(
    deps: &Deps,
    merchant: &MerchantId,
    giver: &BTreeSet<Permission>,
    id: &ApiKeyId,
    overlap_hours: Option<i64>,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let hours = overlap_hours.unwrap_or(OVERLAP_HOURS_DEFAULT);
    if !(0..=OVERLAP_HOURS_MAX).contains(&hours) {
        let reason = format!("use 0 to {OVERLAP_HOURS_MAX}");
        return Ok(Err(Refused::Invalid(vec![Violation::new("overlap_hours", reason)])));
    }
    if let Some(told) = idempotency::told_before(deps, merchant, request).await? {
        return Ok(told.map_err(|_| Refused::KeyReused));
    }
    let now = deps.clock.now();
    let Some(old) = load(deps, merchant, id).await? else { return Ok(Err(Refused::NotFound)) };
    if old.check(now).is_err() || old.replaced_by.is_some() {
        let why = "the key is over or was replaced already; make a new one".to_owned();
        return Ok(Err(Refused::Conflict(why)));
    }
    if !old.permissions.is_subset(giver) {
        let why = "the key may do what you may not; ask somebody who may".to_owned();
        return Ok(Err(Refused::Conflict(why)));
    }
    let life = old.expires_at.map(|end| now + (end - old.created_at));
    let whose = (merchant, mode_of(deps, merchant).await?);
    let (key, minted) =
        made(deps, whose, &old.name, old.permissions.clone(), life, &request.actor)?;
    let end = now + TimeDelta::hours(hours);
    let version = old.version;
    let over = ApiKey {
        version: version + 1,
        expires_at: Some(old.expires_at.map_or(end, |known| known.min(end))),
        replaced_by: Some(key.id.clone()),
        ..old.clone()
    };
    let of = Aggregate::ApiKey(over.id.clone());
    let data = json!({ "replaced_by": key.id, "expires_at": over.expires_at.map(instant) });
    let rotated = row(of, over.version, now, &request.actor, ROTATED, data);
    let rotated = EventRow { changes: audit::changes(Some(&old), &over), ..rotated };
    let commit = Commit::new(merchant).record(&over, Expected::Version(version)).event(&rotated);
    let commit = with_new_key(commit, &key, &request.actor);
    answer_with(deps, commit, ApiKeyView::of(&key, None, now), minted, request).await
}

/// Ends a key now. The gateway may let it in for another minute.
pub async fn revoke_api_key(
    deps: &Deps,
    merchant: &MerchantId,
    id: &ApiKeyId,
    reason: &str,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        if let Some(told) = idempotency::told_before(deps, merchant, request).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
        let now = deps.clock.now();
        let Some(key) = load(deps, merchant, id).await? else {
            return Ok(Err(Refused::NotFound));
        };
        if key.revoked_at.is_some() {
            return Ok(Err(Refused::Conflict("the key was revoked already".to_owned())));
        }
        let version = key.version;
        let over = ApiKey { version: version + 1, revoked_at: Some(now), ..key.clone() };
        let of = Aggregate::ApiKey(over.id.clone());
        let data = json!({ "reason": reason });
        let revoked = row(of, over.version, now, &request.actor, REVOKED, data);
        let revoked = EventRow { changes: audit::changes(Some(&key), &over), ..revoked };
        let told = body(&ApiKeyView::of(&over, None, now))?;
        let commit = Commit::new(merchant)
            .record(&over, Expected::Version(version))
            .event(&revoked)
            .idempotency(&request.record(OK, &told, now));
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(Ok(Answer { status: OK, body: told, replayed: false })),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("revoking a key", "others kept writing first"))
}

/// One key, with its last use.
pub async fn show_api_key(
    deps: &Deps,
    merchant: &MerchantId,
    id: &ApiKeyId,
) -> Result<Option<ApiKeyView>, Unknown> {
    let Some(key) = load(deps, merchant, id).await? else { return Ok(None) };
    let page = Page { items: vec![key], next: None };
    Ok(shown(deps, merchant, page).await?.items.pop())
}

/// The keys, in the order they were made, also those that are over.
pub async fn list_api_keys(
    deps: &Deps,
    merchant: &MerchantId,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Page<ApiKeyView>, StoreError> {
    let page = deps.store.records::<ApiKey>(merchant, List::ApiKeys, limit, cursor).await?;
    shown(deps, merchant, page).await
}

async fn shown(
    deps: &Deps,
    merchant: &MerchantId,
    page: Page<ApiKey>,
) -> Result<Page<ApiKeyView>, StoreError> {
    let of = |key: &ApiKey| RecordKey::LastUse(Principal::ApiKey(key.id.clone()));
    let refs: Vec<ItemRef> = page.items.iter().map(|key| ItemRef::Record(of(key))).collect();
    let mut found = deps.store.read(merchant, &refs).await?;
    let now = deps.clock.now();
    let mut items = Vec::with_capacity(page.items.len());
    for key in &page.items {
        let last = found.take_record::<LastUse>(&of(key))?;
        items.push(ApiKeyView::of(key, last.map(|last| last.at), now));
    }
    Ok(Page { items, next: page.next })
}

async fn load(
    deps: &Deps,
    merchant: &MerchantId,
    id: &ApiKeyId,
) -> Result<Option<ApiKey>, Unknown> {
    let key = RecordKey::ApiKey(id.clone());
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    Ok(found.take_record(&key)?)
}
