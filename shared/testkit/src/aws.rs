//! The services of AWS that a function calls, on loopback and with the providers' wire formats.
//!
//! Owns the wire: targets, bodies, error codes. Does not own what stands behind it, which the
//! caller gives: a table's transport, with whatever decorators are around it, providers of mail and
//! text messages, a bus, a store of secrets and one of objects. No signature is checked; every call is taken for the function that
//! its access key names, and refused where the guard says that function may not.
//!
//! ```text
//!   let services = AwsServices::start(AwsBackend { dynamo, mail, bus, secrets, .. })?;
//!   config.environment.extend(services.environment());    // AWS_ENDPOINT_URL_*
//! ```
//!
//! Invariant: a request with a field or an operation that is not known here is refused, never
//! answered as if the field were not there.

mod access;
mod answer;
mod dynamodb;
mod dynamodb_wire;
mod event_bridge;
mod s3;
mod secrets;
mod ses;
mod sms;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{post, put};
use quita_table::dynamo::Dynamo;

use crate::background::{Task, serve};
use answer::Refusal;
use dynamodb::Repeats;

pub use access::{Access, Guard};
pub use event_bridge::{EventSink, PutEvent};
pub use s3::{ObjectRefusal, ObjectStore, PutObject};
pub use secrets::SecretStore;
pub use ses::{MailProvider, MailRefusal, SentMail};
pub use sms::{SentText, TextProvider, TextRefusal};

/// Longest request that is read, in bytes: a transaction of 4 MiB, encoded.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The SDKs' own variables for another address of a service. Source: AWS SDKs and tools reference
/// guide, "Service-specific endpoints".
const ENDPOINT_VARIABLES: [&str; 6] = [
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SESV2",
];

/// What an attempt at a call means for a fault of the transport beneath.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attempts {
    /// What broke a call breaks the repeats of it as well, without asking again. A fault then
    /// means what it means in process: the caller meets it.
    #[default]
    ShareTheirFault,
    /// Each attempt is made anew: the caller may get over a fault.
    StandAlone,
}

/// What stands behind the services.
#[derive(Clone)]
pub struct AwsBackend {
    pub dynamo: Arc<dyn Dynamo>,
    pub mail: Arc<dyn MailProvider>,
    pub bus: Arc<dyn EventSink>,
    pub secrets: Arc<dyn SecretStore>,
    pub texts: Arc<dyn TextProvider>,
    pub objects: Arc<dyn ObjectStore>,
    pub attempts: Attempts,
    /// What callers may do; everything, without one.
    pub guard: Option<Arc<dyn Guard>>,
}

/// The services, until this is dropped.
#[derive(Debug)]
pub struct AwsServices {
    url: String,
    _task: Task,
}

struct Services {
    backend: AwsBackend,
    repeats: Repeats,
}

impl AwsServices {
    /// Serves on a free port of loopback. May be called from anywhere.
    pub fn start(backend: AwsBackend) -> io::Result<Self> {
        let repeats = Repeats::new(backend.attempts);
        let router = Router::new()
            .route("/", post(by_target))
            .route("/v2/email/outbound-emails", post(send_email))
            .route("/{bucket}/{*key}", put(put_object))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(Arc::new(Services { backend, repeats }));
        let (address, task) = serve(router)?;
        Ok(Self { url: format!("http://{address}"), _task: task })
    }

    /// Where all of them are, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What leads the calls of a process here.
    pub fn environment(&self) -> BTreeMap<String, String> {
        ENDPOINT_VARIABLES.iter().map(|name| ((*name).to_owned(), self.url.clone())).collect()
    }
}

/// The services of the JSON protocols, told apart by `X-Amz-Target`.
async fn by_target(
    State(services): State<Arc<Services>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let target = text("x-amz-target").unwrap_or_default();
    let Services { backend, repeats } = services.as_ref();
    let access = access::of_target(access::caller(&headers), target, &body);
    if let Some(refusal) = denied(backend, access) {
        return refusal.response();
    }
    match target.split_once('.') {
        Some(("DynamoDB_20120810", operation)) => {
            let call = text("amz-sdk-invocation-id");
            dynamodb::answer(backend.dynamo.as_ref(), repeats, operation, call, &body).await
        }
        Some(("AWSEvents", "PutEvents")) => event_bridge::answer(backend.bus.as_ref(), &body).await,
        Some(("secretsmanager", operation)) => {
            secrets::answer(backend.secrets.as_ref(), operation, &body).await
        }
        Some(("PinpointSMSVoiceV2", operation)) => {
            sms::answer(backend.texts.as_ref(), operation, &body).await
        }
        _ => Refusal::unknown_operation(target).response(),
    }
}

async fn send_email(
    State(services): State<Arc<Services>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let caller = access::caller(&headers);
    let denied = |asked| denied(&services.backend, asked);
    ses::answer(services.backend.mail.as_ref(), caller, denied, &body).await
}

/// An object, at the path of its bucket and its key.
async fn put_object(
    State(services): State<Arc<Services>>,
    Path((bucket, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let backend = &services.backend;
    let access = Access {
        caller: access::caller(&headers),
        action: "s3:PutObject".to_owned(),
        resources: vec![format!("arn:aws:s3:::{bucket}/{key}")],
        context: BTreeMap::new(),
    };
    if denied(backend, Some(access)).is_some() {
        return s3::refusal(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied");
    }
    s3::answer(backend.objects.as_ref(), bucket, key, &headers, &body).await
}

/// The refusal of what the caller may not do. What cannot be read is refused by its own service.
fn denied(backend: &AwsBackend, access: Option<Access>) -> Option<Refusal> {
    let (guard, access) = (backend.guard.as_ref()?, access?);
    if guard.allows(&access) {
        return None;
    }
    let Access { caller, action, resources, .. } = access;
    let message = format!("{caller} is not authorized to perform {action} on {resources:?}");
    Some(Refusal::new("AccessDeniedException", message))
}

#[cfg(test)]
mod tests;
