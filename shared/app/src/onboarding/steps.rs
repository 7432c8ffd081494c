//! The guided set-up: what to do, in order, and what comes next.

use quita_core::ids::MerchantId;
use quita_core::merchant::{Lack, Merchant};
use quita_table::keys::InvoiceState;
use serde::Serialize;

use super::readiness::{Facts, facts};
use crate::deps::Deps;
use crate::error::Unknown;

/// The steps, and the next one.
#[derive(Debug, Serialize)]
pub struct StepsView {
    done: bool,
    /// The id of the step to do now.
    next: Option<&'static str>,
    steps: Vec<StepView>,
}

/// One step.
#[derive(Debug, Serialize)]
struct StepView {
    id: &'static str,
    title: &'static str,
    /// `done`, `next` or `later`.
    status: &'static str,
    what_to_do: &'static str,
    route: &'static str,
}

pub async fn show_steps(deps: &Deps, merchant: &MerchantId) -> Result<StepsView, Unknown> {
    let facts = facts(deps, merchant).await?;
    let has_invoice = has_invoice(deps, merchant).await?;
    let mut steps = steps(&facts, has_invoice);
    let first = steps.iter().position(|step| step.status != "done");
    if let Some(step) = first.and_then(|nth| steps.get_mut(nth)) {
        step.status = "next";
    }
    let next = first.and_then(|nth| steps.get(nth)).map(|step| step.id);
    Ok(StepsView { done: next.is_none(), next, steps })
}

async fn has_invoice(deps: &Deps, merchant: &MerchantId) -> Result<bool, Unknown> {
    let page = deps.store.invoices_by_status(merchant, &InvoiceState::ALL, 1, None).await?;
    Ok(!page.items.is_empty())
}

fn steps(facts: &Facts, has_invoice: bool) -> Vec<StepView> {
    let step = |id, title, is_done: bool, what_to_do, route| StepView {
        id,
        title,
        status: if is_done { "done" } else { "later" },
        what_to_do,
        route,
    };
    let merchant: &Merchant = &facts.merchant;
    let setup = &merchant.setup;
    let lacks = merchant.lacks();
    vec![
        step(
            "merchant",
            "The merchant exists",
            true,
            "the operator creates it, and its administrator gets the first key",
            "POST /v1/merchants",
        ),
        step(
            "sender",
            "Messages have a sender",
            !lacks.contains(&Lack::Sender),
            "give the domain, the address messages come from, and where answers go",
            "PUT /v1/sender_domain",
        ),
        step(
            "sender_verified",
            "The sender's domain is verified",
            !lacks.contains(&Lack::Sender) && !lacks.contains(&Lack::SenderUnverified),
            "publish the DNS records of GET /v1/sender_domain, wait, then have them checked",
            "POST /v1/sender_domain/check",
        ),
        step(
            "bank",
            "The bank is connected",
            !lacks.contains(&Lack::Bank),
            "give the Pix key, the client id and secret, and the certificate the bank handed out",
            "PUT /v1/bank_connection",
        ),
        step(
            "callback",
            "The bank calls back",
            setup.callback_at.is_some(),
            "have the callback registered; the comparison with the bank begins with it",
            "POST /v1/bank_connection/callback",
        ),
        step(
            "test_charge",
            "A charge was tried out",
            setup.test_charge.is_some(),
            "have a charge of one centavo made, and look at it in a bank's app",
            "POST /v1/bank_connection/test_charge",
        ),
        step(
            "people",
            "Somebody else is in",
            facts.people.len() > 1,
            "add the people who look after money and customers",
            "POST /v1/people",
        ),
        step(
            "first_invoice",
            "The first invoice is issued",
            has_invoice,
            "create a customer with POST /v1/customers, then an invoice",
            "POST /v1/invoices",
        ),
    ]
}
