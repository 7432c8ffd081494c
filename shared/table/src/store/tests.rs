//! What only a scripted transport can show: the exact requests, and answers the embedded engine
//! never gives. The store's promises are in the contract suite of `quita-testkit`.

mod lists;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;
use crate::dynamo::*;
use crate::items::EventRow;
use crate::{items, sample};

type Answer = Result<Reply, DynamoError>;

enum Reply {
    Get(GetItemOutput),
    Batch(BatchGetItemOutput),
    Query(QueryOutput),
}

/// Records requests and gives prepared answers; with none left it is out of reach.
#[derive(Default)]
struct Script {
    asked: Mutex<Vec<Value>>,
    answers: Mutex<VecDeque<Answer>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(Self { asked: Mutex::default(), answers })
    }

    fn next(&self, request: impl serde::Serialize) -> Answer {
        self.asked.lock().unwrap().push(serde_json::to_value(request).unwrap());
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or_else(|| Err(DynamoError::unknown("end of script")))
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Dynamo for Script {
    async fn get_item(&self, request: GetItemRequest) -> Result<GetItemOutput, DynamoError> {
        match self.next(request)? {
            Reply::Get(output) => Ok(output),
            _ => panic!("something else was scripted"),
        }
    }

    async fn batch_get_item(
        &self,
        request: BatchGetItemRequest,
    ) -> Result<BatchGetItemOutput, DynamoError> {
        match self.next(request)? {
            Reply::Batch(output) => Ok(output),
            _ => panic!("something else was scripted"),
        }
    }

    async fn put_item(&self, request: PutItemRequest) -> Result<PutItemOutput, DynamoError> {
        Err(self.next(request).err().expect("no answer of this kind is scripted"))
    }

    async fn transact_write_items(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput, DynamoError> {
        Err(self.next(request).err().expect("no answer of this kind is scripted"))
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryOutput, DynamoError> {
        match self.next(request)? {
            Reply::Query(output) => Ok(output),
            _ => panic!("something else was scripted"),
        }
    }
}

fn store(script: &Arc<Script>) -> Store {
    Store::new(script.clone(), "quita")
}

fn batch(items: Vec<Item>, unprocessed: Vec<Item>) -> Answer {
    Ok(Reply::Batch(BatchGetItemOutput { items, unprocessed, capacity: Capacity::default() }))
}

fn query(items: Vec<Item>, more: bool) -> Answer {
    let last_evaluated_key = more.then(Item::new);
    Ok(Reply::Query(QueryOutput { items, last_evaluated_key, capacity: Capacity::default() }))
}

fn refs() -> [ItemRef; 2] {
    [ItemRef::Merchant, ItemRef::Invoice(sample::invoice().id)]
}

fn key_of(item: &Item) -> Item {
    crate::keys::PrimaryKey::of_item(item).unwrap().to_item()
}

#[tokio::test]
async fn keys_left_unprocessed_are_asked_for_again() {
    let merchant = items::merchant(&sample::merchant()).unwrap();
    let invoice = items::invoice(&sample::invoice(), None).unwrap();
    let script = Script::new([
        batch(vec![merchant], vec![key_of(&invoice)]),
        batch(vec![], vec![key_of(&invoice)]),
        batch(vec![invoice.clone()], vec![]),
    ]);
    let mut found = store(&script).read(&sample::merchant_id(), &refs()).await.unwrap();
    assert_eq!(found.take_merchant(), Some(sample::merchant()));
    assert_eq!(found.take_invoice(&sample::invoice().id), Some(sample::invoice()));
    let asked = script.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0]["RequestItems"]["quita"]["Keys"].as_array().unwrap().len(), 2);
    assert_eq!(asked[2]["RequestItems"]["quita"]["Keys"], json!([key_of(&invoice)]));
}

/// The fear: an item that was not read is taken for one that is not there.
#[tokio::test]
async fn a_key_that_stays_unprocessed_is_not_taken_for_absent() {
    let invoice = items::invoice(&sample::invoice(), None).unwrap();
    let script = Script::new((0..9).map(|_| batch(vec![], vec![key_of(&invoice)])));
    let outcome = store(&script).read(&sample::merchant_id(), &refs()).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(DynamoError::Throttled))));
    assert_eq!(script.asked().len(), BATCH_ATTEMPTS_MAX, "bounded");
}

#[tokio::test]
async fn a_read_of_one_is_a_consistent_get() {
    let script = Script::new([]);
    let outcome = store(&script).read(&sample::merchant_id(), &refs()[..1]).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
    let expected = json!({
        "TableName": "quita",
        "Key": { "pk": { "S": "M#mer_acme" }, "sk": { "S": "MERCHANT" } },
        "ConsistentRead": true, "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(script.asked(), [expected]);
}

#[tokio::test]
async fn a_commit_is_one_transaction_and_every_write_has_a_condition() {
    let script = Script::new([]);
    let commit = Commit::new(&sample::merchant_id())
        .merchant(&sample::merchant(), Expected::Version(2))
        .customer(&sample::customer(), Expected::New)
        .invoice(&sample::invoice(), Expected::Version(5), None)
        .event(&sample::event())
        .payment(&sample::payment(), Expected::New, None)
        .reconciliation(&sample::reconciliation(), Expected::Version(3))
        .import(&sample::import(), Expected::Version(1), None)
        .import_chunk(&sample::chunk())
        .bank_line(&sample::bank_line(), Expected::New)
        .boleto(&sample::boleto())
        .message(&sample::message(), Expected::Version(1))
        .idempotency(&sample::answer());
    assert_eq!(commit.items_len(), 13, "a new customer brings its guard");
    let outcome = store(&script).commit(commit).await;
    assert!(matches!(outcome, Err(CommitError::Unknown(_))));
    let asked = script.asked();
    assert_eq!(asked.len(), 1);
    let mut conditions = BTreeSet::new();
    for action in asked[0]["TransactItems"].as_array().unwrap() {
        let put = &action["Put"];
        assert_eq!(put["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
        let condition = put["ConditionExpression"].as_str().unwrap();
        let kind = put["Item"]["kind"]["S"].as_str().unwrap();
        let read = put["ExpressionAttributeValues"][":read"]["N"].as_str().unwrap_or("");
        conditions.insert(format!("{kind}: {condition} {read}").trim().to_owned());
    }
    let expected = [
        "bank_line: attribute_not_exists(pk)",
        "boleto: attribute_not_exists(pk)",
        "customer: attribute_not_exists(pk)",
        "document: attribute_not_exists(pk)",
        "event: attribute_not_exists(pk)",
        "idempotency: attribute_not_exists(pk)",
        "import: #version = :read 1",
        "import_chunk: attribute_not_exists(pk)",
        "invoice: #version = :read 5",
        "merchant: #version = :read 2",
        "message: #version = :read 1",
        "payment: attribute_not_exists(pk)",
        "reconciliation: #version = :read 3",
    ];
    assert_eq!(conditions, expected.map(str::to_owned).into());
}

/// A transaction of one would cost twice as much and say the same.
#[tokio::test]
async fn a_commit_of_one_write_is_a_put_under_the_same_condition() {
    for (commit, condition, read) in [
        (new_message(), "attribute_not_exists(pk)", None),
        (changed_message(), "#version = :read", Some("1")),
    ] {
        let script = Script::new([]);
        let outcome = store(&script).commit(commit).await;
        assert!(matches!(outcome, Err(CommitError::Unknown(_))));
        let item = items::message(&sample::message()).unwrap();
        let mut expected = json!({
            "TableName": "quita", "Item": item, "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL",
        });
        if let Some(read) = read {
            expected["ExpressionAttributeNames"] = json!({ "#version": "version" });
            expected["ExpressionAttributeValues"] = json!({ ":read": { "N": read } });
        }
        assert_eq!(script.asked(), [expected]);
    }
}

fn new_message() -> Commit {
    Commit::new(&sample::merchant_id()).message(&sample::message(), Expected::New)
}

fn changed_message() -> Commit {
    Commit::new(&sample::merchant_id()).message(&sample::message(), Expected::Version(1))
}

/// The fear: what a transaction refuses, a put lets through.
#[tokio::test]
async fn a_commit_of_one_write_is_checked_as_any_other() {
    let data = json!("x".repeat(ITEM_BYTES_MAX));
    let large = EventRow { data, ..sample::event() };
    let foreign = quita_core::ids::MerchantId::parse("mer_other").unwrap();
    let own = sample::merchant_id();
    for (commit, expected) in [
        (Commit::new(&own).event(&large), "ItemTooLarge"),
        (Commit::new(&own).message(&sample::message(), Expected::Version(2)), "Refused"),
        (Commit::new(&foreign).message(&sample::message(), Expected::New), "Refused"),
    ] {
        let script = Script::new([]);
        let said = format!("{:?}", store(&script).commit(commit).await.unwrap_err());
        assert!(said.starts_with(expected), "{said}");
        assert_eq!(script.asked(), Vec::<Value>::new());
    }
}

fn canceled(codes: [&str; 2]) -> Answer {
    let reason = |code| CancelCode::parse(code).map(|code| CancelReason { code, item: None });
    Err(DynamoError::TransactionCanceled { reasons: codes.map(reason).into() })
}

/// What a canceled transaction asks of the caller.
#[tokio::test]
async fn every_reason_of_a_canceled_transaction_is_a_decision() {
    for (codes, expected) in [
        (["None", "ConditionalCheckFailed"], "conflict 1"),
        (["TransactionConflict", "None"], "conflict 1"),
        (["ConditionalCheckFailed", "TransactionConflict"], "conflict 2"),
        (["ThrottlingError", "ConditionalCheckFailed"], "conflict 1"),
        (["ThrottlingError", "None"], "unknown"),
        (["ValidationError", "ConditionalCheckFailed"], "refused"),
        (["None", "None"], "refused"),
    ] {
        let script = Script::new([canceled(codes)]);
        let commit = Commit::new(&sample::merchant_id())
            .event(&sample::event())
            .merchant(&sample::merchant(), Expected::New);
        let said = match store(&script).commit(commit).await.unwrap_err() {
            CommitError::Conflict(conflicts) => format!("conflict {}", conflicts.len()),
            CommitError::Unknown(_) => "unknown".to_owned(),
            CommitError::Refused(_) => "refused".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(said, expected, "{codes:?}");
    }
}

#[tokio::test]
async fn throttled_and_lost_writes_may_be_repeated_and_refused_ones_may_not() {
    for (error, expected) in [
        (DynamoError::Throttled, "Unknown"),
        (DynamoError::unknown("timeout"), "Unknown"),
        (DynamoError::Invalid("bad".to_owned()), "Refused"),
        (DynamoError::TransactionCanceled { reasons: vec![] }, "Refused"),
    ] {
        let script = Script::new([Err(error)]);
        let outcome = store(&script).commit(new_message()).await;
        let said = format!("{:?}", outcome.unwrap_err());
        assert!(said.starts_with(expected), "{said}");
    }
}

#[tokio::test]
async fn a_wrong_answer_to_a_read_is_not_swallowed() {
    for error in [
        DynamoError::ConditionFailed { item: None },
        DynamoError::TransactionCanceled { reasons: vec![] },
        DynamoError::Invalid("x".to_owned()),
    ] {
        let script = Script::new([Err(error)]);
        let outcome = store(&script).read(&sample::merchant_id(), &refs()[..1]).await;
        assert!(matches!(outcome, Err(StoreError::Refused(_))));
    }
}

/// Rule: personal data never reaches a log, and conflicts do.
#[tokio::test]
async fn a_conflict_does_not_print_what_it_found() {
    let held = items::message(&sample::message()).unwrap();
    let script = Script::new([Err(DynamoError::ConditionFailed { item: Some(held) })]);
    let error = store(&script).commit(new_message()).await.unwrap_err();
    let CommitError::Conflict(conflicts) = &error else { panic!("{error:?}") };
    let part = Part::Message(sample::invoice_id(), sample::message().key);
    assert_eq!(conflicts[0].part, part);
    let expected = crate::items::Stored::Message(Box::new(sample::message()));
    assert_eq!(conflicts[0].found.as_ref(), Some(&expected));
    assert!(!format!("{error:?} {error}").contains("ses-1"));
    assert!(!format!("{:?}", sample::answer()).contains(&sample::answer().body));
}
