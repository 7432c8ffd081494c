use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use quita_app::metrics::{self, ALL, MessageOutcome, Metric};
use quita_app::ports::{Clock, SystemClock};
use quita_pix::client::{BankCall, CallEnd};
use serde_json::{Value, json};
use tracing::Level;

use super::*;

/// The lines that are written while `said` runs, each checked to be one JSON object of one line.
fn lines_of(configured: &str, said: impl FnOnce()) -> Vec<Value> {
    let written = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&written);
    let keep = move |line: &[u8]| kept.lock().unwrap().push(line.to_vec());
    let lines = Lines::new("quita-sweep_reminders-1A2B".to_owned(), keep);
    let log = tracing_subscriber::registry().with(lines).with(filter(level(Some(configured))));
    tracing::subscriber::with_default(log, said);
    let written = written.lock().unwrap();
    let read = |line: &Vec<u8>| {
        let text = line.strip_suffix(b"\n").expect("a line ends");
        assert!(!text.contains(&b'\n'), "one line");
        serde_json::from_slice(text).expect("a line is JSON")
    };
    written.iter().map(read).collect()
}

/// The span that the runtime opens around an invocation.
fn request_span() -> tracing::Span {
    tracing::info_span!(
        target: REQUEST_SPAN,
        "Lambda runtime invoke",
        requestId = "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        xrayTraceId = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
    )
}

/// What CloudWatch asks of an embedded metric: the shape, and a value for all that is named.
fn check_emf(line: &Value) {
    let about = &line["_aws"];
    let since = SystemClock.now() - TimeDelta::minutes(5);
    assert!(about["Timestamp"].as_i64().unwrap() > since.timestamp_millis(), "{line}");
    let directives = about["CloudWatchMetrics"].as_array().unwrap();
    assert_eq!(directives.len(), 1);
    let directive = &directives[0];
    assert_eq!(directive["Namespace"], "Quita");
    let sets = directive["Dimensions"].as_array().unwrap();
    assert!(!sets.is_empty());
    for name in sets.iter().flat_map(|set| set.as_array().unwrap()) {
        let value = line[name.as_str().unwrap()].as_str().unwrap_or_default();
        assert!((1..=1024).contains(&value.len()), "{name} in {line}");
    }
    let measured = directive["Metrics"].as_array().unwrap();
    assert!((1..=100).contains(&measured.len()));
    for metric in measured {
        let name = metric["Name"].as_str().unwrap();
        let known = metrics::metric(name).unwrap();
        assert_eq!(metric["Unit"], known.unit.as_str());
        assert!(line[name].is_u64(), "{name} in {line}");
        let own = sets.iter().any(|set| set.get(1).and_then(Value::as_str) == known.dimension);
        assert_eq!(known.dimension.is_some(), own && sets.len() == 2, "{line}");
        assert_eq!(sets[0], json!(["Function"]));
    }
}

/// Calls every function that measures.
fn measure_everything() {
    let now = SystemClock.now();
    metrics::payments_matched(2);
    metrics::payments_unmatched(1);
    for outcome in [MessageOutcome::Sent, MessageOutcome::Failed, MessageOutcome::NotNow] {
        metrics::message_settled(outcome);
    }
    let took = Duration::from_millis(84);
    metrics::bank_call(BankCall { operation: "get_pix", took, end: CallEnd::Failed });
    metrics::callback_to_paid(now - TimeDelta::milliseconds(420), now);
    metrics::sweep_lag(Some(now - TimeDelta::seconds(61)), now);
    metrics::credentials_refused("forged");
    metrics::webhook_delivered("delivered");
    metrics::audit_blocks(3);
    metrics::evidence_heard("delivered");
}

#[test]
fn every_measurement_is_a_line_that_cloudwatch_reads() {
    let lines = lines_of("INFO", measure_everything);
    assert_eq!(lines.len(), 12);
    lines.iter().for_each(check_emf);
    let is_in = |metric: &Metric| lines.iter().any(|line| line.get(metric.name).is_some());
    let missing: Vec<_> = ALL.iter().filter(|metric| !is_in(metric)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_measurement_carries_its_figures_and_dimensions() {
    let lines = lines_of("INFO", || {
        let took = Duration::from_millis(84);
        let in_request = request_span();
        let _entered = in_request.enter();
        metrics::bank_call(BankCall { operation: "get_pix", took, end: CallEnd::Abandoned });
    });
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(
        line["_aws"]["CloudWatchMetrics"],
        json!([{
            "Namespace": "Quita",
            "Dimensions": [["Function"], ["Function", "Operation"]],
            "Metrics": [
                { "Name": "BankCalls", "Unit": "Count" },
                { "Name": "BankErrors", "Unit": "Count" },
                { "Name": "BankLatency", "Unit": "Milliseconds" },
            ],
        }])
    );
    for (name, value) in [
        ("Function", json!("quita-sweep_reminders-1A2B")),
        ("Operation", json!("get_pix")),
        ("BankCalls", json!(1)),
        ("BankErrors", json!(1)),
        ("BankLatency", json!(84)),
        ("request_id", json!("8476a536-e9f4-11e8-9739-2dfe598c3fcd")),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert_eq!(line.get("level"), None, "Lambda drops lines by level; a figure has none");
}

#[test]
fn a_quiet_log_still_measures_and_still_names_the_merchant() {
    let lines = lines_of("ERROR", || {
        let span = tracing::info_span!(target: "quita_app::x", "x", merchant.id = "mer_acme");
        let _entered = span.enter();
        metrics::payments_matched(1);
        tracing::info!(target: "quita_app", "not heard");
        tracing::error!(target: "quita_app", "heard");
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["PaymentsMatched"], 1);
    assert_eq!(
        (&lines[1]["message"], &lines[1]["merchant.id"]),
        (&json!("heard"), &json!("mer_acme"))
    );
}

#[test]
fn a_line_says_who_what_and_where() {
    let lines = lines_of("INFO", || {
        let request = request_span();
        let _request = request.enter();
        let invocation = crate::lambda::invocation();
        let _invocation = invocation.enter();
        tracing::Span::current().record("merchant.id", "mer_acme");
        let inner = tracing::info_span!(
            target: "quita_app::chase_invoice", "chase", merchant.id = %"mer_acme",
            invoice.id = %"inv_01JD5X2B9QKZ3V7M8N4P6R0STW"
        );
        let _inner = inner.enter();
        let cause = std::io::Error::other("connection reset");
        tracing::warn!(
            target: "quita_app", tries = 2, error = &cause as &dyn std::error::Error,
            "Bank did not confirm \"Pix\"\n"
        );
    });
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let mut line = line.clone();
    let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
    let timestamp = timestamp.as_str().unwrap();
    assert!(timestamp.ends_with('Z') && timestamp.len() == "2026-11-23T10:00:00.000Z".len());
    assert_eq!(
        line,
        json!({
            "level": "WARN",
            "message": "Bank did not confirm \"Pix\"\n",
            "target": "quita_app",
            "function": "quita-sweep_reminders-1A2B",
            "request_id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "trace_id": "1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "merchant.id": "mer_acme",
            "invoice.id": "inv_01JD5X2B9QKZ3V7M8N4P6R0STW",
            "tries": 2,
            "error": "connection reset",
        })
    );
}

#[test]
fn a_field_named_like_a_part_of_the_line_does_not_forge_it() {
    let lines = lines_of("INFO", || {
        tracing::info!(target: "quita_app", level = "FATAL", function = "other", "said");
        tracing::info!(target: metrics::TARGET, AuditBlocks = 1_u64, Function = "other");
        tracing::info!(target: metrics::TARGET, Unheard = 1_u64);
        tracing::info!(target: metrics::TARGET, AuditBlocks = "many");
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["message"]), (&json!("INFO"), &json!("said")));
    assert_eq!(lines[0]["function"], "quita-sweep_reminders-1A2B");
    assert_eq!(lines[1]["Function"], "quita-sweep_reminders-1A2B");
}

#[test]
fn a_warning_of_a_library_is_heard_and_its_chatter_is_not() {
    let lines = lines_of("TRACE", || {
        tracing::info!(target: "hyper_util", body = "a whole request");
        tracing::trace!(target: "lambda_runtime", event = "a whole event");
        tracing::warn!(target: "hyper_util", "slow");
        tracing::trace!(target: "quita_app", "ours");
    });
    let said: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(said, ["slow", "ours"]);
    assert!(heard(LevelFilter::TRACE).would_enable(metrics::TARGET, &Level::INFO));
}
