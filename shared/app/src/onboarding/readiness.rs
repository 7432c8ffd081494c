//! Seven questions whose answers say whether a merchant can live on this: can it charge, does the
//! bank reach it, was it tried, can it write, is the rule on, are the people in, do the books close.
//!
//! Each is answered from what is stored, so asking costs three reads and nothing outside.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::access::{Permission, Person, Role};
use quita_core::chase::{Phase, Rule, Step, When};
use quita_core::ids::MerchantId;
use quita_core::merchant::{Lack, Merchant};
use quita_core::reconciliation::{CallbackState, Reconciliation};
use quita_table::keys::List;
use quita_table::store::ItemRef;
use serde::Serialize;

use super::{known, what_to_do};
use crate::deps::Deps;
use crate::error::Unknown;

/// How old the last finished comparison with the bank may be.
const RECONCILED_WITHIN: TimeDelta = TimeDelta::days(1);
/// People looked at; a merchant with more has the roles it needs among them or is told so.
const PEOPLE_LOOKED_AT: usize = 100;
/// People who can look after money, so that one may be away.
const HANDS_MIN: usize = 2;

/// The answers.
#[derive(Debug, Serialize)]
pub struct ReadinessView {
    ready: bool,
    questions: Vec<Answered>,
}

/// One question.
#[derive(Debug, Serialize)]
pub struct Answered {
    id: &'static str,
    question: &'static str,
    /// `pass` or `fail`.
    status: &'static str,
    detail: String,
    /// What to do where it fails.
    what_to_do: Option<String>,
    /// The route that mends it.
    link: &'static str,
}

/// What the questions are answered from.
pub(super) struct Facts {
    pub(super) merchant: Merchant,
    pub(super) reconciliation: Option<Reconciliation>,
    pub(super) people: Vec<Person>,
    /// The rule that new invoices get; `None` when it is not there.
    pub(super) rule: Option<Arc<Rule>>,
    pub(super) now: DateTime<Utc>,
}

pub async fn show_readiness(deps: &Deps, merchant: &MerchantId) -> Result<ReadinessView, Unknown> {
    let facts = facts(deps, merchant).await?;
    let questions = questions(&facts);
    Ok(ReadinessView { ready: questions.iter().all(Answered::passes), questions })
}

pub(super) async fn facts(deps: &Deps, merchant: &MerchantId) -> Result<Facts, Unknown> {
    let refs = [ItemRef::Merchant, ItemRef::Reconciliation];
    let mut found = deps.store.read(merchant, &refs).await?;
    let people = deps.store.records::<Person>(merchant, List::People, PEOPLE_LOOKED_AT, None);
    let people = people.await?.items;
    let known = known(found.take_merchant())?;
    Ok(Facts {
        rule: deps.rule(merchant, &known.issuing).await.ok(),
        merchant: known,
        reconciliation: found.take_reconciliation(),
        people: people.into_iter().filter(|person| person.removed_at.is_none()).collect(),
        now: deps.clock.now(),
    })
}

impl Answered {
    pub(super) fn passes(&self) -> bool {
        self.status == "pass"
    }
}

/// A question's text and the answer's two halves.
struct Question {
    id: &'static str,
    question: &'static str,
    link: &'static str,
}

impl Question {
    fn pass(self, detail: impl Into<String>) -> Answered {
        let Self { id, question, link } = self;
        Answered { id, question, status: "pass", detail: detail.into(), what_to_do: None, link }
    }

    fn fail(self, detail: impl Into<String>, what_to_do: impl Into<String>) -> Answered {
        let Self { id, question, link } = self;
        let what_to_do = Some(what_to_do.into());
        Answered { id, question, status: "fail", detail: detail.into(), what_to_do, link }
    }
}

pub(super) fn questions(facts: &Facts) -> Vec<Answered> {
    vec![
        charges(facts),
        callbacks(facts),
        tried(facts),
        writes(facts),
        chases(facts),
        people(facts),
        books(facts),
    ]
}

fn charges(facts: &Facts) -> Answered {
    let question = Question {
        id: "can_charge",
        question: "Can charges be made at the bank?",
        link: "PUT /v1/bank_connection",
    };
    let merchant = &facts.merchant;
    match (&merchant.pix_key, &merchant.setup.bank) {
        (Some(_), Some(bank)) if ended(facts) => {
            let days = bank.certificate_days_left(facts.now).unwrap_or_default();
            question.fail(
                format!("the certificate at {} ended {} days ago", bank.bank, -days),
                "send a new certificate with PUT /v1/bank_connection",
            )
        }
        (Some(_), Some(bank)) => {
            let place = if bank.sandbox { "its sandbox" } else { "real money" };
            question.pass(format!("{} answered a test call, for {place}", bank.bank))
        }
        (Some(_), None) => question.fail(
            "the bank was connected before connections were tried out",
            "connect it with PUT /v1/bank_connection, so that it is",
        ),
        (None, _) => question.fail(Lack::Bank.to_string(), what_to_do(Lack::Bank)),
    }
}

fn ended(facts: &Facts) -> bool {
    let bank = facts.merchant.setup.bank.as_ref();
    bank.and_then(|bank| bank.certificate_expires_at).is_some_and(|end| end <= facts.now)
}

fn callbacks(facts: &Facts) -> Answered {
    let question = Question {
        id: "bank_reaches_us",
        question: "Does the bank tell us of payments by itself?",
        link: "POST /v1/bank_connection/callback",
    };
    let again = "register it with POST /v1/bank_connection/callback";
    let seen = facts.reconciliation.as_ref().and_then(|known| known.callback.as_ref());
    match (facts.merchant.setup.callback_at, seen) {
        (None, _) => question.fail("the callback is not registered", again),
        (Some(at), Some(seen)) if seen.at >= at => match &seen.state {
            CallbackState::Unclear { reason } => {
                question.fail(format!("the bank did not confirm the callback: {reason}"), again)
            }
            CallbackState::Ours | CallbackState::Repaired { .. } => {
                question.pass("the bank was asked and calls back here")
            }
        },
        (Some(_), _) => question.pass("the bank took the callback's address"),
    }
}

fn tried(facts: &Facts) -> Answered {
    let question = Question {
        id: "charge_tried",
        question: "Was a charge tried out?",
        link: "POST /v1/bank_connection/test_charge",
    };
    match &facts.merchant.setup.test_charge {
        Some(charge) => {
            let end = if charge.removed_at.is_some() { ", and removed" } else { "" };
            question.pass(format!("a test charge was made and its code read{end}"))
        }
        None => question.fail(
            "no test charge was made on this connection",
            "make one with POST /v1/bank_connection/test_charge",
        ),
    }
}

fn writes(facts: &Facts) -> Answered {
    let question = Question {
        id: "can_write",
        question: "Do messages come from the merchant's own, verified domain?",
        link: "PUT /v1/sender_domain",
    };
    let merchant = &facts.merchant;
    let of_sender = |lack: &Lack| *lack != Lack::Bank;
    match (merchant.lacks().into_iter().find(of_sender), &merchant.setup.sender) {
        (Some(lack), _) => question.fail(lack.to_string(), what_to_do(lack)),
        (None, Some(sender)) => question.pass(format!("{} is verified", sender.domain)),
        (None, None) => question.fail(
            "the sender was set before domains were verified",
            "set it with PUT /v1/sender_domain, so that its domain is",
        ),
    }
}

fn chases(facts: &Facts) -> Answered {
    let question = Question {
        id: "rule_on",
        question: "Are payers reminded before and after the due date?",
        link: "GET /v1/merchant",
    };
    let version = facts.merchant.issuing.rule_version;
    let Some(rule) = &facts.rule else {
        let detail = format!("rule version {version} is not known here");
        return question.fail(detail, "ask the operator to update the installation");
    };
    let sent = |phase: Phase| {
        let reminds = |step: &&Step| step.is_message() && step.when != When::OnIssue;
        let steps = rule.steps.iter().filter(reminds);
        steps.filter(|step| step.when.phase() == phase).count()
    };
    let (before, after) = (sent(Phase::Preventive), sent(Phase::Reactive));
    if before == 0 || after == 0 {
        let advice = "publish a rule with both with PUT /v1/rules/{name}";
        return question.fail("the rule misses one of the two sides", advice);
    }
    question.pass(format!(
        "by rule version {version}, messages up to the due date: {before}, after it: {after}"
    ))
}

fn people(facts: &Facts) -> Answered {
    let question =
        Question { id: "people_in", question: "Are the right people in?", link: "POST /v1/people" };
    let with = |permission: Permission| {
        facts.people.iter().filter(|it| it.role.permissions().contains(&permission)).count()
    };
    let (admins, hands) = (with(Permission::Administer), with(Permission::MoveMoney));
    let add = |role: Role| format!("add somebody as `{}` with POST /v1/people", role.as_str());
    if admins == 0 {
        return question.fail("nobody administers keys and people", add(Role::Admin));
    }
    if hands < HANDS_MIN {
        let detail = "one person alone can look after money; nobody stands in";
        return question.fail(detail, add(Role::Finance));
    }
    question.pass(format!("{admins} may administer, {hands} may look after money"))
}

fn books(facts: &Facts) -> Answered {
    let question = Question {
        id: "books_close",
        question: "Do the books close with the bank's, and will they go on to?",
        link: "GET /v1/reconciliation",
    };
    let bank = facts.merchant.setup.bank.as_ref();
    if let Some(bank) = bank.filter(|bank| bank.certificate_ends_soon(facts.now)) {
        let days = bank.certificate_days_left(facts.now).unwrap_or_default();
        return question.fail(
            format!("the bank's certificate has {days} days left"),
            "ask the bank for a new one now and send it with PUT /v1/bank_connection",
        );
    }
    let Some(known) = &facts.reconciliation else {
        let begin = "it begins with POST /v1/bank_connection/callback";
        return question.fail("the payments are not compared with the bank's", begin);
    };
    if let Some(failing) = &known.failing {
        let detail = format!("comparing with the bank fails: {}", failing.reason);
        return question.fail(detail, "see GET /v1/reconciliation; it is tried again by itself");
    }
    match &known.last {
        Some(report) if facts.now - report.finished_at <= RECONCILED_WITHIN => {
            question.pass("the payments were compared with the bank's within a day")
        }
        _ => question.fail(
            "no comparison with the bank was finished within a day",
            "wait for the next one, some minutes after the callback was registered",
        ),
    }
}

#[cfg(test)]
mod tests;
