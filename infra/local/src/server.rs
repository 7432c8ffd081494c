//! One port for everything: the API and the pay pages through the machine, the sandbox bank under
//! `/bank`, and the pages under `/_local`.
//!
//! Owns the port and the loops in the background. Listens on 127.0.0.1 only.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use quita_app::ports::{Clock, IdSource, RandomIds};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::app::{App, AppError, BANK_PATH, Setup};
use crate::{gateway, merchant, pages};

/// How often the table's stream is looked at when nothing rang.
const PUMP_EVERY: Duration = Duration::from_millis(250);
/// How often a sweep runs, as on AWS.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Waits before the callback is registered again at a bank that does not answer.
const REGISTER_AGAIN: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "port {0} is taken; stop what uses it, or give another with --port (0 picks a free one)"
    )]
    PortTaken(u16),
    #[error("port {port} of 127.0.0.1 cannot be listened on")]
    Listen {
        port: u16,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    App(#[from] AppError),
}

/// What happens by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// Events, sweeps and callbacks run as time passes.
    Running,
    /// Nothing runs until it is asked for, so that a run repeats exactly.
    Off,
}

/// A server that accepts calls until it is dropped.
pub struct Running {
    pub app: Arc<App>,
    server: JoinHandle<io::Result<()>>,
    loops: Vec<JoinHandle<()>>,
}

impl Running {
    /// Waits until the server ends, which it does only by an error.
    pub async fn wait(mut self) -> io::Result<()> {
        (&mut self.server).await.map_err(io::Error::other)?
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
        self.loops.iter().for_each(JoinHandle::abort);
    }
}

/// Opens everything and serves it. `port` 0 picks a free one.
pub async fn start(setup: Setup, port: u16, background: Background) -> Result<Running, StartError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|source| {
        match source.kind() {
            io::ErrorKind::AddrInUse => StartError::PortTaken(port),
            _ => StartError::Listen { port, source },
        }
    })?;
    let address: SocketAddr =
        listener.local_addr().map_err(|source| StartError::Listen { port, source })?;
    let app = App::open(setup, &address.to_string()).await?;
    let router = router(&app);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let loops = match background {
        Background::Running => spawn_loops(&app),
        Background::Off => Vec::new(),
    };
    Ok(Running { app, server, loops })
}

fn router(app: &Arc<App>) -> Router {
    let mut router = pages::router(app).fallback(call).with_state(app.clone());
    if let Some(bank) = &app.bank {
        router = router.nest(BANK_PATH, bank.router());
    }
    router
}

/// A call of the API, of a pay page, or of the bank.
async fn call(State(app): State<Arc<App>>, request: Request) -> Response {
    let now = app.clock.now();
    let request_id = RandomIds.ulid(now);
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    let answer = match gateway::event(request, &request_id, now).await {
        Ok(event) => app.machine.http(event).await,
        Err(problem) => problem.response(&request_id),
    };
    if !reads {
        app.wake.notify_one();
    }
    gateway::answer(answer)
}

fn spawn_loops(app: &Arc<App>) -> Vec<JoinHandle<()>> {
    let mut loops = vec![
        tokio::spawn(pump(app.clone())),
        tokio::spawn(sweep(app.clone())),
        tokio::spawn(register(app.clone())),
    ];
    loops.extend(app.bank.as_ref().map(quita_psp_sandbox::Bank::spawn_delivery));
    loops
}

async fn pump(app: Arc<App>) {
    loop {
        app.machine.pump().await;
        // Whether it rang or time passed, the stream is looked at again.
        tokio::time::timeout(PUMP_EVERY, app.wake.notified()).await.ok();
    }
}

async fn sweep(app: Arc<App>) {
    let mut minute = tokio::time::interval(SWEEP_EVERY);
    minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        minute.tick().await;
        if let Err(error) = app.machine.sweep().await {
            tracing::error!(error = &error as &dyn std::error::Error, "Sweep did not start");
        }
    }
}

/// Registers the callback, again and again until the bank takes it.
async fn register(app: Arc<App>) {
    for attempt in 0.. {
        match merchant::register_callback(app.machine.deps()).await {
            Ok(()) => return,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "Bank did not take the callback's address; trying again");
            }
        }
        let wait = REGISTER_AGAIN.get(attempt).or(REGISTER_AGAIN.last());
        tokio::time::sleep(wait.copied().unwrap_or(SWEEP_EVERY)).await;
    }
}

#[cfg(test)]
mod tests;
