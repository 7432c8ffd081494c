//! A relay on loopback that says how long what lies behind it took.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What is carried at once.
const CHUNK: usize = 64 * 1024;

/// What passed since it was last asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Passed {
    pub requests: u32,
    /// From the first byte of each request to the last of its answer.
    pub time: Duration,
}

/// The relay; it serves until the program ends.
pub struct Toll {
    pub address: SocketAddr,
    passed: Arc<Mutex<Passed>>,
}

impl Toll {
    /// A relay in front of an origin, such as `http://127.0.0.1:8000`.
    pub async fn before(target: &str) -> Self {
        let target: SocketAddr = target.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let passed = Arc::<Mutex<Passed>>::default();
        let count = passed.clone();
        tokio::spawn(async move {
            loop {
                let (caller, _) = listener.accept().await.unwrap();
                let target = TcpStream::connect(target).await.unwrap();
                tokio::spawn(relay(caller, target, count.clone()));
            }
        });
        Self { address, passed }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What passed since the last call.
    pub fn take(&self) -> Passed {
        std::mem::take(&mut *self.passed.lock().unwrap())
    }
}

/// Carries the bytes of one connection, whose requests come one after the other, until either side
/// ends it.
async fn relay(mut caller: TcpStream, mut target: TcpStream, passed: Arc<Mutex<Passed>>) {
    caller.set_nodelay(true).unwrap();
    target.set_nodelay(true).unwrap();
    let (mut request, mut answer) = (vec![0; CHUNK], vec![0; CHUNK]);
    // Until when the time is counted, and whether what comes from the caller is a new request.
    let (mut counted, mut is_answered) = (Instant::now(), true);
    loop {
        tokio::select! {
            read = caller.read(&mut request) => {
                let Ok(bytes @ 1..) = read else { return };
                if is_answered {
                    (counted, is_answered) = (Instant::now(), false);
                    passed.lock().unwrap().requests += 1;
                }
                target.write_all(&request[..bytes]).await.unwrap();
            }
            read = target.read(&mut answer) => {
                let Ok(bytes @ 1..) = read else { return };
                caller.write_all(&answer[..bytes]).await.unwrap();
                let now = Instant::now();
                passed.lock().unwrap().time += now - counted;
                (counted, is_answered) = (now, true);
            }
        }
    }
}
