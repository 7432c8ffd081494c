//! A service that answers from a script and keeps what it was asked, in place of the network.
//!
//! Tests that use it stop tokio's clock, so a wait between attempts ends at once, and so does the
//! patience with an answer that never comes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use serde_json::Value;

use crate::clients::Clients;
use crate::env::{Needs, Settings};
use crate::http::{self as wire, Broken, Exchange};
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

    /// Clients as in production, but for the network.
    pub(crate) fn clients(&self) -> Clients {
        Clients { signed: Signed::new(self.clone(), &settings(&[])) }
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

#[async_trait]
impl Exchange for Replay {
    async fn exchange(&self, request: Request<Bytes>) -> Result<wire::Answer, Broken> {
        let target = request.headers().get("x-amz-target");
        self.asked.lock().unwrap().push(Asked {
            uri: request.uri().to_string(),
            target: target.map_or_else(String::new, |text| text.to_str().unwrap().to_owned()),
            body: match request.body().as_ref() {
                [] => Value::Null,
                text => serde_json::from_slice(text).unwrap(),
            },
        });
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            let next =
                if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
            next.unwrap()
        };
        match answer {
            Answer::Http(status, body) => Ok(wire::Answer {
                status: status.try_into().unwrap(),
                body: body.into(),
                ..wire::Answer::default()
            }),
            Answer::Broken => Err(Broken::Lost("connection reset".to_owned())),
            Answer::Silence => std::future::pending().await,
        }
    }
}
