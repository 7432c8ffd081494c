//! DynamoDB in the process: an engine with DynamoDB's semantics on SQLite, in memory or in a file.
//!
//! Owns the mapping between the transport's requests and the engine, the table's creation, its
//! stream and its expiry. Does not own what the table means. Not there, as against AWS: throttling,
//! transactions in conflict (see [`crate::fault`]) and indexes that lag.

mod bulk;
mod tamper;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use dynoxide::Database;
use dynoxide::errors::{CancellationReason, DynoxideError};
use quita_table::dynamo::{
    BatchGetItemOutput, BatchGetItemRequest, CancelCode, CancelReason, Capacity, Dynamo,
    DynamoError, GetItemOutput, GetItemRequest, Item, PutItemOutput, PutItemRequest, QueryOutput,
    QueryRequest, TransactWriteItemsOutput, TransactWriteItemsRequest, Units,
};
use quita_table::schema::{self, LOCAL_TABLE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Most records the engine hands out at once.
pub const STREAM_RECORDS_MAX: usize = 1000;

/// A table in this process. Clones share it.
#[derive(Clone)]
pub struct Embedded {
    engine: Database,
    stream: Arc<Stream>,
}

/// The one shard of the table's stream.
struct Stream {
    arn: String,
    shard_id: String,
}

/// The embedded table could not be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error("path of the table is not UTF-8")]
    Path,
    #[error("engine failed: {0}")]
    Engine(String),
}

/// One change of the table, as its stream tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRecord {
    /// Where to go on; text order is stream order.
    pub sequence: String,
    /// The record as a Lambda trigger receives it: one element of `Records`.
    pub json: Value,
}

impl Embedded {
    /// A table that ends with its last clone.
    pub fn memory() -> Result<Self, EmbeddedError> {
        // A named database in memory, so that a second connection can reach it (see `index_stream`).
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        Self::open(&format!("file:quita-{n}?mode=memory&cache=shared"))
    }

    /// A table in a file, created when it is not there. One process at a time.
    pub fn file(path: &Path) -> Result<Self, EmbeddedError> {
        Self::open(path.to_str().ok_or(EmbeddedError::Path)?)
    }

    fn open(path: &str) -> Result<Self, EmbeddedError> {
        let engine = Database::new(path).map_err(engine_error)?;
        let tables = call(json!({}), |request| engine.list_tables(request))?;
        let exists = tables["TableNames"]
            .as_array()
            .is_some_and(|names| names.iter().any(|name| name == LOCAL_TABLE));
        if !exists {
            call(schema::create_table(LOCAL_TABLE), |request| engine.create_table(request))?;
            call(schema::time_to_live(LOCAL_TABLE), |request| engine.update_time_to_live(request))?;
        }
        index_stream(path)?;
        let stream = Arc::new(find_stream(&engine)?);
        Ok(Self { engine, stream })
    }

    /// Changes after a sequence number, oldest first; from the start for `None`. The engine keeps
    /// them for good, where AWS keeps them for 24 hours.
    pub fn stream_after(
        &self,
        sequence: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamRecord>, EmbeddedError> {
        let start = match sequence {
            None => "TRIM_HORIZON",
            Some(_) => "AFTER_SEQUENCE_NUMBER",
        };
        let position = json!({
            "StreamArn": self.stream.arn,
            "ShardId": self.stream.shard_id,
            "ShardIteratorType": start,
            "SequenceNumber": sequence,
        });
        let position = call(position, |request| self.engine.get_shard_iterator(request))?;
        let page = json!({
            "ShardIterator": position["ShardIterator"],
            "Limit": limit.clamp(1, STREAM_RECORDS_MAX),
        });
        let mut page = call(page, |request| self.engine.get_records(request))?;
        let records = page["Records"].as_array_mut().map(std::mem::take).unwrap_or_default();
        records.into_iter().map(|record| self.trigger_record(record)).collect()
    }

    /// A Lambda trigger's record names its stream, which `GetRecords` leaves out.
    fn trigger_record(&self, mut json: Value) -> Result<StreamRecord, EmbeddedError> {
        let sequence = json["dynamodb"]["SequenceNumber"]
            .as_str()
            .ok_or_else(|| EmbeddedError::Engine("stream record without a number".to_owned()))?
            .to_owned();
        json["eventSourceARN"] = json!(self.stream.arn);
        Ok(StreamRecord { sequence, json })
    }

    /// Every item of the table as it is stored: for who looks for what must not be there.
    pub fn items(&self) -> Result<Vec<Value>, EmbeddedError> {
        let (mut items, mut start) = (Vec::new(), Value::Null);
        loop {
            let mut scan = json!({ "TableName": LOCAL_TABLE });
            if !start.is_null() {
                scan["ExclusiveStartKey"] = start;
            }
            let mut page = call(scan, |request| self.engine.scan(request))?;
            items.extend(page["Items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return Ok(items);
            }
        }
    }

    /// Deletes what has expired at `now`, as DynamoDB does in its own time. The engine has a sweep
    /// of its own, but by the machine's clock, and here time is moved by hand.
    pub fn sweep_ttl(&self, now: DateTime<Utc>) -> Result<usize, EmbeddedError> {
        let mut swept = 0;
        let mut start = Value::Null;
        loop {
            let mut scan = json!({
                "TableName": LOCAL_TABLE,
                "FilterExpression": "#ttl < :now",
                "ProjectionExpression": "#pk, #sk",
                "ExpressionAttributeNames": {
                    "#ttl": schema::TTL, "#pk": schema::PK, "#sk": schema::SK,
                },
                "ExpressionAttributeValues": { ":now": { "N": now.timestamp().to_string() } },
            });
            if !start.is_null() {
                scan["ExclusiveStartKey"] = start;
            }
            let mut page = call(scan, |request| self.engine.scan(request))?;
            for key in page["Items"].as_array_mut().map(std::mem::take).unwrap_or_default() {
                let delete = json!({ "TableName": LOCAL_TABLE, "Key": key });
                call(delete, |request| self.engine.delete_item(request))?;
                swept += 1;
            }
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return Ok(swept);
            }
        }
    }
}

#[async_trait]
impl Dynamo for Embedded {
    async fn get_item(&self, request: GetItemRequest) -> Result<GetItemOutput, DynamoError> {
        let mut answer = call(request, |request| self.engine.get_item(request))?;
        let capacity = Capacity::read(units(&answer["ConsumedCapacity"]["CapacityUnits"]));
        let item = match answer["Item"].take() {
            Value::Null => None,
            item => Some(decode(item)?),
        };
        Ok(GetItemOutput { item, capacity })
    }

    async fn batch_get_item(
        &self,
        request: BatchGetItemRequest,
    ) -> Result<BatchGetItemOutput, DynamoError> {
        let mut answer = call(request, |request| self.engine.batch_get_item(request))?;
        let items = decode_or_default(answer["Responses"][LOCAL_TABLE].take())?;
        let unprocessed = decode_or_default(answer["UnprocessedKeys"][LOCAL_TABLE]["Keys"].take())?;
        let capacity = units(&answer["ConsumedCapacity"][0]["CapacityUnits"]);
        Ok(BatchGetItemOutput { items, unprocessed, capacity: Capacity::read(capacity) })
    }

    async fn put_item(&self, request: PutItemRequest) -> Result<PutItemOutput, DynamoError> {
        let answer = call(request, |request| self.engine.put_item(request))?;
        let capacity = Capacity::write(units(&answer["ConsumedCapacity"]["CapacityUnits"]));
        Ok(PutItemOutput { capacity })
    }

    async fn transact_write_items(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput, DynamoError> {
        let answer = call(request, |request| self.engine.transact_write_items(request))?;
        let capacity = units(&answer["ConsumedCapacity"][0]["CapacityUnits"]);
        Ok(TransactWriteItemsOutput { capacity: Capacity::write(capacity) })
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryOutput, DynamoError> {
        let mut answer = call(request, |request| self.engine.query(request))?;
        let capacity = Capacity::read(units(&answer["ConsumedCapacity"]["CapacityUnits"]));
        let items = decode_or_default(answer["Items"].take())?;
        let last_evaluated_key = match answer["LastEvaluatedKey"].take() {
            Value::Null => None,
            key => Some(decode(key)?),
        };
        Ok(QueryOutput { items, last_evaluated_key, capacity })
    }
}

/// The engine finds the next number of its stream by reading the whole stream, which makes a write
/// slower with every write before it. An index on just that expression keeps it flat. It changes no
/// answer, and the engine does not mind it.
fn index_stream(path: &str) -> Result<(), EmbeddedError> {
    const INDEX: &str = "CREATE INDEX IF NOT EXISTS quita_stream_position
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
    let failed = |why: rusqlite::Error| EmbeddedError::Engine(why.to_string());
    rusqlite::Connection::open(path).map_err(failed)?.execute_batch(INDEX).map_err(failed)
}

fn find_stream(engine: &Database) -> Result<Stream, EmbeddedError> {
    let missing = || EmbeddedError::Engine("table has no stream".to_owned());
    let table = json!({ "TableName": LOCAL_TABLE });
    let table = call(table, |request| engine.describe_table(request))?;
    let arn = table["Table"]["LatestStreamArn"].as_str().ok_or_else(missing)?.to_owned();
    let stream = json!({ "StreamArn": arn });
    let stream = call(stream, |request| engine.describe_stream(request))?;
    let shard_id = &stream["StreamDescription"]["Shards"][0]["ShardId"];
    let shard_id = shard_id.as_str().ok_or_else(missing)?.to_owned();
    Ok(Stream { arn, shard_id })
}

/// One call of the engine, JSON in and out, as over HTTP.
fn call<Request, Answer>(
    request: impl Serialize,
    operation: impl FnOnce(Request) -> Result<Answer, DynoxideError>,
) -> Result<Value, Failure>
where
    Request: DeserializeOwned,
    Answer: Serialize,
{
    let invalid = |why: serde_json::Error| Failure::Malformed(why.to_string());
    let request = serde_json::to_value(request).map_err(invalid)?;
    let request = serde_json::from_value(request).map_err(invalid)?;
    let answer = operation(request).map_err(Failure::Engine)?;
    serde_json::to_value(answer).map_err(invalid)
}

/// Why a call of the engine failed.
enum Failure {
    /// The engine does not take the request, or its answer cannot be read.
    Malformed(String),
    Engine(DynoxideError),
}

impl From<Failure> for EmbeddedError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Malformed(why) => Self::Engine(why),
            Failure::Engine(error) => engine_error(error),
        }
    }
}

impl From<Failure> for DynamoError {
    fn from(failure: Failure) -> Self {
        let error = match failure {
            Failure::Malformed(why) => return Self::Invalid(why),
            Failure::Engine(error) => error,
        };
        match error {
            DynoxideError::ConditionalCheckFailedException(_, item) => {
                // An item of the engine always has the wire form.
                let item = item.and_then(|item| decode(json!(item)).ok());
                Self::ConditionFailed { item }
            }
            DynoxideError::TransactionCanceledException(_, reasons) => {
                let reasons = reasons.into_iter().map(cancel_reason).collect();
                Self::TransactionCanceled { reasons }
            }
            DynoxideError::ProvisionedThroughputExceededException(_)
            | DynoxideError::LimitExceededException(_) => Self::Throttled,
            DynoxideError::InternalServerError(why) => Self::unknown(why),
            DynoxideError::SqliteError(why) => Self::unknown(why.to_string()),
            refused => Self::Invalid(refused.to_string()),
        }
    }
}

fn cancel_reason(reason: CancellationReason) -> Option<CancelReason> {
    let item = reason.item.and_then(|item| decode(json!(item)).ok());
    CancelCode::parse(&reason.code).map(|code| CancelReason { code, item })
}

fn engine_error(error: DynoxideError) -> EmbeddedError {
    EmbeddedError::Engine(error.to_string())
}

fn units(reported: &Value) -> Units {
    Units::from_reported(reported.as_f64().unwrap_or_default())
}

fn decode<T: DeserializeOwned>(value: Value) -> Result<T, DynamoError> {
    serde_json::from_value(value).map_err(DynamoError::unknown)
}

fn decode_or_default(value: Value) -> Result<Vec<Item>, DynamoError> {
    if value.is_null() { Ok(Vec::new()) } else { decode(value) }
}

#[cfg(test)]
mod tests;
