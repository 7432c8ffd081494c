//! The people of a merchant, and the session they call in.

use quita_app::access::Refused;
use quita_app::access::people::{
    PersonChange, PersonDraft, add_person, change_person, list_people, show_person,
};
use quita_app::access::sign_in::end_session;
use quita_core::access::Permission;
use quita_core::ids::PersonId;
use quita_edge::bodies::ReasonBody;
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, ListView, Problem, auth};
use serde::{Deserialize, Serialize};

use crate::At;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonBody {
    name: String,
    email: String,
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileBody {
    name: String,
    role: String,
}

/// Who calls, as they may ask themselves.
#[derive(Serialize)]
struct CallerView<'a> {
    merchant_id: &'a str,
    principal: &'a str,
    kind: &'static str,
    permissions: Vec<Permission>,
}

pub(crate) async fn add(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("add_person")?;
    let PersonBody { name, email, role } = at.call.json()?;
    let draft = PersonDraft { name, email, role };
    let outcome = add_person(at.deps, at.merchant, &draft, &request).await?;
    outcome.map(answered).map_err(refused)
}

pub(crate) async fn list(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = at.call.page()?;
    let page = list_people(at.deps, at.merchant, limit, cursor.as_ref()).await;
    let page = page.map_err(quita_edge::problem::of_list)?;
    Ok(json(200, &ListView::of(page, |person| person)))
}

pub(crate) async fn show(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let id = parse(id)?;
    let person = show_person(at.deps, at.merchant, &id).await?.ok_or(Problem::NotFound)?;
    Ok(json(200, &person))
}

pub(crate) async fn change(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("change_person")?;
    let ProfileBody { name, role } = at.call.json()?;
    let change = PersonChange::Profile { name, role };
    let outcome = change_person(at.deps, at.merchant, &parse(id)?, &change, &request).await?;
    outcome.map(answered).map_err(refused)
}

pub(crate) async fn remove(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("remove_person")?;
    let change = PersonChange::Removal { reason: at.call.json::<ReasonBody>()?.reason()? };
    let outcome = change_person(at.deps, at.merchant, &parse(id)?, &change, &request).await?;
    outcome.map(answered).map_err(refused)
}

pub(crate) fn caller(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let caller = auth::caller(at.call)?;
    let view = CallerView {
        merchant_id: at.merchant.as_str(),
        principal: &caller.principal,
        kind: caller.kind.as_str(),
        permissions: caller.permissions.iter().copied().collect(),
    };
    Ok(json(200, &view))
}

/// Ends the session of the call. Doing it twice is the same.
pub(crate) async fn sign_out(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let caller = auth::caller(at.call)?;
    let (Some(session), Ok(person)) = (&caller.session, PersonId::parse(&caller.principal)) else {
        let detail = "an API key has no session; revoke the key instead".to_owned();
        return Err(Problem::Conflict { detail });
    };
    if !end_session(at.deps, at.merchant, session, &person).await? {
        return Err(Problem::NotFound);
    }
    Ok(json(200, &serde_json::json!({ "session_id": session, "status": "ended" })))
}

fn parse(id: &str) -> Result<PersonId, Problem> {
    PersonId::parse(id).map_err(|_| Problem::NotFound)
}

/// What a refusal of a change of credentials is, outside.
pub(crate) fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Invalid(violations) => Problem::Invalid(violations),
        Refused::NotFound => Problem::NotFound,
        Refused::Conflict(detail) => Problem::Conflict { detail },
        Refused::KeyReused => Problem::IdempotencyKeyReused,
    }
}
