//! Signing in by a one-time link: anybody may ask, only the one who reads the e-mail gets in.
//!
//! `GET` shows who the link is for and changes nothing, so that a mail scanner does no harm; the
//! button posts. There is no cookie: the session's token is handed over once, and no other site can
//! make a browser send it.

use http::{HeaderValue, header};
use quita_app::Deps;
use quita_app::access::sign_in::{NoEntry, SessionView, ask_link, begin_session, show_link};
use quita_core::customer::Locale;
use quita_edge::http::{json, text};
use quita_edge::{ApiResponse, Call, Problem};
use serde::Deserialize;
use serde_json::json as value;

const HTML: &str = "text/html; charset=utf-8";
/// The pages load nothing and send their form to where they came from.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:10vh auto;\
    padding:0 1rem;color:#111;background:#fff}button{font:inherit;font-weight:600;padding:.7rem \
    1.4rem;border:0;border-radius:.5rem;background:#0f766e;color:#fff;cursor:pointer}button:focus-\
    visible{outline:3px solid #111;outline-offset:2px}code{display:block;padding:.8rem;\
    background:#f1f5f4;border-radius:.5rem;overflow-wrap:anywhere;user-select:all}";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkBody {
    merchant_id: String,
    email: String,
}

/// Always answered the same: who has access is not told.
pub(crate) async fn ask(deps: &Deps, call: &Call) -> Result<ApiResponse, Problem> {
    let LinkBody { merchant_id, email } = call.json()?;
    ask_link(deps, &merchant_id, &email).await?;
    let told = "if the address has access, a link is on its way to it";
    Ok(json(202, &value!({ "status": "accepted", "detail": told })))
}

pub(crate) async fn show(deps: &Deps, token: &str) -> Result<ApiResponse, Problem> {
    Ok(match show_link(deps, token).await? {
        Err(why) => no_entry(why),
        Ok(invitation) => {
            let (merchant, person) =
                (escaped(&invitation.merchant_name), escaped(&invitation.person_name));
            let (title, hello, button) = match invitation.locale {
                Locale::PtBr => {
                    ("Entrar", format!("Olá, {person}. Entrar em {merchant}?"), "Entrar")
                }
                Locale::En => {
                    ("Sign in", format!("Hello {person}. Sign in to {merchant}?"), "Sign in")
                }
            };
            let body = format!(
                "<h1>{title}</h1><p>{hello}</p><form method=\"post\"><button>{button}</button>\
                 </form>"
            );
            page(200, invitation.locale, title, &body)
        }
    })
}

pub(crate) async fn begin(deps: &Deps, call: &Call, token: &str) -> Result<ApiResponse, Problem> {
    let accepts = call.header("accept").unwrap_or_default();
    let wants_page = accepts.contains("text/html");
    Ok(match begin_session(deps, token).await? {
        Err(why) if wants_page => no_entry(why),
        Err(NoEntry::Forged) => return Err(Problem::NotFound),
        Err(NoEntry::Over) => {
            let detail = "the link is over or was used; ask for a new one".to_owned();
            return Err(Problem::Conflict { detail });
        }
        Ok(session) if wants_page => handed_over(&session),
        Ok(session) => json(201, &session),
    })
}

/// The session's token, shown once.
fn handed_over(session: &SessionView) -> ApiResponse {
    let SessionView { token, expires_at, role, .. } = session;
    let body = format!(
        "<h1>Sessão iniciada · Signed in</h1><p>Este é o seu código de acesso como {role}, válido \
         até {expires_at}. Ele não será mostrado de novo.</p><p lang=\"en\">This is your access \
         token as {role}, valid until {expires_at}. It is not shown again.</p><code>{}</code>",
        escaped(token)
    );
    page(201, Locale::PtBr, "Quita", &body)
}

fn no_entry(why: NoEntry) -> ApiResponse {
    let (status, pt, en) = match why {
        NoEntry::Forged => (404, "Este endereço não existe.", "There is nothing here."),
        NoEntry::Over => {
            (410, "Este link não vale mais. Peça um novo.", "This link is over. Ask for a new one.")
        }
    };
    let body = format!("<h1>{pt}</h1><p lang=\"en\">{en}</p>");
    page(status, Locale::PtBr, pt, &body)
}

fn page(status: u16, locale: Locale, title: &str, body: &str) -> ApiResponse {
    let lang = locale.as_str();
    let html = format!(
        "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta \
         name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    );
    let mut response = text(status, HTML, html);
    response.headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn escaped(text: &str) -> String {
    let safe = text.replace('&', "&amp;").replace('<', "&lt;");
    safe.replace('>', "&gt;").replace('"', "&quot;")
}
