//! What a person decides about an invoice, as typed, and its parsing with every violation at once.

use chrono::NaiveDate;
use quita_core::hidden::Hidden;
use quita_core::ids::PersonId;
use quita_core::invoice::{DisputeOutcome, EscalatedTo, Handle, MENTIONS_MAX, NOTE_CHARS_MAX};
use quita_core::money::Money;
use quita_core::terms_draft::{parse_date, parse_money};
use quita_core::violation::Violation;

use crate::payment_drafts::parse_line;
use crate::tasks::{parse_owner, parse_text};

/// A decision as typed.
#[derive(Debug, Clone)]
pub enum HandleDraft {
    Promise { amount: String, day: String, by: String },
    WithdrawPromise { reason: String },
    Dispute { reason: String },
    CloseDispute { outcome: String, reason: String },
    Pause { reason: String, until: Option<String> },
    Resume,
    Exclude { reason: String },
    Include,
    Flag { instalment: Option<u16>, reason: String },
    ClearFlag,
    AssignOwner { owner: Option<String> },
    Note { text: String, mentions: Vec<String> },
    Escalate { to: String, reason: String },
    ReverseEscalation { reason: String },
    SendNow { instalment: Option<u16>, step: Option<String> },
}

/// A decision as read.
#[derive(Debug, Clone)]
pub(crate) enum Parsed {
    /// It needs no more than the invoice.
    Plain(Handle),
    /// When it is looked at is the rule's.
    Promise { amount: Money, day: NaiveDate, by: Hidden },
    /// The reason is what the task says.
    Flag { instalment: Option<u16>, reason: String },
    /// Which step it is depends on the rule and the customer.
    SendNow { instalment: Option<u16>, step: Option<String> },
}

impl Parsed {
    /// People that are mentioned.
    pub(crate) fn mentions(&self) -> &[PersonId] {
        match self {
            Self::Plain(Handle::Note { mentions, .. }) => mentions,
            _ => &[],
        }
    }

    /// What a task that follows is about.
    pub(crate) fn about(&self) -> Option<&str> {
        match self {
            Self::Flag { reason, .. } | Self::Plain(Handle::Dispute { reason }) => Some(reason),
            _ => None,
        }
    }

    /// The property that names a day.
    pub(crate) fn day(&self) -> &'static str {
        match self {
            Self::Plain(Handle::Pause { .. }) => "until",
            _ => "day",
        }
    }
}

impl HandleDraft {
    /// # Errors
    /// Every violation at once.
    pub(crate) fn parse(&self) -> Result<Parsed, Vec<Violation>> {
        let mut faults = Vec::new();
        let parsed = self.read(&mut faults);
        parsed.filter(|_| faults.is_empty()).ok_or(faults)
    }

    /// Whether it can be read: what cannot waits for no second person.
    pub fn is_readable(&self) -> bool {
        self.parse().is_ok()
    }

    fn read(&self, faults: &mut Vec<Violation>) -> Option<Parsed> {
        let handle = match self {
            Self::Promise { amount, day, by } => {
                let amount = parse_money("amount", amount, faults);
                let day = parse_date("day", day, faults);
                let by = parse_line("by", by, faults);
                return Some(Parsed::Promise { amount: amount?, day: day?, by: by?.into() });
            }
            Self::Flag { instalment, reason } => {
                let reason = parse_line("reason", reason, faults)?;
                return Some(Parsed::Flag { instalment: *instalment, reason });
            }
            Self::SendNow { instalment, step } => {
                return Some(Parsed::SendNow { instalment: *instalment, step: step.clone() });
            }
            Self::Resume => Handle::Resume,
            Self::Include => Handle::Include,
            Self::ClearFlag => Handle::ClearFlag,
            Self::AssignOwner { owner } => {
                let owner = owner.as_ref().map(|raw| parse_owner(raw, faults));
                Handle::AssignOwner { owner: owner.flatten() }
            }
            Self::Note { text, mentions } => {
                let text = parse_text("text", text, NOTE_CHARS_MAX, faults);
                let mentions = parse_mentions(mentions, faults);
                Handle::Note { text: text?, mentions }
            }
            Self::CloseDispute { outcome, reason } => {
                let outcome = parse_outcome(outcome, faults);
                let reason = parse_line("reason", reason, faults);
                Handle::CloseDispute { outcome: outcome?, reason: reason? }
            }
            Self::Pause { reason, until } => {
                let until = until.as_ref().and_then(|raw| parse_date("until", raw, faults));
                Handle::Pause { reason: parse_line("reason", reason, faults)?, until }
            }
            Self::Escalate { to, reason } => {
                let known = EscalatedTo::parse(to);
                if known.is_none() {
                    faults.push(Violation::new("to", "use one of: agency, legal"));
                }
                let reason = parse_line("reason", reason, faults);
                Handle::Escalate { to: known?, reason: reason? }
            }
            Self::WithdrawPromise { reason } => {
                Handle::WithdrawPromise { reason: parse_line("reason", reason, faults)? }
            }
            Self::Dispute { reason } => {
                Handle::Dispute { reason: parse_line("reason", reason, faults)? }
            }
            Self::Exclude { reason } => {
                Handle::Exclude { reason: parse_line("reason", reason, faults)? }
            }
            Self::ReverseEscalation { reason } => {
                Handle::ReverseEscalation { reason: parse_line("reason", reason, faults)? }
            }
        };
        Some(Parsed::Plain(handle))
    }
}

fn parse_outcome(raw: &str, faults: &mut Vec<Violation>) -> Option<DisputeOutcome> {
    let known = DisputeOutcome::parse(raw);
    if known.is_none() {
        let names = DisputeOutcome::CHOICES.map(DisputeOutcome::as_str).join(", ");
        faults.push(Violation::new("outcome", format!("use one of: {names}")));
    }
    known
}

fn parse_mentions(raw: &[String], faults: &mut Vec<Violation>) -> Vec<PersonId> {
    if raw.len() > MENTIONS_MAX {
        faults.push(Violation::new("mentions", format!("name at most {MENTIONS_MAX} people")));
        return Vec::new();
    }
    let hint = "use the id of a person of yours, once";
    let mut people: Vec<PersonId> = Vec::new();
    for (nth, id) in raw.iter().enumerate() {
        match PersonId::parse(id) {
            Ok(id) if !people.contains(&id) => people.push(id),
            _ => faults.push(Violation::new(format!("mentions[{nth}]"), hint)),
        }
    }
    people
}
