//! A page of charges near or past due, each asked for by its txid.
//!
//! This finds a Pix that the bank shows with its charge and in no list, and a charge that the bank
//! took out by itself while its code is still before the payer.

use chrono::{NaiveDate, TimeDelta};
use quita_core::invoice::{ChargeState, Instalment, Invoice};
use quita_core::reconciliation::{Passed, Skew, Step, Tally};
use quita_table::Cursor;
use quita_table::keys::InvoiceState;

use super::pages::first_skew;
use super::{ACTOR, Failures, Place, Taken};
use crate::charge_at_bank::{AtBank, REMOVED, at_bank, reissue};
use crate::error::Unknown;

/// Invoices of one page: few, since each of their charges is a call to the bank.
const PAGE_INVOICES: usize = 10;
/// How long after its last payable day a charge is still asked for.
const AFTER_EXPIRY: TimeDelta = TimeDelta::days(2);

/// Looks at the charges of the next invoices by due date, up to those due tomorrow.
pub(super) async fn check(at: &Place<'_>, after: Option<&str>) -> Result<Taken, Unknown> {
    let cursor = after.map(Cursor::parse).transpose();
    let cursor = cursor.map_err(|error| Unknown::new("reading a checkpoint", error))?;
    let (store, merchant) = (&at.deps.store, &at.state.merchant);
    let open = [InvoiceState::Open];
    let page = store.invoices_by_status(merchant, &open, PAGE_INVOICES, cursor.as_ref()).await?;
    let today = |invoice: &Invoice| invoice.civil_date(at.deps.clock.now());
    let is_near = |invoice: &Invoice| Some(invoice.first_unpaid_due()) <= today(invoice).succ_opt();
    let all_near = page.items.iter().all(is_near);
    let mut failures = Failures::of(at.state);
    let mut sum = Sum::default();
    for invoice in page.items.into_iter().filter(is_near) {
        let today = today(&invoice);
        let due: Vec<u16> = invoice
            .instalments
            .iter()
            .filter(|instalment| is_asked_for(&invoice, instalment, today))
            .map(|instalment| instalment.number)
            .collect();
        let mut state = Some(invoice);
        for number in due {
            let Some(invoice) = state.take() else { break };
            let Some(instalment) = invoice.instalment(number) else { break };
            let txid = instalment.charge().txid.to_string();
            let outcome = check_one(at, invoice, number, &mut sum).await;
            // Where it failed the rest of the invoice waits for tomorrow with it.
            state = failures.check(&txid, outcome)?;
        }
    }
    let Sum { tally, mut passed, skew } = sum;
    passed.append(&mut failures.passed);
    let after = page.next.filter(|_| all_near).map(|cursor| cursor.to_string());
    Ok(Taken { step: Step::Charges { after }, tally, passed, skew })
}

/// What the charges of a page came to.
#[derive(Default)]
struct Sum {
    tally: Tally,
    passed: Vec<Passed>,
    skew: Option<Skew>,
}

/// Whether the bank is asked for the current charge: it can be paid, or could until lately, and is
/// due by tomorrow.
fn is_asked_for(invoice: &Invoice, instalment: &Instalment, today: NaiveDate) -> bool {
    let charge = instalment.charge();
    let is_active = matches!(charge.state, ChargeState::Active { .. });
    let last = charge.terms.last_payable_day(&invoice.calendar());
    is_active
        && !instalment.is_settled()
        && Some(instalment.terms.due_date) <= today.succ_opt()
        && last + AFTER_EXPIRY >= today
}

/// Asks for one charge; answers the invoice as it was then, or as it is after a re-issue.
async fn check_one(
    at: &Place<'_>,
    invoice: Invoice,
    number: u16,
    sum: &mut Sum,
) -> Result<Invoice, Unknown> {
    let answer = at_bank(at.deps, &invoice, number, ACTOR).await?;
    sum.tally.charges += 1;
    match answer {
        Some(AtBank::Unpaid) => Ok(invoice),
        Some(AtBank::Paid { pix, news }) => {
            sum.tally.healed += news;
            let now = at.deps.clock.now();
            sum.skew = sum.skew.take().or_else(|| first_skew(at, &pix, now));
            crate::charge_at_bank::reload(at.deps, &invoice.merchant, &invoice.id).await
        }
        Some(AtBank::Removed) => {
            let on_hold = invoice.instalment(number).is_none_or(|it| it.hold().is_some());
            if on_hold || !invoice.is_active() {
                return Ok(invoice);
            }
            let after = reissue(at.deps, invoice, number, REMOVED, ACTOR).await?;
            sum.tally.reissued += 1;
            Ok(after)
        }
        None => {
            let instalment = invoice.instalment(number);
            let id = instalment.map(|instalment| instalment.charge().txid.to_string());
            let reason = "the bank does not know the charge".to_owned();
            sum.passed.push(Passed { index: None, id, reason });
            Ok(invoice)
        }
    }
}
