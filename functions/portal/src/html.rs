//! From a view to an HTTP answer: the embedded templates and the headers that keep a page safe.
//!
//! Owns the content security policy. Invariant: a page runs the one script and shows the one style
//! sheet that this binary carries, by their hashes; everything else is refused by the browser.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, header};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, filters};
use quita_edge::ApiResponse;
use quita_edge::http::text;
use quita_notify::{BrandColour, Locale};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::parts::percent_encoded;
use crate::words::{Words, words};

const SCRIPT: &str = include_str!("../templates/page.js");
const STYLE: &str = include_str!("../templates/page.css");
const TEMPLATES: [(&str, &str); 8] = [
    ("layout.html", include_str!("../templates/layout.html.j2")),
    ("notice.html", include_str!("../templates/notice.html.j2")),
    ("page.html", include_str!("../templates/page.html.j2")),
    ("panel.html", include_str!("../templates/panel.html.j2")),
    ("part.html", include_str!("../templates/part.html.j2")),
    ("promise.html", include_str!("../templates/promise.html.j2")),
    ("question.html", include_str!("../templates/question.html.j2")),
    ("receipt.html", include_str!("../templates/receipt.html.j2")),
];

const HTML: &str = "text/html; charset=utf-8";
/// Answers that hold no page load nothing at all.
const NO_CONTENT_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// A page's address is a key: no search engine may list it.
const NO_INDEX: HeaderValue = HeaderValue::from_static("noindex, nofollow");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// Seconds after which a browser may try again when the table did not answer.
const RETRY_AFTER_S: u16 = 5;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);
static SCRIPT_HASH: LazyLock<String> = LazyLock::new(|| hash(SCRIPT));

/// What stands around every page.
pub(crate) struct Frame {
    pub locale: Locale,
    pub title: String,
    pub brand: BrandColour,
    /// The letter of the page's icon.
    pub initial: String,
}

#[derive(Serialize)]
struct Document<'a, T> {
    lang: &'static str,
    t: &'static Words,
    title: &'a str,
    brand: String,
    icon: String,
    css: &'a str,
    script: &'static str,
    v: &'a T,
}

#[derive(Serialize)]
struct Notice {
    heading: &'static str,
    text: &'static str,
    other_lang: &'static str,
    other: &'static str,
}

fn environment() -> Environment<'static> {
    // Empty: filters that no page asks for would only weigh on the function.
    let mut environment = Environment::empty();
    environment.add_filter("safe", filters::safe);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the default delimiters are valid"));
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, source) in TEMPLATES {
        // The sources are constants of this crate and a test renders every one of them.
        environment.add_template(name, source).expect("embedded templates parse");
    }
    environment
}

/// An HTML page.
pub(crate) fn page<T: Serialize>(
    status: u16,
    template: &str,
    frame: &Frame,
    view: &T,
) -> ApiResponse {
    framed(status, template, frame, view, "'none'")
}

/// An HTML page with a form, which it may send to its own address alone.
pub(crate) fn form<T: Serialize>(
    status: u16,
    template: &str,
    frame: &Frame,
    view: &T,
) -> ApiResponse {
    framed(status, template, frame, view, "'self'")
}

fn framed<T: Serialize>(
    status: u16,
    template: &str,
    frame: &Frame,
    view: &T,
    form_action: &str,
) -> ApiResponse {
    let css = style(frame.brand);
    let document = Document {
        lang: frame.locale.as_str(),
        t: words(frame.locale),
        title: &frame.title,
        brand: frame.brand.css(),
        icon: icon(frame),
        css: &css,
        script: SCRIPT,
        v: view,
    };
    match render(template, &document) {
        Ok(body) => {
            let mut response = guarded(text(status, HTML, body));
            let policy = HeaderValue::try_from(policy(&css, form_action))
                .expect("a policy is made of hashes and constants");
            response.headers.insert(header::CONTENT_SECURITY_POLICY, policy);
            response
        }
        Err(error) => {
            tracing::error!(%error, template, "A page could not be rendered");
            guarded(text(500, HTML, "<!DOCTYPE html><title>500</title><p>500".to_owned()))
        }
    }
}

fn render<T: Serialize>(template: &str, document: &T) -> Result<String, minijinja::Error> {
    ENVIRONMENT.get_template(template)?.render(Serde(document))
}

/// The page for every address that leads nowhere, whatever the reason.
pub(crate) fn nowhere(locale: Locale) -> ApiResponse {
    notice(404, locale, |t| (t.nowhere_heading, t.nowhere_text))
}

/// The page for a link of ours whose last day is over.
pub(crate) fn expired(locale: Locale) -> ApiResponse {
    notice(410, locale, |t| (t.expired_link_heading, t.over_link_text))
}

/// The page for a link of ours that was taken back.
pub(crate) fn revoked(locale: Locale) -> ApiResponse {
    notice(410, locale, |t| (t.revoked_link_heading, t.over_link_text))
}

/// The page for a question that was taken.
pub(crate) fn asked(locale: Locale) -> ApiResponse {
    notice(200, locale, |t| (t.asked_heading, t.asked_text))
}

/// The page for a question that is one too many until somebody answers.
pub(crate) fn asked_enough(locale: Locale) -> ApiResponse {
    notice(429, locale, |t| (t.asked_enough_heading, t.asked_enough_text))
}

/// The page for who would pay or promise where nothing is owed.
pub(crate) fn nothing_owed(status: u16, locale: Locale) -> ApiResponse {
    notice(status, locale, |t| (t.ways.nothing_heading, t.ways.nothing_text))
}

/// What stands above the form of a question.
pub(crate) fn heading_of_question(locale: Locale) -> &'static str {
    words(locale).ask_heading
}

/// The page for when the table did not answer.
pub(crate) fn unavailable(locale: Locale) -> ApiResponse {
    let mut response = notice(503, locale, |t| (t.unavailable_heading, t.unavailable_text));
    response.headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    response
}

/// A short page in the reader's language, with the other one beneath: nothing is known of them.
fn notice(
    status: u16,
    locale: Locale,
    pick: impl Fn(&Words) -> (&'static str, &'static str),
) -> ApiResponse {
    let other = match locale {
        Locale::PtBr => Locale::En,
        Locale::En => Locale::PtBr,
    };
    let (heading, text) = pick(words(locale));
    let view = Notice { heading, text, other_lang: other.as_str(), other: pick(words(other)).1 };
    let frame = Frame {
        locale,
        title: heading.to_owned(),
        brand: BrandColour::default(),
        initial: "Q".to_owned(),
    };
    page(status, "notice.html", &frame, &view)
}

/// Adds what every answer carries, page or not.
pub(crate) fn guarded(mut response: ApiResponse) -> ApiResponse {
    let headers = &mut response.headers;
    headers.insert(header::CONTENT_SECURITY_POLICY, NO_CONTENT_POLICY);
    headers.insert(ROBOTS, NO_INDEX);
    response
}

/// The style sheet with the merchant's colour, which is six hexadecimal digits by its type.
fn style(brand: BrandColour) -> String {
    format!(":root{{--brand:{};--on-brand:{}}}\n{STYLE}", brand.css(), brand.text_css())
}

fn policy(css: &str, form_action: &str) -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action {form_action}; frame-ancestors 'none'",
        hash(css),
        *SCRIPT_HASH
    )
}

/// A source of a content security policy: `sha256-...`.
pub(crate) fn hash(source: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(source.as_bytes())))
}

/// The tab's icon: the merchant's initial on its colour, as a `data:` URL.
fn icon(frame: &Frame) -> String {
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>\
         <rect width='32' height='32' rx='8' fill='{}'/><text x='16' y='22' text-anchor='middle' \
         font-family='sans-serif' font-weight='700' font-size='18' fill='{}'>{}</text></svg>",
        frame.brand.css(),
        frame.brand.text_css(),
        frame.initial
    );
    format!("data:image/svg+xml,{}", percent_encoded(&svg))
}
