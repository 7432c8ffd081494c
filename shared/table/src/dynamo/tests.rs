use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

/// The wire form, checked against the request syntax of the DynamoDB API reference.
#[test]
fn requests_have_the_exact_wire_form() {
    let key = Item::from([("pk".to_owned(), AttributeValue::S("M#a".to_owned()))]);
    let get = GetItemRequest {
        table_name: "quita".to_owned(),
        key: key.clone(),
        consistent_read: true,
        return_consumed_capacity: ReturnConsumedCapacity::Total,
    };
    let expected = json!({
        "TableName": "quita", "Key": { "pk": { "S": "M#a" } },
        "ConsistentRead": true, "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(serde_json::to_value(get).unwrap(), expected);

    let batch = BatchGetItemRequest::new("quita", vec![key.clone()]);
    assert_eq!(batch.keys_len(), 1);
    let expected = json!({
        "RequestItems": {
            "quita": { "Keys": [{ "pk": { "S": "M#a" } }], "ConsistentRead": true },
        },
        "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(serde_json::to_value(batch).unwrap(), expected);

    let put = Put {
        table_name: "quita".to_owned(),
        item: key,
        condition_expression: "#version = :read".to_owned(),
        expression_attribute_names: BTreeMap::from([("#version".into(), "version".into())]),
        expression_attribute_values: BTreeMap::from([(
            ":read".to_owned(),
            AttributeValue::N("3".to_owned()),
        )]),
        return_values_on_condition_check_failure: ReturnOnFailure::AllOld,
    };
    let transaction = TransactWriteItemsRequest {
        transact_items: vec![TransactWriteItem::Put(put.clone())],
        return_consumed_capacity: ReturnConsumedCapacity::Total,
    };
    let mut expected = json!({
        "TableName": "quita", "Item": { "pk": { "S": "M#a" } },
        "ConditionExpression": "#version = :read",
        "ExpressionAttributeNames": { "#version": "version" },
        "ExpressionAttributeValues": { ":read": { "N": "3" } },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    let whole = json!({
        "TransactItems": [{ "Put": expected.clone() }], "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(serde_json::to_value(transaction).unwrap(), whole);
    expected["ReturnConsumedCapacity"] = json!("TOTAL");
    assert_eq!(serde_json::to_value(PutItemRequest::from(put)).unwrap(), expected);
}

#[test]
fn an_empty_map_of_values_is_left_out_since_dynamodb_refuses_it() {
    let put = Put {
        table_name: "quita".to_owned(),
        item: Item::new(),
        condition_expression: "attribute_not_exists(pk)".to_owned(),
        expression_attribute_names: BTreeMap::new(),
        expression_attribute_values: BTreeMap::new(),
        return_values_on_condition_check_failure: ReturnOnFailure::AllOld,
    };
    for json in [
        serde_json::to_value(put.clone()).unwrap(),
        serde_json::to_value(PutItemRequest::from(put)).unwrap(),
    ] {
        assert_eq!(json.get("ExpressionAttributeNames"), None);
        assert_eq!(json.get("ExpressionAttributeValues"), None);
    }
}

#[test]
fn a_query_of_the_table_names_no_index() {
    let query = |index: Option<&str>| QueryRequest {
        table_name: "quita".to_owned(),
        index_name: index.map(str::to_owned),
        key_condition_expression: "#pk = :pk".to_owned(),
        expression_attribute_names: BTreeMap::from([("#pk".into(), "pk".into())]),
        expression_attribute_values: BTreeMap::from([(
            ":pk".to_owned(),
            AttributeValue::S("W#00".to_owned()),
        )]),
        limit: 7,
        scan_index_forward: true,
        consistent_read: index.is_none(),
        return_consumed_capacity: ReturnConsumedCapacity::Total,
    };
    let mut expected = json!({
        "TableName": "quita", "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": { "#pk": "pk" },
        "ExpressionAttributeValues": { ":pk": { "S": "W#00" } },
        "Limit": 7, "ScanIndexForward": true, "ConsistentRead": true,
        "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(serde_json::to_value(query(None)).unwrap(), expected);
    expected["IndexName"] = json!("work");
    expected["ConsistentRead"] = json!(false);
    assert_eq!(serde_json::to_value(query(Some("work"))).unwrap(), expected);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    least: i64,
    most: u64,
    none: Option<u32>,
    some: Option<u32>,
    empty: String,
    list: Vec<Shape>,
    data: serde_json::Value,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Pair(i64, String),
    Named { at: u16 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Tagged {
    Claimed { attempts: u32, expected: i64, none: Option<u16> },
    Done,
}

/// What the domain types are made of survives the way into the table and back.
#[test]
fn every_shape_of_value_round_trips() {
    let value = Everything {
        least: i64::MIN,
        most: u64::MAX,
        none: None,
        some: Some(0),
        empty: String::new(),
        list: vec![Shape::Unit, Shape::Pair(-1, "ç".to_owned()), Shape::Named { at: 9 }],
        data: json!({ "n": -3, "big": 9_999_999_999_999_i64, "l": [null, true, {}], "s": "" }),
    };
    let item: Item = serde_dynamo::to_item(&value).unwrap();
    assert_eq!(item["least"], AttributeValue::N(i64::MIN.to_string()));
    assert_eq!(item["none"], AttributeValue::Null(true));
    let wire = serde_json::to_string(&item).unwrap();
    let item: Item = serde_json::from_str(&wire).unwrap();
    assert_eq!(serde_dynamo::from_item::<_, Everything>(item).unwrap(), value);

    for value in [Tagged::Done, Tagged::Claimed { attempts: 3, expected: i64::MIN, none: None }] {
        let item: Item = serde_dynamo::to_item(&value).unwrap();
        assert_eq!(serde_dynamo::from_item::<_, Tagged>(item).unwrap(), value);
    }
}

/// Bytes go over JSON as base64, whichever they are.
#[test]
fn a_binary_value_round_trips() {
    for (bytes, encoded) in [(vec![], ""), (vec![0x00, 0xff, 0xe7], "AP/n"), (vec![0x0a], "Cg==")] {
        let item = Item::from([("bytes".to_owned(), AttributeValue::B(bytes))]);
        let wire = serde_json::to_value(&item).unwrap();
        assert_eq!(wire, json!({ "bytes": { "B": encoded } }));
        assert_eq!(serde_json::from_value::<Item>(wire).unwrap(), item);
    }
}

#[test]
fn capacity_is_exact_in_halves() {
    for (reported, shown, halves) in
        [(0.0, "0", 0), (0.5, "0.5", 1), (1.0, "1", 2), (52.5, "52.5", 105), (-1.0, "0", 0)]
    {
        let units = Units::from_reported(reported);
        assert_eq!((units.to_string().as_str(), units.halves()), (shown, halves));
    }
    let mut sum = Capacity::default();
    for _ in 0..3 {
        sum += Capacity::read(Units::from_halves(1));
        sum += Capacity::write(Units::whole(2));
    }
    assert_eq!(sum, Capacity { read_units: Units::from_halves(3), write_units: Units::whole(6) });
}

#[test]
fn size_counts_names_values_and_structure() {
    let check = |value: AttributeValue, bytes: usize| {
        let item = Item::from([("ab".to_owned(), value)]);
        assert_eq!(item_bytes(&item), 2 + bytes, "{item:?}");
    };
    check(AttributeValue::S("çé".to_owned()), 4);
    check(AttributeValue::Null(true), 1);
    check(AttributeValue::L(vec![AttributeValue::S("abc".to_owned())]), 3 + 1 + 3);
    let inner = Item::from([("k".to_owned(), AttributeValue::Bool(true))]);
    check(AttributeValue::M(inner), 3 + 1 + 1 + 1);
    check(AttributeValue::N("1234".to_owned()), 4);
    check(AttributeValue::B(vec![0; 350_000]), 350_000);
}

/// Rule: personal data never reaches a log, and errors do.
#[test]
fn errors_do_not_print_the_items_they_carry() {
    let item = Item::from([("email".to_owned(), AttributeValue::S("ana@example.com".to_owned()))]);
    let reason =
        CancelReason { code: CancelCode::ConditionalCheckFailed, item: Some(item.clone()) };
    for error in [
        DynamoError::ConditionFailed { item: Some(item) },
        DynamoError::TransactionCanceled { reasons: vec![None, Some(reason)] },
    ] {
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains("ana@"), "{printed}");
    }
}

#[test]
fn cancel_codes_lead_to_decisions() {
    for (code, expected) in [
        ("None", None),
        ("ConditionalCheckFailed", Some(CancelCode::ConditionalCheckFailed)),
        ("TransactionConflict", Some(CancelCode::TransactionConflict)),
        ("ThrottlingError", Some(CancelCode::Throttled)),
        ("ProvisionedThroughputExceeded", Some(CancelCode::Throttled)),
        ("ValidationError", Some(CancelCode::Invalid("ValidationError".to_owned()))),
        ("SomethingNew", Some(CancelCode::Invalid("SomethingNew".to_owned()))),
    ] {
        assert_eq!(CancelCode::parse(code), expected, "{code}");
    }
}
