//! The people of a merchant: who has access, in which role.
//!
//! An address belongs to one person at a time; somebody who was removed may be added again as a new
//! person. A merchant always keeps an administrator.

use chrono::{DateTime, Utc};
use quita_core::access::{LastUse, Person, Principal, Role};
use quita_core::audit;
use quita_core::contact::Email;
use quita_core::ids::{MerchantId, PersonId};
use quita_core::violation::Violation;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, List, RecordKey};
use quita_table::record::PersonEmail;
use quita_table::store::{ItemRef, Page, Part};
use quita_table::{Commit, CommitError, Cursor, Expected, StoreError};
use serde::Serialize;
use serde_json::json;

use super::{Refused, parse_name, row};
use crate::bus::instant;
use crate::credentials::hash;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

/// Names of the events.
pub const ADDED: &str = "person.added";
pub const CHANGED: &str = "person.changed";
pub const REMOVED: &str = "person.removed";

/// Most people a merchant has had, also those removed: the last administrator is looked for among
/// them all.
pub const PEOPLE_MAX: usize = 500;
/// People read at a time.
const PAGE: usize = 100;
/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
const MADE: u16 = 201;
const OK: u16 = 200;

/// A person as typed.
#[derive(Clone)]
pub struct PersonDraft {
    pub name: String,
    pub email: String,
    pub role: String,
}

/// What may change of a person.
#[derive(Debug, Clone)]
pub enum PersonChange {
    Profile { name: String, role: String },
    Removal { reason: String },
}

/// A person, outside.
#[derive(Serialize)]
pub struct PersonView {
    id: PersonId,
    name: String,
    email: String,
    role: Role,
    status: &'static str,
    created_at: String,
    removed_at: Option<String>,
    /// To about an hour.
    last_seen_at: Option<String>,
}

impl PersonView {
    fn of(person: &Person, last_use: Option<DateTime<Utc>>) -> Self {
        Self {
            id: person.id.clone(),
            name: person.name.clone(),
            email: person.email.as_str().to_owned(),
            role: person.role,
            status: if person.removed_at.is_some() { "removed" } else { "active" },
            created_at: instant(person.created_at),
            removed_at: person.removed_at.map(instant),
            last_seen_at: last_use.map(instant),
        }
    }
}

/// The name under which an address is found.
pub(crate) fn email_key(email: &Email) -> String {
    hash(&email.as_str().to_lowercase())
}

fn parse_role(raw: &str, faults: &mut Vec<Violation>) -> Option<Role> {
    let role = Role::parse(raw);
    if role.is_none() {
        let names = Role::ALL.map(Role::as_str).join(", ");
        faults.push(Violation::new("role", format!("use one of: {names}")));
    }
    role
}

impl PersonDraft {
    /// Everything that is wrong, at once.
    pub fn parse(&self) -> Result<(String, Email, Role), Vec<Violation>> {
        let mut faults = Vec::new();
        let name = parse_name(&self.name, &mut faults);
        let email = Email::parse(&self.email);
        if let Err(why) = &email {
            faults.push(Violation::new("email", why.to_string()));
        }
        let role = parse_role(&self.role, &mut faults);
        match (email, role) {
            (Ok(email), Some(role)) if faults.is_empty() => Ok((name, email, role)),
            _ => Err(faults),
        }
    }
}

/// A person that has just been added.
///
/// # Errors
/// When an id cannot be made.
pub fn added(
    deps: &Deps,
    merchant: &MerchantId,
    (name, email, role): (String, Email, Role),
) -> Result<Person, Unknown> {
    let now = deps.clock.now();
    let id = PersonId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let merchant = merchant.clone();
    Ok(Person { merchant, id, version: 1, name, email, role, created_at: now, removed_at: None })
}

/// Adds a new person with the guard of its address and the row of its addition. `guard` is the one
/// that somebody left behind.
pub fn with_new_person(
    commit: Commit,
    person: &Person,
    guard: Option<PersonEmail>,
    actor: &str,
) -> Commit {
    let expected = guard.as_ref().map_or(Expected::New, |guard| Expected::Version(guard.version));
    let mine = PersonEmail {
        merchant: person.merchant.clone(),
        sha256: email_key(&person.email),
        version: guard.map_or(0, |guard| guard.version) + 1,
        person: person.id.clone(),
        link_sent_at: None,
    };
    let of = Aggregate::Person(person.id.clone());
    let data = json!({ "role": person.role });
    let added = row(of, person.version, person.created_at, actor, ADDED, data);
    let added = EventRow { changes: audit::changes(None, person), ..added };
    commit.record(person, Expected::New).record(&mine, expected).event(&added)
}

/// Gives somebody access, by their address.
pub async fn add_person(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &PersonDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let parsed = match draft.parse() {
        Ok(parsed) => parsed,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    if let Some(told) = idempotency::told_before(deps, merchant, request).await? {
        return Ok(told.map_err(|_| Refused::KeyReused));
    }
    let taken = || {
        let reason = "somebody with this address has access already";
        Refused::Invalid(vec![Violation::new("email", reason)])
    };
    let guard = guard_of(deps, merchant, &parsed.1).await?;
    if let Some(guard) = &guard {
        let holder = load(deps, merchant, &guard.person).await?;
        if holder.is_some_and(|holder| holder.removed_at.is_none()) {
            return Ok(Err(taken()));
        }
    }
    if everybody(deps, merchant).await?.len() >= PEOPLE_MAX {
        let why = format!("a merchant has at most {PEOPLE_MAX} people, removed ones included");
        return Ok(Err(Refused::Conflict(why)));
    }
    let person = added(deps, merchant, parsed)?;
    let told = body(&PersonView::of(&person, None))?;
    let commit = with_new_person(Commit::new(merchant), &person, guard, &request.actor)
        .idempotency(&request.record(MADE, &told, person.created_at));
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Ok(Answer { status: MADE, body: told, replayed: false })),
        Err(CommitError::Conflict(conflicts)) => match idempotency::record_in(&conflicts) {
            Some(record) => Ok(request.replay(record).map_err(|_| Refused::KeyReused)),
            // Somebody else took the address this moment.
            None if conflicts.iter().any(|it| matches!(it.part, Part::Record(_))) => {
                Ok(Err(taken()))
            }
            None => Err(CommitError::Conflict(conflicts).into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Changes name and role, or ends the access; every session ends with it.
pub async fn change_person(
    deps: &Deps,
    merchant: &MerchantId,
    id: &PersonId,
    change: &PersonChange,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        if let Some(told) = idempotency::told_before(deps, merchant, request).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
        let now = deps.clock.now();
        let Some(before) = load(deps, merchant, id).await? else {
            return Ok(Err(Refused::NotFound));
        };
        if before.removed_at.is_some() {
            let why = "the person was removed; add them again".to_owned();
            return Ok(Err(Refused::Conflict(why)));
        }
        let (after, name, data) = match changed(&before, change, now) {
            Ok(changed) => changed,
            Err(faults) => return Ok(Err(Refused::Invalid(faults))),
        };
        if is_admin(&before) && !is_admin(&after) {
            let others = everybody(deps, merchant).await?;
            if !others.iter().any(|other| other.id != before.id && is_admin(other)) {
                let why = "a merchant keeps an administrator; make somebody else one first";
                return Ok(Err(Refused::Conflict(why.to_owned())));
            }
        }
        let of = Aggregate::Person(after.id.clone());
        let told = body(&PersonView::of(&after, None))?;
        let changes = audit::changes(Some(&before), &after);
        let commit = Commit::new(merchant)
            .record(&after, Expected::Version(before.version))
            .event(&EventRow { changes, ..row(of, after.version, now, &request.actor, name, data) })
            .idempotency(&request.record(OK, &told, now));
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(Ok(Answer { status: OK, body: told, replayed: false })),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("changing a person", "others kept writing first"))
}

/// The person after the change, and its row.
fn changed(
    before: &Person,
    change: &PersonChange,
    now: DateTime<Utc>,
) -> Result<(Person, &'static str, serde_json::Value), Vec<Violation>> {
    let version = before.version + 1;
    match change {
        PersonChange::Removal { reason } => {
            let after = Person { version, removed_at: Some(now), ..before.clone() };
            Ok((after, REMOVED, json!({ "reason": reason })))
        }
        PersonChange::Profile { name, role } => {
            let mut faults = Vec::new();
            let name = parse_name(name, &mut faults);
            let Some(role) = parse_role(role, &mut faults).filter(|_| faults.is_empty()) else {
                return Err(faults);
            };
            let after = Person { version, name, role, ..before.clone() };
            let data = json!({
                "role": after.role,
                "changes": { "role": [before.role, after.role] },
                "renamed": before.name != after.name,
            });
            Ok((after, CHANGED, data))
        }
    }
}

fn is_admin(person: &Person) -> bool {
    person.role == Role::Admin && person.removed_at.is_none()
}

/// Everybody, also those removed.
pub(crate) async fn everybody(deps: &Deps, merchant: &MerchantId) -> Result<Vec<Person>, Unknown> {
    let mut all: Vec<Person> = Vec::new();
    let mut cursor = None;
    while all.len() < PEOPLE_MAX {
        let page = deps.store.records(merchant, List::People, PAGE, cursor.as_ref()).await?;
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(all)
}

/// One person, with when they were last let in.
pub async fn show_person(
    deps: &Deps,
    merchant: &MerchantId,
    id: &PersonId,
) -> Result<Option<PersonView>, Unknown> {
    let Some(person) = load(deps, merchant, id).await? else { return Ok(None) };
    let page = Page { items: vec![person], next: None };
    Ok(shown(deps, merchant, page).await?.items.pop())
}

/// The people, in the order they were added.
pub async fn list_people(
    deps: &Deps,
    merchant: &MerchantId,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Page<PersonView>, StoreError> {
    let page = deps.store.records::<Person>(merchant, List::People, limit, cursor).await?;
    shown(deps, merchant, page).await
}

async fn shown(
    deps: &Deps,
    merchant: &MerchantId,
    page: Page<Person>,
) -> Result<Page<PersonView>, StoreError> {
    let of = |person: &Person| RecordKey::LastUse(Principal::Person(person.id.clone()));
    let refs: Vec<ItemRef> = page.items.iter().map(|it| ItemRef::Record(of(it))).collect();
    let mut found = deps.store.read(merchant, &refs).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for person in &page.items {
        let last = found.take_record::<LastUse>(&of(person))?;
        items.push(PersonView::of(person, last.map(|last| last.at)));
    }
    Ok(Page { items, next: page.next })
}

pub(super) async fn load(
    deps: &Deps,
    merchant: &MerchantId,
    id: &PersonId,
) -> Result<Option<Person>, Unknown> {
    let key = RecordKey::Person(id.clone());
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    Ok(found.take_record(&key)?)
}

/// The guard of an address: who has it, or had it last.
pub(super) async fn guard_of(
    deps: &Deps,
    merchant: &MerchantId,
    email: &Email,
) -> Result<Option<PersonEmail>, Unknown> {
    let key = RecordKey::PersonEmail(email_key(email));
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    Ok(found.take_record(&key)?)
}

fn body(view: &PersonView) -> Result<String, Unknown> {
    serde_json::to_string(view).map_err(|error| Unknown::new("writing the answer", error))
}
