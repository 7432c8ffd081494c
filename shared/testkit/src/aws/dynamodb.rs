//! DynamoDB: the five operations of the transport, in front of any transport.
//!
//! Owns what a repeat of a call meets. A caller sends the same `amz-sdk-invocation-id` with each
//! attempt at a call, and the same `ClientRequestToken` with each attempt at a transaction.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use quita_table::dynamo::{
    BatchGetItemRequest, Dynamo, GetItemRequest, PutItemRequest, QueryRequest,
    TransactWriteItemsRequest,
};
use serde_json::{Value, json};

use super::Attempts;
use super::answer::{Refusal, read, response};
use super::dynamodb_wire::{self as wire, INVALID};

/// Calls and transactions that are remembered; a caller's last attempt comes seconds after its first.
const REMEMBERED_MAX: usize = 1000;
const TOKEN: &str = "ClientRequestToken";

/// What is known of calls made before.
pub(super) struct Repeats {
    attempts: Attempts,
    /// Faults by the call that met them.
    faults: Mutex<Recent<Refusal>>,
    /// Done transactions by their token: what was asked, and the answer.
    transactions: Mutex<Recent<(Value, Value)>>,
}

/// The last few of something, by name.
struct Recent<T> {
    known: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T: Clone> Recent<T> {
    fn new() -> Self {
        Self { known: HashMap::new(), order: VecDeque::new() }
    }

    fn get(&self, name: &str) -> Option<T> {
        self.known.get(name).cloned()
    }

    fn keep(&mut self, name: &str, value: T) {
        if self.known.insert(name.to_owned(), value).is_some() {
            return;
        }
        self.order.push_back(name.to_owned());
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

impl Repeats {
    pub fn new(attempts: Attempts) -> Self {
        let (faults, transactions) = (Mutex::new(Recent::new()), Mutex::new(Recent::new()));
        Self { attempts, faults, transactions }
    }

    fn fault_of(&self, call: &str) -> Option<Refusal> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).get(call)
    }

    /// Keeps a fault for the call's other attempts; a refusal that nobody repeats needs none.
    fn met(&self, call: &str, refusal: &Refusal) {
        let repeated = refusal.status.is_server_error() || refusal.code == wire::THROTTLED;
        if repeated && self.attempts == Attempts::ShareTheirFault {
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            faults.keep(call, refusal.clone());
        }
    }

    fn transaction(&self, token: &str) -> Option<(Value, Value)> {
        self.transactions.lock().unwrap_or_else(PoisonError::into_inner).get(token)
    }

    fn done(&self, token: &str, asked: Value, answer: Value) {
        let mut transactions = self.transactions.lock().unwrap_or_else(PoisonError::into_inner);
        transactions.keep(token, (asked, answer));
    }
}

/// Answers one call; `call` is the caller's name for it, the same for all its attempts.
pub(super) async fn answer(
    dynamo: &dyn Dynamo,
    repeats: &Repeats,
    operation: &str,
    call: Option<&str>,
    body: &[u8],
) -> Response {
    let call = call.unwrap_or_default();
    if let Some(refusal) = repeats.fault_of(call) {
        return refusal.response();
    }
    let outcome = match operation {
        "GetItem" => get_item(dynamo, body).await,
        "BatchGetItem" => batch_get_item(dynamo, body).await,
        "PutItem" => put_item(dynamo, body).await,
        "TransactWriteItems" => transact_write_items(dynamo, repeats, body).await,
        "Query" => query(dynamo, body).await,
        other => Err(Refusal::unknown_operation(other)),
    };
    if let Err(refusal) = &outcome
        && !call.is_empty()
    {
        repeats.met(call, refusal);
    }
    response(outcome)
}

async fn get_item(dynamo: &dyn Dynamo, body: &[u8]) -> Result<Value, Refusal> {
    let request: GetItemRequest = read(body, INVALID)?;
    let table = request.table_name.clone();
    let output = dynamo.get_item(request).await.map_err(wire::refused)?;
    let mut answer = json!({ "ConsumedCapacity": wire::consumed(&table, output.capacity) });
    if let Some(item) = output.item {
        answer["Item"] = json!(item);
    }
    Ok(answer)
}

async fn batch_get_item(dynamo: &dyn Dynamo, body: &[u8]) -> Result<Value, Refusal> {
    let request: BatchGetItemRequest = read(body, INVALID)?;
    let table = match request.request_items.keys().collect::<Vec<_>>().as_slice() {
        [table] => (*table).clone(),
        tables => return Err(Refusal::new(INVALID, format!("{} tables at once", tables.len()))),
    };
    let output = dynamo.batch_get_item(request).await.map_err(wire::refused)?;
    let left = match output.unprocessed.is_empty() {
        true => json!({}),
        false => json!({ &table: { "Keys": output.unprocessed, "ConsistentRead": true } }),
    };
    Ok(json!({
        "Responses": { &table: output.items },
        "UnprocessedKeys": left,
        "ConsumedCapacity": [wire::consumed(&table, output.capacity)],
    }))
}

async fn put_item(dynamo: &dyn Dynamo, body: &[u8]) -> Result<Value, Refusal> {
    let request: PutItemRequest = read(body, INVALID)?;
    let table = request.table_name.clone();
    let output = dynamo.put_item(request).await.map_err(wire::refused)?;
    Ok(json!({ "ConsumedCapacity": wire::consumed(&table, output.capacity) }))
}

async fn transact_write_items(
    dynamo: &dyn Dynamo,
    repeats: &Repeats,
    body: &[u8],
) -> Result<Value, Refusal> {
    let mut asked: Value = read(body, INVALID)?;
    let token = asked.as_object_mut().and_then(|asked| asked.remove(TOKEN));
    let token = token.as_ref().and_then(Value::as_str).unwrap_or_default();
    match repeats.transaction(token) {
        Some((before, answer)) if before == asked => return Ok(answer),
        Some(_) => return Err(wire::other_parameters()),
        None => {}
    }
    let request: TransactWriteItemsRequest = serde_json::from_value(asked.clone())
        .map_err(|why| Refusal::new(INVALID, why.to_string()))?;
    let table = wire::table_of(&request);
    let output = dynamo.transact_write_items(request).await.map_err(wire::refused)?;
    let answer = json!({ "ConsumedCapacity": [wire::consumed(&table, output.capacity)] });
    if !token.is_empty() {
        repeats.done(token, asked, answer.clone());
    }
    Ok(answer)
}

async fn query(dynamo: &dyn Dynamo, body: &[u8]) -> Result<Value, Refusal> {
    let request: QueryRequest = read(body, INVALID)?;
    let table = request.table_name.clone();
    let output = dynamo.query(request).await.map_err(wire::refused)?;
    let mut answer = json!({
        "Count": output.items.len(),
        "ScannedCount": output.items.len(),
        "Items": output.items,
        "ConsumedCapacity": wire::consumed(&table, output.capacity),
    });
    if let Some(key) = output.last_evaluated_key {
        answer["LastEvaluatedKey"] = json!(key);
    }
    Ok(answer)
}
