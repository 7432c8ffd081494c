//! Events out: a merchant's endpoints, what is posted to them, and what became of it.
//!
//! The form is Standard Webhooks: a stable id, the same bytes at each try, and a signature over
//! both. Owns the order of claim, post and settlement, and what every use case of this folder
//! shares ([`Webhooks`]). Does not own the rules of tries and endpoints ([`quita_core::endpoint`]).
//!
//! ```text
//!   event of the bus ─> claim (row, due again in two minutes) ─> post ─> settle
//!                                        └── the sender dies ──> the sweep finds it ──> post ...
//! ```
//!
//! Invariants: an event has one delivery an endpoint, however often the bus brings it; a try is
//! claimed before it is made, so it is made at least once and under the same id; nothing is posted
//! to an address that [`guard`] was not asked about at that very connection.

pub mod deliver_due;
pub mod deliver_event;
pub mod delivery_log;
pub mod endpoint_draft;
pub mod guard;
mod health;
pub mod manage_endpoints;
pub mod message;
mod post;
pub mod replay;
mod resolver;
pub mod sign;
pub mod views;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::endpoint::Endpoints;
use quita_core::ids::MerchantId;
use quita_table::keys::RecordKey;
use quita_table::store::ItemRef;
use reqwest::redirect;

use crate::deps::Deps;
use crate::error::Unknown;
use guard::Reach;
use resolver::{Checked, Lookup, SystemLookup};

/// For the whole of one post and its answer. Source: Standard Webhooks specification, "Request
/// timeouts": 15 to 30 s.
pub const POST_TIMEOUT: Duration = Duration::from_secs(15);
/// To find a receiver's address and open a connection to it.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// On one machine events are handled one after the other, and a receiver is near.
pub const LOCAL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a warm process goes on with the endpoints it read.
pub const CACHED: TimeDelta = TimeDelta::seconds(60);
/// Merchants a warm process remembers; past it, it forgets all and begins anew.
const CACHED_MERCHANTS_MAX: usize = 1_000;
/// Idle connections kept to one receiver.
const IDLE_MAX: usize = 2;
/// What receivers see in their logs.
const USER_AGENT: &str = "Quita-Webhooks/1";

/// What posting needs: a client that reaches what it may, and the endpoints read lately.
pub struct Webhooks {
    reach: Reach,
    timeout: Duration,
    lookup: Arc<dyn Lookup>,
    client: OnceLock<reqwest::Client>,
    cache: Mutex<HashMap<MerchantId, Cached>>,
}

struct Cached {
    read_at: DateTime<Utc>,
    endpoints: Arc<Endpoints>,
}

impl Webhooks {
    /// Posts to the internet by https alone.
    pub fn to_the_internet() -> Self {
        Self::new(Reach::Internet, POST_TIMEOUT, Arc::new(SystemLookup))
    }

    /// Posts to receivers on this machine as well, by plain http: for the local runner and tests.
    pub fn to_this_machine() -> Self {
        Self::new(Reach::ThisMachine, LOCAL_TIMEOUT, Arc::new(SystemLookup))
    }

    fn new(reach: Reach, timeout: Duration, lookup: Arc<dyn Lookup>) -> Self {
        let (client, cache) = (OnceLock::new(), Mutex::default());
        Self { reach, timeout, lookup, client, cache }
    }

    /// Which addresses an endpoint may have.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The client, set up when it is first used: most functions never post.
    fn client(&self) -> Result<&reqwest::Client, Unknown> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let builder = || {
            reqwest::Client::builder()
                .https_only(self.reach == Reach::Internet)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(self.timeout)
                .pool_max_idle_per_host(IDLE_MAX)
                .user_agent(USER_AGENT)
                .dns_resolver(Checked::new(self.reach, self.lookup.clone()))
        };
        let client = match self.reach {
            Reach::Internet => builder().build(),
            // A machine without a trust store can still reach what runs on itself.
            Reach::ThisMachine => {
                builder().build().or_else(|_| builder().tls_certs_only([]).build())
            }
        };
        let client = client.map_err(|error| Unknown::new("setting up the HTTP client", error))?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Forgets what was read of a merchant: it was changed here.
    pub(crate) fn forget(&self, merchant: &MerchantId) {
        self.cache().remove(merchant);
    }

    fn cached(&self, merchant: &MerchantId, now: DateTime<Utc>) -> Option<Arc<Endpoints>> {
        let cache = self.cache();
        let known = cache.get(merchant)?;
        let fresh = now >= known.read_at && now - known.read_at < CACHED;
        fresh.then(|| known.endpoints.clone())
    }

    fn remember(&self, endpoints: &Arc<Endpoints>, now: DateTime<Utc>) {
        let mut cache = self.cache();
        if cache.len() >= CACHED_MERCHANTS_MAX {
            cache.clear();
        }
        let cached = Cached { read_at: now, endpoints: endpoints.clone() };
        cache.insert(endpoints.merchant.clone(), cached);
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<MerchantId, Cached>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The endpoints as they were within the last [`CACHED`]: one read a minute and merchant, also for
/// merchants that have none.
async fn endpoints_lately(deps: &Deps, merchant: &MerchantId) -> Result<Arc<Endpoints>, Unknown> {
    let now = deps.clock.now();
    if let Some(endpoints) = deps.webhooks.cached(merchant, now) {
        return Ok(endpoints);
    }
    let endpoints = Arc::new(endpoints_now(deps, merchant).await?);
    deps.webhooks.remember(&endpoints, now);
    Ok(endpoints)
}

/// The endpoints as they are.
async fn endpoints_now(deps: &Deps, merchant: &MerchantId) -> Result<Endpoints, Unknown> {
    let key = RecordKey::Endpoints;
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    let endpoints = found.take_record(&key).map_err(unreadable)?;
    Ok(endpoints.unwrap_or_else(|| Endpoints::none(merchant.clone())))
}

fn unreadable(error: quita_table::items::ItemError) -> Unknown {
    Unknown::new("reading a record", error)
}

#[cfg(test)]
mod tests;
