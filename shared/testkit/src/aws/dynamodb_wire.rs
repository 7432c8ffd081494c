//! DynamoDB's words for what the transport answers: capacities, refusals, reasons.
//!
//! Source: DynamoDB API reference; the codes are those of the JSON protocol, namespace included.

use quita_table::dynamo::{
    CancelCode, CancelReason, Capacity, DynamoError, TransactWriteItem, TransactWriteItemsRequest,
    Units,
};
use serde_json::{Value, json};

use super::answer::Refusal;

pub(super) const INVALID: &str = "com.amazon.coral.validate#ValidationException";
pub(super) const THROTTLED: &str =
    "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
const CONDITION: &str = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
const CANCELED: &str = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
const OTHER_PARAMETERS: &str =
    "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException";
const INTERNAL: &str = "com.amazonaws.dynamodb.v20120810#InternalServerError";

/// What a call cost; a call either reads or writes.
pub(super) fn consumed(table: &str, capacity: Capacity) -> Value {
    let units = capacity.read_units.halves() + capacity.write_units.halves();
    json!({ "TableName": table, "CapacityUnits": decimal(Units::from_halves(units)) })
}

/// Halves are exact in a float.
fn decimal(units: Units) -> f64 {
    f64::from(u32::try_from(units.halves()).unwrap_or(u32::MAX)) / 2.0
}

/// The table of a transaction's first action; every one of ours has one table.
pub(super) fn table_of(request: &TransactWriteItemsRequest) -> String {
    let name = |action: &TransactWriteItem| match action {
        TransactWriteItem::Put(put) => put.table_name.clone(),
        TransactWriteItem::Delete(delete) => delete.table_name.clone(),
    };
    request.transact_items.first().map(name).unwrap_or_default()
}

/// A token that was used for something else.
pub(super) fn other_parameters() -> Refusal {
    Refusal::new(OTHER_PARAMETERS, "the token came with other parameters before")
}

pub(super) fn refused(error: DynamoError) -> Refusal {
    match error {
        DynamoError::ConditionFailed { item } => {
            let refusal = Refusal::new(CONDITION, "The conditional request failed");
            match item {
                Some(item) => refusal.with("Item", json!(item)),
                None => refusal,
            }
        }
        DynamoError::TransactionCanceled { reasons } => {
            let codes: Vec<&str> = reasons.iter().map(code).collect();
            let message = format!(
                "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                codes.join(", ")
            );
            let reasons: Vec<Value> = reasons.iter().map(reason).collect();
            Refusal::new(CANCELED, message).with("CancellationReasons", json!(reasons))
        }
        DynamoError::Throttled => Refusal::new(THROTTLED, "The level of throughput is exceeded"),
        DynamoError::Invalid(why) => Refusal::new(INVALID, why),
        DynamoError::Unknown { source } => Refusal::internal(INTERNAL, source.to_string()),
    }
}

fn code(reason: &Option<CancelReason>) -> &str {
    match reason.as_ref().map(|reason| &reason.code) {
        None => "None",
        Some(CancelCode::ConditionalCheckFailed) => "ConditionalCheckFailed",
        Some(CancelCode::TransactionConflict) => "TransactionConflict",
        Some(CancelCode::Throttled) => "ThrottlingError",
        Some(CancelCode::Invalid(code)) => code,
    }
}

fn reason(reason: &Option<CancelReason>) -> Value {
    let mut told = json!({ "Code": code(reason) });
    if let Some(item) = reason.as_ref().and_then(|reason| reason.item.as_ref()) {
        told["Item"] = json!(item);
    }
    told
}
