//! How an amount came about: each part with the agreed rate behind it.
//!
//! Owns which explanation fits a state: what is owed, one payment, or several. Does not compute:
//! every figure comes from `quita-core`.

use chrono::NaiveDate;
use quita_core::invoice::{Instalment, Invoice, Matched};
use quita_core::terms::{AmountDue, Terms};
use quita_notify::Locale;
use quita_notify::format::money;
use quita_notify::wording::{self, CountedPayment, Row};
use serde::Serialize;

use crate::panel::{Panel, standing_payments};
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
    let (heading, total_label, total, rows, late) = match panel {
        Panel::Canceling | Panel::Canceled | Panel::Credited | Panel::WrittenOff => return None,
        Panel::Paid(payment) => {
            let paid = instalment.received();
            let (rows, late) = how_paid(invoice, instalment, payment, locale);
            (t.breakdown_paid, t.total_paid, paid, rows, late)
        }
        _ => {
            let rows = wording::breakdown_of_rest(due, &instalment.principal(), locale);
            let terms = instalment.debt.terms(&instalment.terms, &invoice.issuing.policy);
            let rows = explained(rows, &terms, due, locale);
            let owed = invoice.outstanding_of(instalment, today);
            (t.breakdown, t.total, owed, rows, say::lateness(due, locale))
        }
    };
    Some(BreakdownView { heading, rows, late, total_label, total: money(total, locale) })
}

/// What one payment was made up of; where there were several, each with its day.
fn how_paid(
    invoice: &Invoice,
    instalment: &Instalment,
    last: &Matched,
    locale: Locale,
) -> (Vec<ExplainedRow>, Option<String>) {
    let standing: Vec<&Matched> = standing_payments(instalment).collect();
    let whole = standing.len() == 1 && last.released.is_zero() && invoice.closed_by(last);
    if whole {
        let rows = wording::counted(&counted(invoice, instalment, last), locale);
        let rows = explained(rows, &instalment.terms, &last.due, locale);
        return (rows, say::lateness(&last.due, locale));
    }
    let row = |payment: &&Matched| ExplainedRow {
        label: say::paid_on(invoice.civil_date(payment.paid_at), locale),
        value: money(payment.kept(), locale),
        note: None,
    };
    (standing.iter().map(row).collect(), None)
}

/// A payment of the instalment as it was counted.
pub(crate) fn counted(
    invoice: &Invoice,
    instalment: &Instalment,
    payment: &Matched,
) -> CountedPayment {
    CountedPayment {
        paid: payment.amount,
        due: payment.due.clone(),
        split: payment.split,
        agreed: instalment.terms.original,
        closes: invoice.closed_by(payment),
    }
}

fn explained(rows: Vec<Row>, terms: &Terms, due: &AmountDue, locale: Locale) -> Vec<ExplainedRow> {
    let rates = wording::terms(terms, due, locale);
    // The label of a part is the label of the term it comes from.
    let note =
        |label: &str| rates.iter().find(|rate| rate.label == label).map(|rate| rate.value.clone());
    let explained =
        |row: Row| ExplainedRow { note: note(&row.label), label: row.label, value: row.value };
    rows.into_iter().map(explained).collect()
}
