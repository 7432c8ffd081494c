//! A bank that refuses everything and quotes in its refusal all that it was sent: credentials,
//! documents, keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;
use tokio::net::TcpListener;

/// The token it hands out.
pub const TOKEN: &str = "AT-3f9a2c61d07e4b58a1c2e4f60718293a4b5c6d7e8f9";

/// Its address, and how many calls it has refused.
pub async fn open() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let refused = Arc::new(AtomicUsize::new(0));
    let router = axum::Router::new().fallback(answer).with_state(refused.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, refused)
}

async fn answer(State(refused): State<Arc<AtomicUsize>>, request: Request) -> impl IntoResponse {
    if request.uri().path() == "/oauth/token" {
        let token = json!({ "access_token": TOKEN, "expires_in": 3600 });
        return (StatusCode::OK, Json(token));
    }
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let problem = json!({
        "type": "https://pix.bcb.gov.br/api/v2/error/RequisicaoInvalida",
        "title": format!("{} {} {:?}", head.method, head.uri, head.headers.get("authorization")),
        "status": 400,
        "detail": String::from_utf8_lossy(&body),
        "violacoes": [{ "propriedade": "corpo", "razao": String::from_utf8_lossy(&body) }],
    });
    // Each third time it is the access that is refused, in the same words.
    let nth = refused.fetch_add(1, Ordering::Relaxed);
    (if nth % 3 == 2 { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST }, Json(problem))
}
