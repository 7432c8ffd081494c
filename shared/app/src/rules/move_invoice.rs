//! Moves an invoice to another rule, or to another version of its own, on purpose.
//!
//! Nothing is reset but the end of the chase ([`quita_core::chase`]): what was sent stays sent, and
//! what the new rule would have sent before is not caught up on.

use std::sync::Arc;

use quita_core::chase::{Rule, RuleName, RuleVersion};
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Command, decide};
use quita_core::merchant::Issuing;
use quita_table::Commit;
use quita_table::keys::RecordKey;
use quita_table::store::ItemRef;

use super::change::{body, parse_name};
use super::list::head_of;
use super::publish::Refused;
use crate::apply;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::views::InvoiceView;

/// Times it is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
const DONE: u16 = 200;

/// Where an invoice is moved to, as typed.
#[derive(Debug, Clone)]
pub struct MoveDraft {
    /// `None` is the rule every merchant starts with.
    pub rule: Option<String>,
    /// `None` is the latest.
    pub version: Option<u32>,
}

pub async fn move_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
    draft: &MoveDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    for _ in 0..CONFLICTS_MAX {
        let refs = [ItemRef::Invoice(invoice.clone()), record.clone()];
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let Some(state) = found.take_invoice(invoice) else {
            return Ok(Err(Refused::NotFound));
        };
        let (rule, version, to) = match target(deps, merchant, draft).await? {
            Ok(target) => target,
            Err(refused) => return Ok(Err(refused)),
        };
        let from = deps.rule_of(&state).await?;
        let ended_by = from.steps.iter().find(|step| step.ends_chase());
        let ended_by = ended_by.map(|step| step.id.clone());
        let now = deps.clock.now();
        let events = match decide(&state, Command::MoveRule { rule, version, ended_by }, now) {
            Ok(events) => events,
            Err(refusal) => return Ok(Err(Refused::Conflict(refusal.to_string()))),
        };
        let commit = Commit::new(merchant);
        let (commit, after) = match events.is_empty() {
            true => (commit, state),
            false => apply::apply(commit, state, &to, &events, &request.actor, now),
        };
        let body = body(&InvoiceView::of(&after, &to, &deps.config, now))?;
        let answer = (DONE, body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("moving an invoice to a rule", "others kept writing first"))
}

type Target = (Option<RuleName>, u32, Arc<Rule>);

/// The rule that is meant, with its version.
async fn target(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &MoveDraft,
) -> Result<Result<Target, Refused>, Unknown> {
    let shipped = Issuing::default();
    let Some(typed) = draft.rule.as_deref() else {
        if draft.version.is_some_and(|version| version != shipped.rule_version) {
            let reason = format!("use {}, or leave it out", shipped.rule_version);
            return Ok(Err(Refused::of("version", reason)));
        }
        let rule = deps.rule(merchant, &shipped).await?;
        return Ok(Ok((None, shipped.rule_version, rule)));
    };
    let head = match parse_name(typed) {
        Some(name) => head_of(deps, merchant, &name).await?,
        None => None,
    };
    let Some(head) = head else {
        return Ok(Err(Refused::of("rule", "use the name of a rule of yours, or null")));
    };
    let version = draft.version.unwrap_or(head.version);
    let key = RecordKey::Rule(head.name.clone(), version);
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    match found.take_record::<RuleVersion>(&key)? {
        Some(stored) => Ok(Ok((Some(head.name), version, Arc::new(stored.rule)))),
        None => {
            let reason = format!("use 1 to {}, or leave it out", head.version);
            Ok(Err(Refused::of("version", reason)))
        }
    }
}
