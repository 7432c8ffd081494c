//! A decorator that breaks calls to the table, by plan and by seed.
//!
//! Owns the faults the embedded engine cannot show: a call that is lost on the way there or on the
//! way back, throttling, transactions in conflict, and a process that dies between two calls.
//! Invariant: with the same seed and the same calls, the same faults.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use quita_table::dynamo::{
    BatchGetItemOutput, BatchGetItemRequest, CancelCode, CancelReason, Dynamo, DynamoError,
    GetItemOutput, GetItemRequest, PutItemOutput, PutItemRequest, QueryOutput, QueryRequest,
    TransactWriteItemsOutput, TransactWriteItemsRequest,
};

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request is lost: nothing happened, and the caller cannot know.
    BeforeCommit,
    /// The answer is lost: it happened, and the caller cannot know.
    AfterCommit,
    /// Nothing happened, and the caller knows.
    Throttle,
    /// Another transaction holds the first item. A transaction says so; a put is throttled by it,
    /// as a transport tells `TransactionConflictException`; a read passes.
    Conflict,
}

/// How often each fault strikes, per thousand calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FaultRates {
    pub before_commit: u16,
    pub after_commit: u16,
    pub throttle: u16,
    pub conflict: u16,
}

/// The plan of faults, shared between the test and the transport. Clones share it.
#[derive(Clone)]
pub struct FaultPlan {
    state: Arc<Mutex<State>>,
}

struct State {
    random: fastrand::Rng,
    rates: FaultRates,
    next: VecDeque<Option<Fault>>,
    crash: Crash,
    calls: u64,
}

/// Where the process is on its way to a crash.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Crash {
    Never,
    After { calls: u64, lands: bool },
    Down,
}

impl FaultPlan {
    /// No faults until some are asked for.
    pub fn calm() -> Self {
        Self::seeded(0, FaultRates::default())
    }

    /// Faults at random, by the rates.
    pub fn seeded(seed: u64, rates: FaultRates) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        let state = State { random, rates, next: VecDeque::new(), crash: Crash::Never, calls: 0 };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Changes the rates from here on.
    pub fn set_rates(&self, rates: FaultRates) {
        self.lock().rates = rates;
    }

    /// Breaks the next call that has no fault planned yet.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().next.push_back(Some(fault));
    }

    /// Lets calls through before what is planned next.
    pub fn pass_next(&self, calls: usize) {
        self.lock().next.extend(std::iter::repeat_n(None, calls));
    }

    /// Lets `calls` calls through; then the process is down, and every call fails with nothing done,
    /// until [`Self::revive`].
    pub fn crash_after(&self, calls: u64) {
        self.lock().crash = Crash::After { calls, lands: false };
    }

    /// As [`Self::crash_after`], but the call that meets the crash still takes effect.
    pub fn crash_during(&self, calls: u64) {
        self.lock().crash = Crash::After { calls, lands: true };
    }

    /// Starts the process again; the random faults go on.
    pub fn revive(&self) {
        self.lock().crash = Crash::Never;
    }

    /// Whether the process is down.
    pub fn is_down(&self) -> bool {
        self.lock().crash == Crash::Down
    }

    /// Calls made so far, broken ones included: how many points a run can crash at.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to the next call.
    fn draw(&self) -> Option<Fault> {
        let mut state = self.lock();
        state.calls += 1;
        match state.crash {
            Crash::Never => {}
            Crash::Down => return Some(Fault::BeforeCommit),
            Crash::After { calls: 0, lands } => {
                state.crash = Crash::Down;
                return Some(if lands { Fault::AfterCommit } else { Fault::BeforeCommit });
            }
            Crash::After { calls, lands } => {
                state.crash = Crash::After { calls: calls - 1, lands };
            }
        }
        match state.next.pop_front() {
            Some(planned) => planned,
            None => state.random_fault(),
        }
    }
}

impl State {
    fn random_fault(&mut self) -> Option<Fault> {
        let FaultRates { before_commit, after_commit, throttle, conflict } = self.rates;
        let mut point = self.random.u16(0..1000);
        let rates = [
            (before_commit, Fault::BeforeCommit),
            (after_commit, Fault::AfterCommit),
            (throttle, Fault::Throttle),
            (conflict, Fault::Conflict),
        ];
        for (rate, fault) in rates {
            if point < rate {
                return Some(fault);
            }
            point -= rate;
        }
        None
    }
}

/// Breaks the calls of the transport beneath, by its plan.
#[derive(Clone)]
pub struct Faulty<D> {
    inner: D,
    plan: FaultPlan,
}

impl<D> Faulty<D> {
    pub fn new(inner: D, plan: FaultPlan) -> Self {
        Self { inner, plan }
    }

    pub fn plan(&self) -> &FaultPlan {
        &self.plan
    }

    async fn strike<T>(
        &self,
        call: impl Future<Output = Result<T, DynamoError>>,
        clash: Clash,
    ) -> Result<T, DynamoError> {
        // Over a network a call takes a moment, in which others go on.
        tokio::task::yield_now().await;
        match self.plan.draw() {
            None => call.await,
            Some(Fault::BeforeCommit) => Err(DynamoError::unknown("fault: request lost")),
            Some(Fault::AfterCommit) => {
                // A refusal is an answer too, and lost as well.
                drop(call.await);
                Err(DynamoError::unknown("fault: answer lost"))
            }
            Some(Fault::Throttle) => Err(DynamoError::Throttled),
            Some(Fault::Conflict) => match clash {
                Clash::Passes => call.await,
                Clash::Throttles => Err(DynamoError::Throttled),
                Clash::Cancels { actions } => Err(held_by_another(actions)),
            },
        }
    }
}

/// What a call does when another transaction holds its item.
#[derive(Clone, Copy)]
enum Clash {
    Passes,
    Throttles,
    Cancels { actions: usize },
}

/// The first of the actions found its item held.
fn held_by_another(actions: usize) -> DynamoError {
    let reason = CancelReason { code: CancelCode::TransactionConflict, item: None };
    let fine = std::iter::repeat_n(None, actions.saturating_sub(1));
    DynamoError::TransactionCanceled {
        reasons: std::iter::once(Some(reason)).chain(fine).collect(),
    }
}

#[async_trait]
impl<D: Dynamo> Dynamo for Faulty<D> {
    async fn get_item(&self, request: GetItemRequest) -> Result<GetItemOutput, DynamoError> {
        self.strike(self.inner.get_item(request), Clash::Passes).await
    }

    async fn batch_get_item(
        &self,
        request: BatchGetItemRequest,
    ) -> Result<BatchGetItemOutput, DynamoError> {
        self.strike(self.inner.batch_get_item(request), Clash::Passes).await
    }

    async fn put_item(&self, request: PutItemRequest) -> Result<PutItemOutput, DynamoError> {
        self.strike(self.inner.put_item(request), Clash::Throttles).await
    }

    async fn transact_write_items(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput, DynamoError> {
        let clash = Clash::Cancels { actions: request.transact_items.len() };
        self.strike(self.inner.transact_write_items(request), clash).await
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryOutput, DynamoError> {
        self.strike(self.inner.query(request), Clash::Passes).await
    }
}

#[cfg(test)]
mod tests;
