//! How long work lay before its owner did something about it.
//!
//! Owns when work comes to an owner and which deed is the first on it. Does not own which rows are
//! looked at, nor which principal is whom.
//!
//! ```text
//!   came ──────────── first deed of its owner: touched, after so long
//!     └── handed on ── it comes anew, to somebody else
//!     └── somebody else does it: done by others
//!     └── nothing: waiting, unless it is over by itself
//! ```
//!
//! Invariant: what comes to an owner ends in at most one of these, and nobody's deed counts for
//! somebody else.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::contact::Email;
use crate::ids::TaskId;

/// A row of an invoice's history, as far as it is about who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkFact {
    pub at: DateTime<Utc>,
    /// The person who caused it; `None` for a key or a function, which may be anybody.
    pub by: Option<Email>,
    pub what: Work,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A task was opened for somebody, or given to them; `None` for whoever takes it. A flag opens
    /// one.
    TaskCame { task: TaskId, owner: Option<Email> },
    /// The invoice as a whole was given to somebody.
    InvoiceCame { owner: Option<Email> },
    /// A task was done; of a call, with what came of it.
    TaskDone { task: TaskId },
    /// Somebody wrote a note or took a promise.
    Said,
}

/// What became of the work that came to one owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// How long each lay before the owner's first deed on it.
    pub after: Vec<TimeDelta>,
    /// Done by somebody else first.
    pub by_others: u32,
    /// Not touched, and still there.
    pub waiting: u32,
}

/// Work that lies with its owner. `task` is `None` for the invoice as a whole.
struct Lying {
    task: Option<TaskId>,
    owner: Email,
    since: DateTime<Utc>,
}

/// What became of the work of one invoice that came by `until`, by owner. `facts` are in the order
/// they happened; `is_there` says whether a task, or the invoice itself, is still open.
pub fn first_touches(
    facts: &[WorkFact],
    until: DateTime<Utc>,
    is_there: impl Fn(Option<&TaskId>) -> bool,
) -> BTreeMap<Email, Touched> {
    let mut touched: BTreeMap<Email, Touched> = BTreeMap::new();
    let mut lying: Vec<Lying> = Vec::new();
    for fact in facts {
        match &fact.what {
            Work::TaskCame { task, owner } => {
                come(&mut lying, Some(task), owner.as_ref(), fact.at, until);
            }
            Work::InvoiceCame { owner } => come(&mut lying, None, owner.as_ref(), fact.at, until),
            Work::TaskDone { task } => {
                let (over, left): (Vec<Lying>, Vec<Lying>) =
                    lying.into_iter().partition(|it| it.task.as_ref() == Some(task));
                lying = left;
                for work in over {
                    let entry = touched.entry(work.owner.clone()).or_default();
                    if fact.by.as_ref() == Some(&work.owner) {
                        entry.after.push(fact.at - work.since);
                    } else {
                        entry.by_others += 1;
                    }
                }
                let of_invoice = |work: &Lying| work.task.is_none();
                touch(&mut lying, &mut touched, fact, of_invoice);
            }
            Work::Said => touch(&mut lying, &mut touched, fact, |_| true),
        }
    }
    for work in lying.into_iter().filter(|work| is_there(work.task.as_ref())) {
        touched.entry(work.owner).or_default().waiting += 1;
    }
    touched
}

/// It lies with its new owner from now on; given again to who has it, nothing changes.
fn come(
    lying: &mut Vec<Lying>,
    task: Option<&TaskId>,
    owner: Option<&Email>,
    at: DateTime<Utc>,
    until: DateTime<Utc>,
) {
    let known = lying.iter().find(|work| work.task.as_ref() == task);
    if known.is_some_and(|work| Some(&work.owner) == owner) {
        return;
    }
    lying.retain(|work| work.task.as_ref() != task);
    if let Some(owner) = owner.filter(|_| at <= until) {
        lying.push(Lying { task: task.cloned(), owner: owner.clone(), since: at });
    }
}

/// The deed is the first on what lies with whoever did it.
fn touch(
    lying: &mut Vec<Lying>,
    touched: &mut BTreeMap<Email, Touched>,
    fact: &WorkFact,
    is_about: impl Fn(&Lying) -> bool,
) {
    let Some(by) = &fact.by else { return };
    lying.retain(|work| {
        let is_first = work.owner == *by && is_about(work);
        if is_first {
            touched.entry(by.clone()).or_default().after.push(fact.at - work.since);
        }
        !is_first
    });
}

#[cfg(test)]
mod tests;
