//! The page that takes a part: the customer's own code, for which the payer types the amount.
//!
//! Trigger: `GET /p/{token}/part`. The amount of a charge with a due date is not the payer's to
//! change (`modalidadeAlteracao` of API Pix 2.9.0 is of `cob` alone), so a part goes by the static
//! code of the customer, which pays what is due longest first. It is shown by the rule of the
//! payment card: to who may pay, while paying is right.

use chrono::{DateTime, Utc};
use quita_app::Unknown;
use quita_app::customer_code::open_code;
use quita_app::links::Scope;
use quita_edge::ApiResponse;
use quita_notify::wording::check_receiver;
use serde::Serialize;

use crate::parts::{MerchantView, Reader, brand};
use crate::words::words;
use crate::{Opened, html, page, say};

/// The last part of the address.
pub(crate) const NAME: &str = "part";

#[derive(Serialize)]
struct PartView {
    merchant: String,
    number: String,
    /// Which debt the money pays first.
    order: String,
    qr: Option<String>,
    code: String,
    check_payee: String,
    back: String,
}

/// The page, where a part may be paid by this link now.
pub(crate) fn respond(
    Opened { link, merchant, invoice }: &Opened,
    base: &str,
    reader: &Reader,
    now: DateTime<Utc>,
) -> Result<ApiResponse, Unknown> {
    if link.scope != Scope::Act {
        return Ok(html::nowhere(reader.preferred()));
    }
    let locale = reader.locale(invoice);
    if !page::takes_part(invoice, reader, invoice.civil_date(now)) {
        return Ok(html::nothing_owed(200, locale));
    }
    let code = open_code(merchant, &invoice.customer)?;
    let merchant_view = MerchantView::of(merchant);
    let frame = html::Frame {
        locale,
        title: words(locale).ways.part.to_owned(),
        brand: brand(merchant),
        initial: merchant_view.initial.clone(),
    };
    let view = PartView {
        number: invoice.number.clone(),
        order: say::oldest_first(&merchant_view.name, locale),
        qr: page::qr(&code),
        code,
        check_payee: check_receiver(&merchant_view.name, merchant_view.cnpj.as_deref(), locale),
        back: reader.link(base, None),
        merchant: merchant_view.name,
    };
    Ok(html::page(200, "part.html", &frame, &view))
}
