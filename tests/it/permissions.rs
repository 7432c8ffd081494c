//! Fear: a function that may do more than its work needs, so that a fault in one reaches all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::files::{array, object, template, text};

const READ: [&str; 2] = ["dynamodb:GetItem", "dynamodb:BatchGetItem"];
const WRITE: &str = "dynamodb:PutItem";
const QUERY: &str = "dynamodb:Query";
const SECRET: &str = "secretsmanager:GetSecretValue";
const PUBLISH: &str = "events:PutEvents";
const MAIL: &str = "ses:SendEmail";
/// The same call of SES version 2, with a message that is already encoded, is checked as this.
const RAW_MAIL: &str = "ses:SendRawEmail";

/// What each function does, action by action. A change here is a change of what a fault can reach.
fn expected() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let reading = |more: &[&'static str]| READ.into_iter().chain(more.iter().copied()).collect();
    BTreeMap::from([
        ("functions/create_invoice", reading(&[WRITE, SECRET])),
        ("functions/import_bank_file", reading(&[WRITE, QUERY, SECRET])),
        ("functions/issue_charge", reading(&[WRITE, SECRET])),
        ("functions/payment_webhook", reading(&[WRITE, SECRET])),
        ("functions/portal", reading(&[SECRET])),
        ("functions/receivables_api", reading(&[WRITE, QUERY, SECRET])),
        ("functions/reconcile_payments", reading(&[WRITE, QUERY, SECRET])),
        ("functions/relay_events", BTreeSet::from([PUBLISH, SECRET])),
        ("functions/sweep_reminders", reading(&[WRITE, QUERY, SECRET, PUBLISH, MAIL, RAW_MAIL])),
    ])
}

/// The statements of each function, by its folder.
fn statements(template: &Value) -> BTreeMap<&str, Vec<&Value>> {
    object(&template["Resources"])
        .values()
        .filter(|one| one["Type"] == "AWS::Serverless::Function")
        .map(|one| &one["Properties"])
        .map(|function| {
            let policies = array(&function["Policies"]).iter();
            let statements = policies.flat_map(|policy| array(&policy["Statement"]));
            (text(&function["CodeUri"]), statements.collect())
        })
        .collect()
}

/// One resource or several, as text.
fn resources(statement: &Value) -> Vec<String> {
    match &statement["Resource"] {
        Value::Array(several) => several.iter().map(Value::to_string).collect(),
        one => vec![one.to_string()],
    }
}

#[test]
fn no_function_may_do_more_than_its_work() {
    let template = template();
    let allowed: BTreeMap<&str, BTreeSet<&str>> = statements(&template)
        .into_iter()
        .map(|(folder, statements)| {
            let actions = statements.iter().flat_map(|one| array(&one["Action"]));
            (folder, actions.map(text).collect())
        })
        .collect();
    assert_eq!(allowed, expected());
}

#[test]
fn no_function_may_reach_into_another_service_or_account() {
    let template = template();
    for (folder, statements) in statements(&template) {
        for statement in statements {
            assert_eq!(statement["Effect"], "Allow", "{folder}");
            for resource in resources(statement) {
                assert_ne!(resource, "\"*\"", "{folder} may reach everything");
                let own = ["Table.Arn", "Bus.Arn"].iter().any(|name| resource.contains(name))
                    || resource.contains("${AWS::Region}:${AWS::AccountId}:");
                assert!(own, "{folder} reaches {resource}");
            }
        }
    }
}

#[test]
fn only_who_talks_to_the_bank_may_read_its_credentials() {
    let template = template();
    let reading = |secret: &str| -> BTreeSet<&str> {
        statements(&template)
            .into_iter()
            .filter(|(_, statements)| {
                let of_secrets = statements.iter().filter(|one| array(&one["Action"]) == [SECRET]);
                of_secrets.flat_map(|one| resources(one)).any(|name| name.contains(secret))
            })
            .map(|(folder, _)| folder.strip_prefix("functions/").unwrap_or(folder))
            .collect()
    };
    let bank = [
        "import_bank_file",
        "issue_charge",
        "payment_webhook",
        "reconcile_payments",
        "sweep_reminders",
    ];
    assert_eq!(reading("${SecretPrefix}bank/*"), BTreeSet::from(bank));
    let keys = ["create_invoice", "receivables_api"];
    assert_eq!(reading("${SecretPrefix}api-keys-??????"), BTreeSet::from(keys));
    assert_eq!(reading("secret:*"), BTreeSet::new());
}
