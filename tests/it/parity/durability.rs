//! Fears about what a mistake at night destroys: a table that goes with its stack, logs that nobody
//! kept or that are kept for ever, a flood that takes the place of callbacks, a variable that only
//! the first customer misses.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::{functions, resources, triggers};
use crate::files::{array, object, root, template, text};

/// Kinds of resources that hold what cannot be made again.
const KEPT: [&str; 5] = [
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
];
/// Functions that write money: debts, credits, refunds, entries of the books.
const MONEY: [&str; 7] = [
    "create_invoice",
    "import_bank_file",
    "issue_charge",
    "payment_webhook",
    "receivables_api",
    "reconcile_payments",
    "sweep_reminders",
];
/// Concurrency that an account keeps for functions without a reservation. Source: AWS Lambda
/// developer guide, "Configuring reserved concurrency".
const UNRESERVED_MIN: u64 = 100;
/// What an account of some age has. Source: the same guide, "Lambda quotas".
const ACCOUNT_CONCURRENCY: u64 = 1000;

/// `!If [HasOwnKey, value, !Ref AWS::NoValue]`
fn with_own_key(value: Value) -> Value {
    json!({ "Fn::If": ["HasOwnKey", value, { "Ref": "AWS::NoValue" }] })
}

#[test]
fn what_cannot_be_made_again_goes_with_the_stack() {
    let template = template();
    for kind in KEPT {
        for (name, resource) in resources(&template, kind) {
            assert_eq!(resource["DeletionPolicy"], "Retain", "{name}");
            assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        }
    }
}

#[test]
fn the_table_does_not_survive_a_mistake() {
    let properties = &template()["Resources"]["Table"]["Properties"];
    assert_eq!(properties["DeletionProtectionEnabled"], true);
    let recovery = &properties["PointInTimeRecoverySpecification"];
    assert_eq!(recovery["PointInTimeRecoveryEnabled"], true);
    assert_eq!(recovery["RecoveryPeriodInDays"], 35);
    let own = json!({
        "SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": { "Ref": "Key" }
    });
    assert_eq!(properties["SSESpecification"], with_own_key(own));
}

#[test]
fn a_letter_is_read_by_anybody_or_kept_for_ever() {
    let template = template();
    for (name, bucket) in resources(&template, "AWS::S3::Bucket") {
        let properties = &bucket["Properties"];
        let open = object(&properties["PublicAccessBlockConfiguration"]);
        assert_eq!(open.len(), 4, "{name}");
        assert!(open.values().all(|blocked| *blocked == true), "{name}: {open:?}");
        let encryption = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"];
        assert_eq!(
            encryption["SSEAlgorithm"],
            json!({ "Fn::If": ["HasOwnKey", "aws:kms", "AES256"] })
        );
        let own = with_own_key(json!({ "Fn::GetAtt": "Key.Arn" }));
        assert_eq!(encryption["KMSMasterKeyID"], own, "{name}");
        assert_eq!(properties["VersioningConfiguration"]["Status"], "Enabled", "{name}");
        let rule = &properties["LifecycleConfiguration"]["Rules"][0];
        let days = json!({ "Ref": "LetterRetentionDays" });
        assert_eq!((&rule["Status"], &rule["ExpirationInDays"]), (&json!("Enabled"), &days));
        let policies = resources(&template, "AWS::S3::BucketPolicy");
        let own = |policy: &&Value| policy["Properties"]["Bucket"] == json!({ "Ref": name });
        let policy = policies.values().find(own).expect("a policy");
        let [statement] = array(&policy["Properties"]["PolicyDocument"]["Statement"]) else {
            panic!("{name}: one statement")
        };
        assert_eq!(statement["Effect"], "Deny", "{name}");
        assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], false, "{name}");
    }
}

#[test]
fn a_key_of_ones_own_does_not_reach_everything() {
    let template = template();
    let arn = with_own_key(json!({ "Fn::GetAtt": "Key.Arn" }));
    for (name, group) in resources(&template, "AWS::Logs::LogGroup") {
        assert_eq!(group["Properties"]["KmsKeyId"], arn, "{name}");
        let days = &group["Properties"]["RetentionInDays"];
        assert_eq!(*days, json!({ "Ref": "LogRetentionDays" }), "{name}");
    }
    let key = with_own_key(json!({ "Ref": "Key" }));
    for (name, secret) in resources(&template, "AWS::SecretsManager::Secret") {
        assert_eq!(secret["Properties"]["KmsKeyId"], key, "{name}");
    }
    assert_eq!(template["Resources"]["AlarmTopic"]["Properties"]["KmsMasterKeyId"], key);
    assert_eq!(template["Resources"]["Key"]["Properties"]["EnableKeyRotation"], true);
    // Every function reads a secret when it starts.
    let roles: BTreeSet<String> =
        functions(&template).into_values().map(|(name, _)| format!("{name}Role")).collect();
    let users = array(&template["Resources"]["KeyUse"]["Properties"]["Roles"]).iter();
    assert_eq!(users.map(|role| text(&role["Ref"]).to_owned()).collect::<BTreeSet<_>>(), roles);
}

#[test]
fn a_function_logs_nowhere_or_is_not_traced() {
    let template = template();
    assert_eq!(template["Globals"]["Function"]["Tracing"], "Active");
    for (folder, (name, function)) in functions(&template) {
        let logging = &function["Properties"]["LoggingConfig"];
        assert_eq!(logging["LogFormat"], "JSON", "{folder}");
        assert_eq!(logging["LogGroup"], json!({ "Ref": format!("{name}Logs") }), "{folder}");
        let group = &template["Resources"][format!("{name}Logs")]["Properties"]["LogGroupName"];
        assert_eq!(*group, json!({ "Fn::Sub": format!("/quita/${{AWS::StackName}}/{folder}") }));
        assert!(function["Properties"].get("Tracing").is_none(), "{folder}");
    }
}

#[test]
fn a_flood_elsewhere_takes_the_place_of_what_writes_money() {
    let template = template();
    let mut reserved = 0;
    for (folder, (name, function)) in functions(&template) {
        let own = format!("{name}Concurrency");
        let set = &function["Properties"]["ReservedConcurrentExecutions"];
        if set.is_null() {
            assert!(!MONEY.contains(&folder.as_str()), "{folder} writes money unreserved");
            continue;
        }
        let wanted = json!([
            "ReservesConcurrency", { "Ref": own }, { "Ref": "AWS::NoValue" }
        ]);
        assert_eq!(set["Fn::If"], wanted, "{folder}");
        reserved += template["Parameters"][&own]["Default"].as_u64().unwrap();
    }
    assert!(reserved + UNRESERVED_MIN <= ACCOUNT_CONCURRENCY);
    let said = text(&template["Parameters"]["ReserveConcurrency"]["Description"]);
    let needed = format!("quota of {}", reserved + UNRESERVED_MIN);
    assert!(said.contains(&needed), "the description does not say `{needed}`");
}

#[test]
fn one_bad_row_holds_up_the_stream_or_is_tried_for_ever() {
    let template = template();
    let functions = functions(&template);
    let streams: Vec<&Value> =
        functions.values().flat_map(|(_, function)| triggers(function, "DynamoDB")).collect();
    let [stream] = streams.as_slice() else { panic!("one stream is expected") };
    assert_eq!(stream["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
    assert_eq!(stream["BisectBatchOnFunctionError"], true);
    assert_eq!(stream["StartingPosition"], "TRIM_HORIZON");
    // Batches of one shard at once; rows of one partition key stay in order whatever it is.
    assert!((2..=10).contains(&stream["ParallelizationFactor"].as_u64().unwrap()));
    let hours = stream["MaximumRecordAgeInSeconds"].as_u64().unwrap() / 3600;
    assert!((1..24).contains(&hours), "a stream keeps rows for 24 hours");
    assert!(stream["MaximumRetryAttempts"].as_u64().unwrap() > 0);
}

#[test]
fn an_event_is_tried_for_longer_than_it_is_worth() {
    for (folder, (_, function)) in functions(&template()) {
        if triggers(&function, "EventBridgeRule").next().is_none() {
            continue;
        }
        let config = &function["Properties"]["EventInvokeConfig"];
        assert_eq!(config["MaximumRetryAttempts"], 2, "{folder}");
        assert_eq!(config["MaximumEventAgeInSeconds"], 3600, "{folder}");
    }
}

#[test]
fn a_parameter_is_in_no_group_or_says_nothing() {
    let template = template();
    let interface = &template["Metadata"]["AWS::CloudFormation::Interface"];
    let groups = array(&interface["ParameterGroups"]).iter();
    let grouped: Vec<&str> =
        groups.flat_map(|group| array(&group["Parameters"])).map(text).collect();
    let known: BTreeSet<&str> =
        object(&template["Parameters"]).keys().map(String::as_str).collect();
    assert_eq!(grouped.iter().copied().collect::<BTreeSet<_>>(), known);
    assert_eq!(grouped.len(), known.len(), "a parameter is in two groups");
    for (name, parameter) in object(&template["Parameters"]) {
        assert!(text(&parameter["Description"]).len() > 10, "{name}");
        assert!(parameter.get("Default").is_some(), "{name} has no default");
    }
}

/// The variables of ours that a function's start reads, by the names in its source.
fn read_by(folder: &str) -> BTreeSet<String> {
    let source = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let main = source(&format!("functions/{folder}/src/main.rs"));
    let environment = source("shared/aws/src/env.rs");
    let quoted = environment.split('"').skip(1).step_by(2);
    let ours = quoted.filter(|name| name.starts_with("QUITA_")).filter(|name| match *name {
        "QUITA_MAIL_CONFIGURATION_SET" => main.contains(".sends_mail()"),
        "QUITA_BUS" => main.contains(".publishes()"),
        "QUITA_LETTERS_BUCKET"
        | "QUITA_SMS_ORIGINATIONS"
        | "QUITA_SMS_CONFIGURATION_SET"
        | "QUITA_WHATSAPP_URL" => main.contains(".sends_by_every_channel()"),
        _ => true,
    });
    ours.map(str::to_owned).collect()
}

#[test]
fn a_variable_is_read_and_not_set_or_set_and_not_read() {
    let template = template();
    let global = &template["Globals"]["Function"]["Environment"]["Variables"];
    for (folder, (_, function)) in functions(&template) {
        let own = &function["Properties"]["Environment"]["Variables"];
        let own = own.as_object().into_iter().flat_map(|own| own.keys());
        let set: BTreeSet<String> = object(global).keys().chain(own).cloned().collect();
        assert_eq!(set, read_by(&folder), "{folder}");
    }
}
