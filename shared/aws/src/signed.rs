//! Calls to services of AWS that no SDK is linked for: one signed request over the SDKs' HTTP client.
//!
//! Owns the signature and the address. Does not own what an answer means. An SDK for a service that
//! is asked one thing would cost a function more than a megabyte.
//!
//! Invariant: a request is made once; whether it may be made again is the caller's to know.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::config::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::Identity;
use http::{Method, Request};
use quita_app::Unknown;
use quita_app::ports::SendError;

use crate::env::{Endpoints, Settings};
use crate::http::Http;

/// For a call and its whole answer; a claim on a message lasts two minutes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A service, by its names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    /// As the variable of another address spells it, in the words of its SDK.
    pub id: &'static str,
    /// As the signature spells it.
    pub signing: &'static str,
    /// Whether the hash of the body goes along, and the path is signed as it is: Amazon S3 alone.
    pub is_s3: bool,
}

/// Where, and who asks.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    http: Http,
    pub region: String,
    credentials: Credentials,
    endpoints: Endpoints,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    /// `x-amzn-requestid` or its like.
    pub request: String,
    pub body: Vec<u8>,
}

impl Signed {
    pub fn new(http: Http, settings: &Settings) -> Self {
        Self {
            http,
            region: settings.region.clone(),
            credentials: settings.credentials.clone(),
            endpoints: settings.endpoints.clone(),
        }
    }

    /// Another address of a service, for a run beside fakes.
    pub fn endpoint(&self, service: Service) -> Option<&str> {
        self.endpoints.of(service.id).map(|address| address.trim_end_matches('/'))
    }

    /// Signs a request, sends it, and reads the answer. `doing` names it in an error.
    pub async fn call(
        &self,
        service: Service,
        request: Request<Vec<u8>>,
        doing: &'static str,
    ) -> Result<Answer, SendError> {
        let unsent = |error: BoxError| SendError::not_now(format!("it cannot be signed: {error}"));
        let request = self.sign(service, request).map_err(unsent)?;
        let mut request =
            reqwest::Request::try_from(request).map_err(|error| unsent(error.into()))?;
        *request.timeout_mut() = Some(TIMEOUT);
        let broken = |error: reqwest::Error| {
            let nothing_sent = error.is_connect();
            let error = error.without_url();
            match nothing_sent {
                true => SendError::not_now(format!("it cannot be reached: {error}")),
                false => SendError::Unknown(Unknown::new(doing, error)),
            }
        };
        let response = self.http.send(request).await.map_err(broken)?;
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let request = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
        let (status, request) = (response.status().as_u16(), request.unwrap_or_default());
        let body = response.bytes().await.map_err(broken)?.to_vec();
        Ok(Answer { status, request, body })
    }

    fn sign(
        &self,
        service: Service,
        mut request: Request<Vec<u8>>,
    ) -> Result<Request<Vec<u8>>, BoxError> {
        let mut settings = SigningSettings::default();
        if service.is_s3 {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let identity: Identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service.signing)
            .time(SystemTime::now())
            .settings(settings)
            .build()?
            .into();
        let uri = request.uri().to_string();
        let headers: Result<Vec<(&str, &str)>, BoxError> = request
            .headers()
            .iter()
            .map(|(name, value)| Ok((name.as_str(), value.to_str()?)))
            .collect();
        let signable = SignableRequest::new(
            request.method().as_str(),
            uri,
            headers?.into_iter(),
            SignableBody::Bytes(request.body()),
        )?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

/// A request of a method to an address, with its headers.
pub(crate) fn request(
    method: Method,
    address: &str,
    headers: &[(&'static str, &str)],
    body: Vec<u8>,
) -> Result<Request<Vec<u8>>, http::Error> {
    let builder = Request::builder().method(method).uri(address);
    headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).body(body)
}
