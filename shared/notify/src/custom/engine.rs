//! The engine that a merchant's sources are rendered by, and how much one of them may do.
//!
//! Owns the limits and how a failure is told. It starts from an empty environment: what is not added
//! here is not there, whatever the scan lets through.

use std::io::{self, Write};
use std::sync::OnceLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, escape_formatter, filters, tests,
};
use quita_core::violation::Violation;
use serde::Serialize;

use super::read::fault;
use crate::templates::LAYOUTS;

/// Instructions of one rendering. The longest shipped message takes some 500.
pub const FUEL: u64 = 20_000;
/// How deep blocks, loops and conditions may nest while they run.
pub const DEPTH_MAX: usize = 100;
/// Longest rendered part of a message, in bytes. The longest shipped one has 12 KiB.
pub const OUTPUT_BYTES_MAX: usize = 128 * 1024;

/// Filters there are. None of them makes a text longer than its letters in another case.
pub(super) const FILTERS: [&str; 5] = ["upper", "lower", "capitalize", "title", "trim"];
/// Tests there are.
pub(super) const TESTS: [&str; 2] = ["none", "defined"];
/// Blocks of the layouts.
pub(super) const BLOCKS: [&str; 5] = ["preheader", "lead", "content", "closing", "already_paid"];

/// What a source is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text that stands inside of a message made here, or on a line: it extends no layout.
    Line,
    Text,
    Html,
}

impl Kind {
    /// The layouts it may extend.
    pub(super) fn layouts(self) -> &'static [&'static str] {
        match self {
            Self::Html => &["payable.html", "receipt.html", "layout.html"],
            Self::Text => &["payable.txt", "receipt.txt"],
            Self::Line => &[],
        }
    }

    /// The name it is compiled under, which decides what is escaped.
    fn file(self) -> &'static str {
        match self {
            Self::Html => "source.html",
            Self::Line | Self::Text => "source.txt",
        }
    }
}

/// A source with the property it was given in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub property: &'a str,
    pub kind: Kind,
    pub text: &'a str,
}

/// Renders a source that was scanned.
///
/// # Errors
/// What is wrong with it, for whoever wrote it.
pub(super) fn render(source: &Source<'_>, context: &impl Serialize) -> Result<String, Violation> {
    let file = source.kind.file();
    let told = |error: &Error| told(source.property, file, error);
    let template =
        environment().template_from_named_str(file, source.text).map_err(|error| told(&error))?;
    let mut out = Limited(Vec::new());
    template.render_captured_to(Serde(context), &mut out).map_err(|error| told(&error))?;
    // The engine writes whole texts; a cut character would be a defect of it.
    Ok(String::from_utf8_lossy(&out.0).into_owned())
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(build)
}

fn build() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH_MAX);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the default delimiters are valid"));
    environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html") => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            let why = "this is empty for some invoices; print it inside of {% if .. %}";
            return Err(Error::new(ErrorKind::InvalidOperation, why));
        }
        escape_formatter(out, state, value)
    });
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_test("none", tests::is_none);
    environment.add_test("defined", tests::is_defined);
    for (name, source) in LAYOUTS {
        // The sources are constants of this crate, and a test extends every one of them.
        environment.add_template(name, source).expect("embedded layouts parse");
    }
    environment
}

/// A failure, for whoever wrote the source.
fn told(property: &str, file: &str, error: &Error) -> Violation {
    let reason = match error.kind() {
        ErrorKind::OutOfFuel => "it does too much: make its loops and conditions fewer".to_owned(),
        ErrorKind::WriteFailure => format!("it renders to more than {OUTPUT_BYTES_MAX} bytes"),
        ErrorKind::UndefinedError => "a variable is not there; look at its name".to_owned(),
        _ => error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
    };
    match error.name() {
        Some(name) if name != file => Violation::new(property, format!("in {name}: {reason}")),
        _ => fault(property, error.line().unwrap_or(1), &reason),
    }
}

/// What is rendered, up to [`OUTPUT_BYTES_MAX`].
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > OUTPUT_BYTES_MAX {
            return Err(io::Error::other("longer than a message may be"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
