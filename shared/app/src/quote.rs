//! The amount due on any day, with its breakdown, for an invoice or for bare terms.

use chrono::NaiveDate;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::terms_draft::{TermsDraft, parse_date, parse_money};
use quita_core::violation::Violation;
use quita_table::store::ItemRef;
use serde::Serialize;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::views::Breakdown;

/// What to quote.
#[derive(Debug)]
pub enum Subject {
    Invoice { id: String, instalment: Option<u16> },
    Terms { amount: String, due_date: String, terms: Box<TermsDraft> },
}

/// The answer: one breakdown an instalment.
#[derive(Debug, Serialize)]
pub struct Quote {
    on: NaiveDate,
    items: Vec<QuoteItem>,
}

#[derive(Debug, Serialize)]
struct QuoteItem {
    instalment: u16,
    last_payable_date: NaiveDate,
    amount_due: Breakdown,
}

/// Why there is no quote.
#[derive(Debug)]
pub enum Refused {
    NotFound,
    Invalid(Vec<Violation>),
}

pub async fn quote(
    deps: &Deps,
    merchant: &MerchantId,
    subject: &Subject,
    on: &str,
) -> Result<Result<Quote, Refused>, Unknown> {
    let mut faults = Vec::new();
    let on = parse_date("on", on, &mut faults);
    match subject {
        Subject::Invoice { id, instalment } => {
            let Some(on) = on else { return Ok(Err(Refused::Invalid(faults))) };
            of_invoice(deps, merchant, id, *instalment, on).await
        }
        Subject::Terms { amount, due_date, terms } => {
            let original = parse_money("terms.amount", amount, &mut faults);
            let due = parse_date("terms.due_date", due_date, &mut faults);
            let mut inner = Vec::new();
            let parsed = terms.parse(&mut inner);
            faults.extend(inner.into_iter().map(|fault| fault.under("terms")));
            let (Some(on), Some(original), Some(due), true) =
                (on, original, due, faults.is_empty())
            else {
                return Ok(Err(Refused::Invalid(faults)));
            };
            let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
            let settings = found.take_merchant().ok_or_else(|| {
                Unknown::new("loading the merchant", "the merchant is not set up")
            })?;
            let (calendar, policy) = (settings.issuing.calendar(), settings.issuing.policy);
            let terms = parsed.of(original, due);
            // Quoted as if issued on the earlier of both days, so that past terms can be asked too.
            let faults = terms.violations(on.min(due), &calendar, &policy);
            if !faults.is_empty() {
                let faults = faults.into_iter().map(|fault| fault.under("terms")).collect();
                return Ok(Err(Refused::Invalid(faults)));
            }
            let item = QuoteItem {
                instalment: 1,
                last_payable_date: terms.last_payable_day(&calendar),
                amount_due: Breakdown::of(&terms.amount_due(on, &calendar, &policy)),
            };
            Ok(Ok(Quote { on, items: vec![item] }))
        }
    }
}

async fn of_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    instalment: Option<u16>,
    on: NaiveDate,
) -> Result<Result<Quote, Refused>, Unknown> {
    let Ok(id) = InvoiceId::parse(id) else { return Ok(Err(Refused::NotFound)) };
    let mut found = deps.store.read(merchant, &[ItemRef::Invoice(id.clone())]).await?;
    let Some(invoice) = found.take_invoice(&id) else { return Ok(Err(Refused::NotFound)) };
    let calendar = invoice.calendar();
    let asked = |number: u16| instalment.is_none_or(|asked| asked == number);
    let items: Vec<QuoteItem> = invoice
        .instalments
        .iter()
        .filter(|known| asked(known.number))
        .map(|known| QuoteItem {
            instalment: known.number,
            last_payable_date: known.charge().terms.last_payable_day(&calendar),
            amount_due: Breakdown::of(&invoice.amount_due(known, on)),
        })
        .collect();
    if items.is_empty() {
        return Ok(Err(Refused::NotFound));
    }
    Ok(Ok(Quote { on, items }))
}
