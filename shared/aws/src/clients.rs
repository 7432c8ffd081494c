//! The SDK clients of one function: region, credentials, trust, patience.
//!
//! Owns how AWS is reached. Does not own what is asked. Credentials come from the function's role
//! through the SDK's default chain. The SDK's own `AWS_ENDPOINT_URL_<SERVICE>` variables work, for
//! running a binary beside fakes of the services.
//!
//! Invariants: TLS is rustls on *ring*; only [`TRUSTED_ROOTS`] vouch for an AWS endpoint; every
//! call ends within its operation timeout.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpClient, SharedHttpClient};

use crate::env::{Endpoint, Settings};

/// The roots of Amazon Trust Services, in PEM. The HTTP client would otherwise read the machine's
/// whole bundle, certificate by certificate, at each cold start. Source: `roots/README.md`.
pub const TRUSTED_ROOTS: [&str; 5] = [
    include_str!("../roots/amazon_root_ca_1.pem"),
    include_str!("../roots/amazon_root_ca_2.pem"),
    include_str!("../roots/amazon_root_ca_3.pem"),
    include_str!("../roots/amazon_root_ca_4.pem"),
    include_str!("../roots/starfield_services_root_g2.pem"),
];

/// To open a connection inside the region.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// For one attempt and its whole answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// For a call with its repeats and waits; the shortest function lives 15 s.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts of a call in all.
const ATTEMPTS_MAX: u32 = 3;

/// One client for each service, over one HTTP client.
#[derive(Debug, Clone)]
pub struct Clients {
    pub(crate) sdk: SdkConfig,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

impl Clients {
    /// Builds the clients; nothing is called yet.
    pub async fn new(settings: &Settings) -> Self {
        let sdk = loader(http_client(), &settings.region).load().await;
        Self::over(sdk, settings.dynamodb_endpoint.as_ref())
    }

    pub(crate) fn over(sdk: SdkConfig, dynamodb_endpoint: Option<&Endpoint>) -> Self {
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk);
        if let Some(endpoint) = dynamodb_endpoint {
            dynamodb = dynamodb.endpoint_url(endpoint.as_str());
        }
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb.build());
        Self { sdk, dynamodb }
    }
}

/// What all services share: how long a call may take and how often it is repeated.
pub(crate) fn loader(http: impl HttpClient + 'static, region: &str) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new(region.to_owned()))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .timeout_config(timeouts)
}

fn http_client() -> SharedHttpClient {
    let roots = TRUSTED_ROOTS
        .iter()
        .fold(TrustStore::empty(), |store, root| store.with_pem_certificate(root.as_bytes()));
    let tls = TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .expect("a context of a trust store alone has nothing to refuse");
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls).build_https()
}

#[cfg(test)]
mod tests;
