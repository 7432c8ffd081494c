//! The payer's word on a day of payment: a form, and what became of it.
//!
//! Trigger: `GET` and `POST /p/{token}/promise`. Showing the form changes nothing; sending it makes
//! the promise, or asks a person ([`quita_app::payer_promise`]).

use chrono::{DateTime, Days, NaiveDate, Utc};
use quita_app::links::Scope;
use quita_app::payer_promise::{PAYER_NAME_CHARS_MAX, PayerPromise, Promised, promise_by_payer};
use quita_app::{Deps, Unknown};
use quita_core::invoice::PAYER_PROPOSAL_DAYS_MAX;
use quita_edge::ApiResponse;
use quita_notify::format::money;
use serde::Serialize;

use crate::forms::Fields;
use crate::parts::{MerchantView, Reader, brand};
use crate::words::words;
use crate::{Opened, html, say};

/// The last part of the address.
pub(crate) const NAME: &str = "promise";
/// The fields of the form.
const DAY: &str = "day";
const BY: &str = "by";

#[derive(Serialize)]
struct FormView {
    merchant: String,
    number: String,
    amount: String,
    hint: String,
    action: String,
    back: String,
    first_day: NaiveDate,
    last_day: NaiveDate,
    name_chars_max: usize,
    /// Why what was sent cannot be taken.
    wrong: Option<String>,
    /// What became of what was sent; the form is over then.
    outcome: Option<OutcomeView>,
}

#[derive(Serialize)]
struct OutcomeView {
    heading: String,
    text: &'static str,
}

/// The form, for a link that acts and an invoice on which something is owed.
pub(crate) fn form(
    opened: &Opened,
    base: &str,
    reader: &Reader,
    now: DateTime<Utc>,
) -> ApiResponse {
    if opened.link.scope != Scope::Act {
        return html::nowhere(reader.preferred());
    }
    let locale = reader.locale(&opened.invoice);
    if !opened.invoice.is_active() || opened.invoice.is_settled() {
        return html::nothing_owed(200, locale);
    }
    page(200, opened, base, reader, now, Said::Nothing)
}

/// What the page says above or in place of the form.
enum Said {
    Nothing,
    Wrong,
    Outcome(OutcomeView),
}

fn page(
    status: u16,
    Opened { merchant, invoice, .. }: &Opened,
    base: &str,
    reader: &Reader,
    now: DateTime<Utc>,
    said: Said,
) -> ApiResponse {
    let (locale, today) = (reader.locale(invoice), invoice.civil_date(now));
    let merchant_view = MerchantView::of(merchant);
    let (wrong, outcome) = match said {
        Said::Nothing => (None, None),
        Said::Wrong => (Some(say::promise_wrong(PAYER_NAME_CHARS_MAX, locale)), None),
        Said::Outcome(outcome) => (None, Some(outcome)),
    };
    let heading = words(locale).ways.promise_heading;
    let frame = html::Frame {
        locale,
        title: outcome.as_ref().map_or(heading.to_owned(), |outcome| outcome.heading.clone()),
        brand: brand(merchant),
        initial: merchant_view.initial.clone(),
    };
    let view = FormView {
        merchant: merchant_view.name,
        number: invoice.number.clone(),
        amount: money(invoice.due_by(today, today), locale),
        hint: say::promise_hint(locale),
        action: reader.link(&format!("{base}/{NAME}"), None),
        back: reader.link(base, None),
        first_day: today,
        last_day: today + Days::new(PAYER_PROPOSAL_DAYS_MAX),
        name_chars_max: PAYER_NAME_CHARS_MAX,
        wrong,
        outcome,
    };
    html::form(status, "promise.html", &frame, &view)
}

/// Takes what was sent.
pub(crate) async fn take(
    deps: &Deps,
    opened: Opened,
    base: &str,
    reader: &Reader,
    fields: Fields<'_>,
    now: DateTime<Utc>,
) -> Result<ApiResponse, Unknown> {
    let locale = reader.locale(&opened.invoice);
    let t = words(locale).ways;
    let Ok(promise) = PayerPromise::parse(&fields.get(DAY), &fields.get(BY)) else {
        return Ok(page(422, &opened, base, reader, now, Said::Wrong));
    };
    let promised = promise_by_payer(deps, opened.invoice.clone(), &promise).await?;
    let outcome = match promised {
        Promised::Noted(day) => {
            OutcomeView { heading: say::promise_noted(day, locale), text: t.noted_text }
        }
        Promised::ForAPerson => {
            OutcomeView { heading: t.to_a_person_heading.to_owned(), text: t.to_a_person_text }
        }
        Promised::Full => return Ok(html::asked_enough(locale)),
        Promised::NothingOwed => return Ok(html::nothing_owed(409, locale)),
        Promised::DayOutOfRange => {
            return Ok(page(422, &opened, base, reader, now, Said::Wrong));
        }
    };
    Ok(page(200, &opened, base, reader, now, Said::Outcome(outcome)))
}
