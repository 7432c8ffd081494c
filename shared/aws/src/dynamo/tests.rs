use std::collections::{BTreeMap, HashMap};

use quita_table::Item;
use quita_table::dynamo::{
    Put, ReturnConsumedCapacity as Reported, ReturnOnFailure, TransactWriteItem,
};
use serde_dynamo::AttributeValue;
use serde_json::{Value, json};

use super::*;
use crate::replay::{Answer, Replay, refusal};

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn key() -> Item {
    HashMap::from([("pk".to_owned(), text("M#mer_a")), ("sk".to_owned(), text("MERCHANT"))])
}

/// One value of each kind, nested where a kind can hold others.
fn every_kind() -> Item {
    let inner = HashMap::from([("deep".to_owned(), AttributeValue::Bool(true))]);
    [
        ("pk", text("M#mer_a")),
        ("n", AttributeValue::N("-12345678901234567890.5".to_owned())),
        ("b", AttributeValue::B(vec![0, 255, 16])),
        ("bool", AttributeValue::Bool(false)),
        ("null", AttributeValue::Null(true)),
        ("m", AttributeValue::M(inner)),
        ("l", AttributeValue::L(vec![text("é"), AttributeValue::L(vec![])])),
        ("ss", AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()])),
        ("ns", AttributeValue::Ns(vec!["1".to_owned(), "2.5".to_owned()])),
        ("bs", AttributeValue::Bs(vec![vec![1], vec![2, 3]])),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn put(item: Item) -> Put {
    Put {
        table_name: "quita".to_owned(),
        item,
        condition_expression: "#version = :read".to_owned(),
        expression_attribute_names: BTreeMap::from([("#version".to_owned(), "version".to_owned())]),
        expression_attribute_values: BTreeMap::from([(
            ":read".to_owned(),
            AttributeValue::N("7".to_owned()),
        )]),
        return_values_on_condition_check_failure: ReturnOnFailure::AllOld,
    }
}

/// A put whose expression needs neither names nor values.
fn first_put() -> Put {
    Put {
        condition_expression: "attribute_not_exists(pk)".to_owned(),
        expression_attribute_names: BTreeMap::new(),
        expression_attribute_values: BTreeMap::new(),
        ..put(key())
    }
}

fn transaction() -> TransactWriteItemsRequest {
    TransactWriteItemsRequest {
        transact_items: vec![
            TransactWriteItem::Put(put(every_kind())),
            TransactWriteItem::Put(first_put()),
        ],
        return_consumed_capacity: Reported::Total,
    }
}

fn query(index_name: Option<&str>) -> QueryRequest {
    QueryRequest {
        table_name: "quita".to_owned(),
        index_name: index_name.map(str::to_owned),
        key_condition_expression: "#pk = :pk AND #sk > :after".to_owned(),
        expression_attribute_names: BTreeMap::from([
            ("#pk".to_owned(), "pk".to_owned()),
            ("#sk".to_owned(), "sk".to_owned()),
        ]),
        expression_attribute_values: BTreeMap::from([
            (":pk".to_owned(), text("M#mer_a")),
            (":after".to_owned(), text("E#")),
        ]),
        limit: 50,
        scan_index_forward: true,
        consistent_read: index_name.is_none(),
        return_consumed_capacity: Reported::Total,
    }
}

async fn over(service: &Replay) -> DynamoDb {
    DynamoDb::new(&service.clients())
}

/// Compares as text, since items are maps without `Debug` of their own here.
fn wire(item: &Item) -> Value {
    json!(item)
}

#[tokio::test(start_paused = true)]
async fn get_item_is_emitted_and_read_as_on_the_wire() {
    let service = Replay::ok(json!({
        "Item": every_kind(),
        "ConsumedCapacity": { "TableName": "quita", "CapacityUnits": 1.5 },
    }));
    let request = GetItemRequest {
        table_name: "quita".to_owned(),
        key: key(),
        consistent_read: true,
        return_consumed_capacity: Reported::Total,
    };
    let answer = over(&service).await.get_item(request.clone()).await.unwrap();
    assert_eq!(service.asked()[0].target, "DynamoDB_20120810.GetItem");
    assert_eq!(service.body(), json!(request));
    assert_eq!(wire(&answer.item.unwrap()), wire(&every_kind()));
    assert_eq!(answer.capacity, Capacity::read(Units::from_halves(3)));
}

#[tokio::test(start_paused = true)]
async fn a_missing_item_is_none() {
    let request = GetItemRequest {
        table_name: "quita".to_owned(),
        key: key(),
        consistent_read: true,
        return_consumed_capacity: Reported::Total,
    };
    let answer = over(&Replay::ok(json!({}))).await.get_item(request).await.unwrap();
    assert!(answer.item.is_none());
    assert_eq!(answer.capacity, Capacity::default());
}

#[tokio::test(start_paused = true)]
async fn batch_get_hands_back_the_keys_that_were_not_processed() {
    let service = Replay::ok(json!({
        "Responses": { "quita": [every_kind()] },
        "UnprocessedKeys": { "quita": { "Keys": [key()], "ConsistentRead": true } },
        "ConsumedCapacity": [{ "TableName": "quita", "CapacityUnits": 2.0 }],
    }));
    let request = BatchGetItemRequest::new("quita", vec![key(), key()]);
    let answer = over(&service).await.batch_get_item(request.clone()).await.unwrap();
    assert_eq!(service.body(), json!(request));
    assert_eq!(answer.items.iter().map(wire).collect::<Vec<_>>(), [wire(&every_kind())]);
    assert_eq!(answer.unprocessed.iter().map(wire).collect::<Vec<_>>(), [wire(&key())]);
    assert_eq!(answer.capacity, Capacity::read(Units::whole(2)));
}

#[tokio::test(start_paused = true)]
async fn put_item_emits_every_kind_of_value_and_asks_for_the_old_item() {
    let service = Replay::ok(json!({ "ConsumedCapacity": { "CapacityUnits": 4.0 } }));
    let request = PutItemRequest::from(put(every_kind()));
    let answer = over(&service).await.put_item(request.clone()).await.unwrap();
    let body = service.body();
    assert_eq!(body, json!(request));
    assert_eq!(body["Item"]["b"], json!({ "B": "AP8Q" }));
    assert_eq!(body["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    assert_eq!(answer.capacity, Capacity::write(Units::whole(4)));
}

#[tokio::test(start_paused = true)]
async fn an_empty_map_of_names_is_left_out_since_dynamodb_refuses_it() {
    let service = Replay::ok(json!({}));
    let request = PutItemRequest::from(first_put());
    over(&service).await.put_item(request.clone()).await.unwrap();
    let body = service.body();
    assert_eq!(body, json!(request));
    assert!(body.get("ExpressionAttributeNames").is_none());
    assert!(body.get("ExpressionAttributeValues").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_transaction_repeats_under_the_same_token() {
    let done = json!({ "ConsumedCapacity": [{ "CapacityUnits": 6.0 }] }).to_string();
    let service = Replay::new([Answer::Http(500, "{}".to_owned()), Answer::Http(200, done)]);
    let answer = over(&service).await.transact_write_items(transaction()).await.unwrap();
    let asked = service.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].body, asked[1].body);
    let mut body = asked[0].body.clone();
    let token = body.as_object_mut().unwrap().remove("ClientRequestToken").unwrap();
    assert!(token.as_str().is_some_and(|token| !token.is_empty()));
    assert_eq!(body, json!(transaction()));
    assert_eq!(answer.capacity, Capacity::write(Units::whole(6)));
}

#[tokio::test(start_paused = true)]
async fn two_transactions_never_share_a_token() {
    let service = Replay::ok(json!({}));
    let dynamo = over(&service).await;
    dynamo.transact_write_items(transaction()).await.unwrap();
    dynamo.transact_write_items(transaction()).await.unwrap();
    let tokens: Vec<_> =
        service.asked().iter().map(|asked| asked.body["ClientRequestToken"].clone()).collect();
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test(start_paused = true)]
async fn a_query_is_emitted_for_the_table_and_for_an_index() {
    for index in [None, Some("work")] {
        let service = Replay::ok(json!({
            "Items": [key()],
            "LastEvaluatedKey": key(),
            "ConsumedCapacity": { "CapacityUnits": 0.5 },
        }));
        let answer = over(&service).await.query(query(index)).await.unwrap();
        assert_eq!(service.body(), json!(query(index)));
        assert_eq!(answer.items.iter().map(wire).collect::<Vec<_>>(), [wire(&key())]);
        assert_eq!(answer.last_evaluated_key.as_ref().map(wire), Some(wire(&key())));
        assert_eq!(answer.capacity, Capacity::read(Units::from_halves(1)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_does_not_fit_is_refused_before_the_call() {
    let service = Replay::ok(json!({}));
    let request = QueryRequest { limit: u32::MAX, ..query(None) };
    let error = over(&service).await.query(request).await.err().unwrap();
    assert!(matches!(error, DynamoError::Invalid(_)), "{error:?}");
    assert!(service.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_condition_hands_over_what_was_there() {
    let with_item = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": every_kind(),
    });
    for (answer, expected) in [
        (Answer::Http(400, with_item.to_string()), Some(wire(&every_kind()))),
        (refusal(400, "ConditionalCheckFailedException"), None),
    ] {
        let service = Replay::new([answer]);
        let outcome = over(&service).await.put_item(PutItemRequest::from(first_put())).await;
        let Err(DynamoError::ConditionFailed { item }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(item.as_ref().map(wire), expected);
        assert_eq!(service.asked().len(), 1, "a conflict is an answer, not a reason to repeat");
    }
}

#[tokio::test(start_paused = true)]
async fn a_canceled_transaction_tells_each_reason_in_its_place() {
    let service = Replay::new([Answer::Http(
        400,
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled",
            "CancellationReasons": [
                { "Code": "None" },
                { "Code": "ConditionalCheckFailed", "Message": "no", "Item": key() },
                { "Code": "TransactionConflict" },
                { "Code": "ThrottlingError" },
                { "Code": "ProvisionedThroughputExceeded" },
                { "Code": "ValidationError", "Item": {} },
            ],
        })
        .to_string(),
    )]);
    let outcome = over(&service).await.transact_write_items(transaction()).await;
    let Err(DynamoError::TransactionCanceled { reasons }) = outcome else { panic!("{outcome:?}") };
    let found: Vec<_> = reasons
        .iter()
        .map(|reason| reason.as_ref().map(|r| (r.code.clone(), r.item.as_ref().map(wire))))
        .collect();
    assert_eq!(
        found,
        [
            None,
            Some((CancelCode::ConditionalCheckFailed, Some(wire(&key())))),
            Some((CancelCode::TransactionConflict, None)),
            Some((CancelCode::Throttled, None)),
            Some((CancelCode::Throttled, None)),
            Some((CancelCode::Invalid("ValidationError".to_owned()), None)),
        ]
    );
    assert_eq!(service.asked().len(), 1);
}

/// The variant a put is answered with, and how often it was tried.
async fn put_outcome(answer: Answer) -> (String, usize) {
    let service = Replay::new([answer]);
    let outcome = over(&service).await.put_item(PutItemRequest::from(first_put())).await;
    (variant(&outcome.unwrap_err()), service.asked().len())
}

fn variant(error: &DynamoError) -> String {
    match error {
        DynamoError::ConditionFailed { .. } => "condition failed".to_owned(),
        DynamoError::TransactionCanceled { .. } => "canceled".to_owned(),
        DynamoError::Throttled => "throttled".to_owned(),
        DynamoError::Invalid(why) => format!("invalid: {why}"),
        DynamoError::Unknown { .. } => "unknown".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn every_failure_of_a_put_has_one_meaning() {
    for (status, code, expected) in [
        (400, "ProvisionedThroughputExceededException", "throttled"),
        (400, "ThrottlingException", "throttled"),
        (400, "RequestLimitExceeded", "throttled"),
        (400, "TransactionConflictException", "throttled"),
        (400, "ReplicatedWriteConflictException", "throttled"),
        (400, "ValidationException", "invalid"),
        (400, "ResourceNotFoundException", "invalid"),
        (400, "ItemCollectionSizeLimitExceededException", "invalid"),
        (400, "AccessDeniedException", "invalid"),
        (400, "ExpiredTokenException", "invalid"),
        (500, "InternalServerError", "unknown"),
        (503, "ServiceUnavailable", "unknown"),
    ] {
        let (found, _) = put_outcome(refusal(status, code)).await;
        let expected = match expected {
            "invalid" => {
                format!("invalid: {code}: the reason (status {status}, request unnamed)")
            }
            other => other.to_owned(),
        };
        assert_eq!(found, expected, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_may_have_happened() {
    for answer in [
        Answer::Broken,
        Answer::Silence,
        Answer::Http(502, "<html>bad gateway</html>".to_owned()),
        Answer::Http(200, "not json".to_owned()),
    ] {
        let (found, _) = put_outcome(answer.clone()).await;
        assert_eq!(found, "unknown", "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_passing_failure_is_repeated_and_a_refusal_is_not() {
    for (answer, attempts) in [
        (refusal(400, "ThrottlingException"), 3),
        (refusal(500, "InternalServerError"), 3),
        (Answer::Broken, 3),
        (refusal(400, "ValidationException"), 1),
    ] {
        assert_eq!(put_outcome(answer.clone()).await.1, attempts, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_still_in_progress_may_yet_succeed() {
    for (code, expected) in [
        ("TransactionInProgressException", "unknown"),
        ("ThrottlingException", "throttled"),
        ("IdempotentParameterMismatchException", "invalid"),
    ] {
        let service = Replay::new([refusal(400, code)]);
        let outcome = over(&service).await.transact_write_items(transaction()).await;
        let found = variant(&outcome.unwrap_err());
        assert!(found.starts_with(expected), "{code}: {found}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_answer_is_never_printed() {
    let service = Replay::new([Answer::Http(200, r#"{"Item":{"cpf":"52998224725"}}"#.to_owned())]);
    let request = GetItemRequest {
        table_name: "quita".to_owned(),
        key: key(),
        consistent_read: true,
        return_consumed_capacity: Reported::Total,
    };
    let error = over(&service).await.get_item(request).await.err().unwrap();
    assert_eq!(variant(&error), "unknown");
    let printed = format!("{error:?} {}", quita_app::chain(&error));
    assert!(!printed.contains("52998224725"), "{printed}");
}
