//! Fears about tasks: that they pile up, that what came of one is lost, that a payer fills the list.

use serde_json::{Value, json};

use crate::handling::open_tasks;
use crate::privacy::erase;
use crate::world::{World, text, txid};

async fn opened(world: &World, invoice: &Value, kind: &str) -> Value {
    let body = json!({
        "invoice_id": text(invoice, "id"),
        "kind": kind,
        "about": "Pedir o número do pedido",
        "owner": "ana@acme.example",
    });
    let answer = world.post("/v1/tasks", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn what_came_of_a_call_is_lost() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let call = opened(&world, &invoice, "call").await;
    let path = format!("/v1/tasks/{}", text(&call, "id"));
    let done = format!("{path}/done");
    let vague = world.post(&done, &json!({ "outcome": "done" })).await;
    assert_eq!(vague.properties(), ["outcome"]);
    let body = json!({ "outcome": "promised", "note": "até sexta" });
    let answer = world.post(&done, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let task = world.get(&path).await;
    assert_eq!((text(&task, "status"), text(&task, "outcome")), ("done", "promised"));
    assert_eq!(text(&task, "note"), "até sexta");
    assert_eq!(open_tasks(&world).await, [""; 0]);
    assert_eq!(world.post(&done, &body).await.outcome(), "409 conflict", "once");
    let events = world.timeline(&invoice).await;
    assert!(events.ends_with(&["task.opened".to_owned(), "task.done".to_owned()]), "{events:?}");
}

#[tokio::test]
async fn a_task_is_found_by_who_does_it_and_by_its_kind() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let call = opened(&world, &invoice, "call").await;
    opened(&world, &invoice, "other").await;
    let path = format!("/v1/tasks/{}/assign", text(&call, "id"));
    let answer = world.post(&path, &json!({ "owner": "rui@acme.example" })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let kinds = async |query: &str| {
        let list = world.get(&format!("/v1/tasks?{query}")).await;
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| text(item, "kind").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds("owner=rui@acme.example").await, ["call"]);
    assert_eq!(kinds("owner=ana@acme.example").await, ["other"]);
    assert_eq!(kinds("kind=other").await, ["other"]);
    let wrong = world.call("GET", "/v1/tasks?kind=x&owner=y", "").await;
    assert_eq!(wrong.properties(), ["kind", "owner"]);
}

#[tokio::test]
async fn a_task_outlives_its_payment_or_goes_with_it_though_it_is_not_about_it() {
    let world = World::new().await;
    let invoice = world.issued().await;
    for kind in ["call", "fix_contact", "other"] {
        opened(&world, &invoice, kind).await;
    }
    world.pay(&txid(&invoice, 1)).await;
    world.settle().await;
    world.sweep().await;
    assert_eq!(open_tasks(&world).await, ["fix_contact", "other"]);
    world.usage();
    world.sweep().await;
    let open = world.reload(&invoice).await;
    assert_eq!(open["handling"]["open_tasks"].as_array().unwrap().len(), 2, "and no work is left");
}

#[tokio::test]
async fn a_task_is_opened_about_nothing() {
    let world = World::new().await;
    let body = json!({ "invoice_id": "x", "kind": "dispute", "about": "", "due": "x" });
    let answer = world.post("/v1/tasks", &body).await;
    assert_eq!(answer.properties(), ["invoice_id", "kind", "about", "due"]);
    let absent = "inv_01JE6X7Q5M8Y2N4C9R0T3V6W99";
    let body = json!({ "invoice_id": absent, "kind": "other", "about": "x" });
    assert_eq!(world.post("/v1/tasks", &body).await.properties(), ["invoice_id"]);
}

/// Sends a payer's question from the page of an invoice.
async fn asks(world: &World, invoice: &Value, form: &str) -> i64 {
    let url = text(invoice, "portal_url");
    let path = url.split_once("/p/").map(|(_, token)| format!("/p/{token}/question")).unwrap();
    let form_type = [("content-type", "application/x-www-form-urlencoded")];
    world.call_with("POST", &path, &form_type, form).await.status
}

#[tokio::test]
async fn a_question_of_a_payer_is_lost_or_fills_the_list() {
    let world = World::new().await;
    let invoice = world.issued().await;
    assert_eq!(asks(&world, &invoice, "text=").await, 422);
    let long = format!("text={}", "x".repeat(1_001));
    assert_eq!(asks(&world, &invoice, &long).await, 422);
    assert_eq!(asks(&world, &invoice, "text=Onde+est%C3%A1+a+nota%3F").await, 200);
    assert_eq!(asks(&world, &invoice, "text=E+o+pedido%3F").await, 200);
    assert_eq!(open_tasks(&world).await, ["question"]);
    let tasks = world.get("/v1/tasks").await;
    assert_eq!(tasks["items"][0]["about"], "Onde está a nota?\nE o pedido?");
    let more = format!("text={}", "x".repeat(999));
    assert_eq!(asks(&world, &invoice, &more).await, 429, "somebody answers first");
    let rows = format!("/v1/invoices/{}/timeline?limit=100", text(&invoice, "id"));
    assert!(!world.get(&rows).await.to_string().contains("Onde"), "rows are kept for good");
}

#[tokio::test]
async fn who_may_only_look_asks_a_question() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let links = format!("/v1/invoices/{}/links", text(&invoice, "id"));
    let answer = world.post(&links, &json!({ "scope": "view" })).await;
    assert!(answer.status < 300, "{}", answer.body);
    let shown = json!({ "portal_url": answer.json()["url"] });
    assert_eq!(asks(&world, &shown, "text=oi").await, 404);
    assert_eq!(open_tasks(&world).await, [""; 0]);
}

#[tokio::test]
async fn who_was_erased_is_still_named_in_a_task_or_a_promise() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let promise = json!({ "amount": "1.00", "day": "2026-11-25", "by": "Aurora Boreal" });
    let path = format!("/v1/invoices/{}/promise", text(&invoice, "id"));
    assert_eq!(world.post(&path, &promise).await.status, 200);
    assert_eq!(asks(&world, &invoice, "text=Sou+a+Aurora").await, 200);
    let data = format!("/v1/customers/{}/personal_data", text(&invoice, "customer_id"));
    let held = world.get(&data).await;
    assert_eq!(held["invoices"][0]["promised_by"], "Aurora Boreal");
    assert_eq!(held["invoices"][0]["tasks"][0]["about"], "Sou a Aurora");
    let tasks = world.get("/v1/tasks").await;
    let task = format!("/v1/tasks/{}", text(&tasks["items"][0], "id"));
    let done = json!({ "outcome": "done", "note": "Falei com a Aurora" });
    assert_eq!(world.post(&format!("{task}/done"), &done).await.status, 200);
    world.pay(&txid(&invoice, 1)).await;
    world.settle().await;
    world.sweep().await;
    erase(&world, text(&invoice, "customer_id")).await;
    assert!(!world.get(&task).await.to_string().contains("Aurora"));
    assert!(!world.get(&data).await.to_string().contains("Aurora"));
}
