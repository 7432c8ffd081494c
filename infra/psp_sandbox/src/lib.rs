//! A simulated bank that speaks API Pix 2.9.0 over HTTP, with a payer's side and faults on request.
//!
//! Owns: charges (`cob`, `cobv`), locations and their payloads, received Pix, refunds, webhooks and
//! callbacks of one receiver. Does not own: Pix Automático (`rec`, `cobr`), batches (`lotecobv`),
//! withdrawals (`saque`, `troco`), mTLS. It shares no code with the product it is used to test: the
//! amounts, the calendar and the BR Code here are a second reading of the same norms.
//!
//! Known simplifications: the payload behind a location is served as plain `application/json`, not
//! as a signed JWS (`application/jose`), so its signature cannot be verified; access tokens live in
//! memory, so a restart answers 401 until the caller asks for a new one.
//!
//! Invariant: whatever the bank answered or was paid is durable first; whatever it must call back
//! about sits in the outbox from the same commit.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod amount;
mod br_code;
mod calendar;
mod callbacks;
mod charges;
mod document;
mod faults;
mod http;
mod inspect;
mod locs;
mod money;
mod payer;
mod payload;
mod pixs;
mod problem;
mod query;
mod state;
mod store;
mod terms;
#[cfg(test)]
mod tests;
mod webhooks;
mod wire;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

pub use amount::Quote;
pub use callbacks::{DeliveryReport, ForgedPix};
pub use faults::{CallbackFault, FaultRates, Faults, HttpFault, RANDOM_DELAY_S_MAX};
pub use inspect::{ChargeView, PendingCallback, PixView, RefundView, WebhookView};
pub use money::Centavos;
pub use payer::{PaidPix, PayError, PayOptions, ReturnError};
pub use state::{ChargeStatus, DueDays, Kind, Payer, RefundStatus};
pub use store::StoreError;

use state::Book;
use store::Store;

/// Longest location (API Pix 2.9.0, `PayloadLocation.location`).
const LOCATION_CHARS_MAX: usize = 77;
/// What a location adds to [`BankConfig::public_host`]: `/qr/v2/cobv/` and 32 characters.
const LOCATION_TAIL_CHARS: usize = 44;

/// Where the bank keeps its memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Gone with the process.
    Memory,
    /// One SQLite file; survives a restart and a killed process.
    File(PathBuf),
}

/// The holder of the account (`DadosRecebedor` of API Pix 2.9.0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Legal name; its first 25 ASCII characters go into the BR Code.
    pub nome: String,
    /// 14 characters, `[0-9A-Z]`.
    pub cnpj: String,
    /// Street and number.
    pub logradouro: String,
    /// City; its first 15 ASCII characters go into the BR Code.
    pub cidade: String,
    /// State, two letters.
    pub uf: String,
    /// Postal code, eight digits.
    pub cep: String,
}

/// The bank's only source of time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Everything a bank is opened with.
#[derive(Clone)]
pub struct BankConfig {
    /// Where it remembers.
    pub storage: Storage,
    /// Its clock.
    pub clock: Clock,
    /// OAuth client id the receiver authenticates with.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: String,
    /// Pix keys of the receiver; any other key is somebody else's.
    pub keys: Vec<String>,
    /// Who receives.
    pub receiver: Receiver,
    /// Host, and path when mounted below one, that locations start with. No scheme, no trailing
    /// slash, at most 33 characters.
    pub public_host: String,
    /// Everything random comes from it.
    pub seed: u64,
    /// The bank's own code in `endToEndId` and `rtrId`: 8 characters, `[0-9A-Z]`.
    pub ispb: String,
    /// Life of an access token, in seconds of the bank's clock.
    pub token_ttl_seconds: u32,
    /// Most Pix in one callback, at least 1.
    pub callback_items_max: usize,
}

impl BankConfig {
    /// A bank in memory with one receiver and one key; change what matters.
    pub fn new(clock: Clock) -> Self {
        Self {
            storage: Storage::Memory,
            clock,
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            keys: vec!["7d9f0335-8dcc-4054-9bf9-0dbd61d36906".to_owned()],
            receiver: Receiver {
                nome: "Empresa de Servicos SA".to_owned(),
                cnpj: "11222333000181".to_owned(),
                logradouro: "Avenida Paulista 1000".to_owned(),
                cidade: "Sao Paulo".to_owned(),
                uf: "SP".to_owned(),
                cep: "01310100".to_owned(),
            },
            public_host: "pix.example.com".to_owned(),
            seed: 0,
            ispb: "99999004".to_owned(),
            token_ttl_seconds: 3_600,
            callback_items_max: 10,
        }
    }
}

/// Why a bank does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A location would exceed 77 characters.
    #[error("public_host has more than {} characters", LOCATION_CHARS_MAX - LOCATION_TAIL_CHARS)]
    PublicHostTooLong,
    /// A location carries no scheme.
    #[error("public_host must not carry a scheme")]
    PublicHostHasScheme,
    /// `endToEndId` needs an ISPB of 8 letters or digits.
    #[error("ispb must have 8 upper-case letters or digits")]
    BadIspb,
    /// The file could not be opened or read.
    #[error("failed to open the bank's storage")]
    Storage(#[from] StoreError),
}

/// A bank, with one receiver as its customer. See the crate's documentation.
pub struct Bank {
    config: BankConfig,
    book: Mutex<Book>,
    faults: Faults,
    calls: Mutex<BTreeMap<String, u64>>,
    /// Access tokens with the instant each one expires.
    tokens: Mutex<HashMap<String, DateTime<Utc>>>,
    /// Held by a delivery pass, so that two passes never send the same callback.
    delivery: tokio::sync::Mutex<()>,
    /// Rung when the outbox gains a callback.
    news: Arc<tokio::sync::Notify>,
}

impl Bank {
    /// Opens the bank, reading back whatever its storage holds.
    pub fn open(config: BankConfig) -> Result<Arc<Self>, OpenError> {
        if config.public_host.chars().count() + LOCATION_TAIL_CHARS > LOCATION_CHARS_MAX {
            return Err(OpenError::PublicHostTooLong);
        }
        if config.public_host.contains("://") {
            return Err(OpenError::PublicHostHasScheme);
        }
        let is_code = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        if config.ispb.len() != 8 || !config.ispb.bytes().all(is_code) {
            return Err(OpenError::BadIspb);
        }
        let store = match &config.storage {
            Storage::Memory => None,
            Storage::File(path) => Some(Store::open(path)?),
        };
        Ok(Arc::new(Self {
            book: Mutex::new(Book::load(store)?),
            faults: Faults::new(config.seed),
            calls: Mutex::default(),
            tokens: Mutex::default(),
            delivery: tokio::sync::Mutex::default(),
            news: Arc::default(),
            config,
        }))
    }

    /// The knobs that make things go wrong.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What the bank was opened with.
    pub fn config(&self) -> &BankConfig {
        &self.config
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.config.clock)()
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        locked(&self.book)
    }

    /// `length` characters of `alphabet` that depend on the seed and `sequence` only.
    pub(crate) fn random_text(&self, sequence: u64, length: usize, alphabet: &[u8]) -> String {
        let mut dice = fastrand::Rng::with_seed(
            self.config.seed.rotate_left(32) ^ sequence.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        );
        (0..length).map(|_| char::from(alphabet[dice.usize(..alphabet.len())])).collect()
    }

    /// A 32-character id: `prefix`, ISPB, UTC minute, then 11 characters unique by `sequence`.
    pub(crate) fn transaction_id(
        &self,
        prefix: char,
        minute: DateTime<Utc>,
        sequence: u64,
    ) -> String {
        const ALPHABET: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let minute = minute.format("%Y%m%d%H%M");
        let tail = self.random_text(sequence, 3, ALPHABET);
        format!("{prefix}{}{minute}{sequence:08}{tail}", self.config.ispb)
    }
}

/// Locks, also after a panic elsewhere: every change of the book is complete or absent.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
