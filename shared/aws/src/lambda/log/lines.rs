//! From a tracing event to its line, with the fields of the spans it happened in.
//!
//! Invariant: a line is one JSON object and one line feed; a field of an inner span covers one of
//! an outer span of the same name, and the event's own covers both.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use quita_app::chain;
use quita_app::metrics;
use quita_app::ports::{Clock, SystemClock};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::emf;

/// What the runtime's span calls the id of the invocation and the header of X-Ray.
const RUNTIME_REQUEST_ID: &str = "requestId";
const RUNTIME_TRACE_HEADER: &str = "xrayTraceId";
/// What begins the trace id in that header. Source: AWS X-Ray developer guide, "Tracing header".
const TRACE_ROOT: &str = "Root=";

/// Writes lines through `write`, which is given each with its line feed.
pub(super) struct Lines<W> {
    function: String,
    write: W,
}

impl<W: Fn(&[u8])> Lines<W> {
    pub(super) fn new(function: String, write: W) -> Self {
        Self { function, write }
    }
}

/// The fields of a span or an event.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) BTreeMap<&'static str, Value>);

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&[u8]) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(known) = span.extensions().get::<Fields>() {
                fields.0.extend(known.0.iter().map(|(name, value)| (*name, value.clone())));
            }
        }
        event.record(&mut fields);
        let now = SystemClock.now();
        let line = if event.metadata().target() == metrics::TARGET {
            emf::line(&self.function, fields, now)
        } else {
            Some(line(&self.function, event, fields, now))
        };
        if let Some(line) = line {
            (self.write)(&line);
        }
    }
}

/// The line of what is said.
fn line(function: &str, event: &Event<'_>, mut fields: Fields, now: DateTime<Utc>) -> Vec<u8> {
    let about = event.metadata();
    let text = |text: &str| Value::String(text.to_owned());
    let message = fields.0.remove("message").unwrap_or_else(|| text(about.name()));
    let first = [
        ("timestamp", text(&now.to_rfc3339_opts(SecondsFormat::Millis, true))),
        ("level", text(about.level().as_str())),
        ("message", message),
        ("target", text(about.target())),
        ("function", text(function)),
    ];
    fields.0.retain(|name, _| first.iter().all(|(taken, _)| taken != name));
    written(first.into_iter().chain(fields.0))
}

/// One JSON object in the order of its members, and a line feed.
pub(super) fn written(members: impl Iterator<Item = (&'static str, Value)>) -> Vec<u8> {
    let mut line = vec![b'{'];
    for (nth, (name, value)) in members.enumerate() {
        if nth > 0 {
            line.push(b',');
        }
        line.extend_from_slice(Value::from(name).to_string().as_bytes());
        line.push(b':');
        line.extend_from_slice(value.to_string().as_bytes());
    }
    line.extend_from_slice(b"}\n");
    line
}

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name(), value.into());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            RUNTIME_REQUEST_ID => drop(self.0.insert("request_id", value.into())),
            RUNTIME_TRACE_HEADER => drop(self.0.insert("trace_id", trace_id(value).into())),
            _ => self.set(field, value),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field, chain(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// The trace's own id; a header of another form is kept whole.
fn trace_id(header: &str) -> &str {
    header.split(';').find_map(|part| part.trim().strip_prefix(TRACE_ROOT)).unwrap_or(header)
}
