//! A bank that answers what it is told to, in order, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use quita_core::ids::{EndToEndId, InvoiceId, Txid};

use crate::client::{ClientOptions, PspClient};
use crate::credentials::Credentials;
use crate::profile::BankProfile;

const TOKEN_PATH: &str = "/oauth/token";

/// One scripted answer.
#[derive(Clone)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    delay: Duration,
}

pub(super) fn reply(status: u16, body: impl ToString) -> Reply {
    Reply { status, headers: Vec::new(), body: body.to_string(), delay: Duration::ZERO }
}

impl Reply {
    pub(super) fn late(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub line: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Script {
    api: VecDeque<Reply>,
    token: VecDeque<Reply>,
    seen: Vec<Seen>,
    seen_tokens: Vec<Seen>,
}

pub(super) struct ScriptedBank {
    pub origin: String,
    script: Arc<Mutex<Script>>,
}

impl ScriptedBank {
    /// Answers API calls with `api`, then 418; token calls always succeed.
    pub(super) async fn new(api: impl IntoIterator<Item = Reply>) -> Self {
        Self::with_tokens(api, []).await
    }

    /// Answers token calls with `token` first, then with success.
    pub(super) async fn with_tokens(
        api: impl IntoIterator<Item = Reply>,
        token: impl IntoIterator<Item = Reply>,
    ) -> Self {
        let script = Script {
            api: api.into_iter().collect(),
            token: token.into_iter().collect(),
            ..Script::default()
        };
        let script = Arc::new(Mutex::new(script));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { origin, script }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.script.lock().unwrap().seen.clone()
    }

    /// Method and path of each API call, in order.
    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    pub(super) fn seen_tokens(&self) -> Vec<Seen> {
        self.script.lock().unwrap().seen_tokens.clone()
    }

    pub(super) fn profile(&self) -> BankProfile {
        BankProfile::custom(&self.url(), &self.token_url())
    }

    pub(super) fn url(&self) -> String {
        format!("{}/v2", self.origin)
    }

    pub(super) fn token_url(&self) -> String {
        format!("{}{TOKEN_PATH}", self.origin)
    }

    pub(super) fn client(&self) -> PspClient {
        self.client_as(self.profile())
    }

    pub(super) fn client_as(&self, profile: BankProfile) -> PspClient {
        PspClient::new(profile, credentials(), hasty()).unwrap()
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let line = format!("{} {}", parts.method, parts.uri);
    let seen =
        Seen { line, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() };
    let reply = {
        let mut script = script.lock().unwrap();
        if parts.uri.path() == TOKEN_PATH {
            script.seen_tokens.push(seen);
            let number = script.seen_tokens.len();
            script.token.pop_front().unwrap_or_else(|| token(number, 3600))
        } else {
            script.seen.push(seen);
            script.api.pop_front().unwrap_or_else(|| reply(418, "{\"title\":\"script is over\"}"))
        }
    };
    tokio::time::sleep(reply.delay).await;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap()
}

/// A token answer.
pub(super) fn token(number: usize, expires_in: u64) -> Reply {
    reply(
        200,
        serde_json::json!({"access_token": format!("token-{number}"), "expires_in": expires_in}),
    )
}

pub(super) fn credentials() -> Credentials {
    Credentials::new("the-id", "the-secret")
        .with_extra("gw-dev-app-key", "app-key")
        .with_extra("access_token", "fixed-token")
}

/// Limits short enough for a test.
pub(super) fn hasty() -> ClientOptions {
    ClientOptions {
        request_timeout: Duration::from_millis(500),
        backoff_base: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        retry_after_max: Duration::from_secs(1),
        ..ClientOptions::default()
    }
}

pub(super) fn txid() -> Txid {
    let invoice = InvoiceId::parse("inv_01KAJ3Z2Q9X7M5N4P3R2S1T0V8").unwrap();
    Txid::for_charge(&invoice, 1, 0).unwrap()
}

pub(super) fn payment() -> EndToEndId {
    EndToEndId::parse("E12345678202009091221abcdef12345").unwrap()
}

/// The specification's example charge, as if held under our txid.
pub(super) fn cobv() -> serde_json::Value {
    let mut cobv: serde_json::Value =
        serde_json::from_str(include_str!("../../../fixtures/spec/cobv.json")).unwrap();
    cobv["txid"] = serde_json::json!(txid().as_str());
    cobv
}

pub(super) fn refusal(title: &str) -> Reply {
    reply(400, serde_json::json!({"type": "x/CobVOperacaoInvalida", "title": title, "status": 400}))
}
