//! The JSON of a task.

use chrono::NaiveDate;
use quita_core::task::{Task, TaskState};
use serde::Serialize;

use crate::bus::instant;

/// A task.
#[derive(Serialize)]
pub struct TaskView {
    id: String,
    kind: &'static str,
    status: &'static str,
    about: String,
    customer_id: String,
    invoice_id: String,
    step: Option<String>,
    owner: Option<String>,
    due: NaiveDate,
    opened_at: String,
    closed_at: Option<String>,
    /// Who did it.
    done_by: Option<String>,
    outcome: Option<String>,
    note: Option<String>,
}

impl TaskView {
    pub fn of(task: &Task) -> Self {
        let (closed_at, done) = match &task.state {
            TaskState::Open => (None, None),
            TaskState::Cleared { at } => (Some(*at), None),
            TaskState::Done { at, by, outcome, note } => (Some(*at), Some((by, outcome, note))),
        };
        Self {
            id: task.id.to_string(),
            kind: task.kind.as_str(),
            status: task.status(),
            about: task.about.clone(),
            customer_id: task.customer.to_string(),
            invoice_id: task.invoice.to_string(),
            step: task.step.clone(),
            owner: task.owner.as_ref().map(|owner| owner.as_str().to_owned()),
            due: task.due,
            opened_at: instant(task.opened_at),
            closed_at: closed_at.map(instant),
            done_by: done.map(|(by, ..)| by.clone()),
            outcome: done.map(|(_, outcome, _)| outcome.clone()),
            note: done.map(|(.., note)| note.clone()).filter(|note| !note.is_empty()),
        }
    }
}
