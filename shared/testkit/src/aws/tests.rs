use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quita_table::schema::LOCAL_TABLE;
use serde_json::{Value, json};

use super::*;
use crate::embedded::Embedded;
use crate::fault::{Fault, FaultPlan, Faulty};
use crate::meter::Metered;
use crate::raw_http::{Raw, ask};

/// Everything it was given.
#[derive(Default)]
struct Kept {
    mails: Mutex<Vec<SentMail>>,
    events: Mutex<Vec<PutEvent>>,
    secrets: Mutex<BTreeMap<String, String>>,
    texts: Mutex<Vec<SentText>>,
    objects: Mutex<BTreeMap<String, PutObject>>,
}

#[async_trait]
impl TextProvider for Kept {
    async fn send(&self, text: SentText) -> Result<String, TextRefusal> {
        if text.to.ends_with("0000") {
            return Err(TextRefusal::Conflict("DESTINATION_PHONE_NUMBER_OPTED_OUT"));
        }
        self.texts.lock().unwrap().push(text);
        Ok("text-1".to_owned())
    }
}

#[async_trait]
impl ObjectStore for Kept {
    async fn put(&self, object: PutObject) -> Result<(), ObjectRefusal> {
        let mut objects = self.objects.lock().unwrap();
        if object.only_if_absent && objects.contains_key(&object.key) {
            return Err(ObjectRefusal::Exists);
        }
        objects.insert(object.key.clone(), object);
        Ok(())
    }
}

#[async_trait]
impl MailProvider for Kept {
    async fn send(&self, mail: SentMail) -> Result<String, MailRefusal> {
        let refusal = match mail.to[0].as_str() {
            "rejected@example.com" => MailRefusal::Rejected("suppressed".to_owned()),
            "fast@example.com" => MailRefusal::TooMany("rate".to_owned()),
            "lost@example.com" => MailRefusal::Unknown("no answer".to_owned()),
            _ => {
                self.mails.lock().unwrap().push(mail);
                return Ok("id-1".to_owned());
            }
        };
        Err(refusal)
    }
}

#[async_trait]
impl EventSink for Kept {
    async fn put(&self, events: Vec<PutEvent>) -> Vec<Result<(), String>> {
        let outcome = |event: PutEvent| {
            let refused = event.detail_type == "refused.v1";
            self.events.lock().unwrap().push(event);
            if refused { Err("full".to_owned()) } else { Ok(()) }
        };
        events.into_iter().map(outcome).collect()
    }
}

#[async_trait]
impl SecretStore for Kept {
    async fn get(&self, name: &str) -> Result<Option<String>, String> {
        Ok(self.secrets.lock().unwrap().get(name).cloned())
    }

    async fn put(&self, name: &str, value: &str) -> Result<(), String> {
        self.secrets.lock().unwrap().insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}

/// Allows everything to everybody but the portal, which may read one kind of key alone.
struct NotThePortal;

impl Guard for NotThePortal {
    fn allows(&self, access: &Access) -> bool {
        let keys = access.context.get("dynamodb:LeadingKeys");
        access.caller != "portal" || keys.is_some_and(|keys| *keys == ["p"])
    }
}

struct Bench {
    services: AwsServices,
    kept: Arc<Kept>,
    plan: FaultPlan,
    meter: Metered<Embedded>,
}

fn bench(attempts: Attempts) -> Bench {
    let (kept, plan) = (Arc::new(Kept::default()), FaultPlan::calm());
    let meter = Metered::new(Embedded::memory().unwrap());
    let services = AwsServices::start(AwsBackend {
        dynamo: Arc::new(Faulty::new(meter.clone(), plan.clone())),
        mail: kept.clone(),
        bus: kept.clone(),
        secrets: kept.clone(),
        texts: kept.clone(),
        objects: kept.clone(),
        attempts,
        guard: Some(Arc::new(NotThePortal)),
    });
    Bench { services: services.unwrap(), kept, plan, meter }
}

impl Bench {
    fn call(&self, target: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
        let mut all = vec![("X-Amz-Target", target)];
        all.extend(headers);
        told(&ask(self.address(), "POST", "/", &all, &body.to_string()))
    }

    fn dynamodb(&self, operation: &str, call: &str, body: &Value) -> (u16, Value) {
        let target = format!("DynamoDB_20120810.{operation}");
        self.call(&target, &[("amz-sdk-invocation-id", call)], body)
    }

    fn mail(&self, body: &Value) -> (u16, Option<String>, Value) {
        let path = "/v2/email/outbound-emails";
        let raw = ask(self.address(), "POST", path, &[], &body.to_string());
        let (status, body) = told(&raw);
        (status, raw.header("x-amzn-errortype").map(str::to_owned), body)
    }

    fn address(&self) -> &str {
        self.services.url().strip_prefix("http://").unwrap()
    }
}

fn told(raw: &Raw) -> (u16, Value) {
    (raw.status, serde_json::from_str(&raw.body).unwrap())
}

/// The code of a refusal, without its namespace.
fn code(answer: &Value) -> &str {
    answer["__type"].as_str().unwrap().rsplit('#').next().unwrap()
}

fn put(sk: &str) -> Value {
    json!({
        "TableName": LOCAL_TABLE,
        "Item": { "pk": { "S": "p" }, "sk": { "S": sk }, "bytes": { "B": "AAEC" } },
        "ConditionExpression": "attribute_not_exists(#pk)",
        "ExpressionAttributeNames": { "#pk": "pk" },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        "ReturnConsumedCapacity": "TOTAL",
    })
}

fn get(sk: &str) -> Value {
    json!({
        "TableName": LOCAL_TABLE,
        "Key": { "pk": { "S": "p" }, "sk": { "S": sk } },
        "ConsistentRead": true,
        "ReturnConsumedCapacity": "TOTAL",
    })
}

fn transaction(sks: &[&str], token: &str) -> Value {
    let action = |sk: &&str| {
        let mut put = put(sk);
        put.as_object_mut().unwrap().remove("ReturnConsumedCapacity");
        json!({ "Put": put })
    };
    json!({
        "TransactItems": sks.iter().map(action).collect::<Vec<_>>(),
        "ReturnConsumedCapacity": "TOTAL",
        "ClientRequestToken": token,
    })
}

#[test]
fn a_stored_item_comes_back_with_its_cost() {
    let bench = bench(Attempts::default());
    let (status, answer) = bench.dynamodb("PutItem", "1", &put("a"));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["ConsumedCapacity"]["CapacityUnits"], 1.0);
    let (_, answer) = bench.dynamodb("GetItem", "2", &get("a"));
    assert_eq!(answer["Item"], put("a")["Item"]);
    let (_, nothing) = bench.dynamodb("GetItem", "3", &get("b"));
    assert_eq!(nothing.get("Item"), None);
}

#[test]
fn a_failed_condition_brings_what_was_there() {
    let bench = bench(Attempts::default());
    bench.dynamodb("PutItem", "1", &put("a"));
    let (status, answer) = bench.dynamodb("PutItem", "2", &put("a"));
    assert_eq!((status, code(&answer)), (400, "ConditionalCheckFailedException"));
    assert_eq!(answer["Item"], put("a")["Item"]);
    let (status, answer) =
        bench.dynamodb("TransactWriteItems", "3", &transaction(&["b", "a"], "token"));
    assert_eq!((status, code(&answer)), (400, "TransactionCanceledException"));
    assert!(answer["message"].as_str().unwrap().ends_with("[None, ConditionalCheckFailed]"));
    assert_eq!(answer["CancellationReasons"][0], json!({ "Code": "None" }));
    assert_eq!(answer["CancellationReasons"][1]["Item"], put("a")["Item"]);
}

#[test]
fn a_fault_is_met_by_every_attempt_at_its_call_and_by_no_other() {
    let bench = bench(Attempts::ShareTheirFault);
    for (fault, status, name) in [
        (Fault::Throttle, 400, "ProvisionedThroughputExceededException"),
        (Fault::BeforeCommit, 500, "InternalServerError"),
    ] {
        bench.plan.fail_next(fault);
        let call = format!("{fault:?}");
        for _ in 0..3 {
            let (answered, answer) = bench.dynamodb("GetItem", &call, &get("a"));
            assert_eq!((answered, code(&answer)), (status, name));
        }
        assert_eq!(bench.dynamodb("GetItem", "another", &get("a")).0, 200);
    }
    assert_eq!(bench.meter.take().reads, 2, "an attempt that shares a fault asks nothing");
}

#[test]
fn an_attempt_that_stands_alone_gets_over_a_fault() {
    let bench = bench(Attempts::StandAlone);
    bench.plan.fail_next(Fault::Throttle);
    let statuses = [(); 2].map(|()| bench.dynamodb("GetItem", "one call", &get("a")).0);
    assert_eq!(statuses, [400, 200]);
}

#[test]
fn a_transaction_sent_again_takes_effect_once() {
    let bench = bench(Attempts::default());
    let first = bench.dynamodb("TransactWriteItems", "1", &transaction(&["a"], "token"));
    assert_eq!(first.0, 200, "{}", first.1);
    let again = bench.dynamodb("TransactWriteItems", "1", &transaction(&["a"], "token"));
    assert_eq!(again, first);
    let (_, other) = bench.dynamodb("TransactWriteItems", "2", &transaction(&["b"], "token"));
    assert_eq!(code(&other), "IdempotentParameterMismatchException");
    assert_eq!(bench.meter.take().transactions, 1);
}

#[test]
fn another_transaction_in_the_way_is_told_as_such() {
    let bench = bench(Attempts::default());
    bench.plan.fail_next(Fault::Conflict);
    let (_, answer) = bench.dynamodb("TransactWriteItems", "1", &transaction(&["a", "b"], "t"));
    assert_eq!(code(&answer), "TransactionCanceledException");
    let codes = json!([{ "Code": "TransactionConflict" }, { "Code": "None" }]);
    assert_eq!(answer["CancellationReasons"], codes);
}

#[test]
fn what_is_not_known_here_is_refused() {
    let bench = bench(Attempts::default());
    let mut filtered = get("a");
    filtered["FilterExpression"] = json!("a = b");
    let (status, answer) = bench.dynamodb("GetItem", "1", &filtered);
    assert_eq!((status, code(&answer)), (400, "ValidationException"));
    let (_, answer) = bench.dynamodb("Scan", "2", &json!({ "TableName": LOCAL_TABLE }));
    assert_eq!(code(&answer), "UnknownOperationException");
    let (_, answer) = bench.call("AnotherService.Do", &[], &json!({}));
    assert_eq!(code(&answer), "UnknownOperationException");
}

fn message(to: &str) -> Value {
    json!({
        "Content": { "Raw": { "Data": STANDARD.encode("Subject: hi\r\n\r\nhello") } },
        "Destination": { "ToAddresses": [to] },
        "EmailTags": [{ "Name": "X-Quita-Message", "Value": "inv-1" }],
        "ConfigurationSetName": "mail",
    })
}

#[test]
fn a_message_arrives_byte_for_byte() {
    let bench = bench(Attempts::default());
    let (status, _, answer) = bench.mail(&message("a@example.com"));
    assert_eq!((status, &answer["MessageId"]), (200, &json!("id-1")));
    let mails = bench.kept.mails.lock().unwrap();
    assert_eq!(mails[0].raw, b"Subject: hi\r\n\r\nhello");
    assert_eq!(mails[0].to, ["a@example.com"]);
    assert_eq!(mails[0].tags, [("X-Quita-Message".to_owned(), "inv-1".to_owned())]);
    assert_eq!(mails[0].configuration_set.as_deref(), Some("mail"));
}

#[test]
fn a_message_is_refused_in_the_providers_words() {
    let bench = bench(Attempts::default());
    let check = |body: Value, status, code: &str| {
        let (answered, told, _) = bench.mail(&body);
        assert_eq!((answered, told.as_deref()), (status, Some(code)), "{body}");
    };
    check(message("rejected@example.com"), 400, "MessageRejected");
    check(message("fast@example.com"), 429, "TooManyRequestsException");
    check(message("lost@example.com"), 500, "InternalFailure");
    let mut spaced = message("a@example.com");
    spaced["EmailTags"][0]["Value"] = json!("a b");
    check(spaced, 400, "BadRequestException");
    let mut nobody = message("a@example.com");
    nobody["Destination"]["ToAddresses"] = json!([]);
    check(nobody, 400, "MessageRejected");
    assert!(bench.kept.mails.lock().unwrap().is_empty());
}

#[test]
fn each_event_has_its_own_answer() {
    let bench = bench(Attempts::default());
    let entry = |detail_type: &str, detail: &str| {
        json!({
            "EventBusName": "bus", "Source": "quita", "DetailType": detail_type,
            "Detail": detail, "Time": 1_795_000_000.25,
        })
    };
    let entries =
        [entry("a.v1", r#"{"n":1}"#), entry("b.v1", "not JSON"), entry("refused.v1", "{}")];
    let asked = json!({ "Entries": entries });
    let (status, answer) = bench.call("AWSEvents.PutEvents", &[], &asked);
    assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(2)));
    let codes: Vec<&Value> =
        answer["Entries"].as_array().unwrap().iter().map(|entry| &entry["ErrorCode"]).collect();
    assert_eq!(codes, [&Value::Null, &json!("MalformedDetail"), &json!("InternalFailure")]);
    assert!(answer["Entries"][0]["EventId"].is_string());
    let events = bench.kept.events.lock().unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(
        (events[0].at.timestamp_millis(), &events[0].detail),
        (1_795_000_000_250, &json!({ "n": 1 }))
    );
    let many = json!({ "Entries": vec![entry("a.v1", "{}"); 11] });
    assert_eq!(bench.call("AWSEvents.PutEvents", &[], &many).0, 400);
}

#[test]
fn a_secret_is_made_once_and_replaced_only_when_it_is_there() {
    let bench = bench(Attempts::default());
    let call = |operation: &str, body: Value| {
        let (status, answer) = bench.call(&format!("secretsmanager.{operation}"), &[], &body);
        (status, answer["SecretString"].clone(), answer["__type"].clone())
    };
    let named = json!({ "SecretId": "quita/bank/m" });
    let absent = json!("ResourceNotFoundException");
    assert_eq!(call("GetSecretValue", named.clone()), (400, Value::Null, absent.clone()));
    let put =
        json!({ "SecretId": "quita/bank/m", "SecretString": "two", "ClientRequestToken": "t" });
    assert_eq!(call("PutSecretValue", put.clone()).2, absent);
    let create = json!({ "Name": "quita/bank/m", "SecretString": "one" });
    assert_eq!(call("CreateSecret", create.clone()).0, 200);
    assert_eq!(call("CreateSecret", create).2, json!("ResourceExistsException"));
    assert_eq!(call("GetSecretValue", named.clone()).1, json!("one"));
    assert_eq!(call("PutSecretValue", put).0, 200);
    assert_eq!(call("GetSecretValue", named).1, json!("two"));
}

/// A call as the portal's own key signs it.
const PORTAL: (&str, &str) = (
    "Authorization",
    "AWS4-HMAC-SHA256 Credential=portal/20261123/sa-east-1/any/aws4_request, SignedHeaders=host, Signature=0",
);

#[test]
fn what_a_function_may_not_do_is_refused_and_not_done() {
    let bench = bench(Attempts::default());
    let check = |target: &str, body: &Value, status: u16| {
        let (answered, answer) = bench.call(target, &[PORTAL], body);
        assert_eq!(answered, status, "{target}: {answer}");
        if status == 400 {
            assert_eq!(code(&answer), "AccessDeniedException");
        }
    };
    check("DynamoDB_20120810.GetItem", &get("a"), 200);
    check("DynamoDB_20120810.TransactWriteItems", &transaction(&["a"], "t"), 200);
    let mut foreign = get("a");
    foreign["Key"]["pk"]["S"] = json!("q");
    check("DynamoDB_20120810.GetItem", &foreign, 400);
    check("secretsmanager.GetSecretValue", &json!({ "SecretId": "quita/bank/m" }), 400);
    let path = "/v2/email/outbound-emails";
    let body = message("a@example.com").to_string();
    assert_eq!(ask(bench.address(), "POST", path, &[PORTAL], &body).status, 400);
    assert!(bench.kept.mails.lock().unwrap().is_empty());
}

#[test]
fn a_call_is_known_by_what_it_touches() {
    let of = |target: &str, body: Value| {
        let access = access::of_target("f".to_owned(), target, body.to_string().as_bytes());
        let Access { action, resources, context, .. } = access.unwrap();
        (action, resources.join(" "), context)
    };
    let table = format!("arn:aws:dynamodb:sa-east-1:000000000000:table/{LOCAL_TABLE}");
    let (action, resources, context) =
        of("DynamoDB_20120810.TransactWriteItems", transaction(&["a", "b"], "t"));
    assert_eq!((action.as_str(), &resources), ("dynamodb:PutItem", &table));
    assert_eq!(context["dynamodb:LeadingKeys"], ["p"]);
    let query = json!({ "TableName": LOCAL_TABLE, "IndexName": "work" });
    let (action, resources, _) = of("DynamoDB_20120810.Query", query);
    assert_eq!((action.as_str(), resources), ("dynamodb:Query", format!("{table}/index/work")));
    let batch = json!({ "RequestItems": { LOCAL_TABLE: { "Keys": [get("a")["Key"]] } } });
    let (action, resources, context) = of("DynamoDB_20120810.BatchGetItem", batch);
    assert_eq!((action.as_str(), &resources), ("dynamodb:BatchGetItem", &table));
    assert_eq!(context["dynamodb:LeadingKeys"], ["p"]);
}

fn text_to(number: &str) -> Value {
    json!({
        "DestinationPhoneNumber": number,
        "OriginationIdentity": "QUITA",
        "MessageBody": "Fatura 1",
        "MessageType": "TRANSACTIONAL",
        "ConfigurationSetName": "sms",
        "Context": { "tag": "inv-1" },
    })
}

#[test]
fn a_text_message_arrives_as_it_was_sent() {
    let bench = bench(Attempts::default());
    let target = "PinpointSMSVoiceV2.SendTextMessage";
    let (status, answer) = bench.call(target, &[], &text_to("+5511987654321"));
    assert_eq!((status, &answer["MessageId"]), (200, &json!("text-1")));
    let texts = bench.kept.texts.lock().unwrap();
    assert_eq!((texts[0].body.as_str(), &texts[0].context["tag"][..]), ("Fatura 1", "inv-1"));
}

#[test]
fn a_text_message_is_refused_in_the_providers_words() {
    let bench = bench(Attempts::default());
    let check = |body: Value, expected: &str| {
        let (_, answer) = bench.call("PinpointSMSVoiceV2.SendTextMessage", &[], &body);
        assert_eq!(code(&answer), expected, "{body}");
    };
    check(text_to("11987654321"), "ValidationException");
    check(text_to("+5511900000000"), "ConflictException");
    let with = |field: &str, value: Value| {
        let mut body = text_to("+5511987654321");
        body[field] = value;
        body
    };
    check(with("MessageBody", json!("")), "ValidationException");
    check(with("MessageType", json!("URGENT")), "ValidationException");
    check(with("Urgency", json!(1)), "ValidationException");
    check(with("OriginationIdentity", Value::Null), "ConflictException");
    assert!(bench.kept.texts.lock().unwrap().is_empty());
}

#[test]
fn an_object_is_written_over_or_with_another_content_than_was_signed() {
    // The SHA-256 of "abc". Source: FIPS 180-4, examples.
    const OF_ABC: (&str, &str) = (
        "x-amz-content-sha256",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    let bench = bench(Attempts::default());
    let put = |headers: &[(&str, &str)], body: &str| {
        let raw = ask(bench.address(), "PUT", "/letters/letters/mer_a/t.pdf", headers, body);
        let code = raw.body.split_once("<Code>").map(|(_, rest)| rest.split('<').next().unwrap());
        (raw.status, code.unwrap_or_default().to_owned())
    };
    let once = ("if-none-match", "*");
    assert_eq!(put(&[OF_ABC, once], "abd"), (400, "XAmzContentSHA256Mismatch".to_owned()));
    assert_eq!(put(&[OF_ABC, once], "abc").0, 200);
    assert_eq!(put(&[OF_ABC, once], "abc"), (412, "PreconditionFailed".to_owned()));
    assert_eq!(put(&[OF_ABC, once, PORTAL], "abc"), (403, "AccessDenied".to_owned()));
    let objects = bench.kept.objects.lock().unwrap();
    let kept = &objects["letters/mer_a/t.pdf"];
    assert_eq!((kept.bucket.as_str(), &kept.body[..]), ("letters", &b"abc"[..]));
}
