//! One execution environment: a process of a function, and the runtime API it polls.
//!
//! Owns what Lambda gives a process and how the process ends. Does not own how many there are.
//! Invariant: the process is killed when this is dropped.

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::figures::Figures;
use super::function::{FunctionConfig, InvokeError};
use super::runtime_api::RuntimeApi;
use crate::background::Task;

/// Time a function has to start. Source: AWS Lambda developer guide, "Init phase".
const INIT_MAX: Duration = Duration::from_secs(10);
/// Lines of output that are kept; older ones are forgotten.
const LOG_LINES_MAX: usize = 1000;
/// An account that nobody has.
const ACCOUNT: &str = "000000000000";

/// The last lines that a function's processes printed.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<VecDeque<String>>>);

/// Figures of one process, shared with whoever asks for them.
pub(super) type SharedFigures = Arc<Mutex<Figures>>;

/// A process and its API.
pub(super) struct Environment {
    child: Child,
    api: RuntimeApi,
    figures: SharedFigures,
    _output: [Task; 2],
}

impl Environment {
    /// Spawns the process and waits for its first poll.
    pub async fn start(
        config: &FunctionConfig,
        log: &Log,
        figures: SharedFigures,
    ) -> Result<Self, InvokeError> {
        let arn = format!("arn:aws:lambda:{}:{ACCOUNT}:function:{}", config.region, config.name);
        let api = RuntimeApi::serve(&arn).map_err(InvokeError::Spawn)?;
        let begun = Instant::now();
        let mut child = Command::new(&config.binary)
            .env_clear()
            .envs(lambda_environment(config, &api))
            .envs(&config.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(InvokeError::Spawn)?;
        let output = [log.follow(child.stdout.take()), log.follow(child.stderr.take())];
        tokio::select! {
            biased;
            started = api.started() => started.map_err(InvokeError::Init)?,
            ended = child.wait() => return Err(died(ended, log)),
            () = tokio::time::sleep(INIT_MAX) => return Err(InvokeError::TimedOut),
        }
        lock(&figures).init = begun.elapsed();
        Ok(Self { child, api, figures, _output: output })
    }

    /// One invocation. After any error but [`InvokeError::Function`] the environment is of no use.
    pub async fn invoke(
        &mut self,
        payload: Vec<u8>,
        timeout: Duration,
        log: &Log,
    ) -> Result<Vec<u8>, InvokeError> {
        let begun = Instant::now();
        let answered = self.api.invoke(payload, timeout);
        let outcome = tokio::select! {
            biased;
            outcome = answered => outcome.map_err(|_| InvokeError::TimedOut)?,
            ended = self.child.wait() => return Err(died(ended, log)),
            () = tokio::time::sleep(timeout) => return Err(InvokeError::TimedOut),
        };
        let mut figures = lock(&self.figures);
        figures.invoked(begun.elapsed());
        if let Some(process) = self.child.id() {
            figures.weigh(process);
        }
        outcome.map(|body| body.to_vec()).map_err(InvokeError::Function)
    }

    /// Whether the process still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Log {
    /// Keeps what a process prints, until it ends.
    fn follow(&self, output: Option<impl AsyncRead + Unpin + Send + 'static>) -> Task {
        let log = self.clone();
        Task::spawn(async move {
            let Some(output) = output else { return };
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                log.keep(line);
            }
        })
    }

    fn keep(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LOG_LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Counts are whole at any moment, so a panic elsewhere does not spoil them.
pub(super) fn lock(figures: &SharedFigures) -> std::sync::MutexGuard<'_, Figures> {
    figures.lock().unwrap_or_else(PoisonError::into_inner)
}

fn died(ended: std::io::Result<ExitStatus>, log: &Log) -> InvokeError {
    let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
    let last = log.lines().last().cloned().unwrap_or_default();
    InvokeError::Died { how, last }
}

/// What Lambda sets before a function's own variables. Source: AWS Lambda developer guide, "Defined
/// runtime environment variables".
fn lambda_environment(config: &FunctionConfig, api: &RuntimeApi) -> Vec<(&'static str, String)> {
    let name = config.name.clone();
    vec![
        ("AWS_ACCESS_KEY_ID", name.clone()),
        ("AWS_DEFAULT_REGION", config.region.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", config.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
        ("AWS_LAMBDA_RUNTIME_API", api.address.to_string()),
        ("AWS_REGION", config.region.clone()),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret".to_owned()),
        ("AWS_SESSION_TOKEN", "not-a-token".to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ]
}
