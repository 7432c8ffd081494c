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
use quita_edge::ApiResponse;
use serde::Serialize;

use crate::forms::Fields;
use crate::parts::{MerchantView, Reader};
use crate::{Opened, html};

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
pub(crate) async fn take(
    deps: &Deps,
    Opened { link, merchant, invoice }: Opened,
    base: &str,
    reader: &Reader,
    fields: Fields<'_>,
) -> Result<ApiResponse, Unknown> {
    let Ok(text) = parse_question(&fields.get(FIELD)) else {
        return Ok(form((&link, &merchant, &invoice), base, reader, true));
    };
    let locale = reader.locale(&invoice);
    Ok(match ask_question(deps, invoice, &text).await? {
        Asked::Taken => html::asked(locale),
        Asked::Full => html::asked_enough(locale),
    })
}
