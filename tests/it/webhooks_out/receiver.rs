//! A merchant's own system: takes posts over a real socket and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;

/// Longer than a local receiver has.
const HANG: Duration = Duration::from_secs(30);

/// How the receiver answers a post.
#[derive(Debug, Clone)]
pub enum Reply {
    Status(u16),
    /// 503 with a `Retry-After`.
    Busy(&'static str),
    /// 307 to another address.
    Elsewhere(String),
    Hang,
}

/// A post as it came.
#[derive(Debug, Clone)]
pub struct Got {
    pub headers: HeaderMap,
    pub body: String,
    pub at: Instant,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Name of the event.
    pub fn event(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// How many of the signatures are made with a secret, as a receiver checks it. Source: Standard
    /// Webhooks specification, "Verifying signatures".
    pub fn verifies(&self, secret: &str) -> usize {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = [self.id(), self.header("webhook-timestamp"), &self.body].join(".");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(signed.as_bytes());
        let tag = mac.finalize().into_bytes();
        let signatures = self.header("webhook-signature").split(' ');
        let ours = |one: &str| {
            let (version, tag_) = one.split_once(',').unwrap();
            version == "v1" && STANDARD.decode(tag_).unwrap() == tag[..]
        };
        signatures.filter(|one| ours(one)).count()
    }
}

#[derive(Default)]
struct Inbox {
    script: VecDeque<Reply>,
    usual: Option<Reply>,
    got: Vec<Got>,
}

/// The receiver.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    inbox: Arc<Mutex<Inbox>>,
}

impl Receiver {
    /// One that takes everything with 204.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let app = axum::Router::new().fallback(receive).with_state(inbox.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, inbox }
    }

    /// The answers to the next posts, one each.
    pub fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.inbox.lock().unwrap().script.extend(replies);
    }

    /// The answer to all others.
    pub fn answer_always(&self, reply: Reply) {
        self.inbox.lock().unwrap().usual = Some(reply);
    }

    /// What came so far, in order.
    pub fn got(&self) -> Vec<Got> {
        self.inbox.lock().unwrap().got.clone()
    }

    pub fn events(&self) -> Vec<String> {
        self.got().iter().map(Got::event).collect()
    }
}

async fn receive(
    State(inbox): State<Arc<Mutex<Inbox>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let reply = {
        let mut inbox = inbox.lock().unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        inbox.got.push(Got { headers, body, at: Instant::now() });
        let usual = inbox.usual.clone().unwrap_or(Reply::Status(204));
        inbox.script.pop_front().unwrap_or(usual)
    };
    match reply {
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Busy(after) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, after)]).into_response()
        }
        Reply::Elsewhere(url) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, url)]).into_response()
        }
        Reply::Hang => {
            tokio::time::sleep(HANG).await;
            StatusCode::OK.into_response()
        }
    }
}
