//! Tasks of a merchant's people: opened and closed in the transaction of what asks for it or ends
//! it.
//!
//! Owns the record of a task beside its invoice, which remembers the open ones. Does not own when
//! one is asked for or over ([`quita_core::invoice::Invoice::follow_ups`]).

mod manage;
mod question;
mod view;

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::contact::Email;
use quita_core::ids::{MerchantId, TaskId};
use quita_core::invoice::{
    Command, Event, Handle, Handled, Invoice, Refusal, decide, evolve, tasks_asked,
};
use quita_core::task::{Task, TaskKind, TaskState};
use quita_table::keys::RecordKey;
use quita_table::store::{ItemRef, READ_ITEMS_MAX};
use quita_table::{Commit, Expected};

use crate::deps::Deps;
use crate::error::Unknown;

pub use manage::{
    Filter, TaskDraft, assign_task, do_task, list_tasks, open_by_hand, show_task, tasks_of,
};
pub(crate) use manage::{parse_owner, parse_text};
pub use question::{Asked, ask_question, parse_question};
pub use view::TaskView;

/// A task that is to be opened.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    pub kind: TaskKind,
    /// What is to be done; `None` for the kind's own words.
    pub about: Option<&'a str>,
    /// Step of the rule that asks for it.
    pub step: Option<&'a str>,
    /// By when; `None` for today.
    pub due: Option<NaiveDate>,
    /// Who is to do it; `None` for the owner of the invoice, else of the account.
    pub owner: Option<Email>,
}

impl<'a> Opening<'a> {
    /// A task of a kind, and nothing else said.
    pub fn of(kind: TaskKind, step: Option<&'a str>) -> Self {
        Self { kind, about: None, step, due: None, owner: None }
    }
}

/// Writes a new task.
pub fn open(commit: Commit, task: &Task) -> Commit {
    commit.record(task, Expected::New)
}

/// A task for the invoice as it is, and the event that tells of it; both go into one commit.
pub fn opening(
    deps: &Deps,
    invoice: &Invoice,
    asked: Opening<'_>,
    now: DateTime<Utc>,
) -> Result<Result<(Task, Event), Refusal>, Unknown> {
    let id = TaskId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let owner = asked.owner.or_else(|| invoice.handling.owner.clone());
    let task = Task {
        merchant: invoice.merchant.clone(),
        id,
        version: 1,
        kind: asked.kind,
        about: asked.about.unwrap_or(asked.kind.words()).to_owned(),
        customer: invoice.customer.clone(),
        invoice: invoice.id.clone(),
        step: asked.step.map(str::to_owned),
        opened_at: now,
        due: asked.due.unwrap_or_else(|| invoice.civil_date(now)),
        owner: owner.or_else(|| invoice.bill_to.account_owner.clone()),
        state: TaskState::Open,
    };
    let command = Handle::OpenTask {
        task: task.id.clone(),
        kind: task.kind,
        step: task.step.clone(),
        due: task.due,
        owner: task.owner.clone(),
    };
    let events = decide(invoice, Command::Handle(command), now);
    Ok(events.and_then(|mut events| {
        let opened = events.pop().ok_or(Refusal::Canceled)?;
        Ok((task, opened))
    }))
}

/// Opens a task after `events`, which it is added to. Where one of that kind is open for the same
/// step, or the invoice has as many as it can, there is none more, and nothing else fails over it.
pub(crate) fn add(
    deps: &Deps,
    commit: Commit,
    invoice: &Invoice,
    events: &mut Vec<Event>,
    asked: Opening<'_>,
    now: DateTime<Utc>,
) -> Result<Commit, Unknown> {
    let after = after(invoice, events, now);
    if asked.kind != TaskKind::Call && after.handling.open_task(asked.kind).is_some() {
        return Ok(commit);
    }
    match opening(deps, &after, asked, now)? {
        Ok((task, event)) => {
            events.push(event);
            Ok(open(commit, &task))
        }
        Err(refusal) => {
            tracing::warn!(invoice.id = %invoice.id, %refusal, "No task was opened");
            Ok(commit)
        }
    }
}

/// Adds to `events`, which were decided on `invoice` and are not empty, what follows from them by
/// itself: the tasks they ask for, and the end of what is over; and to the commit the tasks. One
/// read where tasks are over, none otherwise.
pub(crate) async fn follow(
    deps: &Deps,
    mut commit: Commit,
    invoice: &Invoice,
    events: &mut Vec<Event>,
    about: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Commit, Unknown> {
    events.extend(after(invoice, events, now).follow_ups(now));
    let asked: Vec<(TaskKind, Option<String>)> =
        tasks_asked(events).map(|(kind, step)| (kind, step.map(str::to_owned))).collect();
    for (kind, step) in asked {
        let asked = Opening { about, ..Opening::of(kind, step.as_deref()) };
        commit = add(deps, commit, invoice, events, asked, now)?;
    }
    let cleared: Vec<TaskId> = events.iter().flat_map(cleared).cloned().collect();
    clear(deps, commit, &invoice.merchant, &cleared, now).await
}

fn cleared(event: &Event) -> &[TaskId] {
    match event {
        Event::Handled(Handled::TasksCleared { tasks }) => tasks,
        _ => &[],
    }
}

fn after(invoice: &Invoice, events: &[Event], now: DateTime<Utc>) -> Invoice {
    events.iter().fold(invoice.clone(), |invoice, event| evolve(invoice, event, now))
}

/// Closes the tasks; what they were for is over.
async fn clear(
    deps: &Deps,
    commit: Commit,
    merchant: &MerchantId,
    tasks: &[TaskId],
    now: DateTime<Utc>,
) -> Result<Commit, Unknown> {
    let known = read(deps, merchant, tasks).await?;
    let open = known.iter().filter(|task| task.is_open());
    Ok(open.fold(commit, |commit, task| {
        let after = task.moved_to(TaskState::Cleared { at: now });
        commit.record(&after, Expected::Version(task.version))
    }))
}

/// The tasks of these ids, as far as they are there.
async fn read(deps: &Deps, merchant: &MerchantId, ids: &[TaskId]) -> Result<Vec<Task>, Unknown> {
    let mut tasks = Vec::with_capacity(ids.len());
    for some in ids.chunks(READ_ITEMS_MAX) {
        let keys: Vec<RecordKey> = some.iter().cloned().map(RecordKey::Task).collect();
        let refs: Vec<ItemRef> = keys.iter().cloned().map(ItemRef::Record).collect();
        let mut found = deps.store.read(merchant, &refs).await?;
        for key in &keys {
            tasks.extend(found.take_record::<Task>(key)?);
        }
    }
    Ok(tasks)
}
