//! SES, API version 2: `SendEmail` with a raw message.

use std::collections::BTreeMap;

use async_trait::async_trait;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::access::{ACCOUNT, Access, REGION};
use super::answer::{Refusal, read, response};

/// Most recipients of a message. Source: SES developer guide, "Service quotas".
const RECIPIENTS_MAX: usize = 50;
const BAD_REQUEST: &str = "BadRequestException";

/// A message as the provider was given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMail {
    /// The MIME message, byte for byte.
    pub raw: Vec<u8>,
    pub to: Vec<String>,
    /// Name and value of each tag.
    pub tags: Vec<(String, String)>,
    pub configuration_set: Option<String>,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailRefusal {
    /// Read and refused, for good.
    Rejected(String),
    /// Too fast or over the quota.
    TooMany(String),
    /// No answer: it may have gone out.
    Unknown(String),
}

/// Takes messages; answers the id of each.
#[async_trait]
pub trait MailProvider: Send + Sync {
    async fn send(&self, mail: SentMail) -> Result<String, MailRefusal>;
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendEmail {
    content: Content,
    destination: Destination,
    #[serde(default)]
    email_tags: Vec<Tag>,
    configuration_set_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Content {
    raw: Raw,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Raw {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    #[serde(default)]
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tag {
    name: String,
    value: String,
}

/// Answers one call, unless the caller may not make it. The sender stands in the message itself.
pub(super) async fn answer(
    provider: &dyn MailProvider,
    caller: String,
    denied: impl Fn(Option<Access>) -> Option<Refusal>,
    body: &[u8],
) -> Response {
    let mail = match read_mail(body) {
        Ok(mail) => mail,
        Err(refusal) => return refusal.response(),
    };
    match denied(Some(access(caller, &mail))) {
        Some(refusal) => refusal.response(),
        None => {
            let taken = provider.send(mail).await;
            response(taken.map(|id| json!({ "MessageId": id })).map_err(refused))
        }
    }
}

fn read_mail(body: &[u8]) -> Result<SentMail, Refusal> {
    let asked: SendEmail = read(body, BAD_REQUEST)?;
    let raw = STANDARD
        .decode(&asked.content.raw.data)
        .map_err(|_| Refusal::new(BAD_REQUEST, "the raw message is not base64"))?;
    let to = asked.destination.to_addresses;
    if to.is_empty() || to.len() > RECIPIENTS_MAX {
        return Err(Refusal::new("MessageRejected", format!("{} recipients", to.len())));
    }
    let tags = asked.email_tags.into_iter().map(|tag| (tag.name, tag.value)).collect::<Vec<_>>();
    if let Some((name, value)) = tags.iter().find(|(name, value)| !is_tag(name) || !is_tag(value)) {
        return Err(Refusal::new(BAD_REQUEST, format!("`{name}: {value}` is no tag")));
    }
    Ok(SentMail { raw, to, tags, configuration_set: asked.configuration_set_name })
}

/// A raw message is checked as `SendRawEmail`, on its sender's domain and its configuration set.
fn access(caller: String, mail: &SentMail) -> Access {
    let sender = sender(&mail.raw);
    let domain = sender.rsplit('@').next().unwrap_or_default();
    let arn = |what: String| format!("arn:aws:ses:{REGION}:{ACCOUNT}:{what}");
    let set = mail.configuration_set.as_ref().map(|set| format!("configuration-set/{set}"));
    let resources = [format!("identity/{domain}")].into_iter().chain(set).map(arn).collect();
    let context = BTreeMap::from([("ses:FromAddress", vec![sender.clone()])]);
    Access { caller, action: "ses:SendRawEmail".to_owned(), resources, context }
}

/// The address of the `From` line.
fn sender(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    let from = head.lines().find_map(|line| line.strip_prefix("From: ")).unwrap_or_default();
    let address = from.rsplit('<').next().unwrap_or_default();
    address.trim().trim_end_matches('>').to_owned()
}

fn refused(refusal: MailRefusal) -> Refusal {
    match refusal {
        MailRefusal::Rejected(why) => Refusal::new("MessageRejected", why),
        MailRefusal::TooMany(why) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            Refusal { status, ..Refusal::new("TooManyRequestsException", why) }
        }
        MailRefusal::Unknown(why) => Refusal::internal("InternalFailure", why),
    }
}

/// Letters, digits, `_`, `-`, `.` and `@`, up to 256. Source: SES API v2 reference, MessageTag.
fn is_tag(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || ['_', '-', '.', '@'].contains(&c);
    !text.is_empty() && text.len() <= 256 && text.chars().all(fits)
}
