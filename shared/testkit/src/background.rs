//! One runtime for everything that has to go on by itself: servers on loopback, child processes.
//!
//! A test may block its own thread, or ask from a thread whose runtime has no I/O; what it asks of
//! must not depend on that. Invariant: it lives as long as the process.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// Threads of it: the work is waiting, and a table in the process.
const THREADS: usize = 2;

/// The runtime's handle.
pub(crate) fn handle() -> &'static Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let make = || {
        let built = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
        built.expect("a test machine has threads and sockets to give")
    };
    RUNTIME.get_or_init(make).handle()
}

/// A task that ends with its owner.
#[derive(Debug)]
pub(crate) struct Task(JoinHandle<()>);

impl Task {
    pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(handle().spawn(work))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves a router on a free port of loopback; answers its address and the task that serves.
pub(crate) fn serve(router: axum::Router) -> std::io::Result<(std::net::SocketAddr, Task)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    // Registers the socket with the runtime that will serve it.
    let guard = handle().enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    drop(guard);
    let task = Task::spawn(async move {
        // It ends by being aborted; a listener on loopback has no error that could be acted on.
        drop(axum::serve(listener, router).await);
    });
    Ok((address, task))
}
