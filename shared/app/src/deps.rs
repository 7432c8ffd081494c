//! What every use case is given: the table, the ports, and the configuration read at cold start.

use std::sync::Arc;

use quita_table::Store;

use crate::bank::Banks;
use crate::keys::ApiKeys;
use crate::links::SigningKey;
use crate::ports::{Bus, Clock, IdSource, Mailer, Secrets};

/// Everything a use case reaches for.
pub struct Deps {
    pub store: Store,
    pub mailer: Arc<dyn Mailer>,
    pub bus: Arc<dyn Bus>,
    pub secrets: Arc<dyn Secrets>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub banks: Banks,
    pub keys: ApiKeys,
    /// Client for chat webhooks.
    pub http: reqwest::Client,
    pub config: Config,
}

/// What is known before the first request.
#[derive(Debug, Clone)]
pub struct Config {
    /// Origin of the payer's pages and of the bank's callbacks, without a trailing slash.
    pub public_url: String,
    pub signing_key: SigningKey,
}
