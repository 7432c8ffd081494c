//! A payer's word from the page of an invoice: it will pay on a day. It becomes a promise, or a
//! question for a person where one may not be taken by itself.
//!
//! Owns the transaction and the task's words. Does not own which of both it is
//! ([`Invoice::payer_word`]) nor what a promise does to the chase. Whoever has the link cannot fill
//! anything: there is one promise, and one question that holds
//! [`quita_core::task::TASK_CHARS_MAX`] characters.

use chrono::NaiveDate;
use quita_core::hidden::Hidden;
use quita_core::invoice::{Command, Handle, Invoice, NotHandled, PayerWord, Refusal, decide};
use quita_core::terms_draft::parse_date;
use quita_core::violation::Violation;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError};

use crate::apply;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::payment_drafts::parse_line;
use crate::tasks::{self, Asked, ask_question};

/// Longest name a payer gives of itself; with the task's own words it fits a task many times.
pub const PAYER_NAME_CHARS_MAX: usize = 80;
/// Times it is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Who the rows name.
const ACTOR: &str = "payer";

/// A payer's word as read.
#[derive(Debug, Clone)]
pub struct PayerPromise {
    day: NaiveDate,
    /// Who gives it; `None` for the party of the invoice.
    by: Option<Hidden>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promised {
    /// It is promised for that day.
    Noted(NaiveDate),
    /// A person answers.
    ForAPerson,
    /// There is more open than one can add to; somebody will answer first.
    Full,
    /// Nothing is owed.
    NothingOwed,
    /// The day is past, or too far to be meant.
    DayOutOfRange,
}

impl PayerPromise {
    /// Reads what a form sent; who gives it may be left empty.
    ///
    /// # Errors
    /// Every fault at once, under `day` and `by`.
    pub fn parse(day: &str, by: &str) -> Result<Self, Vec<Violation>> {
        let mut faults = Vec::new();
        let day = parse_date("day", day, &mut faults);
        let named = !by.trim().is_empty();
        let by = named.then(|| parse_line("by", by, &mut faults)).flatten();
        if by.as_ref().is_some_and(|by| by.chars().count() > PAYER_NAME_CHARS_MAX) {
            let reason = format!("use at most {PAYER_NAME_CHARS_MAX} characters");
            faults.push(Violation::new("by", reason));
        }
        match day {
            Some(day) if faults.is_empty() => Ok(Self { day, by: by.map(Hidden::from) }),
            _ => Err(faults),
        }
    }

    /// Who gives it.
    fn by(&self, invoice: &Invoice) -> Hidden {
        self.by.clone().unwrap_or_else(|| Hidden::from(invoice.bill_to.name.as_str()))
    }

    /// What a person reads who is to decide.
    fn about(&self, invoice: &Invoice, why: &str) -> String {
        let by = self.by(invoice);
        let (by, day) = (by.as_str(), self.day);
        format!("{by} proposes to pay on {day}. It is no promise yet: {why}.")
    }
}

/// Takes a payer's word.
pub async fn promise_by_payer(
    deps: &Deps,
    mut invoice: Invoice,
    promise: &PayerPromise,
) -> Result<Promised, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        let now = deps.clock.now();
        let amount = match invoice.payer_word(promise.day, now) {
            Ok(PayerWord::Promise { amount }) => amount,
            Ok(PayerWord::Known) => return Ok(Promised::Noted(promise.day)),
            Ok(PayerWord::ForAPerson(why)) => {
                let about = promise.about(&invoice, &why.to_string());
                return for_a_person(deps, invoice, &about).await;
            }
            Err(Refusal::Handling(NotHandled::DayOutOfRange { .. })) => {
                return Ok(Promised::DayOutOfRange);
            }
            Err(_) => return Ok(Promised::NothingOwed),
        };
        let rule = deps.rule_of(&invoice).await?;
        let asked = Handle::Promise {
            amount,
            day: promise.day,
            by: promise.by(&invoice),
            grace_days: rule.promise_grace_days,
        };
        let mut events = match decide(&invoice, Command::Handle(asked), now) {
            Ok(events) => events,
            // Late charges never shrink, so this is a rule of the promise that is not known here.
            Err(refusal) => {
                let about = promise.about(&invoice, &refusal.to_string());
                return for_a_person(deps, invoice, &about).await;
            }
        };
        if events.is_empty() {
            return Ok(Promised::Noted(promise.day));
        }
        let (merchant, id) = (invoice.merchant.clone(), invoice.id.clone());
        let commit = Commit::new(&merchant);
        let commit = tasks::follow(deps, commit, &invoice, &mut events, None, now).await?;
        let (commit, _) = apply::apply(commit, invoice, &rule, &events, ACTOR, now);
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(Promised::Noted(promise.day)),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut found = deps.store.read(&merchant, &[ItemRef::Invoice(id.clone())]).await?;
        let gone = || Unknown::new("loading the invoice", "it is not there");
        invoice = found.take_invoice(&id).ok_or_else(gone)?;
    }
    Err(Unknown::new("taking a promise", "others kept writing first"))
}

async fn for_a_person(deps: &Deps, invoice: Invoice, about: &str) -> Result<Promised, Unknown> {
    Ok(match ask_question(deps, invoice, about).await? {
        Asked::Taken => Promised::ForAPerson,
        Asked::Full => Promised::Full,
    })
}
