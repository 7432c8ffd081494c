//! Attribute values, there and back.
//!
//! Total in both directions but for a kind of value newer than this SDK, which is an error: an item
//! that is not understood is never guessed at.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use quita_table::{DynamoError, Item};
use serde_dynamo::AttributeValue;

pub(super) type SdkItem = HashMap<String, SdkValue>;

pub(super) fn item_to_sdk(item: Item) -> SdkItem {
    item.into_iter().map(|(name, value)| (name, to_sdk(value))).collect()
}

/// Values of an expression; `None` for none, since DynamoDB refuses an empty map.
pub(super) fn values_to_sdk(values: BTreeMap<String, AttributeValue>) -> Option<SdkItem> {
    let values: SdkItem = values.into_iter().map(|(name, value)| (name, to_sdk(value))).collect();
    (!values.is_empty()).then_some(values)
}

pub(super) fn item_from_sdk(item: SdkItem) -> Result<Item, DynamoError> {
    item.into_iter().map(|(name, value)| Ok((name, from_sdk(value)?))).collect()
}

pub(super) fn items_from_sdk(
    items: impl IntoIterator<Item = SdkItem>,
) -> Result<Vec<Item>, DynamoError> {
    items.into_iter().map(item_from_sdk).collect()
}

fn to_sdk(value: AttributeValue) -> SdkValue {
    match value {
        AttributeValue::S(text) => SdkValue::S(text),
        AttributeValue::N(number) => SdkValue::N(number),
        AttributeValue::B(bytes) => SdkValue::B(Blob::new(bytes)),
        AttributeValue::Bool(flag) => SdkValue::Bool(flag),
        AttributeValue::Null(flag) => SdkValue::Null(flag),
        AttributeValue::M(map) => SdkValue::M(item_to_sdk(map)),
        AttributeValue::L(list) => SdkValue::L(list.into_iter().map(to_sdk).collect()),
        AttributeValue::Ss(texts) => SdkValue::Ss(texts),
        AttributeValue::Ns(numbers) => SdkValue::Ns(numbers),
        AttributeValue::Bs(blobs) => SdkValue::Bs(blobs.into_iter().map(Blob::new).collect()),
    }
}

fn from_sdk(value: SdkValue) -> Result<AttributeValue, DynamoError> {
    Ok(match value {
        SdkValue::S(text) => AttributeValue::S(text),
        SdkValue::N(number) => AttributeValue::N(number),
        SdkValue::B(bytes) => AttributeValue::B(bytes.into_inner()),
        SdkValue::Bool(flag) => AttributeValue::Bool(flag),
        SdkValue::Null(flag) => AttributeValue::Null(flag),
        SdkValue::M(map) => AttributeValue::M(item_from_sdk(map)?),
        SdkValue::L(list) => {
            AttributeValue::L(list.into_iter().map(from_sdk).collect::<Result<_, _>>()?)
        }
        SdkValue::Ss(texts) => AttributeValue::Ss(texts),
        SdkValue::Ns(numbers) => AttributeValue::Ns(numbers),
        SdkValue::Bs(blobs) => {
            AttributeValue::Bs(blobs.into_iter().map(Blob::into_inner).collect())
        }
        _ => return Err(DynamoError::unknown("an attribute has a type that is not known here")),
    })
}
