//! One signed request to a service of AWS.
//!
//! Owns the signature and the address. Does not own what an answer means, nor whether a request may
//! be made again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{Method, Request};
use quita_app::Unknown;
use quita_app::ports::SendError;
use tokio::time::timeout;

use crate::env::{Endpoints, Settings};
use crate::http::{Answer, Broken, Exchange};

/// What Lambda calls the trace of an invocation, and the header by which AWS recognises a function
/// that wakes itself. Source: AWS Lambda developer guide, "Defined runtime environment variables" and
/// "Lambda recursive loop detection".
const TRACE: &str = "_X_AMZN_TRACE_ID";
const TRACE_HEADER: &str = "x-amzn-trace-id";

/// For a call and its whole answer; a claim on a message lasts two minutes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A service, by its names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    /// As the variable of another address spells it, in the words of its SDK.
    pub id: &'static str,
    /// As its address spells it.
    pub host: &'static str,
    /// As the signature spells it.
    pub signing: &'static str,
    /// Whether the hash of the body goes along, and the path is signed as it is: Amazon S3 alone.
    pub is_s3: bool,
}

/// Where, and who asks. Clones share the connections.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    http: Arc<dyn Exchange>,
    pub region: String,
    identity: Identity,
    endpoints: Endpoints,
}

impl Signed {
    pub fn new(http: impl Exchange + 'static, settings: &Settings) -> Self {
        Self {
            http: Arc::new(http),
            region: settings.region.clone(),
            identity: settings.credentials.clone().into(),
            endpoints: settings.endpoints.clone(),
        }
    }

    /// Another address of a service, for a run beside fakes.
    pub fn endpoint(&self, service: Service) -> Option<&str> {
        self.endpoints.of(service.id).map(|address| address.trim_end_matches('/'))
    }

    /// Where a service is, without a slash at the end.
    pub fn address(&self, service: Service) -> String {
        let own = || format!("https://{}.{}.amazonaws.com", service.host, self.region);
        self.endpoint(service).map_or_else(own, str::to_owned)
    }

    /// Signs a request, sends it once, and reads the answer.
    pub async fn send(
        &self,
        service: Service,
        mut request: Request<Bytes>,
    ) -> Result<Answer, Broken> {
        let trace = std::env::var(TRACE).ok().and_then(|trace| trace.try_into().ok());
        if let Some(trace) = trace {
            request.headers_mut().insert(TRACE_HEADER, trace);
        }
        let unsigned = |error: BoxError| Broken::NotSent(format!("it cannot be signed: {error}"));
        self.http.exchange(self.sign(service, request).map_err(unsigned)?).await
    }

    /// As [`Self::send`], for a message. `doing` names it in an error.
    pub async fn call(
        &self,
        service: Service,
        request: Request<Bytes>,
        doing: &'static str,
    ) -> Result<Answer, SendError> {
        let late = |_| Err(Broken::Lost("no answer in time".to_owned()));
        let outcome = timeout(TIMEOUT, self.send(service, request)).await.unwrap_or_else(late);
        outcome.map_err(|broken| match broken {
            Broken::NotSent(_) => SendError::not_now(broken.to_string()),
            Broken::Lost(_) => SendError::Unknown(Unknown::new(doing, broken)),
        })
    }

    fn sign(
        &self,
        service: Service,
        mut request: Request<Bytes>,
    ) -> Result<Request<Bytes>, BoxError> {
        let mut settings = SigningSettings::default();
        if service.is_s3 {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let parameters = v4::SigningParams::builder()
            .identity(&self.identity)
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
) -> Result<Request<Bytes>, http::Error> {
    let builder = Request::builder().method(method).uri(address);
    headers
        .iter()
        .fold(builder, |builder, (name, value)| builder.header(*name, *value))
        .body(body.into())
}
