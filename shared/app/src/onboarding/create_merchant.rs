//! Creates a merchant with its first administrator and its first key, all in one transaction.
//!
//! For the operator of the installation alone. The key's token is in the first answer and nowhere
//! else: if that is lost, the administrator signs in by mail and makes another.

use quita_core::access::Permission;
use quita_core::merchant::{Merchant, MerchantDraft};
use quita_table::store::Part;
use quita_table::{Commit, CommitError, Expected};
use serde::Serialize;
use serde_json::json;

use super::change_merchant::MerchantView;
use super::{MERCHANT_CREATED, Refused, body, row};
use crate::access::api_keys::{made, with_new_key};
use crate::access::people::{PersonDraft, added, with_new_person};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

const CREATED: u16 = 201;
/// Role of the first person.
const ADMIN: &str = "admin";
/// Name of the first key.
const FIRST_KEY: &str = "first key";

/// A merchant and its first person, as typed.
#[derive(Clone)]
pub struct CreateDraft {
    pub merchant: MerchantDraft,
    pub admin_name: String,
    pub admin_email: String,
}

#[derive(Serialize)]
struct Created<'a> {
    merchant: MerchantView<'a>,
    admin: Admin<'a>,
    api_key: Key<'a>,
}

#[derive(Serialize)]
struct Admin<'a> {
    id: &'a str,
    name: &'a str,
    email: &'a str,
}

#[derive(Serialize)]
struct Key<'a> {
    id: &'a str,
    /// In the first answer alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

pub async fn create_merchant(
    deps: &Deps,
    draft: &CreateDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let person = PersonDraft {
        name: draft.admin_name.clone(),
        email: draft.admin_email.clone(),
        role: ADMIN.to_owned(),
    };
    let (new, person) = match (draft.merchant.parse(), person.parse()) {
        (Ok(new), Ok(person)) => (new, person),
        (new, person) => {
            let person = person.err().unwrap_or_default().into_iter();
            let person = person.map(|fault| fault.under("admin"));
            return Ok(Err(Refused::Invalid(
                new.err().unwrap_or_default().into_iter().chain(person).collect(),
            )));
        }
    };
    let now = deps.clock.now();
    let merchant = Merchant::starting(new);
    let id = merchant.merchant.clone();
    let admin = added(deps, &id, person)?;
    let everything = Permission::ALL.into();
    let (key, minted) =
        made(deps, (&id, merchant.mode), FIRST_KEY, everything, None, &request.actor)?;
    let told = |token| {
        body(&Created {
            merchant: MerchantView::of(&merchant),
            admin: Admin { id: admin.id.as_str(), name: &admin.name, email: admin.email.as_str() },
            api_key: Key { id: key.id.as_str(), token },
        })
    };
    let data = json!({ "name": merchant.name, "city": merchant.city, "mode": merchant.mode });
    let history = row(None, &merchant, &request.actor, now, MERCHANT_CREATED, data);
    let commit = Commit::new(&id).merchant(&merchant, Expected::New).event(&history);
    let commit = with_new_person(commit, &admin, None, &request.actor);
    let commit = with_new_key(commit, &key, &request.actor).idempotency(&request.record(
        CREATED,
        &told(None)?,
        now,
    ));
    match deps.store.commit(commit).await {
        Ok(()) => {
            let body = told(Some(&minted.token))?;
            Ok(Ok(Answer { status: CREATED, body, replayed: false }))
        }
        Err(CommitError::Conflict(conflicts)) => Ok(match idempotency::record_in(&conflicts) {
            Some(record) => request.replay(record).map_err(|_| Refused::KeyReused),
            None if conflicts.iter().any(|it| matches!(it.part, Part::Merchant)) => {
                Err(Refused::Conflict(format!("there is a merchant `{id}`; choose another id")))
            }
            None => return Err(CommitError::Conflict(conflicts).into()),
        }),
        Err(error) => Err(error.into()),
    }
}
