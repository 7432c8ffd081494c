//! A payer's own word on when it pays: when it is taken as a promise, and when a person decides.
//!
//! Owns that line. Does not own what a promise does ([`super::handling`]) nor what one may say at
//! all ([`super::handle`]). Invariant: whoever holds the page's link puts the chase off once: by
//! [`PAYER_PROMISE_DAYS_MAX`] days at most, and again only after what was promised has come.

use chrono::{DateTime, Days, NaiveDate, Utc};
use thiserror::Error;

use super::handle::{NotHandled, owed};
use super::handling::PromiseState;
use super::{Instalment, Invoice, Refusal};
use crate::money::Money;

/// Days ahead that a payer's word is taken for without a person; a person may take
/// [`super::PROMISE_DAYS_AHEAD_MAX`].
pub const PAYER_PROMISE_DAYS_MAX: u64 = 30;
/// Days ahead that a payer may propose at most; further ones are a slip of the pen.
pub const PAYER_PROPOSAL_DAYS_MAX: u64 = 366;

/// What becomes of a payer's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayerWord {
    /// It is a promise of that amount.
    Promise { amount: Money },
    /// That day is promised already.
    Known,
    /// A person decides.
    ForAPerson(WhyAPerson),
}

/// Why a payer's word is not taken by itself; its text ends a sentence of the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WhyAPerson {
    #[error("the invoice is disputed")]
    Disputed,
    #[error("the invoice was handed on")]
    HandedOn,
    #[error("money for it is in doubt or went back")]
    OnHold,
    #[error("another day was promised before")]
    PromisedBefore,
    #[error("the promise before was broken")]
    Broken,
    #[error("the promise before was withdrawn")]
    Withdrawn,
    #[error("it is more than {PAYER_PROMISE_DAYS_MAX} days ahead")]
    TooFar,
}

impl Invoice {
    /// What becomes of a payer's word that it pays on `day`.
    ///
    /// # Errors
    /// When nothing is owed, or the day is past or further than [`PAYER_PROPOSAL_DAYS_MAX`].
    pub fn payer_word(&self, day: NaiveDate, now: DateTime<Utc>) -> Result<PayerWord, Refusal> {
        owed(self)?;
        let today = self.civil_date(now);
        let latest = today + Days::new(PAYER_PROPOSAL_DAYS_MAX);
        if day < today || day > latest {
            return Err(NotHandled::DayOutOfRange { earliest: today, latest }.into());
        }
        if self.handling.open_promise().is_some_and(|promise| promise.day == day) {
            return Ok(PayerWord::Known);
        }
        if let Some(why) = self.why_a_person(day, today) {
            return Ok(PayerWord::ForAPerson(why));
        }
        Ok(PayerWord::Promise { amount: self.due_by(day, today) })
    }

    /// What is owed today of all that falls due by `day`; of the next instalment where nothing
    /// does.
    ///
    /// The amount as of today is the least that pays it whenever it is paid until then: late
    /// charges only grow and discounts only end. So a promise of it is kept by paying early, too.
    pub fn due_by(&self, day: NaiveDate, today: NaiveDate) -> Money {
        self.falling_due(day).map(|instalment| self.outstanding_of(instalment, today)).sum()
    }

    fn falling_due(&self, day: NaiveDate) -> impl Iterator<Item = &Instalment> {
        let calendar = self.calendar();
        let first = self.instalments.iter().find(|it| !it.is_settled()).map(|it| it.number);
        self.instalments.iter().filter(move |it| {
            let due = it.terms.adjusted_due(&calendar) <= day || Some(it.number) == first;
            due && !it.is_settled()
        })
    }

    fn why_a_person(&self, day: NaiveDate, today: NaiveDate) -> Option<WhyAPerson> {
        let handling = &self.handling;
        if handling.dispute.is_some() {
            return Some(WhyAPerson::Disputed);
        }
        if handling.escalation.is_some() {
            return Some(WhyAPerson::HandedOn);
        }
        if self.falling_due(day).any(|instalment| instalment.hold().is_some()) {
            return Some(WhyAPerson::OnHold);
        }
        let before = handling.promise.as_ref().map(|promise| promise.state);
        match before {
            Some(PromiseState::Open) => return Some(WhyAPerson::PromisedBefore),
            Some(PromiseState::Broken) => return Some(WhyAPerson::Broken),
            Some(PromiseState::Withdrawn) => return Some(WhyAPerson::Withdrawn),
            Some(PromiseState::Kept) | None => {}
        }
        (day > today + Days::new(PAYER_PROMISE_DAYS_MAX)).then_some(WhyAPerson::TooFar)
    }
}
