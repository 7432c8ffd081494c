//! One function: as many environments as are asked for at once.
//!
//! Owns the lazy start, the reuse of a warm environment, and the start anew after a crash.
//! Invariant: an environment has one invocation at a time; what was invoked together runs together,
//! up to the function's concurrency.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::environment::{Environment, Log, SharedFigures, lock};
use super::figures::Figures;
use super::runtime_api::FunctionError;
use crate::background;

/// Longest payload of an invocation and of its answer, in bytes. Source: AWS Lambda developer
/// guide, "Lambda quotas" (synchronous).
pub(super) const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Environments of one function at once, unless it is told otherwise.
const CONCURRENCY_MAX: usize = 8;
/// Region, unless it is told otherwise.
const REGION: &str = "sa-east-1";

/// What a function is started with.
#[derive(Debug, Clone)]
pub struct FunctionConfig {
    pub name: String,
    pub binary: PathBuf,
    pub region: String,
    pub memory_mb: u32,
    /// For one invocation; the process is killed at its end.
    pub timeout: Duration,
    /// On top of what Lambda itself sets, and stronger. Nothing else is inherited.
    pub environment: BTreeMap<String, String>,
    pub concurrency_max: usize,
}

impl FunctionConfig {
    /// 128 MB and 3 s, as Lambda has it when nothing is said.
    pub fn new(name: &str, binary: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            binary,
            region: REGION.to_owned(),
            memory_mb: 128,
            timeout: Duration::from_secs(3),
            environment: BTreeMap::new(),
            concurrency_max: CONCURRENCY_MAX,
        }
    }
}

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    #[error("the function's process cannot be started")]
    Spawn(#[source] std::io::Error),
    #[error("the function cannot start: {}: {}", .0.error_type, .0.error_message)]
    Init(FunctionError),
    /// The function's own answer to the event; it is invoked again where the trigger says so.
    #[error("the function failed: {}: {}", .0.error_type, .0.error_message)]
    Function(FunctionError),
    #[error("the function's process ended with {how}; it last said: {last}")]
    Died { how: String, last: String },
    #[error("the function did not answer in time")]
    TimedOut,
    #[error("a payload of {0} bytes is more than Lambda takes")]
    TooLarge(usize),
    #[error("the function's answer is not JSON")]
    Malformed(#[source] serde_json::Error),
}

/// A function. Clones share its processes.
#[derive(Clone)]
pub struct LambdaFunction {
    shared: Arc<Shared>,
}

struct Shared {
    config: FunctionConfig,
    permits: Semaphore,
    idle: Mutex<Vec<Environment>>,
    log: Log,
    figures: Mutex<Vec<SharedFigures>>,
}

impl LambdaFunction {
    /// A function of which nothing runs yet.
    pub fn new(config: FunctionConfig) -> Self {
        let permits = Semaphore::new(config.concurrency_max.max(1));
        let shared = Shared {
            config,
            permits,
            idle: Mutex::default(),
            log: Log::default(),
            figures: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    pub fn config(&self) -> &FunctionConfig {
        &self.shared.config
    }

    /// One event and its answer, in a warm environment when there is one.
    ///
    /// # Errors
    /// Any but [`InvokeError::Function`] ended the environment; the next invocation starts another.
    pub async fn invoke(&self, payload: &Value) -> Result<Value, InvokeError> {
        let payload = serde_json::to_vec(payload).map_err(InvokeError::Malformed)?;
        let answer = self.invoke_bytes(payload).await?;
        serde_json::from_slice(&answer).map_err(InvokeError::Malformed)
    }

    /// As [`Self::invoke`], on bytes.
    pub async fn invoke_bytes(&self, payload: Vec<u8>) -> Result<Vec<u8>, InvokeError> {
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(InvokeError::TooLarge(payload.len()));
        }
        let shared = self.shared.clone();
        on_background(async move { shared.invoke(payload).await }).await
    }

    /// A cold start and no more: one environment is added and waits for its first event.
    pub async fn start(&self) -> Result<Duration, InvokeError> {
        let shared = self.shared.clone();
        on_background(async move {
            let (environment, figures) = shared.start().await?;
            shared.idle().push(environment);
            let init = lock(&figures).init;
            Ok(init)
        })
        .await
    }

    /// Ends the processes that wait for an event; the next invocation is a cold start.
    pub fn stop(&self) {
        let idle = std::mem::take(&mut *self.shared.idle());
        // A process is reaped by the runtime it was spawned on.
        let _entered = background::handle().enter();
        drop(idle);
    }

    /// Figures of every process so far, those that ended included, in order of their start.
    pub fn figures(&self) -> Vec<Figures> {
        self.shared.all_figures().iter().map(|figures| lock(figures).clone()).collect()
    }

    /// The last lines its processes printed.
    pub fn log(&self) -> Vec<String> {
        self.shared.log.lines()
    }
}

impl Shared {
    async fn invoke(&self, payload: Vec<u8>) -> Result<Vec<u8>, InvokeError> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let mut environment = match self.warm() {
            Some(environment) => environment,
            None => self.start().await?.0,
        };
        let outcome = environment.invoke(payload, self.config.timeout, &self.log).await;
        if matches!(outcome, Ok(_) | Err(InvokeError::Function(_))) {
            self.idle().push(environment);
        }
        outcome
    }

    /// An environment that waits; one whose process ended meanwhile is forgotten.
    fn warm(&self) -> Option<Environment> {
        let mut idle = self.idle();
        while let Some(mut environment) = idle.pop() {
            if environment.is_alive() {
                return Some(environment);
            }
        }
        None
    }

    async fn start(&self) -> Result<(Environment, SharedFigures), InvokeError> {
        let figures = SharedFigures::default();
        let environment = Environment::start(&self.config, &self.log, figures.clone()).await?;
        self.all_figures().push(figures.clone());
        Ok((environment, figures))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Environment>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all_figures(&self) -> MutexGuard<'_, Vec<SharedFigures>> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _entered = background::handle().enter();
        self.idle().clear();
    }
}

/// Carries work out where sockets and processes are served, whoever waits for it.
async fn on_background<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match background::handle().spawn(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
