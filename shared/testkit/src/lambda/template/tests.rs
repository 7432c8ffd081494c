use std::path::Path;

use super::*;
use crate::aws::{Access, Guard};

fn deployed() -> Template {
    Template::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml")).unwrap()
}

fn resolve(name: &str) -> Option<String> {
    let names = [
        ("Table", "the-table"),
        ("Bus", "the-bus"),
        ("HttpApi.ApiEndpoint", "http://127.0.0.1:1"),
        ("LettersBucket", "letters"),
        ("MailConfigurationSet", "mail"),
    ];
    names.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

#[test]
fn what_the_template_deploys_can_be_run() {
    let template = deployed();
    for name in template.functions.keys() {
        let environment = template.environment(name, resolve).unwrap();
        assert_eq!(environment["QUITA_TABLE"], "the-table", "{name}");
        assert_eq!(environment["QUITA_SECRET_PREFIX"], "quita/", "a parameter has its default");
        assert_eq!(environment["QUITA_PUBLIC_URL"], "http://127.0.0.1:1", "no domain is given");
    }
    let sweep = &template.functions["sweep_reminders"];
    assert!(!sweep.reads_stream);
    let [input] = sweep.schedules.as_slice() else { panic!("one schedule: {:?}", sweep.schedules) };
    assert_eq!(input["detail-type"], "Scheduled Event");
    assert!(sweep.detail_types.contains(&"charge.issued.v1".to_owned()));
    assert!(template.functions["relay_events"].reads_stream);
    let create = template.routes.iter().find(|route| route.path == "/v1/invoices").unwrap();
    assert!(["create_invoice", "receivables_api"].contains(&create.function.as_str()));
}

#[test]
fn a_variable_of_something_unknown_is_an_error_and_not_an_empty_text() {
    let refused = deployed().environment("portal", |_| None);
    assert!(matches!(refused, Err(TemplateError::Meaning(why)) if why.contains("QUITA_")));
    assert!(deployed().environment("no_such_function", resolve).is_err());
}

#[test]
fn a_pattern_with_an_open_end_stands_for_nothing() {
    let known = |name: &str| (name == "A").then(|| "x".to_owned());
    let check = |pattern, text: Option<&str>| {
        assert_eq!(substituted(pattern, &known).as_deref(), text, "{pattern}");
    };
    check("https://${A}/${A}", Some("https://x/x"));
    check("plain", Some("plain"));
    check("${A", None);
    check("${B}", None);
}

#[test]
fn what_the_template_allows_is_decided_by_names_of_its_own() {
    let policies = deployed().policies(|name| {
        let names = [
            ("AWS::AccountId", "000000000000"),
            ("AWS::Partition", "aws"),
            ("AWS::Region", "sa-east-1"),
            ("Bus.Arn", "arn:aws:events:sa-east-1:000000000000:event-bus/b"),
            ("LettersBucket.Arn", "arn:aws:s3:::letters"),
            ("MailConfigurationSet", "mail"),
            ("Table.Arn", "arn:aws:dynamodb:sa-east-1:000000000000:table/t"),
        ];
        let found = names.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    let policies = policies.unwrap();
    let secret = |caller: &str, name: &str| {
        policies.allows(&Access {
            caller: caller.to_owned(),
            action: "secretsmanager:GetSecretValue".to_owned(),
            resources: vec![format!(
                "arn:aws:secretsmanager:sa-east-1:000000000000:secret:quita/{name}-AbCdEf"
            )],
            context: BTreeMap::new(),
        })
    };
    assert!(secret("issue_charge", "bank/mer_a") && secret("portal", "signing-key"));
    assert!(!secret("portal", "bank/mer_a"), "a page has no business with the bank");
    assert!(!secret("nobody", "signing-key"));
}
