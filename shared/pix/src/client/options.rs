//! The client's limits, all named.

use std::collections::BTreeSet;
use std::time::Duration;

use super::observe::{Observer, unobserved};
use crate::identity::TrustedRoots;
use crate::profile::Quirk;
use crate::retry::Patience;

/// How long the client waits, how often it repeats, how much it reads.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// To open a connection. Default 3 s.
    pub connect_timeout: Duration,
    /// For one request and its whole answer. Default 8 s.
    pub request_timeout: Duration,
    /// For one call, or one whole [`ensure_cobv`](super::PspClient::ensure_cobv), with its token,
    /// repeats and waits; then the outcome is unknown. A list spends one for each page.
    /// Default 20 s, inside a Lambda's usual 30 s.
    pub call_budget: Duration,
    /// Attempts in all for calls that may be repeated. Default 3.
    pub attempts_max: u32,
    /// Ceiling of the first random wait between attempts. Default 200 ms, doubling.
    pub backoff_base: Duration,
    /// Ceiling of any random wait. Default 2 s.
    pub backoff_max: Duration,
    /// Longest `Retry-After` waited out. Default 5 s; a longer one is the caller's to honour.
    pub retry_after_max: Duration,
    /// Items asked for per page of a list. Default [`ITEMS_PER_PAGE`](super::ITEMS_PER_PAGE).
    pub items_per_page: u32,
    /// Longest answer read, in bytes. Default 4 MiB.
    pub response_bytes_max: usize,
    /// Who may vouch for the bank's server.
    pub roots: TrustedRoots,
    /// Security-weakening departures the operator accepts. Default none.
    pub accepted_quirks: BTreeSet<Quirk>,
    /// Told of each request when it ended. Default nobody.
    pub observer: Observer,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(8),
            call_budget: Duration::from_secs(20),
            attempts_max: 3,
            backoff_base: Duration::from_millis(200),
            backoff_max: Duration::from_secs(2),
            retry_after_max: Duration::from_secs(5),
            items_per_page: super::ITEMS_PER_PAGE,
            response_bytes_max: 4 * 1024 * 1024,
            roots: TrustedRoots::System,
            accepted_quirks: BTreeSet::new(),
            observer: unobserved,
        }
    }
}

impl ClientOptions {
    pub(crate) fn patience(&self) -> Patience {
        Patience {
            attempts_max: self.attempts_max,
            backoff_base: self.backoff_base,
            backoff_max: self.backoff_max,
            retry_after_max: self.retry_after_max,
        }
    }
}
