//! The world a test plays in: every function in one process, a bank over HTTP, a mailbox, and a
//! clock that stands until it is moved.
//!
//! Calls go in as the JSON events API Gateway sends, and callbacks arrive over a real socket.

// Benchmarks take this file by its path; the folder is beside it all the same.
#[path = "world/backend.rs"]
mod backend;
#[path = "world/lambdas.rs"]
mod lambdas;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_lambda_events::encodings::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use quita_app::access::api_keys;
use quita_app::bus::BusEvent;
use quita_app::ports::{Clock, IdSource, ulid_of};
use quita_app::{Config, links};
use quita_core::access::{LastUse, Permission, Principal};
use quita_core::customer::Locale;
use quita_core::document::TaxId;
use quita_core::ids::MerchantId;
use quita_core::merchant::{Issuing, Merchant, Mode, Setup};
use quita_core::message::ProviderTag;
use quita_core::pix_key::PixKey;
use quita_core::reconciliation::Reconciliation;
use quita_core::zone::{SAO_PAULO, instant_at};
use quita_edge::{ApiRequest, ApiResponse};
use quita_local::mailbox::Content;
use quita_local::stream::Checkpoint;
use quita_local::{
    Functions, LocalBus, LocalMailbox, LocalSecrets, LocalSenderDomains, Machine, MachineParts,
    MovableClock,
};
use quita_pix::client::{ClientOptions, PspClient, WebhookAuth, WebhookUrl};
use quita_psp_sandbox::{Bank, BankConfig, PayOptions};
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use quita_testkit::aws::{Attempts, AwsBackend};
use quita_testkit::embedded::Embedded;
use quita_testkit::fault::{FaultPlan, Faulty};
use quita_testkit::meter::{Metered, Usage};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use backend::{Letters, Post, Publisher, Texts, Vault};
use lambdas::{Binaries, Lambdas};

/// The merchant of most tests.
pub const MERCHANT: &str = "mer_acme";
/// Monday morning, four weeks before Christmas.
pub const START: &str = "2026-11-23 10:00";
/// Attempts of the bank client in tests: what a test breaks stays broken.
const BANK_ATTEMPTS: u32 = 1;
/// Items the bank lists on a page: few, so that a few payments fill several.
pub const LIST_PAGE: u32 = 10;
/// A Pix key at the same account that is not the merchant's.
pub const OTHER_PIX_KEY: &str = "outra@acme.example";
/// When the reconciliation is due unless a test asks for it: in no test.
const NEVER: TimeDelta = TimeDelta::days(3650);
/// What links are signed with.
const SIGNING_KEY: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
/// Rounds of pump and delivery until the world is quiet.
const ROUNDS_MAX: usize = 50;

/// Everything, and the handles to look at it and to break it.
pub struct World {
    pub machine: Arc<Machine>,
    pub bank: Arc<Bank>,
    pub clock: Arc<MovableClock>,
    pub mailbox: Arc<LocalMailbox>,
    pub secrets: Arc<LocalSecrets>,
    pub senders: Arc<LocalSenderDomains>,
    pub faults: FaultPlan,
    blueprint: Blueprint,
    front: Front,
    meter: Metered<Embedded>,
    api_key: String,
    hook: String,
    keys: AtomicU64,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    pub status: i64,
    pub body: String,
    pub response: ApiResponse,
}

/// A local instant such as `2026-12-10 09:00`, in São Paulo.
pub fn at(text: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    instant_at(local.date(), local.time(), SAO_PAULO)
}

impl World {
    pub async fn new() -> Self {
        Self::seeded(1).await
    }

    /// The same seed makes the same ids and the same bank.
    pub async fn seeded(seed: u64) -> Self {
        Self::on(Embedded::memory().unwrap(), seed).await
    }

    /// A world on a table that is there already.
    pub async fn on(engine: Embedded, seed: u64) -> Self {
        let clock = Arc::new(MovableClock::standing_at(at(START)));
        let bank_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bank_url = format!("http://{}", bank_listener.local_addr().unwrap());
        let bank = open_bank(&clock, seed);
        tokio::spawn(serve_bank(bank.clone(), bank_listener));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let public_url = format!("http://{}", listener.local_addr().unwrap());
        let mailbox = Arc::new(LocalMailbox::memory(clock.clone()).told_of());
        let merchant = MerchantId::parse(MERCHANT).unwrap();
        let secrets = Arc::new(LocalSecrets::memory());
        let senders = Arc::new(LocalSenderDomains::default());
        secrets.set(format!("bank/{merchant}"), bank_secret(&bank, &bank_url));
        let signing_key = links::SigningKey::new(SIGNING_KEY).unwrap();
        secrets.set(links::SECRET, SIGNING_KEY);
        let hook = signing_key.hook_path(&merchant);

        let meter = Metered::new(engine.clone());
        let faults = FaultPlan::seeded(seed, Default::default());
        let config = Config {
            callback_url: public_url.clone(),
            public_url: public_url.clone(),
            signing_key,
        };
        let blueprint = Blueprint {
            dynamo: Faulty::new(meter.clone(), faults.clone()),
            ids: Arc::new(SeededIds(AtomicU64::new(seed << 32))),
            engine,
            mailbox: mailbox.clone(),
            secrets: secrets.clone(),
            senders: senders.clone(),
            clock: clock.clone(),
            config,
            checkpoint: Checkpoint::memory(),
        };
        let machine = blueprint.machine();
        let front = Arc::new(Mutex::new(machine.clone()));
        tokio::spawn(serve_machine(front.clone(), listener));

        let mut world = Self {
            machine,
            bank,
            clock,
            mailbox,
            secrets,
            senders,
            faults,
            blueprint,
            front,
            meter,
            api_key: String::new(),
            hook,
            keys: AtomicU64::new(0),
        };
        world.settle_merchant(&merchant).await;
        world.api_key = world.key_of(&merchant, Permission::ALL.into()).await;
        world.register_callback(&public_url).await;
        world.bank.reset_calls();
        world.meter.take();
        world
    }

    async fn settle_merchant(&self, merchant: &MerchantId) {
        let settings = merchant_settings(merchant, &self.bank);
        let mut unasked = Reconciliation::starting(merchant.clone(), self.now());
        unasked.next_at += NEVER;
        let commit = Commit::new(merchant)
            .merchant(&settings, Expected::New)
            .reconciliation(&unasked, Expected::New);
        self.machine.deps().store.commit(commit).await.unwrap();
    }

    /// The token of a new key of a merchant.
    pub async fn key_of(&self, merchant: &MerchantId, may: BTreeSet<Permission>) -> String {
        let deps = self.machine.deps();
        let (key, minted) =
            api_keys::made(deps, (merchant, Mode::Live), "test", may, None, "test").unwrap();
        // As if it had been used, so that its first call costs what every call costs.
        let (of, at) = (Principal::ApiKey(key.id.clone()), self.now());
        let used = LastUse { merchant: merchant.clone(), of, version: 1, at };
        let commit = api_keys::with_new_key(Commit::new(merchant), &key, "test")
            .record(&used, Expected::New);
        deps.store.commit(commit).await.unwrap();
        minted.token
    }

    async fn register_callback(&self, public_url: &str) {
        let key = PixKey::parse(&self.bank.config().keys[0]).unwrap();
        let url = WebhookUrl::parse(&format!("{public_url}{}", self.hook)).unwrap();
        self.bank_client().await.put_webhook(&key, &url, WebhookAuth::MutualTls).await.unwrap();
    }

    /// The process is killed, with whatever waits on its bus, and a new one starts on the same table.
    pub fn restart(&mut self) {
        self.faults.revive();
        self.machine = self.blueprint.machine();
        *self.front.lock().unwrap() = self.machine.clone();
    }

    /// Quita's own client of the bank.
    pub async fn bank_client(&self) -> PspClient {
        let deps = self.machine.deps();
        let merchant = MerchantId::parse(MERCHANT).unwrap();
        deps.banks.of(&merchant, deps.secrets.as_ref(), deps.clock.now()).await.unwrap()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Path of the bank's callback address.
    pub fn hook(&self) -> &str {
        &self.hook
    }

    /// Requests to the table since the last look.
    pub fn usage(&self) -> Usage {
        self.meter.take()
    }

    // ---- Calls -------------------------------------------------------------------------------

    /// A call with the merchant's key and a fresh idempotency key.
    pub async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let nth = self.keys.fetch_add(1, Ordering::Relaxed);
        let bearer = format!("Bearer {}", self.api_key);
        let key = format!("key-{nth}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        self.call_with(method, path, &headers, body).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, "").await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.body);
        answer.json()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &body.to_string()).await
    }

    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.api_key)
    }

    /// A call with exactly these headers.
    pub async fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let response = self.machine.http(api_request(method, path, headers, body)).await;
        Answer::of(response)
    }

    // ---- What people and the bank do ------------------------------------------------------------

    /// A customer with the document of the nth of a few fixed companies.
    pub async fn customer(&self) -> String {
        self.customer_with(json!({})).await
    }

    pub async fn customer_with(&self, fields: Value) -> String {
        let mut body = json!({
            "name": "Padaria Aurora Ltda",
            "document": "12.ABC.345/01DE-35",
            "emails": ["financeiro@aurora.example"],
        });
        merge(&mut body, fields);
        let answer = self.post("/v1/customers", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// An invoice of R$ 1,000.00 due on 10 December, with 2 % fine and 1 % a month.
    pub fn invoice_body(customer: &str) -> Value {
        json!({
            "customer_id": customer,
            "number": "2026-001",
            "description": "Serviços de novembro",
            "amount": "1000.00",
            "due_date": "2026-12-10",
            "late_fee": { "type": "percent", "value": "2.00" },
            "interest": { "type": "percent_per_month", "value": "1.00" },
        })
    }

    /// Creates an invoice and lets everything that follows happen.
    pub async fn invoice(&self, customer: &str, fields: Value) -> Value {
        let mut body = Self::invoice_body(customer);
        merge(&mut body, fields);
        let answer = self.post("/v1/invoices", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        self.settle().await;
        self.get(&format!("/v1/invoices/{}", text(&answer.json(), "id"))).await
    }

    /// A customer, and an invoice whose charge the bank holds.
    pub async fn issued(&self) -> Value {
        let customer = self.customer().await;
        self.invoice(&customer, json!({})).await
    }

    pub async fn reload(&self, invoice: &Value) -> Value {
        self.get(&format!("/v1/invoices/{}", text(invoice, "id"))).await
    }

    /// The payer pays what the bank asks for today; the callback is delivered.
    pub async fn pay(&self, txid: &str) -> String {
        self.pay_with(txid, PayOptions::default()).await
    }

    pub async fn pay_with(&self, txid: &str, options: PayOptions) -> String {
        let paid = self.bank.pay(txid, options).unwrap();
        self.settle().await;
        paid.e2eid
    }

    /// Events, callbacks and what they cause, until all is quiet.
    pub async fn settle(&self) {
        for _ in 0..ROUNDS_MAX {
            let handled = self.machine.pump().await;
            let report = self.bank.deliver_callbacks().await;
            if handled == 0 && report.delivered == 0 {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    /// Moves the clock to a local time and sweeps, as the minute's schedule would.
    pub async fn at(&self, local: &str) {
        self.clock.set(at(local)).unwrap();
        self.sweep().await;
    }

    pub async fn sweep(&self) {
        self.machine.sweep().await.unwrap();
        self.settle().await;
    }

    /// Moves hour by hour to a local time, sweeping at each.
    pub async fn live_until(&self, local: &str) {
        let end = at(local);
        while self.now() < end {
            let next = (self.now() + TimeDelta::hours(1)).min(end);
            self.clock.set(next).unwrap();
            self.sweep().await;
        }
    }

    /// The merchant's reconciliation as it is stored.
    pub async fn reconciliation(&self) -> Reconciliation {
        let merchant = MerchantId::parse(MERCHANT).unwrap();
        let store = &self.machine.deps().store;
        let mut found = store.read(&merchant, &[ItemRef::Reconciliation]).await.unwrap();
        found.take_reconciliation().unwrap()
    }

    /// Makes the reconciliation due at an instant; a sweep from then on starts it.
    pub async fn reconciliation_due(&self, at: DateTime<Utc>) {
        let mut known = self.reconciliation().await;
        let before = known.version;
        known.next_at = at;
        known.version += 1;
        let commit = Commit::new(&known.merchant).reconciliation(&known, Expected::Version(before));
        self.machine.deps().store.commit(commit).await.unwrap();
    }

    /// Runs the reconciliation now, with all that follows, and answers what the API shows of it. It
    /// is not due again by itself.
    pub async fn reconcile(&self) -> Value {
        self.reconciliation_due(self.now()).await;
        let merchant = MerchantId::parse(MERCHANT).unwrap();
        let event = BusEvent::reconcile_due(&merchant, self.now());
        self.machine.deps().bus.publish(&[event]).await.into_iter().for_each(Result::unwrap);
        self.settle().await;
        let shown = self.get("/v1/reconciliation").await;
        self.reconciliation_due(self.now() + NEVER).await;
        shown
    }

    // ---- What can be seen -----------------------------------------------------------------------

    /// Steps of the e-mails received so far, in order.
    pub fn steps(&self) -> Vec<String> {
        let messages = self.mailbox.messages();
        let step = |content: &Content| match content.tag() {
            Some(tag) => match ProviderTag::parse(tag) {
                Some(tag) => tag.key.step,
                None => tag.to_owned(),
            },
            None => "chat".to_owned(),
        };
        messages.iter().map(|message| step(&message.content)).collect()
    }

    /// Reasons of the parked payments.
    pub async fn parked(&self) -> Vec<String> {
        let list = self.get("/v1/payments?status=parked").await;
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| text(&item["attention"], "reason").to_owned()).collect()
    }

    /// Names of the events of an invoice.
    pub async fn timeline(&self, invoice: &Value) -> Vec<String> {
        let path = format!("/v1/invoices/{}/timeline?limit=100", text(invoice, "id"));
        let list = self.get(&path).await;
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| text(item, "event").to_owned()).collect()
    }
}

/// What every machine of a world is built from; what lasts is shared between them.
struct Blueprint {
    engine: Embedded,
    dynamo: Faulty<Metered<Embedded>>,
    ids: Arc<SeededIds>,
    mailbox: Arc<LocalMailbox>,
    secrets: Arc<LocalSecrets>,
    senders: Arc<LocalSenderDomains>,
    clock: Arc<MovableClock>,
    config: Config,
    checkpoint: Checkpoint,
}

impl Blueprint {
    fn machine(&self) -> Arc<Machine> {
        let plan = self.dynamo.plan().clone();
        let bus = Arc::new(LocalBus::default());
        let functions = Binaries::asked_for().map(|binaries| self.lambdas(binaries, bus.clone()));
        let parts = MachineParts {
            dynamo: Arc::new(self.dynamo.clone()),
            ids: self.ids.clone(),
            bank: ClientOptions {
                attempts_max: BANK_ATTEMPTS,
                items_per_page: LIST_PAGE,
                ..ClientOptions::default()
            },
            checkpoint: self.checkpoint.clone(),
            senders: self.senders.clone(),
            channels: self.mailbox.channels(),
            bus,
            functions,
            down: Some(Arc::new(move || plan.is_down())),
            ..MachineParts::new(
                self.engine.clone(),
                self.mailbox.clone(),
                self.secrets.clone(),
                self.clock.clone(),
                self.config.clone(),
            )
        };
        Arc::new(Machine::new(parts).unwrap())
    }

    /// The same functions as binaries, on the same table, mailbox and secrets.
    fn lambdas(&self, binaries: Binaries, bus: Arc<LocalBus>) -> Arc<dyn Functions> {
        let backend = AwsBackend {
            dynamo: Arc::new(self.dynamo.clone()),
            mail: Arc::new(Post(self.mailbox.clone())),
            bus: Arc::new(Publisher(bus)),
            secrets: Arc::new(Vault(self.secrets.clone())),
            texts: Arc::new(Texts(self.mailbox.clone())),
            objects: Arc::new(Letters(self.mailbox.clone())),
            attempts: Attempts::ShareTheirFault,
            guard: None,
        };
        Arc::new(Lambdas::new(binaries, backend, self.clock.clone(), &self.config.public_url))
    }
}

impl Answer {
    pub fn of(response: ApiResponse) -> Self {
        let body = match &response.body {
            Some(Body::Text(text)) => text.clone(),
            Some(Body::Binary(bytes)) => format!("{} bytes", bytes.len()),
            _ => String::new(),
        };
        Self { status: response.status_code, body, response }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// `status slug` of a problem, or the status alone.
    pub fn outcome(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        match problem["type"].as_str().and_then(|kind| kind.rsplit('/').next()) {
            Some(slug) => format!("{} {slug}", self.status),
            None => self.status.to_string(),
        }
    }

    /// Properties of a problem's violations.
    pub fn properties(&self) -> Vec<String> {
        let problem = self.json();
        let violations = problem["violations"].as_array().cloned().unwrap_or_default();
        violations.iter().map(|violation| text(violation, "property").to_owned()).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A string field.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {value}"))
}

/// The txid of an instalment's current charge.
pub fn txid(invoice: &Value, instalment: usize) -> String {
    text(&invoice["instalments"][instalment - 1]["charge"], "txid").to_owned()
}

/// Sets each field of `fields` in `body`; null removes it.
fn merge(body: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    let body = body.as_object_mut().unwrap();
    for (name, value) in fields {
        if value.is_null() {
            body.remove(&name)
        } else {
            body.insert(name, value)
        };
    }
}

/// The event API Gateway makes of a call, read as a Lambda reads it.
pub fn api_request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> ApiRequest {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let parameters: serde_json::Map<String, Value> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "queryStringParameters": parameters,
        "requestContext": {
            "requestId": "req-test",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "test",
            },
        },
        "body": body,
        "isBase64Encoded": false,
    });
    serde_json::from_value(event).unwrap()
}

/// Settings of a merchant paid at `bank`.
pub fn merchant_settings(merchant: &MerchantId, bank: &Bank) -> Merchant {
    Merchant {
        merchant: merchant.clone(),
        version: 1,
        name: "ACME Serviços".into(),
        document: TaxId::parse("11222333000181").unwrap(),
        city: "São Paulo".into(),
        mode: Mode::Test,
        pix_key: Some(PixKey::parse(&bank.config().keys[0]).unwrap()),
        from: Some(quita_core::contact::Email::parse("cobranca@acme.example").unwrap()),
        reply_to: Some(quita_core::contact::Email::parse("financeiro@acme.example").unwrap()),
        chat_webhook: None,
        brand_colour: Some("#0b6e4f".into()),
        brand: Default::default(),
        locale: Locale::PtBr,
        issuing: Issuing::default(),
        setup: Setup::default(),
        approvals: Default::default(),
        channels: Default::default(),
        segments: Vec::new(),
        daily_digest: true,
    }
}

fn open_bank(clock: &Arc<MovableClock>, seed: u64) -> Arc<Bank> {
    let now = clock.clone();
    let mut config = BankConfig { seed, ..BankConfig::new(Arc::new(move || now.now())) };
    config.keys.push(OTHER_PIX_KEY.to_owned());
    Bank::open(config).unwrap()
}

fn bank_secret(bank: &Bank, url: &str) -> String {
    let config = bank.config();
    json!({
        "bank": "custom",
        "base_url": url,
        "token_url": format!("{url}/oauth/token"),
        "credentials": {
            "client_id": config.client_id,
            "client_secret": config.client_secret,
        },
    })
    .to_string()
}

async fn serve_bank(bank: Arc<Bank>, listener: TcpListener) {
    bank.serve(listener).await.unwrap();
}

/// The machine that is up.
type Front = Arc<Mutex<Arc<Machine>>>;

/// The front that turns HTTP into API Gateway events.
async fn serve_machine(front: Front, listener: TcpListener) {
    let router = axum::Router::new().fallback(forward).with_state(front);
    axum::serve(listener, router).await.unwrap();
}

async fn forward(State(front): State<Front>, request: axum::extract::Request) -> impl IntoResponse {
    let machine = front.lock().unwrap().clone();
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let headers: Vec<(&str, &str)> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = String::from_utf8_lossy(&bytes);
    let answer =
        Answer::of(machine.http(api_request(parts.method.as_str(), path, &headers, &body)).await);
    let status = u16::try_from(answer.status).unwrap();
    (axum::http::StatusCode::from_u16(status).unwrap(), answer.body)
}

/// Ids from a counter, so that a seed repeats.
struct SeededIds(AtomicU64);

impl IdSource for SeededIds {
    fn ulid(&self, now: DateTime<Utc>) -> String {
        ulid_of(now, u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }
}
