//! A proxy on loopback that says how long what lies behind it took.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use tokio::net::TcpListener;

/// What passed since it was last asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Passed {
    pub requests: u32,
    pub time: Duration,
}

/// The proxy; it serves until the program ends.
pub struct Toll {
    address: SocketAddr,
    passed: Arc<Mutex<Passed>>,
}

struct Gate {
    target: String,
    client: reqwest::Client,
    passed: Arc<Mutex<Passed>>,
}

impl Toll {
    /// A proxy in front of an origin, such as `http://127.0.0.1:8000`.
    pub async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let passed = Arc::<Mutex<Passed>>::default();
        let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap();
        let gate = Gate { target: target.to_owned(), client, passed: passed.clone() };
        let router = Router::new().fallback(pass).with_state(Arc::new(gate));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
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

async fn pass(
    State(gate): State<Arc<Gate>>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, Bytes) {
    headers.remove("host");
    let begun = Instant::now();
    let request = gate.client.request(method, format!("{}{uri}", gate.target));
    let answer = request.headers(headers).body(body).send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    let mut passed = gate.passed.lock().unwrap();
    passed.requests += 1;
    passed.time += begun.elapsed();
    (status, headers, body)
}
