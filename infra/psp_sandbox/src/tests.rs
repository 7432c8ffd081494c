//! The bank driven over HTTP on 127.0.0.1, with a clock the test moves.
//!
//! Owns the harness; each module below is named for what it fears.

mod amounts;
mod callbacks;
mod charges;
mod faults;
mod lists;
mod payments;
mod storage;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::any;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::callbacks::client;
use crate::{Bank, BankConfig, Storage};

/// The receiver's only key.
pub const KEY: &str = "7d9f0335-8dcc-4054-9bf9-0dbd61d36906";
/// A txid of legal length.
pub const TXID: &str = "7978c0c97ea847e78e8849634473c1f1";
/// Tuesday, 10:00 in São Paulo.
pub const MORNING: &str = "2026-03-03T13:00:00Z";

pub fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

/// A served bank, a client with a token, and the clock of both.
pub struct Town {
    pub bank: Arc<Bank>,
    pub base: String,
    pub token: String,
    clock: Arc<Mutex<DateTime<Utc>>>,
}

impl Town {
    pub async fn new() -> Self {
        Self::with(MORNING, |_| {}).await
    }

    pub async fn with(now: &str, adjust: impl FnOnce(&mut BankConfig)) -> Self {
        let clock = Arc::new(Mutex::new(instant(now)));
        let shown = clock.clone();
        let mut config = BankConfig::new(Arc::new(move || *shown.lock().unwrap()));
        adjust(&mut config);
        let bank = Bank::open(config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let served = bank.clone();
        tokio::spawn(async move { served.serve(listener).await });
        let mut town = Self { bank, base, token: String::new(), clock };
        town.log_in().await;
        town
    }

    pub async fn log_in(&mut self) {
        let answer = client()
            .post(format!("{}/oauth/token", self.base))
            .basic_auth("sandbox-client", Some("sandbox-secret"))
            .form(&[("grant_type", "client_credentials")])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["expires_in"], 3_600);
        self.token = body["access_token"].as_str().unwrap().to_owned();
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.clock.lock().unwrap() += by;
    }

    pub fn set_clock(&self, now: &str) {
        *self.clock.lock().unwrap() = instant(now);
    }

    pub async fn try_call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, Value), reqwest::Error> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request =
            client().request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let problem =
            answer.headers().get("content-type").is_some_and(|it| it == "application/problem+json");
        assert_eq!(problem, status >= 400, "problem+json exactly on refusals, {status}");
        let text = answer.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.try_call(method, path, Some(body)).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.try_call("GET", path, None).await.unwrap()
    }

    /// Creates `txid` as a plain charge with a due date.
    pub async fn cobv(&self, txid: &str, original: &str, due: &str) -> Value {
        let (status, body) =
            self.call("PUT", &format!("/cobv/{txid}"), cobv_body(original, due)).await;
        assert_eq!(status, 201, "{body}");
        body
    }

    /// Registers `inbox` for the receiver's key.
    pub async fn register(&self, inbox: &Inbox) {
        let body = json!({"webhookUrl": inbox.url});
        let (status, _) = self.call("PUT", &format!("/webhook/{KEY}"), body).await;
        assert_eq!(status, 200);
    }
}

pub fn cobv_body(original: &str, due: &str) -> Value {
    json!({
        "calendario": {"dataDeVencimento": due},
        "devedor": {"cnpj": "12ABC34501DE35", "nome": "Empresa de Alimentos SA"},
        "valor": {"original": original},
        "chave": KEY,
    })
}

pub fn cob_body(original: &str) -> Value {
    json!({"calendario": {"expiracao": 3600}, "valor": {"original": original}, "chave": KEY})
}

/// Refused with this type and, when not empty, with a violation of this property.
pub fn assert_refused(answer: &(u16, Value), status: u16, tipo: &str, property: &str) {
    let (got, body) = answer;
    assert_eq!(*got, status, "{body}");
    assert_eq!(body["type"], format!("https://pix.bcb.gov.br/api/v2/error/{tipo}"));
    assert_eq!(body["status"], status);
    let violations = body["violacoes"].as_array().cloned().unwrap_or_default();
    let hit = violations.iter().any(|violation| violation["propriedade"] == property);
    assert!(property.is_empty() || hit, "no violation of {property}: {body}");
}

/// The receiver's end of a webhook: keeps every body, answers what it is told.
pub struct Inbox {
    pub url: String,
    pub bodies: Arc<Mutex<Vec<Value>>>,
    pub status: Arc<Mutex<u16>>,
}

type InboxState = (Arc<Mutex<Vec<Value>>>, Arc<Mutex<u16>>);

impl Inbox {
    pub async fn open() -> Self {
        async fn receive(State((bodies, status)): State<InboxState>, body: String) -> StatusCode {
            bodies.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            StatusCode::from_u16(*status.lock().unwrap()).unwrap()
        }
        let state: InboxState = (Arc::default(), Arc::new(Mutex::new(200)));
        let router = Router::new().route("/hook/pix", any(receive)).with_state(state.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, bodies: state.0, status: state.1 }
    }

    /// Every Pix received so far, batch by batch.
    pub fn batches(&self) -> Vec<Vec<Value>> {
        let bodies = self.bodies.lock().unwrap();
        bodies.iter().map(|body| body["pix"].as_array().unwrap().clone()).collect()
    }

    pub fn pixs(&self) -> Vec<Value> {
        self.batches().into_iter().flatten().collect()
    }

    pub fn answer(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }
}

/// A bank on `path`, at [`MORNING`].
pub fn stored(config: &mut BankConfig, path: &std::path::Path) {
    config.storage = Storage::File(path.to_owned());
}
