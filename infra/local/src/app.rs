//! Everything of a local run put together: folder, table, ports, bank, machine.
//!
//! Owns what is opened and in which order. Does not own a port number or a route: see
//! [`crate::server`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use quita_app::links::SigningKey;
use quita_app::ports::{Clock, Mailer};
use quita_app::{Config, Unknown};
use quita_core::ids::MerchantId;
use quita_core::pix_key::PixKey;
use quita_psp_sandbox::{Bank, BankConfig, Storage};
use quita_smtp::SmtpMailer;
use quita_testkit::embedded::Embedded;
use serde_json::json;
use tokio::sync::Notify;

use crate::clock::MovableClock;
use crate::data::DataFolder;
use crate::forwarded::Forwarded;
use crate::machine::{Machine, MachineParts};
use crate::mailbox::LocalMailbox;
use crate::merchant;
use crate::options::OtherBank;
use crate::secrets::LocalSecrets;
use crate::stream::Checkpoint;
use crate::travel::{TravelError, Traveller};

/// Path that the sandbox bank is mounted under.
pub const BANK_PATH: &str = "/bank";
/// A key at the sandbox bank beside the demo merchant's, for whoever plays the set-up.
const SECOND_KEY: &str = "0d3a4c2e-6f1b-4b8a-9a57-2c1e8f4d7b60";
/// OAuth client id at the sandbox bank.
const BANK_CLIENT: &str = "quita-local";

/// Why a run cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("the table cannot be opened")]
    Table(#[from] quita_testkit::embedded::EmbeddedError),
    #[error("the mailbox cannot be opened")]
    Mailbox(#[from] crate::mailbox::MailboxError),
    #[error("QUITA_SMTP_URL cannot be used: {0}")]
    Smtp(#[from] quita_smtp::BadUrl),
    #[error("the secrets cannot be opened")]
    Secrets(#[from] crate::secrets::SecretsError),
    #[error("the signing key cannot be used")]
    SigningKey(#[from] quita_app::links::BadKeys),
    #[error("the clock cannot be opened")]
    Clock(#[from] crate::clock::ClockError),
    #[error("the sandbox bank cannot be opened")]
    Bank(#[from] quita_psp_sandbox::OpenError),
    #[error("the functions cannot be set up")]
    Machine(#[from] crate::machine::MachineError),
    #[error("the merchant or its bank cannot be set up")]
    Merchant(#[from] Unknown),
    #[error("the sandbox bank has no usable Pix key")]
    PixKey,
}

/// What a run is given.
pub struct Setup {
    /// `None` keeps everything in memory.
    pub data: Option<DataFolder>,
    /// `None` is the sandbox.
    pub bank: Option<OtherBank>,
    /// `None` is the machine's time, moved by what the folder says.
    pub clock: Option<MovableClock>,
    /// `None` keeps e-mail in the mailbox alone.
    pub smtp_url: Option<String>,
}

/// A run.
pub struct App {
    pub machine: Machine,
    pub clock: Arc<MovableClock>,
    pub mailbox: Arc<LocalMailbox>,
    /// The sandbox, unless another bank is used.
    pub bank: Option<Arc<Bank>>,
    pub pix_key: PixKey,
    pub api_key: String,
    /// The operator's token: it creates merchants.
    pub operator_key: String,
    pub public_url: String,
    /// Rung when there may be something to pump.
    pub wake: Notify,
    travel: tokio::sync::Mutex<()>,
    moved: Mutex<Option<Moved>>,
    notice: Mutex<Option<String>>,
    _data: Option<DataFolder>,
}

/// The last move of the clock.
#[derive(Debug, Clone)]
pub struct Moved {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub sweeps: usize,
    /// Messages after this number were sent on the way.
    pub after_message: u64,
}

impl App {
    /// Opens everything. `address` is `host:port` as browsers reach this machine.
    pub async fn open(setup: Setup, address: &str) -> Result<Arc<Self>, AppError> {
        let public_url = format!("http://{address}");
        let Setup { data, bank: other, clock, smtp_url } = setup;
        let file = |name: &str| data.as_ref().map(|data| data.file(name));
        let clock = Arc::new(match (clock, file("clock")) {
            (Some(clock), _) => clock,
            (None, Some(path)) => MovableClock::in_file(path)?,
            (None, None) => MovableClock::running(),
        });
        let shared: Arc<dyn Clock> = clock.clone();
        let mailbox = Arc::new(match file("mail") {
            Some(folder) => LocalMailbox::in_folder(&folder, shared.clone())?,
            None => LocalMailbox::memory(shared.clone()),
        });
        let secrets = Arc::new(match file("secrets.json") {
            Some(path) => LocalSecrets::in_file(&path)?,
            None => LocalSecrets::memory(),
        });
        let engine = match file("table.sqlite") {
            Some(path) => Embedded::file(&path)?,
            None => Embedded::memory()?,
        };
        let merchant = merchant::id();
        let signing_key = SigningKey::new(&secrets.signing_key()?)?;
        let api_key = secrets.api_key(&signing_key, &merchant, &merchant::api_key_id())?;
        let operator_key = secrets.operator_token()?;
        let config = Config {
            callback_url: public_url.clone(),
            public_url: public_url.clone(),
            signing_key,
        };
        let (bank, pix_key) = match other {
            Some(other) => {
                secrets.set(bank_secret(&merchant), other_access(&other));
                (None, other.pix_key)
            }
            None => {
                let storage = file("bank.sqlite").map_or(Storage::Memory, Storage::File);
                let (bank, key) = sandbox(storage, shared.clone(), &secrets, address)?;
                let access = sandbox_access(&public_url, &secrets.bank_password()?);
                secrets.set(bank_secret(&merchant), access);
                (Some(bank), key)
            }
        };
        let mailer: Arc<dyn Mailer> = match smtp_url {
            None => mailbox.clone(),
            Some(url) => {
                let server = SmtpMailer::open(&url, shared.clone())?;
                Arc::new(Forwarded::new(server, mailbox.clone()))
            }
        };
        let mut parts = MachineParts::new(engine, mailer, secrets, shared, config);
        parts.channels = mailbox.channels();
        if let Some(path) = file("stream.checkpoint") {
            parts.checkpoint = Checkpoint::File(path);
        }
        let machine = Machine::new(parts)?;
        let (chat, now) = (format!("{public_url}/_local/chat"), clock.now());
        merchant::ensure(machine.deps(), merchant::demo(pix_key.clone(), chat, now)).await?;
        merchant::ensure_api_key(machine.deps(), &api_key).await?;
        // Finds what is wrong with the bank's address or credentials before anything is served.
        let deps = machine.deps();
        deps.banks.of(&merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
        Ok(Arc::new(Self {
            machine,
            clock,
            mailbox,
            bank,
            pix_key,
            api_key,
            operator_key,
            public_url,
            wake: Notify::new(),
            travel: tokio::sync::Mutex::default(),
            moved: Mutex::default(),
            notice: Mutex::default(),
            _data: data,
        }))
    }

    /// Moves the clock to `to`, with every sweep on the way. One move at a time.
    pub async fn travel(&self, to: DateTime<Utc>) -> Result<(), TravelError> {
        let _turn = self.travel.lock().await;
        let (from, after_message) = (self.clock.now(), self.mailbox.last_number());
        let traveller =
            Traveller { machine: &self.machine, clock: &self.clock, bank: self.bank.as_ref() };
        let outcome = traveller.go(to).await;
        let sweeps = *outcome.as_ref().unwrap_or(&0);
        let moved = Moved { from, to: self.clock.now(), sweeps, after_message };
        *locked(&self.moved) = Some(moved);
        self.machine.engine().sweep_ttl(self.clock.now()).map_err(TravelError::Expiry)?;
        outcome.map(drop)
    }

    /// The last move of the clock in this run.
    pub fn moved(&self) -> Option<Moved> {
        locked(&self.moved).clone()
    }

    /// What the next page says once.
    pub fn set_notice(&self, notice: String) {
        *locked(&self.notice) = Some(notice);
    }

    /// Takes what [`Self::set_notice`] left.
    pub fn take_notice(&self) -> Option<String> {
        locked(&self.notice).take()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sandbox(
    storage: Storage,
    clock: Arc<dyn Clock>,
    secrets: &LocalSecrets,
    address: &str,
) -> Result<(Arc<Bank>, PixKey), AppError> {
    let mut config = BankConfig::new(Arc::new(move || clock.now()));
    config.storage = storage;
    config.client_id = BANK_CLIENT.to_owned();
    config.client_secret = secrets.bank_password()?;
    config.public_host = format!("{address}{BANK_PATH}");
    "ACME Serviços Ltda".clone_into(&mut config.receiver.nome);
    config.keys.push(SECOND_KEY.to_owned());
    let key = config.keys.first().and_then(|key| PixKey::parse(key).ok());
    Ok((Bank::open(config)?, key.ok_or(AppError::PixKey)?))
}

/// Name of the secret with the bank access of the one merchant.
fn bank_secret(merchant: &MerchantId) -> String {
    format!("bank/{merchant}")
}

fn sandbox_access(public_url: &str, password: &str) -> String {
    let base = format!("{public_url}{BANK_PATH}");
    access(&base, &format!("{base}/oauth/token"), BANK_CLIENT, password)
}

fn other_access(other: &OtherBank) -> String {
    access(&other.base_url, &other.token_url, &other.client_id, &other.client_secret)
}

fn access(base_url: &str, token_url: &str, client_id: &str, client_secret: &str) -> String {
    json!({
        "bank": "custom",
        "base_url": base_url,
        "token_url": token_url,
        "credentials": { "client_id": client_id, "client_secret": client_secret },
    })
    .to_string()
}
