//! A service that answers from a script and keeps what it was asked, in place of the HTTP client.
//!
//! Time does not pass: a wait between attempts ends at once, and so does the patience with an
//! answer that never comes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use crate::clients::{Clients, config};
use crate::env::{Needs, Settings};
use crate::http::Http;
use crate::signed::Signed;

/// What the service does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Http(u16, String),
    /// The connection breaks.
    Broken,
    /// Nothing ever comes.
    Silence,
}

/// A request as it was emitted.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) uri: String,
    /// `X-Amz-Target`, empty where the protocol has none.
    pub(crate) target: String,
    pub(crate) body: Value,
}

/// Answers in turn; the last answer stands for all that follow.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Replay {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), asked: Arc::default() }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::new([Answer::Http(200, body.to_string())])
    }

    /// Clients as in production, but for the HTTP client and the waiting.
    pub(crate) fn clients(&self) -> Clients {
        let sleep = SharedAsyncSleep::new(NoSleep);
        let settings = settings(&[]);
        Clients {
            sdk: config(self.clone(), &settings).sleep_impl(sleep).build(),
            signed: Signed::new(Http::new().unwrap(), &settings),
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The body of the only request.
    pub(crate) fn body(&self) -> Value {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "there was not exactly one request: {asked:?}");
        asked[0].body.clone()
    }
}

/// A complete environment but for the `changed` variables.
pub(crate) fn settings(changed: &[(&str, &str)]) -> Settings {
    const PLAIN: &[(&str, &str)] = &[
        ("AWS_REGION", "sa-east-1"),
        ("QUITA_PUBLIC_URL", "https://pay.example.com"),
        ("QUITA_CALLBACK_URL", "https://pay.example.com"),
        ("QUITA_SECRET_PREFIX", "quita/"),
    ];
    let settings = Settings::read(Needs { mail: true, bus: true, channels: true }, |name| {
        let known = changed.iter().chain(PLAIN).find(|(known, _)| *known == name);
        match known {
            Some((_, value)) => Some((*value).to_owned()),
            None if name.starts_with("AWS_ENDPOINT_URL") => None,
            None if name == "QUITA_SMS_ORIGINATIONS" || name == "QUITA_WHATSAPP_URL" => None,
            None => Some("x".to_owned()),
        }
    });
    settings.unwrap()
}

/// An error as the JSON protocols of AWS spell it.
pub(crate) fn refusal(status: u16, code: &str) -> Answer {
    Answer::Http(status, format!(r#"{{"__type":"ns#{code}","message":"the reason"}}"#))
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let text = request.body().bytes().unwrap_or_default();
        self.asked.lock().unwrap().push(Asked {
            uri: request.uri().to_owned(),
            target: request.headers().get("x-amz-target").unwrap_or_default().to_owned(),
            body: if text.is_empty() { Value::Null } else { serde_json::from_slice(text).unwrap() },
        });
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        match answer.unwrap() {
            Answer::Http(status, body) => HttpConnectorFuture::ready(Ok(HttpResponse::new(
                status.try_into().unwrap(),
                SdkBody::from(body),
            ))),
            Answer::Broken => {
                HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset".into())))
            }
            Answer::Silence => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

impl HttpClient for Replay {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _: std::time::Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}
