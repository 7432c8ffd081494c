use lambda_runtime::Diagnostic;
use serde_json::json;
use tracing::Level;
use tracing_subscriber::filter::LevelFilter;

use quita_app::bus::BusEvent;
use quita_app::chain;

use super::*;
use crate::env::Settings;
use crate::replay::{Answer, Replay, refusal, settings};

fn started(service: &Replay) -> Function {
    function().sends_mail().publishes().over(&service.clients(), settings(&[]))
}

#[tokio::test]
async fn a_cold_start_calls_nothing_and_the_first_event_reads_the_signing_key_once() {
    let service = Replay::ok(json!({ "SecretString": "k".repeat(64) }));
    let function = started(&service);
    assert!(service.asked().is_empty(), "the cold start waited for {:?}", service.asked());
    for _ in 0..3 {
        let deps = function.deps().await.unwrap();
        assert_eq!(deps.config.public_url, "https://pay.example.com");
        assert_eq!(deps.store.table_name(), "x");
    }
    assert_eq!(service.body(), json!({ "SecretId": "quita/signing-key" }));
}

#[tokio::test]
async fn without_a_useful_signing_key_no_event_is_handled_and_the_failure_says_why() {
    for (service, expected) in [
        (
            Replay::ok(json!({ "SecretString": "short" })),
            "the secret `signing-key` is of no use: each signing key needs at least 32 bytes",
        ),
        (
            Replay::new([refusal(400, "ResourceNotFoundException")]),
            "the secret `signing-key` does not exist",
        ),
        (
            Replay::new([refusal(400, "AccessDeniedException")]),
            "the secret `signing-key` could not be read: outcome unknown while reading a secret: \
             AccessDeniedException: the reason (status 400, request unnamed)",
        ),
    ] {
        let error = started(&service).deps().await.err().expect(expected);
        let failed = format!("{:?}", Failed::from(error));
        assert_eq!(failed, format!("NotReady: {expected}"));
    }
}

#[tokio::test]
async fn a_signing_key_that_comes_late_is_found_by_the_next_event() {
    let key = json!({ "SecretString": "k".repeat(64) }).to_string();
    let service = Replay::new([refusal(400, "ResourceNotFoundException"), Answer::Http(200, key)]);
    let function = started(&service);
    assert!(function.deps().await.is_err());
    assert!(function.deps().await.is_ok());
}

#[test]
fn an_incomplete_environment_stops_the_cold_start_by_the_names_of_what_is_missing() {
    let missing = Settings::read(function().publishes().needs(), |_| None).unwrap_err();
    // `main` prints the Debug form.
    let told = format!("{:?}", StartError::from(missing));
    assert!(told.contains("QUITA_TABLE is missing; QUITA_BUS is missing"), "{told}");
    assert!(!told.contains("QUITA_MAIL"), "{told}");
}

#[tokio::test]
async fn a_function_without_a_mailer_or_a_bus_says_so() {
    let service = Replay::ok(json!({ "SecretString": "k".repeat(64) }));
    let function = function().over(&service.clients(), settings(&[]));
    let deps = function.deps().await.unwrap();
    assert_eq!(
        chain(&deps.mailer.evidence("tag").await.unwrap_err()),
        "outcome unknown while asking for a message: this function was started without a mailer"
    );
    let event = BusEvent { detail_type: "x".to_owned(), detail: json!({}), at: deps.clock.now() };
    let outcomes = deps.bus.publish(&[event]).await;
    assert_eq!(
        chain(outcomes[0].as_ref().unwrap_err()),
        "outcome unknown while publishing an event: this function was started without a bus"
    );
}

#[test]
fn a_failure_is_told_with_its_whole_chain() {
    let inner = Unknown::new("asking the bank", "connection reset");
    let failed = Failed::from(Unknown::new("writing the table", inner));
    let chain = "outcome unknown while writing the table: outcome unknown while asking the bank: \
                 connection reset";
    assert_eq!(format!("{failed:?}"), format!("OutcomeUnknown: {chain}"));
    let diagnostic = Diagnostic::from(failed);
    assert_eq!(diagnostic.error_type, "OutcomeUnknown");
    assert_eq!(diagnostic.error_message, chain);
}

#[test]
fn an_event_that_no_repeat_can_read_is_told_apart() {
    let error = serde_json::from_str::<u8>("x").unwrap_err();
    let diagnostic = Diagnostic::from(Failed::malformed(&error));
    assert_eq!(diagnostic.error_type, "MalformedEvent");
}

#[test]
fn no_level_lets_a_payload_into_the_log() {
    // The runtime traces each event, and a library may trace requests.
    for level in [LevelFilter::TRACE, LevelFilter::DEBUG, LevelFilter::INFO] {
        let heard = log::heard(level);
        for target in [
            "lambda_runtime::layers::api_response",
            "aws_sigv4::http_request::sign",
            "hyper_util::client::legacy::connect",
            "hyper_util::client",
            "reqwest::connect",
        ] {
            assert!(!heard.would_enable(target, &Level::INFO), "{target} at {level}");
            assert!(heard.would_enable(target, &Level::WARN), "{target} at {level}");
        }
    }
}

#[test]
fn the_log_follows_the_level_that_lambda_is_told() {
    for (configured, ours) in [
        (None, LevelFilter::INFO),
        (Some(""), LevelFilter::INFO),
        (Some("DEBUG"), LevelFilter::DEBUG),
        (Some("WARN"), LevelFilter::WARN),
        (Some("FATAL"), LevelFilter::ERROR),
        (Some("nonsense"), LevelFilter::INFO),
    ] {
        assert_eq!(log::level(configured), ours, "{configured:?}");
    }
    let heard = log::heard(LevelFilter::ERROR);
    assert!(!heard.would_enable("quita_app::deliver", &Level::WARN));
    assert!(!heard.would_enable("reqwest", &Level::WARN));
    assert!(heard.would_enable("lambda_runtime::layers::trace", &Level::INFO));
}
