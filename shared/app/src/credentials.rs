//! The tokens callers carry: how they are made, and who stands behind one.
//!
//! | token | of | what it opens |
//! |---|---|---|
//! | `qk_live_…`, `qk_test_…` | an API key | what the key may |
//! | `qs_…` | a session of a person | what the person's role may |
//! | `qo_…` | the operator of the installation | setting merchants up |
//!
//! The first two name their row and are signed, so that a forged or mistyped one is refused without
//! a read; the row then says whether the credential is still in force. It keeps a hash alone. The
//! operator's is one secret of the installation.
//!
//! Invariant: what is stored opens nothing, and what is refused writes nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use quita_core::access::{
    ApiKey, Caller, CallerKind, Lapsed, LastUse, OPERATOR, Person, Principal, Session,
};
use quita_core::ids::{ApiKeyId, MerchantId, PersonId, SessionId};
use quita_core::merchant::Mode;
use quita_table::keys::RecordKey;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::links::SigningKey;
use crate::ports::Secrets;

/// Name of the secret that is the operator's token.
pub const OPERATOR_SECRET: &str = "operator-key";
/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 200;
/// Random bytes in a token.
const RANDOM_BYTES: usize = 16;
/// Least length of the operator's token, in bytes.
const OPERATOR_BYTES_MIN: usize = 32;
/// Age from which the operator's secret is read again.
const OPERATOR_AGE_MAX: TimeDelta = TimeDelta::minutes(5);

const SESSION_PREFIX: &str = "qs_";
const OPERATOR_PREFIX: &str = "qo_";

/// What a key's token begins with: whether it is for trying out or for real money.
fn prefix(mode: Mode) -> &'static str {
    match mode {
        Mode::Test => "qk_test_",
        Mode::Live => "qk_live_",
    }
}

/// A token that was just made. It is shown once; its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Minted {
    pub token: String,
    /// What is kept of it.
    pub sha256: String,
}

impl std::fmt::Debug for Minted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Minted(..)")
    }
}

/// What a genuine token names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    ApiKey(MerchantId, ApiKeyId),
    Session(MerchantId, SessionId, PersonId),
}

/// The token of a new API key.
///
/// # Errors
/// When the system gives no randomness.
pub fn mint_api_key(
    key: &SigningKey,
    mode: Mode,
    merchant: &MerchantId,
    id: &ApiKeyId,
) -> Result<Minted, Unknown> {
    mint(key, &format!("{}{merchant}.{}", prefix(mode), id.ulid()))
}

/// The token of a new session.
///
/// # Errors
/// When the system gives no randomness.
pub fn mint_session(
    key: &SigningKey,
    merchant: &MerchantId,
    id: &SessionId,
    person: &PersonId,
) -> Result<Minted, Unknown> {
    mint(key, &format!("{SESSION_PREFIX}{merchant}.{}.{}", id.ulid(), person.ulid()))
}

fn mint(key: &SigningKey, named: &str) -> Result<Minted, Unknown> {
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|error| Unknown::new("making a token", error))?;
    let claims = format!("{named}.{}", URL_SAFE_NO_PAD.encode(random));
    let token = format!("{claims}.{}", key.sign_credential(&claims));
    Ok(Minted { sha256: hash(&token), token })
}

/// SHA-256 of a token, in lower-case hex: the form it is stored in.
pub fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads what a token names; `None` when it was not made here.
fn named(key: &SigningKey, token: &str) -> Option<Named> {
    let (claims, signature) = token.rsplit_once('.')?;
    key.verify_credential(claims, signature)?;
    let (named, _random) = claims.rsplit_once('.')?;
    if let Some(rest) = named.strip_prefix(SESSION_PREFIX) {
        let (rest, person) = rest.rsplit_once('.')?;
        let (merchant, id) = rest.split_once('.')?;
        let merchant = MerchantId::parse(merchant).ok()?;
        let id = SessionId::from_ulid(id).ok()?;
        return Some(Named::Session(merchant, id, PersonId::from_ulid(person).ok()?));
    }
    let rest = Mode::ALL.into_iter().find_map(|mode| named.strip_prefix(prefix(mode)))?;
    let (merchant, id) = rest.split_once('.')?;
    Some(Named::ApiKey(MerchantId::parse(merchant).ok()?, ApiKeyId::from_ulid(id).ok()?))
}

/// The API key a token of ours is for, whether or not it is in force.
pub fn api_key_of(key: &SigningKey, token: &str) -> Option<(MerchantId, ApiKeyId)> {
    match named(key, token)? {
        Named::ApiKey(merchant, id) => Some((merchant, id)),
        Named::Session(..) => None,
    }
}

/// What became of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It was not made here, or its row is not there.
    Forged,
    /// It was ours, and is over.
    Lapsed(Lapsed),
    In(Caller),
}

/// Who stands behind a token.
///
/// # Errors
/// When table or secrets do not answer: nobody is let in, and nobody is told that their credential
/// is bad.
pub async fn check(deps: &Deps, token: &str) -> Result<Checked, Unknown> {
    let now = deps.clock.now();
    if token.len() > TOKEN_BYTES_MAX {
        return Ok(Checked::Forged);
    }
    if token.starts_with(OPERATOR_PREFIX) {
        let known = deps.operator.is(token, deps.secrets.as_ref(), now).await?;
        return Ok(if known { Checked::In(operator()) } else { Checked::Forged });
    }
    match named(&deps.config.signing_key, token) {
        None => Ok(Checked::Forged),
        Some(Named::ApiKey(merchant, id)) => api_key(deps, &merchant, id, token, now).await,
        Some(Named::Session(merchant, id, person)) => {
            session(deps, &merchant, id, person, token, now).await
        }
    }
}

fn operator() -> Caller {
    Caller {
        merchant: None,
        principal: OPERATOR.to_owned(),
        kind: CallerKind::Operator,
        permissions: Default::default(),
        session: None,
    }
}

async fn api_key(
    deps: &Deps,
    merchant: &MerchantId,
    id: ApiKeyId,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Checked, Unknown> {
    let used = RecordKey::LastUse(Principal::ApiKey(id.clone()));
    let key = RecordKey::ApiKey(id);
    let refs = [&key, &used].map(|key| ItemRef::Record(key.clone()));
    let mut found = deps.store.read(merchant, &refs).await?;
    let Some(key) = found.take_record::<ApiKey>(&key)? else { return Ok(Checked::Forged) };
    if !is_same(&key.sha256, token) {
        return Ok(Checked::Forged);
    }
    if let Err(why) = key.check(now) {
        return Ok(Checked::Lapsed(why));
    }
    let caller = Caller {
        merchant: Some(merchant.clone()),
        principal: key.id.to_string(),
        kind: CallerKind::ApiKey,
        permissions: key.permissions,
        session: None,
    };
    let last = found.take_record::<LastUse>(&used)?;
    note_use(deps, merchant, Principal::ApiKey(key.id), last, now).await;
    Ok(Checked::In(caller))
}

async fn session(
    deps: &Deps,
    merchant: &MerchantId,
    id: SessionId,
    person: PersonId,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Checked, Unknown> {
    let used = RecordKey::LastUse(Principal::Person(person.clone()));
    let (session, person) = (RecordKey::Session(id), RecordKey::Person(person));
    let refs = [&session, &person, &used].map(|key| ItemRef::Record(key.clone()));
    let mut found = deps.store.read(merchant, &refs).await?;
    let session = found.take_record::<Session>(&session)?;
    let person = found.take_record::<Person>(&person)?;
    let (Some(session), Some(person)) = (session, person) else { return Ok(Checked::Forged) };
    if !is_same(&session.sha256, token) {
        return Ok(Checked::Forged);
    }
    if let Err(why) = session.check(&person, now) {
        return Ok(Checked::Lapsed(why));
    }
    let caller = Caller {
        merchant: Some(merchant.clone()),
        principal: person.id.to_string(),
        kind: CallerKind::Person,
        permissions: person.role.permissions(),
        session: Some(session.id),
    };
    let last = found.take_record::<LastUse>(&used)?;
    note_use(deps, merchant, Principal::Person(person.id), last, now).await;
    Ok(Checked::In(caller))
}

fn is_same(sha256: &str, token: &str) -> bool {
    sha256.as_bytes().ct_eq(hash(token).as_bytes()).into()
}

/// Writes down now and then that a credential was used. People are told of it and nothing rests on
/// it, so a failure keeps nobody out.
async fn note_use(
    deps: &Deps,
    merchant: &MerchantId,
    of: Principal,
    last: Option<LastUse>,
    now: DateTime<Utc>,
) {
    if last.as_ref().is_some_and(|last| !last.is_stale(now)) {
        return;
    }
    let expected = last.as_ref().map_or(Expected::New, |last| Expected::Version(last.version));
    let version = last.map_or(0, |last| last.version) + 1;
    let used = LastUse { merchant: merchant.clone(), of, version, at: now };
    match deps.store.commit(Commit::new(merchant).record(&used, expected)).await {
        // In a conflict another call has written it.
        Ok(()) | Err(CommitError::Conflict(_)) => {}
        Err(error) => {
            tracing::warn!(error = chain(&error), "The use of a credential was not written down");
        }
    }
}

/// The operator's token, by hash, as the secrets last said.
#[derive(Default)]
pub struct OperatorKey {
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    /// `None` when there is no secret: then nobody is the operator.
    sha256: Option<String>,
    read_at: DateTime<Utc>,
}

impl OperatorKey {
    async fn is(
        &self,
        token: &str,
        secrets: &dyn Secrets,
        now: DateTime<Utc>,
    ) -> Result<bool, Unknown> {
        let known = self.lock().clone();
        let fresh = known
            .filter(|known| (TimeDelta::zero()..OPERATOR_AGE_MAX).contains(&(now - known.read_at)));
        let known = match fresh {
            Some(known) => known,
            None => {
                let secret = secrets.get(OPERATOR_SECRET).await?;
                let secret = secret.map(|secret| secret.trim().to_owned());
                let usable = secret.filter(|secret| secret.len() >= OPERATOR_BYTES_MIN);
                let read = Known { sha256: usable.map(|secret| hash(&secret)), read_at: now };
                *self.lock() = Some(read.clone());
                read
            }
        };
        let secret = token.strip_prefix(OPERATOR_PREFIX).unwrap_or_default();
        Ok(known.sha256.is_some_and(|sha256| is_same(&sha256, secret)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
