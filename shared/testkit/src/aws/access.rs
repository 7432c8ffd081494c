//! What a call asks for, in IAM's words: who, which action, on which resources, with what values.
//!
//! Owns the reading of a request into those. Does not own what is allowed: that is the guard's, such
//! as [`crate::lambda::Policies`].

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde_json::Value;

use super::sms;

/// Region and account of every resource here.
pub(crate) const REGION: &str = "sa-east-1";
pub(crate) const ACCOUNT: &str = "000000000000";

/// One call, as a policy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The access key of the signature, which is the function's name.
    pub caller: String,
    /// Such as `dynamodb:PutItem`.
    pub action: String,
    /// ARNs; each has to be allowed.
    pub resources: Vec<String>,
    /// Values of condition keys, such as `dynamodb:LeadingKeys`.
    pub context: BTreeMap<&'static str, Vec<String>>,
}

/// Says what may be done.
pub trait Guard: Send + Sync {
    fn allows(&self, access: &Access) -> bool;
}

/// The caller of a signed request: the first part of its credential. No signature is checked.
pub(super) fn caller(headers: &HeaderMap) -> String {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    let credential = header.and_then(|header| header.split_once("Credential="));
    let key = credential.and_then(|(_, rest)| rest.split('/').next());
    key.unwrap_or_default().to_owned()
}

/// The calls of the JSON protocols, by their target. A transaction is allowed by what it does.
/// Source: service authorization reference.
pub(super) fn of_target(caller: String, target: &str, body: &[u8]) -> Option<Access> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let (service, operation) = target.split_once('.')?;
    let (action, resources, context) = match service {
        "DynamoDB_20120810" => {
            let action = if operation == "TransactWriteItems" { "PutItem" } else { operation };
            let context = BTreeMap::from([("dynamodb:LeadingKeys", leading_keys(&body))]);
            (format!("dynamodb:{action}"), tables(&body), context)
        }
        "AWSEvents" => {
            let values = |field: &str| texts(&body["Entries"], field);
            let bus = |name: String| format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}");
            let buses = values("EventBusName").into_iter().map(bus).collect();
            let context = BTreeMap::from([("events:source", values("Source"))]);
            (format!("events:{operation}"), buses, context)
        }
        "secretsmanager" => {
            let name = body["SecretId"].as_str().or(body["Name"].as_str())?;
            (format!("secretsmanager:{operation}"), vec![secret_arn(name)], BTreeMap::new())
        }
        "PinpointSMSVoiceV2" => {
            let arn = |what: &str| format!("arn:aws:sms-voice:{REGION}:{ACCOUNT}:{what}");
            let origination = sms::resource(body["OriginationIdentity"].as_str()?, arn);
            let set = body["ConfigurationSetName"].as_str();
            let set = set.map(|set| arn(&format!("configuration-set/{set}")));
            let resources = [origination].into_iter().chain(set).collect();
            (format!("sms-voice:{operation}"), resources, BTreeMap::new())
        }
        _ => return None,
    };
    Some(Access { caller, action, resources, context })
}

/// The ARN of a secret ends in six characters of the provider's choice.
pub(super) fn secret_arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf")
}

/// Tables and indexes of a request.
fn tables(body: &Value) -> Vec<String> {
    let arn = |name: &str| format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}");
    let table = body["TableName"].as_str();
    let one = table.map(|table| match body["IndexName"].as_str() {
        Some(index) => format!("{}/index/{index}", arn(table)),
        None => arn(table),
    });
    let batch = body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.keys());
    let puts = items(&body["TransactItems"]).filter_map(|item| item["Put"]["TableName"].as_str());
    let mut all: Vec<String> =
        one.into_iter().chain(batch.map(|name| arn(name))).chain(puts.map(arn)).collect();
    all.sort();
    all.dedup();
    all
}

/// The partition keys a request names, each once. Those of an index are not among them.
fn leading_keys(body: &Value) -> Vec<String> {
    let pk = |item: &Value| item["pk"]["S"].as_str().map(str::to_owned);
    let batch = body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
    let batch = batch.flat_map(|table| items(&table["Keys"])).filter_map(pk);
    let puts = items(&body["TransactItems"]).filter_map(|item| pk(&item["Put"]["Item"]));
    let queried = body["ExpressionAttributeValues"][":pk"]["S"].as_str().map(str::to_owned);
    let own = [pk(&body["Key"]), pk(&body["Item"]), queried].into_iter().flatten();
    let mut all: Vec<String> = own.chain(batch).chain(puts).collect();
    all.sort();
    all.dedup();
    all
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn texts(list: &Value, field: &str) -> Vec<String> {
    items(list).filter_map(|item| item[field].as_str().map(str::to_owned)).collect()
}
