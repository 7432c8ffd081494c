//! Who may do what: permissions, the roles people have, and the credentials that carry them.
//!
//! Owns what a key, a person and a session hold and when each is in force. Does not own how a
//! token is made or checked (`app`), nor which route needs which permission (the functions).
//!
//! Invariant: a credential carries the permissions it was given and never more than whoever made it
//! had.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::contact::Email;
use crate::ids::{ApiKeyId, MerchantId, PersonId, SessionId};

/// Longest name of a key or a person, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// Age at which a credential's last use is written down again.
pub const LAST_USE_STEP: TimeDelta = TimeDelta::hours(1);

/// The operator of the installation, as an actor: whoever sets merchants up.
pub const OPERATOR: &str = "operator";

/// Whether an actor of a history is a caller of the API, and not a function of ours or the bank.
pub fn is_caller(actor: &str) -> bool {
    ApiKeyId::parse(actor).is_ok() || PersonId::parse(actor).is_ok() || actor == OPERATOR
}

/// One thing a caller may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Look at customers, invoices, payments, lists and reports.
    Read,
    /// Create customers and invoices, ask for charges and links.
    Issue,
    /// Look after accounts: flags, who looks at an exception.
    Care,
    /// Change what is owed: rebates, credit notes, write-offs, due dates, cancellation.
    Adjust,
    /// Move money: record, allocate, release, refund.
    MoveMoney,
    /// Upload and import bank files.
    Import,
    /// Settings, bank connection, sender domain, webhooks.
    Configure,
    /// Keys, people and what needs a second person.
    Administer,
    /// Read the audit trail.
    Audit,
    /// Export and erase a person's data.
    Privacy,
}

impl Permission {
    pub const ALL: [Self; 10] = [
        Self::Read,
        Self::Issue,
        Self::Care,
        Self::Adjust,
        Self::MoveMoney,
        Self::Import,
        Self::Configure,
        Self::Administer,
        Self::Audit,
        Self::Privacy,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Issue => "issue",
            Self::Care => "care",
            Self::Adjust => "adjust",
            Self::MoveMoney => "move_money",
            Self::Import => "import",
            Self::Configure => "configure",
            Self::Administer => "administer",
            Self::Audit => "audit",
            Self::Privacy => "privacy",
        }
    }

    /// The permission of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a person does in the company, as a set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Invoices and money.
    Finance,
    /// Looks after customers.
    Csm,
    /// Looks on.
    Viewer,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Admin, Self::Finance, Self::Csm, Self::Viewer];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Finance => "finance",
            Self::Csm => "csm",
            Self::Viewer => "viewer",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// What the role may do.
    pub fn permissions(self) -> BTreeSet<Permission> {
        use Permission::{Adjust, Audit, Care, Import, Issue, MoveMoney, Read};
        match self {
            Self::Admin => Permission::ALL.into(),
            Self::Finance => [Read, Issue, Care, Adjust, MoveMoney, Import, Audit].into(),
            Self::Csm => [Read, Care].into(),
            Self::Viewer => [Read].into(),
        }
    }
}

/// The kinds of principals, as the context names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerKind {
    ApiKey,
    Person,
    /// Of the installation; belongs to no merchant.
    Operator,
}

impl CallerKind {
    const ALL: [Self; 3] = [Self::ApiKey, Self::Person, Self::Operator];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Person => "person",
            Self::Operator => OPERATOR,
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// A caller that was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `None` for the operator.
    pub merchant: Option<MerchantId>,
    /// `key_…`, `usr_…` or `operator`: who histories name.
    pub principal: String,
    pub kind: CallerKind,
    pub permissions: BTreeSet<Permission>,
    /// The session a person calls in.
    pub session: Option<SessionId>,
}

/// A key of the API. Its token is shown once; what is kept is a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub merchant: MerchantId,
    pub id: ApiKeyId,
    pub version: u64,
    pub name: String,
    /// SHA-256 of the token, lower-case hex.
    pub sha256: String,
    pub permissions: BTreeSet<Permission>,
    pub created_at: DateTime<Utc>,
    /// The principal that made it.
    pub created_by: String,
    /// When it ends by itself: set at creation, and brought forward when it is rotated.
    pub expires_at: Option<DateTime<Utc>>,
    /// The key that takes over from it.
    pub replaced_by: Option<ApiKeyId>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// When a key or a person was last let in, to about [`LAST_USE_STEP`]. It stands apart from both,
/// so that being used is not a change of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    pub merchant: MerchantId,
    pub of: Principal,
    pub version: u64,
    pub at: DateTime<Utc>,
}

impl LastUse {
    /// Whether it is to be written down again at `now`.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        now - self.at >= LAST_USE_STEP
    }
}

/// Who acts for a merchant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    ApiKey(ApiKeyId),
    Person(PersonId),
}

/// Why a genuine credential is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Lapsed {
    #[error("the credential has expired")]
    Expired,
    #[error("the credential was revoked")]
    Revoked,
    #[error("the person has no access any more")]
    PersonGone,
}

impl Lapsed {
    pub const ALL: [Self; 3] = [Self::Expired, Self::Revoked, Self::PersonGone];

    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::PersonGone => "person_gone",
        }
    }

    /// The reason of that code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

impl ApiKey {
    /// Whether it opens anything at `now`.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Lapsed> {
        in_force(self.expires_at, self.revoked_at, now)
    }
}

/// A person who works for a merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub merchant: MerchantId,
    pub id: PersonId,
    pub version: u64,
    pub name: String,
    pub email: Email,
    pub role: Role,
    pub created_at: DateTime<Utc>,
    /// Since when the person has no access any more. Every session ends with it.
    pub removed_at: Option<DateTime<Utc>>,
}

/// A person's session, begun by a one-time link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub merchant: MerchantId,
    pub id: SessionId,
    pub version: u64,
    pub person: PersonId,
    /// SHA-256 of the token, lower-case hex.
    pub sha256: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Session {
    /// Whether it lets `person`, as they are at `now`, in.
    pub fn check(&self, person: &Person, now: DateTime<Utc>) -> Result<(), Lapsed> {
        if person.removed_at.is_some() || person.id != self.person {
            return Err(Lapsed::PersonGone);
        }
        in_force(Some(self.expires_at), self.revoked_at, now)
    }
}

fn in_force(
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Lapsed> {
    if revoked_at.is_some_and(|at| at <= now) {
        return Err(Lapsed::Revoked);
    }
    if expires_at.is_some_and(|at| at <= now) { Err(Lapsed::Expired) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
