//! Publishes a version of a merchant's rule, or says what is wrong with it; and chooses the rule of
//! new invoices.
//!
//! Invoices keep the version they were issued under. What follows a rule, the merchant's own choice
//! and its segments, has the new version in the same transaction.

use quita_core::chase::{
    Rule, RuleDraft, RuleHead, RuleName, RuleRef, RuleVersion, Serves, VERSIONS_MAX,
};
use quita_core::ids::MerchantId;
use quita_core::merchant::{Issuing, Merchant};
use quita_core::message::Channel;
use quita_core::template::Templates;
use quita_core::violation::Violation;
use quita_notify::MessageKind;
use quita_table::keys::{List, RecordKey};
use quita_table::store::{Found, ItemRef};
use quita_table::{Commit, Expected};
use serde::Serialize;
use serde_json::json;

use super::change::{Change, RefView, body, known, parse_name, write};
use super::list::RuleView;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{Answer, Request};
use crate::settings;

pub use super::change::Refused;

/// Names of the events.
pub const PUBLISHED: &str = "rule.published";
/// Most rules of a merchant.
pub const RULES_MAX: usize = 50;
const LABEL_CHARS_MAX: usize = 80;
const NOTE_CHARS_MAX: usize = 300;
const OK: u16 = 200;
const MADE: u16 = 201;

/// A version as typed.
#[derive(Debug, Clone)]
pub struct PublishDraft {
    pub label: String,
    /// Why.
    pub note: String,
    /// The version that was edited; 0 for a new rule.
    pub expected_version: u32,
    pub rule: RuleDraft,
}

/// What a check found.
#[derive(Serialize)]
pub struct CheckView {
    valid: bool,
    violations: Vec<Violation>,
}

/// What is wrong with a rule; nothing is written.
pub async fn check_rule(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &RuleDraft,
) -> Result<CheckView, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Record(RecordKey::Templates)]).await?;
    let violations = draft.check(&serving(&templates(merchant, &mut found)?)).err();
    let violations: Vec<Violation> =
        violations.unwrap_or_default().into_iter().map(|fault| fault.under("rule")).collect();
    Ok(CheckView { valid: violations.is_empty(), violations })
}

/// Publishes a version; the first one makes the rule.
pub async fn publish_rule(
    deps: &Deps,
    merchant: &MerchantId,
    name: &str,
    draft: &PublishDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let Some(name) = parse_name(name) else {
        let why = RuleName::parse(name).err().map(|why| why.to_string()).unwrap_or_default();
        return Ok(Err(Refused::of("rule_name", why)));
    };
    if draft.expected_version == 0 {
        let page = deps.store.records::<RuleHead>(merchant, List::Rules, RULES_MAX, None).await?;
        let is_new = page.items.iter().all(|head| head.name != name);
        if is_new && page.items.len() >= RULES_MAX {
            let why = format!("a merchant has at most {RULES_MAX} rules; change one that is there");
            return Ok(Err(Refused::Conflict(why)));
        }
    }
    let head = RecordKey::RuleHead(name.clone());
    let beside = [ItemRef::Record(head), ItemRef::Record(RecordKey::Templates)];
    write(deps, merchant, request, &beside, |before, found, now| {
        let known: Option<RuleHead> = found.take_record(&RecordKey::RuleHead(name.clone()))?;
        let latest = known.as_ref().map_or(0, |head| head.version);
        let rule = match checked(merchant, draft, latest, found)? {
            Ok(rule) => rule,
            Err(refused) => return Ok(Err(refused)),
        };
        let (label, note) = (draft.label.trim().to_owned(), draft.note.trim().to_owned());
        let published = RuleRef { name: name.clone(), version: latest + 1 };
        let data = json!({
            "rule": name, "rule_version": published.version, "label": label, "note": note,
        });
        let version = RuleVersion {
            merchant: merchant.clone(),
            name: name.clone(),
            version: published.version,
            rule,
            published_at: now,
            by: request.actor.clone(),
            note,
        };
        let head = RuleHead {
            merchant: merchant.clone(),
            name: name.clone(),
            version: published.version,
            label,
            published_at: now,
        };
        let expected = known.map_or(Expected::New, |head| Expected::Version(head.version.into()));
        Ok(Ok(Change {
            commit: Commit::new(merchant).record(&version, Expected::New).record(&head, expected),
            after: before.clone().following(&published),
            name: PUBLISHED,
            data,
            status: if latest == 0 { MADE } else { OK },
            body: body(&RuleView::of(&head, &version))?,
            is_told: true,
        }))
    })
    .await
}

/// The rule of a version that comes after `latest`.
fn checked(
    merchant: &MerchantId,
    draft: &PublishDraft,
    latest: u32,
    found: &mut Found,
) -> Result<Result<Rule, Refused>, Unknown> {
    if latest != draft.expected_version {
        return Ok(Err(Refused::Conflict(stale(latest))));
    }
    if latest >= VERSIONS_MAX {
        let why = format!("a rule has at most {VERSIONS_MAX} versions; go on under another name");
        return Ok(Err(Refused::Conflict(why)));
    }
    let mut faults = Vec::new();
    line("label", draft.label.trim(), LABEL_CHARS_MAX, &mut faults);
    line("note", draft.note.trim(), NOTE_CHARS_MAX, &mut faults);
    let rule = draft.rule.check(&serving(&templates(merchant, found)?));
    let of_rule = rule.as_ref().err().cloned().unwrap_or_default();
    faults.extend(of_rule.into_iter().map(|fault| fault.under("rule")));
    match rule {
        Ok(rule) if faults.is_empty() => Ok(Ok(rule)),
        _ => Ok(Err(Refused::Invalid(faults))),
    }
}

fn stale(latest: u32) -> String {
    match latest {
        0 => "there is no such rule yet; publish its first version with expected_version 0"
            .to_owned(),
        latest => format!(
            "version {latest} is the latest; look at it, and publish with expected_version {latest}"
        ),
    }
}

fn line(property: &str, typed: &str, chars_max: usize, faults: &mut Vec<Violation>) {
    let chars = typed.chars().count();
    if chars == 0 || chars > chars_max || typed.chars().any(char::is_control) {
        let reason = format!("use 1 to {chars_max} characters, in one line");
        faults.push(Violation::new(property, reason));
    }
}

/// The merchant's own wordings, as they were read.
fn templates(merchant: &MerchantId, found: &mut Found) -> Result<Templates, Unknown> {
    let found = found.take_record(&RecordKey::Templates)?;
    Ok(found.unwrap_or_else(|| Templates::none(merchant.clone())))
}

/// Which messages a step may name.
fn serving(templates: &Templates) -> impl Fn(&str, Channel) -> Option<Serves> + '_ {
    move |name, channel| match MessageKind::parse(name) {
        Some(kind) => serves(kind),
        None => templates.has(name, channel).then_some(Serves::Either),
    }
}

fn serves(kind: MessageKind) -> Option<Serves> {
    match kind {
        MessageKind::ChargeIssued => Some(Serves::Either),
        MessageKind::DueInFiveDays | MessageKind::DueToday | MessageKind::ReminderFriendly => {
            Some(Serves::Preventive)
        }
        MessageKind::OneDayLate
        | MessageKind::ThreeDaysLate
        | MessageKind::SevenDaysLate
        | MessageKind::FifteenDaysLate
        | MessageKind::ReminderFirm
        | MessageKind::Demand => Some(Serves::Reactive),
        // It answers to a payment, and no step does.
        MessageKind::Receipt => None,
    }
}

/// The rule of new invoices.
#[derive(Serialize)]
struct DefaultView {
    #[serde(flatten)]
    chosen: RefView,
    /// As it would be typed.
    definition: RuleDraft,
}

/// The rule of new invoices, as JSON.
pub async fn show_default_rule(deps: &Deps, merchant: &MerchantId) -> Result<String, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    let issuing = known(found.take_merchant())?.issuing;
    let definition = RuleDraft::of(&*deps.rule(merchant, &issuing).await?);
    let chosen = RefView::of(issuing.rule.as_ref(), issuing.rule_version);
    body(&DefaultView { chosen, definition })
}

/// Chooses the rule of new invoices, in its latest version and those that follow; `None` is the one
/// every merchant starts with.
pub async fn choose_default_rule(
    deps: &Deps,
    merchant: &MerchantId,
    rule: Option<&str>,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let name = rule.and_then(parse_name);
    let unknown = || Refused::of("rule", "use the name of a rule of yours, or null");
    if rule.is_some() && name.is_none() {
        return Ok(Err(unknown()));
    }
    let key = name.clone().map(RecordKey::RuleHead);
    let beside: Vec<ItemRef> = key.iter().cloned().map(ItemRef::Record).collect();
    write(deps, merchant, request, &beside, |before, found, _| {
        let head: Option<RuleHead> = match &key {
            Some(key) => found.take_record(key)?,
            None => None,
        };
        let (rule, version) = match (&name, head) {
            (None, _) => (None, Issuing::default().rule_version),
            (Some(_), None) => return Ok(Err(unknown())),
            (Some(name), Some(head)) => (Some(name.clone()), head.version),
        };
        let told = body(&RefView::of(rule.as_ref(), version))?;
        let issuing = Issuing { rule, rule_version: version, ..before.issuing.clone() };
        Ok(Ok(Change {
            commit: Commit::new(merchant),
            after: Merchant { issuing, ..before.clone() },
            name: settings::CHANGED,
            data: json!({ "fields": ["rule", "rule_version"] }),
            status: OK,
            body: told,
            is_told: false,
        }))
    })
    .await
}
