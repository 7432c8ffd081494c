//! `/_local/mail`: every message as its recipient sees it, and the chat that takes posts.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{ROWS_MAX, format, page, secured};
use crate::app::App;
use crate::mailbox::{Content, Picture, Received};

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
    channel: &'static str,
    to: String,
    subject: String,
}

/// A message; what its channel has no word for is empty.
#[derive(Serialize)]
struct Shown {
    number: u64,
    at: String,
    newer: Option<u64>,
    older: Option<u64>,
    channel: &'static str,
    subject: String,
    from: String,
    /// Line by line.
    to: Vec<String>,
    reply_to: String,
    tag: String,
    text: String,
    /// What else is to be said of it, such as the template of a WhatsApp message.
    note: String,
    /// A picture above the text, as a data URL.
    picture: Option<String>,
}

pub async fn list(State(app): State<Arc<App>>) -> Response {
    let messages = app.mailbox.messages();
    let hidden = messages.len().saturating_sub(ROWS_MAX);
    let rows = messages.iter().rev().take(ROWS_MAX).map(row).collect();
    page(&app, "mail.html", "mail", List { rows, hidden })
}

fn row(message: &Received) -> Row {
    Row {
        number: message.number,
        at: format::moment(message.at),
        channel: message.content.channel().as_str(),
        to: message.content.recipient(),
        subject: message.content.title().to_owned(),
    }
}

pub async fn show(State(app): State<Arc<App>>, Path(number): Path<u64>) -> Response {
    let Some(message) = app.mailbox.message(number) else { return not_there() };
    let mut shown = Shown {
        number,
        at: format::moment(message.at),
        newer: app.mailbox.message(number + 1).map(|message| message.number),
        older: number.checked_sub(1).filter(|number| *number > 0),
        channel: message.content.channel().as_str(),
        subject: message.content.title().to_owned(),
        from: String::new(),
        to: vec![message.content.recipient()],
        reply_to: String::new(),
        tag: message.tag().unwrap_or_default().to_owned(),
        text: message.content.text().to_owned(),
        note: String::new(),
        picture: None,
    };
    match message.content {
        Content::Email { from, reply_to, .. } => (shown.from, shown.reply_to) = (from, reply_to),
        Content::WhatsApp { template, picture, .. } => {
            shown.note = format!("Template {template}");
            shown.picture = picture.as_ref().map(data_url);
        }
        Content::Sms { parts, .. } => {
            let plural = if parts == 1 { "" } else { "s" };
            shown.note = format!("Paid as {parts} message{plural}");
        }
        Content::Letter { to, .. } => shown.to = to,
        Content::Chat { .. } => {}
    }
    page(&app, "message.html", "mail", shown)
}

fn data_url(picture: &Picture) -> String {
    format!("data:{};base64,{}", picture.media_type, picture.base64)
}

/// A letter, as it is printed.
pub async fn letter(State(app): State<Arc<App>>, Path(number): Path<u64>) -> Response {
    let content = app.mailbox.message(number).map(|message| message.content);
    let Some(Content::Letter { pdf, .. }) = content else { return not_there() };
    let Ok(bytes) = STANDARD.decode(pdf) else { return not_there() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, bytes).into_response()
}

/// The HTML part alone, with its pictures inside.
pub async fn html(State(app): State<Arc<App>>, Path(number): Path<u64>) -> Response {
    match app.mailbox.message(number).map(|message| message.content) {
        Some(Content::Email { html, inline, .. }) => {
            let html = inline.iter().fold(html, |html, picture| {
                html.replace(&format!("cid:{}", picture.content_id), &data_url(picture))
            });
            let html = html.replacen("<head>", "<head><base target=\"_blank\">", 1);
            secured(html, MESSAGE_POLICY)
        }
        Some(_) | None => not_there(),
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
