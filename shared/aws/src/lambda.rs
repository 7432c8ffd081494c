//! The life of a Lambda function: start, then one event after the other.
//!
//! Owns the cold start (environment, clients, signing key), the log's form, and how a failure is
//! told to Lambda. Does not own what a function does.
//!
//! Invariants: whatever is wrong with the configuration stops the cold start, not the first
//! customer; a failure is logged once, by the runtime, with its chain; no payload is logged, at any
//! level.

mod failed;
mod log;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_runtime::{LambdaEvent, service_fn};
use quita_app::keys::ApiKeys;
use quita_app::links::{self, KeyTooShort, SigningKey};
use quita_app::ports::{Clock, Mailer, RandomIds, Secrets, SystemClock};
use quita_app::{Banks, Config, Deps, Unknown};
use quita_pix::client::ClientOptions;
use quita_table::Store;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bus::EventBridgeBus;
use crate::clients::Clients;
use crate::dynamo::DynamoDb;
use crate::env::{EnvironmentError, Settings};
use crate::fault::chain;
use crate::mailer::{NoMailer, SesMailer};
use crate::secrets::SecretsManager;

pub use crate::env::Messages;
pub use failed::Failed;
pub use lambda_runtime::Error;

/// To open a connection to a chat's webhook.
const CHAT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For one post to a chat's webhook and its answer.
const CHAT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a function could not start.
#[derive(thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error("the secret `{0}` does not exist")]
    NoSecret(&'static str),
    #[error("the secret `{0}` could not be read")]
    Secret(&'static str, #[source] Unknown),
    #[error("the secret `{}` is of no use", links::SECRET)]
    SigningKey(#[from] KeyTooShort),
    #[error("the HTTP client for chats could not be set up")]
    Http(#[from] reqwest::Error),
}

/// The whole chain: it is what a failed `main` prints.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(self))
    }
}

/// The cold start: opens the log, reads the environment and the signing key, builds every client.
pub async fn start(messages: Messages) -> Result<Deps, StartError> {
    log::init();
    deps_from_env(messages).await
}

/// Everything a use case reaches for, on AWS.
pub async fn deps_from_env(messages: Messages) -> Result<Deps, StartError> {
    let settings = Settings::from_env(messages)?;
    install_crypto();
    let clients = Clients::new(&settings).await;
    deps_over(&clients, settings).await
}

async fn deps_over(clients: &Clients, settings: Settings) -> Result<Deps, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let secrets = SecretsManager::new(clients, settings.secret_prefix);
    let signing_key = signing_key(&secrets).await?;
    let mailer: Arc<dyn Mailer> = match settings.mail_configuration_set {
        Some(set) => Arc::new(SesMailer::new(clients, set, Arc::clone(&clock))),
        None => Arc::new(NoMailer),
    };
    Ok(Deps {
        store: Store::new(Arc::new(DynamoDb::new(clients)), settings.table),
        mailer,
        bus: Arc::new(EventBridgeBus::new(clients, settings.bus)),
        secrets: Arc::new(secrets),
        clock,
        ids: Arc::new(RandomIds),
        banks: Banks::new(ClientOptions::default()),
        keys: ApiKeys::default(),
        http: chat_client()?,
        config: Config { public_url: settings.public_url, signing_key },
    })
}

async fn signing_key(secrets: &SecretsManager) -> Result<SigningKey, StartError> {
    match secrets.get(links::SECRET).await {
        Ok(Some(secret)) => Ok(SigningKey::new(&secret)?),
        Ok(None) => Err(StartError::NoSecret(links::SECRET)),
        Err(error) => Err(StartError::Secret(links::SECRET, error)),
    }
}

/// A webhook's address was typed in by somebody, so it gets https, no redirects and little time.
fn chat_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CHAT_CONNECT_TIMEOUT)
        .timeout(CHAT_TIMEOUT)
        .build()
}

/// Makes *ring* the process's one TLS provider, for the clients that look for a default.
fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Lost only to another installer of the same provider.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

/// Serves events of one type until Lambda ends the process. `Err` is told to Lambda, which retries
/// and then hands the event to the dead-letter queue.
pub async fn run<Q, A>(
    deps: &Deps,
    handle: impl AsyncFn(&Deps, Q) -> Result<A, Unknown>,
) -> Result<(), Error>
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Q>| async move {
        handle(deps, event.payload).await.map_err(Failed::from)
    }))
    .await
}

/// Serves HTTP calls: every answer is an answer, also a 503.
pub async fn run_http(
    deps: &Deps,
    handle: impl AsyncFn(&Deps, ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse,
) -> Result<(), Error> {
    let handle = &handle;
    lambda_runtime::run(service_fn(move |call: LambdaEvent<ApiGatewayV2httpRequest>| async move {
        Ok::<_, Failed>(handle(deps, call.payload).await)
    }))
    .await
}

/// Serves events that have to be told apart first. One that does not parse fails, as it will each
/// time, and ends in the dead-letter queue, where it can be looked at.
pub async fn run_parsed<T, A, E>(
    deps: &Deps,
    parse: impl Fn(Value) -> Result<T, E>,
    handle: impl AsyncFn(&Deps, T) -> Result<A, Unknown>,
) -> Result<(), Error>
where
    A: Serialize,
    E: StdError + 'static,
{
    let (parse, handle) = (&parse, &handle);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let event = parse(event.payload).map_err(|error| Failed::malformed(&error))?;
        handle(deps, event).await.map_err(Failed::from)
    }))
    .await
}

#[cfg(test)]
mod tests;
