//! `/_local/mail`: every message as the customer sees it, and the chat that takes posts.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::{ROWS_MAX, format, page, secured};
use crate::app::App;
use crate::mailbox::{Content, Received};

/// Longest chat message kept, in characters. Source: Slack, `chat.postMessage`, `text`.
const CHAT_CHARS_MAX: usize = 40_000;

/// The message stands alone in its frame: no script, no form, nothing loaded; its links open in a
/// new tab.
const MESSAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
     frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
);

#[derive(Serialize)]
struct List {
    rows: Vec<Row>,
    hidden: usize,
}

#[derive(Serialize)]
struct Row {
    number: u64,
    at: String,
    is_chat: bool,
    to: String,
    subject: String,
}

#[derive(Serialize)]
struct Shown {
    number: u64,
    at: String,
    newer: Option<u64>,
    older: Option<u64>,
    is_chat: bool,
    subject: String,
    from: String,
    to: String,
    reply_to: String,
    tag: String,
    text: String,
}

pub async fn list(State(app): State<Arc<App>>) -> Response {
    let messages = app.mailbox.messages();
    let hidden = messages.len().saturating_sub(ROWS_MAX);
    let rows = messages.iter().rev().take(ROWS_MAX).map(row).collect();
    page(&app, "mail.html", "mail", List { rows, hidden })
}

fn row(message: &Received) -> Row {
    let (is_chat, to, subject) = match &message.content {
        Content::Email { to, subject, .. } => (false, to.join(", "), subject.clone()),
        Content::Chat { text } => {
            let first = text.lines().next().unwrap_or_default();
            (true, "chat channel".to_owned(), first.to_owned())
        }
    };
    Row { number: message.number, at: format::moment(message.at), is_chat, to, subject }
}

pub async fn show(State(app): State<Arc<App>>, Path(number): Path<u64>) -> Response {
    let Some(message) = app.mailbox.message(number) else { return not_there() };
    let at = format::moment(message.at);
    let newer = app.mailbox.message(number + 1).map(|message| message.number);
    let older = number.checked_sub(1).filter(|number| *number > 0);
    let shown = match message.content {
        Content::Email { tag, from, to, reply_to, subject, text, .. } => Shown {
            number,
            at,
            newer,
            older,
            is_chat: false,
            subject,
            from,
            to: to.join(", "),
            reply_to,
            tag,
            text,
        },
        Content::Chat { text } => Shown {
            number,
            at,
            newer,
            older,
            is_chat: true,
            subject: text.lines().next().unwrap_or_default().to_owned(),
            from: String::new(),
            to: String::new(),
            reply_to: String::new(),
            tag: String::new(),
            text,
        },
    };
    page(&app, "message.html", "mail", shown)
}

/// The HTML part alone, with its pictures inside.
pub async fn html(State(app): State<Arc<App>>, Path(number): Path<u64>) -> Response {
    match app.mailbox.message(number).map(|message| message.content) {
        Some(Content::Email { html, inline, .. }) => {
            let html = inline.iter().fold(html, |html, picture| {
                let data = format!("data:{};base64,{}", picture.media_type, picture.base64);
                html.replace(&format!("cid:{}", picture.content_id), &data)
            });
            let html = html.replacen("<head>", "<head><base target=\"_blank\">", 1);
            secured(html, MESSAGE_POLICY)
        }
        Some(Content::Chat { .. }) | None => not_there(),
    }
}

fn not_there() -> Response {
    (StatusCode::NOT_FOUND, "there is no such message\n").into_response()
}

/// What an incoming webhook is posted; blocks repeat the text and are not kept.
#[derive(Deserialize)]
pub struct ChatPost {
    text: String,
}

/// The chat: takes what a Slack-compatible incoming webhook takes.
pub async fn receive_chat(
    State(app): State<Arc<App>>,
    post: Result<Json<ChatPost>, JsonRejection>,
) -> Response {
    let Ok(Json(post)) = post else {
        return (StatusCode::BAD_REQUEST, "invalid_payload").into_response();
    };
    if post.text.is_empty() || post.text.chars().count() > CHAT_CHARS_MAX {
        return (StatusCode::BAD_REQUEST, "no_text").into_response();
    }
    // Slack's three escapes; the ampersand last, so that nothing is unescaped twice.
    let text = post.text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    match app.mailbox.post_chat(text) {
        Ok(_) => "ok".into_response(),
        Err(error) => {
            tracing::error!(%error, "Chat message was not kept");
            (StatusCode::INTERNAL_SERVER_ERROR, "server_error").into_response()
        }
    }
}
