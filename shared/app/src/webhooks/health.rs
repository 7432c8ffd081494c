//! What posts say of an endpoint: since when it fails, and that it is switched off.

use quita_core::endpoint::{Endpoint, EndpointState, Endpoints, FAILING_MAX, Heard};
use quita_core::ids::MerchantId;
use quita_table::items::EventRow;
use quita_table::{Commit, CommitError, Expected};

use super::manage_endpoints::{DISABLED, changes, data, row};
use crate::deps::Deps;
use crate::error::{Unknown, chain};

/// The actor of what is switched off here.
const ACTOR: &str = "deliver_webhooks";
/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;

/// Writes down what was heard, where that tells something new. It is news of an endpoint, not of
/// the delivery, which is settled: a failure is logged, and the next post tells the same.
pub(super) async fn note(deps: &Deps, merchant: &MerchantId, endpoint: &Endpoint, heard: Heard) {
    if !is_news(deps, endpoint, heard) {
        return;
    }
    if let Err(error) = write(deps, merchant, endpoint, heard).await {
        tracing::warn!(
            endpoint.id = %endpoint.id, error = chain(&error),
            "Health of endpoint `{}` could not be written", endpoint.id
        );
    }
}

/// By what is known of the endpoint, which may be a minute old: spares a read for most posts.
fn is_news(deps: &Deps, endpoint: &Endpoint, heard: Heard) -> bool {
    match (heard, endpoint.failing_since) {
        (Heard::Taken, None) => false,
        (Heard::Failed, Some(since)) => deps.clock.now() - since >= FAILING_MAX,
        (Heard::Taken | Heard::Failed | Heard::Gone, _) => true,
    }
}

async fn write(
    deps: &Deps,
    merchant: &MerchantId,
    endpoint: &Endpoint,
    heard: Heard,
) -> Result<(), Unknown> {
    for _ in 0..CONFLICTS_MAX {
        let before = super::endpoints_now(deps, merchant).await?;
        let now = deps.clock.now();
        let Some(after) = before.heard(&endpoint.id, heard, now) else { return Ok(()) };
        let expected = Expected::Version(before.version);
        let mut commit = Commit::new(merchant).record(&after, expected);
        if let Some((was, is)) = switched_off(&before, &after, endpoint) {
            let (was, is) = (Some(was), Some(is));
            let told = row(&after, now, ACTOR, DISABLED, data(&endpoint.id, was, is));
            let changes = changes(&endpoint.id, was, is);
            commit = commit.event(&EventRow { changes, ..told });
        }
        match deps.store.commit(commit).await {
            Ok(()) => {
                deps.webhooks.forget(merchant);
                return Ok(());
            }
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("writing an endpoint's health", "others kept writing first"))
}

fn switched_off<'a>(
    before: &'a Endpoints,
    after: &'a Endpoints,
    endpoint: &Endpoint,
) -> Option<(&'a Endpoint, &'a Endpoint)> {
    let (was, is) = (before.get(&endpoint.id)?, after.get(&endpoint.id)?);
    let off = was.is_enabled() && matches!(is.state, EndpointState::Disabled { .. });
    off.then_some((was, is))
}
