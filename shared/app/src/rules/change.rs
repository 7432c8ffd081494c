//! The one way in which a merchant's rules and segments are changed: what is new, the merchant that
//! follows it, the row and the answer, in one transaction.

use chrono::{DateTime, Utc};
use quita_core::audit;
use quita_core::chase::{RuleName, RuleRef};
use quita_core::ids::MerchantId;
use quita_core::merchant::Merchant;
use quita_core::violation::Violation;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::{Found, ItemRef};
use quita_table::{Commit, Expected};
use serde::Serialize;
use serde_json::Value;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;

/// Why nothing was changed.
#[derive(Debug)]
pub enum Refused {
    /// Everything that is wrong with what was typed.
    Invalid(Vec<Violation>),
    NotFound,
    /// The state forbids it; the text says what to do.
    Conflict(String),
    KeyReused,
}

impl Refused {
    pub(super) fn of(property: &str, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(property, reason)])
    }
}

/// A change as it is to be written.
pub(super) struct Change {
    /// What is written beside the merchant.
    pub(super) commit: Commit,
    pub(super) after: Merchant,
    pub(super) name: &'static str,
    pub(super) data: Value,
    pub(super) status: u16,
    pub(super) body: String,
    /// There is a row though the merchant itself is as it was.
    pub(super) is_told: bool,
}

/// Writes what `decide` makes of the merchant and of the other items as they are by then.
pub(super) async fn write(
    deps: &Deps,
    merchant: &MerchantId,
    request: &Request,
    beside: &[ItemRef],
    decide: impl Fn(&Merchant, &mut Found, DateTime<Utc>) -> Result<Result<Change, Refused>, Unknown>,
) -> Result<Result<Answer, Refused>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let refs: Vec<ItemRef> =
        [ItemRef::Merchant, record].into_iter().chain(beside.iter().cloned()).collect();
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let now = deps.clock.now();
        let before = known(found.take_merchant())?;
        let Change { mut commit, after, name, data, status, body, is_told } =
            match decide(&before, &mut found, now)? {
                Ok(change) => change,
                Err(refused) => return Ok(Err(refused)),
            };
        if is_told || after != before {
            let after = Merchant { version: before.version + 1, ..after };
            let row = EventRow {
                aggregate: Aggregate::Merchant,
                seq: after.version,
                at: now,
                actor: request.actor.clone(),
                name: name.to_owned(),
                data,
                postings: Vec::new(),
                changes: audit::changes(Some(&before), &after),
            };
            commit = commit.merchant(&after, Expected::Version(before.version)).event(&row);
        }
        let answer = (status, body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("changing the rules", "others kept writing first"))
}

/// The merchant that is read with each of them.
pub(super) fn known(merchant: Option<Merchant>) -> Result<Merchant, Unknown> {
    merchant.ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))
}

pub(super) fn body(view: &impl Serialize) -> Result<String, Unknown> {
    serde_json::to_string(view).map_err(|error| Unknown::new("writing the answer", error))
}

/// The name of a rule in a path or a body; another text names nothing.
pub(super) fn parse_name(typed: &str) -> Option<RuleName> {
    RuleName::parse(typed).ok()
}

/// A reference as it is told outside.
#[derive(Serialize)]
pub(super) struct RefView {
    /// `null` is the rule every merchant starts with.
    rule: Option<String>,
    version: u32,
}

impl RefView {
    pub(super) fn of(rule: Option<&RuleName>, version: u32) -> Self {
        Self { rule: rule.map(|name| name.as_str().to_owned()), version }
    }

    pub(super) fn of_ref(rule: &RuleRef) -> Self {
        Self::of(Some(&rule.name), rule.version)
    }
}
