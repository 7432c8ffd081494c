//! How to connect another merchant to the sandbox bank, ready for `PUT /v1/bank_connection`.
//!
//! Owns nothing: it repeats what this run gave its own merchant, on a key that is not taken. Only
//! this machine sees it, and it opens the sandbox alone.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use quita_app::{BankAccess, bank_secret_name};
use serde_json::{Value, json};

use crate::app::App;
use crate::merchant;

pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    match body(&app).await {
        Some(body) => Json(body).into_response(),
        None => {
            (StatusCode::NOT_FOUND, "this run has no sandbox bank to connect to\n").into_response()
        }
    }
}

async fn body(app: &App) -> Option<Value> {
    // The last key: the first is the demo merchant's, and a key has one callback.
    let key = app.bank.as_ref()?.config().keys.last()?.clone();
    let secrets = &app.machine.deps().secrets;
    let secret = secrets.get(&bank_secret_name(&merchant::id())).await.ok()??;
    let access: BankAccess = serde_json::from_str(&secret).ok()?;
    Some(json!({
        "bank": access.bank,
        "sandbox": true,
        "base_url": access.base_url,
        "token_url": access.token_url,
        "pix_key": key,
        "client_id": access.credentials["client_id"],
        "client_secret": access.credentials["client_secret"],
    }))
}
