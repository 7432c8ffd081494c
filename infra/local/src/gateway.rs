//! Between HTTP and the events of API Gateway, payload format 2.0.
//!
//! Owns the shape of the event, which is built as JSON and read as a Lambda reads it, and the limit
//! on bodies. Does not own a route.

use std::collections::BTreeMap;

use aws_lambda_events::encodings::Body;
use axum::extract::Query;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use quita_edge::{ApiRequest, ApiResponse, Problem};
use serde_json::json;

/// Longest body that is passed on, in bytes: above every limit of a function, so that each function
/// still draws its own.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of a longer body that are read and thrown away, so that an ordinary client gets to see the
/// answer instead of a broken connection.
const DRAIN_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Reads a call as API Gateway hands it to a function.
pub async fn event(
    request: axum::extract::Request,
    request_id: &str,
    now: DateTime<Utc>,
) -> Result<ApiRequest, Problem> {
    let (parts, body) = request.into_parts();
    let body = bounded(body).await?;
    let malformed = |what: &str| Problem::Malformed { detail: format!("{what} cannot be read") };
    let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
        .map_err(|_| malformed("the query"))?;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers = BTreeMap::new();
    for (name, value) in &parts.headers {
        joined(&mut headers, name.as_str(), text(value));
    }
    let mut parameters = BTreeMap::new();
    for (name, value) in query {
        joined(&mut parameters, &name, value);
    }
    let (body, is_base64) = match String::from_utf8(body) {
        Ok(text) => (text, false),
        Err(error) => (STANDARD.encode(error.as_bytes()), true),
    };
    let path = parts.uri.path();
    let payload = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "queryStringParameters": parameters,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": headers.get("host"),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent"),
            },
            "requestId": request_id,
            "stage": "$default",
            "timeEpoch": now.timestamp_millis(),
        },
        "body": body,
        "isBase64Encoded": is_base64,
    });
    serde_json::from_value(payload).map_err(|_| malformed("the request"))
}

/// Several values of one name travel as one, with commas.
fn joined(values: &mut BTreeMap<String, String>, name: &str, value: String) {
    values
        .entry(name.to_owned())
        .and_modify(|known| {
            known.push(',');
            known.push_str(&value);
        })
        .or_insert(value);
}

/// The whole body, or what is wrong with it; never more than the limit is kept.
pub async fn bounded(body: axum::body::Body) -> Result<Vec<u8>, Problem> {
    let mut kept = Vec::new();
    let mut seen = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let detail = "the body ended early".to_owned();
        let chunk = chunk.map_err(|_| Problem::Malformed { detail })?;
        seen += chunk.len();
        if seen <= BODY_BYTES_MAX {
            kept.extend_from_slice(&chunk);
        } else {
            kept = Vec::new();
        }
        if seen > DRAIN_BYTES_MAX {
            break;
        }
    }
    if seen > BODY_BYTES_MAX {
        Err(Problem::BodyTooLarge { bytes_max: BODY_BYTES_MAX })
    } else {
        Ok(kept)
    }
}

/// Writes a function's answer as API Gateway does.
pub fn answer(response: ApiResponse) -> Response {
    let body = match response.body {
        None | Some(Body::Empty) => Vec::new(),
        Some(Body::Binary(bytes)) => bytes,
        Some(Body::Text(text)) if response.is_base64_encoded => {
            STANDARD.decode(text).unwrap_or_default()
        }
        Some(Body::Text(text)) => text.into_bytes(),
        // A kind of body this version does not know cannot come from our own functions.
        Some(_) => Vec::new(),
    };
    let status = u16::try_from(response.status_code).ok();
    let status = status.and_then(|code| StatusCode::from_u16(code).ok());
    let mut answer = Response::new(axum::body::Body::from(body));
    *answer.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = answer.headers_mut();
    headers.extend(response.headers);
    for (name, value) in &response.multi_value_headers {
        headers.append(HeaderName::clone(name), value.clone());
    }
    for cookie in response.cookies {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, value);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(request: axum::http::request::Builder, body: Vec<u8>) -> ApiRequest {
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        let request = request.body(axum::body::Body::from(body)).unwrap();
        event(request, "req-1", now).await.unwrap()
    }

    #[tokio::test]
    async fn a_call_arrives_as_a_lambda_sees_it() {
        let request = axum::http::Request::post("/v1/invoices?limit=5&status=open%20now")
            .header("Idempotency-Key", "k-1");
        let event = read(request, b"{\"a\":1}".to_vec()).await;
        assert_eq!(event.raw_path.as_deref(), Some("/v1/invoices"));
        assert_eq!(event.request_context.http.method, "POST");
        assert_eq!(event.request_context.request_id.as_deref(), Some("req-1"));
        assert_eq!(event.headers["idempotency-key"], "k-1");
        assert_eq!(event.query_string_parameters.first("status"), Some("open now"));
        assert_eq!(event.body.as_deref(), Some("{\"a\":1}"));
        assert!(!event.is_base64_encoded);
    }

    #[tokio::test]
    async fn a_body_that_is_no_text_arrives_as_base64() {
        let event = read(axum::http::Request::post("/x"), vec![0xff, 0xfe]).await;
        assert!(event.is_base64_encoded);
        assert_eq!(STANDARD.decode(event.body.unwrap()).unwrap(), [0xff, 0xfe]);
    }

    #[tokio::test]
    async fn a_huge_body_is_refused_and_not_kept() {
        let full = bounded(axum::body::Body::from(vec![b'x'; BODY_BYTES_MAX])).await;
        assert_eq!(full.map(|body| body.len()), Ok(BODY_BYTES_MAX));
        let over = bounded(axum::body::Body::from(vec![b'x'; BODY_BYTES_MAX + 1])).await;
        assert_eq!(over, Err(Problem::BodyTooLarge { bytes_max: BODY_BYTES_MAX }));
    }

    #[tokio::test]
    async fn pictures_leave_as_bytes() {
        let response = quita_edge::http::binary(200, "image/png", vec![1, 2, 3]);
        let answer = answer(response);
        assert_eq!(answer.headers()["content-type"], "image/png");
        let bytes = axum::body::to_bytes(answer.into_body(), 10).await.unwrap();
        assert_eq!(bytes.as_ref(), [1, 2, 3]);
    }
}
