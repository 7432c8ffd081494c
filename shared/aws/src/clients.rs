//! What the SDK clients of one function share: region, credentials, endpoints, patience.
//!
//! Owns how AWS is called. Does not own what is asked, nor the connections ([`crate::http`]).
//!
//! The configuration is put together here instead of by the SDK's loader, which looks for
//! credentials in profiles, containers, instances and STS: code that no Lambda has a use for.
//! Lambda gives a function's credentials in its environment, for as long as the environment lives.
//! Source: AWS Lambda developer guide, "Using Lambda environment variables".
//!
//! Invariant: every call ends within its operation timeout.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::HttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::{Builder, SharedCredentialsProvider};

use crate::env::Settings;
use crate::http::Http;
use crate::signed::Signed;

/// For one attempt and its whole answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// For a call with its repeats and waits; the shortest function lives 15 s.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts of a call in all.
const ATTEMPTS_MAX: u32 = 3;

/// What a client of any service is made from. A client is made where it is used, so that a function
/// links the services it calls and no other.
#[derive(Debug, Clone)]
pub struct Clients {
    pub(crate) sdk: SdkConfig,
    /// For services without an SDK here.
    pub(crate) signed: Signed,
}

impl Clients {
    /// Sets up the HTTP client; nothing is called yet.
    pub fn new(settings: &Settings) -> Result<Self, reqwest::Error> {
        let http = Http::new()?;
        let signed = Signed::new(http.clone(), settings);
        Ok(Self { sdk: config(http, settings).build(), signed })
    }
}

/// The client of one service, made when that is first called: making one reads a document of all
/// regions, which a start should not wait for. Clones share the client.
#[derive(Debug)]
pub(crate) struct OnCall<C> {
    sdk: SdkConfig,
    make: fn(&SdkConfig) -> C,
    client: Arc<OnceLock<C>>,
}

impl<C> OnCall<C> {
    pub(crate) fn new(clients: &Clients, make: fn(&SdkConfig) -> C) -> Self {
        Self { sdk: clients.sdk.clone(), make, client: Arc::default() }
    }

    pub(crate) fn get(&self) -> &C {
        self.client.get_or_init(|| (self.make)(&self.sdk))
    }
}

impl<C> Clone for OnCall<C> {
    fn clone(&self) -> Self {
        Self { sdk: self.sdk.clone(), make: self.make, client: Arc::clone(&self.client) }
    }
}

/// How long a call may take, how often it is repeated, and who asks whom.
pub(crate) fn config(http: impl HttpClient + 'static, settings: &Settings) -> Builder {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new(settings.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(settings.credentials.clone()))
        .service_config(settings.endpoints.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .timeout_config(timeouts)
        // Nothing streams, and an attempt has its timeout.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

#[cfg(test)]
mod tests;
