//! The HTTP API's authorizer: who stands behind the `Authorization` header of a call.
//!
//! The gateway asks before it calls a function under `/v1`, keeps the answer for a minute by the
//! header, and hands the context on. A token that was never ours is refused here, by the gateway's
//! own 403, without a read of the table: a flood of wrong keys costs next to nothing. One that was
//! ours and is over goes on with the reason, so that the function can say why.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

use quita_app::credentials::{Checked, check};
use quita_app::{Deps, Unknown, metrics};
use quita_edge::auth::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the gateway asks: payload format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// What the identity sources hold: the `Authorization` header alone.
    #[serde(default)]
    identity_source: Vec<String>,
}

/// The answer: the simple response.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdicted {
    is_authorized: bool,
    context: Value,
}

/// # Errors
/// When table or secrets do not answer; the gateway then answers 500 and keeps nothing.
pub async fn handle(deps: &Deps, question: Question) -> Result<Verdicted, Unknown> {
    let refused = Verdicted { is_authorized: false, context: json!({}) };
    let Some(token) = question.identity_source.first().and_then(|header| bearer(header)) else {
        metrics::credentials_refused("malformed");
        return Ok(refused);
    };
    let verdict = match check(deps, token).await? {
        Checked::Forged => {
            metrics::credentials_refused("forged");
            return Ok(refused);
        }
        Checked::Lapsed(why) => {
            metrics::credentials_refused(why.code());
            Verdict::Refused(why)
        }
        Checked::In(caller) => Verdict::Let(caller),
    };
    Ok(Verdicted { is_authorized: true, context: verdict.context() })
}

/// The token of a header `Bearer …`.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_scheme_passes_for_a_bearer() {
        assert_eq!(bearer("Bearer qk_1"), Some("qk_1"));
        assert_eq!(bearer("bearer  qk_1 "), Some("qk_1"));
        for header in ["", "Bearer", "Basic qk_1", "qk_1", "BearerX qk_1"] {
            assert_eq!(bearer(header), None, "{header}");
        }
    }
}
