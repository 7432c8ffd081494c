//! The log of a function: one JSON object a line, on standard output.
//!
//! Owns what is heard and the form of a line. Does not own what is said.
//!
//! Our own crates are heard at the level of Lambda's logging controls, everything below them at
//! warnings and up: at lower levels the runtime logs whole events.
//! Measurements and our own spans are heard at any level: an alarm must not go deaf with the log,
//! and a warning names the merchant it is about.
//!
//! ```text
//!   {"timestamp": .., "level": "WARN", "message": "Bank did not confirm Pix", "target": ..,
//!    "function": .., "request_id": .., "trace_id": .., "merchant.id": .., "payment.id": ..}
//!   {"_aws": {"CloudWatchMetrics": [..]}, "Function": .., "BankLatency": 84, "Operation": ..}
//! ```
//!
//! Traces: the `trace_id` of X-Ray stands on every line. Calls of AWS carry the trace on; the
//! clients for banks, chats and merchants' addresses send no such header.

mod emf;
mod lines;

use std::io::Write;

use quita_app::metrics;
use tracing::Metadata;
use tracing_subscriber::filter::{FilterFn, LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use lines::Lines;

/// The level that Lambda's advanced logging controls ask for. Source: AWS Lambda developer guide,
/// "Configuring advanced logging controls".
const LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
/// The function's name. Source: AWS Lambda developer guide, "Defined runtime environment
/// variables".
const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// What stands for the name outside of Lambda.
const UNNAMED: &str = "unnamed";
/// What the targets of our own crates begin with.
const OURS: &str = "quita";
/// Opens the span that carries the request id; it says nothing else.
const REQUEST_SPAN: &str = "lambda_runtime::layers::trace";

/// Opens the log. A second call, as in tests, changes nothing.
pub(super) fn init() {
    let level = level(std::env::var(LEVEL).ok().as_deref());
    let name = std::env::var(FUNCTION_NAME).ok().filter(|name| !name.is_empty());
    let lines = Lines::new(name.unwrap_or_else(|| UNNAMED.to_owned()), print);
    drop(tracing_subscriber::registry().with(lines).with(filter(level)).try_init());
}

/// Writes a whole line at once, so that two never mix. Nobody can be told when that fails.
fn print(line: &[u8]) {
    std::io::stdout().lock().write_all(line).ok();
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
        .with_target(metrics::TARGET, LevelFilter::INFO)
        .with_target(REQUEST_SPAN, LevelFilter::INFO)
}

/// What is heard, and our own spans.
fn filter(level: LevelFilter) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let heard = heard(level);
    FilterFn::new(move |about: &Metadata<'_>| {
        (about.is_span() && about.target().starts_with(OURS))
            || heard.would_enable(about.target(), about.level())
    })
}

#[cfg(test)]
mod tests;
