//! Tasks of the merchant's people.

use quita_app::Deps;
use quita_app::tasks::{
    Filter, TaskView, assign_task, do_task, list_tasks, open_by_hand, show_task,
};
use quita_core::ids::{MerchantId, TaskId};
use quita_edge::bodies::handling::{DoneBody, OwnerBody, TaskBody};
use quita_edge::http::json;
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, ListView, Problem};

use crate::At;
use crate::handling::answer_of;

/// The routes of tasks.
pub async fn of_tasks(at: &At<'_>, key: &str, ids: &[&str]) -> Result<ApiResponse, Problem> {
    let At { deps, merchant, call } = *at;
    match (key, ids) {
        ("GET /v1/tasks", _) => list(deps, merchant, call).await,
        ("POST /v1/tasks", _) => {
            let request = call.idempotency("open_task")?;
            let draft = call.json::<TaskBody>()?.draft();
            answer_of(open_by_hand(deps, merchant, &draft, &request).await?)
        }
        ("GET /v1/tasks/{task_id}", [id]) => {
            let task = show_task(deps, merchant, &parse(id)?).await?;
            Ok(json(200, &TaskView::of(&task.ok_or(Problem::NotFound)?)))
        }
        ("POST /v1/tasks/{task_id}/assign", [id]) => {
            let request = call.idempotency("assign_task")?;
            let owner = call.json::<OwnerBody>()?.owner;
            let (id, owner) = (parse(id)?, owner.as_deref());
            answer_of(assign_task(deps, merchant, &id, owner, &request).await?)
        }
        ("POST /v1/tasks/{task_id}/done", [id]) => {
            let request = call.idempotency("do_task")?;
            let DoneBody { outcome, note } = call.json()?;
            let came = (outcome.as_str(), note.as_deref());
            answer_of(do_task(deps, merchant, &parse(id)?, came, &request).await?)
        }
        _ => Err(Problem::NotFound),
    }
}

async fn list(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let filter = Filter::parse(call.query("kind"), call.query("owner"));
    let filter = filter.map_err(Problem::Invalid)?;
    let page = list_tasks(deps, merchant, &filter, limit, cursor.as_ref()).await;
    let page = page.map_err(of_list)?;
    Ok(json(200, &ListView::of(page, |task| TaskView::of(&task))))
}

fn parse(id: &str) -> Result<TaskId, Problem> {
    TaskId::parse(id).map_err(|_| Problem::NotFound)
}
