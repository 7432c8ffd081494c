//! The table's transport on DynamoDB, in its JSON protocol.
//!
//! Owns what goes around a request and the reading of answers and errors. Does not own a key or a
//! condition: requests arrive made, and in the wire's own form. Source: Amazon DynamoDB API
//! reference, version 2012-08-10.
//!
//! An attempt that failed in passing is repeated. A repeat of a transaction carries the token that
//! was made for the call, and DynamoDB answers it as the first. A repeat of a plain put cannot write
//! twice either, since every put has a condition: if the lost attempt took effect, the repeat finds
//! it and answers `ConditionFailed` with what the caller itself wrote.

use std::collections::HashMap;

use async_trait::async_trait;
use quita_table::Item;
use quita_table::dynamo::{
    BatchGetItemOutput, BatchGetItemRequest, CancelCode, CancelReason, Capacity, Dynamo,
    DynamoError, GetItemOutput, GetItemRequest, PutItemOutput, PutItemRequest, QueryOutput,
    QueryRequest, TransactWriteItemsOutput, TransactWriteItemsRequest, Units,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::calls::{Caller, Failed, PATIENCE, token, written};
use crate::clients::Clients;
use crate::fault::Verdict;
use crate::signed::Service;

const SERVICE: Service =
    Service { id: "DynamoDB", host: "dynamodb", signing: "dynamodb", is_s3: false };
const VERSION: &str = "1.0";
/// The condition of a plain put did not hold.
const CONDITION: &str = "ConditionalCheckFailedException";
/// A transaction was not carried out, for a reason an action.
const CANCELED: &str = "TransactionCanceledException";
/// Codes of a clash with another transaction or region: nothing was written, and a moment later it
/// may be. Source: DynamoDB API reference, PutItem.
const CLASHES: &[&str] = &["TransactionConflictException", "ReplicatedWriteConflictException"];
/// The same transaction, sent before, is still being carried out: it may yet succeed.
const IN_PROGRESS: &str = "TransactionInProgressException";

/// DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    caller: Caller,
}

impl DynamoDb {
    pub fn new(clients: &Clients) -> Self {
        Self { caller: Caller::new(clients, SERVICE, PATIENCE) }
    }

    async fn call<Told: DeserializeOwned>(
        &self,
        operation: &str,
        body: Vec<u8>,
    ) -> Result<Told, Failed> {
        let target = format!("DynamoDB_20120810.{operation}");
        self.caller.json(VERSION, &target, body).await
    }
}

#[async_trait]
impl Dynamo for DynamoDb {
    async fn get_item(&self, request: GetItemRequest) -> Result<GetItemOutput, DynamoError> {
        let body = written(&request).map_err(failed)?;
        let told: Got = self.call("GetItem", body).await.map_err(failed)?;
        Ok(GetItemOutput {
            item: told.item,
            capacity: Capacity::read(units(told.consumed_capacity)),
        })
    }

    async fn batch_get_item(
        &self,
        request: BatchGetItemRequest,
    ) -> Result<BatchGetItemOutput, DynamoError> {
        let body = written(&request).map_err(failed)?;
        let told: GotMany = self.call("BatchGetItem", body).await.map_err(failed)?;
        let left = told.unprocessed_keys.into_values().flat_map(|table| table.keys);
        Ok(BatchGetItemOutput {
            items: told.responses.into_values().flatten().collect(),
            unprocessed: left.collect(),
            capacity: Capacity::read(units(told.consumed_capacity)),
        })
    }

    async fn put_item(&self, request: PutItemRequest) -> Result<PutItemOutput, DynamoError> {
        let body = written(&request).map_err(failed)?;
        let told: Written = self.call("PutItem", body).await.map_err(put_failed)?;
        Ok(PutItemOutput { capacity: Capacity::write(units(told.consumed_capacity)) })
    }

    async fn transact_write_items(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput, DynamoError> {
        let body = written(&request).map_err(failed)?;
        let token = token().map_err(failed)?;
        // The token goes before the request's own properties, of which there is one at least.
        let mut named = format!("{{\"ClientRequestToken\":\"{token}\",").into_bytes();
        named.extend_from_slice(&body[1..]);
        let told: WrittenAll =
            self.call("TransactWriteItems", named).await.map_err(transaction_failed)?;
        Ok(TransactWriteItemsOutput { capacity: Capacity::write(units(told.consumed_capacity)) })
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryOutput, DynamoError> {
        if i32::try_from(request.limit).is_err() {
            return Err(DynamoError::Invalid(format!("limit {} is too large", request.limit)));
        }
        let body = written(&request).map_err(failed)?;
        let told: Found = self.call("Query", body).await.map_err(failed)?;
        Ok(QueryOutput {
            items: told.items,
            last_evaluated_key: told.last_evaluated_key,
            capacity: Capacity::read(units(told.consumed_capacity)),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Got {
    item: Option<Item>,
    consumed_capacity: Option<Consumed>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct GotMany {
    responses: HashMap<String, Vec<Item>>,
    unprocessed_keys: HashMap<String, Keys>,
    consumed_capacity: Vec<Consumed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    keys: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    consumed_capacity: Option<Consumed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenAll {
    #[serde(default)]
    consumed_capacity: Vec<Consumed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    #[serde(default)]
    items: Vec<Item>,
    last_evaluated_key: Option<Item>,
    consumed_capacity: Option<Consumed>,
}

/// What a request took of one table.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Consumed {
    #[serde(default)]
    capacity_units: f64,
}

/// A condition that did not hold, with what was there.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    item: Option<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Canceled {
    #[serde(default)]
    cancellation_reasons: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reason {
    #[serde(default)]
    code: String,
    item: Option<Item>,
}

fn units(consumed: impl IntoIterator<Item = Consumed>) -> Units {
    Units::from_reported(consumed.into_iter().map(|table| table.capacity_units).sum())
}

fn put_failed(why: Failed) -> DynamoError {
    if why.fault.code != CONDITION {
        return failed(why);
    }
    match serde_json::from_slice(&why.body) {
        Ok(Condition { item }) => DynamoError::ConditionFailed { item },
        Err(_) => failed(Failed::unreadable()),
    }
}

fn transaction_failed(why: Failed) -> DynamoError {
    if why.fault.code != CANCELED {
        return failed(why);
    }
    match serde_json::from_slice(&why.body) {
        Ok(Canceled { cancellation_reasons }) => DynamoError::TransactionCanceled {
            reasons: cancellation_reasons.into_iter().map(reason).collect(),
        },
        Err(_) => failed(Failed::unreadable()),
    }
}

fn reason(reason: Reason) -> Option<CancelReason> {
    let code = CancelCode::parse(&reason.code)?;
    // Beside a code other than a failed condition, the item is an empty map.
    Some(CancelReason { code, item: reason.item.filter(|item| !item.is_empty()) })
}

fn failed(Failed { fault, .. }: Failed) -> DynamoError {
    match fault.verdict {
        _ if fault.code == IN_PROGRESS => DynamoError::unknown(fault),
        _ if CLASHES.contains(&fault.code.as_str()) => DynamoError::Throttled,
        Verdict::Throttled => DynamoError::Throttled,
        Verdict::Refused => DynamoError::Invalid(fault.to_string()),
        Verdict::Unknown => DynamoError::unknown(fault),
    }
}

#[cfg(test)]
mod tests;
