use lambda_runtime::Diagnostic;
use serde_json::json;
use tracing::Level;
use tracing_subscriber::filter::LevelFilter;

use super::*;
use crate::replay::{Replay, refusal};

fn settings(messages: Messages) -> Settings {
    let settings = Settings::read(messages, |name| match name {
        "QUITA_PUBLIC_URL" => Some("https://pay.example.com".to_owned()),
        "QUITA_SECRET_PREFIX" => Some("quita/".to_owned()),
        "QUITA_DYNAMODB_ENDPOINT" => None,
        _ => Some("x".to_owned()),
    });
    settings.unwrap()
}

async fn started(service: &Replay) -> Result<Deps, StartError> {
    install_crypto();
    deps_over(&service.clients().await, settings(Messages::Sent)).await
}

#[tokio::test]
async fn the_cold_start_reads_the_signing_key_and_nothing_else() {
    let service = Replay::ok(json!({ "SecretString": "k".repeat(64) }));
    let deps = started(&service).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(service.body(), json!({ "SecretId": "quita/signing-key" }));
    assert_eq!(deps.config.public_url, "https://pay.example.com");
    assert_eq!(deps.store.table_name(), "x");
}

#[tokio::test]
async fn a_useless_signing_key_stops_the_cold_start() {
    for (service, expected) in [
        (
            Replay::ok(json!({ "SecretString": "short" })),
            "the secret `signing-key` is of no use: the signing key needs at least 32 bytes",
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
        let error = started(&service).await.err().expect(expected);
        // `main` prints the Debug form.
        assert_eq!(format!("{error:?}"), expected);
    }
}

#[tokio::test]
async fn an_incomplete_environment_stops_the_cold_start_before_any_call() {
    let missing = Settings::read(Messages::NotSent, |_| None).unwrap_err();
    let error = StartError::from(missing);
    assert!(format!("{error:?}").contains("QUITA_TABLE is missing; QUITA_BUS is missing"));
}

#[tokio::test]
async fn a_function_without_a_mailer_says_so() {
    let outcome = NoMailer.evidence("tag").await;
    let told = chain(&outcome.unwrap_err());
    assert_eq!(
        told,
        "outcome unknown while asking for a message: this function was started without a mailer"
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
    // The runtime traces each event, the SDKs debug requests and trace bodies.
    for level in [LevelFilter::TRACE, LevelFilter::DEBUG, LevelFilter::INFO] {
        let heard = log::heard(level);
        for target in [
            "lambda_runtime::layers::api_response",
            "aws_smithy_runtime::client::orchestrator",
            "aws_sdk_sesv2::operation::send_email",
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
