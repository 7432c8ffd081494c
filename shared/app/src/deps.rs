//! What every use case is given: the table, the ports, and the configuration read at cold start.

use std::sync::Arc;

use quita_table::Store;

use crate::bank::Banks;
use crate::channels::Channels;
use crate::credentials::OperatorKey;
use crate::lazy_http::LazyHttp;
use crate::links::SigningKey;
use crate::ports::{Bus, Clock, IdSource, Mailer, Secrets, SenderDomains};
use crate::rules::Rules;
use crate::templates::TemplateCache;
use crate::webhooks::Webhooks;

/// Everything a use case reaches for.
pub struct Deps {
    pub store: Store,
    pub mailer: Arc<dyn Mailer>,
    /// Every other channel.
    pub channels: Channels,
    pub bus: Arc<dyn Bus>,
    pub secrets: Arc<dyn Secrets>,
    pub senders: Arc<dyn SenderDomains>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub banks: Banks,
    pub rules: Rules,
    pub templates: TemplateCache,
    pub operator: OperatorKey,
    /// Client for chat webhooks.
    pub http: LazyHttp,
    /// Posts events to the merchants' endpoints.
    pub webhooks: Webhooks,
    pub config: Config,
}

/// What is known before the first request.
#[derive(Debug, Clone)]
pub struct Config {
    /// Origin of the payer's pages, without a trailing slash.
    pub public_url: String,
    /// Origin that banks call back, without a trailing slash; one of its own where it asks for a
    /// client certificate.
    pub callback_url: String,
    pub signing_key: SigningKey,
}
