//! The receipt of one instalment: a page made to be printed or saved.
//!
//! Shows the payments that stand; when all of them were given back, the last one, and says so: money
//! that moved is a fact, and stays on record. A part says what is left.

use chrono::{DateTime, Utc};
use quita_core::invoice::{Instalment, Invoice, Matched};
use quita_core::merchant::Merchant;
use quita_core::money::Money;
use quita_edge::ApiResponse;
use quita_notify::Locale;
use quita_notify::format::money;
use quita_notify::wording::{self, Row};
use serde::Serialize;

use crate::breakdown::counted;
use crate::html::{self, Frame};
use crate::panel::standing_payments;
use crate::parts::{CustomerView, MerchantView, Reader, StatusView, Switch, brand, nth};
use crate::say;
use crate::words::words;

#[derive(Serialize)]
struct ReceiptView {
    merchant: MerchantView,
    customer: CustomerView,
    switch: Switch,
    back: String,
    title: &'static str,
    /// What all shown payments brought in.
    amount: String,
    /// When the last of them was paid.
    paid_at: String,
    payments: Vec<PaymentView>,
    /// What is still owed on the instalment.
    open: Option<Row>,
    number: String,
    description: String,
    po_number: Option<String>,
    billing_period: Option<String>,
    nth: Option<String>,
    due_date: String,
    /// What went back to the payer, or elsewhere, since.
    returned: Option<String>,
    /// Status of the whole invoice today.
    status: StatusView,
    outstanding: Option<String>,
    question: String,
}

#[derive(Serialize)]
struct PaymentView {
    heading: &'static str,
    amount: String,
    paid_at: String,
    id_label: &'static str,
    id: String,
    rows: Vec<Row>,
    late: Option<String>,
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
    let payments = shown_payments(instalment);
    let last = payments.last()?;
    let locale = reader.locale(invoice);
    let view = view(merchant, invoice, instalment, (&payments, last), base, reader, now);
    let frame = Frame {
        locale,
        title: format!("{} · {} {}", words(locale).receipt, words(locale).invoice, invoice.number),
        brand: brand(merchant),
        initial: view.merchant.initial.clone(),
    };
    Some(html::page(200, "receipt.html", &frame, &view))
}

fn shown_payments(instalment: &Instalment) -> Vec<&Matched> {
    let standing: Vec<&Matched> = standing_payments(instalment).collect();
    if standing.is_empty() { instalment.payments.last().into_iter().collect() } else { standing }
}

fn view(
    merchant: &Merchant,
    invoice: &Invoice,
    instalment: &Instalment,
    (payments, last): (&[&Matched], &Matched),
    base: &str,
    reader: &Reader,
    now: DateTime<Utc>,
) -> ReceiptView {
    let locale: Locale = reader.locale(invoice);
    let (t, today) = (words(locale), invoice.civil_date(now));
    let shown = |amount| money(amount, locale);
    let sum = |part: fn(&Matched) -> Money| payments.iter().map(|it| part(it)).sum::<Money>();
    let (paid, returned) = (sum(|it| it.amount), sum(|it| it.released));
    let (open, outstanding) =
        (invoice.outstanding_of(instalment, today), invoice.outstanding(today));
    let company = MerchantView::of(merchant);
    let path = format!("{base}/instalments/{}/receipt", instalment.number);
    let only = invoice.instalments.len() == 1;
    let is_part = open.is_positive() && returned.is_zero() && invoice.is_active();
    ReceiptView {
        customer: CustomerView::of(invoice),
        switch: reader.switch(&path, locale),
        back: reader.link(base, (!only).then_some(instalment.number)),
        title: if is_part { t.part_title } else { t.receipt_title },
        amount: shown(paid),
        paid_at: say::paid_at(last.paid_at, locale),
        payments: payments.iter().map(|it| part(invoice, instalment, it, locale)).collect(),
        open: is_part.then(|| Row {
            label: if only { t.open_on_invoice } else { t.open_on_part }.to_owned(),
            value: shown(open),
        }),
        number: invoice.number.clone(),
        description: invoice.description.clone(),
        po_number: invoice.po_number.clone(),
        billing_period: invoice.billing_period.map(|period| wording::period(period, locale)),
        nth: nth(invoice, instalment, locale),
        due_date: quita_notify::format::date(last.due.adjusted_due, locale),
        returned: returned.is_positive().then(|| shown(returned)),
        status: StatusView::of(invoice.status(today), locale),
        outstanding: (outstanding.is_positive() && !(only && is_part)).then(|| shown(outstanding)),
        question: company.write_to(&say::question(&invoice.number, locale)),
        merchant: company,
    }
}

fn part(
    invoice: &Invoice,
    instalment: &Instalment,
    payment: &Matched,
    locale: Locale,
) -> PaymentView {
    let t = words(locale);
    let counted = counted(invoice, instalment, payment);
    PaymentView {
        heading: if counted.closes { t.breakdown_paid } else { t.counted },
        amount: money(payment.amount, locale),
        paid_at: say::paid_at(payment.paid_at, locale),
        id_label: payment.payment.end_to_end().map_or(t.payment_id, |_| t.transaction),
        id: payment.payment.as_str().to_owned(),
        rows: wording::counted(&counted, locale),
        late: say::lateness(&payment.due, locale),
    }
}
