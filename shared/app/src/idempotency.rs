//! Requests that may be repeated: the same key and body get the first answer again.
//!
//! The record is written in the same transaction as the effect, so there is no lease and no moment
//! in which one exists without the other.

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::ids::MerchantId;
use quita_table::items::{IdempotencyRecord, Stored};
use quita_table::store::{Conflict, ItemRef, Part};
use quita_table::{Commit, CommitError};
use sha2::{Digest, Sha256};

use crate::deps::Deps;
use crate::error::Unknown;

/// How long an answer is kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(7);

/// Who asks, for what, with which body.
#[derive(Debug, Clone)]
pub struct Request {
    /// The operation, such as `create_invoice`.
    pub scope: &'static str,
    /// The caller's `Idempotency-Key`.
    pub key: String,
    pub payload_hash: String,
    /// The principal that asks: what histories name as the actor.
    pub actor: String,
}

/// An answer: HTTP status and JSON body, and whether it was given before.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub replayed: bool,
}

/// Without the body: it shows what the API shows, documents and codes among it.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { status, body, replayed } = self;
        write!(f, "Answer({status}, {} bytes, replayed: {replayed})", body.len())
    }
}

impl Request {
    /// `target` is what the path names; the same key for another target is another request.
    pub fn new(
        scope: &'static str,
        key: &str,
        target: &str,
        body: &[u8],
        actor: impl Into<String>,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(target.as_bytes());
        hash.update([0]);
        hash.update(body);
        let payload_hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { scope, key: key.to_owned(), payload_hash, actor: actor.into() }
    }

    /// The record that makes a repeat answer with `body`.
    pub(crate) fn record(&self, status: u16, body: &str, now: DateTime<Utc>) -> IdempotencyRecord {
        IdempotencyRecord {
            scope: self.scope.to_owned(),
            key: self.key.clone(),
            payload_hash: self.payload_hash.clone(),
            status,
            body: body.to_owned(),
            expires_at: now + KEPT_FOR,
        }
    }

    /// What a found record means for this request.
    pub(crate) fn replay(&self, record: IdempotencyRecord) -> Result<Answer, KeyReused> {
        if record.payload_hash != self.payload_hash {
            return Err(KeyReused);
        }
        Ok(Answer { status: record.status, body: record.body, replayed: true })
    }
}

/// The key was used before with another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyReused;

/// What the key was answered before, for a request that would not come as far as its commit.
pub(crate) async fn told_before(
    deps: &Deps,
    merchant: &MerchantId,
    request: &Request,
) -> Result<Option<Result<Answer, KeyReused>>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let mut found = deps.store.read(merchant, &[record]).await?;
    let record = found.take_idempotency(request.scope, &request.key);
    Ok(record.map(|record| request.replay(record)))
}

/// Writes `commit` with the record of its answer, in one transaction; `None` when someone else wrote
/// first and it is to be decided anew.
pub(crate) async fn write(
    deps: &Deps,
    request: &Request,
    commit: Commit,
    (status, body): (u16, String),
    now: DateTime<Utc>,
) -> Result<Option<Result<Answer, KeyReused>>, Unknown> {
    let commit = commit.idempotency(&request.record(status, &body, now));
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Some(Ok(Answer { status, body, replayed: false }))),
        Err(CommitError::Conflict(conflicts)) => {
            Ok(record_in(&conflicts).map(|record| request.replay(record)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The record that made a commit fail, where that was the reason.
pub(crate) fn record_in(conflicts: &[Conflict]) -> Option<IdempotencyRecord> {
    conflicts.iter().find_map(|conflict| match (&conflict.part, &conflict.found) {
        (Part::Idempotency, Some(Stored::Idempotency(record))) => Some((**record).clone()),
        _ => None,
    })
}
