//! The receipt of one instalment: a page made to be printed or saved.
//!
//! Shows the Pix that stands; when it was given back, the last one, and says so: money that moved
//! is a fact, and stays on record.

use chrono::{DateTime, Utc};
use quita_core::invoice::{Instalment, Invoice, Matched};
use quita_core::merchant::Merchant;
use quita_edge::ApiResponse;
use quita_notify::Locale;
use quita_notify::format::money;
use quita_notify::wording::{self, Row};
use serde::Serialize;

use crate::html::{self, Frame};
use crate::parts::{CustomerView, MerchantView, Reader, StatusView, Switch, brand, nth};
use crate::say;
use crate::words::words;

#[derive(Serialize)]
struct ReceiptView {
    merchant: MerchantView,
    customer: CustomerView,
    switch: Switch,
    back: String,
    amount: String,
    paid_at: String,
    end_to_end_id: String,
    number: String,
    description: String,
    po_number: Option<String>,
    nth: Option<String>,
    due_date: String,
    rows: Vec<Row>,
    late: Option<String>,
    /// What the bank's sum differs from ours by, a cent or two.
    rounding: Option<String>,
    /// What went back to the payer since.
    returned: Option<String>,
    /// Status of the whole invoice today.
    status: StatusView,
    outstanding: Option<String>,
    question: String,
}

/// The receipt, or `None` when nothing was paid on that instalment.
pub(crate) fn respond(
    merchant: &Merchant,
    invoice: &Invoice,
    number: u16,
    base: &str,
    reader: &Reader,
    now: DateTime<Utc>,
) -> Option<ApiResponse> {
    let instalment = invoice.instalment(number)?;
    let payment = shown_payment(instalment)?;
    let locale = reader.locale(invoice);
    let view = view(merchant, invoice, instalment, payment, base, reader, now);
    let frame = Frame {
        locale,
        title: format!("{} · {} {}", words(locale).receipt, words(locale).invoice, invoice.number),
        brand: brand(merchant),
        initial: view.merchant.initial.clone(),
    };
    Some(html::page(200, "receipt.html", &frame, &view))
}

fn shown_payment(instalment: &Instalment) -> Option<&Matched> {
    let standing = instalment.payments.iter().find(|payment| payment.refunded.is_zero());
    standing.or(instalment.payments.last())
}

fn view(
    merchant: &Merchant,
    invoice: &Invoice,
    instalment: &Instalment,
    payment: &Matched,
    base: &str,
    reader: &Reader,
    now: DateTime<Utc>,
) -> ReceiptView {
    let locale: Locale = reader.locale(invoice);
    let today = invoice.civil_date(now);
    let shown = |amount| money(amount, locale);
    let rounding = payment.amount - payment.due.total;
    let outstanding = invoice.outstanding(today);
    let company = MerchantView::of(merchant);
    let path = format!("{base}/instalments/{}/receipt", instalment.number);
    let only = invoice.instalments.len() == 1;
    ReceiptView {
        customer: CustomerView::of(invoice),
        switch: reader.switch(&path, locale),
        back: reader.link(base, (!only).then_some(instalment.number)),
        amount: shown(payment.amount),
        paid_at: say::paid_at(payment.paid_at, locale),
        end_to_end_id: payment.e2eid.to_string(),
        number: invoice.number.clone(),
        description: invoice.description.clone(),
        po_number: invoice.po_number.clone(),
        nth: nth(invoice, instalment, locale),
        due_date: quita_notify::format::date(payment.due.adjusted_due, locale),
        rows: wording::breakdown(&payment.due, locale),
        late: say::lateness(&payment.due, locale),
        rounding: (!rounding.is_zero()).then(|| shown(rounding)),
        returned: payment.refunded.is_positive().then(|| shown(payment.refunded)),
        status: StatusView::of(invoice.status(today), locale),
        outstanding: outstanding.is_positive().then(|| shown(outstanding)),
        question: company.write_to(&say::question(&invoice.number, locale)),
        merchant: company,
    }
}
