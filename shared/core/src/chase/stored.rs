//! A merchant's rule as it is kept: one value a version that never changes, and which one is latest.
//!
//! Owns the identity of a version. Does not own which rule an invoice is under: that stands in the
//! invoice ([`crate::merchant::Issuing`]).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Rule, RuleName};
use crate::ids::MerchantId;

/// Most versions of a rule: what the key of a version can hold.
pub const VERSIONS_MAX: u32 = 999_999;

/// A rule in one version. It is never changed, so an invoice that names it is chased by it for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleVersion {
    pub merchant: MerchantId,
    pub name: RuleName,
    /// Counted from 1, at most [`VERSIONS_MAX`].
    pub version: u32,
    pub rule: Rule,
    pub published_at: DateTime<Utc>,
    /// The principal who did.
    pub by: String,
    /// Why, as typed.
    pub note: String,
}

/// A version of one of a merchant's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRef {
    pub name: RuleName,
    pub version: u32,
}

/// A rule of that name, and its latest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHead {
    pub merchant: MerchantId,
    pub name: RuleName,
    /// The latest version; it grows by one at each, and is the condition of the next.
    pub version: u32,
    /// What people call it.
    pub label: String,
    pub published_at: DateTime<Utc>,
}
