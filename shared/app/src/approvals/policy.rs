//! What needs a second person with a merchant: shown, and set as a whole.

use std::collections::BTreeSet;

use quita_core::approval::{ApprovalPolicy, Operation, POLICY_CHANGED, Threshold};
use quita_core::audit::Changes;
use quita_core::ids::MerchantId;
use quita_core::merchant::Merchant;
use quita_core::violation::Violation;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde::Serialize;
use serde_json::json;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::payment_drafts::parse_positive;
use crate::settings::Refused;

/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
const DONE: u16 = 200;

/// A policy as typed.
#[derive(Debug, Clone)]
pub struct PolicyDraft {
    pub rules: Vec<RuleDraft>,
}

/// A rule as typed.
#[derive(Debug, Clone)]
pub struct RuleDraft {
    pub operation: String,
    pub from_amount: Option<String>,
}

/// The policy, outside: what a merchant chose, and what needs a second person in any case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyView {
    rules: Vec<RuleView>,
    always: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct RuleView {
    operation: &'static str,
    from_amount: Option<String>,
}

impl PolicyView {
    fn of(policy: &ApprovalPolicy) -> Self {
        let rule = |(operation, threshold): (Operation, Threshold)| RuleView {
            operation: operation.as_str(),
            from_amount: threshold.from.map(|from| from.to_string()),
        };
        let always = Operation::ALL.into_iter().filter(|operation| !operation.is_chosen());
        Self {
            rules: policy.rules().map(rule).collect(),
            always: always.map(Operation::as_str).collect(),
        }
    }
}

impl PolicyDraft {
    fn parse(&self) -> Result<ApprovalPolicy, Vec<Violation>> {
        let mut faults = Vec::new();
        let (mut rules, mut seen) = (Vec::new(), BTreeSet::new());
        let choices: Vec<Operation> =
            Operation::ALL.into_iter().filter(|operation| operation.is_chosen()).collect();
        for (nth, rule) in self.rules.iter().enumerate() {
            let at = |name: &str| format!("rules[{nth}].{name}");
            let operation = choices.iter().copied().find(|it| it.as_str() == rule.operation);
            match operation {
                None => {
                    let names: Vec<&str> = choices.iter().map(|it| it.as_str()).collect();
                    let reason = format!("use one of: {}", names.join(", "));
                    faults.push(Violation::new(at("operation"), reason));
                }
                Some(operation) if !seen.insert(operation) => {
                    faults.push(Violation::new(at("operation"), "give each operation once"));
                }
                Some(_) => {}
            }
            let raw = rule.from_amount.as_deref();
            let from = raw.and_then(|raw| parse_positive(&at("from_amount"), raw, &mut faults));
            rules.extend(operation.map(|operation| (operation, Threshold { from })));
        }
        if faults.is_empty() { Ok(ApprovalPolicy::of(rules)) } else { Err(faults) }
    }
}

/// What needs a second person.
pub async fn show_policy(deps: &Deps, merchant: &MerchantId) -> Result<PolicyView, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    Ok(PolicyView::of(&known(found.take_merchant())?.approvals))
}

/// Sets what needs a second person, as a whole. What waits already goes on waiting.
pub async fn change_policy(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &PolicyDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let policy = match draft.parse() {
        Ok(policy) => policy,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let view = PolicyView::of(&policy);
    let body =
        serde_json::to_string(&view).map_err(|error| Unknown::new("writing the answer", error))?;
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &[ItemRef::Merchant, record.clone()]).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let before = known(found.take_merchant())?;
        let now = deps.clock.now();
        let mut commit = Commit::new(merchant);
        if before.approvals != policy {
            let version = before.version;
            let row = EventRow {
                aggregate: Aggregate::Merchant,
                seq: version + 1,
                at: now,
                actor: request.actor.clone(),
                name: POLICY_CHANGED.to_owned(),
                data: json!({ "before": PolicyView::of(&before.approvals).rules, "after": view.rules }),
                postings: Vec::new(),
                changes: Changes::default(),
            };
            let after = Merchant { approvals: policy.clone(), version: version + 1, ..before };
            commit = commit.merchant(&after, Expected::Version(version)).event(&row);
        }
        let answer = (DONE, body.clone());
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("changing what needs a second person", "others kept writing first"))
}

fn known(merchant: Option<Merchant>) -> Result<Merchant, Unknown> {
    merchant.ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))
}
