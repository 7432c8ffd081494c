//! The gateway's authorizer, as `template.yaml` sets it: who may pass to a function under `/v1`.
//!
//! Owns what API Gateway does around the function `authorize`: the identity source, the answers it
//! gives by itself, and the minute it keeps a decision. Does not own the decision.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lambda_events::apigw::ApiGatewayRequestAuthorizer;
use aws_lambda_events::encodings::Body;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use quita_app::Unknown;
use quita_edge::{ApiRequest, ApiResponse};
use serde_json::{Value, json};

use crate::functions::Functions;

/// The function that decides.
const AUTHORIZER: &str = "authorize";
/// What is behind the gate.
const GUARDED: &str = "/v1/";
/// How long a decision is kept, as `template.yaml` sets it.
const KEPT_FOR: TimeDelta = TimeDelta::seconds(60);
/// Decisions that are kept at the same time.
const KEPT_MAX: usize = 10_000;

/// The gate, with the decisions it keeps.
#[derive(Default)]
pub struct Gate {
    kept: Mutex<HashMap<String, Kept>>,
}

#[derive(Clone)]
struct Kept {
    /// The context of who was let in; `None` for who was not.
    context: Option<Value>,
    until: DateTime<Utc>,
}

impl Gate {
    /// Whether a path is behind the gate.
    pub fn guards(path: &str) -> bool {
        path.starts_with(GUARDED)
    }

    /// Lets a call pass with the authorizer's context on it, or answers in the function's place.
    pub async fn pass(
        &self,
        functions: &dyn Functions,
        mut request: ApiRequest,
        now: DateTime<Utc>,
    ) -> Result<ApiRequest, Box<ApiResponse>> {
        // What a client sent in its place never counts.
        request.request_context.authorizer = None;
        let header = request.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(header) = header.filter(|header| !header.is_empty()).map(str::to_owned) else {
            return Err(told(401, "Unauthorized"));
        };
        let context = match self.kept(&header, now) {
            Some(kept) => kept.context,
            None => match ask(functions, &header, &request).await {
                Ok(context) => {
                    self.keep(header, Kept { context: context.clone(), until: now + KEPT_FOR });
                    context
                }
                Err(error) => {
                    tracing::error!(error = quita_app::chain(&error), "Authorizer has no answer");
                    return Err(told(500, "Internal Server Error"));
                }
            },
        };
        let Some(Value::Object(context)) = context else {
            return Err(told(403, "Forbidden"));
        };
        let mut authorizer = ApiGatewayRequestAuthorizer::default();
        authorizer.fields = context.into_iter().collect();
        request.request_context.authorizer = Some(authorizer);
        Ok(request)
    }

    fn kept(&self, header: &str, now: DateTime<Utc>) -> Option<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(header).filter(|kept| now < kept.until && now >= kept.until - KEPT_FOR).cloned()
    }

    fn keep(&self, header: String, decision: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(header, decision);
    }
}

/// What the function says: the context of who is let in.
async fn ask(
    functions: &dyn Functions,
    header: &str,
    request: &ApiRequest,
) -> Result<Option<Value>, Unknown> {
    let question = json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:local:000000000000:local/$default",
        "identitySource": [header],
        "routeKey": request.route_key,
        "rawPath": request.raw_path,
        "headers": { "authorization": header },
        "requestContext": { "requestId": request.request_context.request_id },
    });
    let answer = functions.event(AUTHORIZER, question).await?;
    let is_authorized = answer["isAuthorized"] == true;
    Ok(is_authorized.then(|| answer["context"].clone()))
}

/// An answer of the gateway itself. Source: API Gateway developer guide, HTTP APIs, Lambda
/// authorizers.
fn told(status: i64, message: &str) -> Box<ApiResponse> {
    let mut response = ApiResponse::default();
    response.status_code = status;
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.body = Some(Body::Text(json!({ "message": message }).to_string()));
    Box::new(response)
}
