//! The payer's question: a form, and a task of the merchant's with what was asked.
//!
//! Trigger: `GET` and `POST /p/{token}/question`. Only the link to pay asks: what opens for anybody
//! it was forwarded to is to see alone. Showing the form changes nothing; sending it does.

use http::StatusCode;
use quita_app::links::{PageLink, Scope};
use quita_app::tasks::{Asked, ask_question, parse_question};
use quita_app::{Deps, Unknown};
use quita_core::invoice::Invoice;
use quita_core::merchant::Merchant;
use quita_edge::http::BODY_BYTES_MAX;
use quita_edge::{ApiRequest, ApiResponse, Call};
use serde::Serialize;

use crate::parts::{MerchantView, Reader};
use crate::{Opened, Portal, html};

/// The last part of the address.
pub(crate) const NAME: &str = "question";
/// The field of the form.
const FIELD: &str = "text";

#[derive(Serialize)]
struct FormView {
    merchant: String,
    number: String,
    action: String,
    back: String,
    /// What was sent cannot be taken.
    wrong: bool,
}

/// Whether a call sends the form.
pub(crate) fn is_sent(request: &ApiRequest) -> bool {
    let path = request.raw_path.as_deref().unwrap_or_default();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let is_it = matches!(segments.as_slice(), ["p", _, NAME]);
    is_it && request.request_context.http.method == http::Method::POST
}

/// The form.
pub(crate) fn form(
    (link, merchant, invoice): (&PageLink, &Merchant, &Invoice),
    base: &str,
    reader: &Reader,
    wrong: bool,
) -> ApiResponse {
    let locale = reader.locale(invoice);
    if link.scope != Scope::Act {
        return html::nowhere(reader.preferred());
    }
    let merchant_view = MerchantView::of(merchant);
    let frame = html::Frame {
        locale,
        title: html::heading_of_question(locale).to_owned(),
        brand: crate::parts::brand(merchant),
        initial: merchant_view.initial.clone(),
    };
    let view = FormView {
        merchant: merchant.name.clone(),
        number: invoice.number.clone(),
        action: reader.link(&format!("{base}/{NAME}"), None),
        back: reader.link(base, None),
        wrong,
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    html::form(status.as_u16(), "question.html", &frame, &view)
}

/// Takes what was sent.
pub(crate) async fn take(deps: &Deps, portal: &Portal<'_>, request: ApiRequest) -> ApiResponse {
    let call = match Call::read(request, BODY_BYTES_MAX) {
        Ok(call) => call,
        Err((problem, request_id)) => return problem.response(&request_id),
    };
    let reader = Reader::of(&call);
    let answered = taken(deps, portal, &call, &reader).await;
    answered.unwrap_or_else(|error| {
        tracing::error!(%error, "A question could not be taken");
        html::unavailable(reader.preferred())
    })
}

async fn taken(
    deps: &Deps,
    portal: &Portal<'_>,
    call: &Call,
    reader: &Reader,
) -> Result<ApiResponse, Unknown> {
    let segments = call.segments();
    let ["p", token, NAME] = segments.as_slice() else {
        return Ok(html::nowhere(reader.preferred()));
    };
    let Opened { link, merchant, invoice } = match portal.load(token).await? {
        Ok(opened) => opened,
        Err(shut) => return Ok(shut.page(reader)),
    };
    if link.scope != Scope::Act {
        return Ok(html::nowhere(reader.preferred()));
    }
    let mut fields = form_urlencoded::parse(call.body());
    let text = fields.find(|(name, _)| name == FIELD).map(|(_, text)| text);
    let Ok(text) = parse_question(text.as_deref().unwrap_or_default()) else {
        let base = portal.signing_key.page_path(&link);
        return Ok(form((&link, &merchant, &invoice), &base, reader, true));
    };
    let locale = reader.locale(&invoice);
    Ok(match ask_question(deps, invoice, &text).await? {
        Asked::Taken => html::asked(locale),
        Asked::Full => html::asked_enough(locale),
    })
}
