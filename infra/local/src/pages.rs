//! The pages of a local run: start, bank, exceptions, mail, clock.
//!
//! Owns what they show and who may use them. Does not own what they trigger. Invariants: only a
//! browser on this machine, under a loopback name, sees them; only they themselves may post to
//! them; nothing from outside reaches a page unescaped, and no page loads anything from elsewhere.

mod api;
mod bank;
mod clock;
mod connection;
mod exceptions;
mod format;
mod mail;
mod start;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use quita_app::ports::Clock;
use serde::Serialize;

use crate::app::App;

/// Longest body of a form or a chat message, in bytes.
const FORM_BYTES_MAX: usize = 256 * 1024;
/// Rows of a list; older ones are counted, not shown.
const ROWS_MAX: usize = 100;

/// Nothing is loaded from anywhere and no script runs.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

const TEMPLATES: [(&str, &str); 7] = [
    ("layout.html", include_str!("../templates/layout.html.j2")),
    ("start.html", include_str!("../templates/start.html.j2")),
    ("bank.html", include_str!("../templates/bank.html.j2")),
    ("exceptions.html", include_str!("../templates/exceptions.html.j2")),
    ("mail.html", include_str!("../templates/mail.html.j2")),
    ("message.html", include_str!("../templates/message.html.j2")),
    ("clock.html", include_str!("../templates/clock.html.j2")),
];
const STYLE: &str = include_str!("../templates/style.css");

/// The routes of the pages.
pub fn router(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/", get(start::show))
        .route("/_local/example", post(start::example))
        .route("/_local/redrive", post(start::redrive))
        .route("/_local/bank", get(bank::show).post(bank::act))
        .route("/_local/bank/connection", get(connection::show))
        .route("/_local/exceptions", get(exceptions::show))
        .route("/_local/mail", get(mail::list))
        .route("/_local/mail/{number}", get(mail::show))
        .route("/_local/mail/{number}/html", get(mail::html))
        .route("/_local/mail/{number}/letter.pdf", get(mail::letter))
        .route("/_local/chat", post(mail::receive_chat))
        .route("/_local/clock", get(clock::show).post(clock::act))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(middleware::from_fn(guard))
        .with_state(app.clone())
}

/// Turns away whoever reaches the port under another name (a page on the internet whose name was
/// pointed here) and forms of other sites.
async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !host(headers).is_some_and(is_loopback) {
        return refusal("these pages answer on 127.0.0.1 and localhost only");
    }
    let posts = request.method() != Method::GET && request.method() != Method::HEAD;
    if posts && request.uri().path() != "/_local/chat" && !same_origin(headers) {
        return refusal("only a page of this server may do that");
    }
    next.run(request).await
}

fn refusal(why: &'static str) -> Response {
    (StatusCode::FORBIDDEN, format!("{why}\n")).into_response()
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// A browser names the origin of every form it posts; a tool such as curl names none, and no other
/// site can make it post.
fn same_origin(headers: &HeaderMap) -> bool {
    match headers.get(header::ORIGIN) {
        None => !headers.contains_key("sec-fetch-site"),
        Some(origin) => {
            let own = host(headers).map(|host| format!("http://{host}"));
            origin.to_str().ok() == own.as_deref()
        }
    }
}

/// Renders a page.
fn page(app: &App, name: &str, section: &str, content: impl Serialize) -> Response {
    let now = app.clock.now();
    let context = context! {
        style => STYLE,
        section => section,
        now => format::moment(now),
        ahead => format::ahead(app.clock.ahead()),
        said => app.take_notice(),
        page => Serde(content),
    };
    let rendered = environment().get_template(name).and_then(|page| page.render(context));
    match rendered {
        Ok(html) => secured(html, POLICY),
        Err(error) => {
            tracing::error!(%error, "Page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made\n").into_response()
        }
    }
}

fn secured(html: String, policy: HeaderValue) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Not `no-referrer`: a browser would then hide the origin of our own forms.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (headers, html).into_response()
}

/// Says what was done on the page that is shown next.
fn done(app: &App, notice: impl Into<String>, to: &str) -> Response {
    app.set_notice(notice.into());
    Redirect::to(to).into_response()
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).expect("embedded templates parse");
        }
        environment
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        for (name, _) in TEMPLATES {
            environment().get_template(name).unwrap();
        }
    }

    #[test]
    fn a_name_pointed_at_this_machine_is_turned_away() {
        #[track_caller]
        fn check(host: &str, expected: bool) {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
        check("127.0.0.1:8787", true);
        check("localhost", true);
        check("localhost:1", true);
        check("[::1]:8787", true);
        check("evil.example.com:8787", false);
        check("127.0.0.1.example.com", false);
        check("localhost.example.com:8787", false);
        check("", false);
    }

    #[test]
    fn a_form_of_another_site_is_turned_away() {
        #[track_caller]
        fn check(pairs: &[(&'static str, &'static str)], expected: bool) {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8787"));
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(same_origin(&headers), expected, "{pairs:?}");
        }
        check(&[("origin", "http://127.0.0.1:8787")], true);
        check(&[], true);
        check(&[("origin", "https://evil.example.com")], false);
        check(&[("origin", "http://127.0.0.1:9999")], false);
        check(&[("origin", "http://localhost:8787")], false);
        check(&[("origin", "null")], false);
        check(&[("sec-fetch-site", "cross-site")], false);
    }
}
