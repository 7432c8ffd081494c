//! The API as a merchant's system calls it: over HTTP, with the key.

use std::error::Error;

use serde_json::{Map, Value};

use crate::app::App;
use crate::machine::http_client;

/// Most pages of one list.
const PAGES_MAX: usize = 100;

/// A client of the API.
pub struct Api<'a> {
    app: &'a App,
    http: reqwest::Client,
}

/// The API said no.
#[derive(Debug, thiserror::Error)]
#[error("{what} was answered {status}: {body}")]
struct Refused {
    what: String,
    status: u16,
    body: String,
}

impl<'a> Api<'a> {
    pub fn new(app: &'a App) -> Result<Self, Box<dyn Error>> {
        Ok(Self { app, http: http_client()? })
    }

    /// Writes; the idempotency key is the caller's.
    pub async fn post(
        &self,
        path: &str,
        key: &str,
        body: &Map<String, Value>,
    ) -> Result<Value, Box<dyn Error>> {
        let url = format!("{}{path}", self.app.public_url);
        let request = self.http.post(url).header("idempotency-key", key).json(body);
        self.send(request, format!("POST {path}")).await
    }

    pub async fn get(&self, path: &str) -> Result<Value, Box<dyn Error>> {
        let url = format!("{}{path}", self.app.public_url);
        self.send(self.http.get(url), format!("GET {path}")).await
    }

    /// Every item of a list, page by page.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, Box<dyn Error>> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        for _ in 0..PAGES_MAX {
            let joint = if path.contains('?') { '&' } else { '?' };
            let mut page = self.get(&format!("{path}{joint}limit=25{cursor}")).await?;
            items.extend(page["items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
        Err(format!("{path} has no end").into())
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        what: String,
    ) -> Result<Value, Box<dyn Error>> {
        let answer = request.bearer_auth(&self.app.api_key).send().await?;
        let status = answer.status();
        let body = answer.text().await?;
        if status.is_success() {
            Ok(serde_json::from_str(&body)?)
        } else {
            Err(Refused { what, status: status.as_u16(), body }.into())
        }
    }
}
