//! One post: the try that was begun, made, and written down.

use std::error::Error;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::endpoint::delivery::{Attempt, Delivery, DeliveryState, Fault, Outcome, Verdict};
use quita_core::endpoint::{Endpoint, Heard};
use quita_table::{Commit, CommitError, Expected};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};

use super::resolver::AddressRefused;
use super::{health, sign};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::metrics;

/// Most that is read of an answer's body. Nothing of it is kept; a short one that is read to its
/// end leaves the connection fit for the next post.
const ANSWER_BYTES_MAX: usize = 8 * 1024;

/// What was heard of a post.
struct Posted {
    outcome: Outcome,
    retry_after: Option<TimeDelta>,
}

/// Makes the try that `begun` stands for and writes what came of it. `Err` leaves it begun: it
/// falls due again by itself.
pub(super) async fn post(
    deps: &Deps,
    endpoint: &Endpoint,
    begun: Delivery,
) -> Result<DeliveryState, Unknown> {
    let at = deps.clock.now();
    let stopwatch = Instant::now();
    let Posted { outcome, retry_after } = send(deps, endpoint, &begun, at).await?;
    let duration_ms = u32::try_from(stopwatch.elapsed().as_millis()).unwrap_or(u32::MAX);
    let settled = begun.settled(Attempt { at, outcome, duration_ms }, retry_after);
    let commit = Commit::new(&settled.merchant).record(&settled, Expected::Version(begun.version));
    match deps.store.commit(commit).await {
        // Whoever took the try over after its lease writes what it heard itself.
        Ok(()) | Err(CommitError::Conflict(_)) => {}
        Err(error) => return Err(error.into()),
    }
    count(settled.state);
    let heard = match outcome.verdict() {
        Verdict::Taken => Heard::Taken,
        Verdict::Gone => Heard::Gone,
        Verdict::Failed => Heard::Failed,
    };
    health::note(deps, &settled.merchant, endpoint, heard).await;
    tracing::info!(
        delivery.id = %settled.id, endpoint.id = %endpoint.id, ?outcome, tries = settled.tries,
        "Posted `{}` to endpoint `{}`", settled.id, endpoint.id
    );
    Ok(settled.state)
}

/// Counts how a try, or a giving up, ended.
pub(super) fn count(state: DeliveryState) {
    metrics::webhook_delivered(match state {
        DeliveryState::Delivered { .. } => "delivered",
        DeliveryState::Pending { .. } => "tried_again",
        DeliveryState::Failed { .. } => "failed",
    });
}

/// Posts. `Err` is a fault of ours, before anything was sent.
async fn send(
    deps: &Deps,
    endpoint: &Endpoint,
    delivery: &Delivery,
    at: DateTime<Utc>,
) -> Result<Posted, Unknown> {
    let no_answer = |fault| Posted { outcome: Outcome::NoAnswer(fault), retry_after: None };
    // Stored addresses were checked when they were typed; the rules may be stricter by now.
    let Ok(url) = deps.webhooks.reach().check(endpoint.url.as_str()) else {
        return Ok(no_answer(Fault::AddressRefused));
    };
    let Delivery { merchant, id, body, .. } = delivery;
    let signatures = sign::signatures(&deps.config.signing_key, merchant, endpoint, id, at, body);
    let request = deps
        .webhooks
        .client()?
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", id.as_str())
        .header("webhook-timestamp", at.timestamp())
        .header("webhook-signature", signatures)
        .body(body.clone());
    match request.send().await {
        Ok(answer) => {
            let outcome = Outcome::Answered(answer.status().as_u16());
            let retry_after = retry_after(answer.headers(), at);
            drain(answer).await;
            Ok(Posted { outcome, retry_after })
        }
        Err(error) => Ok(no_answer(fault_of(&error))),
    }
}

/// Reads an answer to its end, if that is near. Its status has been heard: nothing here fails.
async fn drain(mut answer: reqwest::Response) {
    let mut left = ANSWER_BYTES_MAX;
    while let Ok(Some(piece)) = answer.chunk().await {
        match left.checked_sub(piece.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// Seconds, or a date. Source: RFC 9110, section 10.2.3.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(TimeDelta::seconds(seconds.into()));
    }
    Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now)
}

fn fault_of(error: &reqwest::Error) -> Fault {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(known) = cause {
        if known.is::<AddressRefused>() {
            return Fault::AddressRefused;
        }
        cause = known.source();
    }
    if error.is_timeout() {
        Fault::Timeout
    } else if error.is_connect() {
        Fault::NotConnected
    } else {
        Fault::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_a_receiver_asks_for_is_misread() {
        let now = "2026-11-23T13:00:00Z".parse().unwrap();
        let check = |text: &str, seconds: Option<i64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), seconds.map(TimeDelta::seconds), "{text}");
        };
        check("120", Some(120));
        check("0", Some(0));
        check("Mon, 23 Nov 2026 13:02:00 GMT", Some(120));
        check("Mon, 23 Nov 2026 12:59:00 GMT", Some(-60));
        for nonsense in ["", "-5", "soon", "1.5", "99999999999999"] {
            check(nonsense, None);
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
