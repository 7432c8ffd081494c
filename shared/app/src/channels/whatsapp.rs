//! WhatsApp through Meta's Cloud API.
//!
//! Owns the call, the secret with a merchant's tokens, and what each refusal means. Does not own the
//! payload of a message, which is `quita-notify`'s, nor the callbacks that tell what became of it.
//!
//! The API has no idempotency key and cannot be asked for a message afterwards: what may have been
//! taken is answered as unknown, and only a status callback can tell.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use quita_core::hidden::{Hidden, masked};
use quita_core::ids::MerchantId;
use quita_core::merchant::{Merchant, WhatsAppSender};
use quita_notify::whatsapp::{ApprovedTemplate, cloud_api_payload, set_header_media};
use quita_notify::{InlineImage, WhatsAppMessage};
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::http::{Answer, ask};
use crate::bank::SECRET_AGE_MAX;
use crate::error::{Unknown, chain};
use crate::lazy_http::LazyHttp;
use crate::ports::{Clock, Evidence, Secrets, SendError, WhatsApp};

mod refusals;

/// Where the API is, with the version it is spoken in. Source: WhatsApp Business Platform, "Cloud
/// API", Graph API v23.0.
pub const BASE_URL: &str = "https://graph.facebook.com/v23.0";

const DOING: &str = "sending a WhatsApp message";

/// The secret `whatsapp/<merchant>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatsAppAccess {
    /// Of a system user of the merchant's business, with `whatsapp_business_messaging`.
    pub access_token: Hidden,
    /// Signs the callbacks.
    pub app_secret: Hidden,
    /// What Meta says when it first tries the callback's address.
    pub verify_token: Hidden,
}

/// Name of the secret with a merchant's tokens.
pub fn secret_name(merchant: &MerchantId) -> String {
    format!("whatsapp/{merchant}")
}

impl WhatsAppAccess {
    /// A merchant's tokens; `None` when none were ever set.
    pub async fn of(merchant: &MerchantId, secrets: &dyn Secrets) -> Result<Option<Self>, Unknown> {
        let Some(secret) = secrets.get(&secret_name(merchant)).await? else { return Ok(None) };
        // The parser's message could repeat a piece of the secret, so only its place is told.
        let shape = |error: serde_json::Error| {
            let why = format!("the secret does not parse at column {}", error.column());
            Unknown::new("reading the WhatsApp tokens", why)
        };
        serde_json::from_str(&secret).map(Some).map_err(shape)
    }

    /// The text of the secret.
    pub(crate) fn to_secret(&self) -> Result<String, Unknown> {
        serde_json::to_string(self)
            .map_err(|error| Unknown::new("writing the WhatsApp tokens", error))
    }
}

/// The Cloud API.
pub struct CloudApi {
    base_url: String,
    http: LazyHttp,
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
    tokens: Mutex<HashMap<MerchantId, Known>>,
}

/// A token, and when it was read.
#[derive(Clone)]
struct Known {
    token: Hidden,
    read_at: DateTime<Utc>,
}

impl CloudApi {
    /// `base_url` without a trailing slash, such as [`BASE_URL`]; `http` follows no redirects and
    /// gives up in time.
    pub fn new(
        base_url: String,
        http: LazyHttp,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { base_url, http, secrets, clock, tokens: Mutex::default() }
    }

    /// The merchant's token, as the secret has it now or had it a few minutes ago.
    async fn token(&self, merchant: &MerchantId) -> Result<Hidden, SendError> {
        let now = self.clock.now();
        if let Some(known) = self.known().get(merchant)
            && (TimeDelta::zero()..SECRET_AGE_MAX).contains(&(now - known.read_at))
        {
            return Ok(known.token.clone());
        }
        let read = WhatsAppAccess::of(merchant, self.secrets.as_ref()).await;
        let unread = |error: Unknown| SendError::not_now(chain(&error));
        let Some(access) = read.map_err(unread)? else {
            let reason = "its tokens are missing: set them with PUT /v1/merchant/channels";
            return Err(SendError::later(reason, refusals::A_PERSON));
        };
        let known = Known { token: access.access_token, read_at: now };
        self.known().insert(merchant.clone(), known.clone());
        Ok(known.token)
    }

    fn url(&self, sender: &WhatsAppSender) -> String {
        format!("{}/{}", self.base_url, sender.phone_number_id)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<MerchantId, Known>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl WhatsApp for CloudApi {
    async fn send(
        &self,
        merchant: &Merchant,
        message: &WhatsAppMessage,
    ) -> Result<String, SendError> {
        let Some(sender) = &merchant.channels.whatsapp else {
            let reason = "WhatsApp is not set up: do it with PUT /v1/merchant/channels";
            return Err(SendError::Refused(reason.to_owned()));
        };
        let token = self.token(&merchant.merchant).await?;
        let client =
            self.http.get().map_err(|error| SendError::not_now(chain(&error.without_url())))?;
        let message = approved(sender, message);
        let mut payload = cloud_api_payload(&message, &message.ledger_key);
        let number = Number { client, url: self.url(sender), token: &token };
        let outcome = match &message.header_image {
            None => number.send(&payload).await,
            Some(image) => match number.upload(image).await {
                Ok(media_id) => {
                    set_header_media(&mut payload, &media_id);
                    number.send(&payload).await
                }
                Err(said) => Err(said),
            },
        };
        if matches!(outcome, Err(Said { is_about_token: true, .. })) {
            self.known().remove(&merchant.merchant);
        }
        outcome.map_err(|said| said.error)
    }

    /// The API answers for no message by its tag: that comes with the status callbacks.
    async fn evidence(&self, _tag: &str) -> Result<Evidence, Unknown> {
        Ok(Evidence::None)
    }

    fn is_silent(&self) -> bool {
        false
    }
}

/// The message under the name and language that Meta approved for this merchant.
fn approved(sender: &WhatsAppSender, message: &WhatsAppMessage) -> WhatsAppMessage {
    let mut message = message.clone();
    if let Some(known) = sender.templates.get(&message.template.name) {
        message.template = ApprovedTemplate {
            name: known.name.clone(),
            language: known.language.clone(),
            category: message.template.category,
        };
    }
    message
}

/// A merchant's number at the API.
struct Number<'a> {
    client: &'a reqwest::Client,
    url: String,
    token: &'a Hidden,
}

impl Number<'_> {
    async fn send(&self, payload: &Value) -> Result<String, Said> {
        let url = format!("{}/messages", self.url);
        let call = self.client.post(url).bearer_auth(self.token.as_str()).json(payload);
        let answer = ask(call, DOING).await?;
        id(&answer, |body| body["messages"][0]["id"].as_str())
    }

    /// Uploads a picture, which reaches nobody: a failure means that nothing was sent.
    async fn upload(&self, image: &InlineImage) -> Result<String, Said> {
        let (content_type, body) = form(image);
        let call = self
            .client
            .post(format!("{}/media", self.url))
            .bearer_auth(self.token.as_str())
            .header(CONTENT_TYPE, content_type)
            .body(body);
        let uploaded = match ask(call, "uploading a picture").await {
            Ok(answer) => id(&answer, |body| body["id"].as_str()),
            Err(error) => Err(error.into()),
        };
        uploaded.map_err(|said| match said.error {
            SendError::Unknown(error) => SendError::not_now(chain(&error)).into(),
            _ => said,
        })
    }
}

/// A picture as `multipart/form-data`, and its content type. Source: RFC 7578; WhatsApp Business
/// Platform, "Upload media".
fn form(image: &InlineImage) -> (String, Vec<u8>) {
    // Random, so that no picture holds it.
    let boundary = format!("quita{:032x}", fastrand::u128(..));
    let media_type = &image.media_type;
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\n\
         whatsapp\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n\
         {media_type}\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
         filename=\"pix.png\"\r\nContent-Type: {media_type}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(&image.bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// A message that was not taken for sure.
struct Said {
    error: SendError,
    /// Whether another token may do better.
    is_about_token: bool,
}

impl From<SendError> for Said {
    fn from(error: SendError) -> Self {
        Self { error, is_about_token: false }
    }
}

/// What an error says. Source: WhatsApp Business Platform, "Cloud API error codes".
#[derive(Deserialize)]
struct Fault {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    error_data: FaultData,
}

#[derive(Default, Deserialize)]
struct FaultData {
    #[serde(default)]
    details: String,
}

impl Fault {
    fn of(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        serde_json::from_value(body.get("error")?.clone()).ok()
    }

    /// Its words, which may name the number they are about.
    fn words(&self) -> String {
        let details = &self.error_data.details;
        masked(if details.is_empty() { &self.message } else { details })
    }
}

/// The id that an answer gives, or what its refusal means.
fn id(answer: &Answer, id: impl Fn(&Value) -> Option<&str>) -> Result<String, Said> {
    let unknown = |why: String| Said::from(SendError::Unknown(Unknown::new(DOING, why)));
    let status = answer.status;
    if status.is_success() {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        return id(&body)
            .map(str::to_owned)
            .ok_or_else(|| unknown(format!("the Cloud API answered {status} without an id")));
    }
    match Fault::of(&answer.body) {
        Some(fault) => Err(refused(&fault, answer)),
        None if status.as_u16() == 429 => {
            let wait = answer.retry_after.unwrap_or(refusals::THROTTLED);
            Err(SendError::later(format!("the Cloud API answered {status}"), wait).into())
        }
        None if status.is_client_error() => {
            Err(SendError::Refused(format!("the Cloud API answered {status}")).into())
        }
        None => Err(unknown(format!("the Cloud API answered {status}"))),
    }
}

fn refused(fault: &Fault, answer: &Answer) -> Said {
    let (code, words) = (fault.code, fault.words());
    let is_about_token = code == refusals::TOKEN_OVER;
    let error = match refusals::of(code) {
        Some(known) => {
            let reason = format!("{} (WhatsApp error {code}: {words})", known.what_to_do);
            match known.wait {
                Some(wait) => SendError::later(reason, answer.retry_after.unwrap_or(wait)),
                None => SendError::Refused(reason),
            }
        }
        None if answer.status.is_server_error() => {
            let why = format!("WhatsApp error {code}: {words}");
            SendError::Unknown(Unknown::new(DOING, why))
        }
        None => SendError::Refused(format!("WhatsApp error {code}: {words}")),
    };
    Said { error, is_about_token }
}

#[cfg(test)]
mod tests;
