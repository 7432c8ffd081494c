//! One HTTP call as API Gateway v2 delivers it, read safely, and the answers to it.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use quita_app::idempotency::{Answer, Request};
use quita_table::Cursor;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::{Caller, Verdict};
use crate::problem::Problem;

/// The event of an HTTP API, payload format 2.0.
pub type ApiRequest = ApiGatewayV2httpRequest;
/// The answer to it.
pub type ApiResponse = ApiGatewayV2httpResponse;

/// Longest body of an API request, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest `Idempotency-Key`, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 64;
/// Items of a page when the caller does not say.
pub const PAGE_ITEMS_DEFAULT: usize = 50;
/// Most items of a page.
pub const PAGE_ITEMS_MAX: usize = 100;
/// Longest cursor that is looked at.
const CURSOR_BYTES_MAX: usize = 500;

/// The actor of a call that nobody was let in for; such calls end before they change anything.
const NOBODY: &str = "nobody";

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A call, with its body decoded and bounded.
pub struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    body: Vec<u8>,
    request_id: String,
    verdict: Option<Verdict>,
    /// The idempotency key of a request that was kept; no caller can give one.
    kept_key: Option<String>,
}

impl Call {
    /// Answers an event by what `take` makes of its call; a call that cannot be read, and whatever
    /// keeps `take` from an answer, is answered as a problem.
    pub async fn serve<Taken>(
        request: ApiRequest,
        body_bytes_max: usize,
        take: impl FnOnce(Self) -> Taken,
    ) -> ApiResponse
    where
        Taken: Future<Output = Result<ApiResponse, Problem>>,
    {
        match Self::read(request, body_bytes_max) {
            Ok(call) => {
                let request_id = call.request_id.clone();
                take(call).await.unwrap_or_else(|problem| problem.response(&request_id))
            }
            Err((problem, request_id)) => problem.response(&request_id),
        }
    }

    /// Reads an event; a body over `body_bytes_max` is refused before it is looked at.
    pub fn read(request: ApiRequest, body_bytes_max: usize) -> Result<Self, (Problem, String)> {
        let context = request.request_context;
        let request_id = context.request_id.unwrap_or_default();
        let method = context.http.method;
        let body = match decode(request.body, request.is_base64_encoded, body_bytes_max) {
            Ok(body) => body,
            Err(problem) => return Err((problem, request_id)),
        };
        let query = request.query_string_parameters;
        let context = context.authorizer.map(|authorizer| authorizer.fields);
        Ok(Self {
            method,
            path: request.raw_path.unwrap_or_default(),
            headers: request.headers,
            query: query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body,
            request_id,
            verdict: context.as_ref().and_then(Verdict::of_context),
            kept_key: None,
        })
    }

    /// A `POST` that was kept, sent again as it was: in the name of who sent it, under a key of the
    /// kept request's own.
    pub fn again(caller: Caller, path: &str, body: &str, key: String, request_id: &str) -> Self {
        Self {
            method: Method::POST,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            query: Vec::new(),
            body: body.as_bytes().to_vec(),
            request_id: request_id.to_owned(),
            verdict: Some(Verdict::Let(caller)),
            kept_key: Some(key),
        }
    }

    /// What the authorizer said of the credential; `None` where it was not asked.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The segments of the path, without the empty one before the first slash.
    pub fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON of a type; what is wrong is said with its place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        // A list would be read as the fields in order.
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        if first.is_some_and(|byte| *byte != b'{') {
            return Err(Problem::Malformed { detail: "use a JSON object".to_owned() });
        }
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let at = if path == "." { String::new() } else { format!("at `{path}`: ") };
            Problem::Malformed { detail: format!("{at}{}", error.inner()) }
        })?;
        reader.end().map_err(|error| Problem::Malformed { detail: error.to_string() })?;
        Ok(value)
    }

    /// The idempotency of a write: key and body, under the operation's name.
    pub fn idempotency(&self, scope: &'static str) -> Result<Request, Problem> {
        let actor = match &self.verdict {
            Some(Verdict::Let(caller)) => caller.principal.as_str(),
            _ => NOBODY,
        };
        if let Some(key) = &self.kept_key {
            return Ok(Request::new(scope, key, &self.path, &self.body, actor));
        }
        let key = self.header("idempotency-key").ok_or(Problem::IdempotencyKeyMissing)?;
        let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > IDEMPOTENCY_KEY_CHARS_MAX || !printable {
            return Err(Problem::IdempotencyKeyMissing);
        }
        Ok(Request::new(scope, key, &self.path, &self.body, actor))
    }

    /// `limit` and `cursor` of a list.
    pub fn page(&self) -> Result<(usize, Option<Cursor>), Problem> {
        let bad = |property: &str, reason: String| Problem::invalid(property, reason);
        let limit = match self.query("limit") {
            None => PAGE_ITEMS_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=PAGE_ITEMS_MAX).contains(limit))
                .ok_or_else(|| bad("limit", format!("use 1 to {PAGE_ITEMS_MAX}")))?,
        };
        let cursor = match self.query("cursor") {
            None => None,
            Some(text) => {
                let parsed = Some(text).filter(|text| text.len() <= CURSOR_BYTES_MAX);
                let parsed = parsed.and_then(|text| Cursor::parse(text).ok());
                let reason = "use the next_cursor of the page before, unchanged".to_owned();
                Some(parsed.ok_or_else(|| bad("cursor", reason))?)
            }
        };
        Ok((limit, cursor))
    }
}

fn decode(body: Option<String>, is_base64: bool, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let text = body.unwrap_or_default();
    let too_large = Problem::BodyTooLarge { bytes_max };
    // Base64 takes four characters for three bytes: checked before anything is decoded.
    if text.len() > bytes_max.div_ceil(3) * 4 {
        return Err(too_large);
    }
    let bytes = if is_base64 {
        let detail = "the body is not base64 as announced".to_owned();
        STANDARD.decode(text).map_err(|_| Problem::Malformed { detail })?
    } else {
        text.into_bytes()
    };
    if bytes.len() > bytes_max { Err(too_large) } else { Ok(bytes) }
}

/// An answer with a JSON body.
pub fn json<T: Serialize>(status: u16, value: &T) -> ApiResponse {
    match serde_json::to_string(value) {
        Ok(body) => text(status, "application/json", body),
        Err(error) => {
            tracing::error!(%error, "An answer could not be written");
            Problem::Internal.response("")
        }
    }
}

/// An answer that may be one given before.
pub fn answered(answer: Answer) -> ApiResponse {
    let mut response = text(answer.status, "application/json", answer.body);
    if answer.replayed {
        response.headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// An answer with a text body.
pub fn text(status: u16, content_type: &'static str, body: String) -> ApiResponse {
    respond(status, content_type, Body::Text(body))
}

/// An answer with a binary body.
pub fn binary(status: u16, content_type: &'static str, body: Vec<u8>) -> ApiResponse {
    let mut response = respond(status, content_type, Body::Binary(body));
    response.is_base64_encoded = true;
    response
}

/// The text of an answer; nothing for one that has none.
pub fn text_of(response: &ApiResponse) -> &str {
    match &response.body {
        Some(Body::Text(text)) => text,
        _ => "",
    }
}

/// Headers every answer carries: nothing is cached by default, nothing is sniffed, and a page's
/// address, which is its key, is not told to others.
fn respond(status: u16, content_type: &'static str, body: Body) -> ApiResponse {
    let mut response = ApiResponse::default();
    response.status_code = i64::from(status);
    response.body = Some(body);
    let headers = &mut response.headers;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests;
