//! Tasks as people use them: the list, one by hand, who does it, what came of it.
//!
//! A task changes together with its invoice, whose history tells of it.

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::contact::Email;
use quita_core::ids::{InvoiceId, MerchantId, TaskId};
use quita_core::invoice::{Command, Event, Handle, Invoice, Refusal, decide};
use quita_core::task::{CallOutcome, TASK_CHARS_MAX, Task, TaskKind, TaskState};
use quita_core::terms_draft::parse_date;
use quita_core::violation::Violation;
use quita_table::keys::{Aggregate, List};
use quita_table::store::{ItemRef, Page};
use quita_table::{Commit, Cursor, Expected, StoreError};

use super::{Opening, TaskView, open, opening, read};
use crate::apply;
use crate::change_invoice::Refused;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
const DONE: u16 = 200;
const CREATED: u16 = 201;
/// What came of a task that is no call.
const OUTCOME_DONE: &str = "done";
/// Rows of a history that are read at once.
const ROWS: usize = 100;

/// Which open tasks are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<TaskKind>,
    pub owner: Option<Email>,
}

impl Filter {
    /// # Errors
    /// Every violation at once.
    pub fn parse(kind: Option<&str>, owner: Option<&str>) -> Result<Self, Vec<Violation>> {
        let mut faults = Vec::new();
        let kind = kind.and_then(|raw| {
            let known = TaskKind::parse(raw);
            if known.is_none() {
                let names = TaskKind::ALL.map(TaskKind::as_str).join(", ");
                faults.push(Violation::new("kind", format!("use one of: {names}")));
            }
            known
        });
        let owner = owner.and_then(|raw| parse_owner(raw, &mut faults));
        if faults.is_empty() { Ok(Self { kind, owner }) } else { Err(faults) }
    }

    fn takes(&self, task: &Task) -> bool {
        self.kind.is_none_or(|kind| task.kind == kind)
            && self.owner.as_ref().is_none_or(|owner| task.owner.as_ref() == Some(owner))
    }
}

pub(crate) fn parse_owner(raw: &str, faults: &mut Vec<Violation>) -> Option<Email> {
    let parsed = Email::parse(raw);
    parsed.map_err(|_| faults.push(Violation::new("owner", "use an e-mail address"))).ok()
}

/// A text of several lines.
pub(crate) fn parse_text(
    property: &str,
    raw: &str,
    most: usize,
    faults: &mut Vec<Violation>,
) -> Option<String> {
    let text = raw.trim().replace("\r\n", "\n");
    let chars = text.chars().count();
    let odd = |char: char| char.is_control() && char != '\n';
    if chars == 0 || chars > most || text.chars().any(odd) {
        faults.push(Violation::new(property, format!("use 1 to {most} characters")));
        return None;
    }
    Some(text)
}

/// Open tasks in the order they were opened. A page may be shorter than its limit, since it is
/// filtered after it was read; only a missing cursor is the end.
pub async fn list_tasks(
    deps: &Deps,
    merchant: &MerchantId,
    filter: &Filter,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Page<Task>, StoreError> {
    let mut page: Page<Task> = deps.store.records(merchant, List::Tasks, limit, cursor).await?;
    page.items.retain(|task| filter.takes(task));
    Ok(page)
}

/// One task, open or over.
pub async fn show_task(
    deps: &Deps,
    merchant: &MerchantId,
    id: &TaskId,
) -> Result<Option<Task>, Unknown> {
    Ok(read(deps, merchant, std::slice::from_ref(id)).await?.pop())
}

/// Every task an invoice ever had, by its history.
pub async fn tasks_of(deps: &Deps, invoice: &Invoice) -> Result<Vec<Task>, Unknown> {
    let aggregate = Aggregate::Invoice(invoice.id.clone());
    let mut cursor = None;
    let mut ids = Vec::new();
    loop {
        let store = &deps.store;
        let page = store.timeline(&invoice.merchant, &aggregate, ROWS, cursor.as_ref()).await?;
        let opened = page.items.iter().filter(|row| row.name == "task.opened");
        let named = opened.filter_map(|row| row.data["task_id"].as_str());
        ids.extend(named.filter_map(|id| TaskId::parse(id).ok()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    read(deps, &invoice.merchant, &ids).await
}

/// A task by hand, as typed.
#[derive(Debug, Clone)]
pub struct TaskDraft {
    pub invoice_id: String,
    pub kind: String,
    pub about: String,
    pub due: Option<String>,
    pub owner: Option<String>,
}

/// The same, read.
struct ByHand {
    invoice: InvoiceId,
    kind: TaskKind,
    about: String,
    due: Option<NaiveDate>,
    owner: Option<Email>,
}

impl TaskDraft {
    fn parse(&self) -> Result<ByHand, Vec<Violation>> {
        let mut faults = Vec::new();
        let hint = "use the id of an invoice of yours";
        let invoice = InvoiceId::parse(&self.invoice_id)
            .map_err(|_| faults.push(Violation::new("invoice_id", hint)));
        let kind = TaskKind::parse(&self.kind).filter(|kind| BY_HAND.contains(kind));
        if kind.is_none() {
            let names = BY_HAND.map(TaskKind::as_str).join(", ");
            faults.push(Violation::new("kind", format!("use one of: {names}")));
        }
        let about = parse_text("about", &self.about, TASK_CHARS_MAX, &mut faults);
        let due = self.due.as_ref().and_then(|raw| parse_date("due", raw, &mut faults));
        let owner = self.owner.as_ref().and_then(|raw| parse_owner(raw, &mut faults));
        match (invoice, kind, about) {
            (Ok(invoice), Some(kind), Some(about)) if faults.is_empty() => {
                Ok(ByHand { invoice, kind, about, due, owner })
            }
            _ => Err(faults),
        }
    }
}

/// Kinds that a person opens; the others follow from what happened.
const BY_HAND: [TaskKind; 3] = [TaskKind::Call, TaskKind::FixContact, TaskKind::Other];

pub async fn open_by_hand(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &TaskDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let asked = match draft.parse() {
        Ok(asked) => asked,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let plan = |invoice: &Invoice, now| {
        let opening_ = Opening {
            kind: asked.kind,
            about: Some(&asked.about),
            step: None,
            due: asked.due,
            owner: asked.owner.clone(),
        };
        let opened = opening(deps, invoice, opening_, now)?;
        Ok(opened.map(|(task, event)| (task, vec![event])))
    };
    let written = Written { expected: |_| Expected::New, status: CREATED };
    change(deps, merchant, &asked.invoice, request, written, plan).await
}

/// Says who is to do it; `None` for whoever takes it.
pub async fn assign_task(
    deps: &Deps,
    merchant: &MerchantId,
    id: &TaskId,
    owner: Option<&str>,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let mut faults = Vec::new();
    let owner = owner.and_then(|raw| parse_owner(raw, &mut faults));
    if !faults.is_empty() {
        return Ok(Err(Refused::Invalid(faults)));
    }
    let Some(known) = show_task(deps, merchant, id).await? else {
        return Ok(Err(Refused::NotFound));
    };
    let plan = |invoice: &Invoice, now| {
        let after = Task { version: known.version + 1, owner: owner.clone(), ..known.clone() };
        let asked = Handle::AssignTask { task: id.clone(), owner: owner.clone() };
        let events = decide(invoice, Command::Handle(asked), now);
        Ok(events.map(|events| (after, events)))
    };
    let written = Written { expected: before, status: DONE };
    change(deps, merchant, &known.invoice, request, written, plan).await
}

/// Says what came of it: of a call one of [`CallOutcome`], of any other task `done`.
pub async fn do_task(
    deps: &Deps,
    merchant: &MerchantId,
    id: &TaskId,
    (outcome, note): (&str, Option<&str>),
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let Some(known) = show_task(deps, merchant, id).await? else {
        return Ok(Err(Refused::NotFound));
    };
    let mut faults = Vec::new();
    let choices: Vec<&str> = match known.kind {
        TaskKind::Call => CallOutcome::ALL.map(CallOutcome::as_str).to_vec(),
        _ => vec![OUTCOME_DONE],
    };
    if !choices.contains(&outcome) {
        let hint = format!("use one of: {}", choices.join(", "));
        faults.push(Violation::new("outcome", hint));
    }
    let note = note.and_then(|raw| parse_text("note", raw, TASK_CHARS_MAX, &mut faults));
    if !faults.is_empty() {
        return Ok(Err(Refused::Invalid(faults)));
    }
    let (outcome, note) = (outcome.to_owned(), note.unwrap_or_default());
    let plan = |invoice: &Invoice, now| {
        let by = request.actor.clone();
        let (outcome, note) = (outcome.clone(), note.clone());
        let state = TaskState::Done { at: now, by, outcome: outcome.clone(), note: note.clone() };
        let asked = Handle::DoTask { task: id.clone(), outcome, note };
        let events = decide(invoice, Command::Handle(asked), now);
        Ok(events.map(|events| (known.moved_to(state), events)))
    };
    let written = Written { expected: before, status: DONE };
    change(deps, merchant, &known.invoice, request, written, plan).await
}

/// How a change of a task is written and answered.
struct Written {
    expected: fn(&Task) -> Expected,
    status: u16,
}

fn before(after: &Task) -> Expected {
    Expected::Version(after.version - 1)
}

/// Writes a task with its invoice and the answer. Where somebody changed the task meanwhile, the
/// outcome is unknown and the same call decides anew.
async fn change(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
    request: &Request,
    written: Written,
    plan: impl Fn(&Invoice, DateTime<Utc>) -> Result<Result<(Task, Vec<Event>), Refusal>, Unknown>,
) -> Result<Result<Answer, Refused>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let status = written.status;
    for _ in 0..CONFLICTS_MAX {
        let refs = [ItemRef::Invoice(invoice.clone()), record.clone()];
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let Some(state) = found.take_invoice(invoice) else {
            let hint = "use the id of an invoice of yours";
            return Ok(Err(Refused::Invalid(vec![Violation::new("invoice_id", hint)])));
        };
        let now = deps.clock.now();
        let (task, events) = match plan(&state, now)? {
            Ok(planned) => planned,
            Err(refusal) => return Ok(Err(Refused::Forbidden(refusal))),
        };
        let rule = deps.rule_of(&state).await?;
        let body = serde_json::to_string(&TaskView::of(&task))
            .map_err(|error| Unknown::new("writing the answer", error))?;
        let commit = match (written.expected)(&task) {
            Expected::New => open(Commit::new(merchant), &task),
            expected => Commit::new(merchant).record(&task, expected),
        };
        let (commit, _) = apply::apply(commit, state, &rule, &events, &request.actor, now);
        let answer = (status, body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("changing a task", "others kept writing first"))
}
