//! The payer's pages of an invoice: what is owed and why, how to pay it, and the receipt.
//!
//! Trigger: `GET /p/{token}`, and under it `/status`, `/part`, `/instalments/{number}/qr.svg` and
//! `/instalments/{number}/receipt`, of the HTTP API. There is no login: the signed token is the
//! permission: to see, or to see and to pay. Every answer to a `GET` takes one read and changes
//! nothing, so a mail scanner that follows a link does no harm; a question and a promise are a
//! `POST` ([`forms`]).
//!
//! Owns the pages and their safety headers. Does not own the amounts, the status or the sentences
//! that explain them: those are `quita-core` and `quita-notify`, the same that the API and the
//! messages show.
//!
//! Invariants: a token that was never valid, or of an invoice that is gone, gets the same answer as
//! any other address that leads nowhere; a genuine one that has expired or was taken back gets 410
//! and nothing of the invoice; a link to see never shows what can be paid; no page loads anything
//! from elsewhere.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod breakdown;
mod forms;
mod html;
mod page;
mod panel;
mod part;
mod parts;
mod promise;
mod question;
mod receipt;
mod say;
mod status;
mod ways;
mod words;

use chrono::{DateTime, Utc};
use http::{HeaderValue, Method, header};
use quita_app::links::{LinkOver, PageLink, SigningKey};
use quita_app::{Deps, Unknown};
use quita_core::invoice::Invoice;
use quita_core::merchant::Merchant;
use quita_edge::http::BODY_BYTES_MAX;
use quita_edge::{ApiRequest, ApiResponse, Call, Problem};
use quita_table::Store;
use quita_table::store::ItemRef;

use crate::forms::Form;
use crate::panel::Panel;
use crate::parts::Reader;

/// The methods every address here offers.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// Answers one call.
pub async fn handle(deps: &Deps, request: ApiRequest) -> ApiResponse {
    let now = deps.clock.now();
    let portal = Portal { store: &deps.store, signing_key: &deps.config.signing_key, now };
    match Form::sent(&request) {
        Some(form) => form.take(deps, &portal, request).await,
        None => portal.serve(request).await,
    }
}

/// What the pages need, and nothing that could change something.
struct Portal<'a> {
    store: &'a Store,
    signing_key: &'a SigningKey,
    now: DateTime<Utc>,
}

/// One of the addresses under a token.
enum Route {
    Page,
    Status,
    Qr(u16),
    Receipt(u16),
    Question,
    Promise,
    Part,
}

impl Route {
    fn of(rest: &[&str]) -> Option<Self> {
        match rest {
            [] => Some(Self::Page),
            ["status"] => Some(Self::Status),
            [question::NAME] => Some(Self::Question),
            [promise::NAME] => Some(Self::Promise),
            [part::NAME] => Some(Self::Part),
            ["instalments", number, "qr.svg"] => Some(Self::Qr(number.parse().ok()?)),
            ["instalments", number, "receipt"] => Some(Self::Receipt(number.parse().ok()?)),
            _ => None,
        }
    }
}

impl Portal<'_> {
    async fn serve(&self, request: ApiRequest) -> ApiResponse {
        let call = match Call::read(request, BODY_BYTES_MAX) {
            Ok(call) => call,
            Err((problem, request_id)) => return problem.response(&request_id),
        };
        let is_head = call.method() == Method::HEAD;
        if !is_head && call.method() != Method::GET {
            let mut response = Problem::MethodNotAllowed.response(call.request_id());
            response.headers.insert(header::ALLOW, METHODS);
            return response;
        }
        let mut response = self.answer(&call).await;
        if is_head {
            response.body = None;
            response.is_base64_encoded = false;
        }
        response
    }

    async fn answer(&self, call: &Call) -> ApiResponse {
        let reader = Reader::of(call);
        let segments = call.segments();
        let ["p", token, rest @ ..] = segments.as_slice() else {
            return html::nowhere(reader.preferred());
        };
        let Some(route) = Route::of(rest) else {
            return html::nowhere(reader.preferred());
        };
        let answered = match route {
            Route::Page => self.page(token, &reader).await,
            Route::Receipt(number) => self.receipt(token, number, &reader).await,
            Route::Question => self.question(token, &reader).await,
            Route::Promise => self.promise(token, &reader).await,
            Route::Part => self.part(token, &reader).await,
            Route::Status => self.status(token, call).await,
            Route::Qr(number) => self.qr(token, number, call).await,
        };
        answered.unwrap_or_else(|error| {
            let problem = Problem::from(error);
            match route {
                Route::Status | Route::Qr(_) => problem.response(call.request_id()),
                _ => html::unavailable(reader.preferred()),
            }
        })
    }

    async fn page(&self, token: &str, reader: &Reader) -> Result<ApiResponse, Unknown> {
        Ok(match self.load(token).await? {
            Ok(Opened { link, merchant, invoice }) => {
                let base = self.signing_key.page_path(&link);
                page::respond(&merchant, &invoice, link.scope, &base, reader, self.now)
            }
            Err(shut) => shut.page(reader),
        })
    }

    async fn question(&self, token: &str, reader: &Reader) -> Result<ApiResponse, Unknown> {
        Ok(match self.load(token).await? {
            Ok(Opened { link, merchant, invoice }) => {
                let base = self.signing_key.page_path(&link);
                question::form((&link, &merchant, &invoice), &base, reader, false)
            }
            Err(shut) => shut.page(reader),
        })
    }

    async fn promise(&self, token: &str, reader: &Reader) -> Result<ApiResponse, Unknown> {
        Ok(match self.load(token).await? {
            Ok(opened) => {
                let base = self.signing_key.page_path(&opened.link);
                promise::form(&opened, &base, reader, self.now)
            }
            Err(shut) => shut.page(reader),
        })
    }

    async fn part(&self, token: &str, reader: &Reader) -> Result<ApiResponse, Unknown> {
        match self.load(token).await? {
            Ok(opened) => {
                let base = self.signing_key.page_path(&opened.link);
                part::respond(&opened, &base, reader, self.now)
            }
            Err(shut) => Ok(shut.page(reader)),
        }
    }

    async fn receipt(
        &self,
        token: &str,
        number: u16,
        reader: &Reader,
    ) -> Result<ApiResponse, Unknown> {
        let Opened { link, merchant, invoice } = match self.load(token).await? {
            Ok(opened) => opened,
            Err(shut) => return Ok(shut.page(reader)),
        };
        let base = self.signing_key.page_path(&link);
        let answer = receipt::respond(&merchant, &invoice, number, &base, reader, self.now);
        Ok(answer.unwrap_or_else(|| html::nowhere(reader.preferred())))
    }

    async fn status(&self, token: &str, call: &Call) -> Result<ApiResponse, Unknown> {
        Ok(match self.load_invoice(token).await? {
            Ok((_, invoice)) => {
                let today = invoice.civil_date(self.now);
                html::guarded(quita_edge::http::json(200, &status::PageStatus::of(&invoice, today)))
            }
            Err(shut) => html::guarded(shut.problem().response(call.request_id())),
        })
    }

    async fn qr(&self, token: &str, number: u16, call: &Call) -> Result<ApiResponse, Unknown> {
        let (link, invoice) = match self.load_invoice(token).await? {
            Ok(opened) => opened,
            Err(shut) => return Ok(html::guarded(shut.problem().response(call.request_id()))),
        };
        let today = invoice.civil_date(self.now);
        let instalment = invoice.instalment(number);
        let panel = instalment.map(|instalment| Panel::of(&invoice, instalment, today));
        let picture = match panel.map(|panel| panel.within(link.scope)) {
            Some(Panel::Payable { code }) => quita_pix::qr::svg(code).ok(),
            _ => None,
        };
        Ok(html::guarded(match picture {
            Some(svg) => quita_edge::http::text(200, "image/svg+xml", svg),
            None => Problem::NotFound.response(call.request_id()),
        }))
    }

    /// Merchant and invoice of a token, in one read.
    async fn load(&self, token: &str) -> Result<Result<Opened, Shut>, Unknown> {
        let Some(link) = self.signing_key.open_page(token) else { return Ok(Err(Shut::Nowhere)) };
        let refs = [ItemRef::Merchant, ItemRef::Invoice(link.invoice.clone())];
        let mut found = self.store.read(&link.merchant, &refs).await?;
        let both = found.take_merchant().zip(found.take_invoice(&link.invoice));
        let Some((merchant, invoice)) = both else { return Ok(Err(Shut::Nowhere)) };
        let checked = link.check(&invoice, self.now);
        Ok(checked.map(|()| Opened { link, merchant, invoice }).map_err(Shut::Over))
    }

    async fn load_invoice(
        &self,
        token: &str,
    ) -> Result<Result<(PageLink, Invoice), Shut>, Unknown> {
        let Some(link) = self.signing_key.open_page(token) else { return Ok(Err(Shut::Nowhere)) };
        let refs = [ItemRef::Invoice(link.invoice.clone())];
        let mut found = self.store.read(&link.merchant, &refs).await?;
        let Some(invoice) = found.take_invoice(&link.invoice) else {
            return Ok(Err(Shut::Nowhere));
        };
        let checked = link.check(&invoice, self.now);
        Ok(checked.map(|()| (link, invoice)).map_err(Shut::Over))
    }
}

/// What a link that is in force leads to.
struct Opened {
    link: PageLink,
    merchant: Merchant,
    invoice: Invoice,
}

/// Why an address shows nothing.
enum Shut {
    Nowhere,
    Over(LinkOver),
}

impl Shut {
    fn page(&self, reader: &Reader) -> ApiResponse {
        match self {
            Self::Nowhere => html::nowhere(reader.preferred()),
            Self::Over(LinkOver::Expired) => html::expired(reader.preferred()),
            Self::Over(LinkOver::Revoked) => html::revoked(reader.preferred()),
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Nowhere => Problem::NotFound,
            Self::Over(_) => Problem::LinkOver,
        }
    }
}

#[cfg(test)]
mod tests;
