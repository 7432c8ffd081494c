//! Posts to a team's chat: incoming webhooks of Slack and its likes, and of Microsoft Teams.
//!
//! Owns the transport and the Adaptive Card that Teams takes. Does not own which hosts a webhook may
//! live on: that is checked when one is typed in. An incoming webhook has no id for a message and
//! nothing to ask later, so there is never evidence of one.

use quita_core::customer::is_teams_host;
use quita_core::hidden::masked;
use quita_notify::ChatMessage;
use quita_notify::chat::slack_payload;
use quita_notify::wording::Row;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::http::{Answer, ask};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::lazy_http::LazyHttp;
use crate::ports::SendError;

const DOING: &str = "posting to the chat";
/// Longest text of one block of a card, far below the 28 KB of a whole message. Source: Microsoft
/// Teams, "Create an Incoming Webhook", limits.
const BLOCK_CHARS_MAX: usize = 3000;
/// How Teams words a throttled post, under the status 200. Source: Microsoft Teams, "Create an
/// Incoming Webhook", rate limiting.
const THROTTLED_INSIDE: &str = "HTTP error 429";
/// How Teams begins any other refusal under the status 200.
const FAILED_INSIDE: &str = "Webhook message delivery failed";
/// Longest piece of an answer that is repeated.
const WORDS_CHARS_MAX: usize = 100;

/// What a webhook takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Slack,
    Teams,
}

impl Kind {
    /// By the host of the webhook's URL.
    pub(crate) fn of(url: &str) -> Self {
        let rest = url.strip_prefix("https://").unwrap_or_default();
        let host = rest.split('/').next().unwrap_or_default();
        if is_teams_host(host) { Self::Teams } else { Self::Slack }
    }
}

/// Posts a message; answers with the little that a webhook says. The URL is a secret: it stands in
/// no error.
pub(crate) async fn post(
    deps: &Deps,
    url: &str,
    message: &ChatMessage,
) -> Result<String, SendError> {
    deps.channels.chat.admit()?;
    post_as(Kind::of(url), &deps.http, url, message).await
}

async fn post_as(
    kind: Kind,
    http: &LazyHttp,
    url: &str,
    message: &ChatMessage,
) -> Result<String, SendError> {
    let client =
        http.get().map_err(|error| SendError::Unknown(Unknown::new(DOING, error.without_url())))?;
    let payload = match kind {
        Kind::Slack => slack_payload(message),
        Kind::Teams => teams_payload(message),
    };
    outcome(&ask(client.post(url).json(&payload), DOING).await?)
}

fn outcome(answer: &Answer) -> Result<String, SendError> {
    let status = answer.status;
    let words = words(&answer.body);
    let throttled = || {
        let reason = format!("the chat takes no more messages for now ({status})");
        match answer.retry_after {
            Some(wait) => SendError::later(reason, wait),
            None => SendError::not_now(reason),
        }
    };
    if status == StatusCode::TOO_MANY_REQUESTS || words.contains(THROTTLED_INSIDE) {
        return Err(throttled());
    }
    if status.is_success() && !words.starts_with(FAILED_INSIDE) {
        return Ok(format!("chat answered {status}"));
    }
    if status.is_server_error() {
        return Err(SendError::Unknown(Unknown::new(DOING, format!("the chat answered {status}"))));
    }
    let todo = match status {
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN => {
            "; its webhook is over: make a new one in the chat and set it"
        }
        _ => "",
    };
    Err(SendError::Refused(format!("the chat answered {status}: {words}{todo}")))
}

/// The beginning of an answer, fit for a log.
fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line: String =
        text.lines().next().unwrap_or_default().chars().take(WORDS_CHARS_MAX).collect();
    masked(&line)
}

/// The payload of a Teams webhook: an Adaptive Card. Source: Adaptive Cards 1.4, and Microsoft
/// Teams, "Create incoming webhooks with Workflows".
///
/// A text block reads Markdown, so what comes from outside stands in text runs, which read none.
pub(crate) fn teams_payload(message: &ChatMessage) -> Value {
    let mut body = vec![run(&message.heading, true), run(&message.lead, false)];
    let rows = message.rows.iter();
    let rows: Vec<String> = rows.map(|row| format!("{}: {}", row.label, row.value)).collect();
    body.extend(rows.iter().map(|row| run(row, false)));
    if let Some(code) = &message.code {
        body.push(run(&format!("{}:", code.label), false));
        body.push(monospaced(&code.value));
    }
    body.push(run(&message.closing, false));
    let open = |link: &Row| {
        json!({
            "type": "Action.OpenUrl",
            "title": link.label,
            "url": link.value,
        })
    };
    let actions: Vec<Value> = message.link.iter().map(open).collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": message.text,
        "body": body,
        "actions": actions,
        "msteams": { "width": "Full" },
    });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn run(text: &str, is_heading: bool) -> Value {
    let text: String = text.chars().take(BLOCK_CHARS_MAX).collect();
    let weight = if is_heading { "Bolder" } else { "Default" };
    let run = json!({ "type": "TextRun", "text": text, "weight": weight });
    json!({ "type": "RichTextBlock", "inlines": [run] })
}

/// The code as it is, to be copied.
fn monospaced(code: &str) -> Value {
    let run = json!({ "type": "TextRun", "text": code, "fontType": "Monospace" });
    json!({ "type": "RichTextBlock", "inlines": [run] })
}

#[cfg(test)]
mod tests;
