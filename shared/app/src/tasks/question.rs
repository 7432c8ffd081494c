//! A payer's question from the page of an invoice: a task with the payer's words.
//!
//! One is open at a time; what is asked meanwhile is added to it, until it is as long as a task can
//! be. So whoever has the link cannot fill the list.

use quita_core::invoice::{Command, Handle, Invoice, decide};
use quita_core::task::{TASK_CHARS_MAX, TaskKind};
use quita_core::violation::Violation;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};

use super::manage::parse_text;
use super::{Opening, open, opening, show_task};
use crate::apply;
use crate::deps::Deps;
use crate::error::Unknown;

/// Times it is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Who the rows name.
const ACTOR: &str = "payer";

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Taken,
    /// There is more open than one can add to; somebody will answer first.
    Full,
}

/// The question as it is kept.
///
/// # Errors
/// Nothing, or more than a task holds.
pub fn parse_question(raw: &str) -> Result<String, Vec<Violation>> {
    let mut faults = Vec::new();
    parse_text("text", raw, TASK_CHARS_MAX, &mut faults).ok_or(faults)
}

/// Takes a question that [`parse_question`] read.
pub async fn ask_question(deps: &Deps, mut invoice: Invoice, text: &str) -> Result<Asked, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        let now = deps.clock.now();
        let merchant = invoice.merchant.clone();
        let commit = Commit::new(&merchant);
        let (commit, events) = match invoice.handling.open_task(TaskKind::Question).cloned() {
            Some(task) => {
                let known = show_task(deps, &merchant, &task).await?;
                let more = known.as_ref().and_then(|known| known.with_more(text));
                let Some(more) = more else { return Ok(Asked::Full) };
                let asked = decide(&invoice, Command::Handle(Handle::AddQuestion { task }), now);
                let events = asked.map_err(|refusal| Unknown::new("adding a question", refusal))?;
                (commit.record(&more, Expected::Version(more.version - 1)), events)
            }
            None => {
                let asked = Opening { about: Some(text), ..Opening::of(TaskKind::Question, None) };
                let Ok((task, event)) = opening(deps, &invoice, asked, now)? else {
                    return Ok(Asked::Full);
                };
                (open(commit, &task), vec![event])
            }
        };
        let id = invoice.id.clone();
        let rule = deps.rule_of(&invoice).await?;
        let (commit, _) = apply::apply(commit, invoice, &rule, &events, ACTOR, now);
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(Asked::Taken),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut found = deps.store.read(&merchant, &[ItemRef::Invoice(id.clone())]).await?;
        let gone = || Unknown::new("loading the invoice", "it is not there");
        invoice = found.take_invoice(&id).ok_or_else(gone)?;
    }
    Err(Unknown::new("taking a question", "others kept writing first"))
}
