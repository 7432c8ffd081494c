//! The templates, embedded in the binary.
//!
//! Owns their names and the rules they render under: HTML is escaped by file extension and an
//! unknown variable is an error, never an empty place in a bill.

use std::sync::OnceLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, filters};

/// One entry per file of one message in one language.
macro_rules! message {
    ($message:literal, $locale:literal) => {
        [
            message!($message, $locale, "subject.txt"),
            message!($message, $locale, "body.txt"),
            message!($message, $locale, "body.html"),
            message!($message, $locale, "chat.txt"),
            message!($message, $locale, "sms.txt"),
            message!($message, $locale, "letter.txt"),
        ]
    };
    ($message:literal, $locale:literal, $file:literal) => {
        (
            concat!($message, "/", $locale, "/", $file),
            include_str!(concat!("../templates/", $message, "/", $locale, "/", $file, ".j2")),
        )
    };
}

pub(crate) const LAYOUTS: [(&str, &str); 8] = [
    ("layout.html", include_str!("../templates/layout.html.j2")),
    ("payable.html", include_str!("../templates/payable.html.j2")),
    ("payable.txt", include_str!("../templates/payable.txt.j2")),
    ("payable.sms", include_str!("../templates/payable.sms.j2")),
    ("group.html", include_str!("../templates/group.html.j2")),
    ("group.txt", include_str!("../templates/group.txt.j2")),
    ("receipt.html", include_str!("../templates/receipt.html.j2")),
    ("receipt.txt", include_str!("../templates/receipt.txt.j2")),
];

const MESSAGES: [[(&str, &str); 6]; 22] = [
    message!("charge_issued", "pt-BR"),
    message!("charge_issued", "en"),
    message!("due_in_5_days", "pt-BR"),
    message!("due_in_5_days", "en"),
    message!("due_today", "pt-BR"),
    message!("due_today", "en"),
    message!("one_day_late", "pt-BR"),
    message!("one_day_late", "en"),
    message!("three_days_late", "pt-BR"),
    message!("three_days_late", "en"),
    message!("seven_days_late", "pt-BR"),
    message!("seven_days_late", "en"),
    message!("fifteen_days_late", "pt-BR"),
    message!("fifteen_days_late", "en"),
    message!("reminder_friendly", "pt-BR"),
    message!("reminder_friendly", "en"),
    message!("reminder_firm", "pt-BR"),
    message!("reminder_firm", "en"),
    message!("demand", "pt-BR"),
    message!("demand", "en"),
    message!("receipt", "pt-BR"),
    message!("receipt", "en"),
];

/// The environment every message renders in, built on first use.
pub(crate) fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(build)
}

fn build() -> Environment<'static> {
    // Empty: filters that no template asks for would only weigh on each Lambda.
    let mut environment = Environment::empty();
    environment.add_filter("length", filters::length);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the default delimiters are valid"));
    environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html") => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    for (name, source) in LAYOUTS.into_iter().chain(MESSAGES.into_iter().flatten()) {
        // The sources are constants of this crate and a test renders every one of them.
        environment.add_template(name, source).expect("embedded templates parse");
    }
    environment
}
