//! Hears everything that is said for a log, at any level, as the most talkative log would show it.
//!
//! It listens on the thread that made it, which is where a test's whole world runs.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use quita_app::metrics;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// An event, or a span that was opened or added to.
#[derive(Debug, Clone)]
pub struct Said {
    pub target: String,
    /// Every field, as text.
    pub text: String,
    pub texts: BTreeMap<&'static str, String>,
    pub figures: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Default)]
pub struct Ear {
    heard: Arc<Mutex<Vec<Said>>>,
    spans: Arc<AtomicU64>,
}

impl Ear {
    /// Listens until the guard is dropped.
    pub fn listening() -> (Self, DefaultGuard) {
        let ear = Self::default();
        let guard = tracing::subscriber::set_default(ear.clone());
        (ear, guard)
    }

    /// All of it, in order.
    pub fn heard(&self) -> Vec<Said> {
        self.heard.lock().unwrap().clone()
    }

    /// The measurements among it.
    pub fn measured(&self) -> Vec<Said> {
        self.heard().into_iter().filter(|said| said.target == metrics::TARGET).collect()
    }

    /// What a metric's figures add up to.
    pub fn sum(&self, metric: metrics::Metric) -> u64 {
        self.measured().iter().filter_map(|said| said.figures.get(metric.name)).sum()
    }

    fn keep(&self, about: &Metadata<'_>, fields: Fields) {
        let Fields { text, texts, figures } = fields;
        let (target, name) = (about.target().to_owned(), about.name());
        let text = format!("{target} {name} {text}");
        self.heard.lock().unwrap().push(Said { target, text, texts, figures });
    }
}

impl Subscriber for Ear {
    fn enabled(&self, _about: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        self.keep(attributes.metadata(), fields);
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        let Fields { text, texts, figures } = fields;
        self.heard.lock().unwrap().push(Said { target: String::new(), text, texts, figures });
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.keep(event.metadata(), fields);
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

#[derive(Default)]
struct Fields {
    text: String,
    texts: BTreeMap<&'static str, String>,
    figures: BTreeMap<&'static str, u64>,
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.figures.insert(field.name(), value);
        self.record_debug(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.texts.insert(field.name(), value.to_owned());
        self.text.push_str(&format!("{}={value} ", field.name()));
    }

    /// A log may print an error by its words, by its causes or by its `Debug`.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let chain = quita_app::chain(value);
        self.text.push_str(&format!("{}={value} {value:?} {chain} ", field.name()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text.push_str(&format!("{}={value:?} ", field.name()));
    }
}
