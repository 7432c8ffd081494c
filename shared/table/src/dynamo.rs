//! The narrow transport to DynamoDB: five operations, as values.
//!
//! Owns the requests the store makes, in DynamoDB's own JSON form, and the answers it decides on.
//! Does not own retries (the SDK's business) or a table's meaning ([`crate::store`]). There is no
//! `UpdateItem`, `DeleteItem` or `Scan`: an aggregate is written whole under a condition, nothing
//! is deleted but by TTL, and nothing walks the table.
//!
//! Requests and conflict answers hold personal data, so none of them prints its items.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_dynamo::AttributeValue;

/// One stored item, attribute by attribute.
pub type Item = HashMap<String, AttributeValue>;

/// Most keys of one `BatchGetItem`. Source: DynamoDB API reference, BatchGetItem.
pub const BATCH_GET_KEYS_MAX: usize = 100;
/// Most actions of one `TransactWriteItems`. Source: DynamoDB API reference, TransactWriteItems.
pub const TRANSACTION_ITEMS_MAX: usize = 100;
/// Largest item, keys and names included. Source: DynamoDB developer guide, quotas.
pub const ITEM_BYTES_MAX: usize = 400 * 1024;
/// Largest sum of the items of one transaction. Source: DynamoDB API reference, TransactWriteItems.
pub const TRANSACTION_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A transport to one DynamoDB account or engine.
///
/// Each call is one attempt as the caller sees it; a transport may retry inside when it knows the
/// repeat is safe. `Err(Unknown)` means the call may or may not have taken effect.
#[async_trait]
pub trait Dynamo: Send + Sync {
    async fn get_item(&self, request: GetItemRequest) -> Result<GetItemOutput, DynamoError>;
    async fn batch_get_item(
        &self,
        request: BatchGetItemRequest,
    ) -> Result<BatchGetItemOutput, DynamoError>;
    async fn put_item(&self, request: PutItemRequest) -> Result<PutItemOutput, DynamoError>;
    async fn transact_write_items(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput, DynamoError>;
    async fn query(&self, request: QueryRequest) -> Result<QueryOutput, DynamoError>;
}

#[async_trait]
impl<D: Dynamo + ?Sized> Dynamo for Arc<D> {
    async fn get_item(&self, request: GetItemRequest) -> Result<GetItemOutput, DynamoError> {
        (**self).get_item(request).await
    }

    async fn batch_get_item(
        &self,
        request: BatchGetItemRequest,
    ) -> Result<BatchGetItemOutput, DynamoError> {
        (**self).batch_get_item(request).await
    }

    async fn put_item(&self, request: PutItemRequest) -> Result<PutItemOutput, DynamoError> {
        (**self).put_item(request).await
    }

    async fn transact_write_items(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput, DynamoError> {
        (**self).transact_write_items(request).await
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryOutput, DynamoError> {
        (**self).query(request).await
    }
}

/// What a call cost, as DynamoDB reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capacity {
    pub read_units: Units,
    pub write_units: Units,
}

impl Capacity {
    pub fn read(units: Units) -> Self {
        Self { read_units: units, ..Self::default() }
    }

    pub fn write(units: Units) -> Self {
        Self { write_units: units, ..Self::default() }
    }
}

impl std::ops::AddAssign for Capacity {
    fn add_assign(&mut self, other: Self) {
        self.read_units.0 += other.read_units.0;
        self.write_units.0 += other.write_units.0;
    }
}

/// Capacity units, kept as whole halves. DynamoDB bills in steps of 0.5 (an eventually consistent
/// read), so sums are exact and tests compare them with `==`; `f64` would give neither.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Units(u64);

impl Units {
    pub const ZERO: Self = Self(0);

    pub const fn from_halves(halves: u64) -> Self {
        Self(halves)
    }

    pub const fn whole(units: u64) -> Self {
        Self(units * 2)
    }

    /// Takes the figure of a `ConsumedCapacity` answer, rounded to the nearest half.
    pub fn from_reported(units: f64) -> Self {
        // The cast saturates: a negative or absent figure counts as nothing.
        Self((units * 2.0).round() as u64)
    }

    pub const fn halves(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.0.is_multiple_of(2) { "" } else { ".5" };
        write!(f, "{}{half}", self.0 / 2)
    }
}

impl fmt::Debug for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `ReturnConsumedCapacity`: always asked for, it costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ReturnConsumedCapacity {
    #[default]
    #[serde(rename = "TOTAL")]
    Total,
}

/// `ReturnValuesOnConditionCheckFailure`: always asked for, so that a conflict needs no second read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ReturnOnFailure {
    #[default]
    #[serde(rename = "ALL_OLD")]
    AllOld,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetItemRequest {
    pub table_name: String,
    pub key: Item,
    pub consistent_read: bool,
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

#[derive(Clone)]
pub struct GetItemOutput {
    pub item: Option<Item>,
    pub capacity: Capacity,
}

/// `RequestItems` of one table; the map has one entry.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BatchGetItemRequest {
    pub request_items: BTreeMap<String, KeysAndAttributes>,
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeysAndAttributes {
    pub keys: Vec<Item>,
    pub consistent_read: bool,
}

impl BatchGetItemRequest {
    /// A strongly consistent read of keys of one table, at most [`BATCH_GET_KEYS_MAX`].
    pub fn new(table_name: &str, keys: Vec<Item>) -> Self {
        let keys = KeysAndAttributes { keys, consistent_read: true };
        Self {
            request_items: BTreeMap::from([(table_name.to_owned(), keys)]),
            return_consumed_capacity: ReturnConsumedCapacity::Total,
        }
    }

    /// How many keys are asked for, over all tables.
    pub fn keys_len(&self) -> usize {
        self.request_items.values().map(|table| table.keys.len()).sum()
    }
}

#[derive(Clone)]
pub struct BatchGetItemOutput {
    /// In no particular order.
    pub items: Vec<Item>,
    /// Keys to ask for again.
    pub unprocessed: Vec<Item>,
    pub capacity: Capacity,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutItemRequest {
    pub table_name: String,
    pub item: Item,
    pub condition_expression: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expression_attribute_names: BTreeMap<String, String>,
    /// DynamoDB refuses an empty map here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expression_attribute_values: BTreeMap<String, AttributeValue>,
    pub return_values_on_condition_check_failure: ReturnOnFailure,
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

#[derive(Debug, Clone, Copy)]
pub struct PutItemOutput {
    pub capacity: Capacity,
}

/// The store sets no `ClientRequestToken`. The SDK makes one for each call and keeps it over its own
/// retries of that call; across calls the conditions do the work, and for good instead of for ten
/// minutes: a repeat of a commit that took effect finds its own version and answers with a conflict.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TransactWriteItemsRequest {
    pub transact_items: Vec<TransactWriteItem>,
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

/// One action of a transaction, tagged by its name as on the wire.
#[derive(Clone, Serialize, Deserialize)]
pub enum TransactWriteItem {
    Put(Put),
    Delete(Delete),
}

/// A conditional deletion inside a transaction.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Delete {
    pub table_name: String,
    pub key: Item,
    pub condition_expression: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expression_attribute_names: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expression_attribute_values: BTreeMap<String, AttributeValue>,
    pub return_values_on_condition_check_failure: ReturnOnFailure,
}

/// A conditional put inside a transaction.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Put {
    pub table_name: String,
    pub item: Item,
    pub condition_expression: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expression_attribute_names: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expression_attribute_values: BTreeMap<String, AttributeValue>,
    pub return_values_on_condition_check_failure: ReturnOnFailure,
}

impl From<Put> for PutItemRequest {
    fn from(put: Put) -> Self {
        Self {
            table_name: put.table_name,
            item: put.item,
            condition_expression: put.condition_expression,
            expression_attribute_names: put.expression_attribute_names,
            expression_attribute_values: put.expression_attribute_values,
            return_values_on_condition_check_failure: put.return_values_on_condition_check_failure,
            return_consumed_capacity: ReturnConsumedCapacity::Total,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct TransactWriteItemsOutput {
    pub capacity: Capacity,
}

/// One page of one partition, ascending. A page goes on by a condition on the sort key, so there is
/// no `ExclusiveStartKey`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct QueryRequest {
    pub table_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_name: Option<String>,
    pub key_condition_expression: String,
    pub expression_attribute_names: BTreeMap<String, String>,
    pub expression_attribute_values: BTreeMap<String, AttributeValue>,
    pub limit: u32,
    /// By rising sort key, or by falling.
    pub scan_index_forward: bool,
    /// Refused by DynamoDB on a global index.
    pub consistent_read: bool,
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

#[derive(Clone)]
pub struct QueryOutput {
    pub items: Vec<Item>,
    /// Present when the page ended before the partition did.
    pub last_evaluated_key: Option<Item>,
    pub capacity: Capacity,
}

/// What a caller of DynamoDB decides on.
#[derive(thiserror::Error)]
pub enum DynamoError {
    /// The condition of a put did not hold; `item` is what was there.
    #[error("condition failed")]
    ConditionFailed { item: Option<Item> },
    /// A transaction did nothing; one entry per action, `None` where that action was fine.
    #[error("transaction canceled")]
    TransactionCanceled { reasons: Vec<Option<CancelReason>> },
    /// Nothing happened; try later.
    #[error("throttled")]
    Throttled,
    /// The request can never succeed: a bug here, never a caller's fault.
    #[error("request refused as invalid: {0}")]
    Invalid(String),
    /// The call may have taken effect.
    #[error("outcome unknown")]
    Unknown { source: Box<dyn std::error::Error + Send + Sync> },
}

impl DynamoError {
    /// An unknown outcome with its cause.
    pub fn unknown(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unknown { source: cause.into() }
    }
}

impl fmt::Debug for DynamoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConditionFailed { item } => {
                write!(f, "ConditionFailed {{ item found: {} }}", item.is_some())
            }
            Self::TransactionCanceled { reasons } => {
                f.debug_struct("TransactionCanceled").field("reasons", reasons).finish()
            }
            Self::Throttled => f.write_str("Throttled"),
            Self::Invalid(why) => f.debug_tuple("Invalid").field(why).finish(),
            Self::Unknown { source } => f.debug_struct("Unknown").field("source", source).finish(),
        }
    }
}

/// Why one action canceled its transaction.
#[derive(Clone)]
pub struct CancelReason {
    pub code: CancelCode,
    /// What was there, when a condition failed.
    pub item: Option<Item>,
}

impl fmt::Debug for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {{ item found: {} }}", self.code, self.item.is_some())
    }
}

/// `CancellationReasons[].Code`. Source: DynamoDB API reference, TransactionCanceledException.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelCode {
    ConditionalCheckFailed,
    /// Another transaction holds the item right now.
    TransactionConflict,
    /// `ThrottlingError` or `ProvisionedThroughputExceeded`.
    Throttled,
    /// `ValidationError`, `ItemCollectionSizeLimitExceeded` or a code not known here.
    Invalid(String),
}

impl CancelCode {
    /// Reads a code; `None` for DynamoDB's word `None`, which means the action was fine.
    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "None" | "" => None,
            "ConditionalCheckFailed" => Some(Self::ConditionalCheckFailed),
            "TransactionConflict" => Some(Self::TransactionConflict),
            "ThrottlingError" | "ProvisionedThroughputExceeded" => Some(Self::Throttled),
            other => Some(Self::Invalid(other.to_owned())),
        }
    }
}

/// The size DynamoDB bills for an item, in bytes: names and values, 3 bytes for a map or a list and
/// 1 for each of its members. Numbers are rounded up, so the figure is never too small.
///
/// Source: DynamoDB developer guide, "Item sizes and formats".
pub fn item_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len() / 2 + 2,
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::M(map) => 3 + map.len() + item_bytes(map),
        AttributeValue::L(list) => 3 + list.len() + list.iter().map(value_bytes).sum::<usize>(),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|digits| digits.len() / 2 + 2).sum(),
        AttributeValue::Bs(blobs) => blobs.iter().map(Vec::len).sum(),
    }
}

#[cfg(test)]
mod tests;
