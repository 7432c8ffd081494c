//! Incoming webhooks of chats: Slack's, and Teams' of both kinds.
//!
//! Source: Slack, "Sending messages using incoming webhooks" and "Rate limits"; Microsoft Teams,
//! "Create an Incoming Webhook" and "Create incoming webhooks with Workflows".

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;

use super::{Kept, Trouble};
use crate::background::{Task, serve};

/// Largest message that Teams takes, in bytes.
const TEAMS_BYTES_MAX: usize = 28 * 1024;

/// A message that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatPost {
    pub body: Value,
}

/// The chats, until this is dropped.
#[derive(Debug)]
pub struct ChatServer {
    url: String,
    state: Arc<Kept<ChatPost>>,
    _task: Task,
}

/// Whose manners an answer has.
#[derive(Clone, Copy)]
enum Manner {
    Slack,
    /// A workflow: 202, and nothing in the body.
    Workflow,
    /// A connector: 200 also for what it refuses, with the reason in the body.
    Connector,
}

impl ChatServer {
    /// Serves on a free port of loopback.
    pub fn start() -> io::Result<Self> {
        let state: Arc<Kept<ChatPost>> = Arc::default();
        let of = |manner: Manner| {
            post(move |State(kept): State<Arc<Kept<ChatPost>>>, body: Bytes| async move {
                take(&kept, manner, &body).await
            })
        };
        let router = Router::new()
            .route("/slack", of(Manner::Slack))
            .route("/workflow", of(Manner::Workflow))
            .route("/connector", of(Manner::Connector))
            .with_state(Arc::clone(&state));
        let (address, task) = serve(router)?;
        Ok(Self { url: format!("http://{address}"), state, _task: task })
    }

    /// The webhook of a Slack channel.
    pub fn slack(&self) -> String {
        format!("{}/slack", self.url)
    }

    /// The webhook of a Teams workflow.
    pub fn workflow(&self) -> String {
        format!("{}/workflow", self.url)
    }

    /// The webhook of a Teams connector.
    pub fn connector(&self) -> String {
        format!("{}/connector", self.url)
    }

    /// The next post that has no trouble planned yet meets this one. A refusal's number is its
    /// status.
    pub fn fail_next(&self, trouble: Trouble) {
        self.state.fail_next(trouble);
    }

    /// Every message that was taken, oldest first.
    pub fn posts(&self) -> Vec<ChatPost> {
        self.state.all()
    }
}

async fn take(kept: &Kept<ChatPost>, manner: Manner, body: &[u8]) -> Response {
    let Some(post) = read(manner, body) else {
        return match manner {
            Manner::Slack => (StatusCode::BAD_REQUEST, "invalid_payload").into_response(),
            Manner::Workflow => StatusCode::BAD_REQUEST.into_response(),
            Manner::Connector => inside(400),
        };
    };
    let trouble = kept.next_trouble();
    match (trouble, manner) {
        (Some(Trouble::Throttle(_)), Manner::Connector) => return inside(429),
        (Some(Trouble::Throttle(wait)), _) => {
            let wait = wait.map(|wait| [("retry-after", wait.to_string())]);
            return match wait {
                Some(wait) => (StatusCode::TOO_MANY_REQUESTS, wait).into_response(),
                None => StatusCode::TOO_MANY_REQUESTS.into_response(),
            };
        }
        (Some(Trouble::Refuse(status)), Manner::Connector) => return inside(status),
        (Some(Trouble::Refuse(status)), _) => {
            let status = u16::try_from(status).ok().and_then(|it| StatusCode::from_u16(it).ok());
            return (status.unwrap_or(StatusCode::BAD_REQUEST), "channel_is_archived")
                .into_response();
        }
        (Some(Trouble::Down), _) => return StatusCode::BAD_GATEWAY.into_response(),
        (Some(Trouble::BrokenAfter | Trouble::Silence) | None, _) => {}
    }
    kept.keep(post);
    match (trouble, manner) {
        (Some(Trouble::BrokenAfter), _) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "rollup_error").into_response()
        }
        (Some(Trouble::Silence), _) => std::future::pending().await,
        (_, Manner::Slack) => "ok".into_response(),
        (_, Manner::Workflow) => StatusCode::ACCEPTED.into_response(),
        (_, Manner::Connector) => "1".into_response(),
    }
}

/// The message, when it has the form that is taken there.
fn read(manner: Manner, body: &[u8]) -> Option<ChatPost> {
    let parsed: Value = serde_json::from_slice(body).ok()?;
    let fits = match manner {
        Manner::Slack => parsed["text"].as_str().is_some_and(|text| !text.is_empty()),
        Manner::Workflow | Manner::Connector => {
            let card = &parsed["attachments"][0];
            body.len() <= TEAMS_BYTES_MAX
                && parsed["type"] == "message"
                && card["contentType"] == "application/vnd.microsoft.card.adaptive"
                && card["content"]["type"] == "AdaptiveCard"
                && card["content"]["body"].as_array().is_some_and(|body| !body.is_empty())
        }
    };
    fits.then_some(ChatPost { body: parsed })
}

/// A connector's refusal.
fn inside(status: u32) -> Response {
    let why = format!(
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error \
         {status} with ContextId 0."
    );
    why.into_response()
}
