//! The log of a function: one JSON object a line, on standard output.
//!
//! Our own crates are heard at the level of Lambda's logging controls, everything below them at
//! warnings and up: at lower levels the runtime logs whole events, and the SDKs whole requests.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The level that Lambda's advanced logging controls ask for. Source: AWS Lambda developer guide,
/// "Configuring advanced logging controls".
const LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
/// What the targets of our own crates begin with.
const OURS: &str = "quita";
/// Opens the span that carries the request id; it says nothing else.
const REQUEST_SPAN: &str = "lambda_runtime::layers::trace";

/// Opens the log. A second call, as in tests, changes nothing.
pub(super) fn init() {
    let level = level(std::env::var(LEVEL).ok().as_deref());
    let lines = fmt::layer().json().flatten_event(true).with_span_list(false);
    drop(tracing_subscriber::registry().with(lines.with_ansi(false)).with(heard(level)).try_init());
}

/// The configured level; `FATAL`, Lambda's word above `ERROR`, has no other meaning here.
pub(super) fn level(configured: Option<&str>) -> LevelFilter {
    match configured {
        None | Some("") => LevelFilter::INFO,
        Some("FATAL") => LevelFilter::ERROR,
        Some(word) => word.parse().unwrap_or(LevelFilter::INFO),
    }
}

pub(super) fn heard(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(OURS, level)
        .with_target(REQUEST_SPAN, LevelFilter::INFO)
}
