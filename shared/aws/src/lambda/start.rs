//! How a function starts: what it needs is named, checked and built before the first event.
//!
//! Owns the cold start and what waits for the first event. Does not own the loop over events.
//!
//! | when | what |
//! |---|---|
//! | before the first poll | the log, the environment, TLS: no call to anywhere |
//! | with the first event | the signing key: one call to Secrets Manager |
//! | when first needed | the clients for banks and chats, which read the machine's roots |
//!
//! Invariants: a missing or malformed variable stops the cold start by its name; a service that
//! `main.rs` does not name is not linked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quita_app::channels::{Channels, CloudApi, Limited, RateLimit, rate};
use quita_app::credentials::OperatorKey;
use quita_app::links::{self, BadKeys, SigningKey};
use quita_app::ports::{
    Bus, Clock, Mailer, NoSenderDomains, RandomIds, Secrets, SenderDomains, SystemClock,
};
use quita_app::rules::Rules;
use quita_app::templates::TemplateCache;
use quita_app::{Banks, Config, Deps, LazyHttp, Unknown, Webhooks, chain};
use quita_pix::client::ClientOptions;
use quita_table::Store;
use tokio::sync::OnceCell;

use super::log;
use crate::bus::{EventBridgeBus, NoBus};
use crate::clients::Clients;
use crate::dynamo::DynamoDb;
use crate::env::{EnvironmentError, Needs, Settings};
use crate::letters::LettersBucket;
use crate::mailer::{NoMailer, SesMailer};
use crate::secrets::SecretsManager;
use crate::sender_domains::SesSenderDomains;
use crate::sms::EndUserMessaging;

/// To open a connection to a chat's webhook or to the Cloud API.
const CHAT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For one post to either and its answer.
const CHAT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a function could not start.
#[derive(thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error("the HTTP client for AWS could not be set up")]
    Http(#[from] reqwest::Error),
}

/// The whole chain: it is what a failed `main` prints.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(self))
    }
}

/// Why an event cannot be handled yet: nothing can be done without the signing key. The next event
/// looks for it again.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    #[error("the secret `{}` does not exist", links::SECRET)]
    NoKey,
    #[error("the secret `{}` could not be read", links::SECRET)]
    Unread(#[source] Unknown),
    #[error("the secret `{}` is of no use", links::SECRET)]
    Useless(#[from] BadKeys),
}

type MakeMailer = fn(&Clients, &Settings) -> Arc<dyn Mailer>;
type MakeSenders = fn(&Clients) -> Arc<dyn SenderDomains>;
type MakeChannels = fn(&Clients, &Settings) -> Channels;
type MakeBus = fn(&Clients, &Settings) -> Arc<dyn Bus>;

/// What a function reaches beside the table and the secrets: nothing until it is named.
#[must_use]
#[derive(Debug, Default)]
pub struct Start {
    mailer: Option<MakeMailer>,
    channels: Option<MakeChannels>,
    bus: Option<MakeBus>,
    senders: Option<MakeSenders>,
}

/// Begins a function's start.
pub fn function() -> Start {
    Start::default()
}

impl Start {
    /// It sends e-mail, through Amazon SES.
    pub fn sends_mail(self) -> Self {
        Self { mailer: Some(ses), ..self }
    }

    /// It sends by every other channel: WhatsApp through Meta's Cloud API, SMS through AWS End User
    /// Messaging, letters into a bucket, and chats.
    pub fn sends_by_every_channel(self) -> Self {
        Self { channels: Some(every_channel), ..self }
    }

    /// It publishes events, on Amazon EventBridge.
    pub fn publishes(self) -> Self {
        Self { bus: Some(event_bridge), ..self }
    }

    /// It looks after the domains that e-mail is sent from, in Amazon SES.
    pub fn looks_after_senders(self) -> Self {
        Self { senders: Some(ses_domains), ..self }
    }

    /// The cold start: opens the log, reads the environment, builds the clients.
    pub fn start(self) -> Result<Function, StartError> {
        log::init();
        let settings = Settings::from_env(self.needs())?;
        let clients = Clients::new(&settings)?;
        Ok(self.over(&clients, settings))
    }

    pub(super) fn needs(&self) -> Needs {
        Needs {
            mail: self.mailer.is_some(),
            bus: self.bus.is_some(),
            channels: self.channels.is_some(),
        }
    }

    pub(super) fn over(self, clients: &Clients, settings: Settings) -> Function {
        let mailer = self.mailer.map(|make| make(clients, &settings));
        let channels = self.channels.map(|make| make(clients, &settings));
        let bus = self.bus.map(|make| make(clients, &settings));
        let senders = self.senders.map(|make| make(clients));
        Function {
            dynamo: DynamoDb::new(clients),
            mailer: mailer.unwrap_or_else(|| Arc::new(NoMailer)),
            channels: channels.unwrap_or_else(Channels::none),
            bus: bus.unwrap_or_else(|| Arc::new(NoBus)),
            senders: senders.unwrap_or_else(|| Arc::new(NoSenderDomains)),
            secrets: SecretsManager::new(clients, settings.secret_prefix),
            table: settings.table,
            public_url: settings.public_url,
            callback_url: settings.callback_url,
            deps: OnceCell::new(),
        }
    }
}

fn ses(clients: &Clients, settings: &Settings) -> Arc<dyn Mailer> {
    let set = settings.mail_configuration_set.clone();
    let ses = SesMailer::new(clients, set, Arc::new(SystemClock));
    Arc::new(Limited::new(Arc::new(ses), rate::EMAIL))
}

fn every_channel(clients: &Clients, settings: &Settings) -> Channels {
    let secrets = SecretsManager::new(clients, settings.secret_prefix.clone());
    let whatsapp = CloudApi::new(
        settings.whatsapp_url.clone(),
        LazyHttp::new(api_client),
        Arc::new(secrets),
        Arc::new(SystemClock),
    );
    let sms = EndUserMessaging::new(clients, settings);
    let letters = LettersBucket::new(clients, settings);
    Channels {
        whatsapp: Arc::new(Limited::new(Arc::new(whatsapp), rate::WHATSAPP)),
        sms: Arc::new(Limited::new(Arc::new(sms), rate::SMS)),
        letters: Arc::new(Limited::new(Arc::new(letters), rate::LETTERS)),
        chat: Arc::new(RateLimit::new(rate::CHAT)),
    }
}

fn event_bridge(clients: &Clients, settings: &Settings) -> Arc<dyn Bus> {
    Arc::new(EventBridgeBus::new(clients, settings.bus.clone()))
}

fn ses_domains(clients: &Clients) -> Arc<dyn SenderDomains> {
    Arc::new(SesSenderDomains::new(clients))
}

/// A function that has started.
pub struct Function {
    dynamo: DynamoDb,
    mailer: Arc<dyn Mailer>,
    channels: Channels,
    bus: Arc<dyn Bus>,
    senders: Arc<dyn SenderDomains>,
    secrets: SecretsManager,
    table: String,
    public_url: String,
    callback_url: String,
    deps: OnceCell<Deps>,
}

impl Function {
    /// Everything a use case reaches for. The first call reads the signing key; one that fails
    /// leaves that to the next.
    pub async fn deps(&self) -> Result<&Deps, NotReady> {
        self.deps.get_or_try_init(|| self.open()).await
    }

    async fn open(&self) -> Result<Deps, NotReady> {
        let secret = self.secrets.get(links::SECRET).await.map_err(NotReady::Unread)?;
        let signing_key = SigningKey::new(&secret.ok_or(NotReady::NoKey)?)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Ok(Deps {
            store: Store::new(Arc::new(self.dynamo.clone()), self.table.clone()),
            mailer: Arc::clone(&self.mailer),
            channels: self.channels.clone(),
            bus: Arc::clone(&self.bus),
            secrets: Arc::new(self.secrets.clone()),
            senders: Arc::clone(&self.senders),
            clock,
            ids: Arc::new(RandomIds),
            banks: Banks::new(ClientOptions::default()),
            rules: Rules::default(),
            templates: TemplateCache::default(),
            operator: OperatorKey::default(),
            http: LazyHttp::new(chat_client),
            webhooks: Webhooks::to_the_internet(),
            config: Config {
                public_url: self.public_url.clone(),
                callback_url: self.callback_url.clone(),
                signing_key,
            },
        })
    }
}

/// A webhook's address was typed in by somebody, so it gets https, no redirects and little time.
fn chat_client() -> Result<reqwest::Client, reqwest::Error> {
    outside().https_only(true).build()
}

/// For an address of the environment, whose form was checked when that was read.
fn api_client() -> Result<reqwest::Client, reqwest::Error> {
    outside().build()
}

fn outside() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CHAT_CONNECT_TIMEOUT)
        .timeout(CHAT_TIMEOUT)
}
