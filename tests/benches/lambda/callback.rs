//! The warm callback beside its own table and bank: what is ours is what is left.
//!
//! The function reaches table and bank through a [`Toll`] each, which counts from the first byte of
//! a request to the last of its answer. What is left of the call is the function's own work, the
//! ways to the tolls and back, and the runtime API's. Two others are measured in the same run to
//! tell them apart: a bare socket goes the way to a toll, and a hello is given the same events,
//! since its call is the runtime API's part and nothing else.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use quita_app::ports::Secrets;
use quita_local::LocalSecrets;
use quita_psp_sandbox::{CallbackFault, PayOptions};
use quita_testkit::aws::{
    Attempts, AwsBackend, AwsServices, EventSink, MailProvider, MailRefusal, ObjectRefusal,
    ObjectStore, PutEvent, PutObject, SecretStore, SentMail, SentText, TextProvider, TextRefusal,
};
use quita_testkit::embedded::Embedded;
use quita_testkit::lambda::{ClockFile, FunctionConfig, LambdaFunction, Template};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::starts::HELLO;
use super::toll::Toll;
use super::world::{MERCHANT, World, api_request, text, txid};
use super::{millis, quantile, resolve};

const FUNCTION: &str = "payment_webhook";
/// Callbacks that are measured, after one that is not.
const CALLS: usize = 200;
/// What goes each way over a bare socket: about what a request to the table has.
const WAY_BYTES: usize = 4096;
/// What the names of secrets begin with in `template.yaml`.
const PREFIX: &str = "quita/";

/// What one callback took.
struct Taken {
    whole: Duration,
    table: Duration,
    bank: Duration,
}

impl Taken {
    fn own(&self) -> Duration {
        self.whole.saturating_sub(self.table + self.bank)
    }
}

/// Pays [`CALLS`] invoices, tells the function of each, and prints where the time went.
pub async fn measure(template: &Template, folder: &Path) {
    let engine = Embedded::memory().unwrap();
    let world = World::on(engine.clone(), 1).await;
    let events = paid_unheard(&world).await;
    let secrets = world.secrets.clone();
    let access = secrets.get(&format!("bank/{MERCHANT}")).await.unwrap().unwrap();
    let access: Value = serde_json::from_str(&access).unwrap();
    let bank = Toll::before(text(&access, "base_url")).await;
    let vault = Vault { secrets, access: through(access, &bank) };
    let services = AwsServices::start(AwsBackend {
        dynamo: Arc::new(engine),
        mail: Arc::new(Nothing),
        bus: Arc::new(Nothing),
        texts: Arc::new(Nothing),
        objects: Arc::new(Nothing),
        secrets: Arc::new(vault),
        attempts: Attempts::StandAlone,
        guard: None,
    });
    let services = services.unwrap();
    let table = Toll::before(services.url()).await;
    let temporary = tempfile::tempdir().unwrap();
    let shim = std::env::var_os("QUITA_CLOCK_SHIM").unwrap();
    let clock = ClockFile::create(&temporary.path().join("clock"), shim.as_ref(), world.now());
    let clock = clock.unwrap();
    let mut config = FunctionConfig::new(FUNCTION, folder.join(FUNCTION));
    config.timeout = Duration::from_secs(30);
    config.environment = environment(template, &services, &table);
    config.environment.extend(clock.environment());
    let function = LambdaFunction::new(config);

    let mut tolls = Vec::with_capacity(events.len());
    for event in &events {
        table.take();
        bank.take();
        let answer = function.invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
        tolls.push((table.take(), bank.take()));
    }
    let figures = function.figures().remove(0);
    let calls = figures.first.into_iter().chain(figures.warm.iter().copied());
    let taken = calls.zip(&tolls).map(|(whole, (table, bank))| Taken {
        whole,
        table: table.time,
        bank: bank.time,
    });
    let requests = tolls.last().map_or(0, |(table, bank)| table.requests + bank.requests);
    let (ways, hello) = (ways(requests).await, hello(folder, &events).await);
    print(taken.collect(), &ways, &hello, requests);
    println!("  on a processor, its start included: {} ms a call", {
        millis(figures.processor / u32::try_from(events.len()).unwrap())
    });
    println!("  peak memory: {:.1} MB\n", figures.peak_memory_bytes as f64 / 1e6);
}

/// What so many requests wait for that no toll counts: the way to one and back.
async fn ways(requests: u32) -> Vec<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let echo = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; WAY_BYTES];
        while socket.read_exact(&mut bytes).await.is_ok() {
            socket.write_all(&bytes).await.unwrap();
        }
    });
    let toll = Toll::before(&format!("http://{echo}")).await;
    let mut socket = std::net::TcpStream::connect(toll.address).unwrap();
    socket.set_nodelay(true).unwrap();
    let mut ways = Vec::with_capacity(CALLS);
    for _ in 0..=CALLS {
        let mut way = Duration::ZERO;
        for _ in 0..requests {
            // A thread of its own, as the function has a process.
            let (back, whole) = tokio::task::spawn_blocking(move || {
                let begun = Instant::now();
                socket.write_all(&[0; WAY_BYTES]).unwrap();
                socket.read_exact(&mut [0; WAY_BYTES]).unwrap();
                (socket, begun.elapsed())
            })
            .await
            .unwrap();
            socket = back;
            way += whole.saturating_sub(toll.take().time);
        }
        ways.push(way);
    }
    ways
}

/// What the runtime API takes by itself, with events as large.
async fn hello(folder: &Path, events: &[Value]) -> Vec<Duration> {
    let hello = LambdaFunction::new(FunctionConfig::new(HELLO, folder.join(HELLO)));
    for event in events {
        hello.invoke(event).await.unwrap();
    }
    let figures = hello.figures().remove(0);
    figures.first.into_iter().chain(figures.warm).collect()
}

/// Callbacks of payments that nobody was told of.
async fn paid_unheard(world: &World) -> Vec<Value> {
    let customer = world.customer().await;
    let body = World::invoice_body(&customer);
    let mut invoices = Vec::new();
    for _ in 0..=CALLS {
        invoices.push(world.post("/v1/invoices", &body).await.json());
    }
    world.settle().await;
    let mut events = Vec::new();
    for invoice in &invoices {
        world.bank.faults().next_callback(CallbackFault::Drop);
        let paid = world.bank.pay(&txid(invoice, 1), PayOptions::default()).unwrap();
        world.bank.deliver_callbacks().await;
        let told = json!({ "pix": [{
            "endToEndId": paid.e2eid, "txid": txid(invoice, 1), "valor": paid.valor,
            "horario": paid.horario, "chave": world.bank.config().keys[0],
        }]});
        let request = api_request("POST", &format!("{}/pix", world.hook()), &[], &told.to_string());
        events.push(serde_json::to_value(request).unwrap());
    }
    events
}

/// The bank's secret with the toll in place of the bank.
fn through(mut access: Value, bank: &Toll) -> String {
    access["base_url"] = json!(bank.url());
    access["token_url"] = json!(format!("{}/oauth/token", bank.url()));
    access.to_string()
}

fn environment(
    template: &Template,
    services: &AwsServices,
    table: &Toll,
) -> BTreeMap<String, String> {
    let mut environment = template.environment(FUNCTION, resolve).unwrap();
    environment.extend(services.environment());
    environment.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), table.url());
    environment
}

/// The first call read the secrets and opened the connections, and stands by itself.
fn print(taken: Vec<Taken>, ways: &[Duration], hello: &[Duration], requests: u32) {
    println!(
        "warm callback: {} in turn, {requests} requests to table and bank; ms",
        taken.len() - 1
    );
    println!("{:<28} {:>8} {:>8} {:>8}", "", "p50", "p99", "first");
    let of = |part: fn(&Taken) -> Duration| taken.iter().map(part).collect::<Vec<_>>();
    row("callback", &of(|taken| taken.whole));
    row("  its table", &of(|taken| taken.table));
    row("  its bank", &of(|taken| taken.bank));
    row("  all else", &of(Taken::own));
    row("a socket's ways to the tolls", ways);
    row("a hello's call", hello);
}

fn row(name: &str, times: &[Duration]) {
    let (first, mut warm) = (times[0], times[1..].to_vec());
    let (p50, p99) = (quantile(&mut warm, 50), quantile(&mut warm, 99));
    println!("{name:<28} {:>8} {:>8} {:>8}", millis(p50), millis(p99), millis(first));
}

/// The world's secrets under their whole names.
struct Vault {
    secrets: Arc<LocalSecrets>,
    access: String,
}

#[async_trait]
impl SecretStore for Vault {
    async fn get(&self, name: &str) -> Result<Option<String>, String> {
        let Some(name) = name.strip_prefix(PREFIX) else { return Ok(None) };
        if name.starts_with("bank/") {
            return Ok(Some(self.access.clone()));
        }
        self.secrets.get(name).await.map_err(|why| why.to_string())
    }

    async fn put(&self, name: &str, _: &str) -> Result<(), String> {
        Err(format!("nobody writes {name} here"))
    }
}

/// What a callback has no use for.
struct Nothing;

#[async_trait]
impl MailProvider for Nothing {
    async fn send(&self, _: SentMail) -> Result<String, MailRefusal> {
        Err(MailRefusal::Rejected("a callback sends nothing".to_owned()))
    }
}

#[async_trait]
impl TextProvider for Nothing {
    async fn send(&self, _: SentText) -> Result<String, TextRefusal> {
        Err(TextRefusal::Unknown)
    }
}

#[async_trait]
impl ObjectStore for Nothing {
    async fn put(&self, _: PutObject) -> Result<(), ObjectRefusal> {
        Err(ObjectRefusal::NoBucket)
    }
}

#[async_trait]
impl EventSink for Nothing {
    async fn put(&self, events: Vec<PutEvent>) -> Vec<Result<(), String>> {
        events.iter().map(|_| Err("a callback publishes nothing".to_owned())).collect()
    }
}
