//! Fears about trouble nobody hears of: an event dropped without a place to lie, an alarm on a metric
//! that nothing sends, a runbook that is not there at night.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use quita_app::metrics::{self, ALL, FUNCTION};
use quita_app::routing::ROUTES;
use serde_json::{Value, json};

use super::{functions, resources, triggers};
use crate::files::{array, names_in, object, root, template, text};

/// Where a description says what to do.
const RUNBOOKS: &str = "infra/runbooks.md";
/// Metrics of AWS that an alarm or the dashboard may ask for, by namespace. Sources: the pages
/// "CloudWatch metrics" of each service's developer guide.
const OF_AWS: [(&str, &[&str]); 7] = [
    ("AWS/ApiGateway", &["Count", "4xx", "5xx", "Latency"]),
    ("AWS/CertificateManager", &["DaysToExpiry"]),
    (
        "AWS/DynamoDB",
        &[
            "ReadThrottleEvents",
            "WriteThrottleEvents",
            "ConsumedReadCapacityUnits",
            "ConsumedWriteCapacityUnits",
        ],
    ),
    ("AWS/Lambda", &["Errors", "Throttles", "Duration", "Invocations", "IteratorAge"]),
    ("AWS/SES", &["Reputation.BounceRate", "Reputation.ComplaintRate"]),
    ("AWS/SQS", &["ApproximateNumberOfMessagesVisible"]),
    // Counted out of a log by a filter of this stack.
    ("Quita/${AWS::StackName}", &["ClockSkewed"]),
];

/// Functions that something wakes without waiting for an answer.
fn asynchronous(template: &Value) -> BTreeMap<String, Value> {
    let is_woken = |function: &Value| {
        ["EventBridgeRule", "ScheduleV2", "DynamoDB"]
            .iter()
            .any(|kind| triggers(function, kind).next().is_some())
    };
    let functions = functions(template).into_values();
    functions.filter(|(_, function)| is_woken(function)).collect()
}

/// The anchors of a Markdown file, as the usual renderers make them of its headings.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let headings = markdown.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let title = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        title.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
    };
    headings.map(anchor).collect()
}

/// The anchors that a text leads to.
fn references(text: &str) -> BTreeSet<String> {
    let anchor = format!("{RUNBOOKS}#");
    let after = text.split(&anchor).skip(1).map(str::to_owned);
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    after.map(|rest| rest.chars().take_while(|c| is_part(*c)).collect()).collect()
}

fn runbooks() -> String {
    fs::read_to_string(root().join(RUNBOOKS)).unwrap()
}

/// Namespace, name and dimensions of each metric an alarm looks at.
fn metrics_of(alarm: &Value) -> Vec<(String, String, BTreeMap<String, Value>)> {
    let properties = &alarm["Properties"];
    let several = array(&properties["Metrics"]).iter().map(|one| &one["MetricStat"]["Metric"]);
    let single = properties.get("MetricName").is_some().then_some(properties);
    let told = several.filter(|one| !one.is_null()).chain(single);
    told.map(|one| {
        let namespace = one["Namespace"].as_str().or_else(|| one["Namespace"]["Fn::Sub"].as_str());
        let dimensions = array(&one["Dimensions"]).iter();
        let dimensions =
            dimensions.map(|one| (text(&one["Name"]).to_owned(), one["Value"].clone()));
        let name = text(&one["MetricName"]).to_owned();
        (namespace.unwrap().to_owned(), name, dimensions.collect())
    })
    .collect()
}

/// Whether a metric is sent under these dimensions.
fn is_sent(namespace: &str, name: &str, dimensions: &BTreeSet<&str>) -> bool {
    if namespace != metrics::NAMESPACE {
        let known = OF_AWS.iter().find(|(known, _)| *known == namespace);
        return known.is_some_and(|(_, names)| names.contains(&name));
    }
    ALL.iter().filter(|metric| metric.name == name).any(|metric| {
        let alone = BTreeSet::from([FUNCTION]);
        let own = metric.dimension.map(|own| BTreeSet::from([FUNCTION, own]));
        *dimensions == alone || own.is_some_and(|own| *dimensions == own)
    })
}

#[test]
fn what_cannot_be_handled_is_dropped() {
    let template = template();
    let asynchronous = asynchronous(&template);
    let heard = ROUTES.iter().map(|(folder, _)| super::pascal_case(folder));
    let others = [super::pascal_case(super::HEARS_MAIL), "RelayEvents".to_owned()];
    let woken = heard.chain(others).collect::<BTreeSet<_>>();
    assert_eq!(asynchronous.keys().cloned().collect::<BTreeSet<_>>(), woken);
    for (name, function) in &asynchronous {
        let queue = json!({ "Fn::GetAtt": format!("{name}DeadLetters.Arn") });
        let to_queue = |place: &Value| {
            let place = &place["DestinationConfig"]["OnFailure"];
            place["Type"] == "SQS" && place["Destination"] == queue
        };
        let rules = triggers(function, "EventBridgeRule").chain(triggers(function, "ScheduleV2"));
        for rule in rules {
            assert_eq!(rule["DeadLetterConfig"]["Arn"], queue, "{name}");
            assert!(to_queue(&function["Properties"]["EventInvokeConfig"]), "{name}");
        }
        for stream in triggers(function, "DynamoDB") {
            assert!(to_queue(stream), "{name}");
        }
    }
}

#[test]
fn dead_letters_are_lost_or_read_by_others_or_nobody_is_told() {
    let template = template();
    let queues = resources(&template, "AWS::SQS::Queue");
    let wanted = asynchronous(&template).into_keys().map(|name| format!("{name}DeadLetters"));
    assert_eq!(queues.keys().cloned().collect::<BTreeSet<_>>(), wanted.collect());
    for (name, queue) in &queues {
        assert_eq!(queue["Properties"]["MessageRetentionPeriod"], 14 * 24 * 60 * 60, "{name}");
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{name}");
        let alarm = &template["Resources"][format!("{name}Alarm")]["Properties"];
        assert_eq!(alarm["MetricName"], "ApproximateNumberOfMessagesVisible", "{name}");
        let own = json!([
            { "Name": "QueueName", "Value": { "Fn::GetAtt": format!("{name}.QueueName") } }
        ]);
        assert_eq!(alarm["Dimensions"], own, "{name}");
        assert_eq!(alarm["Threshold"], 0, "{name}");
        assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold", "{name}");
    }
    // The scheduler and the stream reach their queues by a role; rules need to be let in.
    let policy = &template["Resources"]["DeadLettersFromBus"]["Properties"];
    let let_in = |list: &Value, end: &str| -> BTreeSet<String> {
        let name = |one: &Value| {
            let name = one["Ref"].as_str().or_else(|| one["Fn::GetAtt"].as_str()).unwrap();
            name.strip_suffix(end).unwrap().to_owned()
        };
        array(list).iter().map(name).collect()
    };
    let ruled: BTreeSet<String> = ROUTES
        .iter()
        .map(|(folder, _)| *folder)
        .chain([super::HEARS_MAIL])
        .map(|folder| format!("{}DeadLetters", super::pascal_case(folder)))
        .collect();
    assert_eq!(let_in(&policy["Queues"], ""), ruled);
    let statement = &policy["PolicyDocument"]["Statement"][0];
    assert_eq!(let_in(&statement["Resource"], ".Arn"), ruled);
}

#[test]
fn an_alarm_rings_and_nobody_knows_what_to_do() {
    let template = template();
    let known = anchors(&runbooks());
    for (name, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        assert_eq!(properties["AlarmActions"], json!([{ "Ref": "AlarmTopic" }]), "{name}");
        let told = references(text(&properties["AlarmDescription"]));
        assert_eq!(told.len(), 1, "{name} names no runbook");
        assert!(told.is_subset(&known), "{name} leads to {told:?}");
    }
    let everywhere = references(&template.to_string());
    assert!(everywhere.is_subset(&known), "{:?}", everywhere.difference(&known));
}

#[test]
fn an_alarm_looks_at_a_metric_that_nobody_sends() {
    let template = template();
    let deployed: BTreeSet<String> =
        functions(&template).into_values().map(|(name, _)| name).collect();
    for (name, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let metrics = metrics_of(&alarm);
        // The most that CloudWatch takes of one alarm.
        assert!((1..=10).contains(&metrics.len()), "{name} looks at {} metrics", metrics.len());
        for (namespace, metric, dimensions) in metrics {
            let names = dimensions.keys().map(String::as_str).collect();
            assert!(is_sent(&namespace, &metric, &names), "{name}: {namespace} {metric} {names:?}");
            for dimension in ["Function", "FunctionName"] {
                if let Some(value) = dimensions.get(dimension) {
                    assert!(deployed.contains(text(&value["Ref"])), "{name}: {value}");
                }
            }
        }
    }
}

#[test]
fn a_function_throttles_and_no_alarm_looks_at_it() {
    let template = template();
    let mut watched = BTreeSet::new();
    for (_, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        for (_, metric, dimensions) in metrics_of(&alarm) {
            if metric == "Throttles" {
                watched.insert(text(&dimensions["FunctionName"]["Ref"]).to_owned());
            }
        }
    }
    let deployed = functions(&template).into_values().map(|(name, _)| name);
    assert_eq!(watched, deployed.collect());
}

#[test]
fn a_fact_that_a_person_must_hear_of_is_never_sent() {
    let known = names_in("infra/events", ".json");
    let template = template();
    let mut told = 0;
    for (name, rule) in resources(&template, "AWS::Events::Rule") {
        let pattern = &rule["Properties"]["EventPattern"];
        for detail_type in array(&pattern["detail-type"]) {
            assert_eq!(pattern["source"], json!(["quita"]), "{name}");
            assert!(known.contains(text(detail_type)), "{name} waits for {detail_type}");
            told += 1;
        }
    }
    assert!(told > 0);
}

#[test]
fn the_dashboard_is_no_json_or_shows_what_nobody_sends() {
    let template = template();
    let body = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"];
    let body: Value = serde_json::from_str(text(body)).unwrap();
    let mut shown = BTreeSet::new();
    for widget in array(&body["widgets"]) {
        let title = &widget["properties"]["title"];
        for metric in array(&widget["properties"]["metrics"]) {
            if let Some(search) = metric["expression"].as_str() {
                let name = between(search, "MetricName=\"", '"');
                let schema = between(search, "'{", '}');
                let mut schema = schema.split(',');
                let namespace = schema.next().unwrap();
                assert!(is_sent(namespace, name, &schema.collect()), "{title}: {search}");
                shown.insert(name.to_owned());
                continue;
            }
            let words = array(metric).iter().filter_map(Value::as_str).collect::<Vec<_>>();
            let [namespace, name, dimensions @ ..] = words.as_slice() else { panic!("{title}") };
            let dimensions = dimensions.iter().step_by(2).copied().collect();
            assert!(is_sent(namespace, name, &dimensions), "{title}: {namespace} {name}");
            shown.insert((*name).to_owned());
        }
    }
    // One that is not shown is a figure nobody looks at.
    for metric in ALL.iter().filter(|metric| **metric != metrics::BANK_CALLS) {
        assert!(shown.contains(metric.name), "{} is not on the dashboard", metric.name);
    }
}

/// What stands between a mark and the next such character.
fn between<'a>(text: &'a str, mark: &str, end: char) -> &'a str {
    let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("{text} has no {mark}"));
    rest.split_once(end).map_or(rest, |(found, _)| found)
}

#[test]
fn the_template_names_what_is_not_in_it() {
    // What `!Sub` names stands for a resource, a parameter, or a value of AWS.
    let template = template();
    let known: BTreeSet<&String> = object(&template["Resources"])
        .keys()
        .chain(object(&template["Parameters"]).keys())
        .collect();
    let body = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"];
    for named in text(body).split("${").skip(1) {
        let name = named.split(['}', '.']).next().unwrap().to_owned();
        assert!(name.starts_with("AWS::") || known.contains(&name), "{name}");
    }
}
