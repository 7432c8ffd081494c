//! Who calls: what the authorizer found out about the credential, as the gateway hands it on.
//!
//! Owns the reading of that context and the check of a permission. Does not own the credential:
//! the function `authorize` alone looks at a token.
//!
//! Invariant: a call without a context is nobody's. The gateway overwrites what a client might send
//! in its place, since the context is no header.

use std::collections::HashMap;

use quita_app::Deps;
use quita_core::access::{Lapsed, Permission};
use quita_core::ids::{MerchantId, SessionId};
use serde_json::{Value, json};

pub use quita_core::access::{Caller, CallerKind};

use crate::http::Call;
use crate::problem::Problem;

/// What the authorizer says of a genuine credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Let(Caller),
    /// It was ours and is no longer in force: the function answers why.
    Refused(Lapsed),
}

impl Verdict {
    /// The context of the authorizer's answer: flat, text only, as the gateway wants it.
    pub fn context(&self) -> Value {
        match self {
            Self::Refused(why) => json!({ "refused": why.code() }),
            Self::Let(caller) => {
                let names: Vec<&str> =
                    caller.permissions.iter().map(|permission| permission.as_str()).collect();
                json!({
                    "merchant": caller.merchant.as_ref().map_or("", |id| id.as_str()),
                    "principal": caller.principal,
                    "kind": caller.kind.as_str(),
                    "permissions": names.join(","),
                    "session": caller.session.as_ref().map_or("", |id| id.as_str()),
                })
            }
        }
    }

    /// Reads the context back; `None` when it is not one of ours.
    pub fn of_context(context: &HashMap<String, Value>) -> Option<Self> {
        let text = |name: &str| context.get(name).and_then(Value::as_str);
        if let Some(code) = text("refused") {
            return Lapsed::parse(code).map(Self::Refused);
        }
        let kind = text("kind")?;
        let kind = CallerKind::parse(kind)?;
        let merchant = match text("merchant")? {
            "" => None,
            id => Some(MerchantId::parse(id).ok()?),
        };
        if merchant.is_none() != (kind == CallerKind::Operator) {
            return None;
        }
        let names = text("permissions")?.split(',').filter(|name| !name.is_empty());
        // A permission of a newer release is left out: it opens nothing here.
        let permissions = names.filter_map(Permission::parse).collect();
        let session = match text("session") {
            None | Some("") => None,
            Some(id) => Some(SessionId::parse(id).ok()?),
        };
        let principal = text("principal")?.to_owned();
        Some(Self::Let(Caller { merchant, principal, kind, permissions, session }))
    }
}

/// The caller, whoever it is.
pub fn caller(call: &Call) -> Result<&Caller, Problem> {
    match call.verdict() {
        Some(Verdict::Let(caller)) => Ok(caller),
        Some(Verdict::Refused(why)) => Err(Problem::Lapsed(*why)),
        None => Err(Problem::Unauthorized),
    }
}

/// A call of a merchant's that was let in.
#[derive(Clone, Copy)]
pub struct At<'a> {
    pub deps: &'a Deps,
    pub merchant: &'a MerchantId,
    pub call: &'a Call,
}

/// Lets in a caller who may do what the route needs.
pub fn at<'a>(deps: &'a Deps, call: &'a Call, needed: Permission) -> Result<At<'a>, Problem> {
    Ok(At { deps, merchant: merchant(call, needed)?, call })
}

/// The merchant a caller acts for, who may do what the route needs.
pub fn merchant(call: &Call, needed: Permission) -> Result<&MerchantId, Problem> {
    let caller = caller(call)?;
    let merchant = caller.merchant.as_ref().ok_or(Problem::Forbidden(needed))?;
    if caller.permissions.contains(&needed) {
        // For the log lines of this call; without a span that has the field nothing happens.
        tracing::Span::current().record("merchant.id", merchant.as_str());
        Ok(merchant)
    } else {
        Err(Problem::Forbidden(needed))
    }
}

/// The operator of the installation.
pub fn operator(call: &Call) -> Result<&Caller, Problem> {
    let caller = caller(call)?;
    if caller.kind == CallerKind::Operator { Ok(caller) } else { Err(Problem::OperatorOnly) }
}

#[cfg(test)]
mod tests;
