//! The shape of the table: attribute names, indexes, stream and expiry.
//!
//! Owns the definition the embedded engine creates and `template.yaml` is checked against. Does not
//! own what a key says ([`crate::keys`]).
//!
//! Every index projects keys only: an index entry then costs one write unit whatever the item
//! weighs, and a list reads the present truth from the table instead of a copy of it.

use serde_json::{Value, json};

/// The table's name outside AWS; there the name comes from the stack.
pub const LOCAL_TABLE: &str = "quita";

pub const PK: &str = "pk";
pub const SK: &str = "sk";
/// `Number`, seconds since the epoch; DynamoDB deletes the item some time after.
pub const TTL: &str = "expires_at";
/// The relay builds events from what was written, so the old image is not paid for.
pub const STREAM_VIEW: &str = "NEW_IMAGE";

/// A global index and its two key attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    pub name: &'static str,
    pub pk: &'static str,
    pub sk: &'static str,
}

/// What falls due; sparse.
pub const WORK: Index = Index { name: "work", pk: "work_pk", sk: "work_sk" };
/// The invoices of one customer, by due date.
pub const BY_CUSTOMER: Index = Index { name: "by_customer", pk: "customer_pk", sk: "customer_sk" };
/// Lists of one merchant: invoices by state, customers, parked payments, the journal, bank files.
pub const BY_STATE: Index = Index { name: "by_state", pk: "state_pk", sk: "state_sk" };

pub const INDEXES: [Index; 3] = [WORK, BY_CUSTOMER, BY_STATE];

/// The `CreateTable` request.
pub fn create_table(table_name: &str) -> Value {
    let attributes: Vec<&str> =
        [PK, SK].into_iter().chain(INDEXES.iter().flat_map(|index| [index.pk, index.sk])).collect();
    let definitions: Vec<Value> = attributes
        .iter()
        .map(|name| json!({ "AttributeName": name, "AttributeType": "S" }))
        .collect();
    let indexes: Vec<Value> = INDEXES
        .iter()
        .map(|index| {
            json!({
                "IndexName": index.name,
                "KeySchema": key_schema(index.pk, index.sk),
                "Projection": { "ProjectionType": "KEYS_ONLY" },
            })
        })
        .collect();
    json!({
        "TableName": table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": definitions,
        "KeySchema": key_schema(PK, SK),
        "GlobalSecondaryIndexes": indexes,
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": STREAM_VIEW },
    })
}

/// The `UpdateTimeToLive` request.
pub fn time_to_live(table_name: &str) -> Value {
    json!({
        "TableName": table_name,
        "TimeToLiveSpecification": { "AttributeName": TTL, "Enabled": true },
    })
}

fn key_schema(pk: &str, sk: &str) -> Value {
    json!([
        { "AttributeName": pk, "KeyType": "HASH" },
        { "AttributeName": sk, "KeyType": "RANGE" },
    ])
}
