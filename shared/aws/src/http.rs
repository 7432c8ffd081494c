//! HTTP to AWS: one request, one whole answer.
//!
//! Owns trust and connections. Does not own patience with an answer, nor repeats.
//!
//! Invariants: only [`TRUSTED_ROOTS`] vouch for an AWS endpoint; an answer is handed over whole; an
//! exchange without a whole answer is never taken for a refusal.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use quita_app::chain;
use reqwest::{Certificate, redirect};

/// The roots of Amazon Trust Services, in DER. An HTTP client would otherwise read the machine's
/// whole bundle, certificate by certificate, at each cold start. Source: `roots/README.md`.
pub const TRUSTED_ROOTS: [&[u8]; 5] = [
    include_bytes!("../roots/amazon_root_ca_1.der"),
    include_bytes!("../roots/amazon_root_ca_2.der"),
    include_bytes!("../roots/amazon_root_ca_3.der"),
    include_bytes!("../roots/amazon_root_ca_4.der"),
    include_bytes!("../roots/starfield_services_root_g2.der"),
];

/// To open a connection inside the region.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A request and its whole answer: over the network, or from a test's script.
#[async_trait]
pub(crate) trait Exchange: std::fmt::Debug + Send + Sync {
    async fn exchange(&self, request: Request<Bytes>) -> Result<Answer, Broken>;
}

/// A whole answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header's text; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Why there is no whole answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// Nobody was reached: nothing happened.
    #[error("it cannot be reached: {0}")]
    NotSent(String),
    /// It may have been read.
    #[error("{0}")]
    Lost(String),
}

/// Makes *ring* the process's one TLS provider, for the clients that look for a default.
pub(crate) fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Lost only to another installer of the same provider.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

/// One client for all services; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
}

impl Http {
    /// Sets TLS up; nothing is called yet.
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        install_crypto();
        let roots: Result<Vec<_>, _> =
            TRUSTED_ROOTS.iter().map(|root| Certificate::from_der(root)).collect();
        let client = reqwest::Client::builder()
            .tls_certs_only(roots?)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client })
    }
}

#[async_trait]
impl Exchange for Http {
    async fn exchange(&self, request: Request<Bytes>) -> Result<Answer, Broken> {
        let request = reqwest::Request::try_from(request).map_err(broken)?;
        let response = self.client.execute(request).await.map_err(broken)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(broken)?;
        Ok(Answer { status, headers, body })
    }
}

/// Without the address, which an error for people must not quote.
fn broken(error: reqwest::Error) -> Broken {
    let make =
        if error.is_connect() || error.is_builder() { Broken::NotSent } else { Broken::Lost };
    make(chain(&error.without_url()))
}

#[cfg(test)]
mod tests;
