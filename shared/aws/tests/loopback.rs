//! Fears about the wire between the store and its table: an answer that means something else once it
//! has been on the wire.
//!
//! DynamoDB is the embedded engine behind the wire format on loopback. `QUITA_DYNAMODB_ENDPOINT`
//! runs the promises of the store against another one instead, such as DynamoDB Local; each case
//! makes a table there and leaves it.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use quita_aws::{Clients, DynamoDb, Needs, Settings};
use quita_table::Store;
use quita_table::dynamo::{
    BatchGetItemRequest, Dynamo, DynamoError, GetItemRequest, Item, Put, PutItemRequest,
    QueryRequest, ReturnConsumedCapacity, ReturnOnFailure, TransactWriteItem,
    TransactWriteItemsRequest,
};
use quita_table::schema::{self, LOCAL_TABLE};
use quita_testkit::aws::{
    Attempts, AwsBackend, AwsServices, EventSink, MailProvider, MailRefusal, ObjectRefusal,
    ObjectStore, PutEvent, PutObject, SecretStore, SentMail, SentText, TextProvider, TextRefusal,
};
use quita_testkit::contract;
use quita_testkit::embedded::Embedded;
use quita_testkit::fault::{Fault, FaultPlan, Faulty};
use serde_dynamo::AttributeValue;

/// Nothing but the table is asked for here.
struct Nobody;

#[async_trait]
impl MailProvider for Nobody {
    async fn send(&self, _: SentMail) -> Result<String, MailRefusal> {
        Err(MailRefusal::Rejected("nobody sends".to_owned()))
    }
}

#[async_trait]
impl EventSink for Nobody {
    async fn put(&self, events: Vec<PutEvent>) -> Vec<Result<(), String>> {
        events.iter().map(|_| Err("nobody listens".to_owned())).collect()
    }
}

#[async_trait]
impl SecretStore for Nobody {
    async fn get(&self, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }

    async fn put(&self, _: &str, _: &str) -> Result<(), String> {
        Err("nobody keeps".to_owned())
    }
}

#[async_trait]
impl TextProvider for Nobody {
    async fn send(&self, _: SentText) -> Result<String, TextRefusal> {
        Err(TextRefusal::Unknown)
    }
}

#[async_trait]
impl ObjectStore for Nobody {
    async fn put(&self, _: PutObject) -> Result<(), ObjectRefusal> {
        Err(ObjectRefusal::NoBucket)
    }
}

fn serve(dynamo: Arc<dyn Dynamo>, attempts: Attempts) -> AwsServices {
    let nobody = Arc::new(Nobody);
    let backend = AwsBackend {
        dynamo,
        mail: nobody.clone(),
        bus: nobody.clone(),
        secrets: nobody.clone(),
        texts: nobody.clone(),
        objects: nobody,
        attempts,
        guard: None,
    };
    AwsServices::start(backend).unwrap()
}

/// The transport a Lambda has, with DynamoDB at another address.
fn wired(endpoint: &str) -> DynamoDb {
    let variables = BTreeMap::from([
        ("AWS_REGION", "sa-east-1"),
        ("AWS_ACCESS_KEY_ID", "tests"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("QUITA_TABLE", LOCAL_TABLE),
        ("QUITA_SECRET_PREFIX", "quita/"),
        ("QUITA_PUBLIC_URL", "https://pay.example.com"),
        ("QUITA_CALLBACK_URL", "https://pay.example.com"),
    ]);
    let read = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let settings = Settings::read(Needs::default(), read).unwrap();
    DynamoDb::new(&Clients::new(&settings).unwrap())
}

/// Services of stores that are still in use.
fn kept(services: AwsServices) {
    static KEPT: OnceLock<Mutex<Vec<AwsServices>>> = OnceLock::new();
    let all = KEPT.get_or_init(Mutex::default);
    all.lock().unwrap_or_else(PoisonError::into_inner).push(services);
}

/// A store on an empty table of its own.
async fn store() -> Store {
    match std::env::var("QUITA_DYNAMODB_ENDPOINT") {
        Ok(endpoint) => {
            let table = create_table(&endpoint).await;
            Store::new(Arc::new(wired(&endpoint)), table)
        }
        Err(_) => {
            let engine = Arc::new(Embedded::memory().unwrap());
            let services = serve(engine, Attempts::default());
            let store = Store::new(Arc::new(wired(services.url())), LOCAL_TABLE);
            kept(services);
            store
        }
    }
}

/// A new table at a DynamoDB that checks no signature. The store's transport cannot make one.
async fn create_table(endpoint: &str) -> String {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let nth = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("quita-contract-{}-{nth}", std::process::id());
    let credential = "AWS4-HMAC-SHA256 Credential=tests/20260101/sa-east-1/dynamodb/aws4_request, \
                      SignedHeaders=host, Signature=none";
    drop(rustls::crypto::ring::default_provider().install_default());
    let answer = reqwest::Client::new()
        .post(endpoint)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "DynamoDB_20120810.CreateTable")
        .header("authorization", credential)
        .body(schema::create_table(&name).to_string())
        .send()
        .await
        .unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{status}: {}", answer.text().await.unwrap());
    name
}

#[tokio::test]
async fn the_promises_of_the_store_hold_over_the_wire() {
    contract::store::run(async || store().await).await;
}

fn key(sk: &str) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    Item::from([(schema::PK.to_owned(), text("p")), (schema::SK.to_owned(), text(sk))])
}

fn put(sk: &str) -> Put {
    Put {
        table_name: LOCAL_TABLE.to_owned(),
        item: key(sk),
        condition_expression: "attribute_not_exists(#pk)".to_owned(),
        expression_attribute_names: BTreeMap::from([("#pk".to_owned(), schema::PK.to_owned())]),
        expression_attribute_values: BTreeMap::new(),
        return_values_on_condition_check_failure: ReturnOnFailure::AllOld,
    }
}

/// The kinds of calls the store makes.
const CALLS: [&str; 5] = ["get", "batch", "put", "transaction", "query"];

/// Makes a call and tells what came of it, without the words that differ by transport.
async fn outcome(dynamo: &dyn Dynamo, call: &str) -> String {
    let told = match call {
        "get" => dynamo.get_item(get("a")).await.map(|it| format!("{:?}", it.item.is_some())),
        "batch" => {
            let request = BatchGetItemRequest::new(LOCAL_TABLE, vec![key("a"), key("b")]);
            dynamo.batch_get_item(request).await.map(|it| it.items.len().to_string())
        }
        "put" => {
            let request = PutItemRequest::from(put("a"));
            dynamo.put_item(request).await.map(|it| format!("{:?}", it.capacity))
        }
        "transaction" => {
            let items = ["b", "c"].map(|sk| TransactWriteItem::Put(put(sk)));
            let request = TransactWriteItemsRequest {
                transact_items: items.into(),
                return_consumed_capacity: ReturnConsumedCapacity::Total,
            };
            dynamo.transact_write_items(request).await.map(|it| format!("{:?}", it.capacity))
        }
        _ => dynamo.query(query()).await.map(|it| it.items.len().to_string()),
    };
    match told {
        Ok(told) => told,
        Err(DynamoError::Unknown { .. }) => "unknown".to_owned(),
        Err(DynamoError::Invalid(_)) => "invalid".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

fn get(sk: &str) -> GetItemRequest {
    GetItemRequest {
        table_name: LOCAL_TABLE.to_owned(),
        key: key(sk),
        consistent_read: true,
        return_consumed_capacity: ReturnConsumedCapacity::Total,
    }
}

fn query() -> QueryRequest {
    QueryRequest {
        table_name: LOCAL_TABLE.to_owned(),
        index_name: None,
        key_condition_expression: "#pk = :pk".to_owned(),
        expression_attribute_names: BTreeMap::from([("#pk".to_owned(), schema::PK.to_owned())]),
        expression_attribute_values: BTreeMap::from([(
            ":pk".to_owned(),
            AttributeValue::S("p".to_owned()),
        )]),
        limit: 10,
        scan_index_forward: true,
        consistent_read: true,
        return_consumed_capacity: ReturnConsumedCapacity::Total,
    }
}

fn broken(fault: Option<Fault>) -> Faulty<Embedded> {
    let plan = FaultPlan::calm();
    if let Some(fault) = fault {
        plan.fail_next(fault);
    }
    Faulty::new(Embedded::memory().unwrap(), plan)
}

/// The same call, broken the same way, in process and over the wire.
async fn compare(call: &str, fault: Option<Fault>) {
    let direct = outcome(&broken(fault), call).await;
    let services = serve(Arc::new(broken(fault)), Attempts::ShareTheirFault);
    let wired = outcome(&wired(services.url()), call).await;
    assert_eq!(wired, direct, "{call}, {fault:?}");
}

#[tokio::test]
async fn throttling_and_conflicts_over_the_wire_are_what_they_are_in_process() {
    let faults = [None, Some(Fault::Throttle), Some(Fault::Conflict), Some(Fault::BeforeCommit)];
    // Together, since a caller waits between its attempts.
    let mut running = tokio::task::JoinSet::new();
    for call in CALLS {
        for fault in faults {
            running.spawn(compare(call, fault));
        }
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn a_throttled_attempt_is_not_got_over_or_is_written_twice() {
    for call in ["put", "transaction"] {
        let services = serve(Arc::new(broken(Some(Fault::Throttle))), Attempts::StandAlone);
        let once = outcome(&wired(services.url()), call).await;
        assert_eq!(once, outcome(&broken(None), call).await, "{call}");
    }
}
