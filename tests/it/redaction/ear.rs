//! Hears everything that is said for a log, at any level, as the most talkative log would show it.
//!
//! It listens on the thread that made it, which is where a test's whole world runs. What is said is
//! taken by one subscriber for the whole process: with a subscriber a thread, a place in the code
//! first reached by a thread where nobody listens would be cached as silent for all of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use quita_app::metrics;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
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

thread_local! {
    static LISTENING: RefCell<Option<Ear>> = const { RefCell::new(None) };
}

#[derive(Clone, Default)]
pub struct Ear {
    heard: Rc<RefCell<Vec<Said>>>,
}

/// The ear of this thread listens until this is dropped.
pub struct Listening(());

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENING.set(None);
    }
}

impl Ear {
    /// Listens until the guard is dropped.
    pub fn listening() -> (Self, Listening) {
        static HALL: Once = Once::new();
        HALL.call_once(|| {
            tracing::subscriber::set_global_default(Hall::default()).expect("no other subscriber");
        });
        // A place that was reached in the very moment of that may have been cached as silent.
        tracing::callsite::rebuild_interest_cache();
        let ear = Self::default();
        LISTENING.set(Some(ear.clone()));
        (ear, Listening(()))
    }

    /// All of it, in order.
    pub fn heard(&self) -> Vec<Said> {
        self.heard.borrow().clone()
    }

    /// The measurements among it.
    pub fn measured(&self) -> Vec<Said> {
        self.heard().into_iter().filter(|said| said.target == metrics::TARGET).collect()
    }

    /// What a metric's figures add up to.
    pub fn sum(&self, metric: metrics::Metric) -> u64 {
        self.measured().iter().filter_map(|said| said.figures.get(metric.name)).sum()
    }
}

/// Takes whatever is said on any thread to the ear that listens there.
#[derive(Default)]
struct Hall {
    spans: AtomicU64,
}

fn keep(about: Option<&Metadata<'_>>, fields: Fields) {
    let Fields { text, texts, figures } = fields;
    let target = about.map_or_else(String::new, |about| about.target().to_owned());
    let text = format!("{target} {} {text}", about.map_or("", |about| about.name()));
    LISTENING.with_borrow(|ear| {
        if let Some(ear) = ear {
            ear.heard.borrow_mut().push(Said { target, text, texts, figures });
        }
    });
}

impl Subscriber for Hall {
    fn register_callsite(&self, _about: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _about: &Metadata<'_>) -> bool {
        LISTENING.with_borrow(Option::is_some)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        keep(Some(attributes.metadata()), fields);
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        keep(None, fields);
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        keep(Some(event.metadata()), fields);
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
