//! Signing in: a one-time link by e-mail, and the session it begins.
//!
//! ```text
//!   ask (address) ──> e-mail ──> GET shows, changes nothing ──> POST begins the session, once
//! ```
//!
//! The link is signed and names the session it will begin, so nothing is kept until it is used, and
//! a second use finds the session there. A mail scanner that follows it does no harm. Whether an
//! address is known is not told to whoever asks.

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::access::{Person, Session};
use quita_core::contact::Email as Address;
use quita_core::customer::Locale;
use quita_core::ids::{MerchantId, PersonId, SessionId};
use quita_core::merchant::Merchant;
use quita_notify::Email;
use quita_notify::sign_in::{SignInFacts, SignInLink, sign_in_email};
use quita_table::keys::RecordKey;
use quita_table::record::PersonEmail;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use serde::Serialize;

use super::people::guard_of;
use crate::bus::instant;
use crate::credentials::mint_session;
use crate::deps::Deps;
use crate::error::{Unknown, chain};

/// How long a link can be used.
pub const LINK_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long a session lasts.
pub const SESSION_LIFE: TimeDelta = TimeDelta::hours(12);
/// Rest between two links to one address.
const LINK_GAP: TimeDelta = TimeDelta::minutes(1);
/// Path that links lead to.
const PATH: &str = "/sign_in";

/// What a link names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    merchant: MerchantId,
    person: PersonId,
    session: SessionId,
    expires_at: DateTime<Utc>,
}

/// Who a link is for, as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub merchant_name: String,
    pub person_name: String,
    pub locale: Locale,
}

/// A session that has begun. Its token is shown once.
#[derive(Serialize)]
pub struct SessionView {
    pub session_id: SessionId,
    pub merchant_id: MerchantId,
    pub person_id: PersonId,
    pub role: &'static str,
    pub expires_at: String,
    pub token: String,
}

/// Why a link opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEntry {
    /// It was not made here.
    Forged,
    /// It is over, was used, or its person has no access any more.
    Over,
}

/// Sends a link to whoever has the address at the merchant. Answers nothing: a stranger must not
/// learn who has access.
pub async fn ask_link(deps: &Deps, merchant: &str, address: &str) -> Result<(), Unknown> {
    let (Ok(merchant), Ok(address)) = (MerchantId::parse(merchant), Address::parse(address)) else {
        return Ok(());
    };
    let now = deps.clock.now();
    let Some(guard) = guard_of(deps, &merchant, &address).await? else { return Ok(()) };
    if guard.link_sent_at.is_some_and(|at| now - at < LINK_GAP) {
        return Ok(());
    }
    let Some((settings, person)) = who(deps, &merchant, &guard.person).await? else {
        return Ok(());
    };
    let (version, sent) = (guard.version, Some(now));
    let noted = PersonEmail { version: version + 1, link_sent_at: sent, ..guard };
    let commit = Commit::new(&merchant).record(&noted, Expected::Version(version));
    match deps.store.commit(commit).await {
        Ok(()) => {}
        // Another link is on its way this moment.
        Err(CommitError::Conflict(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let session = SessionId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let expires_at = now + LINK_LIFE;
    let link = Link { merchant, person: person.id.clone(), session, expires_at };
    let Some(email) = letter(deps, &settings, &person, &link) else {
        tracing::warn!(
            merchant.id = %link.merchant,
            "A sign-in link is not sent: the merchant has no sender yet"
        );
        return Ok(());
    };
    if let Err(error) = deps.mailer.send(&email).await {
        tracing::error!(
            merchant.id = %link.merchant, error = chain(&error), "A sign-in link is not sent"
        );
    }
    Ok(())
}

/// Merchant and person, when the person has access.
async fn who(
    deps: &Deps,
    merchant: &MerchantId,
    person: &PersonId,
) -> Result<Option<(Merchant, Person)>, Unknown> {
    let key = RecordKey::Person(person.clone());
    let refs = [ItemRef::Merchant, ItemRef::Record(key.clone())];
    let mut found = deps.store.read(merchant, &refs).await?;
    let person = found.take_record::<Person>(&key)?.filter(|it| it.removed_at.is_none());
    Ok(found.take_merchant().zip(person))
}

/// Who a link is for; changes nothing.
pub async fn show_link(deps: &Deps, token: &str) -> Result<Result<Invitation, NoEntry>, Unknown> {
    let link = match open(deps, token) {
        Ok(link) => link,
        Err(why) => return Ok(Err(why)),
    };
    let used = RecordKey::Session(link.session.clone());
    let mut found = deps.store.read(&link.merchant, &[ItemRef::Record(used.clone())]).await?;
    if found.take_record::<Session>(&used)?.is_some() {
        return Ok(Err(NoEntry::Over));
    }
    let known = who(deps, &link.merchant, &link.person).await?;
    Ok(known.ok_or(NoEntry::Over).map(|(merchant, person)| Invitation {
        merchant_name: merchant.name,
        person_name: person.name,
        locale: merchant.locale,
    }))
}

/// Begins the session of a link, once.
pub async fn begin_session(
    deps: &Deps,
    token: &str,
) -> Result<Result<SessionView, NoEntry>, Unknown> {
    let link = match open(deps, token) {
        Ok(link) => link,
        Err(why) => return Ok(Err(why)),
    };
    let Some((_, person)) = who(deps, &link.merchant, &link.person).await? else {
        return Ok(Err(NoEntry::Over));
    };
    let now = deps.clock.now();
    let Link { merchant, session: id, .. } = link;
    let minted = mint_session(&deps.config.signing_key, &merchant, &id, &person.id)?;
    let session = Session {
        merchant: merchant.clone(),
        id: id.clone(),
        version: 1,
        person: person.id.clone(),
        sha256: minted.sha256,
        created_at: now,
        expires_at: now + SESSION_LIFE,
        revoked_at: None,
    };
    let commit = Commit::new(&merchant).record(&session, Expected::New);
    match deps.store.commit(commit).await {
        Ok(()) => {}
        Err(CommitError::Conflict(_)) => return Ok(Err(NoEntry::Over)),
        Err(error) => return Err(error.into()),
    }
    Ok(Ok(SessionView {
        session_id: id,
        merchant_id: merchant,
        role: person.role.as_str(),
        person_id: person.id,
        expires_at: instant(session.expires_at),
        token: minted.token,
    }))
}

/// Ends a session of a person; `false` when the person has no such session.
pub async fn end_session(
    deps: &Deps,
    merchant: &MerchantId,
    id: &SessionId,
    person: &PersonId,
) -> Result<bool, Unknown> {
    let key = RecordKey::Session(id.clone());
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    let own = |session: &Session| session.person == *person;
    let Some(session) = found.take_record::<Session>(&key)?.filter(own) else { return Ok(false) };
    if session.revoked_at.is_some() {
        return Ok(true);
    }
    let version = session.version;
    let revoked_at = Some(deps.clock.now());
    let over = Session { version: version + 1, revoked_at, ..session };
    let commit = Commit::new(merchant).record(&over, Expected::Version(version));
    match deps.store.commit(commit).await {
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn claims(link: &Link) -> String {
    let Link { merchant, person, session, expires_at } = link;
    format!("{merchant}.{}.{}.{}", person.ulid(), session.ulid(), expires_at.timestamp())
}

fn open(deps: &Deps, token: &str) -> Result<Link, NoEntry> {
    let claims = deps.config.signing_key.open_sign_in(token).ok_or(NoEntry::Forged)?;
    let link = parse(claims).ok_or(NoEntry::Forged)?;
    if link.expires_at <= deps.clock.now() { Err(NoEntry::Over) } else { Ok(link) }
}

fn parse(claims: &str) -> Option<Link> {
    let mut parts = claims.split('.');
    let merchant = MerchantId::parse(parts.next()?).ok()?;
    let person = PersonId::from_ulid(parts.next()?).ok()?;
    let session = SessionId::from_ulid(parts.next()?).ok()?;
    let expires_at = DateTime::from_timestamp(parts.next()?.parse().ok()?, 0)?;
    parts.next().is_none().then_some(Link { merchant, person, session, expires_at })
}

/// The e-mail with the link; `None` while the merchant has no sender.
fn letter(deps: &Deps, settings: &Merchant, person: &Person, link: &Link) -> Option<Email> {
    let from = settings.from.clone()?;
    let token = deps.config.signing_key.sign_in_token(&claims(link));
    let facts = SignInFacts {
        merchant_name: settings.name.clone(),
        person_name: person.name.clone(),
        to: person.email.clone(),
        reply_to: settings.reply_to.clone().unwrap_or_else(|| from.clone()),
        from,
        link: SignInLink(format!("{}{PATH}/{token}", deps.config.public_url)),
        minutes: LINK_LIFE.num_minutes(),
        tag: format!("sign-in-{}", link.session.ulid()),
    };
    Some(sign_in_email(settings.locale, &facts))
}
