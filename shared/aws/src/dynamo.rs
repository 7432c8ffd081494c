//! The table's transport on DynamoDB.
//!
//! Owns the translation of requests, answers and errors, field by field. Does not own a key or a
//! condition: those arrive made.
//!
//! The SDK repeats an attempt that failed in passing. A repeat of a transaction carries the client
//! token that the SDK made for the call, and DynamoDB answers it as the first. A repeat of a plain
//! put cannot write twice either, since every put has a condition: if the lost attempt took effect,
//! the repeat finds it and answers `ConditionFailed` with what the caller itself wrote.

mod values;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    self, CancellationReason, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use quita_table::dynamo::{
    BatchGetItemOutput, BatchGetItemRequest, CancelCode, CancelReason, Capacity, Delete, Dynamo,
    DynamoError, GetItemOutput, GetItemRequest, Put, PutItemOutput, PutItemRequest, QueryOutput,
    QueryRequest, TransactWriteItem, TransactWriteItemsOutput, TransactWriteItemsRequest, Units,
};

use crate::clients::Clients;
use crate::fault::{Fault, Verdict};
use values::{item_from_sdk, item_to_sdk, items_from_sdk, values_to_sdk};

/// Codes of a clash with another transaction or region: nothing was written, and a moment later it
/// may be. Source: DynamoDB API reference, PutItem.
const CLASHES: &[&str] = &["TransactionConflictException", "ReplicatedWriteConflictException"];
/// The same transaction, sent before, is still being carried out: it may yet succeed.
const IN_PROGRESS: &str = "TransactionInProgressException";

/// DynamoDB through its SDK.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    client: Client,
}

impl DynamoDb {
    pub fn new(clients: &Clients) -> Self {
        Self { client: Client::new(&clients.sdk) }
    }
}

#[async_trait]
impl Dynamo for DynamoDb {
    async fn get_item(&self, request: GetItemRequest) -> Result<GetItemOutput, DynamoError> {
        let answer = self
            .client
            .get_item()
            .table_name(request.table_name)
            .set_key(Some(item_to_sdk(request.key)))
            .consistent_read(request.consistent_read)
            .return_consumed_capacity(capacity_asked(request.return_consumed_capacity))
            .send()
            .await
            .map_err(|error| failed(&error))?;
        let item = answer.item.map(item_from_sdk).transpose()?;
        Ok(GetItemOutput { item, capacity: read(answer.consumed_capacity.as_slice()) })
    }

    async fn batch_get_item(
        &self,
        request: BatchGetItemRequest,
    ) -> Result<BatchGetItemOutput, DynamoError> {
        let mut call = self
            .client
            .batch_get_item()
            .return_consumed_capacity(capacity_asked(request.return_consumed_capacity));
        for (table, wanted) in request.request_items {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(wanted.keys.into_iter().map(item_to_sdk).collect()))
                .consistent_read(wanted.consistent_read)
                .build()
                .map_err(malformed)?;
            call = call.request_items(table, wanted);
        }
        let answer = call.send().await.map_err(|error| failed(&error))?;
        let found = answer.responses.unwrap_or_default().into_values().flatten();
        let left = answer.unprocessed_keys.unwrap_or_default().into_values();
        Ok(BatchGetItemOutput {
            items: items_from_sdk(found)?,
            unprocessed: items_from_sdk(left.flat_map(|table| table.keys))?,
            capacity: read(answer.consumed_capacity.as_deref().unwrap_or_default()),
        })
    }

    async fn put_item(&self, request: PutItemRequest) -> Result<PutItemOutput, DynamoError> {
        let names = request.expression_attribute_names;
        let answer = self
            .client
            .put_item()
            .table_name(request.table_name)
            .set_item(Some(item_to_sdk(request.item)))
            .condition_expression(request.condition_expression)
            .set_expression_attribute_names(some_unless_empty(names.into_iter().collect()))
            .set_expression_attribute_values(values_to_sdk(request.expression_attribute_values))
            .return_values_on_condition_check_failure(old_asked(
                request.return_values_on_condition_check_failure,
            ))
            .return_consumed_capacity(capacity_asked(request.return_consumed_capacity))
            .send()
            .await
            .map_err(put_failed)?;
        Ok(PutItemOutput { capacity: write(answer.consumed_capacity.as_slice()) })
    }

    async fn transact_write_items(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput, DynamoError> {
        let actions: Result<Vec<_>, _> = request.transact_items.into_iter().map(action).collect();
        let answer = self
            .client
            .transact_write_items()
            .set_transact_items(Some(actions?))
            .return_consumed_capacity(capacity_asked(request.return_consumed_capacity))
            .send()
            .await
            .map_err(transaction_failed)?;
        let capacity = write(answer.consumed_capacity.as_deref().unwrap_or_default());
        Ok(TransactWriteItemsOutput { capacity })
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryOutput, DynamoError> {
        let limit = i32::try_from(request.limit)
            .map_err(|_| DynamoError::Invalid(format!("limit {} is too large", request.limit)))?;
        let names = request.expression_attribute_names;
        let answer = self
            .client
            .query()
            .table_name(request.table_name)
            .set_index_name(request.index_name)
            .key_condition_expression(request.key_condition_expression)
            .set_expression_attribute_names(some_unless_empty(names.into_iter().collect()))
            .set_expression_attribute_values(values_to_sdk(request.expression_attribute_values))
            .limit(limit)
            .scan_index_forward(request.scan_index_forward)
            .consistent_read(request.consistent_read)
            .return_consumed_capacity(capacity_asked(request.return_consumed_capacity))
            .send()
            .await
            .map_err(|error| failed(&error))?;
        Ok(QueryOutput {
            items: items_from_sdk(answer.items.unwrap_or_default())?,
            last_evaluated_key: answer.last_evaluated_key.map(item_from_sdk).transpose()?,
            capacity: read(answer.consumed_capacity.as_slice()),
        })
    }
}

fn action(action: TransactWriteItem) -> Result<types::TransactWriteItem, DynamoError> {
    let built = types::TransactWriteItem::builder();
    Ok(match action {
        TransactWriteItem::Put(put) => built.put(put_to_sdk(put)?).build(),
        TransactWriteItem::Delete(delete) => built.delete(delete_to_sdk(delete)?).build(),
    })
}

fn put_to_sdk(put: Put) -> Result<types::Put, DynamoError> {
    let Put { expression_attribute_names: names, .. } = put;
    types::Put::builder()
        .table_name(put.table_name)
        .set_item(Some(item_to_sdk(put.item)))
        .condition_expression(put.condition_expression)
        .set_expression_attribute_names(some_unless_empty(names.into_iter().collect()))
        .set_expression_attribute_values(values_to_sdk(put.expression_attribute_values))
        .return_values_on_condition_check_failure(old_asked(
            put.return_values_on_condition_check_failure,
        ))
        .build()
        .map_err(malformed)
}

fn delete_to_sdk(delete: Delete) -> Result<types::Delete, DynamoError> {
    let Delete { expression_attribute_names: names, .. } = delete;
    types::Delete::builder()
        .table_name(delete.table_name)
        .set_key(Some(item_to_sdk(delete.key)))
        .condition_expression(delete.condition_expression)
        .set_expression_attribute_names(some_unless_empty(names.into_iter().collect()))
        .set_expression_attribute_values(values_to_sdk(delete.expression_attribute_values))
        .return_values_on_condition_check_failure(old_asked(
            delete.return_values_on_condition_check_failure,
        ))
        .build()
        .map_err(malformed)
}

fn capacity_asked(asked: quita_table::dynamo::ReturnConsumedCapacity) -> ReturnConsumedCapacity {
    match asked {
        quita_table::dynamo::ReturnConsumedCapacity::Total => ReturnConsumedCapacity::Total,
    }
}

fn old_asked(asked: quita_table::dynamo::ReturnOnFailure) -> ReturnValuesOnConditionCheckFailure {
    match asked {
        quita_table::dynamo::ReturnOnFailure::AllOld => ReturnValuesOnConditionCheckFailure::AllOld,
    }
}

/// DynamoDB refuses an empty map of names or values.
fn some_unless_empty<K, V>(
    map: std::collections::HashMap<K, V>,
) -> Option<std::collections::HashMap<K, V>> {
    (!map.is_empty()).then_some(map)
}

fn read(tables: &[ConsumedCapacity]) -> Capacity {
    Capacity::read(units(tables))
}

fn write(tables: &[ConsumedCapacity]) -> Capacity {
    Capacity::write(units(tables))
}

fn units(tables: &[ConsumedCapacity]) -> Units {
    let one = |table: &ConsumedCapacity| table.capacity_units.unwrap_or_default();
    Units::from_reported(tables.iter().map(one).sum())
}

fn put_failed(error: SdkError<PutItemError, HttpResponse>) -> DynamoError {
    match error {
        SdkError::ServiceError(answer) if answer.err().is_conditional_check_failed_exception() => {
            match answer.into_err() {
                PutItemError::ConditionalCheckFailedException(failure) => {
                    let item = failure.item.map(item_from_sdk).transpose();
                    item.map_or_else(|error| error, |item| DynamoError::ConditionFailed { item })
                }
                other => DynamoError::unknown(other),
            }
        }
        other => failed(&other),
    }
}

fn transaction_failed(error: SdkError<TransactWriteItemsError, HttpResponse>) -> DynamoError {
    match error {
        SdkError::ServiceError(answer) if answer.err().is_transaction_canceled_exception() => {
            match answer.into_err() {
                TransactWriteItemsError::TransactionCanceledException(canceled) => {
                    let reasons = canceled.cancellation_reasons.unwrap_or_default();
                    let reasons: Result<_, _> = reasons.into_iter().map(reason).collect();
                    reasons.map_or_else(
                        |error| error,
                        |reasons| DynamoError::TransactionCanceled { reasons },
                    )
                }
                other => DynamoError::unknown(other),
            }
        }
        other => failed(&other),
    }
}

fn reason(reason: CancellationReason) -> Result<Option<CancelReason>, DynamoError> {
    let Some(code) = CancelCode::parse(reason.code.as_deref().unwrap_or_default()) else {
        return Ok(None);
    };
    // Beside a code other than a failed condition, the item is an empty map.
    let item = reason.item.filter(|item| !item.is_empty()).map(item_from_sdk).transpose()?;
    Ok(Some(CancelReason { code, item }))
}

fn failed<E>(error: &SdkError<E, HttpResponse>) -> DynamoError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let fault = Fault::of(error);
    match fault.verdict {
        _ if fault.code == IN_PROGRESS => DynamoError::unknown(fault),
        _ if CLASHES.contains(&fault.code.as_str()) => DynamoError::Throttled,
        Verdict::Throttled => DynamoError::Throttled,
        Verdict::Refused => DynamoError::Invalid(fault.to_string()),
        Verdict::Unknown => DynamoError::unknown(fault),
    }
}

fn malformed(error: aws_sdk_dynamodb::error::BuildError) -> DynamoError {
    DynamoError::Invalid(error.to_string())
}

#[cfg(test)]
mod tests;
