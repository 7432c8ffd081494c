//! HTTP for the SDKs: their requests over reqwest, so that a function has one HTTP stack.
//!
//! Owns trust and connections. Does not own patience with an answer, nor repeats: the SDKs end an
//! attempt that takes too long and decide what is worth another.
//!
//! Invariants: only [`TRUSTED_ROOTS`] vouch for an AWS endpoint; an answer is handed over whole; an
//! attempt without a whole answer is never taken for a refusal.

use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
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

    /// Sends a request of our own.
    pub(crate) async fn send(
        &self,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, reqwest::Error> {
        self.client.execute(request).await
    }
}

impl HttpClient for Http {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client.clone();
        HttpConnectorFuture::new(async move {
            let request = outgoing(request).map_err(ConnectorError::user)?;
            let response = client.execute(request).await.map_err(broken)?;
            answer(response).await
        })
    }
}

/// The SDK's request as reqwest's. Nothing here streams, so a body lies in memory.
fn outgoing(request: HttpRequest) -> Result<reqwest::Request, BoxError> {
    let (parts, body) = request.try_into_http1x()?.into_parts();
    let body = body.bytes().ok_or("the request's body is a stream")?.to_vec();
    Ok(reqwest::Request::try_from(http::Request::from_parts(parts, body))?)
}

async fn answer(response: reqwest::Response) -> Result<HttpResponse, ConnectorError> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.map_err(broken)?;
    let mut answer = http::Response::new(SdkBody::from(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
}

/// An attempt without a whole answer: too slow, or the connection broke somewhere.
fn broken(error: reqwest::Error) -> ConnectorError {
    let make = if error.is_timeout() { ConnectorError::timeout } else { ConnectorError::io };
    make(error.without_url().into())
}

#[cfg(test)]
mod tests;
