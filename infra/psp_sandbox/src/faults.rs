//! What goes wrong, on request.
//!
//! Owns the one-shot queues and the random rates of HTTP and callback faults. Does not carry them
//! out: see [`crate::http`] and [`crate::callbacks`]. Invariant: with an empty queue and zero rates
//! the bank is faultless, and the same seed gives the same faults.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What happens to one call of the API (the token endpoint and the QR payloads are spared).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFault {
    /// 429 with `Retry-After`, in seconds. Nothing is done.
    TooManyRequests {
        /// Value of `Retry-After`.
        retry_after_s: u32,
    },
    /// 500. Nothing is done.
    InternalError,
    /// 503. Nothing is done.
    Unavailable,
    /// The connection closes without an answer and nothing was done.
    TimeoutBeforeCommit,
    /// The call is carried out, then the connection closes without an answer.
    TimeoutAfterCommit,
}

/// What happens to one callback at its next delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackFault {
    /// Never sent; the bank believes it was.
    Drop,
    /// Sent twice, in two requests.
    Duplicate,
    /// Held back for this long, by the bank's clock.
    Delay(Duration),
    /// Sent after every other callback of the same pass.
    Reorder,
    /// Sent with this `valor` instead of the true one; `GET /pix` keeps the truth.
    WrongAmount(String),
    /// Accompanied by an invented Pix with the same txid and an `endToEndId` the bank denies.
    Forged,
}

/// Chances of each fault, per call or per callback, from 0.0 (never) to 1.0 (always).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultRates {
    /// [`HttpFault::TimeoutBeforeCommit`].
    pub before_commit: f64,
    /// [`HttpFault::TimeoutAfterCommit`].
    pub after_commit: f64,
    /// [`HttpFault::TooManyRequests`] asking for one second.
    pub too_many_requests: f64,
    /// [`HttpFault::InternalError`].
    pub internal_error: f64,
    /// [`HttpFault::Unavailable`].
    pub unavailable: f64,
    /// [`CallbackFault::Drop`].
    pub callback_drop: f64,
    /// [`CallbackFault::Duplicate`].
    pub callback_duplicate: f64,
    /// [`CallbackFault::Delay`] of up to [`RANDOM_DELAY_S_MAX`] seconds.
    pub callback_delay: f64,
    /// [`CallbackFault::Reorder`].
    pub callback_reorder: f64,
    /// [`CallbackFault::WrongAmount`] of 0.01.
    pub callback_wrong_amount: f64,
    /// [`CallbackFault::Forged`].
    pub callback_forged: f64,
}

/// Longest random callback delay, in seconds of the bank's clock.
pub const RANDOM_DELAY_S_MAX: u64 = 600;

/// The knobs. One-shot faults go first, in the order given; rates decide the rest.
pub struct Faults {
    knobs: Mutex<Knobs>,
}

struct Knobs {
    http: VecDeque<HttpFault>,
    callbacks: VecDeque<CallbackFault>,
    refused_refunds: u32,
    /// Pix shown with an amount that is none, and whether also when asked for by itself.
    garbled: BTreeMap<String, bool>,
    rates: FaultRates,
    stall: Option<Duration>,
    dice: fastrand::Rng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        let knobs = Knobs {
            http: VecDeque::new(),
            callbacks: VecDeque::new(),
            refused_refunds: 0,
            garbled: BTreeMap::new(),
            rates: FaultRates::default(),
            stall: None,
            dice: fastrand::Rng::with_seed(seed),
        };
        Self { knobs: Mutex::new(knobs) }
    }

    /// The next API call meets `fault`. Calls queue up.
    pub fn next_call(&self, fault: HttpFault) {
        self.knobs().http.push_back(fault);
    }

    /// The next `calls` API calls meet `fault`.
    pub fn next_calls(&self, calls: usize, fault: HttpFault) {
        self.knobs().http.extend(std::iter::repeat_n(fault, calls));
    }

    /// The next callback to be delivered meets `fault`. Faults queue up, one per callback.
    pub fn next_callback(&self, fault: CallbackFault) {
        self.knobs().callbacks.push_back(fault);
    }

    /// The next `refunds` refunds end as `NAO_REALIZADO`.
    pub fn refuse_next_refunds(&self, refunds: u32) {
        self.knobs().refused_refunds += refunds;
    }

    /// `GET /pix` shows the Pix `e2eid` with an amount that is none; `GET /pix/{e2eid}` shows it whole,
    /// unless it is garbled `everywhere`.
    pub fn garble(&self, e2eid: &str, everywhere: bool) {
        self.knobs().garbled.insert(e2eid.to_owned(), everywhere);
    }

    /// Sets the chances of random faults.
    pub fn set_rates(&self, rates: FaultRates) {
        self.knobs().rates = rates;
    }

    /// Restarts the dice, for a reproducible run.
    pub fn reseed(&self, seed: u64) {
        self.knobs().dice = fastrand::Rng::with_seed(seed);
    }

    /// How long a timeout really hangs before the connection closes; `None` closes at once.
    pub fn set_stall(&self, stall: Option<Duration>) {
        self.knobs().stall = stall;
    }

    /// Back to a faultless bank: queues emptied, rates zero, no stall.
    pub fn clear(&self) {
        let mut knobs = self.knobs();
        knobs.http.clear();
        knobs.callbacks.clear();
        knobs.refused_refunds = 0;
        knobs.garbled.clear();
        knobs.rates = FaultRates::default();
        knobs.stall = None;
    }

    pub(crate) fn stall(&self) -> Option<Duration> {
        self.knobs().stall
    }

    pub(crate) fn draw_http(&self) -> Option<HttpFault> {
        let mut knobs = self.knobs();
        if let Some(fault) = knobs.http.pop_front() {
            return Some(fault);
        }
        let rates = knobs.rates;
        knobs.draw([
            (rates.before_commit, HttpFault::TimeoutBeforeCommit),
            (rates.after_commit, HttpFault::TimeoutAfterCommit),
            (rates.too_many_requests, HttpFault::TooManyRequests { retry_after_s: 1 }),
            (rates.internal_error, HttpFault::InternalError),
            (rates.unavailable, HttpFault::Unavailable),
        ])
    }

    pub(crate) fn draw_callback(&self) -> Option<CallbackFault> {
        let mut knobs = self.knobs();
        if let Some(fault) = knobs.callbacks.pop_front() {
            return Some(fault);
        }
        let rates = knobs.rates;
        let delay = Duration::from_secs(knobs.dice.u64(1..=RANDOM_DELAY_S_MAX));
        knobs.draw([
            (rates.callback_drop, CallbackFault::Drop),
            (rates.callback_duplicate, CallbackFault::Duplicate),
            (rates.callback_delay, CallbackFault::Delay(delay)),
            (rates.callback_reorder, CallbackFault::Reorder),
            (rates.callback_wrong_amount, CallbackFault::WrongAmount("0.01".to_owned())),
            (rates.callback_forged, CallbackFault::Forged),
        ])
    }

    /// Whether the Pix `e2eid` is shown garbled: in a list, or by itself.
    pub(crate) fn is_garbled(&self, e2eid: &str, in_list: bool) -> bool {
        self.knobs().garbled.get(e2eid).is_some_and(|everywhere| in_list || *everywhere)
    }

    /// Whether the refund being settled is to be refused.
    pub(crate) fn draw_refund_refusal(&self) -> bool {
        let mut knobs = self.knobs();
        let refused = knobs.refused_refunds > 0;
        knobs.refused_refunds = knobs.refused_refunds.saturating_sub(1);
        refused
    }

    fn knobs(&self) -> MutexGuard<'_, Knobs> {
        self.knobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Knobs {
    /// One throw of the dice over chances laid end to end.
    fn draw<T, const N: usize>(&mut self, chances: [(f64, T); N]) -> Option<T> {
        let throw = self.dice.f64();
        let mut reached = 0.0;
        for (chance, fault) in chances {
            reached += chance;
            if throw < reached {
                return Some(fault);
            }
        }
        None
    }
}
