//! How an amount came about: each part with the agreed rate behind it.
//!
//! Owns which parts the page shows beside those of `quita-notify`: what was received before and
//! what the bank rounded differently. Does not compute: every figure comes from `quita-core`.

use chrono::NaiveDate;
use quita_core::invoice::{Instalment, Invoice};
use quita_core::terms::AmountDue;
use quita_notify::Locale;
use quita_notify::format::money;
use quita_notify::wording::{self, Row};
use serde::Serialize;

use crate::panel::Panel;
use crate::say;
use crate::words::words;

#[derive(Serialize)]
pub(crate) struct BreakdownView {
    heading: &'static str,
    rows: Vec<ExplainedRow>,
    late: Option<String>,
    total_label: &'static str,
    total: String,
}

/// A part of the amount, with the agreed rate it comes from.
#[derive(Serialize)]
struct ExplainedRow {
    label: String,
    value: String,
    note: Option<String>,
}

/// The parts of `due`, which is what the panel is about; `None` where nothing is to be paid.
pub(crate) fn view(
    panel: Panel<'_>,
    invoice: &Invoice,
    instalment: &Instalment,
    due: &AmountDue,
    today: NaiveDate,
    locale: Locale,
) -> Option<BreakdownView> {
    let t = words(locale);
    let shown = |amount| money(amount, locale);
    let mut rows = explained(instalment, due, locale);
    let plain = |label: &str, value| ExplainedRow { label: label.into(), value, note: None };
    let (heading, total_label, total) = match panel {
        Panel::Canceling | Panel::Canceled => return None,
        Panel::Paid(payment) => {
            let rounding = payment.amount - payment.due.total;
            if !rounding.is_zero() {
                rows.push(plain(t.rounding, shown(rounding)));
            }
            (t.breakdown_paid, t.total_paid, payment.amount)
        }
        _ => {
            let received = instalment.received();
            if received.is_positive() {
                rows.push(plain(t.received, format!("- {}", shown(received))));
            }
            (t.breakdown, t.total, invoice.outstanding_of(instalment, today))
        }
    };
    let late = say::lateness(due, locale);
    Some(BreakdownView { heading, rows, late, total_label, total: shown(total) })
}

fn explained(instalment: &Instalment, due: &AmountDue, locale: Locale) -> Vec<ExplainedRow> {
    let rates = wording::terms(&instalment.terms, due, locale);
    // The label of a part is the label of the term it comes from.
    let note =
        |label: &str| rates.iter().find(|rate| rate.label == label).map(|rate| rate.value.clone());
    let explained =
        |row: Row| ExplainedRow { note: note(&row.label), label: row.label, value: row.value };
    wording::breakdown(due, locale).into_iter().map(explained).collect()
}
