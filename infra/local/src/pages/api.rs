//! The API as the pages of this machine call it: through the same functions, with the key.

use quita_app::ports::{Clock, IdSource, RandomIds};
use serde_json::Value;

use crate::app::App;
use crate::gateway;

/// One call of the API, as a client on this machine makes it.
pub async fn call(
    app: &App,
    method: &str,
    uri: &str,
    body: Option<Value>,
) -> Result<Value, String> {
    let now = app.clock.now();
    let id = RandomIds.ulid(now);
    let request = axum::http::Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", format!("Bearer {}", app.api_key))
        .header("content-type", "application/json")
        .header("idempotency-key", &id)
        .body(body.map_or_else(axum::body::Body::empty, |body| body.to_string().into()))
        .map_err(|error| error.to_string())?;
    let event = gateway::event(request, &id, now).await.map_err(|it| it.slug().to_owned())?;
    let answer = gateway::answer(app.machine.http(event).await);
    let is_success = answer.status().is_success();
    let bytes = gateway::bounded(answer.into_body()).await.map_err(|it| it.slug().to_owned())?;
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if is_success { Ok(answer) } else { Err(answer["title"].to_string()) }
}
