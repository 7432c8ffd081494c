//! WhatsApp's Cloud API: `POST /{phone_number_id}/messages`, its errors, and its signed callbacks.
//!
//! Source: WhatsApp Business Platform, "Cloud API": reference of messages, error codes, webhooks;
//! Graph API, "Validating payloads".

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Kept, Trouble};
use crate::background::{Task, serve};

/// Longest text that comes back with the callbacks of a message.
const OPAQUE_BYTES_MAX: usize = 512;

/// A message that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct WhatsAppSent {
    pub id: String,
    pub phone_number_id: String,
    /// The whole request.
    pub body: Value,
}

/// A callback as it is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCallback {
    pub body: String,
    /// The value of `X-Hub-Signature-256`.
    pub signature: String,
}

/// The API, until this is dropped.
#[derive(Debug)]
pub struct WhatsAppCloud {
    url: String,
    state: Arc<Cloud>,
    _task: Task,
}

#[derive(Debug)]
struct Cloud {
    token: String,
    kept: Kept<WhatsAppSent>,
    /// Uploaded pictures, as the forms they came in.
    media: Kept<Vec<u8>>,
}

impl WhatsAppCloud {
    /// Serves on a free port of loopback, for callers with this access token.
    pub fn start(token: &str) -> io::Result<Self> {
        let state = Arc::new(Cloud {
            token: token.to_owned(),
            kept: Kept::default(),
            media: Kept::default(),
        });
        let router = Router::new()
            .route("/v23.0/{phone_number_id}/messages", post(take))
            .route("/v23.0/{phone_number_id}/media", post(take_media))
            .with_state(Arc::clone(&state));
        let (address, task) = serve(router)?;
        Ok(Self { url: format!("http://{address}/v23.0"), state, _task: task })
    }

    /// What stands before the id of a number, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next message that has no trouble planned yet meets this one.
    pub fn fail_next(&self, trouble: Trouble) {
        self.state.kept.fail_next(trouble);
    }

    /// The next upload of a picture meets this trouble.
    pub fn fail_next_upload(&self, trouble: Trouble) {
        self.state.media.fail_next(trouble);
    }

    /// Every form with a picture that was taken, oldest first; the n-th has the id `media-<n>`.
    pub fn uploads(&self) -> Vec<Vec<u8>> {
        self.state.media.all()
    }

    /// Every message that was taken, oldest first.
    pub fn sent(&self) -> Vec<WhatsAppSent> {
        self.state.kept.all()
    }

    /// What Meta posts when a message is `sent`, `delivered`, `read` or `failed`, in seconds of the
    /// epoch, with the number of the reason where it failed.
    pub fn status_callback(
        sent: &WhatsAppSent,
        status: &str,
        at: i64,
        reason: Option<u32>,
        app_secret: &str,
    ) -> SignedCallback {
        let errors = reason.map(|code| json!([{ "code": code, "title": words(code) }]));
        let mut told = json!({
            "id": sent.id,
            "status": status,
            "timestamp": at.to_string(),
            "recipient_id": digits(&sent.body["to"]),
            "biz_opaque_callback_data": sent.body["biz_opaque_callback_data"],
        });
        if let (Some(errors), Some(fields)) = (errors, told.as_object_mut()) {
            fields.insert("errors".to_owned(), errors);
        }
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "phone_number_id": sent.phone_number_id },
            "statuses": [told],
        });
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": "0", "changes": [{ "field": "messages", "value": value }] }],
        });
        signed(body.to_string(), app_secret)
    }
}

/// A callback under the app's secret.
pub(super) fn signed(body: String, app_secret: &str) -> SignedCallback {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(body.as_bytes());
    let hex: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    SignedCallback { body, signature: format!("sha256={hex}") }
}

async fn take(
    State(cloud): State<Arc<Cloud>>,
    Path(phone_number_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_let_in(&cloud, &headers) {
        return refused(StatusCode::UNAUTHORIZED, 190, "Error validating access token");
    }
    let body: Value = match serde_json::from_slice(&body) {
        Ok(body) => body,
        Err(_) => return refused(StatusCode::BAD_REQUEST, 100, "The body is not JSON"),
    };
    if let Some(why) = fault(&body) {
        return refused(StatusCode::BAD_REQUEST, 100, why);
    }
    let trouble = cloud.kept.next_trouble();
    if let Some(answer) = before(trouble) {
        return answer;
    }
    let input = body["to"].clone();
    let id = format!("wamid.{}", cloud.kept.all().len() + 1);
    cloud.kept.keep(WhatsAppSent { id: id.clone(), phone_number_id, body });
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": input, "wa_id": digits(&input) }],
        "messages": [{ "id": id, "message_status": "accepted" }],
    });
    after(trouble, answer).await
}

/// Takes a picture in a form, which is not looked into any further.
async fn take_media(State(cloud): State<Arc<Cloud>>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_let_in(&cloud, &headers) {
        return refused(StatusCode::UNAUTHORIZED, 190, "Error validating access token");
    }
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok());
    let form = String::from_utf8_lossy(&body);
    let parts = ["name=\"messaging_product\"", "name=\"type\"", "name=\"file\""];
    let is_form = kind.is_some_and(|kind| kind.starts_with("multipart/form-data; boundary="));
    if !is_form || !parts.iter().all(|part| form.contains(part)) {
        return refused(StatusCode::BAD_REQUEST, 100, "The form is not complete.");
    }
    let trouble = cloud.media.next_trouble();
    if let Some(answer) = before(trouble) {
        return answer;
    }
    let number = cloud.media.keep(body.to_vec());
    after(trouble, json!({ "id": format!("media-{number}") })).await
}

fn is_let_in(cloud: &Cloud, headers: &HeaderMap) -> bool {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
    bearer == Some(format!("Bearer {}", cloud.token).as_str())
}

/// The answer of a trouble that takes nothing.
fn before(trouble: Option<Trouble>) -> Option<Response> {
    match trouble? {
        Trouble::Throttle(wait) => {
            let mut answer = refused(StatusCode::TOO_MANY_REQUESTS, 130429, words(130429));
            if let Some(value) = wait.and_then(|wait| wait.to_string().parse().ok()) {
                answer.headers_mut().insert("retry-after", value);
            }
            Some(answer)
        }
        Trouble::Refuse(code) => Some(refused(StatusCode::BAD_REQUEST, code, words(code))),
        Trouble::Down => Some(refused(StatusCode::SERVICE_UNAVAILABLE, 131016, words(131016))),
        Trouble::BrokenAfter | Trouble::Silence => None,
    }
}

/// The answer to what was taken.
async fn after(trouble: Option<Trouble>, answer: Value) -> Response {
    match trouble {
        Some(Trouble::BrokenAfter) => {
            refused(StatusCode::INTERNAL_SERVER_ERROR, 131000, words(131000))
        }
        Some(Trouble::Silence) => std::future::pending().await,
        _ => axum::Json(answer).into_response(),
    }
}

/// What is wrong with the form of a message.
fn fault(body: &Value) -> Option<&'static str> {
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let opaque = body["biz_opaque_callback_data"].as_str().unwrap_or_default();
    if body["messaging_product"] != "whatsapp" {
        Some("The parameter messaging_product is required.")
    } else if digits(&body["to"]).len() < 8 {
        Some("The parameter to is required.")
    } else if body["type"] != "template" {
        Some("Only approved templates are sent to who did not write first.")
    } else if !text(&body["template"]["name"]) || !text(&body["template"]["language"]["code"]) {
        Some("The parameter template needs a name and a language.")
    } else if opaque.len() > OPAQUE_BYTES_MAX {
        Some("The parameter biz_opaque_callback_data is too long.")
    } else {
        None
    }
}

fn digits(number: &Value) -> String {
    number.as_str().unwrap_or_default().chars().filter(char::is_ascii_digit).collect()
}

/// The title of an error.
fn words(code: u32) -> &'static str {
    match code {
        130429 => "Rate limit hit",
        131000 => "Something went wrong",
        131016 => "Service unavailable",
        131026 => "Message undeliverable",
        131047 => "Re-engagement message",
        131049 => "This message was not delivered to maintain healthy ecosystem engagement.",
        131056 => "(Business Account, Consumer Account) pair rate limit hit",
        132001 => "Template name does not exist in the translation",
        132015 => "Template is paused",
        _ => "An error without a title here",
    }
}

fn refused(status: StatusCode, code: u32, message: &str) -> Response {
    let error = json!({
        "message": format!("(#{code}) {message}"),
        "type": "OAuthException",
        "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": message },
        "fbtrace_id": "loopback",
    });
    (status, axum::Json(json!({ "error": error }))).into_response()
}
